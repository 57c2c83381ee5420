//! Counting again what is kept, a day at a time.

use super::save::{Old, blob, of_response, select_old, write_day};
use crate::{
    Difference, Scope, StoreError,
    decide::{Change, uuid_text},
    rollup::{self, DAY_MS, Day, Key, Rows},
};
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::BTreeMap;

/// One UTC day of one survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Date {
    workspace: i64,
    survey: i64,
    day: i64,
}

const NEXT_RESPONSE: &str = "SELECT MIN(dated_ms) FROM responses
     WHERE workspace = ?1 AND survey = ?2 AND state >= 2 = ?3 AND dated_ms >= ?4";
const OF_DAY: &str = select_old!(
    ", id FROM responses
     WHERE workspace = ?1 AND survey = ?2 AND state >= 2 = ?3 AND dated_ms >= ?4 AND dated_ms < ?5"
);

/// Every day of every survey that has responses or counts.
fn dates(connection: &Connection) -> Result<Vec<Date>, StoreError> {
    let mut dates = Vec::new();
    let mut surveys = connection.prepare("SELECT workspace, survey FROM surveys ORDER BY 1, 2")?;
    let surveys = surveys.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut counted = connection.prepare("SELECT day FROM rollup WHERE workspace = ?1 AND survey = ?2")?;
    let mut next = connection.prepare(NEXT_RESPONSE)?;
    for survey in surveys {
        let (workspace, survey): (i64, i64) = survey?;
        let days = counted.query_map([workspace, survey], |row| row.get(0))?;
        let mut days: Vec<i64> = days.collect::<Result<_, _>>()?;
        for answered in [false, true] {
            let mut from = i64::MIN;
            while let Some(dated_ms) = next
                .query_row(params![workspace, survey, answered, from], |row| row.get::<_, Option<i64>>(0))?
            {
                let day = dated_ms.div_euclid(DAY_MS);
                days.push(day);
                from = (day + 1) * DAY_MS;
            }
        }
        days.sort_unstable();
        days.dedup();
        dates.extend(days.into_iter().map(|day| Date { workspace, survey, day }));
    }
    Ok(dates)
}

/// A day counted again.
fn counted(connection: &Connection, date: Date) -> Result<BTreeMap<Key, Day>, StoreError> {
    let Date { workspace, survey, day } = date;
    let mut rows = Rows::default();
    let mut select = connection.prepare_cached(OF_DAY)?;
    for answered in [false, true] {
        let mut kept =
            select.query(params![workspace, survey, answered, day * DAY_MS, (day + 1) * DAY_MS])?;
        while let Some(kept) = kept.next()? {
            let id = kept.get(9)?;
            let mut add = || {
                let row = Old::read(kept)?.row(Scope(workspace), id)?;
                rows.count(&Change { old: None, new: Some(&row) }, |_| Ok(Day::default()))
            };
            add().map_err(|e| of_response(e, &uuid_text(id)))?;
        }
    }
    Ok(rows.changed().map(|(key, day)| (*key, day.clone())).collect())
}

/// The rows that the rollup has of a day. A segment's days are together, so that each segment is asked for by itself.
const ROWS_OF_DAY: &str = "SELECT segment, version, totals, COALESCE(quarters, x'') FROM
     (SELECT 0 AS segment UNION ALL SELECT segment FROM segments WHERE workspace = ?1 AND survey = ?2)
     CROSS JOIN rollup USING (segment) LEFT JOIN rollup_quarters USING (workspace, survey, segment, day, version)
     WHERE workspace = ?1 AND survey = ?2 AND day = ?3";

/// A day as the rollup has it.
fn rollup(connection: &Connection, date: Date) -> Result<BTreeMap<Key, Day>, StoreError> {
    let Date { workspace, survey, day } = date;
    let mut days = BTreeMap::new();
    let mut select = connection.prepare_cached(ROWS_OF_DAY)?;
    let mut rows = select.query([workspace, survey, day])?;
    while let Some(row) = rows.next()? {
        let key = Key { workspace, survey, segment: row.get(0)?, day, version: row.get(1)? };
        // One that can't be read says nothing: that is a difference, and made anew as any other.
        days.insert(key, Day::unpack(blob(row, 2)?, blob(row, 3)?).unwrap_or_default());
    }
    Ok(days)
}

/// Where the rollup is not what the responses say, from a day on. Each day is read at one moment; answers may come meanwhile.
pub(super) fn audit(connection: &Connection, from_ms: i64) -> Result<Vec<Difference>, StoreError> {
    let mut differences = Vec::new();
    for date in dates(connection)?.into_iter().filter(|date| date.day >= from_ms.div_euclid(DAY_MS)) {
        let transaction = connection.unchecked_transaction()?;
        differences.extend(rollup::differences(&counted(&transaction, date)?, &rollup(&transaction, date)?));
    }
    Ok(differences)
}

/// Makes every day of the rollup what the responses say.
pub(super) fn recount(connection: &mut Connection) -> Result<(), StoreError> {
    for date in dates(connection)? {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let counted = counted(&transaction, date)?;
        let none = Day::default();
        for key in rollup(&transaction, date)?.keys().filter(|key| !counted.contains_key(key)) {
            write_day(&transaction, key, &none)?;
        }
        for (key, day) in &counted {
            write_day(&transaction, key, day)?;
        }
        transaction.commit()?;
    }
    Ok(())
}
