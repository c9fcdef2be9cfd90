//! `regulars eval value`: how often customers will order, whether they are still there, and for how much.

mod holdout;
mod input;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::customer::value::{BgNbd, GammaGamma, ParetoNbd};
use holdout::Holdout;
use input::Input;
use report::Report;

#[derive(clap::Args)]
pub struct Args {
    /// CSV of orders (customer_id, order_id, ordered_at and, where known, amount), or a summary (x, t_x, T in weeks and,
    /// where known, m_x or zbar, the mean value of the repeat orders)
    #[arg(value_name = "CDNOW.csv")]
    file: PathBuf,
    /// Weeks from the first order in the list that the models are fitted on; the rest is held out. 39 are the published
    /// CDNOW study's
    #[arg(long, value_name = "N", default_value_t = 39, value_parser = clap::value_parser!(u16).range(1..))]
    calibration_weeks: u16,
    /// Write all figures as JSON too
    #[arg(long, value_name = "OUT.json")]
    json: Option<PathBuf>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let name = args.file.display().to_string();
    let input = Input::read(&args.file)?;
    let customers = input.summary(i32::from(args.calibration_weeks)).with_context(|| name.clone())?;
    let bg_nbd = BgNbd::fit(&customers).with_context(|| name.clone())?;
    let pareto_nbd = ParetoNbd::fit(&customers).with_context(|| name.clone())?;
    let gamma_gamma =
        customers.iter().any(|customer| customer.mean_value.is_some()).then(|| GammaGamma::fit(&customers));
    let gamma_gamma = gamma_gamma.transpose().with_context(|| name.clone())?;
    let holdout = match &input {
        Input::Orders(orders) => Holdout::new(orders, i32::from(args.calibration_weeks), &bg_nbd, &pareto_nbd),
        Input::Summary(_) => None,
    };
    let report = Report::new(&customers, bg_nbd, pareto_nbd, gamma_gamma, holdout);
    print!("{report}");
    if let Some(out) = &args.json {
        let figures = serde_json::to_value(&report)?;
        std::fs::write(out, format!("{figures:#}\n")).with_context(|| format!("cannot write {}", out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
