//! Cards as they go over the wire. Here personal data leaves its curtain, for the agent's screen alone.

use std::time::Duration;

use super::card::HeardBefore;
use super::{Card, Progress, consent_script};
use crate::base::UnixMillis;
use crate::call::{EndCause, Missing};
use crate::customer::care::{Advice, Veto};
use crate::customer::goods::{Allergen, ProductCard, Replacement};
use crate::customer::timeline::timeline;
use crate::customer::{Channel, ComplaintState, Contact, CustomerId, Order, OrderLine, Payment, Profile};
use crate::identity::{State, VoiceUse};

/// Generated from `proto/regulars/v1`: messages, server and client.
#[allow(clippy::all, unused_qualifications)]
pub mod proto {
    tonic::include_proto!("regulars.v1");

    /// For server reflection.
    pub const DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));
}

/// Contacts on a card: what an agent takes in while saying hello.
const LAST_CONTACTS: usize = 5;

const PAYMENT_ON_FILE: &str = "Payment on file: a second factor first, never the voice alone.";

const NEW_SPEAKER: &str = "Somebody else is on the line now.";
const VOICE_CHANGED: &str = "The voice has changed: somebody else may be speaking now. Ask who it is.";

/// `language`: that of the shop, for callers whose own is not known.
pub fn card(card: &Card, language: &str) -> proto::Card {
    let dossier = card.known.as_ref().map(|known| &known.dossier);
    let said = card.known.as_ref().and_then(|known| known.last_contact.as_ref());
    let on_file = dossier.is_some_and(|dossier| dossier.profile.payment_on_file);
    let care = card.known.as_ref().map(|known| &known.care);
    let spoken = dossier.and_then(|dossier| dossier.profile.language.as_deref());
    proto::Card {
        call_id: card.call.as_str().to_owned(),
        revision: card.revision,
        line: card.line.as_str().to_owned(),
        since: Some(timestamp(card.since)),
        changed: Some(timestamp(card.changed)),
        number: card.number.as_ref().map(|number| number.digits().to_owned()).unwrap_or_default(),
        line_name: card.line_name.as_ref().map(|name| name.expose().clone()).unwrap_or_default(),
        state: state(card.state).into(),
        voice_use: card.voice.map(voice_use).unwrap_or_default().into(),
        voice_reason: voice_reason(card).to_owned(),
        net_speech_ms: card.net_speech_ms,
        settled: card.settled,
        candidates: card.candidates.iter().map(candidate).collect(),
        someone_else_chance: card.someone_else,
        confirmed_customer_id: card.confirmed.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
        rejected: card.rejected,
        profile: dossier.map(|dossier| profile(&dossier.profile, card.recognisable)),
        last_contacts: dossier.into_iter().flat_map(|d| timeline(d, LAST_CONTACTS)).map(|it| contact(&it)).collect(),
        open_complaint: dossier.and_then(|dossier| dossier.open_complaint()).map(contact),
        likely_order: card.known.as_ref().and_then(|known| known.likely.as_ref()).map(|likely| proto::LikelyOrder {
            lines: likely.lines.iter().map(order_line).collect(),
            chances: likely.chances.clone(),
            sure: likely.sure,
            reason: likely.reason.clone(),
        }),
        last_order: dossier.and_then(|dossier| dossier.orders.first()).map(order),
        enrolment: card.enrolment.as_ref().map(enrolment),
        order_placed: card.order_placed.clone().unwrap_or_default(),
        consent_script: Some(script(consent_script::in_language(spoken, language))),
        awaiting_key: card.awaiting_key,
        end_cause: card.ended.map(end_cause).unwrap_or_default().into(),
        notice: notice(card),
        flagged: card.flagged,
        last_contact: said.map(|said| said.expose().clone()).unwrap_or_default(),
        payment_note: if on_file { PAYMENT_ON_FILE.to_owned() } else { String::new() },
        advice: care.and_then(|care| care.advice.as_ref()).map(advice),
        pitch_veto: care.and_then(|care| care.veto.as_ref()).map(|veto| veto.reason.clone()).unwrap_or_default(),
        allergy_warning: care
            .and_then(|care| care.allergy_warning.as_ref())
            .map(|warning| warning.expose().clone())
            .unwrap_or_default(),
        replacements: care.into_iter().flat_map(|care| &care.replacements).map(replacement).collect(),
    }
}

fn advice(advice: &Advice) -> proto::Advice {
    proto::Advice {
        text: advice.text.expose().clone(),
        reason: advice.reason.expose().clone(),
        rule: advice.rule.clone(),
    }
}

