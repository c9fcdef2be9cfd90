//! The demo's own agent: a gRPC client of the desk, as any screen is.

use anyhow::Context as _;
use tonic::Streaming;
use tonic::transport::Channel;

use super::scenes::Expected;
use crate::desk::wire::proto;
use proto::desk_service_client::DeskServiceClient;
use proto::{Card, EnrolmentState, RecognitionState, VoiceUse};

pub const AGENT: &str = "Toni";

pub struct Desk {
    client: DeskServiceClient<Channel>,
    cards: Streaming<proto::WatchDeskResponse>,
}

impl Desk {
    pub async fn watch(desk: std::net::SocketAddr, line: &str) -> anyhow::Result<Self> {
        let mut client = DeskServiceClient::connect(format!("http://{desk}")).await.context("the desk")?;
        let request = proto::WatchDeskRequest { lines: vec![line.to_owned()], agent: AGENT.to_owned() };
        let cards = client.watch_desk(request).await?.into_inner();
        Ok(Self { client, cards })
    }

    /// The newest card of a call that has not ended, at its next change.
    pub async fn next_live(&mut self) -> anyhow::Result<Option<Card>> {
        let state = self.cards.message().await?.context("the desk has closed")?;
        Ok(state.cards.into_iter().rev().find(|card| card.end_cause() == proto::EndCause::Unspecified))
    }

    /// The card of a call, at its next change.
    pub async fn next_of(&mut self, call: &str) -> anyhow::Result<Option<Card>> {
        let state = self.cards.message().await?.context("the desk has closed")?;
        Ok(state.cards.into_iter().find(|card| card.call_id == call))
    }

    pub async fn take_order(&mut self, card: &Card) -> anyhow::Result<()> {
        let lines = card.likely_order.as_ref().map(|order| order.lines.clone()).unwrap_or_default();
        let customer_id = card.profile.as_ref().map(|profile| profile.customer_id.clone()).unwrap_or_default();
        let request = proto::PlaceOrderRequest {
            call_id: card.call_id.clone(),
            customer_id,
            lines,
            idempotency_key: format!("demo-{}", card.call_id),
            agent: AGENT.to_owned(),
            ..proto::PlaceOrderRequest::default()
        };
        self.client.place_order(request).await?;
        Ok(())
    }

    pub async fn note_the_yes(&mut self, card: &Card, name: &str) -> anyhow::Result<()> {
        let script = card.consent_script.clone().unwrap_or_default();
        let consent =
            proto::SpokenConsent { script_id: script.script_id, language: script.language, operator: AGENT.to_owned() };
        let whom = Some(proto::enroll_request::Whom::NewName(name.to_owned()));
        self.client
            .enroll(proto::EnrollRequest { call_id: card.call_id.clone(), whom, consent: Some(consent) })
            .await?;
        Ok(())
    }
}

/// Whether the card has come to what was expected, for good.
pub fn is_as_expected(card: &Card, expected: &Expected) -> bool {
    let first = card.candidates.first().map_or("", |candidate| candidate.name.as_str());
    let on_card = card.profile.as_ref().map_or("", |profile| profile.name.as_str());
    match expected {
        Expected::Known { name } => {
            // Once an agent has acted on the card, the voice is no longer asked.
            let done = card.settled || !card.confirmed_customer_id.is_empty();
            done && card.state() == RecognitionState::Recognised && first == name && on_card == name
        }
        Expected::Likely { name } => {
            let state = card.state();
            let likely = matches!(state, RecognitionState::Recognised | RecognitionState::Probably);
            likely && first == name && (state == RecognitionState::Recognised) == (on_card == name)
        }
        Expected::NotKnown => card.settled && card.state() == RecognitionState::NotKnown && card.profile.is_none(),
        Expected::NumberOnly => {
            card.state() == RecognitionState::Listening
                && card.voice_use() == VoiceUse::NoConsentedCandidate
                && card.net_speech_ms == 0
                && card.profile.is_none()
        }
        Expected::Enrolled { .. } => {
            card.enrolment.as_ref().is_some_and(|enrolment| enrolment.state() == EnrolmentState::Stored)
        }
    }
}

/// The card in a few words, for the progress line.
pub fn in_words(card: &Card) -> String {
    let first = card.candidates.first();
    let name = first.map_or("nobody", |candidate| candidate.name.as_str());
    if let Some(enrolment) = &card.enrolment {
        return match enrolment.state() {
            EnrolmentState::Stored => "voice remembered".to_owned(),
            EnrolmentState::Failed => enrolment.reason.clone(),
            _ => format!("learning the voice, {:.0} s", f64::from(enrolment.net_speech_ms) / 1000.0),
        };
    }
    match card.state() {
        RecognitionState::Recognised => name.to_owned(),
        RecognitionState::Probably => format!("probably {name}"),
        RecognitionState::Ambiguous => format!("{name} or another"),
        RecognitionState::NotKnown => "not someone we know".to_owned(),
        _ => match card.candidates.len() {
            0 => "listening".to_owned(),
            1 => format!("{name}, by number"),
            several => format!("one of {several} people at this number"),
        },
    }
}

pub fn chance(card: &Card) -> f32 {
    match card.state() {
        RecognitionState::NotKnown => card.someone_else_chance.unwrap_or_default(),
        _ => card.candidates.first().and_then(|candidate| candidate.chance).unwrap_or_default(),
    }
}

pub fn likely_order(card: &Card) -> String {
    let Some(order) = &card.likely_order else { return "-".to_owned() };
    let lines: Vec<String> = order.lines.iter().map(|line| format!("{} x {}", line.quantity, line.item)).collect();
    format!("{} ({})", lines.join(", "), order.reason)
}
