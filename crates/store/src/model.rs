use candor_survey::{AuthoredSurvey, CheckedResponse, Response};
use std::{borrow::Cow, fmt, path::PathBuf, sync::Arc, time::Duration};
use thiserror::Error;

/// The length of the rollup's time slots, a quarter hour: it fits every time zone, Tehran's and Kathmandu's included.
pub const SLOT_MS: i64 = 15 * 60 * 1000;

/// The oldest that an answer may be when it arrives, in milliseconds: browsers keep what is unsent for seven days. What says
/// that it is older is dated so far back and no further.
pub const MAX_AGE_MS: u32 = 7 * 24 * 60 * 60 * 1_000;

/// When an answer was given that is received at a moment and says how old it is: the date of a response that is the first of its id.
#[must_use]
pub fn dated_ms(received_ms: i64, age_ms: u32) -> i64 {
    received_ms - i64::from(age_ms.min(MAX_AGE_MS))
}

/// How many values of a dimension are counted by themselves in one survey of one site. Browsers say what they like, and each value is
/// rows for ever: those beyond it are counted together, as [`OTHER`].
pub const MAX_VALUES: usize = 1_000;
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

/// The workspace whose rows are read or written: no query is without one, and none sees those of another. A site decides
/// its workspace; [`CatalogSite::scope`] and [`Catalog::scope`] give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(pub(crate) i64);

impl Scope {
    /// That of sites that name no workspace.
    pub const DEFAULT: Self = Self(1);
}

/// The name of the workspace of sites that name none.
pub const DEFAULT_WORKSPACE: &str = "default";

/// A response with the time at which it arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The workspace of its site.
    pub scope: Scope,
    /// What arrived.
    pub response: CheckedResponse,
    /// The server's clock, in milliseconds since 1970 UTC.
    pub received_ms: i64,
    /// What it has of the segments that its survey declares: the names of their dimensions, and values.
    pub declared: Vec<(String, String)>,
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
    /// It was erased, or its respondent's answers were after it was given: it stays away.
    Erased,
}

/// What to erase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// One response, by its id, a UUID in its canonical form.
    Response(String),
    /// All responses of a respondent, by the site's own name for them.
    Respondent(String),
}

/// The answers to a survey that are dated in a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The survey's id.
    pub survey: String,
    /// Of which site; `None` for every one.
    pub site: Option<String>,
    /// Its first moment, in milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// The first moment after it.
    pub to_ms: i64,
}

/// A change by hand.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Takes a range out of the counts, with all that arrives later and is dated in it.
    Exclude(Range),
    /// Puts the same range back.
    Include(Range),
    /// Takes one response out of the counts, by its id.
    ExcludeResponse(String),
    /// Puts one back that was taken out by itself.
    IncludeResponse(String),
    /// Puts these answers in the place of those that the response of this id has, if it is still at this place in the order of arrival:
    /// else something has changed it since it was read. What its browser sends later changes nothing.
    Correct(Box<CheckedResponse>, i64),
}

/// Who makes a change, why and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Who.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// What kind of change was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EditKind {
    /// A range was taken out of the counts.
    #[default]
    RangeExcluded = 1,
    /// A range was put back.
    RangeIncluded = 2,
    /// A response was taken out of the counts.
    ResponseExcluded = 3,
    /// A response was put back.
    ResponseIncluded = 4,
    /// A response was given other answers.
    Corrected = 5,
}

impl EditKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RangeExcluded,
        Self::RangeIncluded,
        Self::ResponseExcluded,
        Self::ResponseIncluded,
        Self::Corrected,
    ];
}

/// A change that was made by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who made it, why and when.
    pub note: Note,
    /// What it was.
    pub kind: EditKind,
    /// Of which survey.
    pub survey: String,
    /// Of which site.
    pub site: String,
    /// Of a range: its first moment and the first after it.
    pub range: Option<(i64, i64)>,
    /// Of a response: its id, until it is erased or made anonymous.
    pub id: Option<String>,
    /// Of a correction: the answers before and after, without words, as JSON; until the response is erased or made anonymous.
    pub contents: Option<(String, String)>,
    /// How many responses it changed.
    pub responses: u64,
}

/// By what answers are told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// The site that showed the survey.
    Site,
    /// The language shown.
    Locale,
    /// Where in the customer's journey it was asked.
    Touchpoint,
    /// How it was shown: `popover` or `inline`.
    Display,
    /// What the survey declares, by its name: `plan`, `plan×country`.
    Declared(String),
}

