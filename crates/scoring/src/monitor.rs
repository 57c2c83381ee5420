//! Charts that tell a change from noise, period by period. An alarm is a value outside its limits; periods
//! count from 1.
//!
//! # Units
//! Those of the values where values are given; points for NPS, standard errors for its CUSUM, fractions for
//! shares. Limits are not clipped.

use crate::{Nps, Ratio, Share, wide::Wide};
use alloc::vec::Vec;
use libm::{expm1, log1p, sqrt};

/// An exponentially weighted moving average with the limits of its period, all in the unit of the values or,
/// for NPS, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EwmaPoint {
    /// The average after this period, within the range of the values and the known mean.
    pub z: f64,
    /// Lower control limit: at most the known mean.
    pub low: f64,
    /// Upper control limit: at least the known mean.
    pub high: f64,
}

impl EwmaPoint {
    /// Whether the average is outside its limits.
    #[must_use]
    pub fn is_out(self) -> bool {
        self.z < self.low || self.z > self.high
    }
}

/// The first period, from 1, for which something holds.
fn first<T>(points: &[T], out: impl Fn(&T) -> bool) -> Option<usize> {
    points.iter().position(out).map(|place| place + 1)
}

/// The first alarm of an EWMA chart, from 1; `None` if there is none.
#[must_use]
pub fn first_ewma_alarm(points: &[EwmaPoint]) -> Option<usize> {
    first(points, |point| point.is_out())
}

/// EWMA of values with a known mean and standard deviation: z = λ x + (1 − λ) z, from the mean on, with
/// limits μ ± L σ √(λ / (2 − λ) (1 − (1 − λ)^2t)).
///
/// # Range
/// `sd` (σ) is above 0, `weight` (λ) above 0 and at most 1, `width` (L, in standard deviations of the
/// average) above 0 and usually about 3. Nothing is checked.
///
/// # References
/// Montgomery, D. C. (2009), Introduction to Statistical Quality Control, 6th ed., Wiley, section 9.2.1, eq.
/// 9.22, 9.25 and 9.26.
#[must_use]
pub fn ewma(values: &[f64], mean: f64, sd: f64, weight: f64, width: f64) -> Vec<EwmaPoint> {
    let mut z = mean;
    let step = |(place, x): (usize, &f64)| {
        z = weight * x + (1.0 - weight) * z;
        // 1 − (1 − λ)^2t, which a small λ would leave without digits.
        let settled = -expm1(2.0 * (place as f64 + 1.0) * log1p(-weight));
        let margin = width * sd * sqrt(weight / (2.0 - weight) * settled);
        EwmaPoint { z, low: mean - margin, high: mean + margin }
    };
    values.iter().enumerate().map(step).collect()
}

/// EWMA of the Net Promoter Score, in points, over periods of unequal n. The variance of the average is
/// v = λ² 10⁴ V / n + (1 − λ)² v with the `variance` V of one answer (a fraction squared); a period without
/// answers changes nothing.
///
/// # Range
/// `mean` in points, −100…100; `variance` 0…1, as of [`Nps::variance`]; `weight` and `width` as in [`ewma`].
///
/// # References
/// As [`ewma`]; the limits follow from the variance of the weighted sum.
#[must_use]
pub fn ewma_nps(periods: &[Nps], mean: f64, variance: f64, weight: f64, width: f64) -> Vec<EwmaPoint> {
    let (mut z, mut v) = (mean, 0.0);
    let step = |period: &Nps| {
        if let Some(shares) = period.shares() {
            z = weight * 100.0 * shares.score + (1.0 - weight) * z;
            v = weight * weight * 1e4 * variance / shares.n + (1.0 - weight) * (1.0 - weight) * v;
        }
        let margin = width * sqrt(v);
        EwmaPoint { z, low: mean - margin, high: mean + margin }
    };
    periods.iter().map(step).collect()
}

/// A tabular CUSUM: the sums of all that goes beyond the reference value, upward and downward, in the values'
/// unit or, for NPS, in standard errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CusumPoint {
    /// The upper sum, 0 or above.
    pub upper: f64,
    /// The lower sum, 0 or above.
    pub lower: f64,
}

/// Tabular CUSUM: C⁺ = max(0, x − (μ + kσ) + C⁺) and C⁻ = max(0, (μ − kσ) − x + C⁻), both from 0 on.
///
/// # Range
/// `sd` (σ) is above 0; `reference` (k) is 0 or above, in standard deviations, usually ½. Nothing is checked.
///
/// # References
/// Montgomery as in [`ewma`], section 9.1.2, eq. 9.2 and 9.3.
#[must_use]
pub fn cusum(values: &[f64], mean: f64, sd: f64, reference: f64) -> Vec<CusumPoint> {
    let slack = reference * sd;
    let (mut upper, mut lower) = (0.0_f64, 0.0_f64);
    let step = |x: &f64| {
        upper = (x - (mean + slack) + upper).max(0.0);
        lower = (mean - slack - x + lower).max(0.0);
        CusumPoint { upper, lower }
    };
    values.iter().map(step).collect()
}

