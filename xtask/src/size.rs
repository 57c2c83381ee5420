//! `cargo xtask size`: what visitors download, to the byte, held against the budget.

use crate::build::{self, brotli};
use crate::node::Node;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail, ensure};
use candor_survey::{AuthoredSite, RunningSurvey, Site};
use std::fs;
use std::path::Path;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// What a visitor may download until the prompt shows, and on a page on which no survey is due; README.md tells both.
const PROMPT: usize = 66_000;
const IDLE: usize = 3_500;

/// The language that is counted: the largest script, hence the largest pack, of those that the widget has.
const LANGUAGE: &str = "th";

/// A limit and what counts against it. Bytes of bodies after brotli 11, 1 kB being 1,000.
pub(crate) struct Budget {
    /// What a visitor does meanwhile.
    pub(crate) name: &'static str,
    /// How many bytes there may be at most.
    limit: usize,
    /// What is downloaded.
    parts: Vec<Part>,
}

struct Part {
    name: &'static str,
    raw: usize,
    brotli: usize,
}

impl Budget {
    fn sum(&self) -> usize {
        self.parts.iter().map(|part| part.brotli).sum()
    }

    /// Whether the sum is within the limit.
    pub(crate) fn holds(&self) -> bool {
        self.sum() <= self.limit
    }
}

/// Builds, prints the table and fails when a limit is exceeded.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "`size` knows no flags.");
    let workspace = Workspace::find()?;
    let node = Node::required(&workspace)?;
    let folder = build::assets(&workspace, Some(&node))?;
    let budgets = measure(&workspace, &folder)?;
    let over: Vec<_> = budgets.iter().filter(|budget| !budget.holds()).map(|budget| budget.name).collect();
    if !over.is_empty() {
        bail!(
            "Over budget: {}. Take out what the last change added, or make room elsewhere.",
            over.join("; ")
        );
    }
    Ok(())
}

/// Weighs what `build` left in `dist`, where `folder` has the immutable files, and prints the table.
pub(crate) fn measure(workspace: &Workspace, folder: &Path) -> Result<Vec<Budget>> {
    let file = |name: &'static str, path: &Path| -> Result<Part> {
        let compressed = path.with_added_extension("br");
        let size = |path: &Path| -> Result<usize> {
            let bytes =
                fs::read(path).with_context(|| format!("{} is missing: build again.", path.display()))?;
            Ok(bytes.len())
        };
        Ok(Part { name, raw: size(path)?, brotli: size(&compressed)? })
    };
    let loader = || file("candor.js", &workspace.dist().join("candor.js"));
    let (definition, list) = server_answers(&workspace.root.join("surveys"))?;
    let budgets = vec![
        Budget { name: "the loader", limit: 3_300, parts: vec![loader()?] },
        Budget {
            name: "until the prompt shows",
            limit: PROMPT,
            parts: vec![
                loader()?,
                json("site's surveys", &list)?,
                file("element.js with the glue", &folder.join("element.js"))?,
                file("candor.wasm with the styles", &folder.join("candor.wasm"))?,
                json("survey's definition", &definition)?,
                file("th.json", &folder.join(LANGUAGE).with_added_extension("json"))?,
            ],
        },
        Budget {
            name: "a page on which no survey is due",
            limit: IDLE,
            parts: vec![loader()?, json("site's surveys", &list)?],
        },
        Budget {
            name: "the scoring within the Wasm",
            limit: 2_000,
            parts: vec![scoring(&build::compiled(workspace))?],
        },
    ];
    for budget in &budgets {
        println!();
        println!("{:<36}{:>12}{:>12}", budget.name, "raw", "brotli 11");
        for part in &budget.parts {
            println!("  {:<34}{:>12}{:>12}", part.name, thousands(part.raw), thousands(part.brotli));
        }
        let verdict = if budget.holds() { "left" } else { "TOO MUCH" };
        let rest = thousands(budget.limit.abs_diff(budget.sum()));
        println!(
            "  {:<46}{:>12} of {}, {rest} {verdict}",
            "",
            thousands(budget.sum()),
            thousands(budget.limit)
        );
    }
    println!();
    Ok(budgets)
}

