use super::{
    fields::Fields,
    refusal::{Refusal, Result, more_than_all},
    reply::{Reply, exact, value},
};
use candor_scoring::{Formula, Ratio, Receipt, operational};

/// What is looked at beside a score: retention, churn, service, referrals.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    if fields.has("start") {
        let (start, end) = (fields.count("start")?, fields.count("end")?);
        if !fields.has("new") {
            let ratio = operational::retention_with_new(start, end);
            let reply = ratio_reply(Formula::RETENTION_WITH_NEW, "retention_pct", ratio);
            return Ok(reply.with("flag", "may_pass_100"));
        }
        let new = fields.count("new")?;
        let retention = operational::retention(start, end, new).map_err(more_than_all("new"))?;
        let churn = operational::churn(start, end, new).map_err(more_than_all("new"))?;
        return Ok(Reply::new(Receipt::new(Formula::RETENTION).exact(retention))
            .no_data_if(retention.is_none())
            .with("retention_pct", value(retention))
            .with("retention_pct_exact", exact(retention))
            .with("churn_pct", value(churn))
            .with("churn_pct_exact", exact(churn)));
    }
    if fields.has("resolved_first_contact") {
        let (part, all) = (fields.count("resolved_first_contact")?, fields.count("total")?);
        let ratio = operational::first_contact_resolution(part, all)
            .map_err(more_than_all("resolved_first_contact"))?;
        return Ok(ratio_reply(Formula::FIRST_CONTACT, "fcr_pct", ratio));
    }
    if fields.has("total_minutes") {
        let resolved = fields.count("resolved")?;
        let minutes = operational::time_to_resolution(fields.variance("total_minutes")?, resolved);
        let hours = fields.has("hours").then(|| fields.text("hours")).transpose()?;
        if hours.is_some_and(|hours| !["calendar", "business"].contains(&hours)) {
            return Err(Refusal::new("out_of_range", "`hours` must be calendar or business", "hours"));
        }
        return Ok(Reply::new(Receipt::new(Formula::RESOLUTION_TIME))
            .no_data_if(minutes.is_none())
            .with("art_minutes", minutes)
            .with("hours", hours));
    }
    if fields.has("referring_customers") {
        let (part, all) = (fields.count("referring_customers")?, fields.count("customers")?);
        let ratio = operational::referral_rate(part, all).map_err(more_than_all("referring_customers"))?;
        return Ok(ratio_reply(Formula::REFERRAL, "referral_pct", ratio));
    }
    if fields.has("margin") {
        let (margin, retention) = (fields.number("margin")?, fields.number("retention")?);
        let value = operational::lifetime_value(margin, retention, fields.number("discount")?);
        let value = value.ok_or_else(|| {
            let message =
                "`retention` is from 0 to 1, `discount` 0 or above, and not both at the end without end";
            Refusal::new("out_of_range", message, "retention")
        })?;
        if !value.is_finite() {
            let message = "the sum is beyond what a number holds";
            return Err(Refusal::new("overflow", message, "margin"));
        }
        return Ok(Reply::new(Receipt::new(Formula::LIFETIME_VALUE)).with("lifetime_value", value));
    }
    let message = "give start and end, resolved_first_contact, total_minutes, referring_customers or margin";
    Err(Refusal::new("missing_field", message, ""))
}

fn ratio_reply(formula: Formula, name: &str, ratio: Option<Ratio>) -> Reply {
    Reply::new(Receipt::new(formula).exact(ratio))
        .no_data_if(ratio.is_none())
        .with(name, value(ratio))
        .with(format!("{name}_exact"), exact(ratio))
}
