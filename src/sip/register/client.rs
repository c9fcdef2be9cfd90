//! One registration for as long as the service runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rsipstack::sip::{SipMessage, Uri};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipConnection;
use rustls::ClientConfig;
use tokio::time::{sleep, timeout};

use super::plan::Plan;
use super::request::{Attempt, Registering};
use crate::base::tls::client_config;
use crate::sip::dial::{Remote, dial};
use crate::sip::digest::{Challenge, Login};
use crate::sip::error::SipError;
use crate::sip::message::{Message, read_datagram};
use crate::sip::options::{Listen, RegistrationOptions, Transport};
use crate::sip::sockets::Sockets;
use crate::sip::stack::{contact_address, sip_addr};
use crate::sip::stream::Context;
use crate::sip::target::Target;
use crate::sip::trust::Trust;

/// What all registrations share.
#[derive(Clone)]
pub(in crate::sip) struct House {
    pub(in crate::sip) inner: EndpointInnerRef,
    pub(in crate::sip) sockets: Sockets,
    pub(in crate::sip) listeners: Vec<Listen>,
    pub(in crate::sip) context: Context,
    pub(in crate::sip) trust: Arc<Trust>,
}

pub(in crate::sip) struct Client {
    house: House,
    /// Among all registrations.
    number: usize,
    registrars: Vec<Target>,
    user: String,
    login: Login,
    expires_s: u32,
    tls: Option<Arc<ClientConfig>>,
    plan: Plan,
    /// Who may have taken us without our knowing yet.
    asked: Option<usize>,
    call_id: String,
    tag: String,
    cseq: u32,
    /// The connection that calls will come over, where the transport has connections.
    flow: Option<Flow>,
}

#[derive(Clone)]
struct Flow {
    to: SocketAddr,
    over: SipConnection,
    here: SocketAddr,
}

/// Why a registrar has not taken us.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Failure {
    #[error("it answers {0}")]
    Refused(u16),
    #[error("it does not answer")]
    Silent,
    #[error("there is no way to it: {0}")]
    Unreachable(std::io::ErrorKind),
    #[error("its challenge is of no kind that we know")]
    Challenge,
}

/// How long a registrar may take to answer before the next is tried: five sendings over UDP (RFC 3261 timer E).
const PATIENCE: Duration = Duration::from_secs(8);
/// Before a connection that was closed is opened again: a registrar that closes each one is not hammered.
const AFTER_LOSS: Duration = Duration::from_secs(2);
/// On shutdown.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// Our answer to a challenge, and once more when the nonce was stale.
const MAX_CHALLENGES: usize = 2;

/// What is signed is what goes out, and rsipstack writes some of a URI its own way.
fn as_sent(uri: &str) -> String {
    Uri::try_from(uri).map_or_else(|_| uri.to_owned(), |uri| uri.to_string())
}

impl Client {
    pub(in crate::sip) fn new(house: House, number: usize, options: RegistrationOptions) -> Result<Self, SipError> {
        let read = |uri: &String| {
            Target::parse(uri).ok().filter(|target| target.uri.user().is_none()).ok_or(SipError::BadRegistrar)
        };
        let registrars = options.registrars.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let over_udp = registrars.iter().any(|registrar| registrar.transport == Transport::Udp);
        if over_udp && !house.listeners.iter().any(|listener| listener.transport == Transport::Udp) {
            return Err(SipError::NoWayForCalls);
        }
        let over_tls = registrars.iter().any(|registrar| registrar.transport == Transport::Tls);
        let tls = over_tls.then(|| client_config(options.authorities.as_deref())).transpose()?;
        let random = || format!("{:016x}", rand::random::<u64>());
        Ok(Self {
            house,
            number,
            plan: Plan::new(registrars.len()),
            asked: None,
            registrars,
            login: Login { user: options.login.unwrap_or_else(|| options.user.clone()), password: options.password },
            user: options.user.into_exposed(),
            expires_s: options.expires_s,
            tls,
            call_id: random(),
            tag: random(),
            cseq: 0,
            flow: None,
        })
    }

