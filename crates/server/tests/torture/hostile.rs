//! Clients that hold what they can get: none is kept, memory stays small, and those who behave are served.

use crate::{
    header, is_long, nps,
    process::{Process, Start, TOKEN},
};
use reqwest::{Client, StatusCode};
use serde_json::json;
use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    runtime::Runtime,
    task::{JoinHandle, JoinSet},
};

/// Those who behave.
const GOOD: u64 = 16;
/// Where those attack from: other machines, whose work is not the server's. On this one it gives way.
static ELSEWHERE: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let yields = || _ = rustix::process::nice(19).unwrap();
    runtime.enable_all().on_thread_start(yields).build().unwrap()
});
const HALF_A_HEAD: &str = "POST /v1/responses HTTP/1.1\r\nHost: x\r\nX-Slow: ";
/// What is measured of a quiet server is noise below it, in milliseconds.
const QUIET_MS: f64 = 5.0;

/// What an attacker sends before it falls silent.
#[derive(Clone, Copy, Debug)]
enum Attack {
    /// Requests for public pages, and a few with the token for answers of 4 MB, that it never reads.
    NeverReads,
    /// Requests for answers of 4 MB, all with the token, that it never reads.
    HoldsReads,
    /// A body without its last byte.
    Unfinished,
    /// Nothing, half a head, or a head of which one more byte comes each second.
    Stalled,
}

impl Attack {
    const ALL: [Self; 4] = [Self::NeverReads, Self::HoldsReads, Self::Unfinished, Self::Stalled];

    fn clients(self) -> usize {
        match (is_long(), self) {
            (false, _) => 30,
            (true, Self::NeverReads | Self::HoldsReads) => 1_500,
            (true, Self::Unfinished) => 3_000,
            (true, Self::Stalled) => 5_000,
        }
    }

    /// What the nth of them sends.
    fn bytes(self, n: usize) -> Vec<u8> {
        match self {
            // More than the system's buffers hold.
            Self::NeverReads if !n.is_multiple_of(25) => {
                let page = ["/demo/demo.css", "/v1/surveys/csat", "/nowhere"][n % 3];
                format!("GET {page} HTTP/1.1\r\nHost: x\r\n\r\n").repeat(60).into_bytes()
            }
            Self::NeverReads | Self::HoldsReads => {
                let request = "GET /v1/surveys/csat/responses?limit=500 HTTP/1.1\r\nHost: x\r\n";
                format!("{request}Authorization: Bearer {TOKEN}\r\n\r\n").repeat(3).into_bytes()
            }
            Self::Unfinished => {
                let head = "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n";
                [format!("{head}Content-Length: 190000\r\n\r\n").into_bytes(), vec![b' '; 189_999]].concat()
            }
            Self::Stalled => ["", "GET /hea", HALF_A_HEAD, HALF_A_HEAD][n % 4].into(),
        }
    }

    /// Whether the nth of them goes on to send a byte each second.
    fn trickles(self, n: usize) -> bool {
        matches!(self, Self::Stalled) && n % 4 == 3
    }

