use libm::sqrt;

/// How often, in the long run, an interval is to hold the true value: its nominal coverage. What a method
/// truly reaches is in docs/coverage.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 90 %.
    P90,
    /// 95 %.
    P95,
    /// 99 %.
    P99,
}

impl Level {
    /// All three, ascending.
    pub const ALL: [Self; 3] = [Self::P90, Self::P95, Self::P99];

    /// Its name on the wire: `0.90`, `0.95` or `0.99`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P90 => "0.90",
            Self::P95 => "0.95",
            Self::P99 => "0.99",
        }
    }

    /// The chance left outside, both ends together, a fraction: 0.1, 0.05 or 0.01.
    #[must_use]
    pub const fn alpha(self) -> f64 {
        match self {
            Self::P90 => 0.1,
            Self::P95 => 0.05,
            Self::P99 => 0.01,
        }
    }

    /// The standard normal deviate that half of [`Level::alpha`] exceeds: 1.645, 1.960 or 2.576, to the last
    /// digit. Constants, so that the browser needs no quantiles.
    #[must_use]
    pub const fn z(self) -> f64 {
        match self {
            Self::P90 => 1.644_853_626_951_472_2,
            Self::P95 => 1.959_963_984_540_054,
            Self::P99 => 2.575_829_303_548_900_4,
        }
    }
}

/// How an interval was made. The sources are at the functions that make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Estimate and normal deviate times the standard error.
    Wald,
    /// As Wald with Student's t and the sample variance, of ratings or of −1, 0, 1 for NPS.
    T,
    /// Adjusted Wald for NPS: ¾ of a promoter, ¾ of a detractor and 1½ passives are added first.
    AdjustedWald,
    /// Bonett and Price's for NPS: a promoter and a detractor are added first.
    BonettPrice,
    /// Tango's score interval for NPS.
    TangoScore,
    /// Wilson's score interval for a share.
    Wilson,
    /// Agresti and Coull's for a share: z²/2 are added to either side first.
    AgrestiCoull,
    /// Clopper and Pearson's for a share: never covers less than its level.
    ClopperPearson,
    /// The equal-tailed Bayes interval for a share under Jeffreys' prior.
    Jeffreys,
    /// Goodman's for all shares at once.
    Goodman,
    /// Newcombe's hybrid score interval for a difference of shares.
    Newcombe,
    /// Agresti and Caffo's for a difference of shares: an answer of either kind is added to both sides first.
    AgrestiCaffo,
    /// Waudby-Smith and others' confidence sequence, which holds at all times together.
    Anytime,
}

impl Method {
    /// Its name on the wire, such as `adjusted_wald` or `wilson`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wald => "wald",
            Self::T => "t",
            Self::AdjustedWald => "adjusted_wald",
            Self::BonettPrice => "bonett_price",
            Self::TangoScore => "tango_score",
            Self::Wilson => "wilson",
            Self::AgrestiCoull => "agresti_coull",
            Self::ClopperPearson => "clopper_pearson",
            Self::Jeffreys => "jeffreys",
            Self::Goodman => "goodman",
            Self::Newcombe => "newcombe",
            Self::AgrestiCaffo => "agresti_caffo",
            Self::Anytime => "anytime",
        }
    }
}

/// A two-sided interval in the score's own unit. Not clipped to the score's range unless it says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end, in the score's unit.
    pub low: f64,
    /// Upper end, at least the lower one.
    pub high: f64,
    /// How it was made.
    pub method: Method,
}

impl Interval {
    pub(crate) fn around(centre: f64, margin: f64, method: Method) -> Self {
        Self { low: centre - margin, high: centre + margin, method }
    }

    /// The interval cut off at the ends of a range, for display; both in the score's unit.
    #[must_use]
    pub fn clip(self, low: f64, high: f64) -> Self {
        Self { low: self.low.clamp(low, high), high: self.high.clamp(low, high), method: self.method }
    }

    /// How wide it is, in the score's unit: 0 or above.
    #[must_use]
    pub fn width(self) -> f64 {
        self.high - self.low
    }
}

/// The distance from the score to an end of Tango's interval, as a fraction; `p`, `d` and `rest` are the
/// shares of promoters, detractors and passives, `p` at least `d`, no share 1.
///
/// With the true score s − t (lower end) or s + t (upper end), the end solves t² n = z² v(t), where v is the
/// variance under that score and the most likely share of detractors given it. Everything is expressed by t
/// and 1 − s, so that no digits are lost when nearly all answers agree.
pub(crate) fn tango_margin(p: f64, d: f64, rest: f64, n: f64, z: f64, lower: bool) -> f64 {
    let s = p - d;
    // 1 − s.
    let gap = rest + 2.0 * d;
    let excess = |t: f64| {
        // The true score minus the observed one.
        let shift = if lower { -t } else { t };
        let spread = (s + shift) * (gap - shift);
        // The share of detractors solves 2 q² + b q − d spread = 0.
        let b = rest - gap * gap + shift * (1.0 + gap);
        let root = sqrt((b * b + 8.0 * d * spread).max(0.0));
        let q = if b > 0.0 { 2.0 * d * spread / (b + root) } else { (root - b) / 4.0 };
        t - z * sqrt((2.0 * q + spread).max(0.0) / n)
    };
    // The Illinois variant of false position: superlinear, and the root stays inside.
    let (mut near, mut far) = (0.0, if lower { 1.0 + s } else { gap });
    let (mut below, mut above) = (excess(near), excess(far));
    let mut last = f64::INFINITY;
    let mut moved_far = None;
    for round in 0..200 {
        let t = if round % 8 == 7 {
            f64::midpoint(near, far)
        } else {
            near - below * (far - near) / (above - below)
        };
        let value = excess(t);
        if value == 0.0 || (t - last).abs() <= 2.0 * f64::EPSILON * t.abs() {
            return t;
        }
        last = t;
        if value < 0.0 {
            (near, below) = (t, value);
            if moved_far == Some(false) {
                above /= 2.0;
            }
            moved_far = Some(false);
        } else {
            (far, above) = (t, value);
            if moved_far == Some(true) {
                below /= 2.0;
            }
            moved_far = Some(true);
        }
    }
    last
}
