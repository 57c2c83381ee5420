//! What the page asked for: a plain JavaScript object as it came, resolved once into [`EmbedConfig`].
//!
//! It is read property by property, each as JavaScript would write it as text, so that `quiet: 0` is as good as
//! `quiet: "0"`. One struct that is deserialized costs 8 kB more.

use crate::{
    js,
    recontact::Quiet,
    text::{Language, concat},
    wording::Own,
};
use candor_survey::{
    Display,
    limits::{
        MAX_ENTRIES, MAX_KEY_CHARS, MAX_PAGE_CHARS, MAX_RESPONDENT_CHARS, MAX_SLUG, MAX_TOKEN_BYTES,
        MAX_TOUCHPOINT_CHARS, MAX_VALUE_CHARS, SLUG, is_slug, is_web_address,
    },
    options::{DEFAULT_ENDPOINT_PATH, DEFAULT_SITE, DISPLAY, OneOf, POSITION, SEND, THEME},
};
use js_sys::{Function, Object};
use wasm_bindgen::{JsCast, JsValue};

/// Everything the page decides about one survey; its meaning, its values and its default stand in `candor_survey::options`.
/// What needs no check is read when it is asked for.
pub(crate) struct EmbedConfig {
    raw: Raw,
    /// A preset or a survey's id. Required.
    pub(crate) survey: String,
    pub(crate) site: String,
    /// Whether the page named the site.
    pub(crate) names_site: bool,
    /// Where definitions come from, without a trailing slash. Required unless `survey` is a preset.
    pub(crate) api: String,
    /// Where responses go.
    pub(crate) endpoint: String,
    /// `send`: `each` posts every change, `final` once, at the end or on leaving.
    pub(crate) send_final: bool,
    /// `langs`: wanted languages, best first. Default: English.
    pub(crate) language: Language,
    /// `display`
    pub(crate) display: Display,
    /// `light` or `dark`; none is `auto`.
    pub(crate) theme: Option<String>,
    /// Days of quiet after an answer and a dismissal.
    pub(crate) quiet: Quiet,
    /// `position`: `end` or `start`, `top-` before it or not.
    pub(crate) at_start: bool,
    pub(crate) at_top: bool,
    /// The page's own words, until the survey is there.
    pub(crate) own: Own,
    /// What the page adds to the answer; `product` and `task` are in it.
    pub(crate) context: Option<Object>,
    /// Who answers, if the page said so: `{id, token, attributes}`.
    pub(crate) respondent: Option<Object>,
    /// What was wrong and went by its default.
    pub(crate) problems: Vec<String>,
}

/// The page's object, before anything of it is checked. What is absent, null or cannot be read has no value.
struct Raw(JsValue);

impl Raw {
    fn any(&self, key: &str) -> JsValue {
        js::get(&self.0, key).unwrap_or_default()
    }

    /// A property as text, unless it is blank or an object.
    fn text(&self, key: &str) -> Option<String> {
        js::text(&self.0, key).filter(|text| !text.trim().is_empty())
    }

