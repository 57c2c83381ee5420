//! What the field advises against and a site's file may do all the same: double-barrelled and leading questions, ends that do not
//! answer them, a scale that changes, asking too often, review gating. `docs/api.md` has the reasons and their sources.

mod wording;

use crate::{
    AuthoredQuestion, AuthoredSite, AuthoredSurvey, Display, Look, Question, Rule, Survey, Test, Texts,
    options::{DEFAULT_QUIET_DAYS, STARTS, quiet_days},
    satisfaction,
    wire::{KindName, scale_name},
};
use candor_scoring::{Band, Measure, Metric, Rating};

/// The fewest days after an answer until the same person is asked for a Net Promoter Score again: what practice asks for at most.
const NPS_DAYS: u16 = DEFAULT_QUIET_DAYS.0;

const GATED: &str = "asks for a public review of those alone who rated high, which misleads who reads it and is against the rules of \
                     the sites that show it: ask everyone, or nobody";

/// What makes answers worth less than they seem, and no mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The key, such as `survey[0].question[1].text.en`.
    pub field: String,
    /// Why, and what to do instead: to follow the key.
    pub reason: String,
}

impl Warning {
    fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

impl AuthoredSite {
    /// What the field advises against in a site that has no mistakes.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for (tag, words) in &self.words {
            for (name, text) in words.iter().filter(|(name, _)| is_question(name)) {
                wording(&format!("words.{tag}.{name}"), text, tag, true, &mut warnings);
            }
        }
        for (i, survey) in self.surveys.iter().enumerate() {
            let path = format!("survey[{i}]");
            for (tag, words) in &survey.words {
                // The site's words are there too.
                let is_own =
                    |name: &str, text| self.words.get(tag).and_then(|words| words.get(name)) != Some(text);
                for (name, text) in
                    words.iter().filter(|(name, text)| is_question(name) && is_own(name, text))
                {
                    wording(&format!("{path}.words.{tag}.{name}"), text, tag, true, &mut warnings);
                }
            }
            survey.warn(&path, &mut warnings);
        }
        warnings
    }
}

/// Whether a word of the widget's is what a rating asks.
fn is_question(name: &str) -> bool {
    name.trim_end_matches("-plain").ends_with("-question")
}

/// How a rating or a choice is worded.
fn wording(field: &str, text: &str, tag: &str, is_rating: bool, warnings: &mut Vec<Warning>) {
    if let Some(things) = wording::double_barrelled(text, tag, is_rating) {
        let reason = format!(
            "asks about {things} at once, so that nobody can tell which of them an answer is about: ask each in a \
             question of its own"
        );
        warnings.push(Warning::new(field, reason));
    }
    if let Some(cue) = wording::leading(text, tag) {
        let example = if is_rating { ", such as \"How satisfied are you with …?\"" } else { "" };
        let reason = format!(
            "\"{cue}\" suggests the answer, which makes scores look better or worse than they are: ask in words that \
             favour none{example}"
        );
        warnings.push(Warning::new(field, reason));
    }
}

impl AuthoredSurvey {
    fn warn(&self, path: &str, warnings: &mut Vec<Warning>) {
        if let Some(text) = self.options.get("question") {
            let tag = self.options.get("lang").map_or("en", String::as_str);
            wording(&format!("{path}.options.question"), text, tag, true, warnings);
        }
        let structure = self.structure("");
        let is_rating = |question: &&AuthoredQuestion| question.kind == KindName::Rating;
        let first = self.questions.iter().find(is_rating).map(|question| &question.id);
        for (i, (question, asked)) in self.questions.iter().zip(&structure.questions).enumerate() {
            let path = format!("{path}.question[{i}]");
            if question.kind != KindName::Text {
                for (tag, text) in &question.text {
                    wording(&format!("{path}.text.{tag}"), text, tag, is_rating(&question), warnings);
                }
            }
            if let Some(measure) = asked.measure() {
                self.warn_of_labels(&path, question, measure, first == Some(&question.id), warnings);
            }
            self.warn_of_gating(&path, i, &structure, warnings);
        }
        for (tag, text) in &self.ending.favourable {
            let is_asked =
                |texts: &Texts| texts.get(tag).is_some_and(|text| wording::asks_for_a_review(text));
            if wording::asks_for_a_review(text) && !is_asked(&self.ending.unfavourable) {
                warnings.push(Warning::new(format!("{path}.ending.favourable.{tag}"), GATED));
            }
        }
        self.warn_of_frequency(path, &structure, warnings);
    }

