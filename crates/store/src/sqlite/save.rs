use super::{
    count::recount_day,
    edit::{Excluded, range_flag},
    erase::{Retained, is_retained, refuse},
    names::Table,
};
use crate::{
    Arrival, Outcome, Scope, StoreError, dated_ms,
    decide::{Change, Head, OUT, OUT_OF_RANGE, PERSONAL, Row, SIGNED, TEST, decide, uuid_bytes},
    kept::{Content, Hash, Hasher, Parts, Written, WrittenPersonal, damaged, state_number, state_of},
    names::Names,
    rollup::{Day, Key, Rows},
    segments,
};
use candor_survey::Response;
use rusqlite::{CachedStatement, Connection, OptionalExtension, TransactionBehavior, params};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the writer has at hand of its database. It is true for as long as nobody else writes.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) names: Names,
    pub(super) rows: Rows,
    pub(super) hasher: Hasher,
    /// Whether anything was ever erased.
    pub(super) erased: Option<bool>,
    pub(super) retained: Option<Retained>,
    /// The ranges that are out of the counts.
    pub(super) excluded: Option<Vec<Excluded>>,
    /// The number of commits by others that it has seen.
    seen: Option<i64>,
}

impl Memory {
    pub(super) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let key =
            connection.query_row("SELECT value FROM secrets WHERE name = 'hash'", [], |row| row.get(0))?;
        Ok(Self {
            names: Names::default(),
            rows: Rows::default(),
            hasher: Hasher::new(key),
            erased: None,
            retained: None,
            excluded: None,
            seen: None,
        })
    }

    /// What it has may not be what the database has.
    pub(super) fn forget(&mut self) {
        (self.names, self.rows) = (Names::default(), Rows::default());
        (self.erased, self.retained, self.excluded) = (None, None, None);
    }

    /// Sees, within a transaction, whether another process has written meanwhile, or has changed the schema.
    ///
    /// # Errors
    /// [`StoreError::Outdated`] if it has, and this one may not write.
    pub(super) fn is_current(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let pragma = |sql| -> rusqlite::Result<i64> {
            connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
        };
        if pragma("PRAGMA user_version")? != super::schema::newest() {
            return Err(StoreError::Outdated);
        }
        let seen = Some(pragma("PRAGMA data_version")?);
        if std::mem::replace(&mut self.seen, seen) != seen {
            self.forget();
        }
        Ok(())
    }
}

/// Keeps the calls' arrivals and counts them, in one transaction.
///
/// # Errors
/// Of the transaction, and then nothing is kept; of one call in its own place, and then the others are.
pub(super) fn save(
    connection: &mut Connection,
    memory: &mut Memory,
    calls: &[&[Arrival]],
) -> Result<Vec<Result<Vec<Outcome>, StoreError>>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    memory.is_current(&transaction)?;
    let error = match keep_all(&transaction, memory, calls.iter().copied().flatten()) {
        Err(error) => error,
        Ok(outcomes) => {
            transaction.commit()?;
            let mut outcomes = outcomes.into_iter();
            return Ok(calls.iter().map(|call| Ok(outcomes.by_ref().take(call.len()).collect())).collect());
        }
    };
    memory.forget();
    if transaction.rollback().is_err() {
        // A full disk has rolled back already, and is what the operator must hear of.
        return Err(error);
    }

    // Something in there can't be kept, a row that is damaged for one. Each call by itself is slower, and shows which.
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    memory.is_current(&transaction)?;
    let mut alone = |call: &[Arrival]| {
        let savepoint = transaction.savepoint()?;
        let kept = keep_all(&savepoint, memory, call);
        if kept.is_err() {
            memory.forget();
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
    memory: &mut Memory,
    arrivals: impl IntoIterator<Item = &'a Arrival>,
) -> Result<Vec<Outcome>, StoreError> {
    let mut outcomes = Vec::new();
    let mut statements = Statements::prepare(connection)?;
    for arrival in arrivals {
        let Arrival { scope, response, declared, received_ms } = arrival;
        let new = New {
            scope: *scope,
            id: uuid_bytes(response.id()),
            revision: response.revision(),
            response: response.response(),
            skipped: response.skipped(),
            declared,
            dated_ms: dated_ms(*received_ms, response.age_ms()),
        };
        outcomes
            .push(keep(connection, &mut statements, memory, new).map_err(|e| of_response(e, response.id()))?);
    }
    write_counts(connection, memory)?;
    Ok(outcomes)
}

/// What every response is kept with, looked up once for all of a transaction.
pub(super) struct Statements<'a> {
    old: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    update: CachedStatement<'a>,
    personal: CachedStatement<'a>,
}

