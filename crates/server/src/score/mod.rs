//! `candor score`: one JSON object in, one out. docs/score.md describes every kind, with an example each.

mod fields;

use candor_scoring::{
    BadCorrelations, CombineError, Direction, Exclusions, Formula, Interval, Level, Look, Method, Moments,
    MoreThanAll, NotARatio, Nps, Rating, Ratio, Receipt, Scale, Share, Stratum, Tally, TopBox, anytime,
    anytime_half_width, compare, decompose, drivers, goodman, keyword, monitor, multiplicity,
    nonresponse_bounds, operational, post_stratify, sample_size_for_difference, sample_size_for_margin,
    tag_impact,
};
use fields::{Answer, Fields, Refusal};
use serde_json::{Map, Value, json};
use std::io::{self, BufRead, Write};

/// Answers every request on the input, in order, each as soon as it is read, and says how many were refused.
/// Requests stand one on a line; a single one may also spread over lines.
///
/// # Errors
/// Only those of reading and writing: a bad request is answered with an error object.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<u64> {
    let mut refused = 0;
    let mut first = true;
    let mut line = Vec::new();
    while {
        line.clear();
        input.read_until(b'\n', &mut line)? > 0
    } {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let parsed = serde_json::from_slice::<Value>(&line);
        // A first line that is no request of its own may be the beginning of the only one.
        if first && parsed.as_ref().is_err_and(serde_json::Error::is_eof) {
            input.read_to_end(&mut line)?;
            if let Ok(request) = serde_json::from_slice::<Value>(&line) {
                refused += reply(&request, &mut output)?;
                break;
            }
            for line in line.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
                refused += reply_to_line(serde_json::from_slice(line), &mut output)?;
            }
            break;
        }
        first = false;
        refused += reply_to_line(parsed, &mut output)?;
    }
    output.flush()?;
    Ok(refused)
}

fn reply_to_line(parsed: serde_json::Result<Value>, output: &mut impl Write) -> io::Result<u64> {
    match parsed {
        Ok(request) => reply(&request, output),
        Err(error) => {
            writeln!(output, "{}", Refusal::new("bad_json", error, "").json())?;
            Ok(1)
        }
    }
}

fn reply(request: &Value, output: &mut impl Write) -> io::Result<u64> {
    let answer = answer(request);
    writeln!(output, "{}", answer.as_ref().unwrap_or_else(|refusal| refusal))?;
    output.flush()?;
    Ok(u64::from(answer.is_err()))
}

/// The answer to one request.
///
/// # Errors
/// The error object that stands in its place.
pub fn answer(request: &Value) -> Result<Value, Value> {
    let fields = request
        .as_object()
        .map(Fields)
        .ok_or_else(|| Refusal::new("wrong_type", "a request is an object", ""));
    fields.and_then(|fields| by_kind(&fields)).map_err(|refusal| refusal.json())
}

fn by_kind(fields: &Fields<'_>) -> Answer {
    match fields.text("kind")? {
        "score" => score(fields),
        "compare" => match fields.text("metric")? {
            "nps" => compare_nps(fields),
            "csat" => compare_shares(fields),
            "mean" => compare_means(fields),
            other => Err(unknown("metric", other, "nps, csat or mean")),
        },
        "multiplicity" => adjust(fields),
        "shares" => shares(fields),
        "sample_size" => sample_size(fields),
        "weighting" => weighting(fields),
        "nonresponse_bounds" => nonresponse(fields),
        "decompose" => split(fields),
        "tag_impact" => tag(fields),
        "drivers" => key_drivers(fields),
        "monitor" => watch(fields),
        "anytime" => any_time(fields),
        "keyword" => word(fields),
        "operational" => operations(fields),
        "display" => display(fields),
        other => Err(unknown("kind", other, "one of those in docs/score.md")),
    }
}

fn unknown(field: &'static str, given: &str, expected: &str) -> Refusal {
    let code = if field == "kind" { "unknown_kind" } else { "unknown_metric" };
    Refusal::new(code, format!("`{field}` is {given:?}, expected {expected}"), field)
}

/// Kinds that only know the Net Promoter Score say so.
fn only_nps(fields: &Fields<'_>) -> Answer<()> {
    match fields.has("metric").then(|| fields.text("metric")).transpose()? {
        None | Some("nps") => Ok(()),
        Some(other) => Err(unknown("metric", other, "nps")),
    }
}

// ---- What all kinds write
// -------------------------------------------------------------------------------------------------

