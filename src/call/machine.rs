//! One call as a machine without I/O: events and datagrams in, actions out, time by argument.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::{E164, Pii, UnixMillis};
use crate::customer::{CustomerId, PersonAtNumber};
use crate::identity::{self, Decision, State, VoiceUse};
use crate::rtp;
use crate::sip::Roles;
use crate::speech::Reading;
use crate::voice::{Bandwidth, Calibration, Embedding, ModelId, SpoofRule};

use super::commands::Question;
use super::enrolment::{Enrolment, WINDOW_MS};
use super::follow::Followed;
use super::judged::Compared;
use super::listening::{Heard, Listening};
use super::pending::{For, Pending};
use super::recognition::{Recognition, Voiceprints};
use super::replay::Replay;
use super::speaker::Speaker;
use super::spoof::Spoof;
use super::{Action, EndCause, Event, Known, Missing, Person, What, Write};

#[derive(Clone, Debug)]
pub struct Options {
    pub identity: identity::Options,
    pub receiver: rtp::ReceiverOptions,
    /// Silence of the peer after which a call counts as lost.
    pub media_timeout: Duration,
    /// How long the card stays after the hang-up.
    pub wrap_up: Duration,
    /// At most one confirmed call joins its caller's voiceprint in this time; `None`: none ever does.
    pub refresh_every: Option<Duration>,
    /// How long the fingerprint of a call is kept; `None`: none is made.
    pub replay_keep: Option<Duration>,
}

/// What the INVITE told.
#[derive(Clone, Debug)]
pub struct Caller {
    pub number: Option<E164>,
    /// As the caller's telephone or exchange calls them.
    pub name: Option<Pii<String>>,
    pub at: UnixMillis,
    /// What a recording session says at its start; empty in a plain call.
    pub roles: Roles,
}

/// What comes in [`Call::hear`].
#[derive(Clone, Copy)]
pub enum Piece<'a> {
    Payload {
        codec: rtp::Codec,
        bytes: &'a [u8],
    },
    /// Time without anything to hear.
    Unheard(Duration),
    Digit(rtp::Digit),
}

/// What voiceprints a call may be compared with, and by which rule.
#[derive(Clone)]
pub struct Voices {
    pub model: ModelId,
    /// What its windows are filled with.
    pub features: Reading,
    pub calibration: Arc<Calibration>,
    pub voiceprints: Arc<Voiceprints>,
    /// Of the anti-spoofing model, if one is in use.
    pub spoof: Option<SpoofRule>,
}

pub struct Call {
    pub(super) caller: Caller,
    pub(super) model: ModelId,
    pub(super) options: Options,
    phase: Phase,
    /// `None` after the hang-up: what was heard is gone with it.
    pub(super) listening: Option<Listening>,
    heard: Heard,
    pub(super) speaker: Speaker,
    pub(super) recognition: Recognition,
    pub(super) enrolment: Option<Enrolment>,
    /// Made with the first window: most held calls never have one.
    pub(super) followed: Option<Box<Followed>>,
    pub(super) replay: Replay,
    pub(super) spoof: Spoof,
    pub(super) missing: Option<Missing>,
    /// Windows in a row of which the model made nothing.
    pub(super) without_embedding: u32,
    /// Windows that were neither music nor a tone.
    pub(super) voiced: u32,
    /// Open to a key of the caller's.
    pub(super) question: Option<Question>,
    pub(super) identified: Identified,
    /// Everyone whom a decision may name.
    people: Vec<Person>,
    pub(super) known: Option<Arc<Known>>,
    pub(super) order_placed: bool,
    pub(super) compared: Option<(Bandwidth, Compared)>,
    pub(super) pending: Pending,
    pub(super) actions: VecDeque<Action>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Live,
    /// Hung up; the agent may finish.
    WrapUp {
        until: Instant,
    },
    Closed,
}

/// Who says who it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Identified {
    ByVoice,
    /// An agent did; the voice is no longer asked.
    ByAgent {
        customer: CustomerId,
        agent: String,
    },
    /// An agent ruled out whom we ranked.
    SomeoneElse,
}

