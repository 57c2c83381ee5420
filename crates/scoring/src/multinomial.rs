use crate::{Interval, Level, Method, normal::normal_upper};
use alloc::vec::Vec;
use libm::sqrt;

/// Intervals for the shares of all points or bands at once, in percent, within 0…100: together they hold all
/// true shares at least about as often as the level says. In the order given; `None` if nobody answered.
///
/// Wilson's, with the level's α divided by the number of counts.
///
/// # References
/// Goodman, L. A. (1965), "On Simultaneous Confidence Intervals for Multinomial Proportions", Technometrics
/// 7(2), 247–254.
#[must_use]
pub fn goodman(counts: &[u64], level: Level) -> Option<Vec<Interval>> {
    let all: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    if all == 0 {
        return None;
    }
    let n = all as f64;
    // The chi² quantile of one degree of freedom is the square of a normal one.
    let z = normal_upper(level.alpha() / counts.len() as f64 / 2.0);
    let z2 = z * z;
    let interval = |count: &u64| {
        let others = (all - u128::from(*count)) as f64;
        let count = *count as f64;
        let sum = z2 + 2.0 * count + z * sqrt(z2 + 4.0 * count * (others / n));
        // The lower end from the product of both, as in [`crate::Share::wilson`].
        let (low, high) = (2.0 * count / n * count / sum, sum / (2.0 * (n + z2)));
        Interval { low: 100.0 * low, high: 100.0 * high, method: Method::Goodman }
    };
    Some(counts.iter().map(interval).collect())
}
