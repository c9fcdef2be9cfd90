//! The calls under way: who may come in, and where an agent's command goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::base::{CallId, ErrorKind, UnixMillis, clock};
use crate::customer::care::{Limits, Veto};
use crate::customer::{ConsentRecord, CustomerId, Purpose};
use crate::identity::Judged;
use crate::store::{Refresh, Store, StoreError};
use crate::voice::{Calibration, Voiceprint};

use super::totals::Totals;
use super::{AgentCommand, Changed, CommandError, Voiceprints};

/// Cheap to clone. Its lock is held for a look-up at the start and the end of a call and at an agent's key press, never on
/// the way of the media.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

struct Shared {
    calls: Mutex<Calls>,
    max_calls: usize,
    max_cards: usize,
    totals: Totals,
    store: Store,
    /// Held over a change of the store and of the memory together, so that a withdrawal is never overtaken by an
    /// enrolment that began before it.
    changing: tokio::sync::Mutex<()>,
    voiceprints: watch::Sender<Arc<Voiceprints>>,
    /// In force until the next start.
    calibration: Arc<Calibration>,
    changes: broadcast::Sender<Changed>,
}

#[derive(Default)]
struct Calls {
    by_id: HashMap<CallId, mpsc::Sender<ToCall>>,
    /// Of these, the ones that have not hung up.
    live: usize,
}

/// What reaches a call from outside its line.
pub enum ToCall {
    /// An agent's command, and where its answer goes. Boxed, since a channel keeps room for 32 messages from the start.
    Command(Box<AgentCommand>, oneshot::Sender<Result<(), CommandError>>),
    /// This customer's consent was taken back.
    Withdrawn(CustomerId),
}

/// A call's place; dropping it gives the place back.
pub struct Admission {
    registry: Registry,
    call: CallId,
    live: bool,
    pub inbox: mpsc::Receiver<ToCall>,
}

/// Messages waiting for one call. An agent gives one at a time; 8 cover two agents and a double click (under 4 kB a call).
const INBOX: usize = 8;
/// Cards of finished calls that agents may still be working on. Beyond them, a card closes with its call.
pub const CARDS_IN_WRAP_UP: usize = 1000;

/// Batches of changes that a call may be behind, about 1 kB each for all calls together; one that is further behind reads its
/// customer's books anew, whatever has changed.
const CHANGES: usize = 64;

impl Registry {
    pub fn new(store: Store, voiceprints: Voiceprints, calibration: Arc<Calibration>, max_calls: usize) -> Self {
        let (voiceprints, _) = watch::channel(Arc::new(voiceprints));
        Self {
            shared: Arc::new(Shared {
                calls: Mutex::default(),
                max_calls,
                max_cards: max_calls + CARDS_IN_WRAP_UP,
                totals: Totals::default(),
                store,
                changing: tokio::sync::Mutex::default(),
                voiceprints,
                calibration,
                changes: broadcast::channel(CHANGES).0,
            }),
        }
    }

    /// A place for one more call, or `None` when all are taken.
    pub fn admit(&self, call: CallId) -> Option<Admission> {
        let (sender, inbox) = mpsc::channel(INBOX);
        let mut calls = self.calls();
        if calls.live >= self.shared.max_calls {
            return None;
        }
        calls.live += 1;
        calls.by_id.insert(call.clone(), sender);
        Some(Admission { registry: self.clone(), call, live: true, inbox })
    }

    /// Calls that have not hung up; cards in wrap-up are not among them.
    pub fn live(&self) -> usize {
        self.calls().live
    }

    pub async fn command(&self, call: &CallId, command: AgentCommand) -> Result<(), CommandError> {
        let gone = || CommandError::new(ErrorKind::NotFound, "This call's card has closed.");
        let sender = self.calls().by_id.get(call).cloned().ok_or_else(gone)?;
        let (answer, answered) = oneshot::channel();
        sender.try_send(ToCall::Command(Box::new(command), answer)).map_err(|_| {
            CommandError::new(ErrorKind::Unavailable, "This call is busy with earlier commands; try again.")
        })?;
        answered.await.map_err(|_| gone())?
    }

    /// Consent taken back outside a call.
    pub async fn withdraw(&self, customer: &CustomerId, agent: String) -> Result<(), CommandError> {
        self.withdraw_in(None, customer, &agent).await
    }

    /// Consent taken back: the print leaves the store, the gallery in memory and every open call.
    pub(super) async fn withdraw_in(
        &self,
        call: Option<&CallId>,
        customer: &CustomerId,
        agent: &str,
    ) -> Result<(), CommandError> {
        let _changing = self.shared.changing.lock().await;
        // First the memory: from here on nobody is compared with it, even if the store fails.
        self.shared.voiceprints.send_modify(|voiceprints| {
            Arc::make_mut(voiceprints).remove(customer);
        });
        let now = clock::wall();
        let withdrawn = self.shared.store.withdraw(customer, Purpose::Recognise, agent, call, now).await;
        let open: Vec<_> = self.calls().by_id.values().cloned().collect();
        for call in open {
            // A call that ends meanwhile has nothing left to stop. A full inbox empties: calls never wait for us.
            let _ = call.send(ToCall::Withdrawn(customer.clone())).await;
        }
        withdrawn.map(|_| ()).map_err(|error| {
            tracing::error!(%error, "a withdrawal could not be stored");
            let message = "This voice is no longer compared, but the books could not be written: please try again.";
            CommandError::new(error.kind(), message)
        })
    }

