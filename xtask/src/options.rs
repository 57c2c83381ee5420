//! `cargo xtask options`: writes the tables of `docs/embedding.md` that say what `crates/survey/src/options.rs` has.

use crate::workspace::Workspace;
use anyhow::{Context, Result, bail, ensure};
use candor_survey::options::{CONDITIONS, Expected, OPTIONS, STARTS, TriggerValue, TriggerWord};
use std::fs;
use std::path::Path;

const DOCUMENT: &str = "docs/embedding.md";

/// `cargo xtask options [--check]`.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let root = Workspace::find()?.root;
    match arguments {
        [] => {
            let current = current(&root)?;
            fs::write(root.join(DOCUMENT), current).with_context(|| format!("can't write {DOCUMENT}"))
        }
        [flag] if flag == "--check" => check(&root),
        _ => bail!("`cargo xtask options` takes nothing or --check, not {arguments:?}"),
    }
}

/// Fails when the committed tables are not what the options say.
fn check(root: &Path) -> Result<()> {
    ensure!(document(root)? == current(root)?, "{DOCUMENT} is not current: run `cargo xtask options`");
    Ok(())
}

fn document(root: &Path) -> Result<String> {
    fs::read_to_string(root.join(DOCUMENT)).with_context(|| format!("can't read {DOCUMENT}"))
}

/// The document with its tables as they should be.
fn current(root: &Path) -> Result<String> {
    let mut text = document(root)?;
    for options in OPTIONS.chunk_by(|a, b| a.group == b.group) {
        let rows = options.iter().map(|option| {
            let default = match option.value {
                Expected::OneOf(choice) => format!("`{}`", choice.default),
                _ => option.default.to_owned(),
            };
            [format!("`data-{}`", option.name), values(&option.value), option.meaning.to_owned(), default]
        });
        let heading = options.first().map_or("", |option| option.group);
        text = with_table(&text, heading, &table(["Attribute", "Value", "Meaning", "Default"], rows))?;
    }
    let rows =
        |words: &'static [TriggerWord]| words.iter().map(|word| [forms(word), word.meaning.to_owned()]);
    text = with_table(&text, "| Start |", &table(["Start", "When"], rows(STARTS)))?;
    with_table(&text, "| Condition |", &table(["Condition", "Holds"], rows(CONDITIONS)))
}

fn values(value: &Expected) -> String {
    match value {
        Expected::OneOf(choice) => codes(choice.words()),
        other => other.expected(),
    }
}

/// A word as its example has it, or with each of its values.
fn forms(word: &TriggerWord) -> String {
    match word.value {
        TriggerValue::Word(values) => codes(values.iter().map(|value| format!("{}={value}", word.name))),
        _ => format!("`{}{}`", word.name, word.example),
    }
}

fn codes(words: impl Iterator<Item: std::fmt::Display>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows {
        table.push('|');
        for cell in row {
            table.push_str(&if cell.is_empty() { " |".to_owned() } else { format!(" {cell} |") });
        }
        table.push('\n');
    }
    table
}

