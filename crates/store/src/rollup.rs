//! What responses add to the rollup, and what its counters sum up to. Pure: a database gives rows and takes rows.

use crate::{
    Counts, Difference, Dimension, MAX_VALUES, OTHER, SLOT_MS, StoreError, TallyQuery, decide::Change,
};
use candor_survey::{Response, State};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

/// One counter. Its fields are the rollup's columns, in the order of its index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key<'a> {
    pub(crate) survey: Cow<'a, str>,
    pub(crate) site: Cow<'a, str>,
    pub(crate) dimension: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) slot: i64,
    pub(crate) measure: Cow<'a, str>,
    pub(crate) question: Cow<'a, str>,
    pub(crate) version: u32,
    pub(crate) point: u8,
    pub(crate) choice: Cow<'a, str>,
}

impl Key<'_> {
    fn into_owned(self) -> Key<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Key {
            survey: owned(self.survey),
            site: owned(self.site),
            dimension: owned(self.dimension),
            value: owned(self.value),
            measure: owned(self.measure),
            question: owned(self.question),
            choice: owned(self.choice),
            slot: self.slot,
            version: self.version,
            point: self.point,
        }
    }
}

/// Changes of counters.
pub(crate) type Changes<'a> = BTreeMap<Key<'a>, i64>;

/// The segments that a response belongs to, by dimension and value; everyone is the first.
type Segments<'a> = Vec<(&'static str, &'a str)>;

/// The values that are counted by themselves, by survey, site and dimension: those that the rollup has, and the first new ones
/// as long as they are few. Read when first asked for.
#[derive(Debug, Default)]
pub(crate) struct Named(HashMap<String, HashMap<String, BTreeMap<Dimension, HashSet<String>>>>);

impl Named {
    /// The segments of a response. Values that are not counted by themselves are [`OTHER`].
    fn segments<'a>(
        &mut self,
        response: &'a Response,
        read: impl Fn(&Response, Dimension) -> Result<HashSet<String>, StoreError>,
    ) -> Result<Segments<'a>, StoreError> {
        let mut segments = vec![("", "")];
        for dimension in Dimension::COUNTED {
            if let Some(value) = dimension.value(response) {
                let by_itself = !dimension.is_open() || self.has(response, dimension, value, &read)?;
                segments.push((dimension.name(), if by_itself { value } else { OTHER }));
            }
        }
        Ok(segments)
    }

    fn has(
        &mut self,
        response: &Response,
        dimension: Dimension,
        value: &str,
        read: impl Fn(&Response, Dimension) -> Result<HashSet<String>, StoreError>,
    ) -> Result<bool, StoreError> {
        let Response { survey, site, .. } = response;
        let known = self.0.get_mut(survey).and_then(|sites| sites.get_mut(site)?.get_mut(&dimension));
        let values = match known {
            Some(values) => values,
            None => {
                let mut values = read(response, dimension)?;
                // What stands for all others takes no place among those counted by themselves.
                values.remove(OTHER);
                let dimensions = self.0.entry(survey.clone()).or_default().entry(site.clone()).or_default();
                dimensions.entry(dimension).or_insert(values)
            }
        };
        if values.contains(value) {
            return Ok(true);
        }
        Ok(values.len() < MAX_VALUES && values.insert(value.to_owned()))
    }
}

/// What a batch changes. `read` gives the values that the rollup has of a dimension, for the survey of a response.
///
/// # Errors
/// Those of `read`.
pub(crate) fn changes<'a>(
    batch: &'a [Change<'_>],
    named: &mut Named,
    read: impl Fn(&Response, Dimension) -> Result<HashSet<String>, StoreError>,
) -> Result<Changes<'a>, StoreError> {
    let mut changes = Changes::new();
    for Change { dated_ms, old, new } in batch {
        let old = old.as_ref().map(|(response, skipped)| (response, &**skipped, -1));
        for (response, skipped, one) in old.into_iter().chain([(new.response(), new.skipped(), 1)]) {
            if !response.test {
                let segments = named.segments(response, &read)?;
                contribute(response, skipped, *dated_ms, &segments, |key| {
                    *changes.entry(key).or_default() += one;
                });
            }
        }
    }
    // An impression that came and went within the batch stays, as 0: its row says that its value is counted by itself.
    changes.retain(|key, n| *n != 0 || key.measure == "shown");
    Ok(changes)
}

/// Adds one stored response to what was counted before it.
///
/// # Errors
/// Those of `read`.
pub(crate) fn count(
    (response, skipped, dated_ms): (&Response, &[String], i64),
    counted: &mut Changes<'static>,
    named: &mut Named,
    read: impl Fn(&Response, Dimension) -> Result<HashSet<String>, StoreError>,
) -> Result<(), StoreError> {
    if !response.test {
        let segments = named.segments(response, read)?;
        contribute(response, skipped, dated_ms, &segments, |key| {
            *counted.entry(key.into_owned()).or_default() += 1;
        });
    }
    Ok(())
}

