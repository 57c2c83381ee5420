//! What is asked: a survey of questions, each with its own kind, in one language.

use crate::wire;
use candor_scoring::{Band, Direction, Measure, Metric, Rating, Scale};
use serde::{Deserialize, Serialize};

/// The most questions of a survey.
pub const MAX_QUESTIONS: usize = 12;
/// The most options of a choice.
pub const MAX_OPTIONS: usize = 20;
/// The id under which an answer of one's own is counted; no option may have it.
pub const OTHER: &str = "other";

/// One survey as a browser gets it: `GET /v1/surveys/{id}?locale=`, or a [preset](crate::preset()). On the wire it is flat.
///
/// Texts are in the language of `locale`. A text that is absent is the widget's own wording for the metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "wire::Survey", into = "wire::Survey")]
pub struct Survey {
    /// Its id, 1–64 of `a–z 0–9 - _`, unique within its site.
    pub id: String,
    /// Its version, from 1. A version that has answers never changes.
    pub version: u32,
    /// The site it belongs to; absent for a preset, which any site may use.
    pub site: Option<String>,
    /// The language of the texts below, a canonical tag (`zh-Hant`); absent when there are no texts.
    pub locale: Option<String>,
    /// What is asked, in this order.
    pub questions: Vec<Question>,
    /// What is said at the end, in place of the widget's thanks.
    pub ending: Ending,
}

/// What is said at the end; empty: the widget's own thanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// To everyone.
    pub text: Option<String>,
    /// Other wordings, by the band of the last rating.
    pub by_band: BandTexts,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its id within the survey, 1–64 of `a–z 0–9 - _`.
    pub id: String,
    /// The question itself. `{product}` and `{task}` are filled in by the widget.
    pub text: Option<String>,
    /// When it is asked; absent: always.
    pub when: Option<Rule>,
    /// Whether whoever goes on must have answered it; one may close the survey all the same.
    pub required: bool,
    /// How it is answered.
    pub kind: Kind,
}

/// How a question is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One point of a scale.
    Rating {
        /// What is measured, on which scale.
        measure: Measure,
        /// How its points look.
        look: Look,
        /// The meaning of the lowest point.
        low: Option<String>,
        /// The meaning of the highest point.
        high: Option<String>,
        /// What each point says, from the lowest; empty where the survey has no words for them. Then `low` and `high` are absent.
        labels: Vec<String>,
    },
    /// Free text, at most [`MAX_COMMENT_CHARS`](crate::MAX_COMMENT_CHARS) characters.
    Text {
        /// Other wordings of the question, by the band of the last rating before it.
        by_band: BandTexts,
        /// The most that may be written, in what people call characters: grapheme clusters. The widget counts them.
        max_chars: Option<u16>,
    },
    /// Something to read, and nothing to answer.
    Message {
        /// A way out, which opens beside the page.
        link: Option<Link>,
    },
    /// One or several of some options.
    Choice {
        /// 2 to [`MAX_OPTIONS`].
        options: Vec<Choice>,
        /// Whether several may be chosen.
        many: bool,
        /// Whether an answer of one's own may be written.
        other: bool,
        /// Whether each respondent gets them in an order of their own; the answer of one's own stays last.
        shuffle: bool,
    },
}

/// A link of a [message](Kind::Message).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads, an [address](crate::limits::is_web_address).
    pub href: String,
    /// What it says.
    pub label: String,
}

/// How the points of a rating look. People rate lower with stars (Toepoel et al. 2019) and take longer with smileys (Gummer et al. 2020):
/// ratings of two looks never meet in a score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// Numbers, or words where every point has a label.
    #[default]
    Numbers,
    /// Three to ten stars.
    Stars,
    /// Three or five faces, each with its label.
    Smileys,
    /// A thumb down and one up, each with its label.
    Thumbs,
}

/// One option of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Its id within the question, 1–64 of `a–z 0–9 - _`, and not [`OTHER`].
    pub id: String,
    /// What it says.
    pub text: String,
}

/// A wording for each band; an absent one falls back to the question's `text`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandTexts {
    /// For detractors, the dissatisfied, those who found it difficult.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfavourable: Option<String>,
    /// For those in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neutral: Option<String>,
    /// For promoters, the satisfied, those who found it easy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favourable: Option<String>,
}

/// When a question is asked. It looks back only, at questions before it, so that a survey always ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// When all of these hold.
    All(Vec<Test>),
    /// When one of these holds.
    Any(Vec<Test>),
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The rating of an earlier question is in this band.
    Band(String, Band),
    /// The rating of an earlier question is one of these points.
    Points(String, Vec<u8>),
    /// This option of an earlier question was chosen.
    Chosen(String, String),
    /// An earlier question was answered, or was not.
    Answered(String, bool),
    /// The page said this of the respondent.
    Attribute(String, String),
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Of a rating.
    Point(Rating),
    /// Of an open question, not empty.
    Text(String),
    /// Of a choice.
    Chosen {
        /// The options' ids, in the order in which they were chosen.
        options: Vec<String>,
        /// The answer of one's own, not empty.
        other: Option<String>,
    },
}

