//! What an agent asks of a call, and what comes of it.

use std::time::Instant;

use crate::base::{ErrorKind, UnixMillis};
use crate::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use crate::rtp::Digit;

use super::command::{AgentCommand, CommandError, EnrollWhom};
use super::machine::{Call, Identified};
use super::pending::For;
use super::{Action, Ticket, What, Write, Written};

impl Call {
    pub(super) fn on_command(&mut self, now: Instant, ticket: Ticket, at: UnixMillis, command: AgentCommand) {
        match command {
            AgentCommand::Confirm { customer, agent } => self.confirm(ticket, customer, agent),
            AgentCommand::SomeoneElse { .. } => {
                self.reply_to_confirm(Err(overtaken()));
                self.drop_question();
                self.note_comparison();
                self.identified = Identified::SomeoneElse;
                self.publish(What::SomeoneElse);
                self.reply(ticket, Ok(()));
            }
            AgentCommand::Enroll { customer, script, language, agent } => {
                let asked = Asked { script, language, agent, at, channel: ConsentChannel::Spoken };
                self.enroll(ticket, customer, asked);
            }
            AgentCommand::AskForKey { customer, script, language, agent } => {
                let asked = Asked { script, language, agent, at, channel: ConsentChannel::KeyPress };
                self.ask_for_key(now, ticket, customer, asked);
            }
            AgentCommand::DropQuestion => {
                self.drop_question();
                self.reply(ticket, Ok(()));
            }
            AgentCommand::WithdrawConsent { customer, agent } => {
                // Whatever the store says, nothing more is gathered from now on.
                self.stop_enrolment_of(&customer);
                if self.asks(&customer) {
                    self.drop_question();
                }
                self.write(ticket, For::Withdrawal(customer.clone()), Write::Withdraw { customer, agent });
            }
            AgentCommand::Flag { agent } => self.flag(ticket, agent),
            AgentCommand::PlaceOrder { order, agent } => {
                let reason = For::Order { customer: order.customer.clone(), agent: agent.clone() };
                self.write(ticket, reason, Write::Order { order, agent });
            }
        }
    }

    fn confirm(&mut self, ticket: Ticket, customer: CustomerId, agent: String) {
        self.reply_to_confirm(Err(overtaken()));
        self.pending.confirm = Some(ticket);
        // A key of this caller's is no yes of whom they were taken for.
        if !self.asks(&customer) {
            self.drop_question();
        }
        self.identify(customer, agent);
    }

    pub(super) fn on_withdrawn(&mut self, customer: &CustomerId) {
        if self.asks(customer) {
            self.drop_question();
        }
        self.forget_learnt(customer);
        self.forget_calls_of(customer);
        if self.stop_enrolment_of(customer) {
            self.publish(What::ConsentWithdrawn { customer: customer.clone() });
        }
    }

    fn stop_enrolment_of(&mut self, customer: &CustomerId) -> bool {
        self.enrolment.take_if(|enrolment| enrolment.customer() == customer).is_some()
    }

    pub(super) fn identify(&mut self, customer: CustomerId, agent: String) {
        self.note_comparison();
        self.identified = Identified::ByAgent { customer: customer.clone(), agent };
        // Read afresh even if the voice has had it fetched: what the agent acts on is what the books say now.
        self.pending.forget_fetch(&customer);
        self.pending.ask(&Action::Fetch(customer.clone()));
        self.fetch(customer, false);
    }

    pub(super) fn confirmed(&self, customer: &CustomerId) -> bool {
        matches!(&self.identified, Identified::ByAgent { customer: by_agent, .. } if by_agent == customer)
    }

    pub(super) fn reply_to_confirm(&mut self, result: Result<(), CommandError>) {
        if let Some(ticket) = self.pending.confirm.take() {
            self.reply(ticket, result);
        }
    }

    pub(super) fn confirm_failed(&mut self, customer: &CustomerId, error: CommandError) {
        if self.confirmed(customer) {
            self.identified = Identified::ByVoice;
            self.reply_to_confirm(Err(error));
        }
    }

    fn ask_for_key(&mut self, now: Instant, ticket: Ticket, whom: EnrollWhom, asked: Asked) {
        let refusal = self.no_enrolment_now();
        if refusal.is_none() {
            self.question = Some(Question { whom, asked, asked_at: now });
            self.publish(What::AwaitingKey(true));
        }
        self.reply(ticket, refusal.map_or(Ok(()), Err));
    }

    pub(super) fn drop_question(&mut self) {
        if self.question.take().is_some() {
            self.publish(What::AwaitingKey(false));
        }
    }

    /// Whether the open question is to this customer.
    fn asks(&self, whom: &CustomerId) -> bool {
        matches!(&self.question, Some(Question { whom: EnrollWhom::Customer(asked), .. }) if asked == whom)
    }

    /// A key that the caller pressed. Only the answer to an open question is looked at: what else callers key in, such as
    /// numbers of cards, is nobody's business here.
    pub(super) fn on_digit(&mut self, now: Instant, digit: Digit) {
        if digit.key() != YES {
            return;
        }
        let Some(Question { whom, mut asked, asked_at }) = self.question.take() else { return };
        self.publish(What::AwaitingKey(false));
        let waited_ms = now.saturating_duration_since(asked_at).as_millis();
        asked.at = UnixMillis(asked.at.0.saturating_add(waited_ms.try_into().unwrap_or(i64::MAX)));
        // Nobody waits for this answer; a failure shows on the card.
        let ticket = self.pending.ticket();
        self.enroll(ticket, whom, asked);
    }

