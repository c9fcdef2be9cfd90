//! Genesys Cloud's AudioHook Monitor, protocol version 2: JSON text messages with sequence numbers, PCMU in binary ones.
//!
//! Written to developer.genesys.cloud/devapps/audiohook, "Session walkthrough" and "Protocol reference", and to how Genesys'
//! own reference implementation behaves. The channel `external` is the caller, `internal` the agent. Whether the peer may
//! connect at all is settled before, by its signature (`signature.rs`).

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::Asked;
use super::dialect::{Event, Goodbye, Incoming, Refused, digit};
use super::samples::Layout;
use crate::rtp::Codec;

pub struct AudioHook {
    asked: Asked,
    /// Of the request's headers; the messages must agree.
    named: Named,
    id: String,
    /// Newest sequence number of the server, and of the client.
    seq: u64,
    client_seq: u64,
    opened: bool,
    /// Of an opened session with audio.
    layout: Option<Layout>,
    saying_goodbye: bool,
}

/// What the headers `audiohook-session-id` and `audiohook-organization-id` name, if there are any.
#[derive(Clone, Debug, Default)]
pub struct Named {
    pub session: Option<String>,
    pub organization: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    version: String,
    #[serde(rename = "type")]
    kind: String,
    id: String,
    seq: u64,
    serverseq: u64,
    #[serde(default)]
    parameters: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Open {
    organization_id: String,
    conversation_id: String,
    participant: Participant,
    #[serde(default)]
    media: Vec<Media>,
    #[serde(default)]
    supported_languages: bool,
    #[serde(default)]
    custom_config: Value,
}

#[derive(Deserialize)]
struct Participant {
    ani: String,
    dnis: String,
}

#[derive(Deserialize)]
struct Media {
    #[serde(rename = "type")]
    kind: String,
    format: String,
    channels: Vec<String>,
    rate: u32,
}

/// The conversation of a connection that only tries whether we are there ("Connection probe").
const NO_CONVERSATION: &str = "00000000-0000-0000-0000-000000000000";

impl AudioHook {
    pub fn new(asked: Asked, named: Named) -> Self {
        let id = named.session.clone().unwrap_or_default();
        let (seq, client_seq, opened, layout, saying_goodbye) = (0, 0, false, None, false);
        Self { asked, named, id, seq, client_seq, opened, layout, saying_goodbye }
    }

    pub(super) fn message(&mut self, incoming: Incoming<'_>, events: &mut Vec<Event>) -> Result<(), Refused> {
        match incoming {
            Incoming::Binary(bytes) => match self.layout {
                // Under way while we said `disconnect`.
                _ if self.saying_goodbye => Ok(()),
                Some(layout) => layout.hear(bytes, events),
                None => Err(Refused::protocol("audio without an agreed media format")),
            },
            Incoming::Text(text) => {
                let message: Message =
                    serde_json::from_str(text).map_err(|_| Refused::malformed("not a well-formed client message"))?;
                self.in_sequence(&message)?;
                self.obey(message, events)
            }
        }
    }

    pub(super) fn farewell(&mut self, goodbye: Goodbye) -> Option<String> {
        if std::mem::replace(&mut self.saying_goodbye, true) {
            return None;
        }
        let reason = match goodbye {
            Goodbye::Completed | Goodbye::ShuttingDown => "completed",
            Goodbye::Busy | Goodbye::Refused(_) => "error",
        };
        Some(self.reply("disconnect", json!({ "reason": reason, "info": goodbye.reason() })))
    }

    /// Protocol reference, "Message sequence numbers": each side counts what it sends and says what it has seen.
    fn in_sequence(&mut self, message: &Message) -> Result<(), Refused> {
        if message.version != "2" {
            return Err(Refused::unsupported("the protocol version is 2"));
        }
        if message.seq != self.client_seq + 1 {
            return Err(Refused::protocol("seq does not continue the count"));
        }
        self.client_seq = message.seq;
        if message.serverseq > self.seq {
            return Err(Refused::protocol("serverseq is ahead of what was sent"));
        }
        if self.id.is_empty() {
            self.id.clone_from(&message.id);
        } else if self.id != message.id {
            return Err(Refused::protocol("the session id is not the one that the session began with"));
        }
        Ok(())
    }

