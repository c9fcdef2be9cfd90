//! What can happen to a call, and what must be done about it. The machine turns the one into the other; the task fetches
//! events and carries out actions.

use std::sync::Arc;
use std::time::Duration;

use crate::base::{Pii, UnixMillis};
use crate::customer::{ConsentRecord, CustomerId, PersonAtNumber};
use crate::sip::Media;
use crate::speech::{Fingerprint, Window};
use crate::voice::{Centroid, Embedding, VoiceError, Voiceprint};

use super::judged::Verdict;
use super::recognition::Voiceprints;
use super::replay::EarlierCall;
use super::{AgentCommand, CommandError, EndCause, Known, OrderRequest, What};

/// Datagrams of the caller's media come in by [`super::Call::receive`] instead, since there are fifty a second.
pub enum Event {
    /// What offer and answer agree on, at the start or after a re-INVITE; of a recording session also who is who.
    Media(Media),
    /// Who calls from this number, most calls first. `Err` when the store could not be read.
    People(Result<Vec<PersonAtNumber>, ()>),
    /// `None`: not in the store any more.
    Described {
        customer: CustomerId,
        name: Option<Pii<String>>,
    },
    Fetched {
        customer: CustomerId,
        known: Result<Arc<Known>, CommandError>,
    },
    /// Calls of this customer, or with `None` flagged ones, as [`Action::Recall`] asked; none when they could not be read.
    Recalled {
        customer: Option<CustomerId>,
        earlier: Vec<EarlierCall>,
    },
    Embedded {
        net_speech_ms: u32,
        embedding: Result<Embedding, VoiceError>,
        /// How likely the voice is synthetic or played back, 0 to 1; `None` where that was not asked or not answered.
        spoof: Option<f32>,
    },
    /// The books have changed, by this call or elsewhere.
    Changed(Changed),
    /// This customer's consent was taken back, in this call or elsewhere.
    Withdrawn(CustomerId),
    /// Someone enrolled or withdrew, in this call or elsewhere.
    Voiceprints(Arc<Voiceprints>),
    Command {
        ticket: Ticket,
        at: UnixMillis,
        command: AgentCommand,
    },
    Written {
        ticket: Ticket,
        outcome: Result<Written, CommandError>,
    },
    Ended(EndCause),
}

/// Of whom the books say something new.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    These(Arc<[CustomerId]>),
    /// Of anybody.
    Anyone,
}

impl Changed {
    pub fn concerns(&self, customer: &CustomerId) -> bool {
        match self {
            Changed::These(customers) => customers.contains(customer),
            Changed::Anyone => true,
        }
    }
}

pub enum Action {
    /// Answer with [`Event::People`] about [`super::Call::number`].
    LookUp,
    /// Answer with [`Event::Described`].
    Describe(CustomerId),
    /// Answer with [`Event::Fetched`].
    Fetch(CustomerId),
    /// Answer with [`Event::Recalled`]: calls no older than `keep`.
    Recall {
        customer: Option<CustomerId>,
        keep: Duration,
    },
    /// Answer with [`Event::Embedded`]. Only ever asked for with consent behind it.
    Embed(Window),
    /// Answer with [`Event::Written`].
    Write {
        ticket: Ticket,
        write: Write,
    },
    /// The end of an agent's command.
    Reply {
        ticket: Ticket,
        result: Result<(), CommandError>,
    },
    Publish(What),
    /// Send BYE; the media socket closes.
    HangUp,
}

/// Ties an answer to what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// A change of the store.
#[derive(Debug)]
pub enum Write {
    /// A customer who was not in the books, with the calling number.
    NewCustomer {
        name: Pii<String>,
    },
    /// The yes, as soon as it is given.
    Consent(ConsentRecord),
    Enroll {
        consent: ConsentRecord,
        voiceprint: Voiceprint,
    },
    /// A call of somebody who is enrolled, as an agent confirmed, joins their voiceprint.
    Refresh {
        customer: CustomerId,
        agent: String,
        heard: Centroid,
        every: Duration,
    },
    Withdraw {
        customer: CustomerId,
        agent: String,
    },
    Order {
        order: OrderRequest,
        agent: String,
    },
    /// The call as a contact of this customer, whom an agent confirmed.
    Contact {
        customer: CustomerId,
        agent: String,
        began: UnixMillis,
        wanted: Pii<String>,
    },
    /// A comparison of voices, and who it was by an agent's word.
    Judged(Verdict),
    /// What the call sounded like, of a customer who agreed or flagged by an agent.
    Fingerprint {
        customer: Option<CustomerId>,
        flagged_by: Option<String>,
        heard_at: UnixMillis,
        fingerprint: Fingerprint,
        keep: Duration,
    },
    /// This call sounds like an earlier one, of this customer.
    NoteReplay {
        customer: Option<CustomerId>,
    },
    /// A model finds the voice synthetic or played back, in a call of this customer's so far.
    NoteSpoof {
        customer: Option<CustomerId>,
        model: String,
    },
    /// This agent has flagged the call.
    NoteFlag {
        agent: String,
    },
}

#[derive(Debug)]
pub enum Written {
    Done,
    Customer(CustomerId),
    Order(String),
}
