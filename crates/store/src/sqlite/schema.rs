use super::{carry, scrub};
use crate::OpenError;
use rusqlite::{Connection, TransactionBehavior};

/// One file for each step of the schema. They are added to, never edited: databases out there have run them.
const MIGRATIONS: [&str; 7] = [
    include_str!("../../migrations/0001_responses.sql"),
    include_str!("../../migrations/0002_responses_of_site.sql"),
    include_str!("../../migrations/0003_sites_and_choices.sql"),
    include_str!("../../migrations/0004_workspaces.sql"),
    include_str!("../../migrations/0005_erasure.sql"),
    include_str!("../../migrations/0006_scrub.sql"),
    include_str!("../../migrations/0007_changes.sql"),
];

/// The first schema whose responses stand as today's do: those of an earlier one are carried over.
const CARRIED_SINCE: i64 = 4;

/// The first schema whose files have nothing of what was erased: those of an earlier one are written anew.
const SCRUBBED_SINCE: i64 = 6;

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

/// Whether the database is of the newest schema, with nothing left to be carried over.
///
/// # Errors
/// [`OpenError::Older`] if it is not.
pub(super) fn is_newest(connection: &Connection) -> Result<(), OpenError> {
    let found = version(connection)?;
    if found < newest() || carry::is_unfinished(connection)? {
        return Err(OpenError::Older { found });
    }
    Ok(())
}

pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn number(connection: &Connection, pragma: &str) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

/// Sees to it that a connection that writes syncs each commit, and leaves nothing of what it deletes where it stood.
pub(super) fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")
}

