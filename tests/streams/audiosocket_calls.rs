use regulars::rtp::Codec;
use regulars::stream::{Goodbye, Piece, Way, Why};

use crate::house::{House, ended, piece, pressed};
use crate::peer::{AudioSocket, get, uuid};

async fn announced(house: &House, number: u8) -> [u8; 16] {
    let (text, bytes) = uuid(number);
    let target = format!("/audiosocket?uuid={text}&from=+4930901820&line=pizza");
    assert_eq!(get(house.websockets(), &target, &[]).await, (200, "announced".to_owned()));
    bytes
}

#[tokio::test]
async fn an_announced_call_from_its_uuid_to_its_end() {
    let mut house = House::open().await;
    let id = announced(&house, 1).await;
    let mut asterisk = AudioSocket::connect(house.audiosocket()).await;
    asterisk.send(0x01, &id).await;
    let mut arrival = house.arrival_on("pizza").await;
    assert_eq!(arrival.way, Way::AudioSocket);
    for number in 1..=20u8 {
        asterisk.send(0x10, &[number, 0].repeat(160)).await;
    }
    asterisk.send(0x03, b"1").await;
    asterisk.send(0x12, &[1, 2]).await;
    for number in 1..=20u8 {
        let codec = Codec::L16 { sample_rate_hz: 8000 };
        assert_eq!(piece(&mut arrival).await, Piece::Payload { codec, bytes: [0, number].repeat(160) });
    }
    assert_eq!(piece(&mut arrival).await, pressed('1'));
    let wide = Piece::Payload { codec: Codec::L16 { sample_rate_hz: 16000 }, bytes: vec![2, 1] };
    assert_eq!(piece(&mut arrival).await, wide);
    asterisk.send(0x00, &[]).await;
    assert_eq!(ended(&mut arrival).await, Why::HungUp);
    house.close().await;
}

#[tokio::test]
async fn the_house_may_hang_up() {
    let mut house = House::open().await;
    let id = announced(&house, 1).await;
    let mut asterisk = AudioSocket::connect(house.audiosocket()).await;
    asterisk.send(0x01, &id).await;
    let arrival = house.arrival_on("pizza").await;
    arrival.hang_up.say(Goodbye::Completed);
    assert_eq!(asterisk.rest().await, [0, 0, 0]);
    drop(asterisk);
    house.close().await;
}

#[tokio::test]
async fn a_call_that_was_not_announced_is_refused_and_so_is_one_announced_once() {
    let mut house = House::open().await;
    let mut stranger = AudioSocket::connect(house.audiosocket()).await;
    stranger.send(0x01, &uuid(9).1).await;
    assert_eq!(stranger.rest().await, [0xff, 0, 1, 1, 0, 0, 0], "an error, then a hang-up");
    let id = announced(&house, 1).await;
    let mut first = AudioSocket::connect(house.audiosocket()).await;
    first.send(0x01, &id).await;
    let _call = house.arrival_on("pizza").await;
    let mut second = AudioSocket::connect(house.audiosocket()).await;
    second.send(0x01, &id).await;
    assert_eq!(second.rest().await[0], 0xff);
    assert_eq!(house.listener.statistics().unauthorized, 2);
    drop((stranger, first, second));
    house.close().await;
}

#[tokio::test]
async fn an_announcement_must_name_a_uuid() {
    let house = House::open().await;
    for target in ["/audiosocket", "/audiosocket?uuid=", "/audiosocket?uuid=1234&from=+4930901820"] {
        assert_eq!(get(house.websockets(), target, &[]).await.0, 400, "{target}");
    }
    house.close().await;
}
