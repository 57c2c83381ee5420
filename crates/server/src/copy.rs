//! `candor backup` and `candor restore`.

use anyhow::Context;
use candor_store::{Copied, Progress};
use clap::Args;
use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

/// How often the progress is said.
const EVERY: Duration = Duration::from_secs(1);

/// The settings of `candor backup`.
#[derive(Clone, Debug, Args)]
pub struct Backup {
    /// The file to make. It is whole once it has this name; there must be none before.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The database to copy.
    #[arg(long, env = "CANDOR_DATABASE", value_name = "URL", default_value = "sqlite://candor.sqlite")]
    database: String,
}

/// The settings of `candor restore`.
#[derive(Clone, Debug, Args)]
pub struct Restore {
    /// A file that `candor backup` made. It is only read.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the database should be. No file may be there, nor a log of an earlier one.
    #[arg(long, env = "CANDOR_DATABASE", value_name = "URL", default_value = "sqlite://candor.sqlite")]
    database: String,
}

impl Backup {
    /// Makes the copy and says what is in it.
    ///
    /// # Errors
    /// If it can't be made; then there is no file.
    pub fn run(&self) -> anyhow::Result<String> {
        let copied = candor_store::backup(&self.database, &self.file, progress())
            .with_context(|| format!("backup of {}", self.database))?;
        Ok(format!("{} holds {}", self.file.display(), contents(copied)))
    }
}

impl Restore {
    /// Makes the database and says what is in it.
    ///
    /// # Errors
    /// If it can't be made; then there is none.
    pub fn run(&self) -> anyhow::Result<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let copied = runtime
            .block_on(candor_store::restore(&self.file, &self.database, progress()))
            .with_context(|| format!("restore of {}", self.file.display()))?;
        let counts = match copied.differences {
            0 => "all counts agree with them".to_owned(),
            n => format!("{n} counts did not agree with them and were made again"),
        };
        Ok(format!("{} holds {}, and {counts}", self.database, contents(copied)))
    }
}

fn contents(copied: Copied) -> String {
    format!("{} responses in {} bytes", copied.responses, copied.bytes)
}

/// Says on standard error how far it has come, if somebody looks on.
fn progress() -> impl FnMut(Progress) {
    let mut last = Instant::now();
    let is_watched = io::stderr().is_terminal();
    move |Progress { done, of }| {
        if is_watched && (last.elapsed() >= EVERY || done == of) {
            last = Instant::now();
            let percent = done.saturating_mul(100) / of.max(1);
            let end = if done == of { "\n" } else { "" };
            // Nothing is lost if it can't be said.
            let _ = write!(io::stderr(), "\r{percent} % of {of} pages{end}");
        }
    }
}
