use candor_survey::{AuthoredSurvey, CheckedResponse, NewResponse};
use std::fmt;

/// The length of the rollup's time slots, a quarter hour: it fits every time zone, Tehran's and Kathmandu's included.
pub const SLOT_MS: i64 = 15 * 60 * 1000;

/// A response with the time at which it arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// What arrived.
    pub response: CheckedResponse,
    /// The server's clock, in milliseconds since 1970 UTC.
    pub received_ms: i64,
}

/// What became of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Kept, on durable storage.
    Stored,
    /// This very revision had been kept before.
    Duplicate,
    /// A higher revision had been kept before.
    Superseded {
        /// The revision that is kept.
        kept: u32,
    },
    /// This revision had been kept with other content; that one stays.
    ContentConflict,
    /// The id had been used under another site or survey; that response stays.
    OtherSurvey,
}

/// By what answers are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The site that showed the survey.
    Site,
    /// The language shown.
    Locale,
    /// Where in the customer's journey it was asked.
    Touchpoint,
    /// How it was shown: `popover` or `inline`.
    Display,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Site, Self::Locale, Self::Touchpoint, Self::Display];

    /// Its name in addresses and in the rollup.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Locale => "locale",
            Self::Touchpoint => "touchpoint",
            Self::Display => "display",
        }
    }

    /// Its value for a response.
    pub(crate) fn value(self, response: &NewResponse) -> Option<&str> {
        match self {
            Self::Site => Some(&response.site),
            Self::Locale => Some(&response.locale),
            Self::Touchpoint => response.touchpoint.as_deref(),
            Self::Display => Some(&response.presentation.display),
        }
    }
}

/// Whose answers to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Everyone's.
    All,
    /// Those with this value.
    One(Dimension, String),
    /// Each value's by itself.
    Each(Dimension),
}

/// What to count.
#[derive(Clone, Debug)]
pub struct TallyQuery {
    /// The survey, all versions together.
    pub survey: String,
    /// Whose answers.
    pub segment: Segment,
    /// The periods' boundaries in milliseconds since 1970 UTC, ascending, each rounded down to a quarter hour: two
    /// boundaries are one period, three are two.
    pub boundaries_ms: Vec<i64>,
    /// The most counts to give: segments times periods.
    pub most: usize,
}

/// What was counted in one period of one segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The segment's value; `None` for everyone.
    pub value: Option<String>,
    /// The period's place among the query's, from 0.
    pub period: usize,
    /// Ratings per point, ascending; points without ratings are left out.
    pub ratings: Vec<(u8, u64)>,
    /// How many were shown the survey.
    pub shown: u64,
    /// How many closed it unanswered.
    pub dismissed: u64,
    /// How many reached the end without an answer to it, by question.
    pub skipped: Vec<(String, u64)>,
}

/// Which responses to list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The survey, all versions together.
    pub survey: String,
    /// Only this site's.
    pub site: Option<String>,
    /// Also those that were only shown or dismissed.
    pub unanswered: bool,
    /// Only those after this place in the list: the date and id of the last response of the page before.
    pub after: Option<(i64, String)>,
    /// At most so many.
    pub limit: u32,
}

/// A response as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// When it was first answered or shown, in milliseconds since 1970 UTC.
    pub dated_ms: i64,
    /// What was sent last, with `age_ms` 0.
    pub response: NewResponse,
}

/// A count of the rollup that is not what the responses say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Survey, dimension, value, slot, measure, question, version and point, in words.
    pub key: String,
    /// What the rollup says.
    pub rollup: i64,
    /// What the responses say.
    pub responses: i64,
}

/// Every site and survey that the database knows.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// In the order of their ids.
    pub sites: Vec<CatalogSite>,
}

/// A site.
#[derive(Clone, Debug)]
pub struct CatalogSite {
    /// Its id.
    pub id: String,
    /// The origins that may ask and answer; `*` is all.
    pub origins: Vec<String>,
    /// Every version of its surveys, ascending; those running in the order of their rank.
    pub surveys: Vec<CatalogSurvey>,
}

/// A version of a survey.
#[derive(Clone, Debug)]
pub struct CatalogSurvey {
    /// What its owner wrote.
    pub survey: AuthoredSurvey,
    /// Its place among the site's running surveys, from 0; `None` if it isn't running.
    pub rank: Option<u32>,
}

/// Why a database could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The URL is of no known kind.
    UnknownUrl(String),
    /// A newer Candor wrote it.
    Newer {
        /// Its schema's number.
        found: i64,
        /// The highest number that is known here.
        known: i64,
    },
    /// It holds something else.
    Foreign,
    /// It can have no write-ahead log, being in memory or on a file system without shared memory; its journal's mode.
    NoLog(String),
    /// It failed.
    Store(StoreError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownUrl(url) => {
                write!(
                    f,
                    "the database \"{url}\" is of no known kind: expected sqlite:// and the path of a file"
                )
            }
            Self::Newer { found, known } => write!(
                f,
                "the database was written by a newer version of candor (its schema is number {found}, this binary knows \
                 up to {known}): run that version, or restore the backup made before the upgrade"
            ),
            Self::Foreign => f.write_str("the file is a database of some other program: name another file"),
            Self::NoLog(mode) => write!(
                f,
                "the database can have no write-ahead log (its journal is of the kind {mode}): expected a file on a local \
                 disk"
            ),
            Self::Store(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why surveys could not be imported.
#[derive(Debug)]
pub enum ImportError {
    /// They don't go with what the database has: every reason, at least one.
    Refused(Vec<Refusal>),
    /// The database failed.
    Store(StoreError),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusals) => {
                let reasons: Vec<_> = refusals.iter().map(ToString::to_string).collect();
                f.write_str(&reasons.join("; "))
            }
            Self::Store(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for ImportError {}

/// Why a survey does not go with what the database has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A version that visitors have seen or answered was changed.
    Edited {
        /// The survey's id.
        survey: String,
        /// Its version.
        version: u32,
    },
    /// Another version of the survey measures something else.
    OtherMetric {
        /// The survey's id.
        survey: String,
    },
    /// The survey belongs to another site.
    OtherSite {
        /// The survey's id.
        survey: String,
        /// The site that has it.
        site: String,
    },
}

impl Refusal {
    /// The survey and the key at fault.
    #[must_use]
    pub fn at(&self) -> (&str, &'static str) {
        match self {
            Self::Edited { survey, .. } => (survey, "version"),
            Self::OtherMetric { survey } => (survey, "metric"),
            Self::OtherSite { survey, .. } => (survey, "id"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { survey, version } => write!(
                f,
                "version {version} of {survey} was edited, but visitors have answered it already: undo the edit, or \
                 raise version to {}",
                version.saturating_add(1)
            ),
            Self::OtherMetric { survey } => write!(
                f,
                "another version of {survey} measures something else, and the two can't share a score: give the survey \
                 another id"
            ),
            Self::OtherSite { survey, site } => {
                write!(f, "the site {site} has a survey {survey} already: give this one another id")
            }
        }
    }
}

/// Why the database could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Too many responses are waiting to be kept; try again in a second.
    Busy,
    /// The store is closed or closing.
    Closed,
    /// The database said no; its words.
    Database(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too many responses are waiting to be kept"),
            Self::Closed => f.write_str("the store is closed"),
            Self::Database(words) => write!(f, "the database failed: {words}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for OpenError {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

impl From<StoreError> for ImportError {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}
