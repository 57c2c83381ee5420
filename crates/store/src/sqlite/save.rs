use super::read::values;
use crate::{
    Arrival, Difference, Outcome, StoreError,
    decide::{Decision, Row, decide, uuid_text},
    rollup::{self, Changes, Key, Named},
};
use candor_survey::Response;
use rusqlite::{Connection, TransactionBehavior, params};
use std::time::{SystemTime, UNIX_EPOCH};

/// How many counters are in memory at most when all responses are counted again.
const MAX_COUNTERS: usize = 100_000;

/// Keeps the calls' arrivals and counts them, in one transaction.
///
/// # Errors
/// Of the transaction, and then nothing is kept; of one call in its own place, and then the others are.
pub(super) fn save(
    connection: &mut Connection,
    named: &mut Named,
    calls: &[&[Arrival]],
) -> Result<Vec<Result<Vec<Outcome>, StoreError>>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let error = match keep_all(&transaction, named, calls.iter().copied().flatten()) {
        Err(error) => error,
        Ok(outcomes) => {
            transaction.commit()?;
            let mut outcomes = outcomes.into_iter();
            return Ok(calls.iter().map(|call| Ok(outcomes.by_ref().take(call.len()).collect())).collect());
        }
    };
    *named = Named::default();
    if transaction.rollback().is_err() {
        // A full disk has rolled back already, and is what the operator must hear of.
        return Err(error);
    }

    // Something in there can't be kept, a row that is damaged for one. Each call by itself is slower, and shows which.
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut alone = |call: &[Arrival]| {
        let savepoint = transaction.savepoint()?;
        let kept = keep_all(&savepoint, named, call);
        if kept.is_err() {
            *named = Named::default();
        }
        let outcomes = kept?;
        savepoint.commit()?;
        Ok(outcomes)
    };
    let results = calls.iter().map(|call| alone(call)).collect();
    transaction.commit()?;
    Ok(results)
}

fn keep_all<'a>(
    connection: &Connection,
    named: &mut Named,
    arrivals: impl IntoIterator<Item = &'a Arrival>,
) -> Result<Vec<Outcome>, StoreError> {
    let mut outcomes = Vec::new();
    let mut batch = Vec::new();
    for arrival in arrivals {
        let Decision { outcome, stored } =
            keep(connection, arrival).map_err(|e| of_response(e, arrival.response.id()))?;
        outcomes.push(outcome);
        batch.extend(stored.map(|(_, change)| change));
    }
    let changes =
        rollup::changes(&batch, named, |response, dimension| values(connection, response, dimension))?;
    apply(connection, changes)?;
    Ok(outcomes)
}

fn keep<'a>(connection: &Connection, arrival: &'a Arrival) -> Result<Decision<'a>, StoreError> {
    // Most are new, and then there is nothing to look up.
    let decision = decide(None, arrival)?;
    let Some((row, _)) = &decision.stored else { return Ok(decision) };
    // Every column is named here and below, so that a new one does not compile until it is written.
    let Row { id, site, survey, version, revision, state, dated_ms, skipped, content } = row;
    let is_new = connection
        .prepare_cached(
            "INSERT INTO responses (id, site, survey, version, revision, state, dated_ms, skipped, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![id, site, survey, version, revision, state, dated_ms, skipped, content])?;
    if is_new > 0 {
        return Ok(decision);
    }

    let text = |row: &rusqlite::Row<'_>, column| row.get::<_, String>(column).map(Into::into);
    let old = connection
        .prepare_cached(
            "SELECT site, survey, version, revision, state, dated_ms, skipped, content FROM responses WHERE id = ?1",
        )?
        .query_row([id], |old| {
            Ok(Row {
                id: *id,
                site: text(old, 0)?,
                survey: text(old, 1)?,
                version: old.get(2)?,
                revision: old.get(3)?,
                state: text(old, 4)?,
                dated_ms: old.get(5)?,
                skipped: text(old, 6)?,
                content: text(old, 7)?,
            })
        })?;
    let decision = decide(Some(&old), arrival)?;
    if let Some((row, _)) = &decision.stored {
        let Row { id, site: _, survey: _, version, revision, state, dated_ms: _, skipped, content } = row;
        connection
            .prepare_cached(
                "UPDATE responses SET version = ?2, revision = ?3, state = ?4, skipped = ?5, content = ?6 WHERE id = ?1",
            )?
            .execute(params![id, version, revision, state, skipped, content])?;
    }
    Ok(decision)
}

/// The operator must find the row.
fn of_response(error: StoreError, id: &str) -> StoreError {
    match error {
        StoreError::Database(words) => StoreError::Database(format!("{words} (response {id})")),
        error => error,
    }
}

