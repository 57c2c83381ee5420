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
    ensure!(script.contains(REGISTRY), unknown(REGISTRY));
    let script = script.replace(REGISTRY, ": /* @__PURE__ */ new FinalizationRegistry(");
    let script = hardened(&beside(&script, glue)?)?;
    let script = shorten(&mut module, &script)?;
    let long = module.imports.iter().find(|import| !import.name.starts_with('$'));
    if let Some(import) = long {
        bail!("wasm-bindgen made up the name `{}`, which xtask/src/trim.rs can't shorten.", import.name);
    }
    walrus::passes::gc::run(&mut module);
    module.emit_wasm_file(wasm)?;
    fs::write(glue, script)?;
    Ok(())
}

/// Moves the scripts that the glue imports from folders with hashes in their names to where it stands itself. Gives the glue.
fn beside(script: &str, glue: &Path) -> Result<String> {
    const SNIPPETS: &str = "./snippets/";
    let folder = glue.parent().context("The glue stands in no folder.")?;
    let mut script = script.to_owned();
    while let Some((_, path)) = script.split_once(SNIPPETS) {
        let path = path.split(['\'', '"']).next().unwrap_or_default().to_owned();
        let name = path.rsplit('/').next().unwrap_or_default();
        let from = folder.join(SNIPPETS).join(&path);
        fs::rename(&from, folder.join(name)).with_context(|| format!("{} is missing.", from.display()))?;
        script = script.replace(&format!("{SNIPPETS}{path}"), &format!("./{name}"));
    }
    Ok(script)
}

/// How the glue asks what something is, which a page may have spoilt: MooTools has a `Window` of its own.
const KIND: &str = "let result;
            try {
                result = arg0 instanceof ";
const KIND_END: &str = ";
            } catch (_) {
                result = false;
            }
            const ret = result;
            return ret;";

