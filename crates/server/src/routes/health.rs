use crate::{app::App, clock, problem::Problem};
use axum::{
    extract::State,
    http::{HeaderName, header::CACHE_CONTROL},
};
use candor_store::StoreError;
use std::time::Duration;
use tokio::{sync::Mutex, time::Instant};

/// How long what a probe found is taken for true. The address is open to all, and each probe is a commit.
const FRESH: Duration = Duration::from_secs(5);

type Reply = ([(HeaderName, &'static str); 1], &'static str);

const OK: Reply = ([(CACHE_CONTROL, "no-store")], "ok\n");

/// When the last probe ended, and what it found. Whoever holds the lock probes for all who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Result<(), StoreError>)>>);

impl Readiness {
    async fn found(&self, probe: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
        let mut last = self.0.lock().await;
        if let Some((_, found)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return found.clone();
        }
        let found = probe.await;
        *last = Some((Instant::now(), found.clone()));
        found
    }
}

/// The process is up.
pub(crate) async fn alive() -> Reply {
    OK
}

/// Answers can be kept.
pub(crate) async fn ready(State(app): State<App>) -> Result<Reply, Problem> {
    clock::now_ms()?;
    // In a task of its own, which a client that goes away does not end: the next one would probe again.
    let found = tokio::spawn(async move { app.readiness.found(app.store.probe()).await });
    found.await.map_err(|error| Problem::fault(error.to_string()))??;
    Ok(OK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test(start_paused = true)]
    async fn one_probe_answers_all_who_ask_within_five_seconds() {
        let (readiness, probes) = (Readiness::default(), Cell::new(0));
        let ask = || {
            readiness.found(async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                probes.set(probes.get() + 1);
                Ok(())
            })
        };
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        assert!(a.is_ok() && b.is_ok() && c.is_ok() && probes.get() == 1, "{}", probes.get());
        tokio::time::advance(FRESH - Duration::from_millis(1)).await;
        assert!(ask().await.is_ok() && probes.get() == 1, "{}", probes.get());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(ask().await.is_ok() && probes.get() == 2, "{}", probes.get());
    }
}