fn ends(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |interval| json!([interval.low, interval.high]))
}

fn by_level(interval: impl Fn(Level) -> Option<Interval>) -> Value {
    Value::Object(Level::ALL.iter().map(|level| (level.name().to_owned(), ends(interval(*level)))).collect())
}

fn value(ratio: Option<Ratio>) -> Option<f64> {
    ratio.map(Ratio::value)
}

fn exact(ratio: Option<Ratio>) -> Option<String> {
    ratio.map(|ratio| ratio.to_string())
}

pub(crate) fn receipt_json(receipt: &Receipt) -> Value {
    let Exclusions { dismissed, skipped } = receipt.exclusions;
    json!({
        "formula": receipt.formula.id,
        "definition": receipt.formula.definition,
        "unit": receipt.formula.unit,
        "scale": receipt.scale.map(|scale| json!({"min": scale.min(), "max": scale.max()})),
        "direction": receipt.scale.map(|scale| scale.direction().name()),
        "favourable_points": receipt.favourable_points,
        "exact": exact(receipt.exact),
        "exclusions": {"dismissed": dismissed, "skipped": skipped},
        "method": receipt.method.map(Method::name),
        "version": receipt.version,
    })
}

/// The receipt of a number that is made of promoters and detractors.
fn nps_receipt(formula: Formula) -> Receipt {
    Receipt::new(formula).scale(Scale::NPS)
}

/// The answer with its receipt and, if nobody answered, the reason.
fn finish(answer: Value, receipt: Receipt, no_data: bool) -> Answer {
    finish_because(answer, receipt, no_data.then_some("no_data"))
}

/// The answer with its receipt and the reason of what it does not say.
fn finish_because(answer: Value, receipt: Receipt, reason: Option<&str>) -> Answer {
    let mut object = match answer {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.values_mut().for_each(unsign_zero);
    if let Some(reason) = reason {
        object.insert("reason".into(), reason.into());
    }
    object.insert("receipt".into(), receipt_json(&receipt));
    Ok(Value::Object(object))
}

/// Zero has no sign, whatever it was multiplied with.
fn unsign_zero(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() && number.as_f64() == Some(0.0) => *value = json!(0.0),
        Value::Array(list) => list.iter_mut().for_each(unsign_zero),
        Value::Object(object) => object.values_mut().for_each(unsign_zero),
        _ => {}
    }
}

fn more_than_all(field: &'static str) -> impl Fn(MoreThanAll) -> Refusal {
    move |error| Refusal::new("out_of_range", error, field)
}

// ---- Scores
// ---------------------------------------------------------------------------------------------------------------

/// A tally from `counts`, or from a list of ratings.
fn tally(fields: &Fields<'_>, scale: Scale, counts: &str, ratings: Option<&str>) -> Answer<Tally> {
    let ratings = ratings.filter(|name| fields.has(name));
    if let Some(name) = ratings {
        if fields.has(counts) {
            return Err(Refusal::new("ambiguous", format!("give either `{counts}` or `{name}`"), name));
        }
        let mut tally = Tally::new(scale);
        for rating in fields.numbers(name)? {
            let off = || {
                let (min, max) = (scale.min(), scale.max());
                Refusal::new("off_scale", format!("{rating} is not a point of the scale {min}–{max}"), name)
            };
            let point = (rating.fract() == 0.0 && (0.0..=10.0).contains(&rating)).then_some(rating as u8);
            let rating = point.and_then(|point| Rating::new(point, scale).ok()).ok_or_else(off)?;
            tally.add(rating, 1).map_err(|e| Refusal::new("overflow", e, name))?;
        }
        return Ok(tally);
    }
    Tally::from_counts(scale, &fields.counts(counts)?).map_err(|error| {
        let code = if error == CombineError::Length { "wrong_length" } else { "overflow" };
        Refusal::new(code, error, counts)
    })
}

fn nps_scale(fields: &Fields<'_>) -> Answer<Scale> {
    let scale = fields.scale(Scale::NPS, fields.direction()?.unwrap_or(Direction::HigherIsBetter))?;
    if scale.direction() == Direction::LowerIsBetter {
        return Err(Refusal::new("wrong_direction", "for NPS higher is better", "direction"));
    }
    if scale != Scale::NPS {
        return Err(Refusal::new("bad_scale", "NPS is asked on 0–10 only", "scale"));
    }
    Ok(scale)
}

