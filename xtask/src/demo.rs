//! `cargo xtask demo`: everything built in release and served, with nothing to prepare.

use crate::build;
use crate::node::Node;
use crate::workspace::{Workspace, program, run, say};
use anyhow::{Context, Result, bail};
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Builds, prints the addresses and becomes the server.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let port: u16 = match arguments {
        [] => 7878,
        [flag, port] if flag == "--port" => {
            port.parse().with_context(|| format!("`{port}` is not a port: give a number from 1 to 65535."))?
        }
        _ => bail!("`demo` knows one flag: --port NUMBER (default 7878)."),
    };
    let workspace = Workspace::find()?;
    let node = Node::if_present(&workspace);
    build::assets(&workspace, node.as_ref())?;
    let (server, filler) = build::release_demo(&workspace)?;

    let listen = format!("127.0.0.1:{port}");
    drop(
        TcpListener::bind(&listen)
            .with_context(|| format!("{listen} is taken: end what listens there, or give another --port."))?,
    );
    let token = token(&workspace.made().join("demo.token"))?;
    let database = workspace.made().join("demo.sqlite");
    let url = format!("sqlite://{}", database.display());
    // The API takes no answer that is older than a week.
    run(program(filler).arg(&url), "End what else uses the database that it names, or remove it.")?;
    let mut serve = program(server);
    serve.current_dir(&workspace.root).args(["serve", "--listen", &listen]).env("CANDOR_TOKEN", &token);
    serve.args(["--database", &url]);
    serve.args(["--surveys", "surveys", "--demo", "www/demo", "--playground", "index.html"]);

    say("Serving the demo; Ctrl-C ends it");
    println!();
    println!("  Open this                        http://{listen}/#token={token}");
    println!("  Playground with every option     http://{listen}/playground");
    println!("  Token for reading the scores     {token}");
    println!("  Database                         {}", database.display());
    println!();
    become_it(serve)
}

/// A token that only this machine knows, kept so that bookmarks hold.
fn token(path: &Path) -> Result<String> {
    if let Ok(token) = fs::read_to_string(path)
        && !token.trim().is_empty()
    {
        return Ok(token.trim().to_owned());
    }
    // The standard library seeds its hash maps from the system's randomness.
    let random = || RandomState::new().build_hasher().finish();
    let token = format!("{:016x}{:016x}", random(), random());
    fs::write(path, &token)?;
    Ok(token)
}

/// Replaces this process, so that Ctrl-C and `kill` reach the server itself and it can finish what it is storing.
#[cfg(unix)]
fn become_it(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).context("The server can't be started.")
}

#[cfg(not(unix))]
fn become_it(mut command: Command) -> Result<()> {
    crate::workspace::run(&mut command, "The server's last line above says why.")
}
