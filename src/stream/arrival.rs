//! What the rest of the house gets: a call that has arrived, and the caller's voice in pieces.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::dialect::Goodbye;
use crate::base::{CallId, E164, Line};
use crate::rtp::{Codec, Digit};

/// A call with nothing to answer: the peer sends already. Dropping it ends the call.
#[derive(Debug)]
pub struct Arrival {
    pub call: CallId,
    pub way: Way,
    pub peer: SocketAddr,
    pub line: Line,
    /// `None`: withheld, or no telephone number.
    pub number: Option<E164>,
    /// Caller and agent are in one channel: nothing of it is passed on, and only the number speaks for the caller.
    pub mixed: bool,
    /// In order, a bounded queue: whoever is late finds [`Piece::Unheard`] in place of what was dropped.
    pub media: mpsc::Receiver<Piece>,
    pub hang_up: HangUp,
}

/// How a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    AudioFork,
    Asterisk,
    AudioHook,
    MediaStream,
    AudioSocket,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// At most [`MAX_PIECE_BYTES`](super::dialect::MAX_PIECE_BYTES) of the caller's voice.
    Payload {
        codec: Codec,
        bytes: Vec<u8>,
    },
    /// Time without anything to hear: lost, dropped, discarded by the peer, or mixed with the agent's voice.
    Unheard(Duration),
    Digit(Digit),
    /// True: no media is to be expected until false.
    Hold(bool),
    /// The last one. `dropped`: payloads that found the queue full.
    Ended {
        why: Why,
        dropped: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// By the peer.
    HungUp,
    /// By us: [`HangUp`], or a shutdown.
    Dismissed,
    /// The connection broke, or nothing came for a minute.
    Lost,
    /// The peer sent what its dialect does not allow.
    Refused,
}

/// Ends a call that arrived, each dialect in its own way. Dropped, it says [`Goodbye::Completed`].
pub struct HangUp(oneshot::Sender<Goodbye>);

impl Way {
    /// Its path on the listener, and the line of calls that name none.
    pub fn name(self) -> &'static str {
        match self {
            Way::AudioFork => "audio-fork",
            Way::Asterisk => "asterisk",
            Way::AudioHook => "audiohook",
            Way::MediaStream => "media-stream",
            Way::AudioSocket => "audiosocket",
        }
    }
}

impl HangUp {
    pub(super) fn channel() -> (Self, oneshot::Receiver<Goodbye>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), receiver)
    }

    pub fn say(self, goodbye: Goodbye) {
        // The peer may have hung up at the same moment.
        let _ = self.0.send(goodbye);
    }
}

impl fmt::Debug for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HangUp")
    }
}
