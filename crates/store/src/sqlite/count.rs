//! Counting again what is kept, a day at a time.

use super::{
    read::unlisted,
    save::{Days, Old, blob, select_old},
};
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

impl Date {
    /// Its first moment, and the first after it.
    fn span(self) -> (i64, i64) {
        (self.day.saturating_mul(DAY_MS), self.day.saturating_add(1).saturating_mul(DAY_MS))
    }
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
                if days.last() == Some(&day) {
                    break;
                }
                days.push(day);
                from = day.saturating_add(1).saturating_mul(DAY_MS);
            }
        }
        days.sort_unstable();
        days.dedup();
        dates.extend(days.into_iter().map(|day| Date { workspace, survey, day }));
    }
    Ok(dates)
}

/// Responses that can't be read: their ids, and what is wrong.
type Damaged = Vec<(String, String)>;

/// A day counted again, and what of it can't be read.
fn counted(connection: &Connection, date: Date) -> Result<(BTreeMap<Key, Day>, Damaged), StoreError> {
    let Date { workspace, survey, day: _ } = date;
    let (mut rows, mut damaged) = (Rows::default(), Vec::new());
    let (from_ms, to_ms) = date.span();
    let mut select = connection.prepare_cached(OF_DAY)?;
    for answered in [false, true] {
        let mut kept = select.query(params![workspace, survey, answered, from_ms, to_ms])?;
        while let Some(kept) = kept.next()? {
            let id: Vec<u8> = kept.get(9)?;
            let Ok(id) = <[u8; 16]>::try_from(&*id) else {
                damaged.push((format!("{id:02x?}"), "its id is none".to_owned()));
                continue;
            };
            match Old::read(kept).map_err(StoreError::from).and_then(|old| old.row(Scope(workspace), id)) {
                Ok(row) => rows.count(&Change { old: None, new: Some(&row) }, |_| Ok(Day::default()))?,
                Err(StoreError::Database(what)) => damaged.push((uuid_text(id), what)),
                Err(error) => return Err(error),
            }
        }
    }
    Ok((rows.changed().map(|(key, day)| (*key, day.clone())).collect(), damaged))
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
        let (counted, mut damaged) = counted(&transaction, date)?;
        differences.extend(rollup::differences(&counted, &rollup(&transaction, date)?));
        for other in unlisted(&transaction, Scope(date.workspace), date.survey, date.span())? {
            if damaged.iter().all(|(id, _)| *id != other.0) {
                damaged.push(other);
            }
        }
        let damaged =
            damaged.into_iter().map(|(id, what)| Difference::Damaged(format!("response {id}: {what}")));
        differences.extend(damaged);
    }
    Ok(differences)
}

/// Makes every day of the rollup what the responses say.
pub(super) fn recount(connection: &mut Connection) -> Result<(), StoreError> {
    for date in dates(connection)? {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        recount_date(&transaction, date)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Makes the rows of the day of a moment what the responses say.
pub(super) fn recount_day(
    connection: &Connection,
    Scope(workspace): Scope,
    survey: i64,
    dated_ms: i64,
) -> Result<(), StoreError> {
    recount_date(connection, Date { workspace, survey, day: dated_ms.div_euclid(DAY_MS) })
}

fn recount_date(connection: &Connection, date: Date) -> Result<(), StoreError> {
    let (counted, _) = counted(connection, date)?;
    let (none, mut days) = (Day::default(), Days::prepare(connection)?);
    for key in rollup(connection, date)?.keys().filter(|key| !counted.contains_key(key)) {
        days.write(key, &none)?;
    }
    for (key, day) in &counted {
        days.write(key, day)?;
    }
    Ok(())
}
