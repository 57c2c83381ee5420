//! Is the change real? Everything is b minus a.
//!
//! # Units
//! Differences, standard errors and intervals are in points for NPS (−200…200), in percent for shares
//! (−100…100), in points of the scale for means. Intervals are not clipped. p values are 0…1, two-sided and
//! of one comparison; for several there is [`multiplicity`](crate::multiplicity).

use crate::{
    Band, Interval, Level, Method, Moments, Nps, OtherScale, Share, Tally, TopBox, normal::two_sided_p,
    ratio::difference,
};
use libm::{erfc, exp, sqrt};

/// A normal or t test of a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// b minus a, in the scores' unit.
    pub difference: f64,
    /// Its standard error, above 0, in the scores' unit.
    pub se: f64,
    /// The difference in standard errors, z or t: any size and sign, without unit.
    pub statistic: f64,
    /// Degrees of freedom of Student's t, above 0; infinite for a normal deviate.
    pub df: f64,
    /// The chance of a difference this large or larger, either way, if there were none: 0…1.
    pub p: f64,
}

impl Test {
    /// `None` if the standard error is 0, for then nothing can be said.
    fn new(difference: f64, se: f64, df: f64) -> Option<Self> {
        if se.is_nan() || se <= 0.0 {
            return None;
        }
        let statistic = difference / se;
        #[cfg(feature = "quantiles")]
        let p = if df.is_finite() {
            crate::quantile::t_two_sided_p(statistic, df)
        } else {
            two_sided_p(statistic)
        };
        #[cfg(not(feature = "quantiles"))]
        let p = two_sided_p(statistic);
        Some(Self { difference, se, statistic, df, p })
    }

    /// The difference ± z standard errors, or t of them where the degrees of freedom are finite; in the
    /// scores' unit, not clipped.
    #[must_use]
    pub fn interval(self, level: Level) -> Interval {
        #[cfg(feature = "quantiles")]
        if self.df.is_finite() {
            let t = crate::quantile::t_upper(level.alpha() / 2.0, self.df);
            return Interval::around(self.difference, t * self.se, Method::T);
        }
        Interval::around(self.difference, level.z() * self.se, Method::Wald)
    }
}

/// The unpooled z test of two Net Promoter Scores, in points: the difference over 100 √(v_a / n_a + v_b /
/// n_b) with the variances v of one answer. `None` if either has no answers or neither varies.
///
/// # References
/// Lewis, J. R. and Sauro, J. (2021), "How to Statistically Compare Two Net Promoter Scores", MeasuringU,
/// without its adjustment. The variance of one score: [`Nps::variance`].
#[must_use]
pub fn nps_wald(a: Nps, b: Nps) -> Option<Test> {
    let apart = 100.0 * difference(a.net(), b.net());
    let (a, b) = (a.shares()?, b.shares()?);
    let se = sqrt(a.variance() / a.n + b.variance() / b.n);
    Test::new(apart, 100.0 * se, f64::INFINITY)
}

/// As [`nps_wald`], in points, after ¾ of a promoter, ¾ of a detractor and 1½ passives are added to either
/// side; its difference is that of the adjusted scores. `None` if either has no answers.
///
/// # References
/// Lewis and Sauro (2021) as in [`nps_wald`].
#[must_use]
pub fn nps_adjusted_wald(a: Nps, b: Nps) -> Option<Test> {
    // The ¾ on either end cancel out of the difference: only the three added answers are left of them.
    let plus_three = |(net, n)| (net, n + 3);
    let apart = 100.0 * difference(plus_three(a.net()), plus_three(b.net()));
    let (a, b) = (a.adjusted()?, b.adjusted()?);
    let se = sqrt(a.variance() / a.n + b.variance() / b.n);
    Test::new(apart, 100.0 * se, f64::INFINITY)
}

