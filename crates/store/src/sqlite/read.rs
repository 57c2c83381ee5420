use super::save::{uuid_bytes, uuid_text};
use crate::{
    Counts, Dimension, Kept, Listed, MAX_PAGE_BYTES, Page, SLOT_MS, Segment, StoreError, TallyQuery,
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashSet};

pub(super) fn tallies(
    connection: &Connection,
    query: &TallyQuery,
) -> Result<Option<Vec<Counts>>, StoreError> {
    // One read transaction: all periods must be of the same moment.
    let transaction = connection.unchecked_transaction()?;
    let slots: Vec<i64> = query.boundaries_ms.iter().map(|ms| ms.div_euclid(SLOT_MS)).collect();
    let range = (slots.first().copied().unwrap_or(0), slots.last().copied().unwrap_or(0));
    let most = query.most / slots.len().saturating_sub(1).max(1);
    let (dimension, values) = match &query.segment {
        Segment::All => ("", vec![String::new()]),
        Segment::One(dimension, value) => (dimension.name(), vec![value.clone()]),
        Segment::Each(dimension) => {
            (dimension.name(), values_within(&transaction, &query.survey, dimension.name(), range, most)?)
        }
    };
    if values.len() > most {
        return Ok(None);
    }
    let mut all = Vec::new();
    for value in values {
        let name = (query.segment != Segment::All).then_some(&value);
        let sums = sums(&transaction, &query.survey, dimension, &value, &slots)?;
        all.extend(sums.into_iter().enumerate().map(|(period, sums)| sums.counts(name.cloned(), period)));
    }
    Ok(Some(all))
}

/// What was counted in one period.
#[derive(Clone, Default)]
struct Sums {
    ratings: BTreeMap<u8, i64>,
    skipped: BTreeMap<String, i64>,
    shown: i64,
    dismissed: i64,
}

impl Sums {
    fn counts(self, value: Option<String>, period: usize) -> Counts {
        fn counted<T>((what, n): (T, i64)) -> Option<(T, u64)> {
            u64::try_from(n).ok().filter(|n| *n > 0).map(|n| (what, n))
        }
        Counts {
            value,
            period,
            ratings: self.ratings.into_iter().filter_map(counted).collect(),
            shown: u64::try_from(self.shown).unwrap_or(0),
            dismissed: u64::try_from(self.dismissed).unwrap_or(0),
            skipped: self.skipped.into_iter().filter_map(counted).collect(),
        }
    }
}

/// One walk along the index through all periods of one segment: a query for each of a thousand periods costs more, and so
/// does sorting for a `GROUP BY`.
fn sums(
    connection: &Connection,
    survey: &str,
    dimension: &str,
    value: &str,
    slots: &[i64],
) -> Result<Vec<Sums>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT slot, measure, point, question, n FROM rollup
         WHERE survey = ?1 AND dimension = ?2 AND value = ?3 AND slot >= ?4 AND slot < ?5 ORDER BY slot",
    )?;
    let mut rows = select.query(params![survey, dimension, value, slots.first(), slots.last()])?;
    let mut next = rows.next()?;
    let mut periods = Vec::with_capacity(slots.len());
    for end in slots.iter().skip(1) {
        let mut sums = Sums::default();
        while let Some(row) = next {
            if row.get::<_, i64>(0)? >= *end {
                break;
            }
            let n: i64 = row.get(4)?;
            match row.get_ref(1)?.as_str() {
                Ok("rating") => *sums.ratings.entry(row.get(2)?).or_default() += n,
                Ok("shown") => sums.shown += n,
                Ok("dismissed") => sums.dismissed += n,
                Ok("skipped") => *sums.skipped.entry(row.get(3)?).or_default() += n,
                _ => {}
            }
            next = rows.next()?;
        }
        periods.push(sums);
    }
    Ok(periods)
}

/// All values of a dimension, whenever they occurred.
pub(super) fn values(
    connection: &Connection,
    survey: &str,
    dimension: Dimension,
) -> Result<HashSet<String>, StoreError> {
    let mut values = HashSet::new();
    each_value(connection, survey, dimension.name(), |value| {
        values.insert(value);
        Ok(true)
    })?;
    Ok(values)
}

