use super::read;
use crate::{
    Arrival, Difference, Dimension, MAX_AGE_MS, MAX_VALUES, OTHER, Outcome, StoreError,
    rollup::{Changes, Key, Segments, contribute, segments},
};
use candor_survey::{Response, State};
use rusqlite::{Connection, Row, TransactionBehavior, params};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{SystemTime, UNIX_EPOCH},
};

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

/// The values that are counted by themselves, by survey and dimension: those that the rollup has, and the first new ones as
/// long as they are few. Read when first asked for.
#[derive(Debug, Default)]
pub(super) struct Named(HashMap<String, BTreeMap<Dimension, HashSet<String>>>);

impl Named {
    fn segments<'a>(
        &mut self,
        connection: &Connection,
        response: &'a Response,
    ) -> Result<Segments<'a>, StoreError> {
        segments(response, |dimension, value| self.has(connection, &response.survey, dimension, value))
    }

    fn has(
        &mut self,
        connection: &Connection,
        survey: &str,
        dimension: Dimension,
        value: &str,
    ) -> Result<bool, StoreError> {
        if self.0.get(survey).is_none_or(|named| !named.contains_key(&dimension)) {
            let mut values = read::values(connection, survey, dimension)?;
            // What stands for all others takes no place among those counted by themselves.
            values.remove(OTHER);
            self.0.entry(survey.to_owned()).or_default().insert(dimension, values);
        }
        let Some(values) = self.0.get_mut(survey).and_then(|named| named.get_mut(&dimension)) else {
            return Ok(false);
        };
        if values.contains(value) {
            return Ok(true);
        }
        Ok(values.len() < MAX_VALUES && values.insert(value.to_owned()))
    }
}

fn keep_all<'a>(
    connection: &Connection,
    named: &mut Named,
    arrivals: impl IntoIterator<Item = &'a Arrival>,
) -> Result<Vec<Outcome>, StoreError> {
    let mut outcomes = Vec::new();
    let mut stored = Vec::new();
    for arrival in arrivals {
        let (outcome, change) = keep(connection, arrival).map_err(|e| match e {
            // The operator must find the row.
            StoreError::Database(words) => {
                StoreError::Database(format!("{words} (response {})", arrival.response.id()))
            }
            e => e,
        })?;
        outcomes.push(outcome);
        stored.extend(change.map(|change| (arrival, change)));
    }
    // Only now, so that the counters can borrow what they are named by.
    let mut changes = Changes::new();
    for (arrival, Change { dated_ms, old }) in &stored {
        if let Some((response, skipped)) = old.as_ref().filter(|(response, _)| !response.test) {
            let segments = named.segments(connection, response)?;
            contribute(response, skipped, *dated_ms, &segments, |key| *changes.entry(key).or_default() -= 1);
        }
        let response = arrival.response.response();
        if !response.test {
            let segments = named.segments(connection, response)?;
            let skipped = arrival.response.skipped();
            contribute(response, skipped, *dated_ms, &segments, |key| *changes.entry(key).or_default() += 1);
        }
    }
    apply(connection, changes)?;
    Ok(outcomes)
}

/// What became of a response that was stored.
struct Change {
    /// The date under which all of its revisions are counted.
    dated_ms: i64,
    /// The revision that it replaced, with what was skipped in it.
    old: Option<(Response, Vec<String>)>,
}

struct Old {
    site: String,
    survey: String,
    revision: u32,
    dated_ms: i64,
    skipped: String,
    content: String,
}

