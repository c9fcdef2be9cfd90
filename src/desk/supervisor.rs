//! How often the card was right, as a supervisor's page asks for it again and again while calls go on.
//!
//! One answer is worked out at a time, on a thread of its own, and is used again for a moment: however many pages are
//! open, the agents' cards do not wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tonic::{Request, Response, Status};

use super::grpc::status;
use super::request::{self, MAX_DAYS};
use super::wire::{proto, timestamp};
use crate::base::{Lifecycle, UnixMillis, clock};
use crate::call::Registry;
use crate::identity::accuracy::{BINS, Bin};
use crate::identity::det::FALSE_ALARMS;
use crate::identity::refit::Fit;
use crate::identity::report::InForce;
use crate::identity::{Det, Figures, Group, Of, Rate, Refit, Report};

/// Behind [`proto::supervisor_service_server::SupervisorService`].
#[derive(Clone)]
pub struct Supervisor {
    registry: Registry,
    life: Lifecycle,
    /// Held while an answer is worked out.
    last: Arc<Mutex<Option<Answer>>>,
}

struct Answer {
    days: u32,
    at: Instant,
    message: proto::DescribeAccuracyResponse,
}

/// Half of what the page waits between two questions (EVERY_MS in accuracy.ts).
const FRESH: Duration = Duration::from_millis(2_500);
/// About 1 kB a call with its trials: at most some 20 MB for as long as one answer takes.
const MOST_CALLS: u32 = 20_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Supervisor {
    pub fn new(registry: Registry, life: Lifecycle) -> Self {
        Self { registry, life, last: Arc::default() }
    }

    async fn answer(&self, days: u32) -> Result<proto::DescribeAccuracyResponse, Status> {
        let now = clock::wall();
        let ago = |days: u32| UnixMillis(now.0 - i64::from(days) * DAY_MS);
        // A fit looks back as far as there may be questions.
        let (from, judged) = self.registry.judged(ago(MAX_DAYS), MOST_CALLS).await.map_err(|error| status(&error))?;
        let since = UnixMillis(from.0.max(ago(days).0));
        let report = self.life.spawn_blocking(move || judged.report(since)).await.map_err(|error| broken(&error))?;
        Ok(message(&report, now, since))
    }
}

#[tonic::async_trait]
impl proto::supervisor_service_server::SupervisorService for Supervisor {
    async fn describe_accuracy(
        &self,
        request: Request<proto::DescribeAccuracyRequest>,
    ) -> Result<Response<proto::DescribeAccuracyResponse>, Status> {
        let days = request::days(request.into_inner())?;
        let mut last = Arc::clone(&self.last).lock_owned().await;
        let now = clock::now();
        if let Some(answer) = last.as_ref().filter(|answer| answer.days == days && now - answer.at < FRESH) {
            return Ok(Response::new(answer.message.clone()));
        }
        let this = self.clone();
        // A task of its own: whoever asks and goes away again must not leave the place to the next while it still works.
        let answered = self.life.spawn(async move {
            let message = this.answer(days).await?;
            *last = Some(Answer { days, at: now, message: message.clone() });
            Ok(Response::new(message))
        });
        answered.await.unwrap_or_else(|error| Err(broken(&error)))
    }
}

fn broken(error: &tokio::task::JoinError) -> Status {
    tracing::error!(%error, "the figures of the judged calls could not be worked out");
    Status::internal("The figures could not be worked out; the log has the reason.")
}

fn message(report: &Report, as_of: UnixMillis, since: UnixMillis) -> proto::DescribeAccuracyResponse {
    proto::DescribeAccuracyResponse {
        as_of: Some(timestamp(as_of)),
        since: Some(timestamp(since)),
        groups: report.groups.iter().map(group).collect(),
        calibration_in_force: Some(in_force(&report.in_force)),
        refit: Some(refit(&report.refit)),
    }
}

fn group(Group { of, figures, det }: &Group) -> proto::AccuracyGroup {
    use proto::accuracy_group::Of as Wire;
    let Figures { calls, too_early, fnir, fpir, wrong_name, .. } = *figures;
    let lower = std::iter::once(0.0).chain(BINS);
    let bins = figures.calibration.iter().zip(lower.zip(BINS));
    proto::AccuracyGroup {
        of: Some(match of {
            Of::All => Wire::All(true),
            Of::Line(line) => Wire::Line(line.as_str().to_owned()),
            Of::Narrowband => Wire::Bandwidth(proto::Bandwidth::Narrow.into()),
            Of::Wideband => Wire::Bandwidth(proto::Bandwidth::Wide.into()),
        }),
        calls,
        too_early,
        fnir: Some(rate(fnir)),
        fpir: Some(rate(fpir)),
        wrong_name: Some(rate(wrong_name)),
        chances: bins.map(|(bin, ends)| chance_bin(bin, ends)).collect(),
        all_chances: Some(chance_bin(&figures.stated(), (0.0, 1.0))),
        det: Some(self::det(det)),
    }
}

fn rate(rate: Rate) -> proto::Rate {
    let [low, high] = rate.interval().map_or([None, None], |ends| ends.map(Some));
    proto::Rate { count: rate.errors, of: rate.of, value: rate.value(), low, high }
}

fn chance_bin(bin: &Bin, (from, to): (f32, f32)) -> proto::ChanceBin {
    proto::ChanceBin { from: from.into(), to: to.into(), stated: bin.stated, came_true: Some(rate(bin.came_true())) }
}

fn det(det: &Det) -> proto::Det {
    let misses = FALSE_ALARMS.into_iter().zip(det.misses);
    proto::Det {
        targets: det.targets,
        nontargets: det.nontargets,
        callers: det.callers,
        least: Det::LEAST,
        cllr: det.cllr,
        curve: det.curve.iter().map(|&(false_alarm, miss)| proto::DetPoint { false_alarm, miss }).collect(),
        eer: det.eer.map(|(value, [low, high])| proto::EqualErrorRate { value, low, high }),
        misses: misses
            .filter_map(|(false_alarm, missed)| Some(proto::DetMisses { false_alarm, misses: Some(rate(missed?)) }))
            .collect(),
    }
}

fn in_force(in_force: &InForce) -> proto::CalibrationInForce {
    let InForce { line, since, changes_at_next_start } = *in_force;
    proto::CalibrationInForce {
        own: (!line.changes_nothing()).then_some(proto::SiteCalibration { scale: line.scale, offset: line.offset }),
        since: since.map(timestamp),
        changes_at_next_start,
    }
}

fn refit(refit: &Refit) -> proto::Refit {
    let [missing_targets, missing_nontargets, missing_people] = refit.missing();
    proto::Refit {
        targets: refit.targets,
        nontargets: refit.nontargets,
        people: refit.people,
        missing_targets,
        missing_nontargets,
        missing_people,
        result: refit.fit.as_ref().map(|fit| {
            let Fit { now, then, cllr_now, cllr_then } = *fit;
            proto::RefitResult {
                now: Some(proto::SiteCalibration { scale: now.scale, offset: now.offset }),
                then: Some(proto::SiteCalibration { scale: then.scale, offset: then.offset }),
                cllr_now,
                cllr_then,
                better: fit.is_better(),
            }
        }),
    }
}
