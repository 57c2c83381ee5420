use crate::object::{Object, each_once};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IgnoredAny, Unexpected, Visitor},
};
use std::{collections::BTreeMap, fmt};

/// The version of the wire format, the `v` of every response.
pub const WIRE_VERSION: u32 = 1;

/// One response as it arrives, not yet checked: `POST /v1/responses`. On the wire it is flat: what is answered stands beside
/// what the sending is about.
///
/// Every request carries the whole response so far; a higher revision replaces a lower one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Object<Flat>", into = "Flat")]
pub struct NewResponse {
    /// [`WIRE_VERSION`].
    pub v: u32,
    /// A UUIDv7 in its canonical form, minted in the browser: the idempotency key.
    pub id: String,
    /// From 1, one more with each change.
    pub revision: u32,
    /// What is answered.
    pub response: Response,
    /// Milliseconds from the first answer (or the impression, before it) until this request left.
    pub age_ms: u32,
}

/// What one respondent answered: the content, which no two requests of one revision may differ in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// How far the respondent has come.
    pub state: State,
    /// The site's id, 1–64 of `a–z 0–9 - _`.
    pub site: String,
    /// The survey's id, or a preset's name.
    pub survey: String,
    /// The survey's version, from 1.
    pub survey_version: u32,
    /// The language shown, a canonical tag: `zh-Hant`.
    pub locale: String,
    /// Where in the customer's journey it was asked, at most 64 characters: `checkout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touchpoint: Option<String>,
    /// At most one for each question; empty while `shown` and when `dismissed`.
    #[serde(default)]
    pub answers: Vec<Answer>,
    /// How it looked.
    pub presentation: Presentation,
    /// The page's address without query and fragment, at most 2,048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Who answered, if the page said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respondent: Option<Respondent>,
    /// What the page added: at most 32 entries, keys of 64 and values of 256 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, String>,
    /// True for answers that are tried out: kept, never counted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub test: bool,
}

/// [`NewResponse`] as it is on the wire.
#[derive(Serialize, Deserialize)]
#[serde(rename = "NewResponse")]
struct Flat {
    v: u32,
    id: String,
    revision: u32,
    state: State,
    site: String,
    survey: String,
    survey_version: u32,
    locale: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    touchpoint: Option<String>,
    #[serde(default)]
    answers: Vec<Object<Answer>>,
    presentation: Object<Presentation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    respondent: Option<Object<SentRespondent>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "each_once")]
    context: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "is_false")]
    test: bool,
    #[serde(default)]
    age_ms: u32,
}

/// [`Respondent`] as it is on the wire: whether it was signed is the server's to say.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Respondent")]
struct SentRespondent {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "any_token")]
    token: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "each_once")]
    attributes: BTreeMap<String, String>,
}

impl From<SentRespondent> for Respondent {
    fn from(SentRespondent { id, token, attributes }: SentRespondent) -> Self {
        Self { id, signed: false, attributes, token }
    }
}

impl From<Respondent> for SentRespondent {
    fn from(Respondent { id, signed: _, attributes, token }: Respondent) -> Self {
        Self { id, token, attributes }
    }
}

/// A token that is no text is as wrong as any other, and costs no answer. It is read as an empty one.
fn any_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Sent {
        Text(String),
        Other(IgnoredAny),
    }
    let sent = Option::<Sent>::deserialize(deserializer)?;
    Ok(sent.map(|sent| if let Sent::Text(token) = sent { token } else { String::new() }))
}

impl From<Object<Flat>> for NewResponse {
    fn from(Object(flat): Object<Flat>) -> Self {
        let Flat { v, id, revision, state, site, survey, survey_version, locale, touchpoint, .. } = flat;
        let Flat { answers, presentation, page, respondent, context, test, age_ms, .. } = flat;
        let answers = answers.into_iter().map(|Object(answer)| answer).collect();
        let Object(presentation) = presentation;
        let respondent = respondent.map(|Object(sent)| Respondent::from(sent));
        let response = Response {
            state,
            site,
            survey,
            survey_version,
            locale,
            touchpoint,
            answers,
            presentation,
            page,
            respondent,
            context,
            test,
        };
        Self { v, id, revision, response, age_ms }
    }
}

impl From<NewResponse> for Flat {
    fn from(new: NewResponse) -> Self {
        let NewResponse { v, id, revision, response, age_ms } = new;
        let Response { state, site, survey, survey_version, locale, touchpoint, .. } = response;
        let Response { answers, presentation, page, respondent, context, test, .. } = response;
        let answers = answers.into_iter().map(Object).collect();
        let presentation = Object(presentation);
        let respondent = respondent.map(|respondent| Object(respondent.into()));
        Self {
            v,
            id,
            revision,
            state,
            site,
            survey,
            survey_version,
            locale,
            touchpoint,
            answers,
            presentation,
            page,
            respondent,
            context,
            test,
            age_ms,
        }
    }
}

/// How far a respondent has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The prompt was seen: an impression.
    Shown,
    /// Something was answered.
    Partial,
    /// The respondent reached the end.
    Complete,
    /// Closed unanswered.
    Dismissed,
}

impl State {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Partial => "partial",
            Self::Complete => "complete",
            Self::Dismissed => "dismissed",
        }
    }
}

// A derived enum takes `{"shown": null}` as well.
impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(StateName)
    }
}

struct StateName;

impl Visitor<'_> for StateName {
    type Value = State;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of shown, partial, complete, dismissed")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<State, E> {
        let state = [State::Shown, State::Partial, State::Complete, State::Dismissed]
            .into_iter()
            .find(|state| state.name() == name);
        state.ok_or_else(|| E::invalid_value(Unexpected::Str(name), &self))
    }
}

/// The answer to one question: a rating, choices or a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's id.
    pub question: String,
    /// The scale of the rating, from its worst to its best point: `0-10`, `1-7`; `5-1` where low is good. Absent, it is the
    /// metric's own, on which every widget asked that did not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// A point of the scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// The ids of the options that were chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// What was written beside "other", 1 to 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// A comment, 1 to 5,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How the prompt looked: looks shift answers, so they are kept beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentation {
    /// `popover` or `inline`.
    pub display: String,
    /// `numbers`.
    pub scale: String,
    /// `ltr` or `rtl`.
    pub direction: String,
    /// In which order the options of a shuffled question stood, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "each_once")]
    pub order: BTreeMap<String, Vec<String>>,
}

/// Who answered, as far as the page says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Respondent {
    /// The site's own name for the respondent, at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether the site has signed the id. Never read from the wire: the server says so once it has seen the token.
    #[serde(default, skip_serializing_if = "is_false")]
    pub signed: bool,
    /// What the site knows: at most 32 entries, keys of 64 and values of 256 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The token by which the site signs the id, as it came. Whoever keeps a response keeps none.
    #[serde(skip)]
    pub token: Option<String>,
}

/// What the server says to a response that it keeps, or kept before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The response's id.
    pub id: String,
    /// The revision that is kept now.
    pub revision: u32,
    /// What became of the request.
    pub status: AcknowledgementStatus,
}

/// What became of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcknowledgementStatus {
    /// Kept, on durable storage.
    Stored,
    /// This very revision had been kept before.
    Duplicate,
    /// A higher revision had been kept before.
    Superseded,
    /// It was erased before, and stays away.
    Erased,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands skip_serializing_if a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
