use crate::wide::Wide;
use libm::{log, log1p, sqrt};

/// How much more a word is of promoters than of detractors.
///
/// # Units
/// Natural logarithms of odds: a `delta` of 0.69 means twice the odds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keyword {
    /// The log-odds ratio δ, of any size: above 0 promoters say it more, below 0 detractors do.
    pub delta: f64,
    /// Its variance, above 0, in log-odds squared.
    pub variance: f64,
    /// δ in standard deviations. Of one word, ±1.96 is rare by chance; of a hundred words five pass it, so
    /// the p values of several belong through [`multiplicity`](crate::multiplicity).
    pub z: f64,
}

/// The log-odds ratio of a word with a Dirichlet prior, from counts: of the word and of all words, in either
/// group's comments.
///
/// # Range
/// `promoters` and `detractors` are (of the word, of all words); `prior_word` (α_w) above 0 is how often the
/// word was expected, `prior_all` (α_0) above it how often all were. `None` for anything else.
///
/// # References
/// Monroe, B. L., Colaresi, M. P. and Quinn, K. M. (2008), "Fightin' Words: Lexical Feature Selection and
/// Evaluation for Identifying the Content of Political Conflict", Political Analysis 16(4), 372–403, eq.
/// 15–22.
#[must_use]
pub fn keyword(
    promoters: (u64, u64),
    detractors: (u64, u64),
    prior_word: f64,
    prior_all: f64,
) -> Option<Keyword> {
    if promoters.0 > promoters.1
        || detractors.0 > detractors.1
        || !(prior_word > 0.0 && prior_all > prior_word)
    {
        return None;
    }
    let (y, other_y): (i128, i128) = (promoters.0.into(), detractors.0.into());
    // The others are subtracted as whole numbers, which loses nothing.
    let (m, other_m): (i128, i128) =
        ((promoters.1 - promoters.0).into(), (detractors.1 - detractors.0).into());
    let prior_others = Wide::from(prior_all) - Wide::from(prior_word);
    let (word, others) = (|y: i128| y as f64 + prior_word, |m: i128| m as f64 + prior_others.value());
    let ratio = word(y) / others(m) * (others(other_m) / word(other_y));
    // Odds that are nearly alike differ by what their cross products do, and those nearly cancel.
    let apart = Wide::from(y) * Wide::from(other_m) - Wide::from(other_y) * Wide::from(m)
        + prior_others * Wide::from(y - other_y)
        + Wide::from(prior_word) * Wide::from(other_m - m);
    let apart = apart.value() / others(m) / word(other_y);
    let delta = if apart.abs() < 0.5 { log1p(apart) } else { log(ratio) };
    let variance = 1.0 / word(y) + 1.0 / word(other_y);
    Some(Keyword { delta, variance, z: delta / sqrt(variance) })
}
