//! Call events become cards: a pure fold, so that what an agent sees can be tested without a call.
//!
//! It is also the last gate before the screen. A profile or an order passes only when the voice was recognised or an
//! agent confirmed, even if an event carries more: a first mock showed a stranger another customer's allergy at 35 %.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::card::HeardBefore;
use super::{Candidate, Card, Enrolment, Progress};
use crate::base::{CallId, E164, Line};
use crate::call::{CallEvent, Known, Person, What};
use crate::customer::{CustomerId, PersonAtNumber};
use crate::identity::{Decision, State};

/// Every call that is on some screen, oldest first.
pub struct Screen {
    entries: BTreeMap<u64, Entry>,
    place_of: HashMap<CallId, u64>,
    next_place: u64,
    max_cards: usize,
}

/// A card with what the fold must remember and nobody is shown.
struct Entry {
    card: Arc<Card>,
    /// Who agreed to voice recognition, as far as this call has told us.
    agreed: HashMap<CustomerId, bool>,
    /// Whom an agent has ruled out.
    ruled_out: Vec<CustomerId>,
}

impl Screen {
    /// At most `max_cards` are kept: one more pushes out the oldest ended call, or else the oldest.
    pub fn new(max_cards: usize) -> Self {
        Self { entries: BTreeMap::new(), place_of: HashMap::new(), next_place: 0, max_cards: max_cards.max(1) }
    }

    /// The lines whose cards look different after `event`: none, its own, or also that of a card pushed out.
    pub fn apply(&mut self, event: CallEvent) -> Vec<Line> {
        if matches!(event.what, What::Closed) {
            return self.remove(&event.call).into_iter().collect();
        }
        let mut changed = Vec::new();
        let place = match self.place_of.get(&event.call) {
            Some(place) => *place,
            // What comes after a card has closed does not bring it back.
            None if !matches!(event.what, What::Ringing { .. }) => return Vec::new(),
            None => {
                changed.extend(self.make_room());
                self.insert(&event)
            }
        };
        let Some(entry) = self.entries.get_mut(&place) else { return changed };
        let before = entry.card.line.clone();
        if entry.apply(event) {
            // A card that has moved goes from one line's screens and comes to another's.
            for line in [&before, &entry.card.line] {
                if !changed.contains(line) {
                    changed.push(line.clone());
                }
            }
        }
        changed
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Card>> {
        self.entries.values().map(|entry| &entry.card)
    }

    pub fn on_line<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = &'a Arc<Card>> {
        self.all().filter(move |card| card.line == *line)
    }

    fn insert(&mut self, event: &CallEvent) -> u64 {
        let place = self.next_place;
        self.next_place += 1;
        let card = Card::new(event.call.clone(), event.line.clone(), event.at, event.evidence_at);
        self.entries.insert(place, Entry { card: Arc::new(card), agreed: HashMap::new(), ruled_out: Vec::new() });
        self.place_of.insert(event.call.clone(), place);
        place
    }

    fn remove(&mut self, call: &CallId) -> Option<Line> {
        let entry = self.place_of.remove(call).and_then(|place| self.entries.remove(&place))?;
        Some(entry.card.line.clone())
    }

    fn make_room(&mut self) -> Option<Line> {
        if self.entries.len() < self.max_cards {
            return None;
        }
        let oldest = self.all().find(|card| card.ended.is_some()).or_else(|| self.all().next())?.call.clone();
        self.remove(&oldest)
    }
}

impl Entry {
    /// Whether the card looks different now.
    fn apply(&mut self, event: CallEvent) -> bool {
        let before = Arc::clone(&self.card);
        match event.what {
            What::Ringing { number } => self.card_mut().number = number,
            What::LineName(name) => self.card_mut().line_name = Some(name),
            What::Moved { line } => self.card_mut().line = line,
            What::NewSpeaker { number } => self.new_speaker(number),
            What::ByNumber { people } => self.by_number(people),
            What::Decided { decision, people, known } => self.decided(decision, people, known),
            What::Confirmed { customer, known } => self.confirmed(customer, known),
            What::Refreshed { known } => self.refreshed(known),
            What::SomeoneElse => self.someone_else(),
            What::AwaitingKey(awaiting) => self.card_mut().awaiting_key = awaiting,
            What::Enrolling { customer, net_speech_ms, needed_ms } => {
                self.enrolment(customer, Progress::Gathering { net_speech_ms, needed_ms });
            }
            What::Enrolled { customer } => self.enrolment(customer, Progress::Stored),
            What::EnrollFailed { customer, reason } => self.enrolment(customer, Progress::Failed(reason)),
            What::Missing(missing) => self.card_mut().missing = missing,
            What::HeardBefore { on, flagged_by } => {
                self.card_mut().heard_before = Some(HeardBefore { on, flagged_by });
            }
            What::MayBeSpoofed { model } => self.card_mut().may_be_spoofed = Some(model),
            What::Flagged => self.card_mut().flagged = true,
            What::VoiceChanged => self.voice_changed(),
            What::NotLearnt { customer, reason } => self.not_learnt(&customer, reason),
            What::ConsentWithdrawn { customer } => self.enrolment(customer, Progress::Withdrawn),
            What::OrderPlaced { order } => self.card_mut().order_placed = Some(order),
            What::Ended { cause } => self.card_mut().ended = Some(cause),
            What::Closed => {}
        }
        let agreed = self.card.known_customer().is_some_and(|known| self.agreed.get(known) == Some(&true));
        let card = self.card_mut();
        card.recognisable = agreed;
        // The first revision is the card's birth, though a ringing call on a withheld number looks like a new card.
        if *card == *before && before.revision > 0 {
            self.card = before;
            return false;
        }
        card.revision += 1;
        card.changed = event.at;
        card.evidence_at = event.evidence_at;
        true
    }

