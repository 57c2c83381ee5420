//! The site's own words for what the widget says, in the languages that Candor speaks and in others.

use crate::{
    Ability, AuthoredSite, AuthoredSurvey, Invalid, Kind, LANGUAGES, Question, Survey, ZEROS, canonical,
    closest, language::is_right_to_left, limits::MAX_TEXT_CHARS, option_values::names, satisfaction,
};
use candor_scoring::Metric;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// What the widget says in one language, each text under its name: `{"send": "Absenden"}`.
pub type Words = BTreeMap<String, String>;

/// All that the widget may say.
static ENGLISH: LazyLock<Words> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../locales/en/pack.json")).unwrap_or_default());

/// A survey's definition as a browser gets it: `GET /v1/surveys/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// What is asked.
    #[serde(flatten)]
    pub survey: Survey,
    /// The site's own words in the survey's language. With `lang` and `dir` if it is one that Candor lacks.
    #[serde(skip_serializing_if = "Words::is_empty")]
    pub words: Words,
}

/// The words of every language, each under its canonical tag, without those that make no sense.
pub(crate) fn check(
    path: &str,
    all: &BTreeMap<String, Words>,
    mistakes: &mut Vec<Invalid>,
) -> BTreeMap<String, Words> {
    let mut checked = BTreeMap::new();
    for (tag, words) in all {
        for (name, text) in words {
            if let Err(expected) = check_word(name, text) {
                mistakes.push(Invalid::new(format!("{path}.{tag}.{name}"), expected));
            }
        }
        match canonical(tag) {
            None => {
                mistakes.push(Invalid::new(format!("{path}.{tag}"), "a language tag, such as zh-Hant"));
            }
            Some(canonical) => {
                if checked.insert(canonical, words.clone()).is_some() {
                    mistakes.push(Invalid::new(format!("{path}.{tag}"), "each language once"));
                }
            }
        }
    }
    checked
}

fn check_word(name: &str, text: &str) -> Result<(), String> {
    let is_one =
        |holds: fn(&char) -> bool| text.chars().next().filter(holds).is_some() && text.chars().count() == 1;
    let expect = |holds: bool, expected: &str| if holds { Ok(()) } else { Err(expected.to_owned()) };
    match name {
        "dir" => expect(matches!(text, "ltr" | "rtl"), "ltr or rtl"),
        "zero" => expect(is_one(|c| ZEROS.contains(c)), "the digit zero of the language, such as ०"),
        _ if name
            .strip_prefix("group-")
            .is_some_and(|zero| ZEROS.iter().any(|known| zero == known.to_string())) =>
        {
            expect(is_one(|c| !c.is_control() && !c.is_alphanumeric()), "what stands between thousands")
        }
        _ => {
            let english = ENGLISH.get(name).ok_or("the name of one of the widget's words, such as send")?;
            if text.trim().is_empty() || text.chars().count() > MAX_TEXT_CHARS {
                return Err(format!("a text of 1 to {MAX_TEXT_CHARS} characters"));
            }
            let (found, wanted) = (placeholders(text), placeholders(english));
            // A question may be asked of a product or not.
            let holds = if name.ends_with("-question") { found.is_subset(&wanted) } else { found == wanted };
            if holds {
                return Ok(());
            }
            let names: Vec<_> = wanted.iter().map(|name| format!("{{{name}}}")).collect();
            Err(if names.is_empty() {
                "no placeholders".into()
            } else {
                format!("the placeholders {}", names.join(", "))
            })
        }
    }
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    names(text).map(str::trim).collect()
}

impl AuthoredSite {
    /// Gives the site's words to its surveys, whose own win: those of every language that a survey has texts in, and all where it
    /// has none. In another language its questions would be others.
    pub(crate) fn share_words(&mut self) {
        for survey in &mut self.surveys {
            let own: Vec<_> = survey.languages().into_iter().map(str::to_owned).collect();
            for (tag, words) in &self.words {
                if own.is_empty() || own.contains(tag) {
                    let into = survey.words.entry(tag.clone()).or_default();
                    for (name, text) in words {
                        into.entry(name.clone()).or_insert_with(|| text.clone());
                    }
                }
            }
        }
    }
}

