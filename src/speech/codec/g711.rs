//! G.711 to samples and back (ITU-T G.711, 1988): by far the most spoken codec of the telephone network.
//!
//! Both laws have 256 codes, so a table made at compile time is the whole decoder.

use super::FULL_SCALE;

/// How the steps grow with the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    Mu,
    A,
}

/// Appends the samples of `payload` (full scale 1) to `samples`; allocates only when its capacity is too small.
pub fn decode(law: Law, payload: &[u8], samples: &mut Vec<f32>) {
    let table = match law {
        Law::Mu => &MU_LAW,
        Law::A => &A_LAW,
    };
    samples.extend(payload.iter().map(|&code| f32::from(table[usize::from(code)]) / FULL_SCALE));
}

/// Appends one code a sample (full scale 1; what lies beyond is clipped) to `payload`.
pub fn encode(law: Law, samples: &[f32], payload: &mut Vec<u8>) {
    let code = match law {
        Law::Mu => mu_law_code,
        Law::A => a_law_code,
    };
    payload.extend(samples.iter().map(|&sample| code((sample * FULL_SCALE).clamp(-FULL_SCALE, FULL_SCALE - 1.0))));
}

/// Decoded values of all mu-law codes, 14-bit values of the standard times 4.
static MU_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let inverted = !(code as u8);
        let (segment, step) = ((inverted >> 4) & 7, (inverted & 15) as i16);
        let magnitude = ((2 * step + MU_BIAS) << segment) - MU_BIAS;
        table[code] = if inverted & 0x80 != 0 { -4 * magnitude } else { 4 * magnitude };
        code += 1;
    }
    table
};

/// Decoded values of all A-law codes, 13-bit values of the standard times 8.
static A_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let toggled = code as u8 ^ A_LAW_TOGGLE;
        let (segment, step) = ((toggled >> 4) & 7, (toggled & 15) as i16);
        let magnitude = if segment == 0 { 2 * step + 1 } else { (2 * step + 33) << (segment - 1) };
        table[code] = if toggled & 0x80 != 0 { 8 * magnitude } else { -8 * magnitude };
        code += 1;
    }
    table
};

/// Added to a 14-bit magnitude so that every mu-law segment starts at a power of two (G.711 table 2).
const MU_BIAS: i16 = 33;
/// Largest 14-bit magnitude with a code of its own segment (G.711 table 2a: the last decision value is 8159).
const MU_CLIP: i16 = 8158;
/// A-law inverts every second bit on the line (G.711 table 1a note 2).
const A_LAW_TOGGLE: u8 = 0x55;

fn mu_law_code(sample: f32) -> u8 {
    let biased = ((sample.abs() / 4.0).round() as i16).min(MU_CLIP) + MU_BIAS;
    // Segments are octaves from 64 up: 0 holds 33..=63, 7 holds 4096..=8191.
    let segment = (biased.ilog2() as u8).saturating_sub(5);
    let step = (biased >> (segment + 1)) as u8 & 15;
    let sign = if sample.is_sign_negative() { 0x80 } else { 0 };
    !(sign | (segment << 4) | step)
}

fn a_law_code(sample: f32) -> u8 {
    let magnitude = ((sample.abs() / 8.0) as i16).min(4095);
    let segment = if magnitude < 32 { 0 } else { magnitude.ilog2() as u8 - 4 };
    let step = (magnitude >> segment.max(1)) as u8 & 15;
    let sign = if sample.is_sign_negative() { 0 } else { 0x80 };
    (sign | (segment << 4) | step) ^ A_LAW_TOGGLE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(law: Law) -> Vec<f32> {
        let codes: Vec<u8> = (0..=255).collect();
        let mut samples = Vec::new();
        decode(law, &codes, &mut samples);
        samples
    }

    /// G.711 table 2a read as prose: segment s of 8 has 16 steps of 2^(s+1) and starts at 2^(s+5) - 33 (14 bit);
    /// a code stands for the middle of its step, but for code 0 which stands for 0. Sign bit 1 is positive.
    #[test]
    fn all_mu_law_codes_are_those_of_the_standard() {
        for (code, sample) in (0u8..=255).zip(decoded(Law::Mu)) {
            let inverted = 255 - code;
            let (s, q) = (i32::from(inverted / 16 % 8), i32::from(inverted % 16));
            let start = 2f32.powi(s + 5) - 33.0;
            let middle = start + 2f32.powi(s + 1) * q as f32 + 2f32.powi(s);
            let expected = if s == 0 && q == 0 { 0.0 } else { middle };
            let sign = if code >= 128 { 1.0 } else { -1.0 };
            assert_eq!(sample, sign * expected / 8192.0, "code {code}");
        }
    }

    /// G.711 table 1a: two linear segments of 16 steps of 2, then each segment doubles its step (13 bit).
    #[test]
    fn all_a_law_codes_are_those_of_the_standard() {
        for (code, sample) in (0u8..=255).zip(decoded(Law::A)) {
            let plain = code ^ 0b0101_0101;
            let (s, q) = (i32::from(plain / 16 % 8), f32::from(plain % 16));
            let (start, width) = if s == 0 { (0.0, 2.0) } else { (2f32.powi(s + 4), 2f32.powi(s)) };
            let expected = start + width * q + width / 2.0;
            let sign = if plain >= 128 { 1.0 } else { -1.0 };
            assert_eq!(sample, sign * expected / 4096.0, "code {code}");
        }
    }

    #[test]
    fn a_decoded_code_encodes_to_itself() {
        for law in [Law::Mu, Law::A] {
            let mut again = Vec::new();
            encode(law, &decoded(law), &mut again);
            let codes: Vec<u8> =
                (0..=255).map(|code| if law == Law::Mu && code == 0x7f { 0xff } else { code }).collect();
            assert_eq!(again, codes, "{law:?}; mu-law has two zeros and the positive one is sent");
        }
    }

    #[test]
    fn every_sample_gets_the_code_of_the_step_that_it_lies_in() {
        for law in [Law::Mu, Law::A] {
            let mut codes = Vec::new();
            let samples: Vec<f32> = (-3212..=3212).map(|n| n as f32 * 10.0 / 32768.0).collect();
            encode(law, &samples, &mut codes);
            for (sample, code) in samples.iter().zip(codes) {
                let error = (decoded(law)[usize::from(code)] - sample).abs();
                let (full_scale, segment, step_of_segment_0) = match law {
                    Law::Mu => (8192.0, i32::from(!code / 16 % 8), 2.0),
                    Law::A => (4096.0, (i32::from((code ^ 0x55) / 16 % 8) - 1).max(0), 2.0),
                };
                // Half a step of the code's segment, and the rounding to 14 or 13 bits that comes before.
                let half_step = step_of_segment_0 * 2f32.powi(segment) / 2.0;
                assert!(error <= (half_step + 1.0) / full_scale, "{law:?} {sample}: {error}");
            }
        }
    }

    #[test]
    fn overload_clips_and_does_not_wrap() {
        for law in [Law::Mu, Law::A] {
            let mut codes = Vec::new();
            encode(law, &[7.0, -7.0], &mut codes);
            let mut back = Vec::new();
            decode(law, &codes, &mut back);
            assert!(back[0] > 0.95 && back[1] < -0.95, "{back:?}");
        }
    }
}
