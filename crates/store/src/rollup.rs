//! What a response adds to the rollup. Each database applies it in the response's own transaction.

use crate::{Dimension, SLOT_MS};
use candor_survey::{NewResponse, State};
use std::collections::BTreeMap;

/// One counter. Its fields are the rollup's columns, in the order of its index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) survey: String,
    pub(crate) dimension: String,
    pub(crate) value: String,
    pub(crate) slot: i64,
    pub(crate) measure: String,
    pub(crate) question: String,
    pub(crate) version: u32,
    pub(crate) point: u8,
}

/// Changes of counters. Those that cancel out stay in it as 0.
pub(crate) type Changes = BTreeMap<Key, i64>;

/// Adds the response's contribution `times` times: 1 counts it, −1 takes it back.
///
/// Every response was shown, whichever of its revisions came first. One that is only tried out counts nowhere.
pub(crate) fn contribute(
    changes: &mut Changes,
    response: &NewResponse,
    skipped: &[String],
    dated_ms: i64,
    times: i64,
) {
    if response.test {
        return;
    }
    let mut count = |measure: &str, question: &str, point: u8| {
        let values = Dimension::ALL.iter().filter_map(|d| d.value(response).map(|value| (d.name(), value)));
        for (dimension, value) in std::iter::once(("", "")).chain(values) {
            let key = Key {
                survey: response.survey.clone(),
                dimension: dimension.to_owned(),
                value: value.to_owned(),
                slot: dated_ms.div_euclid(SLOT_MS),
                measure: measure.to_owned(),
                question: question.to_owned(),
                version: response.survey_version,
                point,
            };
            *changes.entry(key).or_default() += times;
        }
    };
    count("shown", "", 0);
    if response.state == State::Dismissed {
        count("dismissed", "", 0);
    }
    for answer in &response.answers {
        if let Some(point) = answer.rating {
            count("rating", &answer.question, point);
        }
    }
    for question in skipped {
        count("skipped", question, 0);
    }
}
