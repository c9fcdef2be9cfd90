//! `regulars enroll`: a voiceprint from recordings, with the consent that was given for it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::base::clock;
use crate::config::ConfigArgs;
use crate::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use crate::desk::consent_script;
use crate::speech::{FrontEnd, wav};
use crate::store::Store;
use crate::voice::Model;
use crate::voice::enroll::{Condition, Enroller};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The customer's key, as imported
    #[arg(long, value_name = "ID")]
    customer: String,
    /// The words that the customer agreed to, such as phone-en-2
    #[arg(long, value_name = "ID")]
    consent_script: String,
    /// Who of us took the consent down
    #[arg(long, value_name = "NAME")]
    operator: String,
    /// Recordings of this customer alone: WAV, PCM 16 or G.711, 8 or 16 kHz, mono
    #[arg(required = true, value_name = "FILE.wav")]
    files: Vec<PathBuf>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let Some(script) = consent_script::by_id(&args.consent_script) else {
        let known: Vec<&str> = consent_script::ALL.iter().map(|script| script.id).collect();
        anyhow::bail!("there is no consent script `{}`; there are {}", args.consent_script, known.join(", "));
    };
    let model = config.model.load()?;
    let mut enroller = Enroller::default();
    for file in &args.files {
        hear(&model, file, &mut enroller).with_context(|| file.display().to_string())?;
    }
    let now = clock::wall();
    let (net_speech_ms, clipped_ms) = (enroller.net_speech_ms(), enroller.clipped_ms());
    let voiceprint = enroller.finish(model.embedder.model(), now)?;
    let consent = ConsentRecord {
        customer: CustomerId::new(args.customer),
        purpose: Purpose::Recognise,
        given: true,
        at: now,
        script: script.id.to_owned(),
        language: script.language.to_owned(),
        channel: ConsentChannel::Operator,
        operator: args.operator,
        call: None,
    };
    super::runtime()?.block_on(async {
        let store = Store::open(config.store).await?;
        store.enroll(consent, voiceprint).await?;
        store.close().await;
        anyhow::Ok(())
    })?;
    println!("enrolled from {:.1} s of speech in {} recordings", f64::from(net_speech_ms) / 1000.0, args.files.len());
    if clipped_ms > 0 {
        println!("{:.1} s more were left out: they are overdriven", f64::from(clipped_ms) / 1000.0);
    }
    println!("a running service takes the voiceprint up within seconds");
    Ok(ExitCode::SUCCESS)
}

/// Adds one recording to what is known of a voice.
pub fn hear(model: &Model, file: &Path, enroller: &mut Enroller) -> anyhow::Result<()> {
    let wav = wav::parse(&std::fs::read(file)?)?;
    let mut front_end = FrontEnd::reading(model.embedder.features(), wav.sample_rate_hz)?;
    front_end.push(&wav.samples);
    front_end.finish();
    let mut heard_ms = 0;
    while let Some(window) = front_end.next_window() {
        if window.steady {
            continue;
        }
        heard_ms = window.net_speech_ms;
        enroller.add(&model.embedder.embed(&window)?, heard_ms, Condition::of(&window));
    }
    enroller.next_recording();
    anyhow::ensure!(heard_ms > 0, "no speech in it");
    Ok(())
}
