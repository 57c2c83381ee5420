use crate::{Rating, Scale};
use alloc::vec::Vec;
use core::fmt;

/// Answers counted per point of a scale. Tallies of one scale add up and can be taken apart again; dismissals
/// and skips are not in it.
///
/// # Range
/// Every count is exact, up to 2^64 − 1; so is their sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    scale: Scale,
    counts: Vec<u64>,
}

/// A count that would pass 2^64 − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count would pass 2^64 − 1")
    }
}

impl core::error::Error for Overflow {}

impl Tally {
    /// No answers yet.
    #[must_use]
    pub fn new(scale: Scale) -> Self {
        Self { scale, counts: alloc::vec![0; scale.len()] }
    }

    /// From counts, ascending from `scale.min()`.
    ///
    /// # Errors
    /// [`CombineError::Length`] if there is not one count per point, [`CombineError::Overflow`] if their sum
    /// would pass 2^64 − 1.
    pub fn from_counts(scale: Scale, counts: &[u64]) -> Result<Self, CombineError> {
        if counts.len() != scale.len() {
            return Err(CombineError::Length);
        }
        let sum = counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        sum.map(|_| Self { scale, counts: counts.to_vec() }).ok_or(CombineError::Overflow)
    }

    /// Both tallies together.
    ///
    /// # Errors
    /// [`CombineError::OtherScale`] if they are of different scales, [`CombineError::Overflow`] if the sum
    /// would pass 2^64 − 1.
    pub fn plus(&self, other: &Self) -> Result<Self, CombineError> {
        self.combine(other, u64::checked_add, CombineError::Overflow)
    }

    /// This tally without another that is part of it.
    ///
    /// # Errors
    /// [`CombineError::OtherScale`] if they are of different scales, [`CombineError::Underflow`] if a point
    /// has fewer answers here than there.
    pub fn minus(&self, other: &Self) -> Result<Self, CombineError> {
        self.combine(other, u64::checked_sub, CombineError::Underflow)
    }

    fn combine(
        &self,
        other: &Self,
        operation: fn(u64, u64) -> Option<u64>,
        error: CombineError,
    ) -> Result<Self, CombineError> {
        if self.scale != other.scale {
            return Err(CombineError::OtherScale(OtherScale { expected: self.scale, given: other.scale }));
        }
        let pairs = self.counts.iter().zip(&other.counts);
        let counts: Option<Vec<u64>> = pairs.map(|(a, b)| operation(*a, *b)).collect();
        Self::from_counts(self.scale, &counts.ok_or(error)?)
    }

    /// The scale whose points are counted, with its direction.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Counts, ascending from `scale().min()`, one for every point.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Adds `n` answers at a point.
    ///
    /// # Errors
    /// [`AddError::OtherScale`] if the rating is of another scale, [`AddError::Overflow`] if a count or the
    /// sum would not fit; the tally is then unchanged.
    pub fn add(&mut self, rating: Rating, n: u64) -> Result<(), AddError> {
        if rating.scale() != self.scale {
            return Err(AddError::OtherScale(OtherScale { expected: self.scale, given: rating.scale() }));
        }
        self.n().checked_add(n).ok_or(Overflow)?;
        if let Some(count) = self.counts.get_mut(usize::from(rating.point() - self.scale.min())) {
            *count += n;
        }
        Ok(())
    }

    /// How many answered: the sum of all counts.
    #[must_use]
    pub fn n(&self) -> u64 {
        // `add` keeps the sum within range.
        self.counts.iter().sum()
    }
}

/// Why answers could not be added to a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddError {
    /// The rating was given on another scale or in another direction.
    OtherScale(OtherScale),
    /// A count would not fit.
    Overflow,
}

impl From<Overflow> for AddError {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherScale(e) => e.fmt(f),
            Self::Overflow => Overflow.fmt(f),
        }
    }
}

impl core::error::Error for AddError {}

/// Answers on one scale where those on another were expected; scales of unlike direction are unlike too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherScale {
    /// The scale that was expected.
    pub expected: Scale,
    /// The scale that was given.
    pub given: Scale,
}

impl fmt::Display for OtherScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |scale: Scale| (scale.min(), scale.max(), scale.direction().name());
        let ((a, b, c), (d, e, g)) = (name(self.expected), name(self.given));
        write!(f, "expected the scale {a}–{b} ({c}), not {d}–{e} ({g})")
    }
}

impl core::error::Error for OtherScale {}

/// Why two tallies do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CombineError {
    /// They are of different scales or directions.
    OtherScale(OtherScale),
    /// There is not one count for every point.
    Length,
    /// The sum would pass 2^64 − 1.
    Overflow,
    /// More would be taken away than is there.
    Underflow,
}

impl fmt::Display for CombineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherScale(e) => e.fmt(f),
            Self::Length => f.write_str("there must be one count for every point of the scale"),
            Self::Overflow => Overflow.fmt(f),
            Self::Underflow => f.write_str("more answers would be taken away than there are"),
        }
    }
}

impl core::error::Error for CombineError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_sum_beyond_the_range_is_an_error_and_changes_nothing() {
        let mut tally = Tally::from_counts(Scale::THREE, &[1 << 63, 0, 1]).unwrap();
        let before = tally.clone();
        assert_eq!(tally.add(Rating::new(2, Scale::THREE).unwrap(), u64::MAX >> 1), Err(AddError::Overflow));
        assert_eq!(tally, before);
        assert_eq!(tally.plus(&before), Err(CombineError::Overflow));
        assert_eq!(Tally::from_counts(Scale::THREE, &[u64::MAX, 0, 1]), Err(CombineError::Overflow));
        assert_eq!(AddError::Overflow.to_string(), "a count would pass 2^64 − 1");
        assert_eq!(CombineError::Overflow.to_string(), "a count would pass 2^64 − 1");
    }

    #[test]
    fn effort_and_satisfaction_do_not_add_up() {
        let effort = Tally::new(Scale::EFFORT);
        let text = "expected the scale 1–5 (lower_is_better), not 1–5 (higher_is_better)";
        let error = effort.plus(&Tally::new(Scale::CSAT)).unwrap_err();
        assert_eq!(error.to_string(), text);
        let mut effort = effort;
        let error = effort.add(Rating::new(5, Scale::CSAT).unwrap(), 1).unwrap_err();
        let clash = OtherScale { expected: Scale::EFFORT, given: Scale::CSAT };
        assert_eq!((error, error.to_string().as_str()), (AddError::OtherScale(clash), text));
        assert_eq!(effort.n(), 0);
    }

    #[test]
    fn no_more_can_be_taken_away_than_is_there() {
        let tally = Tally::from_counts(Scale::YES_NO, &[2, 3]).unwrap();
        let part = Tally::from_counts(Scale::YES_NO, &[2, 1]).unwrap();
        assert_eq!(tally.minus(&part).unwrap().counts(), [0, 2]);
        let error = part.minus(&tally).unwrap_err();
        let text = "more answers would be taken away than there are";
        assert_eq!((error, error.to_string().as_str()), (CombineError::Underflow, text));
        let error = Tally::from_counts(Scale::YES_NO, &[2]).unwrap_err();
        let text = "there must be one count for every point of the scale";
        assert_eq!((error, error.to_string().as_str()), (CombineError::Length, text));
    }
}
