use super::{
    BUSY_TIMEOUT, PLAIN, connect, count, edit, erase,
    files::{self, Files},
    save::{self, Memory},
    schema, scrub,
};
use crate::{Arrival, Edit, Erasure, Note, OpenError, Outcome, Scope, StoreError};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// A log that grew beyond so many bytes, while a reader kept it from starting over, is cut when it does.
pub(super) const MAX_IDLE_LOG: i64 = 64 * 1024 * 1024;
/// With less than this left on its disk the database is not ready: a small write may still fit where a batch no longer does.
const MIN_FREE_BYTES: u64 = 16 * 1024 * 1024;

/// How long answers wait for the log to be emptied, and who looks after the database for answers.
const MAX_PAUSE: Duration = Duration::from_millis(50);
const MIN_PAUSE: Duration = Duration::from_millis(2);
/// How long one who looks after the database waits for a lock.
const BESIDE_TIMEOUT: Duration = Duration::from_secs(30);

/// The connection that writes, with what must hold before anything is acknowledged.
#[derive(Debug)]
pub(super) struct Disk {
    connection: Connection,
    path: PathBuf,
    /// Known from the first synced write on. Until then what can be read may be in memory alone: a process that was killed
    /// may have written it and not synced it, and a power cut would take it, acknowledged as a duplicate or not.
    files: Option<Files>,
    /// Whether the log was said to have been moved, which is said once.
    is_moved: bool,
    memory: Memory,
    scrub: Option<scrub::Place>,
    busy_timeout: Duration,
    /// Held for as long as this is, unless it works beside another.
    lock: Option<fs::File>,
}

