//! Long names in the widget's Wasm and its glue.

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use walrus::{Module, ModuleConfig};

/// How the glue begins what frees an object of Rust's once JavaScript has forgotten it.
const REGISTRY: &str = ": new FinalizationRegistry(";

/// Shortens what the Wasm and the glue call each other by. Fails when wasm-bindgen calls things otherwise than is known here.
pub(crate) fn trim(wasm: &Path, glue: &Path) -> Result<()> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let unreadable = || format!("{} is no Wasm that can be read.", wasm.display());
    let mut module = config.parse_file(wasm).with_context(unreadable)?;
    let script = fs::read_to_string(glue)?;

    // So that a bundler may drop the classes that nobody uses.
    ensure!(
        script.contains(REGISTRY),
        "The glue has no `{REGISTRY}`: see how it is written now, and correct xtask/src/trim.rs."
    );
    let script = script.replace(REGISTRY, ": /* @__PURE__ */ new FinalizationRegistry(");
    let script = hardened(&shorten(&mut module, &script))?;
    let long = module.imports.iter().find(|import| !import.name.starts_with('$'));
    if let Some(import) = long {
        bail!("wasm-bindgen made up the name `{}`, which xtask/src/trim.rs can't shorten.", import.name);
    }
    walrus::passes::gc::run(&mut module);
    module.emit_wasm_file(wasm)?;
    fs::write(glue, script)?;
    Ok(())
}

/// How the glue asks what something is, which a page may have spoilt: MooTools has a `Window` of its own.
const KIND: &str = " = arg0 instanceof ";

/// What else of the glue becomes something else: what pages have changed; and what is for browsers that can't show a survey, for
/// gigabytes of text, and for a way of passing texts that is never taken.
const REPLACED: &[(&str, &str)] = &[
    ("JSON.stringify(arg0)", "json(arg0)"),
    ("Reflect.set(arg0, arg1, arg2)", "put(arg0, arg1, arg2)"),
    ("if (realloc === undefined) {", "if (false) {"),
    ("if (!('encodeInto' in cachedTextEncoder)) {", "if (false) {"),
    ("if (numBytesDecoded >= MAX_SAFARI_DECODE_BYTES) {", "if (false) {"),
    ("(typeof FinalizationRegistry === 'undefined')", "(false)"),
];

/// Where the glue keeps the functions of the Wasm, around which `guard` puts something.
const EXPORTS: &str = "wasm = instance.exports;";

/// What the glue is given for that: kinds by the names that the browser's own prototypes bear, properties whatever a page has put above
/// all objects, JSON whatever it has taught its lists, and a way to put something around every function of the Wasm.
const HARDENING: &str = r#"
function isOf(value, name) {
    for (; value !== null && value !== undefined; value = Object.getPrototypeOf(value)) {
        const own = Object.getOwnPropertyDescriptor(value, Symbol.toStringTag);
        if (own && own.value === name) return true;
    }
    return false;
}
function put(object, key, value) {
    return Reflect.defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}
function json(value) {
    const taught = [Array.prototype, Object.prototype].map((of) => [of, Object.getOwnPropertyDescriptor(of, "toJSON")]);
    for (const [of] of taught) delete of.toJSON;
    try {
        return JSON.stringify(value);
    } finally {
        for (const [of, way] of taught) way && Object.defineProperty(of, "toJSON", way);
    }
}
export function guard(around) {
    wasm = around(wasm);
}
"#;

fn hardened(glue: &str) -> Result<String> {
    let unknown = |text: &str| {
        format!("The glue has no `{text}`: see how it is written now, and correct xtask/src/trim.rs.")
    };
    ensure!(glue.contains(EXPORTS), unknown(EXPORTS));
    let mut glue = glue.to_owned();
    for (text, other) in REPLACED {
        ensure!(glue.contains(text), unknown(text));
        glue = glue.replace(text, other);
    }
    let mut parts = glue.split(KIND);
    let mut hardened = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').context(unknown(KIND))?;
        hardened.push_str(&format!(" = isOf(arg0, \"{name}\");{rest}"));
    }
    ensure!(hardened.contains("isOf("), unknown(KIND));
    Ok(hardened + HARDENING)
}

/// Replaces the names that wasm-bindgen made up, half of each a hash that no compression shrinks, in the Wasm and in the
/// glue alike. Exports that the glue doesn't name go. Gives the glue.
fn shorten(module: &mut Module, glue: &str) -> String {
    let words: Vec<&str> = glue.split_inclusive(|c: char| !is_of_a_name(c)).collect();
    let named = |name: &str| words.iter().any(|word| word.trim_end_matches(|c| !is_of_a_name(c)) == name);
    let unnamed: Vec<_> =
        module.exports.iter().filter(|export| !named(&export.name)).map(walrus::Export::id).collect();
    unnamed.into_iter().for_each(|export| module.exports.delete(export));

    let mut short = BTreeMap::new();
    let names = module.imports.iter_mut().map(|import| &mut import.name);
    for name in names.chain(module.exports.iter_mut().map(|export| &mut export.name)) {
        if name.starts_with("__wb") || name.starts_with("__externref") || name.starts_with("wasm_bindgen__") {
            let next = format!("${}", short.len());
            *name = short.entry(name.clone()).or_insert(next).clone();
        }
    }
    let shortened = words.into_iter().map(|word| {
        let name = word.trim_end_matches(|c| !is_of_a_name(c));
        short.get(name).map_or_else(|| word.to_owned(), |short| word.replacen(name, short, 1))
    });
    shortened.collect()
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glue_trusts_nothing_that_pages_change_and_says_when_it_is_written_otherwise() {
        let mut glue = format!("result = arg0 instanceof Window;\n{EXPORTS}\n");
        for (text, _) in REPLACED {
            glue.push_str(text);
            glue.push('\n');
        }
        let hardened = hardened(&glue).expect("all is there");
        assert!(hardened.starts_with("result = isOf(arg0, \"Window\");\n"), "{hardened}");
        assert!(
            !hardened.contains("instanceof") && hardened.contains("export function guard("),
            "{hardened}"
        );
        for text in REPLACED.iter().map(|(text, _)| *text).chain([EXPORTS]) {
            assert!(super::hardened(&glue.replace(text, "")).is_err(), "{text}");
        }
        assert!(super::hardened(&glue.replace("instanceof", "is")).is_err());
    }

    #[test]
    fn made_up_names_are_shortened_on_both_sides_and_the_others_kept() {
        let mut module = Module::default();
        let kind = module.types.add(&[], &[]);
        let (call, _) = module.add_import_func("./glue_bg.js", "__wbg_call_40b008ba32f73991", kind);
        module.exports.add("mount", call);
        module.exports.add("__wbindgen_malloc", call);
        module.exports.add("__abort_handler", call);
        let glue =
            "a = { __wbg_call_40b008ba32f73991: f(x.__wbg_ptr), b: wasm.__wbindgen_malloc(wasm.mount) }";
        let shortened = shorten(&mut module, glue);
        assert_eq!(shortened, "a = { $0: f(x.__wbg_ptr), b: wasm.$1(wasm.mount) }");
        assert_eq!(module.imports.iter().next().map(|import| &*import.name), Some("$0"));
        assert_eq!(module.exports.iter().map(|export| &*export.name).collect::<Vec<_>>(), ["mount", "$1"]);
    }
}
