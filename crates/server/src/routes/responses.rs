use super::{
    params::{Name, Params, integer},
    privacy::is_private,
};
use crate::{
    app::App,
    auth::{Reader, to_json},
    bodies::Room,
    clock::now_ms,
    connections::Meter,
    cors::Grant,
    identity,
    problem::Problem,
    refusals::Reason,
    survey_index::{SurveyIndex, Wanted},
    wrong_shape::{Wording, is_out_of_range},
};
use axum::{
    Extension, Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use candor_store::{Arrival, Listed, Outcome, ResponseQuery, StoreError, StoredResponse, dated_ms};
use candor_survey::{Acknowledgement, AcknowledgementStatus, NewResponse, is_uuid};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{pin::pin, sync::Arc, time::Duration};

/// The largest body, in bytes: room for an answer with every field at its limit, because browsers drop for good what is too
/// large. That is 82,000 characters (eleven texts of 5,000, a choice of 250, an address of 2,048, a token of 4,096, twice 32 entries
/// of 64 and 256), each at most six bytes as `JSON.stringify` writes it (`\u0001`), and 6 kB of ids and what goes around them.
const MAX_BODY: usize = 500 * 1024;
/// So much of a body that is too large is read and dropped: a client that is cut off while it sends sees no answer.
const MAX_DROPPED: usize = 4 * 1024 * 1024;
/// The deepest nesting. A response has four levels; this leaves room for what is added later.
const MAX_DEPTH: usize = 16;

/// Its survey says which points a scale has; when a body doesn't fit, that is not known.
const WORDING: Wording = Wording {
    whole: "body",
    part: "field",
    number: |path| match path.rsplit('.').next() {
        Some("rating") => Some("a point of the survey's scale, an integer from 0 to 10"),
        Some("v") => Some("the wire version 1"),
        Some("revision" | "survey_version") => Some("an integer from 1 to 4294967295"),
        Some("age_ms") => Some("an integer from 0 to 4294967295"),
        _ => None,
    },
};

/// `POST /v1/responses`: keeps one response, once, and says so after it is on durable storage.
///
/// One that waited in vain for its place is refused before its body is read.
pub(crate) async fn create(
    State(app): State<App>,
    Extension(meter): Extension<Arc<Meter>>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    check_content_type(&parts.headers)?;
    if !meter.pass.has_place() {
        return Err(StoreError::Busy.into());
    }
    let mut reading = pin!(read(&app, body));
    // Most bodies have come with the headers, and need a turn of the connection to get here. Others must not keep the place.
    let here = tokio::select! {
        biased;
        body = &mut reading => Some(body?),
        () = async { for _ in 0..3 { tokio::task::yield_now().await } } => None,
    };
    let (body, _room) = match here {
        Some(body) => body,
        None => {
            meter.await_rest();
            let deadline = meter.began() + Duration::from_millis(app.config.http.request_timeout_ms);
            let body = tokio::time::timeout_at(deadline, reading).await.map_err(|_| {
                Problem::new(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time")
            })??;
            meter.enter().await;
            if !meter.pass.has_place() {
                return Err(StoreError::Busy.into());
            }
            body
        }
    };
    let response = parse(&body)?;
    let index = app.index();
    let origins = index.origins(&response.response.site)?;
    let grant = match Grant::decide(&parts.headers, &response.response.site, origins) {
        Ok(grant) => grant,
        Err(refused) => return Ok(refused.into_response()),
    };
    let peer = parts.extensions.get().copied();
    if let Err(seconds) = app.limits.take(&response.response.site, &parts.headers, peer) {
        let cause = format!("answers to the site {} from one address", response.response.site);
        return Ok(grant.on(Problem::too_many(seconds).cause(cause)));
    }
    Ok(grant.on(keep(&app, &index, response, is_private(&parts.headers)).await))
}

async fn keep(
    app: &App,
    index: &SurveyIndex,
    mut new: NewResponse,
    is_private: bool,
) -> Result<Json<Acknowledgement>, Problem> {
    let received_ms = now_ms()?;
    let dated_ms = dated_ms(received_ms, new.age_ms);
    let keys = index.keys(&new.response.site)?;
    let identity = identity::judge(&mut new.response, keys, dated_ms, is_private);
    let candor_survey::Response { site, survey, survey_version, .. } = &new.response;
    let scope = index.scope(site)?;
    let found = index.survey(None, Some(site), survey, Some(*survey_version))?;
    let response = new.check(found.survey)?;
    let (id, revision) = (response.id().to_owned(), response.revision());
    if let Some(identity) = identity {
        app.metrics.refusals.add_identity(identity, &response.response().site);
    }
    if app.without_store {
        return Ok(Json(Acknowledgement { id, revision, status: AcknowledgementStatus::Stored }));
    }
    let declared = found.declared(response.response());
    let arrival = Arrival { declared, scope, response, received_ms };
    let outcome = app.store.save(vec![arrival]).await?.into_iter().next();
    let outcome = outcome.ok_or_else(|| Problem::fault("the store gave no outcome"))?;
    app.metrics.answer(&outcome);
    let (revision, status) = match outcome {
        Outcome::Stored => (revision, AcknowledgementStatus::Stored),
        Outcome::Duplicate => (revision, AcknowledgementStatus::Duplicate),
        Outcome::Erased => (revision, AcknowledgementStatus::Erased),
        Outcome::Superseded { kept } => (kept, AcknowledgementStatus::Superseded),
        Outcome::ContentConflict => {
            let detail = format!("revision {revision} of this response was sent before with other content");
            return Err(Problem::new(StatusCode::CONFLICT, detail)
                .field("revision")
                .expected("a higher revision"));
        }
        Outcome::OtherSurvey => {
            let detail = "this id was used before for a response to another survey or of another site";
            return Err(Problem::new(StatusCode::CONFLICT, detail).field("id").expected("an id of its own"));
        }
    };
    Ok(Json(Acknowledgement { id, revision, status }))
}

/// `text/plain` is let in because it needs no preflight, which a page that is being left can't wait for.
fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let essence =
        headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(|v| v.split(';').next());
    let known = ["application/json", "text/plain"];
    if essence.is_some_and(|essence| known.iter().any(|known| essence.trim().eq_ignore_ascii_case(known))) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is not declared as JSON")
        .field("Content-Type")
        .expected("application/json or text/plain"))
}