impl Disk {
    /// Opens a database that another process may be writing: as it is, and if it is of this schema.
    pub(super) fn beside(path: PathBuf) -> Result<Self, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = connect(&path, flags)?;
        schema::is_newest(&connection)?;
        schema::set_up(&connection)?;
        Self::of(connection, path, None)
    }

    /// Opens the database, making or migrating it as needed.
    pub(super) fn open(path: PathBuf) -> Result<Self, OpenError> {
        // An error is SQLite's to tell: it says it better.
        if files::make_private(&path).unwrap_or(false) {
            tracing::info!(file = %path.display(), "a new database");
        } else if files::is_open_to_others(&path) {
            tracing::warn!(file = %path.display(), "other users of this machine can read the database: take away their right with chmod o=");
        }
        let lock = files::lock(&path)?;
        let mut connection = connect(&path, PLAIN)?;
        schema::migrate(&mut connection)?;
        Self::of(connection, path, Some(lock))
    }

    fn of(connection: Connection, path: PathBuf, lock: Option<fs::File>) -> Result<Self, OpenError> {
        // SQLite would otherwise checkpoint within a commit, and a visitor would wait for it.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", MAX_IDLE_LOG)?;
        let memory = Memory::read(&connection)?;
        // Whoever works beside a server waits for it, and not the server's visitors for them.
        let busy_timeout = if lock.is_some() { BUSY_TIMEOUT } else { BESIDE_TIMEOUT };
        connection.busy_timeout(busy_timeout)?;
        let (files, is_moved, scrub) = (None, false, None);
        let mut disk = Self { connection, path, files, is_moved, memory, scrub, busy_timeout, lock };
        match disk.settle() {
            Ok(()) => Ok(disk),
            // Scores can be read and files served all the same, and the disk may have room again in a minute.
            Err(error) if is_disk(&error) => {
                tracing::error!(%error, "the database cannot be written: no answer is taken until it can");
                Ok(disk)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the calls' arrivals. Every result is given after a synced commit to the files that the next start will find.
    pub(super) fn save(
        &mut self,
        calls: &[&[Arrival]],
    ) -> Result<Vec<Result<Vec<Outcome>, StoreError>>, StoreError> {
        self.write(|disk| save::save(&mut disk.connection, &mut disk.memory, calls))
    }

    /// Counts again.
    pub(super) fn recount(&mut self) -> Result<(), StoreError> {
        self.memory.forget();
        self.write(|disk| count::recount(&mut disk.connection))
    }

    /// Takes some of the responses out of all tables. `None`: all are.
    pub(super) fn erase(
        &mut self,
        scope: Scope,
        what: &Erasure,
        now_ms: i64,
    ) -> Result<Option<usize>, StoreError> {
        let some =
            self.write(|disk| erase::erase(&mut disk.connection, &mut disk.memory, scope, what, now_ms))?;
        self.keep_log_small();
        Ok(some)
    }

    /// Wipes some pages from what was erased, and at last the log. Whether there is more to do.
    pub(super) fn scrub(&mut self) -> Result<bool, StoreError> {
        let Some(due) = scrub::due(&self.connection)? else { return Ok(false) };
        let place = self.scrub.filter(|place| place.is_of(due)).unwrap_or_else(|| scrub::Place::start(due));
        if !place.is_end() {
            self.scrub = Some(self.write(|disk| scrub::step(&mut disk.connection, place))?);
            self.keep_log_small();
            return Ok(true);
        }
        self.empty_log()?;
        self.write(|disk| scrub::is_done(&disk.connection, place))?;
        self.scrub = None;
        Ok(scrub::due(&self.connection)?.is_some())
    }

    /// Sees to it that a piece of much work does not grow the log.
    fn keep_log_small(&self) {
        // Beside a server that goes on to write, a log that was copied is not at its end for long enough to start over.
        if self.files.as_ref().is_some_and(|files| files.log_bytes() > MAX_IDLE_LOG.unsigned_abs()) {
            let _ = self.empty_log();
        } else {
            self.checkpoint();
        }
    }

    /// Takes away what the log has of earlier states. Answers don't wait long for those who read one.
    fn empty_log(&self) -> Result<(), StoreError> {
        self.checkpoint();
        self.connection.busy_timeout(MAX_PAUSE)?;
        let is_busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        self.connection.busy_timeout(self.busy_timeout)?;
        if is_busy? { Err(StoreError::Busy) } else { Ok(()) }
    }

    /// Takes what says whose they are from some of the responses dated before a moment.
    pub(super) fn anonymise(
        &mut self,
        scope: Scope,
        of: (&str, &str),
        before_ms: i64,
    ) -> Result<Option<usize>, StoreError> {
        self.write(|disk| erase::anonymise(&mut disk.connection, &mut disk.memory, scope, of, before_ms))
    }

    /// Makes a change by hand, or begins it.
    pub(super) fn change(&mut self, scope: Scope, change: &Edit, note: &Note) -> Result<usize, StoreError> {
        self.write(|disk| edit::edit(&mut disk.connection, &mut disk.memory, scope, change, note))
    }

    /// Goes on with changes that were begun. `None`: all are made.
    pub(super) fn settle_changes(&mut self) -> Result<Option<usize>, StoreError> {
        if !edit::is_unfinished(&self.connection)? {
            return Ok(None);
        }
        let some = self.write(|disk| edit::step(&mut disk.connection, &mut disk.memory))?;
        self.keep_log_small();
        Ok(some)
    }

    /// Writes something else.
    pub(super) fn edit<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write(|disk| work(&mut disk.connection))
    }

    /// Writes something, and sees that there is room for more.
    pub(super) fn probe(&mut self) -> Result<(), StoreError> {
        self.write(|disk| Ok::<_, StoreError>(save::probe(&mut disk.connection)?))?;
        match files::free_bytes(&self.path) {
            Ok(free) if free < MIN_FREE_BYTES => Err(StoreError::Database(format!(
                "the disk of {} is almost full: {free} bytes are free, and it takes {MIN_FREE_BYTES} to be ready",
                self.path.display()
            ))),
            _ => Ok(()),
        }
    }

    fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.files.is_none() {
            self.settle().map_err(StoreError::from)?;
        }
        self.unmoved()?;
        self.memory.is_current(&self.connection)?;
        let start = Instant::now();
        let done = work(self);
        if self.lock.is_none() {
            // A server's visitors come first: who waits for a lock by looking again now and then gets it from nobody who takes it back
            // at once.
            std::thread::sleep(start.elapsed().clamp(MIN_PAUSE, MAX_PAUSE));
        }
        if done.is_err() {
            // A name may have been let in by what was rolled back.
            self.memory.forget();
        }
        let done = done?;
        // Again, because what went into a file without a name is gone with this process.
        self.unmoved()?;
        Ok(done)
    }

    /// Makes durable what a crashed process may have left in the log unsynced: pages that can be read are copied and synced
    /// once more, and so is the log, with a write of its own at its end.
    fn settle(&mut self) -> rusqlite::Result<()> {
        self.checkpoint();
        save::probe(&mut self.connection)?;
        let found = files::sync_folder(&self.path).and_then(|()| Files::find(&self.path));
        self.files = Some(found.map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?);
        Ok(())
    }

    fn unmoved(&mut self) -> Result<(), StoreError> {
        let Some(files) = &self.files else { return Ok(()) };
        let found = files.unmoved();
        if let Err(error) = &found
            && !self.is_moved
        {
            tracing::error!(%error, "no answer is taken");
            // What was acknowledged before may stand in a log that has no name any more. Here it is still open.
            self.checkpoint();
        }
        if self.is_moved && found.is_ok() {
            tracing::info!("the database's files are back: answers are taken again");
        }
        self.is_moved = found.is_err();
        found
    }

    /// Copies the write-ahead log into the database file, as far as no reader needs it.
    pub(super) fn checkpoint(&self) {
        // Nothing is lost if it fails: the log stays as it is, and the next checkpoint copies it.
        if let Err(error) = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(%error, "the write-ahead log could not be copied into the database file");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Whether the disk is full, or fails.
fn is_disk(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure))
}
