//! One call from INVITE to BYE, as a caller.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::sip::{Auth, Domain, Header, HostWithPort, Param, Scheme, StatusCodeKind, Uri};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::impairments::Impairments;
use super::media::{Sending, pace};
use crate::base::tls::client_config;
use crate::base::{CallId, Lifecycle, Pii, clock};
use crate::rtp::{Codec, PortPool};
use crate::sip::admission::Limits;
use crate::sip::changes::Exchange;
use crate::sip::dial::{Remote, dial};
use crate::sip::dialog::{Dialog, DialogEvent, Leg, Session};
use crate::sip::error::SipError;
use crate::sip::gate::Gate;
use crate::sip::options::Transport;
use crate::sip::sdp::{self, Description, Local, Take};
use crate::sip::sockets::{Sockets, address_towards};
use crate::sip::stack::{Stack, add_udp, end_transactions, sip_addr};
use crate::sip::stream::Context;
use crate::sip::target::Target;
use crate::sip::trust::{Trust, TrustOptions};
use crate::sip::{uas, udp};

pub struct SoftphoneOptions {
    /// `sip:line@host:port`, with `;transport=tcp` or `;transport=tls` where wanted.
    pub uri: String,
    /// PEM: authorities that a TLS certificate must lead to. `None`: those of the system.
    pub authorities: Option<PathBuf>,
    /// The calling number, or whatever else is to stand in the user part of From. `None`: withheld.
    pub from: Option<Pii<String>>,
    pub codec: Codec,
    /// The caller's voice, encoded in `codec`.
    pub audio: Vec<u8>,
    /// What follows the recording.
    pub tail: Tail,
    pub rtp_ports: RangeInclusive<u16>,
    pub impairments: Impairments,
}

/// Silence after the recording, then the caller hangs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    For(Duration),
    /// Until the other side, or the token given to [`place`], ends the call.
    UntilHangUp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOutcome {
    /// Final status of the INVITE.
    pub status: u16,
    pub reason: String,
    pub packets_sent: u64,
    pub packets_received: u64,
    /// The other side ended an answered call.
    pub ended_by_peer: bool,
}

impl SoftphoneOptions {
    /// PCMA, hanging up at once after `audio`.
    pub fn new(uri: impl Into<String>, from: Option<Pii<String>>, audio: Vec<u8>) -> Self {
        Self {
            uri: uri.into(),
            authorities: None,
            from,
            codec: Codec::Pcma,
            audio,
            tail: Tail::For(Duration::ZERO),
            rtp_ports: 40_000..=49_999,
            impairments: Impairments::default(),
        }
    }
}

/// Places the call and stays until it is over. `hang_up` ends it early: with CANCEL while it rings, with BYE later.
pub async fn place(
    options: SoftphoneOptions,
    life: Lifecycle,
    hang_up: CancellationToken,
) -> Result<CallOutcome, SipError> {
    let target = Target::parse(&options.uri)?;
    let addr = target.address().await?;
    let stop = life.hard().child_token();
    let mut phone = Phone::new(&life, addr, stop.clone()).await?;
    let outcome = match phone.reach(&target, options.authorities.as_deref()).await {
        Ok(reach) => phone.call(options, target, reach, hang_up).await,
        Err(error) => Err(error),
    };
    stop.cancel();
    outcome
}

struct Phone {
    inner: EndpointInnerRef,
    layer: Arc<DialogLayer>,
    gate: Arc<Gate>,
    life: Lifecycle,
    stop: CancellationToken,
    addr: SocketAddr,
    /// Where our signalling comes from.
    local: SocketAddr,
}

