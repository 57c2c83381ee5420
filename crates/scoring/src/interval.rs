/// How an interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Adjusted Wald for NPS: ¾ of a promoter, ¾ of a detractor and 1½ passives are added first.
    AdjustedWald,
    /// Wilson's score interval for a share.
    Wilson,
}

impl Method {
    /// Its name on the wire: `adjusted_wald` or `wilson`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdjustedWald => "adjusted_wald",
            Self::Wilson => "wilson",
        }
    }
}

/// A two-sided 95 % interval in the score's own unit, clipped to the score's range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How it was made.
    pub method: Method,
}

/// The 0.975 quantile of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

/// # References
/// Rocks, B. (2016), "Interval Estimation for the Net Promoter Score", The American Statistician 70(4), 365–372.
pub(crate) fn adjusted_wald(promoters: f64, detractors: f64, n: f64) -> Interval {
    let n = n + 3.0;
    let (p, d) = ((promoters + 0.75) / n, (detractors + 0.75) / n);
    let score = p - d;
    let margin = Z95 * libm::sqrt((p + d - score * score) / n);
    Interval {
        low: (100.0 * (score - margin)).max(-100.0),
        high: (100.0 * (score + margin)).min(100.0),
        method: Method::AdjustedWald,
    }
}

/// # References
/// Wilson, E. B. (1927), "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the
/// American Statistical Association 22(158), 209–212.
pub(crate) fn wilson(favourable: f64, n: f64) -> Interval {
    let (p, z2) = (favourable / n, Z95 * Z95);
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let margin = Z95 / (1.0 + z2 / n) * libm::sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
    Interval {
        low: (100.0 * (centre - margin)).max(0.0),
        high: (100.0 * (centre + margin)).min(100.0),
        method: Method::Wilson,
    }
}
