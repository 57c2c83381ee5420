use super::{
    fields::Fields,
    refusal::{Refusal, Result},
    reply::Reply,
};
use candor_scoring::{Formula, Receipt, keyword};

/// Whether a word is promoters' or detractors'.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    let promoters = (fields.count("y_promoter")?, fields.count("n_promoter")?);
    let detractors = (fields.count("y_detractor")?, fields.count("n_detractor")?);
    let result = keyword(promoters, detractors, fields.positive("alpha_w")?, fields.positive("alpha_0")?);
    let result = result.ok_or_else(|| {
        let message = "a word occurs no more often than all words, and `alpha_0` is above `alpha_w`";
        Refusal::new("out_of_range", message, "alpha_0")
    })?;
    Ok(Reply::new(Receipt::new(Formula::KEYWORD))
        .with("delta", result.delta)
        .with("variance", result.variance)
        .with("z", result.z))
}
