//! How SQLite's files are opened.

use super::{
    T0, asking, checked,
    database::{Database, Sqlite},
    rated, save, uuid,
};
use candor_store::{Arrival, OpenError, Outcome, Scope, Store, StoreError};

#[tokio::test]
async fn a_newer_schema_is_refused_with_a_sentence() {
    let database = Sqlite::new();
    database.open().await.close().await;
    let path = database.folder.path().join("candor.sqlite");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(database.url()).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 99, .. }));
    assert!(error.to_string().contains("newer version of candor"), "{error}");
}

#[tokio::test]
async fn what_would_be_refused_is_read_from_a_database_that_is_there_and_nothing_is_written() {
    let database = Sqlite::new();
    let path = database.folder.path().join("candor.sqlite");
    let sites = || vec![asking("shop", ("a", 1, "nps"), "how")];
    let error = Store::refusals(database.url(), sites()).await.unwrap_err().to_string();
    assert!(error.contains("candor.sqlite"), "{error}");
    assert!(!path.exists());
    std::fs::write(&path, "").unwrap();
    assert_eq!(Store::refusals(database.url(), sites()).await.unwrap(), []);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    let store = database.open().await;
    store.import(sites()).await.unwrap();
    store.close().await;
    let before = std::fs::read(&path).unwrap();
    assert_eq!(
        Store::refusals(database.url(), vec![asking("shop", ("a", 2, "ces"), "how")]).await.unwrap().len(),
        1
    );
    assert!(std::fs::read(&path).unwrap() == before, "the file changed");
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let database = Sqlite::new();
    let path = database.folder.path().join("candor.sqlite");
    rusqlite::Connection::open(&path).unwrap().execute("CREATE TABLE notes (text)", []).unwrap();
    assert!(matches!(Store::open(database.url()).await.unwrap_err(), OpenError::Foreign));
}

#[tokio::test]
async fn a_database_that_readers_would_not_share_is_refused() {
    for url in ["sqlite://:memory:", "sqlite://file::memory:", "sqlite://file:candor.sqlite"] {
        let error = Store::open(url).await.unwrap_err();
        assert!(matches!(&error, OpenError::NoFile(_)), "{error}");
        assert!(!std::path::Path::new(url.trim_start_matches("sqlite://")).exists(), "{url} was made");
        assert!(error.to_string().contains("a file on a local disk"), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_url_or_folder_is_named() {
    let error = Store::open("mysql://x").await.unwrap_err().to_string();
    assert!(error.contains("mysql://x") && error.contains("sqlite://"), "{error}");
    let error = Store::open("sqlite:///nowhere/candor.sqlite").await.unwrap_err().to_string();
    assert!(error.contains("/nowhere/candor.sqlite"), "{error}");
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_until_the_first_has_ended() {
    let database = Sqlite::new();
    let first = database.open().await;
    let error = Store::open(database.url()).await.unwrap_err();
    assert!(matches!(&error, OpenError::InUse(_)) && error.to_string().contains("candor.sqlite"), "{error}");
    assert_eq!(save(&first, rated(&uuid(1), 1, 9)).await, Outcome::Stored);
    first.close().await;
    drop(first);
    let second = database.open().await;
    assert_eq!(save(&second, rated(&uuid(1), 1, 9)).await, Outcome::Duplicate);
}

#[tokio::test]
async fn a_process_whose_schema_was_left_behind_writes_no_more() {
    let database = Sqlite::new();
    let store = database.open().await;
    save(&store, rated(&uuid(1), 1, 9)).await;
    let path = database.folder.path().join("candor.sqlite");
    let newer = rusqlite::Connection::open(&path).unwrap();
    let schema: i64 = newer.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    newer.pragma_update(None, "user_version", schema + 1).unwrap();
    let response = checked(rated(&uuid(2), 1, 9));
    let arrival = Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response, received_ms: T0 };
    assert_eq!(store.save(vec![arrival.clone()]).await, Err(StoreError::Outdated));
    let sites = vec![asking("shop", ("a", 1, "nps"), "how")];
    assert!(store.import(sites).await.unwrap_err().to_string().contains("newer version"));
    assert_eq!(store.recount().await, Err(StoreError::Outdated));
    newer.pragma_update(None, "user_version", schema).unwrap();
    assert_eq!(store.save(vec![arrival]).await, Ok(vec![Outcome::Stored]));
}

#[tokio::test]
async fn what_another_process_wrote_meanwhile_is_counted_on_and_not_over() {
    let database = Sqlite::new();
    let server = database.open().await;
    let beside = Store::open_beside(database.url()).await.unwrap();
    for n in 0..20 {
        let store = if n % 3 == 0 { &beside } else { &server };
        assert_eq!(save(store, rated(&uuid(n), 1, 9)).await, Outcome::Stored);
    }
    assert_eq!(super::all(&server).await.ratings, [(9, 20)]);
    assert_eq!(server.audit().await, Ok(vec![]));
    let missing = Sqlite::new();
    assert!(Store::open_beside(missing.url()).await.is_err());
    assert!(!missing.folder.path().join("candor.sqlite").exists());
}
