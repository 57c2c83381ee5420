use crate::{
    BandTexts, Invalid, Kind, Question, Survey, canonical as canonical_tag, check::is_slug, closest, preset,
};
use candor_scoring::Metric;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The longest text of a question, in characters.
const MAX_TEXT_CHARS: usize = 500;
/// Says what was expected of a value, to follow "expected".
type Check = fn(&str) -> Result<(), String>;
/// What a survey may bring of the script tag's `data-` attributes: all but those that say which survey it is. A value
/// that the widget would not understand is refused here, where its author sees it, and not in a visitor's browser.
const OPTIONS: [(&str, Check); 22] = [
    ("trigger", |value| value.split_whitespace().try_for_each(trigger_word)),
    ("display", |value| one_of(value, &["popover", "inline"])),
    ("target", anything),
    ("position", |value| one_of(value, &["end", "start"])),
    ("theme", |value| one_of(value, &["auto", "light", "dark"])),
    ("accent", anything),
    ("privacy", address),
    ("quiet", days),
    ("once", anything),
    ("consent", |value| one_of(value, &["required", "false"])),
    ("touchpoint", |value| expect(value.chars().count() <= 64, "at most 64 characters")),
    ("product", anything),
    ("task", anything),
    ("question", placeholders),
    ("low", placeholders),
    ("high", placeholders),
    ("followup", placeholders),
    ("send", |value| one_of(value, &["each", "final"])),
    ("test", |value| one_of(value, &["true", "false"])),
    ("lang", |value| expect(canonical_tag(value).is_some(), "a language tag, such as zh-Hant")),
    ("endpoint", address),
    ("api", address),
];

/// A text by language, each under its canonical tag: `{"en": "How was it?", "zh-Hant": "…"}`.
pub type Texts = BTreeMap<String, String>;

/// A site as its owner writes it: one TOML file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct AuthoredSite {
    /// Its id, 1–64 of `a–z 0–9 - _`, unique on a server: what a page writes as `data-site`.
    pub site: String,
    /// The origins whose pages may ask and answer: `https://shop.example`, or `*` alone for all of them. Requests
    /// that name no origin (a server, a shell) are always let in.
    pub origins: Vec<String>,
    /// What it has running, the most urgent first. A survey taken out of the file stops running; its answers stay.
    #[serde(default, rename = "survey", skip_serializing_if = "Vec::is_empty")]
    pub surveys: Vec<AuthoredSurvey>,
}

/// A survey as its owner writes it, in all of its languages: one `[[survey]]` table.
///
/// A version that has answers never changes: whoever edits it raises `version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct AuthoredSurvey {
    /// Its id, 1–64 of `a–z 0–9 - _`, unique on a server and not a preset's name.
    pub id: String,
    /// From 1; one more with each edit once there are answers.
    pub version: u32,
    /// `nps`, `csat` or `ces`; the same in every version, because scores of two metrics can't be one trend.
    #[serde(with = "crate::definition::MetricName")]
    pub metric: Metric,
    /// The same options as the script tag's `data-` attributes, without the prefix: `trigger`, `display`, `quiet`,
    /// `position`, `theme`, `accent`, `product`, `task`, `privacy` … All values are strings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// What is asked, one `[[survey.question]]` each: the rating first, then at most one free text. Left out, it is
    /// the metric's preset: the rating under the metric's name and the follow-up `why`.
    #[serde(default, rename = "question", skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<AuthoredQuestion>,
}

/// A question in all of its languages. A text left out is the widget's own wording for the metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct AuthoredQuestion {
    /// Its id within the survey, 1–64 of `a–z 0–9 - _`.
    pub id: String,
    /// `rating` or `text`.
    pub kind: Kind,
    /// The question: `text.en = "…"`, `text.zh-Hant = "…"`; `{product}` and `{task}` are filled in by the widget.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub text: Texts,
    /// The meaning of the lowest point: `low.en = "…"`. Ratings only.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub low: Texts,
    /// The meaning of the highest point. Ratings only.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub high: Texts,
    /// `text` for those who rated low: `unfavourable.en = "…"`. Free texts only, as are the next two.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub unfavourable: Texts,
    /// `text` for those in between.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub neutral: Texts,
    /// `text` for those who rated high.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub favourable: Texts,
}

