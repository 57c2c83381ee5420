//! Surveys and answers as they are on the wire: the golden files in `tests/wire`, and any survey that there may be.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may fail loudly; clippy.toml lets test functions, but not their helpers"
)]

use candor_scoring::{Band, Direction, Measure, Metric, Scale};
use candor_survey::{
    Ability, Answer, BandTexts, Choice, Ending, Kind, Link, Look, NewResponse, Presentation, Question,
    Respondent, Response, Rule, Site, State, Survey, Test, wire,
};
use proptest::{collection::vec, option, prelude::*};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf};

fn golden(name: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/wire").join(name)).unwrap()
}

fn golden_json(name: &str) -> Value {
    serde_json::from_str(&golden(name)).unwrap()
}

/// Read and written again, a golden file says the same.
#[track_caller]
fn survives<T: DeserializeOwned + Serialize>(name: &str) {
    let read: T = serde_json::from_str(&golden(name)).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), golden_json(name), "{name}");
}

#[test]
fn golden_files_are_written_as_they_are_read() {
    for name in ["survey.json", "survey-several.json"] {
        survives::<Survey>(name);
        survives::<wire::Survey>(name);
    }
    for name in ["complete.json", "partial.json", "shown.json", "several.json"] {
        survives::<NewResponse>(name);
    }
    survives::<NewResponse>("dismissed.json");
    survives::<Site>("site.json");
}

