//! What a response adds to the rollup. Each database applies it in the response's own transaction.

use crate::{Dimension, SLOT_MS};
use candor_survey::{Response, State};
use std::{borrow::Cow, collections::BTreeMap};

/// One counter. Its fields are the rollup's columns, in the order of its index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key<'a> {
    pub(crate) survey: Cow<'a, str>,
    pub(crate) dimension: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) slot: i64,
    pub(crate) measure: Cow<'a, str>,
    pub(crate) question: Cow<'a, str>,
    pub(crate) version: u32,
    pub(crate) point: u8,
}

impl Key<'_> {
    pub(crate) fn into_owned(self) -> Key<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Key {
            survey: owned(self.survey),
            dimension: owned(self.dimension),
            value: owned(self.value),
            measure: owned(self.measure),
            question: owned(self.question),
            slot: self.slot,
            version: self.version,
            point: self.point,
        }
    }
}

/// Changes of counters. Those that cancel out stay in it as 0.
pub(crate) type Changes<'a> = BTreeMap<Key<'a>, i64>;

/// The segments that a response belongs to, by dimension and value; everyone is the first.
pub(crate) type Segments<'a> = Vec<(&'static str, &'a str)>;

/// The segments of a response. `named` says whether a value is counted by itself; those that aren't are [`OTHER`](crate::OTHER).
pub(crate) fn segments<E>(
    response: &Response,
    mut named: impl FnMut(Dimension, &str) -> Result<bool, E>,
) -> Result<Segments<'_>, E> {
    let mut segments = vec![("", "")];
    for dimension in Dimension::ALL {
        if let Some(value) = dimension.value(response) {
            let by_itself = !dimension.is_open() || named(dimension, value)?;
            segments.push((dimension.name(), if by_itself { value } else { crate::OTHER }));
        }
    }
    Ok(segments)
}

/// Tells each counter that the response is one more of.
///
/// Every response was shown, whichever of its revisions came first. One that is only tried out counts nowhere.
pub(crate) fn contribute<'a>(
    response: &'a Response,
    skipped: &'a [String],
    dated_ms: i64,
    segments: &Segments<'a>,
    mut count: impl FnMut(Key<'a>),
) {
    if response.test {
        return;
    }
    let mut count = |measure: &'static str, question: &'a str, point: u8| {
        for (dimension, value) in segments {
            count(Key {
                survey: (&*response.survey).into(),
                dimension: (*dimension).into(),
                value: (*value).into(),
                slot: dated_ms.div_euclid(SLOT_MS),
                measure: measure.into(),
                question: question.into(),
                version: response.survey_version,
                point,
            });
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