impl AuthoredSite {
    /// Checks what the types can't say, and brings language tags into their canonical form. Gives every mistake, each
    /// with its key, such as `survey[1].id`, and what was expected; none, and the site may be served.
    #[must_use = "a site with mistakes must not be served"]
    pub fn check(&mut self) -> Vec<Invalid> {
        let mut mistakes = Vec::new();
        slug("site", &self.site, &mut mistakes);
        if self.site == "default" {
            mistakes.push(Invalid::new("site", "another name: the site default is built in"));
        }
        if self.origins.is_empty() {
            mistakes.push(Invalid::new("origins", "at least one origin, or \"*\""));
        }
        for (i, origin) in self.origins.iter().enumerate() {
            if !(is_origin(origin) || origin == "*" && self.origins.len() == 1) {
                let expected = "an origin such as \"https://shop.example\", or \"*\" alone";
                mistakes.push(Invalid::new(format!("origins[{i}]"), expected));
            }
        }
        let mut ids = BTreeSet::new();
        for (i, survey) in self.surveys.iter_mut().enumerate() {
            if !ids.insert(survey.id.clone()) {
                mistakes.push(Invalid::new(format!("survey[{i}].id"), "each id once"));
            }
            survey.check(&format!("survey[{i}]"), &mut mistakes);
        }
        mistakes
    }
}

impl AuthoredSurvey {
    fn check(&mut self, path: &str, mistakes: &mut Vec<Invalid>) {
        slug(&format!("{path}.id"), &self.id, mistakes);
        if preset(&self.id).is_some() {
            mistakes.push(Invalid::new(format!("{path}.id"), "another name: this is a preset's"));
        }
        if self.version == 0 {
            mistakes.push(Invalid::new(format!("{path}.version"), "an integer from 1"));
        }
        for (name, value) in &self.options {
            let checked = match OPTIONS.iter().find(|(known, _)| known == name) {
                Some((_, check)) => check(value),
                None => Err(format!("one of {}", OPTIONS.map(|(name, _)| name).join(", "))),
            };
            if let Err(expected) = checked {
                mistakes.push(Invalid::new(format!("{path}.options.{name}"), expected));
            }
        }
        let mut ids = BTreeSet::new();
        for (i, question) in self.questions.iter_mut().enumerate() {
            let path = format!("{path}.question[{i}]");
            let expected = match i {
                0 => Kind::Rating,
                1 => Kind::Text,
                _ => {
                    mistakes.push(Invalid::new(path, "at most two questions, a rating and a text"));
                    continue;
                }
            };
            slug(&format!("{path}.id"), &question.id, mistakes);
            if !ids.insert(question.id.clone()) {
                mistakes.push(Invalid::new(format!("{path}.id"), "each id once"));
            }
            if question.kind != expected {
                mistakes
                    .push(Invalid::new(format!("{path}.kind"), "the rating first, then at most one text"));
            }
            for (key, texts) in question.texts_mut() {
                let misplaced = match key {
                    "text" => false,
                    "low" | "high" => expected == Kind::Text,
                    _ => expected == Kind::Rating,
                };
                if misplaced && !texts.is_empty() {
                    let expected = "no such key for this kind of question";
                    mistakes.push(Invalid::new(format!("{path}.{key}"), expected));
                }
                *texts = canonical_texts(&format!("{path}.{key}"), texts, mistakes);
            }
        }
    }

