//! `regulars serve`: the service itself, until it is told to stop.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::{ConfigArgs, ConfigError};
use crate::service::Service;
use crate::telemetry;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    telemetry::start(&config.log_filter).map_err(|error| ConfigError::invalid("log.filter", &error))?;
    super::runtime()?.block_on(async {
        // Before anything is open: from here on no signal ends the process half-way.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let service = Service::start(config).await?;
        for listen in &service.sip {
            println!("calls      {listen}");
        }
        if let Some(address) = service.websockets {
            println!("streams    ws://{address}");
        }
        if let Some(address) = service.audiosocket {
            println!("streams    audiosocket:{address}");
        }
        println!("desk       http://{}", service.desk);
        println!("store      {}", service.store.place());
        println!("model      {}", service.model);

        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        eprintln!("no new calls; waiting for {} to end (again to end them at once)", service.registry.live());
        let second = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        service.stop(second).await;
        Ok(ExitCode::SUCCESS)
    })
}
