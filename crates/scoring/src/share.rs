use crate::{Interval, Level, Method, Ratio, ratio::difference};
use core::fmt;
use libm::sqrt;

/// So many favourable answers of so many.
///
/// # Range
/// `favourable` is at most `n`. Percentages are 0…100; `None` where nobody answered.
///
/// # Examples
/// ```
/// use candor_scoring::{Level, Share};
/// let share = Share::new(81, 263)?;
/// assert_eq!(share.percent().unwrap().rounded(1), "30.8");
/// assert!((share.wilson(Level::P95).unwrap().low - 25.53).abs() < 0.005);
/// # Ok::<(), candor_scoring::MoreThanAll>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    favourable: u64,
    n: u64,
}

/// A part larger than the whole: more favourable answers than answers, more answers than people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoreThanAll;

impl fmt::Display for MoreThanAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more of a kind than there are altogether")
    }
}

impl core::error::Error for MoreThanAll {}

impl Share {
    /// A share, once checked.
    ///
    /// # Errors
    /// [`MoreThanAll`] if `favourable` is above `n`.
    pub const fn new(favourable: u64, n: u64) -> Result<Self, MoreThanAll> {
        if favourable > n {
            return Err(MoreThanAll);
        }
        Ok(Self { favourable, n })
    }

    /// A share whose `favourable` is known to be a part of `n`.
    pub(crate) const fn part(favourable: u64, n: u64) -> Self {
        Self { favourable, n }
    }

    /// How many are favourable.
    #[must_use]
    pub const fn favourable(self) -> u64 {
        self.favourable
    }

    /// How many are not.
    pub(crate) const fn others(self) -> u64 {
        self.n - self.favourable
    }

    /// How many answered.
    #[must_use]
    pub const fn n(self) -> u64 {
        self.n
    }

    /// 100 favourable / n, exactly: 0…100 percent; `None` if nobody answered.
    #[must_use]
    pub const fn percent(self) -> Option<Ratio> {
        Ratio::new(100 * self.favourable as i128, self.n as i128)
    }

    /// As [`Share::wald`] but solved for the share, so that it stays within 0…100 and covers well from few
    /// answers on. In percent.
    ///
    /// # References
    /// Wilson, E. B. (1927), "Probable Inference, the Law of Succession, and Statistical Inference", Journal
    /// of the American Statistical Association 22(158), 209–212; in this form Brown, Cai and DasGupta as in
    /// [`Share::wald`], section 3.1.1, eq. 4.
    #[must_use]
    pub fn wilson(self, level: Level) -> Option<Interval> {
        let (n, yes, no, z) = self.parts(level)?;
        let (sum, total) = (yes + z * z / 2.0 + wilson_root(n, yes, no, z), n + z * z);
        // The lower end from the product of both, x² / (n (n + z²)), in which nothing cancels.
        let (low, high) = (yes / n * yes / sum, sum / total);
        Some(Interval { low: 100.0 * low, high: 100.0 * high, method: Method::Wilson })
    }

    /// How far the ends of [`Share::wilson`] are below and above the share, in percent.
    pub(crate) fn wilson_reach(self, level: Level) -> Option<(f64, f64)> {
        let (n, yes, no, z) = self.parts(level)?;
        let (root, total) = (wilson_root(n, yes, no, z), n + z * z);
        // The middle of the interval is so far from the share. Where all agree the root is as much, and one end
        // is the share itself.
        let shift = z * z * difference((1, 2), (self.favourable.into(), self.n.into()));
        let reach = |all: bool, reach: f64| if all { 0.0 } else { 100.0 * reach / total };
        Some((reach(self.favourable == 0, root + shift), reach(self.favourable == self.n, root - shift)))
    }

    /// The share ± z standard errors, in percent, not clipped. Of no width if all agree.
    ///
    /// # References
    /// Brown, L. D., Cai, T. T. and DasGupta, A. (2001), "Interval Estimation for a Binomial Proportion",
    /// Statistical Science 16(2), 101–133: section 2, with the reasons not to use it.
    #[must_use]
    pub fn wald(self, level: Level) -> Option<Interval> {
        let (n, yes, no, z) = self.parts(level)?;
        Some(Interval::around(100.0 * yes / n, 100.0 * z * sqrt(yes / n * (no / n) / n), Method::Wald))
    }

    /// As [`Share::wald`] after z²/2 are added to either side, in percent; may pass 0 and 100.
    ///
    /// # References
    /// Agresti, A. and Coull, B. A. (1998), "Approximate Is Better than 'Exact' for Interval Estimation of
    /// Binomial Proportions", The American Statistician 52(2), 119–126; for any level Brown, Cai and DasGupta
    /// as in [`Share::wald`], section 3.1.2.
    #[must_use]
    pub fn agresti_coull(self, level: Level) -> Option<Interval> {
        let (n, yes, no, z) = self.parts(level)?;
        let half = z * z / 2.0;
        let n = n + z * z;
        let (yes, no) = ((yes + half) / n, (no + half) / n);
        Some(Interval::around(100.0 * yes, 100.0 * z * sqrt(yes * no / n), Method::AgrestiCoull))
    }

    /// The shares that neither of two one-sided binomial tests rejects, in percent, within 0…100: never
    /// covers less than its level.
    ///
    /// # References
    /// Clopper, C. J. and Pearson, E. S. (1934), "The Use of Confidence or Fiducial Limits Illustrated in the
    /// Case of the Binomial", Biometrika 26(4), 404–413; by beta quantiles Brown, Cai and DasGupta as in
    /// [`Share::wald`], section 4.2.1.
    #[cfg(feature = "quantiles")]
    #[must_use]
    pub fn clopper_pearson(self, level: Level) -> Option<Interval> {
        let (_, yes, no, _) = self.parts(level)?;
        let tail = level.alpha() / 2.0;
        let low = if yes > 0.0 { crate::quantile::beta_lower(yes, no + 1.0, tail) } else { 0.0 };
        let high = if no > 0.0 { crate::quantile::beta_upper(yes + 1.0, no, tail) } else { 1.0 };
        Some(Interval { low: 100.0 * low, high: 100.0 * high, method: Method::ClopperPearson })
    }

    /// The equal-tailed posterior interval under the prior Beta(½, ½), in percent, within 0…100. Its ends are
    /// left as they are if all agree, so that it then does not hold the share itself.
    ///
    /// # References
    /// Brown, Cai and DasGupta as in [`Share::wald`], section 3.1.3.
    #[cfg(feature = "quantiles")]
    #[must_use]
    pub fn jeffreys(self, level: Level) -> Option<Interval> {
        let (_, yes, no, _) = self.parts(level)?;
        let tail = level.alpha() / 2.0;
        let low = crate::quantile::beta_lower(yes + 0.5, no + 0.5, tail);
        let high = crate::quantile::beta_upper(yes + 0.5, no + 0.5, tail);
        Some(Interval { low: 100.0 * low, high: 100.0 * high, method: Method::Jeffreys })
    }

    /// (n, favourable, others, z), or nothing if nobody answered.
    fn parts(self, level: Level) -> Option<(f64, f64, f64, f64)> {
        let (n, yes, no) = (self.n as f64, self.favourable as f64, self.others() as f64);
        (self.n > 0).then_some((n, yes, no, level.z()))
    }
}

/// Half the width of Wilson's interval, times n + z².
fn wilson_root(n: f64, yes: f64, no: f64, z: f64) -> f64 {
    z * sqrt(yes / n * no + z * z / 4.0)
}
