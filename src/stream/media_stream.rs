//! Media streams as Twilio sends them, and those who took its format over (SignalWire, Telnyx): JSON text messages, the
//! media in them as base64.
//!
//! Written to twilio.com/docs/voice/media-streams/websocket-messages; Telnyx' names (`media_format`, `from`, `to`) to
//! developers.telnyx.com, "Stream call media over WebSocket". Of the two tracks only `inbound`, the caller's, is heard.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::asked::Asked;
use super::dialect::{Event, Incoming, Refused, digit};
use super::samples::Layout;
use crate::rtp::Codec;

pub struct MediaStream {
    asked: Asked,
    /// Once started.
    layout: Option<Layout>,
    /// Number of the caller's newest chunk.
    last_chunk: Option<u64>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    start: Option<Started>,
    #[serde(borrow)]
    media: Option<Media<'a>>,
    dtmf: Option<Dtmf>,
}

#[derive(Deserialize)]
struct Started {
    #[serde(default)]
    tracks: Vec<String>,
    #[serde(rename = "mediaFormat", alias = "media_format")]
    format: Option<Format>,
    #[serde(rename = "customParameters", alias = "custom_parameters", default)]
    parameters: HashMap<String, String>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Deserialize)]
struct Format {
    encoding: String,
    #[serde(rename = "sampleRate", alias = "sample_rate")]
    sample_rate_hz: u32,
}

#[derive(Deserialize)]
struct Media<'a> {
    track: Option<String>,
    /// A number in a string at Twilio, a number elsewhere; counts each track from 1.
    chunk: Option<serde_json::Value>,
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Dtmf {
    digit: String,
}

impl MediaStream {
    pub fn new(asked: Asked) -> Self {
        Self { asked, layout: None, last_chunk: None }
    }