impl Phone {
    #[allow(clippy::disallowed_methods)] // the softphone's signalling socket
    async fn new(life: &Lifecycle, addr: SocketAddr, stop: CancellationToken) -> Result<Phone, SipError> {
        let socket_error = |source| SipError::Socket { addr, source };
        let here = address_towards(addr, SocketAddr::new(any_address(addr), 0)).map_err(socket_error)?;
        let socket = Arc::new(UdpSocket::bind(here).await.map_err(socket_error)?);
        let local = socket.local_addr().map_err(socket_error)?;
        let sockets = Sockets::new([socket.clone()]).map_err(socket_error)?;
        let stack = Stack::start(life, stop.clone(), sockets.clone()).map_err(socket_error)?;
        let connection = add_udp(&stack.inner, socket.clone(), sockets).await.map_err(socket_error)?;
        let (inner, layer) = (stack.inner.clone(), stack.layer.clone());
        // It takes no calls, so nobody has to be let in.
        let trust = Arc::new(Trust::new(TrustOptions::default(), [0; 32], clock::now()));
        let gate = Arc::new(Gate::new(inner.clone(), layer.clone(), Limits::default(), trust, None));
        stack.judged_by(&gate);
        let mut incoming = stack.incoming;
        life.spawn(udp::serve(socket, connection, gate.clone(), stop.clone()));
        let (dialogs, tasks, ended) = (layer.clone(), life.clone(), stop.clone());
        life.spawn(async move {
            while let Some(Some(request)) = ended.run_until_cancelled(incoming.recv()).await {
                uas::in_dialog(&dialogs, &tasks, request);
            }
        });
        Ok(Phone { inner, layer, gate, life: life.clone(), stop, addr, local })
    }

    /// Opens the way there, or notices early that there is none.
    async fn reach(&mut self, target: &Target, authorities: Option<&Path>) -> Result<Reach, SipError> {
        let (transport, addr) = (target.transport, self.addr);
        let nobody = |reason| SipError::Unreachable { transport, addr, reason };
        if transport == Transport::Udp {
            return Ok(Reach::Probe(probe(addr).await.map_err(|_| nobody(NO_WAY))?));
        }
        let tls = (transport == Transport::Tls).then(|| client_config(authorities)).transpose()?;
        let remote = Remote { transport, addr, host: target.uri.host_with_port.host.to_string() };
        let context = Context { gate: self.gate.clone(), life: self.life.clone(), stop: self.stop.clone() };
        let dialled = dial(&remote, tls, &self.inner, context).await;
        let (_, here) = dialled.map_err(|error| match error.kind() {
            io::ErrorKind::ConnectionRefused => nobody(NOBODY),
            io::ErrorKind::InvalidData => nobody(NO_TRUST),
            _ => nobody(NO_WAY),
        })?;
        self.local = here;
        Ok(Reach::Connected)
    }

    async fn call(
        self,
        options: SoftphoneOptions,
        target: Target,
        reach: Reach,
        hang_up: CancellationToken,
    ) -> Result<CallOutcome, SipError> {
        let socket = PortPool::new(self.local.ip(), options.rtp_ports.clone())?.open().await?;
        let local = Local {
            session: rand::random::<u32>().into(),
            version: 1,
            rtp: vec![socket.local_addr()],
            take: Take::One,
            secret: sdp::Secret::new(rand::random()),
        };
        let sent = sdp::offer(&local, &[options.codec], &[]);
        let mut exchange = Exchange::new();
        let told = exchange.told();
        let invite = self.invite(&options, &target, sent.clone());
        let (dialog, mut invited) =
            self.layer.do_invite_async(invite, told.clone()).map_err(|error| self.failed(error))?;
        let changes = exchange.open(dialog.id());
        self.life.spawn(exchange.run(self.stop.clone()));
        let unreachable = SipError::Unreachable { transport: target.transport, addr: self.addr, reason: NOBODY };
        let invited = tokio::select! {
            invited = &mut invited => invited,
            () = reach.lost() => return Err(unreachable),
            () = hang_up.cancelled() => {
                let _ = dialog.cancel().await;
                invited.await
            }
        };
        let response = match invited {
            Ok(Ok((_, Some(response)))) => response,
            Ok(Ok((_, None))) | Err(_) => return Err(unreachable),
            Ok(Err(error)) => return Err(self.failed(error)),
        };
        let mut outcome = CallOutcome {
            status: response.status_code.code(),
            reason: response.wire_reason.clone().unwrap_or_else(|| response.status_code.text().to_owned()),
            packets_sent: 0,
            packets_received: 0,
            ended_by_peer: false,
        };
        if response.status_code.kind() != StatusCodeKind::Successful {
            return Ok(outcome);
        }
        let call = CallId::new(format!("{:016x}", rand::random::<u64>()));
        let answer = Description::parse(&response.body).and_then(|answer| sdp::accept_answer(&answer, Take::One));
        let session = Session::new(local, sent);
        let leg = Leg {
            dialog,
            changes,
            told,
            contact: None,
            layer: self.layer.clone(),
            life: self.life.clone(),
            _open: TaskTracker::new().token(),
        };
        let mut dialog = Dialog::new(call.clone(), self.addr, leg, session);
        match answer {
            Ok(streams) => {
                let mut sending = Sending::new(socket, options.codec, options.audio, options.impairments);
                streams.iter().for_each(|stream| sending.negotiate(&stream.media));
                outcome.ended_by_peer = talk(&mut dialog, &mut sending, options.tail, &hang_up).await;
                (outcome.packets_sent, outcome.packets_received) = (sending.sent, sending.received);
                dialog.hang_up().await;
                Ok(outcome)
            }
            Err(source) => {
                dialog.hang_up().await;
                Err(SipError::Sdp { call, peer: self.addr, source })
            }
        }
    }

