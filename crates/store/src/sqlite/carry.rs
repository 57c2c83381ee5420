//! Carrying over what a database of an earlier schema has: a few thousand responses at a time, so that whoever ends it loses
//! nothing and begins no second time.

use super::save::{Memory, New, Statements, keep, of_response, write_counts};
use crate::{Outcome, Scope, StoreError, decide::uuid_text, kept::damaged};
use candor_survey::Response;
use rusqlite::{Connection, Row, TransactionBehavior};
use std::time::Instant;

/// How many responses are carried over in one transaction.
const BATCH: u32 = 5_000;

const BEFORE: &str = "SELECT rowid, id, revision, dated_ms, skipped, content";

/// One response as it was kept before.
struct Before {
    rowid: i64,
    id: [u8; 16],
    revision: u32,
    dated_ms: i64,
    skipped: Vec<String>,
    response: Response,
}

impl Before {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let id = row.get(1)?;
        let read = || -> Result<Self, StoreError> {
            let json = |column| row.get_ref(column)?.as_str().map_err(|e| damaged(&e.to_string()));
            let mut response: Response = serde_json::from_str(json(5)?)?;
            // The first builds kept blank names, and their widgets send them again.
            response.drop_blank_names();
            Ok(Self {
                rowid: row.get(0)?,
                id,
                revision: row.get(2)?,
                dated_ms: row.get(3)?,
                skipped: serde_json::from_str(json(4)?)?,
                response,
            })
        };
        read().map_err(|e| of_response(e, &uuid_text(id)))
    }
}

/// Reads everything that will be carried over: what is damaged must be known before anything is changed.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    let responses: i64 = connection.query_row("SELECT COUNT(*) FROM responses", [], |row| row.get(0))?;
    tracing::info!(
        responses,
        "a database of an earlier version: its answers are carried over, which takes about a minute for a million of them"
    );
    let mut select = connection.prepare(&format!("{BEFORE} FROM responses"))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        Before::read(row)?;
    }
    Ok(())
}

/// Carries over what is left, if anything is.
pub(super) fn carry_over(connection: &mut Connection) -> Result<(), StoreError> {
    carry_over_in_parts(connection, BATCH, || true).map(|_| ())
}

pub(super) fn is_unfinished(connection: &Connection) -> rusqlite::Result<bool> {
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'responses_before')";
    connection.query_row(exists, [], |row| row.get(0))
}

/// Stops early, in between, if `go_on` says so; whether it came to the end.
pub(super) fn carry_over_in_parts(
    connection: &mut Connection,
    batch: u32,
    mut go_on: impl FnMut() -> bool,
) -> Result<bool, StoreError> {
    if !is_unfinished(connection)? {
        return Ok(true);
    }
    let (start, mut told, mut done) = (Instant::now(), Instant::now(), 0);
    let mut memory = Memory::read(connection)?;
    loop {
        if !go_on() {
            return Ok(false);
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        memory.is_current(&transaction)?;
        let mut select =
            transaction.prepare_cached(&format!("{BEFORE} FROM responses_before ORDER BY rowid LIMIT ?1"))?;
        let mut rows = select.query([batch])?;
        let mut statements = Statements::prepare(&transaction)?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            let Before { rowid, id, revision, dated_ms, skipped, response } = Before::read(row)?;
            // No survey declared any segments then.
            let (response, skipped, declared) = (&response, &*skipped, &[][..]);
            let new = New { scope: Scope::DEFAULT, id, revision, response, skipped, declared, dated_ms };
            let outcome = keep(&transaction, &mut statements, &mut memory, new)
                .map_err(|e| of_response(e, &uuid_text(id)))?;
            if outcome != Outcome::Stored {
                return Err(StoreError::Database(format!("{} was carried over before", uuid_text(id))));
            }
            last = Some(rowid);
            done += 1;
        }
        drop(rows);
        drop((select, statements));
        write_counts(&transaction, &mut memory)?;
        match last {
            Some(last) => {
                _ = transaction.execute("DELETE FROM responses_before WHERE rowid <= ?1", [last])?
            }
            None => transaction.execute_batch("DROP TABLE responses_before")?,
        }
        transaction.commit()?;
        if told.elapsed().as_secs() >= 10 {
            told = Instant::now();
            tracing::info!(responses = done, "carried over so far");
        }
        if last.is_none() {
            let seconds = start.elapsed().as_secs();
            tracing::info!(responses = done, seconds, "all answers are carried over");
            return Ok(true);
        }
    }
}
