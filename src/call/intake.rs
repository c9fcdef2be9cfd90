//! Takes calls in, by SIP or as streams: admits or refuses each, opens its media ports, and starts its task.

use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;
use tokio::sync::{mpsc, watch};

use crate::base::{CallId, E164, Lifecycle, Line, Pii, clock};
use crate::customer::care::Manners;
use crate::customer::goods::Goods;
use crate::customer::likely_order::ShopModel;
use crate::rtp::{PortPool, Socket};
use crate::sip::{Hear, Invite, Refusal, Roles, address_towards};
use crate::speech::Reading;
use crate::store::Store;
use crate::stream::{Arrival, Goodbye};
use crate::voice::{Calibration, ModelId, Pool, SpoofRule};

use super::books::Books;
use super::machine::{Caller, Options, Voices};
use super::registry::{Admission, Registry};
use super::sockets::Sockets;
use super::task::{CallTask, Leg};
use super::{Call, CallEvent};

/// Everything that calls share.
#[derive(Clone)]
pub struct Intake {
    pub options: Options,
    pub registry: Registry,
    pub store: Store,
    pub ports: Arc<PortPool>,
    pub pool: Pool,
    pub model: ModelId,
    /// What windows are filled with.
    pub features: Reading,
    pub calibration: Arc<Calibration>,
    /// Of the anti-spoofing model, if one is in use.
    pub spoof: Option<SpoofRule>,
    pub time_zone: TimeZone,
    pub shop: watch::Receiver<Arc<ShopModel>>,
    pub goods: watch::Receiver<Arc<Goods>>,
    pub manners: Arc<Manners>,
    pub events: mpsc::Sender<CallEvent>,
    pub lifecycle: Lifecycle,
}

/// RFC 3261 §20.33: when a refused caller may try again. Calls end all the time, so soon.
const RETRY_AFTER_S: u32 = 5;

impl Intake {
    /// Runs until the SIP endpoint is gone.
    pub async fn run(self, mut invites: mpsc::Receiver<Invite>) {
        while let Some(invite) = invites.recv().await {
            let (intake, invited_at) = (self.clone(), clock::now());
            // Answering takes a round trip on TCP; the next caller does not wait for it.
            self.lifecycle.spawn(async move { intake.take(invite, invited_at).await });
        }
    }

    async fn take(self, invite: Invite, invited_at: Instant) {
        if self.lifecycle.soft().is_cancelled() {
            return invite.refuse(Refusal::ServiceUnavailable { retry_after_s: RETRY_AFTER_S }).await;
        }
        if !invite.has_usable_offer() {
            return invite.refuse(Refusal::NotAcceptableHere).await;
        }
        let Some(admission) = self.registry.admit(invite.call.clone()) else {
            tracing::warn!(call = %invite.call, "refused: call.max_calls are under way");
            return invite.refuse(Refusal::ServiceUnavailable { retry_after_s: RETRY_AFTER_S }).await;
        };
        let mut sockets = Vec::new();
        while sockets.len() < invite.sockets() {
            match self.ports.open().await {
                Ok(socket) => sockets.push(socket),
                Err(error) => {
                    tracing::error!(call = %invite.call, %error, "refused: no media port");
                    return invite.refuse(Refusal::ServiceUnavailable { retry_after_s: RETRY_AFTER_S }).await;
                }
            }
        }
        let (id, line) = (invite.call.clone(), invite.line.clone());
        let (number, name) = (invite.caller.number.clone(), invite.caller.name.clone());
        let roles = invite.roles().cloned().unwrap_or_default();
        let reachable = |socket: &Socket| address_towards(invite.peer, socket.local_addr());
        let local_rtp = match sockets.iter().map(reachable).collect() {
            Ok(addresses) => addresses,
            Err(error) => {
                tracing::error!(call = %id, %error, "refused: no address of ours that the peer could send media to");
                return invite.refuse(Refusal::ServiceUnavailable { retry_after_s: RETRY_AFTER_S }).await;
            }
        };
        let dialog = match invite.accept(local_rtp).await {
            Ok(dialog) => dialog,
            Err(error) => {
                tracing::warn!(call = %id, %error, "the call could not be answered");
                return;
            }
        };
        let came = Came {
            id,
            line,
            number,
            name,
            roles,
            leg: Leg::Sip(Box::new(dialog), Sockets::new(sockets)),
            at: invited_at,
        };
        self.start(came, admission);
    }

    /// Runs until the way in for streams is gone.
    pub async fn run_streams(self, mut arrivals: mpsc::Receiver<Arrival>) {
        while let Some(arrival) = arrivals.recv().await {
            if self.lifecycle.soft().is_cancelled() {
                arrival.hang_up.say(Goodbye::ShuttingDown);
                continue;
            }
            let Some(admission) = self.registry.admit(arrival.call.clone()) else {
                tracing::warn!(call = %arrival.call, "refused: call.max_calls are under way");
                arrival.hang_up.say(Goodbye::Busy);
                continue;
            };
            // It has one stream, and that is the caller's.
            let hear = Some(Hear { slot: 0, mixed: arrival.mixed });
            let came = Came {
                id: arrival.call.clone(),
                line: arrival.line.clone(),
                number: arrival.number.clone(),
                name: None,
                roles: Roles { hear, ..Roles::default() },
                leg: Leg::Stream(arrival),
                at: clock::now(),
            };
            self.clone().start(came, admission);
        }
    }

    /// A task of its own: what it took to answer does not stay in memory for the length of the call.
    fn start(self, came: Came, admission: Admission) {
        let Came { id, line, number, name, roles, leg, at } = came;
        let voiceprints = self.registry.voiceprints();
        let voices = Voices {
            model: self.model.clone(),
            features: self.features,
            calibration: self.calibration.clone(),
            voiceprints: voiceprints.borrow().clone(),
            spoof: self.spoof,
        };
        let caller = Caller { number: number.clone(), name, at: clock::wall(), roles };
        let task = CallTask {
            call: Box::new(Call::new(clock::now(), caller, voices, self.options)),
            books: Books {
                call: id.clone(),
                line: line.clone(),
                number,
                store: self.store,
                registry: self.registry,
                model: self.model,
                time_zone: self.time_zone,
                shop: self.shop,
                goods: self.goods,
                manners: self.manners,
            },
            id,
            line,
            leg,
            ports: self.ports,
            admission,
            pool: self.pool.client(),
            voiceprints,
            events: self.events,
            invited_at: at,
            lifecycle: self.lifecycle.clone(),
        };
        self.lifecycle.spawn(task.run());
    }
}

/// A call that was let in.
struct Came {
    id: CallId,
    line: Line,
    number: Option<E164>,
    name: Option<Pii<String>>,
    roles: Roles,
    leg: Leg,
    at: Instant,
}
