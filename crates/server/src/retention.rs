//! Responses lose what says whose they are after as many days as their survey says.

use crate::{
    app::App,
    clock::{self, DAY_MS},
};
use std::time::Duration;

/// How often it is looked for what is due.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Sees to it from now on, in small transactions between those of answers.
pub(crate) async fn run(app: App) {
    let mut has_run = false;
    loop {
        // A clock that is wrong must not make answers old.
        if let Ok(now_ms) = clock::now_ms() {
            match app.store.believe(now_ms, has_run).await {
                Ok(believed_ms) => once(&app, believed_ms, now_ms).await,
                Err(error) => tracing::error!(%error, "nothing was made anonymous"),
            }
        }
        tokio::time::sleep(EVERY).await;
        has_run = true;
    }
}

async fn once(app: &App, believed_ms: i64, now_ms: i64) {
    let ahead = (now_ms - believed_ms) / DAY_MS;
    if ahead > 0 {
        tracing::warn!(
            days = ahead,
            "the clock is ahead of where retention was: it follows by a day an hour, in case the clock is wrong"
        );
    }
    for (scope, site, survey, days) in app.index().retentions() {
        let before_ms = believed_ms - i64::from(days) * DAY_MS;
        match app.store.anonymise(scope, &site, &survey, before_ms).await {
            Ok(0) => {}
            Ok(responses) => tracing::info!(site, survey, days, responses, "made anonymous"),
            Err(error) => tracing::error!(site, survey, %error, "responses were not made anonymous"),
        }
    }
    // Also what was ended half-way.
    if let Err(error) = app.store.settle_changes().await {
        tracing::error!(%error, "answers that were taken out of the counts or put back are not all so yet: it is tried again in an hour");
    }
    if let Err(error) = app.store.scrub().await {
        tracing::warn!(%error, "what was erased is not wiped from the database's files yet: it is tried again in an hour");
    }
}
