//! Changes by hand: what is taken out of the counts, put back or corrected, each with a row that says who did it and why.

use super::{
    names::Table,
    read::add_places,
    save::{self, Memory, keep_personal, old, write_counts},
};
use crate::{
    Change, Edit, EditKind, Note, Range, Scope, StoreError,
    decide::{self, CORRECTED, OUT, OUT_OF_RANGE, Row, uuid_bytes, uuid_text},
    kept::Parts,
};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// How many responses of a range are seen to in one transaction.
const BATCH: u32 = 500;

/// The states of a range.
const TAKING_OUT: u8 = 1;
const IS_OUT: u8 = 2;
const PUTTING_BACK: u8 = 3;

/// A range that is out, or about to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Excluded {
    workspace: i64,
    survey: i64,
    from_ms: i64,
    to_ms: i64,
}

/// [`OUT_OF_RANGE`], if a response so dated is in a range that is out.
pub(super) fn range_flag(
    connection: &Connection,
    memory: &mut Memory,
    workspace: i64,
    survey: i64,
    dated_ms: i64,
) -> Result<u32, StoreError> {
    let excluded = match memory.excluded.take() {
        Some(excluded) => excluded,
        None => {
            let mut select = connection.prepare_cached(
                "SELECT workspace, survey, from_ms, to_ms FROM exclusions WHERE state < ?1",
            )?;
            let rows = select.query_map([PUTTING_BACK], |row| {
                Ok(Excluded {
                    workspace: row.get(0)?,
                    survey: row.get(1)?,
                    from_ms: row.get(2)?,
                    to_ms: row.get(3)?,
                })
            })?;
            rows.collect::<Result<_, _>>()?
        }
    };
    let is_out = memory.excluded.insert(excluded).iter().any(|range| {
        (range.workspace, range.survey) == (workspace, survey)
            && (range.from_ms..range.to_ms).contains(&dated_ms)
    });
    Ok(if is_out { OUT_OF_RANGE } else { 0 })
}

/// Makes a change, or begins it: [`step`] goes on with ranges. Gives how many responses are changed by now.
pub(super) fn edit(
    connection: &mut Connection,
    memory: &mut Memory,
    scope: Scope,
    edit: &Edit,
    note: &Note,
) -> Result<usize, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    memory.is_current(&transaction)?;
    let edited = match edit {
        Edit::Exclude(range) | Edit::Include(range) => {
            let state = if matches!(edit, Edit::Exclude(_)) { TAKING_OUT } else { PUTTING_BACK };
            for (survey, _) in Table(&transaction).of_id(scope, &range.survey, range.site.as_deref())? {
                begin(&transaction, scope, survey, range, state, note)?;
            }
            memory.excluded = None;
            0
        }
        Edit::ExcludeResponse(id) => flag(&transaction, memory, scope, id, true, note)?,
        Edit::IncludeResponse(id) => flag(&transaction, memory, scope, id, false, note)?,
        Edit::Correct(response, seq) => {
            let (id, skipped) = (uuid_bytes(response.id()), response.skipped());
            let is_as_read = "SELECT 1 FROM responses WHERE workspace = ?1 AND id = ?2 AND seq = ?3";
            let is_as_read = transaction.prepare_cached(is_as_read)?.exists(params![scope.0, id, seq])?;
            match old(&transaction, scope, id)?.filter(|_| is_as_read) {
                None => 0,
                Some(old) => {
                    let (before, old) = (old.content.clone(), old.row(scope, id)?);
                    let (content, written) = Parts::of(response.response(), skipped).write()?;
                    let is_personal = if written.personal.is_some() { decide::PERSONAL } else { 0 };
                    let flags = old.flags & !decide::PERSONAL | is_personal | CORRECTED;
                    let new = Row { content, flags, ..old.clone() };
                    write(&transaction, memory, &new, Some(&written.content))?;
                    keep_personal(&transaction, &new, written.personal.as_ref())?;
                    let row = Noted {
                        kind: EditKind::Corrected,
                        survey: old.survey,
                        id: Some(id),
                        contents: Some((&before, &written.content)),
                        responses: 1,
                        ..Noted::default()
                    };
                    note_down(&transaction, scope, row, note)?;
                    count(&transaction, memory, old, &new)?;
                    1
                }
            }
        }
    };
    write_counts(&transaction, memory)?;
    transaction.commit()?;
    Ok(edited)
}

