//! `cargo xtask torture`: the proofs that take too long for every change.

use crate::tools;
use crate::workspace::{Workspace, program, run, say};
use anyhow::{Result, ensure};

/// Breaks the scoring in every way that cargo-mutants knows and sees whether a test notices. `.cargo/mutants.toml` names
/// the ways that no test can notice, each with its reason.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "`torture` knows no flags.");
    let workspace = Workspace::find()?;
    let mutants = tools::cargo_mutants()?;
    say("Breaking the scoring, one piece after the other (an hour or two)");
    let mut command = program(mutants);
    command.current_dir(&workspace.root).args(["mutants", "--package", "candor-scoring", "--output"]);
    command.arg(workspace.made()).args(["--no-times", "--colors", "never"]);
    run(
        &mut command,
        "Each MISSED line above is a piece that may break unnoticed: write the test, or its reason in .cargo/mutants.toml.",
    )
}
