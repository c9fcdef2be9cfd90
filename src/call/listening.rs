//! From datagrams, or from the payloads of a stream that keeps their order, to windows of speech: the media half of a call.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::rtp::{self, Codec, Digit, Negotiated, Outgoing, Received, Receiver};
use crate::speech::codec::Decoder;
use crate::speech::{Fingerprint, Fingerprinter, FrontEnd, Overload, Reading, SpeechError, Window};
use crate::voice::enroll::Condition;

use super::EndCause;

pub struct Listening {
    receiver: Receiver,
    ear: Ear,
    /// What the newest windows came over, by the net speech at their end; as many as may be at the inference threads.
    conditions: VecDeque<(u32, Condition)>,
    /// When the last payload came, or listening began.
    heard_at: Instant,
    /// The peer has switched our stream off.
    on_hold: bool,
    digits: VecDeque<Digit>,
}

/// Payloads to features. Made with the first payload, whose codec says how; a call that sends nothing costs nothing.
#[derive(Default)]
struct Ear {
    /// What windows are filled with.
    features: Reading,
    hearing: Option<Box<Hearing>>,
    /// A fingerprint is wanted of what is heard from here on.
    fingerprints: bool,
    undecodable: u64,
}

struct Hearing {
    decoder: Decoder,
    front_end: FrontEnd,
    /// While one is wanted.
    fingerprint: Option<Box<Fingerprinter>>,
    samples: Vec<f32>,
    sound_ms: u32,
    overload: Overload,
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
/// A call has one window at a thread, one that waits, and eight results (`voice/pool.rs`).
const MAX_CONDITIONS: usize = 16;
/// Keys that nobody asked for yet; the oldest go.
const MAX_DIGITS: usize = 32;

/// Longer than any reorder window.
const EVERY_GAP: Duration = Duration::from_secs(60);

impl Listening {
    /// The windows are for models that read `features`.
    pub fn new(options: rtp::ReceiverOptions, features: Reading, now: Instant) -> Self {
        Self {
            receiver: Receiver::new(options, now),
            ear: Ear { features, ..Ear::default() },
            conditions: VecDeque::new(),
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
                Received::Lost { samples } | Received::Pause { samples } => self.ear.skip(samples as usize),
                Received::Digit { digit } => keep(&mut self.digits, digit),
            }
        }
    }

    /// The next payload of a stream that is no RTP and loses nothing, such as a WebSocket.
    pub fn hear(&mut self, now: Instant, codec: Codec, payload: &[u8]) {
        self.heard_at = now;
        self.ear.hear(codec, payload);
    }

    /// Time of such a stream in which there was nothing to hear.
    pub fn skip(&mut self, now: Instant, time: Duration) {
        self.heard_at = now;
        self.ear.skip_time(time);
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
        let hearing = self.ear.hearing.as_mut()?;
        let window = hearing.front_end.next_window()?;
        if let Some(fingerprint) = &mut hearing.fingerprint {
            fingerprint.judge(window.net_speech_ms, window.steady);
        }
        if self.conditions.len() == MAX_CONDITIONS {
            self.conditions.pop_front();
        }
        self.conditions.push_back((window.net_speech_ms, Condition::of(&window)));
        Some(window)
    }

    /// What the newest window came over that ended at this net speech or before.
    pub fn condition_at(&self, net_speech_ms: u32) -> Condition {
        let found = self.conditions.iter().rfind(|(end_ms, _)| *end_ms <= net_speech_ms);
        found.map_or(Condition::UNKNOWN, |(_, condition)| *condition)
    }

    /// Whether a fingerprint is made of what is heard from here on; one that was begun is dropped when not.
    pub fn fingerprint(&mut self, wanted: bool) {
        self.ear.fingerprints = wanted;
        if !wanted && let Some(hearing) = &mut self.ear.hearing {
            hearing.fingerprint = None;
        }
    }

    pub fn fingerprinter(&self) -> Option<&Fingerprinter> {
        self.ear.hearing.as_ref()?.fingerprint.as_deref()
    }

