//! One SQLite file: one thread writes, a few connections read.

mod backup;
mod carry;
mod count;
mod disk;
mod edit;
mod erase;
mod files;
mod import;
mod names;
mod read;
mod readers;
mod save;
mod schema;
mod scrub;
mod writer;

pub(crate) use backup::{backup, restore};

use crate::{
    Arrival, Catalog, Change, Counts, Difference, Edit, Erasure, FeedQuery, Health, ImportError, Listed,
    Note, OpenError, Outcome, Refusal, ResponseQuery, Scope, Settings, StoreError, StoredResponse,
    TallyQuery, backend::Backend,
};
use async_trait::async_trait;
use candor_survey::{AuthoredSite, Warning};
use disk::Disk;
use readers::Readers;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use writer::Writer;

/// How long one waits for another process that holds a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How a file is opened that may be made and written.
const PLAIN: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_CREATE)
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

#[derive(Debug)]
pub(crate) struct Sqlite {
    writer: Writer,
    readers: Arc<Readers>,
    read_timeout: Duration,
    path: PathBuf,
}

impl Sqlite {
    pub(crate) async fn open(path: PathBuf, settings: Settings) -> Result<Self, OpenError> {
        Self::of(path, settings, Disk::open).await
    }

    pub(crate) async fn beside(path: PathBuf) -> Result<Self, OpenError> {
        Self::of(path, Settings::default(), Disk::beside).await
    }

    async fn of(
        path: PathBuf,
        settings: Settings,
        open: fn(PathBuf) -> Result<Disk, OpenError>,
    ) -> Result<Self, OpenError> {
        let Settings { read_timeout, observer } = settings;
        let (readers, file) = (path.clone(), path.clone());
        let disk = blocking(move || open(path)).await??;
        let writer = Writer::spawn(disk, observer)?;
        Ok(Self { writer, readers: Arc::new(Readers::spawn(readers)?), read_timeout, path: file })
    }

    pub(crate) async fn refusals(path: PathBuf, sites: Vec<AuthoredSite>) -> Result<Vec<Refusal>, OpenError> {
        Self::look(path, move |connection| import::refusals(connection, &sites)).await
    }

    pub(crate) async fn rescaled(
        path: PathBuf,
        sites: Vec<AuthoredSite>,
    ) -> Result<Vec<(String, String, Warning)>, OpenError> {
        Self::look(path, move |connection| import::rescaled(connection, &sites)).await
    }

    /// Looks into a database that is only read. A file that is empty will be made a database, and has nothing to say.
    async fn look<T: Default + Send + 'static>(
        path: PathBuf,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, OpenError> {
        blocking(move || {
            let connection =
                connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            if schema::version(&connection)? == 0 {
                return Ok(T::default());
            }
            Ok(work(&connection)?)
        })
        .await?
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(Some(self.read_timeout), work).await
    }
}

#[async_trait]
impl Backend for Sqlite {
    async fn import(&self, sites: Vec<AuthoredSite>) -> Result<(), ImportError> {
        // Read first: what would change nothing needs no room on the disk, and a server starts on a full one.
        let sites = Arc::new(sites);
        let wanted = Arc::clone(&sites);
        let plan =
            self.readers.read(None, move |connection| Ok(import::changes_nothing(connection, &wanted)));
        if plan.await?? {
            return Ok(());
        }
        self.writer.run(move |disk| disk.edit(|connection| import::import(connection, &sites))).await?
    }

    async fn catalog(&self) -> Result<Catalog, StoreError> {
        self.readers.read(None, import::catalog).await
    }

