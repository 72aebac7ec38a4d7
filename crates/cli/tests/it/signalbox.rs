//! Runs the real binary.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, mpsc},
    time::Duration,
};

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `signalbox` to its end.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    run_with(&[], arguments)
}

/// Runs `signalbox` to its end, with more in its environment.
pub(crate) fn run_with(environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = command(arguments);
    command.envs(environment.iter().copied());
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    Ran {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// A `signalbox` that serves until this is dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) head: Vec<String>,
    /// What is logged after that.
    log: Mutex<mpsc::Receiver<String>>,
}

impl Serving {
    /// Starts it and reads `stream` up to the line that starts with `last`.
    pub(crate) fn start(arguments: &[&str], stream: Stream, last: &str) -> Self {
        Self::of(command(arguments), stream, last)
    }

    /// The same, of a command that is ready to start.
    pub(crate) fn of(mut command: Command, stream: Stream, last: &str) -> Self {
        let mut child = match stream {
            Stream::Stderr => command.stderr(Stdio::piped()).stdout(Stdio::null()),
            Stream::Stdout => command.stdout(Stdio::piped()).stderr(Stdio::null()),
        }
        .spawn()
        .unwrap();
        let source: Box<dyn std::io::Read + Send> = match stream {
            Stream::Stderr => Box::new(child.stderr.take().unwrap()),
            Stream::Stdout => Box::new(child.stdout.take().unwrap()),
        };
        let mut head = Vec::new();
        let mut lines = BufReader::new(source).lines();
        while let Some(Ok(line)) = lines.next() {
            let is_last = line.trim_start().starts_with(last);
            head.push(line);
            if is_last {
                break;
            }
        }
        let (tell, log) = mpsc::channel();
        if stream == Stream::Stderr {
            // The log goes on: a full pipe would stop the host.
            std::thread::spawn(move || {
                lines.map_while(Result::ok).for_each(|line| {
                    let _ = tell.send(line);
                });
            });
        }
        let log = Mutex::new(log);
        Self { child, head, log }
    }

    /// The next line of the log that has these words.
    pub(crate) fn logged(&self, words: &str) -> String {
        let log = self.log.lock().unwrap();
        loop {
            let line = log.recv_timeout(Duration::from_secs(60)).unwrap();
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Asks it to stop, and waits for the rest of its log.
    pub(crate) fn rest_of_the_log(self) -> Vec<String> {
        self.signal("TERM");
        self.log.lock().unwrap().iter().collect()
    }

    /// The address printed behind `label`.
    pub(crate) fn address(&self, label: &str) -> SocketAddr {
        let line = self
            .head
            .iter()
            .find(|line| line.trim_start().starts_with(label));
        let line = line.unwrap_or_else(|| panic!("no `{label}` in {:?}", self.head));
        let rest = line.split_once("://").unwrap().1;
        rest.split(['/', ' ']).next().unwrap().parse().unwrap()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Asks it to stop as a supervisor does, and waits.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a command says that it is ready.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stderr,
    Stdout,
}

/// One request on a connection of its own: status and the whole answer.
pub(crate) fn ask(address: SocketAddr, head: &str, body: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        socket,
        "{head}\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// A file of the repository.
pub(crate) fn file(path: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(path)
        .canonicalize()
        .unwrap()
        .display()
        .to_string()
}

/// `signalbox`, with nothing in its environment that it listens to.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signalbox"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env_remove("SIGNALBOX_LOG")
        .env_remove("SIGNALBOX_ADMIN")
        .env_remove("SIGNALBOX_ADMIN_TOKEN");
    command
}
