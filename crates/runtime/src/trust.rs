//! Which components are a known engine with tables: trusted to run inline on warm instances.
//!
//! A compiled policy is the engine's one core module with one data segment added, the last, that
//! holds the tables. So the module's code is known if everything but that segment, and the memory
//! size that makes room for it, hashes to a known value; and the segment can do no more than the
//! tables may if it lies at or above the engine's heap base, where nothing of the engine's own is.

use std::{fmt, ops::Range};

use sha2::{Digest as _, Sha256};
use wasmparser::{Data, DataKind, ExternalKind, Operator, Parser, Payload, TypeRef, WasmFeatures};

use crate::{Detail, Digest};

/// The identity of an engine: SHA-256 over its core module's sections in their order, each as its
/// id byte and its payload, where custom sections are left out, the memory and data-count sections
/// have no payload, and the data section's is its segments but the last.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// The fingerprint 64 hexadecimal digits stand for.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        digits.parse().ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The fingerprint of the engine inside a compiled policy.
///
/// # Errors
/// The component is not of the form the compiler makes, so it holds no engine.
pub fn fingerprint(component: &[u8]) -> Result<Fingerprint, NotEngine> {
    Shape::read(component)?.check()
}

/// The tables inside a compiled policy. Whose tables they are says [`fingerprint`]: of a component
/// that is not trusted they are any bytes.
///
/// # Errors
/// As [`fingerprint`].
pub fn tables(component: &[u8]) -> Result<&[u8], NotEngine> {
    let shape = Shape::read(component)?;
    let place = shape.tables.as_ref().map(|tables| tables.place.clone());
    shape.check()?;
    place
        .and_then(|place| component.get(place))
        .ok_or(NotEngine::NoTables)
}

/// The engines this version trusts.
pub fn known_engines() -> impl Iterator<Item = Fingerprint> {
    include_str!("known_engines.txt")
        .lines()
        .filter_map(|line| Fingerprint::from_hex(line.trim()))
}

/// Why a component is not a known engine's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotEngine {
    /// It cannot be read.
    #[error("the component cannot be read: {0}")]
    Malformed(Detail),
    /// It has none or several core modules, memories, or instances of the module.
    #[error("the component is not one module with one memory, instantiated once")]
    NotOne,
    /// The module says nowhere where its heap starts.
    #[error("the module exports no constant `__heap_base`")]
    NoHeapBase,
    /// There is no segment that could hold tables.
    #[error("the last data segment is not placed at a constant address")]
    NoTables,
    /// The last segment could overwrite what is the engine's.
    #[error("the last data segment does not lie between the heap base and the memory's end")]
    TablesOutside,
}

/// What matters of a component for its fingerprint.
#[derive(Default)]
struct Shape {
    hash: Sha256,
    modules: usize,
    instances: usize,
    memories: Vec<u64>,
    /// Constants of the module's globals, in order; imported and computed ones are unknown.
    globals: Vec<Option<u64>>,
    heap_base: Option<u32>,
    tables: Option<Tables>,
}

struct Tables {
    offset: Option<u64>,
    length: u64,
    /// Where they are in the component.
    place: Range<usize>,
}

impl Shape {
    fn read(component: &[u8]) -> Result<Self, NotEngine> {
        let mut shape = Self::default();
        // The sections of what is being read belong to a module, not to a component.
        let mut kinds: Vec<bool> = Vec::new();
        let mut parser = Parser::new(0);
        parser.set_features(WasmFeatures::all());
        for payload in parser.parse_all(component) {
            let payload = payload.map_err(malformed)?;
            match &payload {
                Payload::Version { encoding, .. } => {
                    kinds.push(*encoding == wasmparser::Encoding::Module);
                }
                Payload::End(_) => {
                    kinds.pop();
                }
                Payload::ModuleSection { .. } => shape.modules += 1,
                Payload::InstanceSection(section) => {
                    for instance in section.clone() {
                        let instance = instance.map_err(malformed)?;
                        let real = matches!(instance, wasmparser::Instance::Instantiate { .. });
                        shape.instances += usize::from(real);
                    }
                }
                _ if kinds.last() == Some(&true) => shape.add(&payload, component)?,
                _ => {}
            }
        }
        Ok(shape)
    }

