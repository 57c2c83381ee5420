//! The files of a database on the disk: that they are private, still where they were, and durable by name.

use super::BUSY_TIMEOUT;
use crate::{OpenError, StoreError};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The database's file and its write-ahead log, as they were found.
#[derive(Debug)]
pub(super) struct Files {
    /// Each with what told it from other files.
    found: [(PathBuf, Option<Identity>); 2],
}

/// Device and inode. What was moved, replaced or removed is another one at its path, or none.
type Identity = (u64, u64);

impl Files {
    /// Takes note of both files, which exist.
    pub(super) fn find(database: &Path) -> io::Result<Self> {
        let found = [database.to_path_buf(), log_of(database)?];
        let found = found.map(|path| (path.clone(), identity(&path)));
        if let Some((path, _)) = found.iter().find(|(_, identity)| identity.is_none()) {
            return Err(io::Error::other(format!("there is no file {}", path.display())));
        }
        Ok(Self { found })
    }

    /// How large the log is.
    pub(super) fn log_bytes(&self) -> u64 {
        let [_, (log, _)] = &self.found;
        fs::metadata(log).map_or(0, |log| log.len())
    }

    /// Whether what was written is still what the next start will find.
    ///
    /// # Errors
    /// [`StoreError::Database`] names the file that is gone or another.
    pub(super) fn unmoved(&self) -> Result<(), StoreError> {
        match self.found.iter().find(|(path, found)| identity(path) != *found) {
            None => Ok(()),
            Some((path, _)) => Err(StoreError::Database(format!(
                "{} was moved, removed or replaced while it was in use: put it back, or stop the server before files are \
                 moved",
                path.display()
            ))),
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Without inodes all that can be seen is whether there is a file.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|_| (0, 0))
}

/// The write-ahead log lies beside the file itself, not beside a link to it.
fn log_of(database: &Path) -> io::Result<PathBuf> {
    Ok(beside(&fs::canonicalize(database)?, "-wal"))
}

/// The path with something added to the file's name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Makes the file unless it is there, readable by its owner alone: it holds what people said. The files that SQLite puts
/// beside it take its mode. Says whether it was made.
pub(super) fn make_private(path: &Path) -> io::Result<bool> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether other users of the machine can read the file.
#[cfg(unix)]
pub(super) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|file| file.mode() & 0o007 != 0)
}

/// No other system that this runs on has modes.
#[cfg(not(unix))]
pub(super) fn is_open_to_others(_: &Path) -> bool {
    false
}

/// Keeps other servers away from the database, for as long as the file is open: each has names and counts at hand that the
/// other would change.
pub(super) fn lock(database: &Path) -> Result<fs::File, OpenError> {
    let failed =
        |e: io::Error| StoreError::Database(format!("{e} ({})", beside(database, "-lock").display()));
    make_private(&beside(database, "-lock")).map_err(failed)?;
    let file = fs::OpenOptions::new().write(true).open(beside(database, "-lock")).map_err(failed)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // One that is ending lets go in a moment.
            Err(fs::TryLockError::WouldBlock) if start.elapsed() < BUSY_TIMEOUT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(fs::TryLockError::WouldBlock) => return Err(OpenError::InUse(database.to_path_buf())),
            Err(fs::TryLockError::Error(error)) => return Err(failed(error).into()),
        }
    }
}

/// Makes the names in the file's folder durable. SQLite does so for a log that it makes, not for one that it finds after a
/// crash.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = fs::canonicalize(file)?;
    // Only on Unix can a folder be opened, and need it be synced.
    if cfg!(unix) { fs::File::open(folder.parent().unwrap_or(&folder))?.sync_all() } else { Ok(()) }
}

/// How many bytes more the disk of this file can take.
#[cfg(unix)]
pub(super) fn free_bytes(file: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(file)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Nothing is known elsewhere, and nothing is refused for it.
#[cfg(not(unix))]
pub(super) fn free_bytes(_: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}