/// The text with another table in place of the first one at or after the line that begins so.
fn with_table(text: &str, line: &str, table: &str) -> Result<String> {
    let missing = || format!("{DOCUMENT} has no table at {line:?}");
    let line = text.find(&format!("\n{line}")).with_context(missing)?;
    let (_, rest) = text.split_at(line);
    let start = line + rest.find("\n|").with_context(missing)? + 1;
    let (before, rest) = text.split_at(start);
    let end: usize = rest.split_inclusive('\n').take_while(|row| row.starts_with('|')).map(str::len).sum();
    Ok([before, table, rest.split_at(end).1].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candor_survey::{Display, options::STYLES};
    use std::{collections::BTreeSet, path::PathBuf};

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    fn read(file: &str) -> String {
        fs::read_to_string(root().join(file)).unwrap()
    }

    /// What stands in a file between two texts, without comments.
    fn between(file: &str, before: &str, after: &str) -> String {
        let text = read(file);
        let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{file} has no {before}"));
        let (inside, _) = rest.split_once(after).unwrap_or_else(|| panic!("{file} has no {after}"));
        inside.lines().map(without_comment).collect::<Vec<_>>().join("\n")
    }

    fn without_comment(line: &str) -> &str {
        match line.trim_start().starts_with("//") {
            true => "",
            false => line.split(" // ").next().unwrap_or_default(),
        }
    }

    fn identifier(text: &str) -> &str {
        text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
    }

    fn names(words: &'static [TriggerWord]) -> BTreeSet<&'static str> {
        words.iter().map(|word| word.name).collect()
    }

    #[test]
    fn the_tables_of_the_document_are_current() {
        check(root()).unwrap();
    }

    #[test]
    fn a_table_takes_the_place_of_the_one_after_its_line() {
        let text = "|a|\n\nHow\n\ntext\n\n|b|\n|c|\nmore\n|d|\n";
        assert_eq!(with_table(text, "How", "|x|\n").unwrap(), "|a|\n\nHow\n\ntext\n\n|x|\nmore\n|d|\n");
        assert_eq!(with_table(text, "|d|", "|x|\n").unwrap(), "|a|\n\nHow\n\ntext\n\n|b|\n|c|\nmore\n|x|\n");
        assert!(with_table(text, "Why", "|x|\n").is_err());
    }

    #[test]
    fn the_scripts_use_the_options_that_the_table_says_they_use() {
        let code = between("www/candor.js", "(function (script) {", "})(document.currentScript);");
        let module = between("www/element.js", "function show(entry", "run.handle = mountAndLeave");
        let properties = ["options.", "dataset."].into_iter().flat_map(|object| code.split(object).skip(1));
        let properties = properties.chain(module.split("options.").skip(1)).map(identifier);
        // What browser storage refused is no option.
        let properties = properties.filter(|name| *name != "memory");
        // The lines that take options apart, and the one that says which of a tag's are about its own survey.
        let apart = [
            "const allowed = ",
            "const apiOf = ",
            "trigger: \"manual\", once",
            " = tag.dataset;",
            " = optionsOf(",
            " = other ? ",
        ];
        let lines =
            code.lines().chain(module.lines()).filter(|line| apart.iter().any(|part| line.contains(part)));
        let braces = lines.filter_map(|line| line.split_once('{')?.1.split_once('}'));
        let taken = braces.flat_map(|(inside, _)| inside.split(',').map(|part| identifier(part.trim())));
        // Those that become a property of the styles stand in a list.
        let styles = module
            .lines()
            .filter(|line| line.contains("\"radius\""))
            .flat_map(|line| line.split('"').skip(1).step_by(2));
        let used: BTreeSet<_> = properties.chain(taken).chain(styles).collect();
        let expected: BTreeSet<_> =
            OPTIONS.iter().filter(|option| option.in_loader).map(|option| option.name).collect();
        assert_eq!(used, expected);
    }

    #[test]
    fn the_loader_knows_every_trigger_word_and_no_other() {
        for (object, words) in [("starts", STARTS), ("conditions", CONDITIONS)] {
            let code = between("www/candor.js", &format!("const {object} = {{\n"), "\n  };");
            let keys = code.lines().filter_map(|line| line.strip_prefix("    ")).map(identifier);
            let known: BTreeSet<_> = keys.filter(|key| !key.is_empty()).collect();
            assert_eq!(known, names(words), "{object}");
        }
    }

    #[test]
    fn the_module_knows_every_attribute_and_no_other() {
        let known = between("www/element.js", "const OPTIONS =\n", ";\n");
        let known: BTreeSet<_> =
            known.split(|c: char| !c.is_ascii_lowercase()).filter(|word| !word.is_empty()).collect();
        assert_eq!(known, OPTIONS.iter().map(|option| option.name).collect());
    }

    #[test]
    fn the_widget_reads_every_option_that_the_loader_only_hands_on() {
        let config = between("src/config.rs", "impl EmbedConfig {", "#[cfg(test)]");
        for option in OPTIONS.iter().filter(|option| !option.in_loader) {
            let (literal, constant) =
                (format!("(\"{}\")", option.name), format!("(&{},", option.name.to_uppercase()));
            assert!(config.contains(&literal) || config.contains(&constant), "{}", option.name);
        }
    }

    #[test]
    fn the_document_has_every_property_and_part_that_a_page_may_style() {
        let words = |text: &str, start: &str| -> BTreeSet<String> {
            let after = text.split(start).skip(1);
            after
                .map(|rest| {
                    rest.split(|c: char| !(c.is_ascii_lowercase() || c == '-'))
                        .next()
                        .unwrap_or_default()
                        .into()
                })
                .collect()
        };
        let document = between("docs/embedding.md", "### Styles\n", "\n## Triggers");
        let styles: String = ["frame", "scale", "follow_up", "more/choice", "thanks", "popover", "inline"]
            .map(|name| read(&format!("src/view/{name}.css")))
            .concat();
        assert_eq!(
            words(&document, "`--candor-"),
            words(&styles.replace("var(\n      --candor-", "var(--candor-"), "var(--candor-")
        );
        assert_eq!(words(&document, "`--candor-"), BTreeSet::from(STYLES.map(str::to_owned)));
        let views: String = ["frame", "choice", "follow_up", "thanks"]
            .map(|name| read(&format!("src/view/{name}.rs")))
            .concat();
        let (_, parts) = document.split_once("styles a part: ").unwrap();
        for part in parts.split("In a Leptos app").next().unwrap().split('`').skip(1).step_by(2) {
            let is_class = views.contains(&format!("(\"class\", \"{part}\")"))
                || views.contains(&format!("\"{part} "))
                || views.contains(&format!("\"{part}\""));
            assert!(is_class, "{part}");
        }
    }

    #[test]
    fn an_app_can_say_every_option_that_it_does_not_decide_itself() {
        let component = between("src/reactive.rs", "pub fn Candor(", ") -> impl IntoView");
        let decided = ["target", "trigger", "consent", "debug", "font", "radius", "offset"];
        for option in OPTIONS.iter().filter(|option| !decided.contains(&option.name)) {
            assert!(component.contains(&format!("\n    {}: ", option.name)), "{}", option.name);
        }
    }

    #[test]
    fn every_display_has_its_styles_and_its_place() {
        let place = between("www/candor.js", "function placeOf(entry) {", "\n  }\n");
        let document = read("docs/api.md");
        for display in Display::ALL {
            assert!(document.contains(&format!("`{}`", display.name())), "docs/api.md: {}", display.name());
            let folders = ["src/view", "src/view/more"].map(|folder| root().join(folder));
            let is_styled = |folder: &PathBuf| folder.join(display.name()).with_extension("css").exists();
            assert!(folders.iter().any(is_styled), "no styles of {}", display.name());
            // All others stand in the body.
            let is_told = display != Display::Inline || place.contains("\"inline\"");
            assert!(is_told, "www/candor.js does not say where {} stands", display.name());
        }
    }

    #[test]
    fn the_playground_offers_every_option_with_its_words() {
        let groups = between("index.html", "const GROUPS = {\n", "\n    };");
        let mut offered = BTreeSet::new();
        for line in groups.lines().map(str::trim).filter(|line| line.starts_with("[\"")) {
            let field: Vec<serde_json::Value> = serde_json::from_str(line.trim_end_matches(',')).unwrap();
            let name = field[0].as_str().unwrap().to_owned();
            let option = OPTIONS.iter().find(|option| option.name == name);
            let option = option.unwrap_or_else(|| panic!("{name} is no option"));
            offers(&option.value, field.get(2), &name);
            assert!(offered.insert(name.clone()), "{name} stands there twice");
        }
        let missing: Vec<_> =
            OPTIONS.iter().map(|option| option.name).filter(|name| !offered.contains(*name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    /// Holds a field's choices or examples to the values of the option.
    #[track_caller]
    fn offers(value: &Expected, field: Option<&serde_json::Value>, name: &str) {
        match (value, field) {
            (Expected::OneOf(choice), field) => {
                let words: Vec<_> = std::iter::once("").chain(choice.words()).collect();
                assert_eq!(field, Some(&serde_json::json!(words)), "{name}");
            }
            (Expected::Flag, field) => assert_eq!(field, Some(&true.into()), "{name}"),
            (Expected::Wording, None) => {}
            (value, field) => {
                let examples =
                    field.and_then(|field| field.as_str()).unwrap_or_else(|| panic!("{name} has no example"));
                for example in examples.split('|') {
                    assert_eq!(value.check(example), Ok(()), "{name}: {example}");
                }
                if *value == Expected::Trigger {
                    let words: BTreeSet<_> = examples.split(['|', ' ']).map(identifier).collect();
                    assert_eq!(words, &names(STARTS) | &names(CONDITIONS), "{name}");
                }
            }
        }
    }
}
