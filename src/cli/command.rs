//! Arguments to commands, and errors to exit codes.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::{accuracy, call, demo, doctor, enroll, eval, export, import, load, models, outbound, party, serve};
use crate::base::ErrorKind;
use crate::config::ConfigError;
use crate::service::ServiceError;

/// Recognises returning callers by voice and puts their card on the agent's screen. Recognised, never authenticated.
#[derive(Parser)]
#[command(name = "regulars", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Stand on the phone line and serve the agents' screens
    Serve(serve::Args),
    /// Play an evening in a pizza shop: real calls on loopback, cards on the screen
    Demo(demo::Args),
    /// Place one call with a recording as the caller's voice
    Call(call::Args),
    /// Read customers, orders, contacts or products from a CSV file into the store
    Import(import::Args),
    /// Write out everything that is kept of one person
    Export(export::Args),
    /// Make a voiceprint of a consenting customer from recordings
    Enroll(enroll::Args),
    /// Measure recognition on recordings
    Eval(eval::Args),
    /// Show how often the card was right, by what the agents said
    Accuracy(accuracy::Args),
    /// Fit the stated chances to this shop's own calls
    Calibrate(accuracy::CalibrateArgs),
    /// Merge two records of one customer, or split one of two; both can be undone
    Party(party::Args),
    /// Take from a list of customers those who may be contacted now, and say why of the rest
    Outbound(outbound::Args),
    /// Speaker models of others: list, pull, check, use
    Models(models::Args),
    /// Place many calls at once and print how long each card took
    Load(load::Args),
    /// Check model, store, ports and configuration, and say what is wrong
    Doctor(doctor::Args),
}

/// Parses the arguments and runs the command. The exit code is the command's own.
pub fn run() -> ExitCode {
    let command = Cli::parse().command;
    // A reader that has seen enough ends a report. It never ends a service.
    if !matches!(command, Command::Serve(_) | Command::Demo(_)) {
        sigpipe::reset();
    }
    let outcome = match command {
        Command::Serve(args) => serve::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Call(args) => call::run(args),
        Command::Import(args) => import::run(args),
        Command::Export(args) => export::run(args),
        Command::Enroll(args) => enroll::run(args),
        Command::Eval(args) => eval::run(args),
        Command::Accuracy(args) => accuracy::run(args),
        Command::Calibrate(args) => accuracy::calibrate(args),
        Command::Party(args) => party::run(args),
        Command::Outbound(args) => outbound::run(args),
        Command::Models(args) => models::run(args),
        Command::Load(args) => load::run(args),
        Command::Doctor(args) => doctor::run(args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("regulars: {}", in_words(&error));
        exit_code(&error)
    })
}

pub(super) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// The chain of causes, each said once: some errors name their cause in their own sentence.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| {
        if said.contains(&cause) {
            said
        } else if said.is_empty() {
            cause
        } else {
            format!("{said}: {cause}")
        }
    })
}

/// sysexits.h: 64 is a usage error, here a configuration that cannot be used; 1 is everything else.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    let service = error.downcast_ref::<ServiceError>().map(ServiceError::kind);
    let store = error.downcast_ref::<crate::store::StoreError>().map(crate::store::StoreError::kind);
    let unusable = error.is::<ConfigError>()
        || [service, store]
            .into_iter()
            .flatten()
            .any(|kind| matches!(kind, ErrorKind::InvalidInput | ErrorKind::Denied));
    if unusable { ExitCode::from(64) } else { ExitCode::FAILURE }
}
