//! FreeSWITCH's mod_audio_fork (drachtio) and mod_audio_stream (amigniter), and Jambonz' `listen`, which is the former.
//!
//! A text message with whatever the dialplan gave as metadata, then L16 in binary messages (README.md of both modules;
//! Jambonz: verbs/listen). The modules say neither rate nor mix type by themselves; Jambonz puts them into the metadata as
//! `sampleRate` and `mixType`, and so shall others. Without metadata the address says it: `?rate=16000&mix=stereo`.

use std::time::Duration;

use serde_json::{Map, Value};

use super::asked::Asked;
use super::dialect::{Event, Incoming, Refused, digit};
use super::samples::Layout;
use crate::rtp::Codec;

pub struct AudioFork {
    asked: Asked,
    /// Once started.
    hearing: Option<Hearing>,
}

#[derive(Clone, Copy)]
enum Hearing {
    Caller(Layout),
    Mixed(Layout),
}

impl AudioFork {
    /// The protocols that the modules ask for (RFC 6455 §1.9).
    pub const PROTOCOLS: [&str; 3] = ["audio.drachtio.org", "audio.jambonz.org", "audiostream.drachtio.org"];

    pub fn new(asked: Asked) -> Self {
        Self { asked, hearing: None }
    }

    pub(super) fn message(&mut self, incoming: Incoming<'_>, events: &mut Vec<Event>) -> Result<(), Refused> {
        match (incoming, self.hearing) {
            (Incoming::Text(text), None) => {
                let metadata = serde_json::from_str(text)
                    .map_err(|_| Refused::malformed("the first text must be the metadata: a JSON object"))?;
                self.start(&metadata, events).map(drop)
            }
            (Incoming::Text(text), Some(_)) => {
                self.later(text, events);
                Ok(())
            }
            (Incoming::Binary(bytes), None) => {
                let hearing = self.start(&Map::new(), events)?;
                hearing.audio(bytes, events)
            }
            (Incoming::Binary(bytes), Some(hearing)) => hearing.audio(bytes, events),
        }
    }

    fn start(&mut self, metadata: &Map<String, Value>, events: &mut Vec<Event>) -> Result<Hearing, Refused> {
        let from = first(metadata, &["from", "caller", "ani"]);
        let line = first(metadata, &["line", "to", "called", "dnis"]);
        let mut start = self.asked.start(from.as_deref(), line.as_deref());
        let told = |names: &[&str], in_address| {
            first(metadata, names).or_else(|| self.asked.value(in_address).map(str::to_owned))
        };
        let sample_rate_hz = rate(told(&["sampleRate", "rate"], "rate").as_deref())?;
        let mono = Layout::mono(Codec::L16 { sample_rate_hz });
        let caller = match told(&["caller_channel"], "caller_channel").as_deref() {
            None | Some("left") => 0,
            Some("right") => 1,
            Some(_) => return Err(Refused::unsupported("caller_channel is `left` or `right`")),
        };
        let hearing = match told(&["mixType", "mix"], "mix").as_deref() {
            None | Some("mono") => Hearing::Caller(mono),
            Some("stereo") => Hearing::Caller(Layout { channels: 2, caller, ..mono }),
            Some("mixed") => Hearing::Mixed(mono),
            Some(_) => return Err(Refused::unsupported("the mix type is `mono`, `stereo` or `mixed`")),
        };
        start.mixed = matches!(hearing, Hearing::Mixed(_));
        self.hearing = Some(hearing);
        events.push(Event::Started(start));
        Ok(hearing)
    }

    /// What `uuid_audio_fork send_text` sends is the operator's own; of it, only keys are understood
    /// (Jambonz with `passDtmf`: `{"event":"dtmf","dtmf":"1"}`).
    fn later(&self, text: &str, events: &mut Vec<Event>) {
        let Ok(message) = serde_json::from_str::<Map<String, Value>>(text) else { return };
        if first(&message, &["event", "type"]).as_deref() == Some("dtmf") {
            events.extend(first(&message, &["dtmf", "digit"]).as_deref().and_then(digit).map(Event::Digit));
        }
    }
}

