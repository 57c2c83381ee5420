use crate::{
    Band, Interval, Level, Method, Metric, OtherScale, Overflow, Rating, Ratio, Scale, Tally,
    interval::tango_margin,
};
use libm::sqrt;

/// Counts of detractors, passives and promoters, and what the Net Promoter Score makes of them.
///
/// # Range
/// Every count and their sum up to 2^64 − 1. Scores are −100…100 points, not percent; `None` where nobody
/// answered.
///
/// # Examples
/// ```
/// use candor_scoring::{Level, Nps};
/// let nps = Nps::new(10, 20, 70)?;
/// assert_eq!(nps.score().unwrap().rounded(0), "60");
/// let interval = nps.default_interval(Level::P95).unwrap();
/// assert!(interval.low > 45.0 && interval.high < 72.0);
/// # Ok::<(), candor_scoring::Overflow>(())
/// ```
///
/// # References
/// Reichheld, F. F. (2003), "The One Number You Need to Grow", Harvard Business Review 81(12), 46–54.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nps {
    detractors: u64,
    passives: u64,
    promoters: u64,
}

impl Nps {
    /// From counts, in the order of the scale.
    ///
    /// # Errors
    /// [`Overflow`] if the sum would pass 2^64 − 1.
    pub fn new(detractors: u64, passives: u64, promoters: u64) -> Result<Self, Overflow> {
        let sum = detractors.checked_add(passives).and_then(|sum| sum.checked_add(promoters));
        sum.map(|_| Self { detractors, passives, promoters }).ok_or(Overflow)
    }

    /// From a tally of 0–10 ratings.
    ///
    /// # Errors
    /// [`OtherScale`] if the tally is of any other scale.
    pub fn of(tally: &Tally) -> Result<Self, OtherScale> {
        if tally.scale() != Scale::NPS {
            return Err(OtherScale { expected: Scale::NPS, given: tally.scale() });
        }
        let mut nps = Self { detractors: 0, passives: 0, promoters: 0 };
        for (point, n) in tally.scale().points().zip(tally.counts()) {
            let rating = Rating::new(point, Scale::NPS).ok();
            *match rating.and_then(|rating| Metric::Nps.band(rating).ok()) {
                Some(Band::Favourable) => &mut nps.promoters,
                Some(Band::Neutral) => &mut nps.passives,
                _ => &mut nps.detractors,
            } += n;
        }
        Ok(nps)
    }

    /// How many chose 0–6.
    #[must_use]
    pub const fn detractors(self) -> u64 {
        self.detractors
    }

    /// How many chose 7 or 8.
    #[must_use]
    pub const fn passives(self) -> u64 {
        self.passives
    }

    /// How many chose 9 or 10.
    #[must_use]
    pub const fn promoters(self) -> u64 {
        self.promoters
    }

    /// How many answered.
    #[must_use]
    pub const fn n(self) -> u64 {
        self.detractors + self.passives + self.promoters
    }

    /// 100 (promoters − detractors) / n, in points: −100…100.
    #[must_use]
    pub const fn score(self) -> Option<Ratio> {
        Ratio::new(100 * (self.promoters as i128 - self.detractors as i128), self.n() as i128)
    }

    /// The variance of one answer that counts −1, 0 or 1: p + d − (p − d)² with the shares p of promoters and
    /// d of detractors; a fraction squared, 0…1. `None` if nobody answered.
    ///
    /// # References
    /// Rocks as in [`Nps::wald`].
    #[must_use]
    pub fn variance(self) -> Option<f64> {
        let shares = self.shares()?;
        Some(shares.variance())
    }

    /// The standard error of the score, 100 √(variance / n), in points, 0…100; `None` if nobody answered.
    ///
    /// # References
    /// Rocks as in [`Nps::wald`].
    #[must_use]
    pub fn se_points(self) -> Option<f64> {
        let shares = self.shares()?;
        Some(100.0 * sqrt(shares.variance() / shares.n))
    }

    /// The sample variance, with n − 1; `None` below two answers.
    pub(crate) fn sample_variance(self) -> Option<f64> {
        let shares = self.shares()?;
        (self.n() > 1).then(|| shares.variance() * shares.n / (shares.n - 1.0))
    }

    /// The score ± z standard errors, in points, not clipped. It covers far less than its level where few
    /// answered or nearly all agree, and has no width if all are of one band.
    ///
    /// # References
    /// Rocks, B. (2016), "Interval Estimation for the 'Net Promoter Score'", The American Statistician 70(4),
    /// 365–372.
    #[must_use]
    pub fn wald(self, level: Level) -> Option<Interval> {
        Some(self.shares()?.wald(level, Method::Wald))
    }

    /// As [`Nps::wald`], in points, not clipped, after ¾ of a promoter, ¾ of a detractor and 1½ passives are
    /// added.
    ///
    /// # References
    /// As [`Nps::wald`]; Lewis, J. R. and Sauro, J. (January 2021), "Confidence Intervals for Net Promoter
    /// Scores", MeasuringU.
    #[must_use]
    pub fn adjusted_wald(self, level: Level) -> Option<Interval> {
        Some(self.adjusted()?.wald(level, Method::AdjustedWald))
    }

