use crate::{
    Nps, Ratio,
    ratio::{Fraction, apart, difference},
    wide::Wide,
};
use alloc::vec::Vec;

/// What one segment added to a change, in points; either part may have either sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// By becoming a larger or smaller part of all answers.
    pub mix: f64,
    /// By its own score rising or falling.
    pub within: f64,
}

/// A change of the score of all, split without remainder.
///
/// # Units
/// Points; scores are −100…100, their change −200…200.
#[derive(Clone, Debug, PartialEq)]
pub struct Decomposition {
    /// The score of all before.
    pub score_a: f64,
    /// The score of all after.
    pub score_b: f64,
    /// The change, after minus before: [`Decomposition::mix`] and [`Decomposition::within`] together.
    pub change: f64,
    /// The change before it was rounded; `None` if it is out of [`Ratio`]'s range.
    pub exact: Option<Ratio>,
    /// What changed because segments weigh differently.
    pub mix: f64,
    /// What changed because segments score differently.
    pub within: f64,
    /// Each segment's part, in the order given.
    pub segments: Vec<Effect>,
}

/// Splits b minus a by segment: mix Σ (w_b − w_a) (s_a + s_b) / 2 and within Σ (s_b − s_a) (w_a + w_b) / 2. A
/// segment that answered in one period only counts as mix alone. Pairs are (before, after); `None` if nobody
/// answered in either period.
///
/// Differences are taken of whole numbers and summed with 31 digits, so that every part is right to the last
/// digits however much of it cancels.
///
/// # References
/// Kitagawa, E. M. (1955), "Components of a Difference Between Two Rates", Journal of the American
/// Statistical Association 50(272), 1168–1194.
#[must_use]
pub fn decompose(segments: &[(Nps, Nps)]) -> Option<Decomposition> {
    let total = |period: fn(&(Nps, Nps)) -> Nps| {
        segments.iter().map(|pair| period(pair).net()).fold((0, 0), |(net, n), (x, m)| (net + x, n + m))
    };
    let (all_a, all_b) = (total(|pair| pair.0), total(|pair| pair.1));
    let score = |(net, n): Fraction| Ratio::new(100 * net, n);
    let (score_a, score_b) = (score(all_a)?, score(all_b)?);
    let effect = |(a, b): &(Nps, Nps)| {
        let (a, b) = (a.net(), b.net());
        let (before, after) = (if a.1 > 0 { a } else { b }, if b.1 > 0 { b } else { a });
        if before.1 == 0 {
            // A segment that never answered weighs nothing.
            return (Wide::ZERO, Wide::ZERO);
        }
        let plus = |(x, n): Fraction, y| apart((-x, n), y);
        let (weight_a, weight_b) = ((a.1, all_a.1), (b.1, all_b.1));
        let half = Wide::from(50.0);
        let mix = half * apart(weight_a, weight_b) * plus(before, after);
        (mix, half * apart(before, after) * plus(weight_a, weight_b))
    };
    let effects: Vec<(Wide, Wide)> = segments.iter().map(effect).collect();
    let (mix, within) =
        effects.iter().fold((Wide::ZERO, Wide::ZERO), |sum, effect| (sum.0 + effect.0, sum.1 + effect.1));
    let round = |effect: &(Wide, Wide)| Effect { mix: effect.0.value(), within: effect.1.value() };
    Some(Decomposition {
        score_a: score_a.value(),
        score_b: score_b.value(),
        change: 100.0 * difference(all_a, all_b),
        exact: score_b.checked_sub(score_a),
        mix: mix.value(),
        within: within.value(),
        segments: effects.iter().map(round).collect(),
    })
}

/// What goes with a tag.
///
/// # Units
/// Points; `share` is a fraction. Scores are −100…100, the impact −200…200, its standard error 0 or above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TagImpact {
    /// The score of all.
    pub score_all: f64,
    /// The score of those who have the tag.
    pub score_with: f64,
    /// The score of those who have not.
    pub score_without: f64,
    /// Who has the tag, of all: 0…1.
    pub share: f64,
    /// share × (with − without): how far the score of all is above that of those without the tag.
    pub impact: f64,
    /// The impact before it was rounded; `None` if it is out of [`Ratio`]'s range.
    pub exact: Option<Ratio>,
    /// The standard error of the impact.
    pub se: f64,
}

/// The impact of a tag, π (S_t − S_u), with its error √(π² (v_t / n_t + v_u / n_u) + (S_t − S_u)² π (1 − π) /
/// n). An association, not a cause. `None` if either side is empty.
///
/// # References
/// The first-order (delta method) variance of a product: Casella, G. and Berger, R. L. (2002), Statistical
/// Inference, 2nd ed., Duxbury, section 5.5.4, pp. 240–245.
#[must_use]
pub fn tag_impact(with: Nps, without: Nps) -> Option<TagImpact> {
    let (t, u) = (with.shares()?, without.shares()?);
    let n = t.n + u.n;
    let share = t.n / n;
    let (net_t, n_t) = with.net();
    let (net_u, n_u) = without.net();
    let apart = difference((net_u, n_u), (net_t, n_t));
    let variance =
        share * share * (t.variance() / t.n + u.variance() / u.n) + apart * apart * share * (u.n / n) / n;
    // share (with − without) in lowest terms, for the share's numerator is a denominator of the difference.
    let exact = || {
        let crossed = net_t.checked_mul(n_u)?.checked_sub(net_u.checked_mul(n_t)?)?;
        Ratio::new(crossed.checked_mul(100)?, n_u.checked_mul(n_t + n_u)?)
    };
    Some(TagImpact {
        score_all: Ratio::new(100 * (net_t + net_u), n_t + n_u)?.value(),
        score_with: with.score()?.value(),
        score_without: without.score()?.value(),
        share,
        impact: 100.0 * share * apart,
        exact: exact(),
        se: 100.0 * libm::sqrt(variance),
    })
}