fn nps_of(tally: &Tally, field: &str) -> Answer<Nps> {
    Nps::of(tally).map_err(|e| Refusal::new("bad_scale", e, field))
}

fn default_interval(method: Method, interval: impl Fn(Level) -> Option<Interval>) -> Value {
    let mut json = by_level(interval);
    if let Some(object) = json.as_object_mut() {
        object.insert("method".into(), method.name().into());
    }
    json
}

fn score(fields: &Fields<'_>) -> Answer {
    let exclusions = Exclusions {
        dismissed: fields.count_if_given("dismissed")?,
        skipped: fields.count_if_given("skipped")?,
    };
    let direction = fields.direction()?;
    // What a metric is asked on if nothing else is said, and the only direction it has, if there is but one.
    let metric = fields.text("metric")?;
    let (usual, only) = match metric {
        "nps" => return score_nps(fields, exclusions),
        "csat" => (Scale::CSAT, None),
        "star" => (Scale::CSAT, Some(Direction::HigherIsBetter)),
        "ces1" => (Scale::EFFORT, Some(Direction::LowerIsBetter)),
        "ces2" => (Scale::EASE, Some(Direction::HigherIsBetter)),
        "thumbs" => (Scale::YES_NO, None),
        "ces" => {
            return Err(unknown("metric", "ces", "ces1 (effort, low is good) or ces2 (ease, high is good)"));
        }
        other => return Err(unknown("metric", other, "nps, csat, ces1, ces2, star or thumbs")),
    };
    if let (Some(only), Some(given)) = (only, direction)
        && only != given
    {
        let message = format!("this metric is {} by definition", only.name());
        return Err(Refusal::new("wrong_direction", message, "direction"));
    }
    let direction = direction.or(only).unwrap_or(usual.direction());
    let scale = fields.scale(usual, direction)?;
    let (suits, expected) = match metric {
        "star" => (Look::Stars.suits(scale), "stars count from 1 and are three at least"),
        "thumbs" => (Look::Thumbs.suits(scale), "thumbs tell two points apart"),
        "ces1" => (scale == Scale::EFFORT, "effort is asked on 1–5"),
        _ => (true, ""),
    };
    if !suits {
        return Err(Refusal::new("bad_scale", expected, "scale"));
    }
    let rule = match fields.count_if_given("favourable_points")? {
        Some(points) => {
            u8::try_from(points).ok().and_then(|points| TopBox::new(scale, points).ok()).ok_or_else(|| {
                let message = "`favourable_points` must be at least 1 and at most half of the scale's points";
                Refusal::new("out_of_range", message, "favourable_points")
            })?
        }
        None => TopBox::customary(scale).ok_or_else(|| {
            let message =
                "no number of favourable points is customary on this scale: give `favourable_points`";
            Refusal::new("missing_field", message, "favourable_points")
        })?,
    };
    let tally = tally(fields, scale, "counts", Some("ratings"))?;
    let of_scale = |error| Refusal::new("bad_scale", error, "scale");
    let moments = Moments::of(&tally);
    let share = rule.share(&tally).map_err(of_scale)?;
    let count = |band| rule.count(&tally, band).map_err(of_scale);
    let unfavourable = count(candor_scoring::Band::Unfavourable)?;
    let net = i128::from(share.favourable()) - i128::from(unfavourable);
    let net = Ratio::new(100 * net, i128::from(share.n()));
    let receipt = Receipt {
        favourable_points: Some(rule.points()),
        exclusions,
        ..Receipt::new(Formula::TOP_BOX).scale(scale).exact(share.percent()).method(Method::Wilson)
    };
    let answer = json!({
        "n": share.n(),
        "mean": value(moments.mean()),
        "mean_exact": exact(moments.mean()),
        "mean_oriented": value(moments.mean_oriented()),
        "pomp": value(moments.percent_of_maximum()),
        "pomp_exact": exact(moments.percent_of_maximum()),
        "sd": moments.sd(),
        "se": moments.se(),
        "ci": {"t": by_level(|level| moments.t(level))},
        "favourable": share.favourable(),
        "unfavourable": unfavourable,
        "neutral": count(candor_scoring::Band::Neutral)?,
        "favourable_pct": value(share.percent()),
        "favourable_pct_exact": exact(share.percent()),
        "net_pct": value(net),
        "net_pct_exact": exact(net),
        "favourable_ci": {
            "wald": by_level(|level| share.wald(level)),
            "wilson": by_level(|level| share.wilson(level)),
            "agresti_coull": by_level(|level| share.agresti_coull(level)),
            "clopper_pearson": by_level(|level| share.clopper_pearson(level)),
            "jeffreys": by_level(|level| share.jeffreys(level)),
        },
        "default_ci": default_interval(Method::Wilson, |level| share.wilson(level)),
    });
    finish(answer, receipt, share.n() == 0)
}

