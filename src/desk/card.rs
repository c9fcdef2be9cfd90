//! One call as the agent should see it now.

use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;

use crate::base::{CallId, E164, Line, Pii, UnixMillis};
use crate::call::{EndCause, Known, Missing};
use crate::customer::CustomerId;
use crate::identity::{State, VoiceUse};

/// Made by [`super::Screen`] alone, which sees to it that `known` is empty below the threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub call: CallId,
    /// Grows by one with every change that can be seen.
    pub revision: u64,
    pub line: Line,
    pub since: UnixMillis,
    pub changed: UnixMillis,
    /// When the packet came in that the last change rests on.
    pub evidence_at: Instant,
    pub number: Option<E164>,
    /// What the telephone line calls the caller.
    pub line_name: Option<Pii<String>>,
    pub state: State,
    /// `None` until the first decision.
    pub voice: Option<VoiceUse>,
    /// Somebody else has come onto the line, and it is not clear yet who.
    pub new_speaker: bool,
    /// Another voice than before speaks, and no agent has said yet who.
    pub voice_changed: bool,
    pub missing: Option<Missing>,
    /// This sound has been heard before.
    pub heard_before: Option<HeardBefore>,
    /// The model that finds the voice synthetic or played back.
    pub may_be_spoofed: Option<String>,
    /// An agent has flagged the call.
    pub flagged: bool,
    /// Why this call does not join the voiceprint of the confirmed customer.
    pub not_learnt: Option<String>,
    pub net_speech_ms: u32,
    pub settled: bool,
    /// Most probable first.
    pub candidates: Vec<Candidate>,
    /// The first of them was found among everyone, and the number says nothing of them.
    pub from_elsewhere: bool,
    /// Chance that it is none of the candidates, `None` until the first decision.
    pub someone_else: Option<f32>,
    pub confirmed: Option<CustomerId>,
    /// An agent said that it is none of the candidates.
    pub rejected: bool,
    /// Only when the voice was recognised or an agent confirmed.
    pub known: Option<Arc<Known>>,
    /// Whether the known customer agreed to voice recognition.
    pub recognisable: bool,
    pub enrolment: Option<Enrolment>,
    /// The caller has been asked to press 1 to agree.
    pub awaiting_key: bool,
    pub order_placed: Option<String>,
    pub ended: Option<EndCause>,
}

/// Somebody whom the caller may be: a name to ask for, and no more.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub customer: CustomerId,
    pub name: Pii<String>,
    /// `None` as long as only the number has spoken.
    pub chance: Option<f32>,
}

/// The earlier call: when, and who flagged it, if anybody did.
#[derive(Clone, Debug, PartialEq)]
pub struct HeardBefore {
    pub on: Date,
    pub flagged_by: Option<String>,
}

/// How far the voiceprint of a caller is who agreed in this call.
#[derive(Clone, Debug, PartialEq)]
pub struct Enrolment {
    pub customer: CustomerId,
    pub progress: Progress,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    Gathering {
        net_speech_ms: u32,
        needed_ms: u32,
    },
    Stored,
    /// The reason, as a sentence for the agent.
    Failed(String),
    /// The consent was withdrawn and the voiceprints are gone.
    Withdrawn,
}

impl Card {
    pub(super) fn new(call: CallId, line: Line, at: UnixMillis, evidence_at: Instant) -> Self {
        Self {
            call,
            revision: 0,
            line,
            since: at,
            changed: at,
            evidence_at,
            number: None,
            line_name: None,
            state: State::Listening,
            voice: None,
            new_speaker: false,
            voice_changed: false,
            missing: None,
            heard_before: None,
            may_be_spoofed: None,
            flagged: false,
            not_learnt: None,
            net_speech_ms: 0,
            settled: false,
            candidates: Vec::new(),
            from_elsewhere: false,
            someone_else: None,
            confirmed: None,
            rejected: false,
            known: None,
            recognisable: false,
            enrolment: None,
            awaiting_key: false,
            order_placed: None,
            ended: None,
        }
    }

    pub(super) fn known_customer(&self) -> Option<&CustomerId> {
        self.known.as_ref().map(|known| &known.dossier.profile.customer)
    }
}
