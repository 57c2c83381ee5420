use crate::{
    BandTexts, Choice, DeclaredSegment, Ending, Invalid, Kind, LANGUAGES, Link, Look, MAX_OPTIONS,
    MAX_QUESTIONS, MAX_SEGMENTS, OTHER, Question, Rule, Survey, Test, canonical as canonical_tag, closest,
    limits::{MAX_COMMENT_CHARS, MAX_TEXT_CHARS, SLUG, is_slug, is_web_address},
    option_values::{check_option, check_style, placeholders},
    options::{DEFAULT_SITE, THEME},
    preset, satisfaction,
    wire::{KindName, When, metric, parse_scale, scale_name},
    words::{self, Definition, Words},
};
use candor_scoring::{BadMeasure, Measure, Metric};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

/// For how long responses may stay as they were given: browsers send what is unsent for seven days.
const RETENTION_DAYS: RangeInclusive<u32> = 8..=36_500;

/// The longest name of a key.
const MAX_KID_CHARS: usize = 128;
/// What a public key must be, to follow "expected".
pub const PUBLIC_KEY: &str = "an Ed25519 key in PEM, as openssl pkey -pubout writes it";

/// A text by language, each under its canonical tag: `{"en": "How was it?", "zh-Hant": "…"}`.
pub type Texts = BTreeMap<String, String>;
/// A text for each point of a scale, by language.
type Labels = BTreeMap<String, Vec<String>>;

/// A site as its owner writes it: one TOML file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct AuthoredSite {
    /// Its id, 1–64 of `a–z 0–9 - _`, unique on a server: what a page writes as `data-site`.
    pub site: String,
    /// Whose it is, an id like the site's; `default` unless it is named. Sites of one workspace are read together, and never with
    /// those of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The origins whose pages may ask and answer: `https://shop.example`, or `*` alone for all of them. Requests
    /// that name no origin (a server, a shell) are always let in.
    pub origins: Vec<String>,
    /// The site's own words for what the widget says, by language: `[words.de]` with `send = "Absenden"`. Its surveys have them as if
    /// they were theirs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, Words>,
    /// Looks, each under a name that a survey's `theme` may have: `[themes.harvest]` with `scheme` (`auto`, `light` or `dark`), `accent` and
    /// what is `--candor-…` in CSS: `surface = "#fffaf0"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub themes: BTreeMap<String, BTreeMap<String, String>>,
    /// The keys by which it signs who answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<IdentityKey>,
    /// What it has running, the most urgent first. A survey taken out of the file stops running; its answers stay.
    #[serde(default, rename = "survey", skip_serializing_if = "Vec::is_empty")]
    pub surveys: Vec<AuthoredSurvey>,
}

/// A key by which a site signs who answers: one `[[identity]]` table. A secret never stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct IdentityKey {
    /// Its name, by which a token says which key it is signed with: 1 to 128 characters.
    pub kid: String,
    /// How tokens are signed with it; one that says otherwise is not believed.
    pub algorithm: Algorithm,
    /// Of `HS256`: the name of the environment variable of the server that has the secret, at least 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_env: Option<String>,
    /// Of `EdDSA`: the Ed25519 key in PEM, as `openssl pkey -pubout` writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// HMAC with SHA-256: site and server share a secret.
    #[serde(rename = "HS256")]
    Hs256,
    /// Ed25519: the server has the public key alone.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Its name in a file and in a token.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A survey as its owner writes it, in all of its languages: one `[[survey]]` table.
///
/// A version that has answers never changes: whoever edits it raises `version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct AuthoredSurvey {
    /// Its id, 1–64 of `a–z 0–9 - _`, unique within its site and none of `nps`, `csat`, `ces`.
    pub id: String,
    /// From 1; one more with each edit once there are answers.
    pub version: u32,
    /// What ratings measure that name no metric: `nps`, `csat` or `ces`. Required if `question` is left out.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "metric")]
    pub metric: Option<Metric>,
    /// The same options as the script tag's `data-` attributes, without the prefix: `trigger`, `display`, `quiet`,
    /// `position`, `theme` (one of the site's, too), `accent`, `product`, `task`, `privacy` … All values are strings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// By what its answers are told apart beside language, touchpoint and display, at most 20: the names of attributes, `page`,
    /// or two of them, as in `plan×country`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// After how many days its responses lose what says whose they are: respondent, page, words, attributes, context and id. At
    /// least 8, because browsers send what is unsent for seven; by default never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Words for what the widget says in this survey: `[survey.words.de]`. They win over the site's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, Words>,
    /// What is asked, one `[[survey.question]]` each, at most 12. A text stands on the page of the rating or
    /// choice before it, every other question on a page of its own. Left out, it is the metric's preset: the rating
    /// under the metric's name and the follow-up `why`.
    #[serde(default, rename = "question", skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<AuthoredQuestion>,
    /// What is said at the end, in place of Candor's thanks: `[survey.ending]`.
    #[serde(default, skip_serializing_if = "AuthoredEnding::is_empty")]
    pub ending: AuthoredEnding,
}

/// What is said at the end, in all languages of a survey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct AuthoredEnding {
    /// To everyone: `text.en = "…"`.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub text: Texts,
    /// To those whose last rating was low.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub unfavourable: Texts,
    /// To those in between.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub neutral: Texts,
    /// To those whose last rating was high.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub favourable: Texts,
}

impl AuthoredEnding {
    fn is_empty(&self) -> bool {
        self.texts().into_iter().all(Texts::is_empty)
    }

    fn texts(&self) -> [&Texts; 4] {
        [&self.text, &self.unfavourable, &self.neutral, &self.favourable]
    }

    fn localized(&self, tag: &str) -> Ending {
        let [text, unfavourable, neutral, favourable] = self.texts().map(|texts| texts.get(tag).cloned());
        Ending { text, by_band: BandTexts { unfavourable, neutral, favourable } }
    }

    fn check(&mut self, path: &str, mistakes: &mut Vec<Invalid>) {
        for (key, texts) in [
            ("text", &mut self.text),
            ("unfavourable", &mut self.unfavourable),
            ("neutral", &mut self.neutral),
            ("favourable", &mut self.favourable),
        ] {
            *texts = canonical_texts(&format!("{path}.{key}"), texts, mistakes);
        }
    }
}

