//! What the page asked for: a plain JavaScript object as it came, resolved once into [`EmbedConfig`].
//!
//! It is read property by property, each as JavaScript would write it as text, so that `quiet: 0` is as good as
//! `quiet: "0"`. One struct that is deserialized costs 8 kB more.

use crate::{js, recontact::Quiet, text::fill};
use candor_survey::{LANGUAGES, Language};
use js_sys::{Array, Object};
use wasm_bindgen::{JsCast, JsValue};

/// The limits of the wire. A longer text of the page is cut, so that it never costs a respondent's answer.
const MAX_ENTRIES: usize = 32;
const MAX_KEY: usize = 64;
const MAX_VALUE: usize = 256;
const MAX_ID: usize = 128;
const MAX_PAGE: usize = 2_048;

/// Everything the page decides about one survey. Each field is a property of the object, in lower case.
#[derive(Debug)]
pub(crate) struct EmbedConfig {
    /// A preset (`nps`, `csat`, `ces`) or a survey's id. Required.
    pub(crate) survey: String,
    /// Default: `default`.
    pub(crate) site: String,
    /// Where definitions come from, without a trailing slash. Required unless `survey` is a preset.
    pub(crate) api: String,
    /// Where responses go. Default: `{api}/v1/responses`.
    pub(crate) endpoint: String,
    /// `send`: `each` (default) posts every change, `final` once, at the end or on leaving.
    pub(crate) send_final: bool,
    /// `langs`: wanted languages, best first. Default: English.
    pub(crate) language: Language,
    /// Where in the customer's journey it is asked, at most 64 characters.
    pub(crate) touchpoint: Option<String>,
    /// `display`: `popover` (default) or `inline`.
    pub(crate) inline: bool,
    /// `auto` (default), `light` or `dark`.
    pub(crate) theme: Option<String>,
    /// A CSS colour. Default: ink.
    pub(crate) accent: Option<String>,
    /// Days of quiet after an answer and a dismissal. Default: `90,30`.
    pub(crate) quiet: Quiet,
    /// `position`: `end` (default) or `start`.
    pub(crate) at_start: bool,
    /// Address of a privacy notice.
    pub(crate) privacy: Option<String>,
    /// What the question is about.
    pub(crate) product: Option<String>,
    /// What the visitor did, for CES.
    pub(crate) task: Option<String>,
    /// True for answers that are tried out.
    pub(crate) test: bool,
    /// The page's own wordings.
    pub(crate) question: Option<String>,
    pub(crate) low: Option<String>,
    pub(crate) high: Option<String>,
    pub(crate) followup: Option<String>,
    /// A key, such as an order, for which the survey is shown once.
    pub(crate) once: Option<String>,
    /// What the page adds to the answer; `product` and `task` are in it.
    pub(crate) context: Option<Object>,
    /// Who answers, if the page said so: `{id, attributes}`.
    pub(crate) respondent: Option<Object>,
    /// The folder of the message packs.
    pub(crate) base: String,
    /// The page's address without query and fragment.
    pub(crate) page: Option<String>,
    /// What was wrong and went by its default.
    pub(crate) problems: Vec<String>,
}

/// The page's object, before anything of it is checked. What is absent, null or cannot be read has no value.
struct Raw<'a>(&'a JsValue);

impl Raw<'_> {
    fn any(&self, key: &str) -> JsValue {
        js::get(self.0, key).unwrap_or_default()
    }

    /// A property as text, unless it is blank or an object.
    fn text(&self, key: &str) -> Option<String> {
        js::text(self.0, key).filter(|text| !text.trim().is_empty())
    }

    /// Whether the property has another value than its default. What is none of its values is a problem.
    fn other(&self, key: &str, default: &str, others: &[&str], problems: &mut Vec<String>) -> Option<String> {
        let value = self.text(key).filter(|value| value != default)?;
        if others.contains(&value.as_str()) {
            return Some(value);
        }
        let mut problem = concat(&[key, ": expected ", default]);
        for other in others {
            problem.push_str(" or ");
            problem.push_str(other);
        }
        problem.push_str(", not ");
        problem.push_str(&value);
        problems.push(problem);
        None
    }
}