    async fn save(&self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError> {
        self.writer.save(arrivals).await
    }

    fn waiting(&self) -> usize {
        self.writer.waiting()
    }

    async fn tallies(&self, query: TallyQuery) -> Result<Option<Vec<Counts>>, StoreError> {
        self.read(move |connection| read::tallies(connection, &query)).await
    }

    async fn span(
        &self,
        scope: Scope,
        site: Option<String>,
        survey: String,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        self.read(move |connection| read::span(connection, scope, site.as_deref(), &survey)).await
    }

    async fn responses(&self, query: ResponseQuery) -> Result<Listed, StoreError> {
        self.read(move |connection| read::responses(connection, &query)).await
    }

    async fn feed(&self, query: FeedQuery) -> Result<Listed, StoreError> {
        self.read(move |connection| read::feed(connection, query)).await
    }

    async fn audit(&self, from_ms: i64) -> Result<Vec<Difference>, StoreError> {
        self.readers.read(None, move |connection| count::audit(connection, from_ms)).await
    }

    async fn health(&self, now_ms: i64) -> Result<Health, StoreError> {
        let path = self.path.clone();
        self.read(move |connection| read::health(connection, &path, now_ms)).await
    }

    async fn recount(&self) -> Result<(), StoreError> {
        self.writer.run(Disk::recount).await?
    }

    async fn erase(&self, scope: Scope, what: Erasure, now_ms: i64) -> Result<Option<usize>, StoreError> {
        self.writer.run(move |disk| disk.erase(scope, &what, now_ms)).await?
    }

    async fn anonymise(
        &self,
        scope: Scope,
        site: String,
        survey: String,
        before_ms: i64,
    ) -> Result<Option<usize>, StoreError> {
        self.writer.run(move |disk| disk.anonymise(scope, (&site, &survey), before_ms)).await?
    }

    async fn change(&self, scope: Scope, edit: Edit, note: Note) -> Result<usize, StoreError> {
        self.writer.run(move |disk| disk.change(scope, &edit, &note)).await?
    }

    async fn settle_changes(&self) -> Result<Option<usize>, StoreError> {
        self.writer.run(Disk::settle_changes).await?
    }

    async fn changes(&self, scope: Scope, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.read(move |connection| edit::changes(connection, scope, limit)).await
    }

    async fn excluded(
        &self,
        scope: Scope,
        survey: String,
        site: Option<String>,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        self.read(move |connection| edit::excluded(connection, scope, &survey, site.as_deref())).await
    }

    async fn response(&self, scope: Scope, id: String) -> Result<Option<StoredResponse>, StoreError> {
        self.read(move |connection| read::response(connection, scope, &id)).await
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        self.writer.run(Disk::scrub).await?
    }

    async fn believe(&self, now_ms: i64, goes_on: bool) -> Result<i64, StoreError> {
        self.writer
            .run(move |disk| disk.edit(|connection| erase::believe(connection, now_ms, goes_on)))
            .await?
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.writer.run(Disk::probe).await?
    }

    async fn close(&self) {
        // The readers go first: the last connection of all takes the write-ahead log away, if it may write.
        let readers = Arc::clone(&self.readers);
        // It fails if the runtime is ending, and then so are the threads.
        let _ = blocking(move || readers.close()).await;
        self.writer.close().await;
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    // A name that begins with `file:` would be read as an address, and name another file.
    let is_address = flags.contains(OpenFlags::SQLITE_OPEN_URI);
    let absolute = std::path::absolute(path).map_err(|e| StoreError::Database(e.to_string()))?;
    let name = if is_address { path } else { &absolute };
    let connection = Connection::open_with_flags(name, flags).map_err(|e| match e {
        // SQLite's own words leave out which file it was.
        rusqlite::Error::SqliteFailure(_, Some(words)) => {
            StoreError::Database(format!("{words} ({})", path.display()))
        }
        e => e.into(),
    })?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Database(e.to_string()))
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        match e.sqlite_error_code() {
            // Only a reader that has used up its time is interrupted, or one that nobody waits for.
            Some(ErrorCode::OperationInterrupted) => Self::TooLong,
            _ => Self::Database(e.to_string()),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(e: rusqlite::Error) -> Self {
        Self::Store(e.into())
    }
}

impl From<rusqlite::Error> for ImportError {
    fn from(e: rusqlite::Error) -> Self {
        Self::Store(e.into())
    }
}
