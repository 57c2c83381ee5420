//! Connections: how many there are, and how long each may keep the server waiting.
//!
//! A peer costs memory and a file handle for as long as it likes to: by never reading, by never finishing what it sends, by
//! never asking. So everything that waits for a peer has a deadline, and when there is no room for a new one, those go
//! whom the server has waited for longest.

use crate::{
    config::HttpConfig,
    gate::{Gate, Pass},
};
use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{Notify, Semaphore},
    task::AbortHandle,
    time::{Instant, Sleep, sleep_until},
};

/// When there is no room, so many of the connections go at once: to look for them is a walk through all.
const SHARE_THAT_GOES: usize = 64;
/// How soon connections that could not be closed are looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// So many new connections may wait for their first turn; those that come then stay in the system's queue. All turns are
/// taken in order, and answers to requests that were read long ago would have to wait behind a crowd of new ones.
const UNBORN: usize = 4;
/// In [`Meter`]: nothing.
const NONE: u64 = u64::MAX;

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NONE - 1)
}

/// What is known of a connection's time and of its place at the gate. Shared by its socket, its requests and the list of all
/// connections.
#[derive(Debug)]
pub(crate) struct Meter {
    /// Its way through the gate.
    pub(crate) pass: Arc<Pass>,
    opened: Instant,
    /// Milliseconds after `opened` at which the server began to wait for the peer; [`NONE`] while the peer waits for it.
    waiting_since: AtomicU64,
    /// Milliseconds after `opened` at which the first byte of the current request came; [`NONE`] before it.
    began: AtomicU64,
    /// A request is in work.
    is_served: AtomicBool,
    /// An answer is being written, as the peer takes it.
    is_written: AtomicBool,
}

impl Meter {
    fn new(gate: Arc<Gate>) -> Self {
        Self {
            pass: Arc::new(Pass::new(gate)),
            opened: Instant::now(),
            waiting_since: AtomicU64::new(0),
            began: AtomicU64::new(NONE),
            is_served: AtomicBool::new(false),
            is_written: AtomicBool::new(false),
        }
    }

    fn now(&self) -> u64 {
        millis(self.opened.elapsed())
    }

    /// When the first byte of the current request came.
    pub(crate) fn began(&self) -> Instant {
        let began = self.began.load(Ordering::Relaxed);
        let began = if began == NONE { self.now() } else { began };
        self.opened + Duration::from_millis(began)
    }

    /// A request is there.
    pub(crate) fn serve(&self) {
        self.is_served.store(true, Ordering::Relaxed);
        self.waiting_since.store(NONE, Ordering::Relaxed);
    }

    /// Passes the gate, unless the request did so when it was read: it may have come together with the one before it.
    pub(crate) async fn enter_if_outside(&self) {
        if self.pass.is_outside() {
            self.pass.enter_ahead().await;
        }
    }

    /// The server waits for the rest of the request, which gives its place back.
    pub(crate) fn await_rest(&self) {
        self.pass.release();
        self.wait_for_the_request();
    }

    /// The rest is there: the request needs a place again.
    pub(crate) async fn enter(&self) {
        self.waiting_since.store(NONE, Ordering::Relaxed);
        self.pass.enter().await;
    }

    /// There is no more to read. Part of a request holds no place: who knows when the rest comes.
    fn nothing_came(&self) {
        if self.leave_unless_served() {
            self.wait_for_the_request();
        }
    }

    fn wait_for_the_request(&self) {
        let began = self.began.load(Ordering::Relaxed);
        self.waiting_since.store(if began == NONE { self.now() } else { began }, Ordering::Relaxed);
    }

    /// Gives the place back that was taken to read, unless a request came of it. Says whether there was one.
    fn leave_unless_served(&self) -> bool {
        let leaves = !self.is_served.load(Ordering::Relaxed) && self.pass.is_inside();
        if leaves {
            self.pass.leave();
        }
        leaves
    }

