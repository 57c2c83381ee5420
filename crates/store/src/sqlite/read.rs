use super::{
    files::free_bytes,
    names::Table,
    save::{Old, blob, of_response, select_old},
};
use crate::{
    Counts, Dimension, FeedQuery, HEALTH_DAYS, Health, Listed, MAX_PAGE_BYTES, Place, ResponseQuery, SLOT_MS,
    Scope, Segment, StoreError, StoredResponse, TallyQuery,
    decide::{ANONYMOUS, CORRECTED, OUT, OUT_OF_RANGE, SIGNED, TEST, are_counted, uuid_bytes, uuid_text},
    kept::{Content, Of, Parts, Personal, state_of},
    rollup::{Boundaries, DAY_MS, Day, EVERYONE, Measure, Periods, QUARTERS, Shared, Totals, counters},
};
use rusqlite::{Connection, OptionalExtension, Params, Row, Statement, params};
use std::{collections::BTreeMap, path::Path};

const SEGMENT: &str =
    "SELECT segment FROM segments WHERE workspace = ?1 AND survey = ?2 AND dimension = ?3 AND value = ?4";
const VALUES: &str =
    "SELECT value, segment FROM segments WHERE workspace = ?1 AND survey = ?2 AND dimension = ?3";
const OCCURS: &str = "SELECT 1 FROM rollup
     WHERE workspace = ?1 AND survey = ?2 AND segment = ?3 AND day >= ?4 AND day <= ?5 LIMIT 1";
/// Without the quarter hours, which are much more to read.
const TOTALS: &str = "SELECT day, version, totals FROM rollup
     WHERE workspace = ?1 AND survey = ?2 AND segment = ?3 AND day >= ?4 AND day <= ?5";
const ROWS: &str = "SELECT day, version, totals, quarters FROM rollup
     JOIN rollup_quarters USING (workspace, survey, segment, day, version)
     WHERE workspace = ?1 AND survey = ?2 AND segment = ?3 AND day >= ?4 AND day <= ?5";
// One end each: with both in one SELECT, SQLite reads every row.
const FIRST: &str = "SELECT MIN(day) FROM rollup WHERE workspace = ?1 AND survey = ?2 AND segment = 0";
const LAST: &str = "SELECT MAX(day) FROM rollup WHERE workspace = ?1 AND survey = ?2 AND segment = 0";
/// Whether anyone has seen or answered a version; those who tried it out don't count.
const IS_COUNTED: &str =
    "SELECT 1 FROM rollup WHERE workspace = ?1 AND survey = ?2 AND segment = 0 AND version = ?3 LIMIT 1";
const IS_CHANGED: &str = "SELECT 1 FROM changes WHERE workspace = ?1 AND survey = ?2 LIMIT 1";
const IS_OUT: &str = "SELECT 1 FROM responses
     WHERE workspace = ?1 AND survey = ?2 AND (state >= 2) IN (0, 1) AND version = ?3 AND flags & ?4 > 0 LIMIT 1";
const NEWEST: &str = "SELECT dated_ms, id FROM responses
     WHERE workspace = ?1 AND survey = ?2 AND (state >= 2) = ?3 AND (dated_ms, id) < (?4, ?5)
     ORDER BY dated_ms DESC, id DESC LIMIT ?6";
const OF_STRETCH: &str = select_old!(
    ", id FROM responses
     WHERE workspace = ?1 AND survey = ?2 AND (state >= 2) = ?3 AND dated_ms >= ?4 AND dated_ms < ?5"
);
/// A response with all of its parts; what comes after says which.
const RESPONSES: &str =
    "SELECT responses.id, seq, dated_ms, surveys.site, surveys.id, version, revision, state, flags,
     responses.content, frames.content, personal.id IS NOT NULL, respondent, page, said
     FROM responses JOIN surveys USING (workspace, survey) LEFT JOIN frames USING (workspace, frame)
     LEFT JOIN personal ON personal.workspace = responses.workspace AND personal.id = responses.id
     WHERE responses.workspace = ?1";
const OF_ID: &str = "AND responses.id = ?2";
const OF_SURVEY: &str =
    "AND responses.survey = ?2 AND (state >= 2) = ?3 AND dated_ms >= ?4 AND dated_ms < ?5";
const IN_ORDER: &str = "AND seq > ?2 ORDER BY seq LIMIT ?3";

