//! Who of the participants is the caller, who the agent, and which stream carries the caller's voice.
//!
//! The rule, as `docs/reference/ways-in/siprec.md` tells it to operators:
//!
//! 1. Whoever matches `sip.agents` is an agent.
//! 2. Among the others, the caller is who looks most like one from outside: a withheld number before a telephone number,
//!    that before an address that says nothing, that before an extension or a name.
//! 3. Between equals: who was the caller before, then who placed the call where the client says so, then whose stream
//!    comes first.
//!
//! A participant's stream is the one that the metadata names by its label; without that, streams go to participants in
//! order. With no metadata at all the first stream is the caller's.

use std::cmp::Reverse;
use std::fmt;

use super::metadata::{Metadata, Participant};
use crate::base::Line;
use crate::sip::caller_id::{CallerId, user_at_host};

/// What a recording session says at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// The caller's stream; `None` while there is none.
    pub hear: Option<Hear>,
    pub caller: Option<Party>,
    pub agent: Option<Agent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hear {
    /// The number of the stream among the audio streams of the session, and of its media socket.
    pub slot: usize,
    /// Others speak on it too, so that no voice on it is anybody's for sure.
    pub mixed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub id: ParticipantId,
    pub number: CallerId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub id: ParticipantId,
    /// The user part of their address: their screen.
    pub line: Option<Line>,
}

/// What the client calls a participant. Some make it of the address, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ParticipantId(String);

/// One audio stream of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    pub slot: usize,
    /// `a=label` (RFC 4574).
    pub label: Option<String>,
}

/// Addresses of agents: a user part (`4711`), a pattern (`4???`, `agent-*`), with a domain (`*@desk.example.com`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agents {
    patterns: Vec<String>,
}

/// What a number must have to be one from outside: extensions have up to six digits, and E.164's shortest numbers seven.
const OUTSIDE_DIGITS: usize = 7;

impl fmt::Debug for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParticipantId(redacted)")
    }
}

impl Agents {
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Self {
        Self { patterns: patterns.into_iter().map(|pattern| pattern.trim().to_ascii_lowercase()).collect() }
    }

    fn include(&self, user: &str, host: &str) -> bool {
        let (user, address) = (user.to_ascii_lowercase(), format!("{user}@{host}").to_ascii_lowercase());
        self.patterns.iter().any(|pattern| {
            let text = if pattern.contains('@') { &address } else { &user };
            matches(pattern.as_bytes(), text.as_bytes())
        })
    }
}

/// `*` is any text, `?` any one character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stood, and how much of the text it takes.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// What an address says of where its owner sits, the most outside last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Agent,
    /// An extension or a name.
    Inside,
    Unknown,
    Number,
    Withheld,
}

struct Candidate<'a> {
    participant: &'a Participant,
    id: ParticipantId,
    place: Place,
    number: CallerId,
    line: Option<Line>,
    slot: Option<usize>,
}

impl Roles {
    /// `before`: what held until now. `country_code` without `+`, for numbers in national form.
    pub fn decide(
        metadata: &Metadata,
        streams: &[Offered],
        agents: &Agents,
        country_code: Option<&str>,
        before: &Roles,
    ) -> Roles {
        let mut candidates: Vec<_> =
            metadata.present().enumerate().map(|(at, p)| Candidate::new(at, p, agents, country_code)).collect();
        if candidates.is_empty() && !metadata.participants.is_empty() {
            // Everybody has left; who they were still holds.
            return Roles { hear: None, ..before.clone() };
        }
        assign(&mut candidates, metadata, streams);
        let was = |id: &ParticipantId, role: Option<&ParticipantId>| role == Some(id);
        let before_caller = before.caller.as_ref().map(|caller| &caller.id);
        let before_agent = before.agent.as_ref().map(|agent| &agent.id);
        let place = |at: &usize, candidate: &Candidate<'_>| (candidate.slot.unwrap_or(usize::MAX), *at);
        let alone = candidates.len() == 1;
        let caller = candidates
            .iter()
            .enumerate()
            .filter(|(_, candidate)| !alone || candidate.place > Place::Inside)
            .max_by_key(|(at, candidate)| {
                let calling = candidate.participant.calling == Some(true);
                (candidate.place, was(&candidate.id, before_caller), calling, Reverse(place(at, candidate)))
            })
            .map(|(at, _)| at);
        let agent = candidates
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != caller)
            .min_by_key(|(at, candidate)| {
                (candidate.place, !was(&candidate.id, before_agent), candidate.line.is_none(), place(at, candidate))
            })
            .map(|(_, candidate)| Agent { id: candidate.id.clone(), line: candidate.line.clone() });
        let hear = match caller.and_then(|at| candidates.get(at)) {
            Some(caller) => caller.slot,
            // Nobody is known: the first stream that is not an agent's.
            None => {
                let taken: Vec<_> = candidates.iter().filter_map(|candidate| candidate.slot).collect();
                streams.iter().map(|stream| stream.slot).find(|slot| !taken.contains(slot))
            }
        };
        let mixed = |slot| is_mixed(&candidates, metadata, streams, slot);
        Roles {
            hear: hear.map(|slot| Hear { slot, mixed: mixed(slot) }),
            caller: caller
                .and_then(|at| candidates.get(at))
                .map(|caller| Party { id: caller.id.clone(), number: caller.number.clone() }),
            agent,
        }
    }
}

impl Roles {
    /// The agent's screen.
    pub fn line(&self) -> Option<&Line> {
        self.agent.as_ref()?.line.as_ref()
    }

