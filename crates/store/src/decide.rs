//! What becomes of a response that arrives, whichever database keeps it. Pure: an old row and an arrival in, a decision out.

use crate::{Arrival, MAX_AGE_MS, Outcome, StoreError};
use candor_survey::{CheckedResponse, Response};
use std::borrow::Cow;

/// One row of the table of responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) id: [u8; 16],
    pub(crate) site: Cow<'a, str>,
    pub(crate) survey: Cow<'a, str>,
    pub(crate) version: u32,
    pub(crate) revision: u32,
    pub(crate) state: Cow<'a, str>,
    pub(crate) dated_ms: i64,
    /// JSON of the questions' ids.
    pub(crate) skipped: Cow<'a, str>,
    /// JSON of the response.
    pub(crate) content: Cow<'a, str>,
}

/// What becomes of an arrival.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decision<'a> {
    pub(crate) outcome: Outcome,
    /// What to write, and how that changes the rollup; `None` if the old row stays.
    pub(crate) stored: Option<(Row<'a>, Change<'a>)>,
}

/// One response is counted from now on, and the one that it replaces no more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    /// The date under which all of its revisions are counted.
    pub(crate) dated_ms: i64,
    /// The revision that is replaced, with what was skipped in it.
    pub(crate) old: Option<(Response, Vec<String>)>,
    pub(crate) new: &'a CheckedResponse,
}

/// Decides about an arrival, given the row that is kept under its id.
///
/// # Errors
/// If the old row is not what was written there.
pub(crate) fn decide<'a>(old: Option<&Row<'_>>, arrival: &'a Arrival) -> Result<Decision<'a>, StoreError> {
    let stays = |outcome| Ok(Decision { outcome, stored: None });
    let (new, revision) = (arrival.response.response(), arrival.response.revision());
    let age_ms = arrival.response.age_ms().min(MAX_AGE_MS);
    let mut change =
        Change { dated_ms: arrival.received_ms - i64::from(age_ms), old: None, new: &arrival.response };
    if let Some(old) = old {
        if old.site != new.site || old.survey != new.survey {
            return stays(Outcome::OtherSurvey);
        }
        if old.revision > revision {
            return stays(Outcome::Superseded { kept: old.revision });
        }
        let mut response: Response = serde_json::from_str(&old.content)?;
        if old.revision == revision {
            // Earlier builds kept blank names, and their widgets send them again.
            response.drop_blank_names();
            return stays(if response == *new { Outcome::Duplicate } else { Outcome::ContentConflict });
        }
        change.dated_ms = old.dated_ms;
        change.old = Some((response, serde_json::from_str(&old.skipped)?));
    }
    let row = Row {
        id: uuid_bytes(arrival.response.id()),
        site: (&*new.site).into(),
        survey: (&*new.survey).into(),
        version: new.survey_version,
        revision,
        state: new.state.name().into(),
        dated_ms: change.dated_ms,
        skipped: serde_json::to_string(arrival.response.skipped())?.into(),
        content: serde_json::to_string(new)?.into(),
    };
    Ok(Decision { outcome: Outcome::Stored, stored: Some((row, change)) })
}

/// The 16 bytes of a UUID in its canonical form, which [`candor_survey::NewResponse::check`] has seen to.
pub(crate) fn uuid_bytes(id: &str) -> [u8; 16] {
    let digits = id
        .chars()
        .filter_map(|c| c.to_digit(16))
        .fold(0_u128, |number, digit| number << 4 | u128::from(digit));
    digits.to_be_bytes()
}

