//! A service in a test: the SIP endpoint and the media of its calls, with nobody behind them. It answers, listens and reports.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use regulars::base::{Lifecycle, clock};
use regulars::rtp::{Codec, PortPool, Received, Receiver, ReceiverOptions, Socket, Statistics};
use regulars::sip::{
    CallerId, Dialog, DialogEvent, Endpoint, Invite, Limits, Listen, Options, Refusal, SipError, Transport, Why,
};
use regulars::speech::codec::Decoder;
use tokio::sync::mpsc;

pub const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Longer than anything here takes on a busy machine; only a failure waits for it.
pub const PATIENCE: Duration = Duration::from_secs(40);

pub struct Service {
    pub endpoint: Endpoint,
    pub udp: SocketAddr,
    pub tcp: SocketAddr,
    pub life: Lifecycle,
    reports: mpsc::Receiver<Report>,
}

/// What the service does with a call.
#[derive(Clone, Copy, PartialEq)]
pub enum Behaviour {
    Answer,
    Refuse(Refusal),
    /// Lets it ring for ever.
    Ring,
}

#[derive(Debug)]
pub enum Report {
    Ringing {
        line: String,
        caller: CallerId,
    },
    /// Where the service listens for the call's media.
    Media {
        rtp: SocketAddr,
        codecs: Vec<Codec>,
        receive: bool,
    },
    NotAnswered(SipError),
    Ended(Ended),
}

#[derive(Debug)]
pub struct Ended {
    pub why: Why,
    pub payloads: u64,
    pub samples: u64,
    pub lost_samples: u64,
    pub statistics: Statistics,
    pub refused_packets: u64,
    /// Pressed during the call.
    pub keys: String,
    /// What was heard, at the rate of its codec.
    pub sound: Sound,
}

/// Too long to print.
pub struct Sound(pub Vec<f32>);

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} samples", self.0.len())
    }
}

impl Service {
    pub async fn start(behaviour: Behaviour) -> Service {
        Self::start_with(behaviour, Limits::default()).await
    }

    pub async fn start_with(behaviour: Behaviour, limits: Limits) -> Service {
        Self::start_as(behaviour, Options { limits, ..Self::options(HOST) }).await
    }

    /// UDP and TCP on any port of an address, and what the tests have in common.
    pub fn options(host: IpAddr) -> Options {
        let addr = SocketAddr::new(host, 0);
        let listen = [Transport::Udp, Transport::Tcp].map(|transport| Listen { transport, addr }).to_vec();
        Options { listen, country_code: Some("49".into()), ..Options::default() }
    }

    /// The first two listeners are UDP and TCP.
    pub async fn start_as(behaviour: Behaviour, options: Options) -> Service {
        let life = Lifecycle::default();
        let (endpoint, mut invites) = Endpoint::bind(options, life.clone()).await.unwrap();
        let [udp, tcp] = [0, 1].map(|listener: usize| endpoint.listeners()[listener].addr);
        let (report, reports) = mpsc::channel(4096);
        let ports = Arc::new(PortPool::new(udp.ip(), 20_000..=29_999).unwrap());
        let tasks = life.clone();
        life.spawn(async move {
            while let Some(invite) = invites.recv().await {
                tasks.spawn(call(invite, behaviour, ports.clone(), report.clone(), tasks.clone()));
            }
        });
        Service { endpoint, udp, tcp, life, reports }
    }

    pub fn uri(&self, transport: Transport) -> String {
        match transport {
            Transport::Udp => format!("sip:pizza@{}", self.udp),
            Transport::Tcp => format!("sip:pizza@{};transport=tcp", self.tcp),
            Transport::Tls => format!("sip:pizza@{};transport=tls", self.listener(Transport::Tls)),
        }
    }

    pub fn listener(&self, transport: Transport) -> SocketAddr {
        let listeners = self.endpoint.listeners();
        listeners.iter().find(|listener| listener.transport == transport).expect("such a listener").addr
    }

    pub async fn report(&mut self) -> Report {
        tokio::time::timeout(PATIENCE, self.reports.recv()).await.expect("a report in time").expect("the service runs")
    }

    pub async fn ringing(&mut self) -> (String, CallerId) {
        loop {
            if let Report::Ringing { line, caller } = self.report().await {
                return (line, caller);
            }
        }
    }

    pub async fn media(&mut self) -> (SocketAddr, Vec<Codec>, bool) {
        loop {
            if let Report::Media { rtp, codecs, receive } = self.report().await {
                return (rtp, codecs, receive);
            }
        }
    }

    pub async fn ended(&mut self) -> Ended {
        loop {
            match self.report().await {
                Report::Ended(ended) => return ended,
                Report::NotAnswered(error) => panic!("not answered: {error}"),
                _ => {}
            }
        }
    }

