//! What is made up is believable, and comes into new databases alone.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may fail loudly; clippy.toml lets test functions, but not their helpers"
)]

use candor_demo::{MADE_UP, WEEKS, fill, made_up};
use candor_store::{Arrival, Counts, ResponseQuery, Segment, Store, TallyQuery};
use candor_survey::{Response, State, preset};
use std::collections::{BTreeMap, BTreeSet};

const HOUR_MS: i64 = 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Monday, 23 November 2026, 00:00 UTC.
const MONDAY: i64 = 1_795_392_000_000;
const SURVEYS: [&str; 3] = ["checkout-csat", "nps", "ces"];

/// Moments in every part of a week.
fn moments() -> impl Iterator<Item = i64> {
    (0..7).map(|day| MONDAY + day * DAY_MS + day * 3 * HOUR_MS)
}

fn of<'a>(arrivals: &'a [Arrival], survey: &'a str) -> impl Iterator<Item = (i64, &'a Response)> {
    let all = arrivals.iter().map(|arrival| (arrival.received_ms, arrival.response.response()));
    all.filter(move |(_, response)| response.survey == survey)
}

/// Shown, answered and the sum of ratings, by weeks before the last Monday; whole weeks alone.
fn weeks(arrivals: &[Arrival], survey: &str) -> BTreeMap<i64, (u32, u32, u32)> {
    let mut weeks = BTreeMap::<i64, (u32, u32, u32)>::new();
    for (dated_ms, response) in of(arrivals, survey).filter(|(dated_ms, _)| *dated_ms < MONDAY) {
        let week = weeks.entry((MONDAY - 1 - dated_ms).div_euclid(7 * DAY_MS) + 1).or_default();
        week.0 += 1;
        if let Some(rating) = response.answers.iter().find_map(|answer| answer.rating) {
            week.1 += 1;
            week.2 += u32::from(rating);
        }
    }
    weeks
}

#[test]
fn the_same_moment_has_the_same_answers_and_none_of_the_future() {
    for now in moments() {
        let arrivals = made_up(now).unwrap();
        let again = made_up(now).unwrap();
        let told = |arrivals: &[Arrival]| {
            arrivals.iter().map(|a| (a.response.clone(), a.received_ms)).collect::<Vec<_>>()
        };
        assert!(told(&arrivals) == told(&again), "{now}");
        let ids: BTreeSet<_> = arrivals.iter().map(|arrival| arrival.response.id()).collect();
        assert_eq!(ids.len(), arrivals.len());
        let first = MONDAY - 7 * DAY_MS * i64::from(WEEKS);
        assert!(arrivals.iter().all(|arrival| (first..=now).contains(&arrival.received_ms)), "{now}");
        assert!(arrivals.iter().all(|a| a.response.response().touchpoint.as_deref() == Some(MADE_UP)));
        // The weeks that are over stay as they are while the last one goes on.
        let over = |arrivals: Vec<Arrival>| {
            arrivals.into_iter().filter(|a| a.received_ms < MONDAY).map(|a| a.response).collect::<Vec<_>>()
        };
        assert!(over(arrivals) == over(made_up(MONDAY).unwrap()), "{now}");
    }
}

#[test]
fn in_every_week_of_every_survey_ten_to_thirty_of_a_hundred_answer() {
    let arrivals = made_up(MONDAY).unwrap();
    for survey in SURVEYS {
        let weeks = weeks(&arrivals, survey);
        assert_eq!(weeks.keys().copied().collect::<Vec<_>>(), (1..=13).collect::<Vec<_>>(), "{survey}");
        for (week, (shown, answered, _)) in weeks {
            let percent = 100 * answered / shown;
            assert!((10..=30).contains(&percent), "{survey}, {week} weeks ago: {percent} %");
            assert!((100..1_000).contains(&shown), "{survey}, {week} weeks ago: {shown} shown");
        }
        let dismissed = of(&arrivals, survey).filter(|(_, r)| r.state == State::Dismissed).count();
        assert!(dismissed > 0, "{survey}");
    }
}

#[test]
fn weekends_differ_from_weekdays() {
    let arrivals = made_up(MONDAY).unwrap();
    for (survey, is_busier) in [("checkout-csat", true), ("nps", true), ("ces", false)] {
        let (mut weekday, mut weekend) = (0, 0);
        for (dated_ms, _) in of(&arrivals, survey) {
            let is_weekend = (dated_ms - MONDAY).rem_euclid(7 * DAY_MS) >= 5 * DAY_MS;
            *if is_weekend { &mut weekend } else { &mut weekday } += 1;
        }
        assert_eq!(5 * weekend > 2 * weekday, is_busier, "{survey}: {weekday} and {weekend}");
    }
}

