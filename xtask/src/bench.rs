//! `cargo xtask bench`: speed, beside its reference in the same run. It decides nothing: machines differ.

use crate::tools;
use crate::workspace::{Workspace, run, say};
use anyhow::{Result, bail};

/// Runs every bench, or the one that is named.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let names: Vec<&str> = match arguments {
        [] => vec!["scores", "server"],
        [name] => vec![name.as_str()],
        _ => bail!("`bench` takes one name: scores or server; without one it runs both."),
    };
    let workspace = Workspace::find()?;
    for name in names {
        let mut cargo = workspace.cargo();
        cargo.args(["bench", "--quiet"]);
        match name {
            "scores" => cargo.args(["--package", "candor-scoring", "--bench", "scores"]),
            "server" => {
                tools::wrk()?;
                say("Benching the server beside one without a store (5 minutes after the build)");
                cargo.args(["--package", "candor-server", "--bench", "ingest"])
            }
            unknown => bail!("There is no bench `{unknown}`: name scores or server."),
        };
        run(&mut cargo, "Mend what is named above.")?;
    }
    Ok(())
}
