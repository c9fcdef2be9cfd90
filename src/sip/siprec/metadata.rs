//! rs-metadata (RFC 7865) as session border controllers really write it.
//!
//! Two formats are in the field: RFC 7865 with its association elements, and the drafts before it, where `<send>` stands in
//! the participant and every id is called `id`. Nothing in here refuses anything: what cannot be read is left out, and
//! whoever has no metadata at all is told apart by the order of the streams.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Who takes part in the recorded call and who sends which stream. It holds addresses of people and has no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `dataMode`: everything there is, which is also what a missing one means, or only what has changed.
    pub partial: bool,
    pub participants: Vec<Participant>,
    pub streams: Vec<Labelled>,
}

#[derive(Clone, Default, PartialEq, Eq)]
pub struct Participant {
    pub id: String,
    /// Addresses of record, as written. May be empty.
    pub aors: Vec<String>,
    /// Whether they placed the call, where the client says so (Oracle's `callingParty`).
    pub calling: Option<bool>,
    /// They have left the call.
    pub gone: bool,
    /// Ids of the streams that carry their voice, or labels where the client has no `<stream>`.
    /// `None`: nothing is said about it.
    pub sends: Option<Vec<String>>,
    /// Ids of the streams that they hear, and so do not send.
    pub receives: Vec<String>,
}

/// A stream by its id and its label in SDP (RFC 4574).
#[derive(Clone, PartialEq, Eq)]
pub struct Labelled {
    pub id: String,
    pub label: String,
}

/// As much as a SIP message may hold; what is beyond is not read.
const MAX_BYTES: usize = 64 * 1024;
/// A conference of this many is no call to a shop; RFC 7865 has no bound.
const MAX_PARTICIPANTS: usize = 32;
const MAX_STREAMS: usize = 32;
/// Of one participant: addresses, and streams each way.
const MAX_EACH: usize = 8;
/// Ids are base64 of 16 bytes (RFC 7865) and addresses short; longer ones are left out.
const MAX_VALUE: usize = 512;
/// RFC 7865 nests four deep. Deeper elements are not looked at.
const MAX_DEPTH: usize = 16;