    /// Whether another person speaks by `newer`, or on another stream. To learn who it was all along is no change.
    pub fn another_speaker(&self, newer: &Roles) -> bool {
        let stream = self.hear.zip(newer.hear).is_some_and(|(old, new)| old != new);
        let caller = self.caller.as_ref().zip(newer.caller.as_ref()).is_some_and(|(old, new)| {
            let numbers = old.number.number.as_ref().zip(new.number.number.as_ref());
            old.id != new.id || numbers.is_some_and(|(old, new)| old != new)
        });
        stream || caller
    }

    /// Takes up what `newer` says; of what it is silent about, the old holds.
    pub fn take_up(&mut self, newer: &Roles) {
        self.hear = newer.hear.or(self.hear);
        if newer.caller.is_some() {
            self.caller.clone_from(&newer.caller);
        }
        if newer.line().is_some() {
            self.agent.clone_from(&newer.agent);
        }
    }
}

impl<'a> Candidate<'a> {
    fn new(at: usize, participant: &'a Participant, agents: &Agents, country_code: Option<&str>) -> Self {
        let addresses: Vec<String> = participant.aors.iter().map(|aor| with_scheme(aor)).collect();
        let number = CallerId::from_addresses(addresses.iter().map(String::as_str), country_code);
        let users =
            || addresses.iter().filter_map(|address| user_at_host(address)).filter(|(user, _)| !user.is_empty());
        let place = if users().any(|(user, host)| agents.include(user, host)) {
            Place::Agent
        } else if number.withheld {
            Place::Withheld
        } else if users().any(|(user, _)| is_number(user)) {
            Place::Number
        } else if users().any(|(user, _)| !user.eq_ignore_ascii_case("unknown")) {
            Place::Inside
        } else {
            Place::Unknown
        };
        let id = match (participant.id.as_str(), participant.aors.first()) {
            ("", Some(aor)) => aor.clone(),
            ("", None) => format!("#{at}"),
            (id, _) => id.to_owned(),
        };
        let line = users().next().map(|(user, _)| Line::new(user));
        Self { participant, id: ParticipantId(id), place, number, line, slot: None }
    }

    /// The streams that carry their voice, as far as the metadata says so and the session has them.
    fn named(&self, metadata: &Metadata, streams: &[Offered]) -> Vec<usize> {
        let slot_of = |id: &String| {
            let label = metadata.label_of(id);
            streams.iter().find(|stream| stream.label.as_deref() == Some(label)).map(|stream| stream.slot)
        };
        let sends: Vec<_> = self.participant.sends.iter().flatten().filter_map(slot_of).collect();
        if !sends.is_empty() || self.participant.receives.is_empty() || self.participant.sends.is_some() {
            return sends;
        }
        // Only what they hear is said: with two streams, theirs is the other one.
        let hears: Vec<_> = self.participant.receives.iter().filter_map(slot_of).collect();
        let others: Vec<_> = streams.iter().map(|stream| stream.slot).filter(|slot| !hears.contains(slot)).collect();
        if others.len() == 1 { others } else { Vec::new() }
    }

    /// Whether the metadata says that they send nothing (any more).
    fn is_silent(&self) -> bool {
        self.participant.sends.as_ref().is_some_and(Vec::is_empty)
    }
}

/// Streams by label; what is left goes in order to those of whom nothing is said.
fn assign(candidates: &mut [Candidate<'_>], metadata: &Metadata, streams: &[Offered]) {
    for candidate in candidates.iter_mut() {
        candidate.slot = candidate.named(metadata, streams).first().copied();
    }
    let taken: Vec<_> = candidates.iter().filter_map(|candidate| candidate.slot).collect();
    let mut left = streams.iter().map(|stream| stream.slot).filter(|slot| !taken.contains(slot));
    for candidate in candidates.iter_mut().filter(|candidate| candidate.slot.is_none() && !candidate.is_silent()) {
        candidate.slot = left.next();
    }
}

/// Two people are named as its senders; or it is the only stream, and not everybody else is said to be elsewhere.
fn is_mixed(candidates: &[Candidate<'_>], metadata: &Metadata, streams: &[Offered], slot: usize) -> bool {
    let sends = |candidate: &&Candidate<'_>| candidate.named(metadata, streams).contains(&slot);
    let senders = candidates.iter().filter(sends).count();
    let unsaid = candidates.iter().any(|c| c.participant.sends.is_none() && c.participant.receives.is_empty());
    senders > 1 || (streams.len() == 1 && (senders == 0 || unsaid))
}

/// An address of record as a whole URI: some clients leave out the scheme, others the host.
fn with_scheme(aor: &str) -> String {
    if aor.contains('<') || aor.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("tel:")) {
        return aor.to_owned();
    }
    let rest = aor.split_once(':').filter(|(scheme, _)| ["sip", "sips"].iter().any(|s| scheme.eq_ignore_ascii_case(s)));
    match rest {
        None => format!("sip:{aor}{}", if aor.contains('@') { "" } else { "@" }),
        Some((_, number)) if is_number(number) => format!("sip:{number}@"),
        Some(_) => aor.to_owned(),
    }
}

/// Digits as on a telephone's keys, enough of them for a number from outside.
fn is_number(user: &str) -> bool {
    let user = user.replace("%2B", "+").replace("%2b", "+");
    let digits = user.chars().filter(char::is_ascii_digit).count();
    digits >= OUTSIDE_DIGITS && user.chars().all(|c| c.is_ascii_digit() || "+-.() ".contains(c))
}

#[cfg(test)]
mod tests;
