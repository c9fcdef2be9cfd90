//! One AudioSocket connection: its task owns the socket and the protocol.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::arrival::{Way, Why};
use super::audiosocket::{AudioSocket, Framer, Heard};
use super::dialect::{Event, Goodbye, Refused};
use super::leg::Leg;
use super::listener::{Shared, Visitor, count};
use crate::base::{TokenBucket, clock};

/// Asterisk sends the UUID with the connection.
const UUID_TIMEOUT: Duration = Duration::from_secs(5);
/// Asterisk sends every 20 ms.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// For the peer to end its side, so that our last bytes are not lost to a reset.
const LINGER: Duration = Duration::from_secs(2);
/// Four times 16 kHz; faster ones are read at this pace, and TCP tells them so.
const BYTES_PER_S: u32 = 128 * 1024;
const BURST: Duration = Duration::from_secs(4);
const READ_BYTES: usize = 4 * 1024;

enum End {
    Gone(Why),
    Ours(Goodbye),
}

pub(super) async fn run(mut stream: TcpStream, visitor: Visitor, shared: Arc<Shared>) {
    let mut leg = None;
    let end = if shared.life.soft().is_cancelled() {
        End::Ours(Goodbye::ShuttingDown)
    } else {
        listen(&mut stream, &mut leg, &visitor, &shared).await
    };
    let (why, goodbye) = match end {
        End::Gone(why) => (why, None),
        End::Ours(goodbye @ Goodbye::Refused(refused)) => {
            count(&shared.counters.refused);
            tracing::debug!(peer = %visitor.peer, %refused, "an AudioSocket connection ended by what it sent");
            (Why::Refused, Some(goodbye))
        }
        End::Ours(goodbye) => (Why::Dismissed, Some(goodbye)),
    };
    let told = async {
        if let Some(leg) = leg {
            leg.end(why).await;
        }
    };
    let leave = async {
        if let Some(goodbye) = goodbye {
            take_leave(&mut stream, goodbye).await;
        }
    };
    tokio::join!(told, leave);
}

async fn listen(stream: &mut TcpStream, leg: &mut Option<Leg>, visitor: &Visitor, shared: &Shared) -> End {
    let (mut framer, mut protocol) = (Framer::default(), AudioSocket::default());
    let mut buffer = [0; READ_BYTES];
    let begun = clock::now();
    let mut pace = TokenBucket::full(BYTES_PER_S, BURST, begun);
    let mut resume = begun;
    loop {
        let deadline = if leg.is_some() { resume + IDLE_TIMEOUT } else { begun + UUID_TIMEOUT };
        let hung_up = async {
            match leg.as_mut() {
                Some(leg) => leg.hung_up().await,
                None => std::future::pending().await,
            }
        };
        let reading = async {
            sleep_until(Instant::from_std(resume)).await;
            timeout_at(Instant::from_std(deadline), stream.read(&mut buffer)).await
        };
        let read = tokio::select! {
            biased;
            () = shared.life.hard().cancelled() => return End::Ours(Goodbye::ShuttingDown),
            goodbye = hung_up => return End::Ours(goodbye),
            read = reading => read,
        };
        let length = match read {
            Ok(Ok(0)) => return End::Gone(Why::HungUp),
            Ok(Ok(length)) => length,
            Ok(Err(_)) => return End::Gone(Why::Lost),
            Err(_) if leg.is_some() => return End::Gone(Why::Lost),
            Err(_) => return End::Ours(Goodbye::Refused(Refused::protocol("no UUID in time"))),
        };
        let now = clock::now();
        resume = now + pace.charge(length, now);
        framer.push(&buffer[..length]);
        while let Some(frame) = framer.next_frame() {
            match protocol.message(frame) {
                Err(refused) => return End::Ours(Goodbye::Refused(refused)),
                Ok(Heard::Call(uuid)) => {
                    let start = shared.announced.lock().ok().and_then(|mut all| all.take(clock::now(), &uuid));
                    let Some(start) = start else {
                        count(&shared.counters.unauthorized);
                        return End::Ours(Goodbye::Refused(Refused::protocol("the call was not announced")));
                    };
                    *leg = Leg::begin(shared, Way::AudioSocket, visitor.peer, start);
                    if leg.is_none() {
                        return End::Ours(Goodbye::Busy);
                    }
                    count(&shared.counters.calls);
                }
                Ok(Heard::Events(events)) => {
                    for event in events {
                        match (event, leg.as_mut()) {
                            (Event::Ended, _) => return End::Gone(Why::HungUp),
                            (event, Some(leg)) => leg.put(event),
                            (_, None) => {}
                        }
                    }
                }
            }
        }
    }
}

async fn take_leave(stream: &mut TcpStream, goodbye: Goodbye) {
    let until = Instant::from_std(clock::now() + LINGER);
    let last = async {
        stream.write_all(AudioSocket::farewell(goodbye)).await?;
        stream.shutdown().await
    };
    if !matches!(timeout(WRITE_TIMEOUT, last).await, Ok(Ok(()))) {
        return;
    }
    let mut rest = [0; READ_BYTES];
    while let Ok(Ok(1..)) = timeout_at(until, stream.read(&mut rest)).await {}
}
