use regulars::stream::{Piece, Why};

use crate::house::{House, ended, payload, piece};
use crate::peer::{AudioSocket, connect, get, openings, speak, try_connect, uuid};

#[tokio::test]
async fn a_soft_shutdown_takes_no_new_calls_and_a_hard_one_tells_each_peer() {
    for (path, opening) in openings() {
        let mut house = House::open().await;
        let mut peer = connect(house.websockets(), path).await;
        peer.text(opening.clone()).await;
        let mut arrival = house.arrival_on("pizza").await;
        if path == "/audiohook" {
            assert_eq!(peer.json().await["type"], "opened");
        }
        let mut late = connect(house.websockets(), path).await;

        house.life.shut_down_softly();
        assert_eq!(try_connect(house.websockets(), path, &[]).await.err(), Some(503), "{path}");
        late.text(opening).await;
        if path == "/audiohook" {
            assert_eq!(late.json().await["type"], "disconnect");
        }
        assert_eq!(late.closed().await, 1001, "{path}: connected before, started after");
        speak(&mut peer, path, &[7; 320]).await;
        assert!(!payload(&mut arrival).await.is_empty(), "{path}: a call under way is heard on");

        house.life.shut_down_hard();
        match path.split('?').next().unwrap() {
            "/audiohook" => assert_eq!(peer.json().await["type"], "disconnect"),
            "/asterisk" => assert_eq!(peer.reply().await, "HANGUP"),
            _ => {}
        }
        assert_eq!(peer.closed().await, 1001, "{path}");
        assert_eq!(ended(&mut arrival).await, Why::Dismissed);
        drop((peer, late));
        house.close().await;
    }
}

#[tokio::test]
async fn and_so_it_is_over_audiosocket() {
    let mut house = House::open().await;
    let (text, bytes) = uuid(1);
    let announce = format!("/audiosocket?uuid={text}&from=+4930901820&line=pizza");
    assert_eq!(get(house.websockets(), &announce, &[]).await.0, 200);
    let mut asterisk = AudioSocket::connect(house.audiosocket()).await;
    asterisk.send(0x01, &bytes).await;
    let mut arrival = house.arrival_on("pizza").await;

    house.life.shut_down_softly();
    assert_eq!(get(house.websockets(), &announce, &[]).await.0, 503);
    let mut late = AudioSocket::connect(house.audiosocket()).await;
    assert_eq!(late.rest().await, [0, 0, 0]);
    asterisk.send(0x10, &[7; 320]).await;
    assert_eq!(payload(&mut arrival).await, [7; 320]);

    house.life.shut_down_hard();
    assert_eq!(asterisk.rest().await, [0, 0, 0]);
    assert_eq!(piece(&mut arrival).await, Piece::Ended { why: Why::Dismissed, dropped: 0 });
    drop((asterisk, late));
    house.close().await;
}