impl Call {
    pub fn new(now: Instant, caller: Caller, voices: Voices, options: Options) -> Self {
        let listening = Listening::new(options.receiver, voices.features, now);
        let mut recognition = Recognition::new(options.identity.clone(), voices.calibration, voices.voiceprints);
        let speaker = Speaker::new(caller.roles.clone());
        recognition.set_mixed(speaker.is_mixed());
        let ringing = What::Ringing { number: caller.number.clone() };
        let named = caller.name.clone().map(What::LineName);
        let told = std::iter::once(ringing).chain(named).map(Action::Publish);
        let actions: VecDeque<_> = told.chain([Action::LookUp]).collect();
        Self {
            caller,
            model: voices.model,
            options,
            phase: Phase::Live,
            listening: Some(listening),
            heard: Heard::default(),
            speaker,
            recognition,
            enrolment: None,
            followed: None,
            replay: Replay::default(),
            spoof: Spoof::new(voices.spoof),
            missing: None,
            without_embedding: 0,
            voiced: 0,
            question: None,
            identified: Identified::ByVoice,
            people: Vec::new(),
            known: None,
            order_placed: false,
            compared: None,
            pending: Pending::default(),
            actions,
        }
    }

    /// Takes one datagram from the media port: the path that runs fifty times a second.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if let Some(listening) = &mut self.listening {
            listening.receive(now, from, datagram);
            self.listen(now);
        }
    }

    /// Takes one piece of a way in that keeps the order itself, such as a WebSocket.
    pub fn hear(&mut self, now: Instant, piece: Piece<'_>) {
        self.mind_the_gate_of_replay();
        let Some(listening) = &mut self.listening else { return };
        if self.speaker.is_mixed() {
            return;
        }
        match piece {
            Piece::Payload { codec, bytes } => listening.hear(now, codec, bytes),
            Piece::Unheard(time) => listening.skip(now, time),
            Piece::Digit(digit) => listening.digit(now, digit),
        }
        self.listen(now);
    }

    pub fn handle(&mut self, now: Instant, event: Event) {
        match event {
            Event::Media(media) => self.on_media(now, &media),
            Event::People(people) => self.on_people(people),
            Event::Recalled { customer, earlier } => self.on_recalled(customer, earlier),
            Event::Described { customer, name } => self.on_described(customer, name),
            Event::Fetched { customer, known } => self.on_fetched(&customer, known),
            Event::Changed(changed) => self.on_changed(&changed),
            Event::Withdrawn(customer) => self.on_withdrawn(&customer),
            Event::Embedded { net_speech_ms, embedding, spoof } => {
                match embedding {
                    Ok(embedding) => self.on_embedding(&embedding, net_speech_ms),
                    // It is logged by the task; the next one may be better.
                    Err(_) => self.without_embedding += 1,
                }
                if let Some(score) = spoof {
                    self.on_spoof_score(score, net_speech_ms);
                }
            }
            Event::Voiceprints(voiceprints) => self.on_voiceprints(voiceprints),
            Event::Command { ticket, at, command } => self.on_command(now, ticket, at, command),
            Event::Written { ticket, outcome } => self.on_written(ticket, outcome),
            Event::Ended(cause) => self.on_ended(now, cause),
        }
    }

    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`Call::handle_timeout`] is due; `None` when only events can change anything.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Live => {
                let listening = self.listening.as_ref()?;
                let media = listening.media_timeout(self.options.media_timeout);
                [listening.poll_timeout(), media].into_iter().flatten().min()
            }
            Phase::WrapUp { until } => Some(until),
            Phase::Closed => None,
        }
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        match self.phase {
            Phase::Live => {
                self.listen(now);
                let timeout = self.options.media_timeout;
                if self.listening.as_ref().and_then(|l| l.media_timeout(timeout)).is_some_and(|due| due <= now) {
                    self.actions.push_back(Action::HangUp);
                    self.on_ended(now, EndCause::MediaTimeout);
                }
            }
            Phase::WrapUp { until } if until <= now => self.close(),
            _ => {}
        }
    }

    /// The card is gone and nothing more will happen.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// What is to be sent at this moment: silence that keeps middleboxes open, and reports.
    pub fn outgoing(&self) -> Option<rtp::Outgoing<'_>> {
        self.listening.as_ref()?.outgoing()
    }

    pub fn heard(&self) -> Heard {
        match &self.listening {
            Some(listening) => listening.heard(),
            None => self.heard,
        }
    }

    /// Whom the card stands for, and the stated chance: 1 when an agent said so.
    pub fn outcome(&self) -> (Option<&CustomerId>, f32) {
        match (&self.identified, self.recognition.decision()) {
            (Identified::ByAgent { customer, .. }, _) => (Some(customer), 1.0),
            (Identified::ByVoice, Some(decision)) if decision.state == State::Recognised => {
                (decision.ranked.first().map(|r| &r.customer), decision.ranked.first().map_or(0.0, |r| r.chance))
            }
            (_, decision) => (None, decision.map_or(0.0, |d| d.someone_else)),
        }
    }

    /// The gate: a window leaves for the embedder only when a consented candidate stands behind this call, or the caller
    /// agreed in this call. Any other window is dropped here.
    fn listen(&mut self, now: Instant) {
        self.mind_the_gate_of_replay();
        let Some(listening) = &mut self.listening else { return };
        if self.speaker.is_mixed() {
            // Counted, so that a dead line is noticed, and heard by nobody.
            return listening.discard(now);
        }
        listening.advance(now);
        while let Some(digit) = self.listening.as_mut().and_then(Listening::next_digit) {
            self.on_digit(now, digit);
        }
        while let Some(window) = self.listening.as_mut().and_then(Listening::next_window) {
            self.mind_a_replay();
            if is_of_another(&self.speaker, window.net_speech_ms) || self.takes_for_steady(&window) {
                continue;
            }
            let by_candidate = self.identified == Identified::ByVoice && self.recognition.wants_speech();
            let agreed = self.enrolment.as_ref().is_some_and(|enrolment| enrolment.wants(window.net_speech_ms));
            let follows = self.still_follows(window.net_speech_ms);
            if by_candidate || agreed || follows {
                let window = self.with_or_without_score(window, by_candidate);
                self.actions.push_back(Action::Embed(window));
            }
        }
        self.mind_what_is_missing();
    }

    fn on_people(&mut self, people: Result<Vec<PersonAtNumber>, ()>) {
        if !self.is_of_this_number() {
            return;
        }
        let people = people.ok();
        let known = people.clone().unwrap_or_default();
        self.people.extend(known.iter().map(|p| Person { customer: p.customer.clone(), name: p.name.clone() }));
        self.publish(What::ByNumber { people: known });
        self.recognition.set_people(people);
        self.show_decision();
    }

    fn on_voiceprints(&mut self, voiceprints: Arc<Voiceprints>) {
        if self.phase != Phase::Live {
            return;
        }
        let changed = self.recognition.set_gallery(voiceprints);
        if !self.may_follow() {
            self.unfollow();
        }
        if changed {
            self.show_decision();
        }
    }

    fn on_embedding(&mut self, embedding: &Embedding, net_speech_ms: u32) {
        if self.phase != Phase::Live || is_of_another(&self.speaker, net_speech_ms) {
            return;
        }
        self.without_embedding = 0;
        let Some(listening) = &self.listening else { return };
        let condition = listening.condition_at(net_speech_ms);
        if self.identified == Identified::ByVoice && self.recognition.hear(embedding, condition.snr_db) {
            self.show_decision();
        }
        self.follow(embedding, net_speech_ms, condition);
        if let Some(enrolment) = &mut self.enrolment {
            enrolment.hear(embedding, net_speech_ms, condition);
            let (net_speech_ms, needed_ms) = enrolment.progress();
            let good = enrolment.is_good();
            let customer = enrolment.customer().clone();
            self.publish(What::Enrolling { customer, net_speech_ms, needed_ms });
            if good {
                self.finish_enrolment();
            }
        }
    }

    /// Puts the present decision on the screen, or asks for what is missing to do so.
    pub(super) fn show_decision(&mut self) {
        let Some(decision) = self.recognition.decision().cloned() else { return };
        if self.identified != Identified::ByVoice {
            return;
        }
        let mut complete = true;
        for ranked in &decision.ranked {
            if !self.people.iter().any(|person| person.customer == ranked.customer) {
                complete = false;
                self.ask_once(Action::Describe(ranked.customer.clone()));
            }
        }
        if let Some(first) = decision.ranked.first()
            && matches!(decision.state, State::Probably | State::Recognised)
            && self.known_of(&first.customer).is_none()
        {
            let customer = first.customer.clone();
            if self.pending.ask(&Action::Fetch(customer.clone())) {
                self.fetch(customer, false);
            }
        }
        if complete {
            self.publish_decision(decision);
        }
    }

    fn publish_decision(&mut self, decision: Decision) {
        let person = |customer: &CustomerId| self.people.iter().find(|person| person.customer == *customer).cloned();
        let people = decision.ranked.iter().filter_map(|ranked| person(&ranked.customer)).collect();
        let known = match (decision.state, decision.ranked.first()) {
            (State::Recognised, Some(first)) => self.known_of(&first.customer),
            _ => None,
        };
        self.publish(What::Decided { decision, people, known });
    }

    fn on_described(&mut self, customer: CustomerId, name: Option<Pii<String>>) {
        // A customer deleted meanwhile is shown by key until the next decision leaves them out.
        let name = name.unwrap_or_else(|| customer.to_string().into());
        self.people.push(Person { customer, name });
        self.show_decision();
    }

    pub(super) fn known_of(&self, customer: &CustomerId) -> Option<Arc<Known>> {
        self.known.as_ref().filter(|known| known.dossier.profile.customer == *customer).cloned()
    }

    fn ask_once(&mut self, action: Action) {
        if self.pending.ask(&action) {
            self.actions.push_back(action);
        }
    }

    pub(super) fn publish(&mut self, what: What) {
        self.actions.push_back(Action::Publish(what));
    }

    /// Starts gathering speech that is said from now on.
    pub(super) fn begin_enrolment(&mut self, consent: crate::customer::ConsentRecord) {
        // Who agrees for this caller has said who it is.
        self.identify(consent.customer.clone(), consent.operator.clone());
        self.note_yes(consent.customer.clone());
        let ticket = self.pending.ticket();
        self.write(ticket, For::Consent, Write::Consent(consent.clone()));
        let enrolment = Enrolment::new(consent, self.heard().net_speech_ms);
        let (net_speech_ms, needed_ms) = enrolment.progress();
        self.publish(What::Enrolling { customer: enrolment.customer().clone(), net_speech_ms, needed_ms });
        self.enrolment = Some(enrolment);
    }

    fn on_ended(&mut self, now: Instant, cause: EndCause) {
        if self.phase != Phase::Live {
            if cause == EndCause::Shutdown {
                self.close();
            }
            return;
        }
        self.heard = Heard { ended: Some(cause), ..self.heard() };
        self.drop_question();
        self.finish_enrolment();
        self.mind_too_little_voice();
        self.learn_from_call();
        self.keep_fingerprint();
        self.note_comparison();
        self.listening = None;
        self.recognition.forget_voice();
        self.publish(What::Ended { cause });
        self.phase = Phase::WrapUp { until: now + self.options.wrap_up };
        if cause == EndCause::Shutdown {
            self.close();
        }
    }

    /// The card goes, whatever the agent still wanted of it.
    pub fn close(&mut self) {
        if self.phase == Phase::Closed {
            return;
        }
        self.leave_contact();
        self.leave_voice();
        self.leave_fingerprint();
        self.leave_verdict();
        self.publish(What::Closed);
        self.phase = Phase::Closed;
    }

    /// The call so far, as a contact of whom an agent confirmed.
    pub(super) fn leave_contact(&mut self) {
        if let Identified::ByAgent { customer, agent } = &self.identified {
            let wanted = if self.order_placed { "Placed an order" } else { "Called" };
            let write = Write::Contact {
                customer: customer.clone(),
                agent: agent.clone(),
                began: self.caller.at,
                wanted: wanted.to_owned().into(),
            };
            let ticket = self.pending.ticket();
            self.actions.push_back(Action::Write { ticket, write });
        }
    }

    pub(super) fn refresh_every(&self) -> Option<Duration> {
        self.options.refresh_every
    }

    /// Whether the voice is of use in this call, for the log line.
    pub fn voice_use(&self) -> VoiceUse {
        self.recognition.voice_use()
    }
}

/// Whether a window that ends at `net_speech_ms` holds speech of the speaker before.
pub(super) fn is_of_another(speaker: &Speaker, net_speech_ms: u32) -> bool {
    speaker.since_ms > 0 && net_speech_ms < speaker.since_ms + WINDOW_MS
}

#[cfg(test)]
mod tests;
