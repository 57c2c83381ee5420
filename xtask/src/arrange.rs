//! The order of the functions in the widget's Wasm. Those that resemble each other stand side by side, which is 2 % less after
//! brotli; their indices are as long in every order, because the imports take all the short ones.

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser, Payload, TypeRef};

/// Gives the Wasm with its functions arranged.
pub(crate) fn arrange(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut arranged = Arranged::read(wasm).context("The Wasm that wasm-opt gave can't be read.")?;
    let mut module = Module::new();
    utils::parse_core_module(&mut arranged, &mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

struct Arranged {
    /// How many functions are imported: they stay before all others.
    imported: usize,
    /// The defined functions in their new order, by their old places.
    order: Vec<usize>,
}

impl Arranged {
    fn read(wasm: &[u8]) -> Result<Self> {
        let (mut imported, mut bodies) = (0, Vec::new());
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
                _ => {}
            }
        }
        Ok(Self { imported, order: order(&bodies) })
    }
}

/// Begins with the shortest; each next is the one that has most of its sequences of three bytes in common with the one before.
fn order(bodies: &[&[u8]]) -> Vec<usize> {
    let sequences: Vec<BTreeSet<&[u8]>> = bodies.iter().map(|body| body.windows(3).collect()).collect();
    let mut left: BTreeSet<usize> = (0..bodies.len()).collect();
    let mut next = left.iter().copied().min_by_key(|place| bodies.get(*place).map(|body| body.len()));
    let mut order = Vec::new();
    while let Some(place) = next {
        left.remove(&place);
        order.push(place);
        let resemblance = |other: usize| {
            let (Some(a), Some(b)) = (sequences.get(place), sequences.get(other)) else { return 0.0 };
            let common = a.intersection(b).count();
            common as f64 / (a.len() + b.len() - common + 1) as f64
        };
        let scored = left.iter().map(|other| (resemblance(*other), *other));
        // Of equals the first, so that every build gives the same.
        next = scored.reduce(|best, one| if one.0 > best.0 { one } else { best }).map(|(_, other)| other);
    }
    order
}

impl Reencode for Arranged {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        let defined = (function as usize).checked_sub(self.imported);
        let place = defined.and_then(|defined| self.order.iter().position(|old| *old == defined));
        Ok(place.map_or(function, |place| (self.imported + place) as u32))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let kinds = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for place in self.order.iter().filter_map(|old| kinds.get(*old)) {
            functions.function(*place);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for old in self.order.clone() {
            if let Some(body) = bodies.get(old) {
                self.parse_function_body(code, body.clone())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, ImportSection,
        Instruction, RefType, TableSection, TableType, TypeSection, ValType,
    };

    fn body(instructions: &[Instruction<'_>]) -> Function {
        let mut function = Function::new([]);
        instructions.iter().chain([&Instruction::End]).for_each(|instruction| {
            function.instruction(instruction);
        });
        function
    }

    /// An imported function; `long`, which calls it and `short`; `short`, of another type; `like`, which resembles `long`.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([], [ValType::I32]);
        let mut imports = ImportSection::new();
        imports.import("m", "f", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(0).function(1).function(0);
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 1,
            maximum: None,
            shared: false,
        });
        let mut exports = ExportSection::new();
        exports.export("long", ExportKind::Func, 1).export("short", ExportKind::Func, 2);
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions((&[3]).into()));
        let add =
            [Instruction::I32Const(7), Instruction::I32Const(8), Instruction::I32Add, Instruction::Drop];
        let mut long = vec![Instruction::Call(0), Instruction::Call(2), Instruction::Drop];
        long.extend(add.clone());
        let mut code = CodeSection::new();
        code.function(&body(&long)).function(&body(&[Instruction::I32Const(1)])).function(&body(&add));
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&tables).section(&exports);
        module.section(&elements).section(&code);
        module.finish()
    }

    #[test]
    fn functions_change_places_and_all_that_refers_to_them_follows() {
        let arranged = arrange(&module()).expect("it is Wasm");
        wasmparser::validate(&arranged).expect("its types are right");
        let mut seen = Vec::new();
        for payload in Parser::new(0).parse_all(&arranged) {
            match payload.expect("it can be read") {
                Payload::ExportSection(exports) => {
                    seen.extend(exports.into_iter().map(|export| export.expect("an export").index));
                }
                Payload::ElementSection(elements) => {
                    for element in elements {
                        let wasmparser::ElementItems::Functions(items) = element.expect("an element").items
                        else {
                            panic!("functions")
                        };
                        seen.extend(items.into_iter().map(|item| item.expect("an item")));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    for operator in body.get_operators_reader().expect("operators") {
                        if let wasmparser::Operator::Call { function_index } = operator.expect("an operator")
                        {
                            seen.push(function_index);
                        }
                    }
                }
                _ => {}
            }
        }
        // `short` comes first, `long` second.
        assert_eq!(seen, [2, 1, 3, 0, 1]);
    }

    #[test]
    fn what_resembles_stands_side_by_side() {
        let bodies: [&[u8]; 4] = [b"abcdef", b"xyz", b"uvabcdef", b"vwxyz"];
        assert_eq!(order(&bodies), [1, 3, 0, 2]);
    }
}