/// A question in all of its languages. A text left out is the widget's own wording for the metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct AuthoredQuestion {
    /// Its id within the survey, 1–64 of `a–z 0–9 - _`.
    pub id: String,
    /// `rating`, `text`, `choice`, `message` (something to read) or `link` (a message with a way out).
    pub kind: KindName,
    /// Whether whoever goes on must have answered it. By default not; nothing of a message or a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// What it measures, if it is not the survey's metric; the same in every version, because scores of two metrics can't be
    /// one trend. Ratings only, as are the next six.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "metric")]
    pub metric: Option<Metric>,
    /// The scale from its worst to its best point, such as `1-7`, or `5-1` where low is good. By default the metric's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// How many points at the good end are favourable; required where no number is customary, as for `csat` on `1-7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favourable_points: Option<u8>,
    /// The question: `text.en = "…"`, `text.zh-Hant = "…"`; `{product}` and `{task}` are filled in by the widget.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub text: Texts,
    /// How its points look: `numbers`, `stars` (of `1-3` to `1-10`), `smileys` (of `1-3` and `1-5`) or `thumbs` (of `1-2`). By default
    /// `numbers`. Scores leave out versions of another look, which shifts answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
    /// The meaning of the lowest point: `low.en = "…"`.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub low: Texts,
    /// The meaning of the highest point.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub high: Texts,
    /// What each point says, from the lowest, in place of `low` and `high`: `labels.en = ["Poor", "Fair", "Good"]`. Smileys need it, but those
    /// of `csat`.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The most that may be written, in what people call characters, 1 to 5,000; the widget counts them. Free texts only, as are the
    /// next three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u16>,
    /// `text` for those who rated low: `unfavourable.en = "…"`.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub unfavourable: Texts,
    /// `text` for those in between.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub neutral: Texts,
    /// `text` for those who rated high.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub favourable: Texts,
    /// What there is to choose from, 2 to 20. Choices only, as are the next three.
    #[serde(default, rename = "option", skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<AuthoredOption>,
    /// Whether several may be chosen. By default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub many: Option<bool>,
    /// Whether an answer of one's own may be written. By default not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<bool>,
    /// Whether each respondent gets the options in an order of their own. By default they stand as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shuffle: Option<bool>,
    /// Where it leads: an address that begins with `https://`, `http://` or `/`. Links only, as is the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// What the link says: `label.en = "…"`, in every language in which the survey has texts.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub label: Texts,
    /// When it is asked, by answers before it: `when.all = [{question = "nps", band = "unfavourable"}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

/// An option of a choice, in all of its languages: one `[[survey.question.option]]` table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct AuthoredOption {
    /// Its id within the question, 1–64 of `a–z 0–9 - _`, and not `other`.
    pub id: String,
    /// What it says: `text.en = "…"`, in every language in which the survey has texts.
    pub text: Texts,
}

impl AuthoredSite {
    /// Checks what the types can't say, and brings language tags into their canonical form. Gives every mistake, each
    /// with its key, such as `survey[1].id`, and what was expected; none, and the site may be served.
    #[must_use = "a site with mistakes must not be served"]
    pub fn check(&mut self) -> Vec<Invalid> {
        let mut mistakes = Vec::new();
        slug("site", &self.site, &mut mistakes);
        if self.site == DEFAULT_SITE {
            mistakes.push(Invalid::new("site", "another name: the site default is built in"));
        }
        if let Some(workspace) = &self.workspace {
            slug("workspace", workspace, &mut mistakes);
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
        for (name, theme) in &self.themes {
            if !is_slug(name) || THEME.words().any(|word| word == name) {
                let expected =
                    format!("{SLUG}, and none of {}", THEME.words().collect::<Vec<_>>().join(", "));
                mistakes.push(Invalid::new(format!("themes.{name}"), expected));
            }
            for (key, value) in theme {
                if let Err(expected) = check_style(key, value) {
                    mistakes.push(Invalid::new(format!("themes.{name}.{key}"), expected));
                }
            }
        }
        let mut kids = BTreeSet::new();
        for (i, key) in self.identity.iter().enumerate() {
            key.check(&format!("identity[{i}]"), &mut mistakes);
            if !kids.insert(&key.kid) {
                mistakes.push(Invalid::new(format!("identity[{i}].kid"), "each kid once"));
            }
        }
        let mut ids = BTreeSet::new();
        for (i, survey) in self.surveys.iter_mut().enumerate() {
            if let Err(expected) = survey.wear(&self.themes) {
                mistakes.push(Invalid::new(format!("survey[{i}].options.theme"), expected));
            }
            if !ids.insert(survey.id.clone()) {
                mistakes.push(Invalid::new(format!("survey[{i}].id"), "each id once"));
            }
            survey.check(&format!("survey[{i}]"), &mut mistakes);
        }
        self.words = words::check("words", &self.words, &mut mistakes);
        self.share_words();
        mistakes
    }
}

impl IdentityKey {
    fn check(&self, path: &str, mistakes: &mut Vec<Invalid>) {
        let mut wrong = |field: &str, expected: &str| {
            mistakes.push(Invalid::new(format!("{path}.{field}"), expected));
        };
        if !(1..=MAX_KID_CHARS).contains(&self.kid.chars().count()) {
            wrong("kid", &format!("1 to {MAX_KID_CHARS} characters"));
        }
        let is_shared = self.algorithm == Algorithm::Hs256;
        match &self.secret_env {
            Some(_) if !is_shared => wrong("secret_env", "no such key for EdDSA"),
            // What stands there is not said: somebody may have written the secret itself.
            Some(name) if !is_variable(name) => {
                wrong(
                    "secret_env",
                    "the name of an environment variable: 1 to 64 letters, digits and _, no digit first",
                );
            }
            None if is_shared => {
                wrong("secret_env", "the name of the environment variable that has the secret")
            }
            _ => {}
        }
        match &self.public_key {
            Some(_) if is_shared => wrong("public_key", "no such key for HS256"),
            None if !is_shared => wrong("public_key", PUBLIC_KEY),
            _ => {}
        }
    }
}

/// Whether a shell could set a variable of this name.
fn is_variable(name: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let is_number = name.starts_with(|c: char| c.is_ascii_digit());
    (1..=64).contains(&name.len()) && name.bytes().all(is_word) && !is_number
}

impl AuthoredSurvey {
    pub(crate) fn check(&mut self, path: &str, mistakes: &mut Vec<Invalid>) {
        slug(&format!("{path}.id"), &self.id, mistakes);
        // A site may have had one of its own before there was a preset of that name.
        if Metric::parse(&self.id).is_some() {
            mistakes.push(Invalid::new(format!("{path}.id"), "another name: this is a preset's"));
        }
        if self.version == 0 {
            mistakes.push(Invalid::new(format!("{path}.version"), "an integer from 1"));
        }
        for (name, value) in &self.options {
            if let Err(expected) = check_option(name, value) {
                mistakes.push(Invalid::new(format!("{path}.options.{name}"), expected));
            }
        }
        if self.questions.is_empty() && self.metric.is_none() {
            mistakes
                .push(Invalid::new(format!("{path}.metric"), "nps, csat or ces, or questions of its own"));
        }
        if self.questions.len() > MAX_QUESTIONS {
            let expected = format!("at most {MAX_QUESTIONS} questions");
            mistakes.push(Invalid::new(format!("{path}.question"), expected));
        }
        if self.retention_days.is_some_and(|days| !RETENTION_DAYS.contains(&days)) {
            let expected = format!("an integer from {} to {}", RETENTION_DAYS.start(), RETENTION_DAYS.end());
            mistakes.push(Invalid::new(format!("{path}.retention_days"), expected));
        }
        if self.segments.len() > MAX_SEGMENTS {
            let expected = format!("at most {MAX_SEGMENTS} segments");
            mistakes.push(Invalid::new(format!("{path}.segments"), expected));
        }
        for (i, name) in self.segments.iter().enumerate() {
            let mut wrong = |expected: &str| {
                mistakes.push(Invalid::new(format!("{path}.segments[{i}]"), expected));
            };
            if DeclaredSegment::parse(name).is_none() {
                wrong(DeclaredSegment::EXPECTED);
            } else if self.segments.iter().take(i).any(|earlier| earlier == name) {
                wrong("each segment once");
            }
        }
        let metric = self.metric;
        for i in 0..self.questions.len() {
            let (before, rest) = self.questions.split_at_mut(i);
            if let Some(question) = rest.first_mut() {
                question.check(&format!("{path}.question[{i}]"), before, metric, mistakes);
            }
        }
        self.ending.check(&format!("{path}.ending"), mistakes);
        self.words = words::check(&format!("{path}.words"), &self.words, mistakes);
        let languages: Vec<_> = self.languages().into_iter().map(str::to_owned).collect();
        for (i, question) in self.questions.iter().enumerate() {
            if question.needs_words(self.questions.get(..i).unwrap_or_default()) {
                for tag in languages.iter().filter(|tag| !question.text.contains_key(*tag)) {
                    let field = format!("{path}.question[{i}].text.{tag}");
                    mistakes.push(Invalid::new(field, NO_WORDS));
                }
            }
            if question.kind == KindName::Link {
                for tag in languages.iter().filter(|tag| !question.label.contains_key(*tag)) {
                    mistakes.push(Invalid::new(format!("{path}.question[{i}].label.{tag}"), NO_WORDS));
                }
            }
            if !question.labels.is_empty() {
                for tag in languages.iter().filter(|tag| !question.labels.contains_key(*tag)) {
                    let field = format!("{path}.question[{i}].labels.{tag}");
                    mistakes.push(Invalid::new(field, NO_LABELS));
                }
            }
            for (j, option) in question.options.iter().enumerate() {
                for tag in languages.iter().filter(|tag| !option.text.contains_key(*tag)) {
                    let field = format!("{path}.question[{i}].option[{j}].text.{tag}");
                    mistakes.push(Invalid::new(field, NO_WORDS));
                }
            }
        }
    }

