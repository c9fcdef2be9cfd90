//! Later calls join a print: not too often, not when they are somebody else's, never without the yes.

use std::time::Duration;

use regulars::base::{CallId, UnixMillis};
use regulars::customer::{CustomerId, Purpose};
use regulars::store::{Refresh, StoreError};
use regulars::voice::voiceprint::{MAX_CENTROIDS, MAX_ENROLLED};
use regulars::voice::{Bandwidth, Centroid, ModelId, NotRefreshed, Origin, Voiceprint};

use crate::fixture::{Fixture, NOW, heard, model, print, yes, yes_after};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// A call of the person whom `print(1)` is of, so many weeks later.
fn call_after(customer: &CustomerId, weeks: i64) -> Refresh {
    let heard_at = UnixMillis(NOW.0 + weeks * WEEK.as_millis() as i64);
    let heard = Centroid { heard_at, snr_db: Some(17.5), bandwidth: Some(Bandwidth::Wide), ..heard(1) };
    let call = Some(CallId::new(format!("call-{weeks}")));
    Refresh { customer: customer.clone(), agent: "pia".to_owned(), call, heard, every: WEEK }
}

async fn stored(at: &Fixture) -> Voiceprint {
    at.store.voiceprints(&model()).await.unwrap().remove(0).1
}

pub async fn a_confirmed_call_joins_the_print_as_it_was_heard(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    let seen = at.store.voiceprint_changes().await.unwrap();
    let after = at.store.refresh(&model(), call_after(&anna, 2)).await.unwrap();
    assert_eq!(stored(at).await, after);
    let [enrolled, refreshed] = after.centroids() else { panic!("{} calls", after.centroids().len()) };
    assert_eq!((enrolled.origin, refreshed.origin), (Origin::Enrolled, Origin::Refreshed));
    assert_eq!((refreshed.snr_db, refreshed.bandwidth), (Some(17.5), Some(Bandwidth::Wide)));
    assert_eq!((after.calls(), at.count("consents").await), (2, 1), "no new yes is made up");
    assert!(at.store.voiceprint_changes().await.unwrap() > seen, "another program takes it up");
    let audit = at.store.audit_rows(1).await.unwrap().remove(0);
    assert_eq!((audit.action.as_str(), audit.operator.as_str()), ("refresh", "pia"));
    assert_eq!((audit.customer, audit.call), (Some(anna), Some(CallId::new("call-2"))));
}

pub async fn a_call_too_soon_or_of_another_voice_changes_nothing(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    let before = stored(at).await;
    let soon = Refresh { every: 3 * WEEK, ..call_after(&anna, 2) };
    let refused = at.store.refresh(&model(), soon).await;
    assert!(matches!(refused, Err(StoreError::NotRefreshed(NotRefreshed::TooSoon))), "{refused:?}");
    let mut strange = call_after(&anna, 2);
    strange.heard.embedding = heard(4).embedding;
    let refused = at.store.refresh(&model(), strange).await;
    assert!(matches!(refused, Err(StoreError::NotRefreshed(NotRefreshed::Outlier))), "{refused:?}");
    assert_eq!(stored(at).await, before);
    assert_eq!(at.count("audit WHERE action = 'refresh'").await, 0);
}

pub async fn no_call_joins_without_a_print_on_a_standing_yes(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    let refused = |outcome| matches!(outcome, Err(StoreError::NotConsented));
    assert!(refused(at.store.refresh(&model(), call_after(&anna, 2)).await), "never enrolled");
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    let other = ModelId::new("fedcba9876543210-1");
    assert!(refused(at.store.refresh(&other, call_after(&anna, 2)).await), "enrolled under another model");
    at.store.refresh(&model(), call_after(&anna, 2)).await.unwrap();
    at.store.withdraw(&anna, Purpose::Recognise, "pia", None, yes_after(&anna, 5).at).await.unwrap();
    assert_eq!(at.count("voiceprints").await, 0, "a no takes every call of the print");
    assert!(refused(at.store.refresh(&model(), call_after(&anna, 4)).await), "withdrawn");
    at.store.record_consent(yes_after(&anna, 6)).await.unwrap();
    assert!(refused(at.store.refresh(&model(), call_after(&anna, 4)).await), "a yes without a print");
    assert_eq!(at.count("voiceprints").await, 0);
}

pub async fn a_full_print_gives_up_its_oldest_refresh_and_never_an_enrolment(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    let enrolled = (0..MAX_ENROLLED as i64).map(|n| Centroid { heard_at: UnixMillis(NOW.0 - n), ..heard(1) });
    at.store.enroll(yes(&anna), Voiceprint::new(model(), enrolled.collect()).unwrap()).await.unwrap();
    let weeks = 2 * MAX_CENTROIDS as i64;
    for week in 1..=weeks {
        at.store.refresh(&model(), call_after(&anna, week)).await.unwrap();
    }
    assert_eq!(at.count("voiceprints").await, MAX_CENTROIDS as i64);
    let print = stored(at).await;
    let of = |origin| print.centroids().iter().filter(move |call| call.origin == origin);
    assert_eq!(of(Origin::Enrolled).count(), MAX_ENROLLED);
    let kept: Vec<i64> =
        of(Origin::Refreshed).map(|call| (call.heard_at.0 - NOW.0) / WEEK.as_millis() as i64).collect();
    assert_eq!(kept, [weeks - 2, weeks - 1, weeks]);
}

/// What a print was before its calls were kept apart: a row like those of the schema before.
pub async fn a_print_of_before_is_read_and_refreshed(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    at.raw("UPDATE voiceprints SET calls = 4, snr_db = NULL, wideband = NULL").await.unwrap();
    assert_eq!(stored(at).await.calls(), 4);
    let after = at.store.refresh(&model(), call_after(&anna, 2)).await.unwrap();
    assert_eq!((after.calls(), after.centroids()[0].bandwidth), (5, None));
}
