//! How a response is kept: what is counted, what many have in common, and what says whose it is, each by itself.

use crate::StoreError;
use candor_survey::{Answer, OTHER, Presentation, Respondent, Response, State};
use serde::{Deserialize, Serialize};
use siphasher::{
    sip::SipHasher24,
    sip128::{self, Hasher128},
};
use std::{borrow::Cow, collections::BTreeMap, hash::Hasher as _};

/// What is counted of a response: its answers without words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) answers: Vec<(String, Given)>,
    /// The questions that one who reached the end left unanswered.
    pub(crate) skipped: Vec<String>,
    /// In which order options stood, by question.
    order: BTreeMap<String, Vec<String>>,
}

/// What was given as an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// A point, and its scale unless it is the metric's own.
    Point(u8, Option<String>),
    /// The ids of options; [`OTHER`] for words of one's own.
    Chosen(Vec<String>),
    Text,
}

/// [`Content`] as JSON: `[["nps",9],["why"],{"skipped":["how"]}]`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Part<'a> {
    Point(Cow<'a, str>, u8),
    Scaled(Cow<'a, str>, u8, Cow<'a, str>),
    Chosen(Cow<'a, str>, Cow<'a, [String]>),
    Text((Cow<'a, str>,)),
    Rest {
        #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
        skipped: Cow<'a, [String]>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        order: Cow<'a, BTreeMap<String, Vec<String>>>,
    },
}

impl<'a> Part<'a> {
    fn of(question: &'a str, given: &'a Given) -> Self {
        let question = Cow::Borrowed(question);
        match given {
            Given::Point(point, None) => Self::Point(question, *point),
            Given::Point(point, Some(scale)) => Self::Scaled(question, *point, Cow::Borrowed(scale)),
            Given::Chosen(options) => Self::Chosen(question, Cow::Borrowed(options)),
            Given::Text => Self::Text((question,)),
        }
    }
}

impl Content {
    fn of(response: &Response, skipped: &[String]) -> Self {
        let given = |answer: &Answer| match (answer.rating, &answer.other) {
            (Some(point), _) => Given::Point(point, answer.scale.clone()),
            (None, None) if answer.choices.is_empty() => Given::Text,
            (None, other) => {
                // A response of an earlier build may name an option of this id as well; it is counted once.
                let options = answer.choices.iter().filter(|id| other.is_none() || *id != OTHER).cloned();
                Given::Chosen(options.chain(other.as_ref().map(|_| OTHER.to_owned())).collect())
            }
        };
        Self {
            answers: response.answers.iter().map(|answer| (answer.question.clone(), given(answer))).collect(),
            skipped: skipped.to_vec(),
            order: response.presentation.order.clone(),
        }
    }

    pub(crate) fn to_json(&self) -> Result<String, StoreError> {
        let mut parts: Vec<_> =
            self.answers.iter().map(|(question, given)| Part::of(question, given)).collect();
        if !self.skipped.is_empty() || !self.order.is_empty() {
            let (skipped, order) = (Cow::Borrowed(&*self.skipped), Cow::Borrowed(&self.order));
            parts.push(Part::Rest { skipped, order });
        }
        Ok(serde_json::to_string(&parts)?)
    }

    pub(crate) fn from_json(json: &str) -> Result<Self, StoreError> {
        let mut content = Self::default();
        for part in serde_json::from_str::<Vec<Part<'_>>>(json)? {
            let (question, given) = match part {
                Part::Point(question, point) => (question, Given::Point(point, None)),
                Part::Scaled(question, point, scale) => {
                    (question, Given::Point(point, Some(scale.into_owned())))
                }
                Part::Chosen(question, options) => (question, Given::Chosen(options.into_owned())),
                Part::Text((question,)) => (question, Given::Text),
                Part::Rest { skipped, order } => {
                    (content.skipped, content.order) = (skipped.into_owned(), order.into_owned());
                    continue;
                }
            };
            content.answers.push((question.into_owned(), given));
        }
        Ok(content)
    }
}

/// How and where it was asked: what many responses have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frame {
    locale: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    touchpoint: Option<String>,
    display: String,
    scale: String,
    direction: String,
}

