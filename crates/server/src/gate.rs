//! The gate: how many requests are in work at once, and who is next.
//!
//! What waits does so unread: in the system's buffers it costs nothing here, while thousands of half-done requests make each
//! other slow. Nobody waits for long: under a load that lasts the newest go first, because those who came before are about
//! to give up, and whoever has waited too long is refused. To refuse costs half of what it costs to keep, and those refused
//! come again; so what comes next on a connection is not refused again soon, and waits until there is room.

use crate::config::HttpConfig;
use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// One in so many places is for requests that were sent ahead of the answer before them: browsers send none.
const SHARE_SENT_AHEAD: usize = 32;
/// When someone has waited for this part of the time that one may wait, the newest go first.
const PART_IN_ORDER: u32 = 4;
/// For so long whoever was refused lets others go first, as long as `Retry-After` says; for twice as long it waits.
const REST: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Gate {
    queue: Mutex<Queue>,
    /// How many of those in work may have been sent ahead of the answer before them. One connection can send any number, and
    /// they would all be answered in its turn.
    ahead: Arc<Semaphore>,
    timeout: Duration,
}

/// Those who wait, each with the time since when; the longest in front.
#[derive(Debug)]
struct Queue {
    /// How many places are free: none while anyone waits.
    free: usize,
    waiting: VecDeque<(Instant, Arc<Pass>)>,
    /// Those refused before.
    resting: VecDeque<(Instant, Arc<Pass>)>,
}

/// A place of a request, or none because it has waited too long.
type Place = Option<Held>;
/// The place among those that were sent ahead.
type Turn = Option<OwnedSemaphorePermit>;

