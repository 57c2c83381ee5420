//! `cargo xtask locales`: compiles what translators edit, `locales/<tag>/messages.ftl`, to `locales/<tag>/pack.json`.
//!
//! A pack is one flat JSON object: the messages by key, with placeholders as `{product}`; `dir`; `zero`, the digit from
//! which the language counts on, and `zero-EG` and the like for regions that write other digits than the language
//! does by default; `group-0` and the like, what stands between thousands of digits that begin so. English is the reference: its keys and placeholders are everyone's.

use crate::workspace::Workspace;
use anyhow::{Context, Result, bail, ensure};
use candor_survey::LANGUAGES;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Message, PatternElement};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use unicode_normalization::is_nfc;

/// What the widget fills in. A placeholder of another name would be shown as it is.
const PLACEHOLDERS: [&str; 7] = ["high", "low", "max", "min", "product", "question", "task"];

/// Characters that a language needs beyond the letters and punctuation that CLDR calls its own.
const MORE_CHARACTERS: [(&str, char); 3] = [
    // The zero-width non-joiner inside compound words.
    ("fa", '\u{200c}'),
    // The no-break space before a repetition mark.
    ("th", '\u{a0}'),
    // In everyday use, as in “stored”, yet on neither of CLDR's lists.
    ("zh-Hant", '儲'),
];

/// Spellings that are not used here: the language, or all, what is found and what is expected.
const HOUSE_SPELLING: [(Option<&str>, &str, &str); 7] = [
    (None, "...", "…"),
    (None, "'", "a curly apostrophe, ’"),
    (None, "\"", "the language's own quotation marks"),
    (None, "  ", "one space"),
    (Some("th"), "ครับ", "no gendered particle"),
    (Some("th"), "ค่ะ", "no gendered particle"),
    (Some("zh-Hant"), "你", "您"),
];

/// A translator's file, read: the message of each key.
type Messages = BTreeMap<String, String>;

/// What is committed of CLDR, see `locales/cldr.mjs`.
#[derive(Deserialize)]
struct Cldr {
    languages: BTreeMap<String, CldrLanguage>,
}

#[derive(Deserialize)]
struct CldrLanguage {
    dir: String,
    /// The ten digits that the language uses by default, from zero.
    digits: String,
    /// The digits of those regions that use others.
    digits_by_region: BTreeMap<String, String>,
    /// What stands between thousands, by the zero of the digits.
    groups: BTreeMap<String, String>,
    letters: String,
    punctuation: String,
}

/// `cargo xtask locales [--check]`.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let root = Workspace::find()?.root;
    match arguments {
        [] => write(&root),
        [flag] if flag == "--check" => check(&root),
        _ => bail!("`cargo xtask locales` takes nothing or --check, not {arguments:?}"),
    }
}

/// Writes every pack that is not current.
fn write(root: &Path) -> Result<()> {
    for (path, pack) in compile(root)? {
        if fs::read_to_string(&path).ok().as_deref() != Some(&pack) {
            fs::write(&path, pack).with_context(|| format!("can't write {}", path.display()))?;
        }
    }
    Ok(())
}

/// Fails when a committed pack is not what its messages compile to.
fn check(root: &Path) -> Result<()> {
    for (path, pack) in compile(root)? {
        let committed = fs::read_to_string(&path).unwrap_or_default();
        ensure!(committed == pack, "{} is not current: run `cargo xtask locales`", path.display());
    }
    Ok(())
}

/// The path and content of every language's pack.
///
/// # Errors
///
/// Everything that is wrong in any language's messages, a line each: file, line, key, what was found and what expected.
pub(crate) fn compile(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let folder = root.join("locales");
    let read =
        |path: PathBuf| fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()));
    let cldr: Cldr = serde_json::from_str(&read(folder.join("cldr.json"))?).context("locales/cldr.json")?;

    let mut folders = BTreeSet::new();
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    let offered: BTreeSet<_> = LANGUAGES.into_iter().map(String::from).collect();
    ensure!(
        folders == offered,
        "locales/ has {folders:?}; expected a folder for each of LANGUAGES in crates/survey/src/language.rs, {offered:?}"
    );

    let mut faults = Vec::new();
    let mut packs = Vec::new();
    let mut english = None;
    // English first: the others are held against it.
    for tag in LANGUAGES {
        let language = cldr.languages.get(tag).with_context(|| {
            format!(
                "locales/cldr.json lacks {tag}: make it again, the first lines of locales/cldr.mjs say how"
            )
        })?;
        let source = read(folder.join(tag).join("messages.ftl"))?;
        let mut reader = Reader { tag, source: &source, language, faults: Vec::new() };
        let messages = reader.messages(english.as_ref());
        faults.append(&mut reader.faults);
        packs.push((folder.join(tag).join("pack.json"), pack(&messages, language)?));
        english.get_or_insert(messages);
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(packs)
}