    fn obey(&mut self, message: Message, events: &mut Vec<Event>) -> Result<(), Refused> {
        match message.kind.as_str() {
            "open" => return self.open(message.parameters, events),
            "ping" => events.push(Event::Reply(self.reply("pong", json!({})))),
            "close" => {
                events.push(Event::Reply(self.reply("closed", json!({}))));
                events.push(Event::Ended);
            }
            // Not yet opened, or already ended by us: nothing of it concerns a call.
            _ if !self.opened || self.saying_goodbye => {}
            "paused" => events.push(Event::Hold(true)),
            "resumed" => {
                events.extend(discarded(&message.parameters).map(Event::Unheard));
                events.push(Event::Hold(false));
            }
            "discarded" => events.extend(discarded(&message.parameters).map(Event::Unheard)),
            "dtmf" => {
                let key = message.parameters.get("digit").and_then(Value::as_str).and_then(digit);
                events.extend(key.map(Event::Digit));
            }
            // `update` changes a language, `error` is the client's to act upon, and later versions may add more.
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, parameters: Value, events: &mut Vec<Event>) -> Result<(), Refused> {
        if self.opened || self.saying_goodbye {
            return Ok(());
        }
        let open: Open =
            serde_json::from_value(parameters).map_err(|_| Refused::malformed("`open` lacks what it must have"))?;
        if self.named.organization.as_ref().is_some_and(|organization| *organization != open.organization_id) {
            return Err(Refused::protocol("the organization is not that of the request"));
        }
        let selected = select(&open.media);
        if open.conversation_id != NO_CONVERSATION {
            let (media, layout) = selected
                .ok_or(Refused::unsupported("no offered media is PCMU at 8000 Hz with the channel `external`"))?;
            let configured = |name| open.custom_config.get(name).and_then(Value::as_str);
            let line = configured("line").unwrap_or(&open.participant.dnis);
            self.layout = Some(layout);
            events.push(Event::Started(self.asked.start(Some(&open.participant.ani), Some(line))));
            let opened = self.opened(&open, Some(media));
            events.push(Event::Reply(opened));
        } else {
            let opened = self.opened(&open, selected.map(|(media, _)| media));
            events.push(Event::Reply(opened));
        }
        self.opened = true;
        Ok(())
    }

    fn opened(&mut self, open: &Open, media: Option<&Media>) -> String {
        let media: Vec<Value> = media
            .map(|media| json!({ "type": "audio", "format": "PCMU", "channels": media.channels, "rate": 8000 }))
            .into_iter()
            .collect();
        let mut parameters = json!({ "startPaused": false, "media": media });
        if open.supported_languages {
            parameters["supportedLanguages"] = json!([]);
        }
        self.reply("opened", parameters)
    }

    fn reply(&mut self, kind: &str, parameters: Value) -> String {
        self.seq += 1;
        json!({
            "version": "2",
            "id": self.id,
            "type": kind,
            "seq": self.seq,
            "clientseq": self.client_seq,
            "parameters": parameters,
        })
        .to_string()
    }
}

/// The caller alone if that is offered, since half the bytes do; else both, of which one is heard.
fn select(offered: &[Media]) -> Option<(&Media, Layout)> {
    let layouts = offered.iter().filter_map(|media| {
        let usable = media.kind == "audio" && media.format == "PCMU" && media.rate == 8000;
        let caller = media.channels.iter().position(|channel| channel == "external")?;
        let channels = media.channels.len();
        (usable && channels <= 2).then_some((media, Layout { codec: Codec::Pcmu, channels, caller }))
    });
    layouts.min_by_key(|(_, layout)| layout.channels)
}

/// `"discarded": "PT1.5S"`: the time of audio that will never come.
fn discarded(parameters: &Value) -> Option<Duration> {
    let text = parameters.get("discarded")?.as_str()?;
    let seconds: f64 = text.strip_prefix("PT")?.strip_suffix('S')?.parse().ok()?;
    // No call lasts longer; NaN and negatives fail here too.
    (seconds > 0.0 && seconds <= 86_400.0).then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests;
