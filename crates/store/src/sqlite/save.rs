use crate::{
    Arrival, Difference, Outcome, StoreError,
    rollup::{Changes, Key, contribute},
};
use candor_survey::{NewResponse, State};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::time::{SystemTime, UNIX_EPOCH};

/// Keeps the calls' arrivals and counts them, in one transaction.
///
/// # Errors
/// Of the transaction, and then nothing is kept; of one call in its own place, and then the others are.
pub(super) fn save(
    connection: &mut Connection,
    calls: &[&[Arrival]],
) -> Result<Vec<Result<Vec<Outcome>, StoreError>>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let error = match keep_all(&transaction, calls.iter().copied().flatten()) {
        Err(error) => error,
        Ok(outcomes) => {
            transaction.commit()?;
            let mut outcomes = outcomes.into_iter();
            return Ok(calls.iter().map(|call| Ok(outcomes.by_ref().take(call.len()).collect())).collect());
        }
    };
    if transaction.rollback().is_err() {
        // A full disk has rolled back already, and is what the operator must hear of.
        return Err(error);
    }

    // Something in there can't be kept, a row that is damaged for one. Each call by itself is slower, and shows which.
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut alone = |call: &[Arrival]| {
        let savepoint = transaction.savepoint()?;
        let outcomes = keep_all(&savepoint, call)?;
        savepoint.commit()?;
        Ok(outcomes)
    };
    let results = calls.iter().map(|call| alone(call)).collect();
    transaction.commit()?;
    Ok(results)
}

fn keep_all<'a>(
    connection: &Connection,
    arrivals: impl IntoIterator<Item = &'a Arrival>,
) -> Result<Vec<Outcome>, StoreError> {
    let mut changes = Changes::new();
    let mut outcomes = Vec::new();
    for arrival in arrivals {
        let outcome = keep(connection, arrival, &mut changes).map_err(|e| match e {
            // The operator must find the row.
            StoreError::Database(words) => {
                StoreError::Database(format!("{words} (response {})", arrival.response.response().id))
            }
            e => e,
        })?;
        outcomes.push(outcome);
    }
    apply(connection, changes)?;
    Ok(outcomes)
}

struct Old {
    site: String,
    survey: String,
    revision: u32,
    dated_ms: i64,
    skipped: String,
    content: String,
}

fn keep(connection: &Connection, arrival: &Arrival, changes: &mut Changes) -> Result<Outcome, StoreError> {
    let skipped = arrival.response.skipped();
    let new = NewResponse { age_ms: 0, ..arrival.response.response().clone() };
    let id = uuid_bytes(&new.id);
    let old = connection
        .prepare_cached(
            "SELECT site, survey, revision, dated_ms, skipped, content FROM responses WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(Old {
                site: row.get(0)?,
                survey: row.get(1)?,
                revision: row.get(2)?,
                dated_ms: row.get(3)?,
                skipped: row.get(4)?,
                content: row.get(5)?,
            })
        })
        .optional()?;

    let dated_ms = match &old {
        None => arrival.received_ms - i64::from(arrival.response.response().age_ms),
        Some(old) if old.site != new.site || old.survey != new.survey => return Ok(Outcome::OtherSurvey),
        Some(old) if old.revision > new.revision => return Ok(Outcome::Superseded { kept: old.revision }),
        Some(old) => {
            let response: NewResponse = serde_json::from_str(&old.content)?;
            if old.revision == new.revision {
                return Ok(if response == new { Outcome::Duplicate } else { Outcome::ContentConflict });
            }
            let skipped: Vec<String> = serde_json::from_str(&old.skipped)?;
            contribute(changes, &response, &skipped, old.dated_ms, -1);
            old.dated_ms
        }
    };
    contribute(changes, &new, skipped, dated_ms, 1);
    connection
        .prepare_cached(
            "INSERT INTO responses (id, site, survey, version, revision, state, dated_ms, skipped, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, revision = excluded.revision,
                 state = excluded.state, skipped = excluded.skipped, content = excluded.content",
        )?
        .execute(params![
            id,
            new.site,
            new.survey,
            new.survey_version,
            new.revision,
            state(new.state),
            dated_ms,
            serde_json::to_string(skipped)?,
            serde_json::to_string(&new)?,
        ])?;
    Ok(Outcome::Stored)
}

