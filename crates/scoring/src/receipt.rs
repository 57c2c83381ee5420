use crate::{Method, Ratio, Scale};

/// How a kind of number is made: one entry per definition, so that a number can say by which it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formula {
    /// A name that never changes its meaning; a changed definition gets another.
    pub id: &'static str,
    /// The definition.
    pub definition: &'static str,
    /// The result's unit.
    pub unit: &'static str,
}

macro_rules! formulas {
    ($($name:ident $id:literal $definition:literal $unit:literal)*) => {
        impl Formula {
            $(#[doc = concat!("`", $id, "`: ", $definition, "; in ", $unit, ".")]
            pub const $name: Self = Self { id: $id, definition: $definition, unit: $unit };)*

            /// Every formula.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

formulas! {
    NPS "nps" "100 (promoters - detractors) / n; promoters 9-10, detractors 0-6" "points"
    TOP_BOX "top_box" "100 favourable / n; mean = sum of ratings / n" "percent"
    COMPARE_NPS "compare_nps" "NPS of b - NPS of a" "points"
    COMPARE_SHARES "compare_shares" "100 (favourable_b / n_b - favourable_a / n_a)" "percent"
    COMPARE_MEANS "compare_means" "mean of b - mean of a" "points of the scale"
    MULTIPLICITY "multiplicity" "p values adjusted for their number" "probability"
    SHARES "shares_goodman" "100 count / n with simultaneous intervals (Goodman 1965)" "percent"
    SAMPLE_SIZE_MARGIN "sample_size_margin" "n0 = v z^2 / m^2; n = n0 / (1 + (n0 - 1) / N)" "answers"
    SAMPLE_SIZE_DIFFERENCE "sample_size_difference" "(z_alpha + z_power)^2 (v_a + v_b) / d^2" "answers per group"
    POST_STRATIFIED_NPS "post_stratified_nps" "sum of W x NPS; SE = sqrt(sum of W^2 s^2 / n (1 - n / N))" "points"
    NONRESPONSE "nonresponse_bounds" "NPS if all the silent were detractors, or promoters (Manski)" "points"
    DECOMPOSE "kitagawa" "mix = dw (s_a + s_b) / 2; within = ds (w_a + w_b) / 2" "points"
    TAG_IMPACT "tag_impact" "share x (NPS with - NPS without)" "points"
    DRIVERS "drivers" "R^2 averaged over orders (LMG) and relative weights (Johnson 2000)" "share of variance"
    EWMA "ewma" "z = lam x + (1 - lam) z, exact time-varying limits" "the values' unit"
    CUSUM "cusum" "max(0, x - (mu + k sigma) + c), max(0, (mu - k sigma) - x + c)" "the values' unit"
    CUSUM_NPS "cusum_nps" "CUSUM of (NPS - mu) / (100 sqrt(V / n))" "standard errors"
    P_CHART "p_chart" "satisfied / n, centre +- 3 sqrt(c (1 - c) / n)" "fraction"
    EWMA_NPS "ewma_nps" "z = lam NPS + (1 - lam) z, v = lam^2 10^4 V / n + (1 - lam)^2 v" "points"
    ANYTIME "anytime" "s sqrt(2 (n rho^2 + 1) / (n^2 rho^2) ln(sqrt(n rho^2 + 1) / alpha))" "points"
    KEYWORD "keyword" "log-odds ratio with a Dirichlet prior (Monroe et al. 2008)" "log-odds"
    RETENTION "retention" "100 (end - new) / start; churn = 100 lost / start" "percent"
    RETENTION_WITH_NEW "retention_with_new" "100 end / start, new customers included" "percent"
    FIRST_CONTACT "first_contact_resolution" "100 resolved at first contact / cases" "percent"
    RESOLUTION_TIME "time_to_resolution" "total time / resolved cases" "minutes, as given"
    REFERRAL "referral_rate" "100 referring customers / customers" "percent"
    LIFETIME_VALUE "lifetime_value" "m r / (1 + d - r), constant margin and retention (Gupta & Lehmann 2003)" "money, as given"
    DISPLAY "display" "rounded once, half away from zero, never -0" "as given"
}

/// Answers that are in no denominator, if their number is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// Prompts closed unanswered.
    pub dismissed: Option<u64>,
    /// Questions that were skipped.
    pub skipped: Option<u64>,
}

/// How one number came about, to be kept with it.
///
/// # Examples
/// ```
/// use candor_scoring::{Formula, Nps, Receipt, Scale};
/// let receipt = Receipt::new(Formula::NPS).scale(Scale::NPS).exact(Nps::new(1, 1, 2)?.score());
/// assert_eq!((receipt.formula.id, receipt.exact.unwrap().to_string()), ("nps", "25/1".into()));
/// # Ok::<(), candor_scoring::Overflow>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The definition.
    pub formula: Formula,
    /// The scale and its direction, if ratings were counted.
    pub scale: Option<Scale>,
    /// How many points were favourable, 1…5, if that was a choice.
    pub favourable_points: Option<u8>,
    /// The number before it was rounded, in the formula's unit; `None` if it has no exact fraction or nobody
    /// answered.
    pub exact: Option<Ratio>,
    /// What was left out.
    pub exclusions: Exclusions,
    /// How the interval was made, if there is one to show.
    pub method: Option<Method>,
    /// The version of this crate.
    pub version: &'static str,
}

impl Receipt {
    /// A receipt for a formula, with this crate's version and nothing else yet.
    #[must_use]
    pub const fn new(formula: Formula) -> Self {
        Self {
            formula,
            scale: None,
            favourable_points: None,
            exact: None,
            exclusions: Exclusions { dismissed: None, skipped: None },
            method: None,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// With the scale.
    #[must_use]
    pub const fn scale(self, scale: Scale) -> Self {
        Self { scale: Some(scale), ..self }
    }

    /// With the method of the interval.
    #[must_use]
    pub const fn method(self, method: Method) -> Self {
        Self { method: Some(method), ..self }
    }

    /// With the number before it was rounded.
    #[must_use]
    pub const fn exact(self, exact: Option<Ratio>) -> Self {
        Self { exact, ..self }
    }
}
