use crate::{Kind, Question, Survey};
use candor_scoring::Metric;

/// The built-in survey `nps`, `csat` or `ces`: one rating, one open follow-up `why`, in the widget's own words.
///
/// Browser and server share it, so that a page can ask before any server knows of it.
#[must_use]
pub fn preset(id: &str) -> Option<Survey> {
    let metric = match id {
        "nps" => Metric::Nps,
        "csat" => Metric::Csat,
        "ces" => Metric::Ces,
        _ => return None,
    };
    Some(Survey { id: id.into(), version: 1, site: None, locale: None, metric, questions: questions(metric) })
}

/// What a survey asks that says nothing else: one rating under the metric's name, one open follow-up `why`.
pub(crate) fn questions(metric: Metric) -> Vec<Question> {
    let rating = match metric {
        Metric::Nps => "nps",
        Metric::Csat => "csat",
        Metric::Ces => "ces",
    };
    let question = |id: &str, kind| Question { id: id.into(), kind, ..Question::default() };
    vec![question(rating, Kind::Rating), question("why", Kind::Text)]
}
