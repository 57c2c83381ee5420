use super::{
    fields::Fields,
    refusal::Result,
    reply::{Reply, ends, nps_receipt, value},
};
use candor_scoring::{Formula, Method, anytime, anytime_half_width};

/// The Net Promoter Score with an interval that holds however often it is looked at.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    let nps = fields.nps()?;
    let (alpha, rho) = (fields.chance("alpha")?, fields.positive("rho")?);
    let reason = match nps.variance() {
        None => Some("no_data"),
        // Of no width, for the formula knows no other spread than that of the answers.
        Some(0.0) => Some("no_spread"),
        Some(_) => None,
    };
    let receipt = nps_receipt(Formula::ANYTIME).exact(nps.score()).method(Method::Anytime);
    Ok(Reply::new(receipt)
        .reason(reason)
        .with("n", nps.n())
        .with("score", value(nps.score()))
        .with("half_width", anytime_half_width(nps, alpha, rho))
        .with("ci", ends(anytime(nps, alpha, rho))))
}
