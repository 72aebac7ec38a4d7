//! Why a component does not load, and at which step.

use std::fmt;

use crate::{CompileBound, DecideError, Detail};

/// Why a component was not loaded. What serves is as it was.
///
/// Text in it is the component's or the engine's, cut short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Compiling it stopped at a bound.
    #[error("the component is not compiled beyond the bound {0}")]
    Bound(CompileBound),
    /// The drained catalogue is not what the contract allows.
    #[error("the policy's catalogue breaks the contract")]
    Catalogue(#[source] CatalogueFault),
    /// The engine does not compile it.
    #[error("the component does not compile: {0}")]
    Compile(Detail),
    /// The process that compiles failed for another reason than the component.
    #[error("the process that compiles failed: {0}")]
    Compiler(Detail),
    /// The process that compiles was ended from outside, each time it was started.
    #[error("the process that compiles was ended by signal {0}, which this host did not send")]
    CompilerKilled(i32),
    /// The process that compiles could not be started.
    #[error("the process that compiles could not be started: {0}")]
    CompilerNotStarted(Detail),
    /// A core module was given.
    #[error("this is a core module, not a component: wrap it with `signalbox build` first")]
    CoreModule,
    /// It is made of more core instances than a pool gives to one component.
    #[error("the component has more than {limit} core instances")]
    CoreInstances {
        /// The most allowed.
        limit: usize,
    },
    /// `describe` failed.
    #[error("the policy failed in `describe`")]
    Describe(#[source] DecideError),
    /// The description is not what the contract allows.
    #[error("the policy's description breaks the contract")]
    Description(#[source] DescriptionFault),
    /// Compiling it was given up, see [`crate::Runtime::give_up_compiling`].
    #[error("compiling was given up: this process is ending")]
    GivenUp,
    /// Something is imported that could act, or that is not the contract's.
    #[error("the component imports `{0}`; a policy imports nothing that can act")]
    Import(String),
    /// The bytes are not a well-formed component.
    #[error("the component cannot be read: {0}")]
    Malformed(Detail),
    /// The declared memory is more than the policy may have.
    #[error("the component declares {declared} bytes of memory, {limit} are allowed")]
    Memory {
        /// Bytes its memories start with.
        declared: u64,
        /// Bytes it may have.
        limit: u64,
    },
    /// `models` failed.
    #[error("the policy failed in `models`")]
    Models(#[source] DecideError),
    /// The bytes are no WebAssembly at all.
    #[error("this is not a WebAssembly component")]
    NotWasm,
    /// It does not export the contract's interface.
    #[error("the component does not export `signalbox:policy/policy`")]
    NoWorld,
    /// A custom section that Signalbox reads is not as it has to be.
    #[error("custom section `{name}` {fault}")]
    Section {
        /// The section's name.
        name: &'static str,
        /// What is wrong with it.
        fault: SectionFault,
    },
    /// It could not be instantiated.
    #[error("the policy did not start")]
    Start(#[source] DecideError),
    /// It exports the interface by name, but not the contract's functions and types.
    #[error("the component's functions or types are not the contract's: {0}")]
    Types(Detail),
    /// More policies stand one before the other than allowed.
    #[error("the component has more than {limit} policies in it, one before the other")]
    TooDeep {
        /// The most allowed.
        limit: usize,
    },
    /// Draining the catalogue took too long as a whole.
    #[error("the policy took too long to give its catalogue")]
    TooSlow,
    /// The component is larger than the runtime looks at.
    #[error("the component has {size} bytes, {limit} are allowed")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The most allowed.
        limit: usize,
    },
    /// The trial decision failed.
    #[error("the policy failed in a trial `decide`")]
    Trial(#[source] DecideError),
    /// It is built for a version of the contract that this host does not speak.
    #[error("the component is built for version {0} of the contract, this host speaks 0.1 and 0.2")]
    Version(String),
}

impl LoadError {
    /// The step that failed.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self {
            Self::CoreModule
            | Self::Malformed(_)
            | Self::NotWasm
            | Self::Section { .. }
            | Self::TooLarge { .. } => Step::Read,
            Self::CoreInstances { .. } | Self::Import(_) | Self::TooDeep { .. } => Step::Imports,
            Self::NoWorld | Self::Version(_) => Step::World,
            Self::Bound(_)
            | Self::Compile(_)
            | Self::Compiler(_)
            | Self::CompilerKilled(_)
            | Self::CompilerNotStarted(_)
            | Self::GivenUp => Step::Compile,
            Self::Memory { .. } | Self::Start(_) | Self::Types(_) => Step::Instantiate,
            Self::Describe(_) | Self::Description(_) => Step::Describe,
            Self::Catalogue(_) | Self::Models(_) | Self::TooSlow => Step::Models,
            Self::Trial(_) => Step::Trial,
        }
    }
}

/// A step of a load, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Step {
    /// Size, form, custom sections.
    Read,
    /// Nothing is imported that can act, and what is inside is not too much.
    Imports,
    /// The contract's interface is exported, in a version this host speaks.
    World,
    /// Machine code is made.
    Compile,
    /// A first instance starts, with the contract's types.
    Instantiate,
    /// `describe`, and the checks on its answer.
    Describe,
    /// `models`, page by page, and the checks on the catalogue.
    Models,
    /// A first decision.
    Trial,
}

impl Step {
    /// A stable word for reports and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Imports => "imports",
            Self::World => "world",
            Self::Compile => "compile",
            Self::Instantiate => "instantiate",
            Self::Describe => "describe",
            Self::Models => "models",
            Self::Trial => "trial",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What is wrong with a custom section that Signalbox reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SectionFault {
    /// There are two of it.
    Doubled,
    /// It is inside a module or component of the component.
    Nested,
    /// It is not UTF-8.
    NotText,
    /// It has more bytes than allowed.
    TooLarge {
        /// The most allowed.
        limit: usize,
    },
}

impl fmt::Display for SectionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Doubled => f.write_str("is there twice"),
            Self::Nested => f.write_str("is not at the top level"),
            Self::NotText => f.write_str("is not UTF-8"),
            Self::TooLarge { limit } => write!(f, "has more than {limit} bytes"),
        }
    }
}

