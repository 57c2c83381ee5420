//! What every store does, told once and run on each kind of database.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may fail loudly; clippy.toml lets test functions, but not their helpers"
)]

mod database;
mod sqlite;

use candor_store::{
    Arrival, Counts, DEFAULT_WORKSPACE, Difference, Dimension, Edit, EditKind, Erasure, FeedQuery,
    ImportError, MAX_AGE_MS, MAX_PAGE_BYTES, MAX_VALUES, Note, OTHER, Outcome, Range, Refusal, ResponseQuery,
    SLOT_MS, Scope, Segment, Store, StoreError, StoredResponse, TallyQuery,
};
use candor_survey::{
    Answer, AuthoredSite, CheckedResponse, NewResponse, Presentation, Respondent, Response, State, Survey,
    preset,
};
use database::{Database, stories};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

stories! {
    a_response_is_stored_and_counted_once
    a_replayed_response_is_stored_once
    revisions_out_of_order_leave_the_highest
    a_revision_with_other_content_is_a_conflict_and_changes_nothing
    the_same_id_under_another_survey_or_site_is_refused
    age_is_not_content_but_dates_the_first_arrival
    a_response_that_is_tried_out_is_kept_and_not_counted
    what_was_acknowledged_is_there_after_reopening
    a_response_is_one_of_each_of_its_segments
    what_was_skipped_is_counted_by_question
    no_more_is_counted_than_was_asked_for
    periods_without_answers_are_there_too
    a_site_is_counted_by_itself_and_all_sites_together
    only_the_versions_asked_for_are_counted
    ratings_and_choices_of_one_survey_are_counted_by_question
    the_newest_response_comes_first_and_pages_meet
    a_page_of_large_responses_is_shorter
    the_rollup_agrees_with_the_responses_after_any_history
    a_recount_mends_the_rollup
    an_answer_is_dated_seven_days_back_and_no_further
    values_beyond_the_first_are_counted_together
    a_value_that_came_and_went_in_one_batch_keeps_its_place
    concurrent_responses_are_all_kept
    one_unreadable_row_costs_no_other_its_answer
    a_closed_store_keeps_what_it_took_and_takes_no_more
    an_edited_version_is_taken_until_it_has_answers
    a_survey_that_left_its_file_stops_running_and_stays_known
    two_sites_may_have_a_survey_of_the_same_id
    a_question_cannot_change_its_metric
    an_answer_to_a_version_that_was_edited_meanwhile_is_counted_and_hinders_no_reader
    how_long_responses_are_kept_may_change_under_a_version_that_has_answers
    an_import_is_all_or_nothing
    an_import_is_refused_for_all_reasons_at_once_and_before_it_is_made
    an_import_that_changes_nothing_writes_nothing
    what_one_workspace_keeps_no_other_sees
    a_site_stays_in_its_workspace
    the_feed_gives_each_response_in_the_order_of_its_last_change
    what_is_erased_is_gone_from_lists_and_counts_and_does_not_come_back
    a_respondents_later_answers_are_kept_after_all_earlier_ones_were_erased
    what_is_made_anonymous_keeps_rating_and_date_alone
    the_rollup_agrees_after_erasures_and_retention_too
    a_response_goes_when_a_later_revision_says_whose_it_is
    a_response_that_is_anonymous_can_be_erased
    what_is_somebody_elses_by_now_outlives_the_erasure_of_who_was_named_before
    counts_that_cannot_be_read_cost_no_answer_and_no_erasure
    what_a_list_cannot_show_is_passed_over_and_named_by_the_audit
    a_response_that_cannot_be_read_hinders_no_other_and_can_be_erased
    the_place_of_what_was_erased_is_given_to_no_other
    what_is_kept_late_is_made_anonymous_all_the_same
    a_clock_that_was_ahead_is_followed_a_day_at_a_time
    a_clock_that_is_ahead_when_it_is_first_asked_goes_no_further_than_the_last_answer
    a_range_is_taken_out_of_the_counts_with_what_arrives_later_and_put_back
    a_range_whose_change_was_ended_half_way_is_finished_later
    a_range_meets_the_responses_again_whose_ids_were_made_anew_meanwhile
    a_response_is_taken_out_put_back_and_corrected_and_each_change_says_who_and_why
    a_version_whose_answers_are_all_out_is_not_edited
    counts_are_exact_wherever_periods_begin_and_end
}

// ---- Responses ----

const T0: i64 = 1_795_000_500_000;
const ID: &str = "0192f5e4-7c1b-7a44-9c5e-3b1f0f6f2a11";

fn new(id: &str, revision: u32, state: State, rating: Option<u8>, text: Option<&str>) -> NewResponse {
    let answer = |question: &str| Answer { question: question.into(), ..Answer::default() };
    let rating = rating.map(|rating| Answer { rating: Some(rating), ..answer("nps") });
    let text = text.map(|text| Answer { text: Some(text.into()), ..answer("why") });
    let response = Response {
        state,
        site: "default".into(),
        survey: "nps".into(),
        survey_version: 1,
        locale: "fa".into(),
        touchpoint: None,
        answers: rating.into_iter().chain(text).collect(),
        presentation: Presentation {
            display: "popover".into(),
            scale: "numbers".into(),
            direction: "rtl".into(),
            order: Default::default(),
        },
        page: None,
        respondent: None,
        context: Default::default(),
        test: false,
    };
    NewResponse { v: 1, id: id.into(), revision, response, age_ms: 0 }
}

/// With something else answered.
fn with(mut new: NewResponse, edit: impl FnOnce(&mut Response)) -> NewResponse {
    edit(&mut new.response);
    new
}

fn rated(id: &str, revision: u32, rating: u8) -> NewResponse {
    new(id, revision, State::Partial, Some(rating), None)
}

fn checked(response: NewResponse) -> CheckedResponse {
    let survey = preset(&response.response.survey).unwrap();
    response.check(&survey).unwrap()
}

async fn save(store: &Store, response: NewResponse) -> Outcome {
    save_at(store, response, T0).await
}

async fn save_at(store: &Store, response: NewResponse, received_ms: i64) -> Outcome {
    store
        .save(vec![Arrival {
            declared: Vec::new(),
            scope: Scope::DEFAULT,
            response: checked(response),
            received_ms,
        }])
        .await
        .unwrap()[0]
}

async fn tallies(store: &Store, segment: Segment, boundaries_ms: &[i64]) -> Vec<Counts> {
    at_most(10_000, store, segment, boundaries_ms).await.unwrap()
}

async fn at_most(most: usize, store: &Store, segment: Segment, boundaries_ms: &[i64]) -> Option<Vec<Counts>> {
    let query = TallyQuery { segment, boundaries_ms: boundaries_ms.into(), most, ..of("nps", "nps") };
    store.tallies(query).await.unwrap()
}

/// All answers to a question, in one period.
fn of(survey: &str, question: &str) -> TallyQuery {
    TallyQuery {
        scope: Scope::DEFAULT,
        site: None,
        survey: survey.into(),
        question: question.into(),
        versions: None,
        segment: Segment::All,
        boundaries_ms: vec![0, T0 * 2],
        most: 1_000,
    }
}

async fn all(store: &Store) -> Counts {
    all_of(store, of("nps", "nps")).await
}

async fn all_of(store: &Store, query: TallyQuery) -> Counts {
    store.tallies(query).await.unwrap().unwrap().remove(0)
}

async fn kept(store: &Store) -> Vec<NewResponse> {
    list(store, None, 100).await.into_iter().map(|(_, response)| response).collect()
}

/// As they might be sent again.
async fn list(store: &Store, after: Option<(i64, String)>, limit: u32) -> Vec<(i64, NewResponse)> {
    let query = ResponseQuery {
        scope: Scope::DEFAULT,
        survey: "nps".into(),
        site: None,
        unanswered: true,
        after,
        limit,
    };
    let listed = store.responses(query).await.unwrap().responses;
    let new = |StoredResponse { id, revision, response, .. }| NewResponse {
        v: 1,
        id,
        revision,
        response,
        age_ms: 0,
    };
    listed.into_iter().map(|kept| (kept.dated_ms, new(kept))).collect()
}

fn uuid(n: u64) -> String {
    format!("0192f5e4-7c1b-7a44-8000-{n:012x}")
}

async fn a_response_is_stored_and_counted_once(database: &impl Database) {
    let store = database.open().await;
    assert_eq!(save(&store, rated(ID, 2, 9)).await, Outcome::Stored);
    let counts = all(&store).await;
    assert_eq!((counts.ratings, counts.shown, counts.dismissed), (vec![(9, 1)], 1, 0));
}

async fn a_replayed_response_is_stored_once(database: &impl Database) {
    let store = database.open().await;
    save(&store, rated(ID, 2, 9)).await;
    for _ in 0..4 {
        assert_eq!(save(&store, rated(ID, 2, 9)).await, Outcome::Duplicate);
    }
    assert_eq!(all(&store).await.ratings, [(9, 1)]);
    assert_eq!(kept(&store).await.len(), 1);
}

async fn revisions_out_of_order_leave_the_highest(database: &impl Database) {
    let store = database.open().await;
    let shown = new(ID, 1, State::Shown, None, None);
    let complete = new(ID, 4, State::Complete, Some(9), Some("快！"));
    assert_eq!(save(&store, rated(ID, 2, 3)).await, Outcome::Stored);
    assert_eq!(save(&store, complete.clone()).await, Outcome::Stored);
    assert_eq!(save(&store, rated(ID, 3, 5)).await, Outcome::Superseded { kept: 4 });
    assert_eq!(save(&store, shown).await, Outcome::Superseded { kept: 4 });
    assert_eq!(kept(&store).await, [complete]);
    let counts = all(&store).await;
    assert_eq!((counts.ratings, counts.shown), (vec![(9, 1)], 1));
}

async fn a_revision_with_other_content_is_a_conflict_and_changes_nothing(database: &impl Database) {
    let store = database.open().await;
    save(&store, rated(ID, 2, 9)).await;
    assert_eq!(save(&store, rated(ID, 2, 8)).await, Outcome::ContentConflict);
    assert_eq!(kept(&store).await, [rated(ID, 2, 9)]);
    assert_eq!(all(&store).await.ratings, [(9, 1)]);
}

async fn the_same_id_under_another_survey_or_site_is_refused(database: &impl Database) {
    let store = database.open().await;
    save(&store, rated(ID, 2, 9)).await;
    let mut other_survey = with(rated(ID, 3, 5), |r| r.survey = "ces".into());
    other_survey.response.answers[0].question = "ces".into();
    assert_eq!(save(&store, other_survey).await, Outcome::OtherSurvey);
    assert_eq!(save(&store, with(rated(ID, 3, 5), |r| r.site = "shop".into())).await, Outcome::OtherSurvey);
    assert_eq!(kept(&store).await, [rated(ID, 2, 9)]);
}

