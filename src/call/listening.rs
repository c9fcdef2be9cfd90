//! From datagrams, or from the payloads of a stream that keeps their order, to windows of speech: the media half of a call.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::rtp::{self, Codec, Digit, Negotiated, Outgoing, Received, Receiver};
use crate::speech::codec::Decoder;
use crate::speech::{FrontEnd, SpeechError, Window};

use super::EndCause;

pub struct Listening {
    receiver: Receiver,
    ear: Ear,
    snr_db: f32,
    /// When the last payload came, or listening began.
    heard_at: Instant,
    /// The peer has switched our stream off.
    on_hold: bool,
    digits: VecDeque<Digit>,
}

/// Payloads to features.
struct Ear {
    decoder: Option<Decoder>,
    front_end: FrontEnd,
    samples: Vec<f32>,
    undecodable: u64,
}

/// What is left of the media half of a call for its log line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    pub statistics: rtp::Statistics,
    pub net_speech_ms: u32,
    pub ended: Option<EndCause>,
}

/// The longest payload that a telephone sends (ptime 60 ms at 16 kHz); a longer one grows the buffer once.
const PAYLOAD_SAMPLES: usize = 960;
/// Keys that nobody asked for yet; the oldest go.
const MAX_DIGITS: usize = 32;

/// Longer than any reorder window.
const EVERY_GAP: Duration = Duration::from_secs(60);

impl Listening {
    pub fn new(options: rtp::ReceiverOptions, front_end: FrontEnd, now: Instant) -> Self {
        Self {
            receiver: Receiver::new(options, now),
            ear: Ear { decoder: None, front_end, samples: Vec::with_capacity(PAYLOAD_SAMPLES), undecodable: 0 },
            snr_db: 0.0,
            heard_at: now,
            on_hold: false,
            digits: VecDeque::new(),
        }
    }

    pub fn negotiated(&mut self, now: Instant, media: &Negotiated) {
        self.receiver.negotiate(media);
        self.heard_at = now;
        self.on_hold = false;
    }

    /// There is no stream to hear until the next agreement; that is no lost call.
    pub fn hold(&mut self) {
        self.on_hold = true;
    }

    /// Lets go what waits to be heard.
    pub fn discard(&mut self, now: Instant) {
        // Seen from later, no gap is worth waiting for.
        while self.receiver.pop(now + EVERY_GAP).is_some() {}
    }

    /// Takes one datagram. What is wrong with it is counted by the receiver.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if self.receiver.receive(now, from, datagram).is_ok() {
            self.heard_at = now;
        }
    }

    /// Hands what is in order by now to the front-end.
    pub fn advance(&mut self, now: Instant) {
        while let Some(received) = self.receiver.pop(now) {
            match received {
                Received::Payload { codec, bytes, .. } => self.ear.hear(codec, bytes),
                Received::Lost { samples } | Received::Pause { samples } => self.ear.front_end.skip(samples as usize),
                Received::Digit { digit } => keep(&mut self.digits, digit),
            }
        }
    }

    /// The next payload of a stream that is no RTP and loses nothing, such as a WebSocket.
    pub fn hear(&mut self, now: Instant, codec: Codec, payload: &[u8]) {
        self.heard_at = now;
        self.ear.hear(codec, payload);
    }

    /// A key that such a stream tells of.
    pub fn digit(&mut self, now: Instant, digit: Digit) {
        self.heard_at = now;
        keep(&mut self.digits, digit);
    }

    /// The oldest key press that was not taken yet.
    pub fn next_digit(&mut self) -> Option<Digit> {
        self.digits.pop_front()
    }

    pub fn next_window(&mut self) -> Option<Window> {
        let window = self.ear.front_end.next_window()?;
        self.snr_db = window.snr_db;
        Some(window)
    }

    /// Of the last window.
    pub fn snr_db(&self) -> f32 {
        self.snr_db
    }

    pub fn heard(&self) -> Heard {
        let statistics = rtp::Statistics { undecodable: self.ear.undecodable, ..self.receiver.statistics() };
        Heard { statistics, net_speech_ms: self.ear.front_end.net_speech_ms(), ended: None }
    }

    /// When the next payload falls due without another datagram.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.receiver.poll_timeout()
    }

    /// When silence from the peer means that the call is gone.
    pub fn media_timeout(&self, after: Duration) -> Option<Instant> {
        (self.receiver.expects_media() && !self.on_hold).then(|| self.heard_at + after)
    }

    /// What is to be sent at this moment: silence that keeps middleboxes open, and reports. `None` before the first offer.
    pub fn outgoing(&self) -> Option<Outgoing<'_>> {
        self.receiver.outgoing().filter(|_| !self.on_hold)
    }
}

impl Ear {
    fn hear(&mut self, codec: Codec, payload: &[u8]) {
        self.samples.clear();
        if self.decode(codec, payload).is_ok() {
            self.front_end.push(&self.samples);
        } else {
            self.undecodable += 1;
            self.front_end.skip(1);
        }
    }

    /// The decoder lives as long as its codec is in use.
    fn decode(&mut self, codec: Codec, payload: &[u8]) -> Result<(), SpeechError> {
        if self.decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
            self.decoder = Some(Decoder::new(codec)?);
            self.front_end.set_sample_rate(codec.sample_rate_hz())?;
        }
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        decoder.decode(payload, &mut self.samples)
    }
}

fn keep(digits: &mut VecDeque<Digit>, digit: Digit) {
    if digits.len() == MAX_DIGITS {
        digits.pop_front();
    }
    digits.push_back(digit);
}

#[cfg(test)]
mod tests;