impl Frame {
    fn of(response: &Response) -> Self {
        let Presentation { display, scale, direction, order: _ } = &response.presentation;
        Self {
            locale: response.locale.clone(),
            touchpoint: response.touchpoint.clone(),
            display: display.clone(),
            scale: scale.clone(),
            direction: direction.clone(),
        }
    }
}

/// Who answered, from where, in which words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Personal {
    pub(crate) respondent: Option<String>,
    pub(crate) page: Option<String>,
    pub(crate) said: Said,
}

/// What has no column of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// Texts, and answers of one's own to choices, by question.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    words: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    context: BTreeMap<String, String>,
}

impl Personal {
    fn of(response: &Response) -> Option<Self> {
        let words = response.answers.iter().filter_map(|answer| {
            let words = answer.other.as_ref().or(answer.text.as_ref())?;
            Some((answer.question.clone(), words.clone()))
        });
        let respondent = response.respondent.as_ref();
        let personal = Self {
            respondent: respondent.and_then(|respondent| respondent.id.clone()),
            page: response.page.clone(),
            said: Said {
                words: words.collect(),
                attributes: respondent.map(|respondent| respondent.attributes.clone()).unwrap_or_default(),
                context: response.context.clone(),
            },
        };
        (personal != Self::default()).then_some(personal)
    }
}

/// The parts of a response as they are written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) content: String,
    pub(crate) frame: String,
    pub(crate) personal: Option<WrittenPersonal>,
}

/// [`Personal`] as it is written.
#[derive(Clone, Debug)]
pub(crate) struct WrittenPersonal {
    pub(crate) respondent: Option<String>,
    pub(crate) page: Option<String>,
    pub(crate) said: String,
}

/// A response taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) content: Content,
    pub(crate) frame: Frame,
    pub(crate) personal: Option<Personal>,
}

impl Parts {
    pub(crate) fn of(response: &Response, skipped: &[String]) -> Self {
        Self {
            content: Content::of(response, skipped),
            frame: Frame::of(response),
            personal: Personal::of(response),
        }
    }

    /// The parts as they are written, and what of them is counted.
    pub(crate) fn write(self) -> Result<(Content, Written), StoreError> {
        let Self { content, frame, personal } = self;
        let personal = personal.map(|Personal { respondent, page, said }| {
            Ok::<_, StoreError>(WrittenPersonal { respondent, page, said: serde_json::to_string(&said)? })
        });
        let written = Written {
            content: content.to_json()?,
            frame: serde_json::to_string(&frame)?,
            personal: personal.transpose()?,
        };
        Ok((content, written))
    }

    /// The response again, as far as its parts are still there.
    pub(crate) fn response(self, of: Of) -> Response {
        let Self { content, frame, personal } = self;
        let Of { site, survey, survey_version, state, test, signed } = of;
        let Frame { locale, touchpoint, display, scale, direction } = frame;
        let Personal { respondent, page, said: Said { mut words, attributes, context } } =
            personal.unwrap_or_default();
        let answer = |(question, given): (String, Given)| {
            let mut words = words.remove(&question);
            let mut answer = Answer { question, ..Answer::default() };
            match given {
                Given::Point(point, scale) => (answer.rating, answer.scale) = (Some(point), scale),
                Given::Chosen(options) => {
                    answer.choices = options;
                    answer.other = words.take();
                    if answer.other.is_some() {
                        answer.choices.retain(|id| id != OTHER);
                    }
                }
                Given::Text => answer.text = words,
            }
            answer
        };
        let answers = content.answers.into_iter().map(answer).collect();
        let respondent = (respondent.is_some() || !attributes.is_empty()).then_some(Respondent {
            id: respondent,
            signed,
            attributes,
            token: None,
        });
        let presentation = Presentation { display, scale, direction, order: content.order };
        Response {
            state,
            site,
            survey,
            survey_version,
            locale,
            touchpoint,
            answers,
            presentation,
            page,
            respondent,
            context,
            test,
        }
    }
}

/// What a response is to, and how far it came.
#[derive(Debug)]
pub(crate) struct Of {
    pub(crate) site: String,
    pub(crate) survey: String,
    pub(crate) survey_version: u32,
    pub(crate) state: State,
    pub(crate) test: bool,
    /// Whether the site has signed who answered.
    pub(crate) signed: bool,
}

