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
    let script = shorten(&mut module, &script);
    let long = module.imports.iter().find(|import| !import.name.starts_with('$'));
    if let Some(import) = long {
        bail!("wasm-bindgen made up the name `{}`, which xtask/src/trim.rs can't shorten.", import.name);
    }
    walrus::passes::gc::run(&mut module);
    module.emit_wasm_file(wasm)?;
    fs::write(glue, script)?;
    Ok(())
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