fn replacement(replacement: &Replacement) -> proto::Replacement {
    proto::Replacement {
        item: replacement.item.clone(),
        by: replacement.by.clone(),
        reason: replacement.because.clone(),
    }
}

pub fn product(product: &ProductCard) -> proto::Product {
    let item = &product.item;
    proto::Product {
        name: product.name.clone(),
        price_minor: item.price_minor,
        category: item.category.clone().unwrap_or_default(),
        description: item.description.clone().unwrap_or_default(),
        allergens: item.allergens.iter().copied().map(Allergen::as_str).map(str::to_owned).collect(),
        tags: item.tags.clone(),
        goes_with: product.goes_with.clone(),
    }
}

/// `None`: nobody knows the customer.
pub fn contactable(customer: &CustomerId, may: Option<&Result<(), Veto>>) -> proto::Contactable {
    let (reason, until) = match may {
        None => ("There is no such customer in the books.".to_owned(), None),
        Some(Ok(())) => (String::new(), None),
        Some(Err(veto)) => (veto.reason.clone(), veto.until.map(timestamp)),
    };
    proto::Contactable {
        customer_id: customer.as_str().to_owned(),
        known: may.is_some(),
        allowed: matches!(may, Some(Ok(()))),
        reason,
        until,
    }
}

pub fn script(script: &consent_script::ConsentScript) -> proto::ConsentScript {
    proto::ConsentScript {
        script_id: script.id.to_owned(),
        language: script.language.to_owned(),
        text: script.text.to_owned(),
    }
}

fn candidate(candidate: &super::Candidate) -> proto::Candidate {
    proto::Candidate {
        customer_id: candidate.customer.as_str().to_owned(),
        name: candidate.name.expose().clone(),
        chance: candidate.chance,
    }
}

fn profile(profile: &Profile, recognisable: bool) -> proto::Profile {
    proto::Profile {
        customer_id: profile.customer.as_str().to_owned(),
        name: profile.name.expose().clone(),
        language: profile.language.clone().unwrap_or_default(),
        allergies: profile.allergies.as_ref().map(|text| text.expose().clone()).unwrap_or_default(),
        notes: profile.notes.as_ref().map(|text| text.expose().clone()).unwrap_or_default(),
        customer_since: Some(timestamp(profile.since)),
        recognisable,
    }
}

pub fn contact(contact: &Contact) -> proto::Contact {
    proto::Contact {
        at: Some(timestamp(contact.at)),
        channel: match contact.channel {
            None => proto::Channel::Unspecified,
            Some(Channel::Phone) => proto::Channel::Phone,
            Some(Channel::Web) => proto::Channel::Web,
            Some(Channel::Email) => proto::Channel::Email,
            Some(Channel::Shop) => proto::Channel::Shop,
            Some(Channel::Delivery) => proto::Channel::Delivery,
        }
        .into(),
        agent: contact.agent.clone().unwrap_or_default(),
        wanted: contact.wanted.expose().clone(),
        complaint: match contact.complaint {
            None => proto::Complaint::Unspecified,
            Some(ComplaintState::Open) => proto::Complaint::Open,
            Some(ComplaintState::Resolved) => proto::Complaint::Resolved,
        }
        .into(),
        still_open: contact.still_open.as_ref().map(|text| text.expose().clone()).unwrap_or_default(),
        items_considered: contact.items_considered.clone(),
        competitor: contact.competitor.clone().unwrap_or_default(),
        order_id: contact.order.clone().unwrap_or_default(),
    }
}

pub fn order(order: &Order) -> proto::Order {
    proto::Order { at: Some(timestamp(order.at)), lines: order.lines.iter().map(order_line).collect() }
}

pub fn payment(payment: Option<&Payment>) -> proto::Payment {
    match payment {
        None => proto::Payment::Unspecified,
        Some(Payment::OnDelivery) => proto::Payment::OnDelivery,
        Some(Payment::OnFile { .. }) => proto::Payment::OnFile,
    }
}

fn order_line(line: &OrderLine) -> proto::OrderLine {
    proto::OrderLine { item: line.item.clone(), quantity: line.quantity, modifiers: line.modifiers.clone() }
}

