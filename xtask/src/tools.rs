//! Tools that Rust's toolchain lacks: found by running them, installed when they are missing.
//!
//! Programs from crates.io go into `~/.cache/candor` (below `$XDG_CACHE_HOME` when set), one folder per version, so that
//! they touch nothing else and survive `cargo clean`. Browsers, Node and fonts come from apt.

use crate::workspace::{WASM, Workspace, cargo_path, output, program, run, say, version};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// The version of wasm-pack that runs the browser tests.
const WASM_PACK: &str = "0.15.1";
/// The version of geckodriver that drives Firefox.
const GECKODRIVER: &str = "0.37.1";
/// The version of cargo-mutants that breaks the rules.
const CARGO_MUTANTS: &str = "27.1.0";
/// The version of cargo-deny that reads `deny.toml`.
const CARGO_DENY: &str = "0.20.2";
/// The version of cargo-machete that finds dependencies without a use.
const CARGO_MACHETE: &str = "0.9.2";

/// Adds the Wasm target to the toolchain unless it is there.
pub(crate) fn wasm_target(workspace: &Workspace) -> Result<()> {
    let mut rustc = program("rustc");
    rustc.current_dir(&workspace.root).args(["--print", "target-libdir", "--target", WASM]);
    let folder = output(&mut rustc, "Install Rust with rustup (https://rustup.rs).")?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    say(format_args!("Adding the target {WASM} to the toolchain"));
    run(
        program("rustup").current_dir(&workspace.root).args(["target", "add", WASM]),
        "Install the toolchain's standard library for wasm32-unknown-unknown by the means that installed Rust.",
    )
}

/// The folder of `wasm-bindgen` and `wasm-bindgen-test-runner`, of exactly the version in `Cargo.lock`.
pub(crate) fn wasm_bindgen(workspace: &Workspace) -> Result<PathBuf> {
    let lock = std::fs::read_to_string(workspace.root.join("Cargo.lock"))
        .context("Cargo.lock can't be read: run `cargo generate-lockfile`.")?;
    let version = locked_version(&lock, "wasm-bindgen")
        .context("Cargo.lock names no wasm-bindgen: the widget's package should depend on it.")?;
    // With --locked it doesn't compile: its own lock file is behind its own source.
    from_crates_io("wasm-bindgen-cli", version, "wasm-bindgen", false, "5 to 8 minutes, once")
}

/// The path of `wasm-pack`.
pub(crate) fn wasm_pack() -> Result<PathBuf> {
    let folder = from_crates_io("wasm-pack", WASM_PACK, "wasm-pack", true, "2 to 3 minutes, once")?;
    Ok(folder.join("wasm-pack"))
}

/// The path of `geckodriver`.
pub(crate) fn geckodriver() -> Result<PathBuf> {
    let folder = from_crates_io("geckodriver", GECKODRIVER, "geckodriver", true, "2 to 3 minutes, once")?;
    Ok(folder.join("geckodriver"))
}

/// The path of `cargo-mutants`.
pub(crate) fn cargo_mutants() -> Result<PathBuf> {
    let folder =
        from_crates_io("cargo-mutants", CARGO_MUTANTS, "cargo-mutants", true, "2 to 3 minutes, once")?;
    Ok(folder.join("cargo-mutants"))
}

/// The path of `cargo-deny`.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let folder = from_crates_io("cargo-deny", CARGO_DENY, "cargo-deny", true, "4 to 6 minutes, once")?;
    Ok(folder.join("cargo-deny"))
}

/// The path of `cargo-machete`.
pub(crate) fn cargo_machete() -> Result<PathBuf> {
    let folder =
        from_crates_io("cargo-machete", CARGO_MACHETE, "cargo-machete", true, "1 to 2 minutes, once")?;
    Ok(folder.join("cargo-machete"))
}

/// Whether Node and npm are there, without installing them.
pub(crate) fn has_node() -> bool {
    version("node").is_some() && version("npm").is_some()
}

/// Node and npm.
pub(crate) fn node() -> Result<()> {
    let mut missing = Vec::new();
    if version("node").is_none() {
        missing.push("nodejs");
    }
    if version("npm").is_none() {
        missing.push("npm");
    }
    from_apt(&missing)
}

/// Chromium and Firefox, and fonts for the six scripts that the tests look at. Gives the path of chromedriver.
pub(crate) fn browsers() -> Result<PathBuf> {
    let mut missing = Vec::new();
    let any = |names: &[&str]| names.iter().any(|name| version(name).is_some());
    if !any(&["chromium", "chromium-browser", "google-chrome"]) {
        missing.push("chromium");
    }
    if version("chromedriver").is_none() {
        missing.push("chromium-driver");
    }
    if !any(&["firefox-esr", "firefox"]) {
        missing.push("firefox-esr");
    }
    for (package, language) in
        [("fonts-noto-core", "th"), ("fonts-noto-core", "fa"), ("fonts-noto-cjk", "zh-tw")]
    {
        let fonts = program("fc-list").arg(format!(":lang={language}")).arg("family").output();
        if !fonts.is_ok_and(|fonts| !fonts.stdout.is_empty()) && !missing.contains(&package) {
            missing.push(package);
        }
    }
    if missing.iter().any(|package| package.starts_with("fonts")) {
        missing.extend(["fonts-noto-color-emoji", "fontconfig"]);
    }
    from_apt(&missing)?;
    which("chromedriver").context("chromedriver is not on the PATH: install chromium-driver.")
}

