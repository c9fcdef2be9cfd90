//! The payload formats that we can turn into samples.

/// An RTP payload format (RFC 3551 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// Linear 16-bit samples, the high byte first (RFC 3551 §4.5.11).
    L16 { sample_rate_hz: u32 },
}

impl Codec {
    pub const ALL: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

    /// Encoding name as in `a=rtpmap` (RFC 3551 §4.5.14); compared without regard to case.
    pub fn encoding_name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
            Codec::L16 { .. } => "L16",
        }
    }

    /// Static payload type (RFC 3551 table 4).
    pub fn static_payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            // Has none at the rates of telephony.
            Codec::L16 { .. } => 96,
        }
    }

    /// RTP timestamp clock, which is also the sample rate of these codecs.
    pub fn clock_rate_hz(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma => 8000,
            Codec::L16 { sample_rate_hz } => sample_rate_hz,
        }
    }

    /// Samples in a payload of this many bytes: G.711 has one byte a sample.
    pub fn samples(self, payload_bytes: usize) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma => u32::try_from(payload_bytes).unwrap_or(u32::MAX),
            Codec::L16 { .. } => u32::try_from(payload_bytes / 2).unwrap_or(u32::MAX),
        }
    }

    /// The payload byte of digital silence (G.711: the code words of +0 in mu-law and the smallest step in A-law).
    pub fn silence_byte(self) -> u8 {
        match self {
            Codec::Pcmu => 0xff,
            Codec::Pcma => 0xd5,
            Codec::L16 { .. } => 0,
        }
    }
}
