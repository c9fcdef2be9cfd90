//! From windows to a voiceprint: enough speech, and of one person.

use super::{Bandwidth, Centroid, Embedding, ModelId, Origin, Pooled, VoiceError, Voiceprint};
use crate::base::UnixMillis;
use crate::speech::Window;

/// The least that a print is made from. With less, one word said oddly is half the print.
pub const USABLE_MS: u32 = 10_000;

/// What enrolment asks for. More brings little within one call; more calls bring much: the same amount of speech from
/// four calls instead of one takes the errors over another phone from 12 to 7 %.
pub const GOOD_MS: u32 = 20_000;

/// Gathers the embeddings of one person. The recordings may come from several calls.
#[derive(Default)]
pub struct Enroller {
    recordings: Vec<Recording>,
    between: bool,
}

#[derive(Default)]
struct Recording {
    windows: Vec<Embedding>,
    pooled: Pooled,
    net_speech_ms: u32,
    /// Speech up to the end of the newest window, left out or not.
    until_ms: u32,
    /// Speech that was left out because too much of it stood at full scale.
    clipped_ms: u32,
    /// Sum over the windows.
    snr_db: f32,
    /// How many of the windows are wideband.
    wide: usize,
}

/// What a window came over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    pub snr_db: f32,
    pub bandwidth: Bandwidth,
    /// Too much of the voice stood at full scale and is gone.
    pub clipped: bool,
}

impl Condition {
    /// Before anything was heard.
    pub const UNKNOWN: Self = Self { snr_db: 0.0, bandwidth: Bandwidth::Narrow, clipped: false };

    pub fn of(window: &Window) -> Self {
        Self { snr_db: window.snr_db, bandwidth: window.bandwidth, clipped: window.is_clipped() }
    }
}

/// Five minutes of speech in one recording; what follows is not taken. 1 kB each.
const MAX_WINDOWS: usize = 375;

impl Enroller {
    /// Takes the next window of the present recording, which has `net_speech_ms` of speech up to its end. A clipped one is left
    /// out: a voiceprint of it would fit nobody.
    pub fn add(&mut self, embedding: &Embedding, net_speech_ms: u32, condition: Condition) {
        if self.recordings.is_empty() || self.between {
            self.recordings.push(Recording::default());
            self.between = false;
        }
        if let Some(recording) = self.recordings.last_mut()
            && recording.windows.len() < MAX_WINDOWS
        {
            let new_ms = net_speech_ms.saturating_sub(recording.until_ms);
            recording.until_ms = net_speech_ms;
            if condition.clipped {
                recording.clipped_ms += new_ms;
                return;
            }
            recording.windows.push(embedding.clone());
            recording.pooled.add(embedding);
            recording.net_speech_ms += new_ms;
            recording.snr_db += condition.snr_db;
            recording.wide += usize::from(condition.bandwidth == Bandwidth::Wide);
        }
    }

    /// What is added from now on comes from another call.
    pub fn next_recording(&mut self) {
        self.between = true;
    }

    /// Over all recordings.
    pub fn net_speech_ms(&self) -> u32 {
        self.recordings.iter().map(|recording| recording.net_speech_ms).sum()
    }

    /// Speech that was left out as clipped, over all recordings.
    pub fn clipped_ms(&self) -> u32 {
        self.recordings.iter().map(|recording| recording.clipped_ms).sum()
    }

    /// Refuses less than [`USABLE_MS`] and more than one voice.
    pub fn finish(self, model: &ModelId, enrolled_at: UnixMillis) -> Result<Voiceprint, VoiceError> {
        self.check()?;
        let centroids =
            self.recordings.iter().filter_map(|recording| recording.centroid(enrolled_at, Origin::Enrolled));
        Voiceprint::enrolled(model.clone(), centroids.collect()).ok_or_else(|| self.too_little())
    }

    /// The one call heard, for the print of a person who is enrolled already. Refused as by [`Enroller::finish`].
    pub fn finish_call(self, heard_at: UnixMillis) -> Result<Centroid, VoiceError> {
        self.check()?;
        let call = self.recordings.first().and_then(|recording| recording.centroid(heard_at, Origin::Refreshed));
        call.ok_or_else(|| self.too_little())
    }

    fn check(&self) -> Result<(), VoiceError> {
        if self.net_speech_ms() < USABLE_MS {
            return Err(self.too_little());
        }
        if self.recordings.iter().any(|recording| is_two_voices(&recording.windows)) || self.recordings_differ() {
            return Err(VoiceError::TwoVoices);
        }
        Ok(())
    }

    fn too_little(&self) -> VoiceError {
        let (heard_ms, clipped_ms) = (self.net_speech_ms(), self.clipped_ms());
        if heard_ms + clipped_ms >= USABLE_MS {
            return VoiceError::Overdriven { heard_ms, clipped_ms, needed_ms: USABLE_MS };
        }
        VoiceError::TooLittleSpeech { heard_ms, needed_ms: USABLE_MS }
    }