    fn card_mut(&mut self) -> &mut Card {
        Arc::make_mut(&mut self.card)
    }

    fn by_number(&mut self, people: Vec<PersonAtNumber>) {
        for person in &people {
            self.agreed.insert(person.customer.clone(), person.recognisable);
        }
        let card = self.card_mut();
        if card.someone_else.is_none() {
            card.candidates = people
                .into_iter()
                .map(|person| Candidate { customer: person.customer, name: person.name, chance: None })
                .collect();
        }
    }

    fn decided(&mut self, decision: Decision, people: Vec<Person>, known: Option<Arc<Known>>) {
        let first = decision.ranked.first().map(|ranked| ranked.customer.clone());
        let first_ruled_out = first.as_ref().is_some_and(|first| self.ruled_out.contains(first));
        let sure = decision.state == State::Recognised && !first_ruled_out;
        // The dossier must be that of the first: a mismatch is a fault of ours that must not show a stranger's card.
        let shown = known.filter(|known| sure && first.as_ref() == Some(&known.dossier.profile.customer));
        if let Some(shown) = &shown {
            self.agreed.entry(shown.dossier.profile.customer.clone()).or_insert(true);
        }
        let card = self.card_mut();
        card.state = if first_ruled_out { State::NotKnown } else { decision.state };
        card.voice = Some(decision.voice);
        card.net_speech_ms = decision.net_speech_ms;
        card.settled = decision.settled;
        card.new_speaker &= card.state == State::Listening;
        card.from_elsewhere = decision.ranked.first().is_some_and(|first| first.elsewhere);
        card.someone_else = Some(decision.someone_else);
        card.candidates = decision
            .ranked
            .into_iter()
            .filter_map(|ranked| {
                let person = people.iter().find(|person| person.customer == ranked.customer)?;
                Some(Candidate { customer: ranked.customer, name: person.name.clone(), chance: Some(ranked.chance) })
            })
            .collect();
        if card.confirmed.is_none() {
            card.rejected &= first.is_none() || first_ruled_out;
            card.known = shown;
        }
    }

    fn confirmed(&mut self, customer: CustomerId, known: Arc<Known>) {
        self.ruled_out.retain(|ruled_out| *ruled_out != customer);
        let card = self.card_mut();
        card.known = Some(known).filter(|known| known.dossier.profile.customer == customer);
        card.confirmed = Some(customer);
        card.rejected = false;
        card.new_speaker = false;
        card.voice_changed = false;
        card.missing = None;
        card.not_learnt = None;
    }

    /// Only of whom the card tells already.
    fn refreshed(&mut self, known: Arc<Known>) {
        if self.card.known_customer() == Some(&known.dossier.profile.customer) {
            self.card_mut().known = Some(known);
        }
    }

    fn someone_else(&mut self) {
        let candidates = self.card.candidates.iter().map(|candidate| candidate.customer.clone());
        let out: Vec<_> =
            candidates.chain(self.card.confirmed.clone()).chain(self.card.known_customer().cloned()).collect();
        for customer in out {
            if !self.ruled_out.contains(&customer) {
                self.ruled_out.push(customer);
            }
        }
        let card = self.card_mut();
        card.confirmed = None;
        card.known = None;
        card.rejected = true;
        card.voice_changed = false;
        card.not_learnt = None;
        card.state = State::NotKnown;
    }

    /// An answer of the voice was about the voice before, so its card goes before the next decision comes; an agent's word stands.
    fn voice_changed(&mut self) {
        let card = self.card_mut();
        card.voice_changed = true;
        if card.confirmed.is_none() && !card.rejected {
            card.known = None;
            card.state = State::Listening;
            card.settled = false;
            card.someone_else = None;
            card.candidates.iter_mut().for_each(|candidate| candidate.chance = None);
        }
    }

    fn not_learnt(&mut self, customer: &CustomerId, reason: String) {
        if self.card.confirmed.as_ref() == Some(customer) {
            self.card_mut().not_learnt = Some(reason);
        }
    }

    /// Everything about the speaker before goes; the call itself stays.
    fn new_speaker(&mut self, number: Option<E164>) {
        self.ruled_out.clear();
        let card = &*self.card;
        let (since, changed) = (card.since, card.changed);
        let fresh = Card::new(card.call.clone(), card.line.clone(), since, card.evidence_at);
        let card = Card { revision: card.revision, changed, number, new_speaker: true, ended: card.ended, ..fresh };
        self.card = Arc::new(card);
    }

    fn enrolment(&mut self, customer: CustomerId, progress: Progress) {
        match progress {
            Progress::Stored => drop(self.agreed.insert(customer.clone(), true)),
            Progress::Withdrawn => drop(self.agreed.insert(customer.clone(), false)),
            Progress::Gathering { .. } | Progress::Failed(_) => {}
        }
        self.card_mut().enrolment = Some(Enrolment { customer, progress });
    }
}

#[cfg(test)]
mod tests;
