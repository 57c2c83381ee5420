//! `cargo xtask bench`: speed, beside its reference in the same run. It decides nothing: machines differ.

use crate::workspace::{Workspace, run};
use anyhow::{Result, ensure};

/// Runs every bench.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "`bench` knows no flags.");
    let workspace = Workspace::find()?;
    let mut cargo = workspace.cargo();
    cargo.args(["bench", "--quiet", "--package", "candor-scoring", "--bench", "scores"]);
    run(&mut cargo, "Mend what is named above.")
}