fn apply(connection: &Connection, changes: Changes<'_>) -> Result<(), StoreError> {
    let mut add = connection.prepare_cached(
        "INSERT INTO rollup (survey, site, dimension, value, slot, measure, question, version, point, choice, n)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (survey, site, dimension, value, slot, measure, question, version, point, choice)
         DO UPDATE SET n = n + excluded.n",
    )?;
    for (key, n) in changes {
        add.execute(params![
            key.survey,
            key.site,
            key.dimension,
            key.value,
            key.slot,
            key.measure,
            key.question,
            key.version,
            key.point,
            key.choice,
            n
        ])?;
    }
    Ok(())
}

/// Counts all responses again. After each, `go_on` may take what is counted so far.
fn count(
    connection: &Connection,
    mut go_on: impl FnMut(&mut Changes<'static>) -> Result<(), StoreError>,
) -> Result<Changes<'static>, StoreError> {
    let mut counted = Changes::new();
    let mut named = Named::default();
    let mut select = connection.prepare("SELECT id, dated_ms, skipped, content FROM responses")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let mut add = || -> Result<(), StoreError> {
            let skipped: Vec<String> = serde_json::from_str(row.get_ref(2)?.as_str().map_err(unreadable)?)?;
            let response: Response = serde_json::from_str(row.get_ref(3)?.as_str().map_err(unreadable)?)?;
            let read = |response: &Response, dimension| values(connection, response, dimension);
            rollup::count((&response, &skipped, row.get(1)?), &mut counted, &mut named, read)
        };
        let added = add();
        added.map_err(|e| row.get(0).map_or_else(StoreError::from, |id| of_response(e, &uuid_text(id))))?;
        go_on(&mut counted)?;
    }
    Ok(counted)
}

pub(super) fn audit(connection: &Connection) -> Result<Vec<Difference>, StoreError> {
    // One read transaction: both sides must be of the same moment.
    let transaction = connection.unchecked_transaction()?;
    let counted = count(&transaction, |_| Ok(()))?;
    let mut select = transaction.prepare(
        "SELECT survey, site, dimension, value, slot, measure, question, version, point, choice, n FROM rollup",
    )?;
    let rows = select.query_map([], |row| Ok((key(row)?, row.get::<_, i64>(10)?)))?;
    Ok(rollup::differences(&counted, rows)?)
}

pub(super) fn recount(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // First, so that values that no response has any more take no place among those counted by themselves.
    transaction.execute("DELETE FROM rollup", [])?;
    fill(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Counts all responses into a rollup that is empty.
pub(super) fn fill(connection: &Connection) -> Result<(), StoreError> {
    fill_in_parts(connection, MAX_COUNTERS)
}

fn fill_in_parts(connection: &Connection, most: usize) -> Result<(), StoreError> {
    let rest = count(connection, |counted| {
        // A year of answers has millions of counters, and they need not all be in memory.
        if counted.len() >= most { apply(connection, std::mem::take(counted)) } else { Ok(()) }
    })?;
    apply(connection, rest)
}

/// Writes something small, and syncs it.
pub(super) fn probe(connection: &mut Connection) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    connection
        .prepare_cached("INSERT INTO probe (id, at_ms) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms")?
        .execute([i64::try_from(now).unwrap_or(i64::MAX)])?;
    Ok(())
}

fn key(row: &rusqlite::Row<'_>) -> rusqlite::Result<Key<'static>> {
    let text = |column| row.get::<_, String>(column).map(Into::into);
    Ok(Key {
        survey: text(0)?,
        site: text(1)?,
        dimension: text(2)?,
        value: text(3)?,
        slot: row.get(4)?,
        measure: text(5)?,
        question: text(6)?,
        version: row.get(7)?,
        point: row.get(8)?,
        choice: text(9)?,
    })
}

fn unreadable(e: rusqlite::types::FromSqlError) -> StoreError {
    StoreError::Database(format!("a row is not what was written there: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[tokio::test]
    async fn what_is_counted_in_parts_is_what_is_counted_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("candor.sqlite");
        let store = Store::open(&format!("sqlite://{}", path.display())).await.unwrap();
        let arrival = |n: u8| {
            let response = serde_json::json!({
                "v": 1, "id": format!("0192f5e4-7c1b-7a44-8000-{n:012x}"), "revision": 1, "state": "partial", "site": "shop",
                "survey": "nps", "survey_version": 1, "locale": "en", "touchpoint": format!("t{}", n % 3),
                "answers": [{"question": "nps", "rating": n % 11}],
                "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
            });
            let response: candor_survey::NewResponse = serde_json::from_value(response).unwrap();
            let response = response.check(&candor_survey::preset("nps").unwrap()).unwrap();
            Arrival { response, received_ms: i64::from(n) * 100_000 }
        };
        store.save((0..30).map(arrival).collect()).await.unwrap();
        let connection = Connection::open(&path).unwrap();
        for most in [1, 7, usize::MAX] {
            connection.execute("DELETE FROM rollup", []).unwrap();
            fill_in_parts(&connection, most).unwrap();
            assert_eq!(store.audit().await, Ok(vec![]), "{most}");
        }
    }
}
