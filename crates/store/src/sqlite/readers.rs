use super::connect;
use crate::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::{
    collections::VecDeque,
    fmt,
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
    queue: Arc<Mutex<Queue>>,
    closing: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Which threads wait, and what waits for a thread: one of the two is empty.
#[derive(Debug, Default)]
struct Queue {
    /// How many threads there are: one that panics is gone.
    alive: usize,
    /// The one that read last is the last. It gets the next job, since it has the most in its caches.
    idle: Vec<Idle>,
    jobs: VecDeque<Job>,
    is_closed: bool,
}

/// Gives a thread a job, and itself back with it.
#[derive(Debug)]
struct Idle(mpsc::Sender<(Job, Idle)>);

type Work = Box<dyn FnOnce(Result<&Connection, StoreError>) + Send>;

struct Job {
    limit: Limit,
    work: Work,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job")
    }
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
        let queue = Arc::new(Mutex::new(Queue { alive: READERS, ..Queue::default() }));
        let threads = (1..=READERS)
            .map(|n| {
                let (path, queue) = (path.clone(), Arc::clone(&queue));
                std::thread::Builder::new()
                    .name(format!("candor-reader-{n}"))
                    .spawn(move || work(&path, &queue))
                    .map_err(|e| StoreError::Database(format!("no thread for a reader: {e}")))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { queue, closing: Arc::default(), threads: Mutex::new(threads) })
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
        lock(&self.queue).add(job)?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    /// Interrupts what is being read, and waits until all connections are closed.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        lock(&self.queue).close();
        for thread in lock(&self.threads).drain(..) {
            // A reader that panicked has closed its connection as well.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    fn add(&mut self, job: Job) -> Result<(), StoreError> {
        if self.is_closed {
            return Err(StoreError::Closed);
        }
        match self.idle.pop() {
            Some(idle) => {
                let again = Idle(idle.0.clone());
                idle.0.send((job, again)).map_err(|_| StoreError::Closed)?;
            }
            None => self.jobs.push_back(job),
        }
        Ok(())
    }

    /// What waits is still given to threads, each of which ends once there is nothing left.
    fn close(&mut self) {
        self.is_closed = true;
        self.idle.clear();
    }

    /// The next job, if one waits. If none does, the thread is idle from here on, or ends if all are to.
    fn next(&mut self, idle: Idle) -> Option<(Job, Idle)> {
        match self.jobs.pop_front() {
            Some(job) => return Some((job, idle)),
            None if !self.is_closed => self.idle.push(idle),
            None => {}
        }
        None
    }
}

/// Takes a thread off the queue when it ends. The last one leaves nothing behind to wait for it.
struct Alive<'a>(&'a Mutex<Queue>);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        let mut queue = lock(self.0);
        queue.alive -= 1;
        if queue.alive == 0 {
            queue.close();
            queue.jobs.clear();
        }
    }
}

fn work(path: &std::path::Path, queue: &Mutex<Queue>) {
    let _alive = Alive(queue);
    let (sender, receiver) = mpsc::channel();
    let (mut open, mut idle) = (None, Idle(sender));
    loop {
        let waiting = lock(queue).next(idle);
        // There is none to send once it is neither idle nor has a job.
        let Some((Job { limit, work }, again)) = waiting.or_else(|| receiver.recv().ok()) else { return };
        idle = again;
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
    async fn the_thread_that_read_last_reads_next() {
        let (_folder, readers) = readers();
        let name = |_: &Connection| Ok(std::thread::current().name().map(str::to_owned));
        while lock(&readers.queue).idle.len() < READERS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let last = readers.read(None, name).await.unwrap();
        for _ in 0..3 * READERS {
            // It says that it is idle after it has answered.
            while lock(&readers.queue).idle.len() < READERS {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(readers.read(None, name).await.unwrap(), last);
        }
    }

    #[tokio::test]
    async fn readers_that_have_all_panicked_are_closed() {
        let (_folder, readers) = readers();
        for _ in 0..2 * READERS {
            let panicking = readers.read(None, |_| -> Result<(), StoreError> { panic!("as a bug would") });
            let found = tokio::time::timeout(Duration::from_secs(10), panicking).await;
            assert_eq!(found, Ok(Err(StoreError::Closed)));
        }
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