/// A place, which goes to the next when it is dropped.
#[derive(Debug)]
struct Held(Arc<Gate>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl Gate {
    pub(crate) fn new(http: &HttpConfig) -> Self {
        let places = http.max_requests.max(1);
        Self {
            queue: Mutex::new(Queue { free: places, waiting: VecDeque::new(), resting: VecDeque::new() }),
            ahead: Arc::new(Semaphore::new(places.div_ceil(SHARE_SENT_AHEAD))),
            timeout: Duration::from_millis(http.queue_timeout_ms),
        }
    }

    /// How often [`refuse_the_late`](Self::refuse_the_late) should be called.
    pub(crate) fn look_every(&self) -> Duration {
        self.timeout / 8
    }

    fn give_back(self: &Arc<Self>) {
        loop {
            let next = lock(&self.queue).next(self.timeout);
            // Some have gone meanwhile.
            if next.is_none_or(|next| next.admit()) {
                return;
            }
        }
    }

    /// Refuses those who have waited too long.
    pub(crate) fn refuse_the_late(&self) {
        let late = lock(&self.queue).late(self.timeout);
        for pass in late {
            pass.refuse();
        }
    }
}

impl Queue {
    /// Who gets a place that has become free. It stays free if nobody waits.
    fn next(&mut self, timeout: Duration) -> Option<Arc<Pass>> {
        let rested = self.resting.front().is_some_and(|(since, _)| since.elapsed() >= REST);
        let next = if rested {
            self.resting.pop_front()
        } else {
            let is_long =
                self.waiting.front().is_some_and(|(since, _)| since.elapsed() > timeout / PART_IN_ORDER);
            let next = if is_long { self.waiting.pop_back() } else { self.waiting.pop_front() };
            next.or_else(|| self.resting.pop_front())
        };
        if next.is_none() {
            self.free += 1;
        }
        next.map(|(_, pass)| pass)
    }

    /// Takes those out who have waited too long.
    fn late(&mut self, timeout: Duration) -> Vec<Arc<Pass>> {
        let mut late = Vec::new();
        for (queue, most) in [(&mut self.waiting, timeout), (&mut self.resting, 2 * REST)] {
            let n = queue.iter().take_while(|(since, _)| since.elapsed() >= most).count();
            late.extend(queue.drain(..n).map(|(_, pass)| pass));
        }
        late
    }
}

/// A connection's side of the gate.
#[derive(Debug)]
pub(crate) struct Pass {
    gate: Arc<Gate>,
    entry: Mutex<Entry>,
    was_refused: AtomicBool,
}

#[derive(Debug)]
enum Entry {
    /// Nothing is asked.
    Outside,
    Waiting(Waker),
    /// A request may be read, or is in work.
    Inside(Place, Turn),
    /// A request is in work that has given its place back.
    Released,
}

impl Pass {
    pub(crate) fn new(gate: Arc<Gate>) -> Self {
        Self { gate, entry: Mutex::new(Entry::Outside), was_refused: AtomicBool::new(false) }
    }

    /// Ready once the request has a place, or has waited in vain for one; at once if it has entered before.
    pub(crate) fn poll_enter(self: &Arc<Self>, cx: &Context<'_>) -> Poll<()> {
        let mut entry = lock(&self.entry);
        match &mut *entry {
            Entry::Inside(..) | Entry::Released => return Poll::Ready(()),
            Entry::Waiting(waker) => waker.clone_from(cx.waker()),
            Entry::Outside => {
                let mut queue = lock(&self.gate.queue);
                if queue.free > 0 {
                    queue.free -= 1;
                    *entry = self.inside();
                    return Poll::Ready(());
                }
                let was_refused = self.was_refused.load(Ordering::Relaxed);
                let queue = if was_refused { &mut queue.resting } else { &mut queue.waiting };
                queue.push_back((Instant::now(), Arc::clone(self)));
                *entry = Entry::Waiting(cx.waker().clone());
            }
        }
        Poll::Pending
    }

    pub(crate) async fn enter(self: &Arc<Self>) {
        // What was given back before is asked for again.
        self.leave();
        poll_fn(|cx| self.poll_enter(cx)).await;
    }

    /// As [`enter`](Self::enter) does, with a request that was sent ahead of the answer before it.
    pub(crate) async fn enter_ahead(self: &Arc<Self>) {
        // Nobody closes it.
        let turn = Arc::clone(&self.gate.ahead).acquire_owned().await.ok();
        // Whoever answers without waiting for anything would never let others have a turn.
        tokio::task::yield_now().await;
        self.enter().await;
        if let Entry::Inside(_, place) = &mut *lock(&self.entry) {
            *place = turn;
        }
    }

    /// The place that it waited for is there. Says whether it still waits.
    fn admit(&self) -> bool {
        self.end_wait(|| self.inside())
    }

    fn inside(&self) -> Entry {
        self.was_refused.store(false, Ordering::Relaxed);
        Entry::Inside(Some(Held(Arc::clone(&self.gate))), None)
    }

    fn refuse(&self) {
        self.end_wait(|| {
            self.was_refused.store(true, Ordering::Relaxed);
            Entry::Inside(None, None)
        });
    }

    /// Wakes it to what it is from now on. Says whether it still waited.
    fn end_wait(&self, new: impl FnOnce() -> Entry) -> bool {
        let mut entry = lock(&self.entry);
        let Entry::Waiting(waker) = &*entry else { return false };
        let waker = waker.clone();
        *entry = new();
        drop(entry);
        waker.wake();
        true
    }

    pub(crate) fn is_outside(&self) -> bool {
        matches!(*lock(&self.entry), Entry::Outside)
    }

    pub(crate) fn is_inside(&self) -> bool {
        matches!(*lock(&self.entry), Entry::Inside(..))
    }

    /// Whether the request has a place: one that waited in vain should be refused if it is costly.
    pub(crate) fn has_place(&self) -> bool {
        matches!(*lock(&self.entry), Entry::Inside(Some(_), _))
    }

    /// The request gives its place back: it waits for something else than the processor and the disk.
    pub(crate) fn release(&self) {
        self.set(Entry::Released);
    }

    /// There is no request any more.
    pub(crate) fn leave(&self) {
        self.set(Entry::Outside);
    }

    fn set(&self, new: Entry) {
        let old = std::mem::replace(&mut *lock(&self.entry), new);
        // Unlocked: a place that is given back goes to another connection, whose entry is locked for it.
        drop(old);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};

    pub(crate) fn http(flags: &[&str]) -> HttpConfig {
        let flags = std::iter::once("candor").chain(flags.iter().copied());
        let matches = HttpConfig::augment_args(clap::Command::new("candor")).get_matches_from(flags);
        HttpConfig::from_arg_matches(&matches).unwrap()
    }

    /// A gate with one place.
    fn narrow() -> Arc<Gate> {
        Arc::new(Gate::new(&http(&["--max-requests=1", "--queue-timeout-ms=200"])))
    }

    fn pass(gate: &Arc<Gate>) -> Arc<Pass> {
        Arc::new(Pass::new(Arc::clone(gate)))
    }

    /// Asks, and says whether there was a place at once.
    fn ask(pass: &Arc<Pass>) -> bool {
        let asked = pass.poll_enter(&Context::from_waker(Waker::noop()));
        assert_eq!(asked.is_ready(), pass.is_inside());
        asked.is_ready()
    }

    async fn time(ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
    }

    /// Lets time pass, and the gate look at who is late.
    async fn look_after(ms: u64, gate: &Gate) {
        time(ms).await;
        gate.refuse_the_late();
    }

    fn is_refused(pass: &Pass) -> bool {
        pass.is_inside() && !pass.has_place()
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_a_little_go_in_order_and_under_a_load_that_lasts_the_newest_goes_first() {
        let gate = narrow();
        let all: Vec<_> = (0..6).map(|_| pass(&gate)).collect();
        assert!(ask(&all[0]));
        for pass in &all[1..] {
            assert!(!ask(pass));
            time(10).await;
        }
        all[0].leave();
        assert!(all[1].has_place(), "the first has waited for 50 ms");
        time(11).await;
        all[1].leave();
        assert!(all[5].has_place(), "the second has waited for 51 ms");
        assert!(!all[2].is_inside());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_waited_too_long_is_refused_and_then_not_again_for_a_while() {
        let gate = narrow();
        let [first, second, third] = [0; 3].map(|_| pass(&gate));
        assert!(ask(&first) && !ask(&second));
        look_after(199, &gate).await;
        assert!(!second.is_inside());
        look_after(1, &gate).await;
        assert!(is_refused(&second));

        // It asks again at once. Others go first, and it is not refused for being late.
        second.leave();
        assert!(!ask(&second));
        look_after(1_900, &gate).await;
        assert!(!ask(&third) && !second.is_inside());
        first.leave();
        assert!(third.has_place());
        // Until it has waited for as long as `Retry-After` says, twice.
        assert!(!ask(&first));
        time(100).await;
        third.leave();
        assert!(second.has_place());
        second.leave();
        assert!(first.has_place());

        // With a place it is like any other.
        assert!(!ask(&second));
        look_after(200, &gate).await;
        assert!(is_refused(&second));
        // Nor does it wait for ever.
        second.leave();
        assert!(!ask(&second));
        look_after(3_999, &gate).await;
        assert!(!second.is_inside());
        look_after(1, &gate).await;
        assert!(is_refused(&second));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_was_refused_is_next_when_nobody_else_waits() {
        let gate = narrow();
        let [first, second] = [0; 2].map(|_| pass(&gate));
        assert!(ask(&first) && !ask(&second));
        look_after(200, &gate).await;
        second.leave();
        assert!(!ask(&second));
        first.leave();
        assert!(second.has_place());
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_never_lost_and_never_given_twice() {
        let gate = narrow();
        let [first, second, third] = [0; 3].map(|_| pass(&gate));
        assert!(ask(&first) && !ask(&second) && !ask(&third));
        // One goes while it waits.
        second.leave();
        first.release();
        assert!(third.has_place() && !second.is_inside());
        assert!(!first.has_place());
        let mut again = Box::pin(first.enter());
        assert!(tokio::time::timeout(Duration::ZERO, &mut again).await.is_err());
        drop(third);
        assert!(first.has_place());
        first.leave();
        assert!(ask(&second) && !ask(&first));
    }
}