/// The body, with the room that it takes beyond what every body may have.
async fn read(app: &App, mut body: Body) -> Result<(Vec<u8>, Room), Problem> {
    let mut bytes = Vec::new();
    let mut total = 0;
    let mut room = Room::default();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Problem::new(StatusCode::BAD_REQUEST, "the body ended too early").reason(Reason::CutOff)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        total += data.len();
        if total <= MAX_BODY {
            if !app.bodies.fit(&mut room, total) {
                return Err(StoreError::Busy.into());
            }
            bytes.extend_from_slice(&data);
        } else if total > MAX_DROPPED {
            break;
        } else {
            // It is refused in any case; what was read of it is of no use.
            (bytes, room) = (Vec::new(), Room::default());
        }
    }
    if total > MAX_BODY {
        let expected = format!("at most {MAX_BODY} bytes");
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is too large: {expected}"),
        )
        .field("body")
        .expected(expected));
    }
    Ok((bytes, room))
}

fn parse(body: &[u8]) -> Result<NewResponse, Problem> {
    let not_json = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail).field("body");
    let text = std::str::from_utf8(body).map_err(|e| {
        not_json(format!("the body is not UTF-8: byte {}", e.valid_up_to())).expected("JSON in UTF-8")
    })?;
    if depth(text) > MAX_DEPTH {
        let expected = format!("at most {MAX_DEPTH} levels");
        return Err(not_json(format!("the body is nested too deeply: {expected}")).expected(expected));
    }
    // Most are right, and this is cheaper; the second reading finds out where the others are wrong.
    if let Ok(response) = serde_json::from_str(text) {
        return Ok(response);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let response = serde_path_to_error::deserialize(&mut json).map_err(|e| {
        let path = e.path().to_string();
        let e = e.into_inner();
        let message = e.to_string();
        if e.is_data() || is_out_of_range(&message) {
            WORDING.problem(&path, &message)
        } else {
            not_json(format!("the body is not JSON: {message}"))
        }
    })?;
    json.end().map_err(|e| not_json(format!("the body is not JSON: {e}")))?;
    Ok(response)
}

