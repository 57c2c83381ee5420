//! `cargo xtask test`: all that must hold before a change goes in.
//!
//! Every step runs, even after a failure, so that one run tells everything. A step that can't run is a failure, and so is a
//! suite that ran no test.

use crate::build;
use crate::counts::{Counts, FailedTests};
use crate::locales;
use crate::node::Node;
use crate::size;
use crate::tools;
use crate::workspace::{WASM, Workspace, program, run, say, told};
use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

type Step = fn(&mut Run) -> Result<()>;

/// What is run, in this order: what is quick to fail comes first.
const STEPS: &[(&str, Step)] = &[
    ("format", format),
    ("locales", packs),
    ("build", build),
    ("clippy", clippy),
    ("clippy-wasm", clippy_wasm),
    ("machete", machete),
    ("size", sizes),
    ("host", host),
    ("chromium", chromium),
    ("firefox", firefox),
    ("journeys", journeys),
    ("docs", docs),
];

/// The names of all steps.
pub(crate) fn names() -> String {
    STEPS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Where a run has got to.
struct Run {
    workspace: Workspace,
    /// The folder of the immutable browser files, once they are built.
    assets: Option<PathBuf>,
    /// The step's own counts.
    counts: Counts,
    /// What failed, in words, over all steps.
    failures: Vec<String>,
    /// The name of the step.
    step: &'static str,
}

/// Runs all steps, or those that are named.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    if let Some(unknown) = arguments.iter().find(|name| !STEPS.iter().any(|(step, _)| step == name)) {
        bail!("There is no step `{unknown}`: name some of {}, or none to run all.", names());
    }
    let workspace = Workspace::find()?;
    let mut run = Run { workspace, assets: None, counts: Counts::default(), failures: Vec::new(), step: "" };
    let mut rows = Vec::new();
    let mut total = Counts::default();
    for (name, step) in STEPS {
        if !arguments.is_empty() && !arguments.iter().any(|wanted| wanted == name) {
            continue;
        }
        println!();
        say(format_args!("Step {name}"));
        run.step = name;
        run.counts = Counts::default();
        let start = Instant::now();
        if let Err(error) = step(&mut run) {
            println!("xtask: {name}: {}", told(&error));
            run.fail(&error.to_string());
        }
        total += run.counts;
        rows.push((*name, run.counts, start.elapsed()));
    }

    println!();
    println!("{:<14}{:>8}{:>8}{:>10}", "step", "passed", "failed", "seconds");
    for (name, counts, time) in rows {
        println!("{name:<14}{:>8}{:>8}{:>10.1}", counts.passed, counts.failed, time.as_secs_f64());
    }
    for failure in &run.failures {
        println!("failed: {}", failure.lines().next().unwrap_or_default());
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 || total.passed == 0 {
        // The last line is the summary, so nothing is added to it.
        std::process::exit(1);
    }
    Ok(())
}

impl Run {
    fn cargo(&self) -> Command {
        self.workspace.cargo()
    }

    fn pass(&mut self) {
        self.counts.passed += 1;
    }

    fn fail(&mut self, why: &str) {
        self.counts.failed += 1;
        self.failures.push(format!("{}: {why}", self.step));
    }

    /// A command that counts as one test.
    fn check(&mut self, command: &mut Command, advice: &str) -> Result<()> {
        run(command, advice)?;
        self.pass();
        Ok(())
    }

    /// A command that runs tests: its output is shown and its results are counted.
    fn suite(&mut self, command: &mut Command) -> Result<()> {
        let mut child = command.stdout(Stdio::piped()).spawn().context("The tests can't be started.")?;
        let output = child.stdout.take().context("The tests' output can't be read.")?;
        let mut failed = FailedTests::default();
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            self.counts += Counts::of_line(&line);
            failed.read(&line);
        }
        let status = child.wait()?;
        let tests = self.counts.passed + self.counts.failed;
        for name in failed.names() {
            self.failures.push(format!("{}: {name}", self.step));
        }
        if !status.success() && self.counts.failed == 0 {
            bail!(
                "The suite ended with {status} without naming a failed test: its last lines above say why."
            );
        }
        if tests == 0 {
            bail!("The suite ran no test.");
        }
        Ok(())
    }

    /// The browser files; built by the first step that needs them.
    fn assets(&mut self) -> Result<PathBuf> {
        if let Some(folder) = &self.assets {
            return Ok(folder.clone());
        }
        let node = Node::required(&self.workspace)?;
        let folder = build::assets(&self.workspace, Some(&node))?;
        self.assets = Some(folder.clone());
        Ok(folder)
    }
}

fn format(run: &mut Run) -> Result<()> {
    run.check(run.cargo().args(["fmt", "--all", "--check"]), "Run `cargo fmt`.")
}

fn packs(run: &mut Run) -> Result<()> {
    locales::command(&["--check".to_owned()])?;
    run.pass();
    Ok(())
}

