//! Surveys and answers as JSON has them: flat structs, because serde's tagged enums would buffer, which costs over 9 kB of
//! WebAssembly. What the first widgets could draw and send looks as it did for them.

use crate::{Answer, BandTexts, Choice, Kind, Link, Look, Rule, Test, Value, limits::is_web_address, survey};
use candor_scoring::{Band, Direction, Measure, Metric, Scale};
use serde::{Deserialize, Serialize};
use std::mem::take;

/// [`survey::Survey`] on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    #[allow(missing_docs, reason = "as in the survey")]
    pub id: String,
    #[allow(missing_docs, reason = "as in the survey")]
    pub version: u32,
    #[allow(missing_docs, reason = "as in the survey")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    #[allow(missing_docs, reason = "as in the survey")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The metric of ratings that name none: that of the first.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "metric")]
    pub metric: Option<Metric>,
    #[allow(missing_docs, reason = "as in the survey")]
    pub questions: Vec<Question>,
    /// What is said at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// [`survey::Ending`] on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    #[allow(missing_docs, reason = "as in the survey")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[allow(missing_docs, reason = "as in the survey")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_band: Option<BandTexts>,
}

/// [`survey::Question`] on the wire, its kind's fields beside its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its id.
    pub id: String,
    /// Of which kind it is.
    pub kind: KindName,
    /// What a rating measures, if it is not the survey's metric.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "metric")]
    pub metric: Option<Metric>,
    /// A rating's scale, from its worst to its best point, if it is not the metric's own: `1-7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// How many points at the good end are favourable, where that is not customary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favourable_points: Option<u8>,
    /// The question itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The meaning of a rating's lowest point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<String>,
    /// The meaning of a rating's highest point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<String>,
    /// How a rating's points look.
    #[serde(default, skip_serializing_if = "is_default")]
    pub look: Look,
    /// What each of them says, from the lowest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// A text's other wordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_band: Option<BandTexts>,
    /// The most characters of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u16>,
    /// Where a link leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A choice's options.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// Whether several may be chosen.
    #[serde(default, skip_serializing_if = "is_false")]
    pub many: bool,
    /// Whether an answer of one's own may be written.
    #[serde(default, skip_serializing_if = "is_false")]
    pub other: bool,
    /// Whether the options are shuffled.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shuffle: bool,
    /// Whether it must be answered.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// When it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

/// The kind's name: `rating`, `text`, `choice`, `message` or `link`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    /// [`Kind::Rating`]
    #[default]
    Rating,
    /// [`Kind::Text`]
    Text,
    /// [`Kind::Choice`]
    Choice,
    /// [`Kind::Message`] without a link
    Message,
    /// [`Kind::Message`] with one
    Link,
}

/// [`Rule`] on the wire: one of the two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct When {
    /// All of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<Condition>,
    /// One of these holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<Condition>,
}

/// [`Test`] on the wire: `question` with one of the next four, or `attribute` with `is`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Condition {
    /// An earlier question's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// `unfavourable`, `neutral` or `favourable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// Points of its scale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<u8>,
    /// One of its options, or `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// Whether it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<bool>,
    /// What the page calls something that it says of the respondent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
}

impl KindName {
    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "rating" => Some(Self::Rating),
            "text" => Some(Self::Text),
            "choice" => Some(Self::Choice),
            "message" => Some(Self::Message),
            "link" => Some(Self::Link),
            _ => None,
        }
    }
}

impl TryFrom<Survey> for survey::Survey {
    /// What was expected, and where.
    type Error = &'static str;

    fn try_from(wire: Survey) -> Result<Self, &'static str> {
        let mut questions = Vec::new();
        for mut question in wire.questions {
            questions.push(question.read(wire.metric)?);
        }
        if questions.is_empty() {
            return Err("questions: expected at least one");
        }
        let ending = wire.ending.map_or_else(survey::Ending::default, |ending| survey::Ending {
            text: ending.text,
            by_band: ending.by_band.unwrap_or_default(),
        });
        Ok(Self {
            id: wire.id,
            version: wire.version,
            site: wire.site,
            locale: wire.locale,
            questions,
            ending,
        })
    }
}