/// The deepest nesting of a JSON text, without parsing it: a parser that recurses must not get to see it first.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        if in_string {
            (in_string, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Only this site's.
    site: Option<String>,
    /// The workspace's, unless the site says it.
    workspace: Option<String>,
    /// How many, 1–500.
    limit: Option<String>,
    /// The `next` of the page before this one.
    before: Option<String>,
    /// Also those that were only shown or dismissed.
    unanswered: Option<bool>,
}

#[derive(Debug, Serialize)]
pub(crate) struct List {
    survey: String,
    responses: Vec<Item>,
    /// What to give as `before` for the next page; null on the last.
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Item {
    id: String,
    revision: u32,
    /// When it was shown, or first rated if that arrived first; by the server's clock.
    dated: Timestamp,
    /// Whether it is counted: neither tried out nor taken out by an analyst.
    counted: bool,
    /// Whether an analyst has corrected it.
    corrected: bool,
    /// With null, an empty object or false for what was not sent: readers need not ask whether it is there.
    #[serde(flatten)]
    response: Map<String, Value>,
}

/// `GET /v1/surveys/{id}/responses`: the newest first, comments included, those tried out too and marked so.
pub(crate) async fn list(
    State(app): State<App>,
    reader: Reader,
    Name(id): Name,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let index = app.index();
    let Wanted { scope, site, .. } = index.wanted(query.workspace.as_deref(), query.site.as_deref(), &id)?;
    let limit = integer("limit", query.limit.as_deref(), 1..=500)?.unwrap_or(50);
    let after = query.before.as_deref().map(|before| position(before).ok_or(before)).transpose();
    let query = ResponseQuery {
        scope,
        survey: id.clone(),
        site,
        unanswered: query.unanswered.unwrap_or(false),
        after: after.map_err(|_| Problem::invalid("before", "the next of an earlier page"))?,
        limit,
    };
    let Listed { responses: kept, next } = app.store.responses(query).await?;
    reader
        .json(move || {
            let next = next.map(|place| format!("{}_{}", place.dated_ms, place.id));
            let responses = kept.into_iter().map(Item::of).collect::<Result<_, _>>()?;
            to_json(&List { survey: id, responses, next })
        })
        .await
}

impl Item {
    fn of(stored: StoredResponse) -> Result<Self, Problem> {
        let StoredResponse { id, seq: _, revision, dated_ms, response, counted, corrected, anonymous: _ } =
            stored;
        let dated = Timestamp::from_millisecond(dated_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let json = serde_json::to_value(response).map_err(|error| Problem::fault(error.to_string()))?;
        let Value::Object(mut response) = json else { return Err(Problem::fault("a response is no object")) };
        for (name, absent) in [
            ("touchpoint", Value::Null),
            ("page", Value::Null),
            ("respondent", Value::Null),
            ("context", json!({})),
            ("test", Value::Bool(false)),
        ] {
            response.entry(name).or_insert(absent);
        }
        if let Some(Value::Object(respondent)) = response.get_mut("respondent") {
            respondent.entry("signed").or_insert(Value::Bool(false));
        }
        Ok(Self { id, revision, dated, counted, corrected, response })
    }
}

fn position(before: &str) -> Option<(i64, String)> {
    let (ms, id) = before.split_once('_')?;
    Some((ms.parse().ok()?, is_uuid(id).then(|| id.to_owned())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_are_not_nesting() {
        assert_eq!(depth(r#"{"a": "[[[\"[[[", "b": [{}]}"#), 3);
        assert_eq!(depth(r#"["\\", ["\\\"["]]"#), 2);
        assert_eq!(depth("]]]["), 1);
    }
}
