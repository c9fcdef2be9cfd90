//! What an agent may ask of a call.

use crate::base::{ErrorKind, Pii};
use crate::customer::{CustomerId, OrderLine, Payment};

/// What an agent may ask of a call on the screen. Each is answered with `Ok` or a [`CommandError`].
#[derive(Clone, Debug)]
pub enum AgentCommand {
    Confirm {
        customer: CustomerId,
        agent: String,
    },
    SomeoneElse {
        agent: String,
    },
    /// The caller said yes to the words of `script` in `language`. `customer` as confirmed, or a new one by `name`.
    Enroll {
        customer: EnrollWhom,
        script: String,
        language: String,
        agent: String,
    },
    /// The caller has been asked to press 1 if they agree to the words of `script`.
    AskForKey {
        customer: EnrollWhom,
        script: String,
        language: String,
        agent: String,
    },
    /// No key is waited for any more.
    DropQuestion,
    WithdrawConsent {
        customer: CustomerId,
        agent: String,
    },
    /// This seems to be a recording, or a fraud.
    Flag {
        agent: String,
    },
    PlaceOrder {
        order: OrderRequest,
        agent: String,
    },
}

#[derive(Clone, Debug)]
pub enum EnrollWhom {
    Customer(CustomerId),
    /// Nobody in the books yet: a customer of this name is made, with the calling number.
    New {
        name: Pii<String>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct OrderRequest {
    pub customer: CustomerId,
    pub lines: Vec<OrderLine>,
    /// The screen's own key: the same key twice is one order.
    pub idempotency_key: String,
    /// `None`: as the shop always does.
    pub payment: Option<Payment>,
}

/// Why an agent's command was not carried out; the text is for the agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    pub kind: ErrorKind,
    pub message: String,
}

impl CommandError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}
