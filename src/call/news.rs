//! What is written of the caller while the call lasts, by other systems or other agents, comes onto the card.

use std::sync::Arc;

use crate::customer::CustomerId;
use crate::identity::State;

use super::machine::{Call, Identified};
use super::{Action, Changed, CommandError, Known, What};

impl Call {
    /// Reads the books of whom the card is about again. However much comes at once, one reading is under way, and one more
    /// follows it.
    pub(super) fn on_changed(&mut self, changed: &Changed) {
        let known = self.known.as_ref().map(|known| known.dossier.profile.customer.clone());
        let under_way = self.pending.overtaken(changed, known.as_ref());
        if let Some(customer) = known
            && !under_way
            && !self.is_closed()
            && changed.concerns(&customer)
        {
            self.fetch(customer, true);
        }
    }

    /// `again`: to bring the card up to date.
    pub(super) fn fetch(&mut self, customer: CustomerId, again: bool) {
        self.pending.fetching(&customer, again);
        self.actions.push_back(Action::Fetch(customer));
    }

    pub(super) fn on_fetched(&mut self, customer: &CustomerId, known: Result<Arc<Known>, CommandError>) {
        let fetched = self.pending.fetched(customer);
        match known {
            Ok(known) if fetched.again => self.refresh(known),
            Ok(known) => self.take_up(customer, known),
            // What the card has is better than nothing, and no reason to forget who it is.
            Err(_) if fetched.again => {}
            Err(error) => self.confirm_failed(customer, error),
        }
        if fetched.stale && self.known_of(customer).is_some() {
            self.fetch(customer.clone(), true);
        }
    }

    fn take_up(&mut self, customer: &CustomerId, known: Arc<Known>) {
        self.known = Some(known.clone());
        if self.confirmed(customer) {
            self.publish(What::Confirmed { customer: customer.clone(), known });
            self.reply_to_confirm(Ok(()));
        } else {
            self.show_decision();
        }
    }

    /// The likely order stays as it was read out: only what is new of the customer is added.
    fn refresh(&mut self, known: Arc<Known>) {
        let customer = known.dossier.profile.customer.clone();
        let Some(before) = self.known_of(&customer) else { return };
        let likely = before.likely.clone().or_else(|| known.likely.clone());
        let known = Arc::new(Known { likely, ..Known::clone(&known) });
        self.known = Some(Arc::clone(&known));
        if self.is_shown(&customer) {
            self.publish(What::Refreshed { known });
        }
    }

    /// Whether the card tells of this customer more than a name.
    fn is_shown(&self, customer: &CustomerId) -> bool {
        let recognised = || {
            let sure = self.recognition.decision().filter(|decision| decision.state == State::Recognised);
            sure.and_then(|decision| decision.ranked.first()).is_some_and(|first| first.customer == *customer)
        };
        self.confirmed(customer) || (self.identified == Identified::ByVoice && recognised())
    }
}