fn score_nps(fields: &Fields<'_>, exclusions: Exclusions) -> Answer {
    let scale = nps_scale(fields)?;
    let nps = nps_of(&tally(fields, scale, "counts", Some("ratings"))?, "scale")?;
    let receipt = nps_receipt(Formula::NPS).exact(nps.score()).method(Method::BonettPrice);
    let receipt = Receipt { exclusions, ..receipt };
    let answer = json!({
        "n": nps.n(),
        "promoters": nps.promoters(),
        "passives": nps.passives(),
        "detractors": nps.detractors(),
        "score": value(nps.score()),
        "score_exact": exact(nps.score()),
        "variance": nps.variance(),
        "se_points": nps.se_points(),
        "ci": {
            "wald": by_level(|level| nps.wald(level)),
            "trinomial_t": by_level(|level| nps.t(level)),
            "adjusted_wald": by_level(|level| nps.adjusted_wald(level)),
            "tango_score": by_level(|level| nps.tango_score(level)),
            "bonett_price": by_level(|level| nps.bonett_price(level)),
        },
        "default_ci": default_interval(Method::BonettPrice, |level| nps.default_interval(level)),
    });
    finish(answer, receipt, nps.n() == 0)
}

// ---- Comparisons
// ----------------------------------------------------------------------------------------------------------

fn z_test(test: Option<compare::Test>) -> Value {
    test.map_or(Value::Null, |test| {
        let ci = by_level(|level| Some(test.interval(level)));
        json!({"difference": test.difference, "se": test.se, "z": test.statistic, "p": test.p, "ci": ci})
    })
}

fn t_test(test: Option<compare::Test>) -> Value {
    test.map_or(Value::Null, |test| {
        let ci = by_level(|level| Some(test.interval(level)));
        json!({"se": test.se, "t": test.statistic, "df": test.df, "p": test.p, "ci": ci})
    })
}

/// The difference before it was rounded.
fn minus(b: Option<Ratio>, a: Option<Ratio>) -> Option<Ratio> {
    b?.checked_sub(a?)
}

fn compare_nps(fields: &Fields<'_>) -> Answer {
    let scale = nps_scale(fields)?;
    let side = |name| nps_of(&tally(fields, scale, name, None)?, name);
    let (a, b) = (side("counts_a")?, side("counts_b")?);
    let bands = |nps: Nps| [nps.detractors(), nps.passives(), nps.promoters()];
    let scores = (value(a.score()), value(b.score()));
    let chi2 =
        compare::chi_squared(bands(a), bands(b)).map(|c| json!({"chi2": c.chi2, "df": c.df, "p": c.p}));
    let answer = json!({
        "n": [a.n(), b.n()],
        "scores": [scores.0, scores.1],
        "difference": compare::nps_difference(a, b),
        "tests": {
            "wald_z": z_test(compare::nps_wald(a, b)),
            "welch_t": t_test(compare::nps_welch(a, b)),
            "adjusted_wald_z": z_test(compare::nps_adjusted_wald(a, b)),
            "chi2_groups": chi2,
        },
    });
    let receipt = nps_receipt(Formula::COMPARE_NPS).exact(minus(b.score(), a.score())).method(Method::Wald);
    finish(answer, receipt, a.n() == 0 || b.n() == 0)
}

fn compare_shares(fields: &Fields<'_>) -> Answer {
    let (a, b) = (fields.share("a")?, fields.share("b")?);
    let percent = (value(a.percent()), value(b.percent()));
    let z = |test: Option<compare::Test>| test.map(|test| json!({"z": test.statistic, "p": test.p}));
    let no_data = a.n() == 0 || b.n() == 0;
    let fisher = match compare::fisher_exact(a, b) {
        None if no_data => Value::Null,
        None => json!({"p": null, "reason": "counts_too_large"}),
        Some(p) => json!({"p": p}),
    };
    let answer = json!({
        "counts": [[a.favourable(), a.n()], [b.favourable(), b.n()]],
        "pct": [percent.0, percent.1],
        "difference": compare::percent_difference(a, b),
        "tests": {
            "z_pooled": z(compare::share_pooled(a, b)),
            "n_minus_1": z(compare::share_n_minus_1(a, b)),
            "fisher_exact": fisher,
        },
        "ci": {
            "newcombe": by_level(|level| compare::newcombe(a, b, level)),
            "agresti_caffo": by_level(|level| compare::agresti_caffo(a, b, level)),
        },
    });
    let exact = minus(b.percent(), a.percent());
    finish(answer, Receipt::new(Formula::COMPARE_SHARES).exact(exact).method(Method::Newcombe), no_data)
}

