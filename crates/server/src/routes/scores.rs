use super::params::{Name, Params, integer, time, zone};
use crate::{
    app::App,
    auth::{Reader, to_json, to_json_in},
    calendar::{self, quarter_hour},
    problem::Problem,
    score::{CountedJson, RuleJson},
    survey_index::{Found, Wanted},
};
use axum::{extract::State, response::Response};
use candor_scoring::{Exclusions, Level, Measure, Ratio, Share, Tally};
use candor_store::{Counts, Dimension, SLOT_MS, Scope, Segment, TallyQuery};
use candor_survey::{Kind, OTHER, Question, canonical};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// How long a period is as JSON, about.
const PERIOD_BYTES: usize = 700;
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
    /// Only this site's answers, to its own survey of this id or to a preset.
    site: Option<String>,
    /// The answers of this workspace, unless the site says it. By default `default`.
    workspace: Option<String>,
    /// The question, by its id. By default the first rating, else the first choice.
    question: Option<String>,
    /// Numbers from fewer ratings than this, 1–1,000,000, are held back.
    min_n: Option<String>,
}

#[derive(Debug, Serialize)]
struct Scores {
    survey: String,
    question: String,
    /// Of a rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<Ends>,
    /// The versions that are counted, unless it is all of them: those that ask the question on the same scale, in the same look.
    #[serde(skip_serializing_if = "Option::is_none")]
    versions: Option<Vec<u32>>,
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

/// One period of one segment. All of its numbers are null if they are held back. Its `receipt`, how the score came about as `candor
/// score` says it, is not here: most of it is the same in thousands of them.
#[derive(Debug, Default, Serialize)]
struct Period<'a> {
    from: &'a str,
    to: &'a str,
    /// `locale:fa`; absent for everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<&'a str>,
    /// Ratings per point, ascending. Null of a choice.
    counts: Option<Vec<u64>>,
    /// What was chosen, in the order of the survey. Null of a rating.
    options: Option<Vec<Chosen>>,
    /// How many answered the question.
    n: Option<u64>,
    /// NPS in points, −100…100; CSAT and CES in percent. Null without answers, and of a choice.
    score: Option<f64>,
    /// The 95 % confidence interval of the score.
    ci: Option<[f64; 2]>,
    /// How the interval was made.
    method: Option<&'static str>,
    /// How many were shown the survey.
    shown: Option<u64>,
    /// How many closed it unanswered.
    dismissed: Option<u64>,
    /// The share of those shown who rated, 0…1. Null if nobody was shown it.
    response_rate: Option<f64>,
    /// Why there is no score: `no_data` or `too_few`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// One option of a choice.
#[derive(Debug, Serialize)]
struct Chosen {
    /// The option's id, or `other`.
    option: String,
    /// How many chose it.
    n: u64,
    /// The percentage of those who answered. Several may be chosen, and then they add up to more than 100. Null without answers.
    percent: Option<f64>,
    /// Its 95 % confidence interval, by Wilson's method.
    ci: Option<[f64; 2]>,
}

/// What a question counts.
#[derive(Debug)]
enum Counted {
    Rating(Measure),
    /// The ids of the options.
    Choice(Vec<String>),
}

/// The question that is read, and the versions that ask it so.
pub(super) struct Reading {
    pub(super) question: String,
    counted: Counted,
    versions: Vec<u32>,
    /// Whether there are versions that ask it otherwise or not at all.
    is_part: bool,
}

impl Reading {
    pub(super) fn of(found: Found<'_>, wanted: Option<&str>) -> Result<Self, Problem> {
        let versions = found.versions();
        let is_counted =
            |question: &&Question| matches!(question.kind, Kind::Rating { .. } | Kind::Choice { .. });
        // As the survey is now, else as it was last.
        let mut asked = std::iter::once(found.survey).chain(versions.iter().rev().copied());
        let question = match wanted {
            Some(id) => asked.find_map(|survey| survey.question(id)).filter(is_counted),
            None => {
                let first = found.survey.questions.iter().find(|question| question.measure().is_some());
                first.or_else(|| found.survey.questions.iter().find(is_counted))
            }
        };
        let Some(question) = question else {
            let ids = found.survey.questions.iter().filter(is_counted).map(|question| question.id.as_str());
            let ids: Vec<_> = ids.collect();
            let expected = if ids.is_empty() {
                "a survey with a rating or a choice: this one has nothing to count".to_owned()
            } else {
                ids.join(" or ")
            };
            return Err(Problem::invalid("question", expected));
        };
        let is_same = |other: &Question| match (&question.kind, &other.kind) {
            (Kind::Choice { .. }, Kind::Choice { .. }) => true,
            _ => question.rated().is_some() && question.rated() == other.rated(),
        };
        let same: Vec<_> = versions
            .iter()
            .filter_map(|survey| {
                Some((survey.version, survey.question(&question.id).filter(|q| is_same(q))?))
            })
            .collect();
        let counted = match question.measure() {
            Some(measure) => Counted::Rating(measure),
            None => {
                let newest_first =
                    std::iter::once(question).chain(same.iter().rev().map(|(_, question)| *question));
                Counted::Choice(options(newest_first))
            }
        };
        Ok(Self {
            question: question.id.clone(),
            counted,
            is_part: same.len() < versions.len(),
            versions: same.into_iter().map(|(version, _)| version).collect(),
        })
    }
}

/// The ids of all options that there are and were, an answer of one's own last.
fn options<'a>(questions: impl Iterator<Item = &'a Question>) -> Vec<String> {
    let (mut ids, mut has_other) = (Vec::new(), false);
    for question in questions {
        let Kind::Choice { options, other, .. } = &question.kind else { continue };
        has_other |= other;
        for option in options {
            if !ids.contains(&option.id) {
                ids.push(option.id.clone());
            }
        }
    }
    ids.extend(has_other.then(|| OTHER.to_owned()));
    ids
}

