//! Calls without a telephone: embeddings are handed in, so that a voice is whoever the test says.

use super::*;
use crate::base::{ErrorKind, Pii};
use crate::call::{AgentCommand, CommandError, EnrollWhom, OrderRequest, Ticket, Written};
use crate::customer::care::Care;
use crate::customer::{ConsentChannel, Dossier, OrderLine, Party, Profile};
use crate::identity::Search;
use crate::speech::wav;
use crate::voice::enroll::GOOD_MS;
use crate::voice::{Centroid, VoiceError, Voiceprint};

mod follow;
mod judged;
mod news;
mod replay;
mod speakers;
mod spoof;

const MODEL: &str = "0123456789abcdef-fe1";
/// Same speaker at cosine 0.8: an LLR of +20 on a score of 1, -20 on a score below 0.6.
const CALIBRATION: &str = r#"
model = "0123456789abcdef-fe1"
data = "none: made for tests"
attribution = ""
[weights]
bias = -80.0
score = 100.0
speech = 0.0
score_speech = 0.0
[limits]
net_speech_ms = [1600, 20000]
llr = [-20.0, 20.0]
"#;

/// A plain call's stream.
fn agreed(media: rtp::Negotiated) -> Event {
    let stream = crate::sip::Stream { slot: 0, label: None, media };
    Event::Media(crate::sip::Media { streams: vec![stream], roles: None, renegotiated: true })
}

/// Three people whose voices have nothing in common.
fn voice(of: &str) -> Embedding {
    let axis = ["anna", "ben", "cleo", "stranger"].iter().position(|name| *name == of).unwrap();
    Embedding::from_values((0..4).map(|n| if n == axis { 1.0 } else { 0.0 }).collect()).unwrap()
}

fn person(id: &str, recognisable: bool) -> PersonAtNumber {
    PersonAtNumber {
        customer: CustomerId::new(id),
        name: format!("{id} of the test").into(),
        calls_from_number: 3,
        recognisable,
    }
}

fn known(id: &str) -> Arc<Known> {
    let profile = Profile {
        customer: CustomerId::new(id),
        name: format!("{id} of the test").into(),
        household: None,
        party: Party::default(),
        language: None,
        allergies: None,
        notes: None,
        since: UnixMillis(0),
        payment_on_file: false,
    };
    let dossier = Dossier { profile, contacts: vec![], orders: vec![] };
    Arc::new(Known { dossier, likely: None, brief: None, last_contact: None, care: Care::default() })
}

struct Line {
    call: Call,
    now: Instant,
    /// Everything the call did that the test has not taken.
    done: Vec<Action>,
    heard_ms: u32,
    /// What the anti-spoofing model says of each window.
    spoof: Option<f32>,
}

impl Line {
    /// A call by one of `people`, when `enrolled` have voiceprints.
    fn ring(search: Search, people: &[PersonAtNumber], enrolled: &[&str]) -> Self {
        let mut line = Self::invite(search, enrolled);
        line.handle(Event::People(Ok(people.to_vec())));
        line
    }

    /// The same before the store has answered.
    fn invite(search: Search, enrolled: &[&str]) -> Self {
        let now = crate::base::clock::now();
        let mut voiceprints = Voiceprints::new(ModelId::new(MODEL));
        for id in enrolled {
            voiceprints.insert(CustomerId::new(*id), print(id)).unwrap();
        }
        let voices = Voices {
            model: ModelId::new(MODEL),
            features: Reading::default(),
            calibration: Arc::new(Calibration::parse(CALIBRATION).unwrap()),
            voiceprints: Arc::new(voiceprints),
            spoof: Some(SpoofRule { model: "lcnn".into(), threshold: 0.6 }),
        };
        let options = Options {
            identity: identity::Options { search, ..identity::Options::default() },
            receiver: rtp::ReceiverOptions::default(),
            media_timeout: Duration::from_secs(30),
            wrap_up: Duration::from_secs(120),
            refresh_every: Some(Duration::from_secs(7 * 24 * 3600)),
            replay_keep: Some(Duration::from_secs(90 * 24 * 3600)),
        };
        let caller = Caller {
            number: E164::parse("+12125550123", None).ok(),
            name: None,
            at: UnixMillis(0),
            roles: Roles::default(),
        };
        let mut line =
            Self { call: Call::new(now, caller, voices, options), now, done: vec![], heard_ms: 0, spoof: None };
        line.act();
        line
    }

