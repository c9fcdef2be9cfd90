//! How often the card was right, over the wire.

use regulars::base::UnixMillis;
use regulars::desk::wire::proto::accuracy_group::Of;
use regulars::desk::wire::proto::supervisor_service_client::SupervisorServiceClient;
use regulars::desk::wire::proto::{Bandwidth, DescribeAccuracyRequest, DescribeAccuracyResponse};
use regulars::voice::ModelId;
use tonic::{Code, Status};

use super::judged::{MODEL, calibrate, judge};
use super::shop::RunningDesk;

async fn describe(desk: &RunningDesk, days: u32) -> Result<DescribeAccuracyResponse, Status> {
    let mut client = SupervisorServiceClient::connect(format!("http://{}", desk.address)).await.unwrap();
    Ok(client.describe_accuracy(DescribeAccuracyRequest { days }).await?.into_inner())
}

#[tokio::test]
async fn an_empty_house_has_one_group_with_nothing_in_it_and_says_what_is_missing() {
    let desk = RunningDesk::open().await;
    let answer = describe(&desk, 30).await.unwrap();
    assert_eq!(answer.groups.len(), 1);
    let all = &answer.groups[0];
    assert_eq!((all.of.clone(), all.calls), (Some(Of::All(true)), 0));
    let fnir = all.fnir.unwrap();
    assert_eq!((fnir.of, fnir.value, fnir.low), (0, None, None));
    assert_eq!(all.det.as_ref().unwrap().eer, None);
    let refit = answer.refit.unwrap();
    assert_eq!((refit.missing_targets, refit.missing_nontargets, refit.missing_people), (40, 40, 20));
    assert_eq!((refit.result, answer.calibration_in_force.unwrap().own), (None, None));
    desk.close().await;
}

#[tokio::test]
async fn figures_are_those_of_the_days_asked_for_and_a_fit_looks_back_a_year() {
    let desk = RunningDesk::open().await;
    judge(&desk.store, 240).await;
    calibrate(&desk.store).await;
    let answer = describe(&desk, 365).await.unwrap();
    let names: Vec<Of> = answer.groups.iter().filter_map(|group| group.of.clone()).collect();
    let of_bandwidth = |of: Bandwidth| Of::Bandwidth(of.into());
    let lines = ["101", "102"].map(|line| Of::Line(line.to_owned()));
    assert_eq!(names[1..3], lines);
    assert_eq!(names[3..], [of_bandwidth(Bandwidth::Narrow), of_bandwidth(Bandwidth::Wide)]);
    let calls: Vec<u32> = answer.groups.iter().map(|group| group.calls).collect();
    assert_eq!(calls, [240, 160, 80, 192, 48]);
    let all = &answer.groups[0];
    // Every 13th was too early; of the others three in four were compared with their own print.
    let mated = (0..240).filter(|n: &u32| !n.is_multiple_of(13) && n % 4 != 3).count() as u32;
    assert_eq!((all.too_early, all.fnir.unwrap().of), (19, mated));
    assert_eq!(all.fpir.unwrap().of, 240 - 19 - mated);
    let det = all.det.as_ref().unwrap();
    assert_eq!((det.targets, det.targets + det.nontargets), (mated, 2 * (240 - 19)));
    assert!(det.eer.is_some() && det.curve.len() > 20);
    let in_force = answer.calibration_in_force.unwrap();
    assert_eq!((in_force.own, in_force.changes_at_next_start), (None, true), "it was changed behind the service");
    let result = answer.refit.unwrap().result.unwrap();
    assert_eq!(result.now.unwrap().scale, 0.6);

    let week = describe(&desk, 7).await.unwrap();
    assert_eq!(week.groups[0].calls, 7 * 24);
    assert_eq!(week.refit.unwrap().result, Some(result));
    desk.close().await;
}

#[tokio::test]
async fn nobody_is_named() {
    let desk = RunningDesk::open().await;
    judge(&desk.store, 60).await;
    let answer = format!("{:?}", describe(&desk, 365).await.unwrap());
    let calls = desk.store.judged_calls(&ModelId::new(MODEL), UnixMillis(0)).await.unwrap();
    assert!(!answer.contains("Person") && answer.contains("101"));
    for call in &calls {
        let ids = call.trials.iter().map(|trial| trial.customer.as_str()).chain([call.call.as_str()]);
        assert!(ids.into_iter().all(|id| !answer.contains(id)));
    }
    desk.close().await;
}

#[tokio::test]
async fn days_beyond_a_year_or_none_are_refused_in_words() {
    let desk = RunningDesk::open().await;
    for days in [0, 366, u32::MAX] {
        let refused = describe(&desk, days).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, "days is 1 to 365"));
    }
    desk.close().await;
}

#[tokio::test]
async fn books_that_cannot_be_read_are_an_error_that_passes() {
    let desk = RunningDesk::open().await;
    desk.store.close().await;
    let refused = describe(&desk, 30).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert_eq!(refused.message(), "The books cannot be read just now; please try again.");
    desk.close().await;
}
