//! Clips with known answers: a front-end that does not fit its model ruins scores without a word, so both are tried
//! together before the first call. models/ge2e/MODEL.md gives the formula of the clips.

use serde::Deserialize;

use super::{Embedder, VoiceError};
use crate::speech::fbank::Fbank;
use crate::speech::{MELS, WINDOW_FRAMES, Window};

/// model.golden.json, as models/golden.py writes it. It holds more: what is compared with onnxruntime is for the tests alone.
#[derive(Deserialize)]
pub struct Golden {
    format: u32,
    model_sha256: String,
    cosine_min: f32,
    mel_relative: f32,
    mel_absolute_of_max: f32,
    clips: Vec<Clip>,
}

#[derive(Deserialize)]
struct Clip {
    formula: Formula,
    samples_check: SamplesCheck,
    gain: f32,
    mel_max: f32,
    mel_frames: Vec<MelFrame>,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct SamplesCheck {
    sum_of_absolutes: i64,
}

#[derive(Deserialize)]
struct MelFrame {
    frame: usize,
    mels: Vec<f32>,
}

/// A voice-like sound; the names are those of MODEL.md.
#[derive(Deserialize)]
struct Formula {
    name: String,
    sample_rate_hz: u32,
    samples: usize,
    level: f64,
    noise: f64,
    seed: u32,
    f0_hz: f64,
    vibrato_hz: f64,
    vibrato_depth: f64,
    syllable_hz: f64,
    vowel_hz: f64,
    harmonics: u32,
    /// First and second frequency, width, gain.
    formants: Vec<[f64; 4]>,
}

/// The layout that this code reads.
const FORMAT: u32 = 1;
/// Another rounding of sin and cos moves a sample by one step in a thousand at most.
const SAMPLES_TOLERANCE: f64 = 1e-4;

impl Golden {
    pub fn parse(json: &[u8]) -> Result<Self, VoiceError> {
        let golden: Self = serde_json::from_slice(json).map_err(|error| VoiceError::Golden(error.to_string()))?;
        if golden.format != FORMAT {
            return Err(VoiceError::Golden(format!("it has format {}, {FORMAT} can be read", golden.format)));
        }
        if golden.clips.is_empty() {
            return Err(VoiceError::Golden("it holds no clips".into()));
        }
        Ok(golden)
    }

    pub fn must_be_for(&self, sha256: &str) -> Result<(), VoiceError> {
        if self.model_sha256 == sha256 {
            return Ok(());
        }
        Err(VoiceError::ForeignGolden { wanted: self.model_sha256.clone(), found: sha256.to_owned() })
    }

    /// Name and samples of every clip at 16 kHz, full scale 1.
    pub fn wideband(&self) -> Vec<(String, Vec<f32>)> {
        let wide = self.clips.iter().map(|clip| &clip.formula).filter(|formula| formula.sample_rate_hz == 16000);
        wide.map(|formula| (formula.name.clone(), formula.full_scale_1())).collect()
    }

    /// Sound to mels to embedding, each compared with its golden value.
    pub fn check(&self, embedder: &Embedder) -> Result<(), VoiceError> {
        self.clips.iter().try_for_each(|clip| {
            let disagree = |what| VoiceError::Disagreement { clip: clip.formula.name.clone(), what };
            let window = self.window(clip).map_err(disagree)?;
            let embedding = embedder.embed(&window)?;
            let cosine: f32 = embedding.values().iter().zip(&clip.embedding).map(|(a, b)| a * b).sum();
            if embedding.values().len() != clip.embedding.len() || cosine.is_nan() || cosine < self.cosine_min {
                return Err(disagree(format!("the embedding has cosine {cosine:.4}, {} is wanted", self.cosine_min)));
            }
            Ok(())
        })
    }

    fn window(&self, clip: &Clip) -> Result<Window, String> {
        if ![8000, 16000].contains(&clip.formula.sample_rate_hz) {
            return Err(format!("it has {} samples a second", clip.formula.sample_rate_hz));
        }
        let pcm = clip.formula.samples();
        let (sum, wanted) = (pcm.iter().map(|s| i64::from(s.abs())).sum::<i64>(), clip.samples_check.sum_of_absolutes);
        if (sum - wanted).abs() as f64 > SAMPLES_TOLERANCE * wanted as f64 {
            return Err(format!("the clip itself came out differently, {sum} instead of {wanted}"));
        }
        let samples: Vec<f32> = pcm.iter().map(|s| *s as f32 / 32768.0 * clip.gain).collect();
        let mels = mels(&samples, clip.formula.sample_rate_hz);
        for MelFrame { frame, mels: wanted } in &clip.mel_frames {
            let row = mels.get(frame * MELS..(frame + 1) * MELS).ok_or("the clip is too short")?;
            for (band, (found, wanted)) in row.iter().zip(wanted).enumerate() {
                let tolerance = self.mel_relative * wanted + self.mel_absolute_of_max * clip.mel_max;
                let difference = (found - wanted).abs();
                if difference.is_nan() || difference > tolerance {
                    return Err(format!("mel {band} of frame {frame} is {found:.4e}, {wanted:.4e} is wanted"));
                }
            }
        }
        let mels = mels.get(..WINDOW_FRAMES * MELS).ok_or("the clip is too short")?;
        Ok(Window::of_features(mels.into(), 1600))
    }
}

fn mels(mut samples: &[f32], sample_rate_hz: u32) -> Vec<f32> {
    let mut fbank = Fbank::new(sample_rate_hz);
    std::iter::from_fn(|| fbank.next_frame(&mut samples)).flat_map(|frame| frame.mels).collect()
}

impl Formula {
    fn full_scale_1(&self) -> Vec<f32> {
        self.samples().iter().map(|sample| *sample as f32 / 32768.0).collect()
    }

    /// 16-bit samples.
    fn samples(&self) -> Vec<i32> {
        let mut noise = Noise(self.seed);
        (0..self.samples)
            .map(|n| {
                let t = n as f64 / f64::from(self.sample_rate_hz);
                let envelope = 0.15 + 0.85 * (std::f64::consts::PI * self.syllable_hz * t).sin().powi(2);
                let sample = self.level * (envelope * self.voiced(t) + self.noise * noise.next());
                (32767.0 * sample + 0.5).floor().clamp(-32768.0, 32767.0) as i32
            })
            .collect()
    }

    /// Harmonics of a gliding pitch under formants that move between two vowels.
    fn voiced(&self, t: f64) -> f64 {
        use std::f64::consts::TAU;
        let turn = TAU * self.vibrato_hz * t;
        let pitch_hz = self.f0_hz * (1.0 + self.vibrato_depth * turn.sin());
        let phase = TAU * self.f0_hz * t + self.f0_hz * self.vibrato_depth / self.vibrato_hz * (1.0 - turn.cos());
        let vowel = 0.5 - 0.5 * (TAU * self.vowel_hz * t).cos();
        (1..=self.harmonics)
            .map(|h| {
                let h = f64::from(h);
                let gain: f64 = self
                    .formants
                    .iter()
                    .map(|[first, second, width, gain]| {
                        let away = (h * pitch_hz - (first + (second - first) * vowel)) / width;
                        gain / (1.0 + away * away)
                    })
                    .sum();
                gain / h * (h * phase).sin()
            })
            .sum()
    }
}

/// The linear congruential generator of Numerical Recipes, uniform in [-1, 1).
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0) / f64::from(1u32 << 31) - 1.0
    }
}

#[cfg(test)]
mod tests;
