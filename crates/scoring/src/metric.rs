use crate::{Direction, Measure, OtherScale, Rating, Scale, Share, Tally};
use core::fmt;

/// What a survey measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Net Promoter Score: would you recommend us, 0–10.
    Nps,
    /// Customer satisfaction: how satisfied are you, 1–5. Satisfied are the two best points; source:
    /// [`TopBox`].
    Csat,
    /// Customer effort score 2.0: how easy was it, 1–7, high is good. Easy are the points above the middle,
    /// 5–7, which is common practice and no standard; source: [`Scale::EASE`].
    Ces,
}

/// Where a rating stands: for NPS detractor, passive, promoter; for CSAT dissatisfied, neutral, satisfied;
/// for CES difficult, neutral, easy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Detractor, dissatisfied, difficult.
    Unfavourable,
    /// Passive, neutral.
    Neutral,
    /// Promoter, satisfied, easy.
    Favourable,
}

impl Band {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unfavourable, Self::Neutral, Self::Favourable];

    /// Its name on the wire: `unfavourable`, `neutral` or `favourable`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unfavourable => "unfavourable",
            Self::Neutral => "neutral",
            Self::Favourable => "favourable",
        }
    }

    /// The band of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|band| band.name() == name)
    }
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Nps, Self::Csat, Self::Ces];

    /// Its name on the wire: `nps`, `csat` or `ces`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nps => "nps",
            Self::Csat => "csat",
            Self::Ces => "ces",
        }
    }

    /// The metric of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// The scale on which this metric is asked: [`Scale::NPS`], [`Scale::CSAT`] or [`Scale::EASE`], whose
    /// sources are there.
    #[must_use]
    pub const fn scale(self) -> Scale {
        match self {
            Self::Nps => Scale::NPS,
            Self::Csat => Scale::CSAT,
            Self::Ces => Scale::EASE,
        }
    }

    /// The band of a rating given on [`Metric::scale`].
    ///
    /// # Errors
    /// [`OtherScale`] if the rating was given on any other scale or in another direction.
    ///
    /// # References
    /// NPS: Reichheld, F. (2003), "The One Number You Need to Grow", Harvard Business Review 81(12), 46–54:
    /// 9–10 promoters, 7–8 passives, 0–6 detractors. CSAT: the top two of five points; CES 2.0: 5–7 of 7.
    pub fn band(self, rating: Rating) -> Result<Band, OtherScale> {
        Measure::own(self).band(rating)
    }
}

/// How many points at the good end of a scale count as favourable: top-2 of 5, 5–7 of 7. As many at the other
/// end are unfavourable, the rest neutral. For 7, 10 and 11 points no number is standard, so it is always
/// given.
///
/// # Range
/// At least 1 point, and at most half of the scale's: 1…5.
///
/// # References
/// Sauro, J., "Are Top Box Scores a Better Predictor of Behavior?", MeasuringU: top box and top-two box, 4
/// and 5 of five points.
///
/// # Examples
/// ```
/// use candor_scoring::{Band, Rating, Scale, TopBox};
/// let low_effort = TopBox::new(Scale::EFFORT, 2)?;
/// assert_eq!(low_effort.band(Rating::new(1, Scale::EFFORT)?)?, Band::Favourable);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TopBox {
    scale: Scale,
    points: u8,
}

/// A number of favourable points that is 0 or more than half of the scale's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTopBox;

impl fmt::Display for BadTopBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("favourable points must be at least 1 and at most half of the scale's")
    }
}

impl core::error::Error for BadTopBox {}

impl TopBox {
    /// The favourable points of a scale, once checked.
    ///
    /// # Errors
    /// [`BadTopBox`] if there are none or more than half of the scale's.
    pub const fn new(scale: Scale, points: u8) -> Result<Self, BadTopBox> {
        if points == 0 || points as usize * 2 > scale.len() {
            return Err(BadTopBox);
        }
        Ok(Self { scale, points })
    }

