//! What is no voice, or too little of one, through real calls: the card says so, and nobody is enrolled from it.

use regulars::desk::wire::proto::{
    Card, EnrollRequest, EnrolmentState, RecognitionState, SpokenConsent, enroll_request::Whom,
};
use regulars::speech::{MELS, WINDOW_FRAMES, Window};

use crate::house::{ANNA, House, fixture, recordings, sound};

const RATE: usize = 8000;

/// Longer than the card waits for a voice.
const SECONDS: usize = 12;

/// As recorded over a telephone.
fn bad_sounds() -> Vec<(&'static str, Vec<f32>)> {
    let tone = |hz: f32, n: usize| 0.3 * (std::f32::consts::TAU * hz * n as f32 / RATE as f32).sin();
    // ITU-T T.30 §4.1: 1100 Hz for half a second every three seconds and a half.
    let fax = (0..SECONDS * RATE).map(|n| if n % (7 * RATE / 2) < RATE / 2 { tone(1100.0, n) } else { 0.0 }).collect();
    let answering_fax = (0..SECONDS * RATE).map(|n| tone(2100.0, n)).collect();
    let music = fixture("audio/music-like.wav");
    let speech = sound(&recordings(ANNA, "enroll"));
    let mut word = vec![0.0; SECONDS * RATE];
    word[RATE..RATE + RATE / 10].copy_from_slice(&speech[RATE..RATE + RATE / 10]);
    vec![
        ("silence", vec![0.0; SECONDS * RATE]),
        ("music", [music.clone(), music].concat()[..SECONDS * RATE].to_vec()),
        ("a fax that calls", fax),
        ("a fax that answers", answering_fax),
        ("100 ms of speech", word),
    ]
}

fn clipped() -> Vec<f32> {
    let speech = sound(&recordings(ANNA, "enroll"));
    speech[..SECONDS * RATE].iter().map(|sample| (20.0 * sample).clamp(-1.0, 1.0)).collect()
}

fn number(n: usize) -> String {
    format!("+1212555018{n}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_voice_says_what_is_missing_and_recognises_nobody() {
    let house = House::open(&[]).await;
    let mut calls = Vec::new();
    for (n, (what, sound)) in bad_sounds().into_iter().enumerate() {
        let anna = house.customer("Anna Test", Some(&number(n))).await;
        house.enroll(&anna, ANNA).await;
        let screen = house.screen().await;
        calls.push((what, number(n), screen, house.call_with(Some(&number(n)), &sound)));
    }
    for (what, number, mut screen, phone) in calls {
        let card = screen.until_of(&number, what, |card| card.notice.contains("Not enough voice")).await;
        assert!(card.profile.is_none() && card.state() != RecognitionState::Recognised, "{what}: {card:?}");
        phone.hang_up().await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_enrolled_from_what_is_no_clear_voice() {
    let house = House::open(&[]).await;
    let mut calls = Vec::new();
    for (n, (what, sound)) in bad_sounds().into_iter().chain([("clipped speech", clipped())]).enumerate() {
        let mut screen = house.screen().await;
        let phone = house.call_to_the_end(Some(&number(n)), &sound);
        let card = screen.until_of(&number(n), "the call", |_| true).await;
        let consent = SpokenConsent { script_id: "phone-en-2".into(), language: "en".into(), operator: "Sal".into() };
        let whom = Some(Whom::NewName(format!("Nobody {n}")));
        let request = EnrollRequest { call_id: card.call_id, whom, consent: Some(consent) };
        screen.client.enroll(request).await.unwrap();
        calls.push((what, number(n), screen, phone));
    }
    for (what, number, mut screen, phone) in calls {
        screen.until_of(&number, what, |card| !card.notice.is_empty()).await;
        let decided = |card: &Card| card.enrolment.as_ref().is_some_and(|e| e.state() != EnrolmentState::Gathering);
        let enrolment = screen.until_of(&number, what, decided).await.enrolment.unwrap();
        assert_eq!(enrolment.state(), EnrolmentState::Failed, "{what}");
        assert!(!enrolment.reason.is_empty(), "{what}");
        phone.ended().await;
    }
    assert!(house.service().store.voiceprints(house.model.embedder.model()).await.unwrap().is_empty());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_gives_no_embedding_for_what_is_no_number() {
    let house = House::open(&[]).await;
    for value in [f32::NAN, f32::INFINITY] {
        let mels = vec![value; WINDOW_FRAMES * MELS].into();
        let window = Window::of_features(mels, 1600);
        assert!(house.model.embedder.embed(&window).is_err(), "{value}");
    }
    house.stop().await;
}
