//! `cargo xtask torture access`: what everyone must be able to do in a survey, each assertion beside a change of the widget that breaks
//! it and the journey that notices.

use crate::build;
use crate::counts::Counts;
use crate::node::Node;
use crate::tools;
use crate::workspace::{Workspace, output, program, say, told};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Journeys that look at some of many looks of a survey, and here at all of them: by these variables.
const WHOLE: [(&str, &[&str]); 2] = [
    (
        "accessibility",
        &[
            "two_engines_find_no_violation_on_any_step_of_a_recommendation",
            "two_engines_find_no_violation_on_any_step_of_a_satisfaction",
            "two_engines_find_no_violation_on_any_step_of_an_effort",
        ],
    ),
    ("geometry", &["every_accent_stays_as_it_is_and_can_be_read_and_told_in_both_themes"]),
];
const ALL: [&str; 2] = ["CANDOR_ACCESS", "CANDOR_ACCENTS"];

/// What is asserted, from the root.
const TABLE: &str = "tests/assertions.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    assertion: Vec<Assertion>,
}

/// What must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assertion {
    number: u32,
    says: String,
    /// Why no browser without a screen can tell; then nothing breaks it.
    reason: Option<String>,
    #[serde(default)]
    broken: Vec<Mutation>,
}

/// A change that breaks it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    /// The journey that notices, by its file and name: `looks::every_text_is_whole_at_320_px`.
    test: String,
    file: PathBuf,
    old: String,
    new: String,
}

impl Table {
    fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join(TABLE))
            .with_context(|| format!("{TABLE} can't be read: restore it from git."))?;
        toml::from_str(&text).with_context(|| format!("{TABLE} is no table of assertions: mend it."))
    }
}

impl Mutation {
    /// The file of journeys, and the test's name in it.
    fn test(&self) -> Result<(&str, &str)> {
        self.test.split_once("::").with_context(|| format!("`{}` should be file::test.", self.test))
    }

    /// The file as it is, and broken.
    fn read(&self, root: &Path) -> Result<[String; 2]> {
        let file = self.file.display();
        let whole = fs::read_to_string(root.join(&self.file)).with_context(|| {
            format!("{file} can't be read: name in {TABLE} what the file is called by now.")
        })?;
        let found = whole.matches(&self.old).count();
        ensure!(found == 1, "{file} has {found} times what {TABLE} replaces in it:\n{}", self.old);
        ensure!(self.old != self.new, "{TABLE} replaces by the same in {file}:\n{}", self.old);
        let broken = whole.replacen(&self.old, &self.new, 1);
        Ok([whole, broken])
    }
}

/// What became of some tests.
enum Outcome {
    Passed,
    /// With the first failed assertion, in one line.
    Failed(String),
}

