//! Garbage collection in the widget's Wasm, once more after the linker's: here panics trap at once, since a guest writes to
//! no console, and with them goes all that only they would have said.
//!
//! The linker leaves its relocations, which tell what refers to what. A function that nothing but a panic reaches gets a body
//! that traps, data that nothing else reads become zeros, and wasm-opt takes both away.

use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use wasm_encoder::{CodeSection, ExportSection, Module, RawSection, SectionId};
use wasmparser::{
    ExternalKind, FunctionBody, KnownCustom, Linking, Name, Operator, Parser, Payload, RelocationType,
    SymbolInfo,
};

/// Where every panic ends. A toolchain that calls it otherwise fails the build.
const PANICS: &[&str] = &["core::panicking::panic_fmt"];

/// A part of the names of what is exported and nobody asks for: three classes for streams, of a crate that Leptos brings, which
/// keep 20 kB. There is no flag that takes back what rustc tells the linker to export.
const UNASKED: &str = "intounderlying";

/// What the widget has no use for: a build in which anything but a panic calls it fails.
const UNWANTED: &[&str] = &["core::fmt::", "alloc::fmt::"];

/// What refers and is referred to: a function by its index, data by their place in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Function(u32),
    Data(usize, usize),
}

/// A linked Wasm with its relocations.
#[derive(Default)]
struct Linked<'a> {
    /// All sections, in order.
    sections: Vec<(u8, Range<usize>)>,
    /// How many parameters each type has, and the type of each function, imported ones first.
    parameters: Vec<usize>,
    types: Vec<u32>,
    names: BTreeMap<u32, String>,
    bodies: Vec<FunctionBody<'a>>,
    roots: Vec<Thing>,
    exports: ExportSection,
    /// Every piece of data that has a symbol.
    data: BTreeSet<(usize, usize)>,
    /// What the linker wrote, by its place in the file.
    references: BTreeMap<usize, Thing>,
    /// Sections that are true no longer once something is collected.
    stale: BTreeSet<usize>,
}

/// Collects, and gives the Wasm without relocations.
pub(crate) fn collect(wasm: &[u8]) -> Result<Vec<u8>> {
    let linked = Linked::read(wasm).context("The compiled Wasm can't be read.")?;
    let traps = linked.traps()?;
    let found = linked.found(&traps)?;
    for thing in found.keys() {
        let Thing::Function(function) = thing else { continue };
        if UNWANTED.iter().any(|unwanted| linked.name(*function).contains(unwanted)) {
            bail!(
                "The widget formats text, which costs every visitor kilobytes; use `text::decimal`, `concat`:\n{}",
                linked.path(thing, &found)
            );
        }
    }
    linked.without(wasm, &traps, &found)
}