    /// The scores that a test of the score type does not reject, in points; always within −100…100.
    ///
    /// # References
    /// Tango, T. (1998), "Equivalence test and confidence interval for the difference in proportions for the
    /// paired-sample design", Statistics in Medicine 17(8), 891–908: promoters and detractors are the two
    /// discordant cells.
    #[must_use]
    pub fn tango_score(self, level: Level) -> Option<Interval> {
        let shares = self.shares()?;
        let (n, z2) = (shares.n, level.z() * level.z());
        let point = shares.score;
        let (down, up) = if self.passives == self.n() {
            (z2 / (n + z2), z2 / (n + z2))
        } else if self.promoters == self.n() {
            (2.0 * z2 / (n + z2), 0.0)
        } else if self.detractors == self.n() {
            (0.0, 2.0 * z2 / (n + z2))
        } else {
            let (p, d) = if self.promoters >= self.detractors {
                (shares.promoters, shares.detractors)
            } else {
                (shares.detractors, shares.promoters)
            };
            let margin = |lower| tango_margin(p, d, shares.passives, n, level.z(), lower);
            if self.promoters >= self.detractors {
                (margin(true), margin(false))
            } else {
                (margin(false), margin(true))
            }
        };
        Some(Interval { low: 100.0 * (point - down), high: 100.0 * (point + up), method: Method::TangoScore })
    }

    /// The mean of −1, 0, 1 ± t standard errors with the sample variance and n − 1 degrees of freedom, in
    /// points, not clipped; `None` below two answers, and of no width if all are of one band.
    ///
    /// # References
    /// Lewis and Sauro as in [`Nps::adjusted_wald`], "trinomial means".
    #[cfg(feature = "quantiles")]
    #[must_use]
    pub fn t(self, level: Level) -> Option<Interval> {
        let shares = self.shares()?;
        let se = sqrt(self.sample_variance()? / shares.n);
        let t = crate::quantile::t_upper(level.alpha() / 2.0, shares.n - 1.0);
        Some(Interval::around(100.0 * shares.score, 100.0 * t * se, Method::T))
    }

    /// As [`Nps::wald`], in points, not clipped, after one promoter and one detractor are added: promoters
    /// and detractors are the two kinds of unlike pairs of a matched sample.
    ///
    /// # References
    /// Bonett, D. G. and Price, R. M. (2012), "Adjusted Wald Confidence Interval for a Difference of Binomial
    /// Proportions Based on Paired Data", Journal of Educational and Behavioral Statistics 37(4), 479–488.
    #[must_use]
    pub fn bonett_price(self, level: Level) -> Option<Interval> {
        (self.n() > 0).then(|| self.shares_with(1.0, 0.0).wald(level, Method::BonettPrice))
    }

    /// The interval to show, in points, not clipped: [`Nps::bonett_price`], for any n above 0. Of the methods
    /// here it has the highest minimum of coverage over the profiles and numbers of docs/coverage.md, without
    /// a switch from one method to another at some n.
    #[must_use]
    pub fn default_interval(self, level: Level) -> Option<Interval> {
        self.bonett_price(level)
    }

    /// Promoters − detractors, and of how many.
    pub(crate) fn net(self) -> (i128, i128) {
        (i128::from(self.promoters) - i128::from(self.detractors), i128::from(self.n()))
    }

    pub(crate) fn shares(self) -> Option<Shares> {
        (self.n() > 0).then(|| self.shares_with(0.0, 0.0))
    }

    /// The shares with which the adjusted Wald interval calculates.
    pub(crate) fn adjusted(self) -> Option<Shares> {
        (self.n() > 0).then(|| self.shares_with(0.75, 1.5))
    }

    /// Shares after so much was added to the outer bands and to the middle.
    fn shares_with(self, outer: f64, middle: f64) -> Shares {
        let (promoters, detractors) = (self.promoters as f64 + outer, self.detractors as f64 + outer);
        let passives = self.passives as f64 + middle;
        let n = detractors + passives + promoters;
        // What is added to both ends does not change their difference, which whole numbers keep exactly.
        let score = self.net().0 as f64 / n;
        Shares { detractors: detractors / n, passives: passives / n, promoters: promoters / n, n, score }
    }
}

/// Shares of possibly fractional counts. Beyond 2^53 answers counts round by less than one part in 10^15.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    detractors: f64,
    passives: f64,
    promoters: f64,
    pub(crate) n: f64,
    /// The score as a fraction.
    pub(crate) score: f64,
}

impl Shares {
    /// p + d − (p − d)², as the sum over pairs of bands, in which nothing cancels.
    pub(crate) fn variance(self) -> f64 {
        self.passives * (self.promoters + self.detractors) + 4.0 * self.promoters * self.detractors
    }

    fn wald(self, level: Level, method: Method) -> Interval {
        Interval::around(100.0 * self.score, 100.0 * level.z() * sqrt(self.variance() / self.n), method)
    }
}