pub(super) fn tallies(
    connection: &Connection,
    query: &TallyQuery,
) -> Result<Option<Vec<Counts>>, StoreError> {
    // One read transaction: all periods must be of the same moment.
    let transaction = connection.unchecked_transaction()?;
    let boundaries = Boundaries::new(&query.boundaries_ms);
    let days = boundaries.days();
    let most = query.most / query.boundaries_ms.len().saturating_sub(1).max(1);
    let segments = segments(&transaction, query, days, most)?;
    if segments.len() > most {
        return Ok(None);
    }
    let are_whole_days = boundaries.are_whole_days();
    let split = split(&transaction, query, &boundaries)?;
    let mut select = transaction.prepare_cached(if are_whole_days { TOTALS } else { ROWS })?;
    let mut all = Vec::new();
    for (value, parts) in segments {
        let mut periods = Periods::new(query, &boundaries);
        for (survey, segment) in parts {
            let mut rows = select.query(params![query.scope.0, survey, segment, days.0, days.1])?;
            while let Some(row) = rows.next()? {
                let (day, version, totals) = (row.get(0)?, row.get(1)?, blob(row, 2)?);
                if are_whole_days {
                    periods.add_totals(day, version, totals)?;
                } else {
                    periods.add(day, version, &Day::unpack(totals, blob(row, 3)?)?);
                }
            }
            let of_segment = (survey, segment, 0, 0)..=(survey, segment, usize::MAX, u32::MAX);
            for ((_, _, period, version), counted) in split.range(of_segment) {
                periods.add_split(*period, *version, counted);
            }
        }
        // Its day may have counts where its period has none.
        let is_absent = matches!(query.segment, Segment::Each(_)) && periods.are_empty();
        all.extend(periods.counts(value).filter(|_| !is_absent));
    }
    Ok(Some(all))
}

/// What was counted by survey, segment, period and version.
type Split = BTreeMap<(i64, u32, usize, u32), Day>;

/// Counts the responses of quarter hours that boundaries split.
fn split(connection: &Connection, query: &TallyQuery, boundaries: &Boundaries) -> Result<Split, StoreError> {
    let (mut split, mut names) = (Split::new(), Shared::default());
    let mut select = connection.prepare_cached(OF_STRETCH)?;
    for (from_ms, to_ms) in boundaries.split() {
        for (survey, _) in Table(connection).of_id(query.scope, &query.survey, query.site.as_deref())? {
            for answered in [false, true] {
                let mut rows = select.query(params![query.scope.0, survey, answered, from_ms, to_ms])?;
                while let Some(row) = rows.next()? {
                    // What can't be read is counted nowhere.
                    let kept = Old::read(row).map_err(StoreError::from);
                    let Ok(kept) = kept.and_then(|old| old.row(query.scope, row.get(9)?)) else { continue };
                    let Some(period) = boundaries.period(kept.dated_ms) else { continue };
                    if !are_counted(kept.flags) {
                        continue;
                    }
                    for segment in std::iter::once(EVERYONE).chain(kept.segments.iter().copied()) {
                        let day = split.entry((survey, segment, period, kept.version)).or_default();
                        counters(&kept, 1)
                            .iter()
                            .for_each(|(counter, n)| day.add(&counter.named(&mut names), 0, *n));
                    }
                }
            }
        }
    }
    Ok(split)
}

/// By value, the surveys and segments that may have counts of it.
type Values = BTreeMap<Option<String>, Vec<(i64, u32)>>;

