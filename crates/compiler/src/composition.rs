//! A wrapper before a policy, as one component.

use wasm_encoder::{
    Alias, Component as Encoder, ComponentAliasSection, ComponentExportKind,
    ComponentExportSection, ComponentInstanceSection, ComponentSectionId, RawSection,
};
use wasmparser::{BinaryReaderError, Parser, Payload};

use crate::{
    CompileError, ENGINE, Role, Wasi, component,
    names::{Component, TYPES},
    sections,
};

/// Puts `outer`, which imports a policy and exports one, before `inner`, a policy. The component that
/// comes of it decides as `outer` does when what it asks is `inner`. What the two carry besides their
/// code, a document and cases, is left out: it was said of one alone.
///
/// # Errors
/// What keeps the two from being put together.
pub fn compose(outer: &[u8], inner: &[u8]) -> Result<Vec<u8>, ComposeError> {
    let outer_names = checked(outer, Role::Wrapper)?;
    let inner_names = checked(inner, Role::Policy)?;
    let depth = inner_names.policies_deep.max(outer_names.policies_deep) + 1;
    if depth > MOST_POLICIES {
        return Err(ComposeError::TooDeep { depth });
    }
    let core_instances = inner_names.core_instances + outer_names.core_instances;
    if core_instances > MOST_CORE_INSTANCES {
        return Err(ComposeError::TooManyInstances { core_instances });
    }
    let mut composed = Encoder::new();
    add_types(&mut composed)?;
    for part in [inner, outer] {
        composed.section(&RawSection {
            id: ComponentSectionId::Component.into(),
            data: &sections::without(part)?,
        });
    }
    connect(&mut composed, &inner_names, &outer_names);
    let composed = composed.finish();
    wasmparser::validate(&composed).map_err(ComposeError::Types)?;
    Ok(composed)
}

/// A component with its names, if it is for what it was given as.
fn checked(bytes: &[u8], wanted: Role) -> Result<Component<'_>, ComposeError> {
    let at = |error| match wanted {
        Role::Wrapper => ComposeError::Outer(error),
        Role::Policy => ComposeError::Inner(error),
    };
    let names = Component::read(bytes).map_err(at)?;
    match (wanted, names.role().map_err(at)?) {
        (Role::Wrapper, Role::Policy) => return Err(ComposeError::OuterAsksNobody),
        (Role::Policy, Role::Wrapper) => return Err(ComposeError::InnerAsks),
        (Role::Wrapper, Role::Wrapper) | (Role::Policy, Role::Policy) => {}
    }
    let is_newest = |names: &[&str]| names.contains(&POLICY);
    if !is_newest(&names.exports) || (wanted == Role::Wrapper && !is_newest(&names.imports)) {
        return Err(ComposeError::Version(wanted));
    }
    Ok(names)
}

/// The import of the contract's types, as the encoder writes it for any policy: what comes before
/// the end of the first imports.
fn add_types(composed: &mut Encoder) -> Result<(), CompileError> {
    let policy = component::encode(ENGINE, Wasi::Refused)?;
    for payload in Parser::new(0).parse_all(&policy) {
        let payload = payload?;
        if let Some((id, range)) = payload.as_section() {
            let data = policy.get(range).unwrap_or_default();
            composed.section(&RawSection { id, data });
        }
        if matches!(payload, Payload::ComponentImportSection(_)) {
            return Ok(());
        }
    }
    Err(CompileError::Engine("import of the contract's types"))
}

/// Instantiates both, and offers what the outer one offers.
fn connect(composed: &mut Encoder, inner: &Component<'_>, outer: &Component<'_>) {
    let mut instances = ComponentInstanceSection::new();
    instances.instantiate(INNER, types(inner));
    composed.section(&instances);
    composed.section(&policy_of(INNER_INSTANCE));
    let mut arguments = types(outer);
    arguments.push(argument(POLICY, INNER_POLICY));
    let mut instances = ComponentInstanceSection::new();
    instances.instantiate(OUTER, arguments);
    composed.section(&instances);
    composed.section(&policy_of(OUTER_INSTANCE));
    let mut exports = ComponentExportSection::new();
    exports.export(POLICY, ComponentExportKind::Instance, OUTER_POLICY, None);
    composed.section(&exports);
}

/// What a component imports of the contract's types, from the one instance of them.
fn types<'a>(component: &Component<'a>) -> Vec<Argument<'a>> {
    let imports = component.imports.iter().copied();
    let types = imports.filter(|name| name.starts_with(TYPES));
    types.map(|name| argument(name, TYPES_INSTANCE)).collect()
}

type Argument<'a> = (&'a str, ComponentExportKind, u32);

fn argument(name: &str, instance: u32) -> Argument<'_> {
    (name, ComponentExportKind::Instance, instance)
}

/// What an instance exports as its policy, as an instance of its own.
fn policy_of(instance: u32) -> ComponentAliasSection {
    let mut aliases = ComponentAliasSection::new();
    aliases.alias(Alias::InstanceExport {
        instance,
        kind: ComponentExportKind::Instance,
        name: POLICY,
    });
    aliases
}

/// Why two components are not put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// The outer one is no policy.
    #[error("the outer component cannot be used")]
    Outer(#[source] CompileError),
    /// The inner one is no policy.
    #[error("the inner component cannot be used")]
    Inner(#[source] CompileError),
    /// Neither of them is at fault.
    #[error("the components cannot be put together")]
    Composition(#[from] CompileError),
    /// The outer one would never ask the inner one.
    #[error(
        "the outer component imports no policy: it decides by itself; \
         build it for the world `signalbox-wrapper` of wit/0.2.0"
    )]
    OuterAsksNobody,
    /// There would be nobody for the inner one to ask.
    #[error("the inner component asks a policy itself; compose it with that one first")]
    InnerAsks,
    /// One of them is built for another version of the contract.
    #[error("the {} component is not built for version 0.2.0 of the contract", place(*.0))]
    Version(Role),
    /// Too many policies, one before the other.
    #[error(
        "that would be {depth} policies, one before the other; a host loads {}",
        MOST_POLICIES
    )]
    TooDeep {
        /// How many there would be.
        depth: usize,
    },
    /// Together they have more core instances than a pool gives to one component.
    #[error(
        "together they have {core_instances} core instances; a host gives a component {}",
        MOST_CORE_INSTANCES
    )]
    TooManyInstances {
        /// How many they have.
        core_instances: usize,
    },
    /// What the one asks is not what the other answers.
    #[error("the outer component's import and the inner component's export differ in their types")]
    Types(#[source] BinaryReaderError),
}

fn place(role: Role) -> &'static str {
    match role {
        Role::Policy => "inner",
        Role::Wrapper => "outer",
    }
}

/// How many policies may stand one before the other. A host loads no more.
pub const MOST_POLICIES: usize = 4;

/// What a host's pool gives to one component.
const MOST_CORE_INSTANCES: usize = 64;

/// The one version that is put together.
const POLICY: &str = "signalbox:policy/policy@0.2.0";

// Instances and components are numbered in the order in which they are written.
const TYPES_INSTANCE: u32 = 0;
const INNER: u32 = 0;
const OUTER: u32 = 1;
const INNER_INSTANCE: u32 = 1;
const INNER_POLICY: u32 = 2;
const OUTER_INSTANCE: u32 = 3;
const OUTER_POLICY: u32 = 4;