/// [`cusum`] of the Net Promoter Score over periods of unequal n, in standard errors: every period's score is
/// first taken as its distance from the mean (in points) over 100 √(V / n), with the `variance` V of one
/// answer (a fraction squared, above 0). A period without answers changes nothing. Alarms are those of a
/// standard deviation of 1.
///
/// # Range
/// `mean` in points, −100…100; `reference` as in [`cusum`], in standard errors.
///
/// # References
/// Montgomery as in [`ewma`], section 9.1.4, the standardized CUSUM.
#[must_use]
pub fn cusum_nps(periods: &[Nps], mean: f64, variance: f64, reference: f64) -> Vec<CusumPoint> {
    let mut last = CusumPoint { upper: 0.0, lower: 0.0 };
    let step = |period: &Nps| {
        if let Some(shares) = period.shares() {
            let (net, n) = period.net();
            let apart = Wide::from(100 * net) / Wide::from(n) - Wide::from(mean);
            let x = apart.value() / (100.0 * sqrt(variance / shares.n));
            last.upper = (x - reference + last.upper).max(0.0);
            last.lower = (-reference - x + last.lower).max(0.0);
        }
        last
    };
    periods.iter().map(step).collect()
}

/// The first period, from 1, in which either sum is above the decision interval hσ; `None` if there is none.
///
/// # Range
/// `decision` (h) in standard deviations, above 0, usually 4 or 5. `sd` (σ) as given to [`cusum`], or 1 for
/// [`cusum_nps`].
///
/// # References
/// Montgomery as in [`ewma`], section 9.1.2.
#[must_use]
pub fn first_cusum_alarm(points: &[CusumPoint], sd: f64, decision: f64) -> Option<usize> {
    first(points, |point| point.upper.max(point.lower) > decision * sd)
}

/// One period of a p-chart; shares are fractions, 0…1, and limits may lie beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PPoint {
    /// The period's share; `None` without answers, as are the limits.
    pub p: Option<f64>,
    /// The centre − 3 standard deviations for this n, not clipped.
    pub low: Option<f64>,
    /// The centre + 3 standard deviations for this n, not clipped.
    pub high: Option<f64>,
    /// Whether the share is outside the limits.
    pub out: bool,
}

/// A p-chart with limits of c ± 3 √(c (1 − c) / n): its centre c (the given one, else the share of all
/// periods together; `None` if nobody answered) and its points.
///
/// # Range
/// `centre` is a fraction, 0…1.
///
/// # References
/// Montgomery as in [`ewma`], section 7.2.2, limits by each period's n.
#[must_use]
pub fn p_chart(periods: &[Share], centre: Option<f64>) -> (Option<f64>, Vec<PPoint>) {
    let sum = |count: fn(Share) -> u64| periods.iter().map(|period| i128::from(count(*period))).sum::<i128>();
    let share = |count: i128, n: i128| Ratio::new(count, n).map(Ratio::value);
    let n = sum(Share::n);
    // The rest to 1 as well, which where nearly all agree is more than rounding.
    let others = centre.map(|centre| 1.0 - centre).or_else(|| share(sum(Share::others), n));
    let centre = centre.or_else(|| share(sum(Share::favourable), n));
    let point = |period: &Share| {
        let parts = centre.zip(others).and_then(|(centre, others)| {
            let margin = 3.0 * sqrt(centre * others / period.n() as f64);
            Some((share(period.favourable().into(), period.n().into())?, centre, margin))
        });
        let Some((p, centre, margin)) = parts else {
            return PPoint { p: None, low: None, high: None, out: false };
        };
        let (low, high) = (centre - margin, centre + margin);
        PPoint { p: Some(p), low: Some(low), high: Some(high), out: p < low || p > high }
    };
    (centre, periods.iter().map(point).collect())
}

/// The first alarm of a p-chart, from 1; `None` if there is none.
#[must_use]
pub fn first_p_alarm(points: &[PPoint]) -> Option<usize> {
    first(points, |point| point.out)
}

/// How far a count is above what is usual, in standard errors of counts: 2 (√(x + ⅜) − √(m + ⅜)), m being the usual count.
///
/// # Range
/// Any counts; below 0 where the count is below what is usual.
///
/// # References
/// Anscombe, F. J. (1948), "The Transformation of Poisson, Binomial and Negative-Binomial Data", Biometrika
/// 35(3/4), 246–254, eq. 2.1: √(x + ⅜) of a Poisson count has a standard deviation near ½, whatever its mean.
#[must_use]
pub fn count_excess(count: u64, usual: u64) -> f64 {
    let root = |count: u64| sqrt(count as f64 + 0.375);
    2.0 * (root(count) - root(usual))
}

/// Whether a count is a burst: at least 20, at least three times what is usual and more than six standard errors above it
/// ([`count_excess`]). People come in waves, so that six alone would be met by every campaign of a busy site.
#[must_use]
pub fn is_burst(count: u64, usual: u64) -> bool {
    count >= 20 && count / 3 >= usual && count_excess(count, usual) > 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_many_more_than_usual_in_number_and_in_proportion() {
        for (count, usual, expect) in [
            (19, 0, false),
            (20, 0, true),
            (20, 2, false),
            (25, 2, true),
            (60, 20, true),
            (59, 20, false),
            (1_500, 1_000, false),
            (3_000, 1_000, true),
            (0, 0, false),
            (u64::MAX, 0, true),
            (5, u64::MAX, false),
        ] {
            assert_eq!(is_burst(count, usual), expect, "{count} where {usual} are usual");
        }
        assert!((count_excess(25, 2) - 6.993_0).abs() < 0.001, "{}", count_excess(25, 2));
        assert!(count_excess(7, 7).abs() < 1e-12 && count_excess(2, 7) < 0.0);
    }
}
