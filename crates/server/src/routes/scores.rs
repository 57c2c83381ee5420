use super::params::{Name, Params, integer};
use crate::{app::App, auth::Reader, calendar, problem::Problem, score::receipt_json};
use axum::{extract::State, response::Response};
use candor_scoring::{Exclusions, Metric, Rating, Receipt, Score, Tally};
use candor_store::{Counts, Dimension, SLOT_MS, Segment, TallyQuery};
use candor_survey::{Survey, canonical};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// The most periods of one request: hours of six weeks, days of nearly three years.
const MAX_PERIODS: usize = 1_000;
/// The most periods times segments: hours of six weeks in ten languages.
const MAX_COUNTS: usize = 10 * MAX_PERIODS;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// The first moment: RFC 3339, or a date, which is its first moment in the time zone. By default the first answer's.
    from: Option<String>,
    /// The moment before which it ends, likewise. By default now.
    to: Option<String>,
    /// `hour`, `day`, `week` (from Monday) or `month`; without it there are no periods.
    interval: Option<String>,
    /// `locale:fa` for those answers alone, `locale` for each language by itself; likewise touchpoint, display, site.
    segment: Option<String>,
    /// In which periods begin, an IANA name such as `Asia/Tehran`. By default UTC.
    timezone: Option<String>,
    /// Only this site's answers: for the presets, which all sites share.
    site: Option<String>,
    /// Numbers from fewer ratings than this, 1–1,000,000, are held back.
    min_n: Option<String>,
}

#[derive(Debug, Serialize)]
struct Scores {
    survey: String,
    metric: &'static str,
    scale: Ends,
    total: Period,
    periods: Vec<Period>,
    /// There are answers dated later than now, by a clock that was wrong: the moment before which they end. They are left
    /// out, unless `to` asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    later_until: Option<String>,
}

#[derive(Debug, Serialize)]
struct Ends {
    min: u8,
    max: u8,
}

/// One period of one segment. All of its numbers are null if they are held back.
#[derive(Debug, Default, Serialize)]
struct Period {
    from: String,
    to: String,
    /// `locale:fa`; absent for everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<String>,
    /// Ratings per point, ascending.
    counts: Option<Vec<u64>>,
    /// Their sum.
    n: Option<u64>,
    /// NPS in points, −100…100; CSAT and CES in percent. Null without answers.
    score: Option<f64>,
    /// The 95 % interval of the score.
    interval: Option<[f64; 2]>,
    /// How the interval was made.
    method: Option<&'static str>,
    /// How many were shown the survey.
    shown: Option<u64>,
    /// How many closed it unanswered.
    dismissed: Option<u64>,
    /// The share of those shown who rated, 0…1. Null if nobody was shown it.
    response_rate: Option<f64>,
    /// How the score came about, as `candor score` says it.
    receipt: Option<Value>,
    /// Why there is no score: `no_data` or `too_few`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// `GET /v1/surveys/{id}/scores`
pub(crate) async fn show(
    State(app): State<App>,
    reader: Reader,
    Name(id): Name,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let index = app.index();
    let survey = index.survey(&id, None, [])?.survey;
    let zone = match &query.timezone {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name)
            .map_err(|_| Problem::invalid("timezone", "the IANA name of a time zone, such as Asia/Tehran"))?,
    };
    let segment = segment(&query, &survey)?;
    if let Some(site) = &query.site {
        index.check_wanted_site("site", site)?;
    }
    if let Segment::One(Dimension::Site, site) = &segment {
        index.check_wanted_site("segment", site)?;
    }
    let Range { from, to, later_until } = range(&app, &query, &survey, &zone).await?;
    let interval = match &query.interval {
        None => None,
        Some(name) => Some(
            calendar::PeriodLength::parse(name)
                .ok_or_else(|| Problem::invalid("interval", "hour, day, week or month"))?,
        ),
    };

