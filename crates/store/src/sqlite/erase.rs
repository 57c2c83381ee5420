//! Taking out what a person or the time takes back.

use super::{
    edit::{forget_changes, meet_again},
    names::Table,
    read::add_places,
    save::{Memory, New, count, count_anew, forget_personal, old, write_counts},
    scrub,
};
use crate::{
    Erasure, Outcome, Scope, StoreError,
    decide::{ANONYMOUS, Change, PERSONAL, Row, SIGNED, uuid_bytes},
    kept::Tombstone,
    rollup::DAY_MS,
};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::collections::HashMap;

/// How many responses lose what says whose they are in one transaction.
const BATCH: u32 = 500;

const IDENTIFIED: &str = "SELECT dated_ms, id FROM responses
     WHERE workspace = ?1 AND survey = ?2 AND (state >= 2) = ?3 AND dated_ms >= ?4 AND dated_ms < ?5 AND flags & ?6 = 0
     ORDER BY dated_ms LIMIT ?7";

/// The kinds of tombstones.
const RESPONSE: u8 = 1;
const RESPONDENT: u8 = 2;

/// Takes some of the responses out of every table, and keeps all of them from coming back. Gives how many there were; `None`: there are no
/// more.
pub(super) fn erase(
    connection: &mut Connection,
    memory: &mut Memory,
    scope: Scope,
    what: &Erasure,
    now_ms: i64,
) -> Result<Option<usize>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    memory.is_current(&transaction)?;
    let mut erased = 0;
    match what {
        Erasure::Response(id) => {
            erased += usize::from(take_out(&transaction, memory, scope, uuid_bytes(id), now_ms)?);
        }
        Erasure::Respondent(respondent) => {
            let hash = memory.hasher.tombstone(RESPONDENT, respondent.as_bytes());
            add_tombstone(&transaction, scope, RESPONDENT, hash, now_ms)?;
            let mut select = transaction
                .prepare("SELECT id FROM personal WHERE workspace = ?1 AND respondent = ?2 LIMIT ?3")?;
            let ids =
                select.query_map(params![scope.0, respondent, BATCH], |row| row.get::<_, Vec<u8>>(0))?;
            for id in ids.collect::<Result<Vec<_>, _>>()? {
                match <[u8; 16]>::try_from(&*id) {
                    Ok(id) => _ = take_out(&transaction, memory, scope, id, now_ms)?,
                    // No response has such an id.
                    Err(_) => {
                        _ = transaction.execute(
                            "DELETE FROM personal WHERE workspace = ?1 AND id = ?2",
                            params![scope.0, id],
                        )?
                    }
                }
                erased += 1;
            }
        }
    }
    write_counts(&transaction, memory)?;
    memory.erased = None;
    if erased > 0 {
        scrub::is_due(&transaction)?;
    }
    transaction.commit()?;
    Ok((erased > 0).then_some(erased))
}

/// Takes a response out, whether it is there or comes later. Whether it was there.
fn take_out(
    connection: &Connection,
    memory: &mut Memory,
    scope: Scope,
    id: [u8; 16],
    now_ms: i64,
) -> Result<bool, StoreError> {
    add_tombstone(connection, scope, RESPONSE, memory.hasher.tombstone(RESPONSE, &id), now_ms)?;
    forget_personal(connection, scope, id)?;
    forget_changes(connection, scope, id)?;
    let mut select = connection
        .prepare_cached("SELECT survey, dated_ms FROM responses WHERE workspace = ?1 AND id = ?2")?;
    let place = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let Some((survey, dated_ms)) = select.query_row(params![scope.0, id], place).optional()? else {
        return Ok(false);
    };
    let old = old(connection, scope, id).and_then(|old| old.map(|old| old.row(scope, id)).transpose());
    // Whoever reads the order of arrival must not find another response in its place.
    connection
        .prepare_cached(
            "UPDATE workspaces SET seq = MAX(seq, (SELECT MAX(seq) FROM responses WHERE workspace = ?1))
             WHERE workspace = ?1",
        )?
        .execute([scope.0])?;
    connection
        .prepare_cached("DELETE FROM responses WHERE workspace = ?1 AND id = ?2")?
        .execute(params![scope.0, id])?;
    match old {
        Ok(old) => count(connection, memory, (scope, survey, dated_ms), &Change { old, new: None })?,
        // What is counted of one that can't be read, nobody knows.
        Err(StoreError::Database(_)) => count_anew(connection, memory, (scope, survey, dated_ms))?,
        Err(error) => return Err(error),
    }
    Ok(true)
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

/// What was erased of a response that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    /// It was itself.
    Response,
    /// All answers that its respondent gave until this moment.
    Respondent(i64),
}

