//! One tokio task owns one call: its machine, its way in, its media. It fetches events and carries out actions.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use crate::base::{CallId, Lifecycle, Line, clock};
use crate::rtp::{self, PortPool};
use crate::sip::{Dialog, DialogEvent, Why, address_towards};
use crate::stream::{self, Arrival, Goodbye};
use crate::voice::{Embedded, PoolClient};

use super::books::Books;
use super::call_log::{CallLine, call_log};
use super::machine::Piece;
use super::registry::{Admission, ToCall};
use super::sockets::Sockets;
use super::{Action, Call, CallEvent, Changed, CommandError, EndCause, Event, Ticket, Voiceprints, What, Write};

/// What a call's task is handed.
pub struct CallTask {
    pub id: CallId,
    pub line: Line,
    /// Boxed: a future holds what it is made from twice.
    pub call: Box<Call>,
    pub leg: Leg,
    /// For streams that come later.
    pub ports: Arc<PortPool>,
    pub admission: Admission,
    pub pool: PoolClient,
    pub voiceprints: watch::Receiver<Arc<Voiceprints>>,
    pub books: Books,
    pub events: mpsc::Sender<CallEvent>,
    /// When the INVITE came.
    pub invited_at: Instant,
    pub lifecycle: Lifecycle,
}

/// How a call came in.
pub enum Leg {
    Sip(Box<Dialog>, Sockets),
    Stream(Arrival),
}

/// RFC 3551 §4.2: the default packetisation interval.
const PTIME: Duration = Duration::from_millis(20);

struct Running {
    id: CallId,
    line: Line,
    call: Box<Call>,
    books: Books,
    pool: PoolClient,
    events: mpsc::Sender<CallEvent>,
    answers: JoinSet<Event>,
    /// Changes of the store that wait for the one under way: they happen in the order in which they were asked for.
    writes: VecDeque<(Ticket, Write)>,
    writing: bool,
    replies: HashMap<Ticket, oneshot::Sender<Result<(), CommandError>>>,
    next_ticket: u64,
    hang_up: bool,
    invited_at: Instant,
    /// When the last packet came.
    packet_at: Instant,
    /// When the packet came that completed the newest window that was compared.
    voice_at: Instant,
    /// The same for the windows under way to the embedder, by the net speech at their end.
    windows: Vec<(u32, Instant)>,
}

impl CallTask {
    /// Runs until the card has closed.
    pub async fn run(self) {
        let Self { id, line, call, leg, ports, mut admission, pool, .. } = self;
        let Self { mut voiceprints, books, events, invited_at, lifecycle, .. } = self;
        let mut running = Running {
            id,
            line,
            call,
            books,
            pool,
            events,
            answers: JoinSet::new(),
            writes: VecDeque::new(),
            writing: false,
            replies: HashMap::new(),
            next_ticket: 0,
            hang_up: false,
            invited_at,
            packet_at: invited_at,
            voice_at: invited_at,
            windows: Vec::new(),
        };
        let (mut dialog, mut sockets, mut stream) = match leg {
            Leg::Sip(dialog, sockets) => (Some(*dialog), sockets, None),
            Leg::Stream(arrival) => (None, Sockets::default(), Some(arrival)),
        };
        let mut silence = interval(PTIME);
        silence.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut datagram = Vec::new();
        let mut changes = running.books.registry.changes();

        running.act().await;
        while !running.call.is_closed() {
            let timeout = running.call.poll_timeout();
            tokio::select! {
                () = lifecycle.hard().cancelled() => {
                    running.hang_up = running.call.is_live();
                    running.handle(Event::Ended(EndCause::Shutdown));
                }
                received = sockets.recv(&mut datagram) => {
                    let now = clock::now();
                    if let Ok((length, from)) = received {
                        running.packet_at = now;
                        running.call.receive(now, from, &datagram[..length]);
                    }
                }
                event = next_of_dialog(&mut dialog) => match event {
                    DialogEvent::Offer { sockets: more } => {
                        let opened = running.open(&ports, dialog.as_ref(), more).await;
                        if let Some(dialog) = &mut dialog {
                            dialog.answer(opened.iter().map(|(_, address)| *address).collect());
                        }
                        sockets.add(opened.into_iter().map(|(socket, _)| socket));
                    }
                    DialogEvent::Media(media) => {
                        sockets.listen_to(media.heard().map(|stream| stream.slot));
                        running.handle(Event::Media(media));
                    }
                    DialogEvent::Ended(why) => running.on_ended(why),
                },
                piece = next_of_stream(&mut stream) => running.on_piece(piece),
                Some(embedded) = running.pool.recv() => running.on_embedded(embedded),
                Some(message) = admission.inbox.recv() => running.on_message(message),
                changed = changes.recv() => match changed {
                    Ok(changed) => running.handle(Event::Changed(changed)),
                    Err(RecvError::Lagged(_)) => running.handle(Event::Changed(Changed::Anyone)),
                    // The registry outlives every call.
                    Err(RecvError::Closed) => {}
                },
                Ok(()) = voiceprints.changed() => {
                    let now_in_use = voiceprints.borrow_and_update().clone();
                    running.handle(Event::Voiceprints(now_in_use));
                }
                Some(answer) = running.answers.join_next() => {
                    if let Ok(event) = answer {
                        running.on_answer(event);
                    }
                }
                _ = silence.tick(), if running.call.outgoing().is_some() => {
                    if let (Some(socket), Some(outgoing)) = (sockets.heard(), running.call.outgoing()) {
                        socket.tick(&outgoing);
                    }
                }
                () = until(timeout) => {
                    running.packet_at = clock::now();
                    running.call.handle_timeout(running.packet_at);
                }
            }
            running.act().await;
            if running.hang_up || !running.call.is_live() {
                sockets.close();
                if let Some(mut dialog) = dialog.take()
                    && running.hang_up
                {
                    // Its answer may take seconds; the place is free for the next caller.
                    lifecycle.spawn(async move { dialog.hang_up().await });
                }
                if let Some(stream) = stream.take() {
                    let shutdown = lifecycle.hard().is_cancelled();
                    stream.hang_up.say(if shutdown { Goodbye::ShuttingDown } else { Goodbye::Completed });
                }
                running.hang_up = false;
                if !admission.hung_up() {
                    running.call.close();
                    running.act().await;
                }
            }
        }
        running.finish().await;
    }
}

