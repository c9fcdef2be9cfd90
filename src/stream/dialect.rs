//! What the dialects have in common: a message of the peer goes in, events and replies come out.
//!
//! A dialect is a state machine without I/O; `session.rs` owns the socket. It never sees what another call sends, so a
//! [`Refused`] ends its own call alone.

use std::time::Duration;

use super::asterisk::Asterisk;
use super::audio_fork::AudioFork;
use super::audiohook::AudioHook;
use super::media_stream::MediaStream;
use crate::base::{E164, Line};
use crate::rtp::{Codec, Digit};

/// One WebSocket message (RFC 6455 §5.6).
#[derive(Clone, Copy, Debug)]
pub enum Incoming<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Who calls is known now. Comes once, before any other event but a reply.
    Started(Start),
    /// The caller's voice, at most [`MAX_PIECE_BYTES`]. L16 has the high byte first, as in RTP (RFC 3551 §4.5.11),
    /// whatever the dialect sends.
    Audio { codec: Codec, bytes: Vec<u8> },
    /// Time of the call that nobody is to hear: lost, discarded, or mixed with the agent's voice.
    Unheard(Duration),
    /// A key pressed.
    Digit(Digit),
    /// The peer sends no media for a while (true), or does so again.
    Hold(bool),
    /// To be sent back as a text message.
    Reply(String),
    /// The call is over, by the peer's word.
    Ended,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// `None`: withheld, or no telephone number.
    pub number: Option<E164>,
    /// `None`: the peer named none.
    pub line: Option<Line>,
    /// Caller and agent are in one channel, so that nothing of it may be taken for the caller's voice.
    pub mixed: bool,
}

/// Why a message ends its connection. Goes to the peer, so it repeats nothing that the peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    pub fault: Fault,
    pub reason: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not what the dialect allows at this point.
    Protocol,
    /// Understood, and not something that we can hear.
    Unsupported,
    /// Not what its type says: text that is no JSON, half a sample.
    Malformed,
    /// Longer than anything that a switch sends.
    TooLong,
}

/// Why we end a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goodbye {
    /// Nobody listens any more.
    Completed,
    /// No room for one more call; the peer may try again.
    Busy,
    ShuttingDown,
    Refused(Refused),
}

/// The dialects that come over a WebSocket.
pub enum Dialect {
    AudioFork(AudioFork),
    Asterisk(Asterisk),
    AudioHook(Box<AudioHook>),
    MediaStream(MediaStream),
}

/// 100 ms of L16 at 16 kHz, 400 ms of G.711: larger messages are cut, so that a queue of pieces has a bound in bytes.
pub const MAX_PIECE_BYTES: usize = 3200;

impl Dialect {
    /// Appends what `incoming` means to `events`.
    pub fn message(&mut self, incoming: Incoming<'_>, events: &mut Vec<Event>) -> Result<(), Refused> {
        match self {
            Dialect::AudioFork(dialect) => dialect.message(incoming, events),
            Dialect::Asterisk(dialect) => dialect.message(incoming, events),
            Dialect::AudioHook(dialect) => dialect.message(incoming, events),
            Dialect::MediaStream(dialect) => dialect.message(incoming, events),
        }
    }

    /// The text that says goodbye before the connection closes, where the dialect has one.
    pub fn farewell(&mut self, goodbye: Goodbye) -> Option<String> {
        match self {
            Dialect::Asterisk(dialect) => Some(dialect.farewell()),
            Dialect::AudioHook(dialect) => dialect.farewell(goodbye),
            Dialect::AudioFork(_) | Dialect::MediaStream(_) => None,
        }
    }

    /// The peer closes the connection after the last words; we only see that it does.
    pub fn peer_closes(&self) -> bool {
        matches!(self, Dialect::AudioHook(_))
    }
}

impl Refused {
    pub fn protocol(reason: &'static str) -> Self {
        Self { fault: Fault::Protocol, reason }
    }

    pub fn unsupported(reason: &'static str) -> Self {
        Self { fault: Fault::Unsupported, reason }
    }

    pub fn malformed(reason: &'static str) -> Self {
        Self { fault: Fault::Malformed, reason }
    }
}

impl Goodbye {
    /// RFC 6455 §7.4.1, and 1013 of its registry.
    pub fn close_code(self) -> u16 {
        match self {
            Goodbye::Completed => 1000,
            Goodbye::Busy => 1013,
            Goodbye::ShuttingDown => 1001,
            Goodbye::Refused(Refused { fault: Fault::Protocol, .. }) => 1002,
            Goodbye::Refused(Refused { fault: Fault::Unsupported, .. }) => 1003,
            Goodbye::Refused(Refused { fault: Fault::Malformed, .. }) => 1007,
            Goodbye::Refused(Refused { fault: Fault::TooLong, .. }) => 1009,
        }
    }

    pub fn reason(self) -> &'static str {
        match self {
            Goodbye::Completed => "the call is over",
            Goodbye::Busy => "no room for one more call",
            Goodbye::ShuttingDown => "shutting down",
            Goodbye::Refused(refused) => refused.reason,
        }
    }
}

/// A key by its name.
pub(super) fn digit(text: &str) -> Option<Digit> {
    let mut chars = text.trim().chars();
    let key = Digit::new(chars.next()?)?;
    chars.next().is_none().then_some(key)
}
