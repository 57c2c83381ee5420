use crate::{
    Band, Interval, Metric, Tally,
    interval::{adjusted_wald, wilson},
};

/// An aggregate of a tally, with its number of answers and interval.
///
/// # Range
/// NPS: −100…100 points, the share of promoters minus the share of detractors. CSAT and CES: 0…100, the
/// percentage of favourable answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// What was measured.
    pub metric: Metric,
    /// How many answered; dismissals and skips are not counted.
    pub n: u64,
    /// The score, in points or percent.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

impl Score {
    /// The score of a tally, or `None` if nobody answered.
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
        let n = tally.n();
        if n == 0 {
            return None;
        }
        let favourable = tally.in_band(metric, Band::Favourable);
        // Beyond 2^53 answers the counts round by less than one part in 10^15.
        let (total, good) = (n as f64, favourable as f64);
        let (value, interval) = if metric == Metric::Nps {
            let detractors = tally.in_band(metric, Band::Unfavourable);
            let difference = (i128::from(favourable) - i128::from(detractors)) as f64;
            (100.0 * difference / total, adjusted_wald(good, detractors as f64, total))
        } else {
            (100.0 * good / total, wilson(good, total))
        };
        Some(Self { metric, n, value, interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, Rating};

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
