//! The gRPC face of the desk: cards out, commands in, kinds of error as codes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::interval;
use tokio_stream::wrappers::{IntervalStream, WatchStream};
use tokio_stream::{Stream, StreamExt, StreamMap};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::{Code, Request, Response, Status};

use super::request::{self, RequestError};
use super::wire::{self, proto};
use super::{Cards, Feed, consent_script};
use crate::base::{CallId, ErrorKind, Lifecycle};
use crate::call::{AgentCommand, CommandError, Registry};
use crate::customer::care::Limits;
use crate::customer::goods::ProductCard;

/// Behind [`proto::desk_service_server::DeskService`].
pub struct Desk {
    pub feed: Feed,
    pub registry: Registry,
    pub shop: Arc<Shop>,
    pub life: Lifecycle,
}

/// What does not change while the service runs.
#[derive(Clone, Debug, Default)]
pub struct Shop {
    pub name: String,
    pub menu: Vec<String>,
    /// The same items, with what is known of each.
    pub products: Vec<ProductCard>,
    /// ISO 4217; empty: prices mean nothing.
    pub currency: String,
    /// When somebody may be contacted.
    pub limits: Limits,
    /// BCP 47 tag: the consent words for callers whose language is not known.
    pub language: String,
    /// A sentence every agent must have seen; may be empty.
    pub notice: String,
}

/// A watched desk is sent again this often though nothing has changed: a screen that hears nothing for two of these
/// knows that its connection is dead, and does not show old cards as the present.
const REPEAT: Duration = Duration::from_secs(15);

#[tonic::async_trait]
impl proto::desk_service_server::DeskService for Desk {
    type WatchDeskStream = CardStream;

    async fn describe_desk(
        &self,
        _: Request<proto::DescribeDeskRequest>,
    ) -> Result<Response<proto::DescribeDeskResponse>, Status> {
        Ok(Response::new(proto::DescribeDeskResponse {
            shop: self.shop.name.clone(),
            menu: self.shop.menu.clone(),
            consent_scripts: consent_script::ALL.iter().map(wire::script).collect(),
            notice: self.shop.notice.clone(),
            products: self.shop.products.iter().map(wire::product).collect(),
            currency: self.shop.currency.clone(),
        }))
    }

    async fn watch_desk(
        &self,
        request: Request<proto::WatchDeskRequest>,
    ) -> Result<Response<Self::WatchDeskStream>, Status> {
        let lines = request::lines(request.into_inner())?;
        let mut watched =
            if lines.is_empty() { vec![self.feed.all()] } else { lines.iter().map(|l| self.feed.line(l)).collect() };
        let mut latest: Vec<Cards> = watched.iter_mut().map(|cards| cards.borrow_and_update().clone()).collect();
        let mut changes = StreamMap::with_capacity(watched.len());
        for (index, cards) in watched.into_iter().enumerate() {
            changes.insert(index, WatchStream::from_changes(cards));
        }
        // The first tick is at once: the present, before anything changes.
        let states = IntervalStream::new(interval(REPEAT)).map(|_| None).merge(changes.map(Some));
        let shop = Arc::clone(&self.shop);
        let messages = states.map(move |change| {
            if let Some((index, cards)) = change {
                latest[index] = cards;
            }
            whole_state(&latest, &shop.language)
        });
        let stopped = Box::pin(self.life.hard().clone().cancelled_owned());
        Ok(Response::new(CardStream { messages: Box::pin(messages), stopped: Some(stopped) }))
    }

    async fn confirm_identity(
        &self,
        request: Request<proto::ConfirmIdentityRequest>,
    ) -> Result<Response<proto::ConfirmIdentityResponse>, Status> {
        self.command(request::confirm(request.into_inner())?).await?;
        Ok(Response::new(proto::ConfirmIdentityResponse {}))
    }

    async fn reject_identity(
        &self,
        request: Request<proto::RejectIdentityRequest>,
    ) -> Result<Response<proto::RejectIdentityResponse>, Status> {
        self.command(request::reject(request.into_inner())?).await?;
        Ok(Response::new(proto::RejectIdentityResponse {}))
    }