impl<'a> Statements<'a> {
    pub(super) fn prepare(connection: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            old: connection.prepare_cached(OLD)?,
            insert: connection.prepare_cached(INSERT)?,
            update: connection.prepare_cached(UPDATE)?,
            personal: connection.prepare_cached(PERSONAL_OF)?,
        })
    }
}

/// A response that is about to be kept.
pub(super) struct New<'a> {
    pub(super) scope: Scope,
    pub(super) id: [u8; 16],
    pub(super) revision: u32,
    pub(super) response: &'a Response,
    pub(super) skipped: &'a [String],
    /// Its segments beside those of every survey: names of dimensions, and values.
    pub(super) declared: &'a [(String, String)],
    pub(super) dated_ms: i64,
}

/// Keeps a response and counts it among the rows at hand.
pub(super) fn keep(
    connection: &Connection,
    statements: &mut Statements<'_>,
    memory: &mut Memory,
    new: New<'_>,
) -> Result<Outcome, StoreError> {
    if let Some(outcome) = refuse(connection, memory, &new)? {
        return Ok(outcome);
    }
    let New { scope, id, revision, response, skipped, declared, dated_ms } = new;
    let table = Table(connection);
    let known = memory.names.read();
    let (survey, segments) = memory.names.of(&table, scope, response, declared)?;
    if memory.names.read() != known {
        // A new one may be out as others of its id are.
        memory.excluded = None;
    }
    let (content, written) = Parts::of(response, skipped).write()?;
    let (personal, signed) =
        (written.personal.is_some(), response.respondent.as_ref().is_some_and(|r| r.signed));
    let flags = [(response.test, TEST), (personal, PERSONAL), (signed, SIGNED)];
    let flags: u32 = flags.into_iter().map(|(is_set, flag)| u32::from(is_set) * flag).sum();
    let of_range = range_flag(connection, memory, scope.0, survey, dated_ms)?;
    let mut row = Row {
        workspace: scope.0,
        id,
        survey,
        version: response.survey_version,
        revision,
        state: response.state,
        flags: flags | of_range,
        dated_ms,
        hash: memory.hasher.content(response.state, response.survey_version, response.test, &written),
        segments,
        content,
    };
    let old = if revision == 1 && insert(connection, statements, memory, &row, &written)? {
        None
    } else {
        match Old::find(&mut statements.old, scope, id)? {
            None => {
                insert(connection, statements, memory, &row, &written)?;
                None
            }
            Some(old) => {
                let outcome = decide(old.head, &mut row);
                if outcome != Outcome::Stored {
                    return Ok(outcome);
                }
                let old = old.row(scope, id)?;
                row.flags = flags | old.flags & (OUT | OUT_OF_RANGE);
                update(connection, statements, memory, &row, &written)?;
                Some(old)
            }
        }
    };
    match &written.personal {
        Some(personal) => write_personal(&mut statements.personal, &row, personal)?,
        None if old.as_ref().is_some_and(|old| old.flags & PERSONAL > 0) => {
            forget_personal(connection, scope, id)?;
        }
        None => {}
    }
    let of_day = (scope, row.survey, row.dated_ms);
    count(connection, memory, of_day, &Change { old, new: Some(&row) })?;
    is_retained(connection, memory, &row)?;
    Ok(Outcome::Stored)
}

/// Counts a change, which is written already, to responses of one day of a survey. If what was counted can't be read, the day is
/// counted anew.
pub(super) fn count(
    connection: &Connection,
    memory: &mut Memory,
    of_day: (Scope, i64, i64),
    change: &Change<'_>,
) -> Result<(), StoreError> {
    match memory.rows.count(change, |key| read_day(connection, key)) {
        Err(StoreError::Database(what)) => {
            tracing::error!(what, "a count can't be read: its day is counted anew");
            count_anew(connection, memory, of_day)
        }
        counted => counted,
    }
}

pub(super) fn count_anew(
    connection: &Connection,
    memory: &mut Memory,
    (scope, survey, dated_ms): (Scope, i64, i64),
) -> Result<(), StoreError> {
    // Those of other days are right.
    write_counts(connection, memory)?;
    recount_day(connection, scope, survey, dated_ms)?;
    memory.rows = Rows::default();
    Ok(())
}