    fn invite(&self, options: &SoftphoneOptions, target: &Target, offer: String) -> InviteOption {
        let uri = |user: &str, host: HostWithPort| Uri {
            scheme: Some(Scheme::Sip),
            auth: Some(Auth { user: user.to_owned(), password: None }),
            host_with_port: host,
            params: Vec::new(),
            headers: Vec::new(),
        };
        let here = HostWithPort::from(self.local);
        // RFC 3323 §4.1.1.3 and RFC 3325 §9.3: how a caller withholds the number.
        let nowhere = HostWithPort::from(Domain("anonymous.invalid".into()));
        let caller = match &options.from {
            Some(number) => uri(number.expose(), here.clone()),
            None => uri("anonymous", nowhere),
        };
        let private = options.from.is_none().then(|| vec![Header::Privacy("id".into())]);
        InviteOption {
            caller_display_name: options.from.is_none().then(|| "Anonymous".to_owned()),
            caller,
            callee: target.uri.clone(),
            destination: Some(sip_addr(target.transport, self.addr)),
            offer: Some(offer.into_bytes()),
            // With its transport said, rsipstack leaves it as it is.
            contact: Uri { params: vec![Param::Transport(target.transport.into())], ..uri("softphone", here) },
            headers: private,
            ..InviteOption::default()
        }
    }

    fn failed(&self, error: rsipstack::Error) -> SipError {
        // Only what cannot hold a URI: rsipstack's texts quote the message.
        let reason = match error {
            rsipstack::Error::IoError(_) => "the network refused it",
            rsipstack::Error::SipMessageError(_) => "the answer was no legal SIP",
            _ => "the SIP stack gave up",
        };
        SipError::Place { addr: self.addr, reason }
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        end_transactions(&self.inner);
    }
}

/// Until one side ends the call. `true`: the other one did.
async fn talk(dialog: &mut Dialog, sending: &mut Sending, tail: Tail, hang_up: &CancellationToken) -> bool {
    let mut ticks = pace();
    let mut silence = Duration::ZERO;
    loop {
        tokio::select! {
            biased;
            () = hang_up.cancelled() => return false,
            event = dialog.next() => match event {
                DialogEvent::Media(agreed) => agreed.streams.iter().for_each(|stream| sending.negotiate(&stream.media)),
                DialogEvent::Offer { .. } => {}
                DialogEvent::Ended(_) => return true,
            },
            tick = ticks.tick() => {
                let _ = tick;
                if sending.is_done() {
                    if matches!(tail, Tail::For(length) if silence >= length) {
                        return false;
                    }
                    silence += ticks.period();
                }
                sending.tick();
            }
            () = sending.drain() => {}
        }
    }
}

/// Notices that nobody listens where the call goes, long before the INVITE times out.
enum Reach {
    /// A connected UDP socket hears of it by ICMP.
    Probe(UdpSocket),
    Connected,
}

const NOBODY: &str = "nothing listens there";

#[allow(clippy::disallowed_methods)] // a probe: two line ends, which SIP peers ignore (RFC 5626 §4.4)
async fn probe(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::new(any_address(addr), 0)).await?;
    socket.connect(addr).await?;
    socket.send(b"\r\n\r\n").await?;
    Ok(socket)
}

impl Reach {
    async fn lost(&self) {
        if let Reach::Probe(socket) = self {
            while socket.recv(&mut [0; 1]).await.is_ok() {}
            return;
        }
        std::future::pending().await
    }
}

const NO_WAY: &str = "there is no way to that address";
const NO_TRUST: &str = "its TLS certificate is not trusted";

fn any_address(like: SocketAddr) -> IpAddr {
    if like.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() }
}