    /// Puts in the place of a theme's name what the theme has; what the survey has itself wins.
    ///
    /// # Errors
    /// What was expected, if there is no such theme.
    fn wear(&mut self, themes: &BTreeMap<String, BTreeMap<String, String>>) -> Result<(), String> {
        let is_named = |name: &String| !THEME.words().any(|word| word == name);
        let Some(name) = self.options.get("theme").filter(|name| is_named(name)).cloned() else {
            return Ok(());
        };
        self.options.remove("theme");
        let Some(theme) = themes.get(&name) else {
            let known = THEME.words().map(str::to_owned).chain(themes.keys().cloned());
            return Err(known.collect::<Vec<_>>().join(" or "));
        };
        for (key, value) in theme {
            let option = match key.as_str() {
                "scheme" => "theme".to_owned(),
                "accent" => "accent".to_owned(),
                style => format!("--candor-{style}"),
            };
            self.options.entry(option).or_insert_with(|| value.clone());
        }
        Ok(())
    }

    /// The tags of all languages in which it has texts or words, each once.
    #[must_use]
    pub fn languages(&self) -> Vec<&str> {
        let of_texts = self.texts().flat_map(BTreeMap::keys);
        let of_labels = self.questions.iter().flat_map(|question| question.labels.keys());
        let all = of_texts.chain(of_labels).chain(self.words.keys());
        let mut tags: Vec<_> = all.map(String::as_str).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// Its definition as a browser gets it, in the language that serves the wanted ones (best first) best; else in
    /// English, else without texts, so that the widget asks in its own words. It has none for choices: a survey with one
    /// comes in the first of its languages then.
    #[must_use]
    pub fn localized<'a>(&self, site: &str, wanted: impl IntoIterator<Item = &'a str>) -> Survey {
        let languages = self.languages();
        let is_worded = self.texts().all(Texts::is_empty)
            && self.questions.iter().all(|question| question.labels.is_empty());
        // Without texts of its own it is asked in Candor's words by whom those serve better than the site's.
        let offered = languages.iter().chain(is_worded.then_some(&LANGUAGES).into_iter().flatten());
        let tag = closest(wanted, &offered.copied().collect::<Vec<_>>())
            .or_else(|| closest(["en"], &languages))
            .or_else(|| self.has_own_words().then_some(0))
            .and_then(|index| languages.get(index));
        self.in_language(site, tag.copied().unwrap_or_default())
    }

    /// What a browser gets: this in one language, and the words in it.
    #[must_use]
    pub fn definition<'a>(&self, site: &str, wanted: impl IntoIterator<Item = &'a str>) -> Definition {
        let survey = self.localized(site, wanted);
        Definition {
            words: survey.locale.as_deref().map(|tag| self.words_in(tag)).unwrap_or_default(),
            survey,
        }
    }

    /// Its definition without texts, to check answers by.
    #[must_use]
    pub fn structure(&self, site: &str) -> Survey {
        self.in_language(site, "")
    }

    fn texts(&self) -> impl Iterator<Item = &Texts> {
        self.questions.iter().flat_map(AuthoredQuestion::texts).chain(self.ending.texts())
    }

    /// Whether there is something that Candor has no words for.
    fn has_own_words(&self) -> bool {
        self.questions.iter().enumerate().any(|(i, question)| {
            let before = self.questions.get(..i).unwrap_or_default();
            question.needs_words(before) || question.needs_labels(self.metric)
        })
    }

    pub(crate) fn in_language(&self, site: &str, tag: &str) -> Survey {
        let mut questions: Vec<_> =
            self.questions.iter().filter_map(|q| q.localized(tag, self.metric)).collect();
        if let (true, Some(metric)) = (questions.is_empty(), self.metric) {
            questions = preset::questions(metric);
        }
        Survey {
            id: self.id.clone(),
            version: self.version,
            site: Some(site.to_owned()),
            locale: (!tag.is_empty()).then(|| tag.to_owned()),
            questions,
            ending: self.ending.localized(tag),
        }
    }
}

type IsThere = fn(&AuthoredQuestion) -> bool;
/// The keys of a question, and of which kind it must be to have them.
const KEYS: [(&str, KindName, IsThere); 17] = [
    ("metric", KindName::Rating, |q| q.metric.is_some()),
    ("scale", KindName::Rating, |q| q.scale.is_some()),
    ("favourable_points", KindName::Rating, |q| q.favourable_points.is_some()),
    ("low", KindName::Rating, |q| !q.low.is_empty()),
    ("high", KindName::Rating, |q| !q.high.is_empty()),
    ("look", KindName::Rating, |q| q.look.is_some()),
    ("labels", KindName::Rating, |q| !q.labels.is_empty()),
    ("max_chars", KindName::Text, |q| q.max_chars.is_some()),
    ("href", KindName::Link, |q| q.href.is_some()),
    ("label", KindName::Link, |q| !q.label.is_empty()),
    ("unfavourable", KindName::Text, |q| !q.unfavourable.is_empty()),
    ("neutral", KindName::Text, |q| !q.neutral.is_empty()),
    ("favourable", KindName::Text, |q| !q.favourable.is_empty()),
    ("option", KindName::Choice, |q| !q.options.is_empty()),
    ("many", KindName::Choice, |q| q.many.is_some()),
    ("other", KindName::Choice, |q| q.other.is_some()),
    ("shuffle", KindName::Choice, |q| q.shuffle.is_some()),
];

