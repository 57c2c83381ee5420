use crate::{App, problem::Problem};
use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header::CACHE_CONTROL},
};
use candor_store::StoreError;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long what a probe found is taken for true. The address is open to all, and each probe is a commit.
const FRESH: Duration = Duration::from_secs(5);

type Answer = ([(HeaderName, &'static str); 1], &'static str);

const OK: Answer = ([(CACHE_CONTROL, "no-store")], "ok\n");

/// When the last probe ended, and what it found. Whoever holds the lock probes for all who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Result<(), StoreError>)>>);

/// The process is up.
pub(crate) async fn alive() -> Answer {
    OK
}

/// Answers can be kept.
pub(crate) async fn ready(State(app): State<App>) -> Result<Answer, Problem> {
    // In a task of its own, which a client that goes away does not end: the next one would probe again.
    let found = tokio::spawn(async move {
        let mut last = app.readiness.0.lock().await;
        if let Some((_, found)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return found.clone();
        }
        let found = app.store.probe().await;
        *last = Some((Instant::now(), found.clone()));
        found
    });
    found.await.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server is at fault"))??;
    Ok(OK)
}
