//! How many answers are needed.

use crate::normal::normal_upper;

/// How many answers bring the margin down to a wish: z² v / m², for a finite population n₀ / (1 + (n₀ − 1) /
/// N).
///
/// # Units
/// `variance` of one answer (0 or above) and `margin` (above 0), half of the interval's width, in one unit:
/// with the NPS variance of 0…1 the margin is a fraction (0.05 = 5 points). `confidence` is above 0 and below
/// 1, `population` (N) above 0. The result counts answers, 0 or above, not rounded; round it up. `None` for
/// anything else.
///
/// # Examples
/// ```
/// use candor_scoring::sample_size_for_margin;
/// // Krejcie and Morgan's table: 278 of 1,000.
/// assert_eq!(sample_size_for_margin(0.25, 0.05, 0.95, Some(1000)).map(f64::ceil), Some(278.0));
/// ```
///
/// # References
/// Cochran, W. G. (1977), Sampling Techniques, 3rd ed., Wiley, section 4.4, pp. 75–76, for shares; here with
/// any variance.
#[must_use]
pub fn sample_size_for_margin(
    variance: f64,
    margin: f64,
    confidence: f64,
    population: Option<u64>,
) -> Option<f64> {
    if !(variance >= 0.0 && margin > 0.0 && confidence > 0.0 && confidence < 1.0) || population == Some(0) {
        return None;
    }
    let ratio = normal_upper((1.0 - confidence) / 2.0) / margin;
    let n = ratio * ratio * variance;
    if n == 0.0 {
        // Where nothing varies nobody need be asked, not even the only one there is.
        return Some(0.0);
    }
    let n = population.map_or(n, |all| n / ((n + (all - 1) as f64) / all as f64));
    n.is_finite().then_some(n)
}

/// How many answers each of two groups needs so that a difference is found: (z₁₋α/₂ + z_power)² (v_a + v_b) /
/// d².
///
/// # Units
/// As [`sample_size_for_margin`], the difference in the margin's unit and not 0; `alpha` (the chance of a
/// false alarm, both ends together) and `power` (the chance to find the difference) are above 0 and below 1.
/// The result counts answers per group, not rounded; `None` for anything else.
///
/// # References
/// Chow, S.-C., Shao, J. and Wang, H. (2008), Sample Size Calculations in Clinical Research, 2nd ed., Chapman
/// & Hall/CRC, p. 89, for shares; here with any variances.
#[must_use]
pub fn sample_size_for_difference(
    variances: (f64, f64),
    difference: f64,
    alpha: f64,
    power: f64,
) -> Option<f64> {
    let chance = |x: f64| x > 0.0 && x < 1.0;
    if !(variances.0 >= 0.0 && variances.1 >= 0.0 && difference != 0.0 && chance(alpha) && chance(power)) {
        return None;
    }
    let ratio = (normal_upper(alpha / 2.0) - normal_upper(power)) / difference;
    let n = ratio * ratio * (variances.0 + variances.1);
    n.is_finite().then_some(n)
}
