//! Times in which a survey had many more answers than usual, as made-up ones come.

use super::{
    params::{Name, Params, time, zone},
    scores::Reading,
};
use crate::{
    app::App,
    auth::{Reader, to_json},
    calendar::{self, quarter_hour},
    clock::DAY_MS,
    problem::Problem,
    survey_index::Wanted,
};
use axum::{extract::State, response::Response};
use candor_scoring::monitor::is_burst;
use candor_store::{SLOT_MS, Segment, TallyQuery};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Usual is what was answered in the same quarter hour on so many days before.
const DAYS: usize = 28;
/// Of a survey that is younger than so many days nobody knows what is usual.
const MIN_DAYS: usize = 7;
/// The most days that are looked through at once.
const MAX_DAYS: i64 = 92;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// The first moment: RFC 3339, or a date. By default seven days before the end.
    from: Option<String>,
    /// The moment before which it ends, likewise. By default now.
    to: Option<String>,
    /// In which dates begin, an IANA name. By default UTC.
    timezone: Option<String>,
    /// Only this site's answers.
    site: Option<String>,
    /// The answers of this workspace, unless the site says it.
    workspace: Option<String>,
    /// The question, by its id. By default the first rating, else the first choice.
    question: Option<String>,
}

#[derive(Debug, Serialize)]
struct Bursts {
    survey: String,
    question: String,
    bursts: Vec<Burst>,
    /// What analysts have taken out of the counts.
    excluded: Vec<Stretch>,
}

#[derive(Debug, Serialize)]
struct Burst {
    from: String,
    to: String,
    /// How many answered the question.
    n: u64,
    /// How many usually do in these quarter hours.
    usual: u64,
}

#[derive(Debug, Serialize)]
struct Stretch {
    from: String,
    to: String,
}

/// `GET /v1/surveys/{id}/bursts`
pub(crate) async fn show(
    State(app): State<App>,
    reader: Reader,
    Name(id): Name,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let index = app.index();
    let Wanted { scope, found, site } =
        index.wanted(query.workspace.as_deref(), query.site.as_deref(), &id)?;
    let reading = Reading::of(found, query.question.as_deref())?;
    let zone = zone(query.timezone.as_deref())?;
    let to = time("to", query.to.as_deref(), &zone)?.unwrap_or_else(|| Timestamp::now().as_millisecond());
    let to = quarter_hour(to - 1) + SLOT_MS;
    let from = time("from", query.from.as_deref(), &zone)?.map_or(to - 7 * DAY_MS, quarter_hour);
    if !(from < to && to - from <= MAX_DAYS * DAY_MS) {
        return Err(Problem::invalid("from", format!("a time before to, by {MAX_DAYS} days at most")));
    }

    let days = i64::try_from(DAYS).unwrap_or_default();
    let boundaries_ms: Vec<i64> =
        (0..).map(|n| from - days * DAY_MS + n * SLOT_MS).take_while(|ms| *ms <= to).collect();
    let first = app.store.span(scope, site.clone(), id.clone()).await?.map_or(to, |(first, _)| first);
    let excluded = app.store.excluded(scope, id.clone(), site.clone()).await?;
    let tallied = app
        .store
        .tallies(TallyQuery {
            scope,
            site,
            survey: id.clone(),
            question: reading.question.clone(),
            versions: None,
            segment: Segment::All,
            most: boundaries_ms.len(),
            boundaries_ms,
        })
        .await?
        .unwrap_or_default();
    reader
        .json(move || {
            let counts: Vec<u64> = tallied.iter().map(|counts| counts.answered).collect();
            let at = |ms: i64| calendar::rfc3339(ms, &zone);
            let bursts = bursts(&counts, from - days * DAY_MS, first).into_iter();
            let excluded = excluded.into_iter().filter(|(begin, end)| *begin < to && *end > from);
            to_json(&Bursts {
                survey: id,
                question: reading.question,
                bursts: bursts
                    .map(|(begin, end, n, usual)| Burst { from: at(begin), to: at(end), n, usual })
                    .collect(),
                excluded: excluded.map(|(begin, end)| Stretch { from: at(begin), to: at(end) }).collect(),
            })
        })
        .await
}

/// The bursts among the counts of quarter hours, after those of the first days: first moment, first moment after it, count and what
/// is usual. The first count is of the quarter hour that begins at `start_ms`, and before `first_ms` nobody answered.
fn bursts(counts: &[u64], start_ms: i64, first_ms: i64) -> Vec<(i64, i64, u64, u64)> {
    let slots_of_day = usize::try_from(DAY_MS / SLOT_MS).unwrap_or(1);
    let ms = |slot: usize| start_ms + i64::try_from(slot).unwrap_or_default() * SLOT_MS;
    let mut bursts: Vec<(i64, i64, u64, u64)> = Vec::new();
    for (slot, n) in counts.iter().enumerate().skip(DAYS * slots_of_day) {
        let before = |step: usize| -> Vec<u64> {
            let days = (step..=DAYS).step_by(step).map(|days| slot - days * slots_of_day);
            let known = days.filter(|slot| ms(*slot) >= first_ms);
            let mut before: Vec<u64> = known.filter_map(|slot| counts.get(slot).copied()).collect();
            before.sort_unstable();
            before
        };
        let middle = |counts: &[u64]| counts.get(counts.len() / 2).copied();
        let all = before(1);
        // Weekends and newsletters come every week.
        let usual = middle(&all).max(middle(&before(7)));
        let Some(usual) = usual.filter(|_| all.len() >= MIN_DAYS) else { continue };
        if !is_burst(*n, usual) {
            continue;
        }
        match bursts.last_mut().filter(|(_, end, ..)| *end == ms(slot)) {
            Some((_, end, sum, of_usual)) => {
                *end += SLOT_MS;
                *sum += n;
                *of_usual += usual;
            }
            None => bursts.push((ms(slot), ms(slot) + SLOT_MS, *n, usual)),
        }
    }
    bursts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_that_of_the_same_time_of_day() {
        // 28 days and one more: five in each quarter hour, thirty in every tenth of the day.
        let count = |slot: usize| if slot % 96 == 10 { 30 } else { 5 };
        let mut counts: Vec<u64> = (0..29 * 96).map(count).collect();
        assert_eq!(bursts(&counts, 0, 0), []);
        for (slot, n) in [(10, 200), (40, 60), (41, 70), (43, 60)] {
            counts[28 * 96 + slot] = n;
        }
        let at = |slot: i64| (28 * 96 + slot) * SLOT_MS;
        let expected = [(at(10), at(11), 200, 30), (at(40), at(42), 130, 10), (at(43), at(44), 60, 5)];
        assert_eq!(bursts(&counts, 0, 0), expected);
        // One burst before is not what is usual after.
        counts[27 * 96 + 40] = 10_000;
        assert_eq!(bursts(&counts, 0, 0), expected);
        // What comes every week is no burst, even if it comes on this day of the week alone.
        for week in 1..4 {
            counts[(28 - 7 * week) * 96 + 10] = 190;
        }
        assert_eq!(bursts(&counts, 0, 0), expected[1..]);
        for week in 1..4 {
            counts[(28 - 7 * week) * 96 + 10] = 30;
        }
        // Six days are too few to know what is usual, seven are not.
        let first = |days: i64| (28 - days) * DAY_MS;
        assert_eq!(
            (bursts(&counts, 0, first(6)), bursts(&counts, 0, first(7))),
            (Vec::new(), expected.into())
        );
    }
}