    fn handle(&mut self, event: Event) {
        self.call.handle(self.now, event);
        self.act();
    }

    /// Answers what the store would, and keeps what the test may look at.
    fn act(&mut self) {
        while let Some(action) = self.call.poll_action() {
            match &action {
                Action::Describe(customer) => {
                    let (customer, name) = (customer.clone(), Some(Pii::new(format!("{customer} of the test"))));
                    self.call.handle(self.now, Event::Described { customer, name });
                }
                Action::Fetch(customer) => {
                    let missing = || CommandError::new(ErrorKind::NotFound, "not in the books");
                    let in_books = customer.as_str() != "nobody";
                    let known = in_books.then(|| known(customer.as_str())).ok_or_else(missing);
                    self.call.handle(self.now, Event::Fetched { customer: customer.clone(), known });
                }
                Action::Write { ticket, write: Write::Consent(_) } => {
                    self.call.handle(self.now, Event::Written { ticket: *ticket, outcome: Ok(Written::Done) });
                }
                _ => {}
            }
            self.done.push(action);
        }
    }

    /// The embedder's answers for `ms` of this voice.
    fn speak(&mut self, who: &str, ms: u32) {
        let end = self.heard_ms + ms;
        while self.heard_ms + 800 <= end {
            self.heard_ms += 800;
            if self.heard_ms < 1_600 {
                continue;
            }
            self.handle(Event::Embedded { net_speech_ms: self.heard_ms, embedding: Ok(voice(who)), spoof: self.spoof });
        }
    }

    fn command(&mut self, command: AgentCommand) {
        self.handle(Event::Command { ticket: Ticket(1), at: UnixMillis(7), command });
    }

    fn decisions(&self) -> Vec<(&Decision, bool)> {
        self.done
            .iter()
            .filter_map(|action| match action {
                Action::Publish(What::Decided { decision, known, .. }) => Some((decision, known.is_some())),
                _ => None,
            })
            .collect()
    }

    fn state(&self) -> State {
        self.decisions().last().unwrap().0.state
    }

    fn published(&self, wanted: impl Fn(&What) -> bool) -> bool {
        self.done.iter().any(|action| matches!(action, Action::Publish(what) if wanted(what)))
    }

    fn reply(&self) -> Option<&Result<(), CommandError>> {
        self.done.iter().rev().find_map(|action| match action {
            Action::Reply { result, .. } => Some(result),
            _ => None,
        })
    }

    fn writes(&self) -> Vec<(Ticket, &Write)> {
        self.done
            .iter()
            .filter_map(|action| match action {
                Action::Write { ticket, write } => Some((*ticket, write)),
                _ => None,
            })
            .collect()
    }
}

/// Calls of the tests come at 0.
const A_MONTH_AGO: UnixMillis = UnixMillis(-30 * 24 * 3600 * 1000);

fn print(of: &str) -> Voiceprint {
    Voiceprint::new(ModelId::new(MODEL), vec![Centroid::enrolled(voice(of), 20_000, A_MONTH_AGO)]).unwrap()
}

fn confirm(id: &str) -> AgentCommand {
    AgentCommand::Confirm { customer: CustomerId::new(id), agent: "Sal".into() }
}

fn enroll(whom: EnrollWhom) -> AgentCommand {
    AgentCommand::Enroll { customer: whom, script: "phone-en-2".into(), language: "en".into(), agent: "Sal".into() }
}

#[test]
fn the_first_card_comes_from_the_number_alone() {
    let line = Line::ring(Search::Number, &[person("anna", true), person("ben", true)], &["anna", "ben"]);
    assert!(line.published(|what| matches!(what, What::Ringing { number: Some(_) })));
    assert!(line.published(|what| matches!(what, What::ByNumber { people } if people.len() == 2)));
    assert_eq!(line.state(), State::Listening);
}

#[test]
fn a_regular_is_guessed_at_three_seconds_and_recognised_with_their_card_by_five() {
    let mut line = Line::ring(Search::Number, &[person("anna", true), person("ben", true)], &["anna", "ben"]);
    line.speak("ben", 1_600);
    assert_eq!(line.state(), State::Listening);
    line.speak("ben", 1_600);
    assert_eq!(line.state(), State::Probably);
    assert!(line.decisions().iter().all(|(_, known)| !known), "nobody's orders leave the call on a guess");
    line.speak("ben", 1_600);
    let (decision, known) = line.decisions().pop().unwrap();
    assert_eq!((decision.state, decision.settled, known), (State::Recognised, true, true));
    assert_eq!(decision.ranked[0].customer, CustomerId::new("ben"));
    assert!(decision.ranked[0].chance > 0.95);
}

