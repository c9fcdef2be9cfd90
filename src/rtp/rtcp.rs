//! Reports on what was heard (RFC 3550 §6): ours are made, the peer's are read.

use std::time::{Duration, Instant};

use rtcp_types::prelude::*;
use rtcp_types::{Bye, Compound, Packet, ReceiverReport, ReportBlock, Sdes, SdesChunk, SdesItem, SenderReport};

/// The latched stream as a report block tells of it (§6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reception {
    pub ssrc: u32,
    /// Since the stream began (A.3).
    pub expected: u64,
    pub received: u64,
    /// Cycles and sequence number.
    pub highest: u32,
    /// In units of the RTP clock (A.8).
    pub jitter: u32,
    pub last_report: Option<LastReport>,
}

/// The peer's last sender report: the middle of its NTP time, and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastReport {
    pub ntp_middle: u32,
    pub at: Instant,
}

/// What a sender report tells of our own stream (§6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Now: seconds since 1900 and their fraction.
    pub ntp: u64,
    /// The same moment on our stream's clock.
    pub rtp_timestamp: u32,
    pub packets: u32,
    pub octets: u32,
}

/// Makes our reports, in time.
#[derive(Debug)]
pub struct Reporter {
    ssrc: u32,
    cname: String,
    due: Option<Instant>,
    /// Expected and received of this SSRC at our last report.
    prior: Option<(u32, u64, u64)>,
}

/// §6.2: the least interval; half of it before the first report. With two parties no bandwidth rule makes it longer.
const INTERVAL_S: f64 = 5.0;
/// §6.3.1 and A.7: makes up for the reconsideration of timers, which converges below its mean.
const COMPENSATION: f64 = std::f64::consts::E - 1.5;

impl Reporter {
    /// `cname` names this call and no person (RFC 7022 §4.2).
    pub fn new(ssrc: u32, cname: String) -> Self {
        Self { ssrc, cname, due: None, prior: None }
    }

    /// Whether a report must be sent. `chance` in 0..1 is drawn by the caller: reports must not march in step (§6.2).
    pub fn is_due(&mut self, now: Instant, chance: f64) -> bool {
        match self.due {
            None => {
                self.due = Some(now + interval(INTERVAL_S / 2.0, chance));
                false
            }
            Some(due) if due > now => false,
            Some(_) => {
                self.due = Some(now + interval(INTERVAL_S, chance));
                true
            }
        }
    }

    /// A compound packet (§6.1). `sent`: `None` when we have sent nothing lately.
    pub fn report(&mut self, now: Instant, sent: Option<Sent>, reception: Option<&Reception>) -> Vec<u8> {
        let block = reception.map(|reception| self.block(now, reception));
        let compound = match sent {
            Some(sent) => {
                let report = SenderReport::builder(self.ssrc)
                    .ntp_timestamp(sent.ntp)
                    .rtp_timestamp(sent.rtp_timestamp)
                    .packet_count(sent.packets)
                    .octet_count(sent.octets);
                Compound::builder()
                    .add_packet(block.into_iter().fold(report, |report, block| report.add_report_block(block)))
            }
            None => {
                let report = ReceiverReport::builder(self.ssrc);
                Compound::builder()
                    .add_packet(block.into_iter().fold(report, |report, block| report.add_report_block(block)))
            }
        };
        written(&compound.add_packet(self.name()))
    }

    /// The last word (§6.6): an empty report, as every compound packet begins with one, our name, and BYE.
    pub fn bye(&self) -> Vec<u8> {
        let report = Compound::builder().add_packet(ReceiverReport::builder(self.ssrc)).add_packet(self.name());
        written(&report.add_packet(Bye::builder().add_source(self.ssrc)))
    }

    fn name(&self) -> rtcp_types::SdesBuilder<'_> {
        Sdes::builder()
            .add_chunk(SdesChunk::builder(self.ssrc).add_item(SdesItem::builder(SdesItem::CNAME, &self.cname)))
    }

    fn block(&mut self, now: Instant, reception: &Reception) -> rtcp_types::ReportBlockBuilder {
        let Reception { ssrc, expected, received, highest, jitter, last_report } = *reception;
        let (expected_before, received_before) = match self.prior {
            Some((prior, expected, received)) if prior == ssrc => (expected, received),
            _ => (0, 0),
        };
        self.prior = Some((ssrc, expected, received));
        let block = ReportBlock::builder(ssrc)
            .fraction_lost(fraction_lost(
                expected.saturating_sub(expected_before),
                received.saturating_sub(received_before),
            ))
            .cumulative_lost(cumulative_lost(expected, received))
            .extended_sequence_number(highest)
            .interarrival_jitter(jitter);
        match last_report {
            Some(LastReport { ntp_middle, at }) => block
                .last_sender_report_timestamp(ntp_middle)
                .delay_since_last_sender_report_timestamp(delay(now.saturating_duration_since(at))),
            None => block,
        }
    }
}

/// In 256ths, between two reports (A.3). Duplicates can make it negative: then it is 0.
fn fraction_lost(expected: u64, received: u64) -> u8 {
    let lost = expected.saturating_sub(received);
    ((lost << 8) / expected.max(1)).min(255) as u8
}

/// 24 bits with a sign, which stop at their ends (A.3).
fn cumulative_lost(expected: u64, received: u64) -> u32 {
    let lost = (expected as i64 - received as i64).clamp(-0x80_0000, 0x7f_ffff);
    lost as u32 & 0xff_ffff
}

/// In units of 1/65536 s (§6.4.1).
fn delay(since: Duration) -> u32 {
    u32::try_from(since.as_micros() * 65_536 / 1_000_000).unwrap_or(u32::MAX)
}

fn interval(least_s: f64, chance: f64) -> Duration {
    Duration::from_secs_f64(least_s * (0.5 + chance.clamp(0.0, 1.0)) / COMPENSATION)
}

/// Empty only if the parts were too many or too long, which these never are.
fn written(compound: &rtcp_types::CompoundBuilder<'_>) -> Vec<u8> {
    let mut bytes = vec![0; compound.calculate_size().unwrap_or(0)];
    let length = compound.write_into(&mut bytes).unwrap_or(0);
    bytes.truncate(length);
    bytes
}

/// What a compound packet of the peer says about one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PeerReport {
    /// The middle 32 bits of the NTP time of its sender report.
    pub(super) ntp_middle: Option<u32>,
    /// The stream ends.
    pub(super) bye: bool,
}

/// `None`: not RTCP. Packets of unknown types are skipped (§6.1).
pub(super) fn read(bytes: &[u8], ssrc: Option<u32>) -> Option<PeerReport> {
    let mut report = PeerReport::default();
    for packet in Compound::parse(bytes).ok()? {
        match packet.ok()? {
            Packet::Sr(sender) if Some(sender.ssrc()) == ssrc => {
                report.ntp_middle = Some((sender.ntp_timestamp() >> 16) as u32);
            }
            Packet::Bye(bye) => report.bye |= bye.ssrcs().any(|source| Some(source) == ssrc),
            _ => {}
        }
    }
    Some(report)
}

#[cfg(test)]
mod tests;
