//! Once the answer stands: does the same voice still speak, and what has this call to add to its owner's voiceprint?
//!
//! Both need windows of the whole call, and only while somebody who agreed stands behind it: the gate of the first seconds
//! holds here too (docs/decisions/0014-voiceprints-from-several-calls.md).

use std::collections::VecDeque;

use crate::customer::CustomerId;
use crate::identity::{State, VoiceUse};
use crate::voice::enroll::{Condition, Enroller, GOOD_MS};
use crate::voice::{Centroid, Embedding, NotRefreshed, Pooled, VoiceError};

use super::enrolment::WINDOW_MS;
use super::machine::{Call, Identified};
use super::pending::For;
use super::{What, Write};

/// One call's windows, none overlapping another: half as many as are compared in the first seconds.
#[derive(Default)]
pub(super) struct Followed {
    /// Net speech at the end of the newest window taken, in milliseconds.
    until_ms: Option<u32>,
    /// The same of the newest window that was asked for.
    asked_ms: Option<u32>,
    earlier: Pooled,
    /// The newest windows, oldest first.
    stretch: VecDeque<Embedding>,
    enroller: Enroller,
    /// Net speech in the enroller.
    gathered_ms: u32,
    /// More than one voice was heard: none of them is learnt.
    changed: bool,
    /// The whole call, ready to join this customer's print when the card closes.
    learnt: Option<(CustomerId, Centroid)>,
}

/// Windows on each side that say whether the voice is another: 4.8 s.
const STRETCH: usize = 3;
/// Cosine of the newest stretch with the call before it. On the development recordings (clean, noise, another phone) none
/// of 96 with one voice fell below .31, and 85 % of pairs of people lie below .25. It is asked at every window of a long
/// call, so it is set to miss some rather than to cry wolf.
const SAME_VOICE: f32 = 0.25;

impl Followed {
    /// Whether a window that ends here has nothing in common with the newest one taken.
    fn is_apart(newest_ms: Option<u32>, net_speech_ms: u32) -> bool {
        newest_ms.is_none_or(|newest_ms| net_speech_ms >= newest_ms + WINDOW_MS)
    }

    /// Gives the newest windows when they are of another voice than those before.
    fn hear(&mut self, embedding: &Embedding, net_speech_ms: u32, condition: Condition) -> Option<VecDeque<Embedding>> {
        if !Self::is_apart(self.until_ms, net_speech_ms) {
            return None;
        }
        self.until_ms = Some(net_speech_ms);
        if !self.changed && self.gathered_ms < GOOD_MS {
            self.gathered_ms += WINDOW_MS;
            self.enroller.add(embedding, self.gathered_ms, condition);
        }
        self.stretch.push_back(embedding.clone());
        if self.stretch.len() > STRETCH
            && let Some(older) = self.stretch.pop_front()
        {
            self.earlier.add(&older);
        }
        if self.stretch.len() < STRETCH || (self.earlier.windows() as usize) < STRETCH {
            return None;
        }
        let mut newest = Pooled::new();
        self.stretch.iter().for_each(|window| newest.add(window));
        let (earlier, newest) = self.earlier.embedding().zip(newest.embedding())?;
        if earlier.cosine(&newest).0 >= SAME_VOICE {
            return None;
        }
        // The change may lie within the first of them.
        let mut stretch = std::mem::take(&mut self.stretch);
        stretch.pop_front();
        let (until_ms, asked_ms) = (self.until_ms, self.asked_ms);
        *self = Self { until_ms, asked_ms, changed: true, stretch: stretch.clone(), ..Self::default() };
        Some(stretch)
    }
}

impl Call {
    /// Whether a window that ends at `net_speech_ms` is wanted beyond the decision.
    pub(super) fn still_follows(&mut self, net_speech_ms: u32) -> bool {
        let answered = match self.identified {
            Identified::ByVoice => self.recognition.decision().is_some_and(|decision| decision.settled),
            Identified::ByAgent { .. } | Identified::SomeoneElse => true,
        };
        let newest_ms = self.followed.as_ref().and_then(|followed| followed.asked_ms.max(followed.until_ms));
        let follows = answered && self.may_follow() && Followed::is_apart(newest_ms, net_speech_ms);
        if follows {
            self.followed.get_or_insert_default().asked_ms = Some(net_speech_ms);
        }
        follows
    }

