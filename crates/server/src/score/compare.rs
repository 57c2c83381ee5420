use super::{
    fields::Fields,
    refusal::{Refusal, Result, unknown},
    reply::{Reply, by_level, nps_receipt, value},
};
use candor_scoring::{Direction, Formula, Method, Moments, Nps, Ratio, Receipt, Scale, compare};
use serde_json::{Value, json};

/// What changed from a to b, and whether that is more than chance.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    match fields.text("metric")? {
        "nps" => of_nps(fields),
        "csat" => of_shares(fields),
        "mean" => of_means(fields),
        other => Err(unknown("metric", other, "nps, csat or mean")),
    }
}

fn z_test(test: Option<compare::Test>) -> Value {
    test.map_or(Value::Null, |test| {
        let ci = by_level(|level| Some(test.interval(level)));
        json!({"difference": test.difference, "se": test.se, "z": test.statistic, "p": test.p, "ci": ci})
    })
}

fn t_test(test: Option<compare::Test>) -> Value {
    test.map_or(Value::Null, |test| {
        let ci = by_level(|level| Some(test.interval(level)));
        json!({"se": test.se, "t": test.statistic, "df": test.df, "p": test.p, "ci": ci})
    })
}

/// The difference before it was rounded.
fn minus(b: Option<Ratio>, a: Option<Ratio>) -> Option<Ratio> {
    b?.checked_sub(a?)
}

fn of_nps(fields: &Fields<'_>) -> Result<Reply> {
    let scale = fields.nps_scale()?;
    let side = |name| fields.nps_tally(scale, name, None, name);
    let (a, b) = (side("counts_a")?, side("counts_b")?);
    let bands = |nps: Nps| [nps.detractors(), nps.passives(), nps.promoters()];
    let scores = (value(a.score()), value(b.score()));
    let chi2 =
        compare::chi_squared(bands(a), bands(b)).map(|c| json!({"chi2": c.chi2, "df": c.df, "p": c.p}));
    let receipt = nps_receipt(Formula::COMPARE_NPS).exact(minus(b.score(), a.score())).method(Method::Wald);
    Ok(Reply::new(receipt)
        .no_data_if(a.n() == 0 || b.n() == 0)
        .with("n", [a.n(), b.n()])
        .with("scores", [scores.0, scores.1])
        .with("difference", compare::nps_difference(a, b))
        .with(
            "tests",
            json!({
                "wald_z": z_test(compare::nps_wald(a, b)),
                "welch_t": t_test(compare::nps_welch(a, b)),
                "adjusted_wald_z": z_test(compare::nps_adjusted_wald(a, b)),
                "chi2_groups": chi2,
            }),
        ))
}

fn of_shares(fields: &Fields<'_>) -> Result<Reply> {
    let (a, b) = (fields.share("a")?, fields.share("b")?);
    let percent = (value(a.percent()), value(b.percent()));
    let z = |test: Option<compare::Test>| test.map(|test| json!({"z": test.statistic, "p": test.p}));
    let no_data = a.n() == 0 || b.n() == 0;
    let fisher = match compare::fisher_exact(a, b) {
        None if no_data => Value::Null,
        None => json!({"p": null, "reason": "counts_too_large"}),
        Some(p) => json!({"p": p}),
    };
    let exact = minus(b.percent(), a.percent());
    Ok(Reply::new(Receipt::new(Formula::COMPARE_SHARES).exact(exact).method(Method::Newcombe))
        .no_data_if(no_data)
        .with("counts", [[a.favourable(), a.n()], [b.favourable(), b.n()]])
        .with("pct", [percent.0, percent.1])
        .with("difference", compare::percent_difference(a, b))
        .with(
            "tests",
            json!({
                "z_pooled": z(compare::share_pooled(a, b)),
                "n_minus_1": z(compare::share_n_minus_1(a, b)),
                "fisher_exact": fisher,
            }),
        )
        .with(
            "ci",
            json!({
                "newcombe": by_level(|level| compare::newcombe(a, b, level)),
                "agresti_caffo": by_level(|level| compare::agresti_caffo(a, b, level)),
            }),
        ))
}

fn of_means(fields: &Fields<'_>) -> Result<Reply> {
    let min = fields.count("scale_min")?;
    let points = fields.counts("counts_a")?.len() as u64;
    let limits = u8::try_from(min).ok().zip(u8::try_from(min.saturating_add(points).saturating_sub(1)).ok());
    let direction = fields.direction()?.unwrap_or(Direction::HigherIsBetter);
    let scale = limits.and_then(|(min, max)| Scale::new(min, max, direction).ok());
    let scale = scale.ok_or_else(|| {
        Refusal::new(
            "bad_scale",
            "a scale starts at 0 or 1, has two points at least and ends at 10 at most",
            "scale_min",
        )
    })?;
    let (a, b) = (fields.tally(scale, "counts_a", None)?, fields.tally(scale, "counts_b", None)?);
    let of_scale = |error| Refusal::new("bad_scale", error, "counts_b");
    let ranks = compare::ranks(&a, &b).map_err(of_scale)?;
    let welch = compare::mean_welch(&a, &b).map_err(of_scale)?;
    let means = [&a, &b].map(|tally| Moments::of(tally).mean());
    let mann_whitney =
        |p: fn(&compare::Ranks) -> Option<f64>| ranks.as_ref().map(|r| json!({"U": r.u, "p": p(r)}));
    let [mean_a, mean_b] = means;
    let receipt = Receipt::new(Formula::COMPARE_MEANS).scale(scale).exact(minus(mean_b, mean_a));
    Ok(Reply::new(receipt.method(Method::T))
        .no_data_if(a.n() == 0 || b.n() == 0)
        .with("n", [a.n(), b.n()])
        .with("means", means.map(value))
        .with("difference", compare::mean_difference(&a, &b).map_err(of_scale)?)
        .with("welch_t", t_test(welch))
        .with("cliffs_delta", ranks.map(|ranks| ranks.cliffs_delta))
        .with("prob_superiority", ranks.map(|ranks| ranks.prob_superiority))
        .with("mann_whitney", mann_whitney(|ranks| ranks.p))
        .with("mann_whitney_cc", mann_whitney(|ranks| ranks.p_corrected)))
}
