use super::{
    fields::Fields,
    refusal::{Refusal, Result},
    reply::Reply,
};
use candor_scoring::{Formula, NotARatio, Ratio, Receipt};

/// A fraction as people read it.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    const RULE: &str = "half_away_from_zero";
    if fields.has("rule") && fields.text("rule")? != RULE {
        return Err(Refusal::new("unknown_rule", format!("the only rule is {RULE}"), "rule"));
    }
    let ratio: Ratio = fields.text("value")?.parse().map_err(|error| {
        let code = if error == NotARatio::TooLarge { "out_of_range" } else { "wrong_type" };
        Refusal::new(code, error, "value")
    })?;
    let decimals = u8::try_from(fields.count("decimals")?).ok().filter(|decimals| *decimals <= 30);
    let decimals = decimals
        .ok_or_else(|| Refusal::new("out_of_range", "`decimals` must be from 0 to 30", "decimals"))?;
    Ok(Reply::new(Receipt::new(Formula::DISPLAY).exact(Some(ratio))).with("text", ratio.rounded(decimals)))
}
