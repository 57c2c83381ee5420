use crate::{
    Band, Direction, Formula, Level, Method, Metric, Nps, OtherScale, Rating, Receipt, Scale, Score, Tally,
    TopBox,
};
use core::fmt;

/// A metric with the scale on which it is asked, and the points of it that count as favourable.
///
/// # Range
/// NPS is asked on [`Scale::NPS`] alone, CSAT on scales whose high end is good, CES on either kind.
///
/// # Examples
/// ```
/// use candor_scoring::{Band, Measure, Metric, Rating, Scale};
/// let seven = Measure::new(Metric::Csat, Scale::EASE, Some(2))?;
/// assert_eq!(seven.band(Rating::new(5, Scale::EASE)?)?, Band::Neutral);
/// assert_eq!(Measure::new(Metric::Csat, Scale::CSAT, None)?, Measure::own(Metric::Csat));
/// assert!(Measure::new(Metric::Csat, Scale::EASE, None).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Measure {
    metric: Metric,
    scale: Scale,
    favourable_points: u8,
}

/// Why a metric can't be asked so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadMeasure {
    /// The metric is not asked on this scale.
    Scale,
    /// The number of favourable points is missing, 0 or more than half of the scale's; the most that it may be.
    FavourablePoints(u8),
}

impl fmt::Display for BadMeasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scale => f.write_str("the metric is not asked on this scale"),
            Self::FavourablePoints(most) => write!(f, "the favourable points must be 1 to {most}"),
        }
    }
}

impl core::error::Error for BadMeasure {}

impl Measure {
    /// The metric on its own scale, [`Metric::scale`].
    #[must_use]
    pub const fn own(metric: Metric) -> Self {
        let favourable_points = match metric {
            Metric::Nps | Metric::Csat => 2,
            Metric::Ces => 3,
        };
        Self { metric, scale: metric.scale(), favourable_points }
    }

    /// The metric on any scale. Without a number of favourable points it is the metric's own on its own scale, else what is
    /// [customary](TopBox::customary).
    ///
    /// # Errors
    /// [`BadMeasure`] if the metric is not asked on the scale, or the number is missing, 0 or more than half of the scale's.
    pub fn new(metric: Metric, scale: Scale, favourable_points: Option<u8>) -> Result<Self, BadMeasure> {
        let own = Self::own(metric);
        let suits = match metric {
            Metric::Nps => scale == own.scale,
            Metric::Csat => matches!(scale.direction(), Direction::HigherIsBetter),
            Metric::Ces => true,
        };
        if !suits {
            return Err(BadMeasure::Scale);
        }
        let default = if scale == own.scale {
            Some(own.favourable_points)
        } else {
            TopBox::customary(scale).map(TopBox::points)
        };
        let points = favourable_points.or(default).unwrap_or(0);
        let is_wrong = metric == Metric::Nps && points != own.favourable_points;
        if is_wrong || TopBox::new(scale, points).is_err() {
            return Err(BadMeasure::FavourablePoints((scale.len() / 2) as u8));
        }
        Ok(Self { metric, scale, favourable_points: points })
    }

    /// What is measured.
    #[must_use]
    pub const fn metric(self) -> Metric {
        self.metric
    }

    /// The scale.
    #[must_use]
    pub const fn scale(self) -> Scale {
        self.scale
    }

    /// How many points at the good end are favourable: 1…5.
    #[must_use]
    pub const fn favourable_points(self) -> u8 {
        self.favourable_points
    }

    /// The band of a rating. Nothing else in the project knows these limits.
    ///
    /// # Errors
    /// [`OtherScale`] if the rating was given on any other scale or in another direction.
    ///
    /// # References
    /// As at [`Metric::band`].
    pub fn band(self, rating: Rating) -> Result<Band, OtherScale> {
        if let Some(top_box) = self.top_box() {
            return top_box.band(rating);
        }
        if rating.scale() != self.scale {
            return Err(OtherScale { expected: self.scale, given: rating.scale() });
        }
        Ok(match rating.point() {
            9.. => Band::Favourable,
            7.. => Band::Neutral,
            _ => Band::Unfavourable,
        })
    }

    /// The score of a tally with the interval to show (Bonett and Price's for NPS, Wilson's for a share), or `None` if nobody
    /// answered or the tally is of another scale.
    #[must_use]
    pub fn score(self, tally: &Tally) -> Option<Score> {
        let (exact, interval) = match self.top_box() {
            None => {
                let nps = Nps::of(tally).ok()?;
                (nps.score()?, nps.default_interval(Level::P95)?.clip(-100.0, 100.0))
            }
            Some(top_box) => {
                let share = top_box.share(tally).ok()?;
                (share.percent()?, share.wilson(Level::P95)?.clip(0.0, 100.0))
            }
        };
        Some(Score { measure: self, n: tally.n(), exact, value: exact.value(), interval })
    }

    /// How its score comes about, with nothing yet of what was answered.
    #[must_use]
    pub const fn receipt(self) -> Receipt {
        let (formula, favourable_points, method) = match self.metric {
            Metric::Nps => (Formula::NPS, None, Method::BonettPrice),
            Metric::Csat | Metric::Ces => (Formula::TOP_BOX, Some(self.favourable_points), Method::Wilson),
        };
        Receipt { favourable_points, method: Some(method), ..Receipt::new(formula).scale(self.scale) }
    }

    /// The rule of its bands, unless they are those of the Net Promoter Score.
    fn top_box(self) -> Option<TopBox> {
        match self.metric {
            Metric::Nps => None,
            Metric::Csat | Metric::Ces => TopBox::new(self.scale, self.favourable_points).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_its_own_scale_a_metric_has_its_own_bands() {
        for metric in Metric::ALL {
            let own = Measure::own(metric);
            assert_eq!(Measure::new(metric, metric.scale(), None), Ok(own));
            for point in metric.scale().points() {
                let rating = Rating::new(point, metric.scale()).unwrap();
                assert_eq!(own.band(rating), metric.band(rating), "{metric:?} {point}");
            }
        }
    }

    #[test]
    fn a_metric_is_asked_on_scales_that_suit_it() {
        assert_eq!(Measure::new(Metric::Nps, Scale::TEN, Some(2)), Err(BadMeasure::Scale));
        assert_eq!(Measure::new(Metric::Nps, Scale::NPS, Some(3)), Err(BadMeasure::FavourablePoints(5)));
        assert_eq!(Measure::new(Metric::Csat, Scale::EFFORT, None), Err(BadMeasure::Scale));
        let effort = Measure::new(Metric::Ces, Scale::EFFORT, None).unwrap();
        assert_eq!(effort.band(Rating::new(1, Scale::EFFORT).unwrap()), Ok(Band::Favourable));
        for points in [None, Some(0), Some(4)] {
            let seven = Measure::new(Metric::Csat, Scale::EASE, points);
            assert_eq!(seven, Err(BadMeasure::FavourablePoints(3)), "{points:?}");
        }
    }

    #[test]
    fn ratings_of_another_scale_give_no_score() {
        let seven = Measure::new(Metric::Csat, Scale::EASE, Some(2)).unwrap();
        let five = Tally::from_counts(Scale::CSAT, &[0, 0, 0, 0, 4]).unwrap();
        assert_eq!(seven.score(&five), None);
        let tally = Tally::from_counts(Scale::EASE, &[1, 0, 0, 0, 1, 1, 1]).unwrap();
        let score = seven.score(&tally).unwrap();
        assert_eq!((score.value, score.receipt().favourable_points), (50.0, Some(2)));
        assert_eq!(score.receipt().scale, Some(Scale::EASE));
    }
}