impl AuthoredSurvey {
    /// The words in a language: its own, then those of `de` for `de-AT`.
    pub(crate) fn all_words(&self, tag: &str) -> Words {
        let mut words = Words::new();
        let mut rest = Some(tag);
        while let Some(tag) = rest {
            for (name, text) in self.words.get(tag).into_iter().flatten() {
                words.entry(name.clone()).or_insert_with(|| text.clone());
            }
            rest = tag.rsplit_once('-').map(|(less, _)| less);
        }
        words
    }

    /// What is told to a browser of the words in a language.
    pub(crate) fn words_in(&self, tag: &str) -> Words {
        let mut words = self.all_words(tag);
        if !words.is_empty() && !is_spoken(tag) {
            words.insert("lang".into(), tag.to_owned());
            let dir = if is_right_to_left(tag) { "rtl" } else { "ltr" };
            words.entry("dir".into()).or_insert_with(|| dir.into());
        }
        words
    }

    /// What would be said in English for want of words, by languages that Candor does not speak and the survey has texts or words in.
    #[must_use]
    pub fn missing_words(&self) -> Vec<(&str, Vec<&'static str>)> {
        let missing = self.languages().into_iter().filter(|tag| !is_spoken(tag)).map(|tag| {
            let survey = self.in_language("", tag);
            let words = self.all_words(tag);
            let names = ENGLISH.keys().map(String::as_str).filter(|name| !words.contains_key(*name));
            (tag, names.filter(|name| is_said(name, &survey, &words)).collect())
        });
        missing.filter(|(_, names): &(_, Vec<_>)| !names.is_empty()).collect()
    }
}

fn is_spoken(tag: &str) -> bool {
    closest([tag], &LANGUAGES).is_some()
}

