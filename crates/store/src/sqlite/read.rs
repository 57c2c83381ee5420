use crate::{
    Counts, Dimension, Listed, MAX_PAGE_BYTES, ResponseQuery, SLOT_MS, Segment, StoreError, StoredResponse,
    TallyQuery,
    decide::{uuid_bytes, uuid_text},
    rollup::{Counted, Periods},
};
use candor_survey::Response;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, HashSet};

// The leaps from one site or value to the next: a `DISTINCT` would read every row.
const NEXT_SITE: &str = "SELECT MIN(site) FROM rollup WHERE survey = ?1 AND site > ?2";
const NEXT_VALUE: &str =
    "SELECT MIN(value) FROM rollup WHERE survey = ?1 AND site = ?2 AND dimension = ?3 AND value > ?4";
const OCCURS: &str = "SELECT 1 FROM rollup
     WHERE survey = ?1 AND site = ?2 AND dimension = ?3 AND value = ?4 AND slot >= ?5 AND slot < ?6 LIMIT 1";
/// One walk through all periods of one segment: a query for each of a thousand periods costs more, and so does sorting for a
/// `GROUP BY`.
const COUNTERS: &str = "SELECT slot, measure, question, version, point, choice, n FROM rollup
     WHERE survey = ?1 AND site = ?2 AND dimension = ?3 AND value = ?4 AND slot >= ?5 AND slot < ?6";
// One end each: with both in one SELECT, SQLite reads every row.
const FIRST: &str =
    "SELECT MIN(slot) FROM rollup WHERE survey = ?1 AND site = ?2 AND dimension = '' AND value = ''";
const LAST: &str =
    "SELECT MAX(slot) FROM rollup WHERE survey = ?1 AND site = ?2 AND dimension = '' AND value = ''";
/// Whether anyone has seen or answered a version; those who tried it out don't count.
const IS_COUNTED: &str = "SELECT 1 FROM rollup
     WHERE survey = ?1 AND site = ?2 AND dimension = '' AND value = '' AND version = ?3 AND n > 0 LIMIT 1";

pub(super) fn tallies(
    connection: &Connection,
    query: &TallyQuery,
) -> Result<Option<Vec<Counts>>, StoreError> {
    // One read transaction: all periods must be of the same moment.
    let transaction = connection.unchecked_transaction()?;
    let slots: Vec<i64> = query.boundaries_ms.iter().map(|ms| ms.div_euclid(SLOT_MS)).collect();
    let range = (slots.first().copied().unwrap_or(0), slots.last().copied().unwrap_or(0));
    let most = query.most / slots.len().saturating_sub(1).max(1);
    let segments = segments(&transaction, query, range, most)?;
    if segments.len() > most {
        return Ok(None);
    }
    let mut select = transaction.prepare_cached(COUNTERS)?;
    let mut all = Vec::new();
    for (value, sites) in segments {
        let (dimension, indexed) = indexed(&query.segment, value.as_deref());
        let mut periods = Periods::new(query, &slots);
        for site in sites {
            let mut rows = select.query(params![query.survey, site, dimension, indexed, range.0, range.1])?;
            while let Some(row) = rows.next()? {
                let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
                periods.add(Counted {
                    slot: row.get(0)?,
                    measure: text(1)?,
                    question: text(2)?,
                    version: row.get(3)?,
                    point: row.get(4)?,
                    choice: text(5)?,
                    n: row.get(6)?,
                });
            }
        }
        all.extend(periods.counts(value));
    }
    Ok(Some(all))
}

/// The dimension and value under which a segment is counted. A site's answers are all that are counted under its name.
fn indexed<'a>(segment: &Segment, value: Option<&'a str>) -> (&'static str, &'a str) {
    match segment {
        Segment::All | Segment::One(Dimension::Site, _) | Segment::Each(Dimension::Site) => ("", ""),
        Segment::One(dimension, _) | Segment::Each(dimension) => {
            (dimension.name(), value.unwrap_or_default())
        }
    }
}

