//! The table and the ratios.

use crate::{Settings, Target};
use anyhow::Result;
use std::{collections::HashMap, process::Command};

/// One page, loaded once. Times in milliseconds, sizes in bytes. Blocking, longest task and the first of the sizes are
/// those until the survey was shown, or all of them on a page where none is due.
pub(crate) struct Run {
    /// On a page where no survey is due: when its paragraph was.
    pub(crate) shown: f64,
    /// What long tasks took beyond 50 ms each.
    pub(crate) blocking: f64,
    pub(crate) longest: f64,
    pub(crate) cpu: f64,
    pub(crate) until_shown: f64,
    pub(crate) total: f64,
    pub(crate) requests: f64,
    pub(crate) nodes: f64,
    pub(crate) heap: f64,
    /// WebAssembly's memory, which is not in the heap.
    pub(crate) wasm: f64,
    /// How long after the frame the click was made.
    pub(crate) clicked_after: Option<f64>,
    /// Whether the click was.
    pub(crate) taken: bool,
}

type Column = (&'static str, fn(&Run) -> f64, usize);

/// Title, number, decimals.
const COLUMNS: [Column; 9] = [
    ("blocking", |run| run.blocking, 0),
    ("longest", |run| run.longest, 0),
    ("cpu", |run| run.cpu, 0),
    ("kB shown", |run| run.until_shown / 1e3, 1),
    ("kB total", |run| run.total / 1e3, 1),
    ("requests", |run| run.requests, 0),
    ("nodes", |run| run.nodes, 0),
    ("heap MB", |run| run.heap / 1e6, 2),
    ("Wasm MB", |run| run.wasm / 1e6, 2),
];

/// When, of what, and how.
pub(crate) fn header(settings: &Settings) -> String {
    let Settings { rounds, cpu, net } = settings;
    let now = jiff::Timestamp::now().strftime("%F %H:%M UTC");
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{now}, commit {}, processor {cpu} times slower, network {net}, {rounds} rounds\n\
         other load on this machine: {}",
        commit(),
        load.split(' ').next().unwrap_or_default()
    )
}

fn commit() -> String {
    let git = Command::new("git").args(["describe", "--always", "--dirty", "--exclude", "*"]).output();
    git.ok()
        .filter(|git| git.status.success())
        .map_or_else(|| "unknown".to_owned(), |git| String::from_utf8_lossy(&git.stdout).trim().to_owned())
}

/// What was measured so far.
#[derive(Default)]
pub(crate) struct Runs {
    of: HashMap<&'static str, Vec<Run>>,
    /// Why a page was not measured.
    failures: Vec<String>,
}

impl Runs {
    pub(crate) fn add(&mut self, target: Target, run: Result<Run>) {
        match run {
            Ok(run) => self.of.entry(target.path()).or_default().push(run),
            Err(error) => self.failures.push(format!("{}: {error:#}", target.path())),
        }
    }

    pub(crate) fn all_shown(&self) -> bool {
        self.failures.is_empty()
    }

    /// The quartiles and the median of one number.
    fn quartiles(&self, target: Target, what: fn(&Run) -> f64) -> [f64; 3] {
        let runs = self.of.get(target.path()).map(Vec::as_slice).unwrap_or_default();
        let mut numbers: Vec<f64> = runs.iter().map(what).collect();
        numbers.sort_by(f64::total_cmp);
        [0.25, 0.5, 0.75].map(|share| quantile(&numbers, share))
    }

    fn median(&self, target: Target, what: fn(&Run) -> f64) -> f64 {
        let [_, median, _] = self.quartiles(target, what);
        median
    }

    pub(crate) fn print(&self) {
        println!();
        println!(
            "Medians; of shown, blocking and longest the quartiles below. Times in ms, all slowed down."
        );
        print!("{:<13} {:>9}", "page", "shown");
        for (title, ..) in COLUMNS {
            print!(" {title:>10}");
        }
        println!();
        for target in Target::ALL {
            self.row(target);
        }
        println!();
        self.clicks();
        self.ratios();
        for failure in &self.failures {
            println!("NOT SHOWN: {failure}");
        }
    }

    fn row(&self, target: Target) {
        print!("{:<13} {:>9.0}", target.path().trim_start_matches('/'), self.median(target, |run| run.shown));
        for (_, what, decimals) in COLUMNS {
            print!(" {:>10.decimals$}", self.median(target, what));
        }
        println!();
        let spread = |what| {
            let [low, _, high] = self.quartiles(target, what);
            format!("{low:.0}-{high:.0}")
        };
        println!(
            "{:<13} {:>9} {:>10} {:>10}",
            "",
            spread(|run| run.shown),
            spread(|run| run.blocking),
            spread(|run| run.longest)
        );
    }

    fn clicks(&self) {
        for target in Target::ALL.into_iter().filter(|target| target.asks()) {
            let runs = self.of.get(target.path()).map(Vec::as_slice).unwrap_or_default();
            let taken = runs.iter().filter(|run| run.taken).count();
            let after = self.median(target, |run| run.clicked_after.unwrap_or(f64::NAN));
            println!(
                "{}: a click {after:.0} ms after that frame was taken in {taken} of {} runs{}",
                target.path().trim_start_matches('/'),
                runs.len(),
                if taken == runs.len() { "" } else { ": FAILED" }
            );
        }
    }

    fn ratios(&self) {
        let empty = self.median(Target::Empty, |run| run.shown);
        let added = |target| self.median(target, |run| run.shown) - empty;
        let blocking = |target| self.median(target, |run| run.blocking);
        println!("Candor beside PostHog, of the medians:");
        println!(
            "until shown, beyond the empty page   {:>4.0} / {:>4.0} ms = {:.2}   (bar: 0.60, aim: 0.45)",
            added(Target::Candor),
            added(Target::PostHog),
            added(Target::Candor) / added(Target::PostHog)
        );
        println!(
            "blocking until shown                 {:>4.0} / {:>4.0} ms = {:.2}   (bar: 0.12)",
            blocking(Target::Candor),
            blocking(Target::PostHog),
            blocking(Target::Candor) / blocking(Target::PostHog)
        );
        let longest = self.median(Target::Candor, |run| run.longest);
        println!("Candor's longest task until shown    {longest:>11.0} ms          (bar: 75 ms)");
    }
}

/// Linear between the two nearest of sorted numbers.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a slice")]
    let low = place as usize;
    let at = |index: usize| sorted.get(index).or(sorted.last()).copied().unwrap_or(f64::NAN);
    at(low) + (at(low + 1) - at(low)) * place.fract()
}
