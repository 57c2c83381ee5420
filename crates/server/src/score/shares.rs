use super::{
    fields::Fields,
    refusal::{Refusal, Result},
    reply::{Reply, ends, value},
};
use candor_scoring::{Formula, Level, Method, Ratio, Receipt, goodman};
use serde_json::{Map, Value};

/// What share each of several counts is of all.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    let counts = fields.counts("counts")?;
    let n = counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
    let n = n.ok_or_else(|| Refusal::new("overflow", "the counts pass 2^64 − 1 together", "counts"))?;
    let percent = |count: &u64| value(Ratio::new(100 * i128::from(*count), i128::from(n)));
    let levels = Level::ALL.iter().map(|level| {
        let intervals = goodman(&counts, *level);
        let list =
            intervals.map(|list| list.into_iter().map(|interval| ends(Some(interval))).collect::<Vec<_>>());
        (level.name().to_owned(), list.into())
    });
    Ok(Reply::new(Receipt::new(Formula::SHARES).method(Method::Goodman))
        .no_data_if(n == 0)
        .with("n", n)
        .with("pct", counts.iter().map(percent).collect::<Vec<_>>())
        .with("goodman", levels.collect::<Map<_, Value>>()))
}