/// Whether the widget may say this in the survey, which has the texts of one language, and the site's `words` in it.
fn is_said(name: &str, survey: &Survey, words: &Words) -> bool {
    let any = |holds: &dyn Fn(&Question) -> bool| survey.questions.iter().any(holds);
    let has_field = any(&|q| matches!(q.kind, Kind::Text { .. } | Kind::Choice { other: true, .. }));
    let rated = |name: &str| {
        survey.questions.iter().any(|question| {
            let Kind::Rating { measure, low, high, labels, .. } = &question.kind else { return false };
            let Some(rest) = name.strip_prefix(measure.metric().name()) else { return false };
            // The widget's words for points that the survey has none for; the ends alone, where there are too many.
            let of_points = match satisfaction(*measure) {
                [] => &[1, 5],
                of_points => of_points,
            };
            let ends = [of_points.first(), of_points.last()].map(|word| word.map(u8::to_string));
            let is_end = |at: usize, end: &Option<String>| {
                end.is_none() && ends.get(at).is_some_and(|word| word.as_deref() == rest.strip_prefix('-'))
            };
            match rest {
                "-question" => question.text.is_none(),
                // Where the question's placeholder can't be filled.
                "-question-plain" => {
                    let own = words.get(name.trim_end_matches("-plain"));
                    question.text.is_none() && own.is_none_or(|own| !placeholders(own).is_empty())
                }
                _ if !labels.is_empty() => false,
                "-low" => low.is_none(),
                "-high" => high.is_none(),
                _ => {
                    let is_between =
                        of_points.iter().skip(1).rev().skip(1).any(|word| rest == format!("-{word}"));
                    is_between && question.kind.is_labelled() || is_end(0, low) || is_end(1, high)
                }
            }
        })
    };
    match name {
        "dir" | "zero" => false,
        "change" | "ends" => any(&|q| q.measure().is_some()),
        "required" | "unanswered" => any(&|q| q.required),
        "choose-many" => any(&|q| matches!(q.kind, Kind::Choice { many: true, .. })),
        "other" => any(&|q| matches!(q.kind, Kind::Choice { other: true, .. })),
        "next" | "back" => survey.needs().contains(&Ability::Pages),
        "comment-hint" | "done" | "skip" | "too-long" => has_field,
        "followup" | "followup-favourable" | "followup-unfavourable" => any(&|q| match &q.kind {
            Kind::Text { by_band, .. } if q.text.is_none() => match name {
                "followup-favourable" => by_band.favourable.is_none(),
                "followup-unfavourable" => by_band.unfavourable.is_none(),
                _ => by_band.neutral.is_none(),
            },
            _ => false,
        }),
        _ if name.starts_with("group-") => false,
        _ if Metric::ALL.iter().any(|metric| name.starts_with(metric.name())) => rated(name),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(json: &str) -> (AuthoredSite, Vec<(String, String)>) {
        let mut site: AuthoredSite = serde_json::from_str(json).unwrap();
        let mistakes = site.check().into_iter().map(|invalid| (invalid.field, invalid.expected)).collect();
        (site, mistakes)
    }

    fn with(keys: &str, survey: &str) -> String {
        format!(
            r#"{{"site": "shop", "origins": ["*"], {keys}, "survey": [{{"id": "s", "version": 1, "metric": "nps"{survey}}}]}}"#
        )
    }

    #[track_caller]
    fn refused(words: &str, field: &str, expected: &str) {
        let (_, mistakes) = checked(&with(&format!(r#""words": {words}"#), ""));
        assert_eq!(mistakes, [(field.to_owned(), expected.to_owned())]);
    }

    #[test]
    fn a_word_that_makes_no_sense_is_named_with_what_was_expected() {
        refused(
            r#"{"de": {"sned": "Los"}}"#,
            "words.de.sned",
            "the name of one of the widget's words, such as send",
        );
        refused(r#"{"de": {"send": " "}}"#, "words.de.send", "a text of 1 to 500 characters");
        refused(r#"{"de": {"too-long": "Zu lang"}}"#, "words.de.too-long", "the placeholders {max}");
        refused(r#"{"de": {"close": "{x}"}}"#, "words.de.close", "no placeholders");
        refused(
            r#"{"de": {"csat-question": "Wie ist {task}?"}}"#,
            "words.de.csat-question",
            "the placeholders {product}",
        );
        refused(r#"{"de": {"dir": "up"}}"#, "words.de.dir", "ltr or rtl");
        refused(r#"{"hi": {"zero": "00"}}"#, "words.hi.zero", "the digit zero of the language, such as ०");
        refused(r#"{"hi": {"zero": "५"}}"#, "words.hi.zero", "the digit zero of the language, such as ०");
        refused(r#"{"de": {"group-0": ""}}"#, "words.de.group-0", "what stands between thousands");
        refused(r#"{"de": {"group-0": "\n"}}"#, "words.de.group-0", "what stands between thousands");
        refused(
            r#"{"de": {"group-5": "."}}"#,
            "words.de.group-5",
            "the name of one of the widget's words, such as send",
        );
        refused(r#"{"iw": {"close": "x"}, "he": {"close": "x"}}"#, "words.iw", "each language once");
        refused(r#"{"german": {"send": "Los"}}"#, "words.german", "a language tag, such as zh-Hant");
        refused(r#"{"de": {"send": "Los"}, "DE": {"send": "Los"}}"#, "words.de", "each language once");
        let (_, mistakes) = checked(&with(
            r#""words": {"hi": {"zero": "०", "group-०": ",", "dir": "ltr", "nps-question": "?", "ends": "{min} {low} {max} {high}"}}"#,
            "",
        ));
        assert_eq!(mistakes, []);
    }

    #[test]
    fn a_survey_has_its_own_words_then_the_sites() {
        let (site, mistakes) = checked(&with(
            r#""words": {"DE": {"send": "Senden", "close": "Zu"}}"#,
            r#", "words": {"de": {"send": "Los"}}"#,
        ));
        assert_eq!(mistakes, []);
        let words = |wanted| {
            let definition = site.surveys[0].definition("shop", [wanted]);
            let words: Vec<_> =
                definition.words.into_iter().map(|(name, text)| format!("{name}={text}")).collect();
            (definition.survey.locale, words.join(" "))
        };
        assert_eq!(words("de-AT"), (Some("de".into()), "close=Zu dir=ltr lang=de send=Los".into()));
        assert_eq!(words("th"), (None, String::new()), "whom nothing serves gets Candor's words");
    }

    #[test]
    fn words_take_nobodys_language_away() {
        let (site, mistakes) = checked(&with(
            r#""words": {"en": {"send": "Go"}, "de": {"send": "Los", "close": "Zu"}, "de-AT": {"send": "Ab"}}"#,
            "",
        ));
        assert_eq!(mistakes, []);
        let told = |wanted: &[&str]| {
            let definition = site.surveys[0].definition("shop", wanted.iter().copied());
            (
                definition.survey.locale,
                definition.words.get("send").cloned(),
                definition.words.get("close").cloned(),
            )
        };
        let some = |text: &str| Some(text.to_owned());
        for thai in [&["th"][..], &["th", "de"], &["th-TH", "en"]] {
            assert_eq!(told(thai), (None, None, None), "{thai:?} is asked in Candor's Thai");
        }
        assert_eq!(told(&["fi", "en-GB"]), (some("en"), some("Go"), None));
        assert_eq!(told(&["fi"]), (some("en"), some("Go"), None));
        assert_eq!(told(&["de-AT", "th"]), (some("de-AT"), some("Ab"), some("Zu")));
        assert_eq!(told(&["de-CH", "th"]), (some("de"), some("Los"), some("Zu")));
    }

    #[test]
    fn a_language_that_candor_speaks_has_its_name_and_direction_of_candor() {
        let (site, _) = checked(&with(r#""words": {"fa": {"send": "برو"}, "he": {"send": "שלח"}}"#, ""));
        let words = |tag| site.surveys[0].definition("shop", [tag]).words.into_keys().collect::<Vec<_>>();
        assert_eq!(words("fa"), ["send"]);
        assert_eq!(words("he"), ["dir", "lang", "send"]);
        assert_eq!(site.surveys[0].definition("shop", ["he"]).words["dir"], "rtl");
    }

    #[test]
    fn a_sites_words_bring_no_language_to_a_survey_that_would_lack_its_question_there() {
        let words = r#""words": {"de": {"send": "Los"}, "th": {"send": "ส่ง"}}"#;
        let (site, _) =
            checked(&with(words, r#", "question": [{"id": "q", "kind": "rating", "text": {"en": "How?"}}]"#));
        assert_eq!(site.surveys[0].languages(), ["en"]);
        let choice = r#", "question": [{"id": "q", "kind": "choice", "text": {"en": "Which?"},
            "option": [{"id": "a", "text": {"en": "A"}}, {"id": "b", "text": {"en": "B"}}]}]"#;
        let (site, mistakes) = checked(&with(words, choice));
        assert_eq!((site.surveys[0].languages(), mistakes), (vec!["en"], vec![]));
    }

    #[test]
    fn what_is_missing_in_a_language_that_candor_lacks_is_what_the_survey_would_say_in_english() {
        let missing = |json: &str| -> Vec<String> {
            let (site, mistakes) = checked(json);
            assert_eq!(mistakes, []);
            let missing = site.surveys[0].missing_words();
            missing.into_iter().map(|(tag, names)| format!("{tag}: {}", names.join(" "))).collect()
        };
        let general =
            "close introduction never new-tab not-now privacy queued region send sending sent thanks";
        let rating = r#", "question": [{"id": "q", "kind": "rating", "text": {"de": "Wie?"}, "low": {"de": "1"}, "high": {"de": "9"}}]"#;
        let sorted = |more: &str| {
            let mut names: Vec<_> = general.split(' ').chain(more.split(' ')).collect();
            names.sort_unstable();
            vec![format!("de: {}", names.join(" "))]
        };
        assert_eq!(missing(&with(r#""words": {}"#, rating)), sorted("change ends"));
        assert_eq!(
            missing(&with(r#""words": {"de": {"nps-question": "Wie?"}}"#, "")),
            sorted(
                "change ends nps-low nps-high comment-hint done skip too-long followup followup-favourable followup-unfavourable"
            )
        );
        let all: Words = ENGLISH.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
        let all = serde_json::to_string(&BTreeMap::from([("de", all)])).unwrap();
        assert_eq!(missing(&with(&format!(r#""words": {all}"#), "")), Vec::<String>::new());
        assert_eq!(missing(&with(r#""words": {"fa": {"send": "برو"}}"#, "")), Vec::<String>::new());
    }
}