    /// The answer is there, and may be taken; then the next request may come.
    pub(crate) fn answered(&self) {
        self.pass.leave();
        self.is_served.store(false, Ordering::Relaxed);
        self.began.store(NONE, Ordering::Relaxed);
        self.waiting_since.store(self.now(), Ordering::Relaxed);
    }

    /// Whether the peer has taken too long for the head of a request, or to begin with one. Requests in work and answers have
    /// deadlines of their own.
    fn is_late(&self, timeout: Duration) -> bool {
        let is_elsewhere = self.is_served.load(Ordering::Relaxed) || self.is_written.load(Ordering::Relaxed);
        !is_elsewhere && self.waiting_since().is_some_and(|since| since.elapsed() >= timeout)
    }

    fn waiting_since(&self) -> Option<Instant> {
        let since = self.waiting_since.load(Ordering::Relaxed);
        (since != NONE).then(|| self.opened + Duration::from_millis(since))
    }
}

/// All that are open.
#[derive(Debug)]
pub(crate) struct Connections {
    max: usize,
    gate: Arc<Gate>,
    open: Mutex<Open>,
    /// One has gone.
    gone: Notify,
    /// Places for those that have had no turn yet.
    unborn: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: HashMap<u64, Listing>,
}

#[derive(Debug)]
struct Listing {
    meter: Arc<Meter>,
    /// `None` once it has to go.
    task: Option<AbortHandle>,
}

/// Takes its connection off the list when its task ends, in whatever way.
struct Listed(Arc<Connections>, u64);

impl Drop for Listed {
    fn drop(&mut self) {
        self.0.lock().all.remove(&self.1);
        self.0.gone.notify_one();
    }
}

impl Connections {
    pub(crate) fn new(max: usize, gate: Gate) -> Self {
        Self {
            max: max.max(1),
            gate: Arc::new(gate),
            open: Mutex::default(),
            gone: Notify::new(),
            unborn: Arc::new(Semaphore::new(UNBORN)),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().all.len()
    }

    /// Waits until there is room for one more. Says how many were closed for it.
    pub(crate) async fn room(&self) -> usize {
        let mut closed = 0;
        // Nobody closes it.
        let _ = self.unborn.acquire().await;
        while self.count() >= self.max {
            closed += self.close_those_waited_for();
            // Those that were all being served may be idle by now, of which nobody tells.
            let _ = tokio::time::timeout(LOOK_AGAIN, self.gone.notified()).await;
        }
        closed
    }

    fn close_those_waited_for(&self) -> usize {
        let mut open = self.lock();
        // Those told to go make room once their tasks have ended. To close more until then would take from clients that behave.
        if open.all.values().any(|listing| listing.task.is_none()) {
            return 0;
        }
        let mut waited_for: Vec<(Instant, u64)> = open
            .all
            .iter()
            .filter(|(_, entry)| entry.task.is_some())
            .filter_map(|(id, entry)| entry.meter.waiting_since().map(|since| (since, *id)))
            .collect();
        waited_for.sort_unstable();
        waited_for.truncate((self.max / SHARE_THAT_GOES).max(1));
        for (_, id) in &waited_for {
            if let Some(task) = open.all.get_mut(id).and_then(|entry| entry.task.take()) {
                task.abort();
            }
        }
        waited_for.len()
    }

    /// Keeps time for all of them; never ends. `closed` gets the number of those closed for being late. One look at all of them
    /// now and then costs less than a timer for each request.
    pub(crate) async fn keep_time(&self, header_timeout: Duration, closed: impl Fn(usize)) {
        let looks = self.gate.look_every().min(header_timeout / 8);
        let mut next_look = Instant::now();
        loop {
            tokio::time::sleep(looks.clamp(Duration::from_millis(10), Duration::from_secs(1))).await;
            self.gate.refuse_the_late();
            if Instant::now() < next_look {
                continue;
            }
            next_look = Instant::now() + header_timeout / 16;
            let mut open = self.lock();
            let late = open.all.values_mut().filter(|listing| listing.meter.is_late(header_timeout));
            let tasks = late.filter_map(|listing| listing.task.take());
            closed(tasks.map(|task| task.abort()).count());
        }
    }

    /// Runs a connection until it ends or is closed. `run` is given its meter.
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        run: impl FnOnce(Arc<Meter>) -> F,
    ) {
        let meter = Arc::new(Meter::new(Arc::clone(&self.gate)));
        let connection = run(Arc::clone(&meter));
        let mut open = self.lock();
        let id = open.next;
        open.next += 1;
        let listed = Listed(Arc::clone(self), id);
        let unborn = Arc::clone(&self.unborn).try_acquire_owned();
        // The list is locked: the task can't end before it is on it.
        let task = tokio::spawn(async move {
            let _listed = listed;
            drop(unborn);
            connection.await;
        });
        open.all.insert(id, Listing { meter, task: Some(task.abort_handle()) });
    }

