use crate::{Rating, Scale};

/// What a survey measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Net Promoter Score: would you recommend us, 0–10.
    Nps,
    /// Customer satisfaction: how satisfied are you, 1–5.
    Csat,
    /// Customer effort score 2.0: how easy was it, 1–7, high is good.
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

impl Metric {
    /// The scale on which this metric is asked.
    #[must_use]
    pub const fn scale(self) -> Scale {
        match self {
            Self::Nps => Scale::NPS,
            Self::Csat => Scale::CSAT,
            Self::Ces => Scale::EASE,
        }
    }

    /// The band of a rating given on [`Metric::scale`]. Nothing else in the project knows these limits.
    ///
    /// # References
    /// NPS: Reichheld, F. (2003), "The One Number You Need to Grow", Harvard Business Review 81(12), 46–54:
    /// 9–10 promoters, 7–8 passives, 0–6 detractors. CSAT: the top two of five points; CES 2.0: 5–7 of 7.
    #[must_use]
    pub const fn band(self, rating: Rating) -> Band {
        let (neutral, favourable) = match self {
            Self::Nps => (7, 9),
            Self::Csat => (3, 4),
            Self::Ces => (4, 5),
        };
        match rating.point() {
            p if p >= favourable => Band::Favourable,
            p if p >= neutral => Band::Neutral,
            _ => Band::Unfavourable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(metric: Metric, expect: &[(u8, Band)]) {
        for &(point, band) in expect {
            assert_eq!(metric.band(Rating::new(point, metric.scale()).unwrap()), band, "{metric:?} {point}");
        }
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