/// Welch's test of the means of −1, 0, 1, in points. `None` if either has fewer than two answers or neither
/// varies.
///
/// # References
/// As [`mean_welch`].
#[cfg(feature = "quantiles")]
#[must_use]
pub fn nps_welch(a: Nps, b: Nps) -> Option<Test> {
    let (va, vb) = (a.sample_variance()? / a.n() as f64, b.sample_variance()? / b.n() as f64);
    let df = welch_df(va, a.n(), vb, b.n());
    Test::new(100.0 * difference(a.net(), b.net()), 100.0 * sqrt(va + vb), df)
}

/// Welch's test of two means of ratings, in points of the scale. `None` if either has fewer than two answers
/// or neither varies.
///
/// # Errors
/// [`OtherScale`] if the scales differ.
///
/// # References
/// Welch, B. L. (1947), "The Generalization of 'Student's' Problem when Several Different Population
/// Variances are Involved", Biometrika 34(1–2), 28–35. Its degrees of freedom: Satterthwaite, F. E. (1946),
/// "An Approximate Distribution of Estimates of Variance Components", Biometrics Bulletin 2(6), 110–114.
#[cfg(feature = "quantiles")]
pub fn mean_welch(a: &Tally, b: &Tally) -> Result<Option<Test>, OtherScale> {
    same_scale(a, b)?;
    let (ma, mb) = (Moments::of(a), Moments::of(b));
    Ok((|| {
        let (va, vb) = (ma.variance()? / ma.n() as f64, mb.variance()? / mb.n() as f64);
        let apart = difference(ma.total(), mb.total());
        Test::new(apart, sqrt(va + vb), welch_df(va, ma.n(), vb, mb.n()))
    })())
}

/// The degrees of freedom of Welch and Satterthwaite, from the squared standard errors; infinite if neither
/// varies.
#[cfg(feature = "quantiles")]
fn welch_df(va: f64, na: u64, vb: f64, nb: u64) -> f64 {
    let sum = va + vb;
    let (wa, wb) = (va / sum, vb / sum);
    1.0 / (wa * wa / (na as f64 - 1.0) + wb * wb / (nb as f64 - 1.0))
}

fn same_scale(a: &Tally, b: &Tally) -> Result<(), OtherScale> {
    if a.scale() == b.scale() {
        return Ok(());
    }
    Err(OtherScale { expected: a.scale(), given: b.scale() })
}

/// Pearson's chi² of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquared {
    /// The statistic, 0 or above.
    pub chi2: f64,
    /// Degrees of freedom: bands in which anyone answered, less one; 1 or 2.
    pub df: u8,
    /// The chance of a split this uneven or more so, if both groups were alike: 0…1.
    pub p: f64,
}

/// Do two groups fall into the three bands alike? Equal scores can hide a split: 50/0/50 and 0/100/0 are both
/// 0. Bands in which nobody answered are left out; `None` if either group is empty or only one band is left.
///
/// # Range
/// `a` and `b` are counts per band, in the same order in both.
///
/// # References
/// Pearson, K. (1900), "On the Criterion that a Given System of Deviations …", Philosophical Magazine
/// 50(302), 157–175: p. 165.
#[must_use]
pub fn chi_squared(a: [u64; 3], b: [u64; 3]) -> Option<ChiSquared> {
    let sum = |counts: [u64; 3]| counts.into_iter().map(i128::from).sum::<i128>();
    let (na, nb) = (sum(a), sum(b));
    if na == 0 || nb == 0 {
        return None;
    }
    let (mut chi2, mut columns) = (0.0, 0_u8);
    for (x, y) in a.into_iter().zip(b) {
        let (x, y) = (i128::from(x), i128::from(y));
        if x + y > 0 {
            columns += 1;
            // Both cells of the column at once.
            let apart = difference((x, na), (y, nb));
            chi2 += apart * apart * (na as f64 / (x + y) as f64) * nb as f64;
        }
    }
    // The chances have closed forms for one and two degrees of freedom.
    let p = match columns {
        2 => erfc(sqrt(chi2 / 2.0)),
        3 => exp(-chi2 / 2.0),
        _ => return None,
    };
    Some(ChiSquared { chi2, df: columns - 1, p })
}