    /// What was made of the call so far, if there was speech enough.
    pub fn take_fingerprint(&mut self) -> Option<Fingerprint> {
        self.ear.hearing.as_mut()?.fingerprint.take()?.finish()
    }

    /// What the newest window came over.
    pub fn condition(&self) -> Condition {
        self.condition_at(u32::MAX)
    }

    /// What was decoded so far, speech or not, in milliseconds.
    pub fn sound_ms(&self) -> u32 {
        self.ear.hearing.as_ref().map_or(0, |hearing| hearing.sound_ms)
    }

    pub fn is_clipped(&self) -> bool {
        self.ear.hearing.as_ref().is_some_and(|hearing| hearing.overload.is_clipped())
    }

    pub fn heard(&self) -> Heard {
        let statistics = rtp::Statistics { undecodable: self.ear.undecodable, ..self.receiver.statistics() };
        Heard { statistics, net_speech_ms: self.ear.net_speech_ms(), ended: None }
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
        if self.try_hear(codec, payload).is_err() {
            self.undecodable += 1;
            self.skip(1);
        }
    }

    fn try_hear(&mut self, codec: Codec, payload: &[u8]) -> Result<(), SpeechError> {
        let hearing = match &mut self.hearing {
            Some(hearing) => hearing,
            none => none.insert(Box::new(Hearing::new(codec, self.features)?)),
        };
        if self.fingerprints && hearing.fingerprint.is_none() {
            hearing.fingerprint = Some(Box::new(Fingerprinter::new(codec.sample_rate_hz())?));
        }
        hearing.hear(codec, payload)
    }

    /// Samples at the rate of the present codec.
    fn skip(&mut self, samples: usize) {
        if let Some(hearing) = &mut self.hearing {
            hearing.skip(samples);
        }
    }

    fn skip_time(&mut self, time: Duration) {
        if let Some(hearing) = &mut self.hearing {
            let rate = hearing.decoder.codec().sample_rate_hz();
            hearing.skip((time.as_secs_f64() * f64::from(rate)) as usize);
        }
    }

    fn net_speech_ms(&self) -> u32 {
        self.hearing.as_ref().map_or(0, |hearing| hearing.front_end.net_speech_ms())
    }
}

impl Hearing {
    fn new(codec: Codec, features: Reading) -> Result<Self, SpeechError> {
        Ok(Self {
            decoder: Decoder::new(codec)?,
            front_end: FrontEnd::reading(features, codec.sample_rate_hz())?,
            fingerprint: None,
            samples: Vec::with_capacity(PAYLOAD_SAMPLES),
            sound_ms: 0,
            overload: Overload::default(),
        })
    }

    fn skip(&mut self, samples: usize) {
        self.front_end.skip(samples);
        if let Some(fingerprint) = &mut self.fingerprint {
            fingerprint.skip(samples, self.decoder.codec().sample_rate_hz(), self.front_end.net_speech_ms());
        }
    }

    /// The decoder lives as long as its codec is in use.
    fn hear(&mut self, codec: Codec, payload: &[u8]) -> Result<(), SpeechError> {
        if self.decoder.codec() != codec {
            self.decoder = Decoder::new(codec)?;
            self.front_end.set_sample_rate(codec.sample_rate_hz())?;
            if let Some(fingerprint) = &mut self.fingerprint {
                fingerprint.set_sample_rate(codec.sample_rate_hz())?;
            }
        }
        self.samples.clear();
        self.decoder.decode(payload, &mut self.samples)?;
        if self.samples.is_empty() {
            self.skip(1);
        } else {
            self.front_end.push(&self.samples);
            if let Some(fingerprint) = &mut self.fingerprint {
                fingerprint.push(&self.samples, self.front_end.net_speech_ms());
            }
            self.overload.push(&self.samples);
            let ms = 1000 * self.samples.len() as u64 / u64::from(codec.sample_rate_hz());
            self.sound_ms = self.sound_ms.saturating_add(ms as u32);
        }
        Ok(())
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
