//! What becomes of a response that arrives, whichever database keeps it. Pure: an old row and a new one in, a decision out.

use crate::{
    Outcome,
    kept::{Content, Hash},
};
use candor_survey::State;

/// One row of the table of responses, but for its frame and its place in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) workspace: i64,
    pub(crate) id: [u8; 16],
    pub(crate) survey: i64,
    pub(crate) version: u32,
    pub(crate) revision: u32,
    pub(crate) state: State,
    /// The sum of the flags below.
    pub(crate) flags: u32,
    pub(crate) dated_ms: i64,
    pub(crate) hash: Hash,
    /// In which it is counted, beside everyone; ascending.
    pub(crate) segments: Vec<u32>,
    pub(crate) content: Content,
}

/// The flag of responses that are tried out, and not counted.
pub(crate) const TEST: u32 = 1;
/// The flag of those that have a row of personal data.
pub(crate) const PERSONAL: u32 = 2;

/// The flag of those that have lost what says whose they are.
pub(crate) const ANONYMOUS: u32 = 4;

/// The flag of those whose site has signed who answered.
pub(crate) const SIGNED: u32 = 8;

/// The flag of those that an analyst has taken out of the counts.
pub(crate) const OUT: u32 = 16;

/// The flag of those that are dated in a range that an analyst has taken out.
pub(crate) const OUT_OF_RANGE: u32 = 32;

/// The flag of those that were corrected by hand: what their browser sends later changes nothing.
pub(crate) const CORRECTED: u32 = 64;

/// Whether responses with these flags are counted.
pub(crate) fn are_counted(flags: u32) -> bool {
    flags & (TEST | OUT | OUT_OF_RANGE) == 0
}

/// A row takes the place of another; what stood there is not counted any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    pub(crate) old: Option<Row>,
    pub(crate) new: Option<&'a Row>,
}

/// What of a row decides about what arrives later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) survey: i64,
    pub(crate) revision: u32,
    pub(crate) dated_ms: i64,
    pub(crate) hash: Hash,
    pub(crate) flags: u32,
}

/// Decides about a row, given the one that is kept under its id. One that is stored keeps the date of the first: all revisions
/// are counted under it.
pub(crate) fn decide(old: Head, new: &mut Row) -> Outcome {
    if old.survey != new.survey {
        return Outcome::OtherSurvey;
    }
    if old.revision > new.revision {
        return Outcome::Superseded { kept: old.revision };
    }
    if old.revision < new.revision && old.flags & CORRECTED > 0 {
        return Outcome::Superseded { kept: old.revision };
    }
    if old.revision == new.revision {
        return if old.hash == new.hash { Outcome::Duplicate } else { Outcome::ContentConflict };
    }
    new.dated_ms = old.dated_ms;
    Outcome::Stored
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
    use crate::{Arrival, MAX_AGE_MS, Scope, dated_ms};

    const ID: &str = "0192f5e4-7c1b-7a44-9c5e-3b1f0f6f2a11";

    #[test]
    fn what_is_new_is_dated_by_its_age() {
        let received_ms = 1_795_000_500_000;
        for (age_ms, expect) in [(0, 0), (1_840, 1_840), (MAX_AGE_MS, MAX_AGE_MS), (u32::MAX, MAX_AGE_MS)] {
            let new: candor_survey::NewResponse = serde_json::from_value(serde_json::json!({
                "v": 1, "id": ID, "revision": 1, "state": "shown", "site": "default", "survey": "nps", "survey_version": 1,
                "locale": "fa", "presentation": {"display": "popover", "scale": "numbers", "direction": "rtl"}, "age_ms": age_ms,
            }))
            .unwrap();
            let response = new.check(&candor_survey::preset("nps").unwrap()).unwrap();
            let arrival = Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response, received_ms };
            assert_eq!(
                dated_ms(arrival.received_ms, arrival.response.age_ms()),
                received_ms - i64::from(expect),
                "{age_ms}"
            );
        }
    }

    #[test]
    fn what_is_kept_decides_about_what_arrives_later() {
        use Outcome::{ContentConflict, Duplicate, OtherSurvey, Stored, Superseded};
        let old = Head { survey: 1, revision: 2, dated_ms: 7, hash: [1; 8], flags: 0 };
        let row = |survey, revision, hash| Row {
            workspace: 1,
            id: uuid_bytes(ID),
            survey,
            version: 1,
            revision,
            state: State::Shown,
            flags: 0,
            dated_ms: 60_000,
            hash: [hash; 8],
            segments: Vec::new(),
            content: Content::default(),
        };
        for (survey, revision, hash, outcome) in [
            (1, 2, 1, Duplicate),
            (1, 2, 9, ContentConflict),
            (1, 1, 1, Superseded { kept: 2 }),
            (1, 1, 9, Superseded { kept: 2 }),
            (1, 3, 1, Stored),
            (1, 9, 9, Stored),
            (2, 2, 1, OtherSurvey),
            (2, 1, 9, OtherSurvey),
            (2, 3, 9, OtherSurvey),
        ] {
            let mut new = row(survey, revision, hash);
            assert_eq!(decide(old, &mut new), outcome, "{new:?}");
            let expected = if outcome == Stored { 7 } else { 60_000 };
            assert_eq!(new.dated_ms, expected, "all revisions have the date of the first");
            let corrected = Head { flags: CORRECTED, ..old };
            let expected = if outcome == Stored { Superseded { kept: 2 } } else { outcome };
            assert_eq!(
                decide(corrected, &mut row(survey, revision, hash)),
                expected,
                "what was corrected stays"
            );
        }
    }

    #[test]
    fn an_id_is_its_bytes() {
        assert_eq!((uuid_bytes(ID)[1], uuid_text(uuid_bytes(ID)).as_str()), (0x92, ID));
    }
}