fn enrolment(enrolment: &super::Enrolment) -> proto::Enrolment {
    let mut message =
        proto::Enrolment { customer_id: enrolment.customer.as_str().to_owned(), ..proto::Enrolment::default() };
    let state = match &enrolment.progress {
        Progress::Gathering { net_speech_ms, needed_ms } => {
            message.net_speech_ms = *net_speech_ms;
            message.needed_ms = *needed_ms;
            proto::EnrolmentState::Gathering
        }
        Progress::Stored => proto::EnrolmentState::Stored,
        Progress::Failed(reason) => {
            message.reason.clone_from(reason);
            proto::EnrolmentState::Failed
        }
        Progress::Withdrawn => proto::EnrolmentState::Withdrawn,
    };
    message.set_state(state);
    message
}

fn state(state: State) -> proto::RecognitionState {
    match state {
        State::Listening => proto::RecognitionState::Listening,
        State::Probably => proto::RecognitionState::Probably,
        State::Recognised => proto::RecognitionState::Recognised,
        State::Ambiguous => proto::RecognitionState::Ambiguous,
        State::NotKnown => proto::RecognitionState::NotKnown,
    }
}

fn voice_use(voice: VoiceUse) -> proto::VoiceUse {
    match voice {
        VoiceUse::Allowed => proto::VoiceUse::Allowed,
        VoiceUse::NoConsentedCandidate => proto::VoiceUse::NoConsentedCandidate,
        VoiceUse::Unavailable => proto::VoiceUse::Unavailable,
        VoiceUse::Mixed => proto::VoiceUse::Mixed,
    }
}

const ELSEWHERE: &str = "Possibly, by a search of everyone's voice: the number says nothing of them. Ask for the name.";

/// The most pressing, in a sentence or two.
fn notice(card: &Card) -> String {
    if let (Some(before), false) = (&card.heard_before, card.new_speaker) {
        return heard_before(before);
    }
    if let (Some(model), false) = (&card.may_be_spoofed, card.new_speaker) {
        return format!(
            "The voice may be synthetic or played back, by model {model}. Ask something new. The call joins no voiceprint \
             by itself."
        );
    }
    match &card.not_learnt {
        _ if card.new_speaker => NEW_SPEAKER.to_owned(),
        _ if card.voice_changed => VOICE_CHANGED.to_owned(),
        Some(reason) => format!("Nothing was learnt from this call: {reason}."),
        None if card.from_elsewhere && card.confirmed.is_none() && !card.rejected => ELSEWHERE.to_owned(),
        None => card.missing.map(missing).unwrap_or_default().to_owned(),
    }
}

/// Advice: a recording proves nothing, and somebody may have good reason to play one.
fn heard_before(HeardBefore { on, flagged_by }: &HeardBefore) -> String {
    let on = on.strftime("%-d %B");
    let before = match flagged_by {
        Some(agent) => format!("A call like this was flagged by {agent} on {on}: it may be played back."),
        None => format!("This recording has been heard before, on {on}: it may be played back."),
    };
    format!("{before} Ask something new. Nothing is learnt from this call.")
}

fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::Speech => "Not enough voice: hardly any speech is heard.",
        Missing::Clear => "The line is overdriven: the voice is hard to tell, and cannot be learnt.",
        Missing::Embedding => "The voice cannot be made out: the model gives nothing for it.",
    }
}

fn voice_reason(card: &Card) -> &'static str {
    match (card.voice, &card.number) {
        (None | Some(VoiceUse::Allowed), _) => "",
        (Some(VoiceUse::NoConsentedCandidate), Some(_)) => "Nobody at this number agreed to voice recognition.",
        (Some(VoiceUse::NoConsentedCandidate), None) => "Without a number there is nobody to compare the voice with.",
        (Some(VoiceUse::Mixed), _) => "Both voices come in one stream, so the caller's cannot be told from yours.",
        (Some(VoiceUse::Unavailable), _) => "The books cannot be read, so nobody's voice is compared.",
    }
}

fn end_cause(cause: EndCause) -> proto::EndCause {
    match cause {
        EndCause::HungUp => proto::EndCause::HungUp,
        EndCause::Cancelled => proto::EndCause::Cancelled,
        EndCause::MediaTimeout => proto::EndCause::MediaTimeout,
        EndCause::Shutdown => proto::EndCause::Shutdown,
        EndCause::Failed => proto::EndCause::Failed,
    }
}

pub fn timestamp(at: UnixMillis) -> prost_types::Timestamp {
    let since_epoch = Duration::from_millis(at.0.max(0).unsigned_abs());
    prost_types::Timestamp {
        seconds: since_epoch.as_secs().try_into().unwrap_or(i64::MAX),
        nanos: since_epoch.subsec_nanos().try_into().unwrap_or(0),
    }
}
