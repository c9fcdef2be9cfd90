//! What another system sends, checked: bounds and meaning first, then a record for the books. Nothing here knows a socket.

use crate::base::{E164, Pii, UnixMillis};
use crate::customer::profile::{LANGUAGE_CHARS, is_language_tag};
use crate::customer::{Channel, ComplaintState, CustomerId};
use crate::desk::request::{MAX_ID, MAX_NAME, MAX_ORDER_LINES, RequestError, order_line, text};
use crate::desk::wire::proto;
use crate::store::{ContactRecord, CustomerRecord, OrderRecord, Record, is_source};

/// Why a message was refused, as a sentence for whoever wrote the other system. It repeats nothing that was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("source is 1 to 32 small letters, digits, - and _, and not \"call\"")]
    Source,
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is no time that a calendar has since 1970")]
    Time(&'static str),
    #[error("{0} lies in the future by more than five minutes")]
    Future(&'static str),
    #[error("language is no language tag; write it, en or pt-BR")]
    Language,
    #[error("one of numbers is no telephone number; write +39 and the rest, or set sip.country_code")]
    Number,
    #[error("channel is one of CHANNEL_PHONE, CHANNEL_WEB, CHANNEL_EMAIL, CHANNEL_SHOP and CHANNEL_DELIVERY")]
    Channel,
    #[error("complaint is unset, COMPLAINT_OPEN or COMPLAINT_RESOLVED")]
    Complaint,
    #[error("there are 1 to {MAX_MENU_ITEMS} items")]
    Items,
}

/// What the sender and the record are.
pub type Checked = Result<(String, Record), RecordError>;

/// What another machine's clock may be ahead, as for signatures.
const CLOCK_SKEW_MS: i64 = 5 * 60 * 1000;
const MAX_NUMBERS: usize = 20;
const MAX_CONSIDERED: usize = 20;
const MAX_MENU_ITEMS: usize = 500;
/// A sentence or two; more is a letter, which belongs where it was written.
const MAX_SENTENCE: usize = 1000;

pub fn customer(it: proto::PutCustomerRequest, country_code: Option<&str>, now: UnixMillis) -> Checked {
    if it.numbers.len() > MAX_NUMBERS {
        return Err(RequestError::TooMany { field: "numbers", max: MAX_NUMBERS }.into());
    }
    let numbers = it.numbers.iter().map(|number| E164::parse(number, country_code).map_err(|_| RecordError::Number));
    let language = change("language", it.language, LANGUAGE_CHARS)?;
    if language.iter().flatten().any(|tag| !is_language_tag(tag)) {
        return Err(RecordError::Language);
    }
    let record = CustomerRecord {
        customer: CustomerId::new(text("customer_id", it.customer_id, 1, MAX_ID)?),
        name: Pii::new(text("name", it.name, 1, MAX_NAME)?),
        numbers: numbers.collect::<Result<_, _>>()?,
        household: change("household", it.household, MAX_ID)?,
        language,
        allergies: change("allergies", it.allergies, MAX_SENTENCE)?.map(|text| text.map(Pii::new)),
        notes: change("notes", it.notes, MAX_SENTENCE)?.map(|text| text.map(Pii::new)),
        since: it.customer_since.map(|at| time("customer_since", at, now)).transpose()?,
        payment_on_file: it.payment_on_file,
    };
    Ok((source(it.source)?, Record::Customer(record)))
}

pub fn contact(it: proto::PutContactRequest, now: UnixMillis) -> Checked {
    if it.items_considered.len() > MAX_CONSIDERED {
        return Err(RequestError::TooMany { field: "items_considered", max: MAX_CONSIDERED }.into());
    }
    let items = it.items_considered.into_iter().map(|item| text("items_considered", item, 1, MAX_NAME));
    let complaint = match proto::Complaint::try_from(it.complaint).map_err(|_| RecordError::Complaint)? {
        proto::Complaint::Unspecified => None,
        proto::Complaint::Open => Some(ComplaintState::Open),
        proto::Complaint::Resolved => Some(ComplaintState::Resolved),
    };
    let record = ContactRecord {
        key: text("key", it.key, 1, MAX_ID)?,
        customer: CustomerId::new(text("customer_id", it.customer_id, 1, MAX_ID)?),
        at: time("at", it.at.ok_or(RecordError::Missing("at"))?, now)?,
        channel: channel(it.channel)?.ok_or(RecordError::Channel)?,
        agent: optional("agent", it.agent, MAX_NAME)?,
        wanted: Pii::new(optional("wanted", it.wanted, MAX_SENTENCE)?.unwrap_or_default()),
        complaint,
        still_open: optional("still_open", it.still_open, MAX_SENTENCE)?.map(Pii::new),
        order: optional("order_key", it.order_key, MAX_ID)?,
        items_considered: items.collect::<Result<_, _>>()?,
        competitor: optional("competitor", it.competitor, MAX_NAME)?,
    };
    Ok((source(it.source)?, Record::Contact(record)))
}

pub fn resolved(it: proto::ResolveComplaintRequest) -> Checked {
    let (key, agent) = (text("key", it.key, 1, MAX_ID)?, optional("agent", it.agent, MAX_NAME)?);
    Ok((source(it.source)?, Record::Resolved { key, agent }))
}

pub fn order(it: proto::PutOrderRequest, now: UnixMillis) -> Checked {
    if !(1..=MAX_ORDER_LINES).contains(&it.lines.len()) {
        return Err(RequestError::OrderLines.into());
    }
    let record = OrderRecord {
        key: text("key", it.key, 1, MAX_ID)?,
        customer: CustomerId::new(text("customer_id", it.customer_id, 1, MAX_ID)?),
        at: time("at", it.at.ok_or(RecordError::Missing("at"))?, now)?,
        lines: it.lines.into_iter().map(order_line).collect::<Result<_, _>>()?,
        channel: channel(it.channel)?,
        agent: optional("agent", it.agent, MAX_NAME)?,
        ours: optional("order_id", it.order_id, MAX_ID)?,
    };
    Ok((source(it.source)?, Record::Order(record)))
}

pub fn items(it: proto::PutItemsRequest) -> Checked {
    if !(1..=MAX_MENU_ITEMS).contains(&it.items.len()) {
        return Err(RecordError::Items);
    }
    let item = |item: proto::Item| Ok((text("name", item.name, 1, MAX_NAME)?, item.available));
    let items = it.items.into_iter().map(item).collect::<Result<_, RequestError>>()?;
    Ok((source(it.source)?, Record::Items(items)))
}

fn source(source: String) -> Result<String, RecordError> {
    if is_source(&source) { Ok(source) } else { Err(RecordError::Source) }
}

fn channel(channel: i32) -> Result<Option<Channel>, RecordError> {
    Ok(match proto::Channel::try_from(channel).map_err(|_| RecordError::Channel)? {
        proto::Channel::Unspecified => None,
        proto::Channel::Phone => Some(Channel::Phone),
        proto::Channel::Web => Some(Channel::Web),
        proto::Channel::Email => Some(Channel::Email),
        proto::Channel::Shop => Some(Channel::Shop),
        proto::Channel::Delivery => Some(Channel::Delivery),
    })
}

/// `None` for an empty text. What a mail has on several lines is one line here.
fn optional(field: &'static str, words: String, max: usize) -> Result<Option<String>, RequestError> {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { Ok(None) } else { text(field, line, 1, max).map(Some) }
}

/// `None`: to be left as it is.
fn change(field: &'static str, words: Option<String>, max: usize) -> Result<Option<Option<String>>, RequestError> {
    words.map(|words| optional(field, words, max)).transpose()
}

fn time(field: &'static str, at: prost_types::Timestamp, now: UnixMillis) -> Result<UnixMillis, RecordError> {
    let within_a_second = (0..1_000_000_000).contains(&at.nanos);
    let millis = at.seconds.checked_mul(1000).and_then(|ms| ms.checked_add(i64::from(at.nanos) / 1_000_000));
    let at = millis.filter(|ms| within_a_second && *ms >= 0).map(UnixMillis).ok_or(RecordError::Time(field))?;
    if at.since(now) > CLOCK_SKEW_MS { Err(RecordError::Future(field)) } else { Ok(at) }
}

#[cfg(test)]
mod tests;
