//! The load of one run, by a schedule of its own: one thread, many connections, and what became of each request.

use crate::served::program;
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep_until, timeout},
};

/// Before what happens is counted: thousands of connections are made, memory is taken and queues fill, which would count
/// against the overload alone.
const WARM_UP: Duration = Duration::from_secs(5);
/// A request that takes longer is given up, and counts as cut off.
const PATIENCE: Duration = Duration::from_secs(10);
/// An arrival that found no free connection for so long is given up unsent: the schedule must not slow down with the server.
const MOST_LATE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Load {
    address: SocketAddr,
    connections: usize,
    /// Requests a second, evenly spaced; 0: each connection posts as soon as it is answered.
    rate: f64,
    seconds: u64,
}

/// What a run tells.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Requests that were due in the time that counts, and what became of them, all a second.
    pub(crate) offered: f64,
    /// Never sent, because every connection was waiting for an answer.
    pub(crate) unsent: f64,
    pub(crate) kept: f64,
    pub(crate) refused: f64,
    pub(crate) cut: f64,
    /// From sending to the answer.
    pub(crate) kept_p99_ms: f64,
    pub(crate) refused_p99_ms: f64,
    /// From when it was due by the schedule to whatever came of it.
    pub(crate) due_p99_ms: f64,
    /// Answers 200 from first to last.
    pub(crate) acknowledged: u64,
}

/// Runs the load on core 1.
pub(crate) fn pinned(address: &str, connections: usize, rate: f64, seconds: u64) -> Told {
    let mut load = program(std::env::current_exe().unwrap(), 1);
    load.args(["load", address, &connections.to_string(), &rate.to_string(), &seconds.to_string()]);
    let output = load.output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Kept,
    Refused,
    Cut,
    Unsent,
}

struct Sent {
    end: End,
    took: Duration,
    since_due: Duration,
}

struct Shared {
    load: Load,
    start: Instant,
    next: Cell<u64>,
    acknowledged: Cell<u64>,
    sent: RefCell<Vec<Sent>>,
}

impl Load {
    pub(crate) fn run(self) -> Told {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let seconds = self.seconds;
            let shared = Rc::new(Shared {
                start: Instant::now(),
                next: Cell::new(0),
                acknowledged: Cell::new(0),
                sent: RefCell::default(),
                load: self,
            });
            let connections: Vec<_> = (0..shared.load.connections)
                .map(|_| tokio::task::spawn_local(connection(Rc::clone(&shared))))
                .collect();
            for connection in connections {
                connection.await.unwrap();
            }
            tell(&shared.sent.borrow(), shared.acknowledged.get(), seconds)
        })
    }
}

fn tell(sent: &[Sent], acknowledged: u64, seconds: u64) -> Told {
    let rate = |end| sent.iter().filter(|sent| sent.end == end).count() as f64 / seconds as f64;
    let p99 = |times: Vec<Duration>| {
        let mut times = times;
        times.sort_unstable();
        times.get(times.len() * 99 / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    let took = |end| sent.iter().filter(|sent| sent.end == end).map(|sent| sent.took).collect();
    Told {
        offered: sent.len() as f64 / seconds as f64,
        kept: rate(End::Kept),
        refused: rate(End::Refused),
        cut: rate(End::Cut),
        unsent: rate(End::Unsent),
        kept_p99_ms: p99(took(End::Kept)),
        refused_p99_ms: p99(took(End::Refused)),
        due_p99_ms: p99(sent.iter().map(|sent| sent.since_due).collect()),
        acknowledged,
    }
}

/// One connection's requests, one after the other. It is made again when the server has closed it.
async fn connection(shared: Rc<Shared>) {
    let counted = WARM_UP..WARM_UP + Duration::from_secs(shared.load.seconds);
    let mut stream = None;
    loop {
        let number = shared.next.get();
        shared.next.set(number + 1);
        let mut due = Instant::now();
        if shared.load.rate > 0.0 {
            due = shared.start + Duration::from_secs_f64(number as f64 / shared.load.rate);
            sleep_until(due).await;
        }
        let begun = Instant::now();
        if begun - shared.start >= counted.end {
            return;
        }
        if begun - due > MOST_LATE {
            if counted.contains(&(begun - shared.start)) {
                let (end, took) = (End::Unsent, Duration::ZERO);
                shared.sent.borrow_mut().push(Sent { end, took, since_due: begun - due });
            }
            continue;
        }
        let end = timeout(PATIENCE, exchange(&mut stream, &shared.load.address, number)).await;
        let end = end.ok().and_then(Result::ok).unwrap_or(End::Cut);
        if end == End::Cut {
            stream = None;
        }
        if end == End::Kept {
            shared.acknowledged.set(shared.acknowledged.get() + 1);
        }
        // By when it ended, so that what the server did in the time is counted, and not what it did later.
        if counted.contains(&(Instant::now() - shared.start)) {
            shared.sent.borrow_mut().push(Sent { end, took: begun.elapsed(), since_due: due.elapsed() });
        }
        if end == End::Cut && shared.load.rate == 0.0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn exchange(kept: &mut Option<TcpStream>, address: &SocketAddr, number: u64) -> std::io::Result<End> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            stream
        }
    };
    let body = format!(
        "{{\"v\":1,\"id\":\"0192f5e4-7c1b-7a44-8000-{number:012x}\",\"revision\":2,\"state\":\"partial\",\
         \"site\":\"default\",\"survey\":\"nps\",\"survey_version\":1,\"locale\":\"en\",\"touchpoint\":\"checkout\",\
         \"answers\":[{{\"question\":\"nps\",\"rating\":{}}}],\
         \"presentation\":{{\"display\":\"popover\",\"scale\":\"numbers\",\"direction\":\"ltr\"}},\
         \"page\":\"https://shop.example/thanks\",\"age_ms\":1200}}",
        number % 11
    );
    let request = format!(
        "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = [0; 2_048];
    let mut filled = 0;
    let cut = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err(cut());
        }
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).map_err(|_| cut())?;
        let header = |name: &str| {
            text.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name))
        };
        let length: usize = header("content-length").and_then(|(_, n)| n.parse().ok()).unwrap_or(0);
        if filled < head + 4 + length {
            continue;
        }
        let end = match text.get(9..12) {
            Some("200") => End::Kept,
            Some("429" | "503") => End::Refused,
            _ => panic!("an answer that no load should get: {text}"),
        };
        if header("connection").is_none_or(|(_, value)| !value.eq_ignore_ascii_case("close")) {
            *kept = Some(stream);
        }
        return Ok(end);
    }
}
