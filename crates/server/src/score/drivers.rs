use super::{
    fields::Fields,
    refusal::{Refusal, Result},
    reply::Reply,
};
use candor_scoring::{BadCorrelations, Formula, Receipt, drivers};

/// How much of the overall rating each element explains.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    let result = drivers(&fields.matrix("R_xx")?, &fields.numbers("r_xy")?).map_err(|error| {
        let code = if error == BadCorrelations::Size { "wrong_length" } else { "out_of_range" };
        Refusal::new(code, error, "R_xx")
    })?;
    let share = |part: &f64| (result.r2 > 0.0).then(|| part / result.r2);
    Ok(Reply::new(Receipt::new(Formula::DRIVERS))
        .with("r2", result.r2)
        .with("lmg_share", result.lmg.iter().map(share).collect::<Vec<_>>())
        .with("lmg", result.lmg)
        .with("johnson_rw", result.relative_weights))
}
