//! `cargo xtask torture`: the proofs that take too long for every change.

mod access;

use crate::tools;
use crate::workspace::{Workspace, output, program, run, say};
use anyhow::{Context, Result, bail};
use std::process::Command;

/// How often the server is killed.
const KILLS: u32 = 200;

/// How often its power is cut.
const CUTS: u32 = 120;

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
            let power = power(&workspace, CUTS);
            let results = BROKEN.map(|(name, time)| rules(&workspace, name, time, &[]));
            let results = std::iter::once(power).chain(results).chain([access::torture(&workspace, &[])]);
            results.collect::<Vec<_>>().into_iter().collect()
        }
        ["server"] => server(&workspace, KILLS),
        ["server", "--kills", kills] => {
            let kills =
                kills.parse().with_context(|| format!("--kills {kills}: expected a whole number."))?;
            server(&workspace, kills)
        }
        ["power"] => power(&workspace, CUTS),
        ["power", "--cuts", cuts] => {
            let cuts = cuts.parse().with_context(|| format!("--cuts {cuts}: expected a whole number."))?;
            power(&workspace, cuts)
        }
        ["access", ref numbers @ ..] => access::torture(&workspace, numbers),
        [name, ref files @ ..] => match BROKEN.iter().find(|(known, _)| *known == name) {
            Some((name, time)) => rules(&workspace, name, time, files),
            None => {
                let names: Vec<_> = BROKEN.iter().map(|(name, _)| *name).collect();
                bail!(
                    "`torture` takes one name: {}, each with names of its files if only these should be broken, access with \
                     numbers of its assertions if only these should be, server with `--kills NUMBER` if it should be other \
                     than {KILLS}, or power with `--cuts NUMBER` if it should be other than {CUTS}.",
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

/// Power cuts while the server takes answers, starts, makes a database or migrates one, on a disk of the test's own that loses what
/// was not synced. `CANDOR_SEED` repeats a run, as far as the moments of processes can be repeated.
fn power(workspace: &Workspace, cuts: u32) -> Result<()> {
    let advice = "Run it on Linux with the module fuse (`modprobe fuse`), as root or where users may have namespaces of their own, \
         and in a container with `--device /dev/fuse --cap-add SYS_ADMIN`: it mounts a file system of its own.";
    std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/fuse")
        .with_context(|| format!("/dev/fuse can't be opened. {advice}"))?;
    // Where only the test sees its mounts, and none outlives it. Who is not root has that right in a namespace of his own.
    let unshare = |arguments: &[&str]| {
        let mut unshare = program("unshare");
        unshare.args(arguments);
        unshare
    };
    let mut arguments: &[&str] = &["--mount"];
    if output(unshare(arguments).arg("true"), advice).is_err() {
        arguments = &["--map-root-user", "--mount"];
        output(unshare(arguments).arg("true"), advice)?;
    }
    say(format_args!(
        "Cutting the server's power {cuts} times, and before each call of a start (7 minutes after the build)"
    ));
    let test = |cargo: &mut Command| {
        cargo.args(["test", "--release", "--package", "candor-server", "--test", "torture"]);
    };
    // As the user who has the caches.
    let mut build = workspace.cargo();
    test(&mut build);
    run(build.arg("--no-run"), "Mend what the compiler names above.")?;
    let cargo = workspace.cargo();
    let mut test_run = unshare(arguments);
    test_run.arg(cargo.get_program());
    test(&mut test_run);
    test_run.args(["--", "power::", "--ignored", "--nocapture", "--test-threads", "1"]);
    for (name, value) in cargo.get_envs() {
        match value {
            Some(value) => test_run.env(name, value),
            None => test_run.env_remove(name),
        };
    }
    test_run.current_dir(&workspace.root).env("CANDOR_CUTS", cuts.to_string());
    run(
        &mut test_run,
        "The failed assertion above says what was lost; its line with CANDOR_SEED repeats the run.",
    )
}
