//! Bayes over the voice's likelihood ratios and the prior.

use crate::customer::CustomerId;
use crate::voice::Llr;

use super::{Prior, Ranked};

/// The people compared in one call and what the voice says of each.
///
/// A likelihood ratio compares "the same speaker" with "another speaker". Under "someone else" every ratio is 1, and so
/// it is for a person without a voiceprint, of whom the voice says nothing.
#[derive(Clone, Debug)]
pub struct Hypotheses {
    prior: Prior,
}

/// Chances after the evidence; with `someone_else` they sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    /// Most probable first; at most [`RANKED`] people, the mass of the others is in `someone_else`.
    pub ranked: Vec<Ranked>,
    pub someone_else: f32,
}

/// People that a card can show for a choice; more would be a list to read instead of a hint.
pub const RANKED: usize = 3;

impl Hypotheses {
    pub fn new(prior: Prior) -> Self {
        Self { prior }
    }

    /// `compared` holds the ratio of everyone whose voiceprint was compared; the number's people who are missing from it
    /// count as not compared. The ratio of the people elsewhere who are missing from it is at most the smallest of theirs
    /// who are not: their mass counts with that, which errs towards "someone else".
    pub fn posterior(&self, compared: &[(CustomerId, Llr)]) -> Posterior {
        let not_compared = self
            .prior
            .at_number
            .iter()
            .filter(|(customer, _)| !compared.iter().any(|(other, _)| other == customer))
            .map(|(customer, prior)| (customer, prior.ln(), false));
        let mut logs: Vec<(&CustomerId, f64, bool)> = compared
            .iter()
            .map(|(customer, llr)| (customer, self.prior.of(customer).ln() + f64::from(llr.0), true))
            .chain(not_compared)
            .filter(|(_, log, _)| log.is_finite())
            .collect();
        logs.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));

        let else_log = self.prior.someone_else.ln();
        let top = logs.first().map_or(else_log, |(_, log, _)| log.max(else_log));
        let rest_log = self.left_out(compared);
        let total: f64 =
            logs.iter().map(|(_, log, _)| *log).chain([else_log, rest_log]).map(|log| (log - top).exp()).sum();
        let ranked: Vec<Ranked> = logs
            .iter()
            .take(RANKED)
            .map(|(customer, log, by_voice)| Ranked {
                customer: (*customer).clone(),
                chance: ((log - top).exp() / total) as f32,
                by_voice: *by_voice,
                elsewhere: !self.prior.at_number.iter().any(|(at, _)| at == *customer),
            })
            .collect();
        let someone_else = (1.0 - ranked.iter().map(|r| r.chance).sum::<f32>()).max(0.0);
        Posterior { ranked, someone_else }
    }
}

impl Hypotheses {
    /// Log mass of the people elsewhere who were not scored.
    fn left_out(&self, compared: &[(CustomerId, Llr)]) -> f64 {
        let at_number = |customer: &CustomerId| self.prior.at_number.iter().any(|(at, _)| at == customer);
        let elsewhere = compared.iter().filter(|(customer, _)| !at_number(customer));
        let (scored, least) =
            elsewhere.fold((0, f32::INFINITY), |(scored, least), (_, llr)| (scored + 1, least.min(llr.0)));
        let left_out = self.prior.elsewhere.saturating_sub(scored) as f64;
        // Nobody elsewhere was scored: the voice has said nothing of them.
        let llr = if scored == 0 { 0.0 } else { f64::from(least) };
        (left_out * self.prior.elsewhere_each).ln() + llr
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> CustomerId {
        CustomerId::new(text)
    }

    fn household() -> Hypotheses {
        Hypotheses::new(Prior {
            at_number: vec![(id("anna"), 0.6), (id("ben"), 0.3)],
            elsewhere_each: 0.0,
            elsewhere: 0,
            someone_else: 0.1,
        })
    }

    #[test]
    fn without_evidence_the_posterior_is_the_prior() {
        let posterior = household().posterior(&[]);
        assert_eq!(posterior.ranked[0].customer, id("anna"));
        assert!((posterior.ranked[0].chance - 0.6).abs() < 1e-6);
        assert!((posterior.someone_else - 0.1).abs() < 1e-6);
    }

    #[test]
    fn the_voice_turns_the_order_around_by_bayes() {
        let posterior = household().posterior(&[(id("anna"), Llr(-3.0)), (id("ben"), Llr(4.0))]);
        let (anna, ben) = (0.6 * (-3.0f64).exp(), 0.3 * 4.0f64.exp());
        assert_eq!(posterior.ranked[0].customer, id("ben"));
        assert!((f64::from(posterior.ranked[0].chance) - ben / (anna + ben + 0.1)).abs() < 1e-6);
    }

    #[test]
    fn a_person_without_a_voiceprint_gains_when_the_compared_ones_do_not_fit() {
        let posterior = household().posterior(&[(id("anna"), Llr(-6.0))]);
        assert_eq!(posterior.ranked[0].customer, id("ben"));
        assert!((posterior.ranked[0].chance - 0.3 / (0.3 + 0.1 + 0.6 * (-6.0f32).exp())).abs() < 1e-5);
    }

    #[test]
    fn people_who_were_not_scored_keep_their_share_of_the_doubt() {
        let prior = Prior { at_number: vec![], elsewhere_each: 0.3 / 1000.0, elsewhere: 1000, someone_else: 0.7 };
        let posterior = Hypotheses::new(prior).posterior(&[(id("anna"), Llr(6.0)), (id("ben"), Llr(-1.0))]);
        let mass = |llr: f64| 0.3 / 1000.0 * llr.exp();
        let expected = mass(6.0) / (mass(6.0) + mass(-1.0) + 998.0 * mass(-1.0) + 0.7);
        assert!((f64::from(posterior.ranked[0].chance) - expected).abs() < 1e-6);
    }

    #[test]
    fn chances_sum_to_one_even_for_extreme_ratios_and_many_people() {
        let hypotheses = Hypotheses::new(Prior {
            at_number: vec![],
            elsewhere_each: 0.3 / 500.0,
            elsewhere: 500,
            someone_else: 0.7,
        });
        let compared: Vec<_> =
            (0..500).map(|n| (id(&n.to_string()), Llr(if n == 7 { 900.0 } else { -900.0 }))).collect();
        let posterior = hypotheses.posterior(&compared);
        assert_eq!(posterior.ranked.len(), RANKED);
        assert_eq!(posterior.ranked[0].customer, id("7"));
        let total: f32 = posterior.ranked.iter().map(|r| r.chance).sum::<f32>() + posterior.someone_else;
        assert!((total - 1.0).abs() < 1e-6);
    }
}
