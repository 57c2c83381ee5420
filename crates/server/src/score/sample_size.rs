use super::{
    fields::Fields,
    refusal::{Refusal, Result},
    reply::Reply,
};
use candor_scoring::{Formula, Receipt, sample_size_for_difference, sample_size_for_margin};
use serde_json::Value;

/// How many answers are enough.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    let too_many = |field| Refusal::new("overflow", "no number of answers is enough", field);
    if fields.has("variance_a") || fields.has("difference") {
        let variances = (fields.variance("variance_a")?, fields.variance("variance_b")?);
        let difference = fields.number_where("difference", "other than 0", |x| x != 0.0)?;
        let n = sample_size_for_difference(
            variances,
            difference,
            fields.chance("alpha")?,
            fields.chance("power")?,
        )
        .ok_or_else(|| too_many("difference"))?;
        return Ok(Reply::new(Receipt::new(Formula::SAMPLE_SIZE_DIFFERENCE))
            .with("n_per_group_exact", n)
            .with("n_per_group", whole(n)));
    }
    let variance = fields.variance("variance")?;
    // Points would give a small number of answers that nobody would doubt.
    let range = "above 0 and at most 1: a fraction, 0.05 for 5 points";
    let margin = fields.number_where("margin", range, |margin| margin > 0.0 && margin <= 1.0)?;
    let level = match fields.get("level") {
        Some(Value::String(text)) => text.parse().ok().filter(|x: &f64| *x > 0.0 && *x < 1.0),
        Some(_) => Some(fields.chance("level")?),
        None => Some(0.95),
    };
    let level =
        level.ok_or_else(|| Refusal::new("out_of_range", "`level` must be above 0 and below 1", "level"))?;
    let population = fields.count_if_given("population")?;
    if population == Some(0) {
        return Err(Refusal::new("out_of_range", "`population` must be above 0", "population"));
    }
    let n = sample_size_for_margin(variance, margin, level, population).ok_or_else(|| too_many("margin"))?;
    Ok(Reply::new(Receipt::new(Formula::SAMPLE_SIZE_MARGIN)).with("n_exact", n).with("n", whole(n)))
}

/// The next whole number, as a whole number while it fits one.
fn whole(x: f64) -> Value {
    let up = x.ceil();
    if up < 9.0e18 { (up as u64).into() } else { up.into() }
}
