//! Telephone lines made on demand from clean recordings, so that anyone's own speech can be measured over them.
//!
//! The parameters are those of the development recordings (docs/reference/eval.md lists them); GSM 06.10, which we have no
//! coder of, is stood in for by Opus at the bit rate of a poor mobile line. Every recording draws its own line, by its name.

use rusty_opus::{Application, OpusEncoder};

use super::biquad::{self, Biquad};
use super::bootstrap::SplitMix;
use crate::rtp::Codec;
use crate::speech::Wav;
use crate::speech::codec::{self, Decoder};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Condition {
    /// A good line: 300 to 3,400 Hz, mu-law
    Tel,
    /// The same with noise at 15 dB and a gain of up to 6 dB either way
    Tn,
    /// The same over another handset, half of the recordings through a mobile codec too
    Tx,
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tel => "tel",
            Self::Tn => "tn",
            Self::Tx => "tx",
        })
    }
}

/// What a condition needs beside the recording.
pub struct Lines<'a> {
    pub condition: Condition,
    /// Other people's speech, 8 kHz, for noise that is babble: (speaker, samples).
    pub babble: &'a [(String, Vec<f32>)],
}

pub const RATE_HZ: u32 = 8000;
/// Level of active speech in dBov (ITU-T P.56 measures it, G.100.1 asks for it).
const ACTIVE_DBOV: f64 = -26.0;
const SNR_DB: f64 = 15.0;
const GAIN_DB: f64 = 6.0;
const BAND_HZ: [f64; 2] = [300.0, 3400.0];
/// Where another handset's band may end.
const LOW_HZ: [f64; 2] = [200.0, 450.0];
const HIGH_HZ: [f64; 2] = [2900.0, 3700.0];
/// Bumps and dips of another handset's response.
const BUMPS: usize = 4;
const BUMP_DB: f64 = 8.0;
const BUMP_Q: [f64; 2] = [0.7, 2.0];
const BABBLE_VOICES: usize = 6;
/// A narrowband mobile line on a bad day. It was not compared with GSM 06.10 (13 kbit/s), which it stands in for.
const MOBILE_BITS_PER_S: i32 = 8000;

impl Lines<'_> {
    /// The recording at the other end of a line, 8 kHz.
    pub fn render(&self, clean: &Wav, speaker: &str, recording: &str) -> Result<Vec<f32>, String> {
        let mut random = SplitMix::new(seed(recording));
        let mut x = narrowband(clean)?;
        let level = f64::from(active_rms(&x)).max(1e-6);
        scale(&mut x, 10f64.powf(ACTIVE_DBOV / 20.0) / level);
        if self.condition != Condition::Tel {
            let noise = self.noise(x.len(), speaker, &mut random);
            let gain = f64::from(active_rms(&x)) / f64::from(rms(&noise)).max(1e-9) * 10f64.powf(-SNR_DB / 20.0);
            x.iter_mut().zip(&noise).for_each(|(x, noise)| *x += noise * gain as f32);
            scale(&mut x, 10f64.powf(between([-GAIN_DB, GAIN_DB], &mut random) / 20.0));
        }
        let mut band = BAND_HZ;
        if self.condition == Condition::Tx {
            for _ in 0..BUMPS {
                let hz = (between(BAND_HZ.map(f64::ln), &mut random)).exp();
                let gain_db = between([-BUMP_DB, BUMP_DB], &mut random);
                Biquad::peak(hz, between(BUMP_Q, &mut random), gain_db, RATE_HZ).filter(&mut x);
            }
            band = [between(LOW_HZ, &mut random), between(HIGH_HZ, &mut random)];
        }
        biquad::high_pass(band[0], RATE_HZ).iter_mut().for_each(|stage| stage.filter(&mut x));
        biquad::low_pass(band[1], RATE_HZ).iter_mut().for_each(|stage| stage.filter(&mut x));
        if self.condition == Condition::Tx && random.next().is_multiple_of(2) {
            x = mobile(&x)?;
        }
        mu_law(&x)
    }

    /// White, pink or babble, each as often.
    fn noise(&self, samples: usize, speaker: &str, random: &mut SplitMix) -> Vec<f32> {
        let kind = random.below(3);
        let others: Vec<&Vec<f32>> =
            self.babble.iter().filter(|(of, _)| of != speaker).map(|(_, voice)| voice).collect();
        if kind == 2 && !others.is_empty() {
            let mut sum = vec![0.0; samples];
            for _ in 0..BABBLE_VOICES {
                let voice = others[random.below(others.len())];
                let from = random.below(voice.len());
                let level = 1.0 / rms(voice).max(1e-6);
                sum.iter_mut().zip(voice.iter().cycle().skip(from)).for_each(|(sum, sample)| *sum += level * sample);
            }
            return sum;
        }
        let white = (0..samples).map(|_| random.normal() as f32);
        if kind == 0 { white.collect() } else { pink(white) }
    }
}