/// What a declared dimension's name begins with: an attribute may be named as one of the others.
const DECLARED: &str = "attr:";

impl Dimension {
    /// Those that every survey has.
    pub const EVERY: [Self; 4] = [Self::Site, Self::Locale, Self::Touchpoint, Self::Display];

    /// Those of every survey by which the rollup is told apart beyond its site, which is part of every key.
    pub(crate) const COUNTED: [Self; 3] = [Self::Locale, Self::Touchpoint, Self::Display];

    /// Its name in addresses and in the rollup: `locale`, `attr:plan`.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Site => "site".into(),
            Self::Locale => "locale".into(),
            Self::Touchpoint => "touchpoint".into(),
            Self::Display => "display".into(),
            Self::Declared(name) => format!("{DECLARED}{name}").into(),
        }
    }

    /// Reads what begins with its name, and gives what comes after it: the value, if there is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<(Self, Option<&str>)> {
        if let Some(declared) = text.strip_prefix(DECLARED) {
            let (name, value) = split(declared);
            return Some((Self::Declared(name.to_owned()), value));
        }
        let (name, value) = split(text);
        let dimension = Self::EVERY.into_iter().find(|dimension| dimension.name() == name)?;
        Some((dimension, value))
    }

    /// Whether browsers may bring any value, and not only those that the server knows.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Self::Locale | Self::Touchpoint | Self::Declared(_))
    }

    /// Its value for a response, unless it is declared.
    pub(crate) fn value<'a>(&self, response: &'a Response) -> Option<&'a str> {
        match self {
            Self::Site => Some(&response.site),
            Self::Locale => Some(&response.locale),
            Self::Touchpoint => response.touchpoint.as_deref(),
            Self::Display => Some(&response.presentation.display),
            Self::Declared(_) => None,
        }
    }
}

fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)))
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
    /// Whose.
    pub scope: Scope,
    /// Only the survey of this site; `None` for that of every site, as presets are read.
    pub site: Option<String>,
    /// The survey.
    pub survey: String,
    /// The question whose ratings, choices and skips are counted.
    pub question: String,
    /// Only these versions; `None` for all of them together.
    pub versions: Option<Vec<u32>>,
    /// Whose answers.
    pub segment: Segment,
    /// The periods' boundaries in milliseconds since 1970 UTC, ascending: two boundaries are one period, three
    /// are two. Those within a quarter hour cost the reading of its responses.
    pub boundaries_ms: Vec<i64>,
    /// The most counts to give: segments times periods.
    pub most: usize,
}

/// What was counted of one question in one period of one segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The segment's value; `None` for everyone.
    pub value: Option<String>,
    /// The period's place among the query's, from 0.
    pub period: usize,
    /// Ratings per point, ascending; points without ratings are left out. A version may have been edited while an answer to it
    /// was on its way: whoever reads this sees to points that are not on the scale.
    pub ratings: Vec<(u8, u64)>,
    /// How many chose each option, by its id; options that nobody chose are left out. [`candor_survey::OTHER`] are answers of one's own
    /// words.
    pub choices: Vec<(String, u64)>,
    /// How many answered the question, those who chose several options once.
    pub answered: u64,
    /// How many were shown the survey.
    pub shown: u64,
    /// How many closed it unanswered.
    pub dismissed: u64,
    /// How many reached the end without an answer to the question.
    pub skipped: u64,
}

/// Which responses to list.
#[derive(Clone, Debug)]
pub struct ResponseQuery {
    /// Whose.
    pub scope: Scope,
    /// The survey, all versions together.
    pub survey: String,
    /// Only this site's.
    pub site: Option<String>,
    /// Also those that were only shown or dismissed.
    pub unanswered: bool,
    /// Only those after this place in the list: date and id of the page before's [`next`](Listed::next).
    pub after: Option<(i64, String)>,
    /// At most so many; fewer if they are large, see [`MAX_PAGE_BYTES`].
    pub limit: u32,
}

/// Which responses to read in the order in which they came.
#[derive(Clone, Copy, Debug)]
pub struct FeedQuery {
    /// Whose.
    pub scope: Scope,
    /// Those after this place in the order; 0 is before the first.
    pub after: i64,
    /// At most so many; fewer if they are large, see [`MAX_PAGE_BYTES`].
    pub limit: u32,
}

