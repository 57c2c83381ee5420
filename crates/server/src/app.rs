use crate::{
    auth::Token, bodies::Bodies, config::Config, connections::Connections, limits::Limits, metrics::Metrics,
    routes::health::Readiness, survey_index::SurveyIndex,
};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Semaphore;

/// What every handler can reach.
#[derive(Clone, Debug)]
pub(crate) struct App(pub(crate) Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: candor_store::Store,
    pub(crate) index: RwLock<Arc<SurveyIndex>>,
    pub(crate) token: Token,
    pub(crate) readiness: Readiness,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) config: Config,
    /// Answers what would be kept without keeping it. No setting leads here: it is what benches measure the store against.
    pub(crate) without_store: bool,
    /// Places for answers to requests with the token.
    pub(crate) reads: Arc<Semaphore>,
    pub(crate) bodies: Bodies,
    pub(crate) limits: Limits,
    pub(crate) connections: Arc<Connections>,
}

impl Shared {
    /// The sites and surveys of this moment. Whoever asks twice keeps the first, so that a reload doesn't mix the two.
    pub(crate) fn index(&self) -> Arc<SurveyIndex> {
        Arc::clone(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