    /// Whether one recording is far from the mean of the others.
    fn recordings_differ(&self) -> bool {
        self.recordings.len() > 1
            && (0..self.recordings.len()).any(|n| {
                let (one, others) = (self.recordings[n].pooled.embedding(), self.pool_without(n));
                one.zip(others).is_some_and(|(one, others)| one.cosine(&others).0 < MIN_COSINE_BETWEEN_CALLS)
            })
    }

    /// Every window counts alike: a long call says more than a short one.
    fn pool_without(&self, without: usize) -> Option<Embedding> {
        let mut pooled = Pooled::new();
        for (n, recording) in self.recordings.iter().enumerate() {
            if n != without {
                recording.windows.iter().for_each(|window| pooled.add(window));
            }
        }
        pooled.embedding()
    }
}

impl Recording {
    fn centroid(&self, heard_at: UnixMillis, origin: Origin) -> Option<Centroid> {
        Some(Centroid {
            embedding: self.pooled.embedding()?,
            net_speech_ms: self.net_speech_ms,
            snr_db: Some(self.snr_db / self.windows.len().max(1) as f32),
            bandwidth: Some(if 2 * self.wide > self.windows.len() { Bandwidth::Wide } else { Bandwidth::Narrow }),
            calls: 1,
            heard_at,
            origin,
        })
    }
}

/// Cosine of the two halves into which the windows fall most readily. On the development recordings (clean, noise, another
/// phone) one voice falls below .20 in 1.2, 0.8 and 0 % of recordings, two people's speech in 75, 73 and 77 %. At .30 it
/// would catch 84, 84 and 85 % and refuse 1.2, 2.3 and 1.5 % of callers. Two who sound alike pass either way.
const MIN_COSINE_WITHIN: f32 = 0.20;
/// A smaller share is a cough or a word from the next table, and hardly moves the mean.
const MIN_SHARE: f32 = 0.2;
/// One voice in two calls over any two of these lines has more than .26 in 99 % of pairs; half of all strangers have less
/// than zero, and 14 % more than .25.
const MIN_COSINE_BETWEEN_CALLS: f32 = 0.25;
/// It settles in three or four.
const MAX_ROUNDS: usize = 10;

/// Splits the windows in two by k-means on the sphere and compares the halves. The first split is by the two windows that
/// are least alike, so the result depends on nothing else.
fn is_two_voices(windows: &[Embedding]) -> bool {
    let Some((first, second)) = least_alike(windows) else { return false };
    let (mut a, mut b) = (windows[first].clone(), windows[second].clone());
    let mut sides = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let now: Vec<bool> = windows.iter().map(|window| window.cosine(&a).0 >= window.cosine(&b).0).collect();
        if now == sides {
            break;
        }
        sides = now;
        let (Some(new_a), Some(new_b)) = (centre(windows, &sides, true), centre(windows, &sides, false)) else {
            return false;
        };
        (a, b) = (new_a, new_b);
    }
    let share = sides.iter().filter(|side| **side).count() as f32 / windows.len() as f32;
    (MIN_SHARE..=1.0 - MIN_SHARE).contains(&share) && a.cosine(&b).0 < MIN_COSINE_WITHIN
}

fn least_alike(windows: &[Embedding]) -> Option<(usize, usize)> {
    let pairs = (0..windows.len()).flat_map(|i| (0..i).map(move |j| (j, i)));
    pairs.min_by(|x, y| {
        let cosine = |pair: &(usize, usize)| windows[pair.0].cosine(&windows[pair.1]).0;
        cosine(x).total_cmp(&cosine(y))
    })
}

