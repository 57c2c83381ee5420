use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
