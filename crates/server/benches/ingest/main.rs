//! What keeping an answer costs beside only reading and checking it, and how much of the peak is left under overload:
//! `cargo xtask bench server`.
//!
//! The real server is the release binary. The reference is the same server that drops each response after its check. Both
//! are pinned to the first core and the load to the second, and they take turns; a table gives the medians.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench talks to its terminal and may fail loudly"
)]

mod load;
mod served;

use clap::Parser;
use load::Load;
use served::{Kind, Served, program};
use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

/// The binary's own, for the reference.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Connections of wrk, a run for each.
const CONNECTIONS: [u32; 2] = [64, 256];
/// Connections among which the peak is looked for.
const PEAK: [usize; 4] = [64, 128, 256, 512];
/// Connections over which the overload comes: waiting requests hold one each.
const CROWD: usize = 3_000;
/// So many times the peak is offered.
const OVERLOAD: f64 = 3.0;

#[derive(Debug, Parser)]
enum Command {
    /// The bench itself; what Cargo adds to its command line is let in.
    #[command(name = "--bench")]
    Bench,
    /// The reference.
    WithoutStore(Box<Reference>),
    /// The load of one run, in a process of its own so that it can be pinned.
    Load(Load),
}

#[derive(Debug, clap::Args)]
struct Reference {
    #[command(flatten)]
    config: candor_server::Config,
}

fn main() {
    match Command::parse() {
        Command::Bench => bench(),
        Command::WithoutStore(reference) => serve(reference.config),
        Command::Load(load) => println!("{}", serde_json::to_string(&load.run()).unwrap()),
    }
}

fn serve(config: candor_server::Config) {
    candor_server::log::start(&config.log).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = candor_server::Server::bind(config).await.unwrap();
        server.without_store().run(candor_server::shutdown::signal()).await;
    });
}

fn bench() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| {
            text.parse().unwrap_or_else(|_| panic!("{name}: expected a whole number, not {text:?}"))
        })
    };
    let (rounds, seconds) = (number("CANDOR_ROUNDS", 5), number("CANDOR_SECONDS", 5));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let now = jiff::Timestamp::now().strftime("%F %H:%M UTC");
    let commit = served::commit();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{now}, commit {commit}, {cores} cores: the server has core 0, the load core 1, unless they are one"
    );
    println!("other load on this machine                 {:>10}", served::load_average());
    println!("4 KiB written and synced, median of 200    {:>10.2?}", sync_time(folder.path()));
    println!();

    println!(
        "wrk, {rounds} rounds of {seconds} s each, with and without the store in turn; medians. In full: three revisions of"
    );
    println!(
        "each answer, five segments that the survey declares, a page, and a token that the site has signed"
    );
    println!("connections  answers/s  µs of CPU each  without store/s  µs of CPU each  ratio  errors  kept");
    let token = served::token();
    for (connections, token) in
        CONNECTIONS.into_iter().flat_map(|connections| [(connections, None), (connections, Some(&*token))])
    {
        let (mut kept, mut dropped, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            let real = wrk(Kind::Real, folder.path(), (connections, token), seconds, round);
            let reference = wrk(Kind::WithoutStore, folder.path(), (connections, token), seconds, round);
            ratios.push(real.cpu / reference.cpu);
            kept.push(real);
            dropped.push(reference);
        }
        let of = |runs: &[Run], what: fn(&Run) -> f64| median(runs.iter().map(what).collect());
        let errors: u64 = kept.iter().chain(&dropped).map(|run| run.errors).sum();
        println!(
            "{connections:>11} {:>10.0} {:>15.1} {:>16.0} {:>15.1} {:>6.2} {errors:>7}  {}{}",
            of(&kept, |run| run.rate),
            of(&kept, |run| run.cpu * 1e6),
            of(&dropped, |run| run.rate),
            of(&dropped, |run| run.cpu * 1e6),
            median(ratios),
            if kept.iter().all(|run| run.kept) && dropped.iter().all(|run| run.kept) {
                "all"
            } else {
                "NOT ALL"
            },
            if token.is_some() { ", in full" } else { "" },
        );
    }
    println!();
    overload(folder.path(), rounds, seconds.min(4), &format!("{now}, commit {commit}"));
}

struct Run {
    rate: f64,
    /// Seconds of the processor for each answer, the system's included.
    cpu: f64,
    errors: u64,
    /// Whether the database holds what was answered: all of it, or nothing of the reference.
    kept: bool,
}

fn wrk(
    kind: Kind,
    folder: &Path,
    (connections, token): (u32, Option<&str>),
    seconds: u64,
    round: u64,
) -> Run {
    let server = Served::start(kind, folder);
    let script = folder.join("ingest.lua");
    std::fs::write(&script, include_str!("ingest.lua")).unwrap();
    let mut wrk = program("wrk", 1);
    wrk.args(["--threads", "1", "--connections", &connections.to_string()]);
    wrk.args(["--duration", &format!("{seconds}s"), "--timeout", "10s", "--script"]).arg(script);
    wrk.arg(format!("http://{}", server.address)).env("CANDOR_RUN", (round + 1).to_string());
    wrk.envs(token.map(|token| ("CANDOR_TOKEN", token)));
    let before = server.cpu_seconds();
    let output = wrk.output().expect("wrk runs: `cargo xtask bench server` installs it");
    let cpu = server.cpu_seconds() - before;
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text.lines().find_map(|line| line.strip_prefix("candor: "));
    let told = told.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    let numbers: Vec<u64> = told.split(' ').map(|number| number.parse().unwrap()).collect();
    let [answers, microseconds, refused, failed] = numbers[..] else { panic!("{told}") };
    let rows = server.stop_and_count();
    let kept = match kind {
        // Some were under way when wrk stopped listening.
        Kind::Real => {
            let each = if token.is_some() { 3 } else { 1 };
            let of = |answers: u64| answers / each;
            (of(answers - refused)..=of(answers) + u64::from(connections)).contains(&rows)
        }
        Kind::WithoutStore => rows == 0,
    };
    Run {
        rate: (answers - refused) as f64 / (microseconds as f64 / 1e6),
        cpu: cpu / answers as f64,
        errors: refused + failed,
        kept,
    }
}

