use super::{Language, concat, digits::localise, language::join};
use crate::js;
use candor_survey::ZEROS;
use wasm_bindgen::JsValue;

/// Gives a message by its key.
type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// All words, in one language.
pub(crate) struct Messages {
    messages: Lookup,
    /// The language of the texts: `zh-Hant`.
    pub(crate) tag: String,
    /// Right to left.
    pub(crate) rtl: bool,
    zero: char,
    /// What stands between thousands.
    group: String,
    /// What is wrong with the page's own words.
    pub(crate) wrong: Option<String>,
}

impl Messages {
    /// A fetched pack, or undefined for the embedded language; the words of the survey, which is of this metric, and of the page, if
    /// they have some. The region decides the digits where a language has several.
    pub(crate) fn new(
        pack: &JsValue,
        words: &JsValue,
        page: &JsValue,
        metric: &str,
        language: &Language,
    ) -> Self {
        let all = join(pack, words, page, metric);
        let text = move |key: &str| js::text(&all, key);
        let zero = text(&concat(&["zero-", &language.region])).or_else(|| text("zero"));
        let zero =
            zero.and_then(|zero| zero.chars().next()).filter(|zero| ZEROS.contains(zero)).unwrap_or('0');
        Self {
            tag: text("lang").unwrap_or_else(|| language.tag.into()),
            rtl: text("dir").as_deref() == Some("rtl"),
            zero,
            group: text(&concat(&["group-", zero.encode_utf8(&mut [0; 4])])).unwrap_or_else(|| ",".into()),
            wrong: text("wrong"),
            messages: Box::new(text),
        }
    }

    /// A message; a key that not even English has is shown as it is.
    pub(crate) fn get(&self, key: &str) -> String {
        (self.messages)(key).unwrap_or_else(|| key.into())
    }

    /// A number below a million in the digits of the language, its thousands apart.
    pub(crate) fn number(&self, number: u32) -> String {
        let digits = |number: u32| localise(number.into(), self.zero);
        if number < 1_000 {
            return digits(number);
        }
        // Three digits, also when they begin with zeros.
        let rest = digits(1_000 + number % 1_000);
        concat(&[&digits(number / 1_000), &self.group, rest.get(self.zero.len_utf8()..).unwrap_or_default()])
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
        Self {
            messages: Box::new(messages),
            tag: "en".into(),
            rtl,
            zero: '0',
            group: ",".into(),
            wrong: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let check = |zero, group: &str, number, expected| {
            assert_eq!(
                Messages { zero, group: group.into(), ..Messages::keys(false) }.number(number),
                expected
            );
        };
        check('0', ",", 10, "10");
        check('0', ",", 999, "999");
        check('0', ".", 5_000, "5.000");
        check('0', ",", 5_032, "5,032");
        check('۰', "٬", 25_007, "۲۵٬۰۰۷");
    }
}
