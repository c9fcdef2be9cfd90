//! `regulars accuracy` and `regulars calibrate`: what the agents' own words say of how well the voice does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::eval::plots;
use crate::base::{UnixMillis, clock};
use crate::config::ConfigArgs;
use crate::identity::accuracy::{BINS, Bin};
use crate::identity::det::FALSE_ALARMS;
use crate::identity::refit::{Fit, LEAST_PEOPLE};
use crate::identity::{Det, Figures, Group, Judged, Of, Rate};
use crate::store::Store;
use crate::voice::site::LEAST_TRIALS;
use crate::voice::{Calibration, Llr, ModelId, SiteCalibration};

#[derive(clap::Args)]
#[command(after_long_help = WORDS)]
pub struct Args {
    /// Look back this many days
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Print JSON instead; rates there are shares of 1
    #[arg(long)]
    json: bool,
    /// Also draw misses against false alarms (DET) into this folder, as SVG
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
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
  stated      mean chance of the likeliest person, and in how many of these calls it came true
  Cllr        cost of the likelihood ratios in bits; 1 is that of saying nothing
  EER         share of misses and of false alarms at the threshold where both are equal

FNIR and FPIR say what the card did; misses, false alarms and EER what the scores of single
comparisons, through the calibration in force, could do at any threshold.

In brackets are 95 % intervals (Wilson). They count calls; calls of one caller are alike, so with
few callers the truth may lie outside. Agents speak up more readily when a card is wrong, so the true
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

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (model, judged) = super::runtime()?.block_on(async {
        let (store, model, judged) = read(&args.config, args.days).await?;
        store.close().await;
        anyhow::Ok((model, judged))
    })?;
    let groups = judged.groups(UnixMillis(i64::MIN));
    if let Some(folder) = &args.plots {
        draw(folder, &groups)?;
    }
    if args.json {
        let groups: BTreeMap<_, _> = groups.iter().map(|group| (name(&group.of), in_json(group))).collect();
        println!("{:#}", json!({ "model": model, "days": args.days, "groups": groups }));
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} judged calls of the last {} days, model {model}\n", judged.calls.len(), args.days);
    println!("{:24} {:>6} {:>9}  {:>26}  {:>26}  {:>26}", "", "calls", "too early", "FNIR %", "FPIR %", "wrong name %");
    for Group { of, figures, .. } in &groups {
        let Figures { calls, too_early, fnir, fpir, wrong_name, .. } = figures;
        let [fnir, fpir, wrong] = [fnir, fpir, wrong_name].map(|rate| in_words(*rate));
        println!("{:24} {calls:>6} {too_early:>9}  {fnir:>26}  {fpir:>26}  {wrong:>26}", name(of));
    }
    println!("\n{:24} {:>8}  {:>26}  {:>6}  {:>26}", "", "stated %", "came true %", "Cllr", "EER %");
    for Group { of, figures, det } in &groups {
        let stated = figures.stated();
        let [cllr, eer] = [det.cllr.map(|cllr| format!("{cllr:.3}")), eer_in_words(det)].map(or_dash);
        let (of, came_true) = (name(of), in_words(stated.came_true()));
        println!("{of:24} {:>8.0}  {came_true:>26}  {cllr:>6}  {eer:>26}", 100.0 * stated.stated);
    }
    if let Some(all) = groups.first() {
        println!("\nchance stated   calls   mean   came true");
        for (bin, range) in all.figures.calibration.iter().zip(ranges()) {
            println!("{range:13}  {:>6}  {:>4.0} %  {}", bin.calls, 100.0 * bin.stated, in_words(bin.came_true()));
        }
        println!();
        print_det(&all.det);
    }
    Ok(ExitCode::SUCCESS)
}

/// Of all calls.
fn print_det(det: &Det) {
    let Det { targets, nontargets, callers, .. } = det;
    println!("{targets} trials of one person, by {callers} callers, and {nontargets} of two");
    if det.eer.is_none() {
        println!("too few to set misses against false alarms: {LEAST_TRIALS} of each kind are needed");
        return;
    }
    for (false_alarm, misses) in FALSE_ALARMS.into_iter().zip(det.misses) {
        let misses = misses.map_or("too few trials of two people".to_owned(), in_words);
        println!("misses where {:2.0} % false alarms are let through: {misses}", 100.0 * false_alarm);
    }
}

