//! `candor verify`, `candor rebuild`, `candor doctor` and `candor erase`: looking after a database, whether a server uses it or not.

use crate::{clock::DAY_MS, import::plural};
use anyhow::{Context, bail};
use candor_store::{DEFAULT_WORKSPACE, Erasure, HEALTH_DAYS, Health, Scope, Store, StoreError};
use clap::Args;
use jiff::Timestamp;
use std::io::Write;

/// How many differences are said.
const MOST: usize = 20;

/// The database that is looked after.
#[derive(Clone, Debug, Args)]
pub struct Database {
    /// The database. A server may be using it.
    #[arg(long, env = "CANDOR_DATABASE", value_name = "URL", default_value = "sqlite://candor.sqlite")]
    database: String,
}

/// The settings of `candor erase`.
#[derive(Clone, Debug, Args)]
pub struct Erase {
    #[command(flatten)]
    workspace: Workspace,
    #[command(flatten)]
    what: What,
}

/// A database, and whose responses in it are meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct Workspace {
    #[command(flatten)]
    database: Database,
    /// The workspace whose responses are meant.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_WORKSPACE)]
    workspace: String,
}

impl Workspace {
    pub(crate) async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&Store, Scope) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.database.with(async |store| work(store, self.scope(store).await?).await).await
    }

    async fn scope(&self, store: &Store) -> anyhow::Result<Scope> {
        let catalog = store.catalog().await?;
        let Some(scope) = catalog.scope(&self.workspace) else {
            let names: Vec<_> = catalog.workspaces.iter().map(|(name, _)| name.as_str()).collect();
            bail!("--workspace: expected one of {}", names.join(", "));
        };
        Ok(scope)
    }
}

#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// All responses of this respondent, by the name that the site gave them.
    #[arg(long, value_name = "ID")]
    respondent: Option<String>,
    /// One response, by its id.
    #[arg(long, value_name = "UUID")]
    response: Option<String>,
}

impl Database {
    async fn with<T>(&self, work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let store = Store::open_beside(&self.database).await;
        let store = store.with_context(|| format!("--database {}", self.database))?;
        let done = work(&store).await;
        store.close().await;
        done
    }

    /// Counts all responses again, day by day, and says where the counts differ from them and whether all agree.
    ///
    /// # Errors
    /// If the database fails, or nothing can be written.
    pub async fn verify(&self, out: impl Write) -> anyhow::Result<bool> {
        self.with(async |store| verify(store, out).await).await
    }

    /// Makes the counts anew from the responses, day by day, and then verifies them.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn rebuild(&self, out: impl Write) -> anyhow::Result<bool> {
        self.with(async |store| {
            store.recount().await?;
            verify(store, out).await
        })
        .await
    }

    /// Says how the database and its machine are, and whether nothing of it needs anybody.
    ///
    /// # Errors
    /// If the database can't be opened or fails, or nothing can be written.
    pub async fn doctor(&self, out: impl Write) -> anyhow::Result<bool> {
        self.with(async |store| doctor(store, Timestamp::now().as_millisecond(), out).await).await
    }
}

/// Fewer days than this until the disk is full need somebody.
const MIN_DAYS_LEFT: u64 = 30;
/// How many days are counted again.
const COUNTED_DAYS: i64 = 7;