impl AuthoredQuestion {
    fn check(&mut self, path: &str, before: &[Self], metric: Option<Metric>, mistakes: &mut Vec<Invalid>) {
        let mut wrong = |field: &str, expected: &str| {
            mistakes.push(Invalid::new(format!("{path}.{field}"), expected));
        };
        if !is_slug(&self.id) {
            wrong("id", SLUG);
        }
        if before.iter().any(|earlier| earlier.id == self.id) {
            wrong("id", "each id once");
        }
        for (key, kind, is_there) in KEYS {
            if self.kind != kind && is_there(self) {
                wrong(key, "no such key for this kind of question");
            }
        }
        let is_answered = !matches!(self.kind, KindName::Message | KindName::Link);
        if self.required.is_some() && !is_answered {
            wrong("required", "no such key for what can't be answered");
        }
        if self.max_chars.is_some_and(|max| !(1..=MAX_COMMENT_CHARS).contains(&usize::from(max))) {
            wrong("max_chars", &format!("an integer from 1 to {MAX_COMMENT_CHARS}"));
        }
        if self.kind == KindName::Link && !self.href.as_deref().is_some_and(leads_somewhere) {
            wrong("href", "an address that begins with https://, http:// or / and has no spaces");
        }
        if self.kind == KindName::Rating {
            match self.measure(metric) {
                Err((field, expected)) => wrong(field, &expected),
                Ok(measure) => {
                    if !self.look().suits(measure.scale()) {
                        wrong("look", &looks(measure));
                    } else if self.labels.is_empty() && self.needs_labels(metric) {
                        wrong("labels", NO_LABELS);
                    }
                    let points = measure.scale().len();
                    for (tag, labels) in &self.labels {
                        if labels.len() != points {
                            wrong(&format!("labels.{tag}"), &format!("{points} labels, one for each point"));
                        }
                    }
                }
            }
            if !self.labels.is_empty() {
                for (key, texts) in [("low", &self.low), ("high", &self.high)] {
                    if !texts.is_empty() {
                        wrong(key, "no such key beside labels, which name every point");
                    }
                }
            }
        }
        if let Some(when) = &self.when {
            match when.clone().read() {
                Err(expected) => wrong("when", expected.trim_start_matches("when: expected ")),
                // A condition that says two things would be read as one of them.
                Ok(rule) if When::from(rule.clone()) != *when => wrong("when", "conditions of one kind each"),
                Ok(Rule::All(tests) | Rule::Any(tests)) => {
                    for test in &tests {
                        if let Err(expected) = fits(test, before, metric) {
                            wrong("when", &expected);
                        }
                    }
                }
            }
        }
        if self.text.is_empty() && self.needs_words(before) {
            wrong("text", NO_WORDS);
        }
        if self.kind == KindName::Choice {
            if !(2..=MAX_OPTIONS).contains(&self.options.len()) {
                wrong("option", &format!("2 to {MAX_OPTIONS} options"));
            }
            for (i, option) in self.options.iter().enumerate() {
                if !is_slug(&option.id) || option.id == OTHER {
                    wrong(&format!("option[{i}].id"), &format!("{SLUG}, and not {OTHER}"));
                }
                if self.options.iter().take(i).any(|earlier| earlier.id == option.id) {
                    wrong(&format!("option[{i}].id"), "each id once");
                }
            }
        }
        for (key, texts) in self.texts_mut() {
            *texts = canonical_texts(&format!("{path}.{key}"), texts, mistakes);
        }
        self.labels = canonical_labels(&format!("{path}.labels"), &self.labels, mistakes);
        for (i, option) in self.options.iter_mut().enumerate() {
            option.text = canonical_texts(&format!("{path}.option[{i}].text"), &option.text, mistakes);
        }
    }

    /// What a rating measures; `metric` is the survey's.
    ///
    /// # Errors
    /// The key that is wrong, and what was expected.
    fn measure(&self, metric: Option<Metric>) -> Result<Measure, (&'static str, String)> {
        let metric = self.metric.or(metric);
        let metric =
            metric.ok_or_else(|| ("metric", "nps, csat or ces, here or for the survey".to_owned()))?;
        let scale = self.scale.as_deref().map_or_else(|| Some(metric.scale()), parse_scale);
        let own = scale_name(metric.scale());
        let example = match metric {
            Metric::Nps => own,
            Metric::Csat => format!("{own}, or another from 0 or 1 up to 10 at most, such as 1-7"),
            Metric::Ces => format!("{own}, or another such as 5-1, where low is good"),
        };
        let measure = |scale| Measure::new(metric, scale, self.favourable_points);
        match scale.map(measure) {
            Some(Ok(measure)) => Ok(measure),
            None | Some(Err(BadMeasure::Scale)) => Err(("scale", example)),
            Some(Err(BadMeasure::FavourablePoints(most))) => {
                let most = if metric == Metric::Nps { "2".to_owned() } else { format!("1 to {most}") };
                Err(("favourable_points", format!("{most}, how many points at the good end are favourable")))
            }
        }
    }

    /// Whether Candor has no words for it: a choice, or a text that follows nothing.
    fn needs_words(&self, before: &[Self]) -> bool {
        match self.kind {
            KindName::Choice | KindName::Message | KindName::Link => true,
            KindName::Text => {
                before.iter().all(|earlier| !matches!(earlier.kind, KindName::Rating | KindName::Choice))
            }
            KindName::Rating => false,
        }
    }

    fn look(&self) -> Look {
        self.look.unwrap_or_default()
    }

    /// Whether each of its points must have a label of the survey's own.
    fn needs_labels(&self, metric: Option<Metric>) -> bool {
        let has_words = self.measure(metric).is_ok_and(|measure| !satisfaction(measure).is_empty());
        self.look() == Look::Smileys && !has_words || !self.labels.is_empty()
    }

    fn texts(&self) -> impl Iterator<Item = &Texts> {
        let by_band = [&self.unfavourable, &self.neutral, &self.favourable];
        let own = [&self.text, &self.low, &self.high, &self.label];
        own.into_iter().chain(by_band).chain(self.options.iter().map(|option| &option.text))
    }