#[test]
fn a_survey_says_what_it_takes_to_draw_it() {
    let needs = |name: &str| serde_json::from_str::<Survey>(&golden(name)).unwrap().needs();
    assert_eq!(needs("survey.json"), []);
    assert_eq!(needs("survey-several.json"), Ability::ALL);
    let of = |questions: &str| {
        let survey = format!(r#"{{"id": "s", "version": 1, "metric": "csat", "questions": [{questions}]}}"#);
        serde_json::from_str::<Survey>(&survey).unwrap().needs()
    };
    let rating = r#"{"id": "a", "kind": "rating"}"#;
    let text = r#"{"id": "b", "kind": "text"}"#;
    let choice = r#"{"id": "c", "kind": "choice"}"#;
    let stars = r#"{"id": "d", "kind": "rating", "look": "stars"}"#;
    assert_eq!(of(stars), [Ability::More]);
    assert_eq!(of(r#"{"id": "d", "kind": "rating", "labels": ["", "", "", "", ""]}"#), [Ability::More]);
    assert_eq!(of(text), [Ability::Pages, Ability::More]);
    for more in [r#""required": true"#, r#""kind": "message""#, r#""kind": "text", "max_chars": 9"#] {
        let second = format!(r#"{rating}, {{"id": "e", {more}}}"#)
            .replace(r#"{"id": "e", "required""#, r#"{"id": "e", "kind": "rating", "required""#);
        assert!(of(&second).contains(&Ability::More), "{more}");
    }
    assert_eq!(of(&format!("{rating}, {text}")), []);
    assert_eq!(of(&format!("{rating}, {text}, {text}")), [Ability::Pages]);
    assert_eq!(of(&format!("{rating}, {rating}")), [Ability::Pages]);
    assert_eq!(of(choice), [Ability::Choice, Ability::Pages]);
    assert_eq!(of(&rating.replace('}', r#", "scale": "1-3"}"#)), [Ability::Scale]);
    // On its own scale, too, other points are favourable than those by which an earlier widget words what follows.
    assert_eq!(of(&rating.replace('}', r#", "favourable_points": 1}"#)), [Ability::Scale]);
    let when = r#", "when": {"all": [{"question": "a", "answered": true}]}}"#;
    assert_eq!(of(&format!("{rating}, {}", text.replace('}', when))), [Ability::Rules]);
    assert_eq!(Ability::list("scale,unheard-of,choice, rules"), [Ability::Scale, Ability::Choice]);
    assert_eq!(Ability::list(""), []);
}

/// The names of all fields of an object on the wire.
fn fields(value: impl Serialize) -> BTreeSet<String> {
    serde_json::to_value(value).unwrap().as_object().unwrap().keys().cloned().collect()
}

/// The names of the fields that occur in any of these.
fn occurring<'a>(objects: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    objects.into_iter().flat_map(|object| object.as_object().unwrap().keys().cloned()).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

// Every field is named here, so that a new one does not compile until it is, and then has to be in the golden file.

#[test]
fn every_field_of_a_definition_occurs_in_the_golden_file() {
    let some = || Some("x".to_owned());
    let condition = wire::Condition {
        question: some(),
        band: some(),
        points: vec![1],
        chosen: some(),
        answered: Some(true),
        attribute: some(),
        is: some(),
    };
    let when = wire::When { all: vec![condition.clone()], any: vec![condition.clone()] };
    let by_band = BandTexts { unfavourable: some(), neutral: some(), favourable: some() };
    let question = wire::Question {
        id: "x".into(),
        kind: wire::KindName::Rating,
        metric: Some(Metric::Nps),
        scale: some(),
        favourable_points: Some(2),
        text: some(),
        low: some(),
        high: some(),
        look: Look::Stars,
        labels: vec!["x".into()],
        max_chars: Some(1),
        href: some(),
        label: some(),
        required: true,
        by_band: Some(by_band.clone()),
        options: vec![Choice { id: "x".into(), text: "x".into() }],
        many: true,
        other: true,
        shuffle: true,
        when: Some(when.clone()),
    };
    let survey = wire::Survey {
        id: "x".into(),
        version: 1,
        site: some(),
        locale: some(),
        metric: Some(Metric::Nps),
        questions: vec![question.clone()],
        ending: Some(wire::Ending { text: some(), by_band: Some(by_band.clone()) }),
    };
    let found = golden_json("survey-several.json");
    assert_eq!(occurring([&found]), fields(survey));
    let questions = || list(&found["questions"]);
    assert_eq!(occurring(questions()), fields(question));
    let rules = || questions().filter_map(|question| question.get("when"));
    assert_eq!(occurring(rules()), fields(when));
    let conditions =
        rules().flat_map(|when| ["all", "any"].map(|key| when.get(key))).flatten().flat_map(list);
    assert_eq!(occurring(conditions), fields(condition));
    assert_eq!(occurring(questions().filter_map(|question| question.get("by_band"))), fields(by_band));
}

#[test]
fn every_field_of_a_response_occurs_in_the_golden_file() {
    let some = || Some("x".to_owned());
    let entries = || [("x".to_owned(), "x".to_owned())].into();
    let answer = Answer {
        question: "x".into(),
        scale: some(),
        rating: Some(1),
        choices: vec!["x".into()],
        other: some(),
        text: some(),
    };
    let presentation = Presentation {
        display: "x".into(),
        scale: "x".into(),
        direction: "x".into(),
        order: [("x".to_owned(), Vec::new())].into(),
    };
    let respondent = Respondent { id: some(), signed: true, attributes: entries(), token: some() };
    let response = Response {
        state: State::Complete,
        site: "x".into(),
        survey: "x".into(),
        survey_version: 1,
        locale: "x".into(),
        touchpoint: some(),
        answers: vec![answer.clone()],
        presentation: presentation.clone(),
        page: some(),
        respondent: Some(respondent),
        context: entries(),
        test: true,
    };
    let new = NewResponse { v: 1, id: "x".into(), revision: 1, response, age_ms: 1 };
    let found = golden_json("several.json");
    assert_eq!(occurring([&found]), fields(&new));
    let sent = serde_json::to_value(&new).unwrap();
    assert_eq!(occurring(list(&found["answers"])), fields(answer));
    assert_eq!(occurring([&found["presentation"]]), fields(presentation));
    // Whether it was signed is never on the wire.
    assert_eq!(occurring([&found["respondent"]]), fields(&sent["respondent"]));
    let survey: Survey = serde_json::from_str(&golden("survey-several.json")).unwrap();
    let mut new: NewResponse = serde_json::from_str(&golden("several.json")).unwrap();
    let checked = new.clone().check(&survey).unwrap();
    new.response.respondent.as_mut().unwrap().token = None;
    assert_eq!(checked.response(), &new.response, "it answers that definition");
}

#[test]
fn what_makes_no_survey_is_not_read() {
    let of = |questions: &str| {
        let survey = format!(r#"{{"id": "s", "version": 1, "questions": [{questions}]}}"#);
        serde_json::from_str::<Survey>(&survey)
            .map(|survey| survey.questions.len())
            .map_err(|e| e.to_string())
    };
    let nps = r#"{"id": "q", "kind": "rating", "metric": "nps""#;
    assert_eq!(of(&format!("{nps}}}")), Ok(1));
    for (questions, expected) in [
        ("", "questions: expected at least one"),
        (&format!(r#"{nps}, "look": "stars"}}"#), "scale: expected one for the metric, look and labels"),
        (&format!(r#"{nps}, "look": "dots"}}"#), "unknown variant `dots`"),
        (&format!(r#"{nps}, "labels": ["a"]}}"#), "scale: expected one for the metric, look and labels"),
        (r#"{"id": "q", "kind": "rating"}"#, "metric: expected nps, csat or ces"),
        (&format!(r#"{nps}, "scale": "1-11"}}"#), "scale: expected one such as 1-7"),
        (&format!(r#"{nps}, "scale": "1-5"}}"#), "scale: expected one for the metric, look and labels"),
        (&format!(r#"{nps}, "when": {{}}}}"#), "when: expected conditions in all or in any"),
        (
            &format!(r#"{nps}, "when": {{"all": [{{"question": "a", "band": "good"}}]}}}}"#),
            "when: expected question with band, points, chosen or answered, or attribute with is",
        ),
        (&format!(r#"{nps}, "when": {{"none": []}}}}"#), "unknown field `none`"),
    ] {
        let error = of(questions).unwrap_err();
        assert!(error.contains(expected), "{expected} is not in: {error}");
    }
}

// ---- Any survey ----

fn text() -> impl Strategy<Value = String> {
    // What JSON escapes, and what is not ASCII.
    "[a-z\"\\\\\n\u{1}é快🙂{}]{1,12}"
}

fn measure() -> impl Strategy<Value = Measure> {
    let metric = prop::sample::select(Metric::ALL.to_vec());
    (metric, 0_u8..2, 1_u8..=10, any::<bool>(), option::of(1_u8..=5)).prop_filter_map(
        "the metric is not asked so",
        |(metric, min, max, is_low_good, points)| {
            let direction = if is_low_good { Direction::LowerIsBetter } else { Direction::HigherIsBetter };
            Measure::new(metric, Scale::new(min, max, direction).ok()?, points).ok()
        },
    )
}

fn measures() -> impl Strategy<Value = Measure> {
    prop_oneof![measure(), prop::sample::select(Metric::ALL.map(Measure::own).to_vec())]
}

fn kind() -> impl Strategy<Value = Kind> {
    let texts = || option::of(text());
    let by_band = (texts(), texts(), texts()).prop_map(|(unfavourable, neutral, favourable)| BandTexts {
        unfavourable,
        neutral,
        favourable,
    });
    let limit = option::of(1_u16..=5_000);
    let link =
        option::of((text(), text()).prop_map(|(path, label)| Link { href: format!("/{path}"), label }));
    prop_oneof![
        answerable(),
        (by_band, limit).prop_map(|(by_band, max_chars)| Kind::Text { by_band, max_chars }),
        link.prop_map(|link| Kind::Message { link }),
    ]
}

fn answerable() -> impl Strategy<Value = Kind> {
    let rating = (measures(), option::of(text()), option::of(text()), any::<bool>(), 0..4_usize).prop_map(
        |(measure, low, high, is_labelled, look)| {
            let points = if is_labelled { measure.scale().len() } else { 0 };
            let labels = (0..points).map(|point| format!("p{point}")).collect();
            let look = Look::ALL[look];
            let look = if look.suits(measure.scale()) { look } else { Look::Numbers };
            Kind::Rating { measure, look, low, high, labels }
        },
    );
    let options = vec(text(), 2..=20).prop_map(|texts| {
        let choice = |(i, text)| Choice { id: format!("o{i}"), text };
        texts.into_iter().enumerate().map(choice).collect()
    });
    let choice = (options, any::<bool>(), any::<bool>(), any::<bool>())
        .prop_map(|(options, many, other, shuffle)| Kind::Choice { options, many, other, shuffle });
    prop_oneof![rating, choice]
}

fn test() -> impl Strategy<Value = Test> {
    let id = || (0..12).prop_map(|i| format!("q{i}"));
    prop_oneof![
        (id(), prop::sample::select(Band::ALL.to_vec())).prop_map(|(id, band)| Test::Band(id, band)),
        (id(), vec(0_u8..=10, 1..4)).prop_map(|(id, points)| Test::Points(id, points)),
        (id(), text()).prop_map(|(id, option)| Test::Chosen(id, option)),
        (id(), any::<bool>()).prop_map(|(id, answered)| Test::Answered(id, answered)),
        (text(), text()).prop_map(|(key, value)| Test::Attribute(key, value)),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![vec(test(), 1..4).prop_map(Rule::All), vec(test(), 1..4).prop_map(Rule::Any)]
}

fn survey() -> impl Strategy<Value = Survey> {
    let question = |kind| (option::of(text()), option::of(rule()), any::<bool>(), kind);
    let questions = vec(question(kind().boxed()), 1..13).prop_map(|questions| {
        let question =
            |(i, (text, when, required, kind))| Question { id: format!("q{i}"), text, when, required, kind };
        questions.into_iter().enumerate().map(question).collect()
    });
    let ending = (option::of(text()), option::of(text())).prop_map(|(text, favourable)| Ending {
        text,
        by_band: BandTexts { favourable, ..BandTexts::default() },
    });
    (text(), 1_u32.., option::of(text()), option::of(text()), questions, ending).prop_map(
        |(id, version, site, locale, questions, ending)| Survey {
            id,
            version,
            site,
            locale,
            questions,
            ending,
        },
    )
}

/// What a kind takes to be drawn. A new one does not compile until it is named here: name it in the strategies above as well.
fn ability(kind: &Kind) -> Option<Ability> {
    match kind {
        Kind::Rating { look: Look::Numbers, labels, .. } if labels.is_empty() => None,
        Kind::Rating { .. } | Kind::Message { .. } | Kind::Text { max_chars: Some(_), .. } => {
            Some(Ability::More)
        }
        Kind::Text { .. } => None,
        Kind::Choice { .. } => Some(Ability::Choice),
    }
}

#[test]
fn all_abilities_are_all() {
    let next = |ability: &Ability| match ability {
        Ability::Choice => Some(Ability::Pages),
        Ability::Pages => Some(Ability::Rules),
        Ability::Rules => Some(Ability::Scale),
        Ability::Scale => Some(Ability::More),
        Ability::More => None,
    };
    assert_eq!(std::iter::successors(Some(Ability::Choice), next).collect::<Vec<_>>(), Ability::ALL);
}

proptest! {
    #[test]
    fn any_survey_survives_the_wire(survey in survey()) {
        let needs = survey.needs();
        for question in &survey.questions {
            prop_assert!(ability(&question.kind).is_none_or(|ability| needs.contains(&ability)));
        }
        let flat = wire::Survey::from(survey.clone());
        let read = Survey::try_from(flat.clone());
        prop_assert_eq!(read.as_ref(), Ok(&survey));
        for question in &flat.questions {
            let name = serde_json::to_value(question.kind).unwrap();
            prop_assert_eq!(wire::KindName::parse(name.as_str().unwrap()), Some(question.kind));
        }
        let json = serde_json::to_string(&survey).unwrap();
        prop_assert_eq!(serde_json::from_str::<Survey>(&json).unwrap(), survey);
        prop_assert_eq!(serde_json::from_str::<wire::Survey>(&json).unwrap(), flat);
    }

    #[test]
    fn any_scale_has_a_name_of_its_own(measure in measure()) {
        let scale = measure.scale();
        prop_assert_eq!(wire::parse_scale(&wire::scale_name(scale)), Some(scale));
    }
}