/// Breaks the widget once for each assertion, or for those of these numbers, and sees whether its test notices.
pub(super) fn torture(workspace: &Workspace, numbers: &[&str]) -> Result<()> {
    let table = Table::read(&workspace.root)?;
    let wanted: BTreeSet<u32> = numbers
        .iter()
        .map(|number| number.parse().with_context(|| format!("{number}: expected an assertion's number.")))
        .collect::<Result<_>>()?;
    if let Some(unknown) =
        wanted.iter().find(|number| !table.assertion.iter().any(|row| row.number == **number))
    {
        bail!("{TABLE} has no assertion {unknown}.");
    }
    let rows = table.assertion.iter().filter(|row| wanted.is_empty() || wanted.contains(&row.number));
    let rows: Vec<_> = rows.collect();
    let broken: Vec<_> =
        rows.iter().flat_map(|row| row.broken.iter().map(|mutation| (*row, mutation))).collect();

    let mut tests = BTreeMap::<_, BTreeSet<_>>::new();
    for (_, mutation) in &broken {
        let (file, name) = mutation.test()?;
        tests.entry(file).or_default().insert(name);
    }
    say(format_args!(
        "Breaking {} assertions in {} ways, each a build (half a minute to a minute)",
        rows.len(),
        broken.len()
    ));
    let dated = dated(workspace)?;
    let stage = Stage::of(workspace)?;
    for (file, names) in tests {
        let names: Vec<_> = names.into_iter().collect();
        if let Outcome::Failed(why) = stage.test(file, &names, &[])? {
            bail!("A test of {file} fails while nothing is broken: {why}");
        }
    }
    if wanted.is_empty() {
        say("Looking at every look with every accent (3 minutes)");
        for (file, names) in WHOLE {
            if let Outcome::Failed(why) = stage.test(file, names, &ALL)? {
                bail!("A test of {file} fails: {why}");
            }
        }
    }

    let mut told_of = Vec::new();
    let mut missed = BTreeSet::new();
    for (row, mutation) in &broken {
        let start = Instant::now();
        let (line, is_caught) = match stage.survives(mutation) {
            Ok(Outcome::Failed(why)) => (format!("caught by {}: {why}", mutation.test), true),
            Ok(Outcome::Passed) => (format!("MISSED by {}", mutation.test), false),
            Err(error) => (format!("MISSED, because it can't be tried: {}", told(&error)), false),
        };
        let line = format!("{:>2} {} … {line} ({} s)", row.number, row.says, start.elapsed().as_secs());
        say(&line);
        told_of.push(line);
        if !is_caught {
            missed.insert(row.number);
        }
    }

    println!();
    for line in told_of {
        println!("{line}");
    }
    let mut untested = 0;
    for row in &rows {
        if let Some(reason) = &row.reason {
            println!("{:>2} {} … not testable here: {reason}", row.number, row.says);
            untested += 1;
        }
    }
    println!(
        "{dated}: {} assertions: {} caught, {} missed, {untested} not testable here",
        rows.len(),
        rows.len() - untested - missed.len(),
        missed.len()
    );
    ensure!(
        missed.is_empty(),
        "Let the tests of those that were MISSED notice, or break them in another way."
    );
    Ok(())
}

/// The time, and the commit of this checkout.
fn dated(workspace: &Workspace) -> Result<String> {
    let date = output(program("date").args(["-u", "+%F %H:%M UTC"]), "Install what knows the time.")?;
    let mut git = program("git");
    git.current_dir(&workspace.root).args(["describe", "--always", "--dirty", "--exclude", "*"]);
    let commit = output(&mut git, "Run it in a checkout.")?;
    Ok(format!("{}, commit {}", date.trim(), commit.trim()))
}

/// A copy of the checkout that may be broken, and what its journeys need.
struct Stage {
    copy: Workspace,
    node: Node,
    chromedriver: PathBuf,
    geckodriver: PathBuf,
}

impl Stage {
    /// All that git knows of the checkout, as it stands there now, built.
    fn of(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.made().join("access");
        let root = folder.join("tree");
        copy_tracked(&workspace.root, &root, &folder.join("files"))?;
        let copy = Workspace { root, target: folder.join("target") };
        let node = Node::required(&copy)?;
        Node::hosts(&copy)?;
        let stage = Self { copy, node, chromedriver: tools::browsers()?, geckodriver: tools::geckodriver()? };
        stage.build()?;
        Ok(stage)
    }

    /// Builds what the journeys see of the copy.
    fn build(&self) -> Result<()> {
        build::assets(&self.copy, Some(&self.node))?;
        build::debug_server(&self.copy).map(drop)
    }

    /// What the journey says of the broken widget. The file is whole again afterwards.
    fn survives(&self, mutation: &Mutation) -> Result<Outcome> {
        let [whole, broken] = mutation.read(&self.copy.root)?;
        let (file, name) = mutation.test()?;
        let path = self.copy.root.join(&mutation.file);
        fs::write(&path, broken)?;
        let outcome = self.build().and_then(|()| self.test(file, &[name], &[]));
        fs::write(&path, whole)?;
        outcome
    }