    /// Stores a print and takes it into use. Refused when the customer has withdrawn since the yes.
    pub async fn enroll(&self, consent: ConsentRecord, voiceprint: Voiceprint) -> Result<(), CommandError> {
        let _changing = self.shared.changing.lock().await;
        let customer = consent.customer.clone();
        self.shared.store.enroll(consent, voiceprint.clone()).await.map_err(|error| store_error(&error))?;
        let mut outcome = Ok(());
        self.shared.voiceprints.send_modify(|voiceprints| {
            outcome = Arc::make_mut(voiceprints).insert(customer, voiceprint);
        });
        outcome.map_err(|error| CommandError::new(ErrorKind::Internal, error.to_string()))
    }

    /// A call joins the print of its caller. A print that does not take it is left as it was.
    pub async fn refresh(&self, refresh: Refresh) -> Result<(), CommandError> {
        let _changing = self.shared.changing.lock().await;
        let customer = refresh.customer.clone();
        let model = self.shared.voiceprints.borrow().model().clone();
        let print = self.shared.store.refresh(&model, refresh).await.map_err(|error| store_error(&error))?;
        let mut outcome = Ok(());
        self.shared.voiceprints.send_modify(|voiceprints| {
            outcome = Arc::make_mut(voiceprints).insert(customer, print);
        });
        outcome.map_err(|error| CommandError::new(ErrorKind::Internal, error.to_string()))
    }

    /// Reads the prints again when another program has changed them.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _changing = self.shared.changing.lock().await;
        let model = self.shared.voiceprints.borrow().model().clone();
        let mut fresh = Voiceprints::new(model.clone());
        for (customer, voiceprint) in self.shared.store.voiceprints(&model).await? {
            if let Err(error) = fresh.insert(customer, voiceprint) {
                tracing::error!(%error, "a voiceprint was left out");
            }
        }
        self.shared.voiceprints.send_replace(Arc::new(fresh));
        Ok(())
    }

    /// The calls that agents have judged since then, at most the newest `most`, and from when on these are.
    pub async fn judged(&self, since: UnixMillis, most: u32) -> Result<(UnixMillis, Judged), CommandError> {
        let model = self.shared.voiceprints.borrow().model().clone();
        let store = &self.shared.store;
        let read = async {
            let since = store.newest_judged(&model, since, most).await?;
            let calls = store.judged_calls(&model, since).await?;
            let stored = store.site_calibration(&model).await?;
            let calibration = (*self.shared.calibration).clone();
            Ok::<_, StoreError>((since, Judged { calls, calibration, stored }))
        };
        read.await.map_err(|error| {
            tracing::error!(%error, "the judged calls could not be read");
            CommandError::new(error.kind(), "The books cannot be read just now; please try again.")
        })
    }

    /// Tells every call of whom the books say something new. Waits for none.
    pub fn changed(&self, changed: Changed) {
        // Without a call nobody listens.
        let _ = self.shared.changes.send(changed);
    }

    pub(super) fn changes(&self) -> broadcast::Receiver<Changed> {
        self.shared.changes.subscribe()
    }

    /// Whether each of these may be approached now; `None`: nobody knows them.
    pub async fn may_contact(
        &self,
        customers: &[CustomerId],
        limits: &Limits,
    ) -> Result<Vec<Option<Result<(), Veto>>>, CommandError> {
        let now = clock::wall();
        let mut judged = Vec::with_capacity(customers.len());
        for customer in customers {
            let may = self.shared.store.may_contact(customer, limits, now).await;
            judged.push(may.map_err(|error| {
                tracing::error!(%error, "whether a customer may be contacted could not be read");
                CommandError::new(error.kind(), "The books cannot be read just now; please try again.")
            })?);
        }
        Ok(judged)
    }

    pub fn totals(&self) -> &Totals {
        &self.shared.totals
    }

    pub fn voiceprints(&self) -> watch::Receiver<Arc<Voiceprints>> {
        self.shared.voiceprints.subscribe()
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        // Nothing that runs under the lock can panic half-way.
        self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission {
    /// Leaves room for the next caller; the agent's commands still arrive. `false` when there are so many cards that this
    /// one had better close.
    pub fn hung_up(&mut self) -> bool {
        let mut calls = self.registry.calls();
        if std::mem::replace(&mut self.live, false) {
            calls.live -= 1;
        }
        calls.by_id.len() <= self.registry.shared.max_cards
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.hung_up();
        self.registry.calls().by_id.remove(&self.call);
    }
}

/// The agent reads a short sentence; the chain is in the log.
pub(super) fn store_error(error: &StoreError) -> CommandError {
    tracing::error!(%error, "the store refused a command");
    let message = match error.kind() {
        _ if matches!(error, StoreError::NothingOnFile) => "There is no payment on file for this customer.",
        ErrorKind::NotFound => "There is no such customer in the books.",
        ErrorKind::Denied => "The caller's consent does not allow this.",
        ErrorKind::InvalidInput | ErrorKind::Conflict => "The books did not accept this.",
        ErrorKind::Unavailable | ErrorKind::Internal => "The books cannot be written just now; nothing was changed.",
    };
    CommandError::new(error.kind(), message)
}