fn gone(
    connection: &Connection,
    memory: &mut Memory,
    scope: Scope,
    id: [u8; 16],
    respondent: Option<&str>,
    dated_ms: i64,
) -> Result<Option<Gone>, StoreError> {
    let there_are = match memory.erased {
        Some(there_are) => there_are,
        None => connection.query_row("SELECT EXISTS (SELECT 1 FROM erased)", [], |row| row.get(0))?,
    };
    memory.erased = Some(there_are);
    if !there_are {
        return Ok(None);
    }
    let at = |kind, hash: Tombstone| -> Result<Option<i64>, StoreError> {
        let mut select = connection
            .prepare_cached("SELECT at_ms FROM erased WHERE workspace = ?1 AND kind = ?2 AND hash = ?3")?;
        Ok(select.query_row(params![scope.0, kind, hash], |row| row.get(0)).optional()?)
    };
    if at(RESPONSE, memory.hasher.tombstone(RESPONSE, &id))?.is_some() {
        return Ok(Some(Gone::Response));
    }
    let Some(respondent) = respondent else { return Ok(None) };
    let at_ms = at(RESPONDENT, memory.hasher.tombstone(RESPONDENT, respondent.as_bytes()))?;
    Ok(at_ms.filter(|at_ms| dated_ms <= *at_ms).map(Gone::Respondent))
}

/// What becomes of a response that was erased, or is an answer that a respondent gave before all of theirs were: then what of it is there,
/// because an earlier revision did not say whose it is, goes too. `None`: it is to be kept.
pub(super) fn refuse(
    connection: &Connection,
    memory: &mut Memory,
    new: &New<'_>,
) -> Result<Option<Outcome>, StoreError> {
    let New { scope, id, revision, response, dated_ms, .. } = *new;
    let named = response.respondent.as_ref().and_then(|respondent| respondent.id.as_deref());
    let at_ms = match gone(connection, memory, scope, id, named, dated_ms)? {
        None => return Ok(None),
        Some(Gone::Response) => return Ok(Some(Outcome::Erased)),
        Some(Gone::Respondent(at_ms)) => at_ms,
    };
    // What is there may be somebody else's by now, or to another survey.
    if let Some(kept) = old(connection, scope, id)?.map(|old| old.head) {
        if Table(connection).find(scope, &response.survey, &response.site)? != Some(kept.survey) {
            return Ok(Some(Outcome::OtherSurvey));
        }
        if kept.revision >= revision {
            return Ok(Some(Outcome::Superseded { kept: kept.revision }));
        }
    }
    if take_out(connection, memory, scope, id, at_ms)? {
        scrub::is_due(connection)?;
    }
    Ok(Some(Outcome::Erased))
}

/// Up to when the responses of each survey have lost what says whose they are.
pub(super) type Retained = HashMap<(i64, i64), i64>;

fn retained<'a>(connection: &Connection, memory: &'a mut Memory) -> Result<&'a mut Retained, StoreError> {
    let retained = match memory.retained.take() {
        Some(retained) => retained,
        None => {
            let mut select = connection.prepare_cached("SELECT workspace, survey, until_ms FROM retained")?;
            let rows = select.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
            rows.collect::<Result<_, _>>()?
        }
    };
    Ok(memory.retained.insert(retained))
}

