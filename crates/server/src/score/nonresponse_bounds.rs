use super::{
    fields::Fields,
    refusal::{Result, more_than_all},
    reply::{Reply, nps_receipt, value},
};
use candor_scoring::{Formula, nonresponse_bounds};

/// The score if everyone who kept silent were a detractor, and a promoter.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    let answers = fields.nps()?;
    let result = nonresponse_bounds(answers, fields.count("invited")?).map_err(more_than_all("invited"))?;
    Ok(Reply::new(nps_receipt(Formula::NONRESPONSE).exact(result.respondents))
        .no_data_if(answers.n() == 0)
        .with("respondent_score", value(result.respondents))
        .with("response_rate", value(result.response_rate))
        .with("bounds", result.bounds.map(|(low, high)| [low.value(), high.value()]))
        .with("bounds_exact", result.bounds.map(|(low, high)| [low.to_string(), high.to_string()])))
}
