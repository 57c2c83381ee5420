//! What is said. The page's own words come first, then the survey's, then Candor's.

use crate::text::{Messages, concat, decimal, fill};
use candor_scoring::{Band, Direction, Measure, Metric};
use candor_survey::{Ending, Kind, Question, Survey, satisfaction};

/// The page's own words, for the first rating and the first text.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub(crate) question: Option<String>,
    pub(crate) low: Option<String>,
    pub(crate) high: Option<String>,
    pub(crate) followup: Option<String>,
    /// What fills the placeholders.
    pub(crate) product: Option<String>,
    pub(crate) task: Option<String>,
}

impl Own {
    /// A text with its placeholders filled in; `None` if one of them has no value.
    pub(crate) fn fill(&self, text: &str) -> Option<String> {
        fill(text, &[("product", self.product.as_deref()), ("task", self.task.as_deref())])
    }

    /// The first of these that can be filled in.
    fn first(&self, texts: &[Option<&String>]) -> Option<String> {
        texts.iter().flatten().find_map(|text| self.fill(text))
    }
}

/// Where a question stands in its survey.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// It is the first of its kind, so that the page's words are meant for it.
    pub(crate) is_first: bool,
    /// Of the rating before it, once there is one.
    pub(crate) band: Option<Band>,
}

/// All words, of the page, the survey and Candor.
pub(crate) struct Wording {
    pub(crate) own: Own,
    pub(crate) texts: Messages,
}

impl Wording {
    /// The language of the questions.
    pub(crate) fn locale(&self, survey: &Survey) -> String {
        survey.locale.as_ref().unwrap_or(&self.texts.tag).clone()
    }

    /// The question, as it is asked in its place.
    pub(crate) fn question(&self, question: &Question, place: Place) -> String {
        let own = |text: &'_ Option<String>| text.clone().filter(|_| place.is_first);
        match &question.kind {
            Kind::Rating { measure, .. } => {
                let key = concat(&[measure.metric().name(), "-question"]);
                let message = self.texts.get(&key);
                self.own
                    .first(&[own(&self.own.question).as_ref(), question.text.as_ref(), Some(&message)])
                    .unwrap_or_else(|| self.texts.get(&concat(&[&key, "-plain"])))
            }
            Kind::Text { by_band, .. } => {
                let by_band = place.band.and_then(|band| by_band.get(band));
                let key = match place.band {
                    Some(Band::Unfavourable) => "followup-unfavourable",
                    Some(Band::Favourable) => "followup-favourable",
                    _ => "followup",
                };
                self.own
                    .first(&[own(&self.own.followup).as_ref(), by_band, question.text.as_ref()])
                    .unwrap_or_else(|| self.texts.get(key))
            }
            Kind::Choice { .. } | Kind::Message { .. } => {
                let text = question.text.as_ref();
                self.own.first(&[text]).or_else(|| text.cloned()).unwrap_or_default()
            }
        }
    }

    /// What is said at the end, after a rating in this band.
    pub(crate) fn ending(&self, survey: &Survey, band: Option<Band>) -> String {
        let Ending { text, by_band } = &survey.ending;
        let by_band = band.and_then(|band| by_band.get(band));
        self.own.first(&[by_band, text.as_ref()]).unwrap_or_else(|| self.texts.get("thanks"))
    }

    /// The meaning of the lowest and the highest point.
    pub(crate) fn ends(&self, measure: Measure, survey: [Option<&String>; 2], place: Place) -> [String; 2] {
        let (low, high) = if measure.metric() == Metric::Csat {
            let words = satisfaction(measure);
            let message = |word: Option<&u8>, other| self.satisfaction(*word.unwrap_or(&other));
            (message(words.first(), 1), message(words.last(), 5))
        } else {
            let message = |key| self.texts.get(&concat(&[measure.metric().name(), key]));
            // A scale of effort begins with what is easy.
            let is_reversed = measure.scale().direction() == Direction::LowerIsBetter;
            let (low, high) = if is_reversed { ("-high", "-low") } else { ("-low", "-high") };
            (message(low), message(high))
        };
        let end = |own: &Option<String>, survey: Option<&String>, message| {
            own.clone().filter(|_| place.is_first).or_else(|| survey.cloned()).unwrap_or(message)
        };
        let [survey_low, survey_high] = survey;
        [end(&self.own.low, survey_low, low), end(&self.own.high, survey_high, high)]
    }

    /// One of the five words for satisfaction, from 1.
    pub(crate) fn satisfaction(&self, word: u8) -> String {
        self.texts.get(&concat(&["csat-", &decimal(word.into())]))
    }

    /// What assistive technology is told when the prompt has come up.
    pub(crate) fn introduction(&self, question: &str) -> String {
        self.with("introduction", "question", question)
    }

    /// What is said of a text of so many characters, when it may have so many.
    pub(crate) fn too_long(&self, count: usize, max: usize) -> String {
        let said = self.with("too-long", "max", &self.texts.number(max as u32));
        concat(&[&said, " (", &self.count(count, max), ")"])
    }

    /// So many characters of so many.
    pub(crate) fn count(&self, count: usize, max: usize) -> String {
        let [count, max] = [count, max].map(|number| self.texts.number(number as u32));
        concat(&[&count, "\u{a0}/\u{a0}", &max])
    }

    /// Candor's message with its one placeholder filled in.
    fn with(&self, message: &str, name: &str, value: &str) -> String {
        fill(&self.texts.get(message), &[(name, Some(value))]).unwrap_or_default()
    }
}
