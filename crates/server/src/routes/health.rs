use crate::{App, problem::Problem};
use axum::{
    extract::State,
    http::{HeaderName, header::CACHE_CONTROL},
};

type Answer = ([(HeaderName, &'static str); 1], &'static str);

const OK: Answer = ([(CACHE_CONTROL, "no-store")], "ok\n");

/// The process is up.
pub(crate) async fn alive() -> Answer {
    OK
}

/// Answers can be kept.
pub(crate) async fn ready(State(app): State<App>) -> Result<Answer, Problem> {
    app.store.probe().await?;
    Ok(OK)
}