/// Notes that a range is to be taken out or put back, unless it is already.
fn begin(
    connection: &Connection,
    scope: Scope,
    survey: i64,
    range: &Range,
    state: u8,
    note: &Note,
) -> Result<(), StoreError> {
    let Range { from_ms, to_ms, .. } = *range;
    let known: Option<u8> = connection
        .query_row(
            "SELECT state FROM exclusions WHERE workspace = ?1 AND survey = ?2 AND from_ms = ?3 AND to_ms = ?4",
            params![scope.0, survey, from_ms, to_ms],
            |row| row.get(0),
        )
        .optional()?;
    let kind = match (state, known) {
        (TAKING_OUT, None | Some(PUTTING_BACK)) => EditKind::RangeExcluded,
        (PUTTING_BACK, Some(TAKING_OUT | IS_OUT)) => EditKind::RangeIncluded,
        _ => return Ok(()),
    };
    let row = Noted { kind, survey, range: Some((from_ms, to_ms)), ..Noted::default() };
    let change = note_down(connection, scope, row, note)?;
    connection.execute(
        "INSERT INTO exclusions (workspace, survey, from_ms, to_ms, all_sites, state, change, next_ms, next_id)
         VALUES (?1, ?2, ?3, ?4, ?7, ?5, ?6, ?3, x'') ON CONFLICT (workspace, survey, from_ms, to_ms)
         DO UPDATE SET all_sites = excluded.all_sites, state = excluded.state, change = excluded.change,
         next_ms = from_ms, next_id = x''",
        params![scope.0, survey, from_ms, to_ms, state, change, range.site.is_none()],
    )?;
    Ok(())
}

/// Whether there is a range that is being taken out or put back.
pub(super) fn is_unfinished(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM exclusions WHERE state <> ?1")?.exists([IS_OUT])?)
}

/// Goes on with the ranges that are being taken out or put back. Gives how many responses it has changed; `None`: all is done.
pub(super) fn step(connection: &mut Connection, memory: &mut Memory) -> Result<Option<usize>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    memory.is_current(&transaction)?;
    let unfinished =
        "SELECT workspace, survey, from_ms, to_ms, state, change, next_ms, next_id FROM exclusions
                      WHERE state <> ?1 LIMIT 1";
    let found = transaction.query_row(unfinished, [IS_OUT], |row| {
        let range = Excluded {
            workspace: row.get(0)?,
            survey: row.get(1)?,
            from_ms: row.get(2)?,
            to_ms: row.get(3)?,
        };
        let next: (i64, Vec<u8>) = (row.get(6)?, row.get(7)?);
        Ok((range, row.get::<_, u8>(4)?, row.get::<_, i64>(5)?, next))
    });
    let Some((range, state, change, (next_ms, next_id))) = found.optional()? else { return Ok(None) };
    let Excluded { workspace, survey, from_ms, to_ms } = range;
    let scope = Scope(workspace);
    let mut found = Vec::new();
    for answered in [false, true] {
        let mut select = transaction.prepare_cached(
            "SELECT dated_ms, id FROM responses WHERE workspace = ?1 AND survey = ?2 AND (state >= 2) = ?3
             AND (dated_ms, id) > (?4, ?5) AND dated_ms < ?6 ORDER BY dated_ms, id LIMIT ?7",
        )?;
        let walk = params![workspace, survey, answered, next_ms, next_id, to_ms, BATCH];
        add_places(&mut select, walk, &mut found)?;
    }
    // The oldest of both; the next step goes on from there.
    found.sort_unstable();
    found.truncate(usize::try_from(BATCH).unwrap_or(usize::MAX));
    let mut changed = 0_u32;
    for (dated_ms, id) in &found {
        // What can't be read is counted nowhere.
        let Ok(id) = &<[u8; 16]>::try_from(&**id) else { continue };
        let Ok(Some(Ok(old))) = old(&transaction, scope, *id).map(|old| old.map(|old| old.row(scope, *id)))
        else {
            continue;
        };
        let flag = range_flag(&transaction, memory, workspace, survey, *dated_ms)?;
        let new = Row { flags: old.flags & !OUT_OF_RANGE | flag, ..old.clone() };
        if new.flags != old.flags {
            write(&transaction, memory, &new, None)?;
            count(&transaction, memory, old, &new)?;
            changed += 1;
        }
    }
    write_counts(&transaction, memory)?;
    transaction.execute(
        "UPDATE changes SET responses = responses + ?3 WHERE workspace = ?1 AND change = ?2",
        params![workspace, change, changed],
    )?;
    let place = params![workspace, survey, from_ms, to_ms];
    let of_range = "WHERE workspace = ?1 AND survey = ?2 AND from_ms = ?3 AND to_ms = ?4";
    match found.last() {
        Some((next_ms, next_id)) => transaction.execute(
            &format!("UPDATE exclusions SET next_ms = ?5, next_id = ?6 {of_range}"),
            params![workspace, survey, from_ms, to_ms, next_ms, next_id],
        )?,
        None if state == TAKING_OUT => {
            transaction.execute(&format!("UPDATE exclusions SET state = 2 {of_range}"), place)?
        }
        None => transaction.execute(&format!("DELETE FROM exclusions {of_range}"), place)?,
    };
    transaction.commit()?;
    Ok(Some(usize::try_from(changed).unwrap_or(usize::MAX)))
}

