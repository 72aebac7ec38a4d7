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
    /// The guest was built for WASI 0.1.
    #[error(
        "the module imports `{name}` from `{module}`, but a policy imports nothing; \
         stub WASI inside the component with `signalbox build --stub-wasi`"
    )]
    Wasi {
        /// The module imported from.
        module: String,
        /// The name imported.
        name: String,
    },
    /// The guest does not say which world it was built for.
    #[error(
        "the module has no `component-type` section and exports no \
         `signalbox:policy/policy@0.2.0#decide`; \
         build it with wit-bindgen for the world `signalbox-policy` of wit/0.2.0"
    )]
    NoWorld,
    /// The guest was built for another world.
    #[error(
        "the component exports no `signalbox:policy/policy`; \
         build it for the world `signalbox-policy` of wit/0.2.0"
    )]
    NotAPolicy,
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
