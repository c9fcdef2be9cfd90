//! `regulars eval orders`: what will these customers order next, and how good is the guess?

mod baselines;
mod files;
mod measure;
mod metrics;
mod report;
mod shop;

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use jiff::tz::TimeZone;

use crate::base::clock;
use crate::customer::Order;
use crate::customer::likely_order::{OrderBook, ShopModel, Situation, rank};
use files::{Next, Predictions};
use measure::Measured;

#[derive(clap::Args)]
#[command(after_long_help = FIGURES, group(clap::ArgGroup::new("orders").required(true).args(["history", "synthetic"])))]
pub struct Args {
    /// Everyone's orders: CSV with the columns customer_id,order_id,ordered_at,item_id,quantity. ordered_at and quantity may be
    /// missing or empty; then order_id sorts in time
    #[arg(value_name = "HISTORY.csv")]
    history: Option<PathBuf>,
    /// Whose next order to foretell, one a line; after a comma the moment of that order, where it is known
    #[arg(long, value_name = "IDS.txt", requires = "out", conflicts_with = "synthetic")]
    customers: Option<PathBuf>,
    /// Items to name for each customer
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    top: u16,
    /// Where to write customer_id,rank,item_id,prob; every customer asked for is answered
    #[arg(long, value_name = "PRED.csv", requires = "customers")]
    out: Option<PathBuf>,
    /// Measure: foretell everyone's last order from those before
    #[arg(long, value_enum, value_name = "last", conflicts_with_all = ["truth", "synthetic"])]
    holdout: Option<Holdout>,
    /// Measure against these next orders: CSV with the columns customer_id,item_id and, where known, ordered_at
    #[arg(long, value_name = "NEXT.csv", conflicts_with = "synthetic")]
    truth: Option<PathBuf>,
    /// What may be offered, an item a line [default: whatever anybody has ordered]
    #[arg(long, value_name = "MENU.txt", conflicts_with = "synthetic")]
    menu: Option<PathBuf>,
    /// Where the shop is: whose lunch and evening count
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
    /// Measure on a made-up shop instead, by kind of customer
    #[arg(long, value_name = "SEED")]
    synthetic: Option<u64>,
    /// Write the made-up shop's history.csv and menu.txt into this folder
    #[arg(long, value_name = "FOLDER", requires = "synthetic")]
    save: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Holdout {
    Last,
}

/// What `--help` says of the figures.
const FIGURES: &str = "\
Figures, means over customers; k is 10:
  Recall  share of the next order's items that are among the k likeliest
  NDCG    discounted cumulative gain of those k: a hit at place r gains 1 / log2(r + 1), and the sum is
          divided by what min(k, size of the order) hits in the first places would gain
  PHR     share of customers with a hit among the k
  first   share of customers whose likeliest item is in the next order
  exact   share of customers whose next order has just the items of the whole order offered
  ECE     expected calibration error of all the k chances: in 10 bins of equal width, how far the mean
          chance is from the share that came, weighted by the bin's size
  Brier   Brier skill of all the k chances: 1 less their mean squared error over that of the share of them that
          came, said for each

Weights and calibration are fitted to the history that is foretold from, and see nothing of what is measured. A shop with fewer
than 200 customers who came back gets the defaults. Personal frequency is the share of a customer's orders that
hold an item; TIFUKNN is that of Hu et al. (SIGIR 2020) with their values for Ta-Feng.
\"After newest order\" forgets all but the newest order of each customer.";

/// A customer's orders, oldest first.
pub struct Customer {
    pub id: String,
    /// What they are in a made-up shop.
    pub kind: &'static str,
    pub orders: Vec<Order>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let tz = TimeZone::get(&args.time_zone).with_context(|| format!("--time-zone {}", args.time_zone))?;
    match (&args.history, args.synthetic) {
        (Some(history), _) => of_history(args, history, &tz)?,
        (None, Some(seed)) => of_made_up_shop(args, seed)?,
        (None, None) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn of_history(args: &Args, path: &std::path::Path, tz: &TimeZone) -> anyhow::Result<()> {
    ensure!(
        args.out.is_some() || args.truth.is_some() || args.holdout.is_some(),
        "nothing to do: name --customers and --out, or --truth, or --holdout last"
    );
    let history = files::history(path, clock::wall(), tz)?;
    if history.future > 0 {
        eprintln!("{}: {} rows lie in the future and are left out", path.display(), history.future);
    }
    if history.repeated > 0 {
        eprintln!("{}: {} rows say what another said before and count once", path.display(), history.repeated);
    }
    let menu = match &args.menu {
        Some(path) => files::menu(path)?,
        None => items(&history.customers),
    };
    if let Some(Holdout::Last) = args.holdout {
        let (cases, known) = measure::hold_out_last(&history.customers, history.dated);
        ensure!(!cases.is_empty(), "{}: nobody has ordered twice", path.display());
        print!("{}", Measured::new(&cases, &known, &fit(&known, &menu, tz), tz));
    }
    if args.truth.is_none() && args.out.is_none() {
        return Ok(());
    }
    let known: Vec<&[Order]> = history.customers.iter().map(|customer| &customer.orders[..]).collect();
    let shop = fit(&known, &menu, tz);
    if let Some(path) = &args.truth {
        let next = files::truth(path, tz)?;
        let cases = measure::cases(&history.customers, &next);
        let strangers = cases.iter().filter(|case| case.orders.is_empty()).count();
        if strangers > 0 {
            eprintln!("{}: {strangers} customers have no orders in the history", path.display());
        }
        print!("{}", Measured::new(&cases, &known, &shop, tz));
    }
    if let (Some(ids), Some(out)) = (&args.customers, &args.out) {
        let asked = files::asked(ids, tz)?;
        foretell(&history.customers, &asked, &shop, tz, args.top.into(), Predictions::create(out)?)?;
    }
    Ok(())
}

fn of_made_up_shop(args: &Args, seed: u64) -> anyhow::Result<()> {
    let shop = shop::Shop::new(seed);
    if let Some(folder) = &args.save {
        files::save(folder, &shop.customers, &shop.menu)?;
    }
    let (cases, known) = measure::hold_out_last(&shop.customers, true);
    let measured = Measured::new(&cases, &known, &fit(&known, &shop.menu, &TimeZone::UTC), &TimeZone::UTC);
    print!("{measured}");
    Ok(())
}

fn fit(known: &[&[Order]], menu: &HashSet<String>, tz: &TimeZone) -> ShopModel {
    let mut book = OrderBook::default();
    known.iter().for_each(|orders| book.add_customer(orders));
    book.fitted(menu.iter().map(String::as_str), tz)
}

fn items(customers: &[Customer]) -> HashSet<String> {
    let lines = customers.iter().flat_map(|customer| &customer.orders).flat_map(|order| &order.lines);
    let mut items = HashSet::new();
    for line in lines {
        if !items.contains(&line.item) {
            items.insert(line.item.clone());
        }
    }
    items
}

fn foretell(
    customers: &[Customer],
    asked: &[Next],
    shop: &ShopModel,
    tz: &TimeZone,
    top: usize,
    mut out: Predictions,
) -> anyhow::Result<()> {
    for case in measure::cases(customers, asked) {
        for (chance, place) in rank(case.orders, shop, &Situation::at(case.at, tz), top).iter().zip(1..) {
            out.write(case.customer, place, chance.item, chance.chance)?;
        }
    }
    out.finish()
}
