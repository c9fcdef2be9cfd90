//! Whether this sound was heard before. Somebody may play a recording of a regular down the line, so the agent is told
//! when a call sounds like an earlier one; nothing is decided by it (docs/decisions/0018-heard-before.md).
//!
//! The gate of recognition holds here too: nothing is made of a call's sound unless somebody who agreed stands behind
//! it, or an agent has flagged it.

use std::time::Duration;

use jiff::civil::Date;

use crate::customer::CustomerId;
use crate::identity::State;
use crate::speech::Fingerprint;

use super::listening::Listening;
use super::machine::{Call, Identified};
use super::pending::For;
use super::{Action, Ticket, What, Write};

/// A call of before that this one is held to.
#[derive(Clone, Debug)]
pub struct EarlierCall {
    /// Whose it was; of a flagged call perhaps nobody's.
    pub customer: Option<CustomerId>,
    pub flagged_by: Option<String>,
    /// By the calendar of the shop.
    pub on: Date,
    pub fingerprint: Fingerprint,
}

/// This call and those that it is held to.
#[derive(Default)]
pub(super) struct Replay {
    /// Whose calls the store was asked for; `None` stands for those that were flagged.
    asked: Vec<Option<CustomerId>>,
    earlier: Vec<EarlierCall>,
    /// It was one of them.
    found: bool,
    flagged_by: Option<String>,
    /// Who said yes in this call.
    agreed: Option<CustomerId>,
    /// What is left of the call after the hang-up, until the card closes.
    kept: Option<Fingerprint>,
}

/// Earlier calls at most: two people's, and what was flagged. They cost 2 kB each, and .7 ms of comparison together for a
/// second of speech (`benches/frontend.rs`).
const MAX_EARLIER: usize = 56;

impl Call {
    /// Listens for a replay while that is allowed, and forgets the sound of the call as soon as it is not.
    pub(super) fn mind_the_gate_of_replay(&mut self) {
        let flagged = self.replay.flagged_by.is_some();
        let allowed = self.replay_keep().is_some()
            && !self.speaker.is_mixed()
            && (flagged || !self.replay.found && (self.agreed_in_this_call() || self.may_follow()));
        let Some(listening) = &mut self.listening else { return };
        listening.fingerprint(allowed);
        if allowed {
            self.recall();
        }
    }

    /// The caller has said yes, whether or not a voiceprint has come of it yet.
    fn agreed_in_this_call(&self) -> bool {
        self.replay.agreed.as_ref().is_some_and(|agreed| self.confirmed(agreed))
    }

    pub(super) fn note_yes(&mut self, customer: CustomerId) {
        self.replay.agreed = Some(customer);
    }

    /// The yes could not be written down.
    pub(super) fn forget_yes(&mut self) {
        self.replay.agreed = None;
    }

    /// Asks for what this call is held to: what was flagged, and the calls of those who agreed and may be speaking.
    fn recall(&mut self) {
        let Some(keep) = self.replay_keep() else { return };
        let by_agent = match &self.identified {
            Identified::ByAgent { customer, .. } => Some(customer),
            Identified::ByVoice | Identified::SomeoneElse => None,
        };
        let by_voice = self.recognition.decision().filter(|decision| decision.state == State::Recognised);
        let first = by_voice.and_then(|decision| decision.ranked.first()).map(|ranked| &ranked.customer);
        let whose = self.recognition.agreed_of_number().chain(by_agent).chain(first).map(|who| Some(who.clone()));
        let new: Vec<_> = std::iter::once(None).chain(whose).filter(|who| !self.replay.asked.contains(who)).collect();
        for customer in new {
            if !self.replay.asked.contains(&customer) {
                self.replay.asked.push(customer.clone());
                self.actions.push_back(Action::Recall { customer, keep });
            }
        }
    }

    /// The store's answer.
    pub(super) fn on_recalled(&mut self, customer: Option<CustomerId>, earlier: Vec<EarlierCall>) {
        // It may be about a speaker before, or somebody whose yes was taken back meanwhile.
        if !self.replay.found && self.replay.asked.contains(&customer) {
            let room = MAX_EARLIER.saturating_sub(self.replay.earlier.len());
            self.replay.earlier.extend(earlier.into_iter().take(room));
        }
    }

    /// With each window of speech: whether the newest seconds are of an earlier call.
    pub(super) fn mind_a_replay(&mut self) {
        let Some(made) = self.listening.as_ref().and_then(Listening::fingerprinter) else { return };
        if made.is_full() {
            return;
        }
        let Some(n) = self.replay.earlier.iter().position(|earlier| made.replays(&earlier.fingerprint)) else { return };
        let earlier = self.replay.earlier.swap_remove(n);
        self.replay.earlier.clear();
        self.replay.found = true;
        self.publish(What::HeardBefore { on: earlier.on, flagged_by: earlier.flagged_by });
        self.write_unasked(Write::NoteReplay { customer: earlier.customer });
    }

    pub(super) fn flag(&mut self, ticket: Ticket, agent: String) {
        self.replay.flagged_by = Some(agent.clone());
        self.publish(What::Flagged);
        self.write(ticket, For::Flag, Write::NoteFlag { agent });
    }

    /// Why nothing is learnt of the voice in this call.
    pub(super) fn no_lesson(&self) -> Option<&'static str> {
        match (self.replay.found, &self.replay.flagged_by) {
            (true, _) => Some("this recording has been heard before"),
            (false, Some(_)) => Some("the call was flagged"),
            (false, None) => None,
        }
    }

    /// For the log line.
    pub(super) fn was_heard_before(&self) -> bool {
        self.replay.found
    }

    /// At the hang-up.
    pub(super) fn keep_fingerprint(&mut self) {
        self.replay.earlier.clear();
        self.replay.kept = self.listening.as_mut().and_then(Listening::take_fingerprint);
    }

    /// When the card closes, or somebody else speaks: the agent has had the time to correct themselves. What was a
    /// replay itself is kept already.
    pub(super) fn leave_fingerprint(&mut self) {
        let Some((fingerprint, keep)) = self.replay.kept.take().zip(self.replay_keep()) else { return };
        let (customer, flagged_by) = (self.outcome().0.cloned(), self.replay.flagged_by.clone());
        if flagged_by.is_some() || customer.is_some() && !self.replay.found {
            let heard_at = self.caller.at;
            self.write_unasked(Write::Fingerprint { customer, flagged_by, heard_at, fingerprint, keep });
        }
    }

    /// Somebody else speaks.
    pub(super) fn begin_replay_anew(&mut self) {
        self.keep_fingerprint();
        self.leave_fingerprint();
        self.replay = Replay::default();
    }

    /// This customer's yes was taken back.
    pub(super) fn forget_calls_of(&mut self, customer: &CustomerId) {
        let theirs = |of: &Option<CustomerId>| of.as_ref() == Some(customer);
        self.replay.earlier.retain(|earlier| !theirs(&earlier.customer));
        self.replay.asked.retain(|asked| !theirs(asked));
        self.replay.agreed.take_if(|agreed| agreed == customer);
        if self.outcome().0 == Some(customer) {
            self.replay.kept = None;
        }
    }

    fn replay_keep(&self) -> Option<Duration> {
        self.options.replay_keep
    }

    /// Nobody waits for the answer.
    pub(super) fn write_unasked(&mut self, write: Write) {
        let ticket = self.pending.ticket();
        self.write(ticket, For::Past(Ok(())), write);
    }
}
