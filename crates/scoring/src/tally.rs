use crate::{Band, Metric, OffScale, Rating, Scale};
use alloc::vec::Vec;
use core::fmt;

/// Answers counted per point of a scale. Tallies of one scale add up; dismissals and skips are not in it.
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

    /// The scale whose points are counted.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Counts, ascending from `scale().min()`.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Adds `n` answers at a point.
    ///
    /// # Errors
    /// [`AddError::OffScale`] if the rating is of another scale, [`AddError::Overflow`] if a count or the
    /// sum would not fit; the tally is then unchanged.
    pub fn add(&mut self, rating: Rating, n: u64) -> Result<(), AddError> {
        if rating.scale() != self.scale {
            return Err(AddError::OffScale(OffScale { point: rating.point(), scale: self.scale }));
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

    /// How many answers fall in a band.
    #[must_use]
    pub fn in_band(&self, metric: Metric, band: Band) -> u64 {
        self.scale
            .points()
            .zip(&self.counts)
            .filter(|(point, _)| Rating::new(*point, self.scale).is_ok_and(|r| metric.band(r) == band))
            .map(|(_, n)| n)
            .sum()
    }
}

/// Why answers could not be added to a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddError {
    /// The rating was given on another scale.
    OffScale(OffScale),
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
            Self::OffScale(e) => e.fmt(f),
            Self::Overflow => Overflow.fmt(f),
        }
    }
}

impl core::error::Error for AddError {}
