use regulars::rtp::Codec;
use regulars::stream::{Goodbye, Piece, Way, Why};

use crate::house::{House, ended, piece, pressed};
use crate::peer::try_connect;

const PLAIN: &str = "MEDIA_START connection_id:regulars channel:WebSocket/regulars/0x5140001a0040 \
                     channel_id:1761245643.1 format:ulaw optimal_frame_size:160 ptime:20";

/// As Asterisk connects with `protocols = media`.
const PROTOCOL: [(&str, &str); 1] = [("sec-websocket-protocol", "media")];

#[tokio::test]
async fn a_call_with_plain_text_control() {
    let mut house = House::open().await;
    let path = "/asterisk?from=%2B4930901820&line=pizza";
    let mut asterisk = try_connect(house.websockets(), path, &PROTOCOL).await.ok().unwrap();
    asterisk.text(PLAIN).await;
    let mut arrival = house.arrival_on("pizza").await;
    assert_eq!(arrival.way, Way::Asterisk);
    for number in 1..=20u8 {
        asterisk.binary([number; 160]).await;
    }
    asterisk.text("DTMF_END digit:1 channel_id:1761245643.1").await;
    for number in 1..=20u8 {
        assert_eq!(piece(&mut arrival).await, Piece::Payload { codec: Codec::Pcmu, bytes: vec![number; 160] });
    }
    assert_eq!(piece(&mut arrival).await, pressed('1'));
    asterisk.close().await;
    assert_eq!(ended(&mut arrival).await, Why::HungUp);
    house.close().await;
}

#[tokio::test]
async fn asterisk_is_told_to_hang_up_in_the_format_that_it_speaks() {
    let json = r#"{"event":"MEDIA_START","connection_id":"regulars","channel":"WebSocket/regulars/0x1","channel_id":"1.1",
        "format":"slin16","optimal_frame_size":640,"ptime":20,"channel_variables":{}}"#;
    for (start, expected) in [(PLAIN, "HANGUP"), (json, r#"{"command":"HANGUP"}"#)] {
        let mut house = House::open().await;
        let path = "/asterisk?from=030901820&line=pizza";
        let mut asterisk = try_connect(house.websockets(), path, &PROTOCOL).await.ok().unwrap();
        asterisk.text(start).await;
        let mut arrival = house.arrival_on("pizza").await;
        arrival.hang_up.say(Goodbye::Completed);
        assert_eq!(asterisk.reply().await, expected);
        assert_eq!(asterisk.closed().await, 1000);
        let last = arrival.media.recv().await.unwrap();
        assert_eq!(last, Piece::Ended { why: Why::Dismissed, dropped: 0 });
        house.close().await;
    }
}
