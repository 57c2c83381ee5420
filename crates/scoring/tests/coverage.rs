//! docs/coverage.md: how often the intervals hold the true score, by summing the chances of all possible
//! results. Written anew with `UPDATE_DOCS=1 cargo test -p candor-scoring --all-features --test coverage`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use candor_scoring::{Interval, Level, Nps};
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

/// `[method][profile][n − 5]`: the chance that the interval holds the true score.
fn coverage(level: Level) -> Vec<Vec<Vec<f64>>> {
    let mut log_factorial = vec![0.0_f64];
    for n in 1..=LARGEST {
        log_factorial.push(log_factorial[n - 1] + libm::log(n as f64));
    }
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
                        // An end that is the truth holds it, whatever the last digit says.
                        if interval.low - 1e-9 <= truth && truth <= interval.high + 1e-9 {
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

fn page(levels: &[(Level, Vec<Vec<Vec<f64>>>); 3]) -> String {
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
    page.push_str(
        "\nThe default is the one whose lowest coverage is highest. Its price is that it covers more than it says, and is wider, \
        where few answered: the means below are above 0.95 for n under 10. Plain Wald fails where nearly all agree: with 98 % \
        promoters most small samples are all promoters, and its interval then has no width.\n",
    );
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
        write!(page, "| **mean, 5 to 100** |").unwrap();
        for row in &levels[1].1[method] {
            write!(page, " {:.3} |", row.iter().sum::<f64>() / row.len() as f64).unwrap();
        }
        write!(page, "\n| **lowest** |").unwrap();
        for row in &levels[1].1[method] {
            write!(page, " {:.3} |", row.iter().copied().fold(1.0, f64::min)).unwrap();
        }
        page.push('\n');
    }
    page
}

#[test]
fn the_default_covers_what_it_says_and_the_page_is_current() {
    let levels = Level::ALL.map(|level| (level, coverage(level)));
    let (mean, lowest, ..) = summary(&levels[1].1[0]);
    assert!(mean >= 0.94 && lowest >= 0.939, "{mean} {lowest}");
    for other in &levels[1].1[1..] {
        assert!(summary(other).1 < lowest);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/coverage.md");
    let page = page(&levels);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, page).unwrap();
    } else {
        assert!(std::fs::read_to_string(path).unwrap_or_default() == page, "docs/coverage.md is not current");
    }
}
