use super::{
    fields::Fields,
    refusal::{Refusal, Result},
    reply::{Reply, by_level, nps_receipt, value},
};
use candor_scoring::{Formula, Interval, Level, Method, Nps, Ratio, tag_impact};

/// What the answers with a tag do to the score of all.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    fields.only_nps()?;
    let (with, without) = (fields.bands("with_tag")?, fields.bands("without_tag")?);
    let all = with
        .detractors()
        .checked_add(without.detractors())
        .zip(with.passives().checked_add(without.passives()));
    let all = all.zip(with.promoters().checked_add(without.promoters()));
    let all = all.and_then(|((d, pa), pr)| Nps::new(d, pa, pr).ok());
    let all =
        all.ok_or_else(|| Refusal::new("overflow", "the counts pass 2^64 − 1 together", "without_tag"))?;
    let result = tag_impact(with, without);
    let interval = |level: Level| {
        result.map(|r| {
            let margin = level.z() * r.se;
            Interval { low: r.impact - margin, high: r.impact + margin, method: Method::Wald }
        })
    };
    let receipt = nps_receipt(Formula::TAG_IMPACT).exact(result.and_then(|r| r.exact)).method(Method::Wald);
    Ok(Reply::new(receipt)
        .no_data_if(result.is_none())
        .with("score_all", value(all.score()))
        .with("score_with", value(with.score()))
        .with("score_without", value(without.score()))
        .with("share", value(Ratio::new(i128::from(with.n()), i128::from(all.n()))))
        .with("impact", result.map(|r| r.impact))
        .with("se", result.map(|r| r.se))
        .with("ci", by_level(interval)))
}
