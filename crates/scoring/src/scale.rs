use core::{fmt, ops::RangeInclusive};

/// The points that a rating may take: every integer from `min` to `max`.
///
/// # Range
/// At most 11 points, none above 10.
///
/// # Examples
/// ```
/// use candor_scoring::Scale;
/// assert_eq!(Scale::NPS.points().count(), 11);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scale {
    min: u8,
    max: u8,
}

impl Scale {
    /// 0–10, the only scale of the Net Promoter Score.
    pub const NPS: Self = Self { min: 0, max: 10 };
    /// 1–5, very dissatisfied to very satisfied.
    pub const CSAT: Self = Self { min: 1, max: 5 };
    /// 1–7, very difficult to very easy.
    pub const EASE: Self = Self { min: 1, max: 7 };

    /// The lowest point.
    #[must_use]
    pub const fn min(self) -> u8 {
        self.min
    }

    /// The highest point.
    #[must_use]
    pub const fn max(self) -> u8 {
        self.max
    }

    /// Every point, ascending.
    #[must_use]
    pub const fn points(self) -> RangeInclusive<u8> {
        self.min..=self.max
    }

    /// How many points there are.
    #[must_use]
    pub const fn len(self) -> usize {
        (self.max - self.min) as usize + 1
    }

    /// Always false: a scale has at least one point.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        false
    }
}

/// One respondent's point on a scale. It exists only if the point is on the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rating {
    point: u8,
    scale: Scale,
}

impl Rating {
    /// A rating, once checked.
    ///
    /// # Errors
    /// [`OffScale`] if `point` is not one of the scale's points.
    pub const fn new(point: u8, scale: Scale) -> Result<Self, OffScale> {
        if point < scale.min || point > scale.max {
            return Err(OffScale { point, scale });
        }
        Ok(Self { point, scale })
    }

    /// The point, from `scale().min()` to `scale().max()`.
    #[must_use]
    pub const fn point(self) -> u8 {
        self.point
    }

    /// The scale it was given on.
    #[must_use]
    pub const fn scale(self) -> Scale {
        self.scale
    }
}

/// A point that is not on the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffScale {
    /// The point that was given.
    pub point: u8,
    /// The scale that was expected.
    pub scale: Scale,
}

impl fmt::Display for OffScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a point of the scale {}–{}", self.point, self.scale.min, self.scale.max)
    }
}

impl core::error::Error for OffScale {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eleven_is_not_a_rating_on_0_to_10() {
        assert!(Rating::new(10, Scale::NPS).is_ok());
        assert_eq!(Rating::new(11, Scale::NPS), Err(OffScale { point: 11, scale: Scale::NPS }));
        assert!(Rating::new(0, Scale::CSAT).is_err());
    }
}
