use regulars::stream::{Limits, Options};

use crate::house::{House, payload};
use crate::peer::{connect, try_connect};

#[tokio::test]
async fn connections_at_a_time_are_bounded_and_a_closed_one_makes_room() {
    let limits = Limits { connections: 8, connections_per_source_per_s: 1_000_000 };
    let mut house = House::with(Options { limits, ..Options::default() }).await;
    let mut caller = connect(house.websockets(), "/audio-fork?from=+4930901820&line=pizza").await;
    caller.binary([7; 320]).await;
    let mut heard = house.arrival_on("pizza").await;
    assert_eq!(payload(&mut heard).await, [7; 320]);

    let mut held = Vec::new();
    let mut turned_away = 0;
    for _ in 0..200 {
        match try_connect(house.websockets(), "/audio-fork", &[]).await {
            Ok(socket) => held.push(socket),
            Err(status) => {
                assert_eq!(status, 0, "closed unread");
                turned_away += 1;
            }
        }
    }
    assert_eq!((held.len(), turned_away), (7, 193));
    assert_eq!(house.listener.statistics().turned_away, 193);
    caller.binary([9; 320]).await;
    assert_eq!(payload(&mut heard).await, [9; 320], "the call under way is heard on");

    held.pop().unwrap().close().await;
    // Its place is free when its task has ended, which is soon but not at once.
    let mut again = Err(0);
    while again.is_err() {
        again = try_connect(house.websockets(), "/audio-fork", &[]).await;
    }
    drop((caller, held, again));
    house.close().await;
}

#[tokio::test]
async fn a_source_that_connects_too_fast_is_turned_away() {
    let limits = Limits { connections: 10_000, connections_per_source_per_s: 1 };
    let house = House::with(Options { limits, ..Options::default() }).await;
    let mut connected = 0;
    for _ in 0..50 {
        connected += usize::from(try_connect(house.websockets(), "/audio-fork", &[]).await.is_ok());
    }
    // Two at once, and one more for every second that this took.
    assert!((2..50).contains(&connected), "{connected}");
    assert_eq!(house.listener.statistics().turned_away, 50 - connected as u64);
    house.close().await;
}
