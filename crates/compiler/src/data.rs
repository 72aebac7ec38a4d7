//! Data segments, fewer. The engine goes through all of them for each instance it makes, and linkers write one for each piece
//! of memory that is not zero: Go's has 28,000, which took half of a decision.

use std::borrow::Cow;

use wasm_encoder::{ConstExpr, DataSection, Module, RawSection};
use wasmparser::{ConstExpr as Offset, Data, DataKind, Operator, Parser, Payload, TypeRef};

use crate::CompileError;

/// A core module with its data in few segments, if it has many. It is left as it is if its code tells them apart, or if it
/// is not known before it runs what lies where.
pub(crate) fn merged(module: &[u8]) -> Result<Cow<'_, [u8]>, CompileError> {
    if count(module)? <= FEW || !has_memory_to_itself(module)? || tells_segments_apart(module)? {
        return Ok(Cow::Borrowed(module));
    }
    Ok(match pieces(module)?.and_then(joined) {
        Some(pieces) => Cow::Owned(with_data(module, &pieces)?),
        None => Cow::Borrowed(module),
    })
}

fn count(module: &[u8]) -> Result<u32, CompileError> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::DataSection(section) = payload? {
            return Ok(section.count());
        }
    }
    Ok(0)
}

/// Whether all data is for one memory, which nobody else has written to.
fn has_memory_to_itself(module: &[u8]) -> Result<bool, CompileError> {
    let mut memories = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if matches!(import?.ty, TypeRef::Memory(_)) {
                        return Ok(false);
                    }
                }
            }
            Payload::MemorySection(section) => memories = section.count(),
            _ => {}
        }
    }
    Ok(memories == 1)
}

fn tells_segments_apart(module: &[u8]) -> Result<bool, CompileError> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload? {
            let mut operators = body.get_operators_reader()?;
            while !operators.eof() {
                let operator = operators.read()?;
                if matches!(
                    operator,
                    Operator::MemoryInit { .. } | Operator::DataDrop { .. }
                ) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// What lies from where on.
type Piece<'a> = (u32, Cow<'a, [u8]>);

/// The module's data; `None` if some of it lies where the module does not say.
fn pieces(module: &[u8]) -> Result<Option<Vec<Piece<'_>>>, CompileError> {
    let mut pieces = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::DataSection(section) = payload? else {
            continue;
        };
        for segment in section {
            let Data { kind, data, .. } = segment?;
            match kind {
                // Nobody asks for it.
                DataKind::Passive => {}
                DataKind::Active { offset_expr, .. } => match place(&offset_expr)? {
                    Some(place) => pieces.push((place, Cow::Borrowed(data))),
                    None => return Ok(None),
                },
            }
        }
    }
    Ok(Some(pieces))
}

fn place(offset: &Offset<'_>) -> Result<Option<u32>, CompileError> {
    let mut operators = offset.get_operators_reader();
    let first = operators.read()?;
    let is_all = matches!(operators.read()?, Operator::End);
    Ok(match first {
        Operator::I32Const { value } if is_all => Some(value.cast_unsigned()),
        _ => None,
    })
}

/// The same in fewer pieces, with zeros in what is between two of them; `None` if they overlap.
fn joined(mut pieces: Vec<Piece<'_>>) -> Option<Vec<Piece<'_>>> {
    pieces.retain(|(_, data)| !data.is_empty());
    pieces.sort_by_key(|(place, _)| *place);
    let mut joined: Vec<Piece<'_>> = Vec::new();
    for (place, data) in pieces {
        let Some((first, before)) = joined.last_mut() else {
            joined.push((place, data));
            continue;
        };
        let end = first.checked_add(u32::try_from(before.len()).ok()?)?;
        let between = usize::try_from(place.checked_sub(end)?).ok()?;
        if between > BETWEEN {
            joined.push((place, data));
            continue;
        }
        let before = before.to_mut();
        before.resize(before.len() + between, 0);
        before.extend_from_slice(&data);
    }
    Some(joined)
}

fn with_data(module: &[u8], pieces: &[Piece<'_>]) -> Result<Vec<u8>, CompileError> {
    let mut data = DataSection::new();
    for (place, bytes) in pieces {
        let place = ConstExpr::i32_const(place.cast_signed());
        data.active(0, &place, bytes.iter().copied());
    }
    let mut with_data = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            // It is for code that tells segments apart.
            Payload::DataCountSection { .. } => {}
            Payload::DataSection(_) => {
                with_data.section(&data);
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = module.get(range).unwrap_or_default();
                    with_data.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(with_data.finish())
}

/// So many are gone through in no time.
const FEW: u32 = 512;
/// A segment of its own takes some bytes as well.
const BETWEEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with so many words, this far apart, from 1024 on.
    fn module(words: u32, apart: u32, code: &str, more: &str) -> Vec<u8> {
        let word = |index: u32| {
            let place = 1024 + index * apart;
            format!("(data (i32.const {place}) \"w{:03}\")", index % 1_000)
        };
        // Backwards: the order in which they stand is not the order in which they lie.
        let words: String = (0..words).rev().map(word).collect();
        let text = format!("(module (memory 4) (func {code}) {words} {more})");
        wat::parse_str(text).expect("WebAssembly")
    }

    /// What is in memory when an instance begins.
    fn memory(module: &[u8]) -> Vec<u8> {
        let mut memory = vec![0; 4 << 16];
        for (place, data) in pieces(module).expect("a module").expect("known places") {
            let place = place as usize;
            memory[place..place + data.len()].copy_from_slice(&data);
        }
        memory
    }

    fn is_left(module: &[u8]) -> bool {
        matches!(merged(module).expect("a module"), Cow::Borrowed(_))
    }

    #[test]
    fn the_same_lies_in_memory_in_fewer_pieces() {
        for (apart, pieces) in [(4, 1), (68, 1), (69, 600)] {
            let module = module(600, apart, "", "(data \"\") (@custom \"c\" \"kept\")");
            let merged = merged(&module).expect("a module");
            assert_eq!(count(&merged).expect("a module"), pieces, "{apart}");
            assert!(memory(&merged) == memory(&module), "{apart}");
            wasmparser::validate(&merged).expect("valid");
            let is_kept = merged.windows(5).any(|bytes| bytes == b"ckept");
            assert!(is_kept, "{apart}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_left_as_it_is() {
        assert!(is_left(&module(512, 8, "", "")));
        assert!(!is_left(&module(513, 8, "", "")));
        for (code, more) in [
            ("(data.drop 0)", ""),
            (
                "(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))",
                "",
            ),
            ("", "(data (i32.const 1026) \"over\")"),
            (
                "",
                "(global $at i32 (i32.const 0)) (data (global.get $at) \"x\")",
            ),
            (
                "",
                "(memory $other 1) (data (memory $other) (i32.const 0) \"x\")",
            ),
        ] {
            assert!(is_left(&module(600, 8, code, more)), "{code} {more}");
        }
        let words = "(data (i32.const 0) \"x\")".repeat(600);
        let text = format!("(module (import \"a\" \"m\" (memory 1)) {words})");
        assert!(is_left(&wat::parse_str(text).expect("WebAssembly")));
    }
}