    /// Until the soft token; then the registration is taken back, so that the PBX sends no more calls.
    pub(in crate::sip) async fn run(mut self) {
        let soft = self.house.context.life.soft().clone();
        loop {
            let Some(wait) = soft.run_until_cancelled(self.round()).await else { break };
            let lost = self.flow.as_ref().and_then(|flow| flow.over.cancel_token());
            let lost = async {
                match lost {
                    Some(lost) => lost.cancelled().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = soft.cancelled() => break,
                () = lost => {
                    self.flow = None;
                    sleep(AFTER_LOSS).await;
                }
                () = sleep(wait) => {}
            }
        }
        let (at, asked) = (self.plan.at(), self.asked);
        for at in at.into_iter().chain(asked.filter(|asked| Some(*asked) != at)) {
            let _ = timeout(LAST_PATIENCE, self.register(at, 0)).await;
        }
    }

    /// Everyone once, until one takes us. What comes out is when to ask again.
    async fn round(&mut self) -> Duration {
        let mut refused = true;
        for at in self.plan.order() {
            self.asked = Some(at);
            let registered = self.register(at, self.expires_s).await;
            self.asked = None;
            match registered {
                Ok((addr, granted_s)) => {
                    tracing::info!(registration = self.number, registrar = %addr, granted_s, "registered");
                    self.house.trust.registered_at(self.number, Some(addr.ip()));
                    let next = self.plan.registered(at, Duration::from_secs(granted_s.into()));
                    if let Some(leave) = next.leave {
                        let flow = self.flow.take();
                        let _ = timeout(LAST_PATIENCE, self.register(leave, 0)).await;
                        self.flow = flow;
                    }
                    return next.again_in;
                }
                Err(failure) => {
                    refused &= matches!(failure, Failure::Refused(401 | 403 | 404 | 407) | Failure::Challenge);
                    tracing::warn!(registration = self.number, registrar = at + 1, %failure, "not registered");
                }
            }
        }
        self.house.trust.registered_at(self.number, None);
        self.plan.failed(refused, rand::random())
    }

    /// Gives the registrar's address and the seconds granted. `expires_s` of 0 takes the registration back.
    async fn register(&mut self, at: usize, expires_s: u32) -> Result<(SocketAddr, u32), Failure> {
        let target = self.registrars[at].clone();
        let addr = target.address().await.map_err(|_| Failure::Unreachable(std::io::ErrorKind::NotFound))?;
        let flow = self.flow_to(&target, addr).await?;
        let here = match &flow {
            Some(flow) => Some(flow.here),
            None => self.house.sockets.address_for(addr),
        };
        let here = here.ok_or(Failure::Unreachable(std::io::ErrorKind::AddrNotAvailable))?;
        let contact = contact_address(&self.house.listeners, target.transport.into(), addr).unwrap_or(here);
        let (user, call_id, tag) = (self.user.clone(), self.call_id.clone(), self.tag.clone());
        let registering = Registering {
            host: &target.uri.host_with_port.to_string(),
            domain: &target.uri.host_with_port.host.to_string(),
            transport: target.transport,
            user: &user,
            here,
            contact,
            call_id: &call_id,
            tag: &tag,
        };
        let (mut expires_s, mut authorization, mut challenged) = (expires_s, None, 0);
        loop {
            self.cseq += 1;
            let branch = format!("{:016x}", rand::random::<u64>());
            let attempt = Attempt { cseq: self.cseq, branch: &branch, expires_s, authorization: authorization.take() };
            let text = registering.text(&attempt);
            let exchange = self.exchange(&text, flow.as_ref(), target.transport, addr);
            let (status, answer) = timeout(PATIENCE, exchange).await.map_err(|_| Failure::Silent)??;
            match status {
                200..300 => return Ok((addr, registering.granted_s(&answer, expires_s))),
                401 | 407 if challenged < MAX_CHALLENGES => {
                    let (asks, answers) = match status {
                        401 => ("WWW-Authenticate", "Authorization"),
                        _ => ("Proxy-Authenticate", "Proxy-Authorization"),
                    };
                    let challenge = Challenge::choose(answer.all(asks)).ok_or(Failure::Challenge)?;
                    if challenged > 0 && !challenge.stale {
                        return Err(Failure::Refused(status));
                    }
                    challenged += 1;
                    let client_nonce = format!("{:016x}", rand::random::<u64>());
                    let value = challenge.answer(&self.login, "REGISTER", &as_sent(&registering.uri()), &client_nonce);
                    authorization = Some(format!("{answers}: {value}"));
                }
                // RFC 3261 §10.2.8: the registrar wants to see us less often.
                423 => match answer.header("Min-Expires").and_then(|least| least.trim().parse().ok()) {
                    Some(least) if least > expires_s && expires_s > 0 => expires_s = least,
                    _ => return Err(Failure::Refused(status)),
                },
                _ => return Err(Failure::Refused(status)),
            }
        }
    }

    async fn flow_to(&mut self, target: &Target, addr: SocketAddr) -> Result<Option<Flow>, Failure> {
        if target.transport == Transport::Udp {
            self.flow = None;
            return Ok(None);
        }
        let open = |flow: &Flow| flow.to == addr && flow.over.cancel_token().is_none_or(|lost| !lost.is_cancelled());
        if let Some(flow) = self.flow.clone().filter(open) {
            return Ok(Some(flow));
        }
        let host = target.uri.host_with_port.host.to_string();
        let remote = Remote { transport: target.transport, addr, host };
        let dialled = dial(&remote, self.tls.clone(), &self.house.inner, self.house.context.clone()).await;
        let (over, here) = dialled.map_err(|error| Failure::Unreachable(error.kind()))?;
        self.flow = Some(Flow { to: addr, over, here });
        Ok(self.flow.clone())
    }

    /// The final answer to one request.
    async fn exchange(
        &self,
        text: &str,
        flow: Option<&Flow>,
        transport: Transport,
        to: SocketAddr,
    ) -> Result<(u16, Message), Failure> {
        let Ok(SipMessage::Request(request)) = SipMessage::try_from(text.as_bytes()) else {
            return Err(Failure::Challenge);
        };
        let key = TransactionKey::from_request(&request, TransactionRole::Client).map_err(|_| Failure::Challenge)?;
        let over = flow.map(|flow| flow.over.clone());
        let mut transaction = Transaction::new_client(key, request, self.house.inner.clone(), over);
        transaction.destination = Some(sip_addr(transport, to));
        transaction.send().await.map_err(|_| Failure::Unreachable(std::io::ErrorKind::Other))?;
        while let Some(message) = transaction.receive().await {
            if let SipMessage::Response(answer) = message
                && answer.status_code.code() >= 200
            {
                let read = read_datagram(&answer.to_bytes()).map_err(|_| Failure::Silent)?;
                return Ok((answer.status_code.code(), read.message));
            }
        }
        Err(Failure::Silent)
    }
}
