//! Figures from the literature, reproduced.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use candor_scoring::{Interval, Level, Share, compare, drivers, monitor, sample_size_for_margin};

/// Both ends, as printed: fractions with so many decimals.
#[track_caller]
fn check(interval: Option<Interval>, low: f64, high: f64, decimals: i32) {
    let interval = interval.unwrap();
    let half = 0.5 * 10_f64.powi(-decimals) + 1e-12;
    let (given_low, given_high) = (interval.low / 100.0, interval.high / 100.0);
    assert!((given_low - low).abs() <= half && (given_high - high).abs() <= half, "{given_low} {given_high}");
}

fn share(x: u64, n: u64) -> Share {
    Share::new(x, n).unwrap()
}

/// Newcombe, R. G. (1998), "Two-sided confidence intervals for the single proportion: comparison of seven
/// methods", Statistics in Medicine 17(8), 857–872, Table I, p. 861.
#[test]
fn newcombes_examples_of_one_share() {
    for (x, n, wald, score, exact) in [
        (81, 263, (0.2522, 0.3638), (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0527, 0.1500), (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0, 0.0), (0.0, 0.1611), (0.0, 0.1684)),
    ] {
        check(share(x, n).wald(Level::P95), wald.0, wald.1, 4);
        check(share(x, n).wilson(Level::P95), score.0, score.1, 4);
        check(share(x, n).clopper_pearson(Level::P95), exact.0, exact.1, 4);
    }
    check(share(1, 29).wilson(Level::P95), 0.0061, 0.1718, 4);
    check(share(1, 29).clopper_pearson(Level::P95), 0.0009, 0.1776, 4);
}

/// Newcombe, R. G. (1998), "Interval estimation for the difference between independent proportions:
/// comparison of eleven methods", Statistics in Medicine 17(8), 873–890, Table II, method 10 (first minus
/// second, so b comes first).
#[test]
fn newcombes_examples_of_two_shares() {
    for (first, second, low, high) in [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ] {
        check(
            compare::newcombe(share(second.0, second.1), share(first.0, first.1), Level::P95),
            low,
            high,
            4,
        );
    }
}

/// Krejcie, R. V. and Morgan, D. W. (1970), "Determining Sample Size for Research Activities", Educational
/// and Psychological Measurement 30(3), 607–610, Table 1, p. 608.
#[test]
fn krejcie_and_morgans_table() {
    for (population, n) in [(100, 80), (500, 217), (1000, 278), (5000, 357), (10_000, 370), (75_000, 382)] {
        let exact = sample_size_for_margin(0.25, 0.05, 0.95, Some(population)).unwrap();
        // The table rounds to the nearest from some rows on, and up in others.
        assert!((exact - f64::from(n)).abs() < 1.0, "{population}: {exact}");
    }
    assert_eq!(sample_size_for_margin(0.25, 0.05, 0.95, Some(1000)).unwrap().ceil(), 278.0);
}

/// Correlations of Fisher's iris data (150 flowers): sepal length explained by sepal width and petal length.
/// The R package relaimpo (Grömping, U. (2006), Journal of Statistical Software 17(1)) gives LMG of
/// 0.04702292 and 0.79315491.
#[test]
fn relaimpos_drivers_of_the_iris() {
    let between = [vec![1.0, -0.428_440_104_330_539_8], vec![-0.428_440_104_330_539_8, 1.0]];
    let result = drivers(&between, &[-0.117_569_784_133_002_2, 0.871_753_775_886_583_1]).unwrap();
    assert!(
        (result.lmg[0] - 0.047_022_92).abs() < 5e-9 && (result.lmg[1] - 0.793_154_91).abs() < 5e-9,
        "{result:?}"
    );
}

/// Thirty observations of mean 10 and standard deviation 1, of which the last ten have shifted by one:
/// Montgomery, D. C. (2009), Introduction to Statistical Quality Control, 6th ed., Wiley, Table 9.1.
const MONTGOMERY: [f64; 30] = [
    9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08, 9.37,
    10.62, 10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
];

/// The same, Table 9.2: C⁺ is 5.28 at observation 29, the first above h = 5.
#[test]
fn montgomerys_cusum_signals_at_29() {
    let points = monitor::cusum(&MONTGOMERY, 10.0, 1.0, 0.5);
    assert_eq!(monitor::first_cusum_alarm(&points, 1.0, 5.0), Some(29));
    assert!((points[28].upper - 5.28).abs() < 0.005);
}

