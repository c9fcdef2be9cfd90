//! What calls sounded like is kept of those who agree and of what was flagged, few of each and not for long.

use std::time::Duration;

use regulars::base::UnixMillis;
use regulars::customer::{ConsentRecord, CustomerId};
use regulars::speech::Fingerprint;
use regulars::store::HeardCall;

use crate::fixture::{Fixture, NOW, print, yes, yes_after};

const DAY: Duration = Duration::from_secs(24 * 3600);
const KEEP: Duration = Duration::from_secs(90 * 24 * 3600);

/// A call so many days after [`NOW`].
fn call(customer: Option<&CustomerId>, days: i64) -> HeardCall {
    let items = (0..64u32).flat_map(|n| (n * 31 + days as u32 + 1).to_le_bytes());
    HeardCall {
        customer: customer.cloned(),
        flagged_by: None,
        heard_at: UnixMillis(NOW.0 + days * DAY.as_millis() as i64),
        fingerprint: Fingerprint::from_bytes(&items.collect::<Vec<u8>>()).unwrap(),
    }
}

fn flagged(customer: Option<&CustomerId>, days: i64) -> HeardCall {
    HeardCall { flagged_by: Some("pia".to_owned()), ..call(customer, days) }
}

async fn anna_who_agreed(at: &Fixture) -> CustomerId {
    let anna = at.customer("Anna Example", None).await;
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    anna
}

pub async fn a_call_comes_back_as_it_was_and_to_its_customer_only(at: &Fixture) {
    let anna = anna_who_agreed(at).await;
    let ben = at.customer("Ben Example", None).await;
    at.store.enroll(yes(&ben), print(2)).await.unwrap();
    for kept in [call(Some(&anna), 0), call(Some(&anna), 1), flagged(None, 2)] {
        assert!(at.store.keep_fingerprint(&kept, KEEP).await.unwrap());
    }
    assert_eq!(at.store.heard_calls(Some(&anna), NOW).await.unwrap(), [call(Some(&anna), 1), call(Some(&anna), 0)]);
    assert_eq!(at.store.heard_calls(Some(&anna), call(None, 1).heard_at).await.unwrap(), [call(Some(&anna), 1)]);
    assert_eq!(at.store.heard_calls(Some(&ben), NOW).await.unwrap(), []);
    assert_eq!(at.store.heard_calls(None, NOW).await.unwrap(), [flagged(None, 2)]);
}

pub async fn a_no_takes_the_fingerprints_of_its_customer(at: &Fixture) {
    let anna = anna_who_agreed(at).await;
    for kept in [call(Some(&anna), 0), flagged(Some(&anna), 1), flagged(None, 2)] {
        assert!(at.store.keep_fingerprint(&kept, KEEP).await.unwrap());
    }
    at.store.record_consent(ConsentRecord { given: false, ..yes_after(&anna, 1) }).await.unwrap();
    assert_eq!(at.count("fingerprints").await, 1, "what nobody is known to have said stays");
    assert!(at.store.heard_calls(Some(&anna), NOW).await.unwrap().is_empty());
    // Calls that were under way during the no.
    for late in [call(Some(&anna), 3), flagged(Some(&anna), 3)] {
        assert!(!at.store.keep_fingerprint(&late, KEEP).await.unwrap());
    }
    assert_eq!(at.store.heard_calls(None, NOW).await.unwrap(), [flagged(None, 2)]);
}

pub async fn without_a_yes_only_a_flagged_call_is_kept(at: &Fixture) {
    let cleo = at.customer("Cleo Example", None).await;
    assert!(!at.store.keep_fingerprint(&call(Some(&cleo), 0), KEEP).await.unwrap());
    assert!(!at.store.keep_fingerprint(&call(None, 0), KEEP).await.unwrap());
    assert!(at.store.keep_fingerprint(&flagged(Some(&cleo), 0), KEEP).await.unwrap());
    let nobodys = "
        INSERT INTO fingerprints (id, heard_ms, sealed, nonce)
        SELECT 'f-2', heard_ms, sealed, nonce FROM fingerprints";
    assert!(at.raw(nobodys).await.is_err(), "the database refuses one of nobody that nobody flagged");
}

pub async fn few_are_kept_and_not_for_long(at: &Fixture) {
    let anna = anna_who_agreed(at).await;
    for day in 0..25 {
        at.store.keep_fingerprint(&call(Some(&anna), day), KEEP).await.unwrap();
        at.store.keep_fingerprint(&flagged(Some(&anna), day), KEEP).await.unwrap();
    }
    let kept = at.store.heard_calls(Some(&anna), NOW).await.unwrap();
    assert_eq!((kept.len(), &kept[0], &kept[19]), (20, &call(Some(&anna), 24), &call(Some(&anna), 5)));
    assert_eq!(at.store.heard_calls(None, NOW).await.unwrap().len(), 16);
    at.store.keep_fingerprint(&call(Some(&anna), 100), KEEP).await.unwrap();
    assert_eq!(at.count("fingerprints").await, 1 + 15 + 15, "ninety days before, the tenth day began");
    at.store.forget_fingerprints(call(None, 99).heard_at).await.unwrap();
    assert_eq!(at.count("fingerprints").await, 1);
}

pub async fn a_fingerprint_that_was_moved_or_changed_is_left_out(at: &Fixture) {
    let anna = anna_who_agreed(at).await;
    let ben = at.customer("Ben Example", None).await;
    at.store.enroll(yes(&ben), print(2)).await.unwrap();
    at.store.keep_fingerprint(&call(Some(&anna), 0), KEEP).await.unwrap();
    at.raw(&format!("UPDATE fingerprints SET customer = '{ben}'")).await.unwrap();
    at.store.keep_fingerprint(&call(Some(&ben), 1), KEEP).await.unwrap();
    assert_eq!(at.store.heard_calls(Some(&ben), NOW).await.unwrap(), [call(Some(&ben), 1)]);
}
