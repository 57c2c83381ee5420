//! Copies of whole databases: page by page, within one read transaction, so that nobody who writes waits or is waited for.

use super::{PLAIN, Sqlite, connect, files, schema};
use crate::{Copied, CopyError, Progress, Settings, StoreError, backend::Backend};
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How many pages are copied between two calls of `progress`: 4 MiB.
const STEP_PAGES: i32 = 1_024;
/// What the names of unfinished copies have after that of the finished one.
const UNFINISHED: &str = ".unfinished-";

pub(crate) fn backup(
    database: &Path,
    to: &Path,
    progress: impl FnMut(Progress),
) -> Result<Copied, CopyError> {
    if !database.is_file() {
        return Err(CopyError::Missing(database.to_path_buf()));
    }
    all_absent(to)?;
    // Not read-only: if no server runs, this is the connection that takes the log away at its end.
    let source = connect(database, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    holds_something(&source)?;
    let unfinished = Unfinished::beside(to)?;
    copy(&source, &unfinished.path, progress)?;
    let copied = count(&unfinished.path)?;
    unfinished.rename(to)?;
    Ok(copied)
}

pub(crate) async fn restore(
    from: &Path,
    database: &Path,
    progress: impl FnMut(Progress),
) -> Result<Copied, CopyError> {
    if !from.is_file() {
        return Err(CopyError::Missing(from.to_path_buf()));
    }
    // The log lies beside the file itself, not beside a link to it.
    let from = &fs::canonicalize(from)?;
    // A file with a log beside it is none that `backup` made, and part of its answers are in the log.
    let log = files::beside(from, "-wal");
    if log.exists() {
        return Err(CopyError::Unfinished(log));
    }
    all_absent(database)?;
    // Without locks, and with nothing put beside it: backups lie on disks that can only be read.
    let address = format!("file:{}?immutable=1", percent_encoded(from));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = connect(Path::new(&address), flags)?;
    holds_something(&source)?;
    let found: String = source.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(CopyError::Damaged(found));
    }
    let unfinished = Unfinished::beside(database)?;
    copy(&source, &unfinished.path, progress)?;

    let store = Sqlite::open(unfinished.path.clone(), Settings::default()).await?;
    let differences = store.audit(i64::MIN).await?.len();
    if differences > 0 {
        store.recount().await?;
    }
    store.close().await;
    let copied = Copied { differences, ..count(&unfinished.path)? };
    unfinished.rename(database)?;
    Ok(copied)
}

/// What was written so far, removed again unless it is finished.
struct Unfinished {
    path: PathBuf,
    /// Held, so that no other process takes it for left behind.
    _lock: fs::File,
}

impl Unfinished {
    /// Makes an empty file beside another, of a name of its own: two copies to one place must not mix. What processes that were killed have
    /// left there goes.
    fn beside(to: &Path) -> Result<Self, CopyError> {
        let start = files::beside(to, UNFINISHED);
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        for file in fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten().flatten() {
            let name = file.file_name();
            let start = start.file_name().and_then(|name| name.to_str());
            let own = start.and_then(|start| name.to_str()?.strip_prefix(start));
            // Of those beside it, such as its log, the names go on.
            let is_one = own.is_some_and(|own| own.bytes().all(|byte| byte.is_ascii_digit()));
            if is_one
                && let Ok(lock) = fs::OpenOptions::new().write(true).open(file.path())
                && lock.try_lock().is_ok()
            {
                drop(Self { path: file.path(), _lock: lock });
            }
        }
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
            let path = files::beside(to, &format!("{UNFINISHED}{}{now}", std::process::id()));
            if !files::make_private(&path)? {
                continue;
            }
            // Another may have come between, and taken it for left behind.
            if let Ok(lock) = fs::OpenOptions::new().write(true).open(&path)
                && lock.try_lock().is_ok()
                && path.exists()
            {
                return Ok(Self { path, _lock: lock });
            }
        }
    }

    fn rename(self, to: &Path) -> Result<(), CopyError> {
        fs::OpenOptions::new().write(true).open(&self.path)?.sync_all()?;
        // Unlike a rename, a link replaces nothing that has come there meanwhile.
        fs::hard_link(&self.path, to).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Err(CopyError::Exists(to.to_path_buf())),
            // Some file systems know no second names.
            _ => absent(to).and_then(|()| Ok(fs::rename(&self.path, to)?)),
        })?;
        drop(self);
        Ok(files::sync_folder(to)?)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm", "-journal", "-lock"] {
            let _ = fs::remove_file(files::beside(&self.path, ending));
        }
    }
}

/// Neither the file is there, nor a log of another one, which would be taken for its own.
fn all_absent(file: &Path) -> Result<(), CopyError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(CopyError::NoFolder(folder.to_path_buf()));
    }
    ["", "-wal", "-shm"].iter().try_for_each(|ending| absent(&files::beside(file, ending)))
}

/// SQLite would take a file without anything for a new database.
fn holds_something(source: &Connection) -> Result<(), CopyError> {
    match schema::version(source)? {
        0 => Err(CopyError::Damaged("it is empty".to_owned())),
        _ => Ok(()),
    }
}

fn absent(file: &Path) -> Result<(), CopyError> {
    // A link that leads nowhere is something, too.
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(CopyError::Exists(file.to_path_buf())),
        Err(error) => Err(error.into()),
    }
}

/// Copies all pages as they are at this moment.
fn copy(source: &Connection, to: &Path, mut progress: impl FnMut(Progress)) -> Result<(), CopyError> {
    let mut target = connect(to, PLAIN)?;
    // It is synced as a whole at the end, and removed if it comes to none.
    target.pragma_update(None, "synchronous", "OFF")?;
    // Held open, this read keeps every step on the same moment; without it each write of others would start the copy over.
    let moment = source.unchecked_transaction()?;
    moment.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let copying = Backup::new(&moment, &mut target)?;
    loop {
        let step = copying.step(STEP_PAGES)?;
        let at = copying.progress();
        let pages = |n: i32| u64::try_from(n).unwrap_or(0);
        progress(Progress { done: pages(at.pagecount - at.remaining), of: pages(at.pagecount) });
        match step {
            StepResult::Done => return Ok(()),
            StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(50)),
            _ => {}
        }
    }
}

fn count(file: &Path) -> Result<Copied, CopyError> {
    let copy = connect(file, PLAIN)?;
    let responses: i64 = copy.query_row("SELECT COUNT(*) FROM responses", [], |row| row.get(0))?;
    let bytes = fs::metadata(file)?.len();
    Ok(Copied { responses: u64::try_from(responses).unwrap_or(0), bytes, differences: 0 })
}

/// A path as SQLite's addresses want it.
fn percent_encoded(path: &Path) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b);
    let encode = |b: &u8| if plain(*b) { char::from(*b).to_string() } else { format!("%{b:02X}") };
    path.as_os_str().as_encoded_bytes().iter().map(encode).collect()
}

impl From<io::Error> for CopyError {
    fn from(e: io::Error) -> Self {
        Self::Store(StoreError::Database(e.to_string()))
    }
}

impl From<rusqlite::Error> for CopyError {
    fn from(e: rusqlite::Error) -> Self {
        Self::Store(e.into())
    }
}