    /// Runs these tests of a file of journeys, which look at `all` that these variables are about.
    fn test(&self, file: &str, names: &[&str], all: &[&str]) -> Result<Outcome> {
        let mut cargo = self.copy.cargo();
        cargo
            .args(["test", "--quiet", "--package", "candor-journeys", "--test", file, "--", "--exact"])
            .args(names);
        // They find the server of the folder that they are built into.
        cargo.env_remove("CANDOR_BIN").env("RUST_BACKTRACE", "0").envs(all.iter().map(|name| (name, "all")));
        cargo.env("CHROMEDRIVER", &self.chromedriver).env("GECKODRIVER", &self.geckodriver);
        let ran = cargo.output().context("The tests can't be started.")?;
        let text = String::from_utf8_lossy(&ran.stdout);
        let mut counts = Counts::default();
        for line in text.lines() {
            counts += Counts::of_line(line);
        }
        let (counted, wanted) = (counts.passed + counts.failed, names.len() as u64);
        ensure!(
            counted == wanted,
            "{file} ran {counted} tests instead of {wanted}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
        Ok(if counts.failed == 0 { Outcome::Passed } else { Outcome::Failed(why(&text)) })
    }
}

/// Why a test failed: what its first assertion says, or its error.
fn why(output: &str) -> String {
    let mut lines = output.lines();
    let said =
        lines.find_map(|line| line.strip_prefix("Error: ").or(line.contains("panicked at").then_some("")));
    let mut words = said.into_iter().chain(lines).flat_map(str::split_whitespace);
    let mut why = String::new();
    while let Some(word) = words.next().filter(|_| why.chars().count() < 120) {
        why.extend([word, " "]);
    }
    why.trim_end().to_owned()
}

/// Brings a copy of the tracked files to what they are now. What is the same is not touched, so that Cargo builds little again.
fn copy_tracked(from: &Path, to: &Path, stamp: &Path) -> Result<()> {
    let mut git = program("git");
    let list = output(git.current_dir(from).args(["ls-files", "-z"]), "Run it in a checkout.")?;
    let names: BTreeSet<_> = list.split_terminator('\0').filter(|name| from.join(name).is_file()).collect();
    for name in fs::read_to_string(stamp).unwrap_or_default().lines().filter(|name| !names.contains(name)) {
        // It may be gone already.
        let _ = fs::remove_file(to.join(name));
    }
    for name in &names {
        let (bytes, copy) = (fs::read(from.join(name))?, to.join(name));
        if fs::read(&copy).is_ok_and(|there| there == bytes) {
            continue;
        }
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&copy, bytes).with_context(|| format!("{} can't be written.", copy.display()))?;
    }
    fs::write(stamp, names.into_iter().collect::<Vec<_>>().join("\n"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_assertion_is_broken_where_it_can_be_and_its_test_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let table = Table::read(&root).unwrap();
        let numbers: Vec<_> = table.assertion.iter().map(|row| row.number).collect();
        assert_eq!(numbers, (1..=42).collect::<Vec<_>>());
        for row in &table.assertion {
            assert_ne!(row.broken.is_empty(), row.reason.is_none(), "{}: broken, or a reason", row.number);
            for mutation in &row.broken {
                mutation.read(&root).unwrap();
                let (file, name) = mutation.test().unwrap();
                let tests = fs::read_to_string(root.join(format!("tests/journeys/tests/{file}.rs"))).unwrap();
                assert!(
                    tests.contains(&format!("#[tokio::test]\nasync fn {name}() ")),
                    "{}: {} is no test",
                    row.number,
                    mutation.test
                );
            }
        }
        for (file, names) in WHOLE {
            let tests = fs::read_to_string(root.join(format!("tests/journeys/tests/{file}.rs"))).unwrap();
            for name in names {
                assert!(tests.contains(&format!("async fn {name}() ")), "{name} is no test");
            }
        }
    }

    #[test]
    fn a_failed_test_says_why_in_one_line() {
        let panic = "running 1 test\nthread 'a' panicked at tests/a.rs:1:2:\nassertion failed:\n  left: 1\n right: 2\n";
        assert_eq!(why(panic), "assertion failed: left: 1 right: 2");
        assert_eq!(why("---- a stdout ----\nError: waited in vain\n\nfailures:"), "waited in vain failures:");
        assert_eq!(why("nothing"), "");
    }
}
