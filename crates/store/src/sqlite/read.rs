use super::save::uuid_bytes;
use crate::{Counts, Kept, Page, SLOT_MS, Segment, StoreError, TallyQuery};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn tallies(connection: &Connection, query: &TallyQuery) -> Result<Vec<Counts>, StoreError> {
    // One read transaction: all periods must be of the same moment.
    let transaction = connection.unchecked_transaction()?;
    let slots: Vec<i64> = query.boundaries_ms.iter().map(|ms| ms.div_euclid(SLOT_MS)).collect();
    let range = (slots.first().copied().unwrap_or(0), slots.last().copied().unwrap_or(0));
    let (dimension, values) = match &query.segment {
        Segment::All => ("", vec![String::new()]),
        Segment::One(dimension, value) => (dimension.name(), vec![value.clone()]),
        Segment::Each(dimension) => {
            (dimension.name(), values(&transaction, &query.survey, dimension.name(), range)?)
        }
    };
    let mut select = transaction.prepare_cached(
        "SELECT measure, point, SUM(n), IIF(measure = 'skipped', question, '') AS passed FROM rollup
         WHERE survey = ?1 AND dimension = ?2 AND value = ?3 AND slot >= ?4 AND slot < ?5
         GROUP BY measure, point, passed ORDER BY measure, point, passed",
    )?;
    let mut all = Vec::with_capacity(values.len() * slots.len());
    for value in values {
        for (period, (from, to)) in slots.iter().zip(slots.iter().skip(1)).enumerate() {
            let name = (query.segment != Segment::All).then(|| value.clone());
            let mut counts = Counts { value: name, period, ..Counts::default() };
            let mut rows = select.query(params![query.survey, dimension, value, from, to])?;
            while let Some(row) = rows.next()? {
                let n = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
                match row.get_ref(0)?.as_str() {
                    Ok("rating") if n > 0 => counts.ratings.push((row.get(1)?, n)),
                    Ok("shown") => counts.shown = n,
                    Ok("dismissed") => counts.dismissed = n,
                    Ok("skipped") if n > 0 => counts.skipped.push((row.get(3)?, n)),
                    _ => {}
                }
            }
            all.push(counts);
        }
    }
    Ok(all)
}

/// The dimension's values that occur in the range, by leaps from one to the next: a `DISTINCT` would read every row.
fn values(
    connection: &Connection,
    survey: &str,
    dimension: &str,
    (from, to): (i64, i64),
) -> Result<Vec<String>, StoreError> {
    let mut next = connection.prepare_cached(
        "SELECT MIN(value) FROM rollup WHERE survey = ?1 AND dimension = ?2 AND value > ?3",
    )?;
    let mut occurs = connection.prepare_cached(
        "SELECT 1 FROM rollup WHERE survey = ?1 AND dimension = ?2 AND value = ?3 AND slot >= ?4 AND slot < ?5 LIMIT 1",
    )?;
    let mut values = Vec::new();
    let mut last = String::new();
    while let Some(value) =
        next.query_row([survey, dimension, &last], |row| row.get::<_, Option<String>>(0))?
    {
        if occurs.exists(params![survey, dimension, value, from, to])? {
            values.push(value.clone());
        }
        last = value;
    }
    Ok(values)
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

pub(super) fn responses(connection: &Connection, page: &Page) -> Result<Vec<Kept>, StoreError> {
    let (dated_ms, id) = match &page.after {
        Some((dated_ms, id)) => (*dated_ms, uuid_bytes(id)),
        None => (i64::MAX, [u8::MAX; 16]),
    };
    let mut select = connection.prepare_cached(
        "SELECT dated_ms, content FROM responses
         WHERE survey = ?1 AND (dated_ms, id) < (?2, ?3) AND (?4 IS NULL OR site = ?4)
             AND (?5 OR state IN ('partial', 'complete'))
         ORDER BY dated_ms DESC, id DESC LIMIT ?6",
    )?;
    let mut rows =
        select.query(params![page.survey, dated_ms, id, page.site, page.unanswered, page.limit])?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        let content: String = row.get(1)?;
        kept.push(Kept { dated_ms: row.get(0)?, response: serde_json::from_str(&content)? });
    }
    Ok(kept)
}
