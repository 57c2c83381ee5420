use super::disk::Disk;
use crate::{Arrival, Commit, Observer, Outcome, StoreError};
use std::{fmt, ops::ControlFlow, time::Instant};
use tokio::sync::{mpsc, oneshot};

/// How many calls may wait, beside those whose transaction is under way. Two transactions' worth: more would only wait
/// longer.
const MAX_WAITING: usize = 1_024;
/// How many calls share a transaction.
const MAX_BATCH: usize = 512;
/// After so many responses, or other jobs, the write-ahead log is copied into the database file.
const CHECKPOINT_JOBS: usize = 1_000;

/// The one thread that writes, by its queue.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

enum Job {
    Save(Save),
    Run(Box<dyn FnOnce(&mut Disk) + Send>),
    Close(oneshot::Sender<()>),
}

struct Save {
    arrivals: Vec<Arrival>,
    reply: oneshot::Sender<SaveResult>,
}

type SaveResult = Result<Vec<Outcome>, StoreError>;

/// The answers to a batch's calls. They cross to the runtime as one: to wake each caller from this thread costs more than
/// to write what it brought.
type Answers = Vec<(oneshot::Sender<SaveResult>, SaveResult)>;

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
    /// Starts the thread, and on the current runtime the task that hands its answers on.
    pub(super) fn spawn(disk: Disk, observer: Option<Observer>) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel(MAX_WAITING);
        let (answers, mut answered) = mpsc::unbounded_channel::<Answers>();
        std::thread::Builder::new()
            .name("candor-writer".into())
            .spawn(move || work(disk, queue, &Replies { answers, observer }))
            .map_err(|e| StoreError::Database(format!("no thread for the writer: {e}")))?;
        tokio::spawn(async move {
            while let Some(answers) = answered.recv().await {
                for (reply, result) in answers {
                    // The caller may have gone away; what it brought is kept all the same.
                    let _ = reply.send(result);
                }
            }
        });
        Ok(Self { jobs })
    }

    /// How many calls wait.
    pub(super) fn waiting(&self) -> usize {
        self.jobs.max_capacity().saturating_sub(self.jobs.capacity())
    }

    pub(super) async fn save(&self, arrivals: Vec<Arrival>) -> SaveResult {
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
        work: impl FnOnce(&mut Disk) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, result) = oneshot::channel();
        let job = Job::Run(Box::new(move |disk| {
            // The caller may have gone away; the work is done all the same.
            let _ = reply.send(work(disk));
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

/// Where answers go.
struct Replies {
    answers: mpsc::UnboundedSender<Answers>,
    observer: Option<Observer>,
}

fn work(mut disk: Disk, mut queue: mpsc::Receiver<Job>, replies: &Replies) {
    let mut since_checkpoint = 0;
    while let Some(first) = queue.blocking_recv() {
        // On a busy processor this thread wakes as soon as one job is there, and would commit it alone while others are about
        // to come. Elsewhere this costs nothing.
        std::thread::yield_now();
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
                    since_checkpoint += 1 + replies.commit(&mut disk, std::mem::take(&mut batch));
                    match run(&mut disk, other, &mut queue, replies) {
                        ControlFlow::Continue(()) => {}
                        ControlFlow::Break(closed) => {
                            disk.checkpoint();
                            drop(disk);
                            let _ = closed.send(());
                            return;
                        }
                    }
                }
            }
        }
        since_checkpoint += replies.commit(&mut disk, batch);
        if since_checkpoint >= CHECKPOINT_JOBS {
            disk.checkpoint();
            since_checkpoint = 0;
        }
    }
}

fn run(
    disk: &mut Disk,
    job: Job,
    queue: &mut mpsc::Receiver<Job>,
    replies: &Replies,
) -> ControlFlow<oneshot::Sender<()>> {
    match job {
        Job::Run(work) => work(disk),
        Job::Save(save) => {
            replies.commit(disk, vec![save]);
        }
        Job::Close(reply) => {
            queue.close();
            while let Some(job) = queue.blocking_recv() {
                // A second wish to close is fulfilled when this one is: its sender learns it by the drop.
                let _ = run(disk, job, queue, replies);
            }
            return ControlFlow::Break(reply);
        }
    }
    ControlFlow::Continue(())
}

impl Replies {
    /// One transaction for the batch. Every call is answered after the commit, and only then. Gives the number of responses.
    fn commit(&self, disk: &mut Disk, batch: Vec<Save>) -> usize {
        if batch.is_empty() {
            return 0;
        }
        let start = Instant::now();
        let calls: Vec<&[Arrival]> = batch.iter().map(|save| save.arrivals.as_slice()).collect();
        let responses = calls.iter().map(|call| call.len()).sum();
        let saved = disk.save(&calls);
        if let Some(observer) = &self.observer {
            observer.tell(Commit { responses, duration: start.elapsed(), failed: saved.is_err() });
        }
        let count = if saved.is_ok() { responses } else { 0 };
        let results = saved.unwrap_or_else(|error| vec![Err(error); batch.len()]);
        let answers = batch.into_iter().map(|save| save.reply).zip(results).collect();
        // Without the runtime nobody waits any more.
        let _ = self.answers.send(answers);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::{super::disk::MAX_IDLE_LOG, *};

    fn writer(folder: &tempfile::TempDir) -> Writer {
        let mut disk = Disk::open(folder.path().join("candor.sqlite")).unwrap();
        // Nobody pulls the plug in a test of sizes.
        disk.edit(|connection| {
            connection.pragma_update(None, "synchronous", "OFF").map_err(StoreError::from)
        })
        .unwrap();
        Writer::spawn(disk, None).unwrap()
    }

    async fn execute(writer: &Writer, sql: String) {
        let edit = move |disk: &mut Disk| disk.edit(|c| c.execute_batch(&sql).map_err(StoreError::from));
        writer.run(edit).await.unwrap().unwrap();
    }

    fn log_bytes(folder: &tempfile::TempDir) -> u64 {
        std::fs::metadata(folder.path().join("candor.sqlite-wal")).unwrap().len()
    }

    #[tokio::test]
    async fn the_log_stays_small_whatever_writes() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        execute(&writer, "CREATE TABLE t (n)".into()).await;
        for n in 0..5_000 {
            execute(&writer, format!("INSERT INTO t VALUES ({n})")).await;
        }
        let bytes = log_bytes(&folder);
        assert!(bytes < 8 << 20, "{bytes} bytes, and 20 MB in all were written");
    }

    #[tokio::test]
    async fn a_log_that_grew_is_cut_when_it_starts_over() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        let limit = u64::try_from(MAX_IDLE_LOG).unwrap();
        execute(&writer, format!("CREATE TABLE large AS SELECT zeroblob({}) AS bytes", limit + 1)).await;
        assert!(log_bytes(&folder) > limit);
        writer.run(|disk| disk.checkpoint()).await.unwrap();
        execute(&writer, "CREATE TABLE small (n)".into()).await;
        assert!(log_bytes(&folder) <= limit, "{} bytes", log_bytes(&folder));
    }
}