#[test]
fn a_stranger_on_a_known_number_stays_not_known() {
    let mut line = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    line.speak("stranger", 8_000);
    assert_eq!(line.state(), State::NotKnown);
    assert!(line.decisions().iter().all(|(_, known)| !known));
}

#[test]
fn everyone_is_searched_only_for_numbers_that_nobody_has() {
    let mut line = Line::ring(Search::Everyone, &[], &["anna", "ben", "cleo"]);
    line.speak("cleo", 8_000);
    assert_eq!(line.state(), State::Probably);
    assert_eq!(line.decisions().pop().unwrap().0.ranked[0].customer, CustomerId::new("cleo"));
    assert!(line.decisions().iter().all(|(_, known)| !known), "a name to ask for, and no more");
    line.command(confirm("cleo"));
    assert!(line.published(|what| matches!(what, What::Confirmed { .. })));

    let mut never_agreed = Line::ring(Search::Everyone, &[person("dora", false)], &["anna", "ben", "cleo"]);
    never_agreed.speak("cleo", 5_600);
    assert_eq!(never_agreed.state(), State::Listening);
    assert_eq!(never_agreed.decisions().pop().unwrap().0.voice, VoiceUse::NoConsentedCandidate);
}

/// A recording of the fixtures as PCMU.
fn said(file: &str) -> Vec<u8> {
    let file = format!("{}/fixtures/speech/{file}", env!("CARGO_MANIFEST_DIR"));
    let speech = wav::parse(&std::fs::read(file).unwrap()).unwrap();
    let mut bytes = Vec::new();
    crate::speech::codec::encode(rtp::Codec::Pcmu, &speech.samples, &mut bytes);
    bytes
}

/// Ten seconds of a fixture's speech as RTP, twenty milliseconds a packet.
fn talk(line: &mut Line, seconds: u32) {
    let bytes = said("slt/slt-1.wav");
    let from: SocketAddr = ([127, 0, 0, 1], 4000).into();
    line.handle(agreed(rtp::Negotiated::plain(from, vec![(0, rtp::Codec::Pcmu)])));
    for (n, payload) in bytes.chunks_exact(160).take(seconds as usize * 50).enumerate() {
        let (sequence, timestamp) = (n as u16, n as u32 * 160);
        let mut packet = vec![0x80, 0];
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(7u32.to_be_bytes());
        packet.extend(payload);
        line.now += Duration::from_millis(20);
        line.call.receive(line.now, from, &packet);
        line.act();
    }
}

fn embeds(line: &Line) -> usize {
    line.done.iter().filter(|action| matches!(action, Action::Embed(_))).count()
}

#[test]
fn the_speech_of_a_caller_who_never_agreed_is_never_sent_to_the_embedder() {
    for (search, people) in [
        (Search::Number, vec![]),
        (Search::Number, vec![person("dora", false)]),
        (Search::Everyone, vec![person("dora", false)]),
    ] {
        let mut line = Line::ring(search, &people, &["anna"]);
        talk(&mut line, 10);
        assert!(line.call.heard().net_speech_ms > 4_000, "the front-end heard them");
        assert_eq!(embeds(&line), 0, "{search:?} with {} people", people.len());
    }
    let mut consented = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    talk(&mut consented, 10);
    assert!(embeds(&consented) > 4, "the same speech with a consented candidate behind it");
}

#[test]
fn nothing_is_embedded_before_the_store_has_said_who_agreed() {
    let mut line = Line::invite(Search::Everyone, &["anna"]);
    talk(&mut line, 5);
    assert!(line.call.heard().net_speech_ms > 2_000);
    assert_eq!(embeds(&line), 0);
}

#[test]
fn a_store_that_cannot_be_read_keeps_the_gate_shut() {
    let mut line = Line::invite(Search::Everyone, &["anna"]);
    line.handle(Event::People(Err(())));
    talk(&mut line, 5);
    assert_eq!(embeds(&line), 0);
    assert_eq!(line.decisions().pop().unwrap().0.voice, VoiceUse::Unavailable);
}

