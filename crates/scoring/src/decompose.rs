use crate::Nps;
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
    /// Each segment's part, in the order given.
    pub segments: Vec<Effect>,
}

impl Decomposition {
    /// What changed because segments weigh differently.
    #[must_use]
    pub fn mix(&self) -> f64 {
        self.segments.iter().map(|effect| effect.mix).sum()
    }

    /// What changed because segments score differently.
    #[must_use]
    pub fn within(&self) -> f64 {
        self.segments.iter().map(|effect| effect.within).sum()
    }
}

/// Splits b minus a by segment: mix Σ (w_b − w_a) (s_a + s_b) / 2 and within Σ (s_b − s_a) (w_a + w_b) / 2. A
/// segment that answered in one period only counts as mix alone. Pairs are (before, after); `None` if nobody
/// answered in either period.
///
/// # References
/// Kitagawa, E. M. (1955), "Components of a Difference Between Two Rates", Journal of the American
/// Statistical Association 50(272), 1168–1194.
#[must_use]
pub fn decompose(segments: &[(Nps, Nps)]) -> Option<Decomposition> {
    let sum = |count: fn(Nps) -> u64| {
        segments.iter().fold((0.0, 0.0), |(a, b), pair| (a + count(pair.0) as f64, b + count(pair.1) as f64))
    };
    let ((n_a, n_b), promoters, detractors) = (sum(Nps::n), sum(Nps::promoters), sum(Nps::detractors));
    if n_a == 0.0 || n_b == 0.0 {
        return None;
    }
    let effect = |(a, b): &(Nps, Nps)| {
        let score = |nps: &Nps| nps.shares().map(|shares| 100.0 * shares.score);
        let (before, after) = (score(a).or_else(|| score(b)), score(b).or_else(|| score(a)));
        // A segment that never answered weighs nothing.
        let (before, after) = (before.unwrap_or(0.0), after.unwrap_or(0.0));
        let (w_a, w_b) = (a.n() as f64 / n_a, b.n() as f64 / n_b);
        Effect { mix: (w_b - w_a) * (before + after) / 2.0, within: (after - before) * (w_a + w_b) / 2.0 }
    };
    Some(Decomposition {
        score_a: 100.0 * (promoters.0 - detractors.0) / n_a,
        score_b: 100.0 * (promoters.1 - detractors.1) / n_b,
        segments: segments.iter().map(effect).collect(),
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
    let apart = t.score - u.score;
    let variance =
        share * share * (t.variance() / t.n + u.variance() / u.n) + apart * apart * share * (u.n / n) / n;
    let difference = with.promoters() as f64 + without.promoters() as f64
        - (with.detractors() as f64 + without.detractors() as f64);
    Some(TagImpact {
        score_all: 100.0 * difference / n,
        score_with: 100.0 * t.score,
        score_without: 100.0 * u.score,
        share,
        impact: 100.0 * share * apart,
        se: 100.0 * libm::sqrt(variance),
    })
}
