//! A call's questions to the store, each answered with an event.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::watch;

use crate::base::{CallId, E164, ErrorKind, Line, Pii, clock};
use crate::customer::care::{Guest, Manners, Noted, attend};
use crate::customer::goods::Goods;
use crate::customer::likely_order::{self, ShopModel, Situation};
use crate::customer::{ConsentRecord, CustomerId, timeline};
use crate::identity::JudgedCall;
use crate::store::{AuditRow, CallFacts, HeardCall, NewOrder, Refresh, Store, StoreError};
use crate::voice::ModelId;

use super::judged::{Compared, Verdict};
use super::registry::{Registry, store_error};
use super::replay::EarlierCall;
use super::{CommandError, Event, Known, Ticket, Write, Written};

/// Cheap to clone: one for each question.
#[derive(Clone)]
pub struct Books {
    pub call: CallId,
    pub line: Line,
    pub number: Option<E164>,
    pub store: Store,
    pub registry: Registry,
    pub model: ModelId,
    pub time_zone: TimeZone,
    /// What everyone's orders say together; made anew now and then by the service.
    pub shop: watch::Receiver<Arc<ShopModel>>,
    pub goods: watch::Receiver<Arc<Goods>>,
    pub manners: Arc<Manners>,
}

/// In the audit, of what nobody asked for.
const SERVICE: &str = "service";

impl Books {
    pub async fn people(self) -> Event {
        let Some(number) = &self.number else { return Event::People(Ok(Vec::new())) };
        Event::People(self.store.people_at(number, &self.model).await.map_err(|error| {
            tracing::error!(call = %self.call, %error, "the people of a number could not be read");
        }))
    }

    pub async fn describe(self, customer: CustomerId) -> Event {
        let name: Option<Pii<String>> = match self.store.profile(&customer).await {
            Ok(profile) => profile.map(|profile| profile.name),
            Err(error) => {
                tracing::error!(call = %self.call, %error, "a profile could not be read");
                None
            }
        };
        Event::Described { customer, name }
    }

    pub async fn recall(self, customer: Option<CustomerId>, keep: Duration) -> Event {
        let heard = self.store.heard_calls(customer.as_ref(), clock::wall().before(keep)).await;
        let heard = heard.unwrap_or_else(|error| {
            tracing::error!(call = %self.call, %error, "earlier calls could not be read, so no replay of them is noticed");
            Vec::new()
        });
        let earlier = |HeardCall { customer, flagged_by, heard_at, fingerprint }| {
            let at = Timestamp::from_millisecond(heard_at.0).unwrap_or_default();
            EarlierCall { customer, flagged_by, on: at.to_zoned(self.time_zone.clone()).date(), fingerprint }
        };
        Event::Recalled { customer, earlier: heard.into_iter().map(earlier).collect() }
    }

    pub async fn fetch(self, customer: CustomerId) -> Event {
        let known = match self.know(&customer).await {
            Ok(Some(known)) => Ok(Arc::new(known)),
            Ok(None) => Err(CommandError::new(ErrorKind::NotFound, "There is no such customer in the books.")),
            Err(error) => {
                tracing::error!(call = %self.call, %error, "a customer's books could not be read");
                Err(CommandError::new(error.kind(), "The books cannot be read just now; please try again."))
            }
        };
        Event::Fetched { customer, known }
    }

    pub async fn write(self, ticket: Ticket, write: Write) -> Event {
        Event::Written { ticket, outcome: self.carry_out(write).await }
    }

    async fn know(&self, customer: &CustomerId) -> Result<Option<Known>, StoreError> {
        let now = clock::wall();
        let Some(dossier) = self.store.dossier(customer).await? else { return Ok(None) };
        let brief = self.store.brief(customer, now).await?;
        let out_of_stock = self.store.out_of_stock().await?;
        let shop = self.shop.borrow().clone();
        let complained = dossier.complained_orders(now);
        let situation =
            Situation { now: Some(now), tz: &self.time_zone, out_of_stock: &out_of_stock, complained: &complained };
        let likely = likely_order::predict(&dossier.orders, &shop, &situation);
        let last_contact = timeline::last_contact(&dossier, now, &self.time_zone);
        let standing = self.store.standing(customer, &self.manners.limits, now).await?.unwrap_or_default();
        let goods = self.goods.borrow().clone();
        let noted = Noted::of(&dossier);
        let guest = Guest { dossier: &dossier, standing: &standing, likely: likely.as_ref(), noted: &noted };
        let care = attend(&guest, &goods.with_off_menu(&out_of_stock), &self.manners, now);
        Ok(Some(Known { dossier, likely, brief, last_contact, care }))
    }

