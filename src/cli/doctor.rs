//! `regulars doctor`: everything that a start needs, tried one by one, with what to do about each fault.

use std::net::SocketAddr;
use std::process::ExitCode;

use crate::base::Identity;
use crate::config::{Config, ConfigArgs};
use crate::identity::Search;
use crate::rtp::PortPool;
use crate::sip::Transport;
use crate::store::{DeadLetters, Delivery, OtherModel, Store};
use crate::voice::{Model, ModelSource};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let mut report = Report::default();
    report.add("configuration", Ok(search(&config)));
    let model = config.model.load();
    report.add(
        "model",
        model
            .as_ref()
            .map(|model| format!("{} ({}); golden clips agree", config.model, model.embedder.model()))
            .map_err(|e| e.to_string()),
    );
    if let Some(source) = &config.spoof_model {
        report.add("spoof model", source.spoof().map(|model| format!("{source}: {model}")).map_err(|e| e.to_string()));
    }
    for listen in &config.sip.listen {
        report.add(&format!("calls {listen}"), free(listen.transport, listen.addr));
    }
    if let Some(files) = &config.sip.tls {
        let fits = |_| format!("{} and its key fit", files.certificate.display());
        report.add("tls", Identity::load(files.clone()).map(fits).map_err(|error| error.to_string()));
    }
    let trust = &config.sip.trust;
    let reachable = config.sip.listen.iter().any(|listen| !listen.addr.ip().is_loopback());
    if reachable && trust.networks.is_empty() && trust.users.is_empty() {
        report.note("calls", "everyone who reaches sip.listen may call: sip.trust and sip.digest_users are empty");
    }
    report.add("desk", free(Transport::Tcp, config.desk_listen));
    super::runtime()?.block_on(async {
        let ip = config.rtp_address.or(config.sip.listen.first().map(|listen| listen.addr.ip()));
        report.add("media", media(&config, ip.unwrap_or([127, 0, 0, 1].into())).await);
        match store(&config, model.as_ref().ok()).await {
            Ok(Found { store: found, sleeping, unsent }) => {
                report.add("store", Ok(found));
                sleeping.iter().for_each(|note| report.note("voiceprints", note));
                unsent.iter().for_each(|note| report.note("webhooks", note));
            }
            Err(fault) => report.add("store", Err(fault)),
        }
    });
    Ok(report.exit_code())
}

#[derive(Default)]
struct Report {
    faults: usize,
}

impl Report {
    fn add(&mut self, what: &str, outcome: Result<String, String>) {
        match outcome {
            Ok(found) => println!("ok     {what}: {found}"),
            Err(fault) => {
                self.faults += 1;
                println!("FAULT  {what}: {fault}");
            }
        }
    }

    /// Something to know that keeps nothing from starting.
    fn note(&mut self, what: &str, note: &str) {
        println!("note   {what}: {note}");
    }

    fn exit_code(&self) -> ExitCode {
        if self.faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn search(config: &Config) -> String {
    match config.call.identity.search {
        Search::Number => "only the consented people of the calling number are compared".to_owned(),
        Search::Everyone => format!("everyone who agreed is compared, because: {}", config.search_reason),
    }
}

/// A port that a running Regulars holds is reported too: two services on one port is the commonest fault.
fn free(transport: Transport, addr: SocketAddr) -> Result<String, String> {
    let bound = match transport {
        Transport::Udp => std::net::UdpSocket::bind(addr).map(drop),
        Transport::Tcp | Transport::Tls => std::net::TcpListener::bind(addr).map(drop),
    };
    bound.map(|()| format!("{addr} is free")).map_err(|error| format!("{addr}: {error}"))
}

async fn media(config: &Config, ip: std::net::IpAddr) -> Result<String, String> {
    let pool = PortPool::new(ip, config.rtp_ports.clone()).map_err(|error| error.to_string())?;
    let socket = pool.open().await.map_err(|error| error.to_string())?;
    Ok(format!("ports {}-{} on {}", config.rtp_ports.start(), config.rtp_ports.end(), socket.local_addr().ip()))
}

/// What is in the store, and what is to be known of voiceprints that are not compared and of events that were not taken.
struct Found {
    store: String,
    sleeping: Vec<String>,
    unsent: Vec<String>,
}

async fn store(config: &Config, model: Option<&Model>) -> Result<Found, String> {
    let in_words = |error: crate::store::StoreError| error.to_string();
    let store = Store::open(config.store.clone()).await.map_err(in_words)?;
    let (mut found, mut sleeping) = (store.place(), Vec::new());
    if let Some(model) = model {
        let in_use = model.embedder.model();
        let voiceprints = store.voiceprints(in_use).await.map_err(in_words)?;
        found = format!("{found}; {} voiceprints of this model", voiceprints.len());
        sleeping = store.other_models(in_use).await.map_err(in_words)?.iter().map(asleep).collect();
    }
    let mut unsent: Vec<String> = store.dead_letters().await.map_err(in_words)?.iter().map(given_up).collect();
    let newest = store.newest_event().await.map_err(in_words)?;
    for endpoint in &config.records.endpoints {
        let at = store.delivery(&endpoint.name).await.map_err(in_words)?;
        unsent.extend(at.filter(|at| at.attempts > 0).map(|at| waiting(&endpoint.name, at, newest)));
    }
    store.close().await;
    Ok(Found { store: found, sleeping, unsent })
}

fn given_up(dead: &DeadLetters) -> String {
    let DeadLetters { endpoint, count, seq, reason } = dead;
    format!("{endpoint} did not take {count} events, the last of them number {seq} ({reason}); they are not sent again")
}

fn waiting(endpoint: &str, at: Delivery, newest: u64) -> String {
    let behind = newest.saturating_sub(at.seq);
    format!("{endpoint} has not taken the next event after {} tries, and is {behind} behind", at.attempts)
}

fn asleep(other: &OtherModel) -> String {
    let inside = ModelSource::inside().find(|source| source.id().is_ok_and(|id| id == other.model));
    let (whose, back) = match &inside {
        Some(source) => (format!("model {} ({})", source.name(), other.model), source.name().into_owned()),
        None => (format!("another model ({})", other.model), "that model's folder".to_owned()),
    };
    format!(
        "{} are of {whose} and never compared; {} customers have none of the model in use. Enrol those again when they \
         call, or set voice.model back to {back}",
        other.voiceprints, other.waiting
    )
}
