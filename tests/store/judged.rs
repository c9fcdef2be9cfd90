//! What agents said of who it was is kept with the scores, as long as those whom it is about agree.

use regulars::base::{CallId, Line, UnixMillis};
use regulars::customer::{ConsentRecord, CustomerId};
use regulars::identity::{JudgedCall, State, TakenUp, Trial};
use regulars::voice::{Bandwidth, ModelId, Quality, Score, SiteCalibration};

use crate::fixture::{Fixture, NOW, model, print, yes, yes_after};

fn judged(call: &str, truth: Option<&CustomerId>, compared: &[&CustomerId]) -> JudgedCall {
    let trial = |who: &&CustomerId| Trial { customer: (*who).clone(), score: Score(0.75), enrolled_calls: 2 };
    JudgedCall {
        call: CallId::new(call),
        at: NOW,
        line: Line::new("pizza"),
        bandwidth: Bandwidth::Wide,
        quality: Quality { net_speech_ms: 5_600, snr_db: 17.5 },
        state: State::Recognised,
        named: compared.first().map(|who| ((*who).clone(), 0.96875)),
        truth: truth.cloned(),
        trials: compared.iter().map(trial).collect(),
    }
}

async fn household(at: &Fixture) -> [CustomerId; 2] {
    let mut people = [at.customer("Anna Example", None).await, at.customer("Ben Example", None).await];
    // As trials are read back.
    people.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    for (seed, customer) in (1..).zip(&people) {
        at.store.enroll(yes(customer), print(seed)).await.unwrap();
    }
    people
}

pub async fn a_judged_call_comes_back_as_it_was_and_the_last_word_holds(at: &Fixture) {
    let [anna, ben] = household(at).await;
    let mut calls = [judged("call-1", Some(&anna), &[&anna, &ben]), judged("call-2", None, &[&ben])];
    for call in &calls {
        at.store.record_judged(call, &model()).await.unwrap();
    }
    assert_eq!(at.store.judged_calls(&model(), NOW).await.unwrap(), calls);
    calls[0].truth = Some(ben);
    at.store.record_judged(&calls[0], &model()).await.unwrap();
    assert_eq!(at.store.judged_calls(&model(), NOW).await.unwrap(), calls);
    assert!(at.store.judged_calls(&ModelId::new("another-1"), NOW).await.unwrap().is_empty());
}

pub async fn a_no_takes_the_callers_trials_away(at: &Fixture) {
    let [anna, ben] = household(at).await;
    at.store.record_judged(&judged("call-1", Some(&anna), &[&anna, &ben]), &model()).await.unwrap();
    at.store.record_judged(&judged("call-2", Some(&ben), &[&anna, &ben]), &model()).await.unwrap();
    let no = ConsentRecord { given: false, ..yes_after(&anna, 1) };
    at.store.record_consent(no).await.unwrap();
    let left = at.store.judged_calls(&model(), NOW).await.unwrap();
    assert_eq!(left, [JudgedCall { named: None, ..judged("call-2", Some(&ben), &[&ben]) }]);
    // Calls that were under way during the no.
    at.store.record_judged(&judged("call-3", None, &[&anna, &ben]), &model()).await.unwrap();
    at.store.record_judged(&judged("call-4", Some(&anna), &[&ben]), &model()).await.unwrap();
    let left = at.store.judged_calls(&model(), NOW).await.unwrap();
    assert_eq!(left[1..], [JudgedCall { named: None, ..judged("call-3", None, &[&ben]) }]);
}

pub async fn a_caller_who_was_never_asked_is_somebody_else(at: &Fixture) {
    let [anna, _] = household(at).await;
    let cleo = at.customer("Cleo Example", None).await;
    at.store.record_judged(&judged("call-1", Some(&cleo), &[&anna]), &model()).await.unwrap();
    assert_eq!(at.store.judged_calls(&model(), NOW).await.unwrap(), [judged("call-1", None, &[&anna])]);
}

pub async fn the_newest_of_many_judged_calls_are_found_without_reading_them(at: &Fixture) {
    let [anna, _] = household(at).await;
    for ms in 0..5 {
        let call = JudgedCall { at: UnixMillis(NOW.0 + ms), ..judged(&format!("call-{ms}"), None, &[&anna]) };
        at.store.record_judged(&call, &model()).await.unwrap();
    }
    for (since, most, wanted) in [(0, 5, 0), (0, 9, 0), (0, 2, 3), (4, 2, 4)] {
        let from = at.store.newest_judged(&model(), UnixMillis(NOW.0 + since), most).await.unwrap();
        assert_eq!(from.0 - NOW.0, wanted, "{most} since {since}");
        assert!(at.store.judged_calls(&model(), from).await.unwrap().len() <= most as usize);
    }
}

pub async fn a_line_of_the_shops_own_holds_for_its_model_until_it_is_taken_back(at: &Fixture) {
    let line = |scale| Some(SiteCalibration { scale, offset: -0.25 });
    let taken_up = |scale| line(scale).map(|line| TakenUp { line, at: NOW });
    assert_eq!(at.store.site_calibration(&model()).await.unwrap(), None);
    for scale in [0.75, 0.5] {
        at.store.set_site_calibration(&model(), line(scale), "pia", NOW).await.unwrap();
        assert_eq!(at.store.site_calibration(&model()).await.unwrap(), taken_up(scale));
    }
    assert_eq!(at.store.site_calibration(&ModelId::new("another-1")).await.unwrap(), None);
    at.store.set_site_calibration(&model(), None, "pia", NOW).await.unwrap();
    assert_eq!(at.store.site_calibration(&model()).await.unwrap(), None);
    assert!(at.store.audit_rows(3).await.unwrap().iter().all(|row| row.action == "calibrate" && row.operator == "pia"));
}
