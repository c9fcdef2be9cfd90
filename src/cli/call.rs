//! `regulars call`: a small softphone, to try the service with a recording.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use tokio_util::sync::CancellationToken;

use crate::base::{Lifecycle, Pii};
use crate::rtp::Codec;
use crate::sip::softphone::{self, SoftphoneOptions};
use crate::speech::{codec, wav};

#[derive(clap::Args)]
pub struct Args {
    /// Whom to call: sip:LINE@HOST:PORT, with ;transport=tcp or ;transport=tls where wanted
    uri: String,
    /// The caller's voice: WAV, mono, 8000 samples a second, PCM 16 bit or G.711
    #[arg(long, value_name = "FILE")]
    wav: PathBuf,
    /// The calling number, or `anonymous` to withhold it
    #[arg(long, value_name = "NUMBER")]
    from: String,
    /// PEM file of the authorities that the service's TLS certificate must lead to; without it, those of the system
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
}

/// Exit code 1 unless the call was answered.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let from = caller(&args.from)?;
    let audio = recording(&args.wav).with_context(|| args.wav.display().to_string())?;
    super::runtime()?.block_on(async {
        let life = Lifecycle::default();
        let hang_up = CancellationToken::new();
        let interrupted = hang_up.clone();
        life.spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                interrupted.cancel();
            }
        });
        let options = SoftphoneOptions { authorities: args.tls_ca, ..SoftphoneOptions::new(args.uri, from, audio) };
        let outcome = softphone::place(options, life, hang_up).await?;
        println!("{} {}, {} packets sent", outcome.status, outcome.reason, outcome.packets_sent);
        Ok(if (200..300).contains(&outcome.status) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// `None`: withheld.
fn caller(text: &str) -> anyhow::Result<Option<Pii<String>>> {
    if text.eq_ignore_ascii_case("anonymous") {
        return Ok(None);
    }
    // What may stand unescaped in the user part of a SIP URI (RFC 3261 §25.1) and occurs in numbers and extensions.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._*".contains(&byte)) {
        bail!("--from needs a number such as +4930901820, or `anonymous`");
    }
    Ok(Some(Pii::new(text.to_owned())))
}

fn recording(path: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    let wav = wav::parse(&std::fs::read(path)?)?;
    if wav.sample_rate_hz != Codec::Pcma.clock_rate_hz() {
        bail!("the telephone carries 8000 samples a second, the file has {}", wav.sample_rate_hz);
    }
    let mut audio = Vec::with_capacity(wav.samples.len());
    codec::encode(Codec::Pcma, &wav.samples, &mut audio);
    Ok(audio)
}
