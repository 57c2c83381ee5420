//! What happens to the files of an SQLite database while it is in use, and what is done about it.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may fail loudly; clippy.toml lets test functions, but not their helpers"
)]

use candor_store::{Arrival, CopyError, Outcome, Store, StoreError, backup, restore};
use candor_survey::{CheckedResponse, preset};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

struct Database {
    folder: TempDir,
}

impl Database {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn open(&self) -> Store {
        Store::open(&url(&self.file("candor.sqlite"))).await.unwrap()
    }
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn response(n: u64) -> CheckedResponse {
    let json = serde_json::json!({
        "v": 1, "id": format!("0192f5e4-7c1b-7a44-8000-{n:012x}"), "revision": 2, "state": "partial",
        "site": "default", "survey": "nps", "survey_version": 1, "locale": "en",
        "answers": [{"question": "nps", "rating": n % 11}],
        "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
    });
    let response: candor_survey::NewResponse = serde_json::from_value(json).unwrap();
    response.check(&preset("nps").unwrap()).unwrap()
}

async fn save(store: &Store, n: u64) -> Result<Outcome, StoreError> {
    let arrival = Arrival {
        declared: Vec::new(),
        scope: candor_store::Scope::DEFAULT,
        response: response(n),
        received_ms: 1_795_000_500_000,
    };
    Ok(store.save(vec![arrival]).await?[0])
}

#[tokio::test]
async fn a_new_database_is_its_owners_alone() {
    let database = Database::new();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    for name in ["candor.sqlite", "candor.sqlite-wal", "candor.sqlite-shm"] {
        let mode = fs::metadata(database.file(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn files_that_were_taken_away_take_no_more_answers_and_lose_none() {
    let away = |database: &Database, name: &str| {
        fs::rename(database.file(name), database.file("away")).unwrap();
    };
    let removed = |database: &Database, name: &str| fs::remove_file(database.file(name)).unwrap();
    let replaced = |database: &Database, name: &str| {
        fs::copy(database.file(name), database.file("copy")).unwrap();
        fs::rename(database.file("copy"), database.file(name)).unwrap();
    };
    type Harm<'a> = &'a dyn Fn(&Database, &str);
    for (case, harm, name) in [
        ("the database moved", &away as Harm<'_>, "candor.sqlite"),
        ("the database replaced", &replaced, "candor.sqlite"),
        ("the log moved", &away, "candor.sqlite-wal"),
        ("the log removed", &removed, "candor.sqlite-wal"),
        ("the log replaced", &replaced, "candor.sqlite-wal"),
    ] {
        let database = Database::new();
        let store = database.open().await;
        save(&store, 1).await.unwrap();
        harm(&database, name);
        for n in 1..4 {
            let Err(StoreError::Database(words)) = save(&store, n).await else {
                panic!("{case}: answer {n} was acknowledged");
            };
            assert!(words.contains(name) && words.contains("moved, removed or replaced"), "{case}: {words}");
        }
        assert!(store.probe().await.is_err(), "{case}: it is not ready");
        // As a killed process leaves it: what was acknowledged before is in the database file, wherever that is now.
        let file = if case == "the database moved" { "away" } else { "candor.sqlite" };
        if case != "the database replaced" {
            fs::copy(database.file(file), database.file("found.sqlite")).unwrap();
            let found = Store::open(&url(&database.file("found.sqlite"))).await.unwrap();
            assert_eq!(save(&found, 1).await, Ok(Outcome::Duplicate), "{case}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_put_back_is_written_again() {
    let database = Database::new();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    for name in ["candor.sqlite", "candor.sqlite-wal"] {
        fs::rename(database.file(name), database.file("away")).unwrap();
        assert!(save(&store, 2).await.is_err(), "{name}");
        fs::rename(database.file("away"), database.file(name)).unwrap();
        assert!(save(&store, 2).await.is_ok(), "{name}");
    }
    store.close().await;
    assert_eq!(save(&database.open().await, 2).await, Ok(Outcome::Duplicate));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_of_one_moment_while_others_write_and_comes_back_whole() {
    let database = Database::new();
    let store = database.open().await;
    for n in 0..500 {
        save(&store, n).await.unwrap();
    }
    let (from, to) = (url(&database.file("candor.sqlite")), database.file("backup.sqlite"));
    // Each step of the copy is followed by another write: it would never end if it began again for each.
    let (runtime, writing, mut n) = (tokio::runtime::Handle::current(), store.clone(), 500);
    let copied = tokio::task::spawn_blocking(move || {
        backup(&from, &to, |_| {
            n += 1;
            runtime.block_on(save(&writing, n)).unwrap();
        })
    });
    let copied = copied.await.unwrap().unwrap();
    assert_eq!((copied.responses, copied.differences), (500, 0));
    let mode = fs::metadata(database.file("backup.sqlite")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let back = url(&database.file("back.sqlite"));
    let restored = restore(&database.file("backup.sqlite"), &back, |_| ()).await.unwrap();
    assert_eq!((restored.responses, restored.differences), (500, 0));
    let back = Store::open(&back).await.unwrap();
    assert_eq!(back.audit().await, Ok(vec![]));
    assert_eq!(save(&back, 499).await, Ok(Outcome::Duplicate));
    assert_eq!(save(&back, 501).await, Ok(Outcome::Stored), "it came after the backup");
    let mut left: Vec<_> =
        fs::read_dir(database.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    left.retain(|name| {
        ["-wal", "-shm", "-lock"].iter().all(|ending| !name.to_string_lossy().ends_with(ending))
    });
    assert_eq!(left, ["back.sqlite", "backup.sqlite", "candor.sqlite"], "nothing unfinished is left");
}

fn left_unfinished(database: &Database) -> Vec<std::ffi::OsString> {
    let names = fs::read_dir(database.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains(".unfinished")).collect()
}

#[tokio::test]
async fn a_restore_makes_counts_that_do_not_agree_again() {
    let database = Database::new();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    store.close().await;
    let harm = rusqlite::Connection::open(database.file("candor.sqlite")).unwrap();
    harm.execute("DELETE FROM rollup WHERE segment = 0", []).unwrap();
    drop(harm);
    backup(&url(&database.file("candor.sqlite")), &database.file("backup"), |_| ()).unwrap();
    let back = url(&database.file("back"));
    assert_eq!(restore(&database.file("backup"), &back, |_| ()).await.unwrap().differences, 2);
    assert_eq!(Store::open(&back).await.unwrap().audit().await, Ok(vec![]));
}

#[tokio::test]
async fn nothing_is_overwritten_and_what_is_no_backup_is_refused() {
    let database = Database::new();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    let (live, to) = (url(&database.file("candor.sqlite")), database.file("backup"));
    backup(&live, &to, |_| ()).unwrap();
    let before = fs::read(&to).unwrap();
    assert!(matches!(backup(&live, &to, |_| ()), Err(CopyError::Exists(_))));
    let nowhere = database.file("nowhere");
    let is_nowhere = |error| matches!(error, CopyError::NoFolder(folder) if folder == nowhere);
    assert!(is_nowhere(backup(&live, &nowhere.join("b"), |_| ()).unwrap_err()));
    assert!(is_nowhere(restore(&to, &url(&nowhere.join("b")), |_| ()).await.unwrap_err()));
    assert!(matches!(restore(&to, &live, |_| ()).await, Err(CopyError::Exists(_))));
    let nowhere = database.file("nowhere");
    assert!(matches!(backup(&url(&nowhere), &database.file("b"), |_| ()), Err(CopyError::Missing(_))));
    assert!(matches!(restore(&nowhere, &live, |_| ()).await, Err(CopyError::Missing(_))));
    assert!(!nowhere.exists(), "to look for it did not make it");

    // A log of another database, left where the new one should be.
    let target = database.file("target");
    fs::write(database.file("target-wal"), "old").unwrap();
    assert!(
        matches!(restore(&to, &url(&target), |_| ()).await, Err(CopyError::Exists(log)) if log.ends_with("target-wal"))
    );
    fs::remove_file(database.file("target-wal")).unwrap();

    // The running database's own file, without what is in its log.
    assert!(matches!(
        restore(&database.file("candor.sqlite"), &url(&target), |_| ()).await,
        Err(CopyError::Unfinished(_))
    ));
    // Through a link, beside which there is no log.
    std::os::unix::fs::symlink(database.file("candor.sqlite"), database.file("link")).unwrap();
    assert!(matches!(
        restore(&database.file("link"), &url(&target), |_| ()).await,
        Err(CopyError::Unfinished(_))
    ));
    // Beside what another database has left.
    fs::write(database.file("b-wal"), "old").unwrap();
    assert!(
        matches!(backup(&live, &database.file("b"), |_| ()), Err(CopyError::Exists(log)) if log.ends_with("b-wal"))
    );
    for (name, bytes) in [
        ("nothing", vec![]),
        ("text", b"no database".to_vec()),
        ("half", before[..before.len() / 2].to_vec()),
    ] {
        fs::write(database.file(name), bytes).unwrap();
        assert!(restore(&database.file(name), &url(&target), |_| ()).await.is_err(), "{name}");
        assert!(!target.exists() && left_unfinished(&database).is_empty(), "{name}");
    }
    assert_eq!(fs::read(&to).unwrap(), before);
}

/// What becomes of a table's rows when a response is erased.
const ERASED: [(&str, &str); 13] = [
    ("erased", "gets the hashes"),
    ("frames", "how and where it was asked, which says nobody's name"),
    ("personal", "loses the row"),
    ("probe", "has none of it"),
    ("responses", "loses the row"),
    ("retained", "has none of it"),
    ("rollup", "is counted without it"),
    ("rollup_quarters", "is counted without it"),
    ("secrets", "has none of it"),
    ("segments", "values that the site has declared to be counted"),
    ("sites", "has none of it"),
    ("surveys", "has none of it"),
    ("versions", "has none of it"),
];

#[tokio::test]
async fn every_table_has_a_rule_for_what_is_erased() {
    let database = Database::new();
    database.open().await.close().await;
    let tables = rusqlite::Connection::open(database.file("candor.sqlite")).unwrap();
    let mut select =
        tables.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let names: Vec<String> = names.map(Result::unwrap).filter(|name| name != "workspaces").collect();
    assert_eq!(names, ERASED.map(|(name, _)| name));
}

#[tokio::test]
async fn nothing_of_an_erased_response_is_left_in_any_file() {
    let database = Database::new();
    let store = database.open().await;
    let personal = |n: u64| {
        let json = serde_json::json!({
            "v": 1, "id": format!("0192f5e4-7c1b-7a44-8000-{n:012x}"), "revision": 2, "state": "partial",
            "site": "default", "survey": "nps", "survey_version": 1, "locale": "en",
            "answers": [{"question": "nps", "rating": 3}, {"question": "why", "text": format!("canary-{n}-words ").repeat(300)}],
            "presentation": {"display": "popover", "scale": "numbers", "direction": "ltr"},
            "page": format!("/canary-{n}-page"), "respondent": {"id": format!("canary-{}-respondent", n % 3),
            "attributes": {"plan": format!("canary-{n}-plan")}}, "context": {"order": format!("canary-{n}-order")},
        });
        let response: candor_survey::NewResponse = serde_json::from_value(json).unwrap();
        let response = response.check(&preset("nps").unwrap()).unwrap();
        let scope = candor_store::Scope::DEFAULT;
        Arrival { declared: Vec::new(), scope, response, received_ms: 1_795_000_500_000 }
    };
    for n in 0..60 {
        store.save(vec![personal(n)]).await.unwrap();
    }
    let canaries = |folder: &Path| -> Vec<String> {
        let mut found = Vec::new();
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let id = bytes.windows(12).filter(|w| w.starts_with(b"\x01\x92\xf5\xe4\x7c\x1b\x7a\x44")).count();
            let words = bytes.windows(7).filter(|w| w.starts_with(b"canary-")).count();
            if id + words > 0 {
                found.push(format!("{}: {id} ids, {words} words", path.display()));
            }
        }
        found
    };
    assert!(!canaries(database.folder.path()).is_empty(), "the test can see them");
    let scope = candor_store::Scope::DEFAULT;
    // Half of them by another process, as the command does, and the last ones by their ids.
    let beside = Store::open_beside(&url(&database.file("candor.sqlite"))).await.unwrap();
    for (store, respondent) in [(&store, 0), (&beside, 1)] {
        let what = candor_store::Erasure::Respondent(format!("canary-{respondent}-respondent"));
        assert_eq!(store.erase(scope, what, 1_795_000_600_000).await, Ok(20));
    }
    for n in (2..60).step_by(3) {
        let what = candor_store::Erasure::Response(format!("0192f5e4-7c1b-7a44-8000-{n:012x}"));
        assert_eq!(store.erase(scope, what, 1_795_000_600_000).await, Ok(1));
    }
    backup(&url(&database.file("candor.sqlite")), &database.file("backup"), |_| ()).unwrap();
    assert_eq!(canaries(database.folder.path()), Vec::<String>::new());
    assert_eq!(store.audit().await, Ok(vec![]));
}

#[tokio::test]
async fn a_backup_made_before_an_upgrade_is_what_the_earlier_build_left() {
    let database = Database::new();
    let earlier = rusqlite::Connection::open(database.file("candor.sqlite")).unwrap();
    earlier.execute_batch(include_str!("fixtures/schema-3.sql")).unwrap();
    drop(earlier);
    backup(&url(&database.file("candor.sqlite")), &database.file("backup"), |_| ()).unwrap();
    let store = database.open().await;
    save(&store, 1).await.unwrap();
    store.close().await;
    // Whoever goes back has this file, with all that there was then.
    let back = rusqlite::Connection::open(database.file("backup")).unwrap();
    let number = |sql: &str| back.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("PRAGMA user_version"), 3);
    assert_eq!((number("SELECT COUNT(*) FROM responses"), number("SELECT COUNT(*) FROM rollup")), (70, 409));
    // And whoever restores it with this build has today's schema.
    let again = url(&database.file("again"));
    assert_eq!(restore(&database.file("backup"), &again, |_| ()).await.unwrap().responses, 70);
}
