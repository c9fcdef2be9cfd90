//! What a call tells the desk.

use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;

use crate::base::{CallId, E164, Line, Pii, UnixMillis};
use crate::customer::care::Care;
use crate::customer::{Brief, CustomerId, Dossier, LikelyOrder, PersonAtNumber};
use crate::identity::Decision;

/// Something that happened in a call, as the desk hears of it. The desk folds these into a card.
#[derive(Clone, Debug)]
pub struct CallEvent {
    pub call: CallId,
    pub line: Line,
    pub at: UnixMillis,
    /// When the packet came in that this rests on; the time from there to the screen is what callers and agents feel.
    pub evidence_at: Instant,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    /// The INVITE has come, or the number has become known. `None`: withheld, or no telephone number.
    Ringing {
        number: Option<E164>,
    },
    /// What the telephone line calls the caller. It proves nothing.
    LineName(Pii<String>),
    /// Another agent has the call now: the card is theirs.
    Moved {
        line: Line,
    },
    /// Somebody else is on the line: what was known of the speaker before does not hold.
    NewSpeaker {
        number: Option<E164>,
    },
    /// Who is known to call from this number; may be nobody.
    ByNumber {
        people: Vec<PersonAtNumber>,
    },
    /// `people` describes those whom `decision` ranks, in its order. `known` is there only when the state is
    /// `Recognised`, or an agent confirmed: below that nobody's profile or order leaves the call.
    Decided {
        decision: Decision,
        people: Vec<Person>,
        known: Option<Arc<Known>>,
    },
    /// An agent said who it is. From now on the card is this customer's, whatever the voice says.
    Confirmed {
        customer: CustomerId,
        known: Arc<Known>,
    },
    /// The books say something new of whom the card is about.
    Refreshed {
        known: Arc<Known>,
    },
    /// An agent said that it is none of the ranked people.
    SomeoneElse,
    /// Whether the caller has been asked to press 1 to agree, and has not yet.
    AwaitingKey(bool),
    /// The caller agreed; speech is being gathered. `net_speech_ms` of `needed_ms`.
    Enrolling {
        customer: CustomerId,
        net_speech_ms: u32,
        needed_ms: u32,
    },
    /// The voiceprint is stored.
    Enrolled {
        customer: CustomerId,
    },
    /// Why no voiceprint was made, as a sentence for the agent.
    EnrollFailed {
        customer: CustomerId,
        reason: String,
    },
    /// What keeps the voice from being of use just now.
    Missing(Option<Missing>),
    /// Another voice than before speaks: the telephone may have been handed on.
    VoiceChanged,
    /// This sound has been heard before, on that day, in a call that an agent flagged or in one of somebody who agreed.
    HeardBefore {
        on: Date,
        flagged_by: Option<String>,
    },
    /// This model finds the voice synthetic or played back.
    MayBeSpoofed {
        model: String,
    },
    /// An agent finds this call suspicious.
    Flagged,
    /// Why this call does not join the voiceprint of the confirmed caller, as a sentence for the agent.
    NotLearnt {
        customer: CustomerId,
        reason: String,
    },
    ConsentWithdrawn {
        customer: CustomerId,
    },
    OrderPlaced {
        order: String,
    },
    /// The caller has hung up or was lost; the card stays for the agent to finish.
    Ended {
        cause: EndCause,
    },
    /// The card goes away.
    Closed,
}

/// A ranked person, as little as the agent needs to ask "is this Anna?".
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub customer: CustomerId,
    pub name: Pii<String>,
}

/// Everything about a person of whom we are sure enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    pub dossier: Dossier,
    pub likely: Option<LikelyOrder>,
    /// Of the company that they are, or work for.
    pub brief: Option<Brief>,
    /// The newest contact as one sentence.
    pub last_contact: Option<Pii<String>>,
    pub care: Care,
}

/// What the voice would need to be of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is sound, or silence, and next to no speech in it.
    Speech,
    /// The line is overdriven.
    Clear,
    /// The model makes nothing of what it is given.
    Embedding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    HungUp,
    Cancelled,
    MediaTimeout,
    Shutdown,
    Failed,
}

impl EndCause {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            EndCause::HungUp => "hung up",
            EndCause::Cancelled => "cancelled",
            EndCause::MediaTimeout => "media timeout",
            EndCause::Shutdown => "shutdown",
            EndCause::Failed => "failed",
        }
    }
}
