use super::{
    fields::Fields,
    refusal::{Refusal, Result, more_than_all},
    reply::{Reply, nps_receipt},
};
use candor_scoring::{Formula, Nps, Receipt, Share, monitor};
use serde_json::json;

/// A series of periods and the first that is out of control.
pub(super) fn reply(fields: &Fields<'_>) -> Result<Reply> {
    let weight = || fields.number_where("lam", "above 0 and at most 1", |x| x > 0.0 && x <= 1.0);
    if fields.has("lam") && fields.has("k") {
        return Err(Refusal::new("ambiguous", "give either `lam` (EWMA) or `k` (CUSUM)", "k"));
    }
    if fields.has("weeks") {
        let weeks = fields.bands_list("weeks")?;
        let mean = fields.number("mu")?;
        let no_data = weeks.iter().all(|nps| nps.n() == 0);
        if fields.has("k") {
            let points =
                monitor::cusum_nps(&weeks, mean, fields.positive("variance")?, fields.variance("k")?);
            let reply = Reply::new(nps_receipt(Formula::CUSUM_NPS)).no_data_if(no_data);
            return Ok(with_cusum(reply, &points, 1.0, fields.positive("h")?));
        }
        let variance = fields.variance("variance")?;
        let points = monitor::ewma_nps(&weeks, mean, variance, weight()?, fields.positive("L")?);
        let point = |(nps, at): (&Nps, &monitor::EwmaPoint)| json!({"n": nps.n(), "z": at.z, "lcl": at.low, "ucl": at.high});
        return Ok(Reply::new(nps_receipt(Formula::EWMA_NPS))
            .no_data_if(no_data)
            .with("points", weeks.iter().zip(&points).map(point).collect::<Vec<_>>())
            .with("first_alarm", monitor::first_ewma_alarm(&points)));
    }
    if fields.has("satisfied") {
        return p_chart(fields);
    }
    let x = fields.numbers("x")?;
    let (mean, sd) = (fields.number("mu")?, fields.positive("sigma")?);
    if fields.has("lam") {
        let points = monitor::ewma(&x, mean, sd, weight()?, fields.positive("L")?);
        return Ok(Reply::new(Receipt::new(Formula::EWMA))
            .no_data_if(x.is_empty())
            .with("z", points.iter().map(|point| point.z).collect::<Vec<_>>())
            .with("limits", points.iter().map(|point| [point.low, point.high]).collect::<Vec<_>>())
            .with("first_alarm", monitor::first_ewma_alarm(&points)));
    }
    let points = monitor::cusum(&x, mean, sd, fields.variance("k")?);
    let reply = Reply::new(Receipt::new(Formula::CUSUM)).no_data_if(x.is_empty());
    Ok(with_cusum(reply, &points, sd, fields.positive("h")?))
}

fn with_cusum(reply: Reply, points: &[monitor::CusumPoint], sd: f64, decision: f64) -> Reply {
    reply
        .with("c", points.iter().map(|point| [point.upper, point.lower]).collect::<Vec<_>>())
        .with("first_alarm", monitor::first_cusum_alarm(points, sd, decision))
}

fn p_chart(fields: &Fields<'_>) -> Result<Reply> {
    let (satisfied, n) = (fields.counts("satisfied")?, fields.counts("n")?);
    if satisfied.len() != n.len() {
        return Err(Refusal::new("wrong_length", "`satisfied` and `n` must be of the same length", "n"));
    }
    let periods = satisfied.into_iter().zip(n).map(|(satisfied, n)| Share::new(satisfied, n));
    let periods: Vec<Share> = periods.collect::<Result<_, _>>().map_err(more_than_all("satisfied"))?;
    let centre =
        fields.has("p0").then(|| fields.number_where("p0", "from 0 to 1", |p| (0.0..=1.0).contains(&p)));
    let (centre, points) = monitor::p_chart(&periods, centre.transpose()?);
    let point = |p: &monitor::PPoint| json!({"p": p.p, "lcl": p.low, "ucl": p.high, "out": p.out});
    Ok(Reply::new(Receipt::new(Formula::P_CHART))
        .no_data_if(periods.iter().all(|period| period.n() == 0))
        .with("center", centre)
        .with("points", points.iter().map(point).collect::<Vec<_>>())
        .with("first_alarm", monitor::first_p_alarm(&points)))
}
