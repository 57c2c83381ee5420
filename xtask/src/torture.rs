//! `cargo xtask torture`: the proofs that take too long for every change.

use crate::tools;
use crate::workspace::{Workspace, program, run, say};
use anyhow::{Context, Result, bail};

/// How often the server is killed.
const KILLS: u32 = 200;

/// Runs every torture, or the one that is named.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let workspace = Workspace::find()?;
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => {
            server(&workspace, KILLS)?;
            scoring(&workspace)
        }
        ["scoring"] => scoring(&workspace),
        ["server"] => server(&workspace, KILLS),
        ["server", "--kills", kills] => {
            let kills =
                kills.parse().with_context(|| format!("--kills {kills}: expected a whole number."))?;
            server(&workspace, kills)
        }
        _ => bail!(
            "`torture` takes one name: scoring, or server with `--kills NUMBER` if it should be other than {KILLS}."
        ),
    }
}

/// Breaks the scoring in every way that cargo-mutants knows and sees whether a test notices. `.cargo/mutants.toml` names
/// the ways that no test can notice, each with its reason.
fn scoring(workspace: &Workspace) -> Result<()> {
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

/// The long forms of the server's own torture, each of which ends with a dated summary: kills at random moments, clients that
/// hold what they can get, a backup of a million answers. `CANDOR_SEED` repeats a run.
fn server(workspace: &Workspace, kills: u32) -> Result<()> {
    tools::strace()?;
    say(format_args!("Killing the server {kills} times, and worse (10 minutes after the build)"));
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--release", "--package", "candor-server", "--test", "torture"]);
    cargo.args(["--", "--nocapture", "--test-threads", "1"]);
    cargo.env("CANDOR_TORTURE", "1").env("CANDOR_KILLS", kills.to_string());
    run(
        &mut cargo,
        "The failed assertion above says what was lost; its line with CANDOR_SEED repeats the run.",
    )
}
