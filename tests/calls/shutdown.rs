//! How the service ends: calls are told, new ones are refused, nothing is left running.

use std::time::Duration;

use regulars::sip::softphone::{SoftphoneOptions, place};
use tokio_util::sync::CancellationToken;

use crate::house::{House, NUMBER};

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_refuses_new_calls_waits_for_those_under_way_and_then_hangs_up() {
    let mut house = House::open(&["call.drain_s=600"]).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &[]);
    screen.until("the card", |_| true).await;

    let uri = house.uri();
    let service = house.service.take().unwrap();
    let lifecycle = service.lifecycle.clone();
    let now = CancellationToken::new();
    let at_once = now.clone();
    let stopping = tokio::task::spawn(async move { service.stop(at_once.cancelled_owned()).await });
    lifecycle.soft().cancelled().await;

    let second = SoftphoneOptions::new(uri, None, Vec::new());
    let refused = place(second, regulars::base::Lifecycle::default(), CancellationToken::new()).await.unwrap();
    assert_eq!(refused.status, 503);
    assert!(!stopping.is_finished(), "the first call is still waited for");

    now.cancel();
    assert!(phone.ended().await.ended_by_peer, "BYE at the end");
    tokio::time::timeout(Duration::from_secs(30), stopping).await.expect("the service never ended").unwrap();
}
