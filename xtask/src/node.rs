//! The npm packages pinned in `tests/node` (wasm-opt, esbuild and axe-core), `tests/peers` and `tests/hosts`.

use crate::tools;
use crate::workspace::{Workspace, program, run, say, told};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// wasm-opt judged by its result in brotli; the features are those that Rust's target enables or browsers have long had.
const WASM_OPT: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    // The stack grows down towards address 0, and nothing else is there.
    "--low-memory-unused",
    "--strip-producers",
    "--strip-target-features",
    "-O2",
    "--converge",
    // Inlining limits, by trial: small enough that brotli finds repetition, large enough that browsers, which compile each
    // function when it is first called, compile few of them.
    "-aimfs",
    "2",
    "-fimfs",
    "10",
    "-ocimfs",
    "30",
];

/// A folder with `node_modules` in it.
pub(crate) struct Node {
    folder: PathBuf,
}

impl Node {
    /// Installs Node when it is missing, then the packages.
    pub(crate) fn required(workspace: &Workspace) -> Result<Self> {
        tools::node()?;
        Self::install(workspace)
    }

    /// Installs what the widget is measured beside, which nothing but its bench needs, into `target/candor/peers`.
    pub(crate) fn peers(workspace: &Workspace) -> Result<()> {
        tools::node()?;
        install(workspace, "peers", "posthog-js").map(drop)
    }

    /// Installs the libraries that the host pages of the tests bring along, and IBM's accessibility checker, into `target/candor/hosts`.
    pub(crate) fn hosts(workspace: &Workspace) -> Result<()> {
        install(workspace, "hosts", "Bootstrap, React, Turbo, Radix and IBM's accessibility checker")
            .map(drop)
    }

    /// The packages when Node is there and npm can fetch them, else `None` and one line that says what is lost.
    pub(crate) fn if_present(workspace: &Workspace) -> Option<Self> {
        let why = if tools::has_node() {
            match Self::install(workspace) {
                Ok(node) => return Some(node),
                Err(error) => told(&error),
            }
        } else {
            "Node is not installed.".to_owned()
        };
        say(format_args!(
            "{why} Going on without wasm-opt and esbuild: the Wasm is about 5 % larger, the scripts twice as large"
        ));
        None
    }

    fn install(workspace: &Workspace) -> Result<Self> {
        Ok(Self { folder: install(workspace, "node", "binaryen, esbuild and axe-core")? })
    }

    /// Where the packages are.
    pub(crate) fn modules(&self) -> PathBuf {
        self.folder.join("node_modules")
    }

    /// Shrinks a Wasm file.
    pub(crate) fn wasm_opt(&self, input: &Path, output: &Path) -> Result<()> {
        let mut node = program("node");
        node.arg(self.modules().join("binaryen/bin/wasm-opt"))
            .args(WASM_OPT)
            .arg(input)
            .arg("-o")
            .arg(output);
        run(
            &mut node,
            "Delete target/candor/node so that it is installed afresh, then run the command again.",
        )
    }

    /// Bundles the module and its imports into one minified file.
    pub(crate) fn bundle_module(&self, input: &Path, output: &Path) -> Result<()> {
        // The banner lets Chromium compile all of it while it downloads, not each function when it is first called.
        // The Wasm features in use came to browsers later than ES2020. Without the glue's `if (Symbol.dispose) …` a class
        // that nobody uses has no effect and goes.
        let compile = "--banner:js=//# allFunctionsCalledOnLoad";
        let flags = [compile, "--bundle", "--format=esm", "--target=es2020", "--define:Symbol.dispose=false"];
        self.esbuild(input, output, &flags)
    }

    /// Minifies the loader.
    pub(crate) fn minify_loader(&self, input: &Path, output: &Path) -> Result<()> {
        // Old browsers should get as far as to say that they are too old. They all know import() from afar:
        // where it is missing, the loader says so too, while esbuild would put require() in its place.
        self.esbuild(input, output, &["--target=es2018", "--supported:dynamic-import=true"])
    }

    fn esbuild(&self, input: &Path, output: &Path, flags: &[&str]) -> Result<()> {
        let mut node = program("node");
        node.arg(self.modules().join("esbuild/bin/esbuild")).arg(input).args(flags);
        node.args(["--minify", "--charset=utf8", "--legal-comments=none", "--log-level=warning"]);
        node.arg({
            let mut flag = std::ffi::OsString::from("--outfile=");
            flag.push(output);
            flag
        });
        run(&mut node, "Mend the script that the message above names.")
    }
}

/// Installs what is pinned in this folder of `tests` and gives where: a folder of the same name.
fn install(workspace: &Workspace, name: &str, packages: &str) -> Result<PathBuf> {
    let folder = workspace.made().join(name);
    let pinned = workspace.root.join("tests").join(name);
    // npm leaves no trace of what it installed from, so a copy of the lock file is written last.
    let stamp = folder.join("installed.json");
    let lock = fs::read(pinned.join("package-lock.json"))
        .with_context(|| format!("tests/{name}/package-lock.json can't be read: restore it from git."))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(folder);
    }
    say(format_args!("Installing {packages} with npm"));
    fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(pinned.join(file), folder.join(file))?;
    }
    run(
        program("npm").current_dir(&folder).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-progress",
            "--silent",
        ]),
        "Check that the npm registry can be reached, then run the command again.",
    )?;
    fs::write(stamp, lock)?;
    Ok(folder)
}