/// Adds a row, unless there is one of its id.
fn insert(
    connection: &Connection,
    statements: &mut Statements<'_>,
    memory: &mut Memory,
    row: &Row,
    written: &Written,
) -> Result<bool, StoreError> {
    let (seq, frame) = numbers(connection, memory, row, written)?;
    // Every column is named here and below, so that a new one does not compile until it is written.
    let Row { workspace, id, survey, version, revision, state, flags, dated_ms, hash, segments, content: _ } =
        row;
    let (state, segments, content) = (state_number(*state), segments::pack(segments), &written.content);
    let added = statements.insert.execute(params![
        workspace, id, survey, version, revision, state, flags, dated_ms, seq, hash, frame, segments, content
    ])?;
    Ok(added > 0)
}

fn update(
    connection: &Connection,
    statements: &mut Statements<'_>,
    memory: &mut Memory,
    row: &Row,
    written: &Written,
) -> Result<(), StoreError> {
    let (seq, frame) = numbers(connection, memory, row, written)?;
    let Row {
        workspace,
        id,
        survey: _,
        version,
        revision,
        state,
        flags,
        dated_ms: _,
        hash,
        segments,
        content: _,
    } = row;
    let (state, segments, content) = (state_number(*state), segments::pack(segments), &written.content);
    statements.update.execute(params![
        workspace, id, version, revision, state, flags, seq, hash, frame, segments, content
    ])?;
    Ok(())
}

/// The place of a row in the order of arrival, and the number of its frame.
fn numbers(
    connection: &Connection,
    memory: &mut Memory,
    row: &Row,
    written: &Written,
) -> Result<(i64, i64), StoreError> {
    let (table, scope) = (Table(connection), Scope(row.workspace));
    Ok((memory.names.next_seq(&table, scope)?, memory.names.frame(&table, scope, &written.frame)?))
}

/// A row that is kept; only its head was read.
pub(super) struct Old {
    pub(super) head: Head,
    version: u32,
    state: u8,
    segments: Vec<u8>,
    pub(super) content: String,
}

/// A query for the columns of [`Old`], in its order; what comes after them is the caller's.
macro_rules! select_old {
    ($rest:literal) => {
        concat!("SELECT survey, revision, dated_ms, hash, version, state, flags, segments, content", $rest)
    };
}
pub(super) use select_old;

const OLD: &str = select_old!(" FROM responses WHERE workspace = ?1 AND id = ?2");
const INSERT: &str = "INSERT INTO responses
     (workspace, id, survey, version, revision, state, flags, dated_ms, seq, hash, frame, segments, content)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (workspace, id) DO NOTHING";
const UPDATE: &str =
    "UPDATE responses SET version = ?3, revision = ?4, state = ?5, flags = ?6, seq = ?7, hash = ?8, frame = ?9,
     segments = ?10, content = ?11 WHERE workspace = ?1 AND id = ?2";
/// Writes nothing where nothing differs: of three revisions most say the same of who answered.
const PERSONAL_OF: &str =
    "INSERT INTO personal (workspace, id, respondent, page, said) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (workspace, id)
     DO UPDATE SET respondent = excluded.respondent, page = excluded.page, said = excluded.said
     WHERE said <> excluded.said OR page IS NOT excluded.page OR respondent IS NOT excluded.respondent";

pub(super) fn old(connection: &Connection, scope: Scope, id: [u8; 16]) -> Result<Option<Old>, StoreError> {
    Old::find(&mut connection.prepare_cached(OLD)?, scope, id)
}

impl Old {
    fn find(
        select: &mut CachedStatement<'_>,
        scope: Scope,
        id: [u8; 16],
    ) -> Result<Option<Self>, StoreError> {
        Ok(select.query_row(params![scope.0, id], Self::read).optional()?)
    }

    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let head = Head {
            survey: row.get(0)?,
            revision: row.get(1)?,
            dated_ms: row.get(2)?,
            hash: row.get::<_, Hash>(3)?,
            flags: row.get(6)?,
        };
        Ok(Self {
            head,
            version: row.get(4)?,
            state: row.get(5)?,
            segments: row.get(7)?,
            content: row.get(8)?,
        })
    }

    pub(super) fn row(self, scope: Scope, id: [u8; 16]) -> Result<Row, StoreError> {
        let Self { head, version, state, segments, content } = self;
        Ok(Row {
            workspace: scope.0,
            id,
            survey: head.survey,
            version,
            revision: head.revision,
            state: state_of(state)?,
            flags: head.flags,
            dated_ms: head.dated_ms,
            hash: head.hash,
            segments: segments::unpack(&segments)?,
            content: Content::from_json(&content)?,
        })
    }
}