    async fn enroll(&self, request: Request<proto::EnrollRequest>) -> Result<Response<proto::EnrollResponse>, Status> {
        self.command(request::enroll(request.into_inner())?).await?;
        Ok(Response::new(proto::EnrollResponse {}))
    }

    async fn ask_for_key(
        &self,
        request: Request<proto::AskForKeyRequest>,
    ) -> Result<Response<proto::AskForKeyResponse>, Status> {
        self.command(request::ask_for_key(request.into_inner())?).await?;
        Ok(Response::new(proto::AskForKeyResponse {}))
    }

    async fn drop_question(
        &self,
        request: Request<proto::DropQuestionRequest>,
    ) -> Result<Response<proto::DropQuestionResponse>, Status> {
        self.command(request::drop_question(request.into_inner())?).await?;
        Ok(Response::new(proto::DropQuestionResponse {}))
    }

    async fn withdraw_consent(
        &self,
        request: Request<proto::WithdrawConsentRequest>,
    ) -> Result<Response<proto::WithdrawConsentResponse>, Status> {
        let (call, customer, agent) = request::withdraw(request.into_inner())?;
        match call {
            Some(call) => self.command((call, AgentCommand::WithdrawConsent { customer, agent })).await?,
            None => self.registry.withdraw(&customer, agent).await.map_err(|error| status(&error))?,
        }
        Ok(Response::new(proto::WithdrawConsentResponse {}))
    }

    async fn flag_call(
        &self,
        request: Request<proto::FlagCallRequest>,
    ) -> Result<Response<proto::FlagCallResponse>, Status> {
        self.command(request::flag(request.into_inner())?).await?;
        Ok(Response::new(proto::FlagCallResponse {}))
    }

    async fn place_order(
        &self,
        request: Request<proto::PlaceOrderRequest>,
    ) -> Result<Response<proto::PlaceOrderResponse>, Status> {
        self.command(request::place_order(request.into_inner())?).await?;
        Ok(Response::new(proto::PlaceOrderResponse {}))
    }

    async fn may_contact(
        &self,
        request: Request<proto::MayContactRequest>,
    ) -> Result<Response<proto::MayContactResponse>, Status> {
        let customers = request::may_contact(request.into_inner())?;
        let judged = self.registry.may_contact(&customers, &self.shop.limits).await.map_err(|error| status(&error))?;
        let contactable =
            customers.iter().zip(&judged).map(|(customer, may)| wire::contactable(customer, may.as_ref()));
        Ok(Response::new(proto::MayContactResponse { customers: contactable.collect() }))
    }
}

impl Desk {
    async fn command(&self, (call, command): (CallId, AgentCommand)) -> Result<(), Status> {
        self.registry.command(&call, command).await.map_err(|error| status(&error))
    }
}

/// The stream of one screen; it ends with a word when the service shuts down, since a shutdown waits for it.
pub struct CardStream {
    messages: Pin<Box<dyn Stream<Item = proto::WatchDeskResponse> + Send>>,
    stopped: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl Stream for CardStream {
    type Item = Result<proto::WatchDeskResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stopped) = self.stopped.as_mut() else { return Poll::Ready(None) };
        if stopped.as_mut().poll(cx).is_ready() {
            self.stopped = None;
            return Poll::Ready(Some(Err(Status::unavailable("the service is shutting down"))));
        }
        self.messages.as_mut().poll_next(cx).map(|message| message.map(Ok))
    }
}

fn whole_state(watched: &[Cards], language: &str) -> proto::WatchDeskResponse {
    let mut cards: Vec<_> = watched.iter().flat_map(|cards| cards.iter()).collect();
    cards.sort_by_key(|card| card.since);
    proto::WatchDeskResponse { cards: cards.into_iter().map(|card| wire::card(card, language)).collect() }
}

impl From<RequestError> for Status {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::SecondFactor => Status::failed_precondition(error.to_string()),
            _ => Status::invalid_argument(error.to_string()),
        }
    }
}

pub(super) fn status(error: &CommandError) -> Status {
    Status::new(code(error.kind), error.message.clone())
}

pub fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::InvalidInput => Code::InvalidArgument,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Conflict => Code::FailedPrecondition,
        ErrorKind::Denied => Code::PermissionDenied,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Internal => Code::Internal,
    }
}
