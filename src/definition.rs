//! A survey's definition as `GET /v1/surveys/{id}` gives it, read property by property: deserializing it would bring
//! the formatting of floating-point numbers, for error messages that nobody sees.

use crate::js;
use candor_scoring::Metric;
use candor_survey::{BandTexts, Kind, Question, Survey};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

/// Reads a definition.
///
/// # Errors
/// The property that is missing or of another kind than expected.
pub(crate) fn read(raw: &JsValue) -> Result<Survey, &'static str> {
    let metric = match js::text(raw, "metric").as_deref() {
        Some("nps") => Metric::Nps,
        Some("csat") => Metric::Csat,
        Some("ces") => Metric::Ces,
        _ => return Err("metric: expected nps, csat or ces"),
    };
    let questions = js::get(raw, "questions").and_then(|questions| questions.dyn_into::<Array>().ok());
    let questions: Vec<_> =
        questions.into_iter().flat_map(|questions| questions.into_iter()).filter_map(question).collect();
    if !questions.iter().any(|question| question.kind == Kind::Rating) {
        return Err("questions: expected one that asks for a rating");
    }
    Ok(Survey {
        id: js::text(raw, "id").ok_or("id: expected a text")?,
        version: js::get(raw, "version")
            .and_then(|version| version.as_f64())
            .ok_or("version: expected a number")? as u32,
        site: js::text(raw, "site"),
        locale: js::text(raw, "locale"),
        metric,
        questions,
    })
}

/// A question of a kind that this version knows.
fn question(raw: JsValue) -> Option<Question> {
    let kind = match js::text(&raw, "kind")?.as_str() {
        "rating" => Kind::Rating,
        "text" => Kind::Text,
        _ => return None,
    };
    let by_band = js::get(&raw, "by_band").map(|by_band| BandTexts {
        unfavourable: js::text(&by_band, "unfavourable"),
        neutral: js::text(&by_band, "neutral"),
        favourable: js::text(&by_band, "favourable"),
    });
    Some(Question {
        id: js::text(&raw, "id")?,
        kind,
        text: js::text(&raw, "text"),
        low: js::text(&raw, "low"),
        high: js::text(&raw, "high"),
        by_band,
    })
}