/// 16 kHz loses every second sample after a low-pass; 8 kHz stays.
pub fn narrowband(clean: &Wav) -> Result<Vec<f32>, String> {
    match clean.sample_rate_hz {
        RATE_HZ => Ok(clean.samples.clone()),
        16_000 => {
            let mut samples = clean.samples.clone();
            for _ in 0..2 {
                biquad::low_pass(3700.0, 16_000).iter_mut().for_each(|stage| stage.filter(&mut samples));
            }
            Ok(samples.into_iter().step_by(2).collect())
        }
        rate => Err(format!("it has {rate} samples a second; --condition takes 8000 or 16000")),
    }
}

/// About -3 dB an octave: low-passes two octaves apart, each with half the gain of the one below.
fn pink(white: impl Iterator<Item = f32>) -> Vec<f32> {
    const LOW_PASSES: [f32; 4] = [50.0, 200.0, 800.0, 3200.0];
    let mut states = [0.0f32; LOW_PASSES.len()];
    let one = |white: f32| {
        let mut gain = 1.0;
        let mut sum = 0.0;
        for (state, hz) in states.iter_mut().zip(LOW_PASSES) {
            *state += (1.0 - (-std::f32::consts::TAU * hz / RATE_HZ as f32).exp()) * (white - *state);
            sum += gain * *state;
            gain /= 2.0;
        }
        sum
    };
    white.map(one).collect()
}

fn mobile(samples: &[f32]) -> Result<Vec<f32>, String> {
    let failed = |what: &str| format!("the mobile codec failed: {what}");
    let mut encoder = OpusEncoder::new(RATE_HZ as i32, 1, Application::Voip).map_err(|_| failed("no encoder"))?;
    encoder.bitrate_bps = MOBILE_BITS_PER_S;
    let mut decoder = rusty_opus::OpusDecoder::new(RATE_HZ as i32, 1).map_err(|_| failed("no decoder"))?;
    let (frame, mut packet, mut out) = (RATE_HZ as usize / 50, [0; 400], Vec::with_capacity(samples.len()));
    for part in samples.chunks_exact(frame) {
        let bytes = encoder.encode(part, frame, &mut packet).map_err(|error| failed(&format!("{error:?}")))?;
        let mut decoded = vec![0.0; frame];
        decoder.decode(&packet[..bytes], frame, &mut decoded).map_err(|error| failed(&format!("{error:?}")))?;
        out.extend(decoded);
    }
    Ok(out)
}

fn mu_law(samples: &[f32]) -> Result<Vec<f32>, String> {
    let (mut payload, mut heard) = (Vec::new(), Vec::new());
    codec::encode(Codec::Pcmu, samples, &mut payload);
    let mut decoder = Decoder::new(Codec::Pcmu).map_err(|error| error.to_string())?;
    decoder.decode(&payload, &mut heard).map_err(|error| error.to_string())?;
    Ok(heard)
}