/// [`chi_squared`] of two tallies under one rule of favourable points; `None` where that is.
///
/// # Errors
/// [`OtherScale`] if either tally is of another scale than the rule.
pub fn band_split(rule: TopBox, a: &Tally, b: &Tally) -> Result<Option<ChiSquared>, OtherScale> {
    let counts = |tally| -> Result<[u64; 3], OtherScale> {
        Ok([
            rule.count(tally, Band::Unfavourable)?,
            rule.count(tally, Band::Neutral)?,
            rule.count(tally, Band::Favourable)?,
        ])
    };
    Ok(chi_squared(counts(a)?, counts(b)?))
}

/// The pooled z test of two shares, in percent, without continuity correction: the difference over √(p (1 −
/// p) (1/n_a + 1/n_b)) with the share p of both together. `None` if either has no answers or all agree.
///
/// # References
/// NIST/SEMATECH e-Handbook of Statistical Methods (2012), section 7.3.3.
#[must_use]
pub fn share_pooled(a: Share, b: Share) -> Option<Test> {
    let (na, nb) = sizes(a, b)?;
    let sum = |count: fn(Share) -> u64| (u128::from(count(a)) + u128::from(count(b))) as f64;
    let n = sum(Share::n);
    let (yes, no) = (sum(Share::favourable) / n, sum(Share::others) / n);
    let se = sqrt(yes * no * (1.0 / na + 1.0 / nb));
    Test::new(100.0 * share_difference(a, b), 100.0 * se, f64::INFINITY)
}

/// The N − 1 variant of [`share_pooled`], in percent: its z times √((N − 1) / N) with all N answers. Right
/// from expected counts of 1 on. `None` if either has no answers or all agree.
///
/// # References
/// Campbell, I. (2007), "Chi-squared and Fisher–Irwin tests of two-by-two tables with small sample
/// recommendations", Statistics in Medicine 26(19), 3661–3675.
#[must_use]
pub fn share_n_minus_1(a: Share, b: Share) -> Option<Test> {
    let pooled = share_pooled(a, b)?;
    let n = a.n() as f64 + b.n() as f64;
    Test::new(pooled.difference, pooled.se * sqrt(n / (n - 1.0)), f64::INFINITY)
}

/// How many answered on either side, or nothing if nobody did on one.
fn sizes(a: Share, b: Share) -> Option<(f64, f64)> {
    (a.n() > 0 && b.n() > 0).then(|| (a.n() as f64, b.n() as f64))
}

/// b minus a as a fraction.
fn share_difference(a: Share, b: Share) -> f64 {
    difference((a.favourable().into(), a.n().into()), (b.favourable().into(), b.n().into()))
}

/// How many tables [`fisher_exact`] looks at, at most, either way from the likeliest.
const FISHER_STEPS: f64 = 1e6;

