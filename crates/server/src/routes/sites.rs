use super::params::Name;
use crate::{app::App, cors::Grant, etag, problem::Problem};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};

/// `GET /v1/sites/{site}`: what the site has running.
pub(crate) async fn show(
    State(app): State<App>,
    Name(site): Name,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let index = app.index();
    let grant = match Grant::decide(&headers, &site, index.origins(&site)?) {
        Ok(grant) => grant,
        Err(refused) => return Ok(refused.into_response()),
    };
    let body = serde_json::to_vec(index.site(&site)?).unwrap_or_default();
    let tag = etag::tag(&body);
    // Short, because a survey that is switched off should stop soon.
    Ok(grant.on(etag::respond(&headers, body.into(), tag, "application/json", "public, max-age=60")))
}
