//! Many comparisons at once: p values adjusted for their number, to be compared with the level α as if there
//! were but one. All take and give p values from 0 to 1, in the same order.
//!
//! # References
//! Adjusted p values: Wright, S. P. (1992), "Adjusted P-Values for Simultaneous Inference", Biometrics 48(4),
//! 1005–1013.

use alloc::vec::Vec;
use libm::{expm1, log1p};

/// p times the number of tests, at most 1: the chance of even one false alarm is at most α.
///
/// # References
/// Dunn, O. J. (1961), "Multiple Comparisons Among Means", Journal of the American Statistical Association
/// 56(293), 52–64: p. 53.
#[must_use]
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    let tests = p.len() as f64;
    p.iter().map(|p| (p * tests).min(1.0)).collect()
}

/// 1 − (1 − p)^tests: as [`bonferroni`], a little sharper, for independent tests only.
///
/// # References
/// Šidák, Z. (1967), "Rectangular Confidence Regions for the Means of Multivariate Normal Distributions",
/// Journal of the American Statistical Association 62(318), 626–633: p. 629.
#[must_use]
pub fn sidak(p: &[f64]) -> Vec<f64> {
    let tests = p.len() as f64;
    p.iter().map(|p| -expm1(tests * log1p(-p))).collect()
}

/// Holm's step-down method: the chance of even one false alarm is at most α, as with [`bonferroni`], and no p
/// value is larger than there.
///
/// # References
/// Holm, S. (1979), "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
/// Statistics 6(2), 65–70: p. 67.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut running = 0.0_f64;
    stepwise(p, false, |p, rank, tests| {
        running = running.max(p * (tests - rank + 1.0)).min(1.0);
        running
    })
}

/// Benjamini and Hochberg's step-up method: the expected share of false alarms among the alarms is at most α.
/// For tests that are independent or depend on each other positively.
///
/// # References
/// Benjamini, Y. and Hochberg, Y. (1995), "Controlling the False Discovery Rate: A Practical and Powerful
/// Approach to Multiple Testing", Journal of the Royal Statistical Society B 57(1), 289–300: p. 293. Positive
/// dependence: Theorem 1.2 of the source of [`benjamini_yekutieli`].
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, 1.0)
}

/// [`benjamini_hochberg`] of p times 1 + ½ + … + 1/tests: for tests that depend on each other in any way.
///
/// # References
/// Benjamini, Y. and Yekutieli, D. (2001), "The Control of the False Discovery Rate in Multiple Testing under
/// Dependency", Annals of Statistics 29(4), 1165–1188: Theorem 1.3, p. 1169.
#[must_use]
pub fn benjamini_yekutieli(p: &[f64]) -> Vec<f64> {
    step_up(p, (1..=p.len()).map(|rank| 1.0 / rank as f64).sum())
}

fn step_up(p: &[f64], factor: f64) -> Vec<f64> {
    let mut running = 1.0_f64;
    stepwise(p, true, |p, rank, tests| {
        running = running.min(p * (factor * (tests / rank)));
        running
    })
}

/// Adjusts the p values in ascending or descending order; the ranks count from 1 for the smallest.
fn stepwise(p: &[f64], descending: bool, mut adjust: impl FnMut(f64, f64, f64) -> f64) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = p.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut ranked: Vec<(usize, usize, f64)> =
        order.into_iter().enumerate().map(|(rank, (place, p))| (place, rank + 1, p)).collect();
    if descending {
        ranked.reverse();
    }
    for entry in &mut ranked {
        entry.2 = adjust(entry.2, entry.1 as f64, p.len() as f64);
    }
    ranked.sort_by_key(|entry| entry.0);
    ranked.into_iter().map(|entry| entry.2).collect()
}
