//! What a screen sends, checked: bounds and meaning first, then a command for the call. Nothing here knows a socket.

use super::consent_script::{self, ConsentScript};
use super::wire::proto;
use crate::base::{CallId, Line, Pii};
use crate::call::{AgentCommand, EnrollWhom, OrderRequest};
use crate::customer::{CustomerId, OrderLine, Payment};

/// Why a request was refused, as a sentence for whoever wrote the screen. It repeats nothing that was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("{field} must have {min} to {max} characters")]
    Text { field: &'static str, min: usize, max: usize },
    #[error("{field} may have at most {max} entries")]
    TooMany { field: &'static str, max: usize },
    #[error("an order has 1 to {MAX_ORDER_LINES} lines")]
    OrderLines,
    #[error("a quantity is 1 to {MAX_QUANTITY}")]
    Quantity,
    #[error("days is 1 to {MAX_DAYS}")]
    Days,
    #[error("there is no such payment")]
    Payment,
    #[error(
        "a voice charges nothing: payment on file needs another factor by which the agent has made sure who it is, such as a \
         one-time code; name it in second_factor"
    )]
    SecondFactor,
    #[error("say who agreed: customer_id or new_name")]
    Whom,
    #[error("a consent needs the script that was read out")]
    NoConsent,
    #[error("there is no such consent script, or it is not in this language")]
    Script,
}

type Checked<T> = Result<T, RequestError>;

/// Lines that one screen can watch. More is a wall board, which watches all.
const MAX_LINES: usize = 64;
pub const MAX_ORDER_LINES: usize = 50;
/// A page of a list; a whole one is for `regulars outbound`.
const MAX_CUSTOMERS: usize = 500;
const MAX_QUANTITY: u32 = 99;
const MAX_MODIFIERS: usize = 10;
/// Ids are ours and short (`customer::CustomerId` says 64).
pub const MAX_ID: usize = 64;
pub const MAX_NAME: usize = 100;
/// What `regulars calibrate` looks back as well.
pub const MAX_DAYS: u32 = 365;

pub fn lines(request: proto::WatchDeskRequest) -> Checked<Vec<Line>> {
    if request.lines.len() > MAX_LINES {
        return Err(RequestError::TooMany { field: "lines", max: MAX_LINES });
    }
    let mut lines = request.lines;
    lines.sort();
    lines.dedup();
    lines.into_iter().map(|line| Ok(Line::new(text("line", line, 1, MAX_ID)?))).collect()
}

pub fn days(request: proto::DescribeAccuracyRequest) -> Checked<u32> {
    if (1..=MAX_DAYS).contains(&request.days) { Ok(request.days) } else { Err(RequestError::Days) }
}

pub fn confirm(request: proto::ConfirmIdentityRequest) -> Checked<(CallId, AgentCommand)> {
    let command = AgentCommand::Confirm { customer: customer_id(request.customer_id)?, agent: agent(request.agent)? };
    Ok((call_id(request.call_id)?, command))
}

pub fn reject(request: proto::RejectIdentityRequest) -> Checked<(CallId, AgentCommand)> {
    Ok((call_id(request.call_id)?, AgentCommand::SomeoneElse { agent: agent(request.agent)? }))
}

pub fn flag(request: proto::FlagCallRequest) -> Checked<(CallId, AgentCommand)> {
    Ok((call_id(request.call_id)?, AgentCommand::Flag { agent: agent(request.agent)? }))
}

pub fn enroll(request: proto::EnrollRequest) -> Checked<(CallId, AgentCommand)> {
    use proto::enroll_request::Whom;
    let customer = match request.whom.ok_or(RequestError::Whom)? {
        Whom::CustomerId(id) => EnrollWhom::Customer(customer_id(id)?),
        Whom::NewName(name) => EnrollWhom::New { name: new_name(name)? },
    };
    let (script, agent) = spoken(request.consent)?;
    let (script, language) = (script.id.to_owned(), script.language.to_owned());
    Ok((call_id(request.call_id)?, AgentCommand::Enroll { customer, script, language, agent }))
}

pub fn ask_for_key(request: proto::AskForKeyRequest) -> Checked<(CallId, AgentCommand)> {
    use proto::ask_for_key_request::Whom;
    let customer = match request.whom.ok_or(RequestError::Whom)? {
        Whom::CustomerId(id) => EnrollWhom::Customer(customer_id(id)?),
        Whom::NewName(name) => EnrollWhom::New { name: new_name(name)? },
    };
    let (script, agent) = spoken(request.consent)?;
    let (script, language) = (script.id.to_owned(), script.language.to_owned());
    Ok((call_id(request.call_id)?, AgentCommand::AskForKey { customer, script, language, agent }))
}

