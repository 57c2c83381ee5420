//! `candor check`: the mistakes in a folder of surveys, before a server meets them.

use crate::{
    config::CheckConfig,
    import::{Files, Mistakes, plural},
};
use anyhow::Context;
use candor_store::Store;
use std::io::Write;

/// Writes every mistake and their number, or that there is none, and says whether there is none.
///
/// # Errors
/// If the folder or the database can't be read, or nothing can be written.
pub async fn run(config: &CheckConfig, mut out: impl Write) -> anyhow::Result<bool> {
    let mut files = Files::read(&config.folder)?;
    if let Some(database) = &config.database {
        let refusals = Store::refusals(database, files.sound()).await;
        let refused = files.refused(&refusals.with_context(|| format!("--database {database}"))?);
        files.mistakes.extend(refused);
    }
    // The environment may be another than the server's; what is wrong with a key in the file is wrong everywhere.
    let (unset, wrong): (Vec<_>, Vec<_>) =
        files.keys().1.into_iter().partition(|mistake| mistake.key.ends_with(".secret_env"));
    files.mistakes.extend(wrong);
    let (sites, surveys) = files.counts();
    for unset in unset {
        writeln!(out, "{unset}: candor serve would not start here")?;
    }
    for missing in files.missing_words() {
        writeln!(out, "{missing}")?;
    }
    if files.mistakes.is_empty() {
        let counts = format!("{sites} site{}, {surveys} survey{}", plural(sites), plural(surveys));
        writeln!(out, "{counts}: no mistakes")?;
        return Ok(true);
    }
    writeln!(out, "{}", Mistakes::new(files.mistakes))?;
    Ok(false)
}
