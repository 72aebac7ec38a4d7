//! What a module or a component takes from outside and what it offers, by name, and whether that is
//! what a policy may.

use wasmparser::{Encoding, Parser, Payload};

use crate::{CompileError, Wasi, engine::is_world};

/// What a component is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It decides by itself.
    Policy,
    /// It asks another policy, and changes the question or the answer: [`compose`](crate::compose)
    /// puts it before one.
    Wrapper,
}

/// What a component is for, by what it imports and exports. Nothing is compiled or run.
///
/// # Errors
/// What keeps it from being a policy, and what to do about it.
pub fn role(component: &[u8]) -> Result<Role, CompileError> {
    Component::read(component)?.role()
}

/// What there is to know of a core module before the encoder finds it in its own words.
#[derive(Debug, Default)]
pub(crate) struct CoreModule<'a> {
    imports: Vec<(&'a str, &'a str)>,
    exports: Vec<&'a str>,
    has_world: bool,
}

impl<'a> CoreModule<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, CompileError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(CompileError::NotWasm);
        }
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version {
                    encoding: Encoding::Component,
                    ..
                } => return Err(CompileError::IsComponent),
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        module.imports.push((import.module, import.name));
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        module.exports.push(export?.name);
                    }
                }
                Payload::CustomSection(custom) => module.has_world |= is_world(custom.name()),
                _ => {}
            }
        }
        Ok(module)
    }

    /// Whether it says for which world it was built; if it does not, its exports have to.
    pub(crate) fn world(&self) -> Result<World, CompileError> {
        if self.has_world {
            return Ok(World::Told);
        }
        let releases = || self.exports.iter().filter_map(|name| release(name));
        if releases().any(|release| release == NEWEST) {
            return Ok(World::Contract);
        }
        Err(match releases().next() {
            Some(release) => CompileError::Version(release.to_owned()),
            None if self.exports.contains(&"_start") => CompileError::Program,
            None => CompileError::NoWorld,
        })
    }

    /// The contract's own imports are left to the encoder.
    pub(crate) fn check_imports(&self, wasi: Wasi) -> Result<(), CompileError> {
        let is_accounted_for = |module: &str| {
            wasi.answers(module) || module.starts_with(PACKAGE) || is_wasi_02(module)
        };
        let mut imports = self.imports.iter();
        let Some((module, name)) = imports.find(|(module, _)| !is_accounted_for(module)) else {
            return Ok(());
        };
        let (module, name) = ((*module).to_owned(), (*name).to_owned());
        Err(match module.as_str() {
            stubbed if Wasi::STUBBED.answers(stubbed) => CompileError::Wasi { module, name },
            "env" => CompileError::Undefined(name),
            _ => CompileError::Imports { module, name },
        })
    }
}

/// How it is known which world a module was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// It has a section that says so.
    Told,
    /// It exports the contract's functions by their canonical names.
    Contract,
}

/// What a component has at its top level.
#[derive(Debug, Default)]
pub(crate) struct Component<'a> {
    pub(crate) imports: Vec<&'a str>,
    pub(crate) exports: Vec<&'a str>,
    /// How deep the deepest policy in it is; 1 if it is one itself and has none inside.
    pub(crate) policies_deep: usize,
    /// How often it instantiates core modules, those of components inside included.
    pub(crate) core_instances: usize,
}

impl<'a> Component<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, CompileError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(CompileError::NotWasm);
        }
        let mut component = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { encoding, .. } => {
                    if depth == 0 && encoding == Encoding::Module {
                        return Err(CompileError::IsModule);
                    }
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::InstanceSection(instances) => {
                    for instance in instances {
                        let is_new = matches!(instance?, wasmparser::Instance::Instantiate { .. });
                        component.core_instances += usize::from(is_new);
                    }
                }
                Payload::ComponentImportSection(imports) if depth == 1 => {
                    for import in imports {
                        component.imports.push(import?.name.name);
                    }
                }
                Payload::ComponentExportSection(exports) => {
                    for export in exports {
                        component.note_export(export?.name.name, depth);
                    }
                }
                _ => {}
            }
        }
        Ok(component)
    }

    fn note_export(&mut self, name: &'a str, depth: usize) {
        if release(name).is_some() {
            self.policies_deep = self.policies_deep.max(depth);
        }
        if depth == 1 {
            self.exports.push(name);
        }
    }

    pub(crate) fn role(&self) -> Result<Role, CompileError> {
        let is_policy = |name: &&&str| release(name).is_some();
        let others = self.imports.iter().filter(|name| !is_policy(name));
        for name in others {
            let is_types = name.strip_prefix(TYPES).is_some_and(is_spoken);
            match *name {
                _ if is_types => {}
                wasi if is_wasi_02(wasi) => return Err(CompileError::Wasi02(wasi.to_owned())),
                other => return Err(CompileError::ComponentImport(other.to_owned())),
            }
        }
        let mut releases = self.exports.iter().filter_map(|name| release(name));
        let Some(first) = releases.clone().next() else {
            let exports = self.exports.iter().map(|name| (*name).to_owned());
            return Err(CompileError::NotAPolicy(exports.collect()));
        };
        if !releases.any(is_spoken) {
            return Err(CompileError::Version(first.to_owned()));
        }
        Ok(if self.imports.iter().any(|name| is_policy(&name)) {
            Role::Wrapper
        } else {
            Role::Policy
        })
    }
}

/// Which release of the contract's interface a component, or a function of it a module, is named after.
pub(crate) fn release(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(POLICY)?;
    Some(rest.split_once('#').map_or(rest, |(release, _)| release))
}

/// Whether hosts of this version speak a release.
fn is_spoken(release: &str) -> bool {
    let version = release.rsplit_once('.').map(|(version, _)| version);
    matches!(version, Some("0.1" | "0.2"))
}

fn is_wasi_02(name: &str) -> bool {
    name.starts_with("wasi:")
}

const PACKAGE: &str = "signalbox:policy/";
const POLICY: &str = "signalbox:policy/policy@";
pub(crate) const TYPES: &str = "signalbox:policy/types@";

/// The newest release, which modules without a world of their own are taken for.
pub(crate) const NEWEST: &str = "0.2.0";