/// Of the 20 ms that have at least a tenth of the mean power: pauses do not make a voice louder.
fn active_rms(samples: &[f32]) -> f32 {
    let power = |block: &[f32]| block.iter().map(|x| x * x).sum::<f32>() / block.len() as f32;
    let blocks: Vec<f32> = samples.chunks(RATE_HZ as usize / 50).map(power).collect();
    let mean = blocks.iter().sum::<f32>() / blocks.len().max(1) as f32;
    let active: Vec<f32> = blocks.into_iter().filter(|block| *block >= 0.1 * mean).collect();
    (active.iter().sum::<f32>() / active.len().max(1) as f32).sqrt()
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|x| x * x).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

fn scale(samples: &mut [f32], by: f64) {
    samples.iter_mut().for_each(|sample| *sample *= by as f32);
}

fn between([low, high]: [f64; 2], random: &mut SplitMix) -> f64 {
    low + (high - low) * random.share()
}

/// FNV-1a: the same line for the same recording, whatever else is in the manifest.
fn seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice() -> Wav {
        let tone = |n: usize| {
            let t = n as f32 / 16_000.0;
            let syllable = (std::f32::consts::TAU * 2.0 * t).sin().max(0.0);
            syllable * (1..20).map(|h| (std::f32::consts::TAU * 150.0 * h as f32 * t).sin() / h as f32).sum::<f32>()
        };
        Wav { sample_rate_hz: 16_000, samples: (0..48_000).map(tone).collect() }
    }

    fn over(condition: Condition, recording: &str) -> Vec<f32> {
        Lines { condition, babble: &[] }.render(&voice(), "anna", recording).unwrap()
    }

    #[test]
    fn a_line_is_drawn_by_the_recordings_name_alone() {
        for condition in [Condition::Tel, Condition::Tn, Condition::Tx] {
            assert_eq!(over(condition, "a"), over(condition, "a"));
        }
        assert_eq!(over(Condition::Tel, "a"), over(Condition::Tel, "b"), "a good line draws nothing");
        assert_ne!(over(Condition::Tn, "a"), over(Condition::Tn, "b"));
    }

    #[test]
    fn a_good_line_has_the_level_and_the_band_of_a_telephone() {
        let line = over(Condition::Tel, "a");
        assert_eq!(line.len(), 24_000);
        let level_db = 20.0 * active_rms(&line).log10();
        // The fundamental at 150 Hz is gone, which held more than half of the power.
        assert!((-34.0..-26.0).contains(&level_db), "{level_db}");
        let at = |hz: f32| {
            let (mut re, mut im) = (0.0f32, 0.0f32);
            for (n, x) in line.iter().enumerate() {
                let angle = std::f32::consts::TAU * hz * n as f32 / 8000.0;
                re += x * angle.cos();
                im += x * angle.sin();
            }
            re.hypot(im)
        };
        // In the clean voice the fundamental is four times the fourth harmonic; an octave below its edge a filter of the
        // fourth order leaves a sixteenth.
        let found = at(150.0) / at(600.0);
        assert!((found - 4.0 / 16.0).abs() < 0.02, "{found}");
    }

    #[test]
    fn noise_lies_fifteen_decibels_below_the_voice() {
        for recording in ["a", "b", "c", "d", "e"] {
            let (line, quiet) = (over(Condition::Tn, recording), over(Condition::Tel, recording));
            // The first half of each half second is speech, the second is pause.
            let power = |of: &[f32], from: usize| of[from..from + 1600].iter().map(|x| x * x).sum::<f32>();
            assert!(power(&quiet, 2200) < 1e-3 * power(&quiet, 200));
            let snr_db = 10.0 * (power(&line, 200) / power(&line, 2200)).log10();
            assert!((8.0..22.0).contains(&snr_db), "{recording}: {snr_db}");
        }
    }

    #[test]
    fn a_rate_that_no_line_has_is_refused() {
        let odd = Wav { sample_rate_hz: 44_100, samples: vec![0.0; 44_100] };
        let refused = Lines { condition: Condition::Tel, babble: &[] }.render(&odd, "anna", "a").unwrap_err();
        assert!(refused.contains("44100"), "{refused}");
    }
}
