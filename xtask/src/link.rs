//! The linker of the widget: the toolchain's own, told to export less.
//!
//! Leptos brings a crate that exports three classes for streams to JavaScript. Nobody asks for them, but an export keeps
//! all that it reaches, 20 kB, and there is no flag that takes back what rustc tells the linker to export.

use crate::workspace::{output, program};
use anyhow::{Context, Result, anyhow};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::LazyLock;

/// Names the real linker to this program, which rustc calls in its stead.
const LINKER: &str = "CANDOR_LINKER";
/// A part of the names of what is not exported: their functions and what describes these to wasm-bindgen.
const UNASKED: &str = "intounderlying";

/// Where this program is. Asked at the start: a step that builds the workspace replaces the file, and from then on the system
/// only tells that it was deleted.
static PROGRAM: LazyLock<std::io::Result<PathBuf>> = LazyLock::new(std::env::current_exe);

/// Puts this program before the toolchain's linker; leaves the command as it is if the toolchain has none of its own.
pub(crate) fn export_less(cargo: &mut Command, wasm: &str) -> Result<()> {
    let mut rustc = program("rustc");
    let folder =
        output(rustc.args(["--print", "target-libdir"]), "Install Rust with rustup (https://rustup.rs).")?;
    let linker = PathBuf::from(folder.trim()).with_file_name("bin").join("rust-lld");
    if linker.is_file() {
        let variable = format!("CARGO_TARGET_{}_LINKER", wasm.to_uppercase().replace('-', "_"));
        let program = PROGRAM.as_ref().map_err(|error| anyhow!("Where xtask is can't be told: {error}."))?;
        cargo.env(variable, program).env(LINKER, linker);
    }
    Ok(())
}

/// Links, if that is what this program was called for.
pub(crate) fn instead_of_a_command() -> Option<Result<ExitCode>> {
    LazyLock::force(&PROGRAM);
    let linker = std::env::var_os(LINKER)?;
    let status = Command::new(linker).args(asked(std::env::args())).status();
    Some(status.context("The toolchain's linker can't be started.").map(|status| match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }))
}

/// The arguments without the exports that nobody asks for: `--export NAME`.
fn asked(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut asked: Vec<String> = Vec::new();
    for argument in arguments.skip(1) {
        if argument.contains(UNASKED) && asked.last().is_some_and(|last| last == "--export") {
            asked.pop();
        } else {
            asked.push(argument);
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_unasked_exports_are_left_out() {
        let line = "linker -flavor wasm --export mount --export intounderlyingsink_close_1f --export flush a.o -o b.wasm";
        let asked = asked(line.split(' ').map(str::to_owned));
        assert_eq!(asked.join(" "), "-flavor wasm --export mount --export flush a.o -o b.wasm");
    }
}
