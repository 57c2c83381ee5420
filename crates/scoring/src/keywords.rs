use libm::{log, sqrt};

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
    let odds = |(word, all): (u64, u64)| {
        // The others are subtracted as whole numbers, which loses nothing.
        (word as f64 + prior_word) / ((all - word) as f64 + (prior_all - prior_word))
    };
    let delta = log(odds(promoters)) - log(odds(detractors));
    let variance = 1.0 / (promoters.0 as f64 + prior_word) + 1.0 / (detractors.0 as f64 + prior_word);
    Some(Keyword { delta, variance, z: delta / sqrt(variance) })
}