/// Tells each counter that the response is one more of.
///
/// Every response was shown, whichever of its revisions came first.
fn contribute<'a>(
    response: &'a Response,
    skipped: &'a [String],
    dated_ms: i64,
    segments: &Segments<'a>,
    mut count: impl FnMut(Key<'a>),
) {
    let mut count = |measure: &'static str, question: &'a str, point: u8, choice: &'a str| {
        for (dimension, value) in segments {
            count(Key {
                survey: (&*response.survey).into(),
                site: (&*response.site).into(),
                dimension: (*dimension).into(),
                value: (*value).into(),
                slot: dated_ms.div_euclid(SLOT_MS),
                measure: measure.into(),
                question: question.into(),
                version: response.survey_version,
                point,
                choice: choice.into(),
            });
        }
    };
    count("shown", "", 0, "");
    if response.state == State::Dismissed {
        count("dismissed", "", 0, "");
    }
    for answer in &response.answers {
        let question = &*answer.question;
        match answer.rating {
            Some(point) => count("rating", question, point, ""),
            None => count("answered", question, 0, ""),
        }
        // A response of an earlier build may name an option of this id as well; it is counted once.
        let other = answer.other.as_ref().map(|_| candor_survey::OTHER);
        for choice in answer.choices.iter().map(|choice| &**choice).filter(|c| Some(*c) != other).chain(other)
        {
            count("chosen", question, 0, choice);
        }
    }
    for question in skipped {
        count("skipped", question, 0, "");
    }
}

/// Where the rollup's rows are not what was counted.
///
/// # Errors
/// The first among the rows.
pub(crate) fn differences<E>(
    counted: &Changes<'static>,
    rollup: impl IntoIterator<Item = Result<(Key<'static>, i64), E>>,
) -> Result<Vec<Difference>, E> {
    let mut differences = counted.clone();
    for row in rollup {
        let (key, n) = row?;
        *differences.entry(key).or_default() -= n;
    }
    differences.retain(|_, difference| *difference != 0);
    let say = |(key, difference)| {
        let responses = counted.get(&key).copied().unwrap_or_default();
        Difference { key: format!("{key:?}"), rollup: responses - difference, responses }
    };
    Ok(differences.into_iter().map(say).collect())
}

/// What a row of the rollup says, whoever's it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted<'a> {
    pub(crate) slot: i64,
    pub(crate) measure: &'a str,
    pub(crate) question: &'a str,
    pub(crate) version: u32,
    pub(crate) point: u8,
    pub(crate) choice: &'a str,
    pub(crate) n: i64,
}

/// The sums of the rollup's rows for one segment, period by period.
#[derive(Debug)]
pub(crate) struct Periods<'a> {
    query: &'a TallyQuery,
    /// The slots at which periods begin and end, ascending.
    slots: &'a [i64],
    sums: Vec<Sums>,
}

/// What was counted in one period.
#[derive(Clone, Debug, Default)]
struct Sums {
    ratings: BTreeMap<u8, i64>,
    choices: BTreeMap<String, i64>,
    answered: i64,
    shown: i64,
    dismissed: i64,
    skipped: i64,
}

impl<'a> Periods<'a> {
    pub(crate) fn new(query: &'a TallyQuery, slots: &'a [i64]) -> Self {
        Self { query, slots, sums: vec![Sums::default(); slots.len().saturating_sub(1)] }
    }

    /// Adds a row, in any order. One that the query does not ask for, or that is in no period, is left out.
    pub(crate) fn add(&mut self, row: Counted<'_>) {
        let Counted { slot, measure, question, version, point, choice, n } = row;
        let TallyQuery { question: wanted, versions, .. } = self.query;
        if !(question.is_empty() || question == wanted)
            || versions.as_ref().is_some_and(|versions| !versions.contains(&version))
        {
            return;
        }
        let begun = self.slots.partition_point(|begin| *begin <= slot);
        let Some(sums) = begun.checked_sub(1).and_then(|period| self.sums.get_mut(period)) else { return };
        match measure {
            "shown" => sums.shown += n,
            "dismissed" => sums.dismissed += n,
            "rating" => {
                *sums.ratings.entry(point).or_default() += n;
                sums.answered += n;
            }
            "chosen" => *sums.choices.entry(choice.to_owned()).or_default() += n,
            "answered" => sums.answered += n,
            "skipped" => sums.skipped += n,
            _ => {}
        }
    }

