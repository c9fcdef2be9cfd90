//! `regulars models`: speaker models of others, fetched, checked and taken into use.

mod check;
mod fetch;
mod library;
mod origin;
mod pull;
mod use_model;

use std::process::ExitCode;

use crate::config::ConfigArgs;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// What is inside the program and in the folder of voice.models
    List(ConfigArgs),
    /// Fetch a model file of WeSpeaker, 3D-Speaker or NeMo as sherpa-onnx publishes them, and check it
    Pull(pull::Args),
    /// Try a model: does it load, is it fed as it wants, does it give what it gave before
    Check(check::Args),
    /// Say what a model still lacks for calls, and take it into use when nothing is missing
    Use(use_model::Args),
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.what {
        What::List(config) => library::list(&config),
        What::Pull(args) => pull::run(args),
        What::Check(args) => check::run(args),
        What::Use(args) => use_model::run(args),
    }
}