fn compare_means(fields: &Fields<'_>) -> Answer {
    let min = fields.count("scale_min")?;
    let points = fields.counts("counts_a")?.len() as u64;
    let limits = u8::try_from(min).ok().zip(u8::try_from(min.saturating_add(points).saturating_sub(1)).ok());
    let direction = fields.direction()?.unwrap_or(Direction::HigherIsBetter);
    let scale = limits.and_then(|(min, max)| Scale::new(min, max, direction).ok());
    let scale = scale.ok_or_else(|| {
        Refusal::new(
            "bad_scale",
            "a scale starts at 0 or 1, has two points at least and ends at 10 at most",
            "scale_min",
        )
    })?;
    let (a, b) = (tally(fields, scale, "counts_a", None)?, tally(fields, scale, "counts_b", None)?);
    let of_scale = |error| Refusal::new("bad_scale", error, "counts_b");
    let ranks = compare::ranks(&a, &b).map_err(of_scale)?;
    let welch = compare::mean_welch(&a, &b).map_err(of_scale)?;
    let means = [&a, &b].map(|tally| Moments::of(tally).mean());
    let mann_whitney =
        |p: fn(&compare::Ranks) -> Option<f64>| ranks.as_ref().map(|r| json!({"U": r.u, "p": p(r)}));
    let answer = json!({
        "n": [a.n(), b.n()],
        "means": means.map(value),
        "difference": compare::mean_difference(&a, &b).map_err(of_scale)?,
        "welch_t": t_test(welch),
        "cliffs_delta": ranks.map(|ranks| ranks.cliffs_delta),
        "prob_superiority": ranks.map(|ranks| ranks.prob_superiority),
        "mann_whitney": mann_whitney(|ranks| ranks.p),
        "mann_whitney_cc": mann_whitney(|ranks| ranks.p_corrected),
    });
    let [mean_a, mean_b] = means;
    let receipt = Receipt::new(Formula::COMPARE_MEANS).scale(scale).exact(minus(mean_b, mean_a));
    finish(answer, receipt.method(Method::T), a.n() == 0 || b.n() == 0)
}

fn adjust(fields: &Fields<'_>) -> Answer {
    let p = fields.numbers("p")?;
    if p.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return Err(Refusal::new("out_of_range", "every p is from 0 to 1", "p"));
    }
    let answer = json!({
        "bonferroni": multiplicity::bonferroni(&p),
        "sidak": multiplicity::sidak(&p),
        "holm": multiplicity::holm(&p),
        "bh": multiplicity::benjamini_hochberg(&p),
        "by": multiplicity::benjamini_yekutieli(&p),
    });
    finish(answer, Receipt::new(Formula::MULTIPLICITY), p.is_empty())
}

fn shares(fields: &Fields<'_>) -> Answer {
    let counts = fields.counts("counts")?;
    let n = counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
    let n = n.ok_or_else(|| Refusal::new("overflow", "the counts pass 2^64 − 1 together", "counts"))?;
    let percent = |count: &u64| value(Ratio::new(100 * i128::from(*count), i128::from(n)));
    let levels = Level::ALL.iter().map(|level| {
        let intervals = goodman(&counts, *level);
        let list =
            intervals.map(|list| list.into_iter().map(|interval| ends(Some(interval))).collect::<Vec<_>>());
        (level.name().to_owned(), json!(list))
    });
    let answer = json!({
        "n": n,
        "pct": counts.iter().map(percent).collect::<Vec<_>>(),
        "goodman": levels.collect::<Map<_, _>>(),
    });
    finish(answer, Receipt::new(Formula::SHARES).method(Method::Goodman), n == 0)
}

fn sample_size(fields: &Fields<'_>) -> Answer {
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
        let answer = json!({"n_per_group_exact": n, "n_per_group": whole(n)});
        return finish(answer, Receipt::new(Formula::SAMPLE_SIZE_DIFFERENCE), false);
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
    finish(json!({"n_exact": n, "n": whole(n)}), Receipt::new(Formula::SAMPLE_SIZE_MARGIN), false)
}

