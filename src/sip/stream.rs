//! One connection of a stream transport, with our own framing: bounded in bytes and in time, and never ended by one bad message.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rsipstack::transport::channel::ChannelConnection;
use rsipstack::transport::{SipConnection, TransportEvent};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::framing::{Frame, Framer};
use super::gate::{Gate, Verdict};
use super::message::{Read, without_invented_tag};
use super::options::Transport;
use super::stack::{nothing_in, sip_addr};
use crate::base::{Lifecycle, clock};

/// A message that began must be whole within this: a peer that drips bytes does not hold a place.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection without a single message by then is not a SIP peer.
const FIRST_MESSAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longer than calls last and than SBCs send keep-alives; a vanished peer is noticed by then at the latest.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2 * 3600);
/// A peer that does not read its answers is let go.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// Messages waiting to be written to one peer, of about 1 kB each.
const WRITE_QUEUE: usize = 64;
const READ_BYTES: usize = 8 * 1024;

/// Everything a connection needs besides its stream.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) gate: Arc<Gate>,
    pub(super) life: Lifecycle,
    pub(super) stop: CancellationToken,
}

/// The other end of a connection, and over what.
#[derive(Clone, Copy)]
pub(super) struct Peer {
    pub(super) transport: Transport,
    pub(super) addr: SocketAddr,
}

/// Serves a connection to its end.
pub(super) async fn serve<R, W>(reading: R, writing: W, peer: Peer, context: Context)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    if let Some((_, run)) = open(reading, writing, peer, context).await {
        run.await;
    }
}

/// A connection as rsipstack sends over it, and the work of serving it to its end.
pub(super) async fn open<R, W>(
    reading: R,
    writing: W,
    peer: Peer,
    context: Context,
) -> Option<(SipConnection, impl Future<Output = ()>)>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (to_peer, queue) = mpsc::channel(WRITE_QUEUE);
    // Cancelled, it tells rsipstack that this flow is gone.
    let closed = context.stop.child_token();
    let addr = sip_addr(peer.transport, peer.addr);
    let (open, nothing) = nothing_in();
    let over = ChannelConnection::create_connection_bounded(nothing, to_peer.clone(), addr, Some(closed.clone()));
    let over = SipConnection::Channel(over.await.ok()?);
    let (answers, own_queue) = mpsc::channel(WRITE_QUEUE);
    let writer = context.life.spawn(write(writing, queue, own_queue, closed.clone()));
    let reader = Reader { peer, over: over.clone(), answers, gate: context.gate };
    let run = async move {
        tokio::select! {
            () = closed.cancelled() => {}
            () = reader.run(reading) => {}
        }
        // The writer ends when nobody can answer any more, after the last answer.
        drop((reader, to_peer, open));
        let _ = writer.await;
    };
    Some((over, run))
}

struct Reader {
    peer: Peer,
    over: SipConnection,
    answers: mpsc::Sender<Vec<u8>>,
    gate: Arc<Gate>,
}

impl Reader {
    /// Returns when the peer has closed, stalls, or breaks the framing.
    async fn run(&self, mut stream: impl AsyncRead + Unpin) {
        let mut framer = Framer::default();
        let mut buffer = vec![0; READ_BYTES];
        let mut midway = false;
        let mut patience = FIRST_MESSAGE_TIMEOUT;
        let mut deadline = after(patience);
        loop {
            match timeout_at(deadline, stream.read(&mut buffer)).await {
                Ok(Ok(length)) if length > 0 => framer.push(&buffer[..length]),
                _ => return,
            }
            let mut whole = false;
            while let Some(frame) = framer.cut() {
                whole = true;
                if !self.frame(frame).await {
                    return;
                }
            }
            if whole {
                patience = IDLE_TIMEOUT;
            }
            if !framer.is_midway() {
                midway = false;
                deadline = after(patience);
            } else if whole || !midway {
                midway = true;
                deadline = after(MESSAGE_TIMEOUT);
            }
        }
    }

    /// `false`: the connection must go.
    async fn frame(&self, frame: Frame) -> bool {
        if !self.gate.may_read(self.peer.addr) {
            return !matches!(frame, Frame::Broken(_));
        }
        match frame {
            Frame::Message(read) => {
                self.message(&read).await;
                true
            }
            Frame::Garbage(_) => {
                self.gate.garbage();
                true
            }
            Frame::KeepAlive => self.answers.send(b"\r\n".to_vec()).await.is_ok(),
            Frame::Broken(read) => {
                match read {
                    Some(read) => self.message(&read).await,
                    None => self.gate.garbage(),
                }
                false
            }
        }
    }

    async fn message(&self, read: &Read) {
        let Peer { transport, addr } = self.peer;
        match self.gate.judge(read, transport, addr) {
            Verdict::Pass { message, new_call } => {
                let from = sip_addr(transport, addr);
                self.gate.deliver(*message, new_call, self.over.clone(), from).await;
            }
            Verdict::Answer(answer) => drop(self.answers.send(answer).await),
            Verdict::Drop => {}
        }
    }
}

fn after(wait: Duration) -> Instant {
    Instant::from_std(clock::now()) + wait
}

/// Writes what rsipstack and the gate have to say, until both are gone or the peer is.
async fn write(
    mut stream: impl AsyncWrite + Unpin,
    mut queue: mpsc::Receiver<TransportEvent>,
    mut answers: mpsc::Receiver<Vec<u8>>,
    closed: CancellationToken,
) {
    loop {
        let bytes = tokio::select! {
            biased;
            answer = answers.recv() => match answer {
                Some(answer) => answer,
                // The reader has ended and all its answers are written: what rsipstack has ready goes too.
                None => match queue.try_recv() {
                    Ok(TransportEvent::Incoming(message, ..)) => message.to_bytes(),
                    Ok(_) => continue,
                    Err(_) => break,
                },
            },
            event = queue.recv() => match event {
                Some(TransportEvent::Incoming(message, ..)) => message.to_bytes(),
                Some(_) => continue,
                None => break,
            },
        };
        if !matches!(timeout(WRITE_TIMEOUT, stream.write_all(&without_invented_tag(bytes))).await, Ok(Ok(()))) {
            break;
        }
    }
    let _ = timeout(WRITE_TIMEOUT, stream.shutdown()).await;
    closed.cancel();
}
