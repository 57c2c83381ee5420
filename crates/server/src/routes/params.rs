use crate::{calendar, problem::Problem, wrong_shape::Wording};
use axum::{
    RequestPartsExt,
    extract::{FromRequestParts, Path, Query},
    http::{StatusCode, request::Parts},
};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use std::{error::Error, ops::RangeInclusive};

/// No parameter is read as a number: [`integer`] knows its limits.
const WORDING: Wording = Wording { whole: "query", part: "parameter", number: |_| None };

/// The query's parameters; a problem names the one that is wrong.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => {
                let message = rejection.source().map_or_else(|| rejection.to_string(), ToString::to_string);
                // It begins with the parameter's name, if there is one to blame.
                let (name, message) = message.split_once(": ").unwrap_or(("", &message));
                Err(WORDING.problem(name, message))
            }
        }
    }
}

/// A number within a range. A parameter of this kind is taken as text, so that the problem names the range also if it is not a number.
pub(crate) fn integer(
    field: &'static str,
    text: Option<&str>,
    range: RangeInclusive<u32>,
) -> Result<Option<u32>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(|number| range.contains(number));
    let expected = || format!("an integer from {} to {}", range.start(), range.end());
    number.map(Some).ok_or_else(|| Problem::invalid(field, expected()))
}

/// The time zone of a parameter.
pub(crate) fn zone(name: Option<&str>) -> Result<TimeZone, Problem> {
    name.map_or(Ok(TimeZone::UTC), TimeZone::get)
        .map_err(|_| Problem::invalid("timezone", "the IANA name of a time zone, such as Asia/Tehran"))
}

/// The moment of a parameter.
pub(crate) fn time(field: &'static str, text: Option<&str>, zone: &TimeZone) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let expected =
        "a time such as 2026-11-01T00:00:00Z or a date such as 2026-11-01, 9999-12-30 at the latest";
    calendar::parse(text, zone).map(Some).ok_or_else(|| Problem::invalid(field, expected))
}

/// The name in the path, of a site, a survey or a file; or its names.
#[derive(Debug)]
pub(crate) struct Name<T = String>(pub(crate) T);

impl<T: DeserializeOwned + Send + 'static, S: Sync> FromRequestParts<S> for Name<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extract::<Path<T>>().await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => Err(Problem::new(StatusCode::NOT_FOUND, "the address is not UTF-8")),
        }
    }
}
