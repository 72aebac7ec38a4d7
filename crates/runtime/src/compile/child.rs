//! Compiling in a child process, which can be bounded and ended.

use std::{
    ffi::OsString,
    fmt,
    io::{self, Read, Write as _},
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::Signal;

use super::{
    bound::CompileBound,
    order::{CODE, INVALID, MEMORY, Order},
};
use crate::{Detail, LoadError, cache::environment::Environment};

/// Compiles in a child process, one for each component: a program that calls
/// [`serve_compiler`](crate::serve_compiler) on its stdin and stdout. Cheap to clone; clones are
/// ended together.
///
/// Whoever makes one vouches for the program: the machine code it gives is run. It has to be built
/// with this crate and the same wasmtime, so it is best this very binary.
#[derive(Clone)]
pub struct ChildCompiler {
    shared: Arc<Shared>,
    cpu: Duration,
    memory: u64,
}

struct Shared {
    program: PathBuf,
    arguments: Vec<OsString>,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    is_over: bool,
    children: Vec<Arc<Mutex<Child>>>,
}

/// Machine code that a child of ours gave, behind its tag.
pub(crate) struct Compiled(Vec<u8>);

/// What a child left behind.
struct Ended {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl ChildCompiler {
    /// Starts `program` with these arguments for each component, and an empty environment. It may
    /// take 60 s on the CPU and 1 GiB of address space.
    #[must_use]
    pub fn new<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        let shared = Shared {
            program: program.into(),
            arguments,
            running: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            // Three times what Python's tool chain makes takes.
            cpu: Duration::from_secs(60),
            memory: 1 << 30,
        }
    }

    /// The same, but with so much time on the CPU, in whole seconds, and so many bytes.
    #[must_use]
    pub fn bounded(self, cpu: Duration, memory: u64) -> Self {
        Self {
            cpu,
            memory,
            ..self
        }
    }

    /// Ends every child, and starts no more: what is being loaded fails with
    /// [`LoadError::GivenUp`]. For a process that ends.
    pub fn give_up(&self) {
        let mut running = self.shared.running();
        running.is_over = true;
        for child in &running.children {
            // One that has ended needs no end.
            let _ = lock(child).kill();
        }
    }

    pub(super) fn compile(
        &self,
        environment: Environment,
        memory_cap: u64,
        component: &[u8],
    ) -> Result<Compiled, LoadError> {
        let order = Order {
            environment: *environment.as_bytes(),
            memory_cap,
            seconds: self.cpu.as_secs().max(1),
            memory: self.memory,
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            let ended = self.run(order, component);
            if self.shared.running().is_over {
                return Err(LoadError::GivenUp);
            }
            let judged = ended.and_then(|ended| self.judge(ended));
            if attempts < MOST_ATTEMPTS && matches!(judged, Err(LoadError::CompilerKilled(_))) {
                // It says nothing of the component, and may not come again.
                continue;
            }
            return judged;
        }
    }

    fn run(&self, order: Order, component: &[u8]) -> Result<Ended, LoadError> {
        let child = self.shared.start().map_err(not_started)?;
        let (stdin, stdout, stderr) = {
            let mut child = lock(&child.0);
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        };
        if let Some(mut stdin) = stdin {
            // One that does not read on has ended, and its status says why.
            let _ = stdin
                .write_all(&order.to_bytes())
                .and_then(|()| stdin.write_all(component));
        }
        let end = || {
            Ok(Ended {
                stdout: read(stdout, MOST_CODE + 1)?,
                // A few lines at most: it is empty, or says why the child ended.
                stderr: read(stderr, MOST_WORDS)?,
                status: lock(&child.0).wait()?,
            })
        };
        end().map_err(failed)
    }

    /// What became of it: an answer with its tag, or a signal that stands for a bound.
    fn judge(&self, ended: Ended) -> Result<Compiled, LoadError> {
        let memory = || LoadError::Bound(CompileBound::Memory(self.memory));
        let words = String::from_utf8_lossy(&ended.stderr);
        match ended.status.signal() {
            Some(signal) if signal == Signal::XCPU.as_raw() => {
                return Err(LoadError::Bound(CompileBound::Time(self.cpu)));
            }
            // What Rust says when there is no memory, before it aborts.
            Some(_) if words.contains("memory allocation of") => return Err(memory()),
            Some(signal) if !FAULTS.map(Signal::as_raw).contains(&signal) => {
                return Err(LoadError::CompilerKilled(signal));
            }
            _ => {}
        }
        let code = ended.stdout;
        if code.len() as u64 > MOST_CODE {
            return Err(LoadError::Bound(CompileBound::CodeBytes(MOST_CODE)));
        }
        match code.first() {
            Some(&CODE) if ended.status.success() => Ok(Compiled(code)),
            Some(&INVALID) => {
                let said = String::from_utf8_lossy(code.get(1..).unwrap_or_default());
                Err(LoadError::Compile(Detail::new(&said)))
            }
            Some(&MEMORY) => Err(memory()),
            _ => Err(LoadError::Compiler(Detail::new(&format!(
                "{}: {words}",
                ended.status
            )))),
        }
    }
}

impl Compiled {
    pub(crate) fn code(&self) -> &[u8] {
        self.0.get(1..).unwrap_or_default()
    }
}

impl Shared {
    fn running(&self) -> MutexGuard<'_, Running> {
        lock(&self.running)
    }

    /// Starts a child and notes it, in one: one that was not noted could not be ended.
    fn start(&self) -> io::Result<Started<'_>> {
        let mut running = self.running();
        if running.is_over {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let child = Command::new(&self.program)
            .args(&self.arguments)
            // Secrets may be in ours.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let child = Arc::new(Mutex::new(child));
        running.children.push(Arc::clone(&child));
        Ok(Started(child, self))
    }
}

/// A child that is ended and forgotten when nobody waits for it any more.
struct Started<'s>(Arc<Mutex<Child>>, &'s Shared);

impl Drop for Started<'_> {
    fn drop(&mut self) {
        let mut running = self.1.running();
        running
            .children
            .retain(|child| !Arc::ptr_eq(child, &self.0));
        drop(running);
        let mut child = lock(&self.0);
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl fmt::Debug for ChildCompiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildCompiler")
            .field("program", &self.shared.program)
            .field("arguments", &self.shared.arguments)
            .field("cpu", &self.cpu)
            .field("memory", &self.memory)
            .finish()
    }
}

fn read(from: Option<impl Read>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "the form `map_err` needs")]
fn failed(error: io::Error) -> LoadError {
    LoadError::Compiler(Detail::new(&error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "the form `map_err` needs")]
fn not_started(error: io::Error) -> LoadError {
    LoadError::CompilerNotStarted(Detail::new(&error.to_string()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Eight bytes for each of the largest component that is looked at by default.
const MOST_CODE: u64 = 256 << 20;
const MOST_WORDS: u64 = 4 << 10;
/// Where memory is so short that the system ends processes, another attempt may make it worse.
const MOST_ATTEMPTS: u32 = 2;
/// What a process brings upon itself. Every other signal is somebody else's.
const FAULTS: [Signal; 7] = [
    Signal::ABORT,
    Signal::BUS,
    Signal::FPE,
    Signal::ILL,
    Signal::SEGV,
    Signal::SYS,
    Signal::TRAP,
];