    /// The sums as counts of a segment.
    pub(crate) fn counts(self, value: Option<String>) -> impl Iterator<Item = Counts> {
        fn counted<T>((what, n): (T, i64)) -> Option<(T, u64)> {
            u64::try_from(n).ok().filter(|n| *n > 0).map(|n| (what, n))
        }
        let n = |n: i64| u64::try_from(n).unwrap_or(0);
        self.sums.into_iter().enumerate().map(move |(period, sums)| Counts {
            value: value.clone(),
            period,
            ratings: sums.ratings.into_iter().filter_map(counted).collect(),
            choices: sums.choices.into_iter().filter_map(counted).collect(),
            answered: n(sums.answered),
            shown: n(sums.shown),
            dismissed: n(sums.dismissed),
            skipped: n(sums.skipped),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Segment;
    use serde_json::json;

    fn query(question: &str, versions: Option<Vec<u32>>) -> TallyQuery {
        TallyQuery {
            site: None,
            survey: "s".into(),
            question: question.into(),
            versions,
            segment: Segment::All,
            boundaries_ms: Vec::new(),
            most: 1,
        }
    }

    #[test]
    fn rows_are_summed_in_their_periods_and_those_in_none_are_left_out() {
        let (query, slots) = (query("nps", None), [10, 12, 15]);
        let mut periods = Periods::new(&query, &slots);
        let row = Counted { slot: 0, measure: "shown", question: "", version: 1, point: 0, choice: "", n: 0 };
        for (slot, n) in [(9, 100), (10, 1), (11, 2), (14, 4), (12, 8), (15, 200)] {
            periods.add(Counted { slot, n, ..row });
        }
        for (point, n) in [(9, 3), (9, -3), (8, 1), (200, 2)] {
            periods.add(Counted { slot: 14, measure: "rating", question: "nps", point, n, ..row });
        }
        let counts: Vec<_> = periods.counts(None).collect();
        assert_eq!(counts.iter().map(|c| (c.period, c.shown)).collect::<Vec<_>>(), [(0, 3), (1, 12)]);
        assert_eq!((&*counts[0].ratings, &*counts[1].ratings), (&[][..], &[(8, 1), (200, 2)][..]));
        assert_eq!(Periods::new(&query, &[]).counts(None).count(), 0);
    }

    #[test]
    fn only_one_questions_rows_of_the_versions_asked_for_are_summed() {
        let row =
            Counted { slot: 0, measure: "rating", question: "a", version: 1, point: 5, choice: "", n: 1 };
        let rows = [
            row,
            Counted { version: 2, n: 10, ..row },
            Counted { question: "b", n: 100, ..row },
            Counted { measure: "skipped", n: 2, ..row },
            Counted { measure: "skipped", question: "b", n: 200, ..row },
            Counted { measure: "shown", question: "", n: 5, ..row },
            Counted { measure: "shown", question: "", version: 2, n: 50, ..row },
        ];
        let sum = |question, versions| {
            let query = query(question, versions);
            let mut periods = Periods::new(&query, &[0, 1]);
            rows.iter().for_each(|row| periods.add(*row));
            let counts = periods.counts(None).next().unwrap();
            (counts.ratings.first().map_or(0, |(_, n)| *n), counts.answered, counts.skipped, counts.shown)
        };
        assert_eq!(sum("a", None), (11, 11, 2, 55));
        assert_eq!(sum("a", Some(vec![1])), (1, 1, 2, 5));
        assert_eq!(sum("a", Some(vec![2, 3])), (10, 10, 0, 50));
        assert_eq!(sum("a", Some(vec![])), (0, 0, 0, 0));
        assert_eq!(sum("b", None), (100, 100, 200, 55));
    }

    #[test]
    fn each_option_is_counted_and_the_answer_once() {
        for (answer, expected) in [
            (json!({"choices": ["a", "b"]}), &[("a", 1), ("b", 1)][..]),
            (json!({"choices": ["a"], "other": "words"}), &[("a", 1), (candor_survey::OTHER, 1)]),
            (json!({"other": "words"}), &[(candor_survey::OTHER, 1)]),
            (json!({"choices": ["other", "a"], "other": "words"}), &[("a", 1), (candor_survey::OTHER, 1)]),
            (json!({"text": "words"}), &[]),
        ] {
            let mut answers = answer.clone();
            answers["question"] = json!("q");
            let response: Response = serde_json::from_value(json!({
                "state": "partial", "site": "shop", "survey": "s", "survey_version": 1, "locale": "en", "answers": [answers],
                "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
            }))
            .unwrap();
            let query = query("q", None);
            let mut periods = Periods::new(&query, &[0, 1]);
            let mut counted = Changes::new();
            count((&response, &[], 0), &mut counted, &mut Named::default(), |_, _| Ok(HashSet::new()))
                .unwrap();
            for (key, n) in counted.iter().filter(|(key, _)| key.dimension.is_empty()) {
                let Key { slot, version, point, .. } = *key;
                let (measure, question, choice) = (&*key.measure, &*key.question, &*key.choice);
                periods.add(Counted { slot, measure, question, version, point, choice, n: *n });
            }
            let counts = periods.counts(None).next().unwrap();
            let expected: Vec<_> = expected.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect();
            assert_eq!((counts.choices, counts.answered), (expected, 1), "{answer}");
        }
    }
}