/// The pack's text: one key a line, so that a change shows as one line.
fn pack(messages: &Messages, language: &CldrLanguage) -> Result<String> {
    let mut pack = messages.clone();
    let mut put = |key: String, value: String| {
        let before = pack.insert(key, value);
        ensure!(
            before.is_none(),
            "a message can't be named dir, zero, zero-… or group-…: packs use these themselves"
        );
        Ok(())
    };
    put("dir".into(), language.dir.clone())?;
    put("zero".into(), zero(&language.digits)?)?;
    for (zero, group) in &language.groups {
        put(format!("group-{zero}"), group.clone())?;
    }
    for (region, digits) in &language.digits_by_region {
        put(format!("zero-{region}"), zero(digits)?)?;
    }
    let mut lines = Vec::new();
    for (key, value) in &pack {
        lines.push(format!("{}:{}", serde_json::to_string(key)?, serde_json::to_string(value)?));
    }
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}

/// The first of ten digits that follow one another, which is how the widget makes the others.
fn zero(digits: &str) -> Result<String> {
    let zero = digits.chars().next().context("no digits")?;
    ensure!(digits.chars().eq((zero..).take(10)), "the digits {digits} don't follow one another");
    Ok(zero.to_string())
}

/// Reads one language's file and collects what is wrong with it.
struct Reader<'a> {
    tag: &'a str,
    source: &'a str,
    language: &'a CldrLanguage,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    fn messages(&mut self, english: Option<&Messages>) -> Messages {
        let mut messages = Messages::new();
        let resource = match fluent_syntax::parser::parse(self.source) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                for error in errors {
                    self.fault_at(error.pos.start, &format!("expected Fluent's syntax: {}", error.kind));
                }
                resource
            }
        };
        for entry in &resource.body {
            match entry {
                Entry::Message(message) => {
                    let text = self.message(message, english);
                    if messages.insert(message.id.name.to_owned(), text).is_some() {
                        self.fault(message.id.name, "the same key twice; expected it once");
                    }
                }
                Entry::Term(term) => self.fault(term.id.name, "a term; expected messages only"),
                Entry::Comment(_)
                | Entry::GroupComment(_)
                | Entry::ResourceComment(_)
                | Entry::Junk { .. } => {}
            }
        }
        for missing in english.into_iter().flat_map(Messages::keys).filter(|key| !messages.contains_key(*key))
        {
            self.fault_at(self.source.len(), &format!("{missing} is missing; expected every key of English"));
        }
        messages
    }

    fn message(&mut self, message: &Message<&'a str>, english: Option<&Messages>) -> String {
        let key = message.id.name;
        if !message.attributes.is_empty() {
            self.fault(key, "attributes; expected a message without");
        }
        let mut text = String::new();
        for element in message.value.iter().flat_map(|pattern| &pattern.elements) {
            match element {
                PatternElement::TextElement { value } => {
                    self.check_text(key, value);
                    text.push_str(value);
                }
                PatternElement::Placeable {
                    expression: Expression::Inline(InlineExpression::VariableReference { id }),
                } => {
                    text.push('{');
                    text.push_str(id.name);
                    text.push('}');
                }
                // Packs hold plain texts, so that the widget needs no interpreter for Fluent.
                PatternElement::Placeable { .. } => {
                    self.fault(
                        key,
                        "a selector, term, function or literal; expected placeholders like { $product }",
                    );
                }
            }
        }
        // A space at either end comes from a no-break space: Fluent itself trims the others.
        if text.is_empty() || text.trim() != text {
            self.fault(key, "expected a text without space around it");
        }
        if !is_nfc(&text) {
            self.fault(key, "decomposed letters; expected Unicode's composed form, NFC");
        }
        let found = placeholders(&text);
        match english {
            None => {
                for name in found.iter().filter(|name| !PLACEHOLDERS.contains(name)) {
                    self.fault(key, &format!("{{{name}}}; expected one of {PLACEHOLDERS:?}"));
                }
            }
            Some(english) => match english.get(key) {
                None => self.fault(key, "an unknown key; expected only those of English"),
                Some(reference) => {
                    let expected = placeholders(reference);
                    if found != expected {
                        self.fault(
                            key,
                            &format!("placeholders {found:?}; expected {expected:?} as in English"),
                        );
                    }
                }
            },
        }
        text
    }

    /// Finds look-alikes of other scripts, forgotten English, and what this house spells otherwise.
    fn check_text(&mut self, key: &str, text: &str) {
        for (tag, found, expected) in HOUSE_SPELLING {
            if tag.is_none_or(|tag| tag == self.tag) && text.contains(found) {
                self.fault(key, &format!("`{found}`; expected {expected}"));
            }
        }
        let foreign = |c: &char| {
            let known = |c| self.language.letters.contains(c) || self.language.punctuation.contains(c);
            *c != ' ' && !c.to_lowercase().all(known) && !MORE_CHARACTERS.contains(&(self.tag, *c))
        };
        let foreign: BTreeSet<char> = text.chars().filter(foreign).collect();
        for c in foreign {
            let code = u32::from(c);
            self.fault(
                key,
                &format!("U+{code:04X} {c:?}; expected the language's own characters and one line"),
            );
        }
    }

    /// `key` is a slice of the source, which tells its line.
    fn fault(&mut self, key: &str, what: &str) {
        let offset = (key.as_ptr() as usize).saturating_sub(self.source.as_ptr() as usize);
        self.fault_at(offset, &format!("{key}: {what}"));
    }

    fn fault_at(&mut self, offset: usize, what: &str) {
        let line = 1 + self.source.bytes().take(offset).filter(|b| *b == b'\n').count();
        self.faults.push(format!("locales/{}/messages.ftl:{line}: {what}", self.tag));
    }
}

