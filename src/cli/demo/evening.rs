//! Runs the evening: the shop, its service, one call after the other, and what came of each.

use std::io::{IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::desk::{self, Desk};
use super::scenes::{Agent, Cast, Expected, Scene};

use super::{house, voices};
use crate::desk::wire::proto::Card;
use crate::rtp::Codec;
use crate::service::Service;
use crate::sip::softphone::{self, SoftphoneOptions, Tail};
use crate::speech::{codec, wav};
use crate::telemetry;

#[derive(clap::Args)]
pub struct Args {
    /// Play without a page to watch: one line a call, then a summary
    #[arg(long)]
    headless: bool,
    /// Play the evening once, then end (1 when a call came out wrong)
    #[arg(long)]
    once: bool,
    /// Where the page is to be found
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    desk: String,
    /// Folder of the synthetic voices
    #[arg(long, value_name = "DIR", default_value = "fixtures/speech")]
    fixtures: PathBuf,
}

const LINE: &str = "pizza";
/// A call that has not come to its card by then has gone wrong: the longest recording is 20 s, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// For someone who watches the page: time to read a card before the next call.
const PAUSE_TO_READ: Duration = Duration::from_secs(6);

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    telemetry::start("warn")?;
    crate::cli::runtime()?.block_on(async move {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let cast_voices = voices::load(&args.fixtures)?;
        let desk = if args.headless { "127.0.0.1:0" } else { &args.desk };
        println!("opening the shop: 40 customers, two years of orders, {} voices", cast_voices.len());
        let (service, shop) = house::open(folder.path(), desk).await?;
        let cast = Cast::new(&shop, cast_voices)?;
        let enrolled = house::enroll(&service, &cast).await?;
        println!("{enrolled} customers agreed to be recognised by voice");
        println!("everyone's voice is compared in this demo: identity.search = \"everyone\"");
        if !args.headless {
            println!("\nopen http://{}  (agent {}, line {LINE})\n", service.desk, desk::AGENT);
        }
        let mut wrong = play(&service, &cast.scenes(&args.fixtures)?, args.headless).await?;
        while !args.once && wrong == 0 && !args.headless {
            wrong = play(&service, &cast.scenes(&args.fixtures)?, false).await?;
        }
        service.stop(std::future::pending()).await;
        Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// Returns how many calls came out wrong.
async fn play(service: &Service, scenes: &[Scene], headless: bool) -> anyhow::Result<usize> {
    let mut wrong = 0;
    for scene in scenes {
        let card = one_call(service, scene).await.with_context(|| scene.title.to_owned())?;
        let right = card.as_ref().is_some_and(|card| desk::is_as_expected(card, &scene.expected));
        wrong += usize::from(!right);
        println!("{}", report(scene, card.as_ref(), right));
        if !headless {
            tokio::time::sleep(PAUSE_TO_READ).await;
        }
    }
    println!("{} calls, {} right, {wrong} wrong", scenes.len(), scenes.len() - wrong);
    Ok(wrong)
}

/// Places the call and plays the agent until the card has come to what is expected, or the caller has said everything.
/// Returns the last card before the hang-up.
async fn one_call(service: &Service, scene: &Scene) -> anyhow::Result<Option<Card>> {
    let mut screen = Desk::watch(service.desk, LINE).await?;
    let hang_up = CancellationToken::new();
    let phone = service.lifecycle.spawn(softphone::place(
        phone_options(service, scene)?,
        service.lifecycle.clone(),
        hang_up.clone(),
    ));
    tokio::pin!(phone);
    let mut last: Option<Card> = None;
    let mut acted = false;
    let outcome = tokio::time::timeout(PATIENCE, async {
        loop {
            tokio::select! {
                card = screen.next_live() => {
                    let Some(card) = card? else { continue };
                    acted = acted || act(&mut screen, scene, &card).await?;
                    let done = desk::is_as_expected(&card, &scene.expected) && is_worth_ending(scene, &card);
                    progress(scene, &card);
                    last = Some(card);
                    if done {
                        hang_up.cancel();
                    }
                }
                outcome = &mut phone => return outcome.context("the softphone failed")?.map_err(anyhow::Error::from),
            }
        }
    })
    .await
    .context("the call did not end")??;
    anyhow::ensure!(outcome.status == 200, "the call was answered {} {}", outcome.status, outcome.reason);
    if let (Expected::Enrolled { .. }, Some(card)) = (&scene.expected, &last) {
        last = Some(enrolment_of(&mut screen, card).await?);
    }
    clear_progress();
    Ok(last)
}

/// The enrolment ends with the call: its last word comes after the hang-up.
async fn enrolment_of(screen: &mut Desk, card: &Card) -> anyhow::Result<Card> {
    use crate::desk::wire::proto::EnrolmentState::{Failed, Stored};
    let decided = async {
        loop {
            if let Some(card) = screen.next_of(&card.call_id).await?
                && card.enrolment.as_ref().is_some_and(|enrolment| matches!(enrolment.state(), Stored | Failed))
            {
                return anyhow::Ok(card);
            }
        }
    };
    tokio::time::timeout(PATIENCE, decided).await.context("the enrolment came to no end")?
}

fn phone_options(service: &Service, scene: &Scene) -> anyhow::Result<SoftphoneOptions> {
    let sip = service.sip.first().context("no SIP listener")?;
    let mut audio = Vec::new();
    for recording in &scene.recordings {
        let bytes = std::fs::read(recording).with_context(|| recording.display().to_string())?;
        let wav = wav::parse(&bytes).with_context(|| recording.display().to_string())?;
        codec::encode(Codec::Pcmu, &wav.samples, &mut audio);
    }
    let from = scene.from.clone().map(Into::into);
    let mut options = SoftphoneOptions::new(format!("sip:{LINE}@{}", sip.addr), from, audio);
    options.codec = Codec::Pcmu;
    // The front-end waits for a pause or for more speech before it judges the last word.
    options.tail = Tail::For(Duration::from_secs(2));
    Ok(options)
}

/// Whether the agent has now done all they will do.
async fn act(screen: &mut Desk, scene: &Scene, card: &Card) -> anyhow::Result<bool> {
    match (scene.agent, &scene.expected) {
        (Agent::TakesTheOrder, _) if card.profile.is_some() && card.likely_order.is_some() => {
            screen.take_order(card).await?;
            Ok(true)
        }
        (Agent::NotesTheYes, Expected::Enrolled { name }) if card.consent_script.is_some() => {
            screen.note_the_yes(card, name).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// A card that shows names by number alone is right from the start: what counts is that it still is at the end.
fn is_worth_ending(scene: &Scene, card: &Card) -> bool {
    match scene.expected {
        Expected::NumberOnly | Expected::Enrolled { .. } => false,
        Expected::Likely { .. } => card.settled,
        Expected::Known { .. } => scene.agent != Agent::TakesTheOrder || !card.order_placed.is_empty(),
        Expected::NotKnown => true,
    }
}

fn progress(scene: &Scene, card: &Card) {
    if std::io::stderr().is_terminal() {
        let seconds = f64::from(card.net_speech_ms) / 1000.0;
        eprint!(
            "\r\x1b[K{}: {} ({:.0} %, {seconds:.1} s)",
            scene.title,
            desk::in_words(card),
            100.0 * desk::chance(card)
        );
        // A terminal that cannot be written to shows no progress; the report goes elsewhere.
        let _ = std::io::stderr().flush();
    }
}

fn clear_progress() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}

fn report(scene: &Scene, card: Option<&Card>, right: bool) -> String {
    let expected = match &scene.expected {
        Expected::Known { name } => name.clone(),
        Expected::Likely { name } => format!("{name}, at least probably"),
        Expected::NotKnown => "not someone we know".to_owned(),
        Expected::NumberOnly => "by number only".to_owned(),
        Expected::Enrolled { .. } => "voice remembered".to_owned(),
    };
    let verdict = if right { "right" } else { "WRONG" };
    let Some(card) = card else {
        return format!("{verdict}  {:38} expected {expected}; no card was shown", scene.title);
    };
    let seconds = f64::from(card.net_speech_ms) / 1000.0;
    let mut line = format!("{verdict}  {:38} expected {expected}; shown {}", scene.title, desk::in_words(card));
    if card.enrolment.is_none() {
        let (chance, order) = (100.0 * desk::chance(card), desk::likely_order(card));
        line += &format!("; chance {chance:.0} %; {seconds:.1} s of speech; likely order {order}");
    }
    line
}
