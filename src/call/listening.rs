//! From datagrams to windows of speech: the media half of a call.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::rtp::{self, Codec, Negotiated, Received, Receiver};
use crate::speech::{self, FrontEnd, Window};

use super::EndCause;

pub struct Listening {
    receiver: Receiver,
    front_end: FrontEnd,
    samples: Vec<f32>,
    snr_db: f32,
    /// When the last payload came, or listening began.
    heard_at: Instant,
    /// The peer has switched our stream off.
    on_hold: bool,
    /// The format of what we send, while the peer wants to hear us.
    sends: Option<(u8, Codec)>,
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

/// Longer than any reorder window.
const EVERY_GAP: Duration = Duration::from_secs(60);

impl Listening {
    pub fn new(options: rtp::ReceiverOptions, front_end: FrontEnd, now: Instant) -> Self {
        Self {
            receiver: Receiver::new(options, now),
            front_end,
            samples: Vec::with_capacity(PAYLOAD_SAMPLES),
            snr_db: 0.0,
            heard_at: now,
            on_hold: false,
            sends: None,
        }
    }

    pub fn negotiated(&mut self, now: Instant, media: &Negotiated) {
        self.receiver.negotiate(media);
        self.sends = media.formats.first().copied().filter(|_| media.send);
        self.heard_at = now;
        self.on_hold = false;
    }

    /// There is no stream to hear until the next agreement; that is no lost call.
    pub fn hold(&mut self) {
        self.on_hold = true;
        self.sends = None;
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
                Received::Payload { codec, bytes, .. } => {
                    self.samples.clear();
                    speech::codec::decode(codec, bytes, &mut self.samples);
                    self.front_end.push(&self.samples);
                }
                Received::Lost { samples } => self.front_end.skip(samples as usize),
            }
        }
    }

    pub fn next_window(&mut self) -> Option<Window> {
        let window = self.front_end.next_window()?;
        self.snr_db = window.snr_db;
        Some(window)
    }

    /// Of the last window.
    pub fn snr_db(&self) -> f32 {
        self.snr_db
    }

    pub fn heard(&self) -> Heard {
        Heard { statistics: self.receiver.statistics(), net_speech_ms: self.front_end.net_speech_ms(), ended: None }
    }

    /// When the next payload falls due without another datagram.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.receiver.poll_timeout()
    }

    /// When silence from the peer means that the call is gone.
    pub fn media_timeout(&self, after: Duration) -> Option<Instant> {
        (self.receiver.expects_media() && !self.on_hold).then(|| self.heard_at + after)
    }

    /// Where silence goes and in which format; `None` while the peer does not want any.
    pub fn silence(&self) -> Option<(SocketAddr, u8, Codec)> {
        let (payload_type, codec) = self.sends?;
        Some((self.receiver.reply_to()?, payload_type, codec))
    }
}
