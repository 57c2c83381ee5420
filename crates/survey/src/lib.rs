//! What is asked and answered, as sent on the wire; presets; checks.
//!
//! | Look for | In |
//! |---|---|
//! | a survey's definition, in one language | [`Survey`], [`Question`] |
//! | a survey as its owner writes it, in all languages | [`AuthoredSite`], [`AuthoredSurvey`] |
//! | the surveys that need no server | [`preset()`] |
//! | what a site has running | [`Site`], [`RunningSurvey`] |
//! | an answer as it arrives | [`NewResponse`] |
//! | an answer that may be kept | [`NewResponse::check`] → [`CheckedResponse`] |
//! | the language to speak to a visitor | [`Language::negotiate`], [`closest`] among any tags |
//!
//! The wire types are plain structs: internally tagged, untagged and flattened enums would make serde buffer,
//! which costs over 9 kB of WebAssembly.

mod authored;
mod check;
mod definition;
mod language;
mod preset;
mod response;

pub use authored::{AuthoredQuestion, AuthoredSite, AuthoredSurvey, Texts, quiet_days};
pub use check::{CheckedResponse, Invalid, MAX_COMMENT_CHARS};
pub use definition::{BandTexts, Kind, Question, RunningSurvey, Site, Survey};
pub use language::{LANGUAGES, Language, canonical, closest};
pub use preset::preset;
pub use response::{
    Acknowledgement, AcknowledgementStatus, Answer, NewResponse, Presentation, Respondent, Response, State,
    WIRE_VERSION,
};