fn apply(connection: &Connection, changes: Changes) -> Result<(), StoreError> {
    let mut add = connection.prepare_cached(
        "INSERT INTO rollup (survey, dimension, value, slot, measure, question, version, point, n)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (survey, dimension, value, slot, measure, question, version, point) DO UPDATE SET n = n + excluded.n",
    )?;
    for (key, n) in changes.into_iter().filter(|(_, n)| *n != 0) {
        add.execute(params![
            key.survey,
            key.dimension,
            key.value,
            key.slot,
            key.measure,
            key.question,
            key.version,
            key.point,
            n
        ])?;
    }
    Ok(())
}

/// Counts all responses anew.
fn count(connection: &Connection) -> Result<Changes, StoreError> {
    let mut changes = Changes::new();
    let mut select = connection.prepare("SELECT dated_ms, skipped, content FROM responses")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let skipped: Vec<String> = serde_json::from_str(row.get_ref(1)?.as_str().map_err(unreadable)?)?;
        let response: NewResponse = serde_json::from_str(row.get_ref(2)?.as_str().map_err(unreadable)?)?;
        contribute(&mut changes, &response, &skipped, row.get(0)?, 1);
    }
    Ok(changes)
}

pub(super) fn audit(connection: &Connection) -> Result<Vec<Difference>, StoreError> {
    // One read transaction: both sides must be of the same moment.
    let transaction = connection.unchecked_transaction()?;
    let responses = count(&transaction)?;
    let mut differences = responses.clone();
    let mut select = transaction
        .prepare("SELECT survey, dimension, value, slot, measure, question, version, point, n FROM rollup")?;
    let rows = select.query_map([], |row| Ok((key(row)?, row.get::<_, i64>(8)?)))?;
    for row in rows {
        let (key, n) = row?;
        *differences.entry(key).or_default() -= n;
    }
    Ok(differences
        .into_iter()
        .filter(|(_, difference)| *difference != 0)
        .map(|(key, difference)| {
            let counted = responses.get(&key).copied().unwrap_or_default();
            Difference { key: format!("{key:?}"), rollup: counted - difference, responses: counted }
        })
        .collect())
}

pub(super) fn recount(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let changes = count(&transaction)?;
    transaction.execute("DELETE FROM rollup", [])?;
    apply(&transaction, changes)?;
    transaction.commit()?;
    Ok(())
}

pub(super) fn probe(connection: &mut Connection) -> Result<(), StoreError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    connection
        .prepare_cached("INSERT INTO probe (id, at_ms) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms")?
        .execute([i64::try_from(now).unwrap_or(i64::MAX)])?;
    Ok(())
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        survey: row.get(0)?,
        dimension: row.get(1)?,
        value: row.get(2)?,
        slot: row.get(3)?,
        measure: row.get(4)?,
        question: row.get(5)?,
        version: row.get(6)?,
        point: row.get(7)?,
    })
}

fn unreadable(e: rusqlite::types::FromSqlError) -> StoreError {
    StoreError::Database(format!("a row is not what was written there: {e}"))
}

const fn state(state: State) -> &'static str {
    match state {
        State::Shown => "shown",
        State::Partial => "partial",
        State::Complete => "complete",
        State::Dismissed => "dismissed",
    }
}

/// The 16 bytes of a UUID in its canonical form, which [`NewResponse::check`] has seen to.
pub(super) fn uuid_bytes(id: &str) -> [u8; 16] {
    let digits = id
        .chars()
        .filter_map(|c| c.to_digit(16))
        .fold(0_u128, |number, digit| number << 4 | u128::from(digit));
    digits.to_be_bytes()
}