async fn age_is_not_content_but_dates_the_first_arrival(database: &impl Database) {
    let store = database.open().await;
    let aged = |revision, age_ms| NewResponse { age_ms, ..rated(ID, revision, 9) };
    assert_eq!(save_at(&store, aged(2, 1_840), T0).await, Outcome::Stored);
    assert_eq!(save_at(&store, aged(2, 60_000), T0 + 58_160).await, Outcome::Duplicate);
    assert_eq!(save_at(&store, aged(3, 0), T0 + 3_600_000).await, Outcome::Stored);
    assert_eq!(list(&store, None, 9).await, [(T0 - 1_840, rated(ID, 3, 9))]);
}

async fn an_answer_is_dated_seven_days_back_and_no_further(database: &impl Database) {
    let store = database.open().await;
    for (n, age_ms, expect) in
        [(1, MAX_AGE_MS, MAX_AGE_MS), (2, MAX_AGE_MS + 1, MAX_AGE_MS), (3, u32::MAX, MAX_AGE_MS)]
    {
        save(&store, NewResponse { age_ms, ..rated(&uuid(n), 2, 9) }).await;
        let listed = list(&store, None, 9).await;
        let (dated_ms, _) = listed.iter().find(|(_, response)| response.id == uuid(n)).unwrap();
        assert_eq!(*dated_ms, T0 - i64::from(expect), "{age_ms}");
    }
}

async fn a_response_that_is_tried_out_is_kept_and_not_counted(database: &impl Database) {
    let store = database.open().await;
    let test = |revision, test| with(rated(ID, revision, 9), |r| r.test = test);
    save(&store, test(2, true)).await;
    assert_eq!(kept(&store).await, [test(2, true)]);
    assert_eq!(all(&store).await, Counts::default());
    save(&store, test(3, false)).await;
    assert_eq!(all(&store).await.ratings, [(9, 1)]);
    save(&store, test(4, true)).await;
    assert_eq!(all(&store).await, Counts::default());
}

async fn what_was_acknowledged_is_there_after_reopening(database: &impl Database) {
    let store = database.open().await;
    save(&store, rated(ID, 2, 9)).await;
    store.close().await;
    let store = database.open().await;
    assert_eq!(kept(&store).await, [rated(ID, 2, 9)]);
    assert_eq!(save(&store, rated(ID, 2, 9)).await, Outcome::Duplicate);
}

// ---- Counts ----

async fn a_response_is_one_of_each_of_its_segments(database: &impl Database) {
    let store = database.open().await;
    let checkout = |response| with(response, |r| r.touchpoint = Some("checkout".into()));
    save(&store, checkout(rated(&uuid(1), 2, 9))).await;
    save(&store, checkout(with(rated(&uuid(2), 2, 3), |r| r.locale = "zh-Hant".into()))).await;
    save(&store, new(&uuid(3), 2, State::Dismissed, None, None)).await;
    let range = [T0 - T0 % SLOT_MS, T0 + SLOT_MS];
    let each = tallies(&store, Segment::Each(Dimension::Locale), &range).await;
    let found: Vec<_> =
        each.iter().map(|c| (c.value.as_deref().unwrap(), &*c.ratings, c.shown, c.dismissed)).collect();
    assert_eq!(found, [("fa", &[(9, 1)][..], 2, 1), ("zh-Hant", &[(3, 1)][..], 1, 0)]);
    let checkout = tallies(&store, Segment::One(Dimension::Touchpoint, "checkout".into()), &range).await;
    assert_eq!((&*checkout[0].ratings, checkout[0].shown), (&[(3, 1), (9, 1)][..], 2));
    for (dimension, value) in [(Dimension::Site, "default"), (Dimension::Display, "popover")] {
        assert_eq!(tallies(&store, Segment::One(dimension, value.into()), &range).await[0].shown, 3);
    }
    assert_eq!(tallies(&store, Segment::One(Dimension::Site, "shop".into()), &range).await[0].shown, 0);
    assert_eq!(tallies(&store, Segment::Each(Dimension::Locale), &[0, SLOT_MS]).await, []);
}

async fn values_beyond_the_first_are_counted_together(database: &impl Database) {
    let store = database.open().await;
    let at = |n: u64| with(rated(&uuid(n), 2, 9), |r| r.touchpoint = Some(format!("t{n}")));
    let beyond = MAX_VALUES as u64 + 5;
    // One that is tried out is counted nowhere, and takes no place.
    save(&store, with(at(9_999), |r| r.test = true)).await;
    let arrivals = (0..beyond)
        .map(|n| Arrival {
            declared: Vec::new(),
            scope: Scope::DEFAULT,
            response: checked(at(n)),
            received_ms: T0,
        })
        .collect();
    store.save(arrivals).await.unwrap();
    let shown = async |store: &Store| -> HashMap<String, u64> {
        let each = tallies(store, Segment::Each(Dimension::Touchpoint), &[0, T0 * 2]).await;
        each.into_iter().map(|counts| (counts.value.unwrap(), counts.shown)).filter(|(_, n)| *n > 0).collect()
    };
    let found = shown(&store).await;
    assert_eq!((found.len(), found[OTHER]), (MAX_VALUES + 1, 5));
    // Another site has as many of its own.
    let elsewhere =
        with(rated(&uuid(8_888), 2, 9), |r| (r.site, r.touchpoint) = ("shop".into(), Some("s".into())));
    save(&store, elsewhere).await;
    assert_eq!(shown(&store).await.get("s"), Some(&1));

    // What is counted under which name stays so, in later revisions and after a restart.
    store.close().await;
    let store = database.open().await;
    save(&store, with(rated(&uuid(0), 3, 9), |r| r.touchpoint = Some("new".into()))).await;
    save(&store, with(rated(&uuid(beyond - 1), 3, 9), |r| r.touchpoint = Some("t1".into()))).await;
    let found = shown(&store).await;
    assert_eq!((found.get("t0"), found["t1"], found[OTHER]), (None, 2, 5));
    assert_eq!(store.audit().await.unwrap(), []);
    // To count anew counts each under the name that it had.
    store.recount().await.unwrap();
    assert_eq!(shown(&store).await, found);
    assert_eq!(store.audit().await.unwrap(), []);
    save(&store, with(rated(&uuid(beyond), 2, 9), |r| r.touchpoint = Some("newer".into()))).await;
    assert_eq!(shown(&store).await[OTHER], 6);
    assert_eq!(store.audit().await.unwrap(), []);
    assert_eq!(all(&store).await.shown, beyond + 2);
}

async fn a_value_that_came_and_went_in_one_batch_keeps_its_place(database: &impl Database) {
    let store = database.open().await;
    let at = |n: u64, revision, touchpoint: &str| {
        let response = with(rated(&uuid(n), revision, 9), |r| r.touchpoint = Some(touchpoint.into()));
        Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response: checked(response), received_ms: T0 }
    };
    let most = MAX_VALUES as u64 - 1;
    store.save((0..most).map(|n| at(n, 2, &format!("t{n}"))).collect()).await.unwrap();
    // An impression alone, so that no other counter has its value.
    let shown = with(new(&uuid(most), 1, State::Shown, None, None), |r| r.touchpoint = Some("gone".into()));
    let gone =
        Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response: checked(shown), received_ms: T0 };
    store.save(vec![gone, at(most, 2, "t0")]).await.unwrap();
    // That was the last place, here and for whoever counts anew from what is stored.
    store.save(vec![at(most + 1, 2, "late")]).await.unwrap();
    assert_eq!(store.audit().await.unwrap(), []);
    store.close().await;
    let store = database.open().await;
    store.save(vec![at(most + 1, 3, "late"), at(most + 2, 2, "late")]).await.unwrap();
    assert_eq!(store.audit().await.unwrap(), []);
    let other = Segment::One(Dimension::Touchpoint, OTHER.into());
    assert_eq!(tallies(&store, other, &[0, T0 * 2]).await[0].shown, 2);
}

async fn what_was_skipped_is_counted_by_question(database: &impl Database) {
    let store = database.open().await;
    save(&store, new(&uuid(1), 2, State::Complete, Some(9), None)).await;
    save(&store, new(&uuid(2), 2, State::Complete, Some(9), None)).await;
    save(&store, new(&uuid(3), 2, State::Complete, None, Some("no"))).await;
    let (nps, why) = (all(&store).await, all_of(&store, of("nps", "why")).await);
    assert_eq!((nps.skipped, nps.answered), (1, 2));
    assert_eq!((why.skipped, why.answered, why.ratings, why.shown), (2, 1, vec![], 3));
}

async fn periods_without_answers_are_there_too(database: &impl Database) {
    let store = database.open().await;
    let start = T0 - T0 % SLOT_MS;
    for (n, slot) in [(1, 0), (2, 0), (3, 2)] {
        save_at(&store, rated(&uuid(n), 2, 9), start + slot * SLOT_MS).await;
    }
    let boundaries: Vec<i64> = (0..4).map(|slot| start + slot * SLOT_MS).collect();
    let shown: Vec<_> =
        tallies(&store, Segment::All, &boundaries).await.iter().map(|c| (c.period, c.shown)).collect();
    assert_eq!(shown, [(0, 2), (1, 0), (2, 1)]);
    assert_eq!(
        store.span(Scope::DEFAULT, None, "nps".into()).await.unwrap(),
        Some((start, start + 2 * SLOT_MS))
    );
    assert_eq!(store.span(Scope::DEFAULT, None, "csat".into()).await.unwrap(), None);
}

