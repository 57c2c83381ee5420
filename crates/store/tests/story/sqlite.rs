//! How SQLite's files are opened.

use super::{
    asking,
    database::{Database, Sqlite},
};
use candor_store::{OpenError, Store};

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
