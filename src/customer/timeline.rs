//! Contacts and orders of every channel in one line, newest first, and the newest of them as one sentence.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SpanRelativeTo, Timestamp};

use super::{Channel, ComplaintState, Contact, Dossier, Order, OrderLine};
use crate::base::{Pii, UnixMillis};

/// The newest `limit` contacts and orders together. An order that was taken in a call stands for that call.
pub fn timeline(dossier: &Dossier, limit: usize) -> Vec<Contact> {
    let calls: Vec<String> = dossier.orders.iter().filter_map(|order| order.taken.call.as_ref()).map(key_of).collect();
    let of_orders = dossier.orders.iter().take(limit).map(as_contact);
    let of_contacts = dossier.contacts.iter().filter(|contact| !calls.contains(&contact.contact)).cloned();
    let mut all: Vec<Contact> = of_orders.chain(of_contacts).collect();
    // Stable: of two at the same time the order comes first.
    all.sort_by_key(|contact| std::cmp::Reverse(contact.at));
    all.truncate(limit);
    all
}

/// The newest contact, such as "Yesterday by e-mail to Toni: The pizza was cold. Still open." `tz`: the shop's own.
pub fn last_contact(dossier: &Dossier, now: UnixMillis, tz: &TimeZone) -> Option<Pii<String>> {
    timeline(dossier, 1).first().map(|contact| Pii::new(sentence(contact, now, tz)))
}

/// The contact that a call of ours leaves behind.
fn key_of(call: &crate::base::CallId) -> String {
    format!("call:{call}")
}

fn as_contact(order: &Order) -> Contact {
    Contact {
        contact: order.order.clone(),
        at: order.at,
        channel: order.taken.channel,
        agent: order.taken.agent.clone(),
        wanted: Pii::new(format!("Ordered {}.", items(&order.lines))),
        complaint: None,
        still_open: None,
        items_considered: Vec::new(),
        competitor: None,
        order: Some(order.order.clone()),
    }
}

/// "2 Margherita, 1 Tea and 3 more".
fn items(lines: &[OrderLine]) -> String {
    let named = lines.iter().take(NAMED_ITEMS).map(|line| format!("{} {}", line.quantity, line.item));
    let named = named.collect::<Vec<_>>().join(", ");
    match lines.len().saturating_sub(NAMED_ITEMS) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn sentence(contact: &Contact, now: UnixMillis, tz: &TimeZone) -> String {
    let mut said = day(contact.at, now, tz);
    if let Some(channel) = contact.channel {
        said.push_str(by(channel));
    }
    if let Some(agent) = &contact.agent {
        said.push_str(if contact.channel == Some(Channel::Email) { " to " } else { " with " });
        said.push_str(agent);
    }
    match stop(contact.wanted.expose()) {
        wanted if wanted.is_empty() => said.push('.'),
        wanted => said = format!("{said}: {wanted}"),
    }
    match (contact.complaint, &contact.still_open) {
        (_, Some(open)) => format!("{said} Still open: {}", stop(open.expose())),
        (Some(ComplaintState::Open), None) => format!("{said} Still open."),
        (Some(ComplaintState::Resolved), None) => format!("{said} Put right."),
        (None, None) => said,
    }
}

/// After the day.
fn by(channel: Channel) -> &'static str {
    match channel {
        Channel::Phone => " by telephone",
        Channel::Web => " on the web",
        Channel::Email => " by e-mail",
        Channel::Shop => " in the shop",
        Channel::Delivery => " at the delivery",
    }
}

/// One line that ends as a sentence does, cut where it is too long to be said.
fn stop(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().nth(SAID_CHARS).is_some() {
        let cut: String = line.chars().take(SAID_CHARS).collect();
        return format!("{}...", cut.trim_end());
    }
    match line.chars().last() {
        None | Some('.' | '!' | '?' | '…') => line,
        Some(_) => line + ".",
    }
}

/// "Today", "Yesterday", "On Friday", "8 days ago", "On 3 May", "On 3 May 2024", by the calendar of the shop's town.
fn day(at: UnixMillis, now: UnixMillis, tz: &TimeZone) -> String {
    let date = |at: UnixMillis| Some(tz.to_datetime(Timestamp::from_millisecond(at.0).ok()?).date());
    let (Some(then), Some(today)) = (date(at), date(now)) else { return "Once".to_owned() };
    match days_between(then, today) {
        // A clock that is a little ahead, around midnight.
        ..=0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        2..=6 => format!("On {}", then.strftime("%A")),
        days @ 7..=13 => format!("{days} days ago"),
        14..=300 => format!("On {}", then.strftime("%-d %B")),
        _ => format!("On {}", then.strftime("%-d %B %Y")),
    }
}

fn days_between(then: Date, today: Date) -> i32 {
    let days =
        then.until(today).ok().and_then(|span| span.total((jiff::Unit::Day, SpanRelativeTo::days_are_24_hours())).ok());
    days.map_or(i32::MAX, |days| days as i32)
}

/// Items that are named one by one; an agent wants to know what sort of order it was.
const NAMED_ITEMS: usize = 3;
/// Characters of what was wanted: about ten seconds of reading aloud.
const SAID_CHARS: usize = 160;

#[cfg(test)]
mod tests;