async fn a_site_is_counted_by_itself_and_all_sites_together(database: &impl Database) {
    let store = database.open().await;
    let at = |n: u64, rating, site: &str, locale: &str| {
        with(rated(&uuid(n), 2, rating), |r| (r.site, r.locale) = (site.into(), locale.into()))
    };
    let start = T0 - T0 % SLOT_MS;
    for (n, (site, locale, slot)) in
        (0..).zip([("blog", "en", 0), ("blog", "fa", 0), ("default", "en", 1), ("shop", "en", 5)])
    {
        let rating = u8::try_from(n).unwrap();
        save_at(&store, at(n, rating, site, locale), start + slot * SLOT_MS).await;
    }
    let counts = async |site: Option<&str>, segment| {
        // The last of them is beyond the range.
        let boundaries_ms = vec![start, start + 2 * SLOT_MS];
        let query = TallyQuery { site: site.map(Into::into), segment, boundaries_ms, ..of("nps", "nps") };
        let counts = store.tallies(query).await.unwrap().unwrap();
        let points =
            |ratings: Vec<(u8, u64)>| ratings.into_iter().map(|(point, _)| point).collect::<Vec<_>>();
        let counts = counts.into_iter().map(|c| (c.value.unwrap_or_default(), c.shown, points(c.ratings)));
        counts.collect::<Vec<_>>()
    };
    let row = |value: &str, points: &[u8]| (value.to_owned(), points.len() as u64, points.to_vec());
    let (each_site, each_locale) = (Segment::Each(Dimension::Site), Segment::Each(Dimension::Locale));
    let site = |name: &str| Segment::One(Dimension::Site, name.into());
    let english = Segment::One(Dimension::Locale, "en".into());
    for (only, segment, expected) in [
        (None, Segment::All, &[row("", &[0, 1, 2])][..]),
        (Some("blog"), Segment::All, &[row("", &[0, 1])]),
        (Some("nowhere"), Segment::All, &[row("", &[])]),
        (None, each_site.clone(), &[row("blog", &[0, 1]), row("default", &[2])]),
        (Some("default"), each_site, &[row("default", &[2])]),
        (None, site("default"), &[row("default", &[2])]),
        (Some("blog"), site("default"), &[row("default", &[])]),
        (None, each_locale.clone(), &[row("en", &[0, 2]), row("fa", &[1])]),
        (Some("blog"), each_locale, &[row("en", &[0]), row("fa", &[1])]),
        (None, english.clone(), &[row("en", &[0, 2])]),
        (Some("default"), english, &[row("en", &[2])]),
    ] {
        assert_eq!(counts(only, segment.clone()).await, expected, "{only:?} {segment:?}");
    }
    let span = async |site: Option<&str>| {
        store.span(Scope::DEFAULT, site.map(Into::into), "nps".into()).await.unwrap()
    };
    assert_eq!(span(None).await, Some((start, start + 5 * SLOT_MS)));
    assert_eq!(span(Some("default")).await, Some((start + SLOT_MS, start + SLOT_MS)));
    assert_eq!(span(Some("nowhere")).await, None);
    assert_eq!(store.audit().await.unwrap(), []);
}

/// Two ratings and a choice.
fn mixed(version: u32) -> Survey {
    let option = |id: &str| serde_json::json!({"id": id, "text": id});
    let survey = serde_json::json!({"id": "mixed", "version": version, "metric": "nps", "questions": [
        {"id": "nps", "kind": "rating"}, {"id": "again", "kind": "rating"},
        {"id": "reasons", "kind": "choice", "many": true, "other": true,
            "options": [option("price"), option("staff"), option("place")]},
    ]});
    serde_json::from_value(survey).unwrap()
}

/// An answer to it of everything that is given.
fn answered(
    (id, revision, state): (&str, u32, State),
    version: u32,
    ratings: [Option<u8>; 2],
    choices: &[&str],
    other: Option<&str>,
) -> Arrival {
    let answer = |question: &str| Answer { question: question.into(), ..Answer::default() };
    let ratings = ["nps", "again"].into_iter().zip(ratings);
    let ratings =
        ratings.filter_map(|(question, rating)| Some(Answer { rating: Some(rating?), ..answer(question) }));
    let reasons = Answer {
        choices: choices.iter().map(ToString::to_string).collect(),
        other: other.map(Into::into),
        ..answer("reasons")
    };
    let has_reasons = !choices.is_empty() || other.is_some();
    let new = with(new(id, revision, state, None, None), |r| {
        r.survey = "mixed".into();
        r.survey_version = version;
        r.answers = ratings.chain(has_reasons.then_some(reasons)).collect();
    });
    Arrival {
        declared: Vec::new(),
        scope: Scope::DEFAULT,
        response: new.check(&mixed(version)).unwrap(),
        received_ms: T0,
    }
}

async fn only_the_versions_asked_for_are_counted(database: &impl Database) {
    let store = database.open().await;
    for (n, version) in [(1, 1), (2, 2), (3, 2), (4, 3)] {
        let as_is = (&*uuid(n), 2, State::Partial);
        let points = u8::try_from(n).unwrap();
        store.save(vec![answered(as_is, version, [Some(points), None], &[], None)]).await.unwrap();
    }
    // A later revision may be of another version, which is then the one that counts it.
    store.save(vec![answered((&uuid(4), 3, State::Dismissed), 1, [None; 2], &[], None)]).await.unwrap();
    let counts = async |versions: Option<&[u32]>| {
        let counts =
            all_of(&store, TallyQuery { versions: versions.map(Into::into), ..of("mixed", "nps") }).await;
        (counts.ratings, counts.shown, counts.dismissed)
    };
    assert_eq!(counts(None).await, (vec![(1, 1), (2, 1), (3, 1)], 4, 1));
    assert_eq!(counts(Some(&[2])).await, (vec![(2, 1), (3, 1)], 2, 0));
    assert_eq!(counts(Some(&[1, 3])).await, (vec![(1, 1)], 2, 1));
    assert_eq!(counts(Some(&[3])).await, (vec![], 0, 0));
    assert_eq!(store.audit().await.unwrap(), []);
}

async fn ratings_and_choices_of_one_survey_are_counted_by_question(database: &impl Database) {
    use State::{Complete, Partial};
    let store = database.open().await;
    let save = async |arrival| assert_eq!(store.save(vec![arrival]).await.unwrap(), [Outcome::Stored]);
    let counts = async |question: &str| {
        let counts = all_of(&store, of("mixed", question)).await;
        let choices: HashMap<_, _> = counts.choices.into_iter().collect();
        (counts.ratings, choices, counts.answered, counts.skipped)
    };
    let chosen = |choices: &[(&str, u64)]| -> HashMap<String, u64> {
        choices.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect()
    };
    // One changes everything several times, one leaves after the first question, one skips two.
    let (one, two, three) = (uuid(1), uuid(2), uuid(3));
    save(answered((&one, 1, Partial), 1, [Some(9), None], &[], None)).await;
    save(answered((&two, 1, Partial), 1, [Some(9), None], &[], None)).await;
    save(answered((&one, 2, Partial), 1, [Some(9), Some(2)], &["price", "staff"], None)).await;
    assert_eq!(counts("nps").await, (vec![(9, 2)], chosen(&[]), 2, 0));
    assert_eq!(counts("reasons").await, (vec![], chosen(&[("price", 1), ("staff", 1)]), 1, 0));
    save(answered((&one, 3, Partial), 1, [Some(3), Some(9)], &["staff"], Some("the coffee"))).await;
    save(answered((&one, 4, Complete), 1, [Some(3), Some(8)], &["place", "staff"], Some("the tea"))).await;
    save(answered((&three, 1, Complete), 1, [None, None], &["staff"], None)).await;
    assert_eq!(counts("nps").await, (vec![(3, 1), (9, 1)], chosen(&[]), 2, 1));
    assert_eq!(counts("again").await, (vec![(8, 1)], chosen(&[]), 1, 1));
    let reasons = chosen(&[("place", 1), ("staff", 2), (candor_survey::OTHER, 1)]);
    assert_eq!(counts("reasons").await, (vec![], reasons.clone(), 2, 0));
    assert_eq!(store.audit().await.unwrap(), []);
    store.recount().await.unwrap();
    assert_eq!(counts("reasons").await, (vec![], reasons, 2, 0));

    // What is taken back is counted no more.
    save(answered((&three, 2, Partial), 1, [Some(0), None], &[], None)).await;
    assert_eq!(counts("reasons").await.1, chosen(&[("place", 1), ("staff", 1), (candor_survey::OTHER, 1)]));
    assert_eq!(counts("nps").await, (vec![(0, 1), (3, 1), (9, 1)], chosen(&[]), 3, 0));
    assert_eq!(store.audit().await.unwrap(), []);
}

async fn no_more_is_counted_than_was_asked_for(database: &impl Database) {
    let store = database.open().await;
    for n in 0..4 {
        let touchpoint = Some(format!("t{}", n % 3));
        save(&store, with(rated(&uuid(n), 2, 9), |r| r.touchpoint = touchpoint)).await;
    }
    let start = T0 - T0 % SLOT_MS;
    let each = Segment::Each(Dimension::Touchpoint);
    let two_periods = [start, start + SLOT_MS, start + 2 * SLOT_MS];
    assert_eq!(at_most(6, &store, each.clone(), &two_periods).await.unwrap().len(), 6);
    assert_eq!(at_most(5, &store, each.clone(), &two_periods).await, None);
    assert_eq!(at_most(1, &store, Segment::All, &two_periods).await, None);
    assert_eq!(at_most(3, &store, each, &two_periods[..2]).await.unwrap().len(), 3);
}

async fn the_newest_response_comes_first_and_pages_meet(database: &impl Database) {
    let store = database.open().await;
    // Three of the same moment: the id decides.
    for n in 1..=6 {
        save_at(&store, rated(&uuid(n), 2, 9), T0 + i64::try_from(n / 3).unwrap()).await;
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = list(&store, after, 2).await;
        let Some((dated_ms, last)) = page.last() else { break };
        after = Some((*dated_ms, last.id.clone()));
        found.extend(page.into_iter().map(|(_, response)| response.id));
    }
    assert_eq!(found, [6, 5, 4, 3, 2, 1].map(uuid));
}

/// Numbers that look random and are the same in each run; Marsaglia, G. (2003), "Xorshift RNGs", Journal of
/// Statistical Software 8(14), p. 4.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

async fn a_page_of_large_responses_is_shorter(database: &impl Database) {
    let store = database.open().await;
    let n = u64::try_from(MAX_PAGE_BYTES / 5_000).unwrap() + 10;
    for id in 0..n {
        save(&store, new(&uuid(id), 2, State::Partial, Some(9), Some(&"x".repeat(5_000)))).await;
    }
    let query = ResponseQuery {
        scope: Scope::DEFAULT,
        survey: "nps".into(),
        site: None,
        unanswered: true,
        after: None,
        limit: 5_000,
    };
    let first = store.responses(query.clone()).await.unwrap();
    assert!(first.next.is_some() && first.responses.len() < usize::try_from(n).unwrap());
    let last = first.responses.last().unwrap();
    let after = Some((last.dated_ms, last.id.clone()));
    let second = store.responses(ResponseQuery { after, ..query }).await.unwrap();
    assert_eq!(second.next, None);
    assert_eq!(first.responses.len() + second.responses.len(), usize::try_from(n).unwrap());
}

fn any_response(random: &mut Xorshift) -> NewResponse {
    let rating = u8::try_from(random.below(11)).unwrap();
    let (state, rating, text) = match random.below(6) {
        0 => (State::Shown, None, None),
        1 => (State::Dismissed, None, None),
        2 | 3 => (State::Partial, Some(rating), None),
        4 => (State::Complete, Some(rating), None),
        _ => (State::Complete, (rating > 3).then_some(rating), Some("why not")),
    };
    let (id, revision) = (uuid(random.below(40)), u32::try_from(random.below(6) + 1).unwrap());
    let mut new = with(new(&id, revision, state, rating, text), |r| {
        r.locale = ["en", "fa", "zh-Hant"][usize::try_from(random.below(3)).unwrap()].into();
        r.touchpoint = (random.below(2) == 0).then(|| "checkout".into());
        r.site = if id < uuid(20) { "default" } else { "shop" }.into();
        r.test = random.below(8) == 0;
    });
    new.age_ms = u32::try_from(random.below(3_000_000)).unwrap();
    new
}