/// The values of the segments that are asked for, each with the surveys and segments that may have counts of it. Of more than
/// `most`, one more.
fn segments(
    connection: &Connection,
    query: &TallyQuery,
    (from, to): (i64, i64),
    most: usize,
) -> Result<Values, StoreError> {
    let surveys = Table(connection).of_id(query.scope, &query.survey, query.site.as_deref())?;
    let everyone = |surveys: Vec<(i64, String)>| surveys.into_iter().map(|(survey, _)| (survey, EVERYONE));
    let mut found = BTreeMap::<_, Vec<_>>::new();
    match &query.segment {
        Segment::All => _ = found.insert(None, everyone(surveys).collect()),
        Segment::One(Dimension::Site, value) => {
            let of_site = surveys.into_iter().filter(|(_, site)| site == value).collect();
            found.insert(Some(value.clone()), everyone(of_site).collect());
        }
        Segment::One(dimension, value) => {
            let mut select = connection.prepare_cached(SEGMENT)?;
            let parts = found.entry(Some(value.clone())).or_default();
            for (survey, _) in surveys {
                let key = params![query.scope.0, survey, &*dimension.name(), value];
                let segment = select.query_row(key, |row| row.get(0)).optional()?;
                parts.extend(segment.map(|segment| (survey, segment)));
            }
        }
        Segment::Each(dimension) => {
            let mut values = connection.prepare_cached(VALUES)?;
            let mut occurs = connection.prepare_cached(OCCURS)?;
            for (survey, site) in surveys {
                let all = match dimension {
                    Dimension::Site => vec![(site, EVERYONE)],
                    _ => values
                        .query_map(params![query.scope.0, survey, &*dimension.name()], |row| {
                            Ok((row.get(0)?, row.get(1)?))
                        })?
                        .collect::<Result<_, _>>()?,
                };
                for (value, segment) in all {
                    if occurs.exists(params![query.scope.0, survey, segment, from, to])? {
                        found.entry(Some(value)).or_default().push((survey, segment));
                    }
                    if found.len() > most {
                        return Ok(found);
                    }
                }
            }
        }
    }
    Ok(found)
}

pub(super) fn span(
    connection: &Connection,
    scope: Scope,
    site: Option<&str>,
    survey: &str,
) -> Result<Option<(i64, i64)>, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let mut span: Option<(i64, i64)> = None;
    for (survey, _) in Table(&transaction).of_id(scope, survey, site)? {
        let end = |sql| -> Result<Option<i64>, StoreError> {
            Ok(transaction.prepare_cached(sql)?.query_row([scope.0, survey], |row| row.get(0))?)
        };
        if let Some((first, last)) = end(FIRST)?.zip(end(LAST)?) {
            let quarters = |day: i64| -> Result<Vec<i64>, StoreError> {
                let mut select = transaction.prepare_cached(ROWS)?;
                let mut rows = select.query(params![scope.0, survey, EVERYONE, day, day])?;
                let mut slots = Vec::new();
                while let Some(row) = rows.next()? {
                    let counted = Day::unpack(blob(row, 2)?, blob(row, 3)?)?;
                    let quarters = counted.series().iter().flat_map(|series| &series.quarters);
                    slots.extend(quarters.map(|(quarter, _)| {
                        day.saturating_mul(QUARTERS).saturating_add(i64::from(*quarter))
                    }));
                }
                Ok(slots)
            };
            let ends = quarters(first)?.into_iter().min().zip(quarters(last)?.into_iter().max());
            if let Some((first, last)) = ends {
                span = Some(span.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
            }
        }
    }
    Ok(span.map(|(first, last)| (first.saturating_mul(SLOT_MS), last.saturating_mul(SLOT_MS))))
}

pub(super) fn is_counted(
    connection: &Connection,
    scope: Scope,
    survey: i64,
    version: u32,
) -> Result<bool, StoreError> {
    let mut select = connection.prepare_cached(IS_COUNTED)?;
    if select.exists(params![scope.0, survey, version])? {
        return Ok(true);
    }
    // All that there are may be out of the counts, and be put back.
    let mut changes = connection.prepare_cached(IS_CHANGED)?;
    let mut select = connection.prepare_cached(IS_OUT)?;
    Ok(changes.exists(params![scope.0, survey])?
        && select.exists(params![scope.0, survey, version, OUT | OUT_OF_RANGE])?)
}

pub(super) fn responses(connection: &Connection, query: &ResponseQuery) -> Result<Listed, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let (dated_ms, id) = match &query.after {
        Some((dated_ms, id)) => (*dated_ms, uuid_bytes(id)),
        None => (i64::MAX, [u8::MAX; 16]),
    };
    // Each survey's by itself, those with answers and those without: each of them is one walk along the index.
    let surveys = Table(&transaction).of_id(query.scope, &query.survey, query.site.as_deref())?;
    let mut select = transaction.prepare_cached(NEWEST)?;
    let mut places = Vec::new();
    for (survey, _) in surveys {
        for answered in [true, false].into_iter().take(1 + usize::from(query.unanswered)) {
            let walk = params![query.scope.0, survey, answered, dated_ms, id, query.limit];
            add_places(&mut select, walk, &mut places)?;
        }
    }
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));

    let mut select = transaction.prepare_cached(&format!("{RESPONSES} {OF_ID}"))?;
    let mut page = Page::new(query.limit);
    for (_, id) in places {
        let mut rows = select.query(params![query.scope.0, id])?;
        if let Some(row) = rows.next()?
            && !page.add(row)?
        {
            break;
        }
    }
    Ok(page.listed())
}

