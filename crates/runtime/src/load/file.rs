//! What can be told from a component's bytes, before anything is compiled.

use signalbox_policy::limits::{CASES_BYTES, SOURCE_BYTES};
use wasmparser::{
    ComponentExportSectionReader, ComponentImportSectionReader, Parser, Payload, Validator,
    WasmFeatures,
    component_types::{ComponentAnyTypeId, ComponentEntityType},
    types::Types,
};

use super::{LoadError, SectionFault};
use crate::{
    ContractVersion, Detail,
    compile::Functions,
    detail,
    limits::{CORE_INSTANCES, MOST_POLICIES},
};

/// A well-formed component, and what is to be known of it.
#[derive(Default)]
pub(super) struct File<'a> {
    pub(super) source: Option<&'a str>,
    pub(super) cases: Option<&'a [u8]>,
    /// Bytes its memories start with, together.
    pub(super) memory: u64,
    pub(super) functions: Functions,
    /// How deep inside is what exports the contract's interface: 1 is the component itself.
    policies_deep: usize,
    core_instances: usize,
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
    /// What its names stand for.
    types: Option<Types>,
}

impl<'a> File<'a> {
    pub(super) fn read(bytes: &'a [u8], cap: usize) -> Result<Self, LoadError> {
        if bytes.len() > cap {
            return Err(LoadError::TooLarge {
                size: bytes.len(),
                limit: cap,
            });
        }
        check_preamble(bytes)?;
        let mut file = Self::default();
        let mut validator = Validator::new_with_features(WasmFeatures::default());
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(malformed)?;
            // Bodies of functions are left to the compiler.
            if let wasmparser::ValidPayload::End(end) =
                validator.payload(&payload).map_err(malformed)?
            {
                file.types = Some(end);
            }
            match &payload {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                _ => file.note(&payload, depth)?,
            }
        }
        Ok(file)
    }

    fn note(&mut self, payload: &Payload<'a>, depth: usize) -> Result<(), LoadError> {
        let is_top = depth == 1;
        match payload {
            Payload::CustomSection(section) => {
                let (name, data) = (section.name(), section.data());
                if name == SOURCE {
                    let data = only(SOURCE, data, is_top, self.source.is_some(), SOURCE_BYTES)?;
                    let text = str::from_utf8(data).map_err(|_| not_text(SOURCE))?;
                    self.source = Some(text);
                } else if name == CASES {
                    let data = only(CASES, data, is_top, self.cases.is_some(), CASES_BYTES)?;
                    self.cases = Some(data);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let pages = memory.map_err(malformed)?.initial;
                    self.memory = self.memory.saturating_add(pages.saturating_mul(64 << 10));
                }
            }
            Payload::CodeSectionStart { count, .. } => self.functions.more(*count),
            Payload::CodeSectionEntry(body) => self.functions.look(body).map_err(malformed)?,
            Payload::ComponentImportSection(section) if is_top => self.note_imports(section)?,
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    let instance = instance.map_err(malformed)?;
                    let is_new = matches!(instance, wasmparser::Instance::Instantiate { .. });
                    self.core_instances += usize::from(is_new);
                }
            }
            Payload::ComponentExportSection(section) => self.note_exports(section, depth)?,
            _ => {}
        }
        Ok(())
    }

    fn note_exports(
        &mut self,
        section: &ComponentExportSectionReader<'a>,
        depth: usize,
    ) -> Result<(), LoadError> {
        for export in section.clone() {
            let name = export.map_err(malformed)?.name.name;
            if version_of(name, POLICY).is_some() {
                self.policies_deep = self.policies_deep.max(depth);
            }
            if depth == 1 {
                self.exports.push(name);
            }
        }
        Ok(())
    }

    fn note_imports(
        &mut self,
        section: &ComponentImportSectionReader<'a>,
    ) -> Result<(), LoadError> {
        for import in section.clone() {
            self.imports.push(import.map_err(malformed)?.name.name);
        }
        Ok(())
    }

    /// The one import allowed is the contract's `types`, of a version that is spoken, with types alone in it.
    /// Every component built from the contract has it.
    pub(super) fn check_imports(&self) -> Result<(), LoadError> {
        let types = self.types.as_ref().ok_or(LoadError::NotWasm)?.as_ref();
        let is_allowed = |name: &str| {
            let instance = match types.component_item_for_import(name).map(|item| item.ty) {
                Some(ComponentEntityType::Instance(instance)) => types.get(instance),
                _ => None,
            };
            let is_type = |ty: ComponentEntityType| match ty {
                ComponentEntityType::Type { created, .. } => {
                    !matches!(created, ComponentAnyTypeId::Resource(_))
                }
                _ => false,
            };
            version_of(name, TYPES).is_some_and(|it| ContractVersion::of_release(it).is_some())
                && instance.is_some_and(|all| all.exports.values().all(|item| is_type(item.ty)))
        };
        match self.imports.iter().find(|name| !is_allowed(name)) {
            Some(name) => Err(LoadError::Import(detail::excerpt(name, 100))),
            None => Ok(()),
        }
    }

    /// A wrapper has the policy that it asks inside, which may be a wrapper too. What a component inside
    /// imports it gets there, or it would not be well-formed.
    pub(super) fn check_composition(&self) -> Result<(), LoadError> {
        if self.policies_deep > MOST_POLICIES {
            return Err(LoadError::TooDeep {
                limit: MOST_POLICIES,
            });
        }
        // One that is instantiated twice counts once here; the engine counts again.
        if self.core_instances > CORE_INSTANCES {
            return Err(LoadError::CoreInstances {
                limit: CORE_INSTANCES,
            });
        }
        Ok(())
    }

    /// The version it is asked by: of those it exports and that are spoken, the newest. Only names are
    /// looked at: whether types fit shows when it is instantiated.
    pub(super) fn contract_version(&self) -> Result<ContractVersion, LoadError> {
        let names = self.exports.iter();
        let releases = || names.clone().filter_map(|name| version_of(name, POLICY));
        let spoken = releases().filter_map(ContractVersion::of_release);
        match (spoken.max(), releases().next()) {
            (Some(version), _) => Ok(version),
            (None, Some(first)) => Err(LoadError::Version(detail::excerpt(first, 32))),
            (None, None) => Err(LoadError::NoWorld),
        }
    }
}