    /// Ends everything; fails when something does not end.
    pub async fn stop(self) {
        self.life.shut_down_hard();
        assert!(self.life.finished(PATIENCE).await, "every task ends");
    }
}

async fn call(
    invite: Invite,
    behaviour: Behaviour,
    ports: Arc<PortPool>,
    report: mpsc::Sender<Report>,
    life: Lifecycle,
) {
    let ringing = Report::Ringing { line: invite.line.to_string(), caller: invite.caller.clone() };
    let _ = report.send(ringing).await;
    match behaviour {
        Behaviour::Answer if invite.has_usable_offer() => {}
        Behaviour::Answer => return invite.refuse(Refusal::NotAcceptableHere).await,
        Behaviour::Refuse(refusal) => return invite.refuse(refusal).await,
        Behaviour::Ring => {
            life.soft().cancelled().await;
            if let Err(error) = invite.accept(vec![SocketAddr::new(HOST, 9)]).await {
                let _ = report.send(Report::NotAnswered(error)).await;
            }
            return;
        }
    }
    let socket = ports.open().await.unwrap();
    let answered = invite.accept(vec![socket.local_addr()]).await;
    let ended = match answered {
        Ok(dialog) => Report::Ended(listen(dialog, socket, &report, &life).await),
        Err(error) => Report::NotAnswered(error),
    };
    let _ = report.send(ended).await;
}

async fn listen(mut dialog: Dialog, mut socket: Socket, report: &mpsc::Sender<Report>, life: &Lifecycle) -> Ended {
    let receiver = Receiver::new(ReceiverOptions::default(), clock::now());
    let (keys, decoder, sound) = (String::new(), None, Vec::new());
    let mut heard =
        Heard { receiver, payloads: 0, samples: 0, lost_samples: 0, refused_packets: 0, keys, decoder, sound };
    let mut silence = tokio::time::interval(Duration::from_millis(20));
    let mut buffer = [0; 2048];
    let why = loop {
        let timeout = heard.receiver.poll_timeout();
        tokio::select! {
            event = dialog.next() => match event {
                DialogEvent::Offer { .. } => {}
                DialogEvent::Media(media) => {
                    let Some(agreed) = media.heard().map(|stream| &stream.media) else { continue };
                    heard.receiver.negotiate(agreed);
                    let codecs = agreed.formats.iter().map(|(_, codec)| *codec).collect();
                    let rtp = socket.local_addr();
                    let _ = report.send(Report::Media { rtp, codecs, receive: agreed.receive }).await;
                }
                DialogEvent::Ended(why) => break why,
            },
            datagram = socket.recv(&mut buffer) => {
                let (length, from) = datagram.unwrap();
                heard.datagram(from, &buffer[..length]);
            }
            _ = silence.tick() => if let Some(outgoing) = heard.receiver.outgoing() {
                socket.tick(&outgoing);
            },
            () = async { tokio::time::sleep_until(timeout.unwrap().into()).await }, if timeout.is_some() => {}
            () = life.hard().cancelled() => {
                dialog.hang_up().await;
                break Why::Bye;
            }
        }
        heard.pop();
    };
    // Two sockets have no common order: a packet sent before the BYE may be read after it.
    while let Ok(Ok((length, from))) = tokio::time::timeout(QUIET, socket.recv(&mut buffer)).await {
        heard.datagram(from, &buffer[..length]);
        heard.pop();
    }
    let Heard { receiver, payloads, samples, lost_samples, refused_packets, keys, sound, .. } = heard;
    let sound = Sound(sound);
    Ended { why, payloads, samples, lost_samples, statistics: receiver.statistics(), refused_packets, keys, sound }
}

/// What is still on its way on loopback comes by then.
const QUIET: Duration = Duration::from_millis(300);

struct Heard {
    receiver: Receiver,
    payloads: u64,
    samples: u64,
    lost_samples: u64,
    refused_packets: u64,
    keys: String,
    decoder: Option<Decoder>,
    sound: Vec<f32>,
}

impl Heard {
    fn datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.refused_packets += u64::from(self.receiver.receive(clock::now(), from, bytes).is_err());
    }

    fn pop(&mut self) {
        while let Some(received) = self.receiver.pop(clock::now()) {
            match received {
                Received::Payload { codec, bytes, .. } => {
                    self.payloads += 1;
                    self.samples += u64::from(codec.duration(bytes));
                    if self.decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
                        self.decoder = Some(Decoder::new(codec).unwrap());
                    }
                    self.decoder.as_mut().unwrap().decode(bytes, &mut self.sound).unwrap();
                }
                Received::Lost { samples } => self.lost_samples += u64::from(samples),
                Received::Pause { .. } => {}
                Received::Digit { digit } => self.keys.push(digit.key()),
            }
        }
    }
}