async fn the_rollup_agrees_with_the_responses_after_any_history(database: &impl Database) {
    for seed in 1..=8 {
        let store = database.open().await;
        let mut random = Xorshift(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut highest: HashMap<String, u32> =
            kept(&store).await.into_iter().map(|r| (r.id, r.revision)).collect();
        for _ in 0..25 {
            // Several in one transaction, some of the same response.
            let batch: Vec<Arrival> = (0..=random.below(12))
                .map(|_| Arrival {
                    declared: Vec::new(),
                    scope: Scope::DEFAULT,
                    response: checked(any_response(&mut random)),
                    received_ms: T0 + i64::try_from(random.below(10_000_000)).unwrap(),
                })
                .collect();
            for arrival in &batch {
                let highest = highest.entry(arrival.response.id().to_owned()).or_default();
                *highest = arrival.response.revision().max(*highest);
            }
            store.save(batch).await.unwrap();
        }
        assert_eq!(store.audit().await.unwrap(), [], "seed {seed}");
        let found: HashMap<String, u32> =
            kept(&store).await.into_iter().map(|r| (r.id, r.revision)).collect();
        assert_eq!(found, highest, "seed {seed}");
        store.close().await;
    }
}

async fn a_recount_mends_the_rollup(database: &impl Database) {
    let store = database.open().await;
    save(&store, rated(ID, 2, 9)).await;
    save(&store, new(&uuid(1), 2, State::Complete, None, Some("no rating"))).await;
    let counts = |difference: &Difference| matches!(difference, Difference::Count { rollup, responses, .. } if rollup != responses);
    for harm in [
        "UPDATE rollup_quarters SET quarters = (SELECT quarters FROM rollup_quarters WHERE segment = 0) WHERE segment = 1",
        "DELETE FROM rollup_quarters WHERE segment = 0",
        "DELETE FROM rollup WHERE segment = 0",
        "UPDATE rollup SET day = day + 1 WHERE segment = 0",
    ] {
        save(&store, with(rated(&uuid(2), 2, 8), |r| r.locale = "en".into())).await;
        database.execute(harm);
        let differences = store.audit().await.unwrap();
        assert!(!differences.is_empty() && differences.iter().all(counts), "{harm}");
        store.recount().await.unwrap();
        assert_eq!(store.audit().await.unwrap(), [], "{harm}");
        assert_eq!(all(&store).await.ratings, [(8, 1), (9, 1)]);
    }
    // One that can't be read is made anew, too.
    database.execute("UPDATE rollup SET totals = x'ff'");
    assert!(!store.audit().await.unwrap().is_empty());
    store.recount().await.unwrap();
    assert_eq!((store.audit().await.unwrap(), all(&store).await.answered), (vec![], 2));
}

// ---- Concurrency ----

async fn concurrent_responses_are_all_kept(database: &impl Database) {
    let store = database.open().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..300 {
        let store = store.clone();
        // Each response is sent twice at the same time.
        tasks.spawn(async move { (n % 150, save(&store, rated(&uuid(n % 150), 2, 9)).await) });
    }
    let outcomes = tasks.join_all().await;
    let count = |outcome| outcomes.iter().filter(|(_, found)| *found == outcome).count();
    assert_eq!((count(Outcome::Stored), count(Outcome::Duplicate)), (150, 150));
    assert_eq!(all(&store).await.ratings, [(9, 150)]);
}

async fn one_unreadable_row_costs_no_other_its_answer(database: &impl Database) {
    let store = database.open().await;
    save(&store, rated(ID, 2, 9)).await;
    database.execute("UPDATE responses SET content = 'garbage'");
    // While nobody can write all calls gather into one batch.
    let held = database.hold();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let id = if n == 20 { ID.into() } else { uuid(n) };
        let arrival = Arrival {
            declared: Vec::new(),
            scope: Scope::DEFAULT,
            response: checked(rated(&id, 3, 8)),
            received_ms: T0,
        };
        let store = store.clone();
        tasks.spawn(async move { (n, store.save(vec![arrival]).await) });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(held);
    for (n, outcome) in tasks.join_all().await {
        if n == 20 {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains(ID), "the operator can find the row: {error}");
        } else {
            assert_eq!(outcome, Ok(vec![Outcome::Stored]), "{n}");
        }
    }
    assert_eq!(all(&store).await.ratings, [(8, 39), (9, 1)]);
}

async fn a_closed_store_keeps_what_it_took_and_takes_no_more(database: &impl Database) {
    let store = database.open().await;
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..50 {
        let store = store.clone();
        let arrival = Arrival {
            declared: Vec::new(),
            scope: Scope::DEFAULT,
            response: checked(rated(&uuid(n), 2, 9)),
            received_ms: T0,
        };
        waiting.spawn(async move { store.save(vec![arrival]).await });
    }
    tokio::task::yield_now().await;
    store.close().await;
    let outcomes = waiting.join_all().await;
    let stored = outcomes.iter().filter(|outcome| **outcome == Ok(vec![Outcome::Stored])).count();
    let refused = outcomes.iter().filter(|outcome| **outcome == Err(StoreError::Closed)).count();
    assert_eq!(stored + refused, 50);
    let arrival = Arrival {
        declared: Vec::new(),
        scope: Scope::DEFAULT,
        response: checked(rated(ID, 2, 9)),
        received_ms: T0,
    };
    assert_eq!(store.save(vec![arrival]).await, Err(StoreError::Closed));
    assert_eq!(kept(&database.open().await).await.len(), stored);
}

// ---- Surveys ----

fn site(name: &str, surveys: &[(&str, u32, &str)]) -> AuthoredSite {
    let surveys: Vec<_> = surveys
        .iter()
        .map(|(id, version, metric)| serde_json::json!({"id": id, "version": version, "metric": metric}))
        .collect();
    serde_json::from_value(serde_json::json!({"site": name, "origins": ["*"], "survey": surveys})).unwrap()
}

/// A site with one survey that asks one question.
fn asking(name: &str, survey: (&str, u32, &str), question: &str) -> AuthoredSite {
    let mut site = site(name, &[survey]);
    let questions = serde_json::json!([{"id": question, "kind": "rating"}]);
    site.surveys[0].questions = serde_json::from_value(questions).unwrap();
    site
}

async fn answer(store: &Store, survey: &str, version: u32, test: bool) {
    let catalog = store.catalog().await.unwrap();
    let shop = catalog.sites.iter().find(|site| site.id == "shop").unwrap();
    let survey = shop.surveys.iter().find(|s| s.survey.id == survey).unwrap().survey.localized("shop", []);
    let response = with(rated(ID, 2 + u32::from(!test), 5), |r| {
        r.answers[0].question.clone_from(&survey.questions[0].id);
        r.survey = survey.id.clone();
        r.survey_version = version;
        r.site = "shop".into();
        r.test = test;
    });
    let response = response.check(&survey).unwrap();
    store
        .save(vec![Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response, received_ms: T0 }])
        .await
        .unwrap();
}

async fn refusals(store: &Store, sites: Vec<AuthoredSite>) -> Vec<Refusal> {
    match store.import(sites).await {
        Err(ImportError::Refused(refusals)) => refusals,
        other => panic!("{other:?}"),
    }
}

async fn an_edited_version_is_taken_until_it_has_answers(database: &impl Database) {
    let store = database.open().await;
    let edited = |quiet: &str| {
        let mut site = site("shop", &[("a", 1, "nps")]);
        site.surveys[0].options.insert("quiet".into(), quiet.into());
        vec![site]
    };
    store.import(edited("90")).await.unwrap();
    answer(&store, "a", 1, true).await;
    store.import(edited("30")).await.unwrap();
    answer(&store, "a", 1, false).await;
    store.import(edited("30")).await.unwrap();
    assert_eq!(
        refusals(&store, edited("90")).await,
        [Refusal::Edited { site: "shop".into(), survey: "a".into(), version: 1 }]
    );
    let mut raised = edited("90");
    raised[0].surveys[0].version = 2;
    store.import(raised).await.unwrap();
}

async fn how_long_responses_are_kept_may_change_under_a_version_that_has_answers(database: &impl Database) {
    let store = database.open().await;
    let kept = |days| {
        let mut site = site("shop", &[("a", 1, "nps")]);
        site.surveys[0].retention_days = days;
        vec![site]
    };
    store.import(kept(None)).await.unwrap();
    answer(&store, "a", 1, false).await;
    for days in [Some(30), Some(90), None] {
        store.import(kept(days)).await.unwrap();
        let known = store.catalog().await.unwrap().sites.remove(0).surveys.remove(0);
        assert_eq!(known.survey.retention_days, days);
    }
}

async fn a_survey_that_left_its_file_stops_running_and_stays_known(database: &impl Database) {
    let store = database.open().await;
    store.import(vec![site("shop", &[("a", 1, "nps"), ("b", 1, "ces")])]).await.unwrap();
    store.import(vec![site("shop", &[("b", 2, "ces")])]).await.unwrap();
    let catalog = store.catalog().await.unwrap();
    let mut found: Vec<_> =
        catalog.sites[0].surveys.iter().map(|s| (s.survey.id.as_str(), s.survey.version, s.rank)).collect();
    found.sort_unstable();
    assert_eq!(found, [("a", 1, None), ("b", 1, None), ("b", 2, Some(0))]);
}

async fn two_sites_may_have_a_survey_of_the_same_id(database: &impl Database) {
    let store = database.open().await;
    let with_quiet = |name: &str, quiet: &str| {
        let mut site = site(name, &[("a", 1, "nps")]);
        site.surveys[0].options.insert("quiet".into(), quiet.into());
        site
    };
    store.import(vec![with_quiet("blog", "30"), site("shop", &[("a", 1, "csat")])]).await.unwrap();
    answer(&store, "a", 1, false).await;
    assert_eq!(all_of(&store, TallyQuery { site: Some("shop".into()), ..of("a", "csat") }).await.answered, 1);
    assert_eq!(all_of(&store, TallyQuery { site: Some("blog".into()), ..of("a", "csat") }).await.shown, 0);

    // What one has, and who has answered it, is none of the other's business.
    store.import(vec![with_quiet("blog", "60"), site("shop", &[("a", 1, "csat")])]).await.unwrap();
    let edited = Refusal::Edited { site: "shop".into(), survey: "a".into(), version: 1 };
    assert_eq!(refusals(&store, vec![site("blog", &[]), with_quiet("shop", "60")]).await, [edited]);
    store.import(vec![site("shop", &[("a", 1, "csat")])]).await.unwrap();
    let catalog = store.catalog().await.unwrap();
    let found = catalog.sites.iter().map(|s| (&*s.id, s.surveys[0].survey.metric, s.surveys[0].rank));
    let expected = ["nps", "csat"].map(|name| preset(name).unwrap().metric());
    assert_eq!(found.collect::<Vec<_>>(), [("blog", expected[0], None), ("shop", expected[1], Some(0))]);
}

