//! `regulars accuracy` and `regulars calibrate`: what the agents' own words say of how well the voice does.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::eval::metrics::Trials;
use crate::base::{UnixMillis, clock};
use crate::config::ConfigArgs;
use crate::identity::accuracy::{BINS, Bin};
use crate::identity::{Figures, JudgedCall, Rate};
use crate::store::Store;
use crate::voice::site::LEAST_TRIALS;
use crate::voice::{Bandwidth, Calibration, LabelledLlr, Llr, ModelId, Score, SiteCalibration};

#[derive(clap::Args)]
#[command(after_long_help = WORDS)]
pub struct Args {
    /// Look back this many days
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Print JSON instead; rates there are shares of 1
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

const WORDS: &str = "\
A call counts when a voice was compared and an agent then said who it was: by confirming, by choosing
another, by \"someone else\", or by taking the order.

  FNIR        callers whose own voiceprint was compared, and whose card did not stand for them
  FPIR        callers whose voiceprint was not among those compared, and whose card stood for somebody
  wrong name  calls in which the card stood for another than the caller, of all
  too early   judged before there was speech enough for a name; not in the rates
  Cllr        cost of the likelihood ratios in bits; 1 is that of saying nothing

In brackets are 95 % intervals (Wilson). Agents speak up more readily when a card is wrong, so the true
rates over all calls may be lower.";

#[derive(clap::Args)]
pub struct CalibrateArgs {
    /// Look back this many days
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Go back to the calibration that came with the model
    #[arg(long, conflicts_with = "dry_run")]
    reset: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Callers and enrolled people whom a fit must have heard: with fewer, it learns them and not the telephones.
const LEAST_PEOPLE: usize = 20;
/// Parts into which people are divided to try a fit on those whom it has not seen.
const FOLDS: u64 = 5;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

struct Judged {
    calls: Vec<JudgedCall>,
    calibration: Calibration,
    model: String,
    site: Option<SiteCalibration>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let judged = super::runtime()?.block_on(async {
        let (store, judged) = read(&args.config, args.days).await?;
        store.close().await;
        anyhow::Ok(judged)
    })?;
    let groups = groups(&judged.calls);
    let trials = trials(&judged.calls, |call, score| judged.llr(call, score));
    let cllr = costs(&trials.iter().map(|(_, trial)| *trial).collect::<Vec<_>>());
    if args.json {
        let groups: BTreeMap<_, _> = groups.iter().map(|(name, figures)| (name, in_json(figures))).collect();
        println!("{:#}", json!({ "model": judged.model, "days": args.days, "groups": groups, "cllr": cllr }));
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} judged calls of the last {} days, model {}\n", judged.calls.len(), args.days, judged.model);
    println!("{:24} {:>6} {:>9}  {:>26}  {:>26}  {:>26}", "", "calls", "too early", "FNIR %", "FPIR %", "wrong name %");
    for (name, figures) in &groups {
        let Figures { calls, too_early, fnir, fpir, wrong_name, .. } = figures;
        let [fnir, fpir, wrong] = [fnir, fpir, wrong_name].map(|rate| in_words(*rate));
        println!("{name:24} {calls:>6} {too_early:>9}  {fnir:>26}  {fpir:>26}  {wrong:>26}");
    }
    if let Some((_, all)) = groups.first() {
        println!("\nchance stated   calls   mean   came true");
        for (bin, range) in all.calibration.iter().zip(ranges()) {
            let Bin { calls, stated, right } = *bin;
            let rate = in_words(Rate { errors: right, of: calls });
            println!("{range:13}  {calls:>6}  {:>4.0} %  {rate}", 100.0 * stated);
        }
    }
    let targets = trials.iter().filter(|(_, trial)| trial.target).count();
    let cllr = cllr.map_or("-".to_owned(), |cllr| format!("{cllr:.3}"));
    println!("\nCllr {cllr} over {targets} trials of one person and {} of two", trials.len() - targets);
    Ok(ExitCode::SUCCESS)
}

pub fn calibrate(args: CalibrateArgs) -> anyhow::Result<ExitCode> {
    super::runtime()?.block_on(async {
        let (store, judged) = read(&args.config, args.days).await?;
        let outcome = calibrate_on(&args, &store, &judged).await;
        store.close().await;
        outcome
    })
}

async fn calibrate_on(args: &CalibrateArgs, store: &Store, judged: &Judged) -> anyhow::Result<ExitCode> {
    let model = ModelId::new(judged.calibration.model.as_str());
    let set = async |line| store.set_site_calibration(&model, line, "command line", clock::wall()).await;
    if args.reset {
        set(None).await?;
        println!("the calibration that came with the model holds again, from the next start on");
        return Ok(ExitCode::SUCCESS);
    }
    // Fitted on the model's own ratios, so that one fit does not build upon another.
    let trials = trials(&judged.calls, |call, score| judged.calibration.llr(score, call.quality));
    let people: BTreeSet<&str> = trials.iter().map(|(who, _)| *who).collect();
    let all: Vec<LabelledLlr> = trials.iter().map(|(_, trial)| *trial).collect();
    let targets = all.iter().filter(|trial| trial.target).count();
    println!("{targets} trials of one person and {} of two, by {} people", all.len() - targets, people.len());
    let fitted = SiteCalibration::fit(&all).filter(|_| people.len() >= LEAST_PEOPLE);
    let Some(fitted) = fitted else {
        println!(
            "too few to fit on: there must be {LEAST_TRIALS} of each kind, by {LEAST_PEOPLE} people; nothing is changed"
        );
        return Ok(ExitCode::FAILURE);
    };
    let present = judged.site.unwrap_or_default();
    let [now, then] = [costs(&through(present, &all)), costs(&unseen(&trials))];
    let in_words = |cost: Option<f64>| cost.map_or("-".to_owned(), |cost| format!("{cost:.3}"));
    println!("now:  llr' = {:+.2} {:+.2} llr, Cllr {}", present.offset, present.scale, in_words(now));
    println!(
        "then: llr' = {:+.2} {:+.2} llr, Cllr {} on people whom the fit had not seen",
        fitted.offset,
        fitted.scale,
        in_words(then)
    );
    for llr in [-4.0, 0.0, 2.0, 4.0, 6.0] {
        let chance = |line: SiteCalibration| 100.0 / (1.0 + f64::from(-line.apply(Llr(llr)).0).exp());
        println!(
            "  a ratio of {:>7.2} at even odds was stated as {:5.1} %, and would be as {:5.1} %",
            llr.exp(),
            chance(present),
            chance(fitted)
        );
    }
    if then >= now {
        println!("that is no better than what holds now; nothing is changed");
    } else if args.dry_run {
        println!("a dry run: nothing is changed");
    } else {
        set(Some(fitted)).await?;
        println!("taken up, from the next start on; --reset takes it back");
    }
    Ok(ExitCode::SUCCESS)
}

async fn read(config: &ConfigArgs, days: u32) -> anyhow::Result<(Store, Judged)> {
    let config = config.load()?;
    let id = config.model.id()?;
    let calibration = config.model.calibration(&id)?;
    let store = Store::open(config.store).await?;
    let since = UnixMillis(clock::wall().0 - i64::from(days) * DAY_MS);
    let calls = store.judged_calls(&id, since).await?;
    let site = store.site_calibration(&id).await?;
    Ok((store, Judged { calls, calibration, model: config.model.to_string(), site }))
}

impl Judged {
    fn llr(&self, call: &JudgedCall, score: Score) -> Llr {
        self.site.unwrap_or_default().apply(self.calibration.llr(score, call.quality))
    }
}

/// All calls, then by line, then by bandwidth.
fn groups(calls: &[JudgedCall]) -> Vec<(String, Figures)> {
    let lines: BTreeSet<&str> = calls.iter().map(|call| call.line.as_str()).collect();
    let mut groups = vec![("all".to_owned(), Figures::of(calls))];
    groups.extend(
        lines
            .into_iter()
            .map(|line| (format!("line {line}"), Figures::of(calls.iter().filter(|call| call.line.as_str() == line)))),
    );
    for (bandwidth, name) in [(Bandwidth::Narrow, "narrowband"), (Bandwidth::Wide, "wideband")] {
        groups.push((name.to_owned(), Figures::of(calls.iter().filter(|call| call.bandwidth == bandwidth))));
    }
    groups.retain(|(name, figures)| name == "all" || figures.calls > 0);
    groups
}

/// Each trial with the person whose print it was.
fn trials(calls: &[JudgedCall], llr: impl Fn(&JudgedCall, Score) -> Llr) -> Vec<(&str, LabelledLlr)> {
    let mut all = Vec::new();
    for call in calls {
        for trial in &call.trials {
            let labelled = LabelledLlr { llr: llr(call, trial.score), target: call.is_target(trial) };
            all.push((trial.customer.as_str(), labelled));
        }
    }
    all
}

fn through(line: SiteCalibration, trials: &[LabelledLlr]) -> Vec<LabelledLlr> {
    trials.iter().map(|trial| LabelledLlr { llr: line.apply(trial.llr), ..*trial }).collect()
}

/// Every trial through a line that was fitted on other people.
fn unseen(trials: &[(&str, LabelledLlr)]) -> Vec<LabelledLlr> {
    let part = |who: &str| who.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % FOLDS;
    (0..FOLDS)
        .flat_map(|left_out| {
            let seen: Vec<_> =
                trials.iter().filter(|(who, _)| part(who) != left_out).map(|(_, trial)| *trial).collect();
            let others: Vec<_> =
                trials.iter().filter(|(who, _)| part(who) == left_out).map(|(_, trial)| *trial).collect();
            through(SiteCalibration::fit(&seen).unwrap_or_default(), &others)
        })
        .collect()
}

fn costs(trials: &[LabelledLlr]) -> Option<f64> {
    let of = |target| trials.iter().filter(|trial| trial.target == target).map(|trial| trial.llr.0).collect();
    Trials { targets: of(true), nontargets: of(false) }.cllr()
}

/// `2.5 [0.4-12.9] of 40`
fn in_words(rate: Rate) -> String {
    match (rate.value(), rate.interval()) {
        (Some(value), Some([low, high])) => {
            format!("{:.1} [{:.1}-{:.1}] of {}", 100.0 * value, 100.0 * low, 100.0 * high, rate.of)
        }
        _ => "-".to_owned(),
    }
}

fn ranges() -> impl Iterator<Item = String> {
    let lower = std::iter::once(0.0).chain(BINS);
    lower.zip(BINS).map(|(low, high)| format!("{:3.0} to {:3.0} %", 100.0 * low, 100.0 * high))
}

fn in_json(figures: &Figures) -> Value {
    let rate = |rate: Rate| json!({ "errors": rate.errors, "of": rate.of, "value": rate.value(), "interval": rate.interval() });
    let bin = |bin: &Bin| json!({ "calls": bin.calls, "stated": bin.stated, "right": bin.right });
    json!({
        "calls": figures.calls,
        "too_early": figures.too_early,
        "fnir": rate(figures.fnir),
        "fpir": rate(figures.fpir),
        "wrong_name": rate(figures.wrong_name),
        "calibration": figures.calibration.iter().map(bin).collect::<Vec<_>>(),
    })
}
