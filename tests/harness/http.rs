//! HTTP/1.1 by hand, so that a test sees and sends every byte.
//!
//! One request a connection. What is sent is exactly what is said here: nothing is added but
//! `host`, `connection: close` and `content-length`, and [`exchange`] adds nothing at all.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use serde_json::Value;

use crate::DEADLINE;

/// A request about to be sent.
#[derive(Clone, Debug)]
pub struct Ask {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    framed: bool,
}

impl Ask {
    /// A request without a body.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: None,
            framed: true,
        }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A `POST` of JSON.
    #[must_use]
    pub fn json(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", target)
            .header("content-type", "application/json")
            .body(body)
    }

    /// With this key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// With this header, after those it has.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without the headers of this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// With these bytes after the head, and no `content-length`: the headers say how they end.
    #[must_use]
    pub fn unframed_body(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            framed: false,
            ..self.body(bytes)
        }
    }

    /// Sends it and reads the head of the answer; the body comes as it comes.
    ///
    /// # Panics
    /// If there is no answer.
    #[must_use]
    pub fn open(&self, to: SocketAddr) -> Open {
        let mut open = Open {
            stream: self.begin(to),
            received: Vec::new(),
        };
        open.until("\r\n\r\n");
        open
    }

    /// Sends it; whatever comes is the caller's to read.
    ///
    /// # Panics
    /// If it cannot be sent.
    #[must_use]
    pub fn begin(&self, to: SocketAddr) -> TcpStream {
        let mut stream = connect(to);
        stream
            .write_all(&self.bytes(to))
            .expect("the other side reads");
        stream
    }

    /// Sends it and reads the whole answer.
    #[must_use]
    pub fn send(&self, to: SocketAddr) -> Answer {
        exchange(to, &self.bytes(to))
    }

    fn bytes(&self, to: SocketAddr) -> Vec<u8> {
        let (head, body) = self.parts(to, "close");
        [&head, body].concat()
    }

    /// The head, with what it says of the connection, and the body.
    pub(crate) fn parts(&self, to: SocketAddr, connection: &str) -> (Vec<u8>, &[u8]) {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head.push_str(&format!("host: {to}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body
            && self.framed
            && !self
                .headers
                .iter()
                .any(|(name, _)| name == "content-length")
        {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str(&format!("connection: {connection}\r\n\r\n"));
        (head.into_bytes(), self.body.as_deref().unwrap_or_default())
    }
}

/// Sends these bytes and reads the one answer, until the other side closes.
///
/// # Panics
/// If there is no answer, or none that is HTTP.
#[must_use]
pub fn exchange(to: SocketAddr, bytes: &[u8]) -> Answer {
    let mut answers = exchange_all(to, bytes);
    assert_eq!(answers.len(), 1, "one answer: {answers:?}");
    answers.remove(0)
}

/// Reads the one answer that comes before the other side closes.
///
/// # Panics
/// If there is none, or none that is HTTP.
#[must_use]
pub fn read_answer(stream: &mut TcpStream) -> Answer {
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a socket takes a timeout");
    let mut received = Vec::new();
    let read = stream.read_to_end(&mut received);
    match Answer::parse(&received) {
        Some((answer, [])) => answer,
        other => panic!("no HTTP answer: read {read:?}, {other:?} of {received:?}"),
    }
}

/// Sends these bytes and closes the connection.
///
/// # Panics
/// If nobody listens.
pub fn send_and_leave(to: SocketAddr, bytes: &[u8]) {
    let mut stream = connect(to);
    stream.write_all(bytes).expect("the other side reads");
}

/// Sends these bytes, several requests perhaps, and reads every answer until the other side closes.
///
/// # Panics
/// If there is no answer, or one that is not HTTP.
#[must_use]
pub fn exchange_all(to: SocketAddr, bytes: &[u8]) -> Vec<Answer> {
    let mut stream = connect(to);
    // A refusal may come, and the connection end, before all is sent; the answer is what counts.
    let sent = stream.write_all(bytes);
    let mut received = Vec::new();
    let read = stream.read_to_end(&mut received);
    let mut rest = received.as_slice();
    let mut answers = Vec::new();
    while !rest.is_empty() || answers.is_empty() {
        let Some((answer, after)) = Answer::parse(rest) else {
            let rest = String::from_utf8_lossy(rest);
            panic!("no HTTP answer: sent {sent:?}, read {read:?}, {rest:?} after {answers:?}");
        };
        answers.push(answer);
        rest = after;
    }
    answers
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("somebody listens");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a socket takes a timeout");
    stream
}

/// An answer that is still coming. Its body is seen as it is framed.
#[derive(Debug)]
pub struct Open {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Open {
    /// What comes up to and with `mark`, after what was taken before.
    ///
    /// # Panics
    /// If it does not come.
    pub fn until(&mut self, mark: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let found = self
                .received
                .windows(mark.len())
                .position(|part| part == mark.as_bytes());
            if let Some(at) = found {
                let taken = self.received.drain(..at + mark.len()).collect::<Vec<_>>();
                return String::from_utf8_lossy(&taken).into_owned();
            }
            self.receive(&mut buffer, mark);
        }
    }

    /// The content of what comes to the end of a body in chunks, wherever it is cut into them.
    ///
    /// # Panics
    /// If it does not end.
    pub fn rest(mut self) -> String {
        let mut buffer = [0; 4096];
        loop {
            if let Some((content, _)) = unchunk(&self.received) {
                return String::from_utf8_lossy(&content).into_owned();
            }
            self.receive(&mut buffer, "its end");
        }
    }

    fn receive(&mut self, buffer: &mut [u8], before: &str) {
        let read = self.stream.read(buffer).expect("the answer goes on");
        let so_far = String::from_utf8_lossy(&self.received);
        assert!(read > 0, "the answer ended before {before:?}: {so_far}");
        self.received.extend(buffer.iter().take(read));
    }
}

/// An answer, its body without any framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Lower-case names and values, as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The one value of a header; `None` if there is none or there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not.
    #[must_use]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_slice(&self.body);
        parsed.unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }

    /// Status and code of a refusal; the code is empty if this is none.
    #[must_use]
    pub fn refusal(&self) -> (u16, String) {
        let body = serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        let code = body.pointer("/error/code").and_then(Value::as_str);
        (self.status, code.unwrap_or_default().to_owned())
    }

    /// The first answer in `bytes`, and what follows it.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let (head, rest) = bytes.split_at(end);
        let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let rest = rest.get(4..)?;
        if status == 100 {
            return Self::parse(rest);
        }
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Self {
            status,
            headers,
            body: Vec::new(),
        };
        let (body, rest) = match (
            answer.header("transfer-encoding"),
            answer.header("content-length"),
        ) {
            (Some(_), _) => unchunk(rest)?,
            (None, Some(length)) => {
                let (body, rest) = rest.split_at_checked(length.parse().ok()?)?;
                (body.to_vec(), rest)
            }
            (None, None) => (rest.to_vec(), &[][..]),
        };
        answer.body = body;
        Some((answer, rest))
    }
}

/// The content of a chunked body and what follows it; `None` if it does not end as one.
fn unchunk(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some((body, rest.strip_prefix(b"\r\n")?));
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}
