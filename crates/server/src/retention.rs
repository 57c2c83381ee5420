//! Responses lose what says whose they are after as many days as their survey says.

use crate::{app::App, clock};
use std::time::Duration;

/// How often it is looked for what is due.
const EVERY: Duration = Duration::from_secs(60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Sees to it from now on, in small transactions between those of answers.
pub(crate) async fn run(app: App) {
    loop {
        // A clock that is wrong must not make answers old.
        if let Ok(now_ms) = clock::now_ms() {
            once(&app, now_ms).await;
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn once(app: &App, now_ms: i64) {
    for (scope, site, survey, days) in app.index().retentions() {
        let before_ms = now_ms - i64::from(days) * DAY_MS;
        match app.store.anonymise(scope, &site, &survey, before_ms).await {
            Ok(0) => {}
            Ok(responses) => tracing::info!(site, survey, days, responses, "made anonymous"),
            Err(error) => tracing::error!(site, survey, %error, "responses were not made anonymous"),
        }
    }
}
