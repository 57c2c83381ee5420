//! The log's format and filter.

use crate::{LogConfig, LogFormat, panics};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Logs an error; each line of it is one of the log's.
pub fn error(error: &anyhow::Error) {
    for line in format!("{error:#}").lines() {
        tracing::error!("{line}");
    }
}

/// Starts the log, in which panics are said too. A second call changes nothing.
pub fn start(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.log);
    let wrong = filter.as_ref().err().map(ToString::to_string);
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("info")));
    // An error means that there is a log already, which then goes on.
    let _ = match config.log_format {
        LogFormat::Text => builder.with_ansi(std::io::stdout().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
    panics::to_log();
    if let Some(error) = wrong {
        tracing::warn!(%error, filter = %config.log, "the log's filter is not understood: logging at level info");
    }
}