    async fn carry_out(&self, write: Write) -> Result<Written, CommandError> {
        let at = clock::wall();
        match write {
            Write::NewCustomer { name } => {
                let made = self.store.create_customer(name, self.number.as_ref(), at).await;
                made.map(Written::Customer).map_err(|error| store_error(&error))
            }
            Write::Consent(consent) => {
                let consent = ConsentRecord { call: Some(self.call.clone()), ..consent };
                self.store.record_consent(consent).await.map_err(|error| store_error(&error))?;
                Ok(Written::Done)
            }
            Write::Enroll { consent, voiceprint } => {
                let consent = ConsentRecord { call: Some(self.call.clone()), ..consent };
                self.registry.enroll(consent, voiceprint).await?;
                Ok(Written::Done)
            }
            Write::Refresh { customer, agent, heard, every } => {
                let call = Some(self.call.clone());
                self.registry.refresh(Refresh { customer, agent, call, heard, every }).await?;
                Ok(Written::Done)
            }
            Write::Withdraw { customer, agent } => {
                self.registry.withdraw_in(Some(&self.call), &customer, &agent).await?;
                Ok(Written::Done)
            }
            Write::Judged(Verdict { began, bandwidth, compared, truth }) => {
                let Compared { quality, state, named, trials } = compared;
                let (call, line) = (self.call.clone(), self.line.clone());
                let judged = JudgedCall { call, at: began, line, bandwidth, quality, state, named, truth, trials };
                self.store.record_judged(&judged, &self.model).await.map_err(|error| store_error(&error))?;
                Ok(Written::Done)
            }
            Write::Fingerprint { customer, flagged_by, heard_at, fingerprint, keep } => {
                let call = HeardCall { customer, flagged_by, heard_at, fingerprint };
                self.store.keep_fingerprint(&call, keep).await.map_err(|error| store_error(&error))?;
                Ok(Written::Done)
            }
            Write::NoteReplay { customer } => self.note("replay", SERVICE.to_owned(), customer, String::new()).await,
            Write::NoteSpoof { customer, model } => self.note("spoof", SERVICE.to_owned(), customer, model).await,
            Write::NoteFlag { agent } => self.note("flag", agent, None, String::new()).await,
            Write::Order { order, agent } => {
                let order = NewOrder {
                    customer: order.customer,
                    lines: order.lines,
                    idempotency_key: order.idempotency_key,
                    agent,
                    call: Some(self.call.clone()),
                    at,
                    payment: order.payment,
                };
                let placed = self.store.place_order(order).await.map_err(|error| store_error(&error))?;
                Ok(Written::Order(placed.order))
            }
            Write::Contact { customer, agent, began, wanted } => {
                let facts = CallFacts {
                    call: self.call.clone(),
                    line: self.line.clone(),
                    customer: Some(customer),
                    confirmed: true,
                    number: self.number.clone(),
                    agent: Some(agent),
                    at: began,
                    wanted,
                };
                self.store.record_call(facts).await.map_err(|error| store_error(&error))?;
                Ok(Written::Done)
            }
        }
    }
    async fn note(
        &self,
        action: &str,
        operator: String,
        customer: Option<CustomerId>,
        detail: String,
    ) -> Result<Written, CommandError> {
        let (at, action, call) = (clock::wall(), action.to_owned(), Some(self.call.clone()));
        let row = AuditRow { at, operator, action, customer, call, detail };
        self.store.audit(row).await.map_err(|error| store_error(&error))?;
        Ok(Written::Done)
    }
}