fn keep(connection: &Connection, arrival: &Arrival) -> Result<(Outcome, Option<Change>), StoreError> {
    let new = arrival.response.response();
    let (id, revision) = (uuid_bytes(arrival.response.id()), arrival.response.revision());
    let age_ms = arrival.response.age_ms().min(MAX_AGE_MS);
    let dated_ms = arrival.received_ms - i64::from(age_ms);
    let skipped = serde_json::to_string(arrival.response.skipped())?;
    let content = serde_json::to_string(new)?;
    // Most are new, and then there is nothing to look up.
    let is_new = connection
        .prepare_cached(
            "INSERT INTO responses (id, site, survey, version, revision, state, dated_ms, skipped, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            id,
            new.site,
            new.survey,
            new.survey_version,
            revision,
            state(new.state),
            dated_ms,
            skipped,
            content
        ])?;
    if is_new > 0 {
        return Ok((Outcome::Stored, Some(Change { dated_ms, old: None })));
    }

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
        })?;
    if old.site != new.site || old.survey != new.survey {
        return Ok((Outcome::OtherSurvey, None));
    }
    if old.revision > revision {
        return Ok((Outcome::Superseded { kept: old.revision }, None));
    }
    let response: Response = serde_json::from_str(&old.content)?;
    if old.revision == revision {
        let is_same = response == *new;
        return Ok((if is_same { Outcome::Duplicate } else { Outcome::ContentConflict }, None));
    }
    let change =
        Change { dated_ms: old.dated_ms, old: Some((response, serde_json::from_str(&old.skipped)?)) };
    connection
        .prepare_cached(
            "UPDATE responses SET version = ?2, revision = ?3, state = ?4, skipped = ?5, content = ?6 WHERE id = ?1",
        )?
        .execute(params![id, new.survey_version, revision, state(new.state), skipped, content])?;
    Ok((Outcome::Stored, Some(change)))
}

fn apply(connection: &Connection, changes: Changes<'_>) -> Result<(), StoreError> {
    let mut add = connection.prepare_cached(
        "INSERT INTO rollup (survey, dimension, value, slot, measure, question, version, point, n)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (survey, dimension, value, slot, measure, question, version, point) DO UPDATE SET n = n + excluded.n",
    )?;
    // An impression that came and went within the batch makes its row as well, which says that its value is counted by itself.
    for (key, n) in changes.into_iter().filter(|(key, n)| *n != 0 || key.measure == "shown") {
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
fn count(connection: &Connection) -> Result<Changes<'static>, StoreError> {
    let mut changes = Changes::new();
    let mut named = Named::default();
    let mut select = connection.prepare("SELECT dated_ms, skipped, content FROM responses")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let skipped: Vec<String> = serde_json::from_str(row.get_ref(1)?.as_str().map_err(unreadable)?)?;
        let response: Response = serde_json::from_str(row.get_ref(2)?.as_str().map_err(unreadable)?)?;
        if response.test {
            continue;
        }
        let segments = named.segments(connection, &response)?;
        contribute(&response, &skipped, row.get(0)?, &segments, |key| {
            *changes.entry(key.into_owned()).or_default() += 1;
        });
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
    // First, so that values that no response has any more take no place among those counted by themselves.
    transaction.execute("DELETE FROM rollup", [])?;
    let changes = count(&transaction)?;
    apply(&transaction, changes)?;
    transaction.commit()?;
    Ok(())
}

/// Writes something small, and syncs it.
pub(super) fn probe(connection: &mut Connection) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    connection
        .prepare_cached("INSERT INTO probe (id, at_ms) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms")?
        .execute([i64::try_from(now).unwrap_or(i64::MAX)])?;
    Ok(())
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key<'static>> {
    let text = |column| row.get::<_, String>(column).map(Into::into);
    Ok(Key {
        survey: text(0)?,
        dimension: text(1)?,
        value: text(2)?,
        slot: row.get(3)?,
        measure: text(4)?,
        question: text(5)?,
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

/// The 16 bytes of a UUID in its canonical form, which [`candor_survey::NewResponse::check`] has seen to.
pub(super) fn uuid_bytes(id: &str) -> [u8; 16] {
    let digits = id
        .chars()
        .filter_map(|c| c.to_digit(16))
        .fold(0_u128, |number, digit| number << 4 | u128::from(digit));
    digits.to_be_bytes()
}

/// The canonical form of a UUID, of its 16 bytes.
pub(super) fn uuid_text(id: [u8; 16]) -> String {
    let id = u128::from_be_bytes(id);
    let group = |from: u32, digits: u32| id >> from & ((1 << (4 * digits)) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        group(96, 8),
        group(80, 4),
        group(64, 4),
        group(48, 4),
        group(0, 12)
    )
}