    fn texts_mut(&mut self) -> [(&'static str, &mut Texts); 7] {
        [
            ("text", &mut self.text),
            ("low", &mut self.low),
            ("high", &mut self.high),
            ("label", &mut self.label),
            ("unfavourable", &mut self.unfavourable),
            ("neutral", &mut self.neutral),
            ("favourable", &mut self.favourable),
        ]
    }

    /// `None` if it is not what [`check`](Self::check) lets pass.
    fn localized(&self, tag: &str, metric: Option<Metric>) -> Option<Question> {
        let text = |texts: &Texts| texts.get(tag).cloned();
        let kind = match self.kind {
            KindName::Rating => Kind::Rating {
                measure: self.measure(metric).ok()?,
                look: self.look(),
                low: text(&self.low),
                high: text(&self.high),
                labels: self.labels.get(tag).cloned().unwrap_or_default(),
            },
            KindName::Text => Kind::Text {
                by_band: BandTexts {
                    unfavourable: text(&self.unfavourable),
                    neutral: text(&self.neutral),
                    favourable: text(&self.favourable),
                },
                max_chars: self.max_chars,
            },
            KindName::Message => Kind::Message { link: None },
            KindName::Link => {
                let label = text(&self.label).unwrap_or_else(|| self.id.clone());
                Kind::Message { link: Some(Link { href: self.href.clone()?, label }) }
            }
            KindName::Choice => Kind::Choice {
                options: self
                    .options
                    .iter()
                    .map(|option| Choice {
                        id: option.id.clone(),
                        text: text(&option.text).unwrap_or_else(|| option.id.clone()),
                    })
                    .collect(),
                many: self.many.unwrap_or_default(),
                other: self.other.unwrap_or_default(),
                shuffle: self.shuffle.unwrap_or_default(),
            },
        };
        let when = self.when.clone().map(|mut when| when.read().ok()).unwrap_or_default();
        let required = self.required.unwrap_or_default();
        Some(Question { id: self.id.clone(), text: text(&self.text), when, required, kind })
    }
}

/// Whether a link may have this address: of a site, or a path on the page's own.
fn leads_somewhere(href: &str) -> bool {
    let is_elsewhere = href.starts_with("//") || href.starts_with("/\\");
    let is_whole = href.split_once("://").is_none_or(|(_, rest)| !rest.is_empty());
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    is_web_address(href) && is_whole && !is_elsewhere && !href.contains(is_odd)
}

/// Whether a condition can be met by the questions before.
fn fits(test: &Test, before: &[AuthoredQuestion], metric: Option<Metric>) -> Result<(), String> {
    let (Test::Band(id, _) | Test::Points(id, _) | Test::Chosen(id, _) | Test::Answered(id, _)) = test else {
        return Ok(());
    };
    let Some(question) = before.iter().find(|question| question.id == *id) else {
        return Err(format!("a question before this one instead of {id}"));
    };
    let measure = question.measure(metric).ok().filter(|_| question.kind == KindName::Rating);
    match test {
        Test::Band(..) => expect(measure.is_some(), &format!("a rating instead of {id}")),
        Test::Points(_, points) => {
            let on_scale =
                |measure: Measure| points.iter().all(|point| measure.scale().points().contains(point));
            let scale = measure.map(|measure| scale_name(measure.scale())).unwrap_or_default();
            expect(measure.is_some_and(on_scale), &format!("points of the rating {id} ({scale})"))
        }
        Test::Chosen(_, option) => {
            let is_option = question.options.iter().any(|known| known.id == *option);
            let is_other = option == OTHER && question.other == Some(true);
            expect(is_option || is_other, &format!("an option of {id} instead of {option}"))
        }
        Test::Answered(..) => {
            let is_read = matches!(question.kind, KindName::Message | KindName::Link);
            expect(!is_read, &format!("a question that can be answered instead of {id}"))
        }
        Test::Attribute(..) => Ok(()),
    }
}

fn canonical_texts(path: &str, texts: &Texts, mistakes: &mut Vec<Invalid>) -> Texts {
    for (tag, text) in texts {
        check_text(&format!("{path}.{tag}"), text, mistakes);
    }
    by_canonical_tag(path, texts, mistakes)
}

fn canonical_labels(path: &str, labels: &Labels, mistakes: &mut Vec<Invalid>) -> Labels {
    for (tag, labels) in labels {
        for (i, label) in labels.iter().enumerate() {
            check_text(&format!("{path}.{tag}[{i}]"), label, mistakes);
        }
    }
    by_canonical_tag(path, labels, mistakes)
}

fn check_text(path: &str, text: &str, mistakes: &mut Vec<Invalid>) {
    if text.trim().is_empty() || text.chars().count() > MAX_TEXT_CHARS {
        mistakes.push(Invalid::new(path, format!("a text of 1 to {MAX_TEXT_CHARS} characters")));
    }
    if let Err(expected) = placeholders(text) {
        mistakes.push(Invalid::new(path, expected));
    }
}

fn by_canonical_tag<T: Clone>(
    path: &str,
    by_tag: &BTreeMap<String, T>,
    mistakes: &mut Vec<Invalid>,
) -> BTreeMap<String, T> {
    let mut canonical = BTreeMap::new();
    for (tag, texts) in by_tag {
        let path = format!("{path}.{tag}");
        match canonical_tag(tag) {
            None => {
                mistakes.push(Invalid::new(path, "a language tag as the last part, such as zh-Hant"));
            }
            Some(tag) => {
                if canonical.insert(tag, texts.clone()).is_some() {
                    mistakes.push(Invalid::new(path, "each language once"));
                }
            }
        }
    }
    canonical
}

/// The looks that a scale can have, to follow "expected".
fn looks(measure: Measure) -> String {
    let suitable = Look::ALL.into_iter().filter(|look| look.suits(measure.scale())).map(Look::name);
    format!(
        "{}: stars are of 1-3 to 1-10, smileys of 1-3 or 1-5, thumbs of 1-2",
        suitable.collect::<Vec<_>>().join(" or ")
    )
}

fn expect(holds: bool, expected: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(expected.to_owned()) }
}

const NO_LABELS: &str = "a label for each point in each language of the survey, because the widget has no words of its own for them";
const NO_WORDS: &str =
    "a text in each language of the survey, because the widget has no words of its own for it";

