use super::{
    fields::Fields,
    refusal::{Refusal, Result},
    reply::{Reply, nps_receipt},
};
use candor_scoring::{Decomposition, Formula, Nps, decompose};

/// A change split into what the sizes of segments did and what their scores did.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    fields.only_nps()?;
    let (a, b) = (fields.bands_list("segments_a")?, fields.bands_list("segments_b")?);
    if a.len() != b.len() {
        return Err(Refusal::new("wrong_length", "both periods must have the same segments", "segments_b"));
    }
    let pairs: Vec<(Nps, Nps)> = a.into_iter().zip(b).collect();
    let result = decompose(&pairs);
    let effects =
        |r: &Decomposition| r.segments.iter().map(|effect| [effect.mix, effect.within]).collect::<Vec<_>>();
    let receipt = nps_receipt(Formula::DECOMPOSE).exact(result.as_ref().and_then(|r| r.exact));
    Ok(Reply::new(receipt)
        .no_data_if(result.is_none())
        .with("score_a", result.as_ref().map(|r| r.score_a))
        .with("score_b", result.as_ref().map(|r| r.score_b))
        .with("change", result.as_ref().map(|r| r.change))
        .with("mix", result.as_ref().map(|r| r.mix))
        .with("within", result.as_ref().map(|r| r.within))
        .with("per_segment_mix_within", result.as_ref().map(effects)))
}