#[test]
fn a_yes_opens_the_gate_and_only_what_follows_becomes_a_voiceprint() {
    let mut line = Line::ring(Search::Number, &[], &[]);
    talk(&mut line, 5);
    assert_eq!(embeds(&line), 0);
    let before_ms = line.call.heard().net_speech_ms;
    line.command(enroll(EnrollWhom::Customer(CustomerId::new("cleo"))));
    assert_eq!(line.reply(), Some(&Ok(())));
    // A window that still holds speech from before the yes, then windows that do not.
    line.heard_ms = before_ms / 800 * 800;
    line.speak("stranger", 800);
    line.speak("cleo", GOOD_MS + 3_200);
    let (ticket, write) = line.writes().pop().unwrap();
    let Write::Enroll { consent, voiceprint } = write else { panic!("{write:?}") };
    assert_eq!((consent.given, consent.at, consent.script.as_str()), (true, UnixMillis(7), "phone-en-2"));
    assert!(voiceprint.pooled().cosine(&voice("cleo")).0 > 0.999, "nothing of the voice before the yes is in it");
    assert!(!line.published(|what| matches!(what, What::Enrolled { .. })), "not before it is stored");
    line.handle(Event::Written { ticket, outcome: Ok(Written::Done) });
    assert!(line.published(|what| matches!(what, What::Enrolled { .. })));
}

fn ask_for_key(whom: EnrollWhom) -> AgentCommand {
    AgentCommand::AskForKey { customer: whom, script: "phone-en-2".into(), language: "en".into(), agent: "Sal".into() }
}

#[test]
fn a_key_is_the_yes_to_an_open_question_and_to_nothing_else() {
    let mut line = Line::ring(Search::Number, &[person("anna", false)], &[]);
    let whom = || EnrollWhom::Customer(CustomerId::new("anna"));
    let agreed = |line: &Line| line.writes().iter().any(|(_, write)| matches!(write, Write::Consent(_)));
    let press = |line: &mut Line, digit| {
        line.call.on_digit(line.now, rtp::Digit::new(digit).unwrap());
        line.act();
    };
    press(&mut line, '1');
    line.command(ask_for_key(whom()));
    assert_eq!(line.reply(), Some(&Ok(())));
    press(&mut line, '4');
    assert!(!agreed(&line), "neither before the question nor by another key");
    line.command(AgentCommand::DropQuestion);
    press(&mut line, '1');
    assert!(!agreed(&line), "not after the caller said no");

    line.command(ask_for_key(whom()));
    line.now += Duration::from_secs(3);
    press(&mut line, '1');
    let writes = line.writes();
    let [(_, Write::Consent(consent))] = writes.as_slice() else { panic!("{writes:?}") };
    assert_eq!((consent.channel, consent.at), (ConsentChannel::KeyPress, UnixMillis(3_007)));
    press(&mut line, '1');
    assert_eq!(line.writes().len(), 1, "once is enough");
    assert!(line.published(|what| matches!(what, What::Enrolling { .. })));
    let shown: Vec<bool> = line.done.iter().filter_map(awaiting_key).collect();
    assert_eq!(shown, [true, false, true, false]);
}

fn awaiting_key(action: &Action) -> Option<bool> {
    let Action::Publish(What::AwaitingKey(awaiting)) = action else { return None };
    Some(*awaiting)
}

#[test]
fn a_key_never_agrees_for_somebody_else() {
    let reject = AgentCommand::SomeoneElse { agent: "Sal".into() };
    let withdraw = AgentCommand::WithdrawConsent { customer: CustomerId::new("anna"), agent: "Sal".into() };
    for overtaken in [confirm("ben"), reject, withdraw] {
        let mut line = Line::ring(Search::Number, &[person("anna", false), person("ben", false)], &[]);
        line.command(ask_for_key(EnrollWhom::Customer(CustomerId::new("anna"))));
        line.command(overtaken);
        line.call.on_digit(line.now, rtp::Digit::new('1').unwrap());
        line.act();
        assert!(!line.writes().iter().any(|(_, write)| matches!(write, Write::Consent(_))));
        assert_eq!(line.done.iter().filter_map(awaiting_key).next_back(), Some(false));
    }
    let mut line = Line::ring(Search::Number, &[person("anna", false)], &[]);
    line.command(ask_for_key(EnrollWhom::Customer(CustomerId::new("anna"))));
    line.command(confirm("anna"));
    line.call.on_digit(line.now, rtp::Digit::new('1').unwrap());
    line.act();
    assert!(line.writes().iter().any(|(_, write)| matches!(write, Write::Consent(_))), "it is the one who was asked");
}

