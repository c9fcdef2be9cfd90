use std::time::Duration;

use regulars::stream::Piece;
use serde_json::json;

use crate::house::{House, piece};
use crate::peer::{audiohook, connect, open};

/// More than a queue holds.
const SENT: usize = 200;

#[tokio::test]
async fn payloads_that_find_the_queue_full_are_dropped_counted_and_told_in_their_place() {
    let mut house = House::open().await;
    let mut client = connect(house.websockets(), "/audiohook").await;
    client.text(audiohook("open", 1, open())).await;
    let mut arrival = house.arrival_on("pizza").await;
    assert_eq!(client.json().await["type"], "opened");
    for _ in 0..SENT {
        client.binary([0xff; 320]).await;
    }
    // Answered only when all before it was read.
    client.text(audiohook("ping", 2, json!({}))).await;
    assert_eq!(client.json().await["type"], "pong");
    client.text(audiohook("dtmf", 3, json!({ "digit": "1" }))).await;
    client.text(audiohook("close", 4, json!({ "reason": "end" }))).await;
    assert_eq!(client.json().await["type"], "closed");

    let (mut heard, mut unheard) = (0, Duration::ZERO);
    let dropped = loop {
        match piece(&mut arrival).await {
            Piece::Payload { bytes, .. } => {
                assert_eq!((bytes.len(), unheard), (160, Duration::ZERO), "what was dropped is the newest");
                heard += 1;
            }
            Piece::Unheard(time) => unheard += time,
            Piece::Digit(key) => {
                assert_eq!((key.key(), unheard.is_zero()), ('1', false), "a key has room, after the gap")
            }
            Piece::Ended { dropped, .. } => break dropped,
            other => panic!("{other:?}"),
        }
    };
    assert!((1..SENT).contains(&heard), "{heard}");
    assert_eq!(dropped as usize, SENT - heard);
    assert_eq!(unheard, Duration::from_millis(20) * dropped as u32);
    house.close().await;
}
