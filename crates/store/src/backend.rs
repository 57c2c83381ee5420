use crate::{
    Arrival, Catalog, Change, Counts, Difference, Edit, Erasure, FeedQuery, Health, ImportError, Listed,
    Note, Outcome, ResponseQuery, Scope, StoreError, StoredResponse, TallyQuery,
};
use async_trait::async_trait;
use candor_survey::AuthoredSite;
use std::fmt;

/// A kind of database. What each method promises stands at the method of [`Store`](crate::Store) of its name.
///
/// What is kept and how it is counted is not its business: `decide.rs` and `rollup.rs` say it for all kinds.
#[async_trait]
pub(crate) trait Backend: fmt::Debug + Send + Sync {
    async fn import(&self, sites: Vec<AuthoredSite>) -> Result<(), ImportError>;

    async fn catalog(&self) -> Result<Catalog, StoreError>;

    async fn save(&self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError>;

    fn waiting(&self) -> usize;

    async fn tallies(&self, query: TallyQuery) -> Result<Option<Vec<Counts>>, StoreError>;

    async fn span(
        &self,
        scope: Scope,
        site: Option<String>,
        survey: String,
    ) -> Result<Option<(i64, i64)>, StoreError>;

    async fn responses(&self, query: ResponseQuery) -> Result<Listed, StoreError>;

    async fn feed(&self, query: FeedQuery) -> Result<Listed, StoreError>;

    async fn audit(&self, from_ms: i64) -> Result<Vec<Difference>, StoreError>;

    async fn health(&self, now_ms: i64) -> Result<Health, StoreError>;

    async fn recount(&self) -> Result<(), StoreError>;

    /// Some of them; `None` once all are.
    async fn erase(&self, scope: Scope, what: Erasure, now_ms: i64) -> Result<Option<usize>, StoreError>;

    /// A batch of them; `None` once all are done.
    async fn anonymise(
        &self,
        scope: Scope,
        site: String,
        survey: String,
        before_ms: i64,
    ) -> Result<Option<usize>, StoreError>;

    /// What of it is done at once; [`settle_changes`](Self::settle_changes) does the rest.
    async fn change(&self, scope: Scope, edit: Edit, note: Note) -> Result<usize, StoreError>;

    /// Some of it; `None` once all is done.
    async fn settle_changes(&self) -> Result<Option<usize>, StoreError>;

    async fn changes(&self, scope: Scope, limit: u32) -> Result<Vec<Change>, StoreError>;

    async fn excluded(
        &self,
        scope: Scope,
        survey: String,
        site: Option<String>,
    ) -> Result<Vec<(i64, i64)>, StoreError>;

    async fn response(&self, scope: Scope, id: String) -> Result<Option<StoredResponse>, StoreError>;

    /// Some pages of it; whether there are more.
    async fn scrub(&self) -> Result<bool, StoreError>;

    async fn believe(&self, now_ms: i64, goes_on: bool) -> Result<i64, StoreError>;

    async fn probe(&self) -> Result<(), StoreError>;

    async fn close(&self);
}
