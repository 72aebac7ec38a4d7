//! The prebuilt engine: how tables are put into it, and how it is recognised again.

use core::fmt;

use base16ct::HexDisplay;
use sha2::{Digest, Sha256};
use wasm_encoder::{
    ConstExpr, DataCountSection, DataSection, MemorySection, MemoryType, Module, RawSection,
    SectionId,
};
use wasmparser::{DataSectionReader, ExternalKind, MemorySectionReader, Operator, Parser, Payload};

use crate::CompileError;

/// The engine as `cargo xtask engine` built it.
pub const ENGINE: &[u8] = include_bytes!("../engine.wasm");

/// The core module that decides over `tables`: the engine with one more data segment, the last,
/// and a memory that holds it and has one page to spare.
///
/// # Errors
/// If `engine` is not laid out like [`ENGINE`], or the tables do not fit its memory.
pub fn splice(engine: &[u8], tables: &[u8]) -> Result<Vec<u8>, CompileError> {
    let start = heap_base(engine)?.next_multiple_of(TABLES_ALIGNMENT);
    let end = start + tables.len() as u64;
    let pages = end.div_ceil(PAGE) + 1;
    let (Ok(start), true) = (i32::try_from(start), pages <= MOST_PAGES) else {
        return Err(CompileError::TooLarge);
    };
    let segment = (&ConstExpr::i32_const(start), tables);
    let mut module = Module::new();
    let mut has_data = false;
    for payload in Parser::new(0).parse_all(engine) {
        let payload = payload?;
        match &payload {
            // Names and producers say nothing a component needs; the world does.
            Payload::CustomSection(custom) if !is_world(custom.name()) => {}
            Payload::MemorySection(memories) => {
                module.section(&with_minimum(memories, pages)?);
            }
            Payload::DataCountSection { count, .. } => {
                module.section(&DataCountSection { count: count + 1 });
            }
            Payload::DataSection(segments) => {
                has_data = true;
                module.section(&data(engine, Some(segments), segment)?);
            }
            other => copy(engine, other, &mut module),
        }
    }
    if !has_data {
        module.section(&data(engine, None, segment)?);
    }
    Ok(module.finish())
}

/// Whether a custom section says for which world a module was built.
pub(crate) fn is_world(name: &str) -> bool {
    name.starts_with("component-type")
}

fn heap_base(engine: &[u8]) -> Result<u64, CompileError> {
    let mut globals = Vec::new();
    for payload in Parser::new(0).parse_all(engine) {
        match payload? {
            Payload::Version { encoding, .. } if encoding != wasmparser::Encoding::Module => {
                return Err(CompileError::IsComponent);
            }
            Payload::GlobalSection(section) => {
                globals = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.name == "__heap_base" && export.kind == ExternalKind::Global {
                        let global = globals.get(export.index as usize);
                        let value = global.and_then(|global| constant(&global.init_expr));
                        return value.ok_or(CompileError::Engine("constant `__heap_base`"));
                    }
                }
            }
            _ => {}
        }
    }
    Err(CompileError::Engine("export `__heap_base`"))
}

fn constant(expression: &wasmparser::ConstExpr<'_>) -> Option<u64> {
    match expression.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => Some(u64::from(value.cast_unsigned())),
        _ => None,
    }
}

fn with_minimum(
    memories: &MemorySectionReader<'_>,
    pages: u64,
) -> Result<MemorySection, CompileError> {
    let memories: Vec<_> = memories.clone().into_iter().collect::<Result<_, _>>()?;
    let [memory] = memories.as_slice() else {
        return Err(CompileError::Engine("single memory"));
    };
    let mut section = MemorySection::new();
    section.memory(MemoryType {
        minimum: memory.initial.max(pages),
        maximum: memory.maximum,
        memory64: memory.memory64,
        shared: memory.shared,
        page_size_log2: memory.page_size_log2,
    });
    Ok(section)
}

fn data(
    engine: &[u8],
    segments: Option<&DataSectionReader<'_>>,
    (offset, tables): (&ConstExpr, &[u8]),
) -> Result<DataSection, CompileError> {
    let mut section = DataSection::new();
    for segment in segments.into_iter().flat_map(|segments| segments.clone()) {
        section.raw(engine.get(segment?.range).unwrap_or_default());
    }
    section.active(0, offset, tables.iter().copied());
    Ok(section)
}

fn copy(engine: &[u8], payload: &Payload<'_>, module: &mut Module) {
    if let Some((id, range)) = payload.as_section() {
        module.section(&RawSection {
            id,
            data: engine.get(range).unwrap_or_default(),
        });
    }
}

/// What a core module decides with, whatever tables are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&HexDisplay(&self.0), f)
    }
}

/// SHA-256 over each section but custom ones: its id and its bytes. Left out are the bytes of the
/// memory and data-count sections, the number of data segments, and the last data segment: all
/// that [`splice`] changes.
///
/// # Errors
/// If the bytes are not a core module.
pub fn fingerprint(core_module: &[u8]) -> Result<Fingerprint, CompileError> {
    let mut hash = Sha256::new();
    for payload in Parser::new(0).parse_all(core_module) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } if *encoding != wasmparser::Encoding::Module => {
                return Err(CompileError::IsComponent);
            }
            Payload::CustomSection(_) => {}
            Payload::MemorySection(_) => hash.update([SectionId::Memory as u8]),
            Payload::DataCountSection { .. } => hash.update([SectionId::DataCount as u8]),
            Payload::DataSection(segments) => {
                hash.update([SectionId::Data as u8]);
                let all_but_last = segments.count().saturating_sub(1) as usize;
                for segment in segments.clone().into_iter().take(all_but_last) {
                    hash.update(core_module.get(segment?.range).unwrap_or_default());
                }
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    hash.update([id]);
                    hash.update(core_module.get(range).unwrap_or_default());
                }
            }
        }
    }
    Ok(Fingerprint(hash.finalize().into()))
}

/// Where the engine looks for its tables: at `__heap_base`, aligned to this.
const TABLES_ALIGNMENT: u64 = 16;

const PAGE: u64 = 64 * 1024;

/// 2 GiB: addresses of tables are not negative as the engine's constants.
const MOST_PAGES: u64 = 32 * 1024;
