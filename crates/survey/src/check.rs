use crate::{
    Answer, Display, Kind, Look, NewResponse, Presentation, Question, Respondent, Response, State, Survey,
    Value, WIRE_VERSION, bit, canonical,
    limits::{
        MAX_COMMENT_CHARS, MAX_ENTRIES, MAX_KEY_CHARS, MAX_OTHER_CHARS, MAX_PAGE_CHARS, MAX_RESPONDENT_CHARS,
        MAX_TOUCHPOINT_CHARS, MAX_VALUE_CHARS, SLUG, is_slug,
    },
    wire::scale_name,
};
use candor_scoring::Rating;
use std::{collections::BTreeMap, fmt};

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
    /// without names that are empty or a token.
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
        let values = response.check_answers(survey)?;
        let skipped = match response.state {
            State::Complete => response.skipped(survey, &values),
            _ => Vec::new(),
        };
        Ok(CheckedResponse { id, revision, response, age_ms, skipped })
    }
}

impl Response {
    /// Checks the content, and brings it into its usual form.
    fn check(&mut self, survey: &Survey) -> Result<(), Invalid> {
        if let Some(page) = &mut self.page {
            page.truncate(page.find(['?', '#']).unwrap_or(page.len()));
        }
        self.drop_blank_names();
        if let Some(respondent) = &mut self.respondent {
            respondent.token = None;
        }
        // Every field is named, so that a new one does not compile until it is checked. State and answers are checked by
        // themselves, with what was asked; the order after this.
        let Self {
            state: _,
            site,
            survey: id,
            survey_version,
            locale,
            touchpoint,
            answers: _,
            presentation: Presentation { display, scale, direction, order: _ },
            page,
            respondent,
            context,
            test: _,
        } = self;
        if !is_slug(site) {
            return Err(Invalid::new("site", SLUG));
        }
        if survey.site.as_ref().is_some_and(|of_survey| of_survey != site) {
            return Err(Invalid::new("site", format!("the site of the survey {}", survey.id)));
        }
        if *id != survey.id {
            return Err(Invalid::new("survey", survey.id.as_str()));
        }
        if *survey_version != survey.version {
            return Err(Invalid::new("survey_version", survey.version.to_string()));
        }
        let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if locale.is_empty() || locale.len() > 35 || !locale.chars().all(tag) {
            return Err(Invalid::new("locale", "a language tag of at most 35 characters, such as zh-Hant"));
        }
        // Two spellings of a language must not become two segments. A tag that is none is kept as it was sent: the answer
        // is worth more.
        if let Some(canonical) = canonical(locale) {
            *locale = canonical;
        }
        optional_text("touchpoint", touchpoint.as_deref(), MAX_TOUCHPOINT_CHARS)?;
        one_of("presentation.display", display, Display::ALL.map(Display::name))?;
        one_of("presentation.scale", scale, Look::ALL.map(Look::name))?;
        one_of("presentation.direction", direction, ["ltr", "rtl"])?;
        optional_text("page", page.as_deref(), MAX_PAGE_CHARS)?;
        if let Some(Respondent { id, signed: _, attributes, token: _ }) = respondent {
            optional_text("respondent.id", id.as_deref(), MAX_RESPONDENT_CHARS)?;
            entries("respondent.attributes", attributes)?;
        }
        entries("context", context)?;
        self.check_order(survey)
    }

    /// Drops names that say nothing: kept, they would be in the list and in no segment.
    pub fn drop_blank_names(&mut self) {
        let respondent = self.respondent.as_mut().map(|respondent| &mut respondent.id);
        for name in [&mut self.touchpoint, &mut self.page].into_iter().chain(respondent) {
            name.take_if(|name| name.trim().is_empty());
        }
    }

    /// The orders that are told must be those of the options.
    fn check_order(&self, survey: &Survey) -> Result<(), Invalid> {
        for (id, order) in &self.presentation.order {
            let field = format!("presentation.order.{id}");
            let Some(Kind::Choice { options, .. }) = survey.question(id).map(|question| &question.kind)
            else {
                return Err(Invalid::new(field, "questions with options to choose from"));
            };
            let mut sorted: Vec<_> = order.iter().map(String::as_str).collect();
            let mut ids: Vec<_> = options.iter().map(|option| option.id.as_str()).collect();
            sorted.sort_unstable();
            ids.sort_unstable();
            if sorted != ids {
                return Err(Invalid::new(field, format!("{}, each once", ids.join(", "))));
            }
        }
        Ok(())
    }

    /// The answers as values, in the order of the survey's questions. They are brought into the form that widgets sent before
    /// they named scales.
    fn check_answers(&mut self, survey: &Survey) -> Result<Vec<Option<Value>>, Invalid> {
        let unanswered = matches!(self.state, State::Shown | State::Dismissed);
        if unanswered != self.answers.is_empty() {
            let expected =
                if unanswered { "no answer in this state" } else { "at least one answer in this state" };
            return Err(Invalid::new("answers", expected));
        }
        let mut values = vec![None; survey.questions.len()];
        for (i, answer) in self.answers.iter_mut().enumerate() {
            let at = |field: &str| format!("answers[{i}].{field}");
            let questions = survey.questions.iter().zip(&mut values);
            let Some((question, value)) =
                questions.into_iter().find(|(question, _)| question.id == answer.question)
            else {
                let ids: Vec<_> = survey.questions.iter().map(|q| q.id.as_str()).collect();
                return Err(Invalid::new(at("question"), ids.join(" or ")));
            };
            if value.is_some() {
                return Err(Invalid::new(at("question"), "each question at most once"));
            }
            *value = Some(answer.check(question, at)?);
        }
        Ok(values)
    }

