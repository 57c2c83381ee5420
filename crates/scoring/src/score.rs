use crate::{Interval, Measure, Metric, Ratio, Receipt, Tally};

/// An aggregate of a tally, with its number of answers and interval.
///
/// # Range
/// NPS: −100…100 points, the share of promoters minus the share of detractors. CSAT and CES: 0…100, the
/// percentage of favourable answers.
///
/// # References
/// The bands: [`Metric::band`]. The intervals: [`Nps::bonett_price`](crate::Nps::bonett_price), [`Share::wilson`](crate::Share::wilson).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// What was measured, and on which scale.
    pub measure: Measure,
    /// How many answered, at least 1; dismissals and skips are not counted.
    pub n: u64,
    /// The score before it was rounded, in points or percent.
    pub exact: Ratio,
    /// The nearest floating-point number to it.
    pub value: f64,
    /// Its 95 % interval, cut off at the ends of the range.
    pub interval: Interval,
}

impl Score {
    /// The score of a tally on the metric's own scale, as [`Measure::score`] gives it.
    ///
    /// # Examples
    /// ```
    /// use candor_scoring::{Metric, Rating, Scale, Score, Tally};
    /// let mut tally = Tally::new(Scale::NPS);
    /// for point in [10, 9, 8, 3] {
    ///     tally.add(Rating::new(point, Scale::NPS)?, 1)?;
    /// }
    /// assert_eq!(Score::of(Metric::Nps, &tally).map(|s| s.value), Some(25.0));
    /// assert_eq!(Score::of(Metric::Nps, &Tally::new(Scale::NPS)), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(metric: Metric, tally: &Tally) -> Option<Self> {
        Measure::own(metric).score(tally)
    }

    /// How the score came about.
    #[must_use]
    pub const fn receipt(&self) -> Receipt {
        self.measure.receipt().exact(Some(self.exact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, Rating, Scale};

    fn tally(metric: Metric, counts: &[u64]) -> Tally {
        let mut tally = Tally::new(metric.scale());
        for (point, n) in metric.scale().points().zip(counts) {
            tally.add(Rating::new(point, metric.scale()).unwrap(), *n).unwrap();
        }
        tally
    }

    #[test]
    fn no_answers_give_no_score() {
        for metric in [Metric::Nps, Metric::Csat, Metric::Ces] {
            assert_eq!(Score::of(metric, &Tally::new(metric.scale())), None);
        }
    }

    #[test]
    fn a_tally_of_another_scale_gives_no_score() {
        let csat = Tally::from_counts(Scale::CSAT, &[1, 1, 1, 1, 1]).unwrap();
        assert_eq!(Score::of(Metric::Nps, &csat), None);
        assert_eq!(Score::of(Metric::Ces, &csat), None);
    }

    #[test]
    fn a_receipt_says_how_many_points_are_favourable() {
        for metric in [Metric::Csat, Metric::Ces] {
            let score = Score::of(metric, &tally(metric, &[1, 1, 1])).unwrap();
            let receipt = score.receipt();
            let points = receipt.favourable_points.unwrap();
            let rule = crate::TopBox::new(metric.scale(), points).unwrap();
            for point in metric.scale().points() {
                let rating = Rating::new(point, metric.scale()).unwrap();
                assert_eq!(rule.band(rating), metric.band(rating));
            }
            assert_eq!((receipt.exact, receipt.method), (Some(score.exact), Some(Method::Wilson)));
        }
        let receipt = Score::of(Metric::Nps, &tally(Metric::Nps, &[1])).unwrap().receipt();
        assert_eq!((receipt.formula.id, receipt.favourable_points), ("nps", None));
        assert_eq!((receipt.scale, receipt.method), (Some(Scale::NPS), Some(Method::BonettPrice)));
    }

    #[test]
    fn dissatisfied_answers_are_in_the_denominator() {
        let score = Score::of(Metric::Csat, &tally(Metric::Csat, &[1, 0, 1, 1, 1])).unwrap();
        assert_eq!((score.n, score.value), (4, 50.0));
    }

    // Newcombe, R. G. (1998), Statistics in Medicine 17, 857–872, Table I: 81/263 by the score method is
    // 0.2553 to 0.3662.
    #[test]
    fn wilson_reproduces_newcombes_81_of_263() {
        let score = Score::of(Metric::Csat, &tally(Metric::Csat, &[182, 0, 0, 0, 81])).unwrap();
        assert_eq!(score.interval.method, Method::Wilson);
        assert!((score.interval.low - 25.53).abs() < 0.005 && (score.interval.high - 36.62).abs() < 0.005);
    }
}
