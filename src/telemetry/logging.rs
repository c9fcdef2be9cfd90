//! The log: human-readable lines on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Starts the log with a filter such as `info,regulars=debug`. The SIP library writes whole messages, with numbers and
/// SDES keys in them, so its targets are silenced whatever the filter says.
pub fn start(filter: &str) -> Result<(), ParseError> {
    let mut filter = EnvFilter::try_new(filter)?;
    for target in crate::sip::QUIET_LOG_TARGETS {
        filter = filter.add_directive(format!("{target}=off").parse()?);
    }
    // A second start in one process (tests) keeps the first one's subscriber.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    Ok(())
}