/// The next whole number, as a whole number while it fits one.
fn whole(x: f64) -> Value {
    let up = x.ceil();
    if up < 9.0e18 { json!(up as u64) } else { json!(up) }
}

// ---- Who is missing
// -------------------------------------------------------------------------------------------------------

fn nps_fields(fields: &Fields<'_>) -> Answer<Nps> {
    Nps::new(fields.count("detractors")?, fields.count("passives")?, fields.count("promoters")?)
        .map_err(|e| Refusal::new("overflow", e, "promoters"))
}

fn weighting(fields: &Fields<'_>) -> Answer {
    only_nps(fields)?;
    let stratum = |fields: &Fields<'_>| {
        Ok(Stratum { answers: nps_fields(fields)?, population: fields.count("population")? })
    };
    let strata: Vec<Stratum> = fields.objects("strata")?.iter().map(stratum).collect::<Answer<_>>()?;
    let result = post_stratify(&strata).map_err(more_than_all("strata"))?;
    let answer = json!({
        "unweighted": result.unweighted,
        "weighted": result.weighted,
        "stratum_scores": result.stratum_scores,
        "se_points": result.se_points,
        "se_points_fpc": result.se_points_fpc,
        "kish_n_eff": result.kish_n_eff,
        "kish_deff": result.kish_deff,
        "ci95_fpc": ends(result.interval(Level::P95)),
    });
    let receipt = nps_receipt(Formula::POST_STRATIFIED_NPS).exact(result.exact).method(Method::Wald);
    finish(answer, receipt, result.weighted.is_none())
}

fn nonresponse(fields: &Fields<'_>) -> Answer {
    let answers = nps_fields(fields)?;
    let result = nonresponse_bounds(answers, fields.count("invited")?).map_err(more_than_all("invited"))?;
    let answer = json!({
        "respondent_score": value(result.respondents),
        "response_rate": value(result.response_rate),
        "bounds": result.bounds.map(|(low, high)| [low.value(), high.value()]),
        "bounds_exact": result.bounds.map(|(low, high)| [low.to_string(), high.to_string()]),
    });
    finish(answer, nps_receipt(Formula::NONRESPONSE).exact(result.respondents), answers.n() == 0)
}

// ---- Why it moved
// ---------------------------------------------------------------------------------------------------------

fn split(fields: &Fields<'_>) -> Answer {
    only_nps(fields)?;
    let (a, b) = (fields.bands_list("segments_a")?, fields.bands_list("segments_b")?);
    if a.len() != b.len() {
        return Err(Refusal::new("wrong_length", "both periods must have the same segments", "segments_b"));
    }
    let pairs: Vec<(Nps, Nps)> = a.into_iter().zip(b).collect();
    let result = decompose(&pairs);
    let effects = |r: &candor_scoring::Decomposition| {
        r.segments.iter().map(|effect| [effect.mix, effect.within]).collect::<Vec<_>>()
    };
    let answer = json!({
        "score_a": result.as_ref().map(|r| r.score_a),
        "score_b": result.as_ref().map(|r| r.score_b),
        "change": result.as_ref().map(|r| r.change),
        "mix": result.as_ref().map(|r| r.mix),
        "within": result.as_ref().map(|r| r.within),
        "per_segment_mix_within": result.as_ref().map(effects),
    });
    let receipt = nps_receipt(Formula::DECOMPOSE).exact(result.as_ref().and_then(|r| r.exact));
    finish(answer, receipt, result.is_none())
}

fn tag(fields: &Fields<'_>) -> Answer {
    only_nps(fields)?;
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
    let answer = json!({
        "score_all": value(all.score()),
        "score_with": value(with.score()),
        "score_without": value(without.score()),
        "share": value(Ratio::new(i128::from(with.n()), i128::from(all.n()))),
        "impact": result.map(|r| r.impact),
        "se": result.map(|r| r.se),
        "ci": by_level(interval),
    });
    let receipt = nps_receipt(Formula::TAG_IMPACT).exact(result.and_then(|r| r.exact)).method(Method::Wald);
    finish(answer, receipt, result.is_none())
}

