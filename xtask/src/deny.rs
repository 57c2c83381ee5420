//! `cargo xtask deny`: whether the dependencies are such as `deny.toml` lets in. It is not a step of `test`: cargo-deny
//! takes minutes to install, and its answer changes only with `Cargo.lock`.

use crate::tools;
use crate::workspace::{Workspace, program, run};
use anyhow::{Result, bail};

/// Checks licences, origins and bans. What is known of their security is left out: only the network has it.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("`deny` takes no arguments.");
    }
    let workspace = Workspace::find()?;
    let mut fetch = workspace.cargo();
    // What only other systems build is not here yet, and has a licence too. Without the network if nothing is missing.
    fetch.args(["fetch", "--locked", "--quiet"]);
    run(&mut fetch, "Check that the registry of crates can be reached, then run the command again.")?;
    let mut deny = program(tools::cargo_deny()?);
    // By itself it would look at the widget's package alone, which is the workspace's root.
    deny.current_dir(&workspace.root).args(["deny", "--offline", "--workspace", "check"]);
    deny.args(["--hide-inclusion-graph", "licenses", "bans", "sources"]);
    run(&mut deny, "Take another dependency, or say in deny.toml why this one is let in.")
}
