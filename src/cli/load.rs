//! `regulars load`: many real-time calls at once into a service of its own, and how long each card took.
//!
//! Everything is real but the voices: SIP, RTP, inference, store, screens. The figures are of this machine, with the
//! telephones on it too.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::demo::{self, Voice};
use crate::base::percentile::percentile;
use crate::base::{CallId, clock};
use crate::desk::Cards;
use crate::rtp::Codec;
use crate::service::Service;
use crate::sip::softphone::{self, SoftphoneOptions, Tail};
use crate::speech::{codec, wav};
use crate::telemetry;

#[derive(clap::Args)]
pub struct Args {
    /// Calls at the same time
    #[arg(long, default_value_t = 20)]
    calls: usize,
    /// Time over which they begin, in milliseconds
    #[arg(long, default_value_t = 1000)]
    ramp_ms: u64,
    /// Folder of the synthetic voices
    #[arg(long, value_name = "DIR", default_value = "fixtures/speech")]
    fixtures: PathBuf,
}

/// For each card: from what it rests on (the INVITE, or the last packet of a window) to the screens.
#[derive(Default)]
struct Delays {
    by_number: Vec<Duration>,
    by_voice: Vec<Duration>,
    recognised: usize,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    telemetry::start("warn")?;
    super::runtime()?.block_on(async move {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let (service, regulars) = demo::open_with_voices(folder.path(), &args.fixtures).await?;
        let watching = CancellationToken::new();
        let watcher = service.lifecycle.spawn(watch_cards(service.feed.all(), watching.clone()));

        let mut phones = Vec::new();
        for n in 0..args.calls {
            let (number, voice) = &regulars[n % regulars.len()];
            let options = phone(&service, number, voice, n)?;
            phones.push(service.lifecycle.spawn(softphone::place(
                options,
                service.lifecycle.clone(),
                CancellationToken::new(),
            )));
            tokio::time::sleep(Duration::from_millis(args.ramp_ms / args.calls.max(1) as u64)).await;
        }
        let mut packets_sent = 0;
        for phone in phones {
            let outcome = phone.await??;
            anyhow::ensure!(outcome.status == 200, "a call was answered {} {}", outcome.status, outcome.reason);
            packets_sent += outcome.packets_sent;
        }
        watching.cancel();
        let mut delays = watcher.await?;
        let registry = service.registry.clone();
        service.stop(std::future::pending()).await;
        let counts = registry.totals().counts();

        println!("calls at once          {}", args.calls);
        println!("recognised             {}", delays.recognised);
        print_delays("INVITE to card", &mut delays.by_number);
        print_delays("evidence to card", &mut delays.by_voice);
        println!("RTP packets sent       {packets_sent}");
        println!("RTP packets received   {}", counts.packets_received);
        println!("given up as lost       {}", counts.packets_given_up);
        println!("windows dropped        {}", counts.windows_dropped);
        let whole = counts.packets_received == packets_sent && counts.packets_given_up == 0;
        Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn print_delays(what: &str, delays: &mut [Duration]) {
    let ms = |delay: Option<Duration>| delay.map_or(f64::NAN, |delay| delay.as_secs_f64() * 1000.0);
    let (p50, p95) = (ms(percentile(delays, 50)), ms(percentile(delays, 95)));
    let most = ms(percentile(delays, 100));
    println!("{what:22} p50 {p50:.1} ms, p95 {p95:.1} ms, most {most:.1} ms, of {}", delays.len());
}

fn phone(service: &Service, number: &str, voice: &Voice, n: usize) -> anyhow::Result<SoftphoneOptions> {
    let recording = voice.probe.first().context("a voice without a recording")?;
    let wav = wav::parse(&std::fs::read(recording)?).with_context(|| recording.display().to_string())?;
    let mut audio = Vec::new();
    codec::encode(Codec::Pcmu, &wav.samples, &mut audio);
    let sip = service.sip.first().context("no SIP listener")?;
    let mut options =
        SoftphoneOptions::new(format!("sip:load-{n}@{}", sip.addr), Some(number.to_owned().into()), audio);
    options.codec = Codec::Pcmu;
    options.tail = Tail::For(Duration::from_secs(2));
    Ok(options)
}

/// Notes the delay of each state of each card, once.
async fn watch_cards(mut cards: watch::Receiver<Cards>, until: CancellationToken) -> Delays {
    let mut delays = Delays::default();
    let mut seen: HashMap<CallId, (u32, bool)> = HashMap::new();
    loop {
        tokio::select! {
            () = until.cancelled() => return delays,
            changed = cards.changed() => if changed.is_err() { return delays },
        }
        let now: Instant = clock::now();
        let present = Arc::clone(&cards.borrow_and_update());
        for card in present.iter() {
            let known_by_number = !card.candidates.is_empty() && card.net_speech_ms == 0;
            match seen.get_mut(&card.call) {
                None if known_by_number => {
                    delays.by_number.push(now - card.evidence_at);
                    seen.insert(card.call.clone(), (0, false));
                }
                Some((heard_ms, recognised)) if card.net_speech_ms > *heard_ms => {
                    delays.by_voice.push(now - card.evidence_at);
                    *heard_ms = card.net_speech_ms;
                    let now_recognised = card.state == crate::identity::State::Recognised;
                    delays.recognised += usize::from(now_recognised && !*recognised);
                    *recognised |= now_recognised;
                }
                _ => {}
            }
        }
    }
}
