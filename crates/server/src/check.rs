//! `candor check`: the mistakes in a folder of surveys, before a server meets them, and what the field advises against.

use crate::{
    config::CheckConfig,
    import::{Files, Mistakes, plural},
};
use anyhow::Context;
use candor_store::Store;
use std::io::Write;

/// Writes every mistake and their number, or that there is none, then every warning and their number, and says whether there is no
/// mistake.
///
/// # Errors
/// If the folder or the database can't be read, or nothing can be written.
pub async fn run(config: &CheckConfig, mut out: impl Write) -> anyhow::Result<bool> {
    let mut files = Files::read(&config.folder)?;
    let mut rescaled = Vec::new();
    if let Some(database) = &config.database {
        let wrong = || format!("--database {database}");
        let refusals = Store::refusals(database, files.sound()).await.with_context(wrong)?;
        rescaled = Store::rescaled(database, files.sound()).await.with_context(wrong)?;
        files.mistakes.extend(files.refused(&refusals));
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
    let warnings = files.warnings(&rescaled);
    let is_right = files.mistakes.is_empty();
    if is_right {
        let counts = format!("{sites} site{}, {surveys} survey{}", plural(sites), plural(surveys));
        writeln!(out, "{counts}: no mistakes")?;
    } else {
        writeln!(out, "{}", Mistakes::new(files.mistakes))?;
    }
    for warning in &warnings {
        writeln!(out, "{warning}")?;
    }
    if !warnings.is_empty() {
        writeln!(out, "{} warning{}", warnings.len(), plural(warnings.len()))?;
    }
    Ok(is_right)
}