fn key_drivers(fields: &Fields<'_>) -> Answer {
    let result = drivers(&fields.matrix("R_xx")?, &fields.numbers("r_xy")?).map_err(|error| {
        let code = if error == BadCorrelations::Size { "wrong_length" } else { "out_of_range" };
        Refusal::new(code, error, "R_xx")
    })?;
    let share = |part: &f64| (result.r2 > 0.0).then(|| part / result.r2);
    let answer = json!({
        "r2": result.r2,
        "lmg": result.lmg,
        "lmg_share": result.lmg.iter().map(share).collect::<Vec<_>>(),
        "johnson_rw": result.relative_weights,
    });
    finish(answer, Receipt::new(Formula::DRIVERS), false)
}

fn word(fields: &Fields<'_>) -> Answer {
    let promoters = (fields.count("y_promoter")?, fields.count("n_promoter")?);
    let detractors = (fields.count("y_detractor")?, fields.count("n_detractor")?);
    let result = keyword(promoters, detractors, fields.positive("alpha_w")?, fields.positive("alpha_0")?);
    let result = result.ok_or_else(|| {
        let message = "a word occurs no more often than all words, and `alpha_0` is above `alpha_w`";
        Refusal::new("out_of_range", message, "alpha_0")
    })?;
    let answer = json!({"delta": result.delta, "variance": result.variance, "z": result.z});
    finish(answer, Receipt::new(Formula::KEYWORD), false)
}

// ---- Watching
// -------------------------------------------------------------------------------------------------------------

fn watch(fields: &Fields<'_>) -> Answer {
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
            let answer = cusum_json(&points, 1.0, fields.positive("h")?);
            return finish(answer, nps_receipt(Formula::CUSUM_NPS), no_data);
        }
        let variance = fields.variance("variance")?;
        let points = monitor::ewma_nps(&weeks, mean, variance, weight()?, fields.positive("L")?);
        let point = |(nps, at): (&Nps, &monitor::EwmaPoint)| json!({"n": nps.n(), "z": at.z, "lcl": at.low, "ucl": at.high});
        let answer = json!({
            "points": weeks.iter().zip(&points).map(point).collect::<Vec<_>>(),
            "first_alarm": monitor::first_ewma_alarm(&points),
        });
        return finish(answer, nps_receipt(Formula::EWMA_NPS), no_data);
    }
    if fields.has("satisfied") {
        return p_chart(fields);
    }
    let x = fields.numbers("x")?;
    let (mean, sd) = (fields.number("mu")?, fields.positive("sigma")?);
    if fields.has("lam") {
        let points = monitor::ewma(&x, mean, sd, weight()?, fields.positive("L")?);
        let answer = json!({
            "z": points.iter().map(|point| point.z).collect::<Vec<_>>(),
            "limits": points.iter().map(|point| [point.low, point.high]).collect::<Vec<_>>(),
            "first_alarm": monitor::first_ewma_alarm(&points),
        });
        return finish(answer, Receipt::new(Formula::EWMA), x.is_empty());
    }
    let points = monitor::cusum(&x, mean, sd, fields.variance("k")?);
    let answer = cusum_json(&points, sd, fields.positive("h")?);
    finish(answer, Receipt::new(Formula::CUSUM), x.is_empty())
}

fn cusum_json(points: &[monitor::CusumPoint], sd: f64, decision: f64) -> Value {
    json!({
        "c": points.iter().map(|point| [point.upper, point.lower]).collect::<Vec<_>>(),
        "first_alarm": monitor::first_cusum_alarm(points, sd, decision),
    })
}

fn p_chart(fields: &Fields<'_>) -> Answer {
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
    let answer = json!({
        "center": centre,
        "points": points.iter().map(point).collect::<Vec<_>>(),
        "first_alarm": monitor::first_p_alarm(&points),
    });
    finish(answer, Receipt::new(Formula::P_CHART), periods.iter().all(|period| period.n() == 0))
}

fn any_time(fields: &Fields<'_>) -> Answer {
    let nps = nps_fields(fields)?;
    let (alpha, rho) = (fields.chance("alpha")?, fields.positive("rho")?);
    let answer = json!({
        "n": nps.n(),
        "score": value(nps.score()),
        "half_width": anytime_half_width(nps, alpha, rho),
        "ci": ends(anytime(nps, alpha, rho)),
    });
    let receipt = nps_receipt(Formula::ANYTIME).exact(nps.score()).method(Method::Anytime);
    let reason = match nps.variance() {
        None => Some("no_data"),
        // Of no width, for the formula knows no other spread than that of the answers.
        Some(0.0) => Some("no_spread"),
        Some(_) => None,
    };
    finish_because(answer, receipt, reason)
}

