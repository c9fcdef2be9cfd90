//! What the tests of the dialects share.

use super::dialect::{Dialect, Event, Fault, Incoming};

pub(super) fn events(dialect: &mut Dialect, incoming: Incoming<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    dialect.message(incoming, &mut events).unwrap();
    events
}

pub(super) fn refusal(dialect: &mut Dialect, incoming: Incoming<'_>) -> Fault {
    dialect.message(incoming, &mut Vec::new()).unwrap_err().fault
}

/// Of the start, which must be the first event.
pub(super) fn number_and_line(events: &[Event]) -> (String, String) {
    let Some(Event::Started(start)) = events.first() else { panic!("no start: {events:?}") };
    let number = start.number.as_ref().map_or("none", |number| number.digits());
    (number.to_owned(), start.line.as_ref().map_or("none", |line| line.as_str()).to_owned())
}
