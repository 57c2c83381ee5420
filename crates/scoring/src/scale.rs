use core::{fmt, ops::RangeInclusive};

/// Which end of a scale is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Ease, satisfaction, likelihood to recommend: 7 of 7 is best.
    HigherIsBetter,
    /// Effort (CES 1.0): 1 of 5 is best.
    LowerIsBetter,
}

impl Direction {
    /// Its name on the wire: `higher_is_better` or `lower_is_better`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HigherIsBetter => "higher_is_better",
            Self::LowerIsBetter => "lower_is_better",
        }
    }
}

/// The points that a rating may take, every integer from `min` to `max`, and which end is good. Ratings and
/// tallies of scales that differ in any of the three never mix: [`Scale::EFFORT`] and [`Scale::CSAT`] both go
/// from 1 to 5.
///
/// # Range
/// `min` is 0 or 1, `max` at most 10 and above `min`: 2 to 11 points.
///
/// # Examples
/// ```
/// use candor_scoring::{Direction, Scale};
/// assert_eq!(Scale::NPS.points().count(), 11);
/// assert_ne!(Scale::EFFORT, Scale::CSAT);
/// assert_eq!(Scale::new(1, 7, Direction::HigherIsBetter), Ok(Scale::EASE));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scale {
    min: u8,
    max: u8,
    direction: Direction,
}

impl Scale {
    /// 0–10, not at all likely to extremely likely: the only scale of the Net Promoter Score.
    ///
    /// # References
    /// Reichheld, F. F. (2003), "The One Number You Need to Grow", Harvard Business Review 81(12), 46–54.
    pub const NPS: Self = Self::higher(0, 10);
    /// 1–5, very dissatisfied to very satisfied; also five stars or smileys.
    ///
    /// # References
    /// A scale of this kind, of as many points: Likert, R. (1932), "A Technique for the Measurement of
    /// Attitudes", Archives of Psychology 22(140), 1–55. For satisfaction it is common practice; no standard
    /// names it.
    pub const CSAT: Self = Self::higher(1, 5);
    /// 1–7, very difficult to very easy: CES 2.0, also asked as agreement that it was made easy.
    ///
    /// # References
    /// Dixon, M., Toman, N. and DeLisi, R. (2013), The Effortless Experience, Portfolio/Penguin, chapter 6.
    pub const EASE: Self = Self::higher(1, 7);
    /// 1–5, very low to very high effort: CES 1.0, where low is good.
    ///
    /// # References
    /// Dixon, M., Freeman, K. and Toman, N. (2010), "Stop Trying to Delight Your Customers", Harvard Business
    /// Review 88(7/8), 116–122.
    pub const EFFORT: Self = Self { min: 1, max: 5, direction: Direction::LowerIsBetter };
    /// 1–10.
    pub const TEN: Self = Self::higher(1, 10);
    /// 1–4, without a middle.
    pub const FOUR: Self = Self::higher(1, 4);
    /// 1–3, such as three smileys.
    pub const THREE: Self = Self::higher(1, 3);
    /// No (0) and yes (1); also thumbs down and up.
    pub const YES_NO: Self = Self::higher(0, 1);

    const fn higher(min: u8, max: u8) -> Self {
        Self { min, max, direction: Direction::HigherIsBetter }
    }

    /// A scale, once checked.
    ///
    /// # Errors
    /// [`BadScale`] unless `min` is 0 or 1 and `max` is above it and at most 10.
    pub const fn new(min: u8, max: u8, direction: Direction) -> Result<Self, BadScale> {
        if min > 1 || max > 10 || max <= min {
            return Err(BadScale { min, max });
        }
        Ok(Self { min, max, direction })
    }

    /// The lowest point: 0 or 1.
    #[must_use]
    pub const fn min(self) -> u8 {
        self.min
    }

    /// The highest point: 1…10.
    #[must_use]
    pub const fn max(self) -> u8 {
        self.max
    }

    /// Which end is good.
    #[must_use]
    pub const fn direction(self) -> Direction {
        self.direction
    }

