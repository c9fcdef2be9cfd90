//! An event of the books as other systems are told it.

use crate::customer::{CustomerId, Payment};
use crate::desk::wire::{self, proto};
use crate::store::{EventKind, Happened, Told, ToldOrder};

pub fn event(happened: &Happened, told: Told) -> proto::Event {
    use proto::event::What;
    // An order has the key by which it was placed, whatever happens to our numbers.
    let key = match &told {
        Told::Order(order) if happened.kind == EventKind::OrderPlaced => order.idempotency_key.clone(),
        _ => None,
    };
    let what = match (told, happened.kind) {
        (Told::Order(order), EventKind::OrderPlaced) => Some(What::OrderPlaced(placed(*order))),
        (Told::Order(order), _) => Some(What::OrderRecorded(recorded(*order))),
        (Told::Contact(contact), kind) => {
            let contact_id = contact.contact.clone();
            let told = proto::ContactEvent { contact_id, contact: Some(wire::contact(&contact)) };
            Some(match kind {
                EventKind::ComplaintOpened => What::ComplaintOpened(told),
                EventKind::ComplaintResolved => What::ComplaintResolved(told),
                _ => What::ContactRecorded(told),
            })
        }
        (Told::Nothing, EventKind::BooksImported) => Some(What::BooksImported(proto::BooksImported {})),
        (Told::Nothing, _) => Some(What::CustomerChanged(proto::CustomerChanged {})),
    };
    proto::Event {
        seq: happened.seq,
        idempotency_key: key.unwrap_or_else(|| format!("event-{}", happened.seq)),
        at: Some(wire::timestamp(happened.at)),
        customer_id: happened.customer.as_ref().map(CustomerId::as_str).unwrap_or_default().to_owned(),
        what,
    }
}

fn placed(it: ToldOrder) -> proto::OrderPlaced {
    proto::OrderPlaced {
        order_id: it.order.order.clone(),
        order: Some(wire::order(&it.order)),
        agent: it.order.taken.agent.unwrap_or_default(),
        call_id: it.order.taken.call.map(|call| call.to_string()).unwrap_or_default(),
        payment: wire::payment(it.payment.as_ref()).into(),
        second_factor: it.payment.as_ref().and_then(Payment::second_factor).unwrap_or_default().to_owned(),
    }
}

fn recorded(it: ToldOrder) -> proto::OrderRecorded {
    let (source, key) = it.source.unwrap_or_default();
    proto::OrderRecorded {
        order_id: it.order.order.clone(),
        order: Some(wire::order(&it.order)),
        agent: it.order.taken.agent.unwrap_or_default(),
        source,
        key,
    }
}