    fn no_enrolment_now(&self) -> Option<CommandError> {
        let message = if !self.is_live() {
            HUNG_UP
        } else if self.speaker.is_mixed() {
            "Both voices come in one stream, so the caller's cannot be learnt alone."
        } else if self.enrolment.is_some() || self.pending.awaits_customer() {
            "This caller's voice is being learnt already."
        } else {
            return None;
        };
        Some(CommandError::new(ErrorKind::Conflict, message))
    }

    fn enroll(&mut self, ticket: Ticket, whom: EnrollWhom, asked: Asked) {
        self.drop_question();
        if let Some(refusal) = self.no_enrolment_now() {
            return self.reply(ticket, Err(refusal));
        }
        match whom {
            EnrollWhom::Customer(customer) => {
                self.begin_enrolment(asked.consent(customer));
                self.reply(ticket, Ok(()));
            }
            EnrollWhom::New { name } => {
                let consent = asked.consent(CustomerId::new(""));
                self.write(ticket, For::NewCustomer(consent), Write::NewCustomer { name });
            }
        }
    }

    /// Stores the voiceprint when there is speech enough for one, else says why not.
    pub(super) fn finish_enrolment(&mut self) {
        let Some(enrolment) = self.enrolment.take() else { return };
        let customer = enrolment.customer().clone();
        if let Some(reason) = self.no_lesson() {
            return self.publish(What::EnrollFailed { customer, reason: reason.to_owned() });
        }
        let (consent, voiceprint) = enrolment.finish(&self.model, self.caller.at);
        match voiceprint {
            Ok(voiceprint) => {
                let ticket = self.pending.ticket();
                self.write(ticket, For::Enrolment(customer), Write::Enroll { consent, voiceprint });
            }
            Err(error) => self.publish(What::EnrollFailed { customer, reason: error.to_string() }),
        }
    }

    pub(super) fn on_written(&mut self, ticket: Ticket, outcome: Result<Written, CommandError>) {
        let Some(reason) = self.pending.take_write(ticket) else { return };
        let result = match (reason, outcome) {
            (For::NewCustomer(_), Ok(Written::Customer(_))) if !self.is_live() => {
                Err(CommandError::new(ErrorKind::Conflict, HUNG_UP))
            }
            (For::NewCustomer(consent), Ok(Written::Customer(customer))) => {
                self.begin_enrolment(ConsentRecord { customer, ..consent });
                Ok(())
            }
            // The card is gone; a refusal is in the log.
            (For::Refresh, _) => return,
            (For::Consent | For::Flag, Ok(_)) => Ok(()),
            (For::Past(result), Ok(_)) => result,
            (For::Consent, Err(error)) => {
                self.forget_yes();
                if let Some(enrolment) = self.enrolment.take() {
                    let customer = enrolment.customer().clone();
                    self.publish(What::EnrollFailed { customer, reason: error.message.clone() });
                }
                Err(error)
            }
            (For::Enrolment(customer), Ok(_)) => {
                self.publish(What::Enrolled { customer });
                Ok(())
            }
            (For::Enrolment(customer), Err(error)) => {
                self.publish(What::EnrollFailed { customer, reason: error.message.clone() });
                Err(error)
            }
            (For::Withdrawal(customer), Ok(_)) => {
                self.publish(What::ConsentWithdrawn { customer });
                Ok(())
            }
            (For::Order { customer, agent }, Ok(Written::Order(order))) => {
                // Who takes an order for this customer has said who it is.
                if !self.confirmed(&customer) {
                    self.identify(customer, agent);
                }
                self.order_placed = true;
                self.publish(What::OrderPlaced { order });
                Ok(())
            }
            (_, Ok(_)) => Err(CommandError::new(ErrorKind::Internal, "The store gave an answer of another kind.")),
            (_, Err(error)) => Err(error),
        };
        self.reply(ticket, result);
    }

    pub(super) fn write(&mut self, ticket: Ticket, reason: For, write: Write) {
        self.pending.await_write(ticket, reason);
        self.actions.push_back(Action::Write { ticket, write });
    }

    fn reply(&mut self, ticket: Ticket, result: Result<(), CommandError>) {
        self.actions.push_back(Action::Reply { ticket, result });
    }
}

const HUNG_UP: &str = "The caller has hung up; a voice can be remembered only while they speak.";

pub(super) fn overtaken() -> CommandError {
    CommandError::new(ErrorKind::Conflict, "Another choice was made meanwhile.")
}

/// The key that the consent scripts ask for.
const YES: char = '1';

/// The caller may answer with a key.
pub(super) struct Question {
    whom: EnrollWhom,
    asked: Asked,
    asked_at: Instant,
}

/// The words that were read out, by whom, when, and how they are answered.
struct Asked {
    script: String,
    language: String,
    agent: String,
    at: UnixMillis,
    channel: ConsentChannel,
}

impl Asked {
    fn consent(self, customer: CustomerId) -> ConsentRecord {
        ConsentRecord {
            customer,
            purpose: Purpose::Recognise,
            given: true,
            at: self.at,
            script: self.script,
            language: self.language,
            channel: self.channel,
            operator: self.agent,
            call: None,
        }
    }
}