impl<'a> Linked<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self> {
        let mut linked = Self::default();
        let (mut segments, mut relocations, mut symbols) = (Vec::new(), Vec::new(), Vec::new());
        let mut unasked = false;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            if let Some(section) = payload.as_section() {
                linked.sections.push(section);
            }
            match payload {
                Payload::TypeSection(types) => {
                    for kind in types.into_iter_err_on_gc_types() {
                        linked.parameters.push(kind?.params().len());
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        if let wasmparser::TypeRef::Func(kind) = import?.ty {
                            linked.types.push(kind);
                        }
                    }
                }
                Payload::FunctionSection(functions) => {
                    for kind in functions {
                        linked.types.push(kind?);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.name.contains(UNASKED) {
                            unasked = true;
                            continue;
                        }
                        if export.kind == ExternalKind::Func {
                            linked.roots.push(Thing::Function(export.index));
                        }
                        linked.exports.export(export.name, export.kind.into(), export.index);
                    }
                }
                Payload::StartSection { func, .. } => linked.roots.push(Thing::Function(func)),
                Payload::CodeSectionEntry(body) => linked.bodies.push(body),
                Payload::DataSection(data) => {
                    for segment in data {
                        let segment = segment?;
                        segments.push(segment.range.end - segment.data.len());
                    }
                }
                Payload::CustomSection(section) => {
                    let place = linked.sections.len() - 1;
                    match section.as_known() {
                        KnownCustom::Name(names) => {
                            for name in names {
                                let Name::Function(functions) = name? else { continue };
                                for function in functions {
                                    let function = function?;
                                    let name = format!("{:#}", rustc_demangle::demangle(function.name));
                                    linked.names.insert(function.index, name);
                                }
                            }
                        }
                        KnownCustom::Linking(linking) => {
                            linked.stale.insert(place);
                            for part in linking.subsections() {
                                if let Linking::SymbolTable(table) = part? {
                                    symbols = table.into_iter().collect::<Result<_, _>>()?;
                                }
                            }
                        }
                        KnownCustom::Reloc(section) => {
                            linked.stale.insert(place);
                            relocations.push(section);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        let things = symbols.iter().map(|symbol| match symbol {
            SymbolInfo::Func { index, .. } => Some(Thing::Function(*index)),
            SymbolInfo::Data { symbol: Some(symbol), .. } => {
                let start = segments.get(symbol.index as usize)? + symbol.offset as usize;
                Some(Thing::Data(start, start + symbol.size as usize))
            }
            _ => None,
        });
        let things: Vec<_> = things.collect();
        for thing in things.iter().flatten() {
            if let Thing::Data(start, end) = thing {
                linked.data.insert((*start, *end));
            }
        }
        for section in relocations {
            let Some((_, of)) = linked.sections.get(section.section_index() as usize).cloned() else {
                continue;
            };
            for relocation in section.entries() {
                let relocation = relocation?;
                use RelocationType::{
                    MemoryAddrI32, MemoryAddrLeb, MemoryAddrSleb, TableIndexI32, TableIndexSleb,
                };
                if !matches!(
                    relocation.ty,
                    MemoryAddrI32 | MemoryAddrLeb | MemoryAddrSleb | TableIndexI32 | TableIndexSleb
                ) {
                    continue;
                }
                if let Some(Some(thing)) = things.get(relocation.index as usize) {
                    linked.references.insert(of.start + relocation.offset as usize, thing.clone());
                }
            }
        }
        ensure!(!linked.references.is_empty(), "The linker left no relocations.");
        ensure!(unasked, "Nothing exports `{UNASKED}` any more: take it out of xtask/src/collect.rs.");
        Ok(linked)
    }

    fn name(&self, function: u32) -> &str {
        self.names.get(&function).map_or("?", String::as_str)
    }

    /// The function's code; none if it is imported.
    fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        let imported = self.types.len() - self.bodies.len();
        self.bodies.get((function as usize).checked_sub(imported)?)
    }

    fn defined(&self) -> impl Iterator<Item = u32> {
        let all = self.types.len() as u32;
        all - self.bodies.len() as u32..all
    }

    fn parameters_of(&self, function: u32) -> usize {
        let kind = self.types.get(function as usize).map(|kind| *kind as usize);
        kind.and_then(|kind| self.parameters.get(kind)).copied().unwrap_or_default()
    }

    /// The functions that end in a trap whatever they are given: the panic itself, and those that only lead to it.
    fn traps(&self) -> Result<BTreeSet<u32>> {
        let mut traps = BTreeSet::new();
        for panic in PANICS {
            let before = traps.len();
            traps.extend(self.names.iter().filter(|(_, name)| name == panic).map(|(function, _)| *function));
            ensure!(
                traps.len() > before,
                "The compiled Wasm has no `{panic}`: see where panics end now, and correct xtask/src/collect.rs."
            );
        }
        loop {
            let mut more = Vec::new();
            for function in self.defined().filter(|function| !traps.contains(function)) {
                if self.leads_to(function, &traps)? {
                    more.push(function);
                }
            }
            if more.is_empty() {
                return Ok(traps);
            }
            traps.extend(more);
        }
    }

    /// Whether the function never returns and calls nothing but what traps.
    fn leads_to(&self, function: u32, traps: &BTreeSet<u32>) -> Result<bool> {
        let Some(body) = self.body(function) else { return Ok(false) };
        // How many blocks are open: as many labels out is the end of the function.
        let mut depth = 0;
        let mut ends = true;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            let returns = match &operator {
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                    depth += 1;
                    false
                }
                Operator::End if depth == 0 => ends,
                Operator::End => {
                    depth -= 1;
                    false
                }
                Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                    *relative_depth == depth
                }
                Operator::BrTable { targets } => {
                    let mut out = targets.default() == depth;
                    for target in targets.targets() {
                        out |= target? == depth;
                    }
                    out
                }
                Operator::Call { function_index } => !traps.contains(function_index),
                Operator::Return | Operator::CallIndirect { .. } => true,
                _ => false,
            };
            if returns {
                return Ok(false);
            }
            ends = !matches!(operator, Operator::Unreachable);
        }
        Ok(true)
    }

    /// All that is reached from the exports, each with what it was reached from.
    fn found(&self, traps: &BTreeSet<u32>) -> Result<BTreeMap<Thing, Option<Thing>>> {
        let mut found: BTreeMap<_, _> = self.roots.iter().map(|root| (root.clone(), None)).collect();
        let mut left = self.roots.clone();
        while let Some(thing) = left.pop() {
            let next = match &thing {
                Thing::Function(function) if traps.contains(function) => Vec::new(),
                Thing::Function(function) => self.called(*function, traps)?,
                Thing::Data(start, end) => {
                    self.references.range(start..end).map(|(_, thing)| thing.clone()).collect()
                }
            };
            for next in next {
                found.entry(next.clone()).or_insert_with(|| {
                    left.push(next);
                    Some(thing.clone())
                });
            }
        }
        Ok(found)
    }

    /// What a function refers to, but for what it only hands to a panic.
    fn called(&self, function: u32, traps: &BTreeSet<u32>) -> Result<Vec<Thing>> {
        let Some(body) = self.body(function) else { return Ok(Vec::new()) };
        let mut called = Vec::new();
        // The constants that were pushed last, with what they refer to.
        let mut pushed: Vec<Option<Thing>> = Vec::new();
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let start = operators.original_position();
            let operator = operators.read()?;
            let refers = self.references.range(start..operators.original_position()).next();
            let refers = refers.map(|(_, thing)| thing.clone());
            if let Operator::I32Const { .. } = operator {
                pushed.push(refers);
                continue;
            }
            if let Operator::Call { function_index } = operator {
                if traps.contains(&function_index) {
                    let handed = self.parameters_of(function_index).min(pushed.len());
                    pushed.truncate(pushed.len() - handed);
                }
                called.push(Thing::Function(function_index));
            }
            called.extend(pushed.drain(..).flatten());
            called.extend(refers);
        }
        Ok(called)
    }

    /// By what something is reached, for people.
    fn path(&self, thing: &Thing, found: &BTreeMap<Thing, Option<Thing>>) -> String {
        let mut path = Vec::new();
        let mut at = Some(thing);
        while let Some(thing) = at {
            path.push(match thing {
                Thing::Function(function) => format!("  {}", self.name(*function)),
                Thing::Data(start, _) => format!("  data at {start}"),
            });
            at = found.get(thing).and_then(Option::as_ref);
        }
        path.reverse();
        path.join("\n")
    }

    /// The Wasm without what was not found.
    fn without(
        &self,
        wasm: &[u8],
        traps: &BTreeSet<u32>,
        found: &BTreeMap<Thing, Option<Thing>>,
    ) -> Result<Vec<u8>> {
        let mut wasm = wasm.to_vec();
        // Symbols overlap: a byte is garbage if none of those that are read has it.
        let (kept, lost): (Vec<_>, Vec<_>) = self
            .data
            .iter()
            .copied()
            .partition(|(start, end)| found.contains_key(&Thing::Data(*start, *end)));
        let original = wasm.clone();
        for (start, end) in lost {
            wasm.get_mut(start..end).unwrap_or_default().fill(0);
        }
        for (start, end) in kept {
            let bytes = original.get(start..end).unwrap_or_default();
            wasm.get_mut(start..end).unwrap_or_default().copy_from_slice(bytes);
        }
        let mut code = CodeSection::new();
        for function in self.defined() {
            let body = self.body(function).map(|body| body.range()).unwrap_or_default();
            if found.contains_key(&Thing::Function(function)) && !traps.contains(&function) {
                code.raw(wasm.get(body).unwrap_or_default());
            } else {
                // No locals, a trap, the end.
                code.raw(&[0, 0x00, 0x0b]);
            }
        }
        let mut module = Module::new();
        for (place, (id, range)) in self.sections.iter().enumerate() {
            if *id == u8::from(SectionId::Code) {
                module.section(&code);
            } else if *id == u8::from(SectionId::Export) {
                module.section(&self.exports);
            } else if !self.stale.contains(&place) {
                module.section(&RawSection { id: *id, data: wasm.get(range.clone()).unwrap_or_default() });
            }
        }
        Ok(module.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        ConstExpr, CustomSection, DataSection, DataSymbolDefinition, ExportKind, Function, FunctionSection,
        Instruction, LinkingSection, MemorySection, MemoryType, NameMap, NameSection, SymbolTable,
        TypeSection,
    };

    /// One byte of data each.
    const READ: u8 = b'R';
    const SAID: u8 = b'S';

    /// `f`, exported, reads data and calls `fails` with others; `fails` calls the panic, which calls what formats. `called` is
    /// what `f` calls too.
    fn linked(panic: &str, called: u32) -> Vec<u8> {
        let names = ["f", "fails", panic, "core::fmt::write"];
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([wasm_encoder::ValType::I32], []);
        let mut functions = FunctionSection::new();
        functions.function(0).function(1).function(1).function(1);
        let mut exports = ExportSection::new();
        exports.export("f", ExportKind::Func, 0).export("intounderlyingsink_close", ExportKind::Func, 3);

        // As long as the linker writes it, so that it has a place of its own: 0x41 is `i32.const`.
        let address = |at: u8| [0x41, 0x80 | at, 0x80, 0x80, 0x80, 0x00];
        let mut first = Function::new([]);
        first.instruction(&Instruction::Block(wasm_encoder::BlockType::Empty));
        first.raw(address(0)).instruction(&Instruction::BrIf(0));
        first.raw(address(1)).instruction(&Instruction::Call(1)).instruction(&Instruction::Unreachable);
        first.instruction(&Instruction::End);
        first.raw(address(0)).instruction(&Instruction::Call(called)).instruction(&Instruction::End);
        let mut code = CodeSection::new();
        code.function(&first);
        for function in [2, 3] {
            let mut leading = Function::new([]);
            leading.instruction(&Instruction::LocalGet(0)).instruction(&Instruction::Call(function));
            code.function(leading.instruction(&Instruction::Unreachable).instruction(&Instruction::End));
        }
        code.function(Function::new([]).instruction(&Instruction::End));

        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(0), [READ, SAID]);
        let mut symbols = SymbolTable::new();
        for offset in 0..2 {
            symbols.data(0, "data", Some(DataSymbolDefinition { index: 0, offset, size: 1 }));
        }
        let mut linking = LinkingSection::new();
        linking.symbol_table(&symbols);
        // The code is the fifth section; the type is R_WASM_MEMORY_ADDR_SLEB; the places follow from the code above.
        let relocations = [4, 3, 4, 6, 0, 0, 4, 14, 1, 0, 4, 24, 0, 0];
        let mut map = NameMap::new();
        (0..).zip(names).for_each(|(index, name)| map.append(index, name));
        let mut names = NameSection::new();
        names.functions(&map);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memories).section(&exports).section(&code);
        module.section(&data).section(&linking);
        module.section(&CustomSection { name: "reloc.CODE".into(), data: relocations.as_slice().into() });
        module.section(&names);
        module.finish()
    }

    #[test]
    fn what_only_a_panic_says_is_collected() {
        let before = linked("core::panicking::panic_fmt", 1);
        wasmparser::validate(&before).expect("the test's own Wasm is valid");
        let after = collect(&before).expect("it can be collected");
        wasmparser::validate(&after).expect("what is left is valid");
        let contains = |wasm: &[u8], data: &[u8]| wasm.windows(data.len()).any(|window| window == data);
        assert!(contains(&before, &[2, READ, SAID]));
        assert!(contains(&after, &[2, READ, 0]));
        let bodies = |wasm: &[u8]| {
            let payloads = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload {
                Ok(Payload::CodeSectionEntry(body)) => Some(body.range().len()),
                _ => None,
            });
            payloads.collect::<Vec<_>>()
        };
        assert_eq!(bodies(&after).get(..1), bodies(&before).get(..1));
        assert_eq!(bodies(&after).get(1..), Some(&[3; 3][..]));
        for gone in ["reloc.CODE", "linking", UNASKED] {
            assert!(contains(&before, gone.as_bytes()) && !contains(&after, gone.as_bytes()), "{gone}");
        }
    }

    #[test]
    fn a_widget_that_formats_text_is_refused_and_told_where() {
        let error = collect(&linked("core::panicking::panic_fmt", 3)).expect_err("it formats").to_string();
        assert!(error.ends_with("\n  f\n  core::fmt::write"), "{error}");
    }

    #[test]
    fn a_toolchain_that_panics_otherwise_is_refused() {
        let error =
            collect(&linked("core::panicking::renamed", 1)).expect_err("its name is gone").to_string();
        assert!(error.contains("core::panicking::panic_fmt"), "{error}");
    }
}