    /// Ends that only Candor's labels name, which answer the metric's question and not this one.
    fn warn_of_labels(
        &self,
        path: &str,
        question: &AuthoredQuestion,
        measure: Measure,
        is_first: bool,
        warnings: &mut Vec<Warning>,
    ) {
        let metric = measure.metric();
        let (low, high) = match (metric, satisfaction(measure)) {
            (Metric::Csat, []) => ("1".to_owned(), "5".to_owned()),
            (Metric::Csat, [low, .., high]) => (low.to_string(), high.to_string()),
            _ => ("low".to_owned(), "high".to_owned()),
        };
        for (tag, text) in &question.text {
            let words = self.all_words(tag);
            let lacks = |end: &str, texts: &Texts, word: &str| {
                let is_given = texts.contains_key(tag)
                    || question.labels.contains_key(tag)
                    || is_first && self.options.contains_key(end)
                    || words.contains_key(&format!("{}-{word}", metric.name()));
                (!is_given).then(|| format!("{end}.{tag}"))
            };
            let missing: Vec<_> = [lacks("low", &question.low, &low), lacks("high", &question.high, &high)]
                .into_iter()
                .flatten()
                .collect();
            if !missing.is_empty() && wording::is_about(text, tag, metric) == Some(false) {
                let reason = format!(
                    "Candor's labels for {} answer another question than this, and leave open what the points mean: \
                     give it {}",
                    metric.name(),
                    missing.join(" and ")
                );
                warnings.push(Warning::new(format!("{path}.text.{tag}"), reason));
            }
        }
    }

    /// A public review that those who rated low are not asked for.
    fn warn_of_gating(&self, path: &str, index: usize, survey: &Survey, warnings: &mut Vec<Warning>) {
        let (Some(question), Some(asked)) = (self.questions.get(index), survey.questions.get(index)) else {
            return;
        };
        let mut gated = Vec::new();
        let is_for_the_satisfied =
            |asked: &Question| asked.when.as_ref().is_some_and(|rule| shuts_out(rule, survey));
        for tag in self.languages() {
            let asks = |question: &AuthoredQuestion, by_band: &Texts| {
                let text = by_band.get(tag).or_else(|| question.text.get(tag));
                text.into_iter().chain(question.label.get(tag)).any(|text| wording::asks_for_a_review(text))
            };
            // Whoever rated low may be asked elsewhere.
            let mut all = self.questions.iter().zip(&survey.questions);
            if all.any(|(other, asked)| !is_for_the_satisfied(asked) && asks(other, &other.unfavourable)) {
                continue;
            }
            if is_for_the_satisfied(asked)
                && (asks(question, &question.favourable) || asks(question, &question.neutral))
            {
                gated.push("when".to_owned());
            } else if asks(question, &question.favourable) {
                let key = if question.favourable.contains_key(tag) { "favourable" } else { "text" };
                gated.push(format!("{key}.{tag}"));
            }
        }
        gated.dedup();
        for key in gated {
            warnings.push(Warning::new(format!("{path}.{key}"), GATED));
        }
    }

