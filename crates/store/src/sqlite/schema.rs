use crate::OpenError;
use rusqlite::{Connection, TransactionBehavior};

/// One file for each step of the schema. They are added to, never edited: databases out there have run them.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../migrations/0001_responses.sql"),
    include_str!("../../migrations/0002_responses_of_site.sql"),
];

/// `Cand`: tells a Candor database from any other SQLite file.
const APPLICATION_ID: i64 = 0x4361_6e64;

/// The number of the database's schema, 0 for an empty file.
///
/// # Errors
/// If the database is some other program's or a newer Candor's.
pub(super) fn version(connection: &Connection) -> Result<i64, OpenError> {
    let tables: i64 = connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && number(connection, "application_id")? != APPLICATION_ID {
        return Err(OpenError::Foreign);
    }
    let (found, known) = (number(connection, "user_version")?, newest());
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    Ok(found)
}

fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn number(connection: &Connection, pragma: &str) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

/// Brings the database to the newest schema, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    version(connection)?;
    // SQLite does not fail where there can be no such log: it says which journal it has instead.
    let journal: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if journal != "wal" {
        return Err(OpenError::NoLog(journal));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    for (version, sql) in (1..=newest()).zip(MIGRATIONS) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read again under the lock: another process may have gone first.
        if number(&step, "user_version")? < version {
            step.execute_batch(sql)?;
            step.pragma_update(None, "application_id", APPLICATION_ID)?;
            step.pragma_update(None, "user_version", version)?;
            step.commit()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commit_is_synced_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join("candor.sqlite")).unwrap();
        migrate(&mut connection).unwrap();
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2), "2 is FULL");
    }

    #[test]
    fn migrating_again_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join("candor.sqlite")).unwrap();
        migrate(&mut connection).unwrap();
        let changes = |connection: &Connection| number(connection, "schema_version").unwrap();
        let before = changes(&connection);
        migrate(&mut connection).unwrap();
        assert_eq!((changes(&connection), number(&connection, "user_version").unwrap()), (before, newest()));
    }
}
