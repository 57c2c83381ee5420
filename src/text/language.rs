//! The language to speak to a visitor.

use candor_survey::LANGUAGES;
use wasm_bindgen::prelude::*;

/// English is embedded: there is always something to say.
const ENGLISH: &str = include_str!("../../locales/en/pack.json");

#[wasm_bindgen(module = "/src/text/language.js")]
extern "C" {
    fn negotiate(wanted: &JsValue, spoken: &str) -> String;
    #[wasm_bindgen(js_name = join)]
    fn joined(
        english: &str,
        pack: &JsValue,
        words: &JsValue,
        page: &JsValue,
        spoken: &str,
        metric: &str,
    ) -> JsValue;
}

/// A language chosen for a visitor.
#[derive(Clone, Debug)]
pub(crate) struct Language {
    /// One of [`LANGUAGES`].
    pub(crate) tag: &'static str,
    /// The region that the visitor named, in capitals (`EG`), else nothing: it decides the digits, not the words.
    pub(crate) region: String,
    /// All tags that are wanted, by commas, best first.
    pub(crate) wanted: String,
}

impl Language {
    /// The first wanted tag that Candor speaks; English when there is none.
    pub(crate) fn of(wanted: &JsValue) -> Self {
        let chosen = negotiate(wanted, &spoken());
        let (tag, rest) = chosen.split_once([' '].as_slice()).unwrap_or_default();
        let (region, wanted) = rest.split_once([' '].as_slice()).unwrap_or_default();
        let tag = LANGUAGES.into_iter().find(|known| *known == tag).unwrap_or("en");
        Self { tag, region: region.to_owned(), wanted: wanted.to_owned() }
    }
}

fn spoken() -> String {
    let mut spoken = String::new();
    for tag in LANGUAGES {
        spoken.push_str(tag);
        spoken.push(' ');
    }
    spoken.trim_ascii_end().to_owned()
}

/// All words under their names, for a survey of this metric: English's, the pack's, the survey's and the page's own; the later win. And under
/// `wrong` what is wrong with the page's.
pub(super) fn join(pack: &JsValue, words: &JsValue, page: &JsValue, metric: &str) -> JsValue {
    joined(ENGLISH, pack, words, page, &spoken(), metric)
}