/// The dimension's values that occur in the range. Of more than `most`, one more.
fn values_within(
    connection: &Connection,
    survey: &str,
    dimension: &str,
    (from, to): (i64, i64),
    most: usize,
) -> Result<Vec<String>, StoreError> {
    let mut occurs = connection.prepare_cached(
        "SELECT 1 FROM rollup WHERE survey = ?1 AND dimension = ?2 AND value = ?3 AND slot >= ?4 AND slot < ?5 LIMIT 1",
    )?;
    let mut values = Vec::new();
    each_value(connection, survey, dimension, |value| {
        if occurs.exists(params![survey, dimension, value, from, to])? {
            values.push(value);
        }
        Ok(values.len() <= most)
    })?;
    Ok(values)
}

/// Walks the values by leaps from one to the next, as long as `go_on` says so: a `DISTINCT` would read every row.
fn each_value(
    connection: &Connection,
    survey: &str,
    dimension: &str,
    mut go_on: impl FnMut(String) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut next = connection.prepare_cached(
        "SELECT MIN(value) FROM rollup WHERE survey = ?1 AND dimension = ?2 AND value > ?3",
    )?;
    let mut last = String::new();
    while let Some(value) =
        next.query_row([survey, dimension, &last], |row| row.get::<_, Option<String>>(0))?
    {
        last.clone_from(&value);
        if !go_on(value)? {
            break;
        }
    }
    Ok(())
}

pub(super) fn span(connection: &Connection, survey: &str) -> Result<Option<(i64, i64)>, StoreError> {
    // One end each: with both in one SELECT, SQLite reads every row.
    let end = |sql| -> Result<Option<i64>, StoreError> {
        Ok(connection.prepare_cached(sql)?.query_row([survey], |row| row.get(0)).optional()?.flatten())
    };
    let first = end("SELECT MIN(slot) FROM rollup WHERE survey = ?1 AND dimension = '' AND value = ''")?;
    let last = end("SELECT MAX(slot) FROM rollup WHERE survey = ?1 AND dimension = '' AND value = ''")?;
    Ok(first.zip(last).map(|(first, last)| (first * SLOT_MS, last * SLOT_MS)))
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

pub(super) fn responses(connection: &Connection, page: &Page) -> Result<Listed, StoreError> {
    let (dated_ms, id) = match &page.after {
        Some((dated_ms, id)) => (*dated_ms, uuid_bytes(id)),
        None => (i64::MAX, [u8::MAX; 16]),
    };
    let mut select = connection.prepare_cached(&list(page.site.is_some()))?;
    let mut rows =
        select.query(params![page.survey, dated_ms, id, page.site, page.unanswered, page.limit])?;
    let (mut responses, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let content: String = row.get(3)?;
        bytes += content.len();
        responses.push(Kept {
            id: uuid_text(row.get(0)?),
            revision: row.get(1)?,
            dated_ms: row.get(2)?,
            response: serde_json::from_str(&content)?,
        });
        if bytes >= MAX_PAGE_BYTES {
            break;
        }
    }
    let more = bytes >= MAX_PAGE_BYTES || u32::try_from(responses.len()).is_ok_and(|n| n == page.limit);
    Ok(Listed { responses, more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_one_site_reads_no_other_sites_answers() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join("candor.sqlite")).unwrap();
        super::super::schema::migrate(&mut connection).unwrap();
        let plan = |site: Option<&str>| -> String {
            let sql = format!("EXPLAIN QUERY PLAN {}", list(site.is_some()));
            let mut explain = connection.prepare(&sql).unwrap();
            let mut rows = explain.query(params!["nps", 0, [0_u8; 16], site, false, 50]).unwrap();
            rows.next().unwrap().unwrap().get(3).unwrap()
        };
        let walk = |index: &str| format!("SEARCH responses USING INDEX {index}");
        assert_eq!(
            plan(Some("shop")),
            walk("responses_of_site (survey=? AND site=? AND (dated_ms,id)<(?,?))")
        );
        assert_eq!(plan(None), walk("responses_newest (survey=? AND (dated_ms,id)<(?,?))"));
    }
}
