//! What a screen would have shown: probes as calls, through the prior, the posterior and the decision that `serve` uses.
//!
//! Error rates of single trials say little of a card. A name is wrong on it when the voice of one person, the number's
//! history and everyone else at that number add up to another one.

use std::fmt;

use super::bootstrap::{Draws, Estimate, SplitMix};
use super::calibrated::Calibrated;
use super::report::percent;
use super::trials::{Cast, Matrix};
use crate::base::Pii;
use crate::customer::{CustomerId, PersonAtNumber};
use crate::identity::{Decision, Hypotheses, Options, Prior, Search, State, decision};
use crate::speech::{WINDOW_FRAMES, WINDOW_STEP};
use crate::voice::{Llr, Score};

/// Calls from the number of a household, and calls from nowhere with every regular searched.
#[derive(serde::Serialize)]
pub struct SimulatedCalls {
    household: Shown,
    everyone: Shown,
}

/// Shares of calls in which the screen said so at any moment.
#[derive(serde::Serialize)]
struct Shown {
    people: u32,
    calls: u32,
    wrong_recognised: Estimate,
    wrong_probable: Estimate,
    /// Of the calls by somebody enrolled.
    right_recognised: Estimate,
}

/// People at one number.
const HOUSEHOLD: usize = 4;
/// The least share that is asked for is 1 in 1,000: among so many calls that is 40, known to a sixth.
const HOUSEHOLD_CALLS: u32 = 40_000;
/// How often each has called from the number so far: up to this.
const CALLS_SO_FAR: u64 = 20;
/// Regulars of a shop.
const REGULARS: usize = 2000;
const EVERYONE_CALLS: u32 = 4000;
/// As many as a call compares when it searches everyone (call/recognition.rs).
const COMPARED: usize = 200;

/// What one manifest's probes said after each window.
struct Heard<'a> {
    cast: &'a Cast,
    matrices: Vec<Matrix>,
    /// By window, probe and print.
    llrs: Vec<Vec<Vec<f32>>>,
    calibration: &'a Calibrated,
    ids: Vec<CustomerId>,
    options: Options,
}

/// What was on the screen of one call.
#[derive(Clone, Copy, Default)]
struct Seen {
    wrong_recognised: Option<Named>,
    wrong_probable: Option<Named>,
    right_recognised: bool,
}

/// Whose name it was.
#[derive(Clone, Copy)]
enum Named {
    Speaker(usize),
    /// One of the extrapolated regulars.
    Nobody,
}

struct Call {
    /// Place among the speakers.
    caller: usize,
    enrolled: bool,
    seen: Seen,
}

impl SimulatedCalls {
    /// `None` with too few people to make a household of.
    pub fn new(cast: &Cast, calibration: &Calibrated, draws: &Draws) -> Option<Self> {
        let heard = Heard::new(cast, calibration);
        let mut random = SplitMix::new(SEED);
        let household =
            (0..HOUSEHOLD_CALLS).map(|_| heard.a_household_call(&mut random)).collect::<Option<Vec<_>>>()?;
        let everyone = (0..EVERYONE_CALLS).map(|_| heard.an_unknown_number(&mut random)).collect::<Option<Vec<_>>>()?;
        let shown = |people: usize, calls: &[Call]| Shown::new(people as u32, calls, draws, cast.speakers.len());
        Some(Self { household: shown(HOUSEHOLD, &household), everyone: shown(REGULARS, &everyone) })
    }
}

const SEED: u64 = 20_261_122;

impl<'a> Heard<'a> {
    fn new(cast: &'a Cast, calibration: &'a Calibrated) -> Self {
        let step_ms = 10 * WINDOW_STEP as u32;
        let ends = (10 * WINDOW_FRAMES as u32..).step_by(step_ms as usize);
        let matrices: Vec<Matrix> =
            ends.take_while(|ms| *ms < decision::ENOUGH_MS + step_ms).map(|ms| cast.at(ms)).collect();
        let of = |matrix: &Matrix| {
            let row = |probe| (0..matrix.enrolled.len()).map(|n| calibration.llr(matrix, probe, n).0).collect();
            matrix.probes.iter().map(row).collect()
        };
        let llrs = matrices.iter().map(of).collect();
        let ids = (0..cast.enrolled.len().max(REGULARS)).map(|n| CustomerId::new(format!("{n}"))).collect();
        Self { cast, matrices, llrs, calibration, ids, options: Options::default() }
    }

