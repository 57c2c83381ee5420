//! PostHog's published browser bundle with a backend that knows one survey: the popover NPS that Candor's preset is.

use anyhow::{Context, Result};
use candor_journeys::{
    http::{self, Bytes, Method, Request, Response, Server, StatusCode},
    target,
};
use hyper::header::{self, HeaderValue};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};

/// Of the bundle's many files those that a page with surveys alone asks for.
const FILES: [&str; 2] = ["array.js", "surveys.js"];
/// The project in which a survey is due, and the one that has none.
const PROJECTS: [&str; 2] = ["phc_nps", "phc_none"];

/// Compressed answers by what they are for.
type Answers = HashMap<String, (&'static str, Bytes)>;

/// A PostHog on an origin of its own, as Candor's server is.
pub(crate) struct Rival {
    server: Server,
    answers: Arc<Answers>,
}

impl Rival {
    /// Reads and compresses the bundle and serves it.
    pub(crate) async fn start() -> Result<Self> {
        let answers = Arc::new(answers()?);
        let known = Arc::clone(&answers);
        let server = Server::start(move |request| {
            let answer = answer(&request, &known);
            async move { answer }
        })
        .await?;
        Ok(Self { server, answers })
    }

    /// A script tag that loads the bundle and starts it with surveys alone; without one that is `due` nothing shows.
    pub(crate) fn tag(&self, due: bool) -> String {
        let [with, without] = PROJECTS;
        let (origin, project) = (self.server.origin(), if due { with } else { without });
        let options = json!({
            "api_host": origin, "ui_host": origin, "persistence": "localStorage",
            "autocapture": false, "capture_pageview": false, "capture_pageleave": false,
            "disable_session_recording": true,
            // It keeps away from browsers that a driver steers.
            "opt_out_useragent_filter": true,
        });
        format!(
            "<script>function start() {{ posthog.init('{project}', {options}) }}</script>\
             <script async crossorigin=\"anonymous\" src=\"{origin}/static/array.js\" onload=\"start()\"></script>"
        )
    }

    /// Whatever was asked for and is not there: the comparison would be with half a rival.
    pub(crate) fn missing(&self) -> Vec<String> {
        let requests = self.server.requests().into_iter();
        let missing = requests.filter(|request| request.method != Method::OPTIONS);
        missing.map(|request| topic(&request)).filter(|topic| !self.answers.contains_key(topic)).collect()
    }
}

/// What a request is for: its path, without the version that a script's may have.
fn topic(request: &Request) -> String {
    let parts: Vec<&str> = request.route().split('/').filter(|part| !part.is_empty()).collect();
    match parts[..] {
        ["static", _, name] => format!("static/{name}"),
        _ => parts.join("/"),
    }
}

fn answers() -> Result<Answers> {
    let (script, json) = ("text/javascript", "application/json");
    let folder = target()?.join("candor/peers/node_modules/posthog-js/dist");
    let mut answers = Answers::new();
    let mut add = |topic: String, content_type, bytes: &[u8]| -> Result<()> {
        answers.insert(topic, (content_type, brotli(bytes)?.into()));
        Ok(())
    };
    for name in FILES {
        let path = folder.join(name);
        let bytes = std::fs::read(&path)
            .with_context(|| format!("no {}: `cargo xtask bench widget` installs it", path.display()))?;
        add(format!("static/{name}"), script, &bytes)?;
    }
    for project in PROJECTS {
        let config = config(project);
        let sets = format!(
            "(w => {{ (w._POSTHOG_REMOTE_CONFIG ||= {{}})['{project}'] = {{config: {config}, siteApps: []}} }})(window)"
        );
        add(format!("array/{project}/config.js"), script, sets.as_bytes())?;
        add(format!("array/{project}/config"), json, config.to_string().as_bytes())?;
    }
    add("flags".into(), json, br#"{"flags": {}, "errorsWhileComputingFlags": false}"#)?;
    add("api/surveys".into(), json, surveys().to_string().as_bytes())?;
    for events in ["e", "i/v0/e"] {
        add(events.into(), json, br#"{"status": 1}"#)?;
    }
    Ok(answers)
}

fn answer(request: &Request, answers: &Answers) -> Response {
    let mut response = if request.method == Method::OPTIONS {
        http::status(StatusCode::NO_CONTENT)
    } else if let Some((content_type, bytes)) = answers.get(&topic(request)) {
        let mut response = Response::new(bytes.clone().into());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    } else {
        http::status(StatusCode::NOT_FOUND)
    };
    // So that the page's origin can read it.
    let origin = request.headers.get(header::ORIGIN).cloned().unwrap_or(HeaderValue::from_static("*"));
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    response
}

/// The remote configuration of a project that uses surveys and nothing else.
fn config(project: &str) -> Value {
    let [with, _] = PROJECTS;
    json!({
        "token": project, "surveys": project == with, "hasFeatureFlags": false,
        "supportedCompression": ["gzip", "gzip-js"], "analytics": {"endpoint": "/i/v0/e/"},
        "autocapture_opt_out": true, "autocaptureExceptions": false, "captureDeadClicks": false,
        "capturePerformance": false, "sessionRecording": false, "heatmaps": false, "siteApps": [],
        "elementsChainAsString": true, "defaultIdentifiedOnly": true, "isAuthenticated": false,
    })
}

fn surveys() -> Value {
    json!({"survey_config": {}, "surveys": [{
        "id": "nps", "name": "NPS", "description": "", "type": "popover", "schedule": "always",
        "start_date": "2024-01-01T00:00:00Z", "end_date": null, "conditions": null,
        "linked_flag_key": null, "targeting_flag_key": null, "internal_targeting_flag_key": null,
        "feature_flag_keys": null, "current_iteration": null, "current_iteration_start_date": null,
        "enable_partial_responses": true,
        "appearance": {"position": "right", "displayThankYouMessage": true, "thankYouMessageHeader": "Thank you!"},
        "questions": [
            {"id": "rating", "type": "rating", "display": "number", "scale": 10, "optional": false,
             "question": "How likely are you to recommend Acme to a friend or colleague?", "description": "",
             "lowerBoundLabel": "Not at all likely", "upperBoundLabel": "Extremely likely", "buttonText": "Submit"},
            {"id": "reason", "type": "open", "optional": true, "buttonText": "Send",
             "question": "What is the main reason for your score?"},
        ],
    }]})
}

/// As Candor's files are: brotli's best, with a window that holds the whole file.
fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..brotli::enc::BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}
