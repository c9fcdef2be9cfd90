//! One WebSocket: its task owns the socket and the dialect, and carries messages from one to the other.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::arrival::{Way, Why};
use super::dialect::{Dialect, Event, Fault, Goodbye, Incoming, Refused};
use super::leg::Leg;
use super::listener::{Shared, Visitor, count};
use crate::base::{TokenBucket, clock};

/// 2 s of L16 at 16 kHz in one message; peers send a hundredth of it. AudioHook's own bound is 64 kB too.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// What the library takes in. It cannot say goodbye to whoever sends more, since the rest stays unread and the kernel then
/// resets the connection; up to here the peer is told.
pub(super) const MAX_READ_BYTES: usize = 2 * MAX_MESSAGE_BYTES;
/// Whoever has not said by then who calls is no switch.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// Switches send every 20 ms, and AudioHook pings every few seconds while paused.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// A peer that does not read what it is told is let go.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// For the peer to end its side.
const LINGER: Duration = Duration::from_secs(2);
/// What a connection may send: four times 16 kHz in stereo. Faster ones are read at this pace, and TCP tells them so.
const BYTES_PER_S: u32 = 256 * 1024;
/// AudioHook sends at once what it held back during a reconnect.
const BURST: Duration = Duration::from_secs(4);
/// What any message costs besides its bytes: 1,000 empty ones a second are as many as there can be.
const MESSAGE_COST: usize = 256;

struct Session {
    socket: WebSocket,
    dialect: Dialect,
    way: Way,
    visitor: Visitor,
    shared: Arc<Shared>,
    leg: Option<Leg>,
}

enum End {
    /// The socket is closed or broken.
    Gone(Why),
    /// The peer said so, and the socket is still open.
    HungUp,
    Ours(Goodbye),
}

pub(super) async fn run(socket: WebSocket, dialect: Dialect, way: Way, visitor: Visitor, shared: Arc<Shared>) {
    let mut session = Session { socket, dialect, way, visitor, shared, leg: None };
    let end = session.listen().await;
    let why = match end {
        End::Gone(why) => why,
        End::HungUp => Why::HungUp,
        End::Ours(Goodbye::Refused(_)) => Why::Refused,
        End::Ours(_) => Why::Dismissed,
    };
    if let End::Ours(Goodbye::Refused(refused)) = end {
        count(&session.shared.counters.refused);
        tracing::debug!(peer = %session.visitor.peer, way = way.name(), %refused, "a stream ended by what it sent");
    }
    let leg = session.leg.take();
    let told = async {
        if let Some(leg) = leg {
            leg.end(why).await;
        }
    };
    tokio::join!(told, session.take_leave(end));
}

