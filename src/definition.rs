//! A survey's definition as `GET /v1/surveys/{id}` gives it, read property by property: deserializing it would bring
//! the formatting of floating-point numbers, for error messages that nobody sees.

use crate::js;
use candor_scoring::Metric;
use candor_survey::{
    BandTexts, Choice, Ending, Look, Survey,
    wire::{Condition, KindName, Question, When},
};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

const EXPECTED: &str = "questions: expected one or more, of kinds known here";

/// Reads a definition.
///
/// # Errors
/// The property that is missing or of another kind than expected.
pub(crate) fn read(raw: &JsValue) -> Result<Survey, &'static str> {
    let metric = metric(raw);
    let mut questions = Vec::new();
    for raw in list(raw, "questions").iter() {
        let mut question = question(&raw).ok_or(EXPECTED)?;
        questions.push(question.read(metric)?);
    }
    if questions.is_empty() {
        return Err(EXPECTED);
    }
    Ok(Survey {
        id: js::text(raw, "id").ok_or("id: expected a text")?,
        version: js::get(raw, "version")
            .and_then(|version| version.as_f64())
            .ok_or("version: expected a number")? as u32,
        site: js::text(raw, "site"),
        locale: js::text(raw, "locale"),
        questions,
        ending: js::get(raw, "ending")
            .map(|ending| Ending { text: js::text(&ending, "text"), by_band: by_band(&ending) })
            .unwrap_or_default(),
    })
}

fn question(raw: &JsValue) -> Option<Question> {
    let text = |key: &str| js::text(raw, key);
    let flag = |key: &str| js::get(raw, key).is_some_and(|flag| flag.is_truthy());
    let kind = KindName::parse(&text("kind")?)?;
    let id = text("id")?;
    let mut options = Vec::new();
    for option in list(raw, "options").iter() {
        options.push(Choice { id: js::text(&option, "id")?, text: js::text(&option, "text")? });
    }
    let mut labels = Vec::new();
    for label in list(raw, "labels").iter() {
        labels.push(label.as_string()?);
    }
    Some(Question {
        id,
        kind,
        metric: metric(raw),
        scale: text("scale"),
        favourable_points: number(js::get(raw, "favourable_points")),
        look: match text("look") {
            Some(look) => Look::parse(&look)?,
            None => Look::default(),
        },
        labels,
        text: text("text"),
        low: text("low"),
        high: text("high"),
        by_band: Some(by_band(raw)),
        max_chars: js::get(raw, "max_chars").and_then(|max| Some(max.as_f64()? as u16)),
        href: text("href"),
        label: text("label"),
        required: flag("required"),
        options,
        many: flag("many"),
        other: flag("other"),
        shuffle: flag("shuffle"),
        when: js::get(raw, "when")
            .map(|when| When { all: conditions(&when, "all"), any: conditions(&when, "any") }),
    })
}

fn by_band(raw: &JsValue) -> BandTexts {
    let by_band = js::get(raw, "by_band").unwrap_or_default();
    let text = |band| js::text(&by_band, band);
    BandTexts { unfavourable: text("unfavourable"), neutral: text("neutral"), favourable: text("favourable") }
}

fn conditions(when: &JsValue, key: &str) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for raw in list(when, key).iter() {
        let text = |key: &str| js::text(&raw, key);
        let mut points = Vec::new();
        for point in list(&raw, "points").iter() {
            points.extend(number(Some(point)));
        }
        conditions.push(Condition {
            question: text("question"),
            band: text("band"),
            points,
            chosen: text("chosen"),
            answered: js::get(&raw, "answered").map(|answered| answered.is_truthy()),
            attribute: text("attribute"),
            is: text("is"),
        });
    }
    conditions
}

fn metric(raw: &JsValue) -> Option<Metric> {
    Metric::parse(&js::text(raw, "metric")?)
}

fn number(value: Option<JsValue>) -> Option<u8> {
    Some(value?.as_f64()? as u8)
}

/// A list; empty if there is none.
fn list(raw: &JsValue, key: &str) -> Array {
    js::get(raw, key).and_then(|list| list.dyn_into().ok()).unwrap_or_default()
}
