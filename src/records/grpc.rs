//! The gRPC face for other systems: records in, events out, kinds of error as codes.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::record::{self, Checked, RecordError};
use super::{Tail, event};
use crate::base::{ErrorKind, Lifecycle, UnixMillis, clock};
use crate::desk::grpc::code;
use crate::desk::wire::proto;
use crate::store::{EventKind, Outcome, Sender, Store, StoreError};

/// Behind [`proto::record_service_server::RecordService`].
pub struct Records {
    pub store: Store,
    pub tail: Tail,
    /// Such as "49", for numbers in national form.
    pub country_code: Option<String>,
    pub life: Lifecycle,
}

/// Events read ahead of a receiver that is slow, a few kB each.
const AHEAD: usize = 16;
/// Events read from the books at once.
const BATCH: u32 = 100;

#[tonic::async_trait]
impl proto::record_service_server::RecordService for Records {
    type WatchEventsStream = ReceiverStream<Result<proto::WatchEventsResponse, Status>>;

    async fn put_customer(
        &self,
        request: Request<proto::PutCustomerRequest>,
    ) -> Result<Response<proto::PutCustomerResponse>, Status> {
        let outcome = self.put(|now| record::customer(request.into_inner(), self.country_code.as_deref(), now)).await?;
        Ok(Response::new(proto::PutCustomerResponse { outcome }))
    }

    async fn put_contact(
        &self,
        request: Request<proto::PutContactRequest>,
    ) -> Result<Response<proto::PutContactResponse>, Status> {
        let outcome = self.put(|now| record::contact(request.into_inner(), now)).await?;
        Ok(Response::new(proto::PutContactResponse { outcome }))
    }

    async fn resolve_complaint(
        &self,
        request: Request<proto::ResolveComplaintRequest>,
    ) -> Result<Response<proto::ResolveComplaintResponse>, Status> {
        let outcome = self.put(|_| record::resolved(request.into_inner())).await?;
        Ok(Response::new(proto::ResolveComplaintResponse { outcome }))
    }

    async fn put_order(
        &self,
        request: Request<proto::PutOrderRequest>,
    ) -> Result<Response<proto::PutOrderResponse>, Status> {
        let outcome = self.put(|now| record::order(request.into_inner(), now)).await?;
        Ok(Response::new(proto::PutOrderResponse { outcome }))
    }

    async fn put_items(
        &self,
        request: Request<proto::PutItemsRequest>,
    ) -> Result<Response<proto::PutItemsResponse>, Status> {
        let outcome = self.put(|_| record::items(request.into_inner())).await?;
        Ok(Response::new(proto::PutItemsResponse { outcome }))
    }

    async fn watch_events(
        &self,
        request: Request<proto::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        let request = request.into_inner();
        let kind = |word: &String| {
            EventKind::parse(word).ok_or_else(|| Status::invalid_argument("kinds names an event that there is not"))
        };
        let kinds = request.kinds.iter().map(kind).collect::<Result<Vec<_>, _>>()?;
        let newest = self.store.newest_event().await.map_err(|error| status(&error))?;
        let forgotten = self.store.forgotten_event().await.map_err(|error| status(&error))?;
        let after = request.after.unwrap_or(newest);
        if after < forgotten || after > newest {
            let sentence =
                format!("after is from {forgotten}, up to which nothing is kept any more, to {newest}, the newest");
            return Err(Status::failed_precondition(sentence));
        }
        let (sender, receiver) = mpsc::channel(AHEAD);
        let watch = Watch { store: self.store.clone(), tail: self.tail.clone(), kinds, after, sender };
        let hard = self.life.hard().clone();
        self.life.spawn(async move {
            let sender = watch.sender.clone();
            tokio::select! {
                () = sender.closed() => {}
                () = hard.cancelled() => drop(sender.try_send(Err(Status::unavailable("the service is shutting down")))),
                ended = watch.run() => if let Err(error) = ended {
                    // Who has gone needs no word.
                    let _ = sender.send(Err(status(&error))).await;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}

impl Records {
    async fn put(&self, check: impl FnOnce(UnixMillis) -> Checked) -> Result<i32, Status> {
        let now = clock::wall();
        let (source, record) = check(now)?;
        let outcome = self.store.record(&record, &Sender { source, hook: None, now }).await;
        outcome.map(|outcome| self::outcome(outcome).into()).map_err(|error| status(&error))
    }
}

struct Watch {
    store: Store,
    tail: Tail,
    kinds: Vec<EventKind>,
    after: u64,
    sender: mpsc::Sender<Result<proto::WatchEventsResponse, Status>>,
}

impl Watch {
    /// Ends when the reader has gone, or with the store's error.
    async fn run(mut self) -> Result<(), StoreError> {
        loop {
            let events = self.store.events_after(self.after, BATCH).await?;
            if events.is_empty() {
                self.tail.after(self.after).await;
                continue;
            }
            for happened in events {
                self.after = happened.seq;
                if !self.kinds.is_empty() && !self.kinds.contains(&happened.kind) {
                    continue;
                }
                let Some(told) = self.store.told(&happened).await? else { continue };
                let response = proto::WatchEventsResponse { event: Some(event::event(&happened, told)) };
                if self.sender.send(Ok(response)).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

fn outcome(outcome: Outcome) -> proto::Outcome {
    match outcome {
        Outcome::Created => proto::Outcome::Created,
        Outcome::Updated => proto::Outcome::Updated,
        Outcome::Unchanged => proto::Outcome::Unchanged,
    }
}

impl From<RecordError> for Status {
    fn from(error: RecordError) -> Self {
        Status::invalid_argument(error.to_string())
    }
}

fn status(error: &StoreError) -> Status {
    Status::new(code(error.kind()), sentence(error))
}

/// For the other system; what is wrong with the store itself is for the log alone.
pub(super) fn sentence(error: &StoreError) -> String {
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Internal => {
            tracing::error!(%error, "a record could not be written or read");
            "the books cannot be reached just now; nothing was changed".to_owned()
        }
        ErrorKind::InvalidInput | ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Denied => error.to_string(),
    }
}