    /// The tags of all languages in which it has texts, each once.
    #[must_use]
    pub fn languages(&self) -> Vec<&str> {
        let mut tags: Vec<&str> = self
            .questions
            .iter()
            .flat_map(AuthoredQuestion::texts)
            .flat_map(|texts| texts.keys())
            .map(String::as_str)
            .collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// Its definition as a browser gets it, in the language that serves the wanted ones (best first) best; else in
    /// English, else in the first that it has.
    #[must_use]
    pub fn localized<'a>(&self, site: &str, wanted: impl IntoIterator<Item = &'a str>) -> Survey {
        let languages = self.languages();
        let tag = closest(wanted, &languages)
            .or_else(|| closest(["en"], &languages))
            .and_then(|index| languages.get(index))
            .or(languages.first());
        let mut survey = Survey {
            id: self.id.clone(),
            version: self.version,
            site: Some(site.to_owned()),
            locale: tag.map(|tag| (*tag).to_owned()),
            metric: self.metric,
            questions: self.questions.iter().map(|q| q.localized(tag.copied().unwrap_or_default())).collect(),
        };
        if survey.questions.is_empty() {
            survey.questions = preset::questions(self.metric);
        }
        survey
    }
}

impl AuthoredQuestion {
    fn texts(&self) -> [&Texts; 6] {
        [&self.text, &self.low, &self.high, &self.unfavourable, &self.neutral, &self.favourable]
    }

    fn texts_mut(&mut self) -> [(&'static str, &mut Texts); 6] {
        [
            ("text", &mut self.text),
            ("low", &mut self.low),
            ("high", &mut self.high),
            ("unfavourable", &mut self.unfavourable),
            ("neutral", &mut self.neutral),
            ("favourable", &mut self.favourable),
        ]
    }

    fn localized(&self, tag: &str) -> Question {
        let text = |texts: &Texts| texts.get(tag).cloned();
        let by_band = BandTexts {
            unfavourable: text(&self.unfavourable),
            neutral: text(&self.neutral),
            favourable: text(&self.favourable),
        };
        Question {
            id: self.id.clone(),
            kind: self.kind,
            text: text(&self.text),
            low: text(&self.low),
            high: text(&self.high),
            by_band: (by_band != BandTexts::default()).then_some(by_band),
        }
    }
}

fn canonical_texts(path: &str, texts: &Texts, mistakes: &mut Vec<Invalid>) -> Texts {
    let mut canonical = Texts::new();
    for (tag, text) in texts {
        let path = format!("{path}.{tag}");
        if text.trim().is_empty() || text.chars().count() > MAX_TEXT_CHARS {
            mistakes.push(Invalid::new(path.clone(), format!("a text of 1 to {MAX_TEXT_CHARS} characters")));
        }
        if let Err(expected) = placeholders(text) {
            mistakes.push(Invalid::new(path.clone(), expected));
        }
        match canonical_tag(tag) {
            None => {
                mistakes.push(Invalid::new(path, "a language tag as the last part, such as zh-Hant"));
            }
            Some(tag) => {
                if canonical.insert(tag, text.clone()).is_some() {
                    mistakes.push(Invalid::new(path, "each language once"));
                }
            }
        }
    }
    canonical
}

fn anything(_: &str) -> Result<(), String> {
    Ok(())
}

fn expect(holds: bool, expected: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(expected.to_owned()) }
}

fn one_of(value: &str, allowed: &[&str]) -> Result<(), String> {
    expect(allowed.contains(&value), &allowed.join(" or "))
}

/// Days of quiet after an answer and after a dismissal, or one number for both; `src/recontact.rs` reads them.
fn days(value: &str) -> Result<(), String> {
    let expected = "days, 0 to 36500, after an answer and after a dismissal, such as 90,30";
    expect(quiet_days(value).is_some(), expected)
}

/// What the option `quiet` says: days without any survey after an answer and after a dismissal, 0 to 36,500 each; a
/// single number is for both.
#[must_use]
pub fn quiet_days(value: &str) -> Option<(u16, u16)> {
    let days = |text: &str| text.trim().parse().ok().filter(|&days: &u16| days <= 36_500);
    let (answered, dismissed) = value.split_once(',').unwrap_or((value, value));
    Some((days(answered)?, days(dismissed)?))
}

/// A web address, or a path on the page's own host. No `javascript:` becomes a link.
fn address(value: &str) -> Result<(), String> {
    let host = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let begins = host.map_or(value.starts_with('/'), |host| !host.is_empty() && !host.starts_with('/'));
    let holds = begins && !value.contains(|c: char| c.is_whitespace() || c.is_control());
    expect(holds, "an address such as https://shop.example/privacy, or a path that begins with /")
}

