use crate::{Interval, Level, Method, MoreThanAll, Nps, Ratio, wide::Wide};
use alloc::vec::Vec;
use libm::sqrt;

/// A group of customers that answers more or less often than others: who answered, and how many there are
/// altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stratum {
    /// The answers.
    pub answers: Nps,
    /// How many people belong to it, those who answered included: at least as many as answered.
    pub population: u64,
}

/// A score in which every stratum counts as much as there are people in it.
///
/// # Units
/// Points, except for the effective number of answers and the design effect. Scores are −100…100, standard
/// errors 0 or above.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    /// The score of all answers, as if nothing were known of the strata; `None` if nobody answered.
    pub unweighted: Option<f64>,
    /// The score of each stratum, in the order given; `None` where nobody answered.
    pub stratum_scores: Vec<Option<f64>>,
    /// Σ W × score, where W is a stratum's share of the population; `None` if a stratum that has people has
    /// no answers.
    pub weighted: Option<f64>,
    /// The same before it was rounded; `None` also if it is out of [`Ratio`]'s range.
    pub exact: Option<Ratio>,
    /// √ Σ W² s² / n with the sample variance s²; `None` if a stratum that has people has fewer than two
    /// answers.
    pub se_points: Option<f64>,
    /// The same with the finite population correction 1 − n / N in every stratum, and 0 if all people
    /// answered.
    pub se_points_fpc: Option<f64>,
    /// As many answers from a simple random sample would be as exact, if the weights had nothing to do with
    /// the answers: (Σ w)² / Σ w², above 0 and at most n; `None` where the weighted score is.
    pub kish_n_eff: Option<f64>,
    /// The design effect, answers over effective answers: 1 or above, without unit.
    pub kish_deff: Option<f64>,
}

impl Weighted {
    /// The weighted score ± z standard errors, with the finite population correction, in points; not clipped.
    /// `None` if either is.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        Some(Interval::around(self.weighted?, level.z() * self.se_points_fpc?, Method::Wald))
    }
}

/// The post-stratified Net Promoter Score with its error.
///
/// # Errors
/// [`MoreThanAll`] if a stratum has more answers than people.
///
/// # References
/// Cochran, W. G. (1977), Sampling Techniques, 3rd ed., Wiley: the estimate and its error, sections 5.3 and
/// 5.4, pp. 91–95; strata formed after sampling, section 5A.9, p. 134. The error takes each stratum's n as
/// given. Kish, L. (1992), "Weighting for Unequal Pi", Journal of Official Statistics 8(2), 183–200: the
/// effective number.
pub fn post_stratify(strata: &[Stratum]) -> Result<Weighted, MoreThanAll> {
    if strata.iter().any(|stratum| stratum.answers.n() > stratum.population) {
        return Err(MoreThanAll);
    }
    let all: i128 = strata.iter().map(|stratum| i128::from(stratum.population)).sum();
    let people = all as f64;
    let (net, n) =
        strata.iter().map(|stratum| stratum.answers.net()).fold((0, 0), |(net, n), (x, m)| (net + x, n + m));
    let peopled = || strata.iter().filter(|stratum| stratum.population > 0);
    let share = |stratum: &Stratum| stratum.population as f64 / people;
    let total = |part: &dyn Fn(&Stratum) -> Option<f64>| {
        (people > 0.0).then(|| peopled().map(part).try_fold(0.0, |sum, x| x.map(|x| sum + x)))?
    };
    let parts = || peopled().map(|stratum| (i128::from(stratum.population), stratum.answers.net()));
    // Scores of either sign cancel.
    let weighted = parts().try_fold(Wide::ZERO, |sum, (people, (net, n))| {
        (n > 0).then(|| sum + Wide::from(100 * net) / Wide::from(n) * Wide::from(people))
    });
    let exact = parts().try_fold(Ratio::ZERO, |sum: Ratio, (people, (net, n))| {
        sum.checked_add(Ratio::new((100 * net).checked_mul(people)?, n)?)
    });
    let variance = |stratum: &Stratum, left: f64| {
        let weight = share(stratum);
        Some(weight * weight * stratum.answers.sample_variance()? / stratum.answers.n() as f64 * left)
    };
    let se_points = total(&|stratum| variance(stratum, 1.0));
    let se_points_fpc = total(&|stratum| {
        let left = stratum.population - stratum.answers.n();
        variance(stratum, left as f64 / stratum.population as f64)
    });
    // Every answer weighs as many people as it stands for.
    let squares = total(&|stratum| {
        let (population, n) = (stratum.population as f64, stratum.answers.n() as f64);
        (n > 0.0).then(|| population * population / n)
    });
    let kish_n_eff = squares.map(|squares| people * people / squares);
    Ok(Weighted {
        unweighted: Ratio::new(100 * net, n).map(Ratio::value),
        stratum_scores: strata.iter().map(|stratum| stratum.answers.score().map(Ratio::value)).collect(),
        weighted: weighted.filter(|_| all > 0).map(|sum| (sum / Wide::from(all)).value()),
        exact: exact.and_then(|sum| Ratio::new(sum.numerator(), sum.denominator().checked_mul(all)?)),
        se_points: se_points.map(|variance| 100.0 * sqrt(variance)),
        se_points_fpc: se_points_fpc.map(|variance| 100.0 * sqrt(variance)),
        kish_n_eff,
        kish_deff: kish_n_eff.map(|effective| n as f64 / effective),
    })
}