impl Running {
    fn handle(&mut self, event: Event) {
        self.call.handle(clock::now(), event);
    }

    fn on_ended(&mut self, why: Why) {
        let cause = match why {
            Why::Bye => EndCause::HungUp,
            Why::Cancelled => EndCause::Cancelled,
            Why::Failed => EndCause::Failed,
        };
        self.handle(Event::Ended(cause));
    }

    fn on_piece(&mut self, piece: Option<stream::Piece>) {
        let now = clock::now();
        self.packet_at = now;
        match piece {
            Some(stream::Piece::Payload { codec, bytes }) => {
                self.call.hear(now, Piece::Payload { codec, bytes: &bytes })
            }
            Some(stream::Piece::Unheard(time)) => self.call.hear(now, Piece::Unheard(time)),
            Some(stream::Piece::Digit(digit)) => self.call.hear(now, Piece::Digit(digit)),
            // Its connection watches over silence itself.
            Some(stream::Piece::Hold(_)) => {}
            Some(stream::Piece::Ended { why, .. }) => self.handle(Event::Ended(match why {
                stream::Why::HungUp | stream::Why::Dismissed => EndCause::HungUp,
                stream::Why::Lost | stream::Why::Refused => EndCause::Failed,
            })),
            None => self.handle(Event::Ended(EndCause::Failed)),
        }
    }

    /// Up to `more` media sockets with the addresses at which the peer reaches them; fewer when ports run out.
    async fn open(&self, ports: &PortPool, dialog: Option<&Dialog>, more: usize) -> Vec<(rtp::Socket, SocketAddr)> {
        let mut opened = Vec::new();
        let Some(dialog) = dialog else { return opened };
        while opened.len() < more {
            let Ok(socket) = ports.open().await else { break };
            let Ok(address) = address_towards(dialog.peer, socket.local_addr()) else { break };
            opened.push((socket, address));
        }
        if opened.len() < more {
            tracing::error!(call = %self.id, "no media ports for further streams: they are refused");
        }
        opened
    }

    fn on_embedded(&mut self, Embedded { net_speech_ms, embedding, spoof }: Embedded) {
        if let Err(error) = &embedding {
            tracing::error!(call = %self.id, error = %error, "a window could not be embedded");
        }
        if let Some(Err(error)) = &spoof {
            tracing::error!(call = %self.id, %error, "a window could not be scored against spoofing");
        }
        if let Some((_, heard_at)) = self.windows.iter().find(|(at_ms, _)| *at_ms == net_speech_ms) {
            self.voice_at = *heard_at;
        }
        self.windows.retain(|(at_ms, _)| *at_ms > net_speech_ms);
        self.handle(Event::Embedded { net_speech_ms, embedding, spoof: spoof.and_then(Result::ok) });
    }

