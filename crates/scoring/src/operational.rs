//! Operational metrics beside the experience ones. An empty denominator gives no value: `None`.

use crate::{MoreThanAll, Ratio};

fn percent(part: i128, whole: u64) -> Option<Ratio> {
    Ratio::new(100 * part, i128::from(whole))
}

/// Customer retention, (E − N) / S × 100 percent: who were customers at the `start` and still are at the
/// `end`, of which `new` came since. 0…100.
///
/// # Errors
/// [`MoreThanAll`] if more are new than there are, or more stayed than there were.
///
/// # References
/// Farris, P. W., Bendle, N. T., Pfeifer, P. E. and Reibstein, D. J. (2010), Marketing Metrics, 2nd ed.,
/// Pearson, section 5.1.
pub fn retention(start: u64, end: u64, new: u64) -> Result<Option<Ratio>, MoreThanAll> {
    let stayed = end.checked_sub(new).filter(|stayed| *stayed <= start).ok_or(MoreThanAll)?;
    Ok(percent(i128::from(stayed), start))
}

/// End over start, E / S × 100 percent, new customers included: 0 or above, and may pass 100. No retention in
/// the strict sense.
///
/// # References
/// None: some guides print it as retention. The source of [`retention`] counts only customers who were there
/// at the start.
#[must_use]
pub fn retention_with_new(start: u64, end: u64) -> Option<Ratio> {
    percent(i128::from(end), start)
}

/// Customer churn, lost / S × 100 percent; lost are those at the `start` who are gone at the `end`. 0…100,
/// and 100 minus [`retention`].
///
/// # Errors
/// As [`retention`].
///
/// # References
/// As [`retention`].
pub fn churn(start: u64, end: u64, new: u64) -> Result<Option<Ratio>, MoreThanAll> {
    let stayed = end.checked_sub(new).ok_or(MoreThanAll)?;
    let lost = start.checked_sub(stayed).ok_or(MoreThanAll)?;
    Ok(percent(i128::from(lost), start))
}

/// First-contact resolution, resolved at the first contact / all cases × 100 percent. 0…100. How long a case
/// must stay closed to count is the caller's to state.
///
/// # Errors
/// [`MoreThanAll`] if more were resolved than there were.
///
/// # References
/// Cleveland, B. (2019), Contact Center Management on Fast Forward, 4th ed., ICMI Press.
pub fn first_contact_resolution(resolved: u64, cases: u64) -> Result<Option<Ratio>, MoreThanAll> {
    part_of(resolved, cases)
}

/// Referral rate, customers who referred someone / all customers × 100 percent. 0…100.
///
/// # Errors
/// [`MoreThanAll`] if more referred than there are.
///
/// # References
/// Kumar, V., Petersen, J. A. and Leone, R. P. (2007), "How Valuable Is Word of Mouth?", Harvard Business
/// Review 85(10), 139–146.
pub fn referral_rate(referring: u64, customers: u64) -> Result<Option<Ratio>, MoreThanAll> {
    part_of(referring, customers)
}

fn part_of(part: u64, whole: u64) -> Result<Option<Ratio>, MoreThanAll> {
    if part > whole {
        return Err(MoreThanAll);
    }
    Ok(percent(i128::from(part), whole))
}

/// Average time to resolution: total time over *resolved* cases, in the unit of the total. Whether its
/// minutes are of the calendar or of business hours is the caller's to say. `None` if none was resolved.
///
/// # Range
/// `total` is 0 or above (not checked), over the resolved cases alone; so is the result.
///
/// # References
/// None but the definition: a plain mean. Tools by this name differ in which cases and hours they count.
#[must_use]
pub fn time_to_resolution(total: f64, resolved: u64) -> Option<f64> {
    (resolved > 0).then(|| total / resolved as f64)
}

/// Customer lifetime value under constant margin and retention for ever, m r / (1 + d − r): the margin `m`
/// per period, in money, the chance `retention` (r, 0…1) to stay another period and the discount rate
/// `discount` (d, 0 or above) per period. The margin of the first period is not in it. `None` if the sum
/// would not end or an argument is out of range.
///
/// # References
/// Gupta, S. and Lehmann, D. R. (2003), "Customers as Assets", Journal of Interactive Marketing 17(1), 9–24;
/// Farris and others as in [`retention`], section 5.3.
#[must_use]
pub fn lifetime_value(margin: f64, retention: f64, discount: f64) -> Option<f64> {
    let denominator = 1.0 + discount - retention;
    ((0.0..=1.0).contains(&retention) && discount >= 0.0 && denominator > 0.0)
        .then(|| margin * retention / denominator)
}
