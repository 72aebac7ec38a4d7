//! The editor's messages on stdin and stdout: JSON below a head that says how long it is.
//!
//! `lsp_server` would make room for any length it is told, and print what it cannot read. Messages hold
//! documents: of a broken one, only what is wrong and where is said.

use std::{
    io::{self, BufRead, Read as _},
    thread::{self, JoinHandle},
};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, bounded};
use lsp_server::{Connection, Message};
use serde_json::error::Category;

/// The bytes of a head, at most.
const MOST_HEAD: u64 = 8 << 10;

/// The bytes of a message, at most.
const MOST_BODY: u64 = 64 << 20;

/// Why a message is none.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the input ended in the middle of it")]
    Cut,
    #[error("its head is longer than 8 KiB")]
    LongHead,
    #[error("a line of its head is no header")]
    NoHeader,
    #[error("it has no Content-Length")]
    NoLength,
    #[error("its Content-Length is no number up to 64 MiB")]
    InvalidLength,
    #[error("it is not JSON at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("it is neither a request nor a response nor a notification")]
    NotMessage,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The threads that read and write.
#[derive(Debug)]
pub(super) struct Threads {
    reader: JoinHandle<anyhow::Result<()>>,
    writer: JoinHandle<anyhow::Result<()>>,
}

/// Starts both. The reader ends at `exit`; the writer, when nobody can send any more.
pub(super) fn connect() -> io::Result<(Connection, Threads)> {
    let (to_server, receiver) = bounded(0);
    let (sender, to_editor) = bounded(0);
    let spawn = |name: &str| thread::Builder::new().name(name.to_owned());
    let threads = Threads {
        reader: spawn("lsp-reader").spawn(move || read_all(&mut io::stdin().lock(), &to_server))?,
        writer: spawn("lsp-writer").spawn(move || write_all(&to_editor))?,
    };
    Ok((Connection { sender, receiver }, threads))
}

impl Threads {
    /// Waits for both, and says why either ended early. Only after the last message: the reader may
    /// wait for an editor that says no more.
    pub(super) fn join(self) -> anyhow::Result<()> {
        let (read, written) = (joined(self.reader), joined(self.writer));
        read.and(written)
    }
}

fn joined(thread: JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    let ended = thread.join();
    ended.unwrap_or_else(|_| Err(anyhow::Error::msg("a thread panicked")))
}

fn read_all(input: &mut impl BufRead, server: &Sender<Message>) -> anyhow::Result<()> {
    for number in 1_u64.. {
        let message = read(input)
            .with_context(|| format!("message {number} of the editor cannot be read"))?
            .context("the input ended before `exit`")?;
        let is_exit = matches!(&message, Message::Notification(it) if it.method == "exit");
        // Where the server is gone, it has said why.
        if server.send(message).is_err() || is_exit {
            break;
        }
    }
    Ok(())
}

fn write_all(messages: &Receiver<Message>) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for message in messages {
        message
            .write(&mut out)
            .context("the editor cannot be answered")?;
    }
    Ok(())
}

/// The next message; `None` at the end of the input.
fn read(input: &mut impl BufRead) -> Result<Option<Message>, Broken> {
    let Some(length) = read_head(input)? else {
        return Ok(None);
    };
    // Room is made for what comes, not for what is announced.
    let mut body = Vec::new();
    let mut rest = input.by_ref().take(length);
    rest.read_to_end(&mut body)?;
    if rest.limit() > 0 {
        return Err(Broken::Cut);
    }
    let message = serde_json::from_slice(&body).map_err(|error| match error.classify() {
        Category::Data => Broken::NotMessage,
        Category::Syntax | Category::Eof | Category::Io => Broken::NotJson {
            line: error.line(),
            column: error.column(),
        },
    })?;
    Ok(Some(message))
}

/// The length of what is below the next head; `None` at the end of the input.
fn read_head(input: &mut impl BufRead) -> Result<Option<u64>, Broken> {
    let mut head = input.by_ref().take(MOST_HEAD);
    let mut length = None;
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 && head.limit() == MOST_HEAD {
            return Ok(None);
        }
        let Some(line) = line.strip_suffix('\n') else {
            return Err(match head.limit() {
                0 => Broken::LongHead,
                _ => Broken::Cut,
            });
        };
        let line = line.trim_end();
        if line.is_empty() {
            return length.map(Some).ok_or(Broken::NoLength);
        }
        let (name, value) = line.split_once(':').ok_or(Broken::NoHeader)?;
        if name.eq_ignore_ascii_case("content-length") {
            let number = value.trim().parse::<u64>().ok();
            let number = number.filter(|it| *it <= MOST_BODY);
            length = Some(number.ok_or(Broken::InvalidLength)?);
        }
    }
}
