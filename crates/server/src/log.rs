//! The log's format and filter.

use crate::{
    config::{LogConfig, LogFormat},
    panics,
};
use anyhow::Context;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Logs an error; each line of it is one of the log's.
pub fn error(error: &anyhow::Error) {
    for line in format!("{error:#}").lines() {
        tracing::error!("{line}");
    }
}

/// Starts the log, in which panics are said too. A second call changes nothing.
///
/// # Errors
/// If the filter is wrong. The log then starts at level info, to say so.
pub fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = filter(&config.log);
    let (filter, wrong) = filter.map_or_else(|error| (EnvFilter::new("info"), Some(error)), |f| (f, None));
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    // An error means that there is a log already, which then goes on.
    let _ = match config.log_format {
        LogFormat::Text => builder.with_ansi(std::io::stdout().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
    panics::to_log();
    wrong.map_or(Ok(()), Err)
}

/// A filter that is understood and hides no error, unless it is `off`.
fn filter(text: &str) -> anyhow::Result<EnvFilter> {
    let expected =
        || format!("--log {text:?}: expected a level, or off, or a filter such as candor_server=debug,warn");
    let filter = EnvFilter::try_new(text).with_context(expected)?;
    // What is not a level is taken for the name of a part of some program, of which everything is then logged, and nothing else.
    let probe = tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(text)?).finish();
    let says_errors = tracing::subscriber::with_default(probe, || tracing::enabled!(tracing::Level::ERROR));
    anyhow::ensure!(says_errors || text == "off", expected());
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_would_hide_errors_by_mistake_is_refused() {
        for good in ["info", "warn", "off", "candor_server=debug,warn", "debug,hyper=off", "candor_server"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for wrong in ["", "loud", "candor_server=loud", "hyper=debug", "info;warn"] {
            let error = filter(wrong).unwrap_err().to_string();
            assert!(error.starts_with(&format!("--log {wrong:?}: expected a level")), "{error}");
        }
    }
}
