//! The log: human-readable lines on standard error.

use std::io::IsTerminal;

use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{ParseError, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

/// Starts the log with a filter such as `info,regulars=debug`.
pub fn start(text: &str) -> Result<(), ParseError> {
    let ansi = std::io::stderr().is_terminal();
    // A second start in one process keeps the first one's subscriber.
    let _ = tracing::subscriber::set_global_default(subscriber(text, std::io::stderr, ansi)?);
    Ok(())
}

/// What [`start`] starts, with another place to write to.
pub fn subscriber<W>(text: &str, writer: W, ansi: bool) -> Result<impl Subscriber + Send + Sync, ParseError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    Ok(registry()
        .with(EnvFilter::try_new(text)?)
        .with(filter_fn(may_speak))
        .with(fmt::layer().with_ansi(ansi).with_writer(writer)))
}

/// The SIP library writes whole messages, with numbers and SDES keys in them, and the inference library the embeddings that it
/// computes, the WebSocket library its peers' messages. They stay silent whatever the filter says: a directive of the operator's could not be outranked by one of ours.
fn may_speak(metadata: &Metadata<'_>) -> bool {
    let quiet = crate::sip::QUIET_LOG_TARGETS
        .iter()
        .chain(crate::stream::QUIET_LOG_TARGETS)
        .chain(crate::voice::QUIET_LOG_TARGETS);
    !quiet.into_iter().any(|target| metadata.target().starts_with(target))
}
