use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use regulars::base::clock;
use regulars::rtp::Codec;
use regulars::stream::{Goodbye, Key, Options, Piece, Way, Why};
use serde_json::json;
use sha2::Sha256;

use crate::house::{House, ended, piece};
use crate::peer::{SESSION, WebSocket, audiohook, open, try_connect};

const SECRET: &[u8] = b"a secret of these tests, 32 byte";
const ORGANIZATION: &str = "d7934305-0972-4844-938e-9060eef73d05";

async fn signed_house() -> House {
    let audiohook = Key::new("key-1", &STANDARD.encode(SECRET));
    assert!(audiohook.is_some());
    House::with(Options { audiohook, ..Options::default() }).await
}

/// What a Genesys client sends to connect, signed with `secret` at `age_s` before now.
fn headers(house: &House, secret: &[u8], nonce: &str, age_s: i64) -> Vec<(&'static str, String)> {
    let created = clock::wall().0 / 1000 - age_s;
    let mut headers = vec![
        ("audiohook-organization-id", ORGANIZATION.to_owned()),
        ("audiohook-session-id", SESSION.to_owned()),
        ("audiohook-correlation-id", "e160e428-53e2-487c-977d-96989bf5c99d".to_owned()),
        ("x-api-key", "key-1".to_owned()),
    ];
    let names: Vec<String> = headers.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let names = names.join(" ");
    let parameters = format!(
        "(\"@request-target\" \"@authority\" {names});keyid=\"key-1\";nonce=\"{nonce}\";alg=\"hmac-sha256\";\
         created={created};expires={}",
        created + 10
    );
    let mut base = format!("\"@request-target\": /audiohook\n\"@authority\": {}\n", house.websockets());
    for (name, value) in &headers {
        base.push_str(&format!("\"{name}\": {value}\n"));
    }
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(base.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    headers.push(("signature-input", format!("sig1={parameters}")));
    headers.push(("signature", format!("sig1=:{signature}:")));
    headers
}

async fn genesys(house: &House, headers: &[(&'static str, String)]) -> Result<WebSocket, u16> {
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    try_connect(house.websockets(), "/audiohook", &headers).await
}

#[tokio::test]
async fn a_signed_session_from_open_to_closed() {
    let mut house = signed_house().await;
    let mut client = genesys(&house, &headers(&house, SECRET, "VGhpc0lzQVVuaXF1ZU5vbmNl", 0)).await.ok().unwrap();
    client.text(audiohook("open", 1, open())).await;
    let mut arrival = house.arrival_on("pizza").await;
    assert_eq!(arrival.way, Way::AudioHook);
    let opened = client.json().await;
    assert_eq!((&opened["type"], &opened["seq"], &opened["clientseq"]), (&json!("opened"), &json!(1), &json!(1)));
    for number in 1..=20u8 {
        client.binary([[number, 0xff]; 160].concat()).await;
    }
    client.text(audiohook("ping", 2, json!({}))).await;
    assert_eq!(client.json().await["type"], "pong");
    for number in 1..=20u8 {
        assert_eq!(piece(&mut arrival).await, Piece::Payload { codec: Codec::Pcmu, bytes: vec![number; 160] });
    }
    client.text(audiohook("paused", 3, json!({}))).await;
    client.text(audiohook("resumed", 4, json!({ "start": "PT2.0S", "discarded": "PT1.0S" }))).await;
    assert_eq!(piece(&mut arrival).await, Piece::Hold(true));
    assert_eq!(piece(&mut arrival).await, Piece::Unheard(Duration::from_secs(1)));
    assert_eq!(piece(&mut arrival).await, Piece::Hold(false));
    client.text(audiohook("close", 5, json!({ "reason": "end" }))).await;
    assert_eq!(client.json().await["type"], "closed");
    assert_eq!(ended(&mut arrival).await, Why::HungUp);
    client.close().await;
    house.close().await;
}

#[tokio::test]
async fn only_a_fresh_signature_of_the_key_opens_the_door_and_only_once() {
    let mut house = signed_house().await;
    let (first, second) = ("VGhpc0lzQVVuaXF1ZU5vbmNl", "QW5vdGhlclVuaXF1ZU5vbmNl");
    assert_eq!(genesys(&house, &[]).await.err(), Some(401), "unsigned");
    assert_eq!(genesys(&house, &headers(&house, b"another secret", first, 0)).await.err(), Some(401));
    assert_eq!(genesys(&house, &headers(&house, SECRET, first, 60)).await.err(), Some(401), "a minute old");
    let mut changed = headers(&house, SECRET, first, 0);
    changed[1].1 = SESSION.replace("c0", "c1");
    assert_eq!(genesys(&house, &changed).await.err(), Some(401), "another session");
    let good = headers(&house, SECRET, first, 0);
    assert!(genesys(&house, &good).await.is_ok());
    assert_eq!(genesys(&house, &good).await.err(), Some(401), "replayed");
    assert!(genesys(&house, &headers(&house, SECRET, second, 0)).await.is_ok());
    assert_eq!(house.listener.statistics().unauthorized, 5);
    assert!(house.nobody_came());
    house.close().await;
}

#[tokio::test]
async fn genesys_is_disconnected_in_its_own_words() {
    let mut house = House::open().await;
    let mut client = try_connect(house.websockets(), "/audiohook", &[]).await.ok().unwrap();
    client.text(audiohook("open", 1, open())).await;
    let mut arrival = house.arrival_on("pizza").await;
    assert_eq!(client.json().await["type"], "opened");
    arrival.hang_up.say(Goodbye::Completed);
    let disconnect = client.json().await;
    assert_eq!((&disconnect["type"], &disconnect["parameters"]["reason"]), (&json!("disconnect"), &json!("completed")));
    client.text(audiohook("close", 2, json!({ "reason": "disconnect" }))).await;
    assert_eq!(client.json().await["type"], "closed");
    let last = arrival.media.recv().await.unwrap();
    assert_eq!(last, Piece::Ended { why: Why::Dismissed, dropped: 0 });
    client.close().await;
    house.close().await;
}