    fn on_message(&mut self, message: ToCall) {
        match message {
            ToCall::Command(command, answer) => {
                let ticket = self.ticket(answer);
                self.handle(Event::Command { ticket, at: clock::wall(), command: *command });
            }
            ToCall::Withdrawn(customer) => self.handle(Event::Withdrawn(customer)),
        }
    }

    fn ticket(&mut self, answer: oneshot::Sender<Result<(), CommandError>>) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.replies.insert(ticket, answer);
        ticket
    }

    async fn act(&mut self) {
        while let Some(action) = self.call.poll_action() {
            match action {
                Action::LookUp => {
                    self.books.number = self.call.number().cloned();
                    self.ask(|books| async move { books.people().await });
                }
                Action::Describe(customer) => self.ask(|books| async move { books.describe(customer).await }),
                Action::Recall { customer, keep } => {
                    self.ask(move |books| async move { books.recall(customer, keep).await });
                }
                Action::Fetch(customer) => self.ask(|books| async move { books.fetch(customer).await }),
                Action::Write { ticket, write } => {
                    self.writes.push_back((ticket, write));
                    self.write_next();
                }
                Action::Embed(window) => {
                    self.windows.push((window.net_speech_ms, self.packet_at));
                    self.pool.submit(window);
                }
                Action::Reply { ticket, result } => {
                    if let Some(answer) = self.replies.remove(&ticket) {
                        // The agent may have closed the page meanwhile; the command stands.
                        let _ = answer.send(result);
                    }
                }
                Action::Publish(what) => {
                    if let What::Moved { line } = &what {
                        self.line = line.clone();
                        self.books.line = line.clone();
                    }
                    let event = CallEvent {
                        call: self.id.clone(),
                        line: self.line.clone(),
                        at: clock::wall(),
                        evidence_at: self.evidence_of(&what),
                        what,
                    };
                    // The feed folds and never waits for anything itself, so this does not hold up the media.
                    let _ = self.events.send(event).await;
                }
                Action::HangUp => self.hang_up = true,
            }
        }
    }

    fn write_next(&mut self) {
        if !self.writing
            && let Some((ticket, write)) = self.writes.pop_front()
        {
            self.writing = true;
            self.ask(move |books| async move { books.write(ticket, write).await });
        }
    }

    /// An answer of the store; one that ends a write lets the next begin.
    fn on_answer(&mut self, event: Event) {
        if matches!(event, Event::Written { .. }) {
            self.writing = false;
            self.write_next();
        }
        self.handle(event);
    }

    fn evidence_of(&self, what: &What) -> Instant {
        match what {
            What::Ringing { .. } | What::LineName(_) | What::ByNumber { .. } => self.invited_at,
            What::Decided { .. } => self.voice_at,
            _ => clock::now(),
        }
    }

    fn ask<F>(&mut self, question: impl FnOnce(Books) -> F)
    where
        F: Future<Output = Event> + Send + 'static,
    {
        self.answers.spawn(question(self.books.clone()));
    }

    /// Waits for what is still being written: an order or an enrolment outlives its call.
    async fn finish(mut self) {
        while let Some(answer) = self.answers.join_next().await {
            if let Ok(event) = answer {
                self.on_answer(event);
                self.act().await;
            }
        }
        let heard = self.call.heard();
        self.books.registry.totals().add(&heard.statistics, self.pool.dropped());
        let (customer, chance) = self.call.outcome();
        call_log(CallLine {
            call: &self.id,
            line: &self.line,
            duration: self.packet_at.saturating_duration_since(self.invited_at),
            known: customer.is_some(),
            chance,
            voice: self.call.voice_use(),
            heard_before: self.call.was_heard_before(),
            spoof_score: self.call.spoof_score(),
            windows_dropped: self.pool.dropped(),
            heard,
        });
    }
}

async fn next_of_dialog(dialog: &mut Option<Dialog>) -> DialogEvent {
    match dialog {
        Some(dialog) => dialog.next().await,
        None => std::future::pending().await,
    }
}

/// `None`: its connection is gone without a word.
async fn next_of_stream(stream: &mut Option<Arrival>) -> Option<stream::Piece> {
    match stream {
        Some(stream) => stream.media.recv().await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
