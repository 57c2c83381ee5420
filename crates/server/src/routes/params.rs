use crate::problem::Problem;
use axum::{
    RequestPartsExt,
    extract::{FromRequestParts, Path, Query},
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;
use std::error::Error;

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
                // Such as: l: invalid digit found in string; unknown field `x`, expected one of `from`, `to`
                let field =
                    message.split('`').nth(1).or(message.split(':').next()).unwrap_or("query").to_owned();
                let expected =
                    message.split_once("expected ").map_or("another value", |(_, expected)| expected);
                Err(Problem::invalid(field, expected))
            }
        }
    }
}

/// The name in the path, of a site or a survey.
#[derive(Debug)]
pub(crate) struct Name(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extract::<Path<String>>().await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => Err(Problem::new(StatusCode::NOT_FOUND, "the address is not UTF-8")),
        }
    }
}