pub fn drop_question(request: proto::DropQuestionRequest) -> Checked<(CallId, AgentCommand)> {
    agent(request.agent)?;
    Ok((call_id(request.call_id)?, AgentCommand::DropQuestion))
}

/// The words that were read out, and by whom.
fn spoken(consent: Option<proto::SpokenConsent>) -> Checked<(&'static ConsentScript, String)> {
    let consent = consent.ok_or(RequestError::NoConsent)?;
    let script = consent_script::by_id(&consent.script_id)
        .filter(|script| script.language == consent.language)
        .ok_or(RequestError::Script)?;
    Ok((script, text("operator", consent.operator, 1, MAX_NAME)?))
}

fn new_name(name: String) -> Checked<Pii<String>> {
    Ok(Pii::new(text("new_name", name, 1, MAX_NAME)?))
}

/// The call is `None` outside of one.
pub fn withdraw(request: proto::WithdrawConsentRequest) -> Checked<(Option<CallId>, CustomerId, String)> {
    let call = Some(request.call_id).filter(|id| !id.is_empty()).map(call_id).transpose()?;
    Ok((call, customer_id(request.customer_id)?, agent(request.agent)?))
}

pub fn place_order(request: proto::PlaceOrderRequest) -> Checked<(CallId, AgentCommand)> {
    if !(1..=MAX_ORDER_LINES).contains(&request.lines.len()) {
        return Err(RequestError::OrderLines);
    }
    let order = OrderRequest {
        customer: customer_id(request.customer_id)?,
        lines: request.lines.into_iter().map(order_line).collect::<Checked<_>>()?,
        idempotency_key: text("idempotency_key", request.idempotency_key, 8, MAX_ID)?,
        payment: payment(proto::Payment::try_from(request.payment), request.second_factor)?,
    };
    Ok((call_id(request.call_id)?, AgentCommand::PlaceOrder { order, agent: agent(request.agent)? }))
}

pub fn may_contact(request: proto::MayContactRequest) -> Checked<Vec<CustomerId>> {
    if request.customer_ids.len() > MAX_CUSTOMERS {
        return Err(RequestError::TooMany { field: "customer_ids", max: MAX_CUSTOMERS });
    }
    request.customer_ids.into_iter().map(customer_id).collect()
}

/// The rule of the whole product: a voice is recognised, never authenticated, and charges nothing.
fn payment<E>(payment: Result<proto::Payment, E>, second_factor: String) -> Checked<Option<Payment>> {
    match payment {
        Ok(proto::Payment::Unspecified) => Ok(None),
        Ok(proto::Payment::OnDelivery) => Ok(Some(Payment::OnDelivery)),
        Ok(proto::Payment::OnFile) if second_factor.trim().is_empty() => Err(RequestError::SecondFactor),
        Ok(proto::Payment::OnFile) => {
            Ok(Some(Payment::OnFile { second_factor: text("second_factor", second_factor, 3, MAX_NAME)? }))
        }
        Err(_) => Err(RequestError::Payment),
    }
}

pub fn order_line(line: proto::OrderLine) -> Checked<OrderLine> {
    if !(1..=MAX_QUANTITY).contains(&line.quantity) {
        return Err(RequestError::Quantity);
    }
    if line.modifiers.len() > MAX_MODIFIERS {
        return Err(RequestError::TooMany { field: "modifiers", max: MAX_MODIFIERS });
    }
    Ok(OrderLine {
        item: text("item", line.item, 1, MAX_NAME)?,
        quantity: line.quantity,
        modifiers: line.modifiers.into_iter().map(|it| text("modifier", it, 1, MAX_NAME)).collect::<Checked<_>>()?,
    })
}

fn call_id(id: String) -> Checked<CallId> {
    text("call_id", id, 1, MAX_ID).map(CallId::new)
}

fn customer_id(id: String) -> Checked<CustomerId> {
    text("customer_id", id, 1, MAX_ID).map(CustomerId::new)
}

fn agent(name: String) -> Checked<String> {
    text("agent", name, 1, MAX_NAME)
}

/// Trimmed, with bounds in characters, and no control characters: a line break in a name is a forged log line.
pub fn text(field: &'static str, text: String, min: usize, max: usize) -> Checked<String> {
    let trimmed = text.trim();
    let length = trimmed.chars().count();
    if !(min..=max).contains(&length) || trimmed.chars().any(char::is_control) {
        return Err(RequestError::Text { field, min, max });
    }
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests;