impl Metadata {
    /// Reads what there is, up to the first place where the document is no XML any more.
    pub fn parse(bytes: &[u8]) -> Metadata {
        let text = decode(&bytes[..bytes.len().min(MAX_BYTES)]);
        let mut reader = Reader::from_str(&text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        config.expand_empty_elements = true;
        let mut reading = Reading::default();
        // Entities of a document type are never expanded here, so that none can grow.
        loop {
            match reader.read_event() {
                Ok(Event::Start(element)) => reading.start(&element),
                Ok(Event::End(_)) => reading.end(),
                Ok(Event::Text(text)) => reading.text(&text),
                Ok(Event::CData(text)) => reading.text(&text),
                Ok(Event::GeneralRef(reference)) => reading.reference(&reference),
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        reading.finish()
    }

    /// Takes up newer metadata: instead of what is known, or on top of it.
    pub fn update(&mut self, newer: Metadata) {
        if newer.partial {
            newer.participants.into_iter().for_each(|changed| self.merge(changed));
            for stream in newer.streams {
                self.streams.retain(|known| known.id != stream.id);
                if self.streams.len() < MAX_STREAMS {
                    self.streams.push(stream);
                }
            }
        } else if !newer.participants.is_empty() {
            *self = newer;
        }
        // A complete description of nobody is one that we could not read: what was known stays.
    }

    /// Those who are in the call.
    pub fn present(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter().filter(|participant| !participant.gone)
    }

    /// The label of a stream that an association names: by its `<stream>`, or else it is the label itself.
    pub fn label_of<'a>(&'a self, stream: &'a str) -> &'a str {
        self.streams.iter().find(|known| known.id == stream).map_or(stream, |known| &known.label)
    }

    /// It is held as long as its call: room that nothing filled is given back, 700 bytes of two participants.
    fn shrink(&mut self) {
        self.participants.shrink_to_fit();
        self.streams.shrink_to_fit();
        for Participant { aors, sends, receives, .. } in &mut self.participants {
            [Some(aors), sends.as_mut(), Some(receives)].into_iter().flatten().for_each(Vec::shrink_to_fit);
        }
    }

    fn merge(&mut self, changed: Participant) {
        let Some(known) = self.participants.iter_mut().find(|known| known.id == changed.id) else {
            if self.participants.len() < MAX_PARTICIPANTS {
                self.participants.push(changed);
            }
            return;
        };
        if !changed.aors.is_empty() {
            known.aors = changed.aors;
        }
        known.calling = changed.calling.or(known.calling);
        known.gone = changed.gone;
        if changed.sends.is_some() {
            known.sends = changed.sends;
        }
        if !changed.receives.is_empty() {
            known.receives = changed.receives;
        }
    }
}

/// A document under way.
#[derive(Default)]
struct Reading {
    metadata: Metadata,
    /// Local names of the open elements, in lower case.
    path: Vec<String>,
    /// Elements open beyond [`MAX_DEPTH`].
    too_deep: usize,
    /// Whom the open participant or association is about.
    about: Option<usize>,
    /// Whether that is over.
    ended: bool,
    /// Streams that the open association names, sent and received.
    association: Option<(Vec<String>, Vec<String>)>,
    stream: Option<Labelled>,
    /// Text of the innermost element.
    text: String,
    /// Ribbon's (Sonus) `callData`: From and To of the recorded call.
    from: Option<String>,
    to: Option<String>,
}

impl Reading {
    fn start(&mut self, element: &BytesStart<'_>) {
        if self.path.len() == MAX_DEPTH {
            self.too_deep += 1;
            return;
        }
        let name = local(element.name().as_ref()).to_ascii_lowercase();
        match name.as_str() {
            "participant" => {
                self.about = self.participant(attribute(element, &["participant_id", "id"]));
                self.ended = false;
            }
            "participantstreamassoc" | "participantsessionassoc" => {
                let id = attribute(element, &["participant_id", "id", "participant"]);
                self.about = id.and_then(|id| self.participant(Some(id)));
                self.ended = false;
                self.association = (name == "participantstreamassoc").then(Default::default);
            }
            "nameid" => {
                if let Some(aor) = attribute(element, &["aor"]) {
                    self.aor(aor);
                }
            }
            "stream" => {
                let id = attribute(element, &["stream_id", "id", "streamid"]).unwrap_or_default();
                let label = attribute(element, &["label"]).unwrap_or_default();
                self.stream = Some(Labelled { id, label });
            }
            _ => {}
        }
        self.path.push(name);
        self.text.clear();
    }

    fn end(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let Some(name) = self.path.pop() else { return };
        let value = std::mem::take(&mut self.text).trim().to_owned();
        match name.as_str() {
            "participantstreamassoc" => self.end_of_streams(),
            "participant" | "participantsessionassoc" => {
                if let Some(participant) = self.about.take().and_then(|at| self.metadata.participants.get_mut(at)) {
                    participant.gone = self.ended;
                }
            }
            "stream" => {
                if let Some(stream) = self.stream.take()
                    && !stream.label.is_empty()
                    && self.metadata.streams.len() < MAX_STREAMS
                {
                    self.metadata.streams.push(stream);
                }
            }
            _ if !value.is_empty() => self.leaf(&name, value),
            _ => {}
        }
    }

    fn leaf(&mut self, name: &str, value: String) {
        let in_call_data = self.path.iter().any(|open| open == "calldata");
        let about = self.about.and_then(|at| self.metadata.participants.get_mut(at));
        match (name, about) {
            ("datamode", _) => self.metadata.partial = value.eq_ignore_ascii_case("partial"),
            ("label", _) => {
                if let Some(stream) = &mut self.stream {
                    stream.label = value;
                }
            }
            ("send", Some(participant)) => match &mut self.association {
                Some((sends, _)) => push(sends, value),
                None => push(participant.sends.get_or_insert_default(), value),
            },
            ("recv", Some(participant)) => match &mut self.association {
                Some((_, receives)) => push(receives, value),
                None => push(&mut participant.receives, value),
            },
            ("aor", Some(_)) => self.aor(value),
            ("disassociate-time", Some(_)) => self.ended = true,
            ("callingparty", Some(participant)) => participant.calling = Some(value.eq_ignore_ascii_case("true")),
            ("fromhdr" | "from", _) if in_call_data => self.from = Some(value),
            ("tohdr" | "to", _) if in_call_data => self.to = Some(value),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.too_deep == 0 && self.text.len() < MAX_VALUE {
            self.text.extend(text.chars().take(MAX_VALUE));
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        let name: &str = reference;
        if let Ok(text) = unescape(&format!("&{name};")) {
            self.text(&text);
        }
    }

    /// The participant of this id, a new one where there is none. Two without an id are two.
    fn participant(&mut self, id: Option<String>) -> Option<usize> {
        let participants = &mut self.metadata.participants;
        if let Some(known) = participants.iter().position(|known| id.as_ref() == Some(&known.id)) {
            return Some(known);
        }
        if participants.len() == MAX_PARTICIPANTS {
            return None;
        }
        participants.push(Participant { id: id.unwrap_or_default(), ..Participant::default() });
        Some(participants.len() - 1)
    }

    fn aor(&mut self, aor: String) {
        if let Some(participant) = self.about.and_then(|at| self.metadata.participants.get_mut(at)) {
            push(&mut participant.aors, aor);
        }
    }

    /// An association that has ended takes its streams away.
    fn end_of_streams(&mut self) {
        let Some((sends, receives)) = self.association.take() else { return };
        let Some(participant) = self.about.take().and_then(|at| self.metadata.participants.get_mut(at)) else { return };
        if self.ended {
            participant.sends.get_or_insert_default().retain(|stream| !sends.contains(stream));
            participant.receives.retain(|stream| !receives.contains(stream));
            return;
        }
        for stream in sends {
            push(participant.sends.get_or_insert_default(), stream);
        }
        for stream in receives {
            push(&mut participant.receives, stream);
        }
    }

    fn finish(mut self) -> Metadata {
        self.fill_from_call_data();
        self.metadata.shrink();
        self.metadata
    }

    /// From and To stand in for addresses that say nothing: the calling side is named first, the called side second.
    fn fill_from_call_data(&mut self) {
        let sides = [self.from.take(), self.to.take()];
        if self.metadata.partial {
            return;
        }
        let participants = &mut self.metadata.participants;
        for (at, address) in sides.into_iter().enumerate() {
            let Some(address) = address else { continue };
            if at == participants.len() {
                participants.push(Participant { id: format!("calldata-{at}"), ..Participant::default() });
            }
            if let Some(participant) = participants.get_mut(at)
                && !participant.aors.iter().any(|aor| says_who(aor))
            {
                participant.aors = vec![address];
            }
        }
    }
}

/// Whether an address names anybody: `sip:localhost` and `sip:x@localhost` are what a client writes that does not know.
fn says_who(aor: &str) -> bool {
    let address = aor.split_once(':').map_or(aor, |(_, address)| address);
    let end = address.find([';', '?']).unwrap_or(address.len());
    let (user, host) = address[..end].split_once('@').unwrap_or(("", ""));
    !user.is_empty() && !host.to_ascii_lowercase().starts_with("localhost")
}

fn push(values: &mut Vec<String>, value: String) {
    if values.len() < MAX_EACH && !values.contains(&value) {
        values.push(value);
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The first attribute of one of these names, in this order, whatever its prefix and case.
fn attribute(element: &BytesStart<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let mut attributes = element.html_attributes();
        let found = attributes
            .with_checks(false)
            .flatten()
            .find(|found| local(found.key.as_ref()).eq_ignore_ascii_case(name))?;
        let value = unescape(&found.value).unwrap_or(Cow::Borrowed(&found.value)).trim().to_owned();
        (!value.is_empty() && value.len() <= MAX_VALUE).then_some(value)
    })
}

/// UTF-8, UTF-16 by its first bytes, or else ISO-8859-1, whatever the document says of itself.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(wide(rest, u16::from_be_bytes)),
        [0xff, 0xfe, rest @ ..] => Cow::Owned(wide(rest, u16::from_le_bytes)),
        [0, b'<', ..] => Cow::Owned(wide(bytes, u16::from_be_bytes)),
        [b'<', 0, ..] => Cow::Owned(wide(bytes, u16::from_le_bytes)),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            // Cut in the middle of a character, or another encoding.
            Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
        },
    }
}

#[cfg(test)]
mod tests;