async fn a_question_cannot_change_its_metric(database: &impl Database) {
    let store = database.open().await;
    let shop = |version, metric, question| vec![asking("shop", ("a", version, metric), question)];
    store.import(shop(1, "nps", "how")).await.unwrap();
    let other = Refusal::OtherMetric { site: "shop".into(), survey: "a".into(), question: "how".into() };
    assert_eq!(refusals(&store, shop(2, "csat", "how")).await, [other]);
    // Another question may measure anything, and so may this one in the survey of another site or in no other version.
    store.import(shop(2, "csat", "how_well")).await.unwrap();
    store.import(vec![asking("blog", ("a", 2, "csat"), "how")]).await.unwrap();
    store.import(shop(1, "csat", "how")).await.unwrap();
}

async fn an_answer_to_a_version_that_was_edited_meanwhile_is_counted_and_hinders_no_reader(
    database: &impl Database,
) {
    let store = database.open().await;
    store.import(vec![site("shop", &[("a", 1, "nps")])]).await.unwrap();
    let catalog = store.catalog().await.unwrap();
    let asked = catalog.sites[0].surveys[0].survey.localized("shop", []);
    store.import(vec![site("shop", &[("a", 1, "csat")])]).await.unwrap();
    let response = with(rated(ID, 2, 10), |r| (r.survey, r.site) = ("a".into(), "shop".into()));
    let response = response.check(&asked).unwrap();
    store
        .save(vec![Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response, received_ms: T0 }])
        .await
        .unwrap();
    assert_eq!(all_of(&store, of("a", "nps")).await.ratings, [(10, 1)]);
    assert_eq!(all_of(&store, of("a", "csat")).await.shown, 1);
    assert_eq!(store.audit().await.unwrap(), []);
}

async fn an_import_is_refused_for_all_reasons_at_once_and_before_it_is_made(database: &impl Database) {
    let store = database.open().await;
    let shop = |a, b| {
        let mut shop = asking("shop", ("a", 1, a), "how");
        shop.surveys.extend(asking("shop", b, "how").surveys);
        shop
    };
    store.import(vec![shop("nps", ("b", 1, "nps"))]).await.unwrap();
    answer(&store, "a", 1, false).await;
    let sites = vec![site("blog", &[("c", 1, "nps")]), shop("ces", ("b", 2, "ces"))];
    let (site, question) = ("shop".to_owned(), "how".to_owned());
    let all = [
        Refusal::Edited { site: site.clone(), survey: "a".into(), version: 1 },
        Refusal::OtherMetric { site, survey: "b".into(), question },
    ];
    assert_eq!(Store::refusals(database.url(), sites.clone()).await.unwrap(), all);
    assert_eq!(refusals(&store, sites).await, all);
    let known = store.catalog().await.unwrap();
    assert_eq!(known.sites.iter().map(|site| site.id.as_str()).collect::<Vec<_>>(), ["shop"]);
}

async fn an_import_that_changes_nothing_writes_nothing(database: &impl Database) {
    let store = database.open().await;
    let sites = || vec![site("blog", &[]), site("shop", &[("b", 1, "ces"), ("a", 2, "nps")])];
    store.import(vec![site("shop", &[("a", 1, "nps")])]).await.unwrap();
    store.import(sites()).await.unwrap();
    let before = database.commits();
    store.import(sites()).await.unwrap();
    assert_eq!(database.commits(), before);
    // Nor is anyone in its way.
    let held = database.hold();
    store.import(sites()).await.unwrap();
    drop(held);

    let origins = |sites: &mut [AuthoredSite]| sites[0].origins = vec!["https://a.example".into()];
    let order = |sites: &mut [AuthoredSite]| sites[1].surveys.reverse();
    let stop = |sites: &mut [AuthoredSite]| _ = sites[1].surveys.pop();
    let edit = |sites: &mut [AuthoredSite]| {
        sites[1].surveys[0].options.insert("quiet".into(), "0".into());
    };
    let changes: [fn(&mut [AuthoredSite]); 4] = [origins, order, stop, edit];
    for (i, change) in changes.into_iter().enumerate() {
        let mut changed = sites();
        change(&mut changed);
        let before = database.commits();
        store.import(changed.clone()).await.unwrap();
        assert!(database.commits() > before, "change {i}");
        let catalog = store.catalog().await.unwrap();
        for (site, wanted) in catalog.sites.iter().zip(&changed) {
            let running = site.surveys.iter().filter(|survey| survey.rank.is_some());
            let running: Vec<_> = running.map(|survey| survey.survey.clone()).collect();
            assert_eq!((&site.origins, &running), (&wanted.origins, &wanted.surveys), "change {i}");
        }
    }
}

async fn an_import_is_all_or_nothing(database: &impl Database) {
    let store = database.open().await;
    store.import(vec![asking("shop", ("a", 1, "nps"), "how")]).await.unwrap();
    let sites = vec![site("blog", &[("a", 1, "nps")]), asking("shop", ("a", 2, "csat"), "how")];
    store.import(sites).await.unwrap_err();
    let catalog = store.catalog().await.unwrap();
    assert_eq!((catalog.sites.len(), catalog.sites[0].surveys.len()), (1, 1));
}

// ---- Workspaces ----

fn of_workspace(name: &str, workspace: Option<&str>) -> AuthoredSite {
    AuthoredSite { workspace: workspace.map(Into::into), ..site(name, &[("a", 1, "nps")]) }
}

async fn what_one_workspace_keeps_no_other_sees(database: &impl Database) {
    let store = database.open().await;
    store.import(vec![of_workspace("blog", Some("acme")), of_workspace("shop", None)]).await.unwrap();
    let catalog = store.catalog().await.unwrap();
    let acme = catalog.scope("acme").unwrap();
    assert_eq!((catalog.scope(DEFAULT_WORKSPACE), catalog.scope("other")), (Some(Scope::DEFAULT), None));
    assert_eq!(catalog.sites.iter().map(|site| site.scope).collect::<Vec<_>>(), [acme, Scope::DEFAULT]);

    // The same id, to the same preset, with the same place in the order.
    for (scope, site, rating) in [(acme, "blog", 3), (Scope::DEFAULT, "shop", 9)] {
        let response = checked(with(rated(ID, 2, rating), |r| r.site = site.into()));
        let arrival = Arrival { declared: Vec::new(), scope, response, received_ms: T0 };
        assert_eq!(store.save(vec![arrival]).await, Ok(vec![Outcome::Stored]));
    }
    for (scope, site, rating) in [(acme, "blog", 3), (Scope::DEFAULT, "shop", 9)] {
        assert_eq!(all_of(&store, TallyQuery { scope, ..of("nps", "nps") }).await.ratings, [(rating, 1)]);
        let segment = Segment::Each(Dimension::Site);
        let sites = store.tallies(TallyQuery { scope, segment, ..of("nps", "nps") }).await.unwrap().unwrap();
        assert_eq!(sites.into_iter().filter_map(|counts| counts.value).collect::<Vec<_>>(), [site]);
        let query = ResponseQuery {
            scope,
            survey: "nps".into(),
            site: None,
            unanswered: true,
            after: None,
            limit: 9,
        };
        let listed = store.responses(query).await.unwrap().responses;
        assert_eq!(listed, store.feed(FeedQuery { scope, after: 0, limit: 9 }).await.unwrap().responses);
        assert_eq!((listed.len(), &*listed[0].response.site), (1, site));
    }
    assert_eq!(store.span(acme, Some("shop".into()), "nps".into()).await.unwrap(), None);
    assert_eq!(store.audit().await.unwrap(), []);
}

async fn a_site_stays_in_its_workspace(database: &impl Database) {
    let store = database.open().await;
    store.import(vec![of_workspace("shop", None)]).await.unwrap();
    let expected = Refusal::Moved { site: "shop".into(), workspace: DEFAULT_WORKSPACE.into() };
    assert!(expected.to_string().contains("workspace default"), "{expected}");
    assert_eq!(refusals(&store, vec![of_workspace("shop", Some("acme"))]).await, [expected]);
    store.import(vec![of_workspace("shop", Some(DEFAULT_WORKSPACE))]).await.unwrap();
    assert_eq!(store.catalog().await.unwrap().workspaces.len(), 1, "a refused import makes none");
}

async fn the_feed_gives_each_response_in_the_order_of_its_last_change(database: &impl Database) {
    let store = database.open().await;
    let read = async |after| -> Vec<(i64, String)> {
        let query = FeedQuery { scope: Scope::DEFAULT, after, limit: 2 };
        let responses = store.feed(query).await.unwrap().responses;
        responses.into_iter().map(|kept| (kept.seq, kept.id)).collect()
    };
    // Sent a week late, and so dated before all others.
    let mut late = rated(&uuid(3), 1, 9);
    late.age_ms = MAX_AGE_MS;
    for response in [rated(&uuid(1), 1, 9), rated(&uuid(2), 1, 9), late, rated(&uuid(1), 2, 8)] {
        assert_eq!(save(&store, response).await, Outcome::Stored);
    }
    let first = read(0).await;
    let ids = |page: &[(i64, String)]| page.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), [uuid(2), uuid(3)]);
    let second = read(first[1].0).await;
    assert_eq!(ids(&second), [uuid(1)], "as it is after its change");
    let last = second[0].0;
    assert!(read(last).await.is_empty());
    // What was known already takes no new place, here or after a restart.
    assert_eq!(save(&store, rated(&uuid(1), 2, 8)).await, Outcome::Duplicate);
    store.close().await;
    let store = database.open().await;
    assert_eq!(save(&store, rated(&uuid(4), 1, 8)).await, Outcome::Stored);
    let query = FeedQuery { scope: Scope::DEFAULT, after: last, limit: 9 };
    assert_eq!(store.feed(query).await.unwrap().responses.len(), 1);
}

// ---- Erasure ----

fn by(response: NewResponse, respondent: &str) -> NewResponse {
    let id = Some(respondent.to_owned());
    with(response, |r| r.respondent = Some(Respondent { id, ..Respondent::default() }))
}

async fn erase(store: &Store, what: Erasure) -> usize {
    store.erase(Scope::DEFAULT, what, T0 + 1).await.unwrap()
}