    /// Every point, ascending.
    #[must_use]
    pub const fn points(self) -> RangeInclusive<u8> {
        self.min..=self.max
    }

    /// How many points there are: 2…11.
    #[must_use]
    pub const fn len(self) -> usize {
        (self.max - self.min) as usize + 1
    }

    /// Always false: a scale has at least two points.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        false
    }
}

/// Limits that make no scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadScale {
    /// The lowest point that was given.
    pub min: u8,
    /// The highest point that was given.
    pub max: u8,
}

impl fmt::Display for BadScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}–{} is not a scale: it starts at 0 or 1 and ends above that, at 10 at most",
            self.min, self.max
        )
    }
}

impl core::error::Error for BadScale {}

/// How the points of a scale are drawn. A look changes what people choose, so ratings given under different
/// looks are counted apart.
///
/// # References
/// Toepoel, V., Vermeeren, B. and Metin, B. (2019), "Smileys, Stars, Hearts, Buttons, Tiles or Grids:
/// Influence of Response Format on Substantive Response, Questionnaire Experience and Response Time",
/// Bulletin of Sociological Methodology 142(1), 57–74.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Look {
    /// The points' numbers.
    Numbers,
    /// As many stars as the point says.
    Stars,
    /// A face for every point.
    Smileys,
    /// Thumb down and up.
    Thumbs,
}

impl Look {
    /// Whether a scale may be drawn so: stars count from 1 and up is good, faces tell 3 to 5 points apart,
    /// thumbs two.
    #[must_use]
    pub const fn suits(self, scale: Scale) -> bool {
        match self {
            Self::Numbers => true,
            Self::Stars => {
                scale.min == 1 && scale.len() > 2 && matches!(scale.direction, Direction::HigherIsBetter)
            }
            Self::Smileys => 3 <= scale.len() && scale.len() <= 5,
            Self::Thumbs => scale.len() == 2,
        }
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
    use alloc::string::ToString;

    #[test]
    fn an_eleven_is_not_a_rating_on_0_to_10() {
        assert!(Rating::new(10, Scale::NPS).is_ok());
        let error = Rating::new(11, Scale::NPS).unwrap_err();
        assert_eq!(error, OffScale { point: 11, scale: Scale::NPS });
        assert_eq!(error.to_string(), "11 is not a point of the scale 0–10");
        assert!(Rating::new(0, Scale::CSAT).is_err());
    }

    #[test]
    fn a_scale_starts_at_0_or_1_and_ends_at_10_at_most() {
        let new = |min, max| Scale::new(min, max, Direction::HigherIsBetter);
        assert_eq!((new(0, 10), new(0, 1)), (Ok(Scale::NPS), Ok(Scale::YES_NO)));
        for (min, max) in [(2, 5), (0, 11), (1, 1), (0, 0), (1, 0)] {
            assert_eq!(new(min, max), Err(BadScale { min, max }));
        }
        assert!(new(2, 5).unwrap_err().to_string().starts_with("2–5 is not a scale"));
        assert!(!Scale::NPS.is_empty());
    }

    #[test]
    fn the_same_points_in_another_direction_are_another_scale() {
        assert_eq!(Scale::EFFORT.points(), Scale::CSAT.points());
        assert_ne!(Scale::EFFORT, Scale::CSAT);
    }

    #[test]
    fn a_look_suits_some_scales() {
        use Look::*;
        for (look, scale, suits) in [
            (Numbers, Scale::NPS, true),
            (Stars, Scale::CSAT, true),
            (Stars, Scale::EFFORT, false),
            (Stars, Scale::NPS, false),
            (Smileys, Scale::THREE, true),
            (Smileys, Scale::CSAT, true),
            (Smileys, Scale::EASE, false),
            (Smileys, Scale::YES_NO, false),
            (Thumbs, Scale::YES_NO, true),
            (Thumbs, Scale::THREE, false),
        ] {
            assert_eq!(look.suits(scale), suits, "{look:?} {scale:?}");
        }
        assert!(!Stars.suits(Scale::new(1, 2, Direction::HigherIsBetter).unwrap()));
    }
}