/// Adds the places that a walk along the index of dates finds: dates and ids, also those that are none.
pub(super) fn add_places(
    select: &mut Statement<'_>,
    walk: impl Params,
    places: &mut Vec<(i64, Vec<u8>)>,
) -> Result<(), StoreError> {
    for place in select.query_map(walk, |row| Ok((row.get(0)?, row.get(1)?)))? {
        places.push(place?);
    }
    Ok(())
}

pub(super) fn response(
    connection: &Connection,
    scope: Scope,
    id: &str,
) -> Result<Option<StoredResponse>, StoreError> {
    let mut select = connection.prepare_cached(&format!("{RESPONSES} {OF_ID}"))?;
    let mut rows = select.query(params![scope.0, uuid_bytes(id)])?;
    match rows.next()? {
        Some(row) => Page::new(1).read(row, id.to_owned()).map(Some).map_err(|error| of_response(error, id)),
        None => Ok(None),
    }
}

pub(super) fn feed(connection: &Connection, query: FeedQuery) -> Result<Listed, StoreError> {
    let FeedQuery { scope, after, limit } = query;
    let mut select = connection.prepare_cached(&format!("{RESPONSES} {IN_ORDER}"))?;
    let mut rows = select.query(params![scope.0, after, limit])?;
    let mut page = Page::new(limit);
    while let Some(row) = rows.next()? {
        if !page.add(row)? {
            break;
        }
    }
    Ok(page.listed())
}