async fn what_is_erased_is_gone_from_lists_and_counts_and_does_not_come_back(database: &impl Database) {
    let store = database.open().await;
    save(&store, rated(&uuid(1), 2, 9)).await;
    for n in 2..5 {
        save(&store, by(rated(&uuid(n), 2, 3), "anna")).await;
    }
    save(&store, by(rated(&uuid(5), 2, 7), "ben")).await;
    assert_eq!(erase(&store, Erasure::Response(uuid(1))).await, 1);
    assert_eq!(erase(&store, Erasure::Respondent("anna".into())).await, 3);
    assert_eq!(erase(&store, Erasure::Respondent("anna".into())).await, 0);
    // One that has not come yet.
    assert_eq!(erase(&store, Erasure::Response(uuid(6))).await, 0);
    let check = async |store: &Store| {
        assert_eq!(all(store).await.ratings, [(7, 1)]);
        assert_eq!(kept(store).await.iter().map(|kept| &*kept.id).collect::<Vec<_>>(), [uuid(5)]);
        assert_eq!(store.audit().await, Ok(vec![]));
    };
    check(&store).await;
    for late in [
        rated(&uuid(1), 2, 9),
        rated(&uuid(1), 3, 9),
        by(rated(&uuid(2), 3, 3), "anna"),
        // Under a new id, and what did not come before.
        by(rated(&uuid(9), 1, 3), "anna"),
        rated(&uuid(6), 1, 3),
    ] {
        assert_eq!(save(&store, late).await, Outcome::Erased);
    }
    check(&store).await;
    store.close().await;
    let store = database.open().await;
    assert_eq!(save(&store, rated(&uuid(6), 2, 3)).await, Outcome::Erased);
    check(&store).await;
}

async fn a_respondents_later_answers_are_kept_after_all_earlier_ones_were_erased(database: &impl Database) {
    let store = database.open().await;
    erase(&store, Erasure::Respondent("anna".into())).await;
    let mut waited = by(rated(&uuid(1), 1, 3), "anna");
    waited.age_ms = 60_000;
    assert_eq!(save_at(&store, waited, T0 + 60_001).await, Outcome::Erased, "given before");
    assert_eq!(save_at(&store, by(rated(&uuid(2), 1, 3), "anna"), T0 + 2).await, Outcome::Stored);
    let elsewhere = Arrival {
        declared: Vec::new(),
        scope: Scope::DEFAULT,
        response: checked(by(rated(&uuid(3), 1, 3), "ben")),
        received_ms: T0,
    };
    assert_eq!(store.save(vec![elsewhere]).await, Ok(vec![Outcome::Stored]), "somebody else");
}

async fn what_is_made_anonymous_keeps_rating_and_date_alone(database: &impl Database) {
    let store = database.open().await;
    let personal = |n, received_ms| {
        let response = with(by(new(&uuid(n), 2, State::Complete, Some(9), Some("words")), "anna"), |r| {
            r.page = Some("/page".into());
            r.context.insert("order".into(), "7".into());
        });
        save_at(&store, response, received_ms)
    };
    for n in 0..1_200 {
        personal(n, T0).await;
    }
    personal(5_000, T0 + 10).await;
    let before = all(&store).await;
    let anonymise =
        async |before_ms| store.anonymise(Scope::DEFAULT, "default", "nps", before_ms).await.unwrap();
    assert_eq!(anonymise(T0 + 10).await, 1_200);
    assert_eq!((anonymise(T0 + 10).await, anonymise(T0).await), (0, 0));
    assert_eq!(store.anonymise(Scope::DEFAULT, "nowhere", "nps", i64::MAX).await, Ok(0));
    let listed = list(&store, None, 5_000).await;
    assert_eq!((listed.len(), all(&store).await), (1_201, before.clone()));
    let (left, anonymous): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|(_, kept)| kept.id == uuid(5_000));
    assert_eq!(left[0].1.response.respondent.as_ref().unwrap().id.as_deref(), Some("anna"));
    for (dated_ms, NewResponse { id, response, .. }) in anonymous {
        assert!(dated_ms == T0 && !id.starts_with("0192f5e4"), "{id}");
        assert_eq!((response.answers[0].rating, &response.answers[1].text), (Some(9), &None));
        assert_eq!((response.respondent, response.page, response.context.len()), (None, None, 0));
    }
    assert_eq!(store.audit().await, Ok(vec![]));
    // From a tab that was left open: it would count once more.
    let late = new(&uuid(7), 3, State::Complete, Some(1), Some("late words"));
    assert_eq!(save_at(&store, late, T0 + 9 * 86_400_000).await, Outcome::Erased);
    assert_eq!(all(&store).await, before);
    assert_eq!(anonymise(T0 + 11).await, 1, "what has come since");
}

async fn a_response_goes_when_a_later_revision_says_whose_it_is(database: &impl Database) {
    let store = database.open().await;
    save(&store, rated(&uuid(1), 1, 9)).await;
    save(&store, rated(&uuid(2), 1, 7)).await;
    assert_eq!(erase(&store, Erasure::Respondent("anna".into())).await, 0, "nothing says so yet");
    assert_eq!(save(&store, by(rated(&uuid(1), 2, 9), "anna")).await, Outcome::Erased);
    assert_eq!(all(&store).await.ratings, [(7, 1)]);
    assert_eq!(kept(&store).await.len(), 1);
    assert_eq!(save(&store, rated(&uuid(1), 3, 9)).await, Outcome::Erased, "also if it says so no more");
    assert_eq!(store.audit().await, Ok(vec![]));
}

async fn what_is_somebody_elses_by_now_outlives_the_erasure_of_who_was_named_before(
    database: &impl Database,
) {
    let store = database.open().await;
    let first = by(rated(&uuid(1), 1, 3), "anna");
    save(&store, first.clone()).await;
    save(&store, by(rated(&uuid(1), 2, 9), "ben")).await;
    save(&store, rated(&uuid(2), 1, 7)).await;
    assert_eq!(
        erase(&store, Erasure::Respondent("anna".into())).await,
        0,
        "it belongs to whom its last revision names"
    );
    assert_eq!(save(&store, first).await, Outcome::Superseded { kept: 2 });
    let elsewhere = with(by(new(&uuid(2), 2, State::Partial, None, None), "anna"), |r| {
        r.survey = "csat".into();
        r.answers = vec![Answer { question: "csat".into(), rating: Some(3), ..Answer::default() }];
    });
    assert_eq!(save(&store, elsewhere).await, Outcome::OtherSurvey);
    assert_eq!((all(&store).await.ratings, store.audit().await), (vec![(7, 1), (9, 1)], Ok(vec![])));
    // What never came is not kept, under any revision.
    assert_eq!(save(&store, by(rated(&uuid(3), 1, 3), "anna")).await, Outcome::Erased);
    assert_eq!(save(&store, rated(&uuid(3), 2, 3)).await, Outcome::Erased);
}

async fn counts_that_cannot_be_read_cost_no_answer_and_no_erasure(database: &impl Database) {
    for harm in
        ["rollup SET totals = x'ff'", "rollup SET totals = x''", "rollup_quarters SET quarters = x'ff'"]
    {
        let store = database.open().await;
        let ids: Vec<_> = kept(&store).await.into_iter().map(|kept| kept.id).collect();
        for id in ids {
            erase(&store, Erasure::Response(id)).await;
        }
        let id = |n| uuid(n + 100 * harm.len() as u64);
        save(&store, rated(&id(1), 1, 9)).await;
        save(&store, rated(&id(2), 1, 8)).await;
        store.close().await;
        database.execute(&format!("UPDATE {harm}"));
        let store = database.open().await;
        assert_eq!(save(&store, rated(&id(3), 1, 7)).await, Outcome::Stored, "{harm}");
        assert_eq!(
            (all(&store).await.ratings, store.audit().await),
            (vec![(7, 1), (8, 1), (9, 1)], Ok(vec![])),
            "{harm}"
        );
        store.close().await;
        database.execute(&format!("UPDATE {harm}"));
        let store = database.open().await;
        assert!(store.health(T0).await.is_ok(), "{harm}");
        assert_eq!(erase(&store, Erasure::Response(id(1))).await, 1, "{harm}");
        assert_eq!(
            (all(&store).await.ratings, store.audit().await),
            (vec![(7, 1), (8, 1)], Ok(vec![])),
            "{harm}"
        );
        store.close().await;
    }
}

async fn what_a_list_cannot_show_is_passed_over_and_named_by_the_audit(database: &impl Database) {
    let store = database.open().await;
    for n in 1..7 {
        let response = with(by(rated(&uuid(n), 1, 9), "anna"), |r| {
            r.locale = if n % 2 == 0 { "fa".into() } else { "en".into() }
        });
        save_at(&store, response, T0 + n as i64).await;
    }
    // The frame of the second, fourth and sixth is damaged, then gone; and what the third said.
    for harm in ["UPDATE frames SET content = '{' WHERE frame = 2", "DELETE FROM frames WHERE frame = 2"] {
        database.execute(harm);
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..9 {
            let query = ResponseQuery {
                scope: Scope::DEFAULT,
                survey: "nps".into(),
                site: None,
                unanswered: true,
                after,
                limit: 1,
            };
            let page = store.responses(query).await.unwrap();
            found.extend(page.responses.into_iter().map(|kept| kept.id));
            let Some(place) = page.next else { break };
            after = Some((place.dated_ms, place.id));
        }
        assert_eq!(found, [5, 3, 1].map(uuid), "{harm}");
        assert_eq!(store.audit().await.unwrap().len(), 3, "{harm}");
    }
    database.execute("UPDATE personal SET said = '{' WHERE page IS NULL");
    let differences = store.audit().await.unwrap();
    assert_eq!(differences.len(), 6, "{differences:?}");
    assert_eq!(all(&store).await.ratings, [(9, 6)], "they are counted");
}

async fn a_response_that_is_anonymous_can_be_erased(database: &impl Database) {
    let store = database.open().await;
    save(&store, by(rated(&uuid(1), 1, 9), "anna")).await;
    assert_eq!(store.anonymise(Scope::DEFAULT, "default", "nps", T0 + 1).await, Ok(1));
    let id = kept(&store).await[0].id.clone();
    assert_eq!(erase(&store, Erasure::Response(id)).await, 1);
    assert_eq!((all(&store).await.answered, store.audit().await), (0, Ok(vec![])));
}