/// Safari's engine with its driver, and a screen in memory for it.
pub(crate) fn webkit() -> Result<()> {
    let mut missing = Vec::new();
    for (name, package) in [("WebKitWebDriver", "webkit2gtk-driver"), ("Xvfb", "xvfb")] {
        if which(name).is_none() {
            missing.push(package);
        }
    }
    from_apt(&missing)
}

/// strace, by which the server's tests see when it syncs.
pub(crate) fn strace() -> Result<()> {
    from_apt(if version("strace").is_none() { &["strace"] } else { &[] })
}

/// wrk, which puts load on the server, and taskset, which keeps the two on cores of their own.
pub(crate) fn wrk() -> Result<()> {
    let mut missing = Vec::new();
    // It knows no `--version` and fails, but it runs.
    if which("wrk").is_none() {
        missing.push("wrk");
    }
    if version("taskset").is_none() {
        missing.push("util-linux");
    }
    from_apt(&missing)
}

/// The first file of this name on the `PATH`.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The `PATH` with one folder before all others.
pub(crate) fn path_with(folder: &Path) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders)
        .context("The PATH can't be extended: rename the folder that has a colon in its name.")
}

/// The folder of a binary of exactly this version: on the `PATH`, else in the cache, else installed into it.
fn from_crates_io(package: &str, wanted: &str, binary: &str, locked: bool, time: &str) -> Result<PathBuf> {
    let is_it = |path: &Path| {
        // Most say their name before it.
        version(path).is_some_and(|line| line.split_whitespace().any(|word| word == wanted))
    };
    if let Some(path) = which(binary).filter(|path| is_it(path))
        && let Some(folder) = path.parent()
    {
        return Ok(folder.to_path_buf());
    }
    let root = cache()?.join(format!("{package}-{wanted}"));
    let folder = root.join("bin");
    if is_it(&folder.join(binary)) {
        return Ok(folder);
    }
    say(format_args!("Installing {package} {wanted} into {} ({time})", root.display()));
    std::fs::create_dir_all(&root).with_context(|| {
        format!("{} can't be created: set XDG_CACHE_HOME to a folder of yours.", root.display())
    })?;
    let mut cargo = program(cargo_path());
    // Not in the workspace: its configuration is not meant for this.
    cargo
        .current_dir(&root)
        .args(["install", "--quiet", "--force", package, "--version"])
        .arg(format!("={wanted}"));
    cargo.arg("--root").arg(&root);
    if locked {
        cargo.arg("--locked");
    }
    for key in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"] {
        cargo.env_remove(key);
    }
    run(&mut cargo, "Check that the registry of crates can be reached, then run the command again.")?;
    if !is_it(&folder.join(binary)) {
        bail!("{package} {wanted} was installed but doesn't run: delete {} and try again.", root.display());
    }
    Ok(folder)
}

fn cache() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .context("There is no home folder: set XDG_CACHE_HOME to a folder for the tools.")?;
    Ok(base.join("candor"))
}

fn from_apt(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(", ");
    if version("apt-get").is_none() {
        bail!(
            "Missing: {list}. Install what your system calls these (Debian's names), then run the command again."
        );
    }
    say(format_args!("Installing {list} with apt-get"));
    let apt = || {
        let user = program("id").arg("-u").output();
        let is_root = user.is_ok_and(|user| user.stdout.trim_ascii() == b"0");
        let mut apt = program(if is_root { "apt-get" } else { "sudo" });
        if !is_root {
            apt.arg("apt-get");
        }
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-o", "DPkg::Lock::Timeout=300"]);
        apt
    };
    let advice = format!("Install these by hand, then run the command again: {list}.");
    run(apt().arg("update"), &advice)?;
    run(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages), &advice)
}

/// The version of a package in a `Cargo.lock`.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_tells_the_version_of_wasm_bindgen() {
        let lock = include_str!("../../Cargo.lock");
        let version = locked_version(lock, "wasm-bindgen").expect("wasm-bindgen is locked");
        assert!(
            include_str!("../../Cargo.toml").contains(&format!("wasm-bindgen = \"={version}\"")),
            "{version}"
        );
        assert_eq!(locked_version(lock, "wasm-bindgen-"), None);
    }

    #[test]
    fn a_program_that_is_not_there_has_no_version() {
        assert_eq!(version("no-such-program"), None);
        assert_eq!(which("no-such-program"), None);
    }
}
