//! Other programs: each in a folder of its own, with nothing of this machine's environment but the
//! search path, so that it reaches what it is told and nothing else. It ends with its owner.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
};

use tempfile::TempDir;

use crate::wait_for;

/// A program about to start.
#[derive(Debug)]
pub struct Program {
    name: String,
    command: Command,
    home: TempDir,
}

impl Program {
    /// A program by name or path.
    ///
    /// # Panics
    /// If there is no room for a temporary folder.
    #[must_use]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let home = tempfile::tempdir().expect("room for a temporary folder");
        let name = program.as_ref().to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .current_dir(home.path())
            .stdin(Stdio::null());
        Self {
            name,
            command,
            home,
        }
    }

    /// The folder it runs in, for its files.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// With this argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.name = format!("{} {}", self.name, arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    /// With these arguments.
    #[must_use]
    pub fn args<const N: usize>(self, args: [&str; N]) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// With this variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With a standard input that stays open as long as the process lives.
    #[must_use]
    pub fn open_input(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// If it cannot start.
    #[must_use]
    pub fn start(mut self) -> Process {
        let file = |name| File::create(self.home.path().join(name)).expect("a file in our folder");
        self.command.stdout(file(STDOUT)).stderr(file(STDERR));
        let started = self.command.spawn();
        let child = started.unwrap_or_else(|error| panic!("cannot start {}: {error}", self.name));
        Process {
            name: self.name,
            child,
            home: self.home,
        }
    }

    /// Runs it to its end and gives what it printed.
    ///
    /// # Panics
    /// If it cannot start, hangs, or fails.
    #[must_use]
    pub fn output(self) -> String {
        let mut process = self.start();
        let status = process.wait();
        assert!(
            status.success(),
            "{} ended with {status}: {}",
            process.name,
            process.stderr()
        );
        process.stdout()
    }
}

/// A program that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    home: TempDir,
}

impl Process {
    /// Waits for its end.
    ///
    /// # Panics
    /// If it hangs.
    pub fn wait(&mut self) -> ExitStatus {
        let what = format!("the end of {}", self.name);
        wait_for(&what, || self.ended())
    }

    /// Waits until `look` finds what it looks for in what was printed so far.
    ///
    /// # Panics
    /// If it does not come, or the program ends first.
    pub fn wait_until<T>(&mut self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let what = format!("a sign of {}", self.name);
        wait_for(&what, || {
            let found = look(self);
            if found.is_none()
                && let Some(status) = self.ended()
            {
                panic!(
                    "{} ended with {status}: {}{}",
                    self.name,
                    self.stdout(),
                    self.stderr()
                );
            }
            found
        })
    }

    /// What it printed on standard output so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.printed(STDOUT)
    }

    /// What it printed on standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.printed(STDERR)
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input; closed when dropped.
    pub fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child has a state")
    }

    fn printed(&self, name: &str) -> String {
        let bytes = fs::read(self.home.path().join(name)).expect("a file in our folder");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either may fail because it has ended by itself, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

const STDOUT: &str = "stdout";
const STDERR: &str = "stderr";