    /// What is customary: the better one of 2 or 3 points, the two best of 4 or 5. Above that nothing is, and
    /// it is `None`.
    ///
    /// # References
    /// Five points: as [`TopBox`]. Fewer: this crate's choice of the points above the middle.
    ///
    /// # Examples
    /// ```
    /// use candor_scoring::{Scale, TopBox};
    /// assert_eq!(TopBox::customary(Scale::CSAT).map(TopBox::points), Some(2));
    /// assert_eq!(TopBox::customary(Scale::EASE), None);
    /// ```
    #[must_use]
    pub const fn customary(scale: Scale) -> Option<Self> {
        match scale.len() {
            2 | 3 => Some(Self { scale, points: 1 }),
            4 | 5 => Some(Self { scale, points: 2 }),
            _ => None,
        }
    }

    /// The scale.
    #[must_use]
    pub const fn scale(self) -> Scale {
        self.scale
    }

    /// How many of its points are favourable: 1…5.
    #[must_use]
    pub const fn points(self) -> u8 {
        self.points
    }

    /// The band of a rating.
    ///
    /// # Errors
    /// [`OtherScale`] if the rating was given on any other scale or in another direction.
    pub fn band(self, rating: Rating) -> Result<Band, OtherScale> {
        if rating.scale() != self.scale {
            return Err(OtherScale { expected: self.scale, given: rating.scale() });
        }
        Ok(self.band_of(rating.point()))
    }

    const fn band_of(self, point: u8) -> Band {
        let (top, bottom) = (point > self.scale.max() - self.points, point < self.scale.min() + self.points);
        match (self.scale.direction(), top, bottom) {
            (Direction::HigherIsBetter, true, _) | (Direction::LowerIsBetter, _, true) => Band::Favourable,
            (_, false, false) => Band::Neutral,
            _ => Band::Unfavourable,
        }
    }

    /// How many answers fall in a band: 0 to the tally's n. The three bands' counts add up to n.
    ///
    /// # Errors
    /// [`OtherScale`] if the tally is of any other scale or direction.
    pub fn count(self, tally: &Tally, band: Band) -> Result<u64, OtherScale> {
        if tally.scale() != self.scale {
            return Err(OtherScale { expected: self.scale, given: tally.scale() });
        }
        let points = self.scale.points().zip(tally.counts());
        Ok(points.filter(|(point, _)| self.band_of(*point) == band).map(|(_, n)| n).sum())
    }

    /// The share of favourable answers, of all answers.
    ///
    /// # Errors
    /// [`OtherScale`] if the tally is of any other scale or direction.
    pub fn share(self, tally: &Tally) -> Result<Share, OtherScale> {
        Ok(Share::part(self.count(tally, Band::Favourable)?, tally.n()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(metric: Metric, expect: &[(u8, Band)]) {
        for &(point, band) in expect {
            assert_eq!(
                metric.band(Rating::new(point, metric.scale()).unwrap()),
                Ok(band),
                "{metric:?} {point}"
            );
        }
    }

    #[test]
    fn the_most_effort_does_not_pass_for_satisfied() {
        let error = Metric::Csat.band(Rating::new(5, Scale::EFFORT).unwrap()).unwrap_err();
        assert_eq!(error, OtherScale { expected: Scale::CSAT, given: Scale::EFFORT });
        assert!(Metric::Nps.band(Rating::new(9, Scale::TEN).unwrap()).is_err());
    }

    #[test]
    fn a_nine_is_a_promoter_and_a_six_a_detractor() {
        use Band::*;
        check(
            Metric::Nps,
            &[(0, Unfavourable), (6, Unfavourable), (7, Neutral), (8, Neutral), (9, Favourable)],
        );
        check(Metric::Nps, &[(10, Favourable)]);
    }

    #[test]
    fn a_four_is_satisfied_and_a_five_of_seven_is_easy() {
        use Band::*;
        check(
            Metric::Csat,
            &[(1, Unfavourable), (2, Unfavourable), (3, Neutral), (4, Favourable), (5, Favourable)],
        );
        check(
            Metric::Ces,
            &[(1, Unfavourable), (3, Unfavourable), (4, Neutral), (5, Favourable), (7, Favourable)],
        );
    }
}