fn slug(path: &str, id: &str, mistakes: &mut Vec<Invalid>) {
    if !is_slug(id) {
        mistakes.push(Invalid::new(path, SLUG));
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
    fn a_look_suits_its_scale_and_labels_name_every_point_in_every_language() {
        let of = |question: &str| {
            let json = format!(
                r#"{{"site": "shop", "origins": ["*"], "survey": [{{"id": "s", "version": 1, "metric": "csat",
                    "question": [{{"id": "q", "kind": "rating", {question}}}]}}]}}"#
            );
            let said = |m: Invalid| {
                let expected = m.expected.split(':').next().unwrap_or_default().to_owned();
                format!("{}: {expected}", m.field.trim_start_matches("survey[0].question[0]."))
            };
            site(&json).check().into_iter().map(said).collect::<Vec<_>>().join("; ")
        };
        for fine in [
            r#""look": "stars""#,
            r#""look": "stars", "scale": "1-10", "favourable_points": 2"#,
            r#""look": "smileys""#,
            r#""look": "smileys", "scale": "1-3""#,
            r#""look": "smileys", "metric": "ces", "scale": "1-3", "labels": {"en": ["A", "B", "C"]}"#,
            r#""look": "thumbs", "scale": "1-2""#,
            r#""scale": "1-2", "labels": {"en": ["No", "Yes"], "fa": ["خیر", "بله"]}"#,
        ] {
            assert_eq!(of(fine), "", "{fine}");
        }
        for (look, scale, expected) in [
            ("stars", "1-2", "look: numbers or thumbs"),
            ("smileys", "1-7", "look: numbers or stars"),
            ("thumbs", "1-3", "look: numbers or stars or smileys"),
            ("stars", "0-4", "look: numbers"),
        ] {
            let question = format!(r#""look": "{look}", "scale": "{scale}", "favourable_points": 1"#);
            assert_eq!(of(&question), expected, "{question}");
        }
        assert_eq!(of(r#""look": "stars", "metric": "ces", "scale": "5-1""#), "look: numbers");
        assert_eq!(of(r#""labels": {"en": ["A"]}"#), "labels.en: 5 labels, one for each point");
        let labels = r#""scale": "1-2", "labels": {"en": ["No", "Yes"]}"#;
        assert_eq!(
            of(&format!(r#"{labels}, "low": {{"en": "No"}}"#)),
            "low: no such key beside labels, which name every point"
        );
        let missing = format!("labels.fa: {NO_LABELS}");
        assert_eq!(of(&format!(r#"{labels}, "text": {{"en": "?", "fa": "؟"}}"#)), missing);
        let faces = r#""look": "smileys", "metric": "ces", "scale": "1-3", "text": {"fa": "؟"}"#;
        let none = format!("labels: {NO_LABELS}");
        assert_eq!(of(faces), none, "there are no words for effort on three points");
        assert_eq!(
            of(r#""look": "smileys", "metric": "ces", "scale": "1-5""#),
            none,
            "without any text, too"
        );
        assert_eq!(
            of(r#""scale": "1-2", "labels": {"e_": ["a", " "]}"#),
            "labels.e_[1]: a text of 1 to 500 characters; labels.e_: a language tag as the last part, such as zh-Hant"
        );
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
    fn a_theme_is_put_in_the_place_of_its_name_and_what_the_survey_says_itself_wins() {
        let of = |themes: &str, options: &str| {
            let json = format!(
                r#"{{"site": "shop", "origins": ["*"], "themes": {themes},
                    "survey": [{{"id": "s", "version": 1, "metric": "nps", "options": {options}}}]}}"#
            );
            let mut site = site(&json);
            let mistakes: Vec<_> =
                site.check().into_iter().map(|m| format!("{}: {}", m.field, m.expected)).collect();
            (site.surveys.remove(0).options, mistakes)
        };
        let harvest =
            r##"{"harvest": {"scheme": "light", "accent": "#fc0", "surface": "#fffaf0", "radius": "4px"}}"##;
        let (options, mistakes) = of(harvest, r#"{"theme": "harvest", "accent": "green"}"#);
        let said: Vec<_> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(said, ["--candor-radius=4px", "--candor-surface=#fffaf0", "accent=green", "theme=light"]);
        assert_eq!(mistakes, Vec::<String>::new());
        let mistakes = |themes: &str, options: &str| of(themes, options).1;
        assert_eq!(
            mistakes(harvest, r#"{"theme": "havrest"}"#),
            ["survey[0].options.theme: auto or light or dark or harvest"]
        );
        assert_eq!(
            mistakes(r#"{"dark": {}}"#, "{}"),
            ["themes.dark: 1 to 64 of a–z, 0–9, - and _, and none of auto, light, dark"]
        );
        let wrong =
            r#"{"x": {"accent": "none", "line": "red; } a {", "scheme": "x"}, "y": {"colour": "red"}}"#;
        assert_eq!(
            mistakes(wrong, "{}"),
            [
                "themes.x.accent: an opaque CSS colour, such as #2f5d46, or a var() of the page".to_owned(),
                "themes.x.line: a value of CSS of 1 to 256 characters".to_owned(),
                "themes.x.scheme: auto or light or dark".to_owned(),
                format!("themes.y.colour: one of scheme, accent, {}", crate::options::STYLES.join(", ")),
            ]
        );
        let of = |value: &str| mistakes(&serde_json::json!({"x": {"font": value}}).to_string(), "{}").len();
        for value in ["red !important", "a\\", "/*", "var(--x", "x)", "'a", "a\u{0}", "a;b", "[)]"] {
            assert_eq!(of(value), 1, "{value:?}");
        }
        for value in ["\"Noto Sans\", 'a)'", "light-dark(#fff, #000)", "calc(1em * (2 + 1))", "[a]"] {
            assert_eq!(of(value), 0, "{value:?}");
        }
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
        assert!(matches!(chinese.questions[0].kind, Kind::Rating { low: None, .. }));
        assert_eq!(survey.localized("shop", ["fi"]).questions[0].text.as_deref(), Some("Recommend?"));
    }

    #[test]
    fn no_other_language_than_english_serves_who_has_none() {
        let survey = |texts: &str| {
            let json = format!(
                r#"{{"site": "shop", "origins": ["*"], "survey": [{{"id": "s", "version": 1, "metric": "nps",
                    "question": [{{"id": "q", "kind": "rating", "text": {{{texts}}}}}]}}]}}"#
            );
            checked(site(&json)).unwrap().surveys.remove(0)
        };
        let asked = |survey: &AuthoredSurvey, wanted| {
            let mut survey = survey.localized("shop", [wanted]);
            (survey.locale, survey.questions.remove(0).text)
        };
        let none = (None, None);
        // English is neither the only language here nor the first.
        let survey_with_english = survey(r#""ar": "؟", "en-GB": "Recommend?", "th": "ไหม""#);
        let english = (Some("en-GB".into()), Some("Recommend?".into()));
        assert_eq!(asked(&survey_with_english, "fi"), english);
        assert_eq!(asked(&survey_with_english, "en"), english);
        let survey_without_english = survey(r#""ar": "؟", "de": "Empfehlen?""#);
        assert_eq!(asked(&survey_without_english, "en"), none);
        assert_eq!(asked(&survey_without_english, "fi"), none);
        assert_eq!(asked(&survey_without_english, "de-AT").1.as_deref(), Some("Empfehlen?"));
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
        for days in [0, 7, 36_501] {
            let json = format!(r#"{{"id": "a", "version": 1, "metric": "nps", "retention_days": {days}}}"#);
            refused(&survey(&json), "survey[0].retention_days");
        }
        for (segments, at) in
            [(r#"["site"]"#, "[0]"), (r#"["plan", "plan"]"#, "[1]"), (r#"["a", "a×b×c"]"#, "[1]")]
        {
            let json = format!(r#"{{"id": "a", "version": 1, "metric": "nps", "segments": {segments}}}"#);
            refused(&survey(&json), &format!("survey[0].segments{at}"));
        }
        let names: Vec<_> = (0..=MAX_SEGMENTS).map(|n| format!("\"a{n}\"")).collect();
        let json =
            format!(r#"{{"id": "a", "version": 1, "metric": "nps", "segments": [{}]}}"#, names.join(","));
        refused(&survey(&json), "survey[0].segments");
        refused(&survey(r#"{"id": "a", "version": 0, "metric": "nps"}"#), "survey[0].version");
        let twice =
            r#"{"id": "a", "version": 1, "metric": "nps"}, {"id": "a", "version": 2, "metric": "nps"}"#;
        refused(&survey(twice), "survey[1].id");
        let question =
            |q: &str| survey(&format!(r#"{{"id": "a", "version": 1, "metric": "nps", "question": [{q}]}}"#));
        refused(&question(r#"{"id": "q", "kind": "text"}"#), "survey[0].question[0].text");
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
                {"id": "a", "version": 1, "metric": "nps", "question": [{"id": "p", "kind": "rating"},
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
            "survey[1].question[1].text.!",
            "survey[1].question[1].text.en",
            "survey[1].question[1].text.!",
            "survey[1].question[1].neutral.fa",
            "survey[1].question[2].id",
            "survey[1].question[2].low",
        ];
        assert_eq!(fields, expected);
    }

    /// What is wrong with a survey of these questions whose metric is CSAT: the key within it, and what was expected.
    fn wrong(questions: &str) -> Vec<(String, String)> {
        let json = format!(
            r#"{{"site": "s", "origins": ["*"], "survey": [{{"id": "a", "version": 1, "metric": "csat", "question": [{questions}]}}]}}"#
        );
        let strip = |field: String| field.strip_prefix("survey[0].").map(Into::into).unwrap_or(field);
        site(&json).check().into_iter().map(|invalid| (strip(invalid.field), invalid.expected)).collect()
    }

    #[track_caller]
    fn wrong_once(questions: &str, field: &str, expected: &str) {
        let found = wrong(questions);
        let is_it = |(at, what): &(String, String)| at == field && what.contains(expected);
        assert!(found.len() == 1 && is_it(&found[0]), "{field}: {expected} for {questions}: {found:?}");
    }

    const RATING: &str = r#"{"id": "r", "kind": "rating"}"#;
    const CHOICE: &str = r#"{"id": "c", "kind": "choice", "text": {"en": "Which?"}, "other": true,
        "option": [{"id": "a", "text": {"en": "A"}}, {"id": "b", "text": {"en": "B"}}]}"#;

    fn with(question: &str, keys: &str) -> String {
        format!("{}, {keys}}}", question.strip_suffix('}').unwrap())
    }

    #[test]
    fn every_key_of_a_question_is_one_kinds_or_every_kinds_and_documented() {
        let some = || [("en".to_owned(), "x".to_owned())].into();
        // A new key does not compile until it is named here.
        let question = AuthoredQuestion {
            id: "q".into(),
            kind: KindName::Rating,
            metric: Some(Metric::Nps),
            scale: Some("0-10".into()),
            favourable_points: Some(2),
            text: some(),
            look: Some(Look::Numbers),
            low: some(),
            high: some(),
            labels: [("en".to_owned(), vec!["x".to_owned()])].into(),
            required: Some(true),
            max_chars: Some(1),
            href: Some("/".into()),
            label: some(),
            unfavourable: some(),
            neutral: some(),
            favourable: some(),
            options: vec![AuthoredOption { id: "o".into(), text: some() }],
            many: Some(true),
            other: Some(true),
            shuffle: Some(true),
            when: Some(When::from(Rule::All(Vec::new()))),
        };
        let json = serde_json::to_value(question).unwrap();
        let mut keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let (_, document) = include_str!("../../../docs/api.md").split_once("\n## A site's file").unwrap();
        let rows: String = document.lines().filter(|line| line.starts_with('|')).collect();
        let words: Vec<_> = rows.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        for key in &keys {
            assert!(words.contains(key), "docs/api.md says nothing of {key}");
        }
        // What can be answered may be required.
        keys.retain(|key| !["id", "kind", "required", "text", "when"].contains(key));
        let mut of_one: Vec<_> = KEYS.map(|(key, ..)| key).into();
        of_one.sort_unstable();
        assert_eq!(of_one, keys);
    }

    #[test]
    fn a_key_of_another_kind_is_named() {
        let text = r#"{"id": "t", "kind": "text"}"#;
        let texts = r#"{"en": "x"}"#;
        for (question, keys) in [
            (RATING, &["unfavourable", "neutral", "favourable", "option", "many", "other", "shuffle"][..]),
            (
                text,
                &[
                    "metric",
                    "scale",
                    "favourable_points",
                    "low",
                    "high",
                    "option",
                    "many",
                    "other",
                    "shuffle",
                ],
            ),
            (
                CHOICE,
                &[
                    "metric",
                    "scale",
                    "favourable_points",
                    "low",
                    "high",
                    "unfavourable",
                    "neutral",
                    "favourable",
                ],
            ),
        ] {
            for key in keys {
                let value = match *key {
                    "metric" => r#""nps""#,
                    "scale" => r#""1-5""#,
                    "favourable_points" => "2",
                    "option" => r#"[{"id": "a", "text": {"en": "A"}}]"#,
                    "many" | "other" | "shuffle" => "false",
                    _ => texts,
                };
                let first = RATING.replace(r#""r""#, r#""first""#);
                let question = with(question, &format!("\"{key}\": {value}"));
                wrong_once(
                    &format!("{first}, {question}"),
                    &format!("question[1].{key}"),
                    "no such key for this kind",
                );
            }
        }
    }

    #[test]
    fn a_scale_must_suit_its_metric_and_say_how_many_points_are_favourable() {
        for (keys, field, expected) in [
            (r#""scale": "1-11""#, "scale", "1-5, or another from 0 or 1 up to 10"),
            (r#""scale": "seven""#, "scale", "such as 1-7"),
            (r#""scale": "5-1""#, "scale", "1-5, or another"),
            (r#""scale": "1-7""#, "favourable_points", "1 to 3, how many points at the good end"),
            (r#""scale": "1-7", "favourable_points": 0"#, "favourable_points", "1 to 3"),
            (r#""scale": "1-7", "favourable_points": 4"#, "favourable_points", "1 to 3"),
            (r#""favourable_points": 3"#, "favourable_points", "1 to 2"),
            (r#""metric": "nps", "scale": "1-10""#, "scale", "0-10"),
            (r#""metric": "nps", "favourable_points": 3"#, "favourable_points", "2, how many"),
            (r#""metric": "ces", "scale": "7-2""#, "scale", "1-7, or another such as 5-1, where low is good"),
        ] {
            wrong_once(&with(RATING, keys), &format!("question[0].{field}"), expected);
        }
        for keys in [
            r#""scale": "1-7", "favourable_points": 2"#,
            r#""scale": "1-4""#,
            r#""metric": "ces", "scale": "5-1""#,
            r#""metric": "nps", "scale": "0-10", "favourable_points": 2"#,
        ] {
            assert_eq!(wrong(&with(RATING, keys)), [], "{keys}");
        }
    }

    #[test]
    fn a_rule_looks_back_at_what_can_hold() {
        let text = r#"{"id": "t", "kind": "text"}"#;
        let all = |condition: &str| format!(r#""when": {{"all": [{condition}]}}"#);
        for (condition, expected) in [
            (r#"{"question": "t", "answered": true}"#, "a question before this one instead of t"),
            (r#"{"question": "later", "answered": true}"#, "a question before this one instead of later"),
            (r#"{"question": "x", "band": "neutral"}"#, "a question before this one instead of x"),
            (r#"{"question": "c", "band": "neutral"}"#, "a rating instead of c"),
            (r#"{"question": "c", "points": [1]}"#, "points of the rating c"),
            (r#"{"question": "r", "points": [5, 6]}"#, "points of the rating r (1-5)"),
            (r#"{"question": "r", "points": [0]}"#, "points of the rating r (1-5)"),
            (r#"{"question": "c", "chosen": "z"}"#, "an option of c instead of z"),
            (r#"{"question": "r", "chosen": "a"}"#, "an option of r instead of a"),
            (r#"{"question": "n", "chosen": "other"}"#, "an option of n instead of other"),
            (r#"{"question": "r"}"#, "question with band, points, chosen or answered, or attribute with is"),
            (r#"{"question": "r", "band": "good"}"#, "question with band"),
            (r#"{"question": "r", "band": "neutral", "answered": true}"#, "conditions of one kind each"),
            (r#"{"question": "r", "band": "neutral", "is": "pro"}"#, "conditions of one kind each"),
            (r#"{"question": "r", "attribute": "plan", "is": "pro"}"#, "conditions of one kind each"),
            (r#"{"attribute": "plan"}"#, "attribute with is"),
        ] {
            let question = with(text, &all(condition));
            let no_other = CHOICE.replace(r#""c""#, r#""n""#).replace("true", "false");
            let later = r#"{"id": "later", "kind": "text"}"#;
            wrong_once(
                &format!("{RATING}, {CHOICE}, {no_other}, {question}, {later}"),
                "question[3].when",
                expected,
            );
        }
        for when in [r#""when": {}"#, r#""when": {"all": [], "any": []}"#] {
            wrong_once(&with(RATING, when), "question[0].when", "conditions in all or in any");
        }
        let attribute = r#"{"attribute": "plan", "is": "pro"}"#;
        let both = format!(r#""when": {{"all": [{attribute}], "any": [{attribute}]}}"#);
        wrong_once(&with(RATING, &both), "question[0].when", "conditions in all or in any");
        for condition in [
            r#"{"question": "r", "band": "unfavourable"}"#,
            r#"{"question": "r", "points": [1, 5]}"#,
            r#"{"question": "c", "chosen": "b"}"#,
            r#"{"question": "c", "chosen": "other"}"#,
            r#"{"question": "c", "answered": false}"#,
            attribute,
        ] {
            let question = with(text, &all(condition));
            assert_eq!(wrong(&format!("{RATING}, {CHOICE}, {question}")), [], "{condition}");
        }
    }

    #[test]
    fn a_choice_has_some_options_each_with_an_id_of_its_own_and_words() {
        let option = |i: usize| format!(r#"{{"id": "o{i}", "text": {{"en": "x"}}}}"#);
        let of = |options: Vec<String>| {
            let options = options.join(", ");
            format!(r#"{{"id": "c", "kind": "choice", "text": {{"en": "Which?"}}, "option": [{options}]}}"#)
        };
        for n in [0, 1, 21] {
            wrong_once(&of((0..n).map(option).collect()), "question[0].option", "2 to 20 options");
        }
        for n in [2, 20] {
            assert_eq!(wrong(&of((0..n).map(option).collect())), [], "{n}");
        }
        for (second, field, expected) in [
            (option(0), "option[1].id", "each id once"),
            (option(1).replace("o1", "other"), "option[1].id", "and not other"),
            (option(1).replace("o1", "O 1"), "option[1].id", "1 to 64 of"),
            (option(1).replace(r#""en": "x""#, ""), "option[1].text.en", "in each language of the survey"),
            (option(1).replace(r#""x""#, r#""""#), "option[1].text.en", "a text of 1 to 500 characters"),
            (option(1).replace(r#""x""#, r#""{shop}""#), "option[1].text.en", "instead of {shop}"),
            (option(1).replace("en", "!"), "option[1].text.!", "a language tag"),
        ] {
            let found = wrong(&of(vec![option(0), second.clone()]));
            let is_it = |(at, what): &(String, String)| {
                *at == format!("question[0].{field}") && what.contains(expected)
            };
            assert!(found.iter().any(is_it), "{field} for {second}: {found:?}");
        }
        let mute = CHOICE.replace(r#""text": {"en": "Which?"}, "#, "");
        let fields = |questions: &str| -> Vec<_> { wrong(questions).into_iter().map(|(at, _)| at).collect() };
        assert_eq!(fields(&mute), ["question[0].text", "question[0].text.en"]);
        // A language of any question is one of the survey.
        let german = with(RATING, r#""text": {"de": "Wie?"}"#);
        let expected =
            ["question[1].text.de", "question[1].option[0].text.de", "question[1].option[1].text.de"];
        assert_eq!(fields(&format!("{german}, {CHOICE}")), expected);
    }

    #[test]
    fn a_survey_has_a_metric_or_questions_that_have_and_12_of_them_at_most() {
        let survey = |survey: &str| {
            let json = format!(
                r#"{{"site": "s", "origins": ["*"], "survey": [{{"id": "a", "version": 1{survey}}}]}}"#
            );
            site(&json).check().into_iter().map(|invalid| invalid.field).collect::<Vec<_>>()
        };
        assert_eq!(survey(""), ["survey[0].metric"]);
        assert_eq!(survey(&format!(r#", "question": [{RATING}]"#)), ["survey[0].question[0].metric"]);
        let nps = with(RATING, r#""metric": "nps""#);
        for questions in [nps.as_str(), CHOICE] {
            assert_eq!(survey(&format!(r#", "question": [{questions}]"#)), [""; 0]);
        }
        let rating = |i: usize| RATING.replace(r#""r""#, &format!("\"r{i}\""));
        let ratings = |n: usize| (0..n).map(rating).collect::<Vec<_>>().join(", ");
        assert_eq!(wrong(&ratings(12)), []);
        wrong_once(&ratings(13), "question", "at most 12 questions");
    }

    #[test]
    fn a_survey_with_a_choice_always_has_words() {
        let json = format!(
            r#"{{"site": "s", "origins": ["*"], "survey": [{{"id": "a", "version": 1, "question": [{}]}}]}}"#,
            CHOICE.replace("\"en\"", "\"vi\"")
        );
        let survey = checked(site(&json)).unwrap().surveys.remove(0);
        for wanted in ["vi", "de", "en"] {
            let survey = survey.localized("s", [wanted]);
            assert_eq!(
                (survey.locale.as_deref(), survey.questions[0].text.as_deref()),
                (Some("vi"), Some("Which?"))
            );
        }
    }

    #[test]
    fn an_option_that_makes_no_sense_is_named_by_its_key() {
        for (option, value, expected) in
            [("triger", "load", "one of product"), ("trigger", "scroll=500", "from 0 to 100")]
        {
            let json =
                r#"{"site": "s", "origins": ["*"], "survey": [{"id": "a", "version": 1, "metric": "nps"}]}"#;
            let mut site = site(json);
            site.surveys[0].options.insert(option.into(), value.into());
            let invalid = checked(site).unwrap_err();
            assert_eq!(invalid.field, format!("survey[0].options.{option}"));
            assert!(invalid.expected.contains(expected), "{invalid}");
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
}