/// Takes one response out of the counts or puts it back.
fn flag(
    connection: &Connection,
    memory: &mut Memory,
    scope: Scope,
    id: &str,
    is_out: bool,
    note: &Note,
) -> Result<usize, StoreError> {
    let id = uuid_bytes(id);
    let Some(old) = old(connection, scope, id)? else { return Ok(0) };
    let old = old.row(scope, id)?;
    let new = Row { flags: old.flags & !OUT | if is_out { OUT } else { 0 }, ..old.clone() };
    if new.flags == old.flags {
        return Ok(0);
    }
    write(connection, memory, &new, None)?;
    let kind = if is_out { EditKind::ResponseExcluded } else { EditKind::ResponseIncluded };
    note_down(
        connection,
        scope,
        Noted { kind, survey: old.survey, id: Some(id), responses: 1, ..Noted::default() },
        note,
    )?;
    count(connection, memory, old, &new)?;
    Ok(1)
}

/// Writes a row that is there with other flags, and maybe another content. Whoever reads in the order of arrival gets it again.
fn write(
    connection: &Connection,
    memory: &mut Memory,
    row: &Row,
    content: Option<&str>,
) -> Result<(), StoreError> {
    let scope = Scope(row.workspace);
    let seq = memory.names.next_seq(&Table(connection), scope)?;
    connection
        .prepare_cached(
            "UPDATE responses SET flags = ?3, seq = ?4, content = COALESCE(?5, content) WHERE workspace = ?1 AND id = ?2",
        )?
        .execute(params![scope.0, row.id, row.flags, seq, content])?;
    Ok(())
}

fn count(connection: &Connection, memory: &mut Memory, old: Row, new: &Row) -> Result<(), StoreError> {
    let of_day = (Scope(new.workspace), new.survey, new.dated_ms);
    save::count(connection, memory, of_day, &decide::Change { old: Some(old), new: Some(new) })
}

/// What a row of changes says beside who made it and why.
#[derive(Default)]
struct Noted<'a> {
    kind: EditKind,
    survey: i64,
    range: Option<(i64, i64)>,
    id: Option<[u8; 16]>,
    contents: Option<(&'a str, &'a str)>,
    responses: u32,
}

