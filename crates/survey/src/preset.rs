use crate::{BandTexts, Kind, Question, Survey};
use candor_scoring::{Measure, Metric};

/// The built-in survey `nps`, `csat` or `ces`: one rating, one open follow-up `why`, in the widget's own words.
///
/// Browser and server share it, so that a page can ask before any server knows of it.
#[must_use]
pub fn preset(id: &str) -> Option<Survey> {
    let questions = questions(Metric::parse(id)?);
    Some(Survey { id: id.into(), version: 1, site: None, locale: None, questions })
}

/// What a survey asks that says nothing else: one rating under the metric's name, one open follow-up `why`.
pub(crate) fn questions(metric: Metric) -> Vec<Question> {
    let rating = Kind::Rating { measure: Measure::own(metric), low: None, high: None };
    let question = |id: &str, kind| Question { id: id.into(), text: None, when: None, kind };
    vec![question(metric.name(), rating), question("why", Kind::Text { by_band: BandTexts::default() })]
}
