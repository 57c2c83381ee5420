//! What reading costs with many answers kept, in process and over HTTP, and how much room they take: `cargo xtask bench reads`.
//!
//! The answers are made up by a fixed seed: 90 days of one survey, six languages, forty touchpoints, three of four only shown. A
//! database that is there already, by `CANDOR_READS`, is read as it is. The time over HTTP is that to the last byte, to a client that only
//! reads: what one does with two megabytes is its own.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench talks to its terminal and may fail loudly"
)]

use candor_store::{Arrival, Dimension, Outcome, ResponseQuery, Scope, Segment, Settings, Store, TallyQuery};
use candor_survey::{Answer, CheckedResponse, NewResponse, Presentation, Response, State, Survey, preset};
use fastrand::Rng;
use std::{
    fs,
    io::{BufRead, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The binary's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;
/// 2026-08-01.
const FIRST_MS: i64 = 20_666 * DAY_MS;
const LANGUAGES: [&str; 6] = ["en", "fa", "ar", "th", "vi", "zh-Hant"];
const TOUCHPOINTS: u64 = 40;
/// How many responses share a transaction.
const BATCH: u64 = 10_000;
/// How often each read is timed, and how often it is made before: each of the threads that read has caches of its own.
const TIMES: usize = 300;
const WARMING: usize = 20;
const TOKEN: &str = "a-token-for-the-bench";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(bench());
}

async fn bench() {
    let number = std::env::var("CANDOR_RESPONSES").map_or(10_000_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("CANDOR_READS").map_or(folder.path().join("candor.sqlite"), PathBuf::from);
    let url = format!("sqlite://{}", path.display());
    let is_new = !path.exists();
    let settings = Settings { read_timeout: Duration::from_secs(60), observer: None };
    let store = Store::open_with(&url, settings.clone()).await.unwrap();
    if is_new {
        fill(&store, number).await;
    }
    store.close().await;
    drop(store);
    let bytes = fs::metadata(&path).unwrap().len();
    let kept = count(&path);
    println!("{kept} responses, {} MB: {:.0} B each", bytes / 1_000_000, bytes as f64 / kept as f64);

    println!("\nmilliseconds                                  cold     p50     p99");
    for (name, read) in READS {
        fs::write("/proc/sys/vm/drop_caches", "3").ok();
        let store = Store::open_with(&url, settings.clone()).await.unwrap();
        let mut times = Vec::new();
        for _ in 0..WARMING + TIMES {
            let start = Instant::now();
            read(&store).await;
            times.push(start.elapsed());
        }
        row(name, times);
        store.close().await;
    }

    let (mut server, address) = serve(&url);
    let mut client = TcpStream::connect(&address).unwrap();
    client.set_nodelay(true).unwrap();
    for (name, path) in ADDRESSES {
        let (mut times, mut size) = (Vec::new(), 0);
        for _ in 0..WARMING + TIMES {
            let start = Instant::now();
            size = get(&mut client, path);
            times.push(start.elapsed());
        }
        row(&format!("{name}, {} kB", size / 1_000), times);
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let commit = Command::new("git").args(["describe", "--always", "--dirty", "--exclude", "*"]).output();
    let commit = commit.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!("\n{}, commit {}: {kept} responses", now(), commit.unwrap_or_default());
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// How many bytes the answer has.
fn get(client: &mut TcpStream, path: &str) -> usize {
    write!(client, "GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {TOKEN}\r\n\r\n").unwrap();
    let mut buffer = vec![0; 1 << 18];
    let (mut head, mut end) = (0, None);
    while end.is_none() {
        let read = client.read(&mut buffer[head..]).unwrap();
        assert!(read > 0, "{path}: the server is gone");
        head += read;
        end = buffer[..head].windows(4).position(|bytes| bytes == b"\r\n\r\n");
    }
    let end = end.unwrap() + 4;
    let text = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
    assert!(text.starts_with("http/1.1 200"), "{path}: {text}");
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap().parse().unwrap();
    let mut left = length - (head - end);
    while left > 0 {
        let room = buffer.len().min(left);
        let read = client.read(&mut buffer[..room]).unwrap();
        assert!(read > 0, "{path}: the server is gone");
        left -= read;
    }
    length
}

/// The first apart, when nothing is at hand; then those that warm are left out.
fn row(name: &str, times: Vec<Duration>) {
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let cold = times[0];
    let mut times = times[WARMING..].to_vec();
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("{name:<40}{:>10.2}{:>8.2}{:>8.2}", ms(cold), ms(p50), ms(p99));
}

type Reading<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;
type Read = for<'a> fn(&'a Store) -> Reading<'a>;
const READS: [(&str, Read); 7] = [
    ("90 days by day, everyone", |store| Box::pin(tally(store, Segment::All, 0, 1))),
    ("90 days by day, 6 languages", |store| Box::pin(tally(store, Segment::Each(Dimension::Locale), 0, 6))),
    ("90 days by day, 40 touchpoints", |store| {
        Box::pin(tally(store, Segment::Each(Dimension::Touchpoint), 0, 40))
    }),
    ("the same in Tehran's days, everyone", |store| Box::pin(tally(store, Segment::All, 2, 1))),
    ("the same in Tehran's days, 40 touchpoints", |store| {
        Box::pin(tally(store, Segment::Each(Dimension::Touchpoint), 2, 40))
    }),
    ("the newest 50 answers", |store| Box::pin(list(store, false, None))),
    ("50 of the site in the midst, with unanswered", |store| {
        Box::pin(list(store, true, Some(FIRST_MS + DAYS / 2 * DAY_MS)))
    }),
];

const ADDRESSES: [(&str, &str); 4] = [
    (
        "HTTP: by day, everyone",
        "/v1/surveys/nps/scores?site=default&interval=day&from=2026-08-01&to=2026-10-30",
    ),
    (
        "HTTP: by day, 6 languages",
        "/v1/surveys/nps/scores?site=default&interval=day&from=2026-08-01&to=2026-10-30&segment=locale",
    ),
    (
        "HTTP: by day, 40 touchpoints",
        "/v1/surveys/nps/scores?site=default&interval=day&from=2026-08-01&to=2026-10-30&segment=touchpoint",
    ),
    ("HTTP: the newest 50 answers", "/v1/surveys/nps/responses?site=default"),
];

async fn tally(store: &Store, segment: Segment, quarters: i64, values: usize) {
    let boundaries = (0..=DAYS).map(|day| FIRST_MS + day * DAY_MS - quarters * candor_store::SLOT_MS);
    let query = TallyQuery {
        scope: Scope::DEFAULT,
        site: Some("default".into()),
        survey: "nps".into(),
        question: "nps".into(),
        versions: None,
        segment,
        boundaries_ms: boundaries.collect(),
        most: 10_000,
    };
    let counts = store.tallies(query).await.unwrap().unwrap();
    assert_eq!(counts.len(), values * DAYS as usize);
    assert!(counts.iter().all(|counts| counts.shown > 0));
}

async fn list(store: &Store, unanswered: bool, before_ms: Option<i64>) {
    let query = ResponseQuery {
        scope: Scope::DEFAULT,
        survey: "nps".into(),
        site: Some("default".into()),
        unanswered,
        after: before_ms.map(|ms| (ms, "ffffffff-ffff-ffff-ffff-ffffffffffff".into())),
        limit: 50,
    };
    assert_eq!(store.responses(query).await.unwrap().responses.len(), 50);
}

async fn fill(store: &Store, number: u64) {
    let survey = preset("nps").unwrap();
    let mut random = Rng::with_seed(7);
    let start = Instant::now();
    let mut saving: Option<tokio::task::JoinHandle<()>> = None;
    for batch in 0..number / BATCH {
        let arrivals: Vec<_> =
            (0..BATCH).map(|n| arrival(batch * BATCH + n, number, &survey, &mut random)).collect();
        if let Some(saving) = saving.take() {
            saving.await.unwrap();
        }
        let store = store.clone();
        saving = Some(tokio::spawn(async move {
            let outcomes = store.save(arrivals).await.unwrap();
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Stored));
        }));
    }
    if let Some(saving) = saving {
        saving.await.unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{number} responses made and kept in {seconds:.0} s: {:.0} a second", number as f64 / seconds);
}

fn arrival(n: u64, of: u64, survey: &Survey, random: &mut Rng) -> Arrival {
    let received_ms = FIRST_MS + (n as f64 / of as f64 * (DAYS * DAY_MS) as f64) as i64;
    Arrival {
        declared: Vec::new(),
        scope: Scope::DEFAULT,
        response: response(n, received_ms, survey, random),
        received_ms,
    }
}

fn response(n: u64, received_ms: i64, survey: &Survey, random: &mut Rng) -> CheckedResponse {
    let state = match random.u64(..20) {
        0..15 => State::Shown,
        15 => State::Dismissed,
        16..18 => State::Partial,
        _ => State::Complete,
    };
    let is_answered = matches!(state, State::Partial | State::Complete);
    let rating = || Answer {
        question: "nps".into(),
        rating: Some([9, 10, 8, 7, 10, 9, 6, 5, 3, 0, 9][random.u64(..11) as usize]),
        ..Answer::default()
    };
    let answers = is_answered.then(rating).into_iter().collect();
    let response = Response {
        state,
        site: "default".into(),
        survey: "nps".into(),
        survey_version: 1,
        locale: LANGUAGES[random.u64(..6) as usize].into(),
        touchpoint: Some(format!("touchpoint-{}", random.u64(..TOUCHPOINTS))),
        answers,
        presentation: Presentation {
            display: if random.u64(..3) > 0 { "popover" } else { "inline" }.into(),
            scale: "numbers".into(),
            direction: "ltr".into(),
            order: Default::default(),
        },
        page: None,
        respondent: None,
        context: Default::default(),
        test: false,
    };
    // A UUIDv7: milliseconds, then what is its own.
    let (ms, own) = (received_ms as u64, (n as u128) << 40 | u128::from(random.u64(..1 << 40)));
    let id = format!(
        "{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
        ms >> 16,
        ms & 0xffff,
        own >> 60 & 0xfff,
        own >> 48 & 0xfff,
        own & 0xffff_ffff_ffff
    );
    NewResponse { v: 1, id, revision: 1, response, age_ms: 0 }.check(survey).unwrap()
}

fn count(path: &Path) -> i64 {
    let database = rusqlite::Connection::open(path).unwrap();
    database.query_row("SELECT COUNT(*) FROM responses", [], |row| row.get(0)).unwrap()
}

/// The release binary on the database, and where it listens.
fn serve(url: &str) -> (Child, String) {
    let flags =
        ["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--token", TOKEN, "--database", url];
    let mut command = Command::new(env!("CARGO_BIN_EXE_candor"));
    let mut server = command.args(flags).stdout(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut entries = log.map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    let address = entries.find_map(|entry| Some(entry["address"].as_str()?.to_owned())).unwrap();
    // A log that can't be written would stop it.
    std::thread::spawn(move || entries.for_each(drop));
    (server, address)
}