/// The store's peak, then three times as much, in turn.
fn overload(folder: &Path, rounds: u64, seconds: u64, header: &str) {
    println!("Overload, {rounds} rounds of {seconds} s each after 5 s that don't count; medians");
    println!(
        "The load is a program of this bench on core 1, not wrk, whose figures mix kept and refused. For the peak each"
    );
    println!(
        "of 64 to 512 connections posts as soon as it is answered. For the overload arrivals come at even intervals,"
    );
    println!(
        "whatever the server does, over {CROWD} connections; one that finds none free for a second is never sent, and counted so."
    );
    println!(
        "What so many connections cost by themselves, the crowd shows: all of them post as soon as they are answered, to both servers."
    );
    let (mut peaks, mut overloads) = (PEAK.map(|_| Vec::new()), Vec::new());
    let (mut dropped_peaks, mut crowds) = (PEAK.map(|_| Vec::new()), [Vec::new(), Vec::new()]);
    let closed = |kind, connections| {
        let server = Served::start(kind, folder);
        let kept = load::pinned(&server.address, connections, 0.0, seconds).kept;
        server.stop_and_count();
        kept
    };
    for _ in 0..rounds {
        for (at, connections) in PEAK.into_iter().enumerate() {
            peaks[at].push(closed(Kind::Real, connections));
            dropped_peaks[at].push(closed(Kind::WithoutStore, connections));
        }
        crowds[0].push(closed(Kind::Real, CROWD));
        crowds[1].push(closed(Kind::WithoutStore, CROWD));
        let peak = highest(&peaks);
        let server = Served::start(Kind::Real, folder);
        let overload = load::pinned(&server.address, CROWD, peak * OVERLOAD, seconds);
        let rows = server.stop_and_count();
        assert!(rows >= overload.acknowledged, "{rows} rows, {} acknowledged", overload.acknowledged);
        overloads.push(overload);
    }
    let of = |what: fn(&load::Told) -> f64| median(overloads.iter().map(what).collect());
    let (offered, peak) = (of(|told| told.offered), highest(&peaks));
    let share = of(|told| told.kept) / peak * 100.0;
    let refused_ms = of(|told| told.refused_p99_ms);
    println!();
    println!("peak, kept/s                        {peak:>10.0}");
    println!("offered/s                           {offered:>10.0}   {:.1} times the peak", offered / peak);
    println!(
        "kept/s                              {:>10.0}   {share:.0} % of the peak (bar: 85 %)",
        of(|told| told.kept)
    );
    println!("refused/s (429 and 503)             {:>10.0}", of(|told| told.refused));
    println!("cut off without an answer/s         {:>10.0}", of(|told| told.cut));
    println!("never sent, no connection free/s    {:>10.0}", of(|told| told.unsent));
    println!("p99 of a kept one, ms               {:>10.0}", of(|told| told.kept_p99_ms));
    println!("p99 of a refusal, ms                {refused_ms:>10.0}   (bar: 300 ms)");
    println!("p99 from when it was due, ms        {:>10.0}", of(|told| told.due_p99_ms));
    let crowd = |kept: &[f64], peaks| {
        let (kept, peak) = (median(kept.to_vec()), highest(peaks));
        format!("{kept:>10.0}   {:.0} % of its peak of {peak:.0}", kept / peak * 100.0)
    };
    println!("the crowd, kept/s                   {}", crowd(&crowds[0], &peaks));
    println!("the crowd without the store         {}", crowd(&crowds[1], &dropped_peaks));
    if offered < peak * OVERLOAD * 0.95 {
        println!("Less was offered than {OVERLOAD} times the peak: core 1 could do no more.");
    }
    println!();
    println!(
        "{header}: peak {peak:.0}/s, offered {:.1} times as much: kept {share:.0} %, refused {:.0}/s with p99 {refused_ms:.0} ms",
        offered / peak,
        of(|told| told.refused)
    );
}

/// The highest of the medians: the highest of all would be that of the quietest moment, to which nothing else compares.
fn highest(peaks: &[Vec<f64>]) -> f64 {
    peaks.iter().map(|kept| median(kept.clone())).fold(0.0, f64::max)
}

fn sync_time(folder: &Path) -> Duration {
    let mut file = File::create(folder.join("sync")).unwrap();
    let times = (0..200)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&[7; 4_096]).unwrap();
            file.sync_data().unwrap();
            start.elapsed().as_secs_f64()
        })
        .collect();
    Duration::from_secs_f64(median(times))
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { f64::midpoint(numbers[middle - 1], numbers[middle]) }
}