    /// The same person asked again before there can be news.
    fn warn_of_frequency(&self, path: &str, survey: &Survey, warnings: &mut Vec<Warning>) {
        let option = |name: &str| self.options.get(name).map(String::as_str);
        let quiet = option("quiet").and_then(quiet_days).unwrap_or(DEFAULT_QUIET_DAYS);
        let trigger = option("trigger").unwrap_or_default();
        let words = trigger.split_whitespace().filter_map(|word| word.split('=').next());
        let mut starts: Vec<_> =
            words.filter(|word| STARTS.iter().any(|start| start.name == *word)).collect();
        if starts.is_empty() {
            starts.push("load");
        }
        let any = |names: &[&str]| starts.iter().any(|start| names.contains(start));
        // A visitor who clicks wants to say something, and a page that calls knows when.
        let by_itself = any(&["load", "scroll", "exit", "idle", "selector"]);
        if option("once").is_some() || !(by_itself || any(&["event"])) {
            return;
        }
        let is_nps = survey.questions.iter().any(|question| question.metric() == Some(Metric::Nps));
        let is_inline = option("display") == Some(Display::Inline.name());
        let reason = match quiet {
            (answered @ ..NPS_DAYS, _) if is_nps => {
                let after =
                    if answered == 0 { "at once".to_owned() } else { format!("after {answered} days") };
                format!(
                    "may ask the same person {after} for an NPS again, which tires whoever answers and can't be news \
                     yet: leave {NPS_DAYS} days, or set once"
                )
            }
            (0, _) | (_, 0) if by_itself && !is_inline => {
                let whom = if quiet.0 == 0 { "answered" } else { "closed" };
                format!(
                    "asks whoever has just {whom} it again on the next page, the same ones with sample=, too: leave \
                     days of quiet, or let an event start it"
                )
            }
            _ => return,
        };
        warnings.push(Warning::new(format!("{path}.options.quiet"), reason));
    }

    /// The ratings that another version, which has answers, asks on another scale, in another look or with other favourable points: each
    /// with its key in this one. Scores leave those answers out.
    #[must_use]
    pub fn rescaled(&self, other: &Self) -> Vec<Warning> {
        let (now, then) = (self.structure(""), other.structure(""));
        let asked = now.questions.iter().enumerate();
        let warnings = asked.filter_map(|(i, question)| {
            let now = question.rated()?;
            let then = then.question(&question.id).and_then(Question::rated)?;
            // Another metric is a mistake.
            if now == then || now.0.metric() != then.0.metric() {
                return None;
            }
            let name = |(measure, look): (Measure, Look)| {
                let scale = scale_name(measure.scale());
                format!("{scale} in {} ({} favourable)", look.name(), measure.favourable_points())
            };
            let key = match () {
                () if now.0.scale() != then.0.scale() => "scale",
                () if now.1 != then.1 => "look",
                () => "favourable_points",
            };
            let field =
                if self.questions.is_empty() { "metric".to_owned() } else { format!("question[{i}].{key}") };
            let reason = format!(
                "version {} asks {} on {}, this one on {}, so that scores leave its answers out: give the question \
                 another id",
                other.version,
                question.id,
                name(then),
                name(now)
            );
            Some(Warning::new(field, reason))
        });
        warnings.collect()
    }
}

/// Whether a rule is for ratings that are not unfavourable, and holds after none that is.
fn shuts_out(rule: &Rule, survey: &Survey) -> bool {
    let shuts_out = |test: &Test| match test {
        Test::Band(_, band) => *band != Band::Unfavourable,
        Test::Points(id, points) => {
            let measure = survey.question(id).and_then(Question::measure);
            let band = |point: &u8| {
                let measure = measure?;
                measure.band(Rating::new(*point, measure.scale()).ok()?).ok()
            };
            points.iter().all(|point| band(point) != Some(Band::Unfavourable))
        }
        _ => false,
    };
    match rule {
        Rule::All(tests) => tests.iter().any(shuts_out),
        Rule::Any(tests) => tests.iter().all(shuts_out),
    }
}
