//! Why a decision could not be had. Each of them refuses the request.

use std::fmt;

use wasmtime::{PoolConcurrencyLimitError, Trap};

use crate::{Detail, Violation};

/// Why there is no decision.
///
/// Values compare by what happened; the engine's own words in a [`Detail`] do not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecideError {
    /// The decision pool was dropped before the request's turn came.
    #[error("the decision pool is closed")]
    Closed,
    /// The guest's answer is not one the contract allows. An answer that cannot be read counts
    /// here, and so does one over the size limit: wasmtime tells both apart in text only.
    #[error("the policy broke its contract")]
    Contract(#[source] Violation),
    /// The host's own code failed under the call.
    #[error("the runtime failed while calling the policy")]
    Internal,
    /// The guest was refused memory and could not go on.
    #[error("the policy ran out of memory")]
    Memory,
    /// Every instance the pool may hold is in use. Not the guest's fault.
    #[error("every policy instance is in use")]
    PoolExhausted,
    /// No instance could be made, for a reason that is none of the others.
    #[error("the policy could not be instantiated: {0}")]
    Start(Detail),
    /// The guest used up its time.
    #[error("the policy ran out of time")]
    Timeout,
    /// The guest trapped.
    #[error("the policy trapped on {0}: {1}")]
    Trap(TrapKind, Detail),
}

impl DecideError {
    /// A stable word for metrics.
    #[must_use]
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Contract(_) => "contract",
            Self::Internal => "internal",
            Self::Memory => "memory",
            Self::PoolExhausted => "pool_exhausted",
            Self::Start(_) => "start",
            Self::Timeout => "timeout",
            Self::Trap(..) => "trap",
        }
    }

    /// Whether the guest is to blame, and not the host or its load.
    #[must_use]
    pub const fn is_guest_failure(&self) -> bool {
        matches!(
            self,
            Self::Contract(_) | Self::Memory | Self::Timeout | Self::Trap(..)
        )
    }

    /// What an error of a call into the guest means. Told by types: our limiter's own record for
    /// memory, because wasmtime reports a refused growth as text.
    pub(crate) fn of_call(error: &wasmtime::Error, refused_memory: bool) -> Self {
        if let Some(known) = Self::of_types(error, refused_memory) {
            return known;
        }
        Self::Contract(Violation::Unreadable(Detail::of_chain(error)))
    }

    /// What an error of an instantiation means.
    pub(crate) fn of_start(error: &wasmtime::Error, refused_memory: bool) -> Self {
        if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
            return Self::PoolExhausted;
        }
        Self::of_types(error, refused_memory)
            .unwrap_or_else(|| Self::Start(Detail::of_chain(error)))
    }

    fn of_types(error: &wasmtime::Error, refused_memory: bool) -> Option<Self> {
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Some(Self::Timeout),
            // How a guest gives up when it gets no memory is its own affair.
            Some(Trap::StackOverflow) => Some(TrapKind::StackOverflow.with(error)),
            _ if refused_memory => Some(Self::Memory),
            Some(trap) => TrapKind::of(*trap).map(|kind| kind.with(error)),
            None => None,
        }
    }
}

/// What a guest trapped on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrapKind {
    /// A division by zero, an overflow, a conversion of a number that does not fit.
    Arithmetic,
    /// A call through a table that led nowhere, or to another type of function.
    IndirectCall,
    /// An access outside its memory.
    OutOfBounds,
    /// None of the others.
    Other,
    /// Its stack was used up.
    StackOverflow,
    /// An `unreachable`: how a panic or an abort ends.
    Unreachable,
}

impl TrapKind {
    fn of(trap: Trap) -> Option<Self> {
        Some(match trap {
            Trap::UnreachableCodeReached => Self::Unreachable,
            Trap::StackOverflow => Self::StackOverflow,
            Trap::MemoryOutOfBounds | Trap::HeapMisaligned | Trap::ArrayOutOfBounds => {
                Self::OutOfBounds
            }
            Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature => {
                Self::IndirectCall
            }
            Trap::IntegerOverflow | Trap::IntegerDivisionByZero | Trap::BadConversionToInteger => {
                Self::Arithmetic
            }
            // Faults of an answer, whichever layer finds them.
            Trap::InvalidChar
            | Trap::InvalidDiscriminant
            | Trap::ListOutOfBounds
            | Trap::StringOutOfBounds
            | Trap::UnalignedPointer
            | Trap::CannotLeaveComponent => return None,
            _ => Self::Other,
        })
    }

    fn with(self, error: &wasmtime::Error) -> DecideError {
        DecideError::Trap(self, Detail::of_chain(error))
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arithmetic => "arithmetic",
            Self::IndirectCall => "an indirect call",
            Self::OutOfBounds => "an access out of bounds",
            Self::Other => "another cause",
            Self::StackOverflow => "stack overflow",
            Self::Unreachable => "unreachable code",
        })
    }
}
