use super::{concat, digits::localise};
use crate::js;
use candor_survey::Language;
use js_sys::JSON;
use wasm_bindgen::JsValue;

/// English is embedded: there is always something to say.
const ENGLISH: &str = include_str!("../../locales/en/pack.json");

/// Gives a message by its key.
type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// The messages of one language, with English behind them.
pub(crate) struct Messages {
    messages: Lookup,
    /// The language of the texts: `zh-Hant`.
    pub(crate) tag: String,
    /// Right to left.
    pub(crate) rtl: bool,
    zero: char,
}

impl Messages {
    /// A fetched pack, or undefined for the embedded language; the region decides the digits where a language has several.
    pub(crate) fn new(pack: JsValue, language: &Language) -> Self {
        let english = JSON::parse(ENGLISH).unwrap_or(JsValue::UNDEFINED);
        let zero = language.region.as_deref().and_then(|region| js::text(&pack, &concat(&["zero-", region])));
        let zero = zero.or_else(|| js::text(&pack, "zero")).and_then(|zero| zero.chars().next());
        let rtl = js::text(&pack, "dir").as_deref() == Some("rtl");
        let messages = move |key: &str| js::text(&pack, key).or_else(|| js::text(&english, key));
        Self { messages: Box::new(messages), tag: language.tag.into(), rtl, zero: zero.unwrap_or('0') }
    }

    /// A message; a key that not even English has is shown as it is.
    pub(crate) fn get(&self, key: &str) -> String {
        (self.messages)(key).unwrap_or_else(|| key.into())
    }

    /// A number in the digits of the language.
    pub(crate) fn number(&self, number: u32) -> String {
        localise(number.into(), self.zero)
    }

    /// The direction as HTML names it.
    pub(crate) fn dir(&self) -> &'static str {
        if self.rtl { "rtl" } else { "ltr" }
    }
}

#[cfg(test)]
impl Messages {
    /// Messages that say their keys, right to left or not.
    pub(crate) fn keys(rtl: bool) -> Self {
        let messages =
            |key: &str| Some(if key == "ends" { "{min}={low} {max}={high}".into() } else { key.into() });
        Self { messages: Box::new(messages), tag: "en".into(), rtl, zero: '0' }
    }
}
