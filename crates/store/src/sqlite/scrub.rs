//! Wiping what was erased from where it stood before.
//!
//! With `secure_delete` SQLite overwrites a row that it deletes where it stands. But whenever it moves rows within a page or between
//! pages, their bytes stay in the space that a page does not use (SQLite's file format, section 1.6), so that a row may have been
//! in other pages before it was deleted from its last. All pages are looked through for that, some at a time between answers.

use crate::StoreError;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// How many pages are looked through in one transaction.
const STEP: u32 = 1_024;
/// A page that continues a long row begins with the number of the next one. From here on it could be taken for a page of a b-tree.
const MAX_PAGES: u32 = 0x0200_0000;

/// Notes, in the transaction that erases something, that all pages are to be looked through.
pub(super) fn is_due(connection: &Connection) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO scrub (id, page) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET page = MIN(page, 1)",
        )?
        .execute([])?;
    Ok(())
}

/// Notes, in the transaction of a migration, that the file is to be written anew: earlier builds did not overwrite what they deleted.
pub(super) fn is_due_anew(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("INSERT INTO scrub (id, page) VALUES (1, 0)")
}

fn next(connection: &Connection) -> Result<Option<u32>, StoreError> {
    Ok(connection.query_row("SELECT page FROM scrub", [], |row| row.get(0)).optional()?)
}

/// Whether there is anything to do.
pub(super) fn is_wanted(connection: &Connection) -> Result<bool, StoreError> {
    Ok(next(connection)?.is_some())
}

/// Writes the whole file anew, if that is due.
pub(super) fn anew(connection: &Connection) -> Result<(), StoreError> {
    if next(connection)? == Some(0) {
        tracing::info!("the database's file is written anew, without what was deleted from it");
        connection.execute_batch("VACUUM")?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        connection.execute_batch("DELETE FROM scrub WHERE page = 0")?;
    }
    Ok(())
}

/// Wipes some pages. Whether there are more.
pub(super) fn step(connection: &mut Connection) -> Result<bool, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(first) = next(&transaction)? else { return Ok(false) };
    if first == 0 {
        return Err(StoreError::Database(
            "what earlier versions deleted still stands in its file, because it could not be written anew at the last start: \
             start the server with as much room on the disk as the file takes, twice"
                .to_owned(),
        ));
    }
    let pages = pages(&transaction)?;
    if pages >= MAX_PAGES {
        return Err(StoreError::Database(format!(
            "it has {pages} pages, and fewer than {MAX_PAGES} can be looked through: stop the server, and let SQLite write the \
             file anew (VACUUM)"
        )));
    }
    let next = first.saturating_add(STEP);
    let mut read = transaction.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = ?1")?;
    let mut write = transaction.prepare_cached("UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1")?;
    for page in (first..next).take_while(|page| *page <= pages) {
        let wiped = read.query_row([page], |row| {
            let data = row.get_ref(0)?.as_blob()?;
            Ok(wiped(data, if page == 1 { 100 } else { 0 }))
        })?;
        if let Some(data) = wiped {
            write.execute(params![page, data])?;
        }
    }
    drop((read, write));
    transaction.execute("UPDATE scrub SET page = ?1", [next])?;
    transaction.commit()?;
    Ok(next <= pages)
}

/// Notes that all was looked through, and no log has an earlier state.
pub(super) fn is_done(connection: &Connection) -> Result<(), StoreError> {
    // Something else may have been erased meanwhile.
    let pages = pages(connection)?;
    connection.execute("DELETE FROM scrub WHERE page > ?1", [pages])?;
    Ok(())
}

fn pages(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.query_row("PRAGMA page_count", [], |row| row.get(0))?)
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
