//! What the documents say of the repository is true.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of tests may fail loudly as well"
)]

use candor_scoring::Metric;
use candor_survey::{LANGUAGES, PRESETS};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository").to_path_buf()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file} can't be read: {error}"))
}

/// What stands between backticks on one line, code blocks left out.
fn code_spans(markdown: &str) -> Vec<&str> {
    markdown
        .split("```")
        .step_by(2)
        .flat_map(str::lines)
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect()
}

/// The paths among the code spans: one word with a slash in it, or a file's name with a known ending.
fn named_paths(markdown: &str) -> BTreeSet<&str> {
    let endings = [".rs", ".js", ".mjs", ".html", ".toml", ".md", ".json", ".ftl"];
    code_spans(markdown)
        .into_iter()
        .filter(|span| span.chars().all(|c| c.is_ascii_alphanumeric() || "/._-*<>".contains(c)))
        .filter(|span| span.contains('/') || endings.iter().any(|ending| span.ends_with(ending)))
        // Routes, what is built, placeholders, and media types.
        .filter(|span| {
            !span.starts_with(['/', '*', '.']) && !span.starts_with("target/") && !span.contains('<')
        })
        .filter(|span| !["application/", "text/"].iter().any(|kind| span.starts_with(kind)))
        .collect()
}

/// The targets of links within the repository.
fn links(markdown: &str) -> BTreeSet<&str> {
    markdown
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#', ' ']).next())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// Whether the path exists; with `*` in its last part, whether any file fits.
fn exists(path: &Path) -> bool {
    let Some((before, after)) =
        path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split_once('*'))
    else {
        return path.exists();
    };
    let Some(entries) = path.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return false };
    entries.flatten().any(|entry| {
        entry.file_name().to_str().is_some_and(|name| name.starts_with(before) && name.ends_with(after))
    })
}

fn documents() -> Vec<PathBuf> {
    let mut documents: Vec<_> = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md"]
        .map(|file| root().join(file))
        .into();
    for entry in fs::read_dir(root().join("docs")).expect("docs/ is there").flatten() {
        if entry.path().extension().is_some_and(|ending| ending == "md") {
            documents.push(entry.path());
        }
    }
    documents
}

#[test]
fn every_path_named_in_the_map_and_in_recipes_exists() {
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(document);
        let paths = named_paths(&text);
        assert!(paths.len() > 15, "{document} names folders and files, found only {paths:?}");
        let missing: Vec<_> = paths.into_iter().filter(|path| !exists(&root().join(path))).collect();
        assert!(missing.is_empty(), "{document} names what isn't there: {missing:?}");
    }
}

/// Every key of a JSON value and of what is in it, but for names that are somebody's own.
fn keys(value: &serde_json::Value) -> BTreeSet<&str> {
    match value {
        serde_json::Value::Object(object) => {
            let inner =
                object.iter().filter(|(key, _)| !["attributes", "context", "order"].contains(&key.as_str()));
            object.keys().map(String::as_str).chain(inner.flat_map(|(_, value)| keys(value))).collect()
        }
        serde_json::Value::Array(values) => values.iter().flat_map(keys).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn every_field_on_the_wire_is_in_the_documents() {
    let document = read("docs/api.md");
    let spans = code_spans(&document);
    let words: BTreeSet<_> =
        spans.iter().flat_map(|span| span.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect();
    // Tests hold these two to the types, field by field.
    for file in ["several.json", "survey-several.json"] {
        let golden: serde_json::Value =
            serde_json::from_str(&read(&format!("tests/wire/{file}"))).expect("it is JSON");
        let missing: Vec<_> = keys(&golden).into_iter().filter(|key| !words.contains(key)).collect();
        assert!(missing.is_empty(), "docs/api.md says nothing of these fields of {file}: {missing:?}");
    }
}

#[test]
fn every_preset_is_explained_and_can_be_tried() {
    let (explained, tried) = (read("docs/embedding.md"), read("index.html"));
    let presets = tried.split_once("\"A preset or a survey’s id\", \"").unwrap().1.split('"').next().unwrap();
    assert_eq!(presets.split('|').collect::<Vec<_>>(), PRESETS);
    let (_, table) = explained.split_once("\n## Presets\n").unwrap();
    let rows = table.split("\n## ").next().unwrap().lines().filter_map(|line| line.strip_prefix("| `"));
    assert_eq!(rows.map(|row| row.split('`').next().unwrap()).collect::<Vec<_>>(), PRESETS);
}

#[test]
fn whoever_names_the_metrics_names_all() {
    let mut missing = Vec::new();
    for file in [
        "README.md",
        "crates/survey/src/authored.rs",
        "crates/survey/src/wire.rs",
        "docs/api.md",
        "index.html",
    ] {
        let text = read(file);
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
        let words = |line: &str| -> BTreeSet<String> {
            line.split(|c: char| !c.is_ascii_alphanumeric()).map(String::from).collect()
        };
        let lists: Vec<_> = (1..)
            .zip(lines.map(words))
            .filter(|(_, words)| words.contains("nps") && words.contains("csat"))
            .collect();
        assert!(!lists.is_empty(), "{file} names no metrics any more");
        let names = || Metric::ALL.iter().map(|metric| metric.name());
        let part = lists.iter().filter(|(_, words)| !names().all(|name| words.contains(name)));
        missing.extend(part.map(|(line, _)| format!("{file}:{line}")));
    }
    assert!(missing.is_empty(), "these lines leave out a metric: {missing:?}");
}

/// The names after `candor:` in a text's literals.
fn literals(text: &str) -> BTreeSet<&str> {
    let rest = text.split("\"candor:").skip(1);
    rest.map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()).collect()
}

/// The first cells of the rows between two headings that begin with `candor:`, without it.
fn documented<'a>(document: &'a str, heading: &str) -> BTreeSet<&'a str> {
    let (_, section) = document.split_once(heading).unwrap_or_else(|| panic!("there is no {heading}"));
    let rows = section.split("\n## ").next().unwrap_or_default().lines();
    let cells = rows.filter_map(|row| row.strip_prefix("| `candor:")?.split(['`', ':']).next());
    cells.collect()
}