/// The canonical form of a UUID, of its 16 bytes.
pub(crate) fn uuid_text(id: [u8; 16]) -> String {
    let id = u128::from_be_bytes(id);
    let group = |from: u32, digits: u32| id >> from & ((1 << (4 * digits)) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        group(96, 8),
        group(80, 4),
        group(64, 4),
        group(48, 4),
        group(0, 12)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const T0: i64 = 1_795_000_500_000;

    /// A rating of 9 of revision 2, with some fields changed.
    fn arrival(changed: &Value) -> Arrival {
        let mut response = json!({
            "v": 1, "id": "0192f5e4-7c1b-7a44-9c5e-3b1f0f6f2a11", "revision": 2, "state": "partial", "site": "default",
            "survey": "nps", "survey_version": 1, "locale": "fa", "answers": [{"question": "nps", "rating": 9}],
            "presentation": {"display": "popover", "scale": "numbers", "direction": "rtl"},
        });
        for (key, value) in changed.as_object().unwrap() {
            response[key] = value.clone();
        }
        let new: candor_survey::NewResponse = serde_json::from_value(response).unwrap();
        let survey = candor_survey::preset(&new.response.survey).unwrap();
        Arrival { response: new.check(&survey).unwrap(), received_ms: T0 }
    }

    fn row(arrival: &Arrival) -> Row<'_> {
        decide(None, arrival).unwrap().stored.unwrap().0
    }

    #[test]
    fn what_is_new_is_stored_and_dated_by_its_age() {
        for (age_ms, expect) in [(0, 0), (1_840, 1_840), (MAX_AGE_MS, MAX_AGE_MS), (u32::MAX, MAX_AGE_MS)] {
            let arrival = arrival(&json!({"age_ms": age_ms, "state": "complete"}));
            let Decision { outcome, stored } = decide(None, &arrival).unwrap();
            let (row, change) = stored.unwrap();
            assert_eq!((outcome, change.old, change.new), (Outcome::Stored, None, &arrival.response));
            assert_eq!((row.dated_ms, change.dated_ms), (T0 - i64::from(expect), row.dated_ms), "{age_ms}");
            assert_eq!((&*row.state, row.revision, &*row.skipped), ("complete", 2, r#"["why"]"#));
            assert_eq!((row.id[1], uuid_text(row.id).as_str()), (0x92, arrival.response.id()));
        }
    }

    #[test]
    fn what_is_kept_decides_about_what_arrives_later() {
        use Outcome::{ContentConflict, Duplicate, OtherSurvey, Stored, Superseded};
        let kept = arrival(&json!({"age_ms": 7}));
        let eight = json!([{"question": "nps", "rating": 8}]);
        let ces = json!([{"question": "ces", "rating": 5}]);
        for (changed, outcome) in [
            (json!({}), Duplicate),
            (json!({"age_ms": 60_000}), Duplicate),
            (json!({"answers": eight}), ContentConflict),
            (json!({"locale": "en"}), ContentConflict),
            (json!({"test": true}), ContentConflict),
            (json!({"revision": 1}), Superseded { kept: 2 }),
            (json!({"revision": 1, "answers": eight}), Superseded { kept: 2 }),
            (json!({"revision": 3}), Stored),
            (json!({"revision": 3, "answers": eight}), Stored),
            (json!({"revision": 9, "age_ms": 60_000}), Stored),
            (json!({"site": "shop"}), OtherSurvey),
            (json!({"site": "shop", "revision": 1}), OtherSurvey),
            (json!({"survey": "ces", "answers": ces, "revision": 3}), OtherSurvey),
        ] {
            let new = arrival(&changed);
            let decision = decide(Some(&row(&kept)), &new).unwrap();
            assert_eq!(decision.outcome, outcome, "{changed}");
            let stored = (outcome == Stored).then(|| {
                let row = Row { dated_ms: T0 - 7, ..row(&new) };
                let old = Some((kept.response.response().clone(), Vec::new()));
                (row, Change { dated_ms: T0 - 7, old, new: &new.response })
            });
            assert_eq!(decision.stored, stored, "{changed}");
        }
    }

    #[test]
    fn a_damaged_row_stays_and_is_an_error_only_where_it_is_read() {
        let kept = arrival(&json!({}));
        let damaged = Row { content: "garbage".into(), ..row(&kept) };
        let later = arrival(&json!({"revision": 3}));
        assert!(matches!(decide(Some(&damaged), &later), Err(StoreError::Database(_))));
        let earlier = arrival(&json!({"revision": 1}));
        assert_eq!(decide(Some(&damaged), &earlier).unwrap().outcome, Outcome::Superseded { kept: 2 });
    }
}
