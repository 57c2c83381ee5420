//! Where things are, and how other programs are started.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Written by hand in as few places as possible: the Wasm's target.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The checkout and the folder that Cargo builds into.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder; `CARGO_TARGET_DIR` and configuration files are respected.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks Cargo, because only Cargo knows all the ways in which the target folder may be set.
    pub(crate) fn find() -> Result<Self> {
        let mut cargo = Command::new(cargo_path());
        cargo.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]);
        let text = output(&mut cargo, "Run `cargo xtask` inside the repository.")?;
        let metadata: serde_json::Value = serde_json::from_str(&text)?;
        let folder = |key: &str| {
            metadata.get(key).and_then(|value| value.as_str()).map(PathBuf::from).with_context(|| {
                format!("`cargo metadata` gave no `{key}`: use the toolchain that rust-toolchain.toml names.")
            })
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    /// Everything that the commands make, apart from what Cargo makes itself.
    pub(crate) fn made(&self) -> PathBuf {
        self.target.join("candor")
    }

    /// What browsers download: built by `build`, embedded by the server.
    pub(crate) fn dist(&self) -> PathBuf {
        self.made().join("dist")
    }

    /// Cargo in the workspace, with what every call of it needs.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = program(cargo_path());
        cargo.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        // The server's build script looks here. Given on every call, because a change of it rebuilds the server.
        cargo.env("CANDOR_DIST", self.dist());
        // Somebody's default target would move the binaries from where they are expected.
        cargo.env_remove("CARGO_BUILD_TARGET");
        cargo
    }
}

/// The Cargo that started this program, hence the same toolchain.
pub(crate) fn cargo_path() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// A command without standard input and without what `cargo run` left in the environment: build scripts that watch
/// `CARGO_PKG_…` would run again, and a browser would load the toolchain's libraries.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null());
    for (key, _) in std::env::vars_os() {
        let key = key.to_string_lossy();
        if key.starts_with("CARGO_PKG_") || key.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*key);
        }
    }
    if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
        let kept: Vec<_> = std::env::split_paths(&libraries).filter(|path| !is_cargos(path)).collect();
        match std::env::join_paths(&kept) {
            Ok(kept) if !kept.is_empty() => command.env("LD_LIBRARY_PATH", kept),
            _ => command.env_remove("LD_LIBRARY_PATH"),
        };
    }
    command
}

/// Whether `cargo run` added this folder to the library path: the folder of the running binary, or a toolchain's.
fn is_cargos(path: &Path) -> bool {
    let built = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf));
    built.is_some_and(|built| path.starts_with(built))
        || path.components().any(|part| part.as_os_str() == "toolchains" || part.as_os_str() == "rustlib")
}

/// One line about what is being done.
pub(crate) fn say(line: impl std::fmt::Display) {
    println!("xtask: {line}");
}

/// An error as its sentence, with the causes that libraries gave in their own words below it.
pub(crate) fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n  cause: ")
}

/// Runs to the end with its output shown.
///
/// # Errors
///
/// When it can't be started or fails; the message ends with `advice`, a sentence on what to do.
pub(crate) fn run(command: &mut Command, advice: &str) -> Result<()> {
    let status = command.status().with_context(|| not_started(command, advice))?;
    if !status.success() {
        bail!("{} failed ({status}). {advice}", shown(command));
    }
    Ok(())
}

/// Runs to the end without showing its output unless it fails, and gives its standard output.
pub(crate) fn output(command: &mut Command, advice: &str) -> Result<String> {
    let output = command.output().with_context(|| not_started(command, advice))?;
    if !output.status.success() {
        bail!(
            "{} failed ({}). {advice}\n{}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a program prints for `--version`, or `None` when it doesn't run.
pub(crate) fn version(name: impl AsRef<OsStr>) -> Option<String> {
    let name = Path::new(name.as_ref());
    let mut command = program(name);
    // Cargo's own commands answer only when they are called as Cargo calls them.
    command.args(name.file_name().and_then(|name| name.to_str()?.strip_prefix("cargo-")));
    let output = command.arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn not_started(command: &Command, advice: &str) -> String {
    format!("{} could not be started. {advice}", shown(command))
}

/// The command as one would type it, without its folders.
fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words: Vec<_> =
        std::iter::once(name).chain(command.get_args()).take(4).map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}
