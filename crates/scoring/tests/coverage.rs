//! docs/coverage.md: how often the intervals hold the true score or share, by summing the chances of all possible
//! results. Written again with `UPDATE_DOCS=1 cargo test -p candor-scoring --all-features --test coverage`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use candor_scoring::{Interval, Level, Nps, Share};
use std::fmt::Write as _;

/// Shares of promoters and detractors.
const PROFILES: [(&str, f64, f64); 8] = [
    ("0.50 / 0.20", 0.5, 0.2),
    ("0.70 / 0.10", 0.7, 0.1),
    ("0.30 / 0.30", 0.3, 0.3),
    ("0.90 / 0.05", 0.9, 0.05),
    ("0.20 / 0.60", 0.2, 0.6),
    ("0.95 / 0.01", 0.95, 0.01),
    ("0.98 / 0.01", 0.98, 0.01),
    ("1/3 / 1/3", 1.0 / 3.0, 1.0 / 3.0),
];

type Method = (&'static str, fn(Nps, Level) -> Option<Interval>);
const METHODS: [Method; 5] = [
    ("**default** (Bonett–Price)", |nps, level| nps.default_interval(level)),
    ("adjusted Wald", |nps, level| nps.adjusted_wald(level)),
    ("Tango", |nps, level| nps.tango_score(level)),
    ("Tango below 10 and in one band, else adjusted Wald", |nps, level| {
        let one_band = [nps.detractors(), nps.passives(), nps.promoters()].contains(&nps.n());
        if nps.n() < 10 || one_band { nps.tango_score(level) } else { nps.adjusted_wald(level) }
    }),
    ("Wald", |nps, level| nps.wald(level)),
];

const LARGEST: usize = 100;

/// True shares of favourable answers.
const SHARES: [f64; 9] = [0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98];

type ShareMethod = (&'static str, fn(Share, Level) -> Option<Interval>);
const SHARE_METHODS: [ShareMethod; 5] = [
    ("**default** (Wilson)", Share::wilson),
    ("Wald", Share::wald),
    ("Agresti–Coull", Share::agresti_coull),
    ("Clopper–Pearson", Share::clopper_pearson),
    ("Jeffreys", Share::jeffreys),
];

/// ln n! for n up to [`LARGEST`].
fn log_factorials() -> Vec<f64> {
    let mut log_factorial = vec![0.0_f64];
    for n in 1..=LARGEST {
        log_factorial.push(log_factorial[n - 1] + libm::log(n as f64));
    }
    log_factorial
}

/// An end that is the truth holds it, whatever the last digit says.
fn holds(interval: Interval, truth: f64) -> bool {
    interval.low - 1e-9 <= truth && truth <= interval.high + 1e-9
}

/// `[method][share][n − 5]`: the chance that the 95 % interval holds the true share.
fn share_coverage() -> Vec<Vec<Vec<f64>>> {
    let log_factorial = log_factorials();
    let row = |interval: fn(Share, Level) -> Option<Interval>, p: f64, n: usize| {
        let chance = |k: usize| {
            let ways = log_factorial[n] - log_factorial[k] - log_factorial[n - k];
            libm::exp(ways + k as f64 * libm::log(p) + (n - k) as f64 * libm::log1p(-p))
        };
        let held = |k: usize| {
            holds(interval(Share::new(k as u64, n as u64).unwrap(), Level::P95).unwrap(), 100.0 * p)
        };
        (0..=n).filter(|k| held(*k)).map(chance).sum()
    };
    let rows = |(_, interval): ShareMethod| {
        SHARES.map(|p| (5..=LARGEST).map(|n| row(interval, p, n)).collect()).to_vec()
    };
    SHARE_METHODS.map(rows).to_vec()
}

/// In how many of these the coverage is below a level.
fn below(held: &[f64], level: f64) -> usize {
    held.iter().filter(|held| **held < level - 1e-9).count()
}

fn mean(held: &[f64]) -> f64 {
    held.iter().sum::<f64>() / held.len() as f64
}

fn lowest(held: &[f64]) -> f64 {
    held.iter().copied().fold(1.0, f64::min)
}

/// `[method][profile][n − 5]`: the chance that the interval holds the true score.
fn coverage(level: Level) -> Vec<Vec<Vec<f64>>> {
    let log_factorial = log_factorials();
    let mut held = vec![vec![vec![0.0; LARGEST - 4]; PROFILES.len()]; METHODS.len()];
    for n in 5..=LARGEST {
        for promoters in 0..=n {
            for detractors in 0..=n - promoters {
                let passives = n - promoters - detractors;
                let nps = Nps::new(detractors as u64, passives as u64, promoters as u64).unwrap();
                let ways = log_factorial[n]
                    - log_factorial[promoters]
                    - log_factorial[detractors]
                    - log_factorial[passives];
                let intervals = METHODS.map(|(_, interval)| interval(nps, level).unwrap());
                for (profile, (_, p, d)) in PROFILES.iter().enumerate() {
                    let power = |count: usize, share: f64| count as f64 * libm::log(share);
                    let chance = libm::exp(
                        ways + power(promoters, *p) + power(detractors, *d) + power(passives, 1.0 - p - d),
                    );
                    let truth = 100.0 * (p - d);
                    for (method, interval) in intervals.iter().enumerate() {
                        if holds(*interval, truth) {
                            held[method][profile][n - 5] += chance;
                        }
                    }
                }
            }
        }
    }
    held
}

/// The mean and the lowest of all, with its profile and n.
fn summary(held: &[Vec<f64>]) -> (f64, f64, usize, usize) {
    let all = held
        .iter()
        .enumerate()
        .flat_map(|(profile, row)| row.iter().enumerate().map(move |(n, c)| (*c, profile, n + 5)));
    let mean = all.clone().map(|(c, ..)| c).sum::<f64>() / all.clone().count() as f64;
    let (lowest, profile, n) = all.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    (mean, lowest, profile, n)
}

fn page(levels: &[(Level, Vec<Vec<Vec<f64>>>); 3], shares: &[Vec<Vec<f64>>]) -> String {
    let mut page = String::from(
        "# How often the intervals hold the true score\n\n\
        An interval of 95 % should hold the true Net Promoter Score in 95 of 100 samples. Here the chances of all possible results \
        are summed, exactly, for every n from 5 to 100 and eight profiles (share of promoters / share of detractors). \
        `crates/scoring/tests/coverage.rs` makes this page and checks it.\n\n\
        ## By method, over all profiles and n\n\n\
        | Level | Method | Mean | Lowest | at | n |\n|---|---|---|---|---|---|\n",
    );
    for (level, held) in levels {
        for ((name, _), held) in METHODS.iter().zip(held) {
            let (mean, lowest, profile, n) = summary(held);
            let at = PROFILES[profile].0;
            writeln!(page, "| {} | {name} | {mean:.3} | {lowest:.3} | {at} | {n} |", level.name()).unwrap();
        }
    }
    let default: Vec<f64> = levels[1].1[0].concat();
    write!(
        page,
        "\nThe default is the one whose lowest coverage is highest, at every level. It is no guarantee: of the {} pairs of profile and \
        n its 95 % interval covers less than 95 % in {} and less than 94 % in {}, mostly where answers are spread. Where nearly all \
        agree it covers more than it says, and is wider. Plain Wald fails there: with 98 % promoters most small samples are all \
        promoters, and its interval then has no width.\n",
        default.len(),
        below(&default, 0.95),
        below(&default, 0.94),
    )
    .unwrap();
    let shown = [5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 75, 100];
    for (method, (name, _)) in METHODS.iter().enumerate() {
        write!(page, "\n## {}, 95 %\n\n| n |", name.replace("**", "")).unwrap();
        PROFILES.iter().for_each(|profile| write!(page, " {} |", profile.0).unwrap());
        page.push_str("\n|---|---|---|---|---|---|---|---|---|\n");
        for n in shown {
            write!(page, "| {n} |").unwrap();
            levels[1].1[method].iter().for_each(|row| write!(page, " {:.3} |", row[n - 5]).unwrap());
            page.push('\n');
        }
        let rows = &levels[1].1[method];
        summary_row(&mut page, "**mean, 5 to 100**", rows, |held| format!("{:.3}", mean(held)));
        summary_row(&mut page, "**lowest**", rows, |held| format!("{:.3}", lowest(held)));
        summary_row(&mut page, "**n below 95 %**, of 96", rows, |held| below(held, 0.95).to_string());
        summary_row(&mut page, "**n below 94 %**, of 96", rows, |held| below(held, 0.94).to_string());
    }
    page.push_str(
        "\n## Shares, 95 %\n\nThe same for the share of favourable answers, by its true size.\n\n| |",
    );
    SHARES.iter().for_each(|p| write!(page, " {p:.2} |").unwrap());
    page.push_str("\n|---|---|---|---|---|---|---|---|---|---|\n");
    for ((name, _), rows) in SHARE_METHODS.iter().zip(shares) {
        summary_row(&mut page, &format!("{name}: mean"), rows, |held| format!("{:.3}", mean(held)));
        summary_row(&mut page, "lowest", rows, |held| format!("{:.3}", lowest(held)));
        summary_row(&mut page, "n below 95 %, of 96", rows, |held| below(held, 0.95).to_string());
        summary_row(&mut page, "n below 94 %, of 96", rows, |held| below(held, 0.94).to_string());
    }
    let all = |method: usize| shares[method].concat();
    write!(
        page,
        "\nOnly Clopper and Pearson's never covers less than 95 %. Wilson's keeps to 95 % on the average of \
        every share, but covers less in {} of the {} pairs of share and n, and falls to {:.3} for single ones; Jeffreys' falls to {:.3}, \
        Wald's to {:.3}.\n",
        below(&all(0), 0.95),
        all(0).len(),
        lowest(&all(0)),
        lowest(&all(4)),
        lowest(&all(1)),
    )
    .unwrap();
    page
}

/// A row of a table that says one thing of every column.
fn summary_row(page: &mut String, name: &str, rows: &[Vec<f64>], say: impl Fn(&[f64]) -> String) {
    write!(page, "| {name} |").unwrap();
    rows.iter().for_each(|held| write!(page, " {} |", say(held)).unwrap());
    page.push('\n');
}

#[test]
fn the_default_covers_what_it_says_and_the_page_is_current() {
    let levels = Level::ALL.map(|level| (level, coverage(level)));
    let (average, least, ..) = summary(&levels[1].1[0]);
    assert!(average >= 0.94 && least >= 0.939, "{average} {least}");
    for other in &levels[1].1[1..] {
        assert!(summary(other).1 < least);
    }
    let shares = share_coverage();
    // Clopper and Pearson's alone.
    assert_eq!(
        [0, 1, 2, 3, 4].map(|method| below(&shares[method].concat(), 0.95) == 0),
        [false, false, false, true, false]
    );
    assert!(shares[0].iter().all(|held| mean(held) >= 0.95));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/coverage.md");
    let page = page(&levels, &shares);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, page).unwrap();
    } else {
        assert!(std::fs::read_to_string(path).unwrap_or_default() == page, "docs/coverage.md is not current");
    }
}
