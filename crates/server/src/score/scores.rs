use super::{
    fields::Fields,
    refusal::{Refusal, Result, unknown},
    reply::{Reply, by_level, default_interval, exact, nps_receipt, value},
};
use candor_scoring::{
    Band, Direction, Exclusions, Formula, Look, Method, Moments, Ratio, Receipt, Scale, TopBox,
};
use serde_json::json;

/// What the answers to one question are worth.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    let exclusions = Exclusions {
        dismissed: fields.count_if_given("dismissed")?,
        skipped: fields.count_if_given("skipped")?,
    };
    let direction = fields.direction()?;
    // What a metric is asked on if nothing else is said, and the only direction it has, if there is but one.
    let metric = fields.text("metric")?;
    let (usual, only) = match metric {
        "nps" => return of_nps(fields, exclusions),
        "csat" => (Scale::CSAT, None),
        "star" => (Scale::CSAT, Some(Direction::HigherIsBetter)),
        "ces1" => (Scale::EFFORT, Some(Direction::LowerIsBetter)),
        "ces2" => (Scale::EASE, Some(Direction::HigherIsBetter)),
        "thumbs" => (Scale::YES_NO, None),
        "ces" => {
            return Err(unknown("metric", "ces", "ces1 (effort, low is good) or ces2 (ease, high is good)"));
        }
        other => return Err(unknown("metric", other, "nps, csat, ces1, ces2, star or thumbs")),
    };
    if let (Some(only), Some(given)) = (only, direction)
        && only != given
    {
        let message = format!("this metric is {} by definition", only.name());
        return Err(Refusal::new("wrong_direction", message, "direction"));
    }
    let direction = direction.or(only).unwrap_or(usual.direction());
    let scale = fields.scale(usual, direction)?;
    let (suits, expected) = match metric {
        "star" => (Look::Stars.suits(scale), "stars count from 1 and are three at least"),
        "thumbs" => (Look::Thumbs.suits(scale), "thumbs tell two points apart"),
        "ces1" => (scale == Scale::EFFORT, "effort is asked on 1–5"),
        _ => (true, ""),
    };
    if !suits {
        return Err(Refusal::new("bad_scale", expected, "scale"));
    }
    let rule = match fields.count_if_given("favourable_points")? {
        Some(points) => {
            u8::try_from(points).ok().and_then(|points| TopBox::new(scale, points).ok()).ok_or_else(|| {
                let message = "`favourable_points` must be at least 1 and at most half of the scale's points";
                Refusal::new("out_of_range", message, "favourable_points")
            })?
        }
        None => TopBox::customary(scale).ok_or_else(|| {
            let message =
                "no number of favourable points is customary on this scale: give `favourable_points`";
            Refusal::new("missing_field", message, "favourable_points")
        })?,
    };
    let tally = fields.tally(scale, "counts", Some("ratings"))?;
    let of_scale = |error| Refusal::new("bad_scale", error, "scale");
    let moments = Moments::of(&tally);
    let share = rule.share(&tally).map_err(of_scale)?;
    let count = |band| rule.count(&tally, band).map_err(of_scale);
    let unfavourable = count(Band::Unfavourable)?;
    let net = i128::from(share.favourable()) - i128::from(unfavourable);
    let net = Ratio::new(100 * net, i128::from(share.n()));
    let receipt = Receipt {
        favourable_points: Some(rule.points()),
        exclusions,
        ..Receipt::new(Formula::TOP_BOX).scale(scale).exact(share.percent()).method(Method::Wilson)
    };
    Ok(Reply::new(receipt)
        .no_data_if(share.n() == 0)
        .with("n", share.n())
        .with("mean", value(moments.mean()))
        .with("mean_exact", exact(moments.mean()))
        .with("mean_oriented", value(moments.mean_oriented()))
        .with("pomp", value(moments.percent_of_maximum()))
        .with("pomp_exact", exact(moments.percent_of_maximum()))
        .with("sd", moments.sd())
        .with("se", moments.se())
        .with("ci", json!({"t": by_level(|level| moments.t(level))}))
        .with("favourable", share.favourable())
        .with("unfavourable", unfavourable)
        .with("neutral", count(Band::Neutral)?)
        .with("favourable_pct", value(share.percent()))
        .with("favourable_pct_exact", exact(share.percent()))
        .with("net_pct", value(net))
        .with("net_pct_exact", exact(net))
        .with(
            "favourable_ci",
            json!({
                "wald": by_level(|level| share.wald(level)),
                "wilson": by_level(|level| share.wilson(level)),
                "agresti_coull": by_level(|level| share.agresti_coull(level)),
                "clopper_pearson": by_level(|level| share.clopper_pearson(level)),
                "jeffreys": by_level(|level| share.jeffreys(level)),
            }),
        )
        .with("default_ci", default_interval(Method::Wilson, |level| share.wilson(level))))
}

fn of_nps(fields: &Fields<'_>, exclusions: Exclusions) -> Result<Reply> {
    let scale = fields.nps_scale()?;
    let nps = fields.nps_tally(scale, "counts", Some("ratings"), "scale")?;
    let receipt = nps_receipt(Formula::NPS).exact(nps.score()).method(Method::BonettPrice);
    let receipt = Receipt { exclusions, ..receipt };
    Ok(Reply::new(receipt)
        .no_data_if(nps.n() == 0)
        .with("n", nps.n())
        .with("promoters", nps.promoters())
        .with("passives", nps.passives())
        .with("detractors", nps.detractors())
        .with("score", value(nps.score()))
        .with("score_exact", exact(nps.score()))
        .with("variance", nps.variance())
        .with("se_points", nps.se_points())
        .with(
            "ci",
            json!({
                "wald": by_level(|level| nps.wald(level)),
                "trinomial_t": by_level(|level| nps.t(level)),
                "adjusted_wald": by_level(|level| nps.adjusted_wald(level)),
                "tango_score": by_level(|level| nps.tango_score(level)),
                "bonett_price": by_level(|level| nps.bonett_price(level)),
            }),
        )
        .with("default_ci", default_interval(Method::BonettPrice, |level| nps.default_interval(level))))
}
