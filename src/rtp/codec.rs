//! The payload formats that we can turn into samples.

/// A payload format of audio (RFC 3551 §6, RFC 7587).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// 64 kbit/s, 7 kHz of sound.
    G722,
    /// RFC 6716.
    Opus,
    /// 16-bit samples in network order (RFC 3551 §4.5.11), one channel. Never agreed by SDP here: WebSocket peers send it.
    L16 { sample_rate_hz: u32 },
}

impl Codec {
    /// Those that SDP agrees on, in the order in which we offer them: nothing is gained for recognition by Opus, and it
    /// costs most.
    pub const ALL: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];

    /// Encoding name as in `a=rtpmap` (RFC 3551 §4.5.14, RFC 7587 §7); compared without regard to case.
    pub fn encoding_name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
            Codec::G722 => "G722",
            Codec::Opus => "opus",
            Codec::L16 { .. } => "L16",
        }
    }

    /// Channels as `a=rtpmap` says them: Opus always 2, whatever is sent (RFC 7587 §7).
    pub fn channels(self) -> u8 {
        if self == Codec::Opus { 2 } else { 1 }
    }

    /// Static payload type (RFC 3551 table 4), where there is one for our clock rate.
    pub fn static_payload_type(self) -> Option<u8> {
        match self {
            Codec::Pcmu => Some(0),
            Codec::Pcma => Some(8),
            Codec::G722 => Some(9),
            Codec::Opus | Codec::L16 { .. } => None,
        }
    }

    /// The number in our own offers: the static one, else a dynamic one (RFC 3551 §3 leaves 96 to 127).
    pub fn offered_payload_type(self) -> u8 {
        self.static_payload_type().unwrap_or(if self == Codec::Opus { 111 } else { 96 })
    }

    /// RTP timestamp clock. G.722 has 16000 samples a second and a clock of 8000: an old error kept for
    /// compatibility (RFC 3551 §4.5.2). Opus has 48000 at any bandwidth (RFC 7587 §4.1).
    pub fn clock_rate_hz(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => 8000,
            Codec::Opus => 48_000,
            Codec::L16 { sample_rate_hz } => sample_rate_hz,
        }
    }

    /// What decoding gives.
    pub fn sample_rate_hz(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma => 8000,
            Codec::G722 | Codec::Opus => 16_000,
            Codec::L16 { sample_rate_hz } => sample_rate_hz,
        }
    }

    /// How long a payload sounds, in units of the RTP clock. 0 for an Opus packet that says more than it may.
    pub fn duration(self, payload: &[u8]) -> u32 {
        let bytes = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        match self {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => bytes,
            Codec::Opus => opus_duration(payload).unwrap_or(0),
            Codec::L16 { .. } => bytes / 2,
        }
    }

    /// Writes a payload of silence over `payload`. `ptime_ms` is 10 or 20.
    pub fn silence(self, ptime_ms: u32, payload: &mut Vec<u8>) {
        payload.clear();
        let ms = ptime_ms as usize;
        match self {
            // The code of +0.
            Codec::Pcmu => payload.resize(8 * ms, 0xff),
            // The smallest step: A-law has no zero.
            Codec::Pcma => payload.resize(8 * ms, 0xd5),
            // The smallest steps of both bands, which the adaption never makes larger: 3 of 32768 at most.
            Codec::G722 => payload.resize(8 * ms, 0xff),
            // One CELT frame, full band, mono (RFC 6716 table 2: 30 for 10 ms, 31 for 20), and the flag of silence (§4.3).
            Codec::Opus => payload.extend_from_slice(&[if ptime_ms == 10 { 30 << 3 } else { 31 << 3 }, 0xff, 0xfe]),
            Codec::L16 { sample_rate_hz } => payload.resize(2 * sample_rate_hz as usize * ms / 1000, 0),
        }
    }
}

/// RFC 6716 §3.1: the first byte says how long a frame is, and it or the second how many there are; 120 ms at most.
fn opus_duration(payload: &[u8]) -> Option<u32> {
    let toc = payload.first()?;
    let config = toc >> 3;
    let frame = match config {
        // SILK: 10, 20, 40, 60 ms.
        0..=11 => [480, 960, 1920, 2880][usize::from(config % 4)],
        // Hybrid: 10, 20 ms.
        12..=15 => [480, 960][usize::from(config % 2)],
        // CELT: 2.5, 5, 10, 20 ms.
        _ => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(payload.get(1)? & 0x3f),
    };
    (frame * frames <= 5760).then_some(frame * frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_of_every_codec_sounds_as_long_as_its_bytes_say() {
        for codec in Codec::ALL {
            for ms in [10, 20] {
                let mut payload = Vec::new();
                codec.silence(ms, &mut payload);
                assert_eq!(codec.duration(&payload), codec.clock_rate_hz() * ms / 1000, "{codec:?} {ms} ms");
            }
        }
        assert_eq!(Codec::L16 { sample_rate_hz: 16000 }.duration(&[0; 640]), 320);
    }

    #[test]
    fn opus_durations_are_those_of_rfc_6716_table_2() {
        let ms = |payload: &[u8]| Codec::Opus.duration(payload) as f32 / 48.0;
        assert_eq!([3, 7, 11].map(|config: u8| ms(&[config << 3])), [60.0; 3], "the longest frames of SILK");
        assert_eq!([12, 13, 14, 15].map(|config: u8| ms(&[config << 3])), [10.0, 20.0, 10.0, 20.0]);
        assert_eq!([16, 17, 18, 19].map(|config: u8| ms(&[config << 3])), [2.5, 5.0, 10.0, 20.0]);
        assert_eq!(ms(&[1 << 3 | 1, 0]), 40.0, "code 1 has two frames");
        assert_eq!(ms(&[1 << 3 | 3, 3]), 60.0, "code 3 counts them");
        assert_eq!(ms(&[3 << 3 | 3, 3]), 0.0, "180 ms are too long");
        assert_eq!(ms(&[]), 0.0);
    }
}
