use super::save;
use crate::{Arrival, Outcome, StoreError};
use rusqlite::Connection;
use std::{fmt, ops::ControlFlow, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// How many calls may wait. Each holds at most one request's body, 1 kB as a rule and 192 KiB at most: 192 MiB together.
const MAX_WAITING: usize = 1_024;
/// How many calls share a transaction.
const MAX_BATCH: usize = 512;
/// After so many responses, or other jobs, the write-ahead log is copied into the database file.
const CHECKPOINT_JOBS: usize = 1_000;
/// A log that grew beyond so many bytes, while a reader kept it from starting over, is cut when it does.
const MAX_IDLE_LOG: i64 = 64 * 1024 * 1024;

/// The one thread that writes, by its queue.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

enum Job {
    Save(Save),
    Run(Box<dyn FnOnce(&mut Connection) + Send>),
    Close(oneshot::Sender<()>),
}

struct Save {
    arrivals: Vec<Arrival>,
    reply: oneshot::Sender<Result<Vec<Outcome>, StoreError>>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Save(_) => "Save",
            Self::Run(_) => "Run",
            Self::Close(_) => "Close",
        })
    }
}

impl Writer {
    pub(super) fn spawn(connection: Connection) -> Result<Self, StoreError> {
        // SQLite would otherwise checkpoint within a commit, and a visitor would wait for it.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", MAX_IDLE_LOG)?;
        let (jobs, queue) = mpsc::channel(MAX_WAITING);
        std::thread::Builder::new()
            .name("candor-writer".into())
            .spawn(move || work(connection, queue))
            .map_err(|e| StoreError::Database(format!("no thread for the writer: {e}")))?;
        Ok(Self { jobs })
    }

    pub(super) async fn save(&self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError> {
        let (reply, outcome) = oneshot::channel();
        self.jobs.try_send(Job::Save(Save { arrivals, reply })).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs something in the writer's thread, after what was queued before.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, result) = oneshot::channel();
        let job = Job::Run(Box::new(move |connection| {
            // The caller may have gone away; the work is done all the same.
            let _ = reply.send(work(connection));
        }));
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Closed)
    }

    pub(super) async fn close(&self) {
        let (reply, done) = oneshot::channel();
        if self.jobs.send(Job::Close(reply)).await.is_ok() {
            // An error means that the thread has ended, which is what was asked for.
            let _ = done.await;
        }
    }
}

fn work(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
    let mut since_checkpoint = 0;
    while let Some(first) = queue.blocking_recv() {
        // Group commit: what came in during the last commit shares the next one.
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match job {
                Job::Save(save) => {
                    batch.push(save);
                    if batch.len() < MAX_BATCH {
                        next = queue.try_recv().ok();
                    }
                }
                other => {
                    since_checkpoint += 1 + commit(&mut connection, std::mem::take(&mut batch));
                    match run(&mut connection, other, &mut queue) {
                        ControlFlow::Continue(()) => {}
                        ControlFlow::Break(closed) => {
                            checkpoint(&connection);
                            drop(connection);
                            let _ = closed.send(());
                            return;
                        }
                    }
                }
            }
        }
        since_checkpoint += commit(&mut connection, batch);
        if since_checkpoint >= CHECKPOINT_JOBS {
            checkpoint(&connection);
            since_checkpoint = 0;
        }
    }
}

fn run(
    connection: &mut Connection,
    job: Job,
    queue: &mut mpsc::Receiver<Job>,
) -> ControlFlow<oneshot::Sender<()>> {
    match job {
        Job::Run(work) => work(connection),
        Job::Save(save) => {
            commit(connection, vec![save]);
        }
        Job::Close(reply) => {
            queue.close();
            while let Some(job) = queue.blocking_recv() {
                // A second wish to close is fulfilled when this one is: its sender learns it by the drop.
                let _ = run(connection, job, queue);
            }
            return ControlFlow::Break(reply);
        }
    }
    ControlFlow::Continue(())
}

/// One transaction for the batch. Every call is answered after the commit, and only then.
fn commit(connection: &mut Connection, batch: Vec<Save>) -> usize {
    if batch.is_empty() {
        return 0;
    }
    let calls: Vec<&[Arrival]> = batch.iter().map(|save| save.arrivals.as_slice()).collect();
    match save::save(connection, &calls) {
        Ok(results) => {
            let mut count = 0;
            for (save, result) in batch.into_iter().zip(results) {
                count += save.arrivals.len();
                let _ = save.reply.send(result);
            }
            count
        }
        Err(e) => {
            for save in batch {
                let _ = save.reply.send(Err(e.clone()));
            }
            0
        }
    }
}

fn checkpoint(connection: &Connection) {
    // Nothing is lost if it fails: the log stays as it is, and the next checkpoint copies it.
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the write-ahead log could not be copied into the database file");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(folder: &tempfile::TempDir) -> Writer {
        let connection = Connection::open(folder.path().join("candor.sqlite")).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        // Nobody pulls the plug in a test of sizes.
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        Writer::spawn(connection).unwrap()
    }

    fn log_bytes(folder: &tempfile::TempDir) -> u64 {
        std::fs::metadata(folder.path().join("candor.sqlite-wal")).unwrap().len()
    }

    #[tokio::test]
    async fn the_log_stays_small_whatever_writes() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        writer.run(|connection| connection.execute_batch("CREATE TABLE t (n)").unwrap()).await.unwrap();
        for n in 0..5_000 {
            let insert =
                move |connection: &mut Connection| connection.execute("INSERT INTO t VALUES (?1)", [n]);
            writer.run(insert).await.unwrap().unwrap();
        }
        let bytes = log_bytes(&folder);
        assert!(bytes < 8 << 20, "{bytes} bytes, and 20 MB in all were written");
    }

    #[tokio::test]
    async fn a_log_that_grew_is_cut_when_it_starts_over() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        let limit = u64::try_from(MAX_IDLE_LOG).unwrap();
        let grow = format!("CREATE TABLE large AS SELECT zeroblob({}) AS bytes", limit + 1);
        writer.run(move |connection| connection.execute_batch(&grow).unwrap()).await.unwrap();
        assert!(log_bytes(&folder) > limit);
        writer.run(|connection| checkpoint(connection)).await.unwrap();
        writer.run(|connection| connection.execute_batch("CREATE TABLE small (n)").unwrap()).await.unwrap();
        assert!(log_bytes(&folder) <= limit, "{} bytes", log_bytes(&folder));
    }
}
