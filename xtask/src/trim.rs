//! What stands in the widget's Wasm and is of no use to a page: the words of messages for developers, and long names.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module, ModuleConfig, ValType};

/// Functions that end in a trap, after words for a console that a guest doesn't write to. They trap at once.
const TRAPS: &[&str] = &[
    "core::panicking::",
    "std::panicking::",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "alloc::raw_vec::handle_error",
];

/// Functions that write text which the widget shows to nobody: `Debug`, what a deserializer found instead of what it
/// expected, floating-point numbers. They write nothing, which cannot fail.
fn is_mute(name: &str) -> bool {
    name.ends_with(" as core::fmt::Debug>::fmt")
        || name.ends_with("serde_core::de::Unexpected as core::fmt::Display>::fmt")
        || name.starts_with("core::fmt::float::float_to_decimal_common")
}

/// Trims the Wasm and shortens what it and the glue call each other by.
pub(crate) fn trim(wasm: &Path, glue: &Path) -> Result<()> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let unreadable = || format!("{} is no Wasm that can be read.", wasm.display());
    let mut module = config.parse_file(wasm).with_context(unreadable)?;
    let script = fs::read_to_string(glue)?;

    let functions: Vec<_> = module.funcs.iter_local().map(|(id, _)| id).collect();
    for id in functions {
        let function = module.funcs.get(id);
        let name = function.name.as_deref().unwrap_or_default();
        let name = format!("{:#}", rustc_demangle::demangle(name));
        let results = module.types.results(function.ty()).to_vec();
        if is_mute(&name) && results == [ValType::I32] {
            replace(&mut module, id, Some(0));
        } else if TRAPS.iter().any(|trap| name.starts_with(trap)) {
            replace(&mut module, id, None);
        }
    }
    // So that a bundler may drop the classes that nobody uses.
    let script = script.replace(": new FinalizationRegistry(", ": /* @__PURE__ */ new FinalizationRegistry(");
    let script = shorten(&mut module, &script);
    walrus::passes::gc::run(&mut module);
    module.emit_wasm_file(wasm)?;
    fs::write(glue, script)?;
    Ok(())
}

/// Gives a function another body: a number, or a trap.
fn replace(module: &mut Module, id: FunctionId, number: Option<i32>) {
    let (parameters, results) = module.types.params_results(module.funcs.get(id).ty());
    let (parameters, results) = (parameters.to_vec(), results.to_vec());
    let arguments = parameters.iter().map(|kind| module.locals.add(*kind)).collect();
    let mut builder = FunctionBuilder::new(&mut module.types, &parameters, &results);
    match number {
        Some(number) => builder.func_body().i32_const(number),
        None => builder.func_body().unreachable(),
    };
    module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(arguments));
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

    #[test]
    fn what_pages_read_is_not_muted() {
        assert!(is_mute("<str as core::fmt::Debug>::fmt"));
        assert!(is_mute("core::fmt::float::float_to_decimal_common_exact::<f64>"));
        for name in ["<u32 as core::fmt::Display>::fmt", "candor::text::digits::localise", ""] {
            assert!(!is_mute(name), "{name}");
        }
    }

    #[test]
    fn a_replaced_function_keeps_its_type() {
        let mut module = Module::default();
        let mut builder =
            FunctionBuilder::new(&mut module.types, &[ValType::I32, ValType::F64], &[ValType::I32]);
        builder.func_body().i32_const(7);
        let arguments = vec![module.locals.add(ValType::I32), module.locals.add(ValType::F64)];
        let id = builder.finish(arguments, &mut module.funcs);
        module.exports.add("f", id);
        for number in [Some(0), None] {
            replace(&mut module, id, number);
            let read = Module::from_buffer(&module.emit_wasm()).expect("it is valid");
            let function = read.funcs.iter_local().next().expect("it is there").0;
            let (parameters, results) = read.types.params_results(read.funcs.get(function).ty());
            assert_eq!((parameters, results), (&[ValType::I32, ValType::F64][..], &[ValType::I32][..]));
        }
    }
}
