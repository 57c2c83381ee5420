use super::params::{Name, Params, integer};
use crate::{accept_language, app::App, cors::Grant, etag, problem::Problem};
use axum::{
    extract::State,
    http::{
        HeaderMap, HeaderValue,
        header::{CONTENT_LANGUAGE, VARY},
    },
    response::{IntoResponse, Response},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    /// The languages wanted, best first, by commas; without it, `Accept-Language` says.
    locale: Option<String>,
    /// A version; without it, the one that is running.
    version: Option<String>,
}

/// `GET /v1/surveys/{id}`: its definition with the texts of one language.
pub(crate) async fn show(
    State(app): State<App>,
    Name(id): Name,
    Params(query): Params<Query>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let version = integer("version", query.version.as_deref(), 1..=u32::MAX)?;
    let wanted = accept_language::wanted(query.locale.as_deref(), &headers);
    let index = app.index();
    let found = index.survey(&id, version, wanted)?;
    let grant = match &found.survey.site {
        None => Grant::Anyone,
        Some(site) => match Grant::decide(&headers, site, index.origins(site)?) {
            Ok(grant) => grant,
            Err(refused) => return Ok(refused.into_response()),
        },
    };
    let body = serde_json::to_vec(&found.survey).unwrap_or_default();
    let tag = etag::tag(&body);
    let mut response = etag::respond(&headers, body.into(), tag, "application/json", "public, max-age=60");
    if query.locale.is_none() && found.translated {
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Language"));
    }
    if let Some(locale) = found.survey.locale.and_then(|locale| HeaderValue::try_from(locale).ok()) {
        response.headers_mut().insert(CONTENT_LANGUAGE, locale);
    }
    Ok(grant.on(response))
}