/// The largest definition and the largest list of surveys that the server gives of the example sites. Definitions of several
/// questions are not among them: their texts would pass for the widget's weight.
fn server_answers(folder: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
    let (mut definition, mut list) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).context("The folder `surveys` can't be read: restore it from git.")? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let site: AuthoredSite = toml::from_str(&fs::read_to_string(&path)?).with_context(|| {
            format!("{} is not a site: `candor serve` says what is wrong with it.", path.display())
        })?;
        for survey in site.surveys.iter().filter(|survey| survey.structure(&site.site).needs().is_empty()) {
            keep_larger(&mut definition, serde_json::to_vec(&survey.localized(&site.site, [LANGUAGE]))?);
        }
        let surveys = site.surveys.into_iter().map(|survey| RunningSurvey {
            id: survey.id,
            version: survey.version,
            options: survey.options,
        });
        keep_larger(&mut list, serde_json::to_vec(&Site { site: site.site, surveys: surveys.collect() })?);
    }
    ensure!(!list.is_empty(), "The folder `surveys` has no site (*.toml) to weigh.");
    Ok((definition, list))
}

/// The functions of the scoring in the Wasm as it was compiled, but for those that the compiler put into the widget's own.
/// They are no file of their own, so nothing is compressed.
fn scoring(wasm: &Path) -> Result<Part> {
    let wasm = fs::read(wasm).with_context(|| format!("{} is missing: build again.", wasm.display()))?;
    let (mut imported, mut sizes, mut of_scoring) = (0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(&wasm) {
        match payload? {
            Payload::ImportSection(imports) => imported = imports.into_imports().count(),
            Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
            Payload::CustomSection(section) => {
                let KnownCustom::Name(names) = section.as_known() else { continue };
                for name in names {
                    let Name::Function(functions) = name? else { continue };
                    for function in functions {
                        let function = function?;
                        if ["candor_scoring", "libm"].iter().any(|name| function.name.contains(name)) {
                            of_scoring.push(function.index as usize);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let size = |index: &usize| index.checked_sub(imported).and_then(|place| sizes.get(place));
    let raw = of_scoring.iter().filter_map(size).sum();
    ensure!(raw > 0, "The compiled Wasm names no function of the scoring: it was built without names.");
    Ok(Part { name: "candor_scoring and libm, raw", raw, brotli: raw })
}

fn keep_larger(kept: &mut Vec<u8>, other: Vec<u8>) {
    if other.len() > kept.len() {
        *kept = other;
    }
}

fn json(name: &'static str, bytes: &[u8]) -> Result<Part> {
    Ok(Part { name, raw: bytes.len(), brotli: brotli(bytes)?.len() })
}

/// A number with commas: 80,000.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_off() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (80_000, "80,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn the_readme_tells_the_budgets() {
        let readme = include_str!("../../README.md");
        for (what, limit) in
            [("A page on which nothing is due", IDLE), ("Everything until the prompt is seen", PROMPT)]
        {
            let row = format!("| {what} | ≤ {} |", limit as f64 / 1_000.0);
            assert!(readme.contains(&row), "README.md has no row `{row}`");
        }
    }

    #[test]
    fn the_language_that_is_counted_has_the_largest_pack() {
        let locales = Path::new(env!("CARGO_MANIFEST_DIR")).join("../locales");
        let size =
            |tag: &&str| brotli(&fs::read(locales.join(tag).join("pack.json")).unwrap()).unwrap().len();
        assert_eq!(candor_survey::LANGUAGES.into_iter().max_by_key(size), Some(LANGUAGE));
    }

    #[test]
    fn a_budget_holds_up_to_its_limit() {
        let part = |brotli| Part { name: "file", raw: 9_999, brotli };
        let budget = |last| Budget { name: "all", limit: 3_000, parts: vec![part(1_000), part(last)] };
        assert!(budget(2_000).holds());
        assert!(!budget(2_001).holds());
    }
}