/// `GET /v1/surveys/{id}/scores`
pub(crate) async fn show(
    State(app): State<App>,
    reader: Reader,
    Name(id): Name,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let index = app.index();
    let Wanted { scope, found, site } =
        index.wanted(query.workspace.as_deref(), query.site.as_deref(), &id)?;
    let reading = Reading::of(found, query.question.as_deref())?;
    let zone = zone(query.timezone.as_deref())?;
    let segment = segment(&query, found)?;
    if let Segment::One(Dimension::Site, site) = &segment {
        index.check_wanted_site("segment", scope, site)?;
    }
    let Range { from, to, later_until } = range(&app, &query, scope, site.clone(), &id, &zone).await?;
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
    let versions = reading.is_part.then(|| reading.versions.clone());
    let tally = async |segment, boundaries_ms| {
        let (site, survey, question) = (site.clone(), id.clone(), reading.question.clone());
        let versions = versions.clone();
        let most = MAX_COUNTS;
        tally(&app, TallyQuery { scope, site, survey, question, versions, segment, boundaries_ms, most })
            .await
    };
    let boundaries = match interval {
        None if matches!(segment, Segment::Each(_)) => vec![from, to],
        None => Vec::new(),
        Some(interval) => calendar::boundaries(from, to, interval, &zone, MAX_PERIODS).ok_or_else(|| {
            Problem::invalid("interval", format!("one that gives at most {MAX_PERIODS} periods"))
        })?,
    };
    let of_periods = async {
        match &*boundaries {
            [] => Ok(Vec::new()),
            _ => tally(segment.clone(), boundaries.clone()).await,
        }
    };
    let (total, periods) = tokio::try_join!(tally(whole, vec![from, to]), of_periods)?;

    reader
        .json(move || {
            let later_until = later_until.map(|ms| calendar::rfc3339(ms, &zone));
            let measure = match &reading.counted {
                Counted::Rating(measure) => Some(*measure),
                Counted::Choice(_) => None,
            };
            let edges = |boundaries: &[i64]| -> Vec<String> {
                boundaries.iter().map(|ms| calendar::rfc3339(*ms, &zone)).collect()
            };
            let (whole, parts) = (edges(&[from, to]), edges(&boundaries));
            let rule = measure.map(|measure| to_json(&RuleJson::from(&measure.receipt()))).transpose()?;
            let view = View { counted: reading.counted, rule, min_n, segment };
            let total = total.first().ok_or_else(|| Problem::fault("the store gave no total"))?;
            let scores = Scores {
                survey: id,
                question: reading.question,
                metric: measure.map(|measure| measure.metric().name()),
                scale: measure.map(|measure| Ends { min: measure.scale().min(), max: measure.scale().max() }),
                versions,
                later_until,
            };
            let mut json = Vec::with_capacity(PERIOD_BYTES * (1 + periods.len()));
            to_json_in(&scores, &mut json)?;
            json.pop();
            json.extend_from_slice(b",\"total\":");
            view.write(std::slice::from_ref(total), &whole, &mut json)?;
            json.extend_from_slice(b",\"periods\":[");
            view.write(&periods, &parts, &mut json)?;
            json.extend_from_slice(b"]}");
            Ok(json)
        })
        .await
}