/// Which of the responses to a survey that are dated in a stretch no list can show: their ids, and what is wrong.
pub(super) fn unlisted(
    connection: &Connection,
    scope: Scope,
    survey: i64,
    (from_ms, to_ms): (i64, i64),
) -> Result<Vec<(String, String)>, StoreError> {
    let mut unlisted = Vec::new();
    let mut select = connection.prepare_cached(&format!("{RESPONSES} {OF_SURVEY}"))?;
    for answered in [false, true] {
        let mut rows = select.query(params![scope.0, survey, answered, from_ms, to_ms])?;
        while let Some(row) = rows.next()? {
            let id = id(row)?;
            match Page::new(1).read(row, id.clone()) {
                Err(StoreError::Database(what)) => unlisted.push((id, what)),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
    }
    Ok(unlisted)
}

/// The id of a row of [`RESPONSES`], in whatever way it is damaged.
fn id(row: &Row<'_>) -> Result<String, StoreError> {
    let id: Vec<u8> = row.get(0)?;
    Ok(<[u8; 16]>::try_from(&*id).map_or_else(|_| format!("{id:02x?}"), uuid_text))
}

pub(super) fn health(connection: &Connection, file: &Path, now_ms: i64) -> Result<Health, StoreError> {
    let failed = |e: std::io::Error| StoreError::Database(e.to_string());
    let mut health = Health {
        bytes: std::fs::metadata(file).map_err(failed)?.len(),
        free_bytes: free_bytes(file).map_err(failed)?,
        ..Health::default()
    };
    let today = now_ms.div_euclid(DAY_MS);
    let recent = today - i64::from(HEALTH_DAYS)..=today;
    let transaction = connection.unchecked_transaction()?;
    let mut surveys = transaction.prepare_cached("SELECT workspace, survey FROM surveys")?;
    let surveys = surveys.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let mut select = transaction.prepare_cached(TOTALS)?;
    for survey in surveys {
        let (workspace, survey) = survey?;
        let mut rows = select.query(params![workspace, survey, EVERYONE, i64::MIN, i64::MAX])?;
        while let Some(row) = rows.next()? {
            let day: i64 = row.get(0)?;
            // Counting again says which can't be read.
            let Ok(totals) = Totals::new(blob(row, 2)?) else { continue };
            let shown = totals
                .filter_map(Result::ok)
                .filter(|(counter, _)| counter.measure == Measure::Shown)
                .map(|(_, n)| u64::try_from(n).unwrap_or(0))
                .sum::<u64>();
            health.responses += shown;
            health.recent += if recent.contains(&day) { shown } else { 0 };
            health.last_day_ms = health.last_day_ms.max(Some(day.saturating_mul(DAY_MS)));
        }
    }
    Ok(health)
}

/// A page that is being read.
struct Page {
    limit: usize,
    /// How many rows were read.
    rows: usize,
    last: Option<Place>,
    bytes: usize,
    responses: Vec<StoredResponse>,
}

impl Page {
    fn new(limit: u32) -> Self {
        Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            rows: 0,
            last: None,
            bytes: 0,
            responses: Vec::new(),
        }
    }

    /// Adds a row of [`RESPONSES`], and says whether there is room for more. The others must be seen beside one that is damaged.
    fn add(&mut self, row: &Row<'_>) -> Result<bool, StoreError> {
        self.rows += 1;
        let id = id(row)?;
        // What has no id is no place to go on from; it is passed over again.
        if id.len() == 36 {
            self.last = Some(Place { dated_ms: row.get(2)?, id: id.clone(), seq: row.get(1)? });
        }
        match self.read(row, id.clone()) {
            Ok(response) => self.responses.push(response),
            Err(error) => {
                tracing::error!(error = %of_response(error, &uuid_text(row.get(0)?)), "a response is left out of a list")
            }
        }
        Ok(self.bytes < MAX_PAGE_BYTES)
    }

    fn read(&mut self, row: &Row<'_>, id: String) -> Result<StoredResponse, StoreError> {
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let (content, frame) = (text(9)?, text(10)?);
        self.bytes += content.len() + frame.len();
        let personal = match row.get(11)? {
            false => None,
            true => {
                let said = text(14)?;
                let page: Option<String> = row.get(13)?;
                self.bytes += said.len() + page.as_ref().map_or(0, String::len);
                Some(Personal { respondent: row.get(12)?, page, said: serde_json::from_str(said)? })
            }
        };
        let parts =
            Parts { content: Content::from_json(content)?, frame: serde_json::from_str(frame)?, personal };
        let flags: u32 = row.get(8)?;
        let of = Of {
            site: row.get(3)?,
            survey: row.get(4)?,
            survey_version: row.get(5)?,
            state: state_of(row.get(7)?)?,
            test: flags & TEST > 0,
            signed: flags & SIGNED > 0,
        };
        Ok(StoredResponse {
            id,
            seq: row.get(1)?,
            revision: row.get(6)?,
            dated_ms: row.get(2)?,
            response: parts.response(of),
            counted: are_counted(flags),
            corrected: flags & CORRECTED > 0,
            anonymous: flags & ANONYMOUS > 0,
        })
    }

    fn listed(self) -> Listed {
        let Self { limit, rows, last, bytes, responses } = self;
        Listed { next: last.filter(|_| bytes >= MAX_PAGE_BYTES || rows == limit), responses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_read_walks_an_index_and_reads_nothing_that_was_not_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join("candor.sqlite")).unwrap();
        super::super::schema::migrate(&mut connection).unwrap();
        let plan = |sql: &str| -> Vec<String> {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let params = (1..=explain.parameter_count()).map(|_| rusqlite::types::Null);
            let steps = explain.query_map(rusqlite::params_from_iter(params), |row| row.get(3)).unwrap();
            steps.map(Result::unwrap).collect()
        };
        let key = |rest: &str| {
            format!("SEARCH rollup USING PRIMARY KEY (workspace=? AND survey=? AND segment=?{rest})")
        };
        let of_days = key(" AND day>? AND day<?");
        for (sql, expected) in [
            (OCCURS, &of_days),
            (TOTALS, &of_days),
            (FIRST, &key("")),
            (LAST, &key("")),
            (IS_COUNTED, &key("")),
        ] {
            assert_eq!(plan(sql), [expected.as_str()], "{sql}");
        }
        let steps = plan(ROWS);
        assert!(steps.iter().all(|step| step.starts_with("SEARCH")) && steps[0] == of_days, "{steps:?}");
        let newest = "(workspace=? AND survey=? AND <expr>=? AND (dated_ms,id)<(?,?))";
        assert_eq!(
            plan(NEWEST),
            [format!("SEARCH responses USING COVERING INDEX responses_newest {newest}")]
        );
        for rest in [OF_ID, OF_SURVEY, IN_ORDER] {
            let steps = plan(&format!("{RESPONSES} {rest}"));
            assert!(steps.iter().all(|step| step.starts_with("SEARCH")), "{steps:?}");
        }
        for sql in [SEGMENT, VALUES] {
            assert!(
                plan(sql).iter().all(|step| step.starts_with("SEARCH segments USING")),
                "{:?}",
                plan(sql)
            );
        }
    }
}