#[test]
fn there_is_a_bad_week_and_it_is_got_over() {
    let arrivals = made_up(MONDAY).unwrap();
    for (survey, worst, low, high) in
        [("checkout-csat", 6, 3.5, 4.0), ("nps", 5, 6.3, 7.2), ("ces", 5, 4.5, 5.0)]
    {
        let mean: BTreeMap<_, _> = weeks(&arrivals, survey)
            .into_iter()
            .map(|(week, (_, n, sum))| (week, f64::from(sum) / f64::from(n)))
            .collect();
        let least = mean.iter().min_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert!(*least.0 == worst && *least.1 < low, "{survey}: {mean:?}");
        assert!([1, 2, 8, 9].iter().all(|week| mean[week] > high), "{survey}: {mean:?}");
    }
}

#[test]
fn no_comment_is_twice_among_the_newest_answers() {
    let arrivals = made_up(MONDAY).unwrap();
    let mut languages = BTreeSet::new();
    for survey in SURVEYS {
        let mut answered: Vec<_> = of(&arrivals, survey).filter(|(_, r)| !r.answers.is_empty()).collect();
        answered.sort_by_key(|(dated_ms, _)| -dated_ms);
        let newest = answered.iter().take(50).filter_map(|(_, response)| {
            let text = response.answers.iter().find_map(|answer| answer.text.as_ref())?;
            Some((text, &response.locale))
        });
        let newest: Vec<_> = newest.collect();
        assert!((3..20).contains(&newest.len()), "{survey}: {newest:?}");
        assert_eq!(newest.iter().collect::<BTreeSet<_>>().len(), newest.len(), "{survey}: {newest:?}");
        languages.extend(newest.into_iter().map(|(_, locale)| locale));
    }
    assert_eq!(languages.len(), 6, "{languages:?}");
}

fn database(folder: &tempfile::TempDir) -> String {
    format!("sqlite://{}", folder.path().join("demo.sqlite").display())
}

async fn counts(store: &Store, survey: &str, question: &str) -> Vec<Counts> {
    let query = TallyQuery {
        scope: candor_store::Scope::DEFAULT,
        site: None,
        survey: survey.into(),
        question: question.into(),
        versions: None,
        segment: Segment::All,
        boundaries_ms: vec![MONDAY - 200 * DAY_MS, MONDAY + DAY_MS],
        most: 1,
    };
    store.tallies(query).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_new_database_is_filled_once_and_its_counts_are_those_of_its_answers() {
    let folder = tempfile::tempdir().unwrap();
    let url = database(&folder);
    let arrivals = made_up(MONDAY).unwrap();
    let answered = arrivals.iter().filter(|a| !a.response.response().answers.is_empty()).count();
    assert_eq!(fill(&url, MONDAY).await.unwrap(), Some(answered));
    for now in [MONDAY, MONDAY + 30 * DAY_MS] {
        assert_eq!(fill(&url, now).await.unwrap(), None);
    }
    let store = Store::open(&url).await.unwrap();
    assert_eq!(store.audit().await.unwrap(), []);
    for (survey, question) in SURVEYS.into_iter().zip(["csat", "nps", "ces"]) {
        let counted = &counts(&store, survey, question).await[0];
        let shown = of(&arrivals, survey).count();
        let rated = of(&arrivals, survey).filter(|(_, r)| !r.answers.is_empty()).count();
        assert_eq!((counted.shown, counted.answered), (shown as u64, rated as u64), "{survey}");
    }
}

#[tokio::test]
async fn a_database_that_has_anything_stays_as_it_is() {
    for state in ["shown", "partial"] {
        let folder = tempfile::tempdir().unwrap();
        let url = database(&folder);
        let store = Store::open(&url).await.unwrap();
        let mut arrival =
            made_up(MONDAY).unwrap().into_iter().find(|a| a.response.response().survey == "ces").unwrap();
        let mut response = arrival.response.response().clone();
        response.state = if state == "shown" { State::Shown } else { State::Partial };
        response.test = true;
        response.answers = match state {
            "shown" => Vec::new(),
            _ => {
                vec![candor_survey::Answer { question: "ces".into(), rating: Some(2), ..Default::default() }]
            }
        };
        let id = arrival.response.id().to_owned();
        let new = candor_survey::NewResponse { v: 1, id, revision: 1, response, age_ms: 0 };
        arrival.response = new.check(&preset("ces").unwrap()).unwrap();
        store.save(vec![arrival.clone()]).await.unwrap();
        store.close().await;

        assert_eq!(fill(&url, MONDAY).await.unwrap(), None, "{state}");
        let store = Store::open(&url).await.unwrap();
        for survey in SURVEYS {
            let query = ResponseQuery {
                scope: candor_store::Scope::DEFAULT,
                survey: survey.into(),
                site: None,
                unanswered: true,
                after: None,
                limit: 9,
            };
            let kept: Vec<_> =
                store.responses(query).await.unwrap().responses.into_iter().map(|r| r.response).collect();
            let expected =
                if survey == "ces" { vec![arrival.response.response().clone()] } else { Vec::new() };
            assert_eq!(kept, expected, "{state}, {survey}");
        }
    }
}