fn segment(query: &Query, found: Found<'_>) -> Result<Segment, Problem> {
    let Some(text) = &query.segment else { return Ok(Segment::All) };
    let declared = found.all_declared();
    let is_known = |dimension: &Dimension| match dimension {
        Dimension::Declared(name) => declared.contains(&**name),
        _ => true,
    };
    let known = Dimension::parse(text).filter(|(dimension, _)| is_known(dimension));
    let (dimension, value) = known.ok_or_else(|| {
        let declared = declared.iter().map(|name| Dimension::Declared((*name).to_owned()));
        let names: Vec<_> = Dimension::EVERY.into_iter().chain(declared).map(|d| d.name()).collect();
        let names = names.join(", ");
        Problem::invalid("segment", format!("one of {names}, alone or with a value as in locale:fa"))
    })?;
    Ok(match value {
        None => Segment::Each(dimension),
        Some(value) => {
            // As the ingest writes it.
            let tag = if dimension == Dimension::Locale { canonical(value) } else { None };
            Segment::One(dimension, tag.unwrap_or_else(|| value.to_owned()))
        }
    })
}

/// In milliseconds.
struct Range {
    from: i64,
    to: i64,
    later_until: Option<i64>,
}

async fn range(
    app: &App,
    query: &Query,
    scope: Scope,
    site: Option<String>,
    survey: &str,
    zone: &TimeZone,
) -> Result<Range, Problem> {
    let (from, to) = (time("from", query.from.as_deref(), zone)?, time("to", query.to.as_deref(), zone)?);
    let now = quarter_hour(Timestamp::now().as_millisecond());
    let span = match (from, to) {
        (Some(_), Some(_)) => None,
        _ => app.store.span(scope, site, survey.to_owned()).await?,
    };
    // A clock that was years ahead for once would otherwise stretch every chart to there.
    let end = to.unwrap_or(now + SLOT_MS);
    let later_until = span.filter(|(_, last)| to.is_none() && *last >= end).map(|(_, last)| last + SLOT_MS);
    let to = end;
    let from = from.unwrap_or_else(|| span.map_or(now, |(first, _)| first).min(quarter_hour(to - 1)));
    if from >= to {
        return Err(Problem::invalid("from", "a time before to, which is now unless it is given"));
    }
    Ok(Range { from, to, later_until })
}

async fn tally(app: &App, query: TallyQuery) -> Result<Vec<Counts>, Problem> {
    app.store.tallies(query).await?.ok_or_else(|| {
        let expected = format!(
            "one that gives at most {MAX_COUNTS} periods times segments: one value, as in locale:fa, or longer periods"
        );
        Problem::invalid("segment", expected)
    })
}

#[derive(Debug)]
struct View {
    counted: Counted,
    /// A rating's [`RuleJson`], as JSON.
    rule: Option<Vec<u8>>,
    min_n: u64,
    segment: Segment,
}

