//! The table and the ratios.

use crate::{Settings, Target};
use anyhow::Result;
use std::{collections::HashMap, process::Command};

/// One page, loaded once. Times in milliseconds, sizes in bytes. Blocking, longest task and the first of the sizes are
/// those until the survey was shown, or all of them on a page where none is due.
#[derive(Default)]
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
    /// By page.
    rounds: Vec<HashMap<&'static str, Run>>,
    /// Why a page was not measured.
    failures: Vec<String>,
}

impl Runs {
    /// Whatever is added after this was measured in turn.
    pub(crate) fn next_round(&mut self) {
        self.rounds.push(HashMap::new());
    }

    pub(crate) fn add(&mut self, target: Target, run: Result<Run>) {
        match (run, self.rounds.last_mut()) {
            (Ok(run), Some(round)) => drop(round.insert(target.path(), run)),
            (Err(error), _) => self.failures.push(format!("{}: {error:#}", target.path())),
            // The warm-up, which doesn't count.
            (Ok(_), None) => {}
        }
    }

    pub(crate) fn all_shown(&self) -> bool {
        self.failures.is_empty()
    }

    fn of(&self, target: Target) -> impl Iterator<Item = &Run> {
        self.rounds.iter().filter_map(move |round| round.get(target.path()))
    }

    fn quartiles(&self, target: Target, what: fn(&Run) -> f64) -> [f64; 3] {
        quartiles(self.of(target).map(what).collect())
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
            let (runs, taken) = (self.of(target).count(), self.of(target).filter(|run| run.taken).count());
            let after = self.median(target, |run| run.clicked_after.unwrap_or(f64::NAN));
            println!(
                "{}: a click {after:.0} ms after that frame was taken in {taken} of {} runs{}",
                target.path().trim_start_matches('/'),
                runs,
                if taken == runs { "" } else { ": FAILED" }
            );
        }
    }

    fn ratios(&self) {
        println!("Candor beside PostHog, of the medians and of the rounds' own:");
        let added = |run: &Run, empty: &Run| run.shown - empty.shown;
        self.ratio("until shown, beyond the empty page", added, "bar: 0.60, aim: 0.45");
        self.ratio("blocking until shown", |run, _| run.blocking, "bar: 0.12");
        let longest = self.median(Target::Candor, |run| run.longest);
        println!("{:<34} {longest:>5.0} ms   (bar: 75 ms)", "Candor's longest task until shown");
    }

    /// Of what a page took, given the empty page of the same round.
    fn ratio(&self, title: &str, what: fn(&Run, &Run) -> f64, bar: &str) {
        let [mut candor, mut rival, mut own] = [const { Vec::new() }; 3];
        for round in &self.rounds {
            let of = |target: Target| Some(what(round.get(target.path())?, round.get(Target::Empty.path())?));
            if let (Some(ours), Some(theirs)) = (of(Target::Candor), of(Target::PostHog)) {
                candor.push(ours);
                rival.push(theirs);
                own.push(ours / theirs);
            }
        }
        let ([_, candor, _], [_, rival, _]) = (quartiles(candor), quartiles(rival));
        let ([low, median, high], ratio) = (quartiles(own), candor / rival);
        println!(
            "{title:<34} {candor:>5.0} / {rival:>5.0} ms = {ratio:.2}, {median:.2} ({low:.2}-{high:.2})   ({bar})"
        );
    }
}

/// The first quartile, the median and the third: linear between the two nearest.
fn quartiles(mut numbers: Vec<f64>) -> [f64; 3] {
    numbers.sort_by(f64::total_cmp);
    [0.25, 0.5, 0.75].map(|share| {
        let place = share * numbers.len().saturating_sub(1) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
        let low = place as usize;
        let at = |index: usize| numbers.get(index).or(numbers.last()).copied().unwrap_or(f64::NAN);
        at(low) + (at(low + 1) - at(low)) * place.fract()
    })
}