impl EmbedConfig {
    /// Resolves what the page passed.
    ///
    /// # Errors
    /// What was expected, when there is no default: an object, the survey's and the site's id, an address to send to.
    pub(crate) fn read(raw: &JsValue) -> Result<Self, String> {
        if !raw.is_object() {
            return Err("config: expected an object".into());
        }
        let raw = Raw(raw);
        let mut problems = Vec::new();
        let send_final = raw.other("send", "each", &["final"], &mut problems).is_some();
        let inline = raw.other("display", "popover", &["inline"], &mut problems).is_some();
        let theme = raw.other("theme", "auto", &["light", "dark"], &mut problems);
        let at_start = raw.other("position", "end", &["start"], &mut problems).is_some();

        let survey = slug("survey", raw.text("survey"))?;
        let site = slug("site", raw.text("site").or_else(|| Some("default".into())))?;
        let api = raw.text("api").unwrap_or_default().trim_end_matches('/').to_owned();
        let endpoint = match raw.text("endpoint") {
            Some(endpoint) => endpoint,
            None if api.is_empty() => return Err("endpoint: expected an address, or an api".into()),
            None => concat(&[&api, "/v1/responses"]),
        };
        let quiet = raw.text("quiet").map_or(Some(Quiet::DEFAULT), |text| Quiet::parse(&text));
        if quiet.is_none() {
            problems.push("quiet: expected days after an answer and after a dismissal, such as 90,30".into());
        }
        let privacy = raw.text("privacy").filter(|url| is_web_address(url));

        let langs: Vec<String> = raw
            .any("langs")
            .dyn_into::<Array>()
            .map(|langs| langs.iter().filter_map(|lang| js::as_text(&lang)).collect())
            .unwrap_or_default();
        let (product, task) = (raw.text("product"), raw.text("task"));
        let own = Entries::default().with("product", product.as_deref()).with("task", task.as_deref());
        let context = own.with_all(&raw.any("context")).object();
        let respondent = raw.any("respondent");
        let id = js::text(&respondent, "id").map(|id| clip(&id, MAX_ID));
        let attributes = js::get(&respondent, "attributes").unwrap_or_default();
        let attributes = Entries::default().with_all(&attributes).object();
        let respondent = (id.is_some() || attributes.is_some())
            .then(|| js::object(&[("id", id.into()), ("attributes", attributes.into())]));
        let page =
            raw.text("page").map(|page| clip(page.split(['?', '#']).next().unwrap_or_default(), MAX_PAGE));

        let mut config = Self {
            survey,
            site,
            api,
            endpoint,
            send_final,
            language: Language::negotiate(langs.iter().map(String::as_str), &LANGUAGES),
            touchpoint: raw.text("touchpoint").map(|touchpoint| clip(&touchpoint, MAX_KEY)),
            inline,
            theme,
            accent: raw.text("accent"),
            quiet: quiet.unwrap_or(Quiet::DEFAULT),
            at_start,
            privacy,
            product,
            task,
            test: js::as_text(&raw.any("test")).is_some_and(|test| test != "false"),
            question: raw.text("question"),
            low: raw.text("low"),
            high: raw.text("high"),
            followup: raw.text("followup"),
            once: raw.text("once"),
            context,
            respondent,
            base: raw.text("base").unwrap_or_default(),
            page,
            problems,
        };
        for (key, text) in [("question", &config.question), ("followup", &config.followup)] {
            if text.as_ref().is_some_and(|text| config.fill(text).is_none()) {
                config.problems.push(concat(&[key, ": expected a product and a task for its placeholders"]));
            }
        }
        Ok(config)
    }

    /// A text with its placeholders filled in; `None` if one of them has no value.
    pub(crate) fn fill(&self, text: &str) -> Option<String> {
        fill(text, &[("product", self.product.as_deref()), ("task", self.task.as_deref())])
    }
}

/// Joins texts; `format!` would bring the formatting machinery, and `[&str]::concat` half a kilobyte.
pub(crate) fn concat(parts: &[&str]) -> String {
    let mut whole = String::new();
    for part in parts {
        whole.push_str(part);
    }
    whole
}

/// An id as the server accepts it: 1–64 of `a–z 0–9 - _`.
fn slug(key: &str, value: Option<String>) -> Result<String, String> {
    let value = value.unwrap_or_default();
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if (1..=64).contains(&value.len()) && value.bytes().all(allowed) {
        return Ok(value);
    }
    Err(concat(&[key, ": expected 1 to 64 of a–z, 0–9, - and _, not ", &clip(&value, MAX_KEY)]))
}

/// No `javascript:` address becomes a link.
fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://") || url.starts_with('/')
}

/// At most `max` characters, none of them NUL.
fn clip(text: &str, max: usize) -> String {
    text.chars().filter(|&c| c != '\0').take(max).collect()
}

/// Texts under names, within the limits of the wire. They stay a JavaScript object, as which they come and go: maps in
/// between were 6 kB.
#[derive(Default)]
struct Entries(Vec<(String, String)>);

impl Entries {
    fn with(mut self, key: &str, value: Option<&str>) -> Self {
        if let (1.., true, Some(value)) = (key.len(), self.0.len() < MAX_ENTRIES, value) {
            self.0.push((clip(key, MAX_KEY), clip(value, MAX_VALUE)));
        }
        self
    }

    fn with_all(mut self, raw: &JsValue) -> Self {
        for key in js::keys(raw) {
            let value = js::text(raw, &key);
            self = self.with(&key, value.as_deref());
        }
        self
    }

    /// `None` if there are none; of two under one name the later.
    fn object(self) -> Option<Object> {
        let pairs: Vec<_> = self.0.iter().map(|(key, value)| (key.as_str(), value.as_str().into())).collect();
        (!pairs.is_empty()).then(|| js::object(&pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_slugs() {
        assert_eq!(slug("survey", Some("checkout-csat_2".into())).as_deref(), Ok("checkout-csat_2"));
        for id in ["", "Shop", "a b", "../x", &"a".repeat(65)] {
            assert!(slug("site", Some(id.into())).is_err(), "{id}");
        }
        assert!(slug("survey", None).is_err());
    }

    #[test]
    fn texts_are_cut_by_characters() {
        assert_eq!(clip("快快快", 2), "快快");
        assert_eq!(clip("a\0b", 9), "ab");
    }

    #[test]
    fn a_script_is_no_web_address() {
        assert!(is_web_address("https://shop.example/privacy") && is_web_address("/privacy"));
        assert!(!is_web_address("javascript:alert(1)") && !is_web_address("data:text/html,x"));
    }
}