    pub(super) fn message(&mut self, incoming: Incoming<'_>, events: &mut Vec<Event>) -> Result<(), Refused> {
        let Incoming::Text(text) = incoming else {
            return Err(Refused::unsupported("media comes as JSON text with base64 in it"));
        };
        let message: Message<'_> =
            serde_json::from_str(text).map_err(|_| Refused::malformed("a message is not the expected JSON"))?;
        match (message.event.as_ref(), self.layout) {
            ("connected", None) => {}
            ("start", None) => {
                let start = message.start.ok_or(Refused::protocol("`start` without its object"))?;
                self.start(start, events)?;
            }
            (_, None) => return Err(Refused::protocol("the first messages are `connected` and `start`")),
            ("media", Some(layout)) => {
                let media = message.media.ok_or(Refused::protocol("`media` without its object"))?;
                if media.track.as_ref().is_none_or(|track| track.starts_with("inbound")) {
                    self.hear(layout, &media, events)?;
                }
            }
            ("dtmf", _) => events.extend(message.dtmf.and_then(|dtmf| digit(&dtmf.digit)).map(Event::Digit)),
            ("stop", _) => events.push(Event::Ended),
            // `mark` answers what we never send; what others add does not concern a listener.
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, start: Started, events: &mut Vec<Event>) -> Result<(), Refused> {
        if !start.tracks.is_empty() && !start.tracks.iter().any(|track| track.starts_with("inbound")) {
            return Err(Refused::unsupported("the stream has no inbound track, so the caller is not in it"));
        }
        self.layout = Some(Layout::mono(codec(start.format.as_ref())?));
        let parameter = |name: &str| start.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let from = parameter("from").or(start.from.as_deref());
        let line = parameter("line").or(parameter("to")).or(start.to.as_deref());
        events.push(Event::Started(self.asked.start(from, line)));
        Ok(())
    }

    fn hear(&mut self, layout: Layout, media: &Media<'_>, events: &mut Vec<Event>) -> Result<(), Refused> {
        let bytes =
            STANDARD.decode(media.payload.as_bytes()).map_err(|_| Refused::malformed("a payload is no base64"))?;
        let duration = samples_duration(layout.samples(&bytes)?);
        let chunk = media.chunk.as_ref().and_then(number);
        if let (Some(chunk), Some(last)) = (chunk, self.last_chunk) {
            // Order is not promised by all of them; what comes late was already counted as lost.
            if chunk <= last {
                return Ok(());
            }
            let missing = (chunk - last - 1).min(MAX_MISSING);
            if missing > 0 {
                events.push(Event::Unheard(duration * missing as u32));
            }
        }
        self.last_chunk = chunk.or(self.last_chunk);
        layout.hear(&bytes, events)
    }
}

/// A gap of more chunks than this, 20 s at 20 ms each, tells of a broken counter and not of loss.
const MAX_MISSING: u64 = 1000;

fn samples_duration(samples: usize) -> Duration {
    Duration::from_secs_f64(samples as f64 / 8000.0)
}

fn number(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn codec(format: Option<&Format>) -> Result<Codec, Refused> {
    // Twilio has only this one.
    let Some(format) = format else { return Ok(Codec::Pcmu) };
    match (format.encoding.to_ascii_lowercase().as_str(), format.sample_rate_hz) {
        ("audio/x-mulaw" | "pcmu", 8000) => Ok(Codec::Pcmu),
        ("audio/x-alaw" | "pcma", 8000) => Ok(Codec::Pcma),
        _ => Err(Refused::unsupported("the encoding is mu-law or A-law at 8000 Hz")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialect::{Dialect, Fault};
    use super::super::tests::{events, number_and_line, pressed, refusal};
    use super::*;

    const CONNECTED: &str = r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#;
    const START: &str = r#"{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1",
        "callSid":"CA1","tracks":["inbound","outbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,
        "channels":1},"customParameters":{"from":"+12125550123","line":"pizza"}},"streamSid":"MZ1"}"#;

    fn stream() -> Dialect {
        Dialect::MediaStream(MediaStream::new(Asked::new("", None)))
    }

    fn started() -> Dialect {
        let mut stream = stream();
        assert_eq!(events(&mut stream, Incoming::Text(CONNECTED)), []);
        let start = events(&mut stream, Incoming::Text(START));
        assert_eq!(number_and_line(&start), ("+12125550123".into(), "pizza".into()));
        stream
    }

    fn media(track: &str, chunk: u32, payload: &str) -> String {
        format!(
            r#"{{"event":"media","sequenceNumber":"{chunk}","media":{{"track":"{track}","chunk":"{chunk}",
            "timestamp":"5","payload":"{payload}"}},"streamSid":"MZ1"}}"#
        )
    }

    fn heard(bytes: &[u8]) -> Event {
        Event::Audio { codec: Codec::Pcmu, bytes: bytes.to_vec() }
    }

    #[test]
    fn only_the_inbound_track_is_heard() {
        let mut stream = started();
        assert_eq!(events(&mut stream, Incoming::Text(&media("inbound", 1, "AQID"))), [heard(&[1, 2, 3])]);
        assert_eq!(events(&mut stream, Incoming::Text(&media("outbound", 1, "BAUG"))), []);
        let key =
            r#"{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}"#;
        assert_eq!(events(&mut stream, Incoming::Text(key)), [pressed('1')]);
        let mark = r#"{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"x"}}"#;
        assert_eq!(events(&mut stream, Incoming::Text(mark)), []);
        let stop =
            r#"{"event":"stop","sequenceNumber":"6","stop":{"accountSid":"AC1","callSid":"CA1"},"streamSid":"MZ1"}"#;
        assert_eq!(events(&mut stream, Incoming::Text(stop)), [Event::Ended]);
    }

    #[test]
    fn a_missing_chunk_is_time_that_nobody_heard_and_a_late_one_is_not_heard_twice() {
        let mut stream = started();
        let chunk = "AAAAAAAAAAA="; // 8 samples: 1 ms
        assert_eq!(events(&mut stream, Incoming::Text(&media("inbound", 1, chunk))), [heard(&[0; 8])]);
        let after_a_gap = events(&mut stream, Incoming::Text(&media("inbound", 4, chunk)));
        assert_eq!(after_a_gap, [Event::Unheard(Duration::from_millis(2)), heard(&[0; 8])]);
        assert_eq!(events(&mut stream, Incoming::Text(&media("inbound", 3, chunk))), []);
        assert_eq!(events(&mut stream, Incoming::Text(&media("inbound", 5, chunk))), [heard(&[0; 8])]);
    }

    #[test]
    fn the_names_of_telnyx() {
        let start = r#"{"event":"start","sequence_number":"1","start":{"user_id":"u","call_control_id":"v2:T02",
            "media_format":{"encoding":"PCMA","sample_rate":8000,"channels":1},"from":"+13122010094","to":"+13122123456"},
            "stream_id":"32DE0DEA"}"#;
        let mut stream = stream();
        let started = events(&mut stream, Incoming::Text(start));
        assert_eq!(number_and_line(&started), ("+13122010094".into(), "+13122123456".into()));
        let media = r#"{"event":"media","media":{"track":"inbound","chunk":2,"timestamp":"5","payload":"1dU="}}"#;
        let audio = events(&mut stream, Incoming::Text(media));
        assert_eq!(audio, [Event::Audio { codec: Codec::Pcma, bytes: vec![0xd5, 0xd5] }]);
    }

    #[test]
    fn what_cannot_be_heard_is_refused() {
        let outbound = START.replace(r#"["inbound","outbound"]"#, r#"["outbound"]"#);
        assert_eq!(refusal(&mut stream(), Incoming::Text(&outbound)), Fault::Unsupported);
        let opus = START.replace("audio/x-mulaw", "OPUS");
        assert_eq!(refusal(&mut stream(), Incoming::Text(&opus)), Fault::Unsupported);
        assert_eq!(refusal(&mut stream(), Incoming::Text(&media("inbound", 1, "AQID"))), Fault::Protocol);
        assert_eq!(refusal(&mut stream(), Incoming::Binary(&[0; 160])), Fault::Unsupported);
        assert_eq!(refusal(&mut stream(), Incoming::Text("no JSON")), Fault::Malformed);
        assert_eq!(refusal(&mut started(), Incoming::Text(&media("inbound", 1, "***"))), Fault::Malformed);
        assert_eq!(refusal(&mut started(), Incoming::Text(&media("inbound", 1, ""))), Fault::Malformed);
    }
}