fn build(run: &mut Run) -> Result<()> {
    run.assets()?;
    run.pass();
    Ok(())
}

const LINT_ADVICE: &str = "Mend what is named above; an exception needs `#[expect(…, reason = \"…\")]`.";

fn clippy(run: &mut Run) -> Result<()> {
    run.check(
        run.cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
        LINT_ADVICE,
    )
}

fn clippy_wasm(run: &mut Run) -> Result<()> {
    tools::wasm_target(&run.workspace)?;
    run.check(
        run.cargo()
            .args(["clippy", "--package", "candor", "--all-targets", "--target", WASM])
            .args(["--", "--deny", "warnings"]),
        LINT_ADVICE,
    )
}

fn machete(run: &mut Run) -> Result<()> {
    let mut machete = program(tools::cargo_machete()?);
    machete.current_dir(&run.workspace.root).arg("machete");
    run.check(&mut machete, "Remove the dependencies that are named above: nothing uses them.")
}

fn sizes(run: &mut Run) -> Result<()> {
    let folder = run.assets()?;
    for budget in size::measure(&run.workspace, &folder)? {
        if budget.holds() {
            run.pass();
        } else {
            run.fail(&format!("over budget: {}", budget.name));
        }
    }
    Ok(())
}

fn host(run: &mut Run) -> Result<()> {
    tools::strace()?;
    let mut cargo = run.cargo();
    cargo.args(["test", "--workspace", "--exclude", "candor-journeys", "--no-fail-fast"]);
    run.suite(&mut cargo)
}

fn chromium(run: &mut Run) -> Result<()> {
    let driver = tools::browsers()?;
    in_browser(run, ["--chrome", "--chromedriver"], &driver)
}

fn firefox(run: &mut Run) -> Result<()> {
    tools::browsers()?;
    let driver = tools::geckodriver()?;
    in_browser(run, ["--firefox", "--geckodriver"], &driver)
}

/// The tests of the widget and of the Leptos app, and those of the scoring that hold its bits, as users of wasm-pack run them;
/// wasm-pack itself installs nothing.
fn in_browser(run: &mut Run, flags: [&str; 2], driver: &Path) -> Result<()> {
    tools::wasm_target(&run.workspace)?;
    let bindgen = tools::wasm_bindgen(&run.workspace)?;
    for package in [&[][..], &["examples/leptos"], &["crates/scoring", "--test", "bits"]] {
        let mut wasm_pack = program(tools::wasm_pack()?);
        wasm_pack.current_dir(&run.workspace.root).env_remove("CARGO_BUILD_TARGET");
        wasm_pack.args(["test", "--headless", "--mode", "no-install"]).args(flags).arg(driver).args(package);
        wasm_pack.env("PATH", tools::path_with(&bindgen)?);
        // Seconds; by default 20 for all tests of a file and 5 for the driver's start, too few for a busy machine.
        wasm_pack.env("WASM_BINDGEN_TEST_TIMEOUT", "300").env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
        let before = run.counts;
        if let Err(error) = run.suite(&mut wasm_pack) {
            // A browser of a busy machine hangs now and then before it has loaded anything.
            if run.counts != before {
                return Err(error);
            }
            say("No test was run: once more");
            run.suite(&mut wasm_pack)?;
        }
    }
    Ok(())
}

fn journeys(run: &mut Run) -> Result<()> {
    run.assets()?;
    Node::hosts(&run.workspace)?;
    let (chromedriver, geckodriver) = (tools::browsers()?, tools::geckodriver()?);
    tools::webkit()?;
    let server = build::debug_server(&run.workspace)?;
    build::leptos_example(&run.workspace)?;
    let mut cargo = run.cargo();
    cargo.args(["test", "--package", "candor-journeys", "--no-fail-fast"]);
    cargo.env("CANDOR_BIN", server).env("CHROMEDRIVER", chromedriver).env("GECKODRIVER", geckodriver);
    run.suite(&mut cargo)
}

/// `cargo xtask pictures`: takes the pictures of the documents anew.
pub(crate) fn pictures(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "`pictures` knows no flags.");
    let workspace = Workspace::find()?;
    let node = Node::required(&workspace)?;
    build::assets(&workspace, Some(&node))?;
    let (chromedriver, server) = (tools::browsers()?, build::debug_server(&workspace)?);
    let mut cargo = workspace.cargo();
    cargo.args([
        "test",
        "--package",
        "candor-journeys",
        "--test",
        "displays",
        "--",
        "--ignored",
        "the_pictures",
    ]);
    cargo.env("CANDOR_BIN", server).env("CHROMEDRIVER", chromedriver);
    cargo.env("CANDOR_PICTURES", workspace.root.join("docs/displays"));
    run(&mut cargo, "Mend what is named above.")
}

fn docs(run: &mut Run) -> Result<()> {
    let mut cargo = run.cargo();
    cargo.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings");
    run.check(&mut cargo, "Mend the documentation that is named above.")
}
