//! Asterisk's chan_websocket (20.16, 22.6, 23.0 and later): control messages as text, media as binary messages.
//!
//! Written to docs.asterisk.org, "WebSocket" channel driver. Two formats of control messages exist, plain text and JSON
//! (20.18, 22.8, 23.2: `f(json)`); the first message shows which. Asterisk tells nothing of the caller, so number and
//! line come from the address, to which the dial string adds them: `v(from=...,line=...)`. Flow control
//! (MEDIA_XOFF and MEDIA_XON, START_ and STOP_MEDIA_BUFFERING) is for media towards Asterisk, and we send none.

use serde::Deserialize;

use super::asked::Asked;
use super::dialect::{Event, Incoming, Refused, digit};
use super::samples::Layout;
use crate::rtp::Codec;

pub struct Asterisk {
    asked: Asked,
    /// Once started.
    layout: Option<Layout>,
    json: bool,
}

/// The members that matter of any control message.
#[derive(Default, Deserialize)]
struct Control {
    event: String,
    format: Option<String>,
    digit: Option<String>,
}

impl Asterisk {
    /// As `protocols = media` in websocket_client.conf.
    pub const PROTOCOLS: [&str; 1] = ["media"];

    pub fn new(asked: Asked) -> Self {
        Self { asked, layout: None, json: false }
    }

    pub(super) fn message(&mut self, incoming: Incoming<'_>, events: &mut Vec<Event>) -> Result<(), Refused> {
        match incoming {
            Incoming::Text(text) => self.control(text, events),
            Incoming::Binary(bytes) => {
                let layout = self.layout.ok_or(Refused::protocol("media before MEDIA_START"))?;
                layout.hear(bytes, events)
            }
        }
    }

    pub(super) fn farewell(&self) -> String {
        (if self.json { r#"{"command":"HANGUP"}"# } else { "HANGUP" }).to_owned()
    }

    fn control(&mut self, text: &str, events: &mut Vec<Event>) -> Result<(), Refused> {
        let json = text.trim_start().starts_with('{');
        let control = if json {
            serde_json::from_str(text).map_err(|_| Refused::malformed("a control message is no JSON object"))?
        } else {
            plain(text)
        };
        match control.event.as_str() {
            "MEDIA_START" if self.layout.is_none() => {
                self.json = json;
                self.layout = Some(Layout::mono(codec(control.format.as_deref())?));
                events.push(Event::Started(self.asked.start(None, None)));
            }
            _ if self.layout.is_none() => return Err(Refused::protocol("the first message must be MEDIA_START")),
            "DTMF_END" => events.extend(control.digit.as_deref().and_then(digit).map(Event::Digit)),
            // What newer releases add does not concern a listener.
            _ => {}
        }
        Ok(())
    }
}

/// `DTMF_END digit:1 channel_id:1761245643.1`
fn plain(text: &str) -> Control {
    let mut words = text.split_ascii_whitespace();
    let event = words.next().unwrap_or_default().to_owned();
    let mut control = Control { event, ..Control::default() };
    for (name, value) in words.filter_map(|word| word.split_once(':')) {
        match name {
            "format" => control.format = Some(value.to_owned()),
            "digit" => control.digit = Some(value.to_owned()),
            _ => {}
        }
    }
    control
}

/// Asterisk's names of formats. Its signed linear is in the byte order of the machine, which is the low byte first on
/// every machine that it is built for today.
fn codec(format: Option<&str>) -> Result<Codec, Refused> {
    match format {
        Some("ulaw") => Ok(Codec::Pcmu),
        Some("alaw") => Ok(Codec::Pcma),
        Some("slin") => Ok(Codec::L16 { sample_rate_hz: 8000 }),
        Some("slin16") => Ok(Codec::L16 { sample_rate_hz: 16000 }),
        Some(_) => Err(Refused::unsupported("the format is c(ulaw), c(alaw), c(slin) or c(slin16)")),
        None => Err(Refused::protocol("MEDIA_START names no format")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialect::{Dialect, Fault, Goodbye};
    use super::super::tests::{events, number_and_line, pressed, refusal};
    use super::*;

    const PLAIN: &str = "MEDIA_START connection_id:media_connection1 channel:WebSocket/media_connection1/0x5140001a0040 \
                         channel_id:1761245643.1 format:ulaw optimal_frame_size:160 ptime:20";
    const JSON: &str = r#"{"event":"MEDIA_START","connection_id":"media_connection1",
        "channel":"WebSocket/media_connection1/0x5140001a0040","channel_id":"1761245643.1","format":"slin16",
        "optimal_frame_size":640,"ptime":20,"channel_variables":{"MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE":"640"}}"#;

    fn asterisk() -> Dialect {
        Dialect::Asterisk(Asterisk::new(Asked::new("from=030901820&line=pizza", Some("49"))))
    }

    #[test]
    fn plain_text_control() {
        let mut asterisk = asterisk();
        let started = events(&mut asterisk, Incoming::Text(PLAIN));
        assert_eq!(number_and_line(&started), ("+4930901820".into(), "pizza".into()));
        let audio = events(&mut asterisk, Incoming::Binary(&[0x7f; 160]));
        assert_eq!(audio, [Event::Audio { codec: Codec::Pcmu, bytes: vec![0x7f; 160] }]);
        assert_eq!(events(&mut asterisk, Incoming::Text("DTMF_END digit:#")), [pressed('#')]);
        assert_eq!(events(&mut asterisk, Incoming::Text("DTMF_END digit:5 channel_id:1761245643.1")), [pressed('5')]);
        assert_eq!(events(&mut asterisk, Incoming::Text("MEDIA_XOFF")), []);
        assert_eq!(asterisk.farewell(Goodbye::Completed).unwrap(), "HANGUP");
    }

    #[test]
    fn json_control() {
        let mut asterisk = asterisk();
        assert_eq!(events(&mut asterisk, Incoming::Text(JSON)).len(), 1);
        let audio = events(&mut asterisk, Incoming::Binary(&[1, 2]));
        assert_eq!(audio, [Event::Audio { codec: Codec::L16 { sample_rate_hz: 16000 }, bytes: vec![2, 1] }]);
        let key = r#"{"event":"DTMF_END","channel_id":"1761245643.1","digit":"1"}"#;
        assert_eq!(events(&mut asterisk, Incoming::Text(key)), [pressed('1')]);
        assert_eq!(asterisk.farewell(Goodbye::ShuttingDown).unwrap(), r#"{"command":"HANGUP"}"#);
    }

    #[test]
    fn every_format_that_can_be_heard_and_none_else() {
        for (format, expected) in [
            ("alaw", Ok(Codec::Pcma)),
            ("slin", Ok(Codec::L16 { sample_rate_hz: 8000 })),
            ("opus", Err(Fault::Unsupported)),
            ("slin48", Err(Fault::Unsupported)),
        ] {
            assert_eq!(codec(Some(format)).map_err(|refused| refused.fault), expected, "{format}");
        }
    }

    #[test]
    fn what_comes_before_media_start_is_refused() {
        assert_eq!(refusal(&mut asterisk(), Incoming::Binary(&[0; 160])), Fault::Protocol);
        assert_eq!(refusal(&mut asterisk(), Incoming::Text("DTMF_END digit:1")), Fault::Protocol);
        assert_eq!(refusal(&mut asterisk(), Incoming::Text("")), Fault::Protocol);
        assert_eq!(refusal(&mut asterisk(), Incoming::Text("{")), Fault::Malformed);
        assert_eq!(refusal(&mut asterisk(), Incoming::Text("MEDIA_START channel:x")), Fault::Protocol);
    }
}