impl View {
    /// Writes periods, with commas between them. `edges` are the moments at which they begin and end.
    fn write(&self, periods: &[Counts], edges: &[String], json: &mut Vec<u8>) -> Result<(), Problem> {
        let edge = |i: usize| edges.get(i).map(String::as_str).unwrap_or_default();
        let mut is_first = true;
        for of_value in periods.chunk_by(|a, b| a.value == b.value) {
            let value = of_value.first().and_then(|counts| counts.value.as_ref());
            let segment = match (&self.segment, value) {
                (Segment::One(dimension, _) | Segment::Each(dimension), Some(value)) => {
                    Some(format!("{}:{value}", dimension.name()))
                }
                _ => None,
            };
            for counts in of_value {
                if !std::mem::take(&mut is_first) {
                    json.push(b',');
                }
                let (period, receipt) = self.period(counts).map_err(Problem::fault)?;
                let (from, to) = (edge(counts.period), edge(counts.period + 1));
                to_json_in(&Period { from, to, segment: segment.as_deref(), ..period }, json)?;
                json.pop();
                json.extend_from_slice(b",\"receipt\":");
                match (&self.rule, receipt) {
                    (Some(rule), Some(receipt)) => {
                        json.extend_from_slice(rule);
                        with_fields(&receipt, json)?;
                    }
                    _ => json.extend_from_slice(b"null"),
                }
                json.push(b'}');
            }
        }
        Ok(())
    }

    /// What was counted in a period, with what makes its receipt.
    fn period(&self, counts: &Counts) -> Result<(Period<'static>, Option<CountedJson>), String> {
        let (n, period, receipt) = match &self.counted {
            Counted::Rating(measure) => rated(*measure, counts)?,
            Counted::Choice(options) => chosen(options, counts),
        };
        if (1..self.min_n).contains(&n) {
            return Ok((Period { reason: Some("too_few"), ..Period::default() }, None));
        }
        let period = Period {
            n: Some(n),
            shown: Some(counts.shown),
            dismissed: Some(counts.dismissed),
            response_rate: (counts.shown > 0).then(|| n as f64 / counts.shown as f64),
            reason: (n == 0).then_some("no_data"),
            ..period
        };
        Ok((period, receipt))
    }
}

/// Writes the fields of an object into the one that was written before.
fn with_fields(object: &impl Serialize, json: &mut Vec<u8>) -> Result<(), Problem> {
    json.pop();
    let at = json.len();
    to_json_in(object, json)?;
    json.get_mut(at).into_iter().for_each(|brace| *brace = b',');
    Ok(())
}

type Told = (u64, Period<'static>, Option<CountedJson>);

/// How many rated, and what comes of it.
fn rated(measure: Measure, counts: &Counts) -> Result<Told, String> {
    let scale = measure.scale();
    let mut by_point = vec![0; scale.len()];
    for &(point, n) in &counts.ratings {
        // A version without answers may be edited while one to it is on its way: what is not on the scale now is no rating.
        let place = point.checked_sub(scale.min()).and_then(|place| by_point.get_mut(usize::from(place)));
        place.into_iter().for_each(|count| *count = n);
    }
    let tally = Tally::from_counts(scale, &by_point).map_err(|error| error.to_string())?;
    let score = measure.score(&tally);
    let exclusions = Exclusions { dismissed: Some(counts.dismissed), skipped: Some(counts.skipped) };
    let period = Period {
        counts: Some(by_point),
        score: score.map(|score| score.value),
        ci: score.map(|score| [score.interval.low, score.interval.high]),
        method: score.map(|score| score.interval.method.name()),
        ..Period::default()
    };
    Ok((tally.n(), period, Some(CountedJson::new(score.map(|score| score.exact), exclusions))))
}

/// How many answered, and what they chose.
fn chosen(options: &[String], counts: &Counts) -> Told {
    let of = |option: &String| {
        let n = counts.choices.iter().find(|(id, _)| id == option).map_or(0, |(_, n)| *n);
        let share = Share::new(n, counts.answered).ok();
        let ci = share.and_then(|share| share.wilson(Level::P95)).map(|interval| interval.clip(0.0, 100.0));
        Chosen {
            option: option.clone(),
            n,
            percent: share.and_then(Share::percent).map(Ratio::value),
            ci: ci.map(|interval| [interval.low, interval.high]),
        }
    };
    let period = Period { options: Some(options.iter().map(of).collect()), ..Period::default() };
    (counts.answered, period, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rating_off_the_scale_is_left_out() {
        let counts = Counts { ratings: vec![(3, 2), (5, 1), (10, 7)], ..Counts::default() };
        let (n, period, _) = rated(Measure::own(candor_scoring::Metric::Csat), &counts).unwrap();
        assert_eq!((n, period.counts), (3, Some(vec![0, 0, 2, 0, 1])));
    }
}