/// The mean run length of a chart whose value after x is `next(value, x)`, linear in x until an alarm, for
/// deviates shifted by so many standard deviations: the chances of going from cell to cell make a linear
/// system. Cells are (low end, middle, high end); the chart starts in the middle of the one at `start`.
///
/// Brook, D. and Evans, D. A. (1972), "An Approach to the Probability Distribution of Cusum Run Length",
/// Biometrika 59(3), 539–549.
fn run_length(cells: &[(f64, f64, f64)], start: usize, shift: f64, next: impl Fn(f64, f64) -> f64) -> f64 {
    let mut system: Vec<Vec<f64>> = Vec::new();
    for (row, (_, from, _)) in cells.iter().enumerate() {
        let (value, slope) = (next(*from, 20.0), next(*from, 21.0) - next(*from, 20.0));
        let below = |end: f64| {
            let x = 20.0 + (end - value) / slope;
            0.5 * libm::erfc((shift - x) / std::f64::consts::SQRT_2)
        };
        let mut line: Vec<f64> = cells.iter().map(|(low, _, high)| below(*low) - below(*high)).collect();
        line[row] += 1.0;
        line.push(1.0);
        system.push(line);
    }
    // Gauss's elimination. The diagonal outweighs its row, so that no pivot has to be looked for.
    let size = cells.len();
    for pivot in 0..size {
        let (done, rest) = system.split_at_mut(pivot + 1);
        for line in rest {
            let factor = line[pivot] / done[pivot][pivot];
            for place in pivot..=size {
                line[place] -= factor * done[pivot][place];
            }
        }
    }
    let mut lengths = vec![0.0; size];
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|column| system[row][column] * lengths[column]).sum();
        lengths[row] = (system[row][size] - known) / system[row][row];
    }
    lengths[start]
}

/// Without the error of so many cells, which falls with the square of their number.
fn extrapolated(length: impl Fn(usize) -> f64) -> f64 {
    (9.0 * length(201) - length(67)) / 8.0
}

/// A figure as printed, with so many decimals.
#[track_caller]
fn check_length(given: f64, expected: f64, decimals: i32) {
    assert!((given - expected).abs() <= 0.5 * 10_f64.powi(-decimals), "{given}, expected {expected}");
}

/// Montgomery as above, Table 9.3 (two-sided, k = ½): average run lengths of 465 without a shift and 10.4
/// with a shift of 1 for h = 5, of 168 and 8.38 for h = 4.
#[test]
fn cusum_run_lengths_are_montgomerys() {
    let upper = |sum: f64, x: f64| monitor::cusum(&[sum + 0.5, x], 0.0, 1.0, 0.5)[1].upper;
    let lower = |sum: f64, x: f64| monitor::cusum(&[-sum - 0.5, -x], 0.0, 1.0, 0.5)[1].lower;
    for (h, shift, expected, decimals) in
        [(5.0, 0.0, 465.0, 0), (5.0, 1.0, 10.4, 1), (4.0, 0.0, 168.0, 0), (4.0, 1.0, 8.38, 2)]
    {
        let length = extrapolated(|count| {
            let width = 2.0 * h / count as f64;
            let cell = |place: usize| {
                let middle = place as f64 * width;
                let low = if place == 0 { f64::NEG_INFINITY } else { middle - width / 2.0 };
                (low, middle, middle + width / 2.0)
            };
            let cells: Vec<_> = (0..count.div_ceil(2)).map(cell).collect();
            // So Montgomery combines the sides, of which never both are on their way to an alarm.
            1.0 / (1.0 / run_length(&cells, 0, shift, upper) + 1.0 / run_length(&cells, 0, -shift, lower))
        });
        check_length(length, expected, decimals);
    }
}

/// Montgomery as above, Table 9.11 (after Lucas, J. M. and Saccucci, M. S. 1990, with limits of the steady
/// state): 500 without a shift; with a shift of 1, 10.3 for λ = 0.1 and L = 2.814, 10.5 for λ = 0.2 and L =
/// 2.962.
#[test]
fn ewma_run_lengths_are_montgomerys() {
    for (weight, width, shift, expected, decimals) in [
        (0.1, 2.814, 0.0, 500.0, 0),
        (0.1, 2.814, 1.0, 10.3, 1),
        (0.2, 2.962, 0.0, 500.0, 0),
        (0.2, 2.962, 1.0, 10.5, 1),
    ] {
        // Where the limits have settled.
        let steady = monitor::ewma(&[0.0; 400], 0.0, 1.0, weight, width)[399];
        let length = extrapolated(|count| {
            let step = (steady.high - steady.low) / count as f64;
            let end = |place: usize| steady.low + place as f64 * step;
            let cells: Vec<_> =
                (0..count).map(|place| (end(place), end(place) + step / 2.0, end(place + 1))).collect();
            run_length(&cells, count / 2, shift, |z, x| monitor::ewma(&[x], z, 1.0, weight, width)[0].z)
        });
        check_length(length, expected, decimals);
    }
}
