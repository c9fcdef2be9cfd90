//! A running desk with a call behind each card: a stand-in that answers commands with the events a call would send.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use regulars::base::{CallId, ErrorKind, Lifecycle, clock};
use regulars::call::registry::ToCall;
use regulars::call::{AgentCommand, CallEvent, CommandError, EnrollWhom, Registry, Voiceprints, What};
use regulars::customer::CustomerId;
use regulars::customer::care::Limits;
use regulars::desk::wire::proto::desk_service_client::DeskServiceClient;
use regulars::desk::{self, Feed, Shop};
use regulars::store::{self, KeySource, Store};
use regulars::voice::ModelId;
use tokio::sync::mpsc;
use tonic::transport::Channel;

use super::judged::{MODEL, calibration};
use super::people::{self, known};

pub struct RunningDesk {
    pub address: SocketAddr,
    pub life: Lifecycle,
    events: mpsc::Sender<CallEvent>,
    registry: Registry,
    /// The books behind the desk.
    pub store: Store,
    calls: Mutex<HashMap<CallId, CallEvent>>,
    /// What agents asked, oldest first.
    commands: Arc<Mutex<Vec<AgentCommand>>>,
    /// The next command is refused.
    refusing: Arc<AtomicBool>,
}

pub fn options(listen: SocketAddr) -> desk::Options {
    let shop = Shop {
        name: "Da Nonna".to_owned(),
        menu: ["Margherita", "Quattro Stagioni", "Rocket salad", "Tiramisu", "Acqua frizzante"]
            .map(str::to_owned)
            .into(),
        language: "en".to_owned(),
        notice: String::new(),
        products: people::goods().product_cards(),
        currency: "EUR".to_owned(),
        limits: Limits::default(),
    };
    desk::Options { listen, shop, max_connections: 32, beside: desk::Beside::default() }
}

/// Empty books that live as long as the test, and a registry over them.
pub async fn registry() -> (Store, Registry) {
    let key = KeySource::Value("5a".repeat(32).into());
    let books = Store::open(store::Options { url: "sqlite::memory:".to_owned(), key }).await.unwrap();
    let voiceprints = Voiceprints::new(ModelId::new(MODEL));
    (books.clone(), Registry::new(books, voiceprints, Arc::new(calibration()), 100))
}

impl RunningDesk {
    pub async fn open() -> Self {
        Self::open_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    pub async fn open_at(listen: SocketAddr) -> Self {
        let life = Lifecycle::default();
        let (events, received) = mpsc::channel(256);
        let feed = Feed::start(received, 100, &life);
        let (store, registry) = registry().await;
        let address = desk::serve(options(listen), feed, registry.clone(), life.clone()).await.unwrap();
        Self {
            address,
            life,
            events,
            registry,
            store,
            calls: Mutex::default(),
            commands: Arc::default(),
            refusing: Arc::default(),
        }
    }

    pub fn refuse_next(&self) {
        self.refusing.store(true, Ordering::SeqCst);
    }

    /// Sends `events`, and puts a stand-in behind each new call.
    pub async fn play(&self, events: Vec<CallEvent>) {
        for event in events {
            let is_new = self.calls.lock().unwrap().insert(event.call.clone(), event.clone()).is_none();
            if is_new {
                self.stand_in(&event);
            }
            self.events.send(event).await.unwrap();
        }
    }

    fn stand_in(&self, first: &CallEvent) {
        let mut admission = self.registry.admit(first.call.clone()).expect("room for one more call");
        let (events, commands, first) = (self.events.clone(), Arc::clone(&self.commands), first.clone());
        let (hard, refusing) = (self.life.hard().clone(), Arc::clone(&self.refusing));
        self.life.spawn(async move {
            while let Some(message) =
                tokio::select! { message = admission.inbox.recv() => message, () = hard.cancelled() => None }
            {
                let ToCall::Command(command, answer) = message else { continue };
                if refusing.swap(false, Ordering::SeqCst) {
                    answer.send(Err(CommandError::new(ErrorKind::Conflict, "the kitchen is closed"))).unwrap();
                    continue;
                }
                commands.lock().unwrap().push((*command).clone());
                let what = outcome(*command);
                events.send(CallEvent { at: clock::wall(), what, ..first.clone() }).await.unwrap();
                answer.send(Ok(())).unwrap();
            }
        });
    }

    pub fn commands(&self) -> Vec<AgentCommand> {
        self.commands.lock().unwrap().clone()
    }

    pub async fn client(&self) -> DeskServiceClient<Channel> {
        DeskServiceClient::connect(format!("http://{}", self.address)).await.unwrap()
    }

    pub async fn close(self) {
        self.life.shut_down_hard();
        assert!(self.life.finished(Duration::from_secs(20)).await, "a task outlived the shutdown");
    }
}

fn outcome(command: AgentCommand) -> What {
    match command {
        AgentCommand::Confirm { customer, .. } => {
            What::Confirmed { known: known(customer.as_str(), clock::wall()), customer }
        }
        AgentCommand::SomeoneElse { .. } => What::SomeoneElse,
        AgentCommand::Enroll { customer, .. } => {
            let customer = match customer {
                EnrollWhom::Customer(customer) => customer,
                EnrollWhom::New { .. } => CustomerId::new("c-new"),
            };
            What::Enrolling { customer, net_speech_ms: 0, needed_ms: 10_000 }
        }
        AgentCommand::AskForKey { .. } => What::AwaitingKey(true),
        AgentCommand::DropQuestion => What::AwaitingKey(false),
        AgentCommand::WithdrawConsent { customer, .. } => What::ConsentWithdrawn { customer },
        AgentCommand::Flag { .. } => What::Flagged,
        AgentCommand::PlaceOrder { .. } => What::OrderPlaced { order: "4711".to_owned() },
    }
}
