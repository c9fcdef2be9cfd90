//! The log: human-readable lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Starts the log with a filter such as `info,regulars=debug`.
pub fn start(text: &str) -> Result<(), ParseError> {
    // A second start in one process keeps the first one's subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter(text)?)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
    Ok(())
}

/// The filter of a text. The SIP library writes whole messages, with numbers and SDES keys in them, so its targets are
/// silenced whatever the text says.
pub fn filter(text: &str) -> Result<EnvFilter, ParseError> {
    crate::sip::QUIET_LOG_TARGETS.iter().try_fold(EnvFilter::try_new(text)?, |filter, target| {
        Ok(filter.add_directive(format!("{target}=off").parse()?))
    })
}