impl Question {
    /// The question; `metric` is the survey's.
    ///
    /// # Errors
    /// What was expected, and where.
    // Takes what it needs and leaves the rest to be dropped in one place: field by field that is a kilobyte of code.
    pub fn read(&mut self, metric: Option<Metric>) -> Result<survey::Question, &'static str> {
        let kind = match self.kind {
            KindName::Rating => {
                let metric = self.metric.or(metric).ok_or("metric: expected nps, csat or ces")?;
                let scale = match &self.scale {
                    None => metric.scale(),
                    Some(name) => parse_scale(name).ok_or("scale: expected one such as 1-7")?,
                };
                let measure = Measure::new(metric, scale, self.favourable_points);
                let measure = measure.map_err(|_| "scale: expected one for the metric, look and labels")?;
                let labels = take(&mut self.labels);
                let are_points = labels.is_empty() || labels.len() == scale.len();
                if !(are_points && self.look.suits(scale)) {
                    return Err("scale: expected one for the metric, look and labels");
                }
                let (low, high) = (self.low.take(), self.high.take());
                Kind::Rating { measure, look: self.look, low, high, labels }
            }
            KindName::Text => {
                Kind::Text { by_band: self.by_band.take().unwrap_or_default(), max_chars: self.max_chars }
            }
            KindName::Message => Kind::Message { link: None },
            KindName::Link => match (self.href.take(), self.label.take()) {
                (Some(href), Some(label)) if is_web_address(&href) => {
                    Kind::Message { link: Some(Link { href, label }) }
                }
                _ => return Err("href: expected an address, and a label"),
            },
            KindName::Choice => Kind::Choice {
                options: take(&mut self.options),
                many: self.many,
                other: self.other,
                shuffle: self.shuffle,
            },
        };
        let when = match &mut self.when {
            Some(when) => Some(when.read()?),
            None => None,
        };
        let required = self.required;
        Ok(survey::Question { id: take(&mut self.id), text: self.text.take(), when, required, kind })
    }
}

impl When {
    /// # Errors
    /// What was expected.
    pub(crate) fn read(&mut self) -> Result<Rule, &'static str> {
        let (is_all, conditions) = match (self.all.is_empty(), self.any.is_empty()) {
            (false, true) => (true, &mut self.all),
            (true, false) => (false, &mut self.any),
            _ => return Err("when: expected conditions in all or in any"),
        };
        let mut tests = Vec::new();
        for condition in conditions {
            tests.push(condition.read()?);
        }
        Ok(if is_all { Rule::All(tests) } else { Rule::Any(tests) })
    }
}

impl Condition {
    fn read(&mut self) -> Result<Test, &'static str> {
        const EXPECTED: &str =
            "when: expected question with band, points, chosen or answered, or attribute with is";
        if let Some(key) = self.attribute.take() {
            return Ok(Test::Attribute(key, self.is.take().ok_or(EXPECTED)?));
        }
        let id = self.question.take().ok_or(EXPECTED)?;
        if let Some(band) = &self.band {
            return Ok(Test::Band(id, Band::parse(band).ok_or(EXPECTED)?));
        }
        if let Some(option) = self.chosen.take() {
            return Ok(Test::Chosen(id, option));
        }
        Ok(match self.answered {
            Some(answered) => Test::Answered(id, answered),
            None if self.points.is_empty() => return Err(EXPECTED),
            None => Test::Points(id, take(&mut self.points)),
        })
    }
}

impl From<survey::Survey> for Survey {
    fn from(survey: survey::Survey) -> Self {
        let metric = survey.metric();
        let survey::Survey { id, version, site, locale, questions, ending } = survey;
        let questions = questions.into_iter().map(|question| Question::of(question, metric)).collect();
        let is_own = ending != survey::Ending::default();
        let ending = is_own.then(|| {
            let by_band = (ending.by_band != BandTexts::default()).then_some(ending.by_band);
            Ending { text: ending.text, by_band }
        });
        Self { id, version, site, locale, metric, questions, ending }
    }
}