async fn a_response_that_cannot_be_read_hinders_no_other_and_can_be_erased(database: &impl Database) {
    let store = database.open().await;
    for n in 1..4 {
        save(&store, rated(&uuid(n), 1, 9)).await;
        save_at(&store, rated(&uuid(10 + n), 1, 8), T0 + 86_400_000).await;
    }
    let damaged = |differences: &[Difference]| {
        differences.iter().filter(|difference| matches!(difference, Difference::Damaged(_))).count()
    };
    for (n, harm) in [(1, "content = '{x'"), (2, "segments = x'ff'"), (3, "state = 300")] {
        database.execute(&format!("UPDATE responses SET {harm} WHERE seq = {}", 2 * n - 1));
        let differences = store.audit().await.unwrap();
        assert!(
            damaged(&differences) == n && differences.len() > n,
            "{harm}: what was counted of it differs"
        );
        assert!(
            differences.iter().any(|difference| difference.to_string().contains(&uuid(n as u64))),
            "{harm}"
        );
        store.recount().await.unwrap();
        let differences = store.audit().await.unwrap();
        assert!(damaged(&differences) == n && differences.len() == n, "{harm}: {differences:?}");
        let listed: Vec<_> = list(&store, None, 9).await.into_iter().map(|(_, kept)| kept.id).collect();
        // A list needs no segments.
        let gone: &[u64] = if n < 3 { &[1] } else { &[1, 3] };
        let readable = [13, 12, 11, 3, 2, 1].into_iter().filter(|id| !gone.contains(id));
        assert_eq!(listed, readable.map(uuid).collect::<Vec<_>>(), "{harm}");
    }
    // As it was counted when it could be read.
    database.execute("UPDATE responses SET content = CAST(x'5bff' AS TEXT), hash = x'00', revision = 1099511627776 WHERE seq = 2");
    for n in [1, 2, 3, 11] {
        assert_eq!(erase(&store, Erasure::Response(uuid(n))).await, 1);
    }
    assert_eq!((all(&store).await.ratings, store.audit().await), (vec![(8, 2)], Ok(vec![])));
    save(&store, rated(&uuid(4), 1, 9)).await;
    assert_eq!((all(&store).await.ratings, store.audit().await), (vec![(8, 2), (9, 1)], Ok(vec![])));
}

async fn the_place_of_what_was_erased_is_given_to_no_other(database: &impl Database) {
    let store = database.open().await;
    for n in 1..4 {
        save(&store, rated(&uuid(n), 1, 9)).await;
    }
    let feed = async |store: &Store, after| {
        store.feed(FeedQuery { scope: Scope::DEFAULT, after, limit: 9 }).await.unwrap().responses
    };
    let last = feed(&store, 0).await[2].seq;
    erase(&store, Erasure::Response(uuid(3))).await;
    store.close().await;
    let store = database.open().await;
    save(&store, rated(&uuid(4), 1, 9)).await;
    let after: Vec<_> = feed(&store, last).await.into_iter().map(|kept| kept.id).collect();
    assert_eq!(after, [uuid(4)], "whoever has read to the last place sees it");
}

async fn what_is_kept_late_is_made_anonymous_all_the_same(database: &impl Database) {
    let store = database.open().await;
    let anonymise = async |store: &Store, before_ms| {
        store.anonymise(Scope::DEFAULT, "default", "nps", before_ms).await.unwrap()
    };
    save_at(&store, by(rated(&uuid(1), 1, 9), "anna"), T0).await;
    // The clock was far ahead then.
    assert_eq!(anonymise(&store, T0 + 60 * 86_400_000).await, 1);
    for (n, days) in [(2, 1), (3, 2), (4, 3)] {
        save_at(&store, by(rated(&uuid(n), 1, 9), "ben"), T0 + days * 86_400_000).await;
    }
    assert_eq!((anonymise(&store, T0).await, anonymise(&store, T0 + 2 * 86_400_000).await), (0, 1));
    store.close().await;
    let store = database.open().await;
    assert_eq!(anonymise(&store, T0 + 3 * 86_400_000).await, 1);
    let named: Vec<_> =
        kept(&store).await.into_iter().filter(|kept| kept.response.respondent.is_some()).collect();
    assert_eq!(named.iter().map(|kept| &*kept.id).collect::<Vec<_>>(), [uuid(4)]);
}

async fn a_clock_that_was_ahead_is_followed_a_day_at_a_time(database: &impl Database) {
    let store = database.open().await;
    let day = 86_400_000;
    assert_eq!(store.believe(T0, false).await, Ok(T0), "the first is all there is");
    // However often one starts.
    for _ in 0..9 {
        assert_eq!(store.believe(T0 + 60 * day, false).await, Ok(T0));
    }
    assert_eq!(store.believe(T0 + 60 * day, true).await, Ok(T0 + day));
    store.close().await;
    let store = database.open().await;
    assert_eq!(store.believe(T0 + 60 * day, false).await, Ok(T0 + day));
    assert_eq!(store.believe(T0 + 60 * day, true).await, Ok(T0 + 2 * day));
    assert_eq!(store.believe(T0 + 3_600_000, true).await, Ok(T0 + 3_600_000), "and back at once");
    // One that was behind for a while takes nothing back.
    assert_eq!(store.believe(T0 - 100 * day, true).await, Ok(T0 - 100 * day));
    assert_eq!(store.believe(T0 + 2 * day, true).await, Ok(T0 + 2 * day));
}

async fn a_clock_that_is_ahead_when_it_is_first_asked_goes_no_further_than_the_last_answer(
    database: &impl Database,
) {
    let store = database.open().await;
    save(&store, rated(&uuid(1), 1, 9)).await;
    let day = 86_400_000;
    assert_eq!(store.believe(T0 + 60 * day, false).await, Ok((T0 / day + 1) * day));
}

async fn counts_are_exact_wherever_periods_begin_and_end(database: &impl Database) {
    let store = database.open().await;
    let mut random = Xorshift(7);
    let start = T0 - T0 % SLOT_MS;
    for n in 0..400 {
        let response = match n % 9 {
            0 => new(&uuid(n), 1, State::Dismissed, None, None),
            1 => with(rated(&uuid(n), 1, 5), |r| r.test = true),
            n => with(rated(&uuid(1_000 + n + random.below(500)), 1, (n + 1) as u8), |r| {
                r.locale = if n % 2 == 0 { "fa".into() } else { "en".into() };
            }),
        };
        save_at(&store, response, start + (random.below(8 * SLOT_MS as u64)) as i64).await;
    }
    let from = (start, start + SLOT_MS * 8);
    change(&store, Edit::Exclude(range(start + SLOT_MS + 5, start + SLOT_MS + 500_000))).await;
    let kept =
        store.feed(FeedQuery { scope: Scope::DEFAULT, after: 0, limit: 1_000 }).await.unwrap().responses;
    for round in 0..60 {
        let mut boundaries: Vec<i64> = (0..2 + random.below(4))
            .map(|_| from.0 + random.below((from.1 - from.0) as u64) as i64)
            .collect();
        if round % 3 == 0 {
            boundaries.push(start + 2 * SLOT_MS);
            boundaries.push(start + 2 * SLOT_MS + 1);
        }
        boundaries.sort_unstable();
        boundaries.dedup();
        for (segment, locale) in
            [(Segment::All, None), (Segment::One(Dimension::Locale, "fa".into()), Some("fa"))]
        {
            let counted = |period: &[i64]| {
                let of_period = |kept: &&StoredResponse| {
                    kept.counted
                        && (period[0]..period[1]).contains(&kept.dated_ms)
                        && locale.is_none_or(|locale| kept.response.locale == locale)
                };
                let found: Vec<_> = kept.iter().filter(of_period).collect();
                let ratings =
                    found.iter().flat_map(|kept| &kept.response.answers).filter_map(|answer| answer.rating);
                let mut ratings = ratings.fold(BTreeMap::new(), |mut sums, point| {
                    *sums.entry(point).or_insert(0_u64) += 1;
                    sums
                });
                (found.len() as u64, std::mem::take(&mut ratings).into_iter().collect::<Vec<_>>())
            };
            let found = tallies(&store, segment, &boundaries).await;
            let found: Vec<_> = found.into_iter().map(|counts| (counts.shown, counts.ratings)).collect();
            assert_eq!(
                found,
                boundaries.windows(2).map(counted).collect::<Vec<_>>(),
                "{boundaries:?} {locale:?}"
            );
        }
    }
}

// ---- Changes by hand ----

fn note() -> Note {
    Note { author: "ines".into(), reason: "a bot".into(), at_ms: T0 }
}

fn range(from_ms: i64, to_ms: i64) -> Range {
    Range { survey: "nps".into(), site: None, from_ms, to_ms }
}

async fn change(store: &Store, edit: Edit) -> usize {
    store.change(Scope::DEFAULT, edit, note()).await.unwrap()
}

async fn a_range_is_taken_out_of_the_counts_with_what_arrives_later_and_put_back(database: &impl Database) {
    let store = database.open().await;
    for n in 0..1_100 {
        save_at(&store, rated(&uuid(n), 1, 3), T0 + 10 + (n % 7) as i64).await;
    }
    save_at(&store, rated(&uuid(2_000), 1, 9), T0 + 9).await;
    save_at(&store, rated(&uuid(2_001), 1, 10), T0 + 20).await;
    assert_eq!(change(&store, Edit::Exclude(range(T0 + 10, T0 + 20))).await, 1_100);
    let check = async |store: &Store, ratings: &[(u8, u64)]| {
        assert_eq!((&*all(store).await.ratings, store.audit().await), (ratings, Ok(vec![])));
    };
    check(&store, &[(9, 1), (10, 1)]).await;
    assert_eq!(store.excluded(Scope::DEFAULT, "nps".into(), None).await, Ok(vec![(T0 + 10, T0 + 20)]));
    let listed = list(&store, None, 5_000).await.len();
    let query = FeedQuery { scope: Scope::DEFAULT, after: 0, limit: 5_000 };
    let out = store.feed(query).await.unwrap().responses.iter().filter(|kept| !kept.counted).count();
    assert_eq!((listed, out), (1_102, 1_100), "they are kept");
    // What arrives later, and a further revision of what is out.
    save_at(&store, rated(&uuid(3_000), 1, 3), T0 + 19).await;
    save_at(&store, rated(&uuid(5), 2, 4), T0 + 90_000).await;
    check(&store, &[(9, 1), (10, 1)]).await;
    store.close().await;
    let store = database.open().await;
    save_at(&store, rated(&uuid(3_001), 1, 3), T0 + 10).await;
    check(&store, &[(9, 1), (10, 1)]).await;
    // Another that overlaps: what is in both stays out as long as one of them is.
    assert_eq!(change(&store, Edit::Exclude(range(T0, T0 + 11))).await, 1);
    assert_eq!(change(&store, Edit::Exclude(range(T0, T0 + 11))).await, 0, "it is out already");
    let in_both = 1 + (0..1_100).filter(|n| n % 7 == 0).count();
    assert_eq!(change(&store, Edit::Include(range(T0 + 10, T0 + 20))).await, 1_102 - in_both);
    check(&store, &[(3, (1_101 - in_both) as u64), (4, 1), (10, 1)]).await;
    assert_eq!(change(&store, Edit::Include(range(T0 + 10, T0 + 20))).await, 0);
    assert_eq!(change(&store, Edit::Include(range(T0, T0 + 11))).await, in_both + 1);
    check(&store, &[(3, 1_101), (4, 1), (9, 1), (10, 1)]).await;
    // A site that has its first answer later.
    let elsewhere = |n: u64| with(rated(&uuid(4_000 + n), 1, 6), |r| r.site = "shop".into());
    change(&store, Edit::Exclude(range(T0, T0 + 11))).await;
    save_at(&store, elsewhere(1), T0 + 5).await;
    save_at(&store, elsewhere(2), T0 + 12).await;
    check(&store, &[(3, 1_101 - in_both as u64), (4, 1), (6, 1), (10, 1)]).await;
    assert_eq!(change(&store, Edit::Include(range(T0, T0 + 11))).await, in_both + 2);
    check(&store, &[(3, 1_101), (4, 1), (6, 2), (9, 1), (10, 1)]).await;
    let changes = store.changes(Scope::DEFAULT, 9).await.unwrap();
    let changes = &changes[3..];
    let said: Vec<_> = changes.iter().map(|change| (change.kind, change.range, change.responses)).collect();
    let (first, second) = (Some((T0 + 10, T0 + 20)), Some((T0, T0 + 11)));
    let in_both = in_both as u64;
    assert_eq!(
        said,
        [
            (EditKind::RangeIncluded, second, in_both + 1),
            (EditKind::RangeIncluded, first, 1_102 - in_both),
            (EditKind::RangeExcluded, second, 1),
            (EditKind::RangeExcluded, first, 1_100),
        ]
    );
    assert!(
        changes.iter().all(|change| change.note == note() && change.survey == "nps" && change.id.is_none())
    );
}

