//! What can be wrong with what the compiler is given.

use std::error::Error;

use signalbox_policy::tables::EncodeError;

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The bytes do not begin as WebAssembly does.
    #[error(
        "not a WebAssembly binary; give a core module that was built for wasm32-unknown-unknown"
    )]
    NotWasm,
    /// A component was given where a core module is wanted.
    #[error("this is a component already; use it as it is")]
    IsComponent,
    /// A core module was given where a component is wanted.
    #[error("this is a core module; make a component of it with `signalbox build` first")]
    IsModule,
    /// WebAssembly that cannot be read to its end.
    #[error("damaged WebAssembly")]
    Damaged(#[from] wasmparser::BinaryReaderError),
    /// The guest would call something outside.
    #[error(
        "the module imports `{name}` from `{module}`, but a policy imports nothing; \
         build it for wasm32-unknown-unknown, or so that it needs none"
    )]
    Imports {
        /// The module imported from.
        module: String,
        /// The name imported.
        name: String,
    },
    /// The guest was linked although something was missing.
    #[error(
        "the module imports `{0}` from `env`: it is declared and nowhere defined, and the linker let \
         that pass; link what defines it"
    )]
    Undefined(String),
    /// The guest was built for WASI 0.1.
    #[error(
        "the module imports `{name}` from `{module}`, but a policy imports nothing; \
         `signalbox build --stub-wasi` stubs WASI inside the component"
    )]
    Wasi {
        /// The module imported from.
        module: String,
        /// The name imported.
        name: String,
    },
    /// The component was built for WASI 0.2.
    #[error(
        "the component imports `{0}`, but a policy imports nothing; have the tool that makes it stub \
         WASI inside: `componentize-py componentize -s`, `componentize-qjs --stub-wasi`"
    )]
    Wasi02(String),
    /// The component would call something outside.
    #[error(
        "the component imports `{0}`, but a policy imports nothing; \
         build it for the world `signalbox-policy` of wit/0.2.0, which has no such import"
    )]
    ComponentImport(String),
    /// The guest is a program, not a library.
    #[error(
        "the module is a program: it exports `_start`, and nothing of a policy; build a library \
         (C: `-mexec-model=reactor`, Go: `-buildmode=c-shared`, Rust: `crate-type = [\"cdylib\"]`)"
    )]
    Program,
    /// The guest does not say which world it was built for.
    #[error(
        "the module has no section `component-type`, and does not export \
         `signalbox:policy/policy@0.2.0#decide`; \
         build it with wit-bindgen for the world `signalbox-policy` of wit/0.2.0"
    )]
    NoWorld,
    /// The guest was built for another world.
    #[error(
        "the component exports {}, and no `signalbox:policy/policy`; \
         build it for the world `signalbox-policy` of wit/0.2.0",
        listed(.0)
    )]
    NotAPolicy(Vec<String>),
    /// The guest was built for a version of the contract that is not spoken.
    #[error(
        "it is built for version {0} of `signalbox:policy`, and this signalbox speaks 0.1 and 0.2; \
         build it for the world `signalbox-policy` of wit/0.2.0"
    )]
    Version(String),
    /// The guest does not fit the world it says it was built for.
    #[error("the module does not make a component")]
    Encode(#[source] Box<dyn Error + Send + Sync>),
    /// The rules do not fit tables.
    #[error("the policy does not fit the engine's tables")]
    Tables(#[from] EncodeError),
    /// The tables do not fit the engine's memory.
    #[error("the policy needs more than a 32-bit memory")]
    TooLarge,
    /// The engine is not laid out as the compiler expects.
    #[error("the engine has no {0}; build it with `cargo xtask engine`")]
    Engine(&'static str),
    /// The cases are longer than a component may carry.
    #[error("the cases are {length} bytes long; a component carries at most {limit}")]
    CasesTooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The cases are not JSON.
    #[error("the cases are not JSON")]
    CasesNotJson(#[source] serde_json::Error),
    /// A section is there twice, or would be.
    #[error("the component has a section `{0}` already; take one that was built without it")]
    SectionTwice(&'static str),
    /// A section hides in a module or component inside.
    #[error("a module or component inside has a section `{0}`; only the component itself may")]
    SectionNested(&'static str),
    /// The source is not text.
    #[error("the section `{0}` is not UTF-8")]
    SectionNotText(&'static str),
}

/// The first names of a list, as a sentence has them.
fn listed(names: &[String]) -> String {
    let quoted = names.iter().take(3).map(|name| format!("`{name}`"));
    let more = if names.len() > 3 { " and more" } else { "" };
    match names {
        [] => "nothing".to_owned(),
        _ => quoted.collect::<Vec<_>>().join(", ") + more,
    }
}
