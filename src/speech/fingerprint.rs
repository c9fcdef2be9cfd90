//! What a stretch of sound is like, as a number of 32 bits every eighth of a second: the same recording gives nearly
//! the same numbers over any telephone, and the same words said once more give others
//! (docs/decisions/0018-heard-before.md).
//!
//! The numbers are Chromaprint's. They follow how energy moves between the twelve tones of an octave over 2.7 s and
//! tell recordings apart, not voices; but they are made of somebody's speech, and are treated as such.

use std::collections::VecDeque;

use rusty_chromaprint::{Configuration, Fingerprinter as Chromaprint};
use zeroize::Zeroizing;

use super::SpeechError;
use super::resample::Resampler;

/// Of the speech of one call. Where there was none it holds zeros. Overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint(Zeroizing<Vec<u32>>);

/// Takes the sound of one call as it comes.
pub struct Fingerprinter {
    /// `None` once there is enough.
    ear: Option<Ear>,
    /// Numbers that no window has vouched for yet, each with the net speech at its end.
    unjudged: VecDeque<(u32, u32)>,
    /// Windows since the last one that was steady.
    speaking: usize,
    items: Zeroizing<Vec<u32>>,
}

/// The newest seconds of sound. What the library keeps between two numbers may not move from thread to thread, as a
/// call does; so it is handed the sound of some numbers at once, with what each of them reaches back to.
struct Ear {
    resampler: Resampler,
    pcm: Zeroizing<Vec<i16>>,
    /// Samples since the last mark.
    since_mark: usize,
    /// Net speech of the call at each of the last steps, in milliseconds, oldest first.
    marks: VecDeque<u32>,
}

/// What Chromaprint works at; fed at another rate it resamples in blocks of three seconds.
const CHROMAPRINT_HZ: u32 = 11_025;
/// Samples from one number to the next (.124 s) and in a frame: those of its preset.
const HOP: usize = 1_365;
const FRAME: usize = 4_096;
/// Frames within a number: the widest filter has 16, each smoothed over 5.
const FRAMES: usize = 20;
/// Numbers that are made at once. Each batch sets the library up anew (.2 ms) and repeats the frames of one number; 1.5
/// s are as much as a warning may come later.
const BATCH: usize = 12;
const BATCH_SAMPLES: usize = FRAME + HOP * (FRAMES + BATCH - 2);
/// Steps that one number reaches back.
const SPAN: usize = BATCH_SAMPLES / HOP - BATCH;
/// Speech within that span below which a number is left out: half of it. Silence has the same numbers in every call.
const LEAST_SPEECH_MS: u32 = 1_360;
/// Windows that one number reaches over. After music or a tone so many must be speech.
const WINDOWS: usize = 3;
/// Zeros in a row, 2 s: longer pauses, in which the agent speaks, take no room.
const PAUSE: usize = 16;
/// A minute, 2 kB. What somebody plays to be taken for another is heard by then.
const MAX_ITEMS: usize = 512;
/// A longer gap is a pause in any case.
const MAX_GAP_S: usize = 2;
const SILENCE: [f32; 160] = [0.0; 160];

impl Fingerprinter {
    pub fn new(sample_rate_hz: u32) -> Result<Self, SpeechError> {
        Ok(Self {
            ear: Some(Ear::new(sample_rate_hz)?),
            unjudged: VecDeque::new(),
            speaking: WINDOWS,
            items: Zeroizing::new(Vec::with_capacity(MAX_ITEMS)),
        })
    }

    /// The rate of what is pushed from here on.
    pub fn set_sample_rate(&mut self, sample_rate_hz: u32) -> Result<(), SpeechError> {
        if let Some(ear) = &mut self.ear {
            ear.resampler = Resampler::to(CHROMAPRINT_HZ, sample_rate_hz)?;
        }
        Ok(())
    }

    /// Takes the next samples, full scale 1. Of the call up to here `net_speech_ms` were speech.
    pub fn push(&mut self, samples: &[f32], net_speech_ms: u32) {
        let Some(ear) = &mut self.ear else { return };
        ear.push(samples, net_speech_ms);
        while let Some(batch) = ear.next_batch() {
            for (net_speech_ms, item) in batch {
                let pausing =
                    self.unjudged.len() >= PAUSE && self.unjudged.iter().rev().take(PAUSE).all(|(_, i)| *i == 0);
                if item != 0 || !pausing {
                    self.unjudged.push_back((net_speech_ms, item));
                }
            }
        }
    }

    /// Samples of `sample_rate_hz` were lost here, or there was nothing to hear: what follows keeps its place in time.
    pub fn skip(&mut self, samples: usize, sample_rate_hz: u32, net_speech_ms: u32) {
        let mut left = samples.min(MAX_GAP_S * sample_rate_hz as usize);
        while left > 0 {
            let some = left.min(SILENCE.len());
            self.push(&SILENCE[..some], net_speech_ms);
            left -= some;
        }
    }

    /// A window of the call's speech ends at `net_speech_ms`. Only now its sound counts, unless it is music or a tone.
    pub fn judge(&mut self, net_speech_ms: u32, steady: bool) {
        self.speaking = if steady { 0 } else { self.speaking + 1 };
        while let Some((_, item)) = self.unjudged.pop_front_if(|(at_ms, _)| *at_ms <= net_speech_ms) {
            let item = if self.speaking >= WINDOWS { item } else { 0 };
            let pausing = item == 0 && self.items.iter().rev().take(PAUSE).all(|item| *item == 0);
            if !pausing && self.items.len() < MAX_ITEMS {
                self.items.push(item);
            }
        }
        if self.items.len() >= MAX_ITEMS {
            self.ear = None;
            self.unjudged.clear();
        }
    }

