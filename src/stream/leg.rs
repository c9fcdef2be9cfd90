//! One call between its connection and the rest of the house: the queue of its pieces, and the word that ends it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::arrival::{Arrival, HangUp, Piece, Way, Why};
use super::dialect::{Event, Goodbye, Start};
use super::listener::Shared;
use crate::base::{CallId, Line};
use crate::rtp::Codec;

pub(super) struct Leg {
    call: CallId,
    pieces: mpsc::Sender<Piece>,
    goodbye: oneshot::Receiver<Goodbye>,
    /// Time that was dropped and not yet told.
    owed: Duration,
    dropped: u64,
}

/// Waiting pieces of one call: 1.3 s of what switches send every 20 ms, 20 kB; 200 kB if every piece were of the largest.
/// The call's task takes them at once; a queue that fills means that it does not keep up.
pub const PIECES: usize = 64;
/// Of these, what payloads leave free: keys, holds and gaps are small and must not be lost to a burst of audio.
const RESERVED: usize = 8;
/// How long the last word may wait for a place.
const LAST_WORD: Duration = Duration::from_secs(5);

impl Leg {
    /// Hands the call over. `None`: the house is full.
    pub(super) fn begin(shared: &Shared, way: Way, peer: SocketAddr, start: Start) -> Option<Leg> {
        let call = CallId::new(format!("{:016x}", rand::random::<u64>()));
        let (pieces, media) = mpsc::channel(PIECES);
        let (hang_up, goodbye) = HangUp::channel();
        let line = start.line.unwrap_or_else(|| Line::new(way.name()));
        let (number, mixed) = (start.number, start.mixed);
        let arrival = Arrival { call: call.clone(), way, peer, line, number, mixed, media, hang_up };
        shared.arrivals.try_send(arrival).ok()?;
        tracing::debug!(%call, way = way.name(), %peer, "a call came in over a stream");
        Some(Leg { call, pieces, goodbye, owed: Duration::ZERO, dropped: 0 })
    }

    /// Passes on what the house is to hear; never waits.
    pub(super) fn put(&mut self, event: Event) {
        match event {
            Event::Audio { codec, bytes } => {
                let time = duration(codec, &bytes);
                let room = self.pieces.capacity() > RESERVED && self.settle();
                if !room || self.pieces.try_send(Piece::Payload { codec, bytes }).is_err() {
                    self.owed += time;
                    self.dropped += 1;
                }
            }
            Event::Unheard(time) => {
                self.owed += time;
                self.settle();
            }
            Event::Digit(key) => self.small(Piece::Digit(key)),
            Event::Hold(hold) => self.small(Piece::Hold(hold)),
            // The connection's own affairs.
            Event::Started(_) | Event::Reply(_) | Event::Ended => {}
        }
    }

    /// Waits for our side to end the call. Cancel-safe.
    pub(super) async fn hung_up(&mut self) -> Goodbye {
        tokio::select! {
            goodbye = &mut self.goodbye => goodbye.unwrap_or(Goodbye::Completed),
            () = self.pieces.closed() => Goodbye::Completed,
        }
    }

    pub(super) async fn end(mut self, why: Why) {
        self.settle();
        let dropped = self.dropped;
        if dropped > 0 {
            tracing::warn!(call = %self.call, dropped, "payloads found their call's queue full");
        }
        // Nobody may be there to hear it any more.
        let _ = timeout(LAST_WORD, self.pieces.send(Piece::Ended { why, dropped })).await;
    }

    /// Tells of the time that is owed, so that what follows stands in its place. `false`: no room.
    fn settle(&mut self) -> bool {
        if self.owed.is_zero() {
            return true;
        }
        let told = self.pieces.try_send(Piece::Unheard(self.owed)).is_ok();
        if told {
            self.owed = Duration::ZERO;
        }
        told
    }

    fn small(&mut self, piece: Piece) {
        if !self.settle() || self.pieces.try_send(piece).is_err() {
            self.dropped += 1;
        }
    }
}

fn duration(codec: Codec, payload: &[u8]) -> Duration {
    Duration::from_secs_f64(f64::from(codec.duration(payload)) / f64::from(codec.clock_rate_hz()))
}
