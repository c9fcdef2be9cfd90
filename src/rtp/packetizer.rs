//! The sending half of an RTP stream: own SSRC, sequence and timestamp (RFC 3550 §5.1).

use super::Codec;

/// Makes the packets of one outgoing stream, in order.
#[derive(Clone, Debug)]
pub struct Packetizer {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    first: bool,
}

/// The 12 bytes of an RTP header without CSRCs and extensions.
pub const HEADER_BYTES: usize = 12;
/// RFC 3551 §4.2: 20 ms is the default packet time.
pub const PTIME_MS: u32 = 20;

impl Packetizer {
    /// All three start at random (RFC 3550 §5.1), or a middlebox may take the stream for another one.
    pub fn new(ssrc: u32, first_sequence: u16, first_timestamp: u32) -> Self {
        Self { ssrc, sequence: first_sequence, timestamp: first_timestamp, first: true }
    }

    /// Writes the next packet over `packet`, which allocates only until it has grown to size.
    pub fn next(&mut self, payload_type: u8, codec: Codec, payload: &[u8], packet: &mut Vec<u8>) {
        // RFC 3551 §4.1: the marker bit begins a talkspurt.
        let marker = u8::from(std::mem::take(&mut self.first)) << 7;
        packet.clear();
        packet.extend_from_slice(&[2 << 6, marker | payload_type & 0x7f]);
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&self.timestamp.to_be_bytes());
        packet.extend_from_slice(&self.ssrc.to_be_bytes());
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(codec.duration(payload));
    }

    /// Of the next packet.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtp_types::RtpPacket;

    #[test]
    fn packets_parse_and_count_on_through_the_wraps() {
        let mut sender = Packetizer::new(0x1234_5678, u16::MAX, u32::MAX - 159);
        let mut bytes = Vec::new();
        sender.next(8, Codec::Pcma, &[0xd5; 160], &mut bytes);
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert_eq!((packet.sequence_number(), packet.timestamp()), (u16::MAX, u32::MAX - 159));
        assert_eq!((packet.payload_type(), packet.ssrc(), packet.marker_bit()), (8, 0x1234_5678, true));
        sender.next(8, Codec::Pcma, &[0xd5; 160], &mut bytes);
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert_eq!((packet.sequence_number(), packet.timestamp(), packet.marker_bit()), (0, 0, false));
        assert_eq!(packet.payload(), [0xd5; 160]);
    }
}
