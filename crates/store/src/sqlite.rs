//! One SQLite file: one thread writes, a few connections read.

mod import;
mod read;
mod save;
mod schema;
mod writer;

use crate::{
    Arrival, Catalog, Counts, Difference, ImportError, Kept, OpenError, Outcome, Page, Refusal, StoreError,
    TallyQuery,
};
use candor_survey::AuthoredSite;
use rusqlite::{Connection, OpenFlags};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;
use writer::Writer;

/// How long a connection waits for another process that holds the lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// How many reads run at once.
const READERS: usize = 4;

#[derive(Clone, Debug)]
pub(crate) struct Sqlite {
    writer: Writer,
    readers: Arc<Readers>,
}

#[derive(Debug)]
struct Readers {
    path: PathBuf,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Sqlite {
    pub(crate) async fn open(path: PathBuf) -> Result<Self, OpenError> {
        let readers = Arc::new(Readers {
            path: path.clone(),
            permits: Semaphore::new(READERS),
            idle: Mutex::default(),
        });
        let writer = blocking(move || {
            let mut connection = connect(&path, OpenFlags::default())?;
            schema::migrate(&mut connection)?;
            Ok::<_, OpenError>(Writer::spawn(connection)?)
        })
        .await??;
        Ok(Self { writer, readers })
    }

    pub(crate) async fn import(&self, sites: Vec<AuthoredSite>) -> Result<(), ImportError> {
        self.writer.run(move |connection| import::import(connection, &sites)).await?
    }

    pub(crate) async fn refusals(path: PathBuf, sites: Vec<AuthoredSite>) -> Result<Vec<Refusal>, OpenError> {
        blocking(move || {
            let connection =
                connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            // A file that is empty will be made a database, and refuses nothing.
            if schema::version(&connection)? == 0 {
                return Ok(Vec::new());
            }
            Ok(import::refusals(&connection, &sites)?)
        })
        .await?
    }

    pub(crate) async fn catalog(&self) -> Result<Catalog, StoreError> {
        self.read(import::catalog).await
    }

    pub(crate) async fn save(&self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError> {
        self.writer.save(arrivals).await
    }

    pub(crate) async fn tallies(&self, query: TallyQuery) -> Result<Option<Vec<Counts>>, StoreError> {
        self.read(move |connection| read::tallies(connection, &query)).await
    }

    pub(crate) async fn span(&self, survey: String) -> Result<Option<(i64, i64)>, StoreError> {
        self.read(move |connection| read::span(connection, &survey)).await
    }

    pub(crate) async fn responses(&self, page: Page) -> Result<Vec<Kept>, StoreError> {
        self.read(move |connection| read::responses(connection, &page)).await
    }

    pub(crate) async fn audit(&self) -> Result<Vec<Difference>, StoreError> {
        self.read(save::audit).await
    }

    pub(crate) async fn recount(&self) -> Result<(), StoreError> {
        self.writer.run(save::recount).await?
    }

    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.writer.run(save::probe).await?
    }

    pub(crate) async fn close(&self) {
        // The readers go first: the last connection of all takes the write-ahead log away, if it may write.
        self.readers.permits.close();
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.writer.close().await;
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _permit = self.readers.permits.acquire().await.map_err(|_| StoreError::Closed)?;
        let readers = Arc::clone(&self.readers);
        blocking(move || {
            let idle = readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match idle {
                Some(connection) => connection,
                None => connect(
                    &readers.path,
                    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
                )?,
            };
            let result = work(&connection);
            if !readers.permits.is_closed() {
                readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            result
        })
        .await?
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags).map_err(|e| match e {
        // SQLite's own words leave out which file it was.
        rusqlite::Error::SqliteFailure(_, Some(words)) => {
            StoreError::Database(format!("{words} ({})", path.display()))
        }
        e => e.into(),
    })?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Database(e.to_string()))
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        Self::Database(e.to_string())
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
