use super::{
    fields::Fields,
    refusal::{Result, more_than_all},
    reply::{Reply, ends, nps_receipt},
};
use candor_scoring::{Formula, Level, Method, Stratum, post_stratify};

/// A score in which each group counts as much as it has people.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    fields.only_nps()?;
    let stratum =
        |fields: &Fields<'_>| Ok(Stratum { answers: fields.nps()?, population: fields.count("population")? });
    let strata: Vec<Stratum> = fields.objects("strata")?.iter().map(stratum).collect::<Result<_>>()?;
    let result = post_stratify(&strata).map_err(more_than_all("strata"))?;
    let receipt = nps_receipt(Formula::POST_STRATIFIED_NPS).exact(result.exact).method(Method::Wald);
    Ok(Reply::new(receipt)
        .no_data_if(result.weighted.is_none())
        .with("unweighted", result.unweighted)
        .with("weighted", result.weighted)
        .with("stratum_scores", result.stratum_scores.as_slice())
        .with("se_points", result.se_points)
        .with("se_points_fpc", result.se_points_fpc)
        .with("kish_n_eff", result.kish_n_eff)
        .with("kish_deff", result.kish_deff)
        .with("ci95_fpc", ends(result.interval(Level::P95))))
}
