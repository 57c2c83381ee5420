use crate::{Direction, Ratio, Scale, Tally};
#[cfg(feature = "quantiles")]
use crate::{Interval, Level, Method};
use libm::sqrt;

/// Mean and spread of the ratings of a tally.
///
/// # Units
/// Points of the scale, except where it says percent. `None` where nobody answered.
///
/// # Examples
/// ```
/// use candor_scoring::{Moments, Scale, Tally};
/// let effort = Tally::from_counts(Scale::EFFORT, &[1, 2, 0, 0, 0])?;
/// let moments = Moments::of(&effort);
/// assert_eq!(moments.mean().unwrap().to_string(), "5/3");
/// // Little effort is good: turned round, 13/3 of 5.
/// assert_eq!(moments.mean_oriented().unwrap().to_string(), "13/3");
/// assert_eq!(moments.percent_of_maximum().unwrap().rounded(1), "83.3");
/// # Ok::<(), candor_scoring::CombineError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    scale: Scale,
    n: u64,
    sum: i128,
    /// Σ over pairs of answers of their squared difference: n Σx² − (Σx)², in which nothing cancels.
    pairs: f64,
}

impl Moments {
    /// The moments of a tally.
    #[must_use]
    pub fn of(tally: &Tally) -> Self {
        let scale = tally.scale();
        let points = || scale.points().map(i128::from).zip(tally.counts().iter().copied());
        let sum = points().map(|(point, n)| point * i128::from(n)).sum();
        let mut pairs = 0.0;
        for (i, (a, n)) in points().enumerate() {
            for (b, m) in points().skip(i) {
                pairs += ((b - a) * (b - a)) as f64 * n as f64 * m as f64;
            }
        }
        Self { scale, n: tally.n(), sum, pairs }
    }

    /// How many answered: 0 or above.
    #[must_use]
    pub const fn n(self) -> u64 {
        self.n
    }

    /// The mean as rated, sum / n, from the scale's lowest to its highest point.
    #[must_use]
    pub const fn mean(self) -> Option<Ratio> {
        Ratio::new(self.sum, self.n as i128)
    }

    /// The mean turned so that high is good: itself, or lowest plus highest point minus it.
    #[must_use]
    pub const fn mean_oriented(self) -> Option<Ratio> {
        Ratio::new(self.sum_oriented(), self.n as i128)
    }

    /// The percent of the maximum possible: where the oriented mean stands between the worst point (0) and
    /// the best (100): 100 (mean − lowest) / (highest − lowest).
    ///
    /// # References
    /// Cohen, P., Cohen, J., Aiken, L. S. and West, S. G. (1999), "The Problem of Units and the Circumstance
    /// for POMP", Multivariate Behavioral Research 34(3), 315–346.
    #[must_use]
    pub const fn percent_of_maximum(self) -> Option<Ratio> {
        let (min, max) = (self.scale.min() as i128, self.scale.max() as i128);
        let n = self.n as i128;
        Ratio::new(100 * (self.sum_oriented() - min * n), (max - min) * n)
    }

    /// The sum of all ratings, and of how many.
    pub(crate) const fn total(self) -> (i128, i128) {
        (self.sum, self.n as i128)
    }

    const fn sum_oriented(self) -> i128 {
        match self.scale.direction() {
            Direction::HigherIsBetter => self.sum,
            Direction::LowerIsBetter => {
                (self.scale.min() as i128 + self.scale.max() as i128) * self.n as i128 - self.sum
            }
        }
    }

    /// The sample variance Σ (x − mean)² / (n − 1), in points of the scale squared, 0 or above; `None` below
    /// two answers.
    ///
    /// # References
    /// Casella, G. and Berger, R. L. (2002), Statistical Inference, 2nd ed., Duxbury, Definition 5.2.3.
    #[must_use]
    pub fn variance(self) -> Option<f64> {
        let n = self.n as f64;
        (self.n > 1).then(|| self.pairs / n / (n - 1.0))
    }

    /// The sample standard deviation, the root of [`Moments::variance`], in points of the scale; `None` below
    /// two answers.
    #[must_use]
    pub fn sd(self) -> Option<f64> {
        self.variance().map(sqrt)
    }

    /// The standard error of the mean, √(variance / n), in points of the scale; `None` below two answers.
    ///
    /// # References
    /// Casella and Berger as in [`Moments::variance`], Theorem 5.2.6.
    #[must_use]
    pub fn se(self) -> Option<f64> {
        self.variance().map(|variance| sqrt(variance / self.n as f64))
    }

    /// The mean as rated ± t standard errors, with n − 1 degrees of freedom; in points of the scale, not
    /// clipped. `None` below two answers; of no width if all rated alike.
    ///
    /// # References
    /// Student (1908), "The Probable Error of a Mean", Biometrika 6(1), 1–25.
    #[cfg(feature = "quantiles")]
    #[must_use]
    pub fn t(self, level: Level) -> Option<Interval> {
        let (mean, se) = (self.mean()?.value(), self.se()?);
        let t = crate::quantile::t_upper(level.alpha() / 2.0, self.n as f64 - 1.0);
        Some(Interval::around(mean, t * se, Method::T))
    }
}
