//! Wiping what was erased from where it stood before.
//!
//! With `secure_delete` SQLite overwrites a row that it deletes where it stands. But whenever it moves rows within a page or between
//! pages, their bytes stay in the space that a page does not use (SQLite's file format, section 1.6), so that a row may have been
//! in other pages before it was deleted from its last. All pages are looked through for that, some at a time between answers, and
//! then once more: answers that come meanwhile may move what a page does not use to one that was looked at already.

use crate::StoreError;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// How many pages are looked through in one transaction.
const STEP: u32 = 1_024;
/// A page that continues a long row begins with the number of the next one. From here on it could be taken for a page of a b-tree.
const MAX_PAGES: u32 = 0x0200_0000;
/// How often all of them are.
const PASSES: u8 = 2;

/// How far the looking through has come. What is erased meanwhile, or by another process, begins it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    due: i64,
    pass: u8,
    page: u32,
}

impl Place {
    pub(super) fn start(due: i64) -> Self {
        Self { due, pass: 1, page: 1 }
    }

    pub(super) fn is_of(self, due: i64) -> bool {
        self.due == due
    }

    pub(super) fn is_end(self) -> bool {
        self.pass > PASSES
    }
}

/// Notes, in the transaction that erases something, that all pages are to be looked through.
pub(super) fn is_due(connection: &Connection) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO scrub (id, due) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET due = due + 1 WHERE due > 0",
        )?
        .execute([])?;
    Ok(())
}

/// Notes, in the transaction of a migration, that the file is to be written anew: earlier builds did not overwrite what they deleted.
pub(super) fn is_due_anew(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("INSERT INTO scrub (id, due) VALUES (1, 0)")
}

/// How often something was erased since all was wiped.
pub(super) fn due(connection: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(connection.prepare_cached("SELECT due FROM scrub")?.query_row([], |row| row.get(0)).optional()?)
}

/// Writes the whole file anew, if that is due.
pub(super) fn anew(connection: &Connection) -> Result<(), StoreError> {
    if due(connection)? == Some(0) {
        tracing::info!("the database's file is written anew, without what was deleted from it");
        connection.execute_batch("VACUUM")?;
        // It is in the log until nobody reads an earlier state.
        let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        let done = if is_busy { "UPDATE scrub SET due = 1" } else { "DELETE FROM scrub" };
        connection.execute_batch(done)?;
    }
    Ok(())
}

/// Wipes some pages, and gives the place to go on from.
pub(super) fn step(connection: &mut Connection, place: Place) -> Result<Place, StoreError> {
    if place.due == 0 {
        return Err(StoreError::NotAnew);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let pages: u32 = transaction.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    if pages >= MAX_PAGES {
        return Err(StoreError::Database(format!(
            "it has {pages} pages, and fewer than {MAX_PAGES} can be looked through: stop the server, and let SQLite write the \
             file anew (VACUUM)"
        )));
    }
    let next = place.page.saturating_add(STEP);
    let mut read = transaction.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = ?1")?;
    let mut write = transaction.prepare_cached("UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1")?;
    for page in (place.page..next).take_while(|page| *page <= pages) {
        let wiped = read.query_row([page], |row| {
            let data = row.get_ref(0)?.as_blob()?;
            Ok(wiped(data, if page == 1 { 100 } else { 0 }))
        })?;
        if let Some(data) = wiped {
            write.execute(params![page, data])?;
        }
    }
    drop((read, write));
    transaction.commit()?;
    Ok(if next <= pages {
        Place { page: next, ..place }
    } else {
        Place { page: 1, pass: place.pass + 1, ..place }
    })
}

/// Notes that all was looked through and no log has an earlier state, unless something else was erased meanwhile.
pub(super) fn is_done(connection: &Connection, place: Place) -> Result<(), StoreError> {
    connection.execute("DELETE FROM scrub WHERE due = ?1", [place.due])?;
    Ok(())
}

/// A page without what stands in the space that it does not use, if anything does. Its header begins at an offset.
fn wiped(page: &[u8], header: usize) -> Option<Vec<u8>> {
    let byte = |at: usize| page.get(header + at).copied();
    let number = |at: usize| Some(usize::from(u16::from_be_bytes([byte(at)?, byte(at + 1)?])));
    let of_header = match byte(0)? {
        // Inner pages of indices and tables, and their leaves.
        0x02 | 0x05 => 12,
        0x0a | 0x0d => 8,
        _ => return None,
    };
    let (cells, content) = (number(3)?, number(5)?);
    // 65,536 does not fit.
    let unused = header + of_header + 2 * cells..if content == 0 { 65_536 } else { content };
    if page.get(unused.clone())?.iter().all(|byte| *byte == 0) {
        return None;
    }
    let mut page = page.to_vec();
    page.get_mut(unused)?.fill(0);
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_are_looked_through_twice_and_again_after_what_is_erased_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join("candor.sqlite")).unwrap();
        super::super::schema::migrate(&mut connection).unwrap();
        assert_eq!(due(&connection), Ok(None));
        is_due(&connection).unwrap();
        connection.execute_batch("CREATE TABLE large AS SELECT zeroblob(4096 * 2500) AS bytes").unwrap();
        let mut place = Place::start(due(&connection).unwrap().unwrap());
        let mut steps = Vec::new();
        while !place.is_end() {
            place = step(&mut connection, place).unwrap();
            steps.push((place.pass, place.page));
        }
        let (second, third) = (1 + STEP, 1 + 2 * STEP);
        assert_eq!(steps, [(1, second), (1, third), (2, 1), (2, second), (2, third), (3, 1)]);
        is_due(&connection).unwrap();
        is_done(&connection, place).unwrap();
        let again = due(&connection).unwrap().unwrap();
        assert!(!place.is_of(again), "it begins anew");
        is_done(&connection, Place::start(again)).unwrap();
        assert_eq!(due(&connection), Ok(None));
    }

    #[test]
    fn a_page_loses_what_it_does_not_use_and_nothing_else() {
        let mut page = vec![7; 512];
        // A leaf of a table with two rows, whose rows begin at 400.
        page[..8].copy_from_slice(&[0x0d, 0, 0, 0, 2, 1, 144, 0]);
        let clean = wiped(&page, 0).unwrap();
        assert_eq!((&clean[..12], &clean[400..]), (&page[..12], &page[400..]));
        assert!(clean[12..400].iter().all(|byte| *byte == 0));
        assert_eq!(wiped(&clean, 0), None, "there is nothing more");
        // An inner page has a longer header; the first page has the file's before it.
        page[0] = 0x05;
        assert_eq!(wiped(&page, 0).unwrap()[12..17], [7, 7, 7, 7, 0]);
        let mut first = vec![9; 512];
        first[100..108].copy_from_slice(&[0x0d, 0, 0, 0, 2, 1, 144, 0]);
        let clean = wiped(&first, 100).unwrap();
        assert_eq!((&clean[..112], clean[112], clean[399], clean[400]), (&first[..112], 0, 0, 9));
        // Others, and what is damaged, are left alone.
        for begin in
            [[0, 0, 0, 0, 2, 1, 144, 0], [0x0d, 0, 0, 0xff, 0xff, 1, 144, 0], [0x0d, 0, 0, 0, 2, 0xff, 0, 0]]
        {
            page[..8].copy_from_slice(&begin);
            assert_eq!(wiped(&page, 0), None, "{begin:?}");
        }
        assert_eq!(wiped(&[0x0d], 0), None);
    }
}
