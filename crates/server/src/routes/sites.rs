use super::params::{Name, Params};
use crate::{app::App, cors::Grant, etag, problem::Problem};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use candor_survey::Ability;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    /// What the widget can draw beyond what the first ones could, by commas.
    can: Option<String>,
}

/// `GET /v1/sites/{site}`: what the site has running, of what the widget can draw in full.
pub(crate) async fn show(
    State(app): State<App>,
    Name(site): Name,
    Params(query): Params<Query>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let index = app.index();
    let grant = match Grant::decide(&headers, &site, index.origins(&site)?) {
        Ok(grant) => grant,
        Err(refused) => return Ok(refused.into_response()),
    };
    let can = Ability::list(query.can.as_deref().unwrap_or_default());
    let body = serde_json::to_vec(&index.site(&site, &can)?).unwrap_or_default();
    let tag = etag::tag(&body);
    // Short, because a survey that is switched off should stop soon.
    Ok(grant.on(etag::respond(&headers, body.into(), tag, "application/json", "public, max-age=60")))
}