/// Fisher's exact test, two-sided: the chance of all tables with the same margins that are at most as likely
/// as this one (to 1 part in 10^10). Right to 1 part in 10^9; 1 if a margin is empty, 0 where it is below
/// 10^−300. `None` if either side has no answers, or both so many (some 10^9) that the sum takes long and the
/// other tests are as good.
///
/// # References
/// Fisher, R. A. (1935), "The Logic of Inductive Inference", Journal of the Royal Statistical Society 98(1),
/// 39–82. Both sides by the tables' chances: Freeman, G. H. and Halton, J. H. (1951), "Note on an Exact
/// Treatment of Contingency, Goodness of Fit and Other Problems of Significance", Biometrika 38(1–2),
/// 141–149.
#[must_use]
pub fn fisher_exact(a: Share, b: Share) -> Option<f64> {
    sizes(a, b)?;
    let whole = |count: u64| i128::from(count);
    let (na, nb, seen) = (whole(a.n()), whole(b.n()), whole(a.favourable()));
    let (yes, no) = (seen + whole(b.favourable()), whole(a.others()) + whole(b.others()));
    let n = na + nb;
    let part = |count: i128| count as f64 / n as f64;
    // Beyond 39 standard deviations no chance is left that a number of this type could hold.
    if 39.0 * sqrt(part(na) * part(nb) * part(yes) * no as f64) > FISHER_STEPS {
        return None;
    }
    let mode = (yes + 1).checked_mul(na + 1)? / (n + 2);
    // All is counted from the likeliest table, in whole numbers: what is left are steps, and chances relative
    // to its own by the ratio of neighbours.
    let steps = |count: i128| count as f64;
    let (up_a, up_yes, down_a, down_b) =
        (steps(na - mode), steps(yes - mode), steps(mode + 1), steps(nb - yes + mode + 1));
    let seen = steps(seen - mode);
    let up = |k: f64| (up_a - k) * (up_yes - k) / ((down_a + k) * (down_b + k));
    // Beyond the last table and before the first the chance is 0. Slow subnormal numbers are none.
    let next = |(k, weight): &(f64, f64)| (*weight > 1e-300).then(|| (k + 1.0, weight * up(*k)));
    let previous = |(k, weight): &(f64, f64)| (*weight > 1e-300).then(|| (k - 1.0, weight / up(k - 1.0)));
    let rising = || core::iter::successors(Some((0.0, 1.0)), next);
    let falling = || core::iter::successors(previous(&(0.0, 1.0)), previous);
    let weight =
        rising().chain(falling()).find(|(k, _)| *k == seen).map_or(0.0, |(_, weight)| weight) * (1.0 + 1e-10);
    // What is 10^20 times rarer than the table seen adds nothing to either sum.
    let counts = |(_, other): &(f64, f64)| *other > weight * 1e-20;
    let (all, rare) = rising()
        .take_while(counts)
        .chain(falling().take_while(counts))
        .fold((0.0, 0.0), |(all, rare), (_, other)| {
            (all + other, if other <= weight { rare + other } else { rare })
        });
    Some((rare / all).min(1.0))
}

/// Newcombe's hybrid score interval for the difference of two shares, in percent; within −100…100. `None` if
/// either has no answers.
///
/// # References
/// Newcombe, R. G. (1998), "Interval estimation for the difference between independent proportions:
/// comparison of eleven methods", Statistics in Medicine 17(8), 873–890, method 10.
#[must_use]
pub fn newcombe(a: Share, b: Share, level: Level) -> Option<Interval> {
    let ((down_a, up_a), (down_b, up_b)) = (a.wilson_reach(level)?, b.wilson_reach(level)?);
    let apart = 100.0 * share_difference(a, b);
    let (down, up) = (libm::hypot(down_b, up_a), libm::hypot(up_b, down_a));
    Some(Interval { low: apart - down, high: apart + up, method: Method::Newcombe })
}

/// The Wald interval for the difference of two shares, in percent, after one answer of either kind is added
/// to both sides; may pass ±100. `None` if either has no answers.
///
/// # References
/// Agresti, A. and Caffo, B. (2000), "Simple and Effective Confidence Intervals for Proportions and
/// Differences of Proportions Result from Adding Two Successes and Two Failures", The American Statistician
/// 54(4), 280–288.
#[must_use]
pub fn agresti_caffo(a: Share, b: Share, level: Level) -> Option<Interval> {
    sizes(a, b)?;
    let part = |share: Share| {
        let (yes, n) = (i128::from(share.favourable()) + 1, i128::from(share.n()) + 2);
        let size = n as f64;
        ((yes, n), yes as f64 / size * ((n - yes) as f64 / size) / size)
    };
    let ((a, va), (b, vb)) = (part(a), part(b));
    let margin = level.z() * sqrt(va + vb);
    Some(Interval::around(100.0 * difference(a, b), 100.0 * margin, Method::AgrestiCaffo))
}

/// What ranks alone say of two groups of ratings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// In how many pairs b is higher, ties counting half: 0…n_a n_b.
    pub u: f64,
    /// The chance that an answer of b is higher than one of a, ties counting half: 0…1.
    pub prob_superiority: f64,
    /// Cliff's delta, the chance that b is higher less the chance that a is: −1…1.
    pub cliffs_delta: f64,
    /// The p value of the Mann–Whitney test, normal with ties, without continuity correction: 0…1; `None` if
    /// all rated alike.
    pub p: Option<f64>,
    /// The same with continuity correction: U is taken ½ nearer to its mean.
    pub p_corrected: Option<f64>,
}