    /// Who rings is drawn as the prior expects it: each as often as before, now and then somebody else.
    fn a_household_call(&self, random: &mut SplitMix) -> Option<Call> {
        let (enrolled, probes) = (self.cast.enrolled.len(), &self.matrices.first()?.probes);
        let with_probes = |n: &usize| probes.iter().any(|probe| probe.own == Some(*n));
        let mut candidates: Vec<usize> = (0..enrolled).filter(with_probes).collect();
        if candidates.len() < HOUSEHOLD {
            return None;
        }
        let members: Vec<usize> =
            (0..HOUSEHOLD).map(|_| candidates.swap_remove(random.below(candidates.len()))).collect();
        let calls: Vec<u32> = members.iter().map(|_| (random.next() % (CALLS_SO_FAR + 1)) as u32).collect();
        let stranger = random.share() < f64::from(self.options.stranger_at_known_number);
        let caller = if stranger { None } else { Some(members[weighted(&calls, random)]) };
        let rings = |n: &usize| match caller {
            Some(member) => probes[*n].own == Some(member),
            None => probes[*n].own.is_none_or(|own| !members.contains(&own)),
        };
        let of_caller: Vec<usize> = (0..probes.len()).filter(rings).collect();
        let probe = *of_caller.get(random.below(of_caller.len().max(1)))?;
        let person = |(member, calls): (&usize, &u32)| PersonAtNumber {
            customer: self.ids[*member].clone(),
            name: Pii::from(String::new()),
            calls_from_number: *calls,
            recognisable: true,
        };
        let people: Vec<PersonAtNumber> = members.iter().zip(&calls).map(person).collect();
        let hypotheses = Hypotheses::new(Prior::new(&self.options, &people, 0));
        let seen = self.watch(&self.options, &hypotheses, probe, caller, |window| {
            members.iter().map(|member| (*member, self.llrs[window][probe][*member])).collect()
        });
        Some(Call { caller: probes[probe].speaker, enrolled: caller.is_some(), seen })
    }

    /// Regulars that there are no voices of score as the enrolled others do, drawn from the normal distribution with the
    /// mean and variance of this very probe's scores; each keeps its place in it while the caller speaks.
    fn an_unknown_number(&self, random: &mut SplitMix) -> Option<Call> {
        let options = Options { search: Search::Everyone, ..self.options.clone() };
        let probes = &self.matrices.first()?.probes;
        let regular = random.share() < f64::from(options.known_at_unknown_number);
        let rings: Vec<usize> = (0..probes.len()).filter(|n| probes[*n].own.is_some() == regular).collect();
        let probe = *rings.get(random.below(rings.len().max(1)))?;
        let enrolled = self.cast.enrolled.len().min(REGULARS);
        let mut places: Vec<f64> = (enrolled..REGULARS).map(|_| random.normal()).collect();
        places.sort_by(|a, b| b.total_cmp(a));
        places.truncate(COMPARED);
        let hypotheses = Hypotheses::new(Prior::new(&options, &[], REGULARS));
        let caller = probes[probe].own;
        let seen = self.watch(&options, &hypotheses, probe, caller, |window| self.search(window, probe, &places));
        Some(Call { caller: probes[probe].speaker, enrolled: regular, seen })
    }

    /// The best of the enrolled and of the invented together.
    fn search(&self, window: usize, probe: usize, places: &[f64]) -> Vec<(usize, f32)> {
        let matrix = &self.matrices[window];
        let scored = &matrix.probes[probe];
        let others =
            || (0..scored.scores.len()).filter(|n| scored.own != Some(*n)).map(|n| f64::from(scored.scores[n].0));
        let count = others().count().max(1) as f64;
        let mean = others().sum::<f64>() / count;
        let spread = (others().map(|score| (score - mean).powi(2)).sum::<f64>() / count).sqrt();
        let enrolled = self.llrs[window][probe].iter().copied().enumerate();
        let invented = places.iter().enumerate().map(|(n, place)| {
            let Llr(llr) = self.calibration.llr_within(scored, Score((mean + spread * place) as f32));
            (scored.scores.len() + n, llr)
        });
        let mut all: Vec<(usize, f32)> = enrolled.chain(invented).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(COMPARED);
        all
    }

    /// One call, window by window, until it is settled. `compare` gives the prints that were compared and their ratios.
    fn watch(
        &self,
        options: &Options,
        hypotheses: &Hypotheses,
        probe: usize,
        caller: Option<usize>,
        compare: impl Fn(usize) -> Vec<(usize, f32)>,
    ) -> Seen {
        let mut seen = Seen::default();
        for (window, matrix) in self.matrices.iter().enumerate() {
            if !matrix.probes[probe].heard {
                continue;
            }
            let compared: Vec<_> =
                compare(window).into_iter().map(|(print, llr)| (self.ids[print].clone(), Llr(llr))).collect();
            let posterior = hypotheses.posterior(&compared);
            let decision = Decision::by_voice(posterior, matrix.probes[probe].quality.net_speech_ms, options);
            let named = decision.ranked.first().and_then(|first| self.ids.iter().position(|id| *id == first.customer));
            let wrong = named.filter(|_| named != caller).map(|print| match matrix.enrolled.get(print) {
                Some(enrolled) => Named::Speaker(enrolled.speaker),
                None => Named::Nobody,
            });
            match decision.state {
                State::Recognised if wrong.is_some() => seen.wrong_recognised = wrong,
                State::Recognised => seen.right_recognised = true,
                State::Probably => seen.wrong_probable = wrong.or(seen.wrong_probable),
                _ => {}
            }
            if decision.settled {
                break;
            }
        }
        seen
    }
}

