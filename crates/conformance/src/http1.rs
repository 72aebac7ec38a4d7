//! A client of HTTP/1.1 that shows every byte.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
};

use super::{
    PATIENCE,
    format::{Act, Framing, Piece, Request},
    framed::{Body, Framed, find},
    message::{Came, Sends, What},
    progress::Progress,
};

/// A client's connection of HTTP/1.1.
#[derive(Debug)]
pub(super) struct Http1 {
    stream: TcpStream,
    received: Vec<u8>,
    /// The last answer said that the connection ends with it.
    is_last: bool,
}

impl Http1 {
    pub(super) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the door listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket takes a timeout");
        stream.set_nodelay(true).expect("a socket takes it");
        Self {
            stream,
            received: Vec::new(),
            is_last: false,
        }
    }

    /// Sends what is to be sent and reads the answers; fewer where the connection ends.
    pub(super) fn play(&mut self, sends: &Sends<'_>, step: &Progress) -> Vec<Came> {
        let (pieces, is_head, count) = match sends.what {
            What::Request(request) => {
                let is_head = request.line.starts_with("HEAD ");
                (joined(&written(request)), is_head, 1)
            }
            What::Raw(pieces, count) => (pieces.to_vec(), false, count),
        };
        let mut interim = Vec::new();
        for piece in pieces {
            if let Some(bytes) = piece.bytes() {
                // A refusal may come, and the connection end, before all is sent.
                drop(self.stream.write_all(&bytes));
                continue;
            }
            match piece {
                Piece::Until { until } => step.until_gt_has(&until),
                Piece::Do { r#do: Act::Close } => drop(self.stream.shutdown(Shutdown::Write)),
                Piece::Do {
                    r#do: Act::AwaitContinue,
                } => {
                    let head = self.head().expect("the connection goes on");
                    let status = head.0;
                    if status >= 200 {
                        return vec![self.rest(head, Vec::new(), is_head, sends, step)];
                    }
                    interim.push(status);
                }
                other => panic!("a client cannot do {other:?}"),
            }
        }
        let mut came = Vec::new();
        for _ in 0..count {
            let Some(one) = self.answer(std::mem::take(&mut interim), is_head, sends, step) else {
                break;
            };
            came.push(one);
        }
        came
    }

    /// Checks that nothing more comes, not even to one more request where the last answer said that
    /// the connection ends with it.
    pub(super) fn ends(mut self) -> Result<(), String> {
        if self.is_last {
            // It may be closed already.
            drop(self.stream.write_all(ONE_MORE));
        }
        drop(self.stream.shutdown(Shutdown::Write));
        match self.stream.read_to_end(&mut self.received) {
            // What was sent and never read resets the connection.
            Err(error) if error.kind() != ErrorKind::ConnectionReset => {
                Err(format!("the connection does not end: {error}"))
            }
            _ if self.received.is_empty() => Ok(()),
            _ => Err(format!(
                "more than the answers came: {:?}",
                String::from_utf8_lossy(&self.received)
            )),
        }
    }

    fn answer(
        &mut self,
        mut interim: Vec<u16>,
        is_head: bool,
        sends: &Sends<'_>,
        step: &Progress,
    ) -> Option<Came> {
        let head = loop {
            let head = self.head()?;
            if head.0 >= 200 {
                break head;
            }
            interim.push(head.0);
        };
        Some(self.rest(head, interim, is_head, sends, step))
    }

    fn rest(
        &mut self,
        (status, version, headers): Head,
        interim: Vec<u16>,
        is_head: bool,
        sends: &Sends<'_>,
        step: &Progress,
    ) -> Came {
        step.change(|step| step.has_begun = true);
        self.is_last = headers.iter().any(|line| says_close(line));
        let has_none = is_head || matches!(status, 204 | 304);
        let framed = Framed::of(&headers).unwrap_or(Framed::ToEnd);
        let mut body = Body::new(if has_none { Framed::Sized(0) } else { framed });
        let mut broken_off = false;
        loop {
            let new = body.take(&mut self.received);
            step.change(|step| step.at_client.extend_from_slice(&new));
            if body.is_whole() || sends.leaves(step) {
                break;
            }
            if self.more().is_none() {
                broken_off = framed != Framed::ToEnd;
                break;
            }
        }
        Came {
            interim,
            version,
            status,
            headers,
            body: body.bytes,
            broken_off,
        }
    }

    fn head(&mut self) -> Option<Head> {
        let end = loop {
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                break end;
            }
            if self.more().is_none() {
                let rest = String::from_utf8_lossy(&self.received);
                assert!(rest.is_empty(), "half a head: {rest:?}");
                return None;
            }
        };
        let head: Vec<u8> = self.received.drain(..end + 4).collect();
        let text = std::str::from_utf8(&head[..end]).expect("a plain head");
        let mut lines = text.split("\r\n").map(str::to_owned);
        let line = lines.next().unwrap_or_default();
        let (version, rest) = line.split_once(' ').unwrap_or_default();
        let status = rest.get(..3).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status in {line:?}"));
        let version = (version != "HTTP/1.1").then(|| version.to_owned());
        Some((status, version, lines.collect()))
    }

    fn more(&mut self) -> Option<()> {
        let mut buffer = [0; 16 << 10];
        let read = self
            .stream
            .read(&mut buffer)
            .ok()
            .filter(|read| *read > 0)?;
        self.received.extend_from_slice(&buffer[..read]);
        Some(())
    }
}

/// Status, version if it is another, and headers.
type Head = (u16, Option<String>, Vec<String>);

/// A request as HTTP/1.1 writes it.
fn written(request: &Request) -> Vec<Piece> {
    let mut head = format!("{} HTTP/1.1\r\n", request.line);
    let mut line = |line: &str| {
        head.push_str(line);
        head.push_str("\r\n");
    };
    if !request.has("host") {
        line("host: gate.example");
    }
    request.headers.iter().for_each(|header| line(header));
    let is_chunked = request.framing == Framing::Chunked;
    if is_chunked {
        line("transfer-encoding: chunked");
    } else if let Some(length) = request.length() {
        line(&format!("content-length: {length}"));
    }
    line("");
    let mut pieces = vec![Piece::Text(head)];
    for piece in &request.body {
        pieces.push(match piece.bytes() {
            Some(bytes) if is_chunked => Piece::Joined(vec![
                Piece::Text(format!("{:x}\r\n", bytes.len())),
                piece.clone(),
                Piece::Text("\r\n".to_owned()),
            ]),
            _ => piece.clone(),
        });
    }
    if is_chunked {
        pieces.push(Piece::Text("0\r\n\r\n".to_owned()));
    }
    pieces
}

/// The head of a request goes out with the first piece of its body, and the last chunk with the one
/// before it: so does it with any client.
fn joined(pieces: &[Piece]) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let is_end = matches!(piece, Piece::Text(text) if text == "0\r\n\r\n");
        match joined.last_mut() {
            Some(last)
                if (at == 1 || is_end) && last.bytes().is_some() && piece.bytes().is_some() =>
            {
                *last = Piece::Joined(vec![last.clone(), piece.clone()]);
            }
            _ => joined.push(piece.clone()),
        }
    }
    joined
}

const ONE_MORE: &[u8] = b"GET /v1/models HTTP/1.1\r\nhost: gate.example\r\n\r\n";

fn says_close(line: &str) -> bool {
    let Some((name, value)) = line.split_once(':') else {
        return false;
    };
    name.eq_ignore_ascii_case("connection") && value.trim().eq_ignore_ascii_case("close")
}
