//! What a call has asked for and not yet been answered.

use crate::customer::{ConsentRecord, CustomerId};

use super::{Action, Changed, CommandError, Ticket};

/// At most a handful at a time: an agent works one card with two hands.
#[derive(Debug, Default)]
pub struct Pending {
    next_ticket: u64,
    asked: Vec<Asked>,
    writes: Vec<(Ticket, For)>,
    fetching: Vec<Fetching>,
    /// The agent's Confirm that waits for the customer's dossier.
    pub confirm: Option<Ticket>,
}

#[derive(Debug, PartialEq)]
enum Asked {
    Describe(CustomerId),
    Fetch(CustomerId),
}

/// A customer's books that are being read.
#[derive(Debug)]
struct Fetching {
    customer: CustomerId,
    /// They are on the card already.
    again: bool,
    /// They have changed since they were asked for.
    stale: bool,
}

/// What an answer about a customer's books was for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fetched {
    pub again: bool,
    pub stale: bool,
}

/// Why something is being written.
#[derive(Debug)]
pub enum For {
    /// Make this customer, then enrol them.
    NewCustomer(ConsentRecord),
    Consent,
    Enrolment(CustomerId),
    Withdrawal(CustomerId),
    /// The agent has flagged the call.
    Flag,
    /// This call joins the voiceprint of its caller.
    Refresh,
    Order {
        customer: CustomerId,
        agent: String,
    },
    /// It was for somebody who no longer speaks: nothing follows from it but this reply.
    Past(Result<(), CommandError>),
}

impl Pending {
    pub fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        // The upper half of the number space is ours, the lower half the task's: answers never cross.
        Ticket(OURS | self.next_ticket)
    }

    /// Whether this was not asked before.
    pub fn ask(&mut self, action: &Action) -> bool {
        let asked = match action {
            Action::Describe(customer) => Asked::Describe(customer.clone()),
            Action::Fetch(customer) => Asked::Fetch(customer.clone()),
            _ => return true,
        };
        let new = !self.asked.contains(&asked);
        if new {
            self.asked.push(asked);
        }
        new
    }

    /// A fetch may be repeated: the books change during a call.
    pub fn forget_fetch(&mut self, customer: &CustomerId) {
        self.asked.retain(|asked| *asked != Asked::Fetch(customer.clone()));
    }

    /// `again`: to bring a card up to date.
    pub fn fetching(&mut self, customer: &CustomerId, again: bool) {
        self.fetching.push(Fetching { customer: customer.clone(), again, stale: false });
    }

    pub fn fetched(&mut self, customer: &CustomerId) -> Fetched {
        let at = self.fetching.iter().position(|fetching| fetching.customer == *customer);
        let fetching = at.map(|at| self.fetching.remove(at));
        fetching.map(|Fetching { again, stale, .. }| Fetched { again, stale }).unwrap_or_default()
    }

    /// The answers under way are of the books before; whether this customer's are among them.
    pub fn overtaken(&mut self, changed: &Changed, customer: Option<&CustomerId>) -> bool {
        let mut theirs = false;
        for fetching in self.fetching.iter_mut().filter(|fetching| changed.concerns(&fetching.customer)) {
            fetching.stale = true;
            theirs |= customer == Some(&fetching.customer);
        }
        theirs
    }

    /// What was asked for the speaker before has no consequences for the one who speaks now; `refusal` answers what can no
    /// longer be done.
    pub fn another_speaker(&mut self, refusal: &CommandError) {
        self.asked.clear();
        self.fetching.clear();
        for (_, reason) in &mut self.writes {
            match reason {
                For::NewCustomer(_) => *reason = For::Past(Err(refusal.clone())),
                For::Consent | For::Order { .. } => *reason = For::Past(Ok(())),
                For::Enrolment(_) | For::Withdrawal(_) | For::Flag | For::Refresh | For::Past(_) => {}
            }
        }
    }

    pub fn await_write(&mut self, ticket: Ticket, reason: For) {
        self.writes.push((ticket, reason));
    }

    /// Somebody new is being put into the books.
    pub fn awaits_customer(&self) -> bool {
        self.writes.iter().any(|(_, reason)| matches!(reason, For::NewCustomer(_)))
    }

    pub fn take_write(&mut self, ticket: Ticket) -> Option<For> {
        let at = self.writes.iter().position(|(waiting, _)| *waiting == ticket)?;
        Some(self.writes.swap_remove(at).1)
    }
}

const OURS: u64 = 1 << 63;