    /// Closes all that are left.
    pub(crate) fn abort(&self) {
        for entry in self.lock().all.values_mut() {
            if let Some(task) = entry.task.take() {
                task.abort();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket that reads when there is a place for a request, and whose peer has to take what it asked for: in time, and
/// without long pauses.
pub(crate) struct Socket {
    stream: TcpStream,
    meter: Arc<Meter>,
    write_timeout: Duration,
    response_timeout: Duration,
    /// By when the peer must take some more.
    some_by: Option<Instant>,
    /// By when it must have taken all of what is being written.
    all_by: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// What the system may hold of answers that a peer has not taken, in bytes. It would take up to 4 MB of each.
#[cfg(unix)]
const SEND_BUFFER: usize = 128 * 1024;

impl Socket {
    pub(crate) fn new(stream: TcpStream, meter: Arc<Meter>, http: &HttpConfig) -> Self {
        // Without it, stalled peers cost the system more.
        #[cfg(unix)]
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(&stream, SEND_BUFFER);
        Self {
            stream,
            meter,
            write_timeout: Duration::from_millis(http.write_timeout_ms),
            response_timeout: Duration::from_millis(http.response_timeout_ms),
            some_by: None,
            all_by: None,
            timer: None,
        }
    }

    /// What has become of a write: one that has to wait does so until a deadline.
    fn written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.some_by = None;
            return written;
        }
        self.meter.is_written.store(true, Ordering::Relaxed);
        // What the peer has sent meanwhile has to wait for it, and holds no place.
        self.meter.leave_unless_served();
        let now = Instant::now();
        let some_by = *self.some_by.get_or_insert(now + self.write_timeout);
        let deadline = some_by.min(*self.all_by.get_or_insert(now + self.response_timeout));
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer did not take what it asked for")))
    }
}

impl Socket {
    /// A place for what can be read, unless a request is in work already, whose body this is.
    fn enter(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.meter.pass.is_outside() {
            ready!(self.stream.poll_read_ready(cx))?;
        }
        let entered = self.meter.pass.poll_enter(cx);
        if entered.is_pending() {
            // It is the peer who waits now.
            self.meter.waiting_since.store(NONE, Ordering::Relaxed);
        }
        entered.map(Ok)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The list of connections may know it for longer.
        self.meter.pass.leave();
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.enter(cx))?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let is_idle = self.meter.began.load(Ordering::Relaxed) == NONE;
        if read.is_ready() && buffer.filled().len() > before {
            if is_idle {
                self.meter.began.store(self.meter.now(), Ordering::Relaxed);
            }
        } else {
            self.meter.nothing_came();
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // Whoever writes has written all that there was.
        if self.meter.is_written.swap(false, Ordering::Relaxed) {
            (self.some_by, self.all_by) = (None, None);
            // A request that was sent ahead may be in work by now.
            if !self.meter.is_served.load(Ordering::Relaxed) {
                self.meter.waiting_since.store(self.meter.now(), Ordering::Relaxed);
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Raises the limit of open files as far as the system lets it, and gives how many connections fit: at most `wanted`.
pub(crate) fn that_fit(wanted: usize) -> usize {
    /// For the database, its log, readers, the listener, standard streams and the runtime.
    const OTHER_FILES: usize = 64;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        // Without more, there are fewer connections.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
        let Some(files) = getrlimit(Resource::Nofile).current else { return wanted };
        let fit = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(OTHER_FILES).max(1);
        if fit < wanted {
            tracing::warn!(
                files,
                wanted,
                fit,
                "the limit of open files allows fewer connections than --max-connections"
            );
        }
        fit.min(wanted)
    }
    #[cfg(not(unix))]
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::tests::http;
    use std::sync::atomic::AtomicUsize;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn connections(max: usize) -> Arc<Connections> {
        Arc::new(Connections::new(max, Gate::new(&http(&[]))))
    }

    fn run(connections: &Arc<Connections>, serve: bool) {
        connections.spawn(|meter| async move {
            if serve {
                meter.serve();
            }
            std::future::pending().await
        });
    }

    #[tokio::test(start_paused = true)]
    async fn those_waited_for_longest_make_room() {
        let connections = connections(3);
        for serve in [true, false, false] {
            run(&connections, serve);
            // The task has to run once before it says that it serves.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(connections.room().await, 1);
        let left: Vec<u64> = {
            let open = connections.lock();
            let mut left: Vec<u64> = open.all.keys().copied().collect();
            left.sort_unstable();
            left
        };
        assert_eq!(left, [0, 2], "the one that is served stays, and so does the younger one");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_begin_in_time_is_closed_and_who_is_served_is_not() {
        let connections = connections(9);
        run(&connections, false);
        run(&connections, true);
        let closed = AtomicUsize::new(0);
        let count = |n| _ = closed.fetch_add(n, Ordering::Relaxed);
        let keep = connections.keep_time(Duration::from_secs(10), count);
        assert!(tokio::time::timeout(Duration::from_secs(9), keep).await.is_err());
        assert_eq!((connections.count(), closed.load(Ordering::Relaxed)), (2, 0));
        let keep = connections.keep_time(Duration::from_secs(10), count);
        assert!(tokio::time::timeout(Duration::from_secs(3), keep).await.is_err());
        assert_eq!((connections.count(), closed.load(Ordering::Relaxed)), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_closed_for_room_while_those_told_to_go_are_still_there() {
        let connections = connections(640);
        for _ in 0..640 {
            run(&connections, false);
        }
        // One that went when nobody waited for it is no answer to the wait.
        connections.gone.notify_one();
        assert_eq!(connections.room().await, 10);
        assert_eq!(connections.count(), 630);
    }

    #[tokio::test(start_paused = true)]
    async fn when_those_that_were_served_are_idle_a_new_one_waits_no_longer() {
        let connections = connections(1);
        connections.spawn(|meter| async move {
            meter.serve();
            tokio::time::sleep(Duration::from_secs(1)).await;
            meter.answered();
            std::future::pending().await
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        let closed = tokio::time::timeout(Duration::from_secs(2), connections.room()).await;
        assert_eq!(closed, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_served_a_new_one_waits() {
        let connections = connections(1);
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        connections.spawn(|meter| async move {
            meter.serve();
            let _ = ended.await;
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(tokio::time::timeout(Duration::from_secs(60), connections.room()).await.is_err());
        end.send(()).unwrap();
        assert_eq!(connections.room().await, 0);
        assert_eq!(connections.count(), 0);
    }

    #[tokio::test]
    async fn a_peer_that_reads_nothing_or_too_slowly_is_given_up() {
        for (name, flag, pause) in [
            ("nothing", "--write-timeout-ms=100", Duration::from_secs(3_600)),
            ("too slowly", "--response-timeout-ms=300", Duration::from_millis(10)),
        ] {
            let http = http(&[flag]);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let mut socket = Socket::new(
                listener.accept().await.unwrap().0,
                Arc::new(Meter::new(Arc::new(Gate::new(&http)))),
                &http,
            );
            let peer = tokio::spawn(async move {
                let mut some = [0; 4_096];
                loop {
                    tokio::time::sleep(pause).await;
                    if peer.read(&mut some).await.is_err() {
                        break;
                    }
                }
            });
            let error = socket.write_all(&vec![0; 64 << 20]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{name}");
            peer.abort();
        }
    }
}