/// The values of the segments that are asked for, each with the sites that may have counted it. Of more than `most`, one more.
fn segments(
    connection: &Connection,
    query: &TallyQuery,
    (from, to): (i64, i64),
    most: usize,
) -> Result<BTreeMap<Option<String>, Vec<String>>, StoreError> {
    let sites = sites(connection, &query.survey, query.site.as_ref())?;
    let dimension = match &query.segment {
        Segment::All => return Ok([(None, sites)].into()),
        Segment::One(Dimension::Site, value) => {
            let sites = sites.into_iter().filter(|site| site == value).collect();
            return Ok([(Some(value.clone()), sites)].into());
        }
        Segment::One(_, value) => return Ok([(Some(value.clone()), sites)].into()),
        Segment::Each(dimension) => *dimension,
    };
    let mut occurs = connection.prepare_cached(OCCURS)?;
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for site in sites {
        let mut add = |value: String| {
            let (dimension, indexed) = indexed(&query.segment, Some(&value));
            if occurs.exists(params![query.survey, site, dimension, indexed, from, to])? {
                found.entry(Some(value)).or_default().push(site.clone());
            }
            Ok(found.len() <= most)
        };
        match dimension {
            Dimension::Site => _ = add(site.clone())?,
            _ => each_value(connection, &query.survey, &site, dimension, add)?,
        }
        if found.len() > most {
            break;
        }
    }
    Ok(found)
}

/// The one site, or all that have counts of the survey.
fn sites(connection: &Connection, survey: &str, only: Option<&String>) -> Result<Vec<String>, StoreError> {
    let mut sites: Vec<String> = only.into_iter().cloned().collect();
    if sites.is_empty() {
        let mut next = connection.prepare_cached(NEXT_SITE)?;
        let mut leap = |last: &str| next.query_row([survey, last], |row| row.get::<_, Option<String>>(0));
        while let Some(site) = leap(sites.last().map_or("", String::as_str))? {
            sites.push(site);
        }
    }
    Ok(sites)
}

/// All values of a dimension of a response's survey, whenever they occurred.
pub(super) fn values(
    connection: &Connection,
    Response { survey, site, .. }: &Response,
    dimension: Dimension,
) -> Result<HashSet<String>, StoreError> {
    let mut values = HashSet::new();
    each_value(connection, survey, site, dimension, |value| {
        values.insert(value);
        Ok(true)
    })?;
    Ok(values)
}

/// Walks the values, as long as `go_on` says so.
fn each_value(
    connection: &Connection,
    survey: &str,
    site: &str,
    dimension: Dimension,
    mut go_on: impl FnMut(String) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut next = connection.prepare_cached(NEXT_VALUE)?;
    let mut last = String::new();
    while let Some(value) =
        next.query_row([survey, site, dimension.name(), &last], |row| row.get::<_, Option<String>>(0))?
    {
        last.clone_from(&value);
        if !go_on(value)? {
            break;
        }
    }
    Ok(())
}

pub(super) fn span(
    connection: &Connection,
    site: Option<&String>,
    survey: &str,
) -> Result<Option<(i64, i64)>, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let mut span: Option<(i64, i64)> = None;
    for site in sites(&transaction, survey, site)? {
        let end = |sql| -> Result<Option<i64>, StoreError> {
            Ok(transaction.prepare_cached(sql)?.query_row([survey, &site], |row| row.get(0))?)
        };
        if let Some((first, last)) = end(FIRST)?.zip(end(LAST)?) {
            span = Some(span.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
        }
    }
    Ok(span.map(|(first, last)| (first * SLOT_MS, last * SLOT_MS)))
}

pub(super) fn is_counted(
    connection: &Connection,
    site: &str,
    survey: &str,
    version: u32,
) -> Result<bool, StoreError> {
    let mut select = connection.prepare_cached(IS_COUNTED)?;
    Ok(select.exists(params![survey, site, version])?)
}

/// Two statements, because one that serves both cases walks the index of neither.
fn list(of_site: bool) -> String {
    let of_site = if of_site { "site = ?4" } else { "?4 IS NULL" };
    format!(
        "SELECT id, revision, dated_ms, content FROM responses
         WHERE survey = ?1 AND (dated_ms, id) < (?2, ?3) AND {of_site} AND (?5 OR state IN ('partial', 'complete'))
         ORDER BY dated_ms DESC, id DESC LIMIT ?6"
    )
}