/// The widget fills in `{product}` and `{task}`; another name would be shown as it stands. Other braces are text.
fn placeholders(text: &str) -> Result<(), String> {
    for after in text.split('{').skip(1) {
        let Some((name, _)) = after.split_once('}') else { continue };
        let is_name = name.trim().starts_with(|c: char| c.is_alphabetic());
        if is_name && !["product", "task"].contains(&name.trim()) {
            return Err(format!("no placeholders but {{product}} and {{task}} instead of {{{name}}}"));
        }
    }
    Ok(())
}

/// Checks one word of a trigger, or says what was expected; docs/embedding.md has the grammar, www/candor.js reads it.
fn trigger_word(word: &str) -> Result<(), String> {
    let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    let number = |value: &str| value.parse::<f64>().is_ok_and(|n| n.is_finite() && n >= 0.0);
    let form = match name {
        "load" | "manual" | "exit" if value.is_none() => return Ok(()),
        "load" | "manual" | "exit" => "alone",
        "scroll" | "idle" | "sample" | "delay" if value.is_some_and(number) => return Ok(()),
        "scroll" | "idle" | "sample" | "delay" => "followed by = and a number",
        "device" if matches!(value, Some("mobile" | "desktop")) => return Ok(()),
        "device" => "followed by =mobile or =desktop",
        "event" | "selector" | "click" | "url" | "from" | "until" if value.is_some_and(|v| !v.is_empty()) => {
            return Ok(());
        }
        "event" | "selector" | "click" | "url" | "from" | "until" => "followed by = and a value",
        _ if name.strip_prefix("attr:").is_some_and(|key| !key.is_empty()) && value.is_some() => {
            return Ok(());
        }
        _ if name == "attr" || name.starts_with("attr:") => {
            return Err(format!("attr:KEY=VALUE instead of {word}"));
        }
        _ => {
            let known = "load, manual, exit, event=, scroll=, idle=, selector=, click=, url=, device=, attr:…=, \
                         from=, until=, sample=, delay=";
            return Err(format!("words of {known} instead of {word}"));
        }
    };
    Err(format!("{name} {form} instead of {word}"))
}

fn slug(path: &str, id: &str, mistakes: &mut Vec<Invalid>) {
    if !is_slug(id) {
        mistakes.push(Invalid::new(path, "1 to 64 of a–z, 0–9, - and _"));
    }
}