/// Where a prompt stands on its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Display {
    /// In a corner, above the page.
    #[default]
    Popover,
    /// In the page.
    Inline,
    /// Along an edge of the window, above the page.
    Bar,
    /// In the middle of the window, before all else, until it is answered or closed.
    Modal,
}

/// What a survey asks of a widget beyond what the first ones could: one rating on its metric's own scale, then one text. A
/// widget says which it has (`can=`), and is not offered what it could not draw in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// Multiple choice.
    Choice,
    /// More than one rating and one text, on several pages.
    Pages,
    /// Questions that depend on answers before them.
    Rules,
    /// Scales other than a metric's own, and answers that name theirs.
    Scale,
    /// Points that look otherwise or have the survey's own labels, an open question first, required answers, texts with a limit,
    /// messages, links, endings of the survey's own.
    More,
}

impl Look {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Numbers, Self::Stars, Self::Smileys, Self::Thumbs];

    /// Its name in definitions and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Stars => "stars",
            Self::Smileys => "smileys",
            Self::Thumbs => "thumbs",
        }
    }

    /// The look of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|look| look.name() == name)
    }

    /// Whether a scale can look so: drawings are counted from one, and more is better.
    #[must_use]
    pub fn suits(self, scale: Scale) -> bool {
        let is_counted = scale.min() == 1 && scale.direction() == Direction::HigherIsBetter;
        match self {
            Self::Numbers => true,
            Self::Stars => is_counted && scale.len() > 2,
            Self::Smileys => is_counted && (scale.len() == 3 || scale.len() == 5),
            Self::Thumbs => is_counted && scale.len() == 2,
        }
    }
}

impl Display {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Popover, Self::Inline, Self::Bar, Self::Modal];

    /// Its name in options and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Popover => "popover",
            Self::Inline => "inline",
            Self::Bar => "bar",
            Self::Modal => "modal",
        }
    }
}

impl Ability {
    /// All of them, in the order in which `can=` lists them.
    pub const ALL: [Self; 5] = [Self::Choice, Self::Pages, Self::Rules, Self::Scale, Self::More];

    /// All of their names, as `can=` lists them.
    pub const NAMES: &'static str = "choice,pages,rules,scale,more";

    /// Its name in `can=`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Choice => "choice",
            Self::Rules => "rules",
            Self::Scale => "scale",
            Self::Pages => "pages",
            Self::More => "more",
        }
    }

    /// Those that `can=` lists, without words that are not known here: the widget may be newer.
    #[must_use]
    pub fn list(can: &str) -> Vec<Self> {
        let words = can.split(',');
        words.filter_map(|word| Self::ALL.into_iter().find(|ability| ability.name() == word)).collect()
    }
}