fn centre(windows: &[Embedding], sides: &[bool], side: bool) -> Option<Embedding> {
    let mut pooled = Pooled::new();
    windows.iter().zip(sides).filter(|(_, s)| **s == side).for_each(|(window, _)| pooled.add(window));
    pooled.embedding()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::voiceprint::MAX_ENROLLED;

    /// Window n of a voice that lies at `angle`, with a little spread.
    fn window(angle: f32, n: u32) -> Embedding {
        let spread = 0.1 * ((n * 7) % 5) as f32 / 5.0;
        Embedding::from_values(vec![(angle + spread).cos(), (angle + spread).sin(), 0.2]).unwrap()
    }

    const QUIET: Condition = Condition { snr_db: 30.0, bandwidth: Bandwidth::Narrow, clipped: false };

    fn enroller(angles: &[f32], net_speech_ms: u32) -> Enroller {
        let mut enroller = Enroller::default();
        let last = angles.len() as u32 - 1;
        for (n, angle) in (0u32..).zip(angles) {
            enroller.add(&window(*angle, n), if n == last { net_speech_ms } else { 1600 }, QUIET);
        }
        enroller
    }

    fn finish(enroller: Enroller) -> Result<Voiceprint, VoiceError> {
        enroller.finish(&ModelId::new("m"), UnixMillis(5))
    }

    #[test]
    fn ten_seconds_make_a_print_and_less_does_not() {
        let print = finish(enroller(&[0.0; 12], USABLE_MS)).unwrap();
        assert_eq!((print.net_speech_ms(), print.calls(), print.newest_at()), (USABLE_MS, 1, UnixMillis(5)));
        assert!(print.pooled().cosine(&window(0.04, 0)).0 > 0.99);
        let refused = finish(enroller(&[0.0; 12], USABLE_MS - 10));
        assert!(matches!(refused, Err(VoiceError::TooLittleSpeech { heard_ms: 9990, needed_ms: 10_000 })));
        assert!(matches!(finish(Enroller::default()), Err(VoiceError::TooLittleSpeech { heard_ms: 0, .. })));
    }

    #[test]
    fn speech_of_several_calls_adds_up() {
        let mut enroller = enroller(&[0.0; 7], 6000);
        enroller.next_recording();
        (0..6).for_each(|n| enroller.add(&window(0.05, n), 5000, QUIET));
        assert_eq!(enroller.net_speech_ms(), 11_000);
        assert_eq!(finish(enroller).unwrap().calls(), 2);
    }

    #[test]
    fn clipped_windows_are_left_out_and_named_when_too_little_is_left() {
        let clipped = Condition { clipped: true, ..QUIET };
        let mut enough = Enroller::default();
        (1..=30u32).for_each(|n| {
            let (angle, condition) = if n <= 10 { (1.5, clipped) } else { (0.0, QUIET) };
            enough.add(&window(angle, n), 800 * n, condition);
        });
        assert_eq!((enough.net_speech_ms(), enough.clipped_ms()), (16_000, 8000));
        let print = finish(enough).unwrap();
        assert!(print.pooled().cosine(&window(0.04, 0)).0 > 0.99, "nothing of the first ten is in it");

        let mut too_little = Enroller::default();
        (1..=15u32).for_each(|n| too_little.add(&window(0.0, n), 800 * n, if n % 2 == 0 { QUIET } else { clipped }));
        let refused = finish(too_little);
        let (heard_ms, clipped_ms) = (5600, 6400);
        assert!(
            matches!(refused, Err(VoiceError::Overdriven { heard_ms: h, clipped_ms: c, .. }) if (h, c) == (heard_ms, clipped_ms))
        );
    }

    #[test]
    fn two_voices_are_refused_in_turns_or_one_after_the_other() {
        let turns: Vec<f32> = (0..16).map(|n| if n % 4 < 2 { 0.0 } else { 1.5 }).collect();
        assert!(matches!(finish(enroller(&turns, 14_000)), Err(VoiceError::TwoVoices)));
        let then: Vec<f32> = (0..16).map(|n| if n < 11 { 0.0 } else { 1.5 }).collect();
        assert!(matches!(finish(enroller(&then, 14_000)), Err(VoiceError::TwoVoices)));
    }

    #[test]
    fn one_strange_window_of_many_is_no_second_voice() {
        let angles: Vec<f32> = (0..16).map(|n| if n == 5 { 1.5 } else { 0.0 }).collect();
        assert!(finish(enroller(&angles, 14_000)).is_ok());
    }

    #[test]
    fn a_call_of_another_person_among_the_calls_is_refused() {
        let mut enroller = enroller(&[0.0; 12], 10_000);
        enroller.next_recording();
        (0..12).for_each(|n| enroller.add(&window(1.5, n), 10_000, QUIET));
        assert!(matches!(finish(enroller), Err(VoiceError::TwoVoices)));
    }

    #[test]
    fn calls_are_kept_apart_with_what_they_came_over() {
        let mut enroller = enroller(&[0.0; 7], 6000);
        enroller.next_recording();
        let noisy = |snr_db| Condition { snr_db, bandwidth: Bandwidth::Wide, clipped: false };
        (0..6).for_each(|n| enroller.add(&window(0.4, n), 5000, noisy(if n < 3 { 8.0 } else { 12.0 })));
        let print = finish(enroller).unwrap();
        let [first, second] = print.centroids() else { panic!("{:?}", print.centroids().len()) };
        assert_eq!((first.net_speech_ms, first.snr_db, first.bandwidth), (6000, Some(30.0), Some(Bandwidth::Narrow)));
        assert_eq!((second.net_speech_ms, second.snr_db, second.bandwidth), (5000, Some(10.0), Some(Bandwidth::Wide)));
        assert!(
            first.embedding.cosine(&window(0.04, 0)).0 > 0.99 && second.embedding.cosine(&window(0.44, 0)).0 > 0.99
        );
    }

    #[test]
    fn of_many_recordings_the_shortest_are_put_together_and_none_is_lost() {
        let mut enroller = Enroller::default();
        for recording in 0..9u32 {
            (0..4).for_each(|n| enroller.add(&window(0.05 * recording as f32, n), 3000 + 100 * recording, QUIET));
            enroller.next_recording();
        }
        let heard_ms = enroller.net_speech_ms();
        let print = finish(enroller).unwrap();
        assert_eq!((print.centroids().len(), print.calls(), print.net_speech_ms()), (MAX_ENROLLED, 9, heard_ms));
        let most = print.centroids().iter().map(|centroid| centroid.net_speech_ms).max();
        assert!(most < Some(heard_ms / 2), "not all in one");
    }
}
