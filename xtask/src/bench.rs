//! `cargo xtask bench`: speed, beside its reference in the same run. It decides nothing: machines differ.

use crate::build;
use crate::node::Node;
use crate::tools;
use crate::workspace::{Workspace, run, say};
use anyhow::{Result, bail};
use std::process::Command;

const USAGE: &str = "`bench` takes one name: scores, server, reads, or widget, which knows `--rounds NUMBER`, `--cpu NUMBER` and \
    `--net slow4g`; without a name it runs all.";

/// Runs every bench, or the one that is named.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let workspace = Workspace::find()?;
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => {
            scores(&workspace)?;
            server(&workspace)?;
            reads(&workspace)?;
            widget(&workspace, &[])
        }
        ["scores"] => scores(&workspace),
        ["server"] => server(&workspace),
        ["reads"] => reads(&workspace),
        ["widget", ref flags @ ..] => widget(&workspace, flags),
        _ => bail!(USAGE),
    }
}

fn bench(workspace: &Workspace, package: &str, name: &str) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["bench", "--quiet", "--package", package, "--bench", name]);
    cargo
}

fn scores(workspace: &Workspace) -> Result<()> {
    run(&mut bench(workspace, "candor-scoring", "scores"), "Mend what is named above.")
}

fn server(workspace: &Workspace) -> Result<()> {
    tools::wrk()?;
    say("Benching the server beside one without a store (11 minutes after the build)");
    run(&mut bench(workspace, "candor-server", "ingest"), "Mend what is named above.")
}

/// With ten million responses; `CANDOR_RESPONSES` says another number, `CANDOR_READS` the file of a database to make or to use.
fn reads(workspace: &Workspace) -> Result<()> {
    say("Reading ten million responses (5 minutes after the build)");
    run(&mut bench(workspace, "candor-server", "reads"), "Mend what is named above.")
}

/// Through the journeys' library and server, both as the journeys build them.
fn widget(workspace: &Workspace, flags: &[&str]) -> Result<()> {
    let mut cargo = bench(workspace, "candor-journeys", "widget");
    for flag in flags.chunks(2) {
        match *flag {
            ["--rounds", rounds] => cargo.env("CANDOR_ROUNDS", rounds),
            ["--cpu", cpu] => cargo.env("CANDOR_CPU", cpu),
            ["--net", net] => cargo.env("CANDOR_NET", net),
            _ => bail!(USAGE),
        };
    }
    let node = Node::required(workspace)?;
    build::assets(workspace, Some(&node))?;
    Node::peers(workspace)?;
    let chromedriver = tools::browsers()?;
    let server = build::debug_server(workspace)?;
    say("Benching the widget beside PostHog's and a page with neither (4 minutes)");
    cargo.args(["--profile", "dev"]).env("CANDOR_BIN", server).env("CHROMEDRIVER", chromedriver);
    run(&mut cargo, "Mend what is named above.")
}
