use super::params::{Name, Params, integer};
use crate::{accept_language, app::App, cors::Grant, etag, problem::Problem};
use axum::{
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_LANGUAGE, VARY},
    },
    response::{IntoResponse, Response},
};
use candor_survey::Ability;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    /// The languages wanted, best first, by commas; without it, `Accept-Language` says.
    locale: Option<String>,
    /// A version; without it, the one that is running.
    version: Option<String>,
    /// Whose survey it is; without it, the site's that has one of this id, or the page's own of several.
    site: Option<String>,
    /// What the widget can draw beyond what the first ones could, by commas.
    can: Option<String>,
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
    let own = || {
        let mut sites = index.sites_with(&id).filter(|site| {
            index.origins(site).is_ok_and(|origins| Grant::decide(&headers, site, origins).is_ok())
        });
        sites.next().filter(|_| sites.next().is_none())
    };
    let found = index.survey(None, query.site.as_deref().or_else(own), &id, version)?;
    let grant = match &found.survey.site {
        None => Grant::Page,
        Some(site) => match Grant::decide(&headers, site, index.origins(site)?) {
            Ok(grant) => grant,
            Err(refused) => return Ok(refused.into_response()),
        },
    };
    let can = Ability::list(query.can.as_deref().unwrap_or_default());
    let missing: Vec<_> = found.survey.needs().into_iter().filter(|need| !can.contains(need)).collect();
    if !missing.is_empty() {
        let names: Vec<_> = missing.into_iter().map(Ability::name).collect();
        let detail = "the survey asks what this widget could not draw in full";
        let problem = Problem::new(StatusCode::NOT_ACCEPTABLE, detail).field("can").expected(names.join(","));
        return Ok(grant.on(problem));
    }
    let definition = found.definition(wanted);
    let body = serde_json::to_vec(&definition).unwrap_or_default();
    let tag = etag::tag(&body);
    let mut response = etag::respond(&headers, body.into(), tag, "application/json", "public, max-age=60");
    if query.locale.is_none() && found.is_translated() {
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Language"));
    }
    if let Some(locale) = definition.survey.locale.and_then(|locale| HeaderValue::try_from(locale).ok()) {
        response.headers_mut().insert(CONTENT_LANGUAGE, locale);
    }
    Ok(grant.on(response))
}
