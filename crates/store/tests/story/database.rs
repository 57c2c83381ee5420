//! The databases that the stories run on. Another kind is another [`Database`] and another module of [`stories!`].

use candor_store::Store;
use std::any::Any;
use tempfile::TempDir;

/// A new database, which is removed with this.
pub(crate) trait Database {
    fn url(&self) -> &str;

    /// Changes something that is not the store's to see, in SQL that every database knows.
    fn execute(&self, sql: &str);

    /// Lets nobody else write, until what it gives is dropped.
    fn hold(&self) -> Box<dyn Any>;

    /// A number that is another after each commit.
    fn commits(&self) -> i64;

    async fn open(&self) -> Store {
        Store::open(self.url()).await.unwrap()
    }
}

pub(crate) struct Sqlite {
    url: String,
    pub(crate) folder: TempDir,
    /// Open from the first use on: the number of commits is one of those that this connection has seen.
    other: std::cell::OnceCell<rusqlite::Connection>,
}

impl Sqlite {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("candor.sqlite").display());
        Self { url, folder, other: Default::default() }
    }

    fn other(&self) -> &rusqlite::Connection {
        self.other.get_or_init(|| self.connect())
    }

    fn connect(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("candor.sqlite")).unwrap()
    }
}

impl Database for Sqlite {
    fn url(&self) -> &str {
        &self.url
    }

    fn execute(&self, sql: &str) {
        assert!(self.other().execute(sql, []).unwrap() > 0, "{sql}");
    }

    fn hold(&self) -> Box<dyn Any> {
        let connection = self.connect();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Box::new(connection)
    }

    fn commits(&self) -> i64 {
        self.other().pragma_query_value(None, "data_version", |row| row.get(0)).unwrap()
    }
}

/// Runs each story on each kind of database.
macro_rules! stories {
    ($($story:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(&super::database::Sqlite::new()).await;
            })*
        }
    };
}

pub(crate) use stories;