/// The names of a text's placeholders, sorted.
fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<_> =
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use candor_scoring::Metric;
    use std::io::Write;

    fn root() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    fn packs() -> BTreeMap<String, Messages> {
        let tag = |path: &Path| path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let packs = compile(root()).unwrap().into_iter();
        packs.map(|(path, pack)| (tag(&path), serde_json::from_str(&pack).unwrap())).collect()
    }

    /// What is wrong with `source` as a language's file, held against an English one of two messages.
    #[track_caller]
    fn check_faults(tag: &str, source: &str, expected: &[&str]) {
        let english = Messages::from([
            ("send".into(), "Send".into()),
            ("csat-question".into(), "How satisfied are you with {product}?".into()),
        ]);
        let cldr: Cldr =
            serde_json::from_str(&fs::read_to_string(root().join("locales/cldr.json")).unwrap()).unwrap();
        let mut reader = Reader { tag, source, language: &cldr.languages[tag], faults: Vec::new() };
        reader.messages(Some(&english));
        let faults: Vec<_> = reader.faults.iter().map(|f| f.trim_start_matches("locales/")).collect();
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.starts_with(expected), "{fault}\nexpected {expected}");
        }
    }

    #[test]
    fn committed_packs_are_current() {
        super::check(root()).unwrap();
    }

    #[test]
    fn every_language_has_the_same_keys_and_placeholders() {
        let packs = packs();
        let shape = |pack: &Messages| -> Vec<(String, Vec<String>)> {
            let messages =
                pack.iter().filter(|(key, _)| !key.starts_with("zero-") && !key.starts_with("group-"));
            messages
                .map(|(key, text)| (key.clone(), placeholders(text).into_iter().map(String::from).collect()))
                .collect()
        };
        assert_eq!(packs.len(), LANGUAGES.len());
        for (tag, pack) in &packs {
            assert_eq!(shape(pack), shape(&packs["en"]), "{tag}");
        }
    }

    #[test]
    fn every_metric_has_words() {
        let english = &packs()["en"];
        for metric in Metric::ALL {
            let has = |key: &str| english.contains_key(&format!("{}-{key}", metric.name()));
            // Whoever asks in words of its own asks for these two; the meaning of the ends, or of every point.
            assert!(has("question") && has("question-plain"), "{}", metric.name());
            let all = metric.scale().points().all(|point| has(&point.to_string()));
            let wording = include_str!("../../src/wording.rs");
            let labelled = all && wording.contains(&format!("Metric::{metric:?}"));
            assert!(labelled || has("low") && has("high"), "{}", metric.name());
        }
    }

    #[test]
    fn direction_and_digits_are_those_of_cldr() {
        let packs = packs();
        for (tag, dir, zero) in [
            ("en", "ltr", "0"),
            ("th", "ltr", "0"),
            ("zh-Hant", "ltr", "0"),
            ("vi", "ltr", "0"),
            ("fa", "rtl", "۰"),
            ("ar", "rtl", "0"),
        ] {
            assert_eq!((&*packs[tag]["dir"], &*packs[tag]["zero"]), (dir, zero), "{tag}");
        }
        let arabic = &packs["ar"];
        assert_eq!((&*arabic["zero-EG"], &*arabic["zero-SA"]), ("٠", "٠"));
        for latin in ["AE", "DZ", "LY", "MA", "TN"] {
            assert!(!arabic.contains_key(&format!("zero-{latin}")), "{latin}");
        }
    }

    #[test]
    fn a_pack_weighs_at_most_1200_bytes() {
        for (path, pack) in compile(root()).unwrap() {
            let mut brotli = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 22);
            brotli.write_all(pack.as_bytes()).unwrap();
            let bytes = brotli.into_inner().len();
            assert!(bytes <= 1200, "{}: {bytes}", path.display());
        }
    }

    #[test]
    fn a_good_file_has_no_fault() {
        check_faults("fa", "send = ارسال\ncsat-question = چقدر از { $product } رضایت دارید؟\n", &[]);
    }

    #[test]
    fn each_fault_names_its_line() {
        check_faults(
            "fa",
            "## Buttons\n\nsned = ارسال\n",
            &[
                "fa/messages.ftl:3: sned: an unknown key",
                "fa/messages.ftl:4: csat-question is missing",
                "fa/messages.ftl:4: send is missing",
            ],
        );
        check_faults(
            "fa",
            "send = ارسال\nsend = ارسال\ncsat-question = از { $prodct } راضی",
            &[
                "fa/messages.ftl:2: send: the same key twice",
                "fa/messages.ftl:3: csat-question: placeholders [\"prodct\"]; expected [\"product\"]",
            ],
        );
        check_faults(
            "fa",
            "send = ارسال\ncsat-question = راضی\n",
            &["fa/messages.ftl:2: csat-question: placeholders []"],
        );
    }

    #[test]
    fn what_a_plain_text_cannot_hold_is_refused() {
        let question = "csat-question = { $product }\n";
        for (send, expected) in [
            ("send = ارسال{ $n ->\n *[other] ارسال\n }\n", "2: send: a selector"),
            ("send = ارسال{ \" \" }\n", "2: send: a selector, term, function or literal"),
            ("send = ارسال{ NUMBER(5) }\n", "2: send: a selector"),
            ("send = ارسال{ -brand }\n", "2: send: a selector"),
            ("send = ارسال\n .title = ارسال\n", "2: send: attributes"),
            ("send = ارسال\n-brand = ارسال\n", "3: brand: a term"),
            ("send = ارسال\n  ارسال\n", "2: send: U+000A"),
        ] {
            check_faults("fa", &format!("{question}{send}"), &[&format!("fa/messages.ftl:{expected}")]);
        }
        check_faults(
            "fa",
            &format!("{question}send\n"),
            &["fa/messages.ftl:2: expected Fluent's syntax", "fa/messages.ftl:3: send is missing"],
        );
    }

    #[test]
    fn foreign_and_misspelt_characters_are_refused() {
        for (tag, text, expected) in [
            ("fa", "ارسال كنيد", ["U+0643", "U+064A"].as_slice()),
            ("fa", "Send", &["U+0053", "U+0064", "U+0065", "U+006E"]),
            ("ar", "ارسال کنید", &["U+06A9", "U+06CC"]),
            ("th", "ส่งค่ะ", &["`ค่ะ`"]),
            ("th", "\u{a0}ส่ง", &["expected a text without space"]),
            ("zh-Hant", "谢谢你", &["`你`; expected 您", "U+8C22"]),
            ("vi", "Gu\u{31b}\u{309}i", &["U+0309", "U+031B", "decomposed letters"]),
            ("vi", "Đang gửi...", &["`...`; expected …"]),
            ("en", "Don't", &["`'`"]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|e| format!("{tag}/messages.ftl:2: send: {e}")).collect();
            let expected: Vec<_> = expected.iter().map(String::as_str).collect();
            check_faults(tag, &format!("csat-question = {{ $product }}\nsend = {text}\n"), &expected);
        }
    }
}