pub(super) fn responses(connection: &Connection, query: &ResponseQuery) -> Result<Listed, StoreError> {
    let (dated_ms, id) = match &query.after {
        Some((dated_ms, id)) => (*dated_ms, uuid_bytes(id)),
        None => (i64::MAX, [u8::MAX; 16]),
    };
    let mut select = connection.prepare_cached(&list(query.site.is_some()))?;
    let mut rows =
        select.query(params![query.survey, dated_ms, id, query.site, query.unanswered, query.limit])?;
    let (mut responses, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let content: String = row.get(3)?;
        bytes += content.len();
        responses.push(StoredResponse {
            id: uuid_text(row.get(0)?),
            revision: row.get(1)?,
            dated_ms: row.get(2)?,
            response: serde_json::from_str(&content)?,
        });
        if bytes >= MAX_PAGE_BYTES {
            break;
        }
    }
    let more = bytes >= MAX_PAGE_BYTES || u32::try_from(responses.len()).is_ok_and(|n| n == query.limit);
    Ok(Listed { responses, more })
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
            let steps = explain.query_map(params_of(sql), |row| row.get(3)).unwrap();
            steps.map(Result::unwrap).collect()
        };
        fn params_of(sql: &str) -> impl rusqlite::Params {
            rusqlite::params_from_iter((1..=sql.matches('?').count()).map(|_| rusqlite::types::Null))
        }
        let key = |rest: &str| format!("SEARCH rollup USING PRIMARY KEY (survey=?{rest})");
        let of_segment = " AND site=? AND dimension=? AND value=?";
        let of_range = format!("{of_segment} AND slot>? AND slot<?");
        for (sql, rest) in [
            (NEXT_SITE, " AND site>?"),
            (NEXT_VALUE, " AND site=? AND dimension=? AND value>?"),
            (OCCURS, &of_range),
            (COUNTERS, &of_range),
            (FIRST, of_segment),
            (LAST, of_segment),
            (IS_COUNTED, of_segment),
        ] {
            assert_eq!(plan(sql), [key(rest)], "{sql}");
        }
        let index = |index: &str| format!("SEARCH responses USING INDEX {index}");
        let newest = "(survey=? AND (dated_ms,id)<(?,?))";
        let of_site = "(survey=? AND site=? AND (dated_ms,id)<(?,?))";
        assert_eq!(plan(&list(false)), [index(&format!("responses_newest {newest}"))]);
        assert_eq!(plan(&list(true)), [index(&format!("responses_of_site {of_site}"))]);
    }

    #[test]
    fn a_leap_costs_the_same_however_much_it_passes_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join("candor.sqlite")).unwrap();
        super::super::schema::migrate(&mut connection).unwrap();
        connection
            .execute_batch(
                "WITH RECURSIVE slots (slot) AS (SELECT 1 UNION ALL SELECT slot + 1 FROM slots WHERE slot < 2000)
                 INSERT INTO rollup SELECT 'a', site, dimension, '', slot, 'shown', '', 1, 0, '', 1 FROM slots,
                 (SELECT 'blog' AS site UNION SELECT 'shop'), (SELECT '' AS dimension UNION SELECT 'locale')",
            )
            .unwrap();
        let steps = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
            let mut select = connection.prepare(sql).unwrap();
            let found = select.query_map(params, |_| Ok(())).unwrap().count();
            (found, select.get_status(rusqlite::StatementStatus::VmStep) < 60)
        };
        assert_eq!(steps(NEXT_SITE, &[&"a", &"blog"]), (1, true));
        assert_eq!(steps(NEXT_VALUE, &[&"a", &"blog", &"", &""]), (1, true));
        assert_eq!(steps(OCCURS, &[&"a", &"shop", &"", &"", &1_000, &2_000]), (1, true));
        for end in [FIRST, LAST] {
            assert_eq!(steps(end, &[&"a", &"shop"]), (1, true), "{end}");
        }
        assert_eq!(steps(COUNTERS, &[&"a", &"shop", &"", &"", &1_000, &1_500]), (500, false));
    }
}