impl Survey {
    /// The question with this id.
    #[must_use]
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.id == id)
    }

    /// The first metric, by which widgets word what has no wording of its own.
    #[must_use]
    pub fn metric(&self) -> Option<Metric> {
        self.questions.iter().find_map(Question::metric)
    }

    /// What it takes to draw it in full.
    #[must_use]
    pub fn needs(&self) -> Vec<Ability> {
        let any = |holds: fn(&Question) -> bool| self.questions.iter().any(holds);
        let is_text = |question: &Question| matches!(question.kind, Kind::Text { .. });
        let has_pages = match &self.questions[..] {
            [first] => first.measure().is_none(),
            [first, second] => first.measure().is_none() || !is_text(second),
            _ => true,
        };
        let needed = |ability: &Ability| match ability {
            Ability::Choice => any(|q| matches!(q.kind, Kind::Choice { .. })),
            Ability::Rules => any(|q| q.when.is_some()),
            Ability::Scale => any(|q| q.measure().is_some_and(|m| m != Measure::own(m.metric()))),
            Ability::Pages => has_pages,
            Ability::More => {
                self.ending != Ending::default()
                    || self.questions.first().is_some_and(is_text)
                    || any(|q| match &q.kind {
                        _ if q.required => true,
                        Kind::Rating { labels, .. } => q.is_drawn() || !labels.is_empty(),
                        Kind::Text { max_chars, .. } => max_chars.is_some(),
                        Kind::Choice { .. } => false,
                        Kind::Message { .. } => true,
                    })
            }
        };
        Ability::ALL.into_iter().filter(needed).collect()
    }

    /// Which questions are asked of someone who answered so far with these values, a bit for each from the lowest: those whose
    /// rule holds, by the answers to questions that are asked themselves. `attribute` is what the page said of the respondent.
    #[must_use]
    pub fn asked(&self, values: &[Option<Value>], attribute: &dyn Fn(&str) -> Option<String>) -> u32 {
        let mut asked = 0;
        for (index, question) in self.questions.iter().enumerate() {
            let value = |id: &str| {
                let index = self.questions.iter().position(|earlier| earlier.id == id)?;
                if asked & bit(index) == 0 {
                    return None;
                }
                Some((self.questions.get(index)?, values.get(index)?.as_ref()?))
            };
            let holds = |test: &Test| match test {
                Test::Attribute(key, wanted) => attribute(key).as_ref() == Some(wanted),
                Test::Answered(id, answered) => value(id).is_some() == *answered,
                Test::Band(id, band) => value(id).is_some_and(|(question, value)| match value {
                    Value::Point(rating) => {
                        question.measure().and_then(|m| m.band(*rating).ok()) == Some(*band)
                    }
                    _ => false,
                }),
                Test::Points(id, points) => value(id).is_some_and(|(_, value)| match value {
                    // `contains` would bring the library's search for bytes.
                    Value::Point(rating) => points.iter().any(|point| *point == rating.point()),
                    _ => false,
                }),
                Test::Chosen(id, option) => value(id).is_some_and(|(_, value)| match value {
                    Value::Chosen { options, other } => {
                        options.contains(option) || other.is_some() && option == OTHER
                    }
                    _ => false,
                }),
            };
            let is_asked = match &question.when {
                None => true,
                Some(Rule::All(tests)) => tests.iter().all(holds),
                Some(Rule::Any(tests)) => tests.iter().any(holds),
            };
            if is_asked {
                asked |= bit(index);
            }
        }
        asked
    }
}

/// The bit of a question in what [`Survey::asked`] gives; none beyond [`MAX_QUESTIONS`].
#[must_use]
pub fn bit(question: usize) -> u32 {
    if question < MAX_QUESTIONS { 1 << question } else { 0 }
}

impl Question {
    /// What it measures, if it is a rating.
    #[must_use]
    pub fn measure(&self) -> Option<Measure> {
        match self.kind {
            Kind::Rating { measure, .. } => Some(measure),
            _ => None,
        }
    }

    /// Its metric, if it is a rating.
    #[must_use]
    pub fn metric(&self) -> Option<Metric> {
        self.measure().map(Measure::metric)
    }

    /// Whether its points are drawn.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        self.rated().is_some_and(|(_, look)| look != Look::Numbers)
    }

    /// Whether it is of the few that need styles which the widget fetches by themselves.
    #[must_use]
    pub fn needs_more_styles(&self) -> bool {
        match self.kind {
            _ if self.required => true,
            Kind::Rating { .. } => self.is_drawn(),
            Kind::Text { max_chars, .. } => max_chars.is_some(),
            Kind::Choice { .. } | Kind::Message { .. } => true,
        }
    }

    /// What a rating measures, and how it looks: only where both are the same is it the same question.
    #[must_use]
    pub fn rated(&self) -> Option<(Measure, Look)> {
        match self.kind {
            Kind::Rating { measure, look, .. } => Some((measure, look)),
            _ => None,
        }
    }
}

impl Kind {
    /// Whether each point of a rating is labelled.
    #[must_use]
    pub fn is_labelled(&self) -> bool {
        match self {
            Self::Rating { look: Look::Thumbs, .. } => true,
            Self::Rating { look: Look::Stars, .. } => false,
            Self::Rating { measure, labels, .. } => !labels.is_empty() || !satisfaction(*measure).is_empty(),
            _ => false,
        }
    }
}

/// Which of the five words for satisfaction, from 1, stand at the points of a scale that has few enough.
#[must_use]
pub fn satisfaction(measure: Measure) -> &'static [u8] {
    let is_counted = measure.metric() == Metric::Csat && measure.scale().min() == 1;
    match measure.scale().len() {
        2 if is_counted => &[2, 4],
        3 if is_counted => &[2, 3, 4],
        5 if is_counted => &[1, 2, 3, 4, 5],
        _ => &[],
    }
}

impl BandTexts {
    /// The wording for a band.
    #[must_use]
    pub fn get(&self, band: Band) -> Option<&String> {
        match band {
            Band::Unfavourable => self.unfavourable.as_ref(),
            Band::Neutral => self.neutral.as_ref(),
            Band::Favourable => self.favourable.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_abilities_has_all_of_them() {
        assert_eq!(Ability::NAMES, Ability::ALL.map(Ability::name).join(","));
        assert_eq!(Ability::list(Ability::NAMES), Ability::ALL);
        assert_eq!(Ability::list("pages,flying,,choice"), [Ability::Pages, Ability::Choice]);
    }
}
