use super::connect;
use crate::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// How many reads run at once. Each has a thread of its own: work that nobody waits for any more must not hold up others.
const READERS: usize = 4;
/// How many steps of SQLite's machine pass between two looks at whether to go on: some tens of microseconds.
const STEPS: i32 = 1_000;

/// The threads that read.
#[derive(Debug)]
pub(super) struct Readers {
    /// `None` once they are told to end.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    closing: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

type Work = Box<dyn FnOnce(Result<&Connection, StoreError>) + Send>;

struct Job {
    limit: Limit,
    work: Work,
}

/// When to give up.
#[derive(Clone)]
struct Limit {
    deadline: Option<Instant>,
    /// Nobody waits for the answer any more.
    left: Arc<AtomicBool>,
    closing: Arc<AtomicBool>,
}

impl Limit {
    fn check(&self) -> Result<(), StoreError> {
        if self.closing.load(Ordering::Relaxed) || self.left.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(StoreError::TooLong);
        }
        Ok(())
    }
}

/// Tells the thread when the caller goes away.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Readers {
    pub(super) fn spawn(path: PathBuf) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let threads = (1..=READERS)
            .map(|n| {
                let (path, queue) = (path.clone(), Arc::clone(&queue));
                std::thread::Builder::new()
                    .name(format!("candor-reader-{n}"))
                    .spawn(move || work(&path, &queue))
                    .map_err(|e| StoreError::Database(format!("no thread for a reader: {e}")))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), closing: Arc::default(), threads: Mutex::new(threads) })
    }

    /// Reads something, for as long as somebody waits for it and at most for `timeout`, the time in the queue included.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        timeout: Option<Duration>,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, result) = oneshot::channel();
        let limit = Limit {
            deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            left: Arc::default(),
            closing: Arc::clone(&self.closing),
        };
        let _leaving = Leaving(Arc::clone(&limit.left));
        let job = Job {
            limit,
            work: Box::new(move |connection| {
                // The caller may have gone away.
                let _ = reply.send(connection.and_then(work));
            }),
        };
        let sent = match &*lock(&self.jobs) {
            Some(jobs) => jobs.send(job).is_ok(),
            None => false,
        };
        if !sent {
            return Err(StoreError::Closed);
        }
        result.await.map_err(|_| StoreError::Closed)?
    }

    /// Interrupts what is being read, and waits until all connections are closed.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        lock(&self.jobs).take();
        for thread in lock(&self.threads).drain(..) {
            // A reader that panicked has closed its connection as well.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(path: &std::path::Path, queue: &Mutex<mpsc::Receiver<Job>>) {
    let mut open = None;
    loop {
        // The lock is held while waiting: whoever has it gets the next job.
        let Ok(Job { limit, work }) = lock(queue).recv() else { return };
        if let Err(error) = limit.check() {
            work(Err(error));
            continue;
        }
        match open.take().map_or_else(|| reader(path), Ok) {
            Err(error) => work(Err(error)),
            Ok(mut connection) => {
                // What can't be interrupted is read all the same.
                let _ = connection.progress_handler(STEPS, Some(move || limit.check().is_err()));
                work(Ok(&connection));
                let _ = connection.progress_handler(0, None::<fn() -> bool>);
                open = Some(connection);
            }
        }
    }
}

fn reader(path: &std::path::Path) -> Result<Connection, StoreError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A read without an end.
    const ENDLESS: &str = "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted) SELECT MAX(n) FROM counted";

    fn readers() -> (tempfile::TempDir, Arc<Readers>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("candor.sqlite");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (n)").unwrap();
        (folder, Arc::new(Readers::spawn(path).unwrap()))
    }

    fn endless(connection: &Connection) -> Result<i64, StoreError> {
        Ok(connection.query_row(ENDLESS, [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_read_ends_with_its_time() {
        let (_folder, readers) = readers();
        let found = readers.read(Some(Duration::from_millis(50)), endless).await;
        assert_eq!(found, Err(StoreError::TooLong));
        // The connection is as good as before.
        assert_eq!(readers.read(None, |_| Ok(1)).await, Ok(1));
    }

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_ends_and_others_get_its_thread() {
        let (_folder, readers) = readers();
        for _ in 0..3 * READERS {
            let left = tokio::time::timeout(Duration::from_millis(20), readers.read(None, endless)).await;
            assert!(left.is_err());
        }
        assert_eq!(readers.read(None, |_| Ok(1)).await, Ok(1));
    }

    #[tokio::test]
    async fn closing_waits_for_no_read() {
        let (_folder, readers) = readers();
        let reading = tokio::spawn({
            let readers = Arc::clone(&readers);
            async move { readers.read(None, endless).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let closing = Arc::clone(&readers);
        tokio::task::spawn_blocking(move || closing.close()).await.unwrap();
        assert!(reading.await.unwrap().is_err());
        assert_eq!(readers.read(None, |_| Ok(1)).await, Err(StoreError::Closed));
    }
}