/// What is wrong with a description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptionFault {
    /// It asks for a member of the body by a name that none may have, or by two that differ in case
    /// alone.
    #[error(
        "asks for member `{0}` of the body, which is no name of one, is `model`, or is there twice"
    )]
    BodyMember(String),
    /// It asks to see a header that carries a credential.
    #[error("asks for header `{0}`, which carries a credential")]
    Credential(String),
    /// Two routes have the same method and template, whatever their parameters are called.
    #[error("route `{0}` is there twice")]
    DoubledRoute(String),
    /// It asks to see a header that is no lower-case name.
    #[error("asks for header `{0}`, which is no lower-case header name")]
    Header(String),
    /// Its name is empty, or its name or version is too long or holds control characters.
    #[error("its name is empty, or its name or version is too long or holds control characters")]
    Name,
    /// One of the routes is not what the contract allows.
    #[error("route `{route}` {fault}")]
    Route {
        /// The route, as `METHOD template`.
        route: String,
        /// What is wrong with it.
        fault: RouteFault,
    },
    /// More routes, headers or models than a host keeps.
    #[error("has more {0} than allowed")]
    TooMany(&'static str),
}

/// What is wrong with a described route.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteFault {
    /// It lists a request header that is the host's business, or that is no lower-case name.
    Header(String),
    /// Its method is no upper-case word, or one that is never forwarded.
    Method,
    /// No purpose will do.
    NoPurpose,
    /// It is not supported and yet forwarded.
    NotSupportedForwarded,
    /// It lists a query name that is no name, or `model`.
    Query(String),
    /// One of its scopes is no visible ASCII word.
    Scope(String),
    /// One of its sets of scopes is empty, so that it would be open to every key.
    ScopeSet,
    /// Its template is no path under `/v1/`, or repeats a parameter.
    Template,
}

impl fmt::Display for RouteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "lists header `{name}`, which a policy may not"),
            Self::Method => f.write_str("has a method that cannot be forwarded"),
            Self::NoPurpose => f.write_str("has no purpose"),
            Self::NotSupportedForwarded => f.write_str("is not supported and yet forwarded"),
            Self::Query(name) => write!(f, "lists the query name `{name}`, which it may not"),
            Self::Scope(scope) => write!(f, "has the illegal scope `{scope}`"),
            Self::ScopeSet => f.write_str("has a set of scopes without a scope"),
            Self::Template => f.write_str("has a template that is no path under /v1/"),
        }
    }
}

/// What is wrong with a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueFault {
    /// What is said of a deprecated name is empty, too long, or holds control characters.
    #[error("says of the deprecated `{0}` what cannot be shown")]
    Deprecated(String),
    /// It has not as many entries as the description says.
    #[error("gave {given} entries where {described} were described")]
    Count {
        /// What the description says.
        described: u32,
        /// What came, as far as it was drained.
        given: usize,
    },
    /// A page was empty although more were to follow, or larger than asked for.
    #[error("gave a page that is empty before the end, or larger than asked for")]
    Page,
    /// A name, written or published, is empty, too long, or holds control characters.
    #[error("has the illegal name `{0}`")]
    Name(String),
    /// An entry leads to no published name, to more than a host keeps, or to one twice.
    #[error("`{0}` leads to no published name, to too many, or to one twice")]
    Published(String),
    /// A name does not come after the one before it.
    #[error("`{0}` does not come after the name before it")]
    Order(String),
    /// An entry works on a route that was not described.
    #[error("`{name}` works on `{route}`, which is not described")]
    Route {
        /// The entry.
        name: String,
        /// What it calls a route.
        route: String,
    },
}