    /// No more sound is taken.
    pub fn is_full(&self) -> bool {
        self.ear.is_none()
    }

    /// Whether the newest [`LEAST`] numbers are those of some place in `before`.
    pub fn replays(&self, before: &Fingerprint) -> bool {
        tail(&self.items).is_some_and(|tail| difference(tail, &before.0).is_some_and(|share| share <= SAME_RECORDING))
    }

    /// `None`: there was too little speech to tell this call from another.
    pub fn finish(self) -> Option<Fingerprint> {
        tail(&self.items).is_some().then_some(Fingerprint(self.items))
    }
}

impl Ear {
    fn new(sample_rate_hz: u32) -> Result<Self, SpeechError> {
        let resampler = Resampler::to(CHROMAPRINT_HZ, sample_rate_hz)?;
        // Room for what one packet brings beyond a batch: grown once, it would leave its old copy unwiped.
        let pcm = Zeroizing::new(Vec::with_capacity(BATCH_SAMPLES + FRAME));
        Ok(Self { resampler, pcm, since_mark: 0, marks: VecDeque::with_capacity(SPAN + BATCH + 1) })
    }

    fn push(&mut self, mut samples: &[f32], net_speech_ms: u32) {
        while let Some(block) = self.resampler.next_block(&mut samples) {
            // Beyond full scale `as` saturates.
            self.pcm.extend(block.iter().map(|sample| (sample * f32::from(i16::MAX)) as i16));
            self.since_mark += block.len();
            while self.since_mark >= HOP {
                self.since_mark -= HOP;
                self.marks.push_back(net_speech_ms);
            }
        }
    }

    /// The next numbers with the net speech at their ends; zeros where there was too little of it.
    fn next_batch(&mut self) -> Option<[(u32, u32); BATCH]> {
        let sound = self.pcm.get(..BATCH_SAMPLES)?;
        let ends_ms = |step: usize| self.marks.get(step).or(self.marks.back()).copied().unwrap_or(0);
        let speech_ms: [(u32, u32); BATCH] = std::array::from_fn(|n| (ends_ms(n), ends_ms(SPAN + n)));
        let spoken = |(from_ms, to_ms): (u32, u32)| to_ms.saturating_sub(from_ms) >= LEAST_SPEECH_MS;
        let mut batch = speech_ms.map(|(_, to_ms)| (to_ms, 0));
        if speech_ms.iter().any(|span| spoken(*span)) {
            let mut chromaprint = Chromaprint::new(&Configuration::preset_test2());
            if chromaprint.start(CHROMAPRINT_HZ, 1).is_ok() {
                chromaprint.consume(sound);
                chromaprint.finish();
            }
            for ((batch, span), item) in batch.iter_mut().zip(speech_ms).zip(chromaprint.fingerprint()) {
                batch.1 = if spoken(span) { *item } else { 0 };
            }
        }
        self.pcm.drain(..HOP * BATCH);
        self.marks.drain(..BATCH.min(self.marks.len()));
        Some(batch)
    }
}

/// Numbers that must agree, 4 s: a number holds the sound of the 2.7 s before it, so these are of some 7 s of speech.
const LEAST: usize = 32;
/// Of these so many must be spoken in both.
const IN_COMMON: usize = LEAST / 4 * 3;
/// Share of bits in which the same recording may differ. On half-minutes of the development recordings, over three
/// simulated lines, with one packet in twenty lost, or cut out of other speech, the best place differs in at most .19;
/// the best place of 4,160 pairs of other half-minutes, of other people and of the same, in .29 and more, a thousandth
/// below .305. At .25 a call that is compared with 64 others would be a false alarm once in some ten thousand, here in
/// a million.
const SAME_RECORDING: f32 = 0.22;

/// The newest [`LEAST`] numbers of speech with the pauses between them, unless these are as long.
fn tail(items: &[u32]) -> Option<&[u32]> {
    let spoken = || items.iter().enumerate().rev().filter(|(_, item)| **item != 0).map(|(at, _)| at);
    let tail = &items[spoken().nth(LEAST - 1)?..=spoken().next()?];
    (tail.len() <= 2 * LEAST).then_some(tail)
}

/// The share of bits that differ at the best fitting place.
fn difference(tail: &[u32], before: &[u32]) -> Option<f32> {
    let places = (0..(before.len() + 1).saturating_sub(IN_COMMON)).map(|at| &before[at..]);
    places.filter_map(|place| difference_at(tail, place)).min_by(f32::total_cmp)
}

fn difference_at(tail: &[u32], place: &[u32]) -> Option<f32> {
    // Beyond these no share can be small enough.
    const MAX_ERRORS: u32 = (SAME_RECORDING * (32 * LEAST) as f32) as u32 + 1;
    let (mut errors, mut common) = (0, 0);
    for (a, b) in tail.iter().zip(place).filter(|(a, b)| **a != 0 && **b != 0) {
        errors += (a ^ b).count_ones();
        common += 1;
        if errors > MAX_ERRORS {
            return None;
        }
    }
    (common >= IN_COMMON).then(|| errors as f32 / (32 * common) as f32)
}

impl Fingerprint {
    /// Little-endian numbers, for the store to seal.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(4 * self.0.len()));
        self.0.iter().for_each(|item| bytes.extend_from_slice(&item.to_le_bytes()));
        bytes
    }

    /// `None`: these are no such numbers.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (items, rest) = bytes.as_chunks::<4>();
        let fits = rest.is_empty() && items.len() <= MAX_ITEMS;
        fits.then(|| Self(Zeroizing::new(items.iter().map(|item| u32::from_le_bytes(*item)).collect())))
    }
}

/// Says nothing of what it holds.
impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fingerprint({} items)", self.0.len())
    }
}

#[cfg(test)]
mod tests;