/// By Laplace's rule of succession, as the prior has it.
fn weighted(calls: &[u32], random: &mut SplitMix) -> usize {
    let total: u32 = calls.iter().map(|calls| calls + 1).sum();
    let mut left = random.below(total as usize) as u32;
    for (n, calls) in calls.iter().enumerate() {
        if left <= *calls {
            return n;
        }
        left -= calls + 1;
    }
    0
}

impl Shown {
    /// A wrong name counts with how often its owner was drawn too.
    fn new(people: u32, calls: &[Call], draws: &Draws, speakers: usize) -> Self {
        let share = |of: fn(&Seen) -> Option<Named>| {
            let wrong: Vec<(usize, Named)> =
                calls.iter().filter_map(|call| Some((call.caller, of(&call.seen)?))).collect();
            let callers = by_speaker(speakers, calls.iter().map(|call| call.caller));
            draws.estimate(speakers, |drawn| {
                let weight = |named: &Named| match named {
                    Named::Speaker(speaker) => f64::from(drawn[*speaker]),
                    Named::Nobody => 1.0,
                };
                let sum =
                    wrong.iter().fold(0.0, |sum, (caller, named)| sum + f64::from(drawn[*caller]) * weight(named));
                ratio(sum, weighed(&callers, drawn))
            })
        };
        let enrolled = by_speaker(speakers, calls.iter().filter(|call| call.enrolled).map(|call| call.caller));
        let right = calls.iter().filter(|call| call.seen.right_recognised && call.seen.wrong_recognised.is_none());
        let right = by_speaker(speakers, right.map(|call| call.caller));
        Self {
            people,
            calls: calls.len() as u32,
            wrong_recognised: share(|seen| seen.wrong_recognised),
            wrong_probable: share(|seen| seen.wrong_probable),
            right_recognised: draws
                .estimate(speakers, |drawn| ratio(weighed(&right, drawn), weighed(&enrolled, drawn))),
        }
    }
}

fn by_speaker(speakers: usize, calls: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut counts = vec![0.0; speakers];
    calls.for_each(|speaker| counts[speaker] += 1.0);
    counts
}

fn weighed(counts: &[f64], drawn: &[u32]) -> f64 {
    counts.iter().zip(drawn).fold(0.0, |sum, (count, drawn)| sum + count * f64::from(*drawn))
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

impl fmt::Display for SimulatedCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, " simulated calls                    wrong recognised %   wrong probable %   right recognised %")?;
        for (name, of) in [("a number of", &self.household), ("everyone searched,", &self.everyone)] {
            let what = format!("{} with {name} {}", of.calls, of.people);
            let shares = [(&of.wrong_recognised, 3), (&of.wrong_probable, 2), (&of.right_recognised, 1)];
            let [wrong, probable, right] = shares.map(|(share, decimals)| percent(share, decimals));
            writeln!(f, "  {what:32}  {wrong:>18}  {probable:>17}  {right:>19}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_called_more_often_rings_more_often_and_nobody_is_left_out() {
        let mut random = SplitMix::new(1);
        let mut counts = [0; 3];
        (0..30_000).for_each(|_| counts[weighted(&[8, 0, 0], &mut random)] += 1);
        for (found, wanted) in counts.iter().zip([9.0 / 11.0, 1.0 / 11.0, 1.0 / 11.0]) {
            assert!((f64::from(*found) / 30_000.0 - wanted).abs() < 0.01, "{counts:?}");
        }
    }

    #[test]
    fn a_wrong_name_counts_with_both_people_and_a_right_one_with_the_caller() {
        let call = |caller, wrong: Option<Named>| Call {
            caller,
            enrolled: true,
            seen: Seen { wrong_recognised: wrong, right_recognised: wrong.is_none(), ..Seen::default() },
        };
        let calls = [call(0, Some(Named::Speaker(1))), call(0, None), call(1, None), call(1, Some(Named::Nobody))];
        let shown = Shown::new(4, &calls, &Draws::of(2), 2);
        assert_eq!((shown.wrong_recognised.value, shown.right_recognised.value), (Some(0.5), Some(0.5)));
        let interval = shown.wrong_recognised.interval().unwrap();
        // Only the first drawn: the owner of the wrong name is missing. Only the second: half are wrong.
        assert_eq!((interval.low, interval.high), (0.0, 0.5));
        assert_eq!(shown.wrong_probable.value, Some(0.0));
    }
}