fn draw(folder: &Path, groups: &[Group]) -> anyhow::Result<()> {
    let curves: Vec<_> = groups
        .iter()
        .filter(|group| !group.det.curve.is_empty())
        .map(|group| (name(&group.of), group.det.curve.clone()))
        .collect();
    if curves.is_empty() {
        eprintln!("nothing is drawn: {LEAST_TRIALS} trials of each kind are needed");
        return Ok(());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join("judged.det.svg");
    plots::det(&file, "judged calls", &curves).with_context(|| format!("cannot draw {}", file.display()))
}

pub fn calibrate(args: CalibrateArgs) -> anyhow::Result<ExitCode> {
    super::runtime()?.block_on(async {
        let (store, _, judged) = read(&args.config, args.days).await?;
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
    let refit = judged.refit();
    println!("{} trials of one person and {} of two, by {} people", refit.targets, refit.nontargets, refit.people);
    let Some(fit) = refit.fit else {
        println!(
            "too few to fit on: there must be {LEAST_TRIALS} of each kind, by {LEAST_PEOPLE} people; nothing is changed"
        );
        return Ok(ExitCode::FAILURE);
    };
    let Fit { now, then, cllr_now, cllr_then } = fit;
    println!("now:  llr' = {:+.2} {:+.2} llr, Cllr {cllr_now:.3}", now.offset, now.scale);
    println!(
        "then: llr' = {:+.2} {:+.2} llr, Cllr {cllr_then:.3} on people whom the fit had not seen",
        then.offset, then.scale
    );
    for llr in [-4.0, 0.0, 2.0, 4.0, 6.0] {
        let chance = |line: SiteCalibration| 100.0 / (1.0 + f64::from(-line.apply(Llr(llr)).0).exp());
        println!(
            "  a ratio of {:>7.2} at even odds was stated as {:5.1} %, and would be as {:5.1} %",
            llr.exp(),
            chance(now),
            chance(then)
        );
    }
    if !fit.is_better() {
        println!("that is no better than what holds now; nothing is changed");
    } else if args.dry_run {
        println!("a dry run: nothing is changed");
    } else {
        set(Some(then)).await?;
        println!("taken up, from the next start on; --reset takes it back");
    }
    Ok(ExitCode::SUCCESS)
}

/// The store, the model's name, and what was judged of its calls.
async fn read(config: &ConfigArgs, days: u32) -> anyhow::Result<(Store, String, Judged)> {
    let config = config.load()?;
    let id = config.model.id()?;
    let calibration = config.model.calibration(&id)?;
    let store = Store::open(config.store).await?;
    let since = UnixMillis(clock::wall().0 - i64::from(days) * DAY_MS);
    let calls = store.judged_calls(&id, since).await?;
    let stored = store.site_calibration(&id).await?;
    let site = stored.map(|stored| stored.line).unwrap_or_default();
    let judged = Judged { calls, calibration: Calibration { site, ..calibration }, stored };
    Ok((store, config.model.to_string(), judged))
}

fn name(of: &Of) -> String {
    match of {
        Of::All => "all".to_owned(),
        Of::Line(line) => format!("line {line}"),
        Of::Narrowband => "narrowband".to_owned(),
        Of::Wideband => "wideband".to_owned(),
    }
}

/// `2.5 [0.4-12.9] of 40`
fn in_words(rate: Rate) -> String {
    or_dash(rate.value().zip(rate.interval()).map(|(value, interval)| percents(value, interval, rate.of)))
}

fn eer_in_words(det: &Det) -> Option<String> {
    det.eer.map(|(eer, interval)| percents(eer, interval, det.targets.min(det.nontargets)))
}

fn percents(value: f64, [low, high]: [f64; 2], of: u32) -> String {
    format!("{:.1} [{:.1}-{:.1}] of {of}", 100.0 * value, 100.0 * low, 100.0 * high)
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

fn ranges() -> impl Iterator<Item = String> {
    let lower = std::iter::once(0.0).chain(BINS);
    lower.zip(BINS).map(|(low, high)| format!("{:3.0} to {:3.0} %", 100.0 * low, 100.0 * high))
}

fn in_json(Group { figures, det, .. }: &Group) -> Value {
    let rate = |rate: Rate| json!({ "errors": rate.errors, "of": rate.of, "value": rate.value(), "interval": rate.interval() });
    let bin = |bin: &Bin| {
        let came_true = bin.came_true();
        json!({ "calls": bin.calls, "stated": bin.stated, "right": bin.right, "interval": came_true.interval() })
    };
    let misses = FALSE_ALARMS.into_iter().zip(det.misses);
    json!({
        "calls": figures.calls,
        "too_early": figures.too_early,
        "fnir": rate(figures.fnir),
        "fpir": rate(figures.fpir),
        "wrong_name": rate(figures.wrong_name),
        "calibration": figures.calibration.iter().map(bin).collect::<Vec<_>>(),
        "det": {
            "targets": det.targets,
            "nontargets": det.nontargets,
            "callers": det.callers,
            "cllr": det.cllr,
            "eer": det.eer.map(|(value, interval)| json!({ "value": value, "interval": interval })),
            "misses": misses.map(|(at, misses)| json!({ "false_alarm": at, "misses": misses.map(rate) })).collect::<Vec<_>>(),
            "curve": det.curve,
        },
    })
}