    /// Connects all and sends, from addresses enough for their ports. They stay until they are dropped.
    async fn begin(self, process: &Process) -> Vec<JoinHandle<Option<Held>>> {
        let port: u16 = process.address.rsplit_once(':').unwrap().1.parse().unwrap();
        let mut clients = Vec::new();
        for n in 0..self.clients() {
            clients.push(ELSEWHERE.spawn(async move {
                let socket = TcpSocket::new_v4().ok()?;
                // What the system would take for a client that reads nothing is not what is tried here.
                socket.set_recv_buffer_size(4_096).ok()?;
                let from = format!("127.0.0.{}:0", 2 + n % 8);
                socket.bind(from.parse().unwrap()).ok()?;
                let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.ok()?;
                // It may be cut off while it sends, or never get everything sent.
                let _ = tokio::time::timeout(Duration::from_secs(1), stream.write_all(&self.bytes(n))).await;
                let mut held = Held::new();
                held.spawn(stay(stream, self.trickles(n)));
                Some(held)
            }));
            if n % 100 == 99 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        clients
    }
}

/// The answer's status, once all of it was read: the connection is used again only then.
async fn status(request: reqwest::RequestBuilder) -> reqwest::Result<StatusCode> {
    let answer = request.send().await?;
    let status = answer.status();
    answer.bytes().await?;
    Ok(status)
}

/// A client that stays until it is dropped.
type Held = JoinSet<()>;

async fn stay(mut stream: TcpStream, trickles: bool) {
    while trickles && stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // Whoever was cut off doesn't close its own side, either.
    std::future::pending().await
}

/// Posts of clients that behave, and how long each took in milliseconds. One that is asked to try again does so.
struct Good {
    stop: Arc<AtomicU64>,
    tasks: JoinSet<(Vec<f64>, u64)>,
}

impl Good {
    fn begin(process: &Process, ids: &Arc<AtomicU64>) -> Self {
        let stop = Arc::new(AtomicU64::new(0));
        let tasks = (0..GOOD)
            .map(|_| {
                // A pool of all would hold connections that idle until the server closes them, perhaps as they are used again.
                let client = Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
                let (ids, stop) = (Arc::clone(ids), Arc::clone(&stop));
                let url = format!("http://{}/v1/responses", process.address);
                async move {
                    let (mut times, mut again) = (Vec::new(), 0);
                    while stop.load(Ordering::Relaxed) == 0 {
                        let body = nps(ids.fetch_add(1, Ordering::Relaxed), 9).to_string();
                        let start = Instant::now();
                        loop {
                            let request = client.post(&url).header("content-type", "text/plain");
                            match status(request.body(body.clone())).await {
                                Ok(StatusCode::OK) => break,
                                Ok(StatusCode::SERVICE_UNAVAILABLE) => again += 1,
                                other => panic!("a client that behaves got {other:?}"),
                            }
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        times.push(start.elapsed().as_secs_f64() * 1e3);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    (times, again)
                }
            })
            .collect();
        Self { stop, tasks }
    }

    /// The 99th percentile, and how often one was sent again.
    async fn end(self) -> (f64, u64) {
        self.stop.store(1, Ordering::Relaxed);
        let (mut times, mut again) = (Vec::new(), 0);
        for (some, more) in self.tasks.join_all().await {
            times.extend(some);
            again += more;
        }
        times.sort_by(f64::total_cmp);
        assert!(!times.is_empty());
        (times[times.len() * 99 / 100], again)
    }
}

async fn p99_for(process: &Process, ids: &Arc<AtomicU64>, time: Duration) -> f64 {
    let good = Good::begin(process, ids);
    tokio::time::sleep(time).await;
    good.end().await.0
}

/// Waits until there are so few, at most until then. How many are left.
async fn connections_fall_to(process: &Process, few: usize, deadline: Instant) -> usize {
    loop {
        let left = process.connections();
        if left <= few || Instant::now() > deadline {
            return left;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A server with answers that are large to read, by settings that are small for the short form.
async fn server(folder: &std::path::Path) -> Process {
    let mut start = Start::new(folder);
    if !is_long() {
        let limits = [
            ("CANDOR_MAX_CONNECTIONS", "60"),
            ("CANDOR_HEADER_TIMEOUT_MS", "1200"),
            ("CANDOR_REQUEST_TIMEOUT_MS", "900"),
            ("CANDOR_WRITE_TIMEOUT_MS", "700"),
        ];
        start.settings = limits.map(|(name, value)| (name, value.to_owned())).into();
    }
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../www/demo");
    start.settings.push(("CANDOR_DEMO", demo.to_owned()));
    let process = start.listening();
    let client = Client::new();
    // A debug build would take a second for more, and then not hear in time of those who behave.
    for n in 0..if is_long() { 500 } else { 30 } {
        let mut response = nps(0xf000_0000 + n, 1);
        response["survey"] = "csat".into();
        let text = "\u{1}".repeat(4_000);
        response["answers"] = json!([{"question": "csat", "rating": 1}, {"question": "why", "text": text}]);
        let post = client.post(format!("http://{}/v1/responses", process.address));
        let post = post.header("content-type", "text/plain").body(response.to_string());
        assert_eq!(post.send().await.unwrap().status(), StatusCode::OK);
    }
    process
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hold_what_they_can_get_are_closed_and_others_served() {
    raise_file_limit();
    println!("attack        clients  closed after s  p99 before ms  during  after  sent again  memory MB");
    let (mut summary, mut missed) = (Vec::new(), Vec::new());
    for attack in Attack::ALL {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let process = server(folder.path()).await;
        let ids = Arc::new(AtomicU64::new(1));
        let quiet = Duration::from_millis(if is_long() { 5_000 } else { 300 });
        // What the preparation left to do is done in the first of these, and delays some.
        p99_for(&process, &ids, quiet / 4).await;
        let before = p99_for(&process, &ids, quiet).await;

        let good = Good::begin(&process, &ids);
        let clients = attack.begin(&process).await;
        let begun = Instant::now();
        let mut kept = Vec::new();
        for client in clients {
            kept.push(client.await.unwrap().expect("a client of the attack connects"));
        }
        let deadline = begun + Duration::from_secs(60);
        // Those of the good clients stay until they are ended.
        connections_fall_to(&process, usize::try_from(GOOD).unwrap(), deadline).await;
        let (during, again) = good.end().await;
        let left = connections_fall_to(&process, 0, deadline).await;
        let closed = begun.elapsed().as_secs_f64();
        drop(kept);
        let after = p99_for(&process, &ids, quiet).await;
        let memory = process.peak_memory_mb();
        println!(
            "{:<12} {:>8} {closed:>15.1} {before:>14.1} {during:>7.1} {after:>6.1} {again:>11} {memory:>10}",
            format!("{attack:?}"),
            attack.clients(),
        );
        assert_eq!(left, 0, "{attack:?}: connections are left");
        if is_long() {
            let ratio = during / before.max(after).max(QUIET_MS);
            // All are tried before any decides.
            if closed > 20.0 || memory > 256 || ratio > 3.0 {
                missed.push(attack);
            }
            summary.push(format!("{attack:?} closed in {closed:.1} s, {memory} MB, p99 × {ratio:.1}"));
        }
    }

    // All at once, and a stop among them.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut process = server(folder.path()).await;
    let mut clients = Vec::new();
    for attack in Attack::ALL {
        clients.extend(attack.begin(&process).await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    process.signal("TERM");
    let ended = process.ended(Duration::from_secs(60)).await;
    let stopped = begun.elapsed().as_secs_f64();
    drop(clients);
    assert!(ended.is_some_and(|status| status.success()), "a stop ends well: {ended:?}");
    if is_long() {
        println!("{}: {}; SIGTERM among all of them {stopped:.1} s", header(), summary.join("; "));
        assert!(stopped <= 5.0, "SIGTERM took {stopped} s");
        assert!(missed.is_empty(), "more than 20 s, 256 MB or three times a quiet server's p99: {missed:?}");
    }
}

/// The test's own limit of open files, as far as the system lets it.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}