    /// The questions that were asked and are not answered.
    fn skipped(&self, survey: &Survey, values: &[Option<Value>]) -> Vec<String> {
        let attributes = self.respondent.as_ref().map(|respondent| &respondent.attributes);
        let asked = survey.asked(values, &|key| attributes?.get(key).cloned());
        let questions = survey.questions.iter().enumerate().zip(values);
        questions
            .filter(|((index, question), value)| {
                asked & bit(*index) > 0 && value.is_none() && !matches!(question.kind, Kind::Message { .. })
            })
            .map(|((_, question), _)| question.id.clone())
            .collect()
    }
}

impl Answer {
    /// The value of an answer that fits its question.
    fn check(&mut self, question: &Question, at: impl Fn(&str) -> String) -> Result<Value, Invalid> {
        // Every field is named, so that a new one does not compile until it is one kind's alone.
        let Self { question: _, scale, rating, choices, other, text } = &*self;
        let has_rating = rating.is_some() || scale.is_some();
        let has_choice = !choices.is_empty() || other.is_some();
        let has_text = text.is_some();
        match &question.kind {
            Kind::Rating { measure, .. } => {
                let Some(point) = self.rating.filter(|_| !has_choice && !has_text) else {
                    return Err(Invalid::new(at("rating"), "a rating and nothing else"));
                };
                let (scale, own) = (measure.scale(), measure.metric().scale());
                let is_right = match &self.scale {
                    None => scale == own,
                    Some(name) => *name == scale_name(scale),
                };
                if !is_right {
                    // Four of five points is not four of seven.
                    let expected = format!("{}, the scale of this version", scale_name(scale));
                    return Err(Invalid::new(at("scale"), expected));
                }
                if scale == own {
                    self.scale = None;
                }
                let expected = || format!("an integer from {} to {}", scale.min(), scale.max());
                let rating = Rating::new(point, scale).map_err(|_| Invalid::new(at("rating"), expected()))?;
                Ok(Value::Point(rating))
            }
            Kind::Message { .. } => Err(Invalid::new(at("question"), "a question that can be answered")),
            Kind::Text { .. } => {
                let Some(text) = self.text.as_deref().filter(|_| !has_rating && !has_choice) else {
                    return Err(Invalid::new(at("text"), "a text and nothing else"));
                };
                words(&at("text"), text, MAX_COMMENT_CHARS)?;
                Ok(Value::Text(text.to_owned()))
            }
            Kind::Choice { options, many, other, .. } => {
                if has_rating || has_text || !has_choice {
                    return Err(Invalid::new(at("choices"), "choices and nothing else"));
                }
                let ids: Vec<_> = options.iter().map(|option| option.id.as_str()).collect();
                for (j, choice) in self.choices.iter().enumerate() {
                    let field = || format!("{}[{j}]", at("choices"));
                    if !ids.contains(&choice.as_str()) {
                        return Err(Invalid::new(field(), ids.join(" or ")));
                    }
                    if self.choices.iter().take(j).any(|earlier| earlier == choice) {
                        return Err(Invalid::new(field(), "each option at most once"));
                    }
                }
                if let Some(text) = &self.other {
                    if !other {
                        return Err(Invalid::new(at("other"), "nothing: the question has no such option"));
                    }
                    words(&at("other"), text, MAX_OTHER_CHARS)?;
                }
                if !many && self.choices.len() + usize::from(self.other.is_some()) > 1 {
                    return Err(Invalid::new(at("choices"), "one choice"));
                }
                Ok(Value::Chosen { options: self.choices.clone(), other: self.other.clone() })
            }
        }
    }
}

/// A text that says something.
fn words(field: &str, text: &str, max_chars: usize) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(Invalid::new(field, "at least one character"));
    }
    optional_text(field, Some(text), max_chars)
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
        optional_text(&format!("{field} (a key)"), Some(key), MAX_KEY_CHARS)?;
        optional_text(&format!("{field}.{key}"), Some(value), MAX_VALUE_CHARS)?;
    }
    Ok(())
}

fn one_of(field: &str, value: &str, allowed: impl IntoIterator<Item = &'static str>) -> Result<(), Invalid> {
    let allowed: Vec<_> = allowed.into_iter().collect();
    if allowed.contains(&value) { Ok(()) } else { Err(Invalid::new(field, allowed.join(" or "))) }
}

/// Whether a text is a UUID in its canonical form, RFC 9562, section 4: digits in lower case, and hyphens.
#[must_use]
pub fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

/// Whether a text is a UUIDv7 in its canonical form. RFC 9562, section 5.7: version 7 in the 13th digit, variant 8, 9, a or b in
/// the 17th.
#[must_use]
pub fn is_uuid_v7(id: &str) -> bool {
    let digit = |at| id.as_bytes().get(at);
    is_uuid(id) && digit(14) == Some(&b'7') && matches!(digit(19), Some(b'8' | b'9' | b'a' | b'b'))
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