#[test]
fn every_event_is_in_the_documents_and_heard_wherever_events_are_listed() {
    let document = read("docs/embedding.md");
    let events = documented(&document, "\n## Events");
    let stored = documented(&document, "\n## What is stored");
    let sources = sources(&root().join("src"));
    let named: BTreeSet<_> = literals(&sources).difference(&stored).copied().collect();
    assert_eq!(named, events, "docs/embedding.md has those that the widget dispatches");
    for (file, before, after) in [
        ("index.html", "for (const name of [", "])"),
        ("tests/journeys/src/browser.rs", "for (const type of [", "])"),
        ("tests/widget/page.js", "for (const name of [", "])"),
        ("src/reactive.rs", "let told = [", "];"),
    ] {
        let text = read(file);
        let (list, _) = text.split_once(before).expect(before).1.split_once(after).expect(after);
        let listed: BTreeSet<_> = list
            .split(['"', '\''])
            .skip(1)
            .step_by(2)
            .map(|name| name.trim_start_matches("candor:"))
            .collect();
        assert_eq!(listed, events, "{file}");
    }
}

#[test]
fn a_leptos_app_hears_all_that_an_event_tells() {
    let document = read("docs/embedding.md");
    let (_, events) = document.split_once("\n## Events").expect("there are events");
    let rows = events.split("\n## ").next().unwrap_or_default().lines();
    let mut told = BTreeSet::new();
    for detail in rows.filter_map(|row| row.strip_prefix("| `candor:")?.split(" | ").nth(1)) {
        // What stands behind a colon are values.
        told.extend(code_spans(detail.split(':').next().unwrap_or_default()));
    }
    let component = read("src/reactive.rs");
    let (_, event) = component.split_once("pub struct SurveyEvent {").expect("there is the event");
    let fields = event.split('}').next().unwrap_or_default().split("    pub ").skip(1);
    let mut heard: BTreeSet<_> = fields.filter_map(|field| field.split(':').next()).collect();
    // Any JSON, for which a field would need a type of its own; `message` has it as text.
    heard.insert("problem");
    // A word of another column of the sentence.
    told.retain(|word| *word != "rejected" && *word != "null");
    assert_eq!(heard, told);
}

/// All Rust of a folder.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&fs::read_to_string(&path).expect("the file can be read"));
        }
    }
    text
}

#[test]
fn every_link_within_the_documents_leads_somewhere() {
    for document in documents() {
        let text = fs::read_to_string(&document).expect("the document can be read");
        let folder = document.parent().expect("a document lies in a folder");
        let missing: Vec<_> =
            links(&text).into_iter().filter(|target| !folder.join(target).exists()).collect();
        assert!(missing.is_empty(), "{} links to what isn't there: {missing:?}", document.display());
    }
}

