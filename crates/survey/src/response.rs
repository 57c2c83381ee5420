use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the wire format, the `v` of every response.
pub const WIRE_VERSION: u32 = 1;

/// One response as it arrives, not yet checked: `POST /v1/responses`.
///
/// Every request carries the whole response so far; a higher revision replaces a lower one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewResponse {
    /// [`WIRE_VERSION`].
    pub v: u32,
    /// A UUIDv7 in its canonical form, minted in the browser: the idempotency key.
    pub id: String,
    /// From 1, one more with each change.
    pub revision: u32,
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
    /// Milliseconds from the first rating (or the impression, before it) until this request left.
    /// Not part of the content.
    #[serde(default)]
    pub age_ms: u32,
}

/// How far a respondent has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// The answer to one question: a rating or a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's id.
    pub question: String,
    /// A point of the survey's scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
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
}

/// Who answered, as far as the page says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Respondent {
    /// The site's own name for the respondent, at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the site knows: at most 32 entries, keys of 64 and values of 256 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// What the server says to a response that it keeps, or kept before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The response's id.
    pub id: String,
    /// The revision that is kept now.
    pub revision: u32,
    /// What became of the request.
    pub status: ReceiptStatus,
}

/// What became of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// Kept, on durable storage.
    Stored,
    /// This very revision had been kept before.
    Duplicate,
    /// A higher revision had been kept before.
    Superseded,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands skip_serializing_if a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
