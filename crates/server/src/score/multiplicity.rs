use super::{
    fields::Fields,
    refusal::{Refusal, Result},
    reply::Reply,
};
use candor_scoring::{Formula, Receipt, multiplicity};

/// Chances adjusted for their number.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    let p = fields.numbers("p")?;
    if p.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return Err(Refusal::new("out_of_range", "every p is from 0 to 1", "p"));
    }
    Ok(Reply::new(Receipt::new(Formula::MULTIPLICITY))
        .no_data_if(p.is_empty())
        .with("bonferroni", multiplicity::bonferroni(&p))
        .with("sidak", multiplicity::sidak(&p))
        .with("holm", multiplicity::holm(&p))
        .with("bh", multiplicity::benjamini_hochberg(&p))
        .with("by", multiplicity::benjamini_yekutieli(&p)))
}