/// What else of the glue becomes something else: what pages have changed; what is for browsers that can't show a survey, for
/// gigabytes of text or of memory, and for a way of passing texts that is never taken; and what is written out for each text.
const REPLACED: &[(&str, &str)] = &[
    (
        "const ptr1 = passStringToWasm0(ret, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            const len1 = WASM_VECTOR_LEN;
            getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 1, len1, true);
            getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 0, ptr1, true);",
        "giveText(arg0, ret);",
    ),
    (
        "var ptr1 = isLikeNone(ret) ? 0 : passStringToWasm0(ret, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            var len1 = WASM_VECTOR_LEN;
            getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 1, len1, true);
            getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 0, ptr1, true);",
        "giveText(arg0, ret);",
    ),
    (
        "cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)",
        "cachedDataViewMemory0?.buffer !== wasm.memory.buffer",
    ),
    (" >>> 0", ""),
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
    try {
        for (; value; value = Object.getPrototypeOf(value)) {
            if (Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value === name) return true;
        }
    } catch {}
    return false;
}
function giveText(to, text) {
    const ptr = isLikeNone(text) ? 0 : passStringToWasm0(text, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
    getDataViewMemory0().setInt32(to + 4, WASM_VECTOR_LEN, true);
    getDataViewMemory0().setInt32(to, ptr, true);
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

fn unknown(text: &str) -> String {
    format!("The glue has no `{text}`: see how it is written now, and correct xtask/src/trim.rs.")
}

fn hardened(glue: &str) -> Result<String> {
    ensure!(glue.contains(EXPORTS), unknown(EXPORTS));
    let mut glue = glue.to_owned();
    for (text, other) in REPLACED {
        ensure!(glue.contains(text), unknown(text));
        glue = glue.replace(text, other);
    }
    let mut parts = glue.split(KIND);
    let mut hardened = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(KIND_END).context(unknown(KIND_END))?;
        hardened.push_str(&format!("return isOf(arg0, \"{name}\");{rest}"));
    }
    ensure!(hardened.contains("isOf("), unknown(KIND));
    Ok(hardened + HARDENING)
}

/// By which the Wasm calls the glue, and how the glue begins the list of what it has for it.
const GLUE: &str = "./glue_bg.js";
const LIST: &str = "const import0 = {
        __proto__: null,
";

/// Replaces the names that wasm-bindgen made up, half of each a hash that no compression shrinks, in the Wasm and in the
/// glue alike. Exports that the glue doesn't name go. Gives the glue.
fn shorten(module: &mut Module, glue: &str) -> Result<String> {
    for text in [GLUE, LIST] {
        ensure!(glue.contains(text), unknown(text));
    }
    // What the Wasm has of a script without the glue in between, it has through its list.
    let mut listed = LIST.to_owned();
    let mut glue = glue.replace(&format!("\"{GLUE}\":"), "g:");
    for import in module.imports.iter_mut().filter(|import| import.module != GLUE) {
        let module = format!("\"./{}\": ", import.module.rsplit('/').next().unwrap_or_default());
        let (_, script) = glue.split_once(&module).with_context(|| unknown(&module))?;
        let script = script.split(',').next().unwrap_or_default().to_owned();
        glue = glue.replace(&format!("{module}{script},"), "");
        let name = format!("__wbg_{script}_{}", import.name);
        listed.push_str(&format!("        {name}: {script}.{},\n", import.name));
        import.name = name;
    }
    let glue = glue.replace(LIST, &listed);

    let words: Vec<&str> = glue.split_inclusive(|c: char| !is_of_a_name(c)).collect();
    let named = |name: &str| words.iter().any(|word| word.trim_end_matches(|c| !is_of_a_name(c)) == name);
    let unnamed: Vec<_> =
        module.exports.iter().filter(|export| !named(&export.name)).map(walrus::Export::id).collect();
    unnamed.into_iter().for_each(|export| module.exports.delete(export));

    let mut short = BTreeMap::new();
    module.imports.iter_mut().for_each(|import| import.module = "g".into());
    let names = module.imports.iter_mut().map(|import| &mut import.name);
    for name in names.chain(module.exports.iter_mut().map(|export| &mut export.name)) {
        // Only what begins with a $ is called from within, see `guarded` in www/element.js.
        let prefix = if name.starts_with("_ZN") { "_" } else { "$" };
        if ["__wb", "__externref", "wasm_bindgen__", "_ZN"].iter().any(|start| name.starts_with(start)) {
            let next = format!("{prefix}{}", short.len());
            *name = short.entry(name.clone()).or_insert(next).clone();
        }
    }
    let shortened = words.into_iter().map(|word| {
        let name = word.trim_end_matches(|c| !is_of_a_name(c));
        short.get(name).map_or_else(|| word.to_owned(), |short| word.replacen(name, short, 1))
    });
    Ok(shortened.collect())
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glue_trusts_nothing_that_pages_change_and_says_when_it_is_written_otherwise() {
        let mut glue = format!("{KIND}Window{KIND_END}\n{EXPORTS}\n");
        for (text, _) in REPLACED {
            glue.push_str(text);
            glue.push('\n');
        }
        let hardened = hardened(&glue).expect("all is there");
        assert!(hardened.starts_with("return isOf(arg0, \"Window\");\n"), "{hardened}");
        assert!(
            !hardened.contains("instanceof") && hardened.contains("export function guard("),
            "{hardened}"
        );
        // Whatever else holds this one holds it as well.
        for text in REPLACED.iter().map(|(text, _)| *text).filter(|text| *text != " >>> 0").chain([EXPORTS]) {
            assert!(super::hardened(&glue.replace(text, "")).is_err(), "{text}");
        }
        assert!(super::hardened(&glue.replace("instanceof", "is")).is_err());
    }

    #[test]
    fn made_up_names_are_shortened_on_both_sides_and_the_others_kept() {
        const OWN: &str = "./snippets/candor-0123/src/own.js";
        let mut module = Module::default();
        let kind = module.types.add(&[], &[]);
        let (call, _) = module.add_import_func(GLUE, "__wbg_call_40b008ba32f73991", kind);
        module.add_import_func(OWN, "now", kind);
        module.exports.add("mount", call);
        module.exports.add("__wbindgen_malloc", call);
        module.exports.add("_ZN6invoke17h0123E", call);
        module.exports.add("__abort_handler", call);
        let glue = format!(
            "{LIST}        __wbg_call_40b008ba32f73991: f(x.__wbg_ptr, wasm.__wbindgen_malloc, wasm.mount, wasm._ZN6invoke17h0123E),
            \"{GLUE}\": import0, \"./own.js\": import1,"
        );
        let shortened = shorten(&mut module, &glue).expect("all is there");
        let expected = format!(
            "{LIST}        $1: import1.now,\n        $0: f(x.__wbg_ptr, wasm.$2, wasm.mount, wasm._3),\n            g: import0, "
        );
        assert_eq!(shortened, expected);
        let imports: Vec<_> = module.imports.iter().map(|import| (&*import.module, &*import.name)).collect();
        assert_eq!(imports, [("g", "$0"), ("g", "$1")]);
        let exports: Vec<_> = module.exports.iter().map(|export| &*export.name).collect();
        assert_eq!(exports, ["mount", "$2", "_3"]);
        assert!(shorten(&mut module, "").is_err());
    }

    #[test]
    fn scripts_of_our_own_are_moved_beside_the_glue() {
        let folder = std::env::temp_dir().join(format!("candor-trim-{}", std::process::id()));
        let snippet = folder.join("snippets/candor-0123/src");
        fs::create_dir_all(&snippet).expect("a folder");
        fs::write(snippet.join("own.js"), "own").expect("a file");
        let glue = "import { a } from './snippets/candor-0123/src/own.js';\nimport * as b from \"./snippets/candor-0123/src/own.js\"";
        let moved = beside(glue, &folder.join("glue.js")).expect("it is there");
        assert_eq!(moved, "import { a } from './own.js';\nimport * as b from \"./own.js\"");
        assert_eq!(fs::read_to_string(folder.join("own.js")).ok().as_deref(), Some("own"));
        assert!(beside(glue, &folder.join("glue.js")).is_err(), "it is gone");
        fs::remove_dir_all(&folder).expect("the folder goes");
    }
}