impl Session {
    async fn listen(&mut self) -> End {
        let hard = self.shared.life.hard().clone();
        let begun = clock::now();
        let mut pace = TokenBucket::full(BYTES_PER_S, BURST, begun);
        let mut resume = begun;
        let mut events = Vec::new();
        loop {
            let deadline = if self.leg.is_some() { resume + IDLE_TIMEOUT } else { begun + START_TIMEOUT };
            let received = {
                let leg = &mut self.leg;
                let hung_up = async {
                    match leg {
                        Some(leg) => leg.hung_up().await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    biased;
                    () = hard.cancelled() => return End::Ours(Goodbye::ShuttingDown),
                    goodbye = hung_up => return End::Ours(goodbye),
                    received = receive(&mut self.socket, resume, deadline) => received,
                }
            };
            let message = match received {
                Received::Message(message) => message,
                Received::Closed => return End::Gone(Why::HungUp),
                Received::Nothing if self.leg.is_some() => return End::Gone(Why::Lost),
                Received::Nothing => return End::Ours(Goodbye::Refused(Refused::protocol("no start in time"))),
                Received::Broken => return End::Ours(Goodbye::Refused(BROKEN)),
            };
            let (incoming, length) = match &message {
                Message::Text(text) => (Some(Incoming::Text(text)), text.len()),
                Message::Binary(bytes) => (Some(Incoming::Binary(bytes)), bytes.len()),
                // The library answers pings, and a close with the end of the stream.
                Message::Ping(bytes) | Message::Pong(bytes) => (None, bytes.len()),
                Message::Close(_) => (None, 0),
            };
            let now = clock::now();
            resume = now + pace.charge(length + MESSAGE_COST, now);
            if length > MAX_MESSAGE_BYTES {
                return End::Ours(Goodbye::Refused(TOO_LONG));
            }
            let Some(incoming) = incoming else { continue };
            let outcome = self.dialect.message(incoming, &mut events);
            for event in events.drain(..) {
                if let Some(end) = self.carry_out(event).await {
                    return end;
                }
            }
            if let Err(refused) = outcome {
                return End::Ours(Goodbye::Refused(refused));
            }
        }
    }

    async fn carry_out(&mut self, event: Event) -> Option<End> {
        match (event, &mut self.leg) {
            (Event::Started(_), None) if self.shared.life.soft().is_cancelled() => {
                return Some(End::Ours(Goodbye::ShuttingDown));
            }
            (Event::Started(start), None) => {
                let Some(leg) = Leg::begin(&self.shared, self.way, self.visitor.peer, start) else {
                    return Some(End::Ours(Goodbye::Busy));
                };
                count(&self.shared.counters.calls);
                self.leg = Some(leg);
            }
            (Event::Reply(text), _) => {
                if !send(&mut self.socket, Message::Text(text.into())).await {
                    return Some(End::Gone(Why::Lost));
                }
            }
            (Event::Ended, _) => return Some(End::HungUp),
            (event, Some(leg)) => leg.put(event),
            (_, None) => {}
        }
        None
    }

    /// Says goodbye in the peer's own words, and gives it a moment to close.
    async fn take_leave(mut self, end: End) {
        let goodbye = match end {
            End::Gone(_) => return,
            End::HungUp => Goodbye::Completed,
            End::Ours(goodbye) => goodbye,
        };
        let until = Instant::from_std(clock::now() + LINGER);
        let hung_up = matches!(end, End::HungUp);
        if !hung_up
            && let Some(text) = self.dialect.farewell(goodbye)
            && !send(&mut self.socket, Message::Text(text.into())).await
        {
            return;
        }
        if self.dialect.peer_closes() && !self.drain(until).await {
            return;
        }
        let close = CloseFrame { code: goodbye.close_code(), reason: goodbye.reason().into() };
        if send(&mut self.socket, Message::Close(Some(close))).await {
            self.drain(until).await;
        }
    }

    /// Reads on until the peer has closed (`false`) or had its time, still answering what its protocol wants answered.
    async fn drain(&mut self, until: Instant) -> bool {
        let mut events = Vec::new();
        while let Ok(received) = timeout_at(until, self.socket.recv()).await {
            let Some(Ok(message)) = received else { return false };
            if let Message::Text(text) = &message {
                // What is wrong now no longer matters.
                let _ = self.dialect.message(Incoming::Text(text), &mut events);
            }
            for event in events.drain(..) {
                if let Event::Reply(text) = event
                    && !send(&mut self.socket, Message::Text(text.into())).await
                {
                    return false;
                }
            }
        }
        true
    }
}

const TOO_LONG: Refused = Refused { fault: Fault::TooLong, reason: "a message is over 64 kB" };
/// tungstenite does not say which through axum: a frame against RFC 6455, text that is not UTF-8, far too long a message.
const BROKEN: Refused = Refused { fault: Fault::Protocol, reason: "not a WebSocket frame, not UTF-8, or over 128 kB" };

enum Received {
    Message(Message),
    Closed,
    Broken,
    Nothing,
}

/// The next message, not before `resume` and not after `deadline`. Cancel-safe.
async fn receive(socket: &mut WebSocket, resume: std::time::Instant, deadline: std::time::Instant) -> Received {
    sleep_until(Instant::from_std(resume)).await;
    match timeout_at(Instant::from_std(deadline), socket.recv()).await {
        Ok(Some(Ok(message))) => Received::Message(message),
        Ok(Some(Err(_))) => Received::Broken,
        Ok(None) => Received::Closed,
        Err(_) => Received::Nothing,
    }
}

/// `false`: the peer is gone, or does not read.
async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(WRITE_TIMEOUT, socket.send(message)).await, Ok(Ok(())))
}