/// The Mann–Whitney test and its effect sizes. `None` if either group has no answers.
///
/// "Higher" is the higher point, whatever the scale's direction.
///
/// # Errors
/// [`OtherScale`] if the scales differ.
///
/// # References
/// Mann, H. B. and Whitney, D. R. (1947), "On a Test of Whether one of Two Random Variables is Stochastically
/// Larger than the Other", Annals of Mathematical Statistics 18(1), 50–60: U, p. 51. Lehmann, E. L. (1975),
/// Nonparametrics, Holden-Day, p. 20: its variance with ties. Cliff, N. (1993), "Dominance Statistics:
/// Ordinal Analyses to Answer Ordinal Questions", Psychological Bulletin 114(3), 494–509: delta, p. 495.
pub fn ranks(a: &Tally, b: &Tally) -> Result<Option<Ranks>, OtherScale> {
    same_scale(a, b)?;
    let (na, nb) = (a.n(), b.n());
    if na == 0 || nb == 0 {
        return Ok(None);
    }
    // Pairs of answers, which are na nb together and therefore fit.
    let (mut higher, mut lower, mut tied) = (0_u128, 0_u128, 0_u128);
    let (mut a_below, mut b_below) = (0_u128, 0_u128);
    // Σ (t³ − t) over ties, as a share of n³ − n, would lose digits where nearly all tie: what is left is
    // summed instead, as n³ − Σ t³ = 3 Σ over pairs t u (t + u) + 6 Σ over triples, here by running totals.
    let mut untied = 0.0;
    for (x, y) in a.counts().iter().zip(b.counts()) {
        let (x, y) = (u128::from(*x), u128::from(*y));
        higher += y * a_below;
        lower += x * b_below;
        tied += x * y;
        // (below + t)³ − below³ − t³ = 3 below t (below + t).
        let (below, t) = (a_below + b_below, x + y);
        untied += 3.0 * below as f64 * t as f64 * (below + t) as f64;
        a_below += x;
        b_below += y;
    }
    let n = (a_below + b_below) as f64;
    let pairs = na as f64 * nb as f64;
    let u = higher as f64 + tied as f64 / 2.0;
    // Twice U's distance from its mean.
    let apart = higher.abs_diff(lower);
    let delta = apart as f64 / pairs;
    // na nb / 12 · ((n + 1) − Σ(t³ − t) / (n (n − 1))), and (n³ − n) − Σ(t³ − t) is `untied`.
    let sd = sqrt(pairs / 12.0 * (untied / n / (n - 1.0)));
    let p = |twice: u128| (sd > 0.0).then(|| two_sided_p(twice as f64 / 2.0 / sd));
    Ok(Some(Ranks {
        u,
        prob_superiority: u / pairs,
        cliffs_delta: if higher < lower { -delta } else { delta },
        p: p(apart),
        p_corrected: p(apart.saturating_sub(1)),
    }))
}

/// NPS of b minus NPS of a, in points, −200…200; `None` if either has no answers.
#[must_use]
pub fn nps_difference(a: Nps, b: Nps) -> Option<f64> {
    (a.n() > 0 && b.n() > 0).then(|| 100.0 * difference(a.net(), b.net()))
}

/// The share of b minus that of a, in percent, −100…100; `None` if either has no answers.
#[must_use]
pub fn percent_difference(a: Share, b: Share) -> Option<f64> {
    (a.n() > 0 && b.n() > 0).then(|| 100.0 * share_difference(a, b))
}

/// The mean of b minus that of a, in points of the scale as rated, whatever its direction; `None` if either
/// has no answers.
///
/// # Errors
/// [`OtherScale`] if the scales differ.
pub fn mean_difference(a: &Tally, b: &Tally) -> Result<Option<f64>, OtherScale> {
    same_scale(a, b)?;
    let some = a.n() > 0 && b.n() > 0;
    Ok(some.then(|| difference(Moments::of(a).total(), Moments::of(b).total())))
}