    let min_n = integer("min_n", query.min_n.as_deref(), 1..=1_000_000)?.map_or(0, u64::from);
    // Each by itself adds up to less than everyone: an answer without a touchpoint is in no touchpoint.
    let whole = if matches!(segment, Segment::Each(_)) { Segment::All } else { segment.clone() };
    let total = tally(&app, &survey, whole, vec![from, to]).await?;
    let boundaries = match interval {
        None if matches!(segment, Segment::Each(_)) => vec![from, to],
        None => Vec::new(),
        Some(interval) => calendar::boundaries(from, to, interval, &zone, MAX_PERIODS).ok_or_else(|| {
            Problem::invalid("interval", format!("one that gives at most {MAX_PERIODS} periods"))
        })?,
    };
    let periods = match &*boundaries {
        [] => Vec::new(),
        _ => tally(&app, &survey, segment.clone(), boundaries.clone()).await?,
    };

    let ratings = index.rating_questions(&survey.id);
    reader
        .json(move || {
            let scale = survey.metric.scale();
            let later_until = later_until.map(|ms| calendar::rfc3339(ms, &zone));
            let view = View { metric: survey.metric, ratings, min_n, zone, segment };
            let total = total.first().ok_or_else(|| Problem::fault("the store gave no total"))?;
            Ok(Scores {
                survey: survey.id,
                metric: match survey.metric {
                    Metric::Nps => "nps",
                    Metric::Csat => "csat",
                    Metric::Ces => "ces",
                },
                scale: Ends { min: scale.min(), max: scale.max() },
                total: view.period(total, &[from, to])?,
                periods: periods
                    .iter()
                    .map(|counts| view.period(counts, &boundaries))
                    .collect::<Result<_, _>>()?,
                later_until,
            })
        })
        .await
}

fn segment(query: &Query, survey: &Survey) -> Result<Segment, Problem> {
    let segment = match &query.segment {
        None => Segment::All,
        Some(text) => {
            let (name, value) =
                text.split_once(':').map_or((text.as_str(), None), |(name, value)| (name, Some(value)));
            let dimension =
                Dimension::ALL.into_iter().find(|dimension| dimension.name() == name).ok_or_else(|| {
                    let names = Dimension::ALL.map(Dimension::name).join(", ");
                    Problem::invalid(
                        "segment",
                        format!("one of {names}, alone or with a value as in locale:fa"),
                    )
                })?;
            value.map_or(Segment::Each(dimension), |value| {
                // As the ingest writes it.
                let tag = if dimension == Dimension::Locale { canonical(value) } else { None };
                Segment::One(dimension, tag.unwrap_or_else(|| value.to_owned()))
            })
        }
    };
    match (&query.site, &survey.site) {
        (None, _) => Ok(segment),
        // The survey is this site's, so that all of its answers are.
        (Some(wanted), Some(own)) if wanted == own => Ok(segment),
        (Some(_), Some(own)) => Err(Problem::invalid("site", format!("{own}, whose survey this is"))),
        (Some(wanted), None) if segment == Segment::All => Ok(Segment::One(Dimension::Site, wanted.clone())),
        (Some(_), None) => Err(Problem::invalid("segment", "none together with the site, for a preset")),
    }
}

/// In milliseconds, on quarter hours.
struct Range {
    from: i64,
    to: i64,
    later_until: Option<i64>,
}