impl Question {
    fn of(question: survey::Question, first: Option<Metric>) -> Self {
        let survey::Question { id, text, when, required, kind } = question;
        let wire = Self { id, text, required, when: when.map(When::from), ..Self::default() };
        match kind {
            Kind::Rating { measure, look, low, high, labels } => {
                let (metric, scale) = (measure.metric(), measure.scale());
                let is_default = Measure::new(metric, scale, None) == Ok(measure);
                Self {
                    kind: KindName::Rating,
                    metric: (Some(metric) != first).then_some(metric),
                    scale: (scale != metric.scale()).then(|| scale_name(scale)),
                    favourable_points: (!is_default).then(|| measure.favourable_points()),
                    look,
                    low,
                    high,
                    labels,
                    ..wire
                }
            }
            Kind::Text { by_band, max_chars } => {
                let by_band = (by_band != BandTexts::default()).then_some(by_band);
                Self { kind: KindName::Text, by_band, max_chars, ..wire }
            }
            Kind::Message { link: None } => Self { kind: KindName::Message, ..wire },
            Kind::Message { link: Some(Link { href, label }) } => {
                Self { kind: KindName::Link, href: Some(href), label: Some(label), ..wire }
            }
            Kind::Choice { options, many, other, shuffle } => {
                Self { kind: KindName::Choice, options, many, other, shuffle, ..wire }
            }
        }
    }
}

impl From<Rule> for When {
    fn from(rule: Rule) -> Self {
        let list = |tests: Vec<Test>| tests.into_iter().map(Condition::from).collect();
        match rule {
            Rule::All(tests) => Self { all: list(tests), any: Vec::new() },
            Rule::Any(tests) => Self { all: Vec::new(), any: list(tests) },
        }
    }
}

impl From<Test> for Condition {
    fn from(test: Test) -> Self {
        let of = |question| Self { question: Some(question), ..Self::default() };
        match test {
            Test::Band(id, band) => Self { band: Some(band.name().to_owned()), ..of(id) },
            Test::Points(id, points) => Self { points, ..of(id) },
            Test::Chosen(id, option) => Self { chosen: Some(option), ..of(id) },
            Test::Answered(id, answered) => Self { answered: Some(answered), ..of(id) },
            Test::Attribute(key, value) => Self { attribute: Some(key), is: Some(value), ..Self::default() },
        }
    }
}

impl survey::Question {
    /// An answer to it, on the wire. A metric's own scale goes without saying, as it did when there was no other.
    #[must_use]
    pub fn answer(&self, value: &Value) -> Answer {
        let answer = Answer { question: self.id.clone(), ..Answer::default() };
        match value {
            Value::Point(rating) => {
                let is_own = self.metric().is_some_and(|metric| metric.scale() == rating.scale());
                let scale = (!is_own).then(|| scale_name(rating.scale()));
                Answer { scale, rating: Some(rating.point()), ..answer }
            }
            Value::Text(text) => Answer { text: Some(text.clone()), ..answer },
            Value::Chosen { options, other } => {
                Answer { choices: options.clone(), other: other.clone(), ..answer }
            }
        }
    }
}

/// A scale's name, from its worst to its best point: `0-10`, `1-7`; `5-1` where low is good.
#[must_use]
pub fn scale_name(scale: Scale) -> String {
    let (worst, best) = match scale.direction() {
        Direction::HigherIsBetter => (scale.min(), scale.max()),
        Direction::LowerIsBetter => (scale.max(), scale.min()),
    };
    let mut name = String::new();
    for (before, point) in [("", worst), ("-", best)] {
        name.push_str(before);
        // At most 10.
        if point > 9 {
            name.push('1');
        }
        name.push(char::from(b'0' + point % 10));
    }
    name
}

/// The scale of this name.
#[must_use]
pub fn parse_scale(name: &str) -> Option<Scale> {
    let (worst, best) = name.split_once(['-'].as_slice())?;
    let (worst, best): (u8, u8) = (worst.parse().ok()?, best.parse().ok()?);
    if worst < best {
        Scale::new(worst, best, Direction::HigherIsBetter).ok()
    } else {
        Scale::new(best, worst, Direction::LowerIsBetter).ok()
    }
}

/// A metric under its name.
pub(crate) mod metric {
    use candor_scoring::Metric;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Name {
        Nps,
        Csat,
        Ces,
    }

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    pub(crate) fn serialize<S: Serializer>(metric: &Option<Metric>, to: S) -> Result<S::Ok, S::Error> {
        metric.map(Metric::name).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Metric>, D::Error> {
        let name = Option::<Name>::deserialize(from)?;
        Ok(name.map(|name| match name {
            Name::Nps => Metric::Nps,
            Name::Csat => Metric::Csat,
            Name::Ces => Metric::Ces,
        }))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands skip_serializing_if a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands skip_serializing_if a reference")]
fn is_default(look: &Look) -> bool {
    *look == Look::default()
}
