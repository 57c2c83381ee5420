//! SIGHUP: the surveys are read again, while requests go on.

use crate::{app::App, import, log};
use std::sync::{Arc, PoisonError};

/// The SIGHUPs that come.
#[derive(Debug)]
pub(crate) struct Hangups {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    /// From here on SIGHUP does not end the process.
    pub(crate) fn listen() -> Self {
        #[cfg(unix)]
        {
            let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
            if let Err(error) = &signal {
                tracing::warn!(%error, "SIGHUP will not be heard");
            }
            Self { signal: signal.ok() }
        }
        #[cfg(not(unix))]
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

/// Reads the surveys again at each SIGHUP, one after the other. On a mistake those from before go on.
pub(crate) async fn run(app: App, mut hangups: Hangups) {
    loop {
        hangups.next().await;
        match import::load(&app.store, &app.config.surveys).await {
            Ok(index) => {
                let (before, index) = (app.index(), Arc::new(index));
                *app.index.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&index);
                index.log_changes(&before, "surveys reloaded");
            }
            Err(error) => {
                log::error(&error);
                tracing::error!("the surveys were not reloaded: those from before go on");
            }
        }
    }
}
