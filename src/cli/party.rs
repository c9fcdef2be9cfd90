//! `regulars party`: records that stand for one party, or that stood for two.

use std::process::ExitCode;

use crate::base::{E164, Pii, clock};
use crate::config::ConfigArgs;
use crate::customer::CustomerId;
use crate::store::{SplitOff, Store};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Read two records as one from here on; nothing is moved, and `undo-merge` takes it back
    Merge {
        /// The record that is a double
        double: String,
        /// The record that stands for both
        of: String,
        #[command(flatten)]
        by: By,
    },
    /// Make a double a customer of its own again
    UndoMerge {
        double: String,
        #[command(flatten)]
        by: By,
    },
    /// Give somebody who was in another's record one of their own; merging it back undoes it
    Split {
        /// The record that stood for two
        from: String,
        /// Name of who gets a new record
        #[arg(long)]
        name: String,
        /// Numbers that are theirs, in international form
        #[arg(long, value_delimiter = ',', value_name = "NUMBER")]
        numbers: Vec<String>,
        /// Contacts that were theirs, by contact_id
        #[arg(long, value_delimiter = ',', value_name = "ID")]
        contacts: Vec<String>,
        /// Orders that were theirs, by order_id
        #[arg(long, value_delimiter = ',', value_name = "ID")]
        orders: Vec<String>,
        #[command(flatten)]
        by: By,
    },
}

#[derive(clap::Args)]
struct By {
    /// Who of us does this: it stands in the audit
    #[arg(long, value_name = "NAME")]
    operator: String,
    #[command(flatten)]
    config: ConfigArgs,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (What::Merge { by, .. } | What::UndoMerge { by, .. } | What::Split { by, .. }) = &args.what;
    let config = by.config.load()?;
    let country_code = config.sip.country_code.as_deref();
    let said = super::runtime()?.block_on(async {
        let store = Store::open(config.store).await?;
        let said = carry_out(&args.what, &store, country_code).await;
        store.close().await;
        said
    })?;
    println!("{said}");
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(what: &What, store: &Store, country_code: Option<&str>) -> anyhow::Result<String> {
    let now = clock::wall();
    match what {
        What::Merge { double, of, by } => {
            store.merge(&CustomerId::new(double.as_str()), &CustomerId::new(of.as_str()), &by.operator, now).await?;
            Ok(format!("{double} is read as {of} from here on; `regulars party undo-merge {double}` takes it back"))
        }
        What::UndoMerge { double, by } => {
            store.undo_merge(&CustomerId::new(double.as_str()), &by.operator, now).await?;
            Ok(format!("{double} is a customer of its own again"))
        }
        What::Split { from, name, numbers, contacts, orders, by } => {
            let off = SplitOff {
                name: Pii::new(name.clone()),
                numbers: numbers.iter().map(|number| E164::parse(number, country_code)).collect::<Result<_, _>>()?,
                contacts: contacts.clone(),
                orders: orders.clone(),
            };
            let new = store.split(&CustomerId::new(from.as_str()), off, &by.operator, now).await?;
            Ok(format!(
                "{new} is the new record; a voiceprint stays with {from}, so withdraw it if it is the other's voice"
            ))
        }
    }
}
