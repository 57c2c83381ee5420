//! The language to speak to a visitor.

use candor_survey::LANGUAGES;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/text/language.js")]
extern "C" {
    fn negotiate(wanted: &JsValue, spoken: &str) -> String;
}

/// A language chosen for a visitor.
#[derive(Clone, Debug)]
pub(crate) struct Language {
    /// One of [`LANGUAGES`].
    pub(crate) tag: &'static str,
    /// The region that the visitor named, in capitals (`EG`), else nothing: it decides the digits, not the words.
    pub(crate) region: String,
}

impl Language {
    /// The first wanted tag that Candor speaks; English when there is none.
    pub(crate) fn of(wanted: &JsValue) -> Self {
        let mut spoken = String::new();
        for tag in LANGUAGES {
            spoken.push_str(tag);
            spoken.push(' ');
        }
        let chosen = negotiate(wanted, spoken.trim_ascii_end());
        let (tag, region) = chosen.split_once([' '].as_slice()).unwrap_or_default();
        let tag = LANGUAGES.into_iter().find(|known| *known == tag).unwrap_or("en");
        Self { tag, region: region.to_owned() }
    }
}