// ---- Operations and display
// -----------------------------------------------------------------------------------------------

fn operations(fields: &Fields<'_>) -> Answer {
    let with = |formula, name: &str, ratio: Option<Ratio>| {
        let answer = json!({name: value(ratio), format!("{name}_exact"): exact(ratio)});
        finish(answer, Receipt::new(formula).exact(ratio), ratio.is_none())
    };
    if fields.has("start") {
        let (start, end) = (fields.count("start")?, fields.count("end")?);
        if !fields.has("new") {
            let ratio = operational::retention_with_new(start, end);
            let mut answer = with(Formula::RETENTION_WITH_NEW, "retention_pct", ratio)?;
            if let Some(object) = answer.as_object_mut() {
                object.insert("flag".into(), "may_pass_100".into());
            }
            return Ok(answer);
        }
        let new = fields.count("new")?;
        let retention = operational::retention(start, end, new).map_err(more_than_all("new"))?;
        let churn = operational::churn(start, end, new).map_err(more_than_all("new"))?;
        let answer = json!({
            "retention_pct": value(retention),
            "retention_pct_exact": exact(retention),
            "churn_pct": value(churn),
            "churn_pct_exact": exact(churn),
        });
        return finish(answer, Receipt::new(Formula::RETENTION).exact(retention), retention.is_none());
    }
    if fields.has("resolved_first_contact") {
        let (part, all) = (fields.count("resolved_first_contact")?, fields.count("total")?);
        let ratio = operational::first_contact_resolution(part, all)
            .map_err(more_than_all("resolved_first_contact"))?;
        return with(Formula::FIRST_CONTACT, "fcr_pct", ratio);
    }
    if fields.has("total_minutes") {
        let resolved = fields.count("resolved")?;
        let minutes = operational::time_to_resolution(fields.variance("total_minutes")?, resolved);
        let hours = fields.has("hours").then(|| fields.text("hours")).transpose()?;
        if hours.is_some_and(|hours| !["calendar", "business"].contains(&hours)) {
            return Err(Refusal::new("out_of_range", "`hours` must be calendar or business", "hours"));
        }
        let answer = json!({"art_minutes": minutes, "hours": hours});
        return finish(answer, Receipt::new(Formula::RESOLUTION_TIME), minutes.is_none());
    }
    if fields.has("referring_customers") {
        let (part, all) = (fields.count("referring_customers")?, fields.count("customers")?);
        let ratio = operational::referral_rate(part, all).map_err(more_than_all("referring_customers"))?;
        return with(Formula::REFERRAL, "referral_pct", ratio);
    }
    if fields.has("margin") {
        let (margin, retention) = (fields.number("margin")?, fields.number("retention")?);
        let value = operational::lifetime_value(margin, retention, fields.number("discount")?);
        let value = value.ok_or_else(|| {
            let message =
                "`retention` is from 0 to 1, `discount` 0 or above, and not both at the end without end";
            Refusal::new("out_of_range", message, "retention")
        })?;
        if !value.is_finite() {
            let message = "the sum is beyond what a number holds";
            return Err(Refusal::new("overflow", message, "margin"));
        }
        return finish(json!({"lifetime_value": value}), Receipt::new(Formula::LIFETIME_VALUE), false);
    }
    let message = "give start and end, resolved_first_contact, total_minutes, referring_customers or margin";
    Err(Refusal::new("missing_field", message, ""))
}

fn display(fields: &Fields<'_>) -> Answer {
    const RULE: &str = "half_away_from_zero";
    if fields.has("rule") && fields.text("rule")? != RULE {
        return Err(Refusal::new("unknown_rule", format!("the only rule is {RULE}"), "rule"));
    }
    let ratio: Ratio = fields.text("value")?.parse().map_err(|error| {
        let code = if error == NotARatio::TooLarge { "out_of_range" } else { "wrong_type" };
        Refusal::new(code, error, "value")
    })?;
    let decimals = u8::try_from(fields.count("decimals")?).ok().filter(|decimals| *decimals <= 30);
    let decimals = decimals
        .ok_or_else(|| Refusal::new("out_of_range", "`decimals` must be from 0 to 30", "decimals"))?;
    let answer = json!({"text": ratio.rounded(decimals)});
    finish(answer, Receipt::new(Formula::DISPLAY).exact(Some(ratio)), false)
}