#[test]
fn a_spoken_yes_and_the_hang_up_close_the_question() {
    for ends in [
        |line: &mut Line| line.command(enroll(EnrollWhom::Customer(CustomerId::new("anna")))),
        |line: &mut Line| {
            line.handle(Event::Ended(EndCause::HungUp));
        },
    ] {
        let mut line = Line::ring(Search::Number, &[person("anna", false)], &[]);
        line.command(ask_for_key(EnrollWhom::Customer(CustomerId::new("anna"))));
        ends(&mut line);
        assert_eq!(line.done.iter().filter_map(awaiting_key).next_back(), Some(false));
    }
}

#[test]
fn a_call_that_ends_too_early_makes_no_voiceprint_and_says_why() {
    let mut line = Line::ring(Search::Number, &[person("anna", false)], &[]);
    line.command(enroll(EnrollWhom::Customer(CustomerId::new("anna"))));
    line.speak("anna", 4_000);
    line.handle(Event::Ended(EndCause::HungUp));
    assert!(line.published(|what| matches!(what, What::EnrollFailed { .. })));
    assert!(!line.writes().iter().any(|(_, write)| matches!(write, Write::Enroll { .. })));
    assert!(line.writes().iter().any(|(_, write)| matches!(write, Write::Consent(_))), "the yes itself is kept");
}

#[test]
fn someone_new_is_put_into_the_books_and_then_enrolled() {
    let mut line = Line::ring(Search::Number, &[], &[]);
    line.command(enroll(EnrollWhom::New { name: "Cleo of the test".to_owned().into() }));
    let (ticket, write) = line.writes().pop().unwrap();
    assert!(matches!(write, Write::NewCustomer { .. }));
    assert_eq!(line.reply(), None);
    line.handle(Event::Written { ticket, outcome: Ok(Written::Customer(CustomerId::new("cleo"))) });
    assert_eq!(line.reply(), Some(&Ok(())));
    assert!(line.published(|what| matches!(what, What::Enrolling { customer, .. } if customer.as_str() == "cleo")));
}

#[test]
fn an_agent_overrules_the_voice_and_may_take_it_back() {
    let mut line = Line::ring(Search::Number, &[person("anna", true), person("ben", true)], &["anna", "ben"]);
    line.speak("anna", 5_600);
    line.command(confirm("ben"));
    assert_eq!(line.reply(), Some(&Ok(())));
    assert!(line.published(|what| matches!(what, What::Confirmed { customer, .. } if customer.as_str() == "ben")));
    let decided = line.decisions().len();
    line.speak("anna", 1_600);
    assert_eq!(line.decisions().len(), decided, "the voice is no longer asked");
    line.command(AgentCommand::SomeoneElse { agent: "Sal".into() });
    assert!(line.published(|what| matches!(what, What::SomeoneElse)));
    line.command(confirm("anna"));
    assert_eq!(line.call.outcome().0, Some(&CustomerId::new("anna")));
}

#[test]
fn confirming_somebody_who_is_not_in_the_books_is_refused() {
    let mut line = Line::ring(Search::Number, &[], &[]);
    line.command(confirm("nobody"));
    assert!(matches!(line.reply(), Some(Err(error)) if error.kind == ErrorKind::NotFound));
    assert_eq!(line.call.outcome().0, None);
}

#[test]
fn a_withdrawal_during_the_call_stops_the_comparison() {
    let mut line = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    line.speak("anna", 2_400);
    line.handle(Event::Voiceprints(Arc::new(Voiceprints::new(ModelId::new(MODEL)))));
    assert_eq!(line.call.voice_use(), VoiceUse::NoConsentedCandidate);
    let decided = line.decisions().len();
    line.speak("anna", 3_200);
    assert_eq!(line.decisions().len(), decided);
    assert_eq!(line.state(), State::Listening);
}

#[test]
fn a_withdrawal_elsewhere_stops_an_enrolment_under_way() {
    let mut line = Line::ring(Search::Number, &[], &[]);
    line.command(enroll(EnrollWhom::Customer(CustomerId::new("cleo"))));
    line.speak("cleo", 8_000);
    line.handle(Event::Withdrawn(CustomerId::new("cleo")));
    assert!(line.published(|what| matches!(what, What::ConsentWithdrawn { .. })));
    line.speak("cleo", GOOD_MS);
    line.handle(Event::Ended(EndCause::HungUp));
    assert!(!line.writes().iter().any(|(_, write)| matches!(write, Write::Enroll { .. })));
}

