use crate::{MoreThanAll, Nps, Ratio};

/// What the answers say when some of those asked kept silent.
///
/// # Range
/// `bounds` and `respondents` in points, −100…100; `response_rate` a fraction, 0…1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nonresponse {
    /// The score of those who answered; `None` if nobody did.
    pub respondents: Option<Ratio>,
    /// Answers over those who were asked; `None` if nobody was.
    pub response_rate: Option<Ratio>,
    /// The score if all the silent were detractors, and if all were promoters; `None` if nobody was asked.
    pub bounds: Option<(Ratio, Ratio)>,
}

/// The response rate and the bounds that hold whatever the silent think, 100 (promoters − detractors ±
/// silent) / invited. No assumption, therefore wide: 200 (1 − response rate) points.
///
/// # Errors
/// [`MoreThanAll`] if more answered than were invited.
///
/// # Examples
/// ```
/// use candor_scoring::{Nps, nonresponse_bounds};
/// let bounds = nonresponse_bounds(Nps::new(10, 20, 70)?, 200)?.bounds.unwrap();
/// assert_eq!((bounds.0.rounded(0), bounds.1.rounded(0)), ("-20".into(), "80".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Manski, C. F. (1989), "Anatomy of the Selection Problem", Journal of Human Resources 24(3), 343–360.
pub fn nonresponse_bounds(answers: Nps, invited: u64) -> Result<Nonresponse, MoreThanAll> {
    let silent = i128::from(invited.checked_sub(answers.n()).ok_or(MoreThanAll)?);
    let difference = i128::from(answers.promoters()) - i128::from(answers.detractors());
    let all = i128::from(invited);
    let bound = |difference: i128| Ratio::new(100 * difference, all);
    Ok(Nonresponse {
        respondents: answers.score(),
        response_rate: Ratio::new(i128::from(answers.n()), all),
        bounds: bound(difference - silent).zip(bound(difference + silent)),
    })
}