/// Hashes what must not be guessed from its hash.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    short: SipHasher24,
    long: sip128::SipHasher24,
}

/// Tells two contents of one revision apart, also after one's words are gone.
pub(crate) type Hash = [u8; 8];

/// Stands for what was erased.
pub(crate) type Tombstone = [u8; 16];

impl Hasher {
    pub(crate) fn new(key: [u8; 16]) -> Self {
        Self { short: SipHasher24::new_with_key(&key), long: sip128::SipHasher24::new_with_key(&key) }
    }

    /// Of what was answered, and not of who did: who that was may be judged otherwise when a response comes again, by a token that
    /// has expired meanwhile or because the respondent asked for privacy.
    pub(crate) fn content(&self, state: State, version: u32, is_test: bool, written: &Written) -> Hash {
        let Written { content, frame, personal } = written;
        let (page, said) = personal.as_ref().map_or(("", ""), |personal| {
            (personal.page.as_deref().unwrap_or_default(), personal.said.trim_matches(['{', '}']))
        });
        let mut hasher = self.short;
        hasher.write_u8(state_number(state));
        hasher.write_u32(version.to_be());
        hasher.write_u8(u8::from(is_test));
        for text in [content, frame, page, said] {
            // Else the end of one could be the beginning of the next.
            hasher.write_u64((text.len() as u64).to_be());
            hasher.write(text.as_bytes());
        }
        hasher.finish().to_be_bytes()
    }

    pub(crate) fn tombstone(&self, kind: u8, of: &[u8]) -> Tombstone {
        let mut hasher = self.long;
        hasher.write_u8(kind);
        hasher.write(of);
        hasher.finish128().as_bytes()
    }
}

/// The number of a state in the database.
pub(crate) const fn state_number(state: State) -> u8 {
    match state {
        State::Shown => 0,
        State::Dismissed => 1,
        State::Partial => 2,
        State::Complete => 3,
    }
}

pub(crate) fn state_of(number: u8) -> Result<State, StoreError> {
    let all = [State::Shown, State::Dismissed, State::Partial, State::Complete];
    all.into_iter().find(|state| state_number(*state) == number).ok_or_else(|| damaged("a state"))
}

