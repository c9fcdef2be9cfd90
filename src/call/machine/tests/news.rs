//! What is written of the caller during the call.

use super::*;
use crate::call::Changed;

fn changed(customers: &[&str]) -> Event {
    Event::Changed(Changed::These(customers.iter().map(|id| CustomerId::new(*id)).collect()))
}

impl Line {
    fn fetches(&self) -> usize {
        self.done.iter().filter(|action| matches!(action, Action::Fetch(_))).count()
    }

    fn refreshed(&self) -> usize {
        self.done.iter().filter(|action| matches!(action, Action::Publish(What::Refreshed { .. }))).count()
    }

    fn confirm(&mut self, customer: &str) {
        let command = AgentCommand::Confirm { customer: CustomerId::new(customer), agent: "Sam".into() };
        self.handle(Event::Command { ticket: Ticket(1), at: UnixMillis(0), command });
    }

    /// Hands an event in and leaves what it asks for unanswered.
    fn hand(&mut self, event: Event) -> Vec<Action> {
        self.call.handle(self.now, event);
        std::iter::from_fn(|| self.call.poll_action()).collect()
    }

    fn answer(&mut self) -> Vec<Action> {
        self.hand(Event::Fetched { customer: CustomerId::new("anna"), known: Ok(known("anna")) })
    }
}

#[test]
fn of_whom_nobody_knows_yet_nothing_is_read() {
    let mut line = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    line.handle(changed(&["anna"]));
    line.handle(Event::Changed(Changed::Anyone));
    assert_eq!((line.fetches(), line.refreshed()), (0, 0));
}

#[test]
fn the_books_of_a_confirmed_caller_are_read_again_and_shown() {
    let mut line = Line::ring(Search::Number, &[person("anna", false)], &[]);
    line.confirm("anna");
    assert_eq!((line.fetches(), line.refreshed()), (1, 0));
    line.handle(changed(&["ben"]));
    assert_eq!(line.fetches(), 1, "somebody else's news");
    line.handle(changed(&["ben", "anna"]));
    assert_eq!((line.fetches(), line.refreshed()), (2, 1));
    line.handle(Event::Changed(Changed::Anyone));
    assert_eq!((line.fetches(), line.refreshed()), (3, 2));
}

#[test]
fn a_burst_is_read_once_and_once_more() {
    let mut line = Line::ring(Search::Number, &[person("anna", false)], &[]);
    line.confirm("anna");
    let first = line.hand(changed(&["anna"]));
    assert!(matches!(first.as_slice(), [Action::Fetch(_)]));
    for _ in 0..100 {
        assert!(line.hand(changed(&["anna"])).is_empty());
    }
    let then = line.answer();
    assert!(matches!(then.as_slice(), [Action::Publish(What::Refreshed { .. }), Action::Fetch(_)]));
    let last = line.answer();
    assert!(matches!(last.as_slice(), [Action::Publish(What::Refreshed { .. })]));
}

#[test]
fn what_changes_while_the_books_are_read_for_the_first_time_is_not_missed() {
    let mut line = Line::ring(Search::Number, &[person("anna", false)], &[]);
    let command = AgentCommand::Confirm { customer: CustomerId::new("anna"), agent: "Sam".into() };
    line.hand(Event::Command { ticket: Ticket(1), at: UnixMillis(0), command });
    assert!(line.hand(changed(&["anna"])).is_empty(), "they are being read");
    let then = line.answer();
    assert!(then.iter().any(|action| matches!(action, Action::Publish(What::Confirmed { .. }))));
    assert!(matches!(then.last(), Some(Action::Fetch(_))), "and once more");
}

#[test]
fn books_that_cannot_be_read_again_leave_the_card_and_the_agents_word() {
    let mut line = Line::ring(Search::Number, &[person("anna", false)], &[]);
    line.confirm("anna");
    line.hand(changed(&["anna"]));
    let known = Err(CommandError::new(ErrorKind::Unavailable, "not now"));
    assert!(line.hand(Event::Fetched { customer: CustomerId::new("anna"), known }).is_empty());
    assert_eq!(line.call.outcome().0, Some(&CustomerId::new("anna")));
}

#[test]
fn a_likely_name_is_kept_up_to_date_and_shown_no_sooner() {
    let mut line = Line::ring(Search::Number, &[person("anna", true), person("ben", true)], &["anna", "ben"]);
    line.call.known = Some(known("anna"));
    let asked = line.hand(changed(&["anna"]));
    assert!(matches!(asked.as_slice(), [Action::Fetch(_)]));
    assert!(line.answer().is_empty(), "nobody is recognised");
}