    /// Somebody who agreed stands behind the call: by the number, or by an agent's word.
    pub(super) fn may_follow(&self) -> bool {
        match &self.identified {
            // Whom the wider search does not know is left alone once that is settled.
            Identified::ByVoice => {
                let settled_as = self.recognition.decision().filter(|decision| decision.settled).map(|d| d.state);
                self.recognition.voice_use() == VoiceUse::Allowed
                    && (self.recognition.agreed_at_number() || settled_as != Some(State::NotKnown))
            }
            Identified::ByAgent { customer, .. } => {
                !self.speaker.is_mixed() && self.recognition.gallery().contains(customer)
            }
            Identified::SomeoneElse => false,
        }
    }

    pub(super) fn follow(&mut self, embedding: &Embedding, net_speech_ms: u32, condition: Condition) {
        if !self.may_follow() {
            return self.unfollow();
        }
        let followed = self.followed.get_or_insert_default();
        let Some(newest) = followed.hear(embedding, net_speech_ms, condition) else { return };
        self.publish(What::VoiceChanged);
        self.score_anew();
        if let Some(enrolment) = self.enrolment.take() {
            let customer = enrolment.customer().clone();
            self.publish(What::EnrollFailed { customer, reason: VoiceError::TwoVoices.to_string() });
        }
        // An agent's word stands until they take it back; an answer of the voice was about the voice before.
        if self.identified == Identified::ByVoice {
            self.recognition.begin_anew(self.speaker.is_mixed(), true);
            for window in &newest {
                self.recognition.hear(window, condition.snr_db);
            }
            self.show_decision();
        }
    }

    /// Overwrites what was heard.
    pub(super) fn unfollow(&mut self) {
        self.followed = None;
    }

    /// At the hang-up: of a confirmed caller with a print, the mean of this call is kept until the card closes.
    pub(super) fn learn_from_call(&mut self) {
        let Some(followed) = self.followed.take() else { return };
        let (Identified::ByAgent { customer, .. }, Some(every), false) =
            (&self.identified, self.refresh_every(), followed.changed)
        else {
            return;
        };
        let Some(print) = self.recognition.gallery().get(customer) else { return };
        let customer = customer.clone();
        if let Some(reason) = self.no_refresh() {
            return self.publish(What::NotLearnt { customer, reason: reason.to_owned() });
        }
        let heard = match followed.enroller.finish_call(self.caller.at) {
            Ok(heard) => heard,
            Err(VoiceError::TwoVoices) => {
                return self.publish(What::NotLearnt { customer, reason: VoiceError::TwoVoices.to_string() });
            }
            // Most calls are short.
            Err(_) => return,
        };
        match print.refreshed(heard.clone(), every) {
            Ok(_) => self.followed.get_or_insert_default().learnt = Some((customer, heard)),
            Err(NotRefreshed::TooSoon) => {}
            Err(outlier) => self.publish(What::NotLearnt { customer, reason: outlier.to_string() }),
        }
    }

    /// When the card closes: the agent has had the time to correct themselves.
    pub(super) fn leave_voice(&mut self) {
        let learnt = self.followed.take().and_then(|followed| followed.learnt);
        let Some((customer, heard)) = learnt else { return };
        if let Identified::ByAgent { customer: confirmed, agent } = &self.identified
            && *confirmed == customer
            && let Some(every) = self.refresh_every()
            // An agent may have flagged it meanwhile.
            && self.no_refresh().is_none()
        {
            let write = Write::Refresh { customer, agent: agent.clone(), heard, every };
            let ticket = self.pending.ticket();
            self.write(ticket, For::Refresh, write);
        }
    }

    /// This customer's yes was taken back.
    pub(super) fn forget_learnt(&mut self, customer: &CustomerId) {
        if let Some(followed) = &mut self.followed {
            followed.learnt.take_if(|(learnt, _)| learnt == customer);
        }
    }
}