async fn a_range_whose_change_was_ended_half_way_is_finished_later(database: &impl Database) {
    let store = database.open().await;
    for n in 0..900 {
        save_at(&store, rated(&uuid(n), 1, 3), T0).await;
    }
    let begun = store.change(Scope::DEFAULT, Edit::Exclude(range(T0, T0 + 1)), note());
    assert!(tokio::time::timeout(Duration::ZERO, begun).await.is_err(), "nobody waits for it any more");
    store.close().await;
    let store = database.open().await;
    assert!(!all(&store).await.ratings.is_empty());
    assert!(store.settle_changes().await.unwrap() > 0);
    assert_eq!((all(&store).await.ratings, store.audit().await), (vec![], Ok(vec![])));
    assert_eq!(store.settle_changes().await, Ok(0));
}

async fn a_range_meets_the_responses_again_whose_ids_were_made_anew_meanwhile(database: &impl Database) {
    let store = database.open().await;
    for n in 0..1_400 {
        save_at(&store, rated(&uuid(n), 1, 3), T0).await;
    }
    let begun = store.change(Scope::DEFAULT, Edit::Exclude(range(T0, T0 + 1)), note());
    assert!(tokio::time::timeout(Duration::ZERO, begun).await.is_err());
    store.probe().await.unwrap();
    assert!(!all(&store).await.ratings.is_empty());
    // It has come to an id before which others are put now.
    database.execute("UPDATE exclusions SET next_id = x'80'");
    assert_eq!(store.anonymise(Scope::DEFAULT, "default", "nps", T0 + 1).await, Ok(1_400));
    assert!(store.settle_changes().await.unwrap() > 0);
    assert_eq!((all(&store).await.ratings, store.audit().await), (vec![], Ok(vec![])));
}

async fn a_response_is_taken_out_put_back_and_corrected_and_each_change_says_who_and_why(
    database: &impl Database,
) {
    let store = database.open().await;
    let first = by(new(&uuid(1), 2, State::Partial, Some(3), Some("words")), "anna");
    save(&store, first.clone()).await;
    save(&store, rated(&uuid(2), 1, 9)).await;
    let id = uuid(1);
    let check = async |ratings: &[(u8, u64)]| {
        assert_eq!((&*all(&store).await.ratings, store.audit().await), (ratings, Ok(vec![])));
    };
    assert_eq!(change(&store, Edit::ExcludeResponse(id.clone())).await, 1);
    assert_eq!(change(&store, Edit::ExcludeResponse(id.clone())).await, 0);
    check(&[(9, 1)]).await;
    // Correcting what is out does not put it back.
    let seq = async || store.response(Scope::DEFAULT, id.clone()).await.unwrap().unwrap().seq;
    let before = seq().await;
    let other = by(new(&uuid(1), 2, State::Partial, Some(8), Some("other words")), "anna");
    let correct = |seq| Edit::Correct(Box::new(checked(other.clone())), seq);
    assert_eq!(change(&store, correct(before - 1)).await, 0, "it has changed since it was read");
    assert_eq!(change(&store, correct(before)).await, 1);
    assert!(seq().await > before, "whoever reads the feed gets it again");
    check(&[(9, 1)]).await;
    assert_eq!(change(&store, Edit::IncludeResponse(id.clone())).await, 1);
    check(&[(8, 1), (9, 1)]).await;
    let found = store.response(Scope::DEFAULT, id.clone()).await.unwrap().unwrap();
    assert_eq!((found.response, found.counted, found.corrected), (other.response, true, true));
    // What the browser sends, again or more, changes nothing.
    assert_eq!(save(&store, first).await, Outcome::Duplicate);
    assert_eq!(save(&store, rated(&uuid(1), 3, 0)).await, Outcome::Superseded { kept: 2 });
    check(&[(8, 1), (9, 1)]).await;
    let changes = store.changes(Scope::DEFAULT, 9).await.unwrap();
    let said: Vec<_> =
        changes.iter().map(|change| (change.kind, change.id.as_deref(), change.responses)).collect();
    let kinds = [EditKind::ResponseIncluded, EditKind::Corrected, EditKind::ResponseExcluded];
    assert_eq!(said, kinds.map(|kind| (kind, Some(&*id), 1)));
    let contents = [r#"[["nps",3],["why"]]"#, r#"[["nps",8],["why"]]"#].map(str::to_owned);
    assert_eq!(changes[1].contents.clone().map(<[String; 2]>::from), Some(contents), "without words");
    assert_eq!(change(&store, Edit::ExcludeResponse(uuid(9))).await, 0, "there is none");
    // What is erased says no more which it was.
    erase(&store, Erasure::Response(id.clone())).await;
    for change in store.changes(Scope::DEFAULT, 9).await.unwrap() {
        assert_eq!((change.id, change.contents, change.responses), (None, None, 1));
    }
    change(&store, Edit::ExcludeResponse(uuid(2))).await;
    assert_eq!(save(&store, rated(&uuid(2), 3, 7)).await, Outcome::Stored);
    check(&[]).await;
    store.anonymise(Scope::DEFAULT, "default", "nps", T0 + 1).await.unwrap();
    assert_eq!(store.changes(Scope::DEFAULT, 1).await.unwrap()[0].id, None);
    check(&[]).await;
    let query = FeedQuery { scope: Scope::DEFAULT, after: 0, limit: 9 };
    let kept = store.feed(query).await.unwrap().responses;
    assert!(kept.len() == 1 && !kept[0].counted, "it stays out");
}

async fn a_version_whose_answers_are_all_out_is_not_edited(database: &impl Database) {
    let store = database.open().await;
    let asking = |question| vec![asking("shop", ("nps", 1, "nps"), question)];
    store.import(asking("how")).await.unwrap();
    save(&store, with(rated(&uuid(1), 1, 9), |r| r.site = "shop".into())).await;
    assert_eq!(refusals(&store, asking("why")).await.len(), 1);
    assert_eq!(change(&store, Edit::ExcludeResponse(uuid(1))).await, 1);
    assert_eq!(refusals(&store, asking("why")).await.len(), 1, "it may be put back");
}

async fn the_rollup_agrees_after_erasures_and_retention_too(database: &impl Database) {
    for seed in 1..=12 {
        let mut random = Xorshift(seed);
        let store = database.open().await;
        for _ in 0..60 {
            match random.below(9) {
                0 => _ = erase(&store, Erasure::Response(any_response(&mut random).id)).await,
                1 => _ = erase(&store, Erasure::Respondent(format!("r{}", random.below(4)))).await,
                2 => {
                    let before_ms = T0 - random.below(3) as i64 * SLOT_MS;
                    store.anonymise(Scope::DEFAULT, "default", "nps", before_ms).await.unwrap();
                }
                3 => {
                    let id = any_response(&mut random).id;
                    let from_ms = T0 + random.below(5) as i64 * SLOT_MS;
                    let range = range(from_ms, from_ms + (1 + random.below(2)) as i64 * SLOT_MS);
                    let edit = match random.below(5) {
                        0 => Edit::Exclude(range),
                        1 => Edit::Include(range),
                        2 => Edit::ExcludeResponse(id),
                        3 => Edit::IncludeResponse(id),
                        _ => {
                            let Some(kept) = store.response(Scope::DEFAULT, id.clone()).await.unwrap() else {
                                continue;
                            };
                            let has_answers = matches!(kept.response.state, State::Partial | State::Complete);
                            if kept.response.survey != "nps" || !has_answers {
                                continue;
                            }
                            let rating = random.below(11) as u8;
                            let other =
                                with(rated(&id, kept.revision, rating), |r| r.state = kept.response.state);
                            Edit::Correct(Box::new(checked(other)), kept.seq)
                        }
                    };
                    change(&store, edit).await;
                }
                _ => {
                    let mut response = any_response(&mut random);
                    if random.below(2) > 0 {
                        response = by(response, &format!("r{}", random.below(4)));
                    }
                    let declared = (random.below(2) > 0)
                        .then(|| ("attr:plan".to_owned(), format!("p{}", random.below(3))));
                    let arrival = Arrival {
                        declared: declared.into_iter().collect(),
                        scope: Scope::DEFAULT,
                        response: checked(response),
                        received_ms: T0 + random.below(5) as i64 * SLOT_MS,
                    };
                    store.save(vec![arrival]).await.unwrap();
                }
            }
        }
        assert_eq!(store.audit().await, Ok(vec![]), "seed {seed}");
        let found = [(
            all(&store).await,
            tallies(&store, Segment::Each(Dimension::Declared("plan".into())), &[0, T0 * 2]).await,
        )];
        store.recount().await.unwrap();
        assert_eq!(
            found,
            [(
                all(&store).await,
                tallies(&store, Segment::Each(Dimension::Declared("plan".into())), &[0, T0 * 2]).await
            )]
        );
        store.close().await;
    }
}