/// Adds a row of changes. Gives its number.
fn note_down(connection: &Connection, scope: Scope, row: Noted<'_>, note: &Note) -> Result<i64, StoreError> {
    let Noted { kind, survey, range, id, contents, responses } = row;
    let Note { author, reason, at_ms } = note;
    let ((from_ms, to_ms), (before, after)) = (range.unzip(), contents.unzip());
    let mut add = connection.prepare_cached(
        "INSERT INTO changes
         (workspace, change, at_ms, kind, author, reason, survey, from_ms, to_ms, id, before, after, responses)
         SELECT ?1, COALESCE(MAX(change), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM changes
         WHERE workspace = ?1 RETURNING change",
    )?;
    let row = params![
        scope.0, at_ms, kind as u8, author, reason, survey, from_ms, to_ms, id, before, after, responses
    ];
    Ok(add.query_row(row, |row| row.get(0))?)
}

/// Takes out of a new survey what is out of all surveys of its id.
pub(super) fn exclude_of_all(
    connection: &Connection,
    scope: Scope,
    survey: i64,
    id: &str,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR IGNORE INTO exclusions (workspace, survey, from_ms, to_ms, all_sites, state, change, next_ms, next_id)
         SELECT workspace, ?2, from_ms, to_ms, 1, ?4, change, from_ms, x'' FROM exclusions
         JOIN surveys USING (workspace, survey) WHERE workspace = ?1 AND surveys.id = ?3 AND all_sites = 1 AND state <= ?4",
        params![scope.0, survey, id, IS_OUT],
    )?;
    Ok(())
}

/// Sees to it that ranges that are being seen to meet the responses of a survey whose ids are made anew.
pub(super) fn meet_again(connection: &Connection, scope: Scope, survey: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE exclusions SET next_id = x'' WHERE workspace = ?1 AND survey = ?2 AND state <> ?3",
        )?
        .execute(params![scope.0, survey, IS_OUT])?;
    Ok(())
}

/// Takes what says which response it was from its changes.
pub(super) fn forget_changes(connection: &Connection, scope: Scope, id: [u8; 16]) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE changes SET id = NULL, before = NULL, after = NULL WHERE workspace = ?1 AND id = ?2",
        )?
        .execute(params![scope.0, id])?;
    Ok(())
}

/// The changes of a workspace, the newest first.
pub(super) fn changes(connection: &Connection, scope: Scope, limit: u32) -> Result<Vec<Change>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT at_ms, kind, author, reason, surveys.id, surveys.site, from_ms, to_ms, changes.id, before, after, responses
         FROM changes JOIN surveys USING (workspace, survey) WHERE changes.workspace = ?1 ORDER BY change DESC LIMIT ?2",
    )?;
    let rows = select.query_map(params![scope.0, limit], |row| {
        let kind: u8 = row.get(1)?;
        let range = row.get::<_, Option<i64>>(6)?.zip(row.get(7)?);
        let contents = row.get::<_, Option<String>>(9)?.zip(row.get(10)?);
        Ok(Change {
            note: Note { at_ms: row.get(0)?, author: row.get(2)?, reason: row.get(3)? },
            kind: EditKind::ALL.into_iter().find(|known| *known as u8 == kind).unwrap_or_default(),
            survey: row.get(4)?,
            site: row.get(5)?,
            range,
            id: row.get::<_, Option<[u8; 16]>>(8)?.map(uuid_text),
            contents,
            responses: u64::try_from(row.get::<_, i64>(11)?).unwrap_or(0),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The ranges of a survey that are out, by their beginnings.
pub(super) fn excluded(
    connection: &Connection,
    scope: Scope,
    survey: &str,
    site: Option<&str>,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut ranges = Vec::new();
    let mut select = connection.prepare_cached(
        "SELECT from_ms, to_ms FROM exclusions WHERE workspace = ?1 AND survey = ?2 AND state < ?3",
    )?;
    for (survey, _) in Table(connection).of_id(scope, survey, site)? {
        let rows =
            select.query_map(params![scope.0, survey, PUTTING_BACK], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for row in rows {
            ranges.push(row?);
        }
    }
    ranges.sort_unstable();
    ranges.dedup();
    Ok(ranges)
}