/// A row is not what was written there.
pub(crate) fn damaged(what: &str) -> StoreError {
    StoreError::Database(format!("a row is not what was written there: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn response(changed: &Value) -> Response {
        let mut response = json!({
            "state": "complete", "site": "shop", "survey": "s", "survey_version": 3, "locale": "fa", "answers": [],
            "presentation": {"display": "popover", "scale": "numbers", "direction": "rtl"},
        });
        for (key, value) in changed.as_object().unwrap() {
            response[key] = value.clone();
        }
        serde_json::from_value(response).unwrap()
    }

    fn again(parts: Parts, response: &Response) -> Response {
        let (site, survey, survey_version) =
            (response.site.clone(), response.survey.clone(), response.survey_version);
        let signed = response.respondent.as_ref().is_some_and(|respondent| respondent.signed);
        parts.response(Of {
            site,
            survey,
            survey_version,
            state: response.state,
            test: response.test,
            signed,
        })
    }

    #[test]
    fn a_response_is_the_same_after_it_was_taken_apart() {
        for changed in [
            json!({}),
            json!({"test": true, "touchpoint": "cart", "page": "/cart", "context": {"order": "1"}}),
            json!({"respondent": {"id": "42"}}),
            json!({"respondent": {"id": "42", "signed": true}}),
            json!({"respondent": {"attributes": {"plan": "pro"}}}),
            json!({"answers": [{"question": "nps", "rating": 0}, {"question": "why", "text": "\u{1}\"é"}]}),
            json!({"answers": [{"question": "ces", "rating": 7, "scale": "1-7"}, {"question": "x"}]}),
            json!({"answers": [{"question": "a", "choices": ["b", "c"]}, {"question": "d", "other": "words"}]}),
            json!({"answers": [{"question": "a", "choices": ["b"], "other": "words"}],
                "presentation": {"display": "inline", "scale": "numbers", "direction": "ltr", "order": {"a": ["c", "b"]}}}),
        ] {
            let response = response(&changed);
            let skipped = vec!["how".to_owned()];
            let parts = Parts::of(&response, &skipped);
            let json = parts.content.to_json().unwrap();
            assert_eq!(Content::from_json(&json).unwrap(), parts.content, "{json}");
            assert_eq!(parts.content.skipped, skipped);
            assert_eq!(again(parts, &response), response, "{changed}");
        }
    }

    #[test]
    fn what_says_whose_it_is_is_in_one_part_alone() {
        let secret = "canary";
        let response = response(&json!({
            "page": secret, "context": {secret: secret}, "respondent": {"id": secret, "attributes": {secret: secret}},
            "answers": [{"question": "why", "text": secret}, {"question": "a", "choices": ["b"], "other": secret}],
        }));
        let mut parts = Parts::of(&response, &[]);
        parts.personal = None;
        let frame = serde_json::to_string(&parts.frame).unwrap();
        assert!(!format!("{} {frame}", parts.content.to_json().unwrap()).contains(secret));
        let rest = again(parts, &response);
        assert!(!serde_json::to_string(&rest).unwrap().contains(secret));
        assert_eq!(rest.answers[1].choices, ["b", OTHER], "that there were words of one's own is counted");
    }

    #[test]
    fn an_option_that_was_named_as_ones_own_words_is_counted_once() {
        for (answer, expected) in [
            (json!({"choices": ["a", "b"]}), &["a", "b"][..]),
            (json!({"choices": ["a"], "other": "words"}), &["a", OTHER]),
            (json!({"other": "words"}), &[OTHER]),
            (json!({"choices": ["other", "a"], "other": "words"}), &["a", OTHER]),
        ] {
            let mut answers = answer.clone();
            answers["question"] = json!("q");
            let content = Content::of(&response(&json!({"answers": [answers]})), &[]);
            let expected = expected.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(content.answers, [("q".to_owned(), Given::Chosen(expected))], "{answer}");
        }
    }

    #[test]
    fn a_content_is_short_and_what_is_none_is_an_error() {
        let rated = response(&json!({"answers": [{"question": "nps", "rating": 9}]}));
        assert_eq!(Content::of(&rated, &[]).to_json().unwrap(), r#"[["nps",9]]"#);
        for wrong in ["", "{}", "[9]", r#"[["nps",256]]"#, r#"[["nps",9,"0-10",1]]"#, r#"[[]]"#] {
            assert!(Content::from_json(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_hash_depends_on_all_but_who_answered_and_on_the_key() {
        let hash = |key, changed: &Value| {
            let response = response(changed);
            let (_, written) = Parts::of(&response, &[]).write().unwrap();
            let Response { state, survey_version, test, .. } = response;
            Hasher::new([key; 16]).content(state, survey_version, test, &written)
        };
        let none = json!({});
        assert_eq!(hash(1, &none), hash(1, &none));
        assert_ne!(hash(1, &none), hash(2, &none));
        for other in [
            json!({"page": "/"}),
            json!({"locale": "en"}),
            json!({"test": true}),
            json!({"state": "partial"}),
            json!({"survey_version": 4}),
            json!({"touchpoint": "cart"}),
            json!({"context": {"a": "b"}}),
            json!({"answers": [{"question": "nps", "rating": 9}]}),
            json!({"answers": [{"question": "why", "text": "words"}]}),
        ] {
            assert_ne!(hash(1, &none), hash(1, &other), "{other}");
        }
        let known = json!({"respondent": {"id": "42", "signed": true, "attributes": {"plan": "pro"}}});
        assert_eq!(hash(1, &known), hash(1, &json!({"respondent": {"attributes": {"plan": "pro"}}})));
        assert_eq!(hash(1, &json!({"respondent": {"id": "42"}})), hash(1, &none));
    }

    #[test]
    fn every_state_has_a_number_and_those_with_answers_the_highest() {
        for state in [State::Shown, State::Dismissed, State::Partial, State::Complete] {
            assert_eq!(state_of(state_number(state)), Ok(state));
            assert_eq!(state_number(state) >= 2, matches!(state, State::Partial | State::Complete));
        }
        assert!(state_of(4).is_err());
    }
}
