//! What a component carries besides its code, in custom sections at its top level.
//!
//! A section that is there twice, or inside a nested module or component, is refused: there would
//! be two answers to what the component says of itself.

use std::borrow::Cow;

use wasm_encoder::{Component, ComponentSection, CustomSection, RawSection};
use wasmparser::{Encoding, Parser, Payload};

use crate::CompileError;

/// The document a component was compiled from, as text.
pub const SOURCE: &str = "signalbox:source";

/// The cases a component is to pass, as JSON.
pub const CASES: &str = "signalbox:cases";

/// How long the cases of a component may be.
pub const LONGEST_CASES: usize = signalbox_policy::limits::CASES_BYTES;

/// A component with the cases it is to pass added to it.
///
/// # Errors
/// If it has cases already, if these are no JSON or too long, or if it is no component.
pub fn with_cases(component: &[u8], cases_json: &[u8]) -> Result<Vec<u8>, CompileError> {
    if read(component)?.cases.is_some() {
        return Err(CompileError::SectionTwice(CASES));
    }
    Sections {
        source: None,
        cases: Some(cases_json),
    }
    .append_to(component.to_vec())
}

/// A component without the sections it carries.
pub(crate) fn without(component: &[u8]) -> Result<Vec<u8>, CompileError> {
    read(component)?;
    let mut bare = Component::new();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        let is_known = matches!(&payload, Payload::CustomSection(it) if known(it.name()).is_some());
        match payload.as_section() {
            Some((id, range)) if depth == 1 && !is_known => {
                let data = component.get(range).unwrap_or_default();
                bare.section(&RawSection { id, data });
            }
            _ => {}
        }
        match payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(bare.finish())
}

/// The sections a component has.
///
/// # Errors
/// If one of them is there twice, nested or not text, or if it is no component.
pub fn read(component: &[u8]) -> Result<Sections<'_>, CompileError> {
    if !component.starts_with(b"\0asm") {
        return Err(CompileError::NotWasm);
    }
    let mut sections = Sections::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if depth == 0 => {
                return Err(CompileError::IsModule);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(custom) => {
                let Some(name) = known(custom.name()) else {
                    continue;
                };
                if depth > 0 {
                    return Err(CompileError::SectionNested(name));
                }
                sections.take(name, custom.data())?;
            }
            _ => {}
        }
    }
    Ok(sections)
}

/// What a component says besides its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sections<'a> {
    /// The document it was compiled from.
    pub source: Option<&'a str>,
    /// The cases it is to pass, as JSON.
    pub cases: Option<&'a [u8]>,
}

impl<'a> Sections<'a> {
    pub(crate) fn append_to(self, mut component: Vec<u8>) -> Result<Vec<u8>, CompileError> {
        if let Some(source) = self.source {
            append(SOURCE, source.as_bytes(), &mut component);
        }
        if let Some(cases) = self.cases {
            check_cases(cases)?;
            append(CASES, cases, &mut component);
        }
        Ok(component)
    }

    fn take(&mut self, name: &'static str, data: &'a [u8]) -> Result<(), CompileError> {
        let is_new = match name {
            SOURCE => {
                let text = str::from_utf8(data).map_err(|_| CompileError::SectionNotText(name))?;
                self.source.replace(text).is_none()
            }
            _ => self.cases.replace(data).is_none(),
        };
        is_new.then_some(()).ok_or(CompileError::SectionTwice(name))
    }
}

fn known(name: &str) -> Option<&'static str> {
    [SOURCE, CASES].into_iter().find(|known| *known == name)
}

fn check_cases(cases: &[u8]) -> Result<(), CompileError> {
    if cases.len() > LONGEST_CASES {
        let (length, limit) = (cases.len(), LONGEST_CASES);
        return Err(CompileError::CasesTooLong { length, limit });
    }
    serde_json::from_slice::<serde_json::Value>(cases).map_err(CompileError::CasesNotJson)?;
    Ok(())
}

fn append(name: &str, data: &[u8], component: &mut Vec<u8>) {
    let section = CustomSection {
        name: Cow::Borrowed(name),
        data: Cow::Borrowed(data),
    };
    section.append_to_component(component);
}
