use candor_scoring::Metric;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One survey as a browser gets it: `GET /v1/surveys/{id}?locale=`, or a [preset](crate::preset()).
///
/// Texts are in the language of `locale`. A text that is absent is the widget's own wording for the metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Its id, 1–64 of `a–z 0–9 - _`, unique on a server.
    pub id: String,
    /// Its version, from 1. A version that has answers never changes.
    pub version: u32,
    /// The site it belongs to; absent for a preset, which any site may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The language of the texts below, a canonical tag (`zh-Hant`); absent when there are no texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// What is measured; the scale follows from it.
    #[serde(with = "MetricName")]
    pub metric: Metric,
    /// What is asked, in this order. The first is the rating.
    pub questions: Vec<Question>,
}

/// One question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its id within the survey, 1–64 of `a–z 0–9 - _`.
    pub id: String,
    /// How it is answered.
    pub kind: Kind,
    /// The question itself. `{product}` and `{task}` are filled in by the widget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The meaning of the lowest point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<String>,
    /// The meaning of the highest point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<String>,
    /// Other wordings of `text`, by the band of the rating given before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_band: Option<BandTexts>,
}

/// How a question is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One point of the metric's scale.
    #[default]
    Rating,
    /// Free text, at most [`MAX_COMMENT_CHARS`](crate::MAX_COMMENT_CHARS) characters, never required.
    Text,
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

/// What a site has running: `GET /v1/sites/{site}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The site's id.
    pub site: String,
    /// Its surveys, the most urgent first.
    pub surveys: Vec<RunningSurvey>,
}

/// One running survey, as the loader needs it to decide whether to load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningSurvey {
    /// The survey's id.
    pub id: String,
    /// The version to show.
    pub version: u32,
    /// The same options as the script tag's `data-` attributes, without the prefix: `trigger`, `display`, `quiet` …
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

impl Survey {
    /// The question with this id.
    #[must_use]
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.id == id)
    }
}

/// The metric's name on the wire: `nps`, `csat` or `ces`.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Metric", rename_all = "snake_case")]
pub(crate) enum MetricName {
    Nps,
    Csat,
    Ces,
}
