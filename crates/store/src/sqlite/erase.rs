//! Taking out what a person or the time takes back.

use super::{
    names::Table,
    save::{Memory, forget_personal, old, read_day, write_counts},
};
use crate::{
    Erasure, Scope, StoreError,
    decide::{ANONYMOUS, Change, uuid_bytes},
    kept::Tombstone,
};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// How many responses lose what says whose they are in one transaction.
const BATCH: u32 = 500;

/// The kinds of tombstones.
const RESPONSE: u8 = 1;
const RESPONDENT: u8 = 2;

/// Takes responses out of every table, and keeps them from coming back. Gives how many there were.
pub(super) fn erase(
    connection: &mut Connection,
    memory: &mut Memory,
    scope: Scope,
    what: &Erasure,
    now_ms: i64,
) -> Result<usize, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    memory.is_current(&transaction)?;
    let ids = match what {
        Erasure::Response(id) => vec![uuid_bytes(id)],
        Erasure::Respondent(respondent) => {
            let hash = memory.hasher.tombstone(RESPONDENT, respondent.as_bytes());
            add_tombstone(&transaction, scope, RESPONDENT, hash, now_ms)?;
            let mut select =
                transaction.prepare("SELECT id FROM personal WHERE workspace = ?1 AND respondent = ?2")?;
            let ids = select.query_map(params![scope.0, respondent], |row| row.get(0))?;
            ids.collect::<Result<_, _>>()?
        }
    };
    let mut erased = 0;
    for id in ids {
        add_tombstone(&transaction, scope, RESPONSE, memory.hasher.tombstone(RESPONSE, &id), now_ms)?;
        if let Some(old) = old(&transaction, scope, id)? {
            let old = old.row(scope, id)?;
            memory.rows.count(&Change { old: Some(old), new: None }, |key| read_day(&transaction, key))?;
            erased += 1;
        }
        forget_personal(&transaction, scope, id)?;
        transaction
            .prepare_cached("DELETE FROM responses WHERE workspace = ?1 AND id = ?2")?
            .execute(params![scope.0, id])?;
    }
    write_counts(&transaction, memory)?;
    memory.erased = None;
    transaction.commit()?;
    Ok(erased)
}

fn add_tombstone(
    connection: &Connection,
    scope: Scope,
    kind: u8,
    hash: Tombstone,
    now_ms: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO erased (workspace, kind, hash, at_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (workspace, kind, hash) DO UPDATE SET at_ms = MAX(at_ms, excluded.at_ms)",
        params![scope.0, kind, hash, now_ms],
    )?;
    Ok(())
}

/// Whether a response was erased, or is an answer that a respondent gave before all of theirs were.
pub(super) fn is_erased(
    connection: &Connection,
    memory: &mut Memory,
    scope: Scope,
    id: [u8; 16],
    respondent: Option<&str>,
    dated_ms: i64,
) -> Result<bool, StoreError> {
    let there_are = match memory.erased {
        Some(there_are) => there_are,
        None => connection.query_row("SELECT EXISTS (SELECT 1 FROM erased)", [], |row| row.get(0))?,
    };
    memory.erased = Some(there_are);
    if !there_are {
        return Ok(false);
    }
    let mut select = connection
        .prepare_cached("SELECT at_ms FROM erased WHERE workspace = ?1 AND kind = ?2 AND hash = ?3")?;
    let mut at = |kind, hash: Tombstone| -> Result<Option<i64>, StoreError> {
        Ok(select.query_row(params![scope.0, kind, hash], |row| row.get(0)).optional()?)
    };
    if at(RESPONSE, memory.hasher.tombstone(RESPONSE, &id))?.is_some() {
        return Ok(true);
    }
    let Some(respondent) = respondent else { return Ok(false) };
    let at_ms = at(RESPONDENT, memory.hasher.tombstone(RESPONDENT, respondent.as_bytes()))?;
    Ok(at_ms.is_some_and(|at_ms| dated_ms <= at_ms))
}

/// Takes what says whose they are from responses to a survey that are dated before a moment, a batch of them. Gives how many
/// there were; none, and all are done.
pub(super) fn anonymise(
    connection: &mut Connection,
    memory: &mut Memory,
    scope: Scope,
    (site, survey): (&str, &str),
    before_ms: i64,
) -> Result<Option<usize>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    memory.is_current(&transaction)?;
    let Some(survey) = Table(&transaction).find(scope, survey, site)? else {
        return Ok(None);
    };
    let mut marker =
        transaction.prepare_cached("SELECT until_ms FROM retained WHERE workspace = ?1 AND survey = ?2")?;
    let until_ms =
        marker.query_row(params![scope.0, survey], |row| row.get(0)).optional()?.unwrap_or(i64::MIN);
    drop(marker);
    if until_ms >= before_ms {
        return Ok(None);
    }
    let mut select = transaction.prepare_cached(
        "SELECT id FROM responses WHERE workspace = ?1 AND survey = ?2 AND (state >= 2) = ?3 AND dated_ms >= ?4
         AND dated_ms < ?5 AND flags & ?6 = 0 LIMIT ?7",
    )?;
    let mut done = 0;
    for answered in [false, true] {
        let walk = params![scope.0, survey, answered, until_ms, before_ms, ANONYMOUS, BATCH];
        let ids = select.query_map(walk, |row| row.get::<_, [u8; 16]>(0))?;
        for id in ids.collect::<Result<Vec<_>, _>>()? {
            // Of a tab that was open all the while; under the old id it would count once more.
            let tombstone = memory.hasher.tombstone(RESPONSE, &id);
            add_tombstone(&transaction, scope, RESPONSE, tombstone, before_ms)?;
            forget_personal(&transaction, scope, id)?;
            // The page knows the id; the hash tells whether it is of contents that one can guess.
            transaction
                .prepare_cached(
                    "UPDATE responses SET id = randomblob(16), hash = zeroblob(8), flags = (flags & 1) | ?3
                     WHERE workspace = ?1 AND id = ?2",
                )?
                .execute(params![scope.0, id, ANONYMOUS])?;
            done += 1;
        }
    }
    drop(select);
    memory.erased = None;
    if done == 0 {
        transaction.execute(
            "INSERT INTO retained (workspace, survey, until_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (workspace, survey) DO UPDATE SET until_ms = excluded.until_ms",
            params![scope.0, survey, before_ms],
        )?;
    }
    transaction.commit()?;
    Ok((done > 0).then_some(done))
}
