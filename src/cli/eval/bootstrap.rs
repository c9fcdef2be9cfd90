//! How sure a figure is: the same figure over other draws of speakers.
//!
//! Probes of one speaker stand and fall together, so speakers are drawn and not trials (the subsets bootstrap of Bolle,
//! Ratha and Pankanti, "Error analysis of pattern recognition systems", 2004). A trial of two people counts with the
//! product of how often each was drawn (Owen, "The pigeonhole bootstrap", 2007: rather too wide than too narrow); a trial of
//! one person with how often that one was drawn: two copies of a speaker are two people who each have their own print.

use serde::ser::SerializeStruct as _;

/// How often each speaker was drawn, in the order of the cast's speakers; one entry a draw.
pub struct Draws(Vec<Vec<u32>>);

/// A figure, and the same over each draw. `None` where the draw has nobody left to count.
#[derive(Clone, Debug)]
pub struct Estimate {
    pub value: Option<f64>,
    draws: Vec<Option<f64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// With these the ends of an interval move by less than a twentieth of its width from seed to seed.
const DRAWS: usize = 2000;
/// 95 % lie within.
const TAIL: f64 = 0.025;

impl Draws {
    /// The same at every run, and for every model: differences between models are between the same people.
    pub fn of(speakers: usize) -> Self {
        let mut random = SplitMix(speakers as u64);
        let mut draw = || {
            let mut drawn = vec![0; speakers];
            for _ in 0..speakers {
                drawn[(random.next() % speakers as u64) as usize] += 1;
            }
            drawn
        };
        Self((0..DRAWS).map(|_| draw()).collect())
    }

    /// `figure` of how often each of `speakers` counts.
    pub fn estimate(&self, speakers: usize, figure: impl Fn(&[u32]) -> Option<f64>) -> Estimate {
        Estimate { value: figure(&vec![1; speakers]), draws: self.0.iter().map(|drawn| figure(drawn)).collect() }
    }
}

impl Estimate {
    /// By percentiles. It knows nothing of errors that never happened: with none among N speakers it has no width, and
    /// a rate of up to 3/N is possible all the same.
    pub fn interval(&self) -> Option<Interval> {
        let mut sorted: Vec<f64> = self.draws.iter().flatten().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let cut = (TAIL * sorted.len() as f64) as usize;
        Some(Interval { low: *sorted.get(cut)?, high: sorted[sorted.len() - 1 - cut] })
    }

    /// Draw by draw.
    pub fn minus(&self, other: &Self) -> Self {
        let difference = |(a, b): (&Option<f64>, &Option<f64>)| Some((*a)? - (*b)?);
        Self {
            value: difference((&self.value, &other.value)),
            draws: self.draws.iter().zip(&other.draws).map(difference).collect(),
        }
    }
}

impl serde::Serialize for Estimate {
    /// `{"value": 0.0172, "interval": {"low": 0.008, "high": 0.029}}`
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut both = serializer.serialize_struct("Estimate", 2)?;
        both.serialize_field("value", &self.value)?;
        both.serialize_field("interval", &self.interval())?;
        both.end()
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): our own, so that no new version of a crate draws other speakers.
pub struct SplitMix(u64);

impl SplitMix {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 to `n`, `n` itself left out; nought of nothing.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// 0 to 1, 1 itself left out.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Of the standard normal distribution (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.share(), self.share());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Share of speakers with an error, when the first `wrong` of them have one.
    fn share(wrong: usize) -> impl Fn(&[u32]) -> Option<f64> {
        move |drawn| Some(f64::from(drawn[..wrong].iter().sum::<u32>()) / drawn.len() as f64)
    }

    /// Binomial: 95 % of draws lie within 1.96 standard errors.
    #[test]
    fn the_interval_of_a_share_is_that_of_the_binomial() {
        let draws = Draws::of(400);
        let estimate = draws.estimate(400, share(100));
        let Interval { low, high } = estimate.interval().unwrap();
        let half = 1.96 * (0.25f64 * 0.75 / 400.0).sqrt();
        assert_eq!(estimate.value, Some(0.25));
        assert!((low - (0.25 - half)).abs() < 0.006 && (high - (0.25 + half)).abs() < 0.006, "{low} {high}");
    }

    #[test]
    fn every_draw_has_as_many_speakers_as_there_are_and_two_runs_draw_the_same() {
        let (one, two) = (Draws::of(37), Draws::of(37));
        assert!(one.0.iter().all(|drawn| drawn.iter().sum::<u32>() == 37));
        assert_eq!(one.0, two.0);
        assert_ne!(one.0[0], one.0[1]);
    }

    /// Each figure by itself varies; what they differ by does not, since both see the same draw.
    #[test]
    fn a_difference_is_taken_draw_by_draw() {
        let draws = Draws::of(50);
        let (one, more) = (draws.estimate(50, share(20)), draws.estimate(50, |d| Some(share(20)(d)? + 0.01)));
        let difference = more.minus(&one);
        let Interval { low, high } = difference.interval().unwrap();
        assert!((low - 0.01).abs() < 1e-9 && (high - 0.01).abs() < 1e-9, "{low} {high}");
        assert!(one.interval().unwrap().high - one.interval().unwrap().low > 0.1);
    }

    #[test]
    fn draws_without_a_figure_are_left_out() {
        let nobody = Draws::of(3).estimate(3, |_| None);
        assert_eq!((nobody.value, nobody.interval()), (None, None));
        let one_of_three = Draws::of(3).estimate(3, |drawn| (drawn[0] > 0).then_some(1.0));
        assert_eq!(one_of_three.interval(), Some(Interval { low: 1.0, high: 1.0 }));
    }
}