/// An origin as a browser sends it: scheme, host and a port that is not the scheme's own, in lower case.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b);
    matches!(scheme, "http" | "https")
        && !host.is_empty()
        && host.bytes().all(allowed)
        && !(scheme == "http" && host.ends_with(":80") || scheme == "https" && host.ends_with(":443"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(json: &str) -> AuthoredSite {
        serde_json::from_str(json).unwrap()
    }

    fn checked(mut site: AuthoredSite) -> Result<AuthoredSite, Invalid> {
        let mut mistakes = site.check();
        assert!(mistakes.len() < 2, "{mistakes:?}");
        mistakes.pop().map_or(Ok(site), Err)
    }

    #[track_caller]
    fn refused(json: &str, field: &str) {
        assert_eq!(checked(site(json)).unwrap_err().field, field);
    }

    #[test]
    fn a_survey_without_questions_asks_the_presets() {
        let site = site(
            r#"{"site": "shop", "origins": ["*"], "survey": [{"id": "s", "version": 1, "metric": "ces"}]}"#,
        );
        let survey = checked(site).unwrap().surveys[0].localized("shop", ["fa"]);
        assert_eq!(survey.questions.iter().map(|q| q.id.as_str()).collect::<Vec<_>>(), ["ces", "why"]);
        assert_eq!(survey.locale, None);
    }

    #[test]
    fn texts_come_in_one_language_and_english_serves_who_has_none() {
        let site = site(
            r#"{"site": "shop", "origins": ["*"], "survey": [{"id": "s", "version": 1, "metric": "nps", "question": [
                {"id": "q", "kind": "rating", "text": {"zh_hant": "推薦嗎？", "en": "Recommend?"}, "low": {"en": "No"}}]}]}"#,
        );
        let survey = &checked(site).unwrap().surveys[0];
        let chinese = survey.localized("shop", ["zh-CN", "zh-TW", "en"]);
        assert_eq!(
            (chinese.locale.as_deref(), chinese.questions[0].text.as_deref()),
            (Some("zh-Hant"), Some("推薦嗎？"))
        );
        assert_eq!(chinese.questions[0].low, None);
        assert_eq!(survey.localized("shop", ["fi"]).questions[0].text.as_deref(), Some("Recommend?"));
    }

    #[test]
    fn each_wrong_key_is_named() {
        refused(r#"{"site": "Shop", "origins": ["*"]}"#, "site");
        refused(r#"{"site": "default", "origins": ["*"]}"#, "site");
        refused(r#"{"site": "s", "origins": []}"#, "origins");
        for origin in
            ["https://a.example/", "https://A.example", "a.example", "https://a.example:443", "null"]
        {
            refused(
                &format!(r#"{{"site": "s", "origins": ["http://b.example:8080", "{origin}"]}}"#),
                "origins[1]",
            );
        }
        let survey = |survey: &str| format!(r#"{{"site": "s", "origins": ["*"], "survey": [{survey}]}}"#);
        refused(&survey(r#"{"id": "nps", "version": 1, "metric": "nps"}"#), "survey[0].id");
        refused(&survey(r#"{"id": "a", "version": 0, "metric": "nps"}"#), "survey[0].version");
        let twice =
            r#"{"id": "a", "version": 1, "metric": "nps"}, {"id": "a", "version": 2, "metric": "nps"}"#;
        refused(&survey(twice), "survey[1].id");
        let question =
            |q: &str| survey(&format!(r#"{{"id": "a", "version": 1, "metric": "nps", "question": [{q}]}}"#));
        refused(&question(r#"{"id": "q", "kind": "text"}"#), "survey[0].question[0].kind");
        refused(
            &question(r#"{"id": "q", "kind": "rating", "text": {"!": "x"}}"#),
            "survey[0].question[0].text.!",
        );
        refused(
            &question(r#"{"id": "q", "kind": "rating", "neutral": {"en": "x"}}"#),
            "survey[0].question[0].neutral",
        );
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let mut site = site(
            r#"{"site": "Shop", "origins": ["https://a.example/", "*"], "survey": [
                {"id": "a", "version": 0, "metric": "nps", "options": {"quiet": "x", "triger": "load"}},
                {"id": "a", "version": 1, "metric": "nps", "question": [
                    {"id": "q", "kind": "text", "text": {"!": "{shop}", "en": ""}, "neutral": {"fa": " "}},
                    {"id": "q", "kind": "text", "low": {"en": "No"}},
                    {"id": "r", "kind": "text"}]}]}"#,
        );
        let fields: Vec<_> = site.check().into_iter().map(|mistake| mistake.field).collect();
        let expected = [
            "site",
            "origins[0]",
            "origins[1]",
            "survey[0].version",
            "survey[0].options.quiet",
            "survey[0].options.triger",
            "survey[1].id",
            "survey[1].question[0].kind",
            "survey[1].question[0].text.!",
            "survey[1].question[0].text.!",
            "survey[1].question[0].text.en",
            "survey[1].question[0].neutral",
            "survey[1].question[0].neutral.fa",
            "survey[1].question[1].id",
            "survey[1].question[1].low",
            "survey[1].question[2]",
        ];
        assert_eq!(fields, expected);
    }

    fn with_option(name: &str, value: &str) -> Result<AuthoredSite, Invalid> {
        let json =
            r#"{"site": "s", "origins": ["*"], "survey": [{"id": "a", "version": 1, "metric": "nps"}]}"#;
        let mut site = site(json);
        site.surveys[0].options.insert(name.into(), value.into());
        checked(site)
    }

    #[test]
    fn an_option_that_is_none_is_named_with_those_that_are() {
        let invalid = with_option("triger", "load").unwrap_err();
        assert_eq!(invalid.field, "survey[0].options.triger");
        assert!(invalid.expected.starts_with("one of trigger, display"), "{invalid}");
    }

    #[test]
    fn an_option_with_a_value_that_means_nothing_is_refused() {
        for (name, right, wrong, expected) in [
            ("display", &["popover", "inline"][..], &["x", "", "Inline"][..], "popover or inline"),
            ("position", &["end", "start"], &["left"], "end or start"),
            ("theme", &["auto", "light", "dark"], &["night"], "auto or light or dark"),
            ("send", &["each", "final"], &["once"], "each or final"),
            ("consent", &["required", "false"], &["x", "true", ""], "required or false"),
            ("test", &["true", "false"], &["flase"], "true or false"),
            (
                "quiet",
                &["0", "90", "90,30", "90, 0", "36500"],
                &["x", "", "90,", "-1", "1.5", "1,2,3", "36501"],
                "days",
            ),
            (
                "endpoint",
                &["https://collect.example/r?k=1", "http://127.0.0.1:8080", "/collect"],
                &[
                    "collect",
                    "",
                    "https://",
                    "ftp://a.example/",
                    "https://a b.example",
                    "javascript:alert(1)",
                ],
                "an address such as https://",
            ),
            ("api", &["https://surveys.example", "/"], &["surveys.example"], "an address"),
            ("privacy", &["/privacy"], &["javascript:alert(1)"], "an address"),
            ("lang", &["fa", "zh-Hant"], &["Persian", ""], "a language tag"),
            ("touchpoint", &["checkout"], &[&*"x".repeat(65)], "at most 64 characters"),
            (
                "question",
                &["How was {product}?", "{ task } {} { 5 }"],
                &["How was {Product}?"],
                "{product} and {task}",
            ),
            ("followup", &["Why?"], &["{name}, why?"], "instead of {name}"),
            ("accent", &["#2f5d46"], &[], ""),
        ] {
            for value in right {
                assert!(with_option(name, value).is_ok(), "{name}: {value}");
            }
            for value in wrong {
                let Err(invalid) = with_option(name, value) else { panic!("{name}: {value:?} passes") };
                assert_eq!(invalid.field, format!("survey[0].options.{name}"));
                assert!(invalid.expected.contains(expected), "{invalid}");
            }
        }
    }

    #[test]
    fn a_text_has_only_placeholders_that_are_filled_in() {
        let with_text = |text: &str| {
            let json = r#"{"site": "s", "origins": ["*"], "survey": [{"id": "a", "version": 1, "metric": "nps",
                "question": [{"id": "q", "kind": "rating"}]}]}"#;
            let mut site = site(json);
            site.surveys[0].questions[0].text.insert("en".into(), text.into());
            checked(site)
        };
        assert!(with_text("Easy to {task} with {product}? {{task}}").is_ok());
        let invalid = with_text("{product}, {shop} {").unwrap_err();
        assert_eq!(invalid.field, "survey[0].question[0].text.en");
        assert!(invalid.expected.contains("{product} and {task} instead of {shop}"), "{invalid}");
    }

    #[test]
    fn a_trigger_has_only_words_of_its_grammar() {
        for trigger in [
            "",
            "load",
            "manual  device=mobile",
            "event=checkout_completed delay=2 sample=0.25",
            "scroll=50 exit idle=30 selector=#x click=a[href=\"/x\"] url=/thanks*",
            "attr:plan=pro from=2026-11-01 until=2026-11-30T18:00+01:00",
        ] {
            assert!(with_option("trigger", trigger).is_ok(), "{trigger}");
        }
        for (trigger, word) in [
            ("load evnt=x", "evnt=x"),
            ("event", "event followed by = and a value"),
            ("event:x", "event:x"),
            ("scroll=50%", "scroll followed by = and a number"),
            ("device=phone", "device followed by =mobile or =desktop"),
            ("attr=pro", "attr:KEY=VALUE instead of attr=pro"),
            ("load=1", "load alone"),
        ] {
            let invalid = with_option("trigger", trigger).unwrap_err();
            assert_eq!(invalid.field, "survey[0].options.trigger");
            assert!(invalid.expected.contains(word), "{invalid}");
        }
    }
}