#[test]
fn somebody_else_s_enrolment_does_not_disturb_a_recognised_card() {
    let mut line = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    line.speak("anna", 5_600);
    let decided = line.decisions().len();
    let mut voiceprints = Voiceprints::new(ModelId::new(MODEL));
    voiceprints.insert(CustomerId::new("anna"), print("anna")).unwrap();
    voiceprints.insert(CustomerId::new("zoe"), print("ben")).unwrap();
    line.handle(Event::Voiceprints(Arc::new(voiceprints)));
    assert_eq!(line.decisions().len(), decided);
    assert_eq!(line.state(), State::Recognised);
}

#[test]
fn two_confirmations_are_both_answered() {
    let mut line = Line::ring(Search::Number, &[], &[]);
    // The books answer only later.
    line.call.handle(line.now, Event::Command { ticket: Ticket(1), at: UnixMillis(7), command: confirm("anna") });
    line.call.handle(line.now, Event::Command { ticket: Ticket(2), at: UnixMillis(8), command: confirm("ben") });
    line.act();
    let replies = |wanted| {
        line.done.iter().find_map(|action| match action {
            Action::Reply { ticket, result } if *ticket == Ticket(wanted) => Some(result.is_ok()),
            _ => None,
        })
    };
    assert_eq!((replies(1), replies(2)), (Some(false), Some(true)));
}

#[test]
fn silence_ends_a_call_but_not_one_on_hold() {
    let mut line = Line::ring(Search::Number, &[], &[]);
    talk(&mut line, 1);
    line.now += Duration::from_secs(29);
    line.call.handle_timeout(line.now);
    assert!(line.call.is_live());
    line.now += Duration::from_secs(2);
    assert!(line.call.poll_timeout().unwrap() <= line.now);
    line.call.handle_timeout(line.now);
    line.act();
    assert!(line.done.iter().any(|action| matches!(action, Action::HangUp)));
    assert!(line.published(|what| matches!(what, What::Ended { cause: EndCause::MediaTimeout })));

    let mut held = Line::ring(Search::Number, &[], &[]);
    talk(&mut held, 1);
    held.handle(agreed(rtp::Negotiated {
        receive: false,
        ..rtp::Negotiated::plain(([127, 0, 0, 1], 4000).into(), vec![(0, rtp::Codec::Pcmu)])
    }));
    held.now += Duration::from_secs(3600);
    held.call.handle_timeout(held.now);
    assert!(held.call.is_live());
}

#[test]
fn the_card_stays_for_the_order_after_the_hang_up_and_then_goes() {
    let mut line = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    line.command(confirm("anna"));
    line.handle(Event::Ended(EndCause::HungUp));
    let lines = vec![OrderLine { item: "Margherita".into(), quantity: 2, modifiers: vec![] }];
    let order = OrderRequest { customer: CustomerId::new("anna"), lines, idempotency_key: "k".into(), payment: None };
    line.command(AgentCommand::PlaceOrder { order, agent: "Sal".into() });
    let (ticket, _) = line.writes().pop().unwrap();
    line.handle(Event::Written { ticket, outcome: Ok(Written::Order("o-1".into())) });
    assert!(line.published(|what| matches!(what, What::OrderPlaced { .. })));

    line.now = line.call.poll_timeout().unwrap();
    line.call.handle_timeout(line.now);
    line.act();
    assert!(line.call.is_closed());
    assert!(line.published(|what| matches!(what, What::Closed)));
    assert!(matches!(line.writes().pop().unwrap().1, Write::Contact { .. }), "the call is a contact of the confirmed");
}

#[test]
fn a_call_whose_caller_nobody_confirmed_leaves_no_contact() {
    let mut line = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    line.speak("anna", 5_600);
    line.handle(Event::Ended(EndCause::HungUp));
    line.now = line.call.poll_timeout().unwrap();
    line.call.handle_timeout(line.now);
    line.act();
    assert!(line.writes().is_empty());
}

#[test]
fn a_window_that_cannot_be_embedded_changes_nothing() {
    let mut line = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    let decided = line.decisions().len();
    line.handle(Event::Embedded {
        net_speech_ms: 1_600,
        embedding: Err(VoiceError::Inference("test".into())),
        spoof: None,
    });
    assert_eq!(line.decisions().len(), decided);
}
