use crate::{Interval, Method, Nps};
use libm::{log, sqrt};

/// An interval that may be looked at after every answer: with chance 1 − `alpha` it holds the true score at
/// all times together, once enough have answered for the normal approximation. In points, not clipped; `None`
/// if nobody answered. The range of `alpha` and `rho` and the source are those of its half width.
///
/// Its half width is [`anytime_half_width`]: none while all answers are of one band, after the first one for
/// certain. That is no certainty but the lack of a spread; show nothing until answers differ.
#[must_use]
pub fn anytime(nps: Nps, alpha: f64, rho: f64) -> Option<Interval> {
    Some(Interval::around(nps.score()?.value(), anytime_half_width(nps, alpha, rho)?, Method::Anytime))
}

/// s √(2 (nρ² + 1) / (n²ρ²) ln(√(nρ² + 1) / α)), with the standard deviation s of −1, 0, 1; `None` if nobody
/// answered.
///
/// # Range
/// `alpha` (α) above 0 and below 1. `rho` (ρ) above 0 and chosen beforehand: [`anytime_rho`] gives the one
/// that is narrowest at a chosen n. The result is in points, 0 or above; 0 while all answers are in one band.
///
/// # References
/// Waudby-Smith, I., Arbour, D., Sinha, R., Kennedy, E. H. and Ramdas, A. (2024), "Time-uniform central limit
/// theory and asymptotic confidence sequences", Annals of Statistics 52(6), 2613–2640, Theorem 2.2.
#[must_use]
pub fn anytime_half_width(nps: Nps, alpha: f64, rho: f64) -> Option<f64> {
    let shares = nps.shares()?;
    let n = shares.n;
    let grown = n * rho * rho + 1.0;
    Some(100.0 * sqrt(shares.variance()) / (n * rho) * sqrt(2.0 * grown * log(sqrt(grown) / alpha)))
}

/// The ρ with which [`anytime`] is narrowest after `n` answers: with y = nρ², setting the width's derivative
/// to 0 gives y = ln(y + 1) − 2 ln α.
///
/// # Range
/// `n` at least 1; for 0 the result is infinite. `alpha` above 0 and below ½; towards 1 the last digits are
/// lost. The result is above 0 and has no unit.
///
/// # References
/// It follows from the width, as in [`anytime_half_width`].
#[must_use]
pub fn anytime_rho(n: u64, alpha: f64) -> f64 {
    // The right side is so flat that forty rounds reach the last digit for every alpha below ½.
    let y = (0..40).fold(1.0, |y, _| log(y + 1.0) - 2.0 * log(alpha));
    sqrt(y / n as f64)
}
