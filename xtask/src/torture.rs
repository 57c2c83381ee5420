//! `cargo xtask torture`: the proofs that take too long for every change.

mod access;

use crate::tools;
use crate::workspace::{Workspace, program, run, say};
use anyhow::{Context, Result, bail};

/// How often the server is killed.
const KILLS: u32 = 200;

/// The crates in `crates/` that are broken, with how long that takes.
const BROKEN: [(&str, &str); 3] =
    [("scoring", "an hour or two"), ("survey", "two hours"), ("store", "three hours")];

/// Runs every torture, or the one that is named.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let workspace = Workspace::find()?;
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => {
            server(&workspace, KILLS)?;
            // Each of them, even after a failure.
            let results = BROKEN.map(|(name, time)| rules(&workspace, name, time, &[]));
            let results = results.into_iter().chain([access::torture(&workspace, &[])]);
            results.collect::<Vec<_>>().into_iter().collect()
        }
        ["server"] => server(&workspace, KILLS),
        ["server", "--kills", kills] => {
            let kills =
                kills.parse().with_context(|| format!("--kills {kills}: expected a whole number."))?;
            server(&workspace, kills)
        }
        ["access", ref numbers @ ..] => access::torture(&workspace, numbers),
        [name, ref files @ ..] => match BROKEN.iter().find(|(known, _)| *known == name) {
            Some((name, time)) => rules(&workspace, name, time, files),
            None => {
                let names: Vec<_> = BROKEN.iter().map(|(name, _)| *name).collect();
                bail!(
                    "`torture` takes one name: {}, each with names of its files if only these should be broken, access with \
                     numbers of its assertions if only these should be, or server with `--kills NUMBER` if it should be \
                     other than {KILLS}.",
                    names.join(", ")
                )
            }
        },
    }
}

/// Breaks a crate, or some files of it, in every way that cargo-mutants knows and sees whether a test of this crate notices.
/// `.cargo/mutants.toml` names the ways that no test can notice, each with its reason.
fn rules(workspace: &Workspace, name: &str, time: &str, files: &[&str]) -> Result<()> {
    let folder = workspace.root.join("crates").join(name).join("src");
    if let Some(file) = files.iter().find(|file| !folder.join(file).is_file()) {
        // cargo-mutants would break nothing and be content.
        bail!("There is no file `{file}` in crates/{name}/src.");
    }
    let mutants = tools::cargo_mutants()?;
    let time = if files.is_empty() { time } else { "half an hour for a large file" };
    say(format_args!("Breaking {name}, one piece after the other ({time})"));
    let mut command = program(mutants);
    command.current_dir(&workspace.root).args(["mutants", "--package", &format!("candor-{name}")]);
    command.args(files.iter().map(|file| format!("--file=crates/{name}/src/{file}")));
    command.arg("--output").arg(workspace.made()).args(["--no-times", "--colors", "never"]);
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
