//! Every command of this repository: `cargo xtask <command>`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its terminal")]

mod arrange;
mod bench;
mod build;
mod collect;
mod counts;
mod demo;
mod deny;
mod locales;
mod node;
mod options;
mod size;
mod test;
mod tools;
mod torture;
mod trim;
mod workspace;

use anyhow::{Result, bail};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask demo [--port 7878]    build everything in release and serve the demo
cargo xtask test [step…]          everything that must pass; with names only these steps
cargo xtask size                  what visitors download, held against the budget
cargo xtask bench [name]          speed, beside its reference: scores, server, widget (--rounds, --cpu, --net)
cargo xtask torture [name]        the long proofs: server is killed 200 times (--kills); its power is cut 120 times (--cuts);
                                  scoring, survey and store are broken in every way, or only the files that are named after
                                  them; access is broken once for each of tests/assertions.toml, or only for the numbers that
                                  are named after it
cargo xtask deny                  licences and origins of all dependencies, held against deny.toml
cargo xtask build [--server]      build what browsers download into target/candor/dist
cargo xtask pictures              take the pictures in docs/ anew
cargo xtask locales [--check]     compile the messages in locales/ to packs, or check that the packs are current
cargo xtask options [--check]     write the tables of options in docs/embedding.md, or check that they are current";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("xtask: {}", workspace::told(error));
    ExitCode::FAILURE
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else { bail!("Name a command:\n\n{USAGE}") };
    match command.as_str() {
        "build" => build::command(rest),
        "deny" => deny::command(rest),
        "demo" => demo::command(rest),
        "test" => test::command(rest),
        "pictures" => test::pictures(rest),
        "size" => size::command(rest),
        "bench" => bench::command(rest),
        "torture" => torture::command(rest),
        "locales" => locales::command(rest),
        "options" => options::command(rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        unknown => bail!("There is no command `{unknown}`:\n\n{USAGE}"),
    }
}
