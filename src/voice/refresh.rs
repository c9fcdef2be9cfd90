//! A confirmed call joins a print, without letting the print walk away from its owner.
//!
//! Agents err, and telephones are handed on: a print that took in every confirmed call would slowly become somebody else's.
//! So a call must fit what was enrolled under the yes, whatever has been added since, and what was enrolled stays.

use std::time::Duration;

use super::voiceprint::{Centroid, MAX_CENTROIDS, Origin, Voiceprint};

/// Why a call does not join the print; for the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRefreshed {
    #[error("the voiceprint has taken in a call not long ago")]
    TooSoon,
    #[error("the voice does not fit the voiceprint")]
    Outlier,
}

impl Voiceprint {
    /// The print with this call in it. At most one call joins in `every`. When the print is full, the oldest of the calls
    /// goes that came over the same kind of line, or else the oldest; what was enrolled under the yes never goes.
    pub fn refreshed(&self, call: Centroid, every: Duration) -> Result<Voiceprint, NotRefreshed> {
        let waited_ms = call.heard_at.0.saturating_sub(self.newest_at().0);
        if u128::try_from(waited_ms).unwrap_or(0) < every.as_millis() {
            return Err(NotRefreshed::TooSoon);
        }
        let fits = |own: &Centroid| call.embedding.cosine(&own.embedding).0 >= MIN_COSINE;
        if !self.centroids().iter().filter(|own| own.origin == Origin::Enrolled).any(fits) {
            return Err(NotRefreshed::Outlier);
        }
        let mut centroids = self.centroids().to_vec();
        if centroids.len() >= MAX_CENTROIDS {
            let Some(goes) = who_goes(&centroids, &call) else { return Err(NotRefreshed::TooSoon) };
            centroids.remove(goes);
        }
        centroids.push(Centroid { origin: Origin::Refreshed, ..call });
        Voiceprint::new(self.model.clone(), centroids).ok_or(NotRefreshed::Outlier)
    }
}

fn who_goes(centroids: &[Centroid], call: &Centroid) -> Option<usize> {
    let refreshed = || centroids.iter().enumerate().filter(|(_, own)| own.origin == Origin::Refreshed);
    let oldest =
        |of: &mut dyn Iterator<Item = (usize, &Centroid)>| of.min_by_key(|(_, own)| own.heard_at).map(|(n, _)| n);
    oldest(&mut refreshed().filter(|(_, own)| own.bandwidth == call.bandwidth)).or_else(|| oldest(&mut refreshed()))
}

/// Cosine of a whole call with an enrolled one. On the development recordings of 8 s and more, over any two lines, 2 % of
/// strangers reach it; of the owners' own calls over the same kind of line all do, and 9 in 10 where one side is another
/// telephone in noise. Higher would shut out the very telephones that a refresh is for.
const MIN_COSINE: f32 = 0.50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnixMillis;
    use crate::voice::{Bandwidth, Embedding, ModelId};

    const DAY_MS: i64 = 24 * 3600 * 1000;
    const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

    /// A call that lies at `angle` from the enrolled ones, on this day.
    fn call(angle: f32, day: i64, bandwidth: Bandwidth) -> Centroid {
        let embedding = Embedding::from_values(vec![angle.cos(), angle.sin()]).unwrap();
        let heard_at = UnixMillis(day * DAY_MS);
        Centroid { bandwidth: Some(bandwidth), ..Centroid::enrolled(embedding, 20_000, heard_at) }
    }

    fn enrolled() -> Voiceprint {
        Voiceprint::new(ModelId::new("m"), vec![call(0.0, 0, Bandwidth::Narrow)]).unwrap()
    }

    #[test]
    fn a_print_does_not_walk_away_however_small_the_steps() {
        let mut print = enrolled();
        let (mut angle, mut refused) = (0.0, None);
        for week in 1..40 {
            angle += 0.1;
            match print.refreshed(call(angle, 7 * week, Bandwidth::Narrow), WEEK) {
                Ok(next) => print = next,
                Err(why) => {
                    refused = Some(why);
                    break;
                }
            }
        }
        assert_eq!(refused, Some(NotRefreshed::Outlier));
        assert!(angle < 1.2 && angle > 0.9, "refused at {angle}, where it no longer fits what was enrolled");
    }

    #[test]
    fn one_call_joins_in_a_while_counted_from_the_last() {
        let print = enrolled();
        let at = |print: &Voiceprint, day| print.refreshed(call(0.1, day, Bandwidth::Narrow), WEEK);
        assert_eq!(at(&print, 6), Err(NotRefreshed::TooSoon));
        assert_eq!(at(&print, -6), Err(NotRefreshed::TooSoon), "a clock that was set back");
        let print = at(&print, 7).unwrap();
        assert_eq!(at(&print, 13), Err(NotRefreshed::TooSoon));
        assert_eq!(at(&print, 14).unwrap().calls(), 3);
    }

    #[test]
    fn a_full_print_keeps_calls_over_other_lines() {
        let mut print = enrolled();
        print = print.refreshed(call(0.1, 7, Bandwidth::Wide), WEEK).unwrap();
        for week in 2..20 {
            print = print.refreshed(call(0.1, 7 * week, Bandwidth::Narrow), WEEK).unwrap();
        }
        assert_eq!(print.centroids().len(), MAX_CENTROIDS);
        let days: Vec<i64> = print.centroids().iter().map(|own| own.heard_at.0 / DAY_MS).collect();
        assert_eq!(days[..2], [0, 7], "what was enrolled, and the one call over the better line");
        assert_eq!(days[2..], (14..20).map(|week| 7 * week).collect::<Vec<_>>(), "of the others the newest");
        print = print.refreshed(call(0.1, 7 * 20, Bandwidth::Wide), WEEK).unwrap();
        assert!(!print.centroids().iter().any(|own| own.heard_at.0 / DAY_MS == 7), "its like takes its place");
    }
}