/// Brings the database to the newest schema. Until its responses are carried over it stays as it was, whatever fails; after
/// that no earlier binary can write it.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found = version(connection)?;
    // SQLite does not fail where there can be no such log: it says which journal it has instead.
    let journal: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if journal != "wal" {
        return Err(OpenError::NoLog(journal));
    }
    set_up(connection)?;
    if found < newest() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read again under the lock: another process may have gone first.
        let found = version(&transaction)?;
        if (1..CARRIED_SINCE).contains(&found) {
            carry::check(&transaction)?;
        }
        for (_, sql) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
            transaction.execute_batch(sql)?;
        }
        if found == 0 {
            transaction.execute_batch("DROP TABLE responses_before")?;
        } else if found < SCRUBBED_SINCE {
            scrub::is_due_anew(&transaction)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", newest())?;
        transaction.commit()?;
    }
    carry::carry_over(connection)?;
    if let Err(error) = scrub::anew(connection) {
        tracing::error!(%error, "the database's file could not be written anew: it takes as much room as the file on its disk and in the temporary folder (SQLITE_TMPDIR), and is tried again at the next start");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Arrival, Outcome, ResponseQuery, Scope, Store,
        decide::uuid_text,
        rollup::{Day, QUARTERS},
    };
    use candor_survey::{NewResponse, Response};
    use data_encoding::HEXLOWER;
    use rusqlite::Row;
    use sha2::{Digest, Sha256};
    use std::{collections::BTreeMap, path::Path};

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
            "72d41b5cfaa3267b30da8327738b7abdc302f4d31c1d3b53aeb5f29dffcbb2b2",
            "ba857f12dbb79f6528353e8fba1017d4debb3c3c20d201a770d579dd42fd0ffa",
            "8c3c5f1f14d9ab8d38ca2f6fbb8798181e478d2d889ad3e737e165d240889545",
            "d4c2475182149e62d542466095ac8f717ee77ba7dde8ac5aa47997d86d794dc3",
        ];
        assert_eq!(hashes, released);
    }

    /// Databases as they were written by the first build that had any, and by the last one before workspaces.
    const EARLIER: [&str; 2] = [
        include_str!("../../tests/fixtures/schema-1.sql"),
        include_str!("../../tests/fixtures/schema-3.sql"),
    ];

    fn earlier(path: &Path, sql: &str) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        connection.execute_batch(sql).unwrap();
        connection
    }

    /// How often each thing happened, by survey, segment, quarter hour and whatever else is counted; sites together, because the
    /// first schema did not tell them apart.
    type Sums = BTreeMap<(String, String, String, i64, String, String, u32, u8), i64>;

    /// What the first schema counted.
    const COUNTED: [&str; 4] = ["shown", "dismissed", "rating", "skipped"];

    fn sums_before(connection: &Connection) -> Sums {
        let mut select = connection
            .prepare(
                "SELECT survey, dimension, value, slot, measure, question, version, point, n FROM rollup",
            )
            .unwrap();
        let row = |row: &Row<'_>| -> rusqlite::Result<_> {
            let key =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?);
            Ok((key, row.get(7)?, row.get(8)?))
        };
        let mut sums = Sums::new();
        for found in select.query_map([], row).unwrap() {
            let ((survey, dimension, value, slot, measure, question, version), point, n) = found.unwrap();
            let (measure, n): (String, i64) = (measure, n);
            if dimension != "site" && COUNTED.contains(&&*measure) {
                *sums
                    .entry((survey, dimension, value, slot, measure, question, version, point))
                    .or_default() += n;
            }
        }
        sums.retain(|_, n| *n != 0);
        sums
    }

    fn sums_now(connection: &Connection) -> Sums {
        let mut select = connection
            .prepare(
                "SELECT id, COALESCE(dimension, ''), COALESCE(value, ''), day, version, totals, quarters FROM rollup
                 JOIN rollup_quarters USING (workspace, survey, segment, day, version)
                 JOIN surveys USING (workspace, survey) LEFT JOIN segments USING (workspace, survey, segment)",
            )
            .unwrap();
        let mut rows = select.query([]).unwrap();
        let mut sums = Sums::new();
        while let Some(row) = rows.next().unwrap() {
            let (survey, dimension, value): (String, String, String) =
                (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
            let (date, version): (i64, u32) = (row.get(3).unwrap(), row.get(4).unwrap());
            let (totals, quarters): (Vec<u8>, Vec<u8>) = (row.get(5).unwrap(), row.get(6).unwrap());
            for series in Day::unpack(&totals, &quarters).unwrap().series() {
                let measure = format!("{:?}", series.counter.measure).to_lowercase();
                if !COUNTED.contains(&&*measure) {
                    continue;
                }
                for (quarter, n) in &series.quarters {
                    let slot = date * QUARTERS + i64::from(*quarter);
                    let (question, point) = (series.counter.question.to_string(), series.counter.point);
                    let segment = (survey.clone(), dimension.clone(), value.clone());
                    let key =
                        (segment.0, segment.1, segment.2, slot, measure.clone(), question, version, point);
                    *sums.entry(key).or_default() += n;
                }
            }
        }
        sums
    }

    /// Every response by its id: revision, date and what was sent.
    type Responses = BTreeMap<String, (u32, i64, Response)>;

    fn responses_before(connection: &Connection) -> Responses {
        let mut select = connection.prepare("SELECT id, revision, dated_ms, content FROM responses").unwrap();
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?));
        let rows = select.query_map([], row).unwrap().map(Result::unwrap);
        rows.map(|(id, revision, dated_ms, content)| {
            let mut response: Response = serde_json::from_str(&content).unwrap();
            response.drop_blank_names();
            (uuid_text(id), (revision, dated_ms, response))
        })
        .collect()
    }

    async fn responses_now(store: &Store) -> Responses {
        let mut found = Responses::new();
        for survey in ["nps", "checkout-csat", "help-visit"] {
            let (scope, survey) = (Scope::DEFAULT, survey.to_owned());
            let query =
                ResponseQuery { scope, survey, site: None, unanswered: true, after: None, limit: 1_000 };
            for kept in store.responses(query).await.unwrap().responses {
                found.insert(kept.id, (kept.revision, kept.dated_ms, kept.response));
            }
        }
        found
    }

    #[tokio::test]
    async fn a_database_of_an_earlier_build_is_carried_over_with_its_answers_and_counts() {
        for sql in EARLIER {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("candor.sqlite");
            let old = earlier(&path, sql);
            let (sums, responses) = (sums_before(&old), responses_before(&old));
            assert!(sums.len() > 300 && responses.len() == 70, "{} {}", sums.len(), responses.len());
            let surveys: i64 = old.query_row("SELECT COUNT(*) FROM surveys", [], |row| row.get(0)).unwrap();

            let store = Store::open(&format!("sqlite://{}", path.display())).await.unwrap();
            assert_eq!(sums_now(&old), sums);
            assert_eq!(responses_now(&store).await, responses);
            assert_eq!(store.audit().await.unwrap(), []);
            let sites = store.catalog().await.unwrap().sites;
            assert_eq!(
                i64::try_from(sites.iter().map(|site| site.surveys.len()).sum::<usize>()),
                Ok(surveys)
            );
            assert!(sites.iter().all(|site| site.scope == Scope::DEFAULT));

            // A process of the earlier build that still runs can write nothing any more.
            let written = old.execute(
                "INSERT INTO responses (id, site, survey, version, revision, state, dated_ms, skipped, content)
                 VALUES (x'00', 'shop', 'nps', 1, 1, 'shown', 0, '[]', '{}')",
                [],
            );
            assert!(written.is_err());
            // Its browsers send again what they have not seen acknowledged.
            for (id, (revision, _, response)) in &responses {
                let new = NewResponse {
                    v: 1,
                    id: id.clone(),
                    revision: *revision,
                    response: response.clone(),
                    age_ms: 0,
                };
                let Some(survey) = candor_survey::preset(&response.survey) else { continue };
                let response = new.check(&survey).unwrap();
                let arrival =
                    Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response, received_ms: 0 };
                assert_eq!(store.save(vec![arrival]).await, Ok(vec![Outcome::Duplicate]), "{id}");
            }
        }
    }

    #[tokio::test]
    async fn whoever_ends_the_carrying_over_finds_it_going_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("candor.sqlite");
        let mut old = earlier(&path, EARLIER[1]);
        let (sums, responses) = (sums_before(&old), responses_before(&old));
        let transaction = old.transaction().unwrap();
        MIGRATIONS[3..].iter().for_each(|sql| transaction.execute_batch(sql).unwrap());
        transaction.pragma_update(None, "user_version", newest()).unwrap();
        transaction.commit().unwrap();
        drop(old);
        let left = |connection: &Connection| -> i64 {
            connection.query_row("SELECT COUNT(*) FROM responses_before", [], |row| row.get(0)).unwrap()
        };
        for parts in 1..4 {
            let mut connection = Connection::open(&path).unwrap();
            let mut more = parts;
            let go_on = || {
                more -= 1;
                more >= 0
            };
            assert!(!carry::carry_over_in_parts(&mut connection, 9, go_on).unwrap());
            assert_eq!(left(&connection), 70 - 9 * (1..=parts).sum::<i64>());
        }
        let store = Store::open(&format!("sqlite://{}", path.display())).await.unwrap();
        let connection = Connection::open(&path).unwrap();
        assert_eq!(sums_now(&connection), sums);
        assert_eq!(responses_now(&store).await, responses);
        assert_eq!(store.audit().await.unwrap(), []);
        let tables = "SELECT COUNT(*) FROM sqlite_schema WHERE name LIKE '%before%'";
        assert_eq!(connection.query_row(tables, [], |row| row.get::<_, i64>(0)), Ok(0));
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_the_database_as_it_was() {
        for sql in EARLIER {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("candor.sqlite");
            let old = earlier(&path, sql);
            let found = number(&old, "user_version").unwrap();
            let id =
                old.query_row("SELECT id FROM responses LIMIT 1 OFFSET 30", [], |row| row.get(0)).unwrap();
            old.execute("UPDATE responses SET content = 'garbage' WHERE id = ?1", [id]).unwrap();
            let (before, rows) = (sums_before(&old), "SELECT COUNT(*) FROM responses");
            let error = Store::open(&format!("sqlite://{}", path.display())).await.unwrap_err().to_string();
            assert!(error.contains(&format!("response {}", uuid_text(id))), "{error}");
            assert_eq!((sums_before(&old), number(&old, "user_version").unwrap()), (before, found));
            assert_eq!(old.query_row(rows, [], |row| row.get::<_, i64>(0)), Ok(70));
        }
    }
}
