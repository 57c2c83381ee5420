//! What is asked and answered, as sent on the wire; presets; checks.
//!
//! | Look for | In |
//! |---|---|
//! | a survey's definition, in one language | [`Survey`], [`Question`], [`Kind`], [`Rule`] |
//! | which questions are asked of whom | [`Survey::asked`] |
//! | a survey as its owner writes it, in all languages | `AuthoredSite`, `AuthoredSurvey` (feature `authored`) |
//! | what the field advises against in one | `AuthoredSite::warnings`, `Warning` (feature `authored`) |
//! | the site's own words for what the widget says | `Definition`, `Words` (feature `authored`) |
//! | what a script tag or a survey may say of how it is shown | [`options`] |
//! | how long a text may be, what an id is | [`limits`] |
//! | the surveys that need no server | [`preset()`] |
//! | what a site has running | [`Site`], [`RunningSurvey`] |
//! | an answer as it arrives | [`NewResponse`] |
//! | an answer that may be kept | [`NewResponse::check`] → [`CheckedResponse`] |
//! | surveys and answers as JSON has them, flat | [`wire`] |
//! | the language to speak to a visitor | [`Language::negotiate`], [`closest`] among any tags |

#[cfg(feature = "authored")]
mod authored;
mod check;
mod language;
pub mod limits;
mod object;
#[cfg(feature = "authored")]
mod option_values;
pub mod options;
mod preset;
mod response;
#[cfg(feature = "authored")]
mod segments;
mod site;
mod survey;
#[cfg(feature = "authored")]
mod warnings;
pub mod wire;
#[cfg(feature = "authored")]
mod words;

#[cfg(feature = "authored")]
pub use authored::{
    Algorithm, AuthoredEnding, AuthoredOption, AuthoredQuestion, AuthoredSite, AuthoredSurvey, IdentityKey,
    PUBLIC_KEY, Texts,
};
pub use check::{CheckedResponse, Invalid, is_uuid, is_uuid_v7};
pub use language::{LANGUAGES, Language, ZEROS, canonical, closest};
pub use limits::MAX_COMMENT_CHARS;
pub use object::Object;
pub use preset::{PRESETS, is_defined_preset, preset};
#[cfg(feature = "authored")]
pub use preset::{defined_presets, preset_structure};
pub use response::{
    Acknowledgement, AcknowledgementStatus, Answer, NewResponse, Presentation, Respondent, Response, State,
    WIRE_VERSION,
};
#[cfg(feature = "authored")]
pub use segments::{DeclaredSegment, MAX_SEGMENTS};
pub use site::{RunningSurvey, Site};
pub use survey::{
    Ability, BandTexts, Choice, Display, Ending, Kind, Link, Look, MAX_OPTIONS, MAX_QUESTIONS, OTHER,
    Question, Rule, Survey, Test, Value, bit, satisfaction,
};
#[cfg(feature = "authored")]
pub use warnings::Warning;
#[cfg(feature = "authored")]
pub use wire::scale_name;
#[cfg(feature = "authored")]
pub use words::{Definition, Words};
