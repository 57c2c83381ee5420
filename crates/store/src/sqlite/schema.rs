use super::save;
use crate::{OpenError, StoreError};
use rusqlite::{Connection, TransactionBehavior};
use std::time::Instant;

/// One file for each step of the schema. They are added to, never edited: databases out there have run them.
const MIGRATIONS: [&str; 3] = [
    include_str!("../../migrations/0001_responses.sql"),
    include_str!("../../migrations/0002_responses_of_site.sql"),
    include_str!("../../migrations/0003_sites_and_choices.sql"),
];

/// The first schema with the rollup of today: that of an earlier one is made again from the responses.
const COUNTED_SINCE: i64 = 3;

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

/// Brings the database to the newest schema, in one transaction: whatever fails, it stays as it was.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found = version(connection)?;
    // SQLite does not fail where there can be no such log: it says which journal it has instead.
    let journal: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if journal != "wal" {
        return Err(OpenError::NoLog(journal));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    if found == newest() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have gone first.
    let found = version(&transaction)?;
    for (_, sql) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        transaction.execute_batch(sql)?;
    }
    if (1..COUNTED_SINCE).contains(&found) {
        count_again(&transaction)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", newest())?;
    transaction.commit()?;
    Ok(())
}

fn count_again(connection: &Connection) -> Result<(), StoreError> {
    let responses: i64 = connection.query_row("SELECT COUNT(*) FROM responses", [], |row| row.get(0))?;
    tracing::info!(
        responses,
        "a database of an earlier version: its answers are counted again, which takes about a minute for a million of them"
    );
    let start = Instant::now();
    save::fill(connection)?;
    tracing::info!(seconds = start.elapsed().as_secs(), "the answers are counted");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SLOT_MS, Segment, Store, TallyQuery};
    use data_encoding::HEXLOWER;
    use rusqlite::{Row, params, types::Value};
    use sha2::{Digest, Sha256};
    use std::collections::BTreeMap;

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
        let connect = || Connection::open(folder.path().join("candor.sqlite")).unwrap();
        let (mut connection, other) = (connect(), connect());
        migrate(&mut connection).unwrap();
        assert_eq!(number(&connection, "user_version").unwrap(), newest());
        // It is another after each commit of another connection.
        let commits = || number(&other, "data_version").unwrap();
        let before = commits();
        migrate(&mut connection).unwrap();
        assert_eq!(commits(), before);
    }

    #[test]
    fn no_migration_was_edited_since_it_was_released() {
        let hashes = MIGRATIONS.map(|sql| HEXLOWER.encode(&Sha256::digest(sql)));
        // A database that has run a migration never runs it again, so that an edit is a second schema of the same number:
        // whoever changes the schema adds a migration, and its hash here.
        let released = [
            "d60bc0d3e1cd22a1f60aa74fd61bb07015b55bd4a79314eb282076696dad22f9",
            "fe77dda4d7fb54743e461f4c26edb5e6e4d36f2719dfa6643950d15137783886",
            "a45afb8f8c0c770f5955db6c03579ca9595c9538f58641c8109e53735f5f591b",
        ];
        assert_eq!(hashes, released);
    }

    /// What a binary of the second schema wrote, in its own SQL: `shop`'s survey in two versions, and a preset on two sites.
    fn of_schema_2(path: &std::path::Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        for sql in &MIGRATIONS[..2] {
            connection.execute_batch(sql).unwrap();
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 2).unwrap();
        connection
            .execute_batch(
                r#"INSERT INTO sites VALUES ('blog', '["*"]'), ('shop', '["*"]');
                INSERT INTO surveys VALUES ('a', 1, 'shop', '{"id":"a","version":1,"metric":"nps"}', NULL),
                                           ('a', 2, 'shop', '{"id":"a","version":2,"metric":"nps"}', 0);"#,
            )
            .unwrap();
        let quarter_hour = 1_994_445;
        let rating = |n: u8| format!(r#"{{"question":"nps","rating":{n}}}"#);
        let text = r#"{"question":"why","text":"because"}"#.to_owned();
        let rows = [
            ("shop", "a", 1, "partial", "en", 0, vec![rating(9)], false),
            ("shop", "a", 2, "complete", "fa", 0, vec![rating(3)], false),
            ("shop", "a", 2, "dismissed", "fa", 1, vec![], false),
            ("shop", "a", 2, "partial", "fa", 1, vec![rating(10)], true),
            ("shop", "nps", 1, "complete", "fa", 0, vec![rating(9), text], false),
            ("blog", "nps", 1, "shown", "fa", 0, vec![], false),
            ("blog", "nps", 1, "partial", "en", 2, vec![rating(9)], false),
        ];
        let mut add = connection
            .prepare("INSERT INTO rollup VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1) ON CONFLICT DO UPDATE SET n = n + 1")
            .unwrap();
        for (i, (site, survey, version, state, locale, slot, answers, test)) in (0_u8..).zip(rows) {
            let slot = quarter_hour + slot;
            let skipped = if state == "complete" && answers.len() == 1 { r#"["why"]"# } else { "[]" };
            let content = format!(
                r#"{{"v":1,"id":"0192f5e4-7c1b-7a44-8000-00000000000{i}","revision":2,"state":"{state}","site":"{site}",
                "survey":"{survey}","survey_version":{version},"locale":"{locale}","answers":[{}],
                "presentation":{{"display":"popover","scale":"numbers","direction":"ltr"}},"test":{test},"age_ms":0}}"#,
                answers.join(",")
            );
            connection
                .execute(
                    "INSERT INTO responses VALUES (?1, ?2, ?3, ?4, 2, ?5, ?6, ?7, ?8)",
                    params![[i; 16], site, survey, version, state, slot * SLOT_MS, skipped, content],
                )
                .unwrap();
            let segments = [("", ""), ("site", site), ("locale", locale), ("display", "popover")];
            for (dimension, value) in segments.into_iter().filter(|_| !test) {
                let mut count = |measure: &str, question: &str, point: u8| {
                    let key = params![survey, dimension, value, slot, measure, question, version, point];
                    add.execute(key).unwrap();
                };
                count("shown", "", 0);
                if state == "dismissed" {
                    count("dismissed", "", 0);
                }
                if let Some(point) =
                    answers.first().and_then(|answer| answer.strip_suffix('}')?.split(':').nth(2))
                {
                    count("rating", "nps", point.parse().unwrap());
                }
                if skipped != "[]" {
                    count("skipped", "why", 0);
                }
            }
        }
        drop(add);
        connection
    }

    /// The sums by survey, segment, slot and whatever is counted, without the sites of all.
    fn sums(connection: &Connection) -> BTreeMap<Vec<String>, i64> {
        let mut select = connection
            .prepare(
                "SELECT survey, dimension, value, slot, measure, question, version, point, SUM(n) FROM rollup
                 WHERE dimension <> 'site' AND measure <> 'answered' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8",
            )
            .unwrap();
        let text = |value: Value| format!("{value:?}");
        let key = |row: &Row<'_>| (0..8).map(|column| text(row.get(column).unwrap())).collect();
        let rows = select.query_map([], |row| Ok((key(row), row.get(8)?))).unwrap();
        rows.map(|row: Result<_, rusqlite::Error>| row.unwrap()).collect()
    }

    #[tokio::test]
    async fn a_database_of_schema_2_is_carried_over_with_its_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("candor.sqlite");
        let old = of_schema_2(&path);
        let before = sums(&old);
        assert_eq!(before.values().sum::<i64>(), 3 * (6 + 1 + 4 + 1), "shown, dismissed, rated, skipped");
        drop(old);
        let store = Store::open(&format!("sqlite://{}", path.display())).await.unwrap();
        assert_eq!(store.audit().await.unwrap(), []);
        let new = Connection::open(&path).unwrap();
        assert_eq!(sums(&new), before);

        let count = async |site: Option<&str>, survey: &str| {
            let query = TallyQuery {
                site: site.map(Into::into),
                survey: survey.into(),
                question: "nps".into(),
                versions: None,
                segment: Segment::All,
                boundaries_ms: vec![0, i64::MAX],
                most: 1,
            };
            let counts = store.tallies(query).await.unwrap().unwrap().remove(0);
            (counts.ratings, counts.shown)
        };
        assert_eq!(count(Some("shop"), "a").await, (vec![(3, 1), (9, 1)], 3));
        assert_eq!(count(Some("blog"), "a").await, (vec![], 0));
        assert_eq!(count(Some("shop"), "nps").await, (vec![(9, 1)], 1));
        assert_eq!(count(Some("blog"), "nps").await, (vec![(9, 1)], 2));
        assert_eq!(count(None, "nps").await, (vec![(9, 2)], 3));
        let catalog = store.catalog().await.unwrap();
        let surveys = catalog.sites[1].surveys.iter().map(|s| (&*s.survey.id, s.survey.version, s.rank));
        assert_eq!(surveys.collect::<Vec<_>>(), [("a", 2, Some(0)), ("a", 1, None)]);
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_the_database_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("candor.sqlite");
        let old = of_schema_2(&path);
        let before = sums(&old);
        old.execute("UPDATE responses SET content = 'garbage' WHERE survey = 'a' AND version = 1", [])
            .unwrap();
        let error = Store::open(&format!("sqlite://{}", path.display())).await.unwrap_err().to_string();
        assert!(error.contains("response 00000000-0000-0000-0000-000000000000"), "{error}");
        assert_eq!((sums(&old), number(&old, "user_version").unwrap()), (before, 2));
    }
}
