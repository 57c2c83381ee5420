//! Keeping and counting responses.
//!
//! | Look for | In |
//! |---|---|
//! | opening a database by its URL | [`Store::open`] |
//! | keeping responses, acknowledged once durable | [`Store::save`] → [`Outcome`] |
//! | counts per point and period | [`Store::tallies`] → [`Counts`] |
//! | the responses themselves | [`Store::responses`] → [`Listed`] |
//! | a copy of a database in use, and its way back | [`backup`], [`restore`] |
//! | surveys of TOML files | [`Store::import`], [`Store::catalog`] |
//!
//! Only this crate knows SQL. It counts ratings per point and knows nothing of bands and scores.

mod backend;
mod decide;
mod kept;
mod model;
mod names;
mod rollup;
mod segments;
mod sqlite;
mod varint;

pub use model::{
    Arrival, Catalog, CatalogSite, CatalogSurvey, Change, Commit, Copied, CopyError, Counts,
    DEFAULT_WORKSPACE, Difference, Dimension, Edit, EditKind, Erasure, FeedQuery, HEALTH_DAYS, Health,
    ImportError, Listed, MAX_AGE_MS, MAX_PAGE_BYTES, MAX_VALUES, Note, OTHER, Observer, OpenError, Outcome,
    Place, Progress, Range, Refusal, ResponseQuery, SLOT_MS, Scope, Segment, Settings, StoreError,
    StoredResponse, TallyQuery, dated_ms,
};

use backend::Backend;
use candor_survey::{AuthoredSite, Warning};
use sqlite::Sqlite;
use std::{path::Path, sync::Arc, time::Duration};

/// How often, and after which pauses, it is tried to empty the log.
const SCRUB_TRIES: u32 = 30;
const SCRUB_PAUSE: Duration = Duration::from_millis(100);

/// A database, opened by its URL. Clones share it.
#[derive(Clone, Debug)]
pub struct Store(Arc<dyn Backend>);

