//! Calls that come over a WebSocket or AudioSocket, from their first message to the card.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regulars::desk::wire::proto::{
    AskForKeyRequest, EnrolmentState, RecognitionState, SpokenConsent, ask_for_key_request::Whom,
};
use regulars::rtp::Codec;
use regulars::speech::{codec, wav};
use serde_json::json;

use crate::house::{ANNA, House, LINE, NUMBER, recordings};
use crate::peer::{AudioSocket, WebSocket, connect, get};

const LISTENING: [&str; 2] = ["stream.listen=127.0.0.1:0", "stream.audiosocket_listen=127.0.0.1:0"];

/// A call from this number as Twilio forks it.
async fn media_stream(house: &House, number: &str) -> WebSocket {
    let mut peer = connect(house.service().websockets.unwrap(), "/media-stream").await;
    let start = json!({
        "event": "start",
        "streamSid": "MZ1",
        "start": {
            "tracks": ["inbound", "outbound"],
            "customParameters": { "from": number, "line": LINE },
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
        },
    });
    peer.text(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#).await;
    peer.text(start.to_string()).await;
    peer
}

/// Mu-law of a voice of the fixtures.
fn said(voice: usize, role: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for file in recordings(voice, role) {
        let wav = wav::parse(&std::fs::read(file).unwrap()).unwrap();
        codec::encode(Codec::Pcmu, &wav.samples, &mut bytes);
    }
    bytes
}

/// Speaks in real time, since the house does not wait for who is late and drops who is early. Ends with the connection.
async fn talk(peer: &mut WebSocket, track: &str, voice: &[u8]) {
    let mut every = tokio::time::interval(Duration::from_millis(20));
    for (n, payload) in voice.chunks(160).enumerate() {
        every.tick().await;
        let media = json!({ "track": track, "chunk": (n + 1).to_string(), "payload": STANDARD.encode(payload) });
        peer.text(json!({ "event": "media", "streamSid": "MZ1", "media": media }).to_string()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_regular_is_recognised_over_a_websocket_and_the_agents_track_is_not_heard() {
    let house = House::open(&LISTENING).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    let mut screen = house.screen().await;
    let mut peer = media_stream(&house, NUMBER).await;
    let card = screen.until("the number's card", |card| card.candidates.len() == 1).await;
    assert_eq!((card.line.as_str(), card.number.as_str()), (LINE, NUMBER));

    let voice = said(ANNA, "probe");
    talk(&mut peer, "outbound", &voice[..voice.len().min(16_000)]).await;
    assert_eq!(screen.last.as_ref().unwrap().net_speech_ms, 0, "two seconds of the agent's track");
    talk(&mut peer, "inbound", &voice).await;
    let card = screen.until("recognised", |card| card.state() == RecognitionState::Recognised).await;
    assert_eq!(card.candidates[0].customer_id, anna.as_str());
    peer.text(r#"{"event":"stop","streamSid":"MZ1","stop":{}}"#).await;
    screen.until("the end", |card| card.end_cause != 0).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_the_yes_that_an_enrolment_begins_with() {
    let house = House::open(&LISTENING).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    let mut screen = house.screen().await;
    let mut peer = media_stream(&house, NUMBER).await;
    let card = screen.until("the card", |_| true).await;
    let key = |digit| json!({ "event": "dtmf", "streamSid": "MZ1", "dtmf": { "digit": digit } }).to_string();
    peer.text(key("1")).await;
    let consent = SpokenConsent { script_id: "phone-en-2".into(), language: "en".into(), operator: "Sal".into() };
    let whom = Some(Whom::CustomerId(anna.to_string()));
    screen.client.ask_for_key(AskForKeyRequest { call_id: card.call_id, whom, consent: Some(consent) }).await.unwrap();
    let card = screen.until("the question", |card| card.awaiting_key).await;
    assert!(card.enrolment.is_none(), "the key before the question was none to it");
    peer.text(key("1")).await;
    let gathering = |card: &regulars::desk::wire::proto::Card| {
        card.enrolment.as_ref().is_some_and(|enrolment| enrolment.state() == EnrolmentState::Gathering)
    };
    let card = screen.until("the enrolment", gathering).await;
    assert!(!card.awaiting_key);
    peer.close().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_audiosocket_call_has_its_card() {
    let house = House::open(&LISTENING).await;
    house.customer("Anna Test", Some(NUMBER)).await;
    let mut screen = house.screen().await;
    let uuid = "40325ec2-5efd-4bd3-805f-53576e581d13";
    let from = NUMBER.replace('+', "%2B");
    let announce = format!("/audiosocket?uuid={uuid}&from={from}&line={LINE}");
    assert_eq!(get(house.service().websockets.unwrap(), &announce, &[]).await.0, 200);
    let mut asterisk = AudioSocket::connect(house.service().audiosocket.unwrap()).await;
    let bytes: Vec<u8> =
        (0..32).step_by(2).map(|at| u8::from_str_radix(&uuid.replace('-', "")[at..at + 2], 16).unwrap()).collect();
    asterisk.send(0x01, &bytes).await;
    let card = screen.until("the card", |card| card.candidates.len() == 1).await;
    assert_eq!((card.line.as_str(), card.number.as_str()), (LINE, NUMBER));
    asterisk.send(0x00, &[]).await;
    screen.until("the end", |card| card.end_cause != 0).await;
    house.stop().await;
}