/// Keeps what is personal of a response, or takes out what was.
pub(super) fn keep_personal(
    connection: &Connection,
    row: &Row,
    personal: Option<&WrittenPersonal>,
) -> Result<(), StoreError> {
    match personal {
        Some(personal) => write_personal(&mut connection.prepare_cached(PERSONAL_OF)?, row, personal),
        None => forget_personal(connection, Scope(row.workspace), row.id),
    }
}

fn write_personal(
    write: &mut CachedStatement<'_>,
    Row { workspace, id, .. }: &Row,
    WrittenPersonal { respondent, page, said }: &WrittenPersonal,
) -> Result<(), StoreError> {
    write.execute(params![workspace, id, respondent, page, said])?;
    Ok(())
}

/// Takes out what says whose a response is.
pub(super) fn forget_personal(connection: &Connection, scope: Scope, id: [u8; 16]) -> Result<(), StoreError> {
    let mut delete = connection.prepare_cached("DELETE FROM personal WHERE workspace = ?1 AND id = ?2")?;
    delete.execute(params![scope.0, id])?;
    Ok(())
}

/// Writes the rows of the rollup that have changed.
pub(super) fn write_counts(connection: &Connection, memory: &mut Memory) -> Result<(), StoreError> {
    let mut days = Days::prepare(connection)?;
    for (key, day) in memory.rows.changed() {
        days.write(key, day)?;
    }
    memory.rows.trim();
    Ok(())
}

/// What the rows of the rollup are written with.
pub(super) struct Days<'a> {
    connection: &'a Connection,
    totals: CachedStatement<'a>,
    quarters: CachedStatement<'a>,
}

impl<'a> Days<'a> {
    pub(super) fn prepare(connection: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            totals: connection.prepare_cached(
                "INSERT INTO rollup (workspace, survey, segment, day, version, totals) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (workspace, survey, segment, day, version) DO UPDATE SET totals = excluded.totals",
            )?,
            quarters: connection.prepare_cached(
                "INSERT INTO rollup_quarters (workspace, survey, segment, day, version, quarters) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (workspace, survey, segment, day, version) DO UPDATE SET quarters = excluded.quarters",
            )?,
        })
    }

    pub(super) fn write(&mut self, key: &Key, day: &Day) -> Result<(), StoreError> {
        let Key { workspace, survey, segment, day: date, version } = key;
        if !day.is_empty() {
            self.totals.execute(params![workspace, survey, segment, date, version, day.totals()])?;
            self.quarters.execute(params![workspace, survey, segment, date, version, day.quarters()])?;
            return Ok(());
        }
        for delete in [
            "DELETE FROM rollup WHERE workspace = ?1 AND survey = ?2 AND segment = ?3 AND day = ?4 AND version = ?5",
            "DELETE FROM rollup_quarters
             WHERE workspace = ?1 AND survey = ?2 AND segment = ?3 AND day = ?4 AND version = ?5",
        ] {
            let mut delete = self.connection.prepare_cached(delete)?;
            delete.execute(params![workspace, survey, segment, date, version])?;
        }
        Ok(())
    }
}

pub(super) fn read_day(connection: &Connection, key: &Key) -> Result<Day, StoreError> {
    let Key { workspace, survey, segment, day, version } = key;
    let mut select = connection.prepare_cached(
        "SELECT totals, quarters FROM rollup JOIN rollup_quarters USING (workspace, survey, segment, day, version)
         WHERE workspace = ?1 AND survey = ?2 AND segment = ?3 AND day = ?4 AND version = ?5",
    )?;
    let mut rows = select.query(params![workspace, survey, segment, day, version])?;
    match rows.next()? {
        Some(row) => Day::unpack(blob(row, 0)?, blob(row, 1)?),
        None => Ok(Day::default()),
    }
}

pub(super) fn blob<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Result<&'a [u8], StoreError> {
    row.get_ref(column)?.as_blob().map_err(|e| damaged(&e.to_string()))
}

/// The operator must find the row.
pub(super) fn of_response(error: StoreError, id: &str) -> StoreError {
    match error {
        StoreError::Database(words) => StoreError::Database(format!("{words} (response {id})")),
        error => error,
    }
}

/// Writes something small, and syncs it.
pub(super) fn probe(connection: &mut Connection) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    connection
        .prepare_cached("INSERT INTO probe (id, at_ms) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms")?
        .execute([i64::try_from(now).unwrap_or(i64::MAX)])?;
    Ok(())
}
