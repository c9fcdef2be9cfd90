//! Who speaks in a recorded call, and what happens when that changes: a transfer or a conference puts somebody else on the
//! line, and nothing of what was heard before may count for them.

use std::time::Instant;

use crate::base::{E164, ErrorKind};
use crate::sip::{Media, Roles};

use super::commands::overtaken;
use super::machine::{Call, Identified};
use super::{Action, CommandError, What};

/// What a recording session has told of the people on the line. Nothing, in a plain call.
pub(super) struct Speaker {
    roles: Roles,
    /// Net speech of the call when this speaker began, in milliseconds. Earlier speech is somebody else's.
    pub(super) since_ms: u32,
    look_up: LookUp,
}

/// The question of who calls from this number.
#[derive(PartialEq)]
enum LookUp {
    Answered,
    Asked,
    /// The number has changed since it was asked.
    AskedOfAnother,
}

impl Speaker {
    /// At the start, when the store is asked.
    pub(super) fn new(roles: Roles) -> Self {
        Self { roles, since_ms: 0, look_up: LookUp::Asked }
    }

    /// Others speak on the caller's stream too.
    pub(super) fn is_mixed(&self) -> bool {
        self.roles.hear.is_some_and(|hear| hear.mixed)
    }
}

impl Call {
    pub(super) fn on_media(&mut self, now: Instant, media: &Media) {
        let before = self.speaker.roles.hear;
        if let Some(roles) = &media.roles
            && self.is_live()
        {
            self.on_roles(now, roles);
        }
        let Some(listening) = &mut self.listening else { return };
        match media.heard() {
            // Metadata alone does not open the latch for another source.
            Some(stream) if media.renegotiated || before != self.speaker.roles.hear => {
                listening.negotiated(now, &stream.media);
            }
            Some(_) => {}
            None => listening.hold(),
        }
    }

    fn on_roles(&mut self, now: Instant, roles: &Roles) {
        let another = self.speaker.roles.another_speaker(roles);
        let number = roles.caller.as_ref().and_then(|caller| caller.number.number.clone());
        let line_before = self.speaker.roles.line().cloned();
        self.speaker.roles.take_up(roles);
        if let Some(line) = roles.line()
            && line_before.as_ref() != Some(line)
        {
            self.publish(What::Moved { line: line.clone() });
        }
        if another {
            self.begin_anew(now, number);
        } else {
            if self.recognition.set_mixed(self.speaker.is_mixed()) {
                self.show_decision();
            }
            if number.is_some() && self.caller.number.is_none() {
                self.caller.number.clone_from(&number);
                self.publish(What::Ringing { number });
                self.look_up();
            }
        }
    }

    /// Forgets whom it has heard. What was agreed or written for them stands.
    fn begin_anew(&mut self, now: Instant, number: Option<E164>) {
        self.reply_to_confirm(Err(overtaken()));
        // The words were read to somebody else.
        self.drop_question();
        self.leave_contact();
        self.begin_replay_anew();
        self.begin_spoof_anew();
        self.identified = Identified::ByVoice;
        self.compared = None;
        self.unfollow();
        self.known = None;
        self.order_placed = false;
        self.pending.another_speaker(&CommandError::new(ErrorKind::Conflict, SOMEBODY_ELSE));
        if let Some(listening) = &mut self.listening {
            listening.discard(now);
        }
        self.speaker.since_ms = self.heard().net_speech_ms;
        self.publish(What::NewSpeaker { number: number.clone() });
        if let Some(enrolment) = self.enrolment.take() {
            let customer = enrolment.customer().clone();
            self.publish(What::EnrollFailed { customer, reason: SOMEBODY_ELSE.to_owned() });
        }
        let same_number = self.caller.number == number;
        self.caller.number = number;
        self.recognition.begin_anew(self.speaker.is_mixed(), same_number);
        if same_number {
            self.show_decision();
        } else {
            self.look_up();
        }
    }

    fn look_up(&mut self) {
        if self.speaker.look_up == LookUp::Answered {
            self.speaker.look_up = LookUp::Asked;
            self.actions.push_back(Action::LookUp);
        } else {
            self.speaker.look_up = LookUp::AskedOfAnother;
        }
    }

    /// Whether the store's answer is about the present number; if not, it is asked again.
    pub(super) fn is_of_this_number(&mut self) -> bool {
        let stale = self.speaker.look_up == LookUp::AskedOfAnother;
        self.speaker.look_up = LookUp::Answered;
        if stale {
            self.look_up();
        }
        !stale
    }

    /// Whom [`Action::LookUp`] asks about.
    pub fn number(&self) -> Option<&E164> {
        self.caller.number.as_ref()
    }
}

/// For the agent, where something of theirs ended with the speaker.
const SOMEBODY_ELSE: &str = "Somebody else is speaking now; please ask them too.";