/// How many bytes of responses make a page, whatever its limit: one may have 490 kB.
pub const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// A page of responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// In the order of the list.
    pub responses: Vec<StoredResponse>,
    /// After which place there may be more. It is that of the last response that was looked at, which is left out if it can't be read.
    pub next: Option<Place>,
}

/// Where a response stands in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// By date.
    pub dated_ms: i64,
    /// And then by id.
    pub id: String,
    /// In the order of arrival.
    pub seq: i64,
}

/// A response as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResponse {
    /// Its id.
    pub id: String,
    /// Its place in the order in which revisions came. Each revision takes a new one.
    pub seq: i64,
    /// The revision that is kept.
    pub revision: u32,
    /// When it was first answered or shown, in milliseconds since 1970 UTC.
    pub dated_ms: i64,
    /// What was sent last.
    pub response: Response,
    /// Whether it is counted: neither tried out nor taken out.
    pub counted: bool,
    /// Whether its answers were corrected by hand.
    pub corrected: bool,
    /// Whether it has lost what said whose it is.
    pub anonymous: bool,
}

/// What should not be when all is counted again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A count of the rollup that is not what the responses say.
    Count {
        /// Workspace, survey, segment, day, version, measure, point, question, choice and quarter hour, in words.
        key: String,
        /// What the rollup says.
        rollup: i64,
        /// What the responses say.
        responses: i64,
    },
    /// A response that can't be read, and counts nowhere: what is wrong, with its id.
    Damaged(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { key, rollup, responses } => {
                write!(f, "{key}: counted {rollup}, but the responses are {responses}")
            }
            Self::Damaged(what) => f.write_str(what),
        }
    }
}

/// How a database is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// How large its file is.
    pub bytes: u64,
    /// How many bytes more its disk can take.
    pub free_bytes: u64,
    /// How many responses are counted.
    pub responses: u64,
    /// How many of them are dated in the [`HEALTH_DAYS`] days before now.
    pub recent: u64,
    /// The last day on which any is dated, in milliseconds since 1970 UTC at its beginning.
    pub last_day_ms: Option<i64>,
}

/// How many days [`Health`] looks back.
pub const HEALTH_DAYS: u32 = 30;

/// Every site and survey that the database knows.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// By name, the default one first.
    pub workspaces: Vec<(String, Scope)>,
    /// In the order of their ids.
    pub sites: Vec<CatalogSite>,
}

impl Catalog {
    /// The workspace of this name.
    #[must_use]
    pub fn scope(&self, workspace: &str) -> Option<Scope> {
        self.workspaces.iter().find(|(name, _)| name == workspace).map(|(_, scope)| *scope)
    }
}

/// A site.
#[derive(Clone, Debug)]
pub struct CatalogSite {
    /// Its workspace.
    pub scope: Scope,
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
#[derive(Debug, Error)]
pub enum OpenError {
    /// The URL is of no known kind.
    #[error("the database \"{0}\" is of no known kind: expected sqlite:// and the path of a file")]
    UnknownUrl(String),
    /// A newer Candor wrote it.
    #[error(
        "the database was written by a newer version of candor (its schema is number {found}, this binary knows up to \
         {known}): run that version, or restore the backup made before the upgrade"
    )]
    Newer {
        /// Its schema's number.
        found: i64,
        /// The highest number that is known here.
        known: i64,
    },
    /// It is of an earlier schema.
    #[error(
        "the database is of an earlier version of candor (its schema is number {found}): start the server once, which carries it over"
    )]
    Older {
        /// Its schema's number.
        found: i64,
    },
    /// It holds something else.
    #[error("the file is a database of some other program: name another file")]
    Foreign,
    /// It is none that lies in a file, or not in one of this name.
    #[error("{0} names no file: expected sqlite:// and a path, of a file on a local disk")]
    NoFile(String),
    /// It can have no write-ahead log, being in memory or on a file system without shared memory; its journal's mode.
    #[error(
        "the database can have no write-ahead log (its journal is of the kind {0}): expected a file on a local disk"
    )]
    NoLog(String),
    /// Another process writes it.
    #[error(
        "{} is in use by another server, and two that write it would count wrong: stop that one first, or name another file",
        .0.display()
    )]
    InUse(PathBuf),
    /// It failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a database could not be copied.