/// Sees to it that a response that was kept loses what says whose it is, if those of its date have already.
pub(super) fn is_retained(connection: &Connection, memory: &mut Memory, row: &Row) -> Result<(), StoreError> {
    match retained(connection, memory)?.get_mut(&(row.workspace, row.survey)) {
        Some(until_ms) if *until_ms > row.dated_ms => {
            *until_ms = row.dated_ms;
            until(connection, Scope(row.workspace), row.survey, row.dated_ms)
        }
        _ => Ok(()),
    }
}

fn until(connection: &Connection, scope: Scope, survey: i64, until_ms: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO retained (workspace, survey, until_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (workspace, survey) DO UPDATE SET until_ms = excluded.until_ms",
        )?
        .execute(params![scope.0, survey, until_ms])?;
    Ok(())
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
    let until_ms = retained(&transaction, memory)?.get(&(scope.0, survey)).copied().unwrap_or(i64::MIN);
    if until_ms >= before_ms {
        return Ok(None);
    }
    let mut select = transaction.prepare_cached(IDENTIFIED)?;
    let mut found = Vec::new();
    for answered in [false, true] {
        let walk = params![scope.0, survey, answered, until_ms, before_ms, ANONYMOUS, BATCH];
        add_places(&mut select, walk, &mut found)?;
    }
    drop(select);
    // The oldest of both; the next batch goes on from there.
    found.sort_unstable();
    let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
    let more = found.split_off(found.len().min(batch));
    let done = found.len();
    let until_ms = if more.is_empty() && done < batch {
        before_ms
    } else {
        found.last().map_or(before_ms, |(dated_ms, _)| *dated_ms)
    };
    for (_, id) in found {
        // One whose id is none has lost what it was.
        let Ok(id) = <[u8; 16]>::try_from(&*id) else { continue };
        // Of a tab that was open all the while; under the old id it would count once more.
        let tombstone = memory.hasher.tombstone(RESPONSE, &id);
        add_tombstone(&transaction, scope, RESPONSE, tombstone, before_ms)?;
        forget_personal(&transaction, scope, id)?;
        forget_changes(&transaction, scope, id)?;
        // The page knows the id; the hash tells whether it is of contents that one can guess.
        transaction
            .prepare_cached(
                "UPDATE responses SET id = randomblob(16), hash = zeroblob(8), flags = (flags & ~?3) | ?4
                 WHERE workspace = ?1 AND id = ?2",
            )?
            .execute(params![scope.0, id, PERSONAL | SIGNED, ANONYMOUS])?;
    }
    if done > 0 {
        memory.erased = None;
        scrub::is_due(&transaction)?;
        meet_again(&transaction, scope, survey)?;
    }
    until(&transaction, scope, survey, until_ms)?;
    retained(&transaction, memory)?.insert((scope.0, survey), until_ms);
    transaction.commit()?;
    Ok((done > 0).then_some(done))
}

/// The moment by which retention goes: how far the clock has come, and with `goes_on` a day more than it had come before at most.
pub(super) fn believe(connection: &Connection, now_ms: i64, goes_on: bool) -> Result<i64, StoreError> {
    let known: Option<i64> =
        connection.query_row("SELECT at_ms FROM clock", [], |row| row.get(0)).optional()?;
    let far_ms: i64 = match known {
        Some(far_ms) if goes_on => now_ms.min(far_ms.saturating_add(DAY_MS)).max(far_ms),
        // A clock that was ahead before anybody had answered, and is right by now, must not let it go so far.
        Some(far_ms) => far_ms.min(now_ms.saturating_add(DAY_MS)),
        // So far it has come for certain.
        None => {
            let last: Option<i64> =
                connection.query_row("SELECT MAX(day) FROM rollup", [], |row| row.get(0))?;
            last.map_or(now_ms, |day| now_ms.min(day.saturating_add(1).saturating_mul(DAY_MS)))
        }
    };
    if known != Some(far_ms) {
        connection.execute(
            "INSERT INTO clock (id, at_ms) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms",
            [far_ms],
        )?;
    }
    Ok(now_ms.min(far_ms))
}