    /// Whether the property has another value than its default. What is none of its values is a problem.
    fn other(&self, option: &OneOf, problems: &mut Vec<String>) -> Option<String> {
        let value = self.text(option.name).filter(|value| value != option.default)?;
        if option.others.contains(&value.as_str()) {
            return Some(value);
        }
        let mut problem = concat(&[option.name, ": expected ", option.default]);
        for other in option.others {
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
        let raw = Raw(raw.clone());
        let survey = slug("survey", raw.text("survey"))?;
        let site = raw.text("site");
        let names_site = site.is_some();
        let site = slug("site", site.or_else(|| Some(DEFAULT_SITE.into())))?;
        let api = raw.text("api").unwrap_or_default().trim_end_matches('/').to_owned();
        let endpoint = match raw.text("endpoint") {
            Some(endpoint) => endpoint,
            None if api.is_empty() => return Err("endpoint: expected an address, or an api".into()),
            None => concat(&[&api, DEFAULT_ENDPOINT_PATH]),
        };
        let mut problems = Vec::new();
        let send_final = raw.other(&SEND, &mut problems).is_some();
        let display = raw.other(&DISPLAY, &mut problems);
        let display = Display::ALL.into_iter().find(|one| Some(one.name()) == display.as_deref());
        let theme = raw.other(&THEME, &mut problems);
        let position = raw.other(&POSITION, &mut problems).unwrap_or_default();
        let quiet = raw.text("quiet").map_or(Some(Quiet::DEFAULT), |text| Quiet::parse(&text));
        if quiet.is_none() {
            problems.push("quiet: expected days after an answer and after a dismissal, such as 90,30".into());
        }
        let own = Own {
            question: raw.text("question"),
            low: raw.text("low"),
            high: raw.text("high"),
            followup: raw.text("followup"),
            product: raw.text("product"),
            task: raw.text("task"),
        };
        for (key, text) in [("question", &own.question), ("followup", &own.followup)] {
            if text.as_ref().is_some_and(|text| own.fill(text).is_none()) {
                problems.push(concat(&[key, ": expected a product and a task for its placeholders"]));
            }
        }
        let context =
            Entries::default().with("product", own.product.as_deref()).with("task", own.task.as_deref());
        let context = context.with_all(&raw.any("context")).object();
        let respondent = raw.any("respondent");
        let id = js::text(&respondent, "id").map(|id| clip(&id, MAX_RESPONDENT_CHARS));
        let attributes = js::get(&respondent, "attributes").unwrap_or_default();
        let attributes = Entries::default().with_all(&attributes).object();
        let token = raw.text("identity").map(|token| clip(&token, MAX_TOKEN_BYTES));
        let respondent =
            js::object().with("id", id).with("token", token).with("attributes", attributes).done();
        let is_told = js::keys(&respondent).next().is_some();
        let respondent = is_told.then_some(respondent);
        Ok(Self {
            language: Language::of(&raw.any("langs")),
            raw,
            survey,
            site,
            names_site,
            api,
            endpoint,
            send_final,
            display: display.unwrap_or_default(),
            theme,
            quiet: quiet.unwrap_or(Quiet::DEFAULT),
            at_start: position.ends_with("start"),
            at_top: position.starts_with("top"),
            own,
            context,
            respondent,
            problems,
        })
    }

    /// Where in the customer's journey it is asked.
    pub(crate) fn touchpoint(&self) -> Option<String> {
        self.raw.text("touchpoint").map(|touchpoint| clip(&touchpoint, MAX_TOUCHPOINT_CHARS))
    }

    /// A CSS colour. Default: ink.
    pub(crate) fn accent(&self) -> Option<String> {
        self.raw.text("accent")
    }

    /// Address of a privacy notice.
    pub(crate) fn privacy(&self) -> Option<String> {
        self.raw.text("privacy").filter(|url| is_web_address(url))
    }

    /// True for answers that are tried out.
    pub(crate) fn is_test(&self) -> bool {
        js::as_text(&self.raw.any("test")).is_some_and(|test| test != "false")
    }

    /// A key, such as an order, for which the survey is shown once.
    pub(crate) fn once(&self) -> Option<String> {
        self.raw.text("once")
    }

    /// The object as it came. Under `words` it has the page's own words, `lang` and `dir` among them.
    pub(crate) fn page_says(&self) -> &JsValue {
        &self.raw.0
    }

    /// The folder of the message packs.
    pub(crate) fn base(&self) -> String {
        self.raw.text("base").unwrap_or_default()
    }

    /// The page's address without query and fragment.
    pub(crate) fn page(&self) -> Option<String> {
        let page = self.raw.text("page")?;
        Some(clip(page.split(['?', '#'].as_slice()).next().unwrap_or_default(), MAX_PAGE_CHARS))
    }

    /// Lets `amend`, if it is a function, bring to a response what another tab has answered.
    pub(crate) fn amend(&self, response: &JsValue) {
        if let Ok(amend) = self.raw.any("amend").dyn_into::<Function>() {
            let _ = amend.call1(&JsValue::UNDEFINED, response);
        }
    }

    /// What the page said of the respondent.
    pub(crate) fn attributes(&self) -> Vec<(String, String)> {
        let attributes = self.respondent.as_ref().and_then(|respondent| js::get(respondent, "attributes"));
        Entries::default().with_all(&attributes.unwrap_or_default()).0
    }
}

/// An id as the server accepts it.
fn slug(key: &str, value: Option<String>) -> Result<String, String> {
    let value = value.unwrap_or_default();
    if is_slug(&value) {
        return Ok(value);
    }
    Err(concat(&[key, ": expected ", SLUG, ", not ", &clip(&value, MAX_SLUG)]))
}

/// At most `max` characters, none of them NUL.
fn clip(text: &str, max: usize) -> String {
    text.chars().filter(|&c| c != '\0').take(max).collect()
}

/// Texts under names, cut to the limits of the wire, so that a long one never costs a respondent's answer. They stay a JavaScript object, as which they come and go: maps in
/// between were 6 kB.
#[derive(Default)]
struct Entries(Vec<(String, String)>);

impl Entries {
    fn with(mut self, key: &str, value: Option<&str>) -> Self {
        if let (1.., true, Some(value)) = (key.len(), self.0.len() < MAX_ENTRIES, value) {
            self.0.push((clip(key, MAX_KEY_CHARS), clip(value, MAX_VALUE_CHARS)));
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
        let mut object = js::object();
        for (key, value) in &self.0 {
            object = object.with(key, value);
        }
        (!self.0.is_empty()).then(|| object.done())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_characters() {
        assert_eq!(clip("快快快", 2), "快快");
        assert_eq!(clip("a\0b", 9), "ab");
    }
}
