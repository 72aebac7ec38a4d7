//! The bytes under one client connection.
//!
//! hyper answers a head it cannot parse by itself, with an empty body. Here that answer becomes a
//! refusal like every other, and what the client is still sending is read for a moment, because a
//! socket closed over unread bytes takes the answer with it.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::StatusCode;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use signalbox_http::refusal::{Code, Refusal};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// What one connection knows of itself; shared by its bytes, its requests and its clock.
#[derive(Debug)]
pub(crate) struct Link {
    stage: Cell<Stage>,
    exchanges: Cell<u32>,
    idle_since: Cell<Instant>,
    head_since: Cell<Option<Instant>>,
}

/// Whose answer is written next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No request is open: a head written now is hyper's own.
    Idle,
    /// A request is being worked on.
    Serving,
    /// Its answer was handed to hyper and not yet written.
    Answered,
}

/// One request and its answer, until the answer's body is dropped.
#[derive(Debug)]
pub(crate) struct Exchange(Rc<Link>);

impl Link {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            stage: Cell::new(Stage::Idle),
            exchanges: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            head_since: Cell::new(None),
        })
    }

    /// A request's head is complete.
    pub(crate) fn begin(self: &Rc<Self>) -> Exchange {
        self.stage.set(Stage::Serving);
        self.head_since.set(None);
        self.exchanges.set(self.exchanges.get() + 1);
        Exchange(Rc::clone(self))
    }

    /// The head of its answer is handed to hyper.
    pub(crate) fn answered(&self) {
        self.stage.set(Stage::Answered);
    }

    /// When the client has waited too long with its next request; `None` while one is open.
    pub(crate) fn deadline(&self, head: Duration, idle: Duration) -> Option<Instant> {
        match self.head_since.get() {
            _ if self.exchanges.get() > 0 => None,
            Some(since) => Some(since + head),
            None => Some(self.idle_since.get() + idle),
        }
    }

    fn saw_bytes(&self) {
        if self.exchanges.get() == 0 && self.head_since.get().is_none() {
            self.head_since.set(Some(Instant::now()));
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.exchanges.set(self.0.exchanges.get() - 1);
        self.0.idle_since.set(Instant::now());
    }
}

/// A client's socket as hyper sees it.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: TokioIo<TcpStream>,
    link: Rc<Link>,
    closing: Closing,
    /// Our own answer to a bad head, as far as it is not written yet.
    own: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(socket: TcpStream, link: Rc<Link>) -> Self {
        Self {
            socket: TokioIo::new(socket),
            link,
            closing: Closing::Open,
            own: Vec::new(),
        }
    }

    /// Takes hyper's own answer to a bad head out of the stream and puts ours in its place.
    fn replaces(&mut self, bytes: &[u8]) -> bool {
        match self.link.stage.get() {
            Stage::Idle => {}
            Stage::Serving => return false,
            Stage::Answered => {
                self.link.stage.set(Stage::Idle);
                return false;
            }
        }
        let Some(status) = status_of_automatic_answer(bytes) else {
            return false;
        };
        self.own = refusal_of_head(status);
        self.closing = Closing::ToLinger;
        true
    }

    fn poll_own(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.own.is_empty() {
            let written = ready!(Pin::new(&mut self.socket).poll_write(context, &self.own))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.own.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_read(context, buffer))?;
        self.link.saw_bytes();
        Poll::Ready(Ok(()))
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        if let Some(bytes) = first
            && self.replaces(bytes)
        {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(context))?;
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(context))?;
        if let Closing::ToLinger = self.closing {
            self.closing = Closing::Lingers(Linger::new());
        }
        let this = &mut *self;
        if let Closing::Lingers(linger) = &mut this.closing {
            ready!(linger.poll(this.socket.inner_mut(), context));
        }
        Pin::new(&mut this.socket).poll_shutdown(context)
    }
}

#[derive(Debug)]
enum Closing {
    Open,
    ToLinger,
    Lingers(Linger),
}

/// Reads and drops what a client still sends after its head was refused.
#[derive(Debug)]
struct Linger {
    left: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Linger {
    fn new() -> Self {
        Self {
            left: LINGER_BYTES,
            deadline: Box::pin(sleep(LINGER_TIME)),
        }
    }

    fn poll(&mut self, socket: &mut TcpStream, context: &mut Context<'_>) -> Poll<()> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut scratch = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut *socket).poll_read(context, &mut buffer)) {
                Ok(()) if buffer.filled().is_empty() => return Poll::Ready(()),
                Ok(()) if buffer.filled().len() > self.left => return Poll::Ready(()),
                Ok(()) => self.left -= buffer.filled().len(),
                Err(_gone) => return Poll::Ready(()),
            }
        }
    }
}

/// The status of an answer that has the shape of hyper's own: no header but these three, no body.
fn status_of_automatic_answer(bytes: &[u8]) -> Option<u16> {
    if !bytes.starts_with(b"HTTP/1.") || !bytes.ends_with(b"\r\n\r\n") || bytes.len() > 256 {
        return None;
    }
    let mut lines = std::str::from_utf8(bytes).ok()?.trim_end().split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let is_own = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["connection", "date"].contains(&name) || line == "content-length: 0"
    });
    (is_own && (400..500).contains(&status)).then_some(status)
}

fn refusal_of_head(status: u16) -> Vec<u8> {
    let refusal = match status {
        414 | 431 => Refusal::new(
            Code::HeadTooLarge,
            "The request line and headers are too large. Send fewer or shorter headers.",
        ),
        _ => Refusal::new(
            Code::InvalidRequest,
            "The request is not valid HTTP/1.1. Check its request line, headers and lengths.",
        ),
    };
    let body = refusal.body();
    let reason = StatusCode::from_u16(refusal.status())
        .ok()
        .and_then(|s| s.canonical_reason());
    let reason = reason.unwrap_or_default();
    let mut answer = format!("HTTP/1.1 {} {reason}\r\n", refusal.status()).into_bytes();
    for (name, value) in refusal.headers() {
        answer.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    answer.extend_from_slice(
        format!(
            "content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .as_bytes(),
    );
    answer.extend_from_slice(&body);
    answer
}

/// Somebody unknown: as little as for a wrong key.
const LINGER_BYTES: usize = 1 << 20;
const LINGER_TIME: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_hyper_itself_is_recognised() {
        let automatic = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
            content-length: 0\r\ndate: Sun, 22 Nov 2026 15:00:00 GMT\r\n\r\n";
        assert_eq!(status_of_automatic_answer(automatic), Some(431));
        for other in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n",
            b"data: HTTP/1.1 400\r\n\r\n",
            b"",
        ] {
            assert_eq!(status_of_automatic_answer(other), None);
        }
    }
}
