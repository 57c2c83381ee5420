use candor_survey::{AuthoredSurvey, CheckedResponse, Response};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

/// The length of the rollup's time slots, a quarter hour: it fits every time zone, Tehran's and Kathmandu's included.
pub const SLOT_MS: i64 = 15 * 60 * 1000;

/// The oldest that an answer may be when it arrives, in milliseconds: browsers keep what is unsent for seven days. What says
/// that it is older is dated so far back and no further.
pub const MAX_AGE_MS: u32 = 7 * 24 * 60 * 60 * 1_000;
/// How many values of a dimension are counted by themselves in one survey. Browsers say what they like, and each value is
/// rows for ever: those beyond it are counted together, as [`OTHER`].
pub const MAX_VALUES: usize = 200;
/// The value under which those are counted that came after the first [`MAX_VALUES`].
pub const OTHER: &str = "other";

/// How a store works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long one read may take, the wait for its turn included.
    pub read_timeout: Duration,
    /// Who is told of each commit.
    pub observer: Option<Observer>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { read_timeout: Duration::from_secs(10), observer: None }
    }
}

/// Is told of each commit, in the writer's own thread: it should be quick.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(Commit) + Send + Sync>);

impl Observer {
    /// One that calls this.
    pub fn new(tell: impl Fn(Commit) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(crate) fn tell(&self, commit: Commit) {
        (self.0)(commit);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// One transaction with responses.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// How many responses shared it.
    pub responses: usize,
    /// How long it took, from the first statement until it was synced.
    pub duration: Duration,
    /// Whether it failed, and nothing was kept.
    pub failed: bool,
}

/// How far a copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Pages copied.
    pub done: u64,
    /// Pages in all.
    pub of: u64,
}

/// A finished copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many responses are in it.
    pub responses: u64,
    /// How large its file is.
    pub bytes: u64,
    /// How many counts of the rollup were not what the responses say, and were mended. Only a restore counts.
    pub differences: usize,
}

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Whether browsers may bring any value, and not only those that the server knows.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Locale | Self::Touchpoint)
    }

    /// Its value for a response.
    pub(crate) fn value(self, response: &Response) -> Option<&str> {
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
    /// At most so many; fewer if they are large, see [`MAX_PAGE_BYTES`].
    pub limit: u32,
}

/// How many bytes of responses make a page, whatever its limit: one may have 190 kB.
pub const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// A page of responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// In the order of the list.
    pub responses: Vec<Kept>,
    /// Whether there may be more after them.
    pub more: bool,
}

/// A response as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// The revision that is kept.
    pub revision: u32,
    /// When it was first answered or shown, in milliseconds since 1970 UTC.
    pub dated_ms: i64,
    /// What was sent last.
    pub response: Response,
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
    /// It is none that lies in a file, or not in one of this name.
    NoFile(String),
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
            Self::NoFile(url) => {
                write!(f, "{url} names no file: expected sqlite:// and a path, of a file on a local disk")
            }
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

/// Why a database could not be copied.
#[derive(Debug)]
pub enum CopyError {
    /// There is no such file to copy.
    Missing(PathBuf),
    /// Where the copy should be there is a file already.
    Exists(PathBuf),
    /// There is no such folder to make the copy in.
    NoFolder(PathBuf),
    /// The file to restore has a write-ahead log beside it.
    Unfinished(PathBuf),
    /// The file to copy is damaged; in words.
    Damaged(String),
    /// One of the two is no database of this Candor.
    Open(OpenError),
    /// Reading or writing failed.
    Store(StoreError),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(file) => write!(f, "there is no file {}", file.display()),
            Self::Exists(file) => write!(
                f,
                "{} is there already, and nothing is overwritten: name another file, or move this one away while no \
                 server uses it",
                file.display()
            ),
            Self::NoFolder(folder) => {
                write!(f, "there is no folder {}: make it first, or name another", folder.display())
            }
            Self::Unfinished(log) => write!(
                f,
                "{} lies beside the backup, so that it is none that `candor backup` made, and part of its answers are in \
                 that log: run `candor backup` on it first",
                log.display()
            ),
            Self::Damaged(words) => write!(f, "what should be copied is damaged: {words}"),
            Self::Open(e) => e.fmt(f),
            Self::Store(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for CopyError {}

impl From<StoreError> for CopyError {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

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
    /// Reading took longer than it may.
    TooLong,
    /// The database said no; its words.
    Database(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too many responses are waiting to be kept"),
            Self::Closed => f.write_str("the store is closed"),
            Self::TooLong => f.write_str("reading took too long"),
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
