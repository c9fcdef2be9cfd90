use regulars::rtp::Codec;
use regulars::stream::{Piece, Way, Why};
use serde_json::json;

use crate::house::{House, ended, piece, pressed};
use crate::peer::{connect, openings};

#[tokio::test]
async fn a_call_of_two_tracks_from_connected_to_stop() {
    let mut house = House::open().await;
    let mut twilio = connect(house.websockets(), "/media-stream").await;
    twilio.text(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#).await;
    let [.., (_, start)] = openings();
    twilio.text(start).await;
    let mut arrival = house.arrival_on("pizza").await;
    assert_eq!(arrival.way, Way::MediaStream);
    for chunk in 1..=20u32 {
        for (track, payload) in [("inbound", "AQID"), ("outbound", "BAUG")] {
            let media = json!({ "track": track, "chunk": chunk.to_string(), "timestamp": "5", "payload": payload });
            let message = json!({ "event": "media", "sequenceNumber": "3", "media": media, "streamSid": "MZ1" });
            twilio.text(message.to_string()).await;
        }
    }
    twilio.text(r#"{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"9"}}"#).await;
    twilio.text(r#"{"event":"stop","stop":{"accountSid":"AC1","callSid":"CA1"},"streamSid":"MZ1"}"#).await;
    for _ in 1..=20 {
        assert_eq!(piece(&mut arrival).await, Piece::Payload { codec: Codec::Pcmu, bytes: vec![1, 2, 3] });
    }
    assert_eq!(piece(&mut arrival).await, pressed('9'));
    assert_eq!(ended(&mut arrival).await, Why::HungUp);
    assert_eq!(twilio.closed().await, 1000);
    house.close().await;
}
