use crate::{Kind, NewResponse, Response, State, Survey, WIRE_VERSION, canonical};
use candor_scoring::Rating;
use std::{collections::BTreeMap, fmt};

/// The longest comment, in characters (Unicode scalar values).
pub const MAX_COMMENT_CHARS: usize = 5_000;
/// The most entries of a map: context, attributes, options.
pub(crate) const MAX_ENTRIES: usize = 32;

/// A response that may be kept: every value is in its range and every answer fits its question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedResponse {
    id: String,
    revision: u32,
    response: Response,
    age_ms: u32,
    skipped: Vec<String>,
}

impl CheckedResponse {
    /// A UUIDv7 in its canonical form.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// From 1.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// What was answered, with the page's address cut before its query and fragment, the language tag in its usual form and
    /// without names that are empty.
    #[must_use]
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// How old it said it was.
    #[must_use]
    pub fn age_ms(&self) -> u32 {
        self.age_ms
    }

    /// The questions that a respondent who reached the end left unanswered; empty in every state but
    /// [`Complete`](State::Complete).
    #[must_use]
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }
}

/// What is wrong with a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field's path: `answers[0].rating`.
    pub field: String,
    /// What was expected there, to follow "expected".
    pub expected: String,
}

impl Invalid {
    pub(crate) fn new(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), expected: expected.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}", self.field, self.expected)
    }
}

impl std::error::Error for Invalid {}

impl NewResponse {
    /// Checks everything that the browser sent against the survey it says it answers.
    ///
    /// # Errors
    /// [`Invalid`] names the first field that is wrong and what was expected.
    pub fn check(self, survey: &Survey) -> Result<CheckedResponse, Invalid> {
        if self.v != WIRE_VERSION {
            return Err(Invalid::new("v", format!("the wire version {WIRE_VERSION}")));
        }
        if !is_uuid_v7(&self.id) {
            return Err(Invalid::new(
                "id",
                "a UUIDv7 in lower case, such as 0192f5e4-7c1b-7a44-9c5e-3b1f0f6f2a11",
            ));
        }
        if self.revision == 0 {
            return Err(Invalid::new("revision", "an integer from 1"));
        }
        let Self { id, revision, mut response, age_ms, .. } = self;
        response.check(survey)?;
        let answered = |id: &str| response.answers.iter().any(|answer| answer.question == id);
        let skipped = match response.state {
            State::Complete => {
                survey.questions.iter().map(|q| q.id.clone()).filter(|id| !answered(id)).collect()
            }
            _ => Vec::new(),
        };
        Ok(CheckedResponse { id, revision, response, age_ms, skipped })
    }
}

impl Response {
    /// Checks the content, and brings it into its usual form.
    fn check(&mut self, survey: &Survey) -> Result<(), Invalid> {
        if !is_slug(&self.site) {
            return Err(Invalid::new("site", "1 to 64 of a–z, 0–9, - and _"));
        }
        if survey.site.as_ref().is_some_and(|site| *site != self.site) {
            return Err(Invalid::new("site", format!("the site of the survey {}", survey.id)));
        }
        if self.survey != survey.id {
            return Err(Invalid::new("survey", survey.id.as_str()));
        }
        if self.survey_version != survey.version {
            return Err(Invalid::new("survey_version", survey.version.to_string()));
        }
        let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.locale.is_empty() || self.locale.len() > 35 || !self.locale.chars().all(tag) {
            return Err(Invalid::new("locale", "a language tag of at most 35 characters, such as zh-Hant"));
        }
        // Two spellings of a language must not become two segments. A tag that is none is kept as it was sent: the answer
        // is worth more.
        if let Some(canonical) = canonical(&self.locale) {
            self.locale = canonical;
        }
        blank_is_none(&mut self.touchpoint);
        optional_text("touchpoint", self.touchpoint.as_deref(), 64)?;
        one_of("presentation.display", &self.presentation.display, &["popover", "inline"])?;
        one_of("presentation.scale", &self.presentation.scale, &["numbers"])?;
        one_of("presentation.direction", &self.presentation.direction, &["ltr", "rtl"])?;
        if let Some(page) = &mut self.page {
            page.truncate(page.find(['?', '#']).unwrap_or(page.len()));
        }
        blank_is_none(&mut self.page);
        optional_text("page", self.page.as_deref(), 2_048)?;
        if let Some(respondent) = &mut self.respondent {
            blank_is_none(&mut respondent.id);
            optional_text("respondent.id", respondent.id.as_deref(), 128)?;
            entries("respondent.attributes", &respondent.attributes)?;
        }
        entries("context", &self.context)?;
        self.check_answers(survey)
    }