#[test]
fn the_snippet_to_paste_is_the_one_that_the_demo_shows() {
    let tag = |text: &str, file: &str| {
        let start = text.find("<script async src=").unwrap_or_else(|| panic!("{file} shows the script tag"));
        let (tag, _) = text[start..].split_once("</script>").expect("the script tag is closed");
        // The page's own server stands for anybody's.
        tag.replace("https://surveys.example/", "/")
    };
    let (readme, demo) = ("README.md", "www/demo/snippet.html");
    assert_eq!(tag(&read(readme), readme), tag(&read(demo), demo));
}

/// The keys of the object that stands after this text of a file, on one line: `{ en: "English", "zh-Hant": "繁體中文" }`.
fn keys_after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("there is no {before}"));
    let (object, _) = rest.split_once('}').expect("the object ends");
    let keys = object.split("\", ").filter_map(|entry| entry.split_once(": ")?.0.split_whitespace().last());
    keys.map(|key| key.trim_matches('"')).collect()
}

#[test]
fn every_language_is_listed_wherever_languages_are() {
    let demo = "www/demo/languages.js";
    assert_eq!(keys_after(&read(demo), "const LANGUAGES = {"), LANGUAGES, "{demo}");
    // It has regions as well.
    let playground = read("index.html");
    let offered = keys_after(&playground, "const LANGUAGES = {");
    assert_eq!(offered.get(..LANGUAGES.len()), Some(&LANGUAGES[..]), "index.html");
    let document = read("docs/languages.md");
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let tags: Vec<_> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert_eq!(tags, LANGUAGES, "docs/languages.md");
}

/// The names of what lies in a folder.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The keys of a script's default export, those of its groups after the group's.
fn text_keys(script: &str) -> Vec<String> {
    let (_, object) = script.split_once("export default {\n").expect("it exports its texts");
    let keys = object.lines().filter_map(|line| line.trim().split_once(": ")).map(|(key, _)| key);
    keys.map(String::from).collect()
}

#[test]
fn the_demo_has_the_same_pages_and_texts_in_every_language() {
    let folder = |language: &str| format!("www/demo/{language}");
    let english = names(&folder("en"));
    for language in LANGUAGES {
        assert_eq!(names(&folder(language)), english, "{language}");
        let pack: BTreeMap<String, String> =
            serde_json::from_str(&read(&format!("locales/{language}/pack.json"))).expect("a pack is JSON");
        for page in english.iter().filter(|name| name.ends_with(".html")) {
            let page = format!("{}/{page}", folder(language));
            let root = format!("<html lang=\"{language}\" dir=\"{}\">", pack["dir"]);
            assert!(read(&page).contains(&root), "{page} should begin with {root}");
        }
        let texts = |language: &str| text_keys(&read(&format!("{}/texts.js", folder(language))));
        assert_eq!(texts(language), texts("en"), "{language}");
    }
    let others: BTreeSet<_> = names("www/demo").into_iter().filter(|name| !name.contains('.')).collect();
    assert_eq!(others, LANGUAGES.map(String::from).into(), "www/demo has a folder for each language");
}

#[test]
fn the_demos_index_links_to_every_page_and_to_no_other() {
    let index = read("www/demo/index.html");
    let linked: BTreeSet<_> = index
        .split("<a href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|to| !to.contains('/'))
        .map(String::from)
        .collect();
    let pages = names("www/demo").into_iter().filter(|name| name.ends_with(".html") && name != "index.html");
    assert_eq!(linked, pages.collect());
    let in_each_language: Vec<_> =
        index.split(" data-page=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(in_each_language, ["shop.html", "article.html", "help.html"]);
    assert!(in_each_language.iter().all(|page| root().join("www/demo/en").join(page).exists()));
}

#[test]
fn the_readme_names_both_commands() {
    let readme = read("README.md");
    for command in ["cargo xtask demo", "cargo xtask test"] {
        assert!(readme.contains(command), "README.md should name `{command}`");
    }
}

#[test]
fn paths_are_told_from_other_code() {
    let text = "| `src/lib.rs` | `GET /v1/scores` `/healthz` `text/plain` `mount(host)` `target/candor` `tests/*.rs` |
```sh
ls `no/such/file`
```
`locales/<tag>/` `Session` and `index.html`";
    assert_eq!(named_paths(text), BTreeSet::from(["index.html", "src/lib.rs", "tests/*.rs"]));
    assert_eq!(links("[a](b/c.md#d) [e](https://f) ![g](h.png)"), BTreeSet::from(["b/c.md", "h.png"]));
}
