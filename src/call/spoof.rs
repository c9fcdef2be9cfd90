//! Whether the voice is synthetic or played back, by the model of `voice.spoof_model`. The agent is told, and nothing is
//! decided by it (docs/decisions/0018-heard-before.md).
//!
//! The gate of recognition holds here too: a window is scored only where it is embedded anyway.

use crate::speech::Window;
use crate::voice::SpoofRule;

use super::machine::{Call, Identified, is_of_another};
use super::{What, Write};

/// What the model says of this caller.
#[derive(Default)]
pub(super) struct Spoof {
    /// `None`: no model is in use.
    rule: Option<SpoofRule>,
    /// Windows that were sent to be scored.
    asked: u32,
    scored: u32,
    /// Of the scores so far.
    mean: f32,
    /// The highest mean over [`FOR_A_WORD`] windows or more.
    highest: Option<f32>,
}

/// 2.4 s of speech, from which also a name is guessed (`identity/decision.rs`): one window alone may be a fluke.
const FOR_A_WORD: u32 = 2;
/// As many as are compared at most, in 12 s of speech (`identity/decision.rs`): a call costs no more than that.
const MAX_WINDOWS: u32 = 14;

impl Spoof {
    pub(super) fn new(rule: Option<SpoofRule>) -> Self {
        Self { rule, ..Self::default() }
    }

    fn hear(&mut self, score: f32) {
        self.scored += 1;
        self.mean += (score - self.mean) / self.scored as f32;
        if self.scored >= FOR_A_WORD {
            self.highest = Some(self.highest.map_or(self.mean, |highest| highest.max(self.mean)));
        }
    }

    /// The model that calls the voice spoofed.
    fn found(&self) -> Option<&str> {
        let rule = self.rule.as_ref()?;
        (self.highest? > rule.threshold).then_some(&*rule.model)
    }
}

impl Call {
    /// A window on its way to the embedder: it is scored too until the answer of the voice has settled. `compared`: it is
    /// for that answer.
    pub(super) fn with_or_without_score(&mut self, window: Window, compared: bool) -> Window {
        let unsettled = compared || self.identified != Identified::ByVoice;
        let spoof = window.spoof.filter(|_| unsettled && self.spoof.asked < MAX_WINDOWS);
        self.spoof.asked += u32::from(spoof.is_some());
        Window { spoof, ..window }
    }

    pub(super) fn on_spoof_score(&mut self, score: f32, net_speech_ms: u32) {
        // Their yes may have been taken back meanwhile.
        let allowed = self.enrolment.is_some() || self.may_follow();
        if !allowed || !self.is_live() || is_of_another(&self.speaker, net_speech_ms) {
            return;
        }
        let before = self.spoof.found().is_some();
        self.spoof.hear(score);
        if let (false, Some(model)) = (before, self.spoof.found()) {
            let model = model.to_owned();
            self.publish(What::MayBeSpoofed { model: model.clone() });
            self.write_unasked(Write::NoteSpoof { customer: self.outcome().0.cloned(), model });
        }
    }

    /// Why this call joins no voiceprint by itself. An enrolment is the agent's to decide, who has been told.
    pub(super) fn no_refresh(&self) -> Option<&'static str> {
        let spoofed = self.spoof.found().map(|_| "the voice may be synthetic or played back");
        self.no_lesson().or(spoofed)
    }

    /// For the log line.
    pub(super) fn spoof_score(&self) -> Option<f32> {
        self.spoof.highest
    }

    /// Another voice is scored on its own account; what was said of the call stands.
    pub(super) fn score_anew(&mut self) {
        self.spoof = Spoof { highest: self.spoof.highest, ..Spoof::new(self.spoof.rule.take()) };
    }

    /// Somebody else speaks.
    pub(super) fn begin_spoof_anew(&mut self) {
        self.spoof = Spoof::new(self.spoof.rule.take());
    }
}
