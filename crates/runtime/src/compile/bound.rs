//! How far compiling may go.
//!
//! | bound | limit | seen in Python's and JavaScript's tool chains |
//! | --- | --- | --- |
//! | `functions` | 100,000 in all modules | 20,000 |
//! | `body_bytes` | 1 MiB a function | 427 KB |
//! | `locals` | 10,000 a function; times the bytes of its body 32 Mi | 483; 9 Mi |
//! | `compile_time` | 60 s on the CPU, in a child | 18 s |
//! | `compile_memory` | 1 GiB of address space, in a child | 0.4 GiB |
//! | `code_bytes` | 256 MiB, from a child: eight times the largest component | |
//!
//! The first three are told from the bytes. Memory grows with locals times blocks, and a body has
//! fewer blocks than bytes: hence the product, which keeps any one function to about 1 GiB. They do
//! not bound the time that many such functions take.

use std::{fmt, time::Duration};

use wasmparser::{BinaryReaderError, FunctionBody};

/// The bound at which compiling a component stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompileBound {
    /// It has more functions than this, in all its modules.
    Functions(u64),
    /// The body of a function has more bytes than this.
    BodyBytes(u64),
    /// A function has more locals than this, which is as many as a body of its size may have.
    Locals(u64),
    /// It takes more time on the CPU.
    Time(Duration),
    /// It takes more bytes of memory.
    Memory(u64),
    /// Its machine code has more bytes.
    CodeBytes(u64),
}

impl CompileBound {
    /// A stable word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Functions(_) => "functions",
            Self::BodyBytes(_) => "body_bytes",
            Self::Locals(_) => "locals",
            Self::Time(_) => "compile_time",
            Self::Memory(_) => "compile_memory",
            Self::CodeBytes(_) => "code_bytes",
        }
    }
}

impl fmt::Display for CompileBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: ", self.word())?;
        match self {
            Self::Functions(most) => write!(f, "it has more than {most} functions"),
            Self::BodyBytes(most) => write!(f, "a function has more than {most} bytes"),
            Self::Locals(most) => {
                write!(f, "a function of its size may have {most} locals")
            }
            Self::Time(most) => write!(f, "it takes more than {} s of CPU time", most.as_secs()),
            Self::Memory(most) => write!(f, "it takes more than {} MiB", most >> 20),
            Self::CodeBytes(most) => {
                write!(f, "its machine code has more than {} MiB", most >> 20)
            }
        }
    }
}

/// What is known of a component's functions, and the first bound that they exceed.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    count: u64,
    exceeded: Option<CompileBound>,
}

impl Functions {
    /// A module with so many functions more.
    pub(crate) fn more(&mut self, count: u32) {
        self.count = self.count.saturating_add(count.into());
        if self.count > MOST_FUNCTIONS {
            self.exceed(CompileBound::Functions(MOST_FUNCTIONS));
        }
    }

    /// One of them.
    pub(crate) fn look(&mut self, body: &FunctionBody<'_>) -> Result<(), BinaryReaderError> {
        let bytes = body.as_bytes().len() as u64;
        if bytes > MOST_BODY_BYTES {
            self.exceed(CompileBound::BodyBytes(MOST_BODY_BYTES));
        }
        let mut locals = 0_u64;
        for group in body.get_locals_reader()? {
            locals = locals.saturating_add(group?.0.into());
        }
        let most = (MOST_LOCALS_TIMES_BYTES / bytes.max(1)).min(MOST_LOCALS);
        if locals > most {
            self.exceed(CompileBound::Locals(most));
        }
        Ok(())
    }

    /// Whether they may be compiled.
    pub(crate) fn check(&self) -> Result<(), CompileBound> {
        self.exceeded.map_or(Ok(()), Err)
    }

    fn exceed(&mut self, bound: CompileBound) {
        self.exceeded.get_or_insert(bound);
    }
}

const MOST_FUNCTIONS: u64 = 100_000;
const MOST_BODY_BYTES: u64 = 1 << 20;
const MOST_LOCALS: u64 = 10_000;
const MOST_LOCALS_TIMES_BYTES: u64 = 32 << 20;
