//! What stands in for WASI 0.1 inside a component whose module imports it.

mod clock;

use std::borrow::Cow;

/// What is done about a module's imports of WASI 0.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wasi {
    /// They are refused: a policy imports nothing.
    #[default]
    Refused,
    /// A stub inside the component answers them, always in the same way: there are no arguments, no
    /// environment, no files and no sockets; what is written goes nowhere; the clock is a counter
    /// that starts with the instance; random bytes are a constant sequence; to exit is a trap.
    Stubbed {
        /// Where the counter starts, in nanoseconds: 0, or where a module had it that has begun.
        clock: u64,
    },
}

impl Wasi {
    /// For a module that begins with each instance.
    pub const STUBBED: Self = Self::Stubbed { clock: 0 };

    /// The stubs to be put in, by the name that a module imports them by.
    pub(crate) fn stubs(self) -> Vec<(&'static str, Cow<'static, [u8]>)> {
        match self {
            Self::Refused => Vec::new(),
            Self::Stubbed { clock } => stubs()
                .map(|(name, stub)| (name, clock::set(stub, clock)))
                .collect(),
        }
    }

    /// Whether what is imported from a module of this name is answered inside the component.
    pub(crate) fn answers(self, module: &str) -> bool {
        self != Self::Refused && stubs().any(|(name, _)| name == module)
    }
}

/// The stubs, by the name that modules import them by: modules that import `memory` of `env`, where the
/// callers' memory is.
pub fn stubs() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    STUBS.into_iter()
}

/// Both are made of `wasi/stub.wat`.
const STUBS: [(&str, &[u8]); 2] = [
    ("wasi_snapshot_preview1", include_bytes!("wasi/stub.wasm")),
    ("wasi_unstable", include_bytes!("wasi/stub_unstable.wasm")),
];