#[derive(Debug, Error)]
pub enum CopyError {
    /// There is no such file to copy.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// Where the copy should be there is a file already.
    #[error(
        "{} is there already, and nothing is overwritten: name another file, or move this one away while no server uses it",
        .0.display()
    )]
    Exists(PathBuf),
    /// There is no such folder to make the copy in.
    #[error("there is no folder {}: make it first, or name another", .0.display())]
    NoFolder(PathBuf),
    /// The file to restore has a write-ahead log beside it.
    #[error(
        "{} lies beside the backup, so that it is none that `candor backup` made, and part of its answers are in that \
         log: run `candor backup` on it first",
        .0.display()
    )]
    Unfinished(PathBuf),
    /// The file to copy is damaged; in words.
    #[error("what should be copied is damaged: {0}")]
    Damaged(String),
    /// One of the two is no database of this Candor.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Reading or writing failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why surveys could not be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// They don't go with what the database has: every reason, at least one.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Refusal>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a survey does not go with what the database has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A version that visitors have seen or answered was changed.
    #[error(
        "version {version} of {survey} was edited, but visitors have answered it already: undo the edit, or raise version \
         to {}",
        version.saturating_add(1)
    )]
    Edited {
        /// The site's id.
        site: String,
        /// The survey's id.
        survey: String,
        /// Its version.
        version: u32,
    },
    /// A site that is known was put into another workspace.
    #[error(
        "the site {site} is one of the workspace {workspace}, where its answers stay: undo the edit, or give the site another id"
    )]
    Moved {
        /// The site's id.
        site: String,
        /// The workspace that it is in.
        workspace: String,
    },
    /// A question measures something else in another version of the survey.
    #[error(
        "the question {question} measures something else in another version of {survey}, and the two can't share a score: \
         give the question another id"
    )]
    OtherMetric {
        /// The site's id.
        site: String,
        /// The survey's id.
        survey: String,
        /// The question's id.
        question: String,
    },
}

impl Refusal {
    /// The site, the survey unless it is the site itself, and the key at fault.
    #[must_use]
    pub fn at(&self) -> (&str, Option<&str>, &'static str) {
        match self {
            Self::Edited { site, survey, .. } => (site, Some(survey), "version"),
            Self::OtherMetric { site, survey, .. } => (site, Some(survey), "metric"),
            Self::Moved { site, .. } => (site, None, "workspace"),
        }
    }
}

/// Why the database could not do its work.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Too many responses are waiting to be kept; try again in a second.
    #[error("too many responses are waiting to be kept")]
    Busy,
    /// The store is closed or closing.
    #[error("the store is closed")]
    Closed,
    /// A newer version of candor has changed the schema: this one would write what that one can't read.
    #[error(
        "a newer version of candor has changed the schema of the database: stop this server, which takes no answer any more"
    )]
    Outdated,
    /// What an earlier version deleted is still in its file.
    #[error(
        "what earlier versions deleted still stands in the database's file, because it could not be written anew at the last start: \
         start the server with as much room as the file takes on its disk, and in the temporary folder (SQLITE_TMPDIR)"
    )]
    NotAnew,
    /// Reading took longer than it may.
    #[error("reading took too long")]
    TooLong,
    /// The database said no; its words.
    #[error("the database failed: {0}")]
    Database(String),
}

impl From<serde_json::Error> for StoreError {
    fn from(e: serde_json::Error) -> Self {
        Self::Database(format!("a row is not what was written there: {e}"))
    }
}

impl From<serde_json::Error> for ImportError {
    fn from(e: serde_json::Error) -> Self {
        Self::Store(e.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_is_found_by_its_name() {
        // A new one does not compile until it is named here.
        let next = |dimension: &Dimension| match dimension {
            Dimension::Site => Some(Dimension::Locale),
            Dimension::Locale => Some(Dimension::Touchpoint),
            Dimension::Touchpoint => Some(Dimension::Display),
            Dimension::Display => Some(Dimension::Declared("locale".into())),
            Dimension::Declared(_) => None,
        };
        let all: Vec<_> = std::iter::successors(Some(Dimension::Site), next).collect();
        assert_eq!(all[..4], Dimension::EVERY);
        assert_eq!(all[1..4], Dimension::COUNTED);
        for dimension in all {
            let name = dimension.name();
            assert_eq!(Dimension::parse(&name), Some((dimension.clone(), None)));
            assert_eq!(Dimension::parse(&format!("{name}:a:b")), Some((dimension, Some("a:b"))));
        }
        assert_eq!(Dimension::parse("plan"), None);
    }
}
