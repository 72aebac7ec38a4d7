//! A stand-in for GT that believes nothing: it reads what comes over the wire as strictly as the
//! standard allows, keeps every request, and calls everything else by its name.
//!
//! It answers each request with its `x-request-id`, so that a client sees whose answer it got.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use crate::DEADLINE;

/// The recorder; it listens until the process ends.
#[derive(Clone, Debug)]
pub struct Recorder {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: Vec<Wired>,
    flaws: Vec<String>,
    /// What is written next in place of the usual answer, piece by piece.
    next: Option<Vec<Vec<u8>>>,
}

/// One request as it stood on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wired {
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// Names in the case they came in, and values without the white space around them.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, without chunks.
    pub body: Vec<u8>,
}

impl Wired {
    /// The one value of a header.
    ///
    /// # Panics
    /// If it came twice.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let mut values = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = values.next();
        assert!(values.next().is_none(), "`{name}` came twice: {self:?}");
        value.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }
}

impl Recorder {
    /// Starts to listen.
    ///
    /// # Panics
    /// If there is no port to be had.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let recorder = Self {
            address: listener.local_addr().expect("a bound socket"),
            seen: Arc::default(),
        };
        let all = recorder.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let one = all.clone();
                thread::spawn(move || one.serve(stream));
            }
        });
        recorder
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes what was seen since this was last asked.
    ///
    /// # Panics
    /// If anything came that is not one well-formed request after the other.
    #[must_use]
    pub fn take(&self) -> Vec<Wired> {
        let mut seen = self.seen();
        let flaws = std::mem::take(&mut seen.flaws);
        assert!(flaws.is_empty(), "not HTTP/1.1 at GT: {flaws:#?}");
        std::mem::take(&mut seen.requests)
    }

    /// Writes these bytes, piece by piece, for an answer to the next request.
    pub fn answer_next(&self, pieces: Vec<Vec<u8>>) {
        self.seen().next = Some(pieces);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panics with it")
    }

    fn serve(&self, mut stream: TcpStream) {
        stream
            .set_read_timeout(Some(DEADLINE))
            .expect("a socket takes a timeout");
        stream.set_nodelay(true).expect("a socket takes it");
        let mut received = Vec::new();
        let mut buffer = [0; 16 << 10];
        loop {
            match read(&received) {
                Looked::Whole(request, length) => {
                    received.drain(..length);
                    let pieces = {
                        let mut seen = self.seen();
                        let usual = answer(&request);
                        seen.requests.push(request);
                        seen.next.take().unwrap_or_else(|| vec![usual])
                    };
                    if !pieces.iter().all(|piece| stream.write_all(piece).is_ok()) {
                        return;
                    }
                    continue;
                }
                Looked::Flaw(what) => {
                    let shown = String::from_utf8_lossy(&received);
                    self.seen().flaws.push(format!("{what}: {shown:?}"));
                    return;
                }
                Looked::More => {}
            }
            match stream.read(&mut buffer) {
                // A body that was broken off is none; nobody acts on it.
                Ok(0) | Err(_) => return,
                Ok(length) => received.extend(buffer.iter().take(length)),
            }
        }
    }
}

fn answer(request: &Wired) -> Vec<u8> {
    let whose = request.header("x-request-id").unwrap_or_default();
    let body = format!(r#"{{"object":"chat.completion","model":"support-agent","for":"{whose}"}}"#);
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// What the bytes so far are.
enum Looked {
    /// A request, and how many bytes it took.
    Whole(Wired, usize),
    More,
    Flaw(&'static str),
}

fn read(bytes: &[u8]) -> Looked {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        let is_long = bytes.len() > 1 << 20;
        return if is_long {
            Looked::Flaw("a head without end")
        } else {
            Looked::More
        };
    };
    let (head, body) = (&bytes[..end], &bytes[end + 4..]);
    let mut request = match head_of(head) {
        Ok(request) => request,
        Err(flaw) => return Looked::Flaw(flaw),
    };
    let body = match framed(&request, body) {
        Ok(Some((body, length))) => {
            request.body = body;
            length
        }
        Ok(None) => return Looked::More,
        Err(flaw) => return Looked::Flaw(flaw),
    };
    Looked::Whole(request, end + 4 + body)
}

fn head_of(head: &[u8]) -> Result<Wired, &'static str> {
    let mut lines = Vec::new();
    let mut rest = head;
    while let Some(at) = rest.windows(2).position(|window| window == b"\r\n") {
        lines.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    lines.push(rest);
    let plain = |line: &&[u8]| {
        !line
            .iter()
            .any(|byte| *byte < 0x20 && *byte != b'\t' || *byte == 0x7f)
    };
    if !lines.iter().all(plain) {
        return Err("a control character in the head");
    }
    let words = lines[0].split(|byte| *byte == b' ').collect::<Vec<_>>();
    let [method, target, b"HTTP/1.1"] = words[..] else {
        return Err("not a request line");
    };
    if !method.iter().all(u8::is_ascii_uppercase) || !target.iter().all(u8::is_ascii_graphic) {
        return Err("no plain method or target");
    }
    let headers = lines[1..].iter().map(|line| field(line));
    Ok(Wired {
        method: String::from_utf8_lossy(method).into_owned(),
        target: String::from_utf8_lossy(target).into_owned(),
        headers: headers.collect::<Result<_, _>>()?,
        body: Vec::new(),
    })
}

fn field(line: &[u8]) -> Result<(String, Vec<u8>), &'static str> {
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) = line.split_at(colon.ok_or("a header line without a colon")?);
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    if name.is_empty() || !name.iter().all(is_token) {
        return Err("a header name that is none");
    }
    let name = String::from_utf8_lossy(name).into_owned();
    Ok((name, value[1..].trim_ascii().to_vec()))
}

/// The body and how many bytes it takes; nothing if it is not whole.
fn framed(request: &Wired, bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, &'static str> {
    let all = |name: &str| {
        let of_it = |(known, _): &&(String, Vec<u8>)| known.eq_ignore_ascii_case(name);
        request
            .headers
            .iter()
            .filter(of_it)
            .map(|(_, value)| value.as_slice())
            .collect::<Vec<_>>()
    };
    match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => Ok(Some((Vec::new(), 0))),
        ([length], []) if length.iter().all(u8::is_ascii_digit) => {
            let length = String::from_utf8_lossy(length).parse::<usize>();
            let length = length.map_err(|_| "a length that is none")?;
            Ok(bytes.get(..length).map(|body| (body.to_vec(), length)))
        }
        ([], [b"chunked"]) => chunks(bytes),
        _ => Err("a frame that is not one"),
    }
}

fn chunks(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, &'static str> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let rest = &bytes[at..];
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else {
            return Ok(None);
        };
        let digits = String::from_utf8_lossy(&rest[..end]).into_owned();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("a chunk's size that is none");
        }
        let size = usize::from_str_radix(&digits, 16).map_err(|_| "a chunk's size that is none")?;
        let Some(chunk) = rest.get(end + 2..end + 4 + size) else {
            return Ok(None);
        };
        // Trailers would stand here.
        if !chunk.ends_with(b"\r\n") {
            return Err("a chunk of another size, or a trailer");
        }
        at += end + 4 + size;
        body.extend_from_slice(&chunk[..size]);
        if size == 0 {
            return Ok(Some((body, at)));
        }
    }
}