    fn check_answers(&self, survey: &Survey) -> Result<(), Invalid> {
        let unanswered = matches!(self.state, State::Shown | State::Dismissed);
        if unanswered != self.answers.is_empty() {
            let expected =
                if unanswered { "no answer in this state" } else { "at least one answer in this state" };
            return Err(Invalid::new("answers", expected));
        }
        for (i, answer) in self.answers.iter().enumerate() {
            let at = |field: &str| format!("answers[{i}].{field}");
            let Some(question) = survey.question(&answer.question) else {
                let ids: Vec<_> = survey.questions.iter().map(|q| q.id.as_str()).collect();
                return Err(Invalid::new(at("question"), ids.join(" or ")));
            };
            if self.answers.iter().take(i).any(|earlier| earlier.question == answer.question) {
                return Err(Invalid::new(at("question"), "each question at most once"));
            }
            match (question.kind, answer.rating, answer.text.as_deref()) {
                (Kind::Rating, Some(point), None) => {
                    let scale = survey.metric.scale();
                    let expected = || format!("an integer from {} to {}", scale.min(), scale.max());
                    Rating::new(point, scale).map_err(|_| Invalid::new(at("rating"), expected()))?;
                }
                (Kind::Text, None, Some(text)) => {
                    if text.is_empty() {
                        return Err(Invalid::new(at("text"), "at least one character"));
                    }
                    optional_text(&at("text"), Some(text), MAX_COMMENT_CHARS)?;
                }
                (Kind::Rating, ..) => return Err(Invalid::new(at("rating"), "a rating and nothing else")),
                (Kind::Text, ..) => return Err(Invalid::new(at("text"), "a text and nothing else")),
            }
        }
        Ok(())
    }
}

/// A name that says nothing is none: kept, it would be in the list and in no segment.
fn blank_is_none(text: &mut Option<String>) {
    if text.as_deref().is_some_and(|text| text.trim().is_empty()) {
        *text = None;
    }
}

fn optional_text(field: &str, text: Option<&str>, max_chars: usize) -> Result<(), Invalid> {
    let Some(text) = text else { return Ok(()) };
    if text.chars().count() > max_chars {
        return Err(Invalid::new(field, format!("at most {max_chars} characters")));
    }
    if text.contains('\0') {
        return Err(Invalid::new(field, "no NUL character"));
    }
    Ok(())
}

fn entries(field: &str, entries: &BTreeMap<String, String>) -> Result<(), Invalid> {
    if entries.len() > MAX_ENTRIES {
        return Err(Invalid::new(field, format!("at most {MAX_ENTRIES} entries")));
    }
    for (key, value) in entries {
        if key.is_empty() {
            return Err(Invalid::new(field, "no empty key"));
        }
        optional_text(&format!("{field} (a key)"), Some(key), 64)?;
        optional_text(&format!("{field}.{key}"), Some(value), 256)?;
    }
    Ok(())
}

fn one_of(field: &str, value: &str, allowed: &[&str]) -> Result<(), Invalid> {
    if allowed.contains(&value) { Ok(()) } else { Err(Invalid::new(field, allowed.join(" or "))) }
}

pub(crate) fn is_slug(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// RFC 9562, section 5.7: version 7 in the 13th digit, variant 8, 9, a or b in the 17th.
fn is_uuid_v7(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            14 => b == b'7',
            19 => matches!(b, b'8' | b'9' | b'a' | b'b'),
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset;

    fn checked(touchpoint: &str, page: &str, respondent: &str) -> Response {
        let response = serde_json::json!({
            "v": 1, "id": "0192f5e4-7c1b-7a44-8000-000000000001", "revision": 1, "state": "shown",
            "site": "default", "survey": "nps", "survey_version": 1, "locale": "en",
            "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
            "touchpoint": touchpoint, "page": page, "respondent": {"id": respondent},
        });
        let response: NewResponse = serde_json::from_value(response).unwrap();
        response.check(&preset("nps").unwrap()).unwrap().response().clone()
    }

    #[test]
    fn a_name_that_says_nothing_is_none() {
        for blank in ["", " ", "\t\u{3000}\n"] {
            let kept = checked(blank, blank, blank);
            assert_eq!((kept.touchpoint, kept.page), (None, None), "{blank:?}");
            assert_eq!(kept.respondent.unwrap().id, None, "{blank:?}");
        }
        // Nor is a page without its query and fragment.
        assert_eq!(checked("checkout", "?order=1", "42").page, None);
        let kept = checked(" checkout", "/cart", "42");
        assert_eq!((kept.touchpoint.as_deref(), kept.page.as_deref()), (Some(" checkout"), Some("/cart")));
        assert_eq!(kept.respondent.unwrap().id.as_deref(), Some("42"));
    }
}
