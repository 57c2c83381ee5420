//! What a score with its interval costs beside the bare score: `cargo xtask bench`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench talks to its terminal and may fail loudly"
)]

use candor_scoring::{Metric, Scale, Score, Tally};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A dashboard draws hundreds of scores at once.
const SCORES: u64 = 1_000;
const ROUNDS: usize = 2_000;

fn main() {
    let counts = |i: u64| (0..11).map(|point| (i * 31 + point * 17) % (i + 2)).collect::<Vec<_>>();
    let tallies: Vec<_> = (0..SCORES).map(|i| Tally::from_counts(Scale::NPS, &counts(i)).unwrap()).collect();

    // Interleaved, and the best of many rounds: the rest is what else the machine was doing.
    let (mut with_interval, mut bare) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        with_interval = with_interval.min(time(|| {
            tallies
                .iter()
                .filter_map(|tally| Score::of(Metric::Nps, tally))
                .map(|score| score.interval.high)
                .sum()
        }));
        bare = bare.min(time(|| tallies.iter().map(bare_score).sum()));
    }
    println!("{SCORES} scores with their default intervals   {with_interval:>12.1?}");
    println!("{SCORES} bare scores, (promoters - detractors) / n {bare:>10.1?}");
    println!("ratio to the bare scores                   {:>12.1}", ratio(with_interval, bare));
    println!(
        "ratio to a millisecond                     {:>12.3}",
        ratio(with_interval, Duration::from_millis(1))
    );
}

fn time(work: impl Fn() -> f64) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

/// The textbook, for comparison.
fn bare_score(tally: &Tally) -> f64 {
    let counts = black_box(tally).counts();
    let sum = |points: &[u64]| points.iter().sum::<u64>() as f64;
    let (rest, promoters) = counts.split_at(9);
    let detractors = rest.get(..7).unwrap_or_default();
    100.0 * (sum(promoters) - sum(detractors)) / sum(counts)
}
