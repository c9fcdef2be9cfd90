//! Follows what happens in the books, here and in other processes: open cards read theirs again, and who waits for events goes on.

use std::time::Duration;

use tokio::sync::watch;

use crate::base::Lifecycle;
use crate::call::{Changed, Registry};
use crate::store::{EventKind, Happened, Store, StoreError};

/// The number of the newest event. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tail {
    newest: watch::Receiver<u64>,
}

/// How soon it is noticed what another process has written; what this one writes is noticed at once. A quarter of the second
/// in which it has to be on the card: at 500 ms a busy machine took 1.0 s. It costs one look into an index.
const POLL: Duration = Duration::from_millis(200);
/// Between two looks: however much is written, a card is read again twenty times a second at most.
const PAUSE: Duration = Duration::from_millis(50);
/// Events read at once, under 200 bytes each.
const BATCH: u32 = 500;

impl Tail {
    /// Runs until a hard shutdown: cards are of use as long as there are calls.
    pub async fn start(store: Store, registry: Registry, life: &Lifecycle) -> Result<Tail, StoreError> {
        let mut seen = store.newest_event().await?;
        let (sender, newest) = watch::channel(seen);
        let hard = life.hard().clone();
        life.spawn(async move {
            let mut failing = false;
            loop {
                tokio::select! {
                    () = hard.cancelled() => return,
                    () = store.news() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
                match follow(&store, &registry, &mut seen).await {
                    Ok(()) => failing = false,
                    // Once: it is tried twice a second.
                    Err(error) if !std::mem::replace(&mut failing, true) => {
                        tracing::error!(%error, "what happens in the books cannot be followed");
                    }
                    Err(_) => {}
                }
                sender.send_if_modified(|newest| std::mem::replace(newest, seen) != seen);
                tokio::time::sleep(PAUSE).await;
            }
        });
        Ok(Tail { newest })
    }

    /// Until there is an event after `seq`; for ever, when the service is about to end.
    pub async fn after(&mut self, seq: u64) {
        if self.newest.wait_for(|newest| *newest > seq).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn follow(store: &Store, registry: &Registry, seen: &mut u64) -> Result<(), StoreError> {
    while store.number_events().await? {}
    loop {
        let events = store.events_after(*seen, BATCH).await?;
        let Some(last) = events.last() else { return Ok(()) };
        *seen = last.seq;
        registry.changed(changed(&events));
    }
}

fn changed(events: &[Happened]) -> Changed {
    if events.iter().any(|event| event.kind == EventKind::BooksImported) {
        return Changed::Anyone;
    }
    Changed::These(events.iter().filter_map(|event| event.customer.clone()).collect())
}