async fn range(app: &App, query: &Query, survey: &Survey, zone: &TimeZone) -> Result<Range, Problem> {
    let time = |field: &'static str, text: &Option<String>| {
        let Some(text) = text else { return Ok(None) };
        let expected =
            "a time such as 2026-11-01T00:00:00Z or a date such as 2026-11-01, 9999-12-30 at the latest";
        calendar::parse(text, zone).map(Some).ok_or_else(|| Problem::invalid(field, expected))
    };
    let floor = |ms: i64| ms.div_euclid(SLOT_MS) * SLOT_MS;
    let (from, to) = (time("from", &query.from)?, time("to", &query.to)?);
    let now = floor(Timestamp::now().as_millisecond());
    let span = match (from, to) {
        (Some(_), Some(_)) => None,
        _ => app.store.span(survey.id.clone()).await?,
    };
    // A clock that was years ahead for once would otherwise stretch every chart to there.
    let end = to.map_or(now, |ms| floor(ms - 1)) + SLOT_MS;
    let later_until = span.filter(|(_, last)| to.is_none() && *last >= end).map(|(_, last)| last + SLOT_MS);
    let to = end;
    let from = from.map_or_else(|| span.map_or(now, |(first, _)| first).min(to - SLOT_MS), floor);
    if from >= to {
        return Err(Problem::invalid("from", "a time before to, which is now unless it is given"));
    }
    Ok(Range { from, to, later_until })
}

async fn tally(
    app: &App,
    survey: &Survey,
    segment: Segment,
    boundaries_ms: Vec<i64>,
) -> Result<Vec<Counts>, Problem> {
    let query = TallyQuery { survey: survey.id.clone(), segment, boundaries_ms, most: MAX_COUNTS };
    app.store.tallies(query).await?.ok_or_else(|| {
        let expected = format!(
            "one that gives at most {MAX_COUNTS} periods times segments: one value, as in locale:fa, or longer periods"
        );
        Problem::invalid("segment", expected)
    })
}

struct View {
    metric: Metric,
    /// The ids of the questions whose skips count.
    ratings: BTreeSet<String>,
    min_n: u64,
    zone: TimeZone,
    segment: Segment,
}

impl View {
    fn period(&self, counts: &Counts, boundaries: &[i64]) -> Result<Period, Problem> {
        let tally = tally_of(self.metric, counts)
            .map_err(|error| Problem::fault(format!("the rollup holds what no survey can have: {error}")))?;
        let edge =
            |i: usize| boundaries.get(i).map(|ms| calendar::rfc3339(*ms, &self.zone)).unwrap_or_default();
        let segment = match (&self.segment, &counts.value) {
            (Segment::One(dimension, _) | Segment::Each(dimension), Some(value)) => {
                Some(format!("{}:{value}", dimension.name()))
            }
            _ => None,
        };
        let period =
            Period { from: edge(counts.period), to: edge(counts.period + 1), segment, ..Period::default() };
        let n = tally.n();
        if (1..self.min_n).contains(&n) {
            return Ok(Period { reason: Some("too_few"), ..period });
        }
        let score = Score::of(self.metric, &tally);
        Ok(Period {
            n: Some(n),
            score: score.map(|score| score.value),
            interval: score.map(|score| [score.interval.low, score.interval.high]),
            method: score.map(|score| score.interval.method.name()),
            shown: Some(counts.shown),
            dismissed: Some(counts.dismissed),
            response_rate: (counts.shown > 0).then(|| n as f64 / counts.shown as f64),
            receipt: Some(self.receipt(score, counts)),
            reason: score.is_none().then_some("no_data"),
            counts: Some(tally.counts().to_vec()),
            ..period
        })
    }

    fn receipt(&self, score: Option<Score>, counts: &Counts) -> Value {
        let receipt = score.map_or_else(|| Receipt::of(self.metric), |score| score.receipt());
        let skipped = counts.skipped.iter().filter(|(question, _)| self.ratings.contains(question));
        let exclusions =
            Exclusions { dismissed: Some(counts.dismissed), skipped: Some(skipped.map(|(_, n)| n).sum()) };
        receipt_json(&Receipt { exclusions, ..receipt })
    }
}

fn tally_of(metric: Metric, counts: &Counts) -> anyhow::Result<Tally> {
    let mut tally = Tally::new(metric.scale());
    for &(point, n) in &counts.ratings {
        tally.add(Rating::new(point, metric.scale())?, n)?;
    }
    Ok(tally)
}
