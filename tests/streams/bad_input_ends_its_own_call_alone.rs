//! For each dialect: one call sends what it must not, is answered, and ends; the call beside it is heard on.

use regulars::stream::Why;
use serde_json::json;

use crate::house::{House, ended, payload};
use crate::peer::{AudioSocket, WebSocket, connect, get, openings, speak, uuid};

async fn call(house: &House, path: &str, opening: &str) -> WebSocket {
    let mut socket = connect(house.websockets(), path).await;
    socket.text(opening).await;
    if path == "/audiohook" {
        assert_eq!(socket.json().await["type"], "opened");
    }
    socket
}

/// What each dialect must refuse in the middle of a call, and the close code that says so.
async fn misbehave(socket: &mut WebSocket, path: &str) -> u16 {
    match path.split('?').next().unwrap() {
        "/audio-fork" | "/asterisk" => {
            socket.binary([1, 2, 3]).await;
            1007
        }
        "/media-stream" => {
            socket
                .text(json!({ "event": "media", "media": { "track": "inbound", "payload": "***" } }).to_string())
                .await;
            1007
        }
        _ => {
            socket.text("garbage").await;
            let disconnect = socket.json().await;
            assert_eq!(
                (&disconnect["type"], &disconnect["parameters"]["reason"]),
                (&json!("disconnect"), &json!("error"))
            );
            1007
        }
    }
}

#[tokio::test]
async fn over_websockets() {
    for (path, opening) in openings() {
        let mut house = House::open().await;
        let mut good = call(&house, path, &opening).await;
        let mut heard = house.arrival_on("pizza").await;
        let mut bad = call(&house, path, &opening).await;
        let mut refused = house.arrival_on("pizza").await;
        assert_ne!(heard.call, refused.call);

        let code = misbehave(&mut bad, path).await;
        assert_eq!(bad.closed().await, code, "{path}");
        assert_eq!(ended(&mut refused).await, Why::Refused, "{path}");
        assert_eq!(house.listener.statistics().refused, 1);

        for _ in 0..10 {
            speak(&mut good, path, &[7; 320]).await;
            let bytes = payload(&mut heard).await;
            assert!(bytes.iter().all(|byte| *byte == 7), "{path}");
        }
        drop((good, bad));
        house.close().await;
    }
}

#[tokio::test]
async fn a_message_over_64_kb_is_answered_and_a_longer_one_cut_off() {
    for (path, opening) in openings() {
        let mut house = House::open().await;
        let mut bad = call(&house, path, &opening).await;
        let mut refused = house.arrival_on("pizza").await;
        bad.binary([0; 70_000]).await;
        assert_eq!(bad.closed().await, 1009, "{path}");
        assert_eq!(ended(&mut refused).await, Why::Refused, "{path}");
        let mut worse = call(&house, path, &opening).await;
        let mut cut_off = house.arrival_on("pizza").await;
        // The house stops reading at its bound, so the rest finds nobody.
        worse.try_binary(vec![0; 1_000_000]).await;
        assert_eq!(ended(&mut cut_off).await, Why::Refused, "{path}");
        drop((bad, worse));
        house.close().await;
    }
}

#[tokio::test]
async fn garbage_in_place_of_a_start_is_no_call() {
    for (path, _) in openings() {
        let mut house = House::open().await;
        let mut bad = connect(house.websockets(), path).await;
        bad.text("GET / HTTP/1.1").await;
        assert!([1002, 1007].contains(&bad.closed().await), "{path}");
        assert!(house.nobody_came(), "{path}");
        drop(bad);
        house.close().await;
    }
}

#[tokio::test]
async fn over_audiosocket() {
    let mut house = House::open().await;
    let mut calls = Vec::new();
    for number in [1, 2] {
        let (text, bytes) = uuid(number);
        let target = format!("/audiosocket?uuid={text}&from=+4930901820&line=pizza");
        assert_eq!(get(house.websockets(), &target, &[]).await.0, 200);
        let mut socket = AudioSocket::connect(house.audiosocket()).await;
        socket.send(0x01, &bytes).await;
        calls.push((socket, house.arrival_on("pizza").await));
    }
    let [(good, heard), (bad, refused)] = &mut calls[..] else { panic!() };
    bad.send(0x42, b"garbage").await;
    assert_eq!(bad.rest().await, [0xff, 0, 1, 1, 0, 0, 0]);
    assert_eq!(ended(refused).await, Why::Refused);
    for _ in 0..10 {
        good.send(0x10, &[7; 320]).await;
        assert_eq!(payload(heard).await, [7; 320]);
    }
    drop(calls);
    house.close().await;
}
