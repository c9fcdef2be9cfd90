//! From a spoken yes to a voiceprint, within one call.

use crate::base::UnixMillis;
use crate::customer::{ConsentRecord, CustomerId};
use crate::speech::WINDOW_FRAMES;
use crate::voice::enroll::{Condition, Enroller, GOOD_MS};
use crate::voice::{Embedding, ModelId, VoiceError, Voiceprint};

/// A window that ends less than this after the yes holds speech from before it. A frame is 10 ms.
pub const WINDOW_MS: u32 = 10 * WINDOW_FRAMES as u32;

/// Gathers speech that was said after the yes; what was said before never enters a voiceprint.
pub struct Enrolment {
    consent: ConsentRecord,
    enroller: Enroller,
    /// Net speech of the call when the caller agreed.
    agreed_at_ms: u32,
}

impl Enrolment {
    pub fn new(consent: ConsentRecord, agreed_at_ms: u32) -> Self {
        Self { consent, enroller: Enroller::default(), agreed_at_ms }
    }

    pub fn customer(&self) -> &CustomerId {
        &self.consent.customer
    }

    pub fn consent(&self) -> &ConsentRecord {
        &self.consent
    }

    /// Speech gathered so far, in milliseconds, and how much a good voiceprint takes.
    pub fn progress(&self) -> (u32, u32) {
        (self.enroller.net_speech_ms(), GOOD_MS)
    }

    /// Whether a window that ends at `net_speech_ms` of the call was said after the yes, all of it.
    pub fn wants(&self, net_speech_ms: u32) -> bool {
        net_speech_ms >= self.agreed_at_ms + WINDOW_MS
    }

    /// Takes the embedding of a window that ends at `net_speech_ms` of the call.
    pub fn hear(&mut self, embedding: &Embedding, net_speech_ms: u32, condition: Condition) {
        if self.wants(net_speech_ms) {
            self.enroller.add(embedding, net_speech_ms - self.agreed_at_ms, condition);
        }
    }

    /// As good as more speech would make it.
    pub fn is_good(&self) -> bool {
        self.enroller.net_speech_ms() >= GOOD_MS
    }

    pub fn finish(self, model: &ModelId, at: UnixMillis) -> (ConsentRecord, Result<Voiceprint, VoiceError>) {
        let voiceprint = self.enroller.finish(model, at);
        (self.consent, voiceprint)
    }
}