impl Store {
    /// Opens the database, making or migrating it as needed.
    ///
    /// # Examples
    /// `sqlite://candor.sqlite` is a file in the working directory, `sqlite:///var/lib/candor.sqlite` one anywhere.
    ///
    /// # Errors
    /// [`OpenError`] if the URL is of no known kind, the file is none of Candor's, or a newer Candor wrote it.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(url, Settings::default()).await
    }

    /// Opens the database as [`open`](Self::open) does, with settings of one's own.
    ///
    /// # Errors
    /// As there.
    pub async fn open_with(url: &str, settings: Settings) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Sqlite::open(path(url)?.into(), settings).await?)))
    }

    /// Opens a database that a server may be using at the same time, to look after it.
    ///
    /// # Errors
    /// As [`open`](Self::open); if there is no database, or it is of an earlier schema.
    pub async fn open_beside(url: &str) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Sqlite::beside(path(url)?.into()).await?)))
    }

    /// Makes the database agree with what was read from files: new versions are added, sites and surveys that are
    /// missing from the files stop running. All or nothing; if nothing differs, nothing is written.
    ///
    /// # Errors
    /// [`ImportError::Refused`] with all that is in the way, such as a changed version that has answers.
    pub async fn import(&self, sites: Vec<AuthoredSite>) -> Result<(), ImportError> {
        self.0.import(sites).await
    }

    /// Everything that [`import`](Self::import) would refuse. The database is read only, and has to be there.
    ///
    /// # Errors
    /// [`OpenError`] as [`open`](Self::open) has it, or if the database fails.
    pub async fn refusals(url: &str, sites: Vec<AuthoredSite>) -> Result<Vec<Refusal>, OpenError> {
        Sqlite::refusals(path(url)?.into(), sites).await
    }

    /// The ratings of these surveys that a version with answers asks on another scale: site, survey, and what there is to say. The
    /// database is read only, and has to be there.
    ///
    /// # Errors
    /// As [`refusals`](Self::refusals).
    pub async fn rescaled(
        url: &str,
        sites: Vec<AuthoredSite>,
    ) -> Result<Vec<(String, String, Warning)>, OpenError> {
        Sqlite::rescaled(path(url)?.into(), sites).await
    }

    /// Every site and every version of every survey.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn catalog(&self) -> Result<Catalog, StoreError> {
        self.0.catalog().await
    }

    /// Keeps responses. Those of concurrent calls share a transaction; each call returns after its commit is on
    /// durable storage. Outcomes come in the order given.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if too many wait already, [`StoreError::Closed`] after [`close`](Self::close), others if
    /// the database fails; then none of the call's responses is kept.
    pub async fn save(&self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError> {
        self.0.save(arrivals).await
    }

    /// How many calls wait to be kept.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.waiting()
    }

    /// Counts per segment and period, every period of every segment once, those without answers included. `None` if they
    /// are more than the query's `most`.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn tallies(&self, query: TallyQuery) -> Result<Option<Vec<Counts>>, StoreError> {
        self.0.tallies(query).await
    }

    /// The first and last quarter hour in which the survey of the site, or of every site, has counts, in milliseconds since
    /// 1970.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn span(
        &self,
        scope: Scope,
        site: Option<String>,
        survey: String,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        self.0.span(scope, site, survey).await
    }

    /// Responses, newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn responses(&self, query: ResponseQuery) -> Result<Listed, StoreError> {
        self.0.responses(query).await
    }

    /// Responses in the order in which they came, those of all surveys: whoever reads on from the last place misses none, however
    /// late it was sent, and gets each again after it changed.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn feed(&self, query: FeedQuery) -> Result<Listed, StoreError> {
        self.0.feed(query).await
    }

    /// Counts the rollup again from the responses, day by day, and says where the two differ, and which of the responses
    /// can't be read; empty, as long as all is well.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn audit(&self) -> Result<Vec<Difference>, StoreError> {
        self.0.audit(i64::MIN).await
    }

    /// As [`audit`](Self::audit), of the days from this moment on alone.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn audit_since(&self, from_ms: i64) -> Result<Vec<Difference>, StoreError> {
        self.0.audit(from_ms).await
    }

    /// How the database is, as far as can be told without reading all of it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn health(&self, now_ms: i64) -> Result<Health, StoreError> {
        self.0.health(now_ms).await
    }

    /// Replaces the rollup by one that is counted from the responses, day by day. One that can't be read counts nowhere.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; the days that are left are then as before.
    pub async fn recount(&self) -> Result<(), StoreError> {
        self.0.recount().await
    }

    /// Erases responses, and sees to it that none comes back: neither a response of such an id nor one that the respondent gave
    /// before this. Gives how many there were. Their bytes are in the database's files until [`scrub`](Self::scrub) is done.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; of many some may be erased then.
    pub async fn erase(&self, scope: Scope, what: Erasure, now_ms: i64) -> Result<usize, StoreError> {
        let mut erased = 0;
        while let Some(some) = self.0.erase(scope, what.clone(), now_ms).await? {
            erased += some;
        }
        Ok(erased)
    }

    /// Takes what says whose they are from all responses to a site's survey that are dated before a moment: respondent, page, words,
    /// attributes, context and id. Ratings, choices and dates stay. Gives how many there were. Their bytes are in the database's files
    /// until [`scrub`](Self::scrub) is done.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; some may be done then.
    pub async fn anonymise(
        &self,
        scope: Scope,
        site: &str,
        survey: &str,
        before_ms: i64,
    ) -> Result<usize, StoreError> {
        let mut done = 0;
        while let Some(some) = self.0.anonymise(scope, site.to_owned(), survey.to_owned(), before_ms).await? {
            done += some;
        }
        Ok(done)
    }

    /// Changes by hand what is counted, beside answers that arrive, and keeps who did it and why. Gives how many responses were changed;
    /// 0 if it was so already, or there are none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; of a range some may be changed then, and [`settle_changes`](Self::settle_changes) goes
    /// on.
    pub async fn change(&self, scope: Scope, edit: Edit, note: Note) -> Result<usize, StoreError> {
        Ok(self.0.change(scope, edit, note).await? + self.settle_changes().await?)
    }

    /// Goes on with changes of ranges that were ended half-way.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub async fn settle_changes(&self) -> Result<usize, StoreError> {
        let mut changed = 0;
        while let Some(some) = self.0.settle_changes().await? {
            changed += some;
        }
        Ok(changed)
    }

    /// What was changed by hand, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn changes(&self, scope: Scope, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.0.changes(scope, limit).await
    }

    /// The ranges of a survey, of one site or of all, that are out of the counts: each its first moment and the first after it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn excluded(
        &self,
        scope: Scope,
        survey: String,
        site: Option<String>,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        self.0.excluded(scope, survey, site).await
    }

    /// One response.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn response(&self, scope: Scope, id: String) -> Result<Option<StoredResponse>, StoreError> {
        self.0.response(scope, id).await
    }

    /// Wipes from the database's files what has been erased or made anonymous since this was done last, if anything was: between
    /// answers, some pages at a time. It goes on where it was if it was ended.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; [`StoreError::Busy`] if somebody still reads an earlier state: try again;
    /// [`StoreError::NotAnew`] if only the next start can do it.
    pub async fn scrub(&self) -> Result<(), StoreError> {
        let mut tries = SCRUB_TRIES;
        loop {
            match self.0.scrub().await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(StoreError::Busy) if tries > 0 => {
                    tries -= 1;
                    tokio::time::sleep(SCRUB_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The moment by which retention goes, given what the clock says: no more than a day after the last, and only with `goes_on`, which
    /// is for who has run for a while. So a clock that is wrong does not make all answers old, however often one starts.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn believe(&self, now_ms: i64, goes_on: bool) -> Result<i64, StoreError> {
        self.0.believe(now_ms, goes_on).await
    }

    /// Writes something, to see that writing works.
    ///
    /// # Errors
    /// [`StoreError`] if it doesn't.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.0.probe().await
    }

    /// Keeps what was handed to [`save`](Self::save), then closes the database.
    pub async fn close(&self) {
        self.0.close().await
    }
}

/// Copies a database to a new file, as it was at one moment, while others go on to write it.
///
/// The copy is whole and on durable storage when this returns, and there is none before. `progress` is called now and then.
///
/// # Errors
/// [`CopyError`] says what stood in the way; no file is left then.
pub fn backup(url: &str, to: &Path, progress: impl FnMut(Progress)) -> Result<Copied, CopyError> {
    sqlite::backup(path(url)?.as_ref(), to, progress)
}

/// Makes a database of a backup, where there is none: checks it, brings it to the newest schema and counts it.
///
/// # Errors
/// [`CopyError`] says what stood in the way; no database is left then.
pub async fn restore(from: &Path, url: &str, progress: impl FnMut(Progress)) -> Result<Copied, CopyError> {
    sqlite::restore(from, path(url)?.as_ref(), progress).await
}

/// The path of a database that is a file.
fn path(url: &str) -> Result<&str, OpenError> {
    match url.strip_prefix("sqlite://") {
        // SQLite would make no file of these, or another one.
        Some(path) if path.starts_with(':') || path.starts_with("file:") => {
            Err(OpenError::NoFile(url.to_owned()))
        }
        Some(path) if !path.is_empty() => Ok(path),
        _ => Err(OpenError::UnknownUrl(url.to_owned())),
    }
}
