//! What a customer agreed to, and the evidence of it.

use super::CustomerId;
use crate::base::{CallId, UnixMillis};

/// One yes or no, as it was given. Records are added, never changed: a withdrawal is a record too.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsentRecord {
    pub customer: CustomerId,
    pub purpose: Purpose,
    pub given: bool,
    pub at: UnixMillis,
    /// Id and version of the words that were read out, such as `phone-en-2`.
    pub script: String,
    /// BCP 47 tag of the language of those words.
    pub language: String,
    pub channel: ConsentChannel,
    /// Who of us asked.
    pub operator: String,
    /// The call in which it was given, where it was one.
    pub call: Option<CallId>,
}

/// GDPR Art. 6 and 9 ask for consent to each purpose on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Turn the caller's speech into an embedding and compare it, to greet them as a regular.
    Recognise,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentChannel {
    /// Said on the telephone.
    Spoken,
    /// A key pressed on the telephone, as the words had asked for.
    KeyPress,
    /// Given elsewhere and noted by an operator, such as on paper.
    Operator,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Recognise => "recognise",
        }
    }
}
