//! What the tests of the dialects share.

use proptest::prelude::*;

use super::asked::Asked;
use super::asterisk::Asterisk;
use super::audio_fork::AudioFork;
use super::audiohook::{AudioHook, Named};
use super::dialect::{Dialect, Event, Fault, Incoming, MAX_PIECE_BYTES};
use super::media_stream::MediaStream;
use crate::rtp::Digit;

pub(super) fn events(dialect: &mut Dialect, incoming: Incoming<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    dialect.message(incoming, &mut events).unwrap();
    events
}

pub(super) fn pressed(key: char) -> Event {
    Event::Digit(Digit::new(key).unwrap())
}

pub(super) fn refusal(dialect: &mut Dialect, incoming: Incoming<'_>) -> Fault {
    dialect.message(incoming, &mut Vec::new()).unwrap_err().fault
}

/// Of the start, which must be the first event.
pub(super) fn number_and_line(events: &[Event]) -> (String, String) {
    let Some(Event::Started(start)) = events.first() else { panic!("no start: {events:?}") };
    let number = start.number.as_ref().map_or("none", |number| number.digits());
    (number.to_owned(), start.line.as_ref().map_or("none", |line| line.as_str()).to_owned())
}

fn dialects(query: &str) -> [Dialect; 4] {
    let asked = Asked::new(query, Some("49"));
    [
        Dialect::AudioFork(AudioFork::new(asked.clone())),
        Dialect::Asterisk(Asterisk::new(asked.clone())),
        Dialect::AudioHook(Box::new(AudioHook::new(asked.clone(), Named::default()))),
        Dialect::MediaStream(MediaStream::new(asked)),
    ]
}

/// Texts that come past the first checks of some dialect, with a hole for anything.
const TEXTS: [&str; 9] = [
    "{}",
    r#"{"from":"@","sampleRate":@,"mixType":"@"}"#,
    "MEDIA_START format:slin @",
    "DTMF_END digit:@",
    r#"{"event":"MEDIA_START","format":"ulaw","digit":"@"}"#,
    r#"{"version":"2","type":"open","id":"x","seq":1,"serverseq":0,"parameters":{"organizationId":"@","conversationId":"@",
        "participant":{"ani":"@","dnis":"@"},"media":[{"type":"audio","format":"PCMU","channels":["external"],"rate":8000}]}}"#,
    r#"{"version":"2","type":"discarded","id":"x","seq":2,"serverseq":0,"parameters":{"discarded":"@"}}"#,
    r#"{"event":"start","start":{"customParameters":{"from":"@"}}}"#,
    r#"{"event":"media","media":{"chunk":"@","payload":"@"}}"#,
];

#[derive(Clone, Debug)]
enum Sent {
    Text(String),
    Binary(Vec<u8>),
}

fn sent() -> impl Strategy<Value = Sent> {
    let hole = prop_oneof!["[0-9A-Za-z+:/=.-]{0,12}", "\\PC{0,12}"];
    prop_oneof![
        (0..TEXTS.len(), hole).prop_map(|(text, hole)| Sent::Text(TEXTS[text].replace('@', &hole))),
        "\\PC{0,40}".prop_map(Sent::Text),
        proptest::collection::vec(any::<u8>(), 0..9000).prop_map(Sent::Binary),
    ]
}

proptest! {
    /// Whatever comes, in whatever order: no panic, no piece over the bound, no audio before a start, and one start.
    #[test]
    fn no_peer_brings_a_dialect_down(query in "[a-z0-9=&%+]{0,40}", messages in proptest::collection::vec(sent(), 0..12)) {
        for mut dialect in dialects(&query) {
            let mut events = Vec::new();
            for message in &messages {
                let incoming = match message {
                    Sent::Text(text) => Incoming::Text(text),
                    Sent::Binary(bytes) => Incoming::Binary(bytes),
                };
                if dialect.message(incoming, &mut events).is_err() {
                    break;
                }
            }
            let heard = events.iter().position(|event| matches!(event, Event::Audio { .. } | Event::Digit(_)));
            let started = events.iter().position(|event| matches!(event, Event::Started(_)));
            prop_assert!(heard.is_none() || started < heard && started.is_some());
            prop_assert!(events.iter().filter(|event| matches!(event, Event::Started(_))).count() <= 1);
            for event in &events {
                if let Event::Audio { bytes, .. } = event {
                    prop_assert!(!bytes.is_empty() && bytes.len() <= MAX_PIECE_BYTES);
                }
            }
        }
    }
}