async fn doctor(store: &Store, now_ms: i64, mut out: impl Write) -> anyhow::Result<bool> {
    let Health { bytes, free_bytes, responses, recent, last_day_ms } = store.health(now_ms).await?;
    let mut is_well = true;
    let mut say = |holds: bool, line: String| {
        is_well &= holds;
        writeln!(out, "{} {line}", if holds { "well " } else { "WRONG" })
    };
    // Opening it would have failed otherwise.
    say(true, format!("schema: of this version; {responses} responses are counted"))?;

    let each = bytes / responses.max(1);
    let daily = recent * each / u64::from(HEALTH_DAYS);
    let room = format!(
        "disk: the database has {} MB, and {} MB are free",
        bytes / 1_000_000,
        free_bytes / 1_000_000
    );
    match free_bytes.checked_div(daily) {
        Some(days) => {
            let pace = format!("{recent} responses in {HEALTH_DAYS} days, {each} B each");
            say(days >= MIN_DAYS_LEFT, format!("{room}: enough for {days} days like the last ({pace})"))?;
        }
        None => say(true, room)?,
    }

    let is_ahead = last_day_ms.is_some_and(|day_ms| day_ms > now_ms + DAY_MS);
    let clock = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let clock = format!("clock: {}", clock.strftime("%Y-%m-%d %H:%M UTC"));
    match last_day_ms.filter(|_| is_ahead).and_then(|day_ms| Timestamp::from_millisecond(day_ms).ok()) {
        Some(last) => say(
            false,
            format!(
                "{clock}, but there are answers dated {}: it is behind now, or was ahead then",
                last.strftime("%Y-%m-%d")
            ),
        )?,
        None => say(crate::clock::is_plausible(now_ms), clock)?,
    }

    let differences = store.audit_since(now_ms - COUNTED_DAYS * DAY_MS).await?.len();
    let counted = format!("rollup: the last {COUNTED_DAYS} days counted again");
    match differences {
        0 => say(true, format!("{counted}: no difference"))?,
        n => say(
            false,
            format!(
                "{counted}: {n} difference{}; `candor verify` says which, `candor rebuild` makes counts anew",
                plural(n)
            ),
        )?,
    }
    Ok(is_well)
}

async fn verify(store: &Store, mut out: impl Write) -> anyhow::Result<bool> {
    let differences = store.audit().await?;
    for difference in differences.iter().take(MOST) {
        writeln!(out, "{difference}")?;
    }
    match differences.len() {
        0 => writeln!(out, "all counts agree with the responses")?,
        n => writeln!(
            out,
            "{n} difference{} between counts and responses: `candor rebuild` makes counts anew, and a response that can't be read \
             goes with `candor erase --response`",
            plural(n)
        )?,
    }
    Ok(differences.is_empty())
}

impl Erase {
    /// Erases what is asked for, and says how many responses that were.
    ///
    /// # Errors
    /// If there is no such workspace, the id is none, or the database fails.
    pub async fn run(&self, mut out: impl Write) -> anyhow::Result<()> {
        let what = match (&self.what.respondent, &self.what.response) {
            (Some(respondent), _) if respondent.trim().is_empty() => {
                bail!("--respondent: expected the site's own name for a respondent")
            }
            (Some(respondent), _) => Erasure::Respondent(respondent.clone()),
            (None, id) => Erasure::Response(response_id(id.as_deref().unwrap_or_default())?),
        };
        self.workspace.with(async |store, scope| erase(store, scope, what, &mut out).await).await
    }
}

/// The id of a response, as it was given to a command.
pub(crate) fn response_id(id: &str) -> anyhow::Result<String> {
    if candor_survey::is_uuid(id) {
        return Ok(id.to_owned());
    }
    bail!("--response: expected a UUID in lower case, such as 0192f5e4-7c1b-7a44-9c5e-3b1f0f6f2a11")
}

async fn erase(store: &Store, scope: Scope, what: Erasure, mut out: impl Write) -> anyhow::Result<()> {
    let n = store.erase(scope, what, Timestamp::now().as_millisecond()).await?;
    // Said last: a terminal that is gone must not keep the bytes.
    let s = plural(n);
    let why = match store.scrub().await {
        Ok(()) => {
            writeln!(out, "{n} response{s} erased; copies made before, such as backups, still have them")?;
            return Ok(());
        }
        Err(error @ StoreError::NotAnew) => {
            bail!("{n} response{s} erased, and nobody can read them any more, but {error}")
        }
        Err(StoreError::Busy) => "something reads an earlier state".to_owned(),
        Err(error) => error.to_string(),
    };
    bail!(
        "{n} response{s} erased, and nobody can read them any more, but their bytes are not wiped from the database's files yet \
             ({why}): a server that runs goes on within an hour, and so does this command when it is run again"
    );
}