/// What a component takes from outside and what it offers, by name: of any that is well-formed, also of
/// one that would not be loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentNames {
    /// What it imports, in its order.
    pub imports: Vec<String>,
    /// What it exports, in its order.
    pub exports: Vec<String>,
}

impl ComponentNames {
    /// The names in a component.
    ///
    /// # Errors
    /// It is no well-formed component.
    pub fn read(component: &[u8]) -> Result<Self, LoadError> {
        let file = File::read(component, component.len())?;
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        Ok(Self {
            imports: owned(file.imports),
            exports: owned(file.exports),
        })
    }
}

/// A component and a core module differ in four bytes; everything else is no wasm.
fn check_preamble(bytes: &[u8]) -> Result<(), LoadError> {
    match bytes.get(..8) {
        Some(b"\0asm\x01\0\0\0") => Err(LoadError::CoreModule),
        Some([b'\0', b'a', b's', b'm', ..]) => Ok(()),
        _ => Err(LoadError::NotWasm),
    }
}

/// The data of a section that may be there once, at the top, up to a size.
fn only<'a>(
    name: &'static str,
    data: &'a [u8],
    is_top: bool,
    is_second: bool,
    limit: usize,
) -> Result<&'a [u8], LoadError> {
    let fault = match () {
        () if !is_top => SectionFault::Nested,
        () if is_second => SectionFault::Doubled,
        () if data.len() > limit => SectionFault::TooLarge { limit },
        () => return Ok(data),
    };
    Err(LoadError::Section { name, fault })
}

fn not_text(name: &'static str) -> LoadError {
    LoadError::Section {
        name,
        fault: SectionFault::NotText,
    }
}

/// The version in `interface@version`; empty if there is none.
fn version_of<'a>(name: &'a str, interface: &str) -> Option<&'a str> {
    match name.strip_prefix(interface)? {
        "" => Some(""),
        rest => rest.strip_prefix('@'),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form `map_err` needs")]
fn malformed(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::Malformed(Detail::new(error.message()))
}

const POLICY: &str = "signalbox:policy/policy";
const TYPES: &str = "signalbox:policy/types";
const SOURCE: &str = "signalbox:source";
const CASES: &str = "signalbox:cases";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_exported_versions_the_newest_that_is_spoken_is_asked() {
        let version = |names: &[&'static str]| {
            let exports = names.to_vec();
            let file = File {
                exports,
                ..File::default()
            };
            file.contract_version()
        };
        let (old, new) = (
            "signalbox:policy/policy@0.1.0",
            "signalbox:policy/policy@0.2.3",
        );
        assert_eq!(version(&[old]), Ok(ContractVersion::V0_1));
        assert_eq!(version(&[new]), Ok(ContractVersion::V0_2));
        assert_eq!(version(&[new, old]), Ok(ContractVersion::V0_2));
        let next = "signalbox:policy/policy@0.3.0";
        assert_eq!(version(&[next, old]), Ok(ContractVersion::V0_1));
        assert_eq!(version(&[next]), Err(LoadError::Version("0.3.0".into())));
        assert_eq!(version(&["other"]), Err(LoadError::NoWorld));
    }

    #[test]
    fn version_is_that_of_the_whole_name() {
        assert_eq!(
            version_of("signalbox:policy/policy@0.1.0", POLICY),
            Some("0.1.0")
        );
        assert_eq!(version_of("signalbox:policy/policy", POLICY), Some(""));
        assert_eq!(
            version_of("signalbox:policy/policy-next@0.1.0", POLICY),
            None
        );
        assert_eq!(version_of("other:policy/policy@0.1.0", POLICY), None);
    }
}