impl Hearing {
    fn audio(self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Refused> {
        match self {
            Hearing::Caller(layout) => layout.hear(bytes, events),
            Hearing::Mixed(layout) => {
                let seconds = layout.samples(bytes)? as f64 / f64::from(layout.codec.clock_rate_hz());
                events.push(Event::Unheard(Duration::from_secs_f64(seconds)));
                Ok(())
            }
        }
    }
}

/// The value of the first name that has one, as text, at the top or in `metadata`, where Jambonz puts what its
/// application adds.
fn first(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let nested = object.get("metadata").and_then(Value::as_object);
    [Some(object), nested].into_iter().flatten().find_map(|object| {
        names.iter().find_map(|name| match object.get(*name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    })
}

/// FreeSWITCH's own rate when nobody says anything, and the names that its commands use.
fn rate(text: Option<&str>) -> Result<u32, Refused> {
    match text {
        None | Some("8000" | "8k") => Ok(8000),
        Some("16000" | "16k") => Ok(16000),
        Some(_) => Err(Refused::unsupported("the sample rate is 8000 or 16000")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialect::{Dialect, Fault};
    use super::super::tests::{events, number_and_line, pressed, refusal};
    use super::*;

    fn fork(query: &str) -> Dialect {
        Dialect::AudioFork(AudioFork::new(Asked::new(query, Some("49"))))
    }

    const L16: Codec = Codec::L16 { sample_rate_hz: 16000 };

    #[test]
    fn metadata_then_the_callers_voice() {
        let mut fork = fork("");
        let start = r#"{"from":"030 901820","to":"pizza","callSid":"7d6c","sampleRate":16000,"mixType":"stereo"}"#;
        assert_eq!(number_and_line(&events(&mut fork, Incoming::Text(start))), ("+4930901820".into(), "pizza".into()));
        let audio = events(&mut fork, Incoming::Binary(&[1, 2, 0xa, 0xa, 3, 4, 0xa, 0xa]));
        assert_eq!(audio, [Event::Audio { codec: L16, bytes: vec![2, 1, 4, 3] }], "left alone, high byte first");
        let key = events(&mut fork, Incoming::Text(r#"{"event":"dtmf","dtmf":"1","duration":"1600"}"#));
        assert_eq!(key, [pressed('1')]);
        assert_eq!(events(&mut fork, Incoming::Text("whatever the operator sends")), []);
    }

    #[test]
    fn the_address_may_say_it_all() {
        let mut fork = fork("from=+4930901820&line=pizza&rate=16k&mix=stereo&caller_channel=right");
        let first = events(&mut fork, Incoming::Binary(&[1, 2, 3, 4]));
        assert_eq!(number_and_line(&first), ("+4930901820".into(), "pizza".into()));
        assert_eq!(first[1..], [Event::Audio { codec: L16, bytes: vec![4, 3] }]);
    }

    #[test]
    fn mixed_audio_is_marked_and_not_heard() {
        let mut fork = fork("mix=mixed");
        let first = events(&mut fork, Incoming::Binary(&[0; 320]));
        assert!(matches!(&first[0], Event::Started(start) if start.mixed), "{first:?}");
        assert_eq!(first[1..], [Event::Unheard(Duration::from_millis(20))]);
    }

    #[test]
    fn what_jambonz_nests_is_found() {
        let text = r#"{"callSid":"1","from":"anonymous","sampleRate":8000,"metadata":{"line":"desk-2"}}"#;
        let started = events(&mut fork("from=+4930901820"), Incoming::Text(text));
        assert_eq!(number_and_line(&started), ("+4930901820".into(), "desk-2".into()));
    }

    #[test]
    fn what_cannot_be_heard_is_refused() {
        assert_eq!(refusal(&mut fork(""), Incoming::Text("hello")), Fault::Malformed);
        assert_eq!(refusal(&mut fork(""), Incoming::Text("[]")), Fault::Malformed);
        assert_eq!(refusal(&mut fork(""), Incoming::Text(r#"{"sampleRate":48000}"#)), Fault::Unsupported);
        assert_eq!(refusal(&mut fork("mix=quadro"), Incoming::Text("{}")), Fault::Unsupported);
        assert_eq!(refusal(&mut fork("mix=stereo"), Incoming::Binary(&[1, 2])), Fault::Malformed);
    }
}
