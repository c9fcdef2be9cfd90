use std::time::Duration;

use regulars::rtp::Codec;
use regulars::stream::{Goodbye, Piece, Way, Why};

use crate::house::{House, ended, payload, piece, pressed};
use crate::peer::connect;

#[tokio::test]
async fn a_call_from_its_metadata_to_its_end() {
    let mut house = House::open().await;
    let mut switch = connect(house.websockets(), "/audio-fork").await;
    switch.text(r#"{"from":"030 901820","to":"pizza","sampleRate":16000,"mixType":"stereo"}"#).await;
    let mut arrival = house.arrival_on("pizza").await;
    assert_eq!((arrival.way, arrival.mixed), (Way::AudioFork, false));
    for number in 1..=20u8 {
        switch.binary([[number, 1, 0xa, 0xa]; 160].concat()).await;
    }
    switch.text(r#"{"event":"dtmf","dtmf":"1"}"#).await;
    for number in 1..=20u8 {
        let expected =
            Piece::Payload { codec: Codec::L16 { sample_rate_hz: 16000 }, bytes: [[1, number]; 160].concat() };
        assert_eq!(piece(&mut arrival).await, expected, "the caller's channel alone, in order");
    }
    assert_eq!(piece(&mut arrival).await, pressed('1'));
    switch.close().await;
    assert_eq!(ended(&mut arrival).await, Why::HungUp);
    house.close().await;
}

#[tokio::test]
async fn a_mixed_call_is_marked_and_its_time_passes_unheard() {
    let mut house = House::open().await;
    let mut switch = connect(house.websockets(), "/audio-fork?from=+4930901820&line=pizza&mix=mixed").await;
    switch.binary([0; 320]).await;
    let mut arrival = house.arrival_on("pizza").await;
    assert!(arrival.mixed);
    assert_eq!(piece(&mut arrival).await, Piece::Unheard(Duration::from_millis(20)));
    house.close().await;
}

#[tokio::test]
async fn the_house_may_hang_up() {
    for (goodbye, code) in [(Goodbye::Completed, 1000), (Goodbye::Busy, 1013)] {
        let mut house = House::open().await;
        let mut switch = connect(house.websockets(), "/audio-fork?from=+4930901820&line=pizza").await;
        switch.binary([0; 320]).await;
        let mut arrival = house.arrival_on("pizza").await;
        assert_eq!(payload(&mut arrival).await.len(), 320);
        arrival.hang_up.say(goodbye);
        assert_eq!(switch.closed().await, code);
        house.close().await;
    }
}

#[tokio::test]
async fn a_call_that_names_no_line_comes_on_the_line_of_its_dialect() {
    let mut house = House::open().await;
    let mut switch = connect(house.websockets(), "/audio-fork").await;
    switch.text("{}").await;
    let arrival = house.arrival().await;
    assert_eq!((arrival.line.as_str(), arrival.number), ("audio-fork", None));
    house.close().await;
}