    /// Adds one section of the core module.
    fn add(&mut self, payload: &Payload<'_>, bytes: &[u8]) -> Result<(), NotEngine> {
        if matches!(payload, Payload::CustomSection(_)) {
            return Ok(());
        }
        let Some((id, range)) = payload.as_section() else {
            return Ok(());
        };
        self.hash.update([id]);
        match payload {
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let memory = memory.map_err(malformed)?;
                    self.memories.push(memory.initial.saturating_mul(PAGE));
                }
                return Ok(());
            }
            Payload::DataCountSection { .. } => return Ok(()),
            Payload::DataSection(section) => return self.add_data(section, bytes),
            Payload::ImportSection(section) => self.add_imports(section)?,
            Payload::GlobalSection(section) => {
                for global in section.clone() {
                    let global = global.map_err(malformed)?;
                    let constant = if global.ty.mutable {
                        None
                    } else {
                        constant(&global.init_expr)
                    };
                    self.globals.push(constant);
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    let export = export.map_err(malformed)?;
                    if export.name == "__heap_base" && export.kind == ExternalKind::Global {
                        self.heap_base = Some(export.index);
                    }
                }
            }
            _ => {}
        }
        self.hash.update(bytes.get(range).unwrap_or_default());
        Ok(())
    }

    /// Imported globals and memories come before the module's own.
    fn add_imports(
        &mut self,
        section: &wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), NotEngine> {
        for import in section.clone().into_imports() {
            match import.map_err(malformed)?.ty {
                TypeRef::Global(_) => self.globals.push(None),
                TypeRef::Memory(_) => self.memories.push(0),
                _ => {}
            }
        }
        Ok(())
    }

    fn add_data(
        &mut self,
        section: &wasmparser::DataSectionReader<'_>,
        bytes: &[u8],
    ) -> Result<(), NotEngine> {
        let segments: Result<Vec<Data<'_>>, _> = section.clone().into_iter().collect();
        let segments = segments.map_err(malformed)?;
        let Some((last, others)) = segments.split_last() else {
            return Ok(());
        };
        for segment in others {
            self.hash
                .update(bytes.get(segment.range.clone()).unwrap_or_default());
        }
        let offset = match &last.kind {
            DataKind::Active {
                memory_index: 0,
                offset_expr,
            } => constant(offset_expr),
            _ => None,
        };
        // A segment's own bytes are its end.
        let start = last.range.end.saturating_sub(last.data.len());
        self.tables = Some(Tables {
            offset,
            length: last.data.len() as u64,
            place: start..last.range.end,
        });
        Ok(())
    }

    fn check(self) -> Result<Fingerprint, NotEngine> {
        let &[memory] = self.memories.as_slice() else {
            return Err(NotEngine::NotOne);
        };
        if self.modules != 1 || self.instances != 1 {
            return Err(NotEngine::NotOne);
        }
        let heap_base = self
            .heap_base
            .and_then(|index| {
                self.globals
                    .get(usize::try_from(index).ok()?)
                    .copied()
                    .flatten()
            })
            .ok_or(NotEngine::NoHeapBase)?;
        let tables = self.tables.ok_or(NotEngine::NoTables)?;
        let offset = tables.offset.ok_or(NotEngine::NoTables)?;
        if offset < heap_base || offset.saturating_add(tables.length) > memory {
            return Err(NotEngine::TablesOutside);
        }
        Ok(Fingerprint(Digest::finish(self.hash)))
    }
}

/// The value of an expression that is one `i32.const`.
fn constant(expression: &wasmparser::ConstExpr<'_>) -> Option<u64> {
    let mut operators = expression.get_operators_reader();
    let Ok(Operator::I32Const { value }) = operators.read() else {
        return None;
    };
    let ends = matches!(operators.read(), Ok(Operator::End)) && operators.eof();
    ends.then_some(u64::from(value.cast_unsigned()))
}

#[expect(clippy::needless_pass_by_value, reason = "the form `map_err` needs")]
fn malformed(error: wasmparser::BinaryReaderError) -> NotEngine {
    NotEngine::Malformed(Detail::new(error.message()))
}

const PAGE: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_survives_its_text() {
        let fingerprint = Fingerprint(Digest::of(b"engine"));
        assert_eq!(
            Fingerprint::from_hex(&fingerprint.to_string()),
            Some(fingerprint)
        );
    }

    #[test]
    fn text_that_is_no_fingerprint_is_none() {
        assert_eq!(Fingerprint::from_hex(""), None);
        assert_eq!(Fingerprint::from_hex(&"5".repeat(63)), None);
        assert_eq!(Fingerprint::from_hex(&"\u{20ac}5".repeat(16)), None);
        // A sign is no digit, although numbers are read with one.
        assert_eq!(Fingerprint::from_hex(&"+5".repeat(32)), None);
    }

    #[test]
    fn every_line_of_the_known_list_is_a_fingerprint() {
        let lines = include_str!("known_engines.txt").lines().count();
        assert_eq!(known_engines().count(), lines);
    }
}
