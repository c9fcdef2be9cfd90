//! What keeps the voice from being of use, so that the agent can do something about it: have the caller speak, or speak
//! less loudly.

use crate::identity::VoiceUse;
use crate::identity::decision::HINT_AT_MS;

use crate::speech::Window;

use super::listening::Listening;
use super::machine::{Call, Identified};
use super::{Missing, What};

/// After so much sound without the speech for a hint, it is worth a word: a caller who speaks gives it in half the time.
const SILENT_AFTER_MS: u32 = 8_000;
/// Windows of speech behind a hint ([`HINT_AT_MS`]).
const FOR_A_HINT: u32 = 2;
/// Windows in a row that gave no embedding; one alone may be a fluke.
const WITHOUT_EMBEDDING: u32 = 2;

impl Call {
    /// Music and tones are no voice, whatever the detector says; they are neither compared nor learnt.
    pub(super) fn takes_for_steady(&mut self, window: &Window) -> bool {
        let steady = window.steady;
        self.voiced += u32::from(!steady);
        steady
    }

    /// Tells the desk when something is missing, or no longer.
    pub(super) fn mind_what_is_missing(&mut self) {
        let missing = self.what_is_missing();
        if missing != self.missing {
            self.missing = missing;
            self.publish(What::Missing(missing));
        }
    }

    fn what_is_missing(&self) -> Option<Missing> {
        let Some(listening) = &self.listening else { return self.missing };
        let compared = self.identified == Identified::ByVoice && self.recognition.wants_speech();
        if !compared && self.enrolment.is_none() {
            return None;
        }
        if self.without_embedding >= WITHOUT_EMBEDDING {
            Some(Missing::Embedding)
        } else if listening.is_clipped() || self.is_enrolling_clipped(listening) {
            Some(Missing::Clear)
        } else if self.voiced < FOR_A_HINT && listening.sound_ms() >= SILENT_AFTER_MS {
            Some(Missing::Speech)
        } else {
            None
        }
    }

    /// Windows are left out of an enrolment before the whole call counts as overdriven.
    fn is_enrolling_clipped(&self, listening: &Listening) -> bool {
        self.enrolment.is_some() && listening.condition().clipped
    }

    /// At the hang-up: the voice could have told, had there been more of it.
    pub(super) fn mind_too_little_voice(&mut self) {
        let wanted = self.identified == Identified::ByVoice && self.recognition.voice_use() == VoiceUse::Allowed;
        let compared_ms = self.recognition.decision().map_or(0, |decision| decision.net_speech_ms);
        if wanted && compared_ms < HINT_AT_MS && self.missing.is_none() {
            self.missing = Some(Missing::Speech);
            self.publish(What::Missing(self.missing));
        }
    }
}
