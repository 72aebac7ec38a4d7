//! A stand-in for GT that answers as it is told and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::gate::PATIENCE;

/// A stand-in for GT.
#[derive(Clone)]
pub(crate) struct Gt {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// One request as GT got it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Which connection it came on.
    pub(crate) connection: usize,
}

/// Where GT writes its answer.
pub(crate) struct Reply<'a> {
    socket: &'a mut TcpStream,
    is_over: bool,
}

impl Gt {
    /// Answers every request with a completion by `support-agent`.
    pub(crate) fn chatty() -> Self {
        Self::answering(|_, reply| reply.json(200, r#"{"id":"c1","model":"support-agent"}"#))
    }

    /// The same, at this address.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        Self::listening(listener, |_, _, reply| reply.json(200, "{}"), true)
    }

    /// Answers as `answer` does, after the request was read to its end.
    pub(crate) fn answering(
        answer: impl Fn(&Seen, &mut Reply<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self::hearing(move |seen, _, reply| answer(seen, reply))
    }

    /// Answers as `answer` does, which is given the rest of the connection to read the body from.
    pub(crate) fn before_body(
        answer: impl Fn(&Seen, &mut BufReader<TcpStream>, &mut Reply<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self::serving(answer, false)
    }

    fn hearing(
        answer: impl Fn(&Seen, &mut BufReader<TcpStream>, &mut Reply<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self::serving(answer, true)
    }

    fn serving(
        answer: impl Fn(&Seen, &mut BufReader<TcpStream>, &mut Reply<'_>) + Send + Sync + 'static,
        reads_bodies: bool,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        Self::listening(listener, answer, reads_bodies)
    }

    fn listening(
        listener: TcpListener,
        answer: impl Fn(&Seen, &mut BufReader<TcpStream>, &mut Reply<'_>) + Send + Sync + 'static,
        reads_bodies: bool,
    ) -> Self {
        let gt = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let (told, answer) = (gt.clone(), Arc::new(answer));
        thread::spawn(move || {
            for (connection, socket) in listener.incoming().enumerate() {
                let (told, answer) = (told.clone(), Arc::clone(&answer));
                thread::spawn(move || {
                    told.serve(connection, socket.unwrap(), reads_bodies, &*answer);
                });
            }
        });
        gt
    }

    /// What GT was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The one request GT was asked.
    pub(crate) fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.into_iter().next().unwrap()
    }

    fn serve(
        &self,
        connection: usize,
        mut socket: TcpStream,
        reads_bodies: bool,
        answer: &dyn Fn(&Seen, &mut BufReader<TcpStream>, &mut Reply<'_>),
    ) {
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut reader = BufReader::new(socket.try_clone().unwrap());
        while let Some(mut seen) = Seen::read(&mut reader, connection) {
            if reads_bodies {
                seen.read_body(&mut reader);
            }
            self.seen.lock().unwrap().push(seen.clone());
            let mut reply = Reply {
                socket: &mut socket,
                is_over: false,
            };
            answer(&seen, &mut reader, &mut reply);
            if reply.is_over {
                return;
            }
        }
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(present, _)| present == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "`{name}` came twice");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn read(reader: &mut BufReader<TcpStream>, connection: usize) -> Option<Self> {
        let mut line = String::new();
        reader
            .read_line(&mut line)
            .ok()
            .filter(|length| *length > 0)?;
        let line = line.trim_end().to_owned();
        let mut seen = Self {
            line,
            headers: Vec::new(),
            body: Vec::new(),
            connection,
        };
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.trim_end().split_once(": ") else {
                return Some(seen);
            };
            seen.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    fn read_body(&mut self, reader: &mut BufReader<TcpStream>) {
        if let Some(length) = self.header("content-length") {
            self.body = vec![0; length.parse().unwrap()];
            let _ = reader.read_exact(&mut self.body);
        } else if self.header("transfer-encoding").is_some() {
            while let Some(chunk) = Self::read_chunk(reader) {
                self.body.extend(chunk);
            }
        }
    }

    /// The next chunk of a chunked body; `None` at its end.
    pub(crate) fn read_chunk(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
        let mut length = String::new();
        reader.read_line(&mut length).ok()?;
        let length = usize::from_str_radix(length.trim_end(), 16).ok()?;
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk).ok()?;
        chunk.truncate(length);
        (length > 0).then_some(chunk)
    }
}

impl Reply<'_> {
    pub(crate) fn json(&mut self, status: u16, body: &str) {
        self.with(
            status,
            "content-type: application/json\r\n",
            body.as_bytes(),
        );
    }

    /// An answer with these header lines and this body.
    pub(crate) fn with(&mut self, status: u16, headers: &str, body: &[u8]) {
        let length = body.len();
        self.raw(
            format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n").as_bytes(),
        );
        self.raw(body);
    }

    /// The head of a stream of events.
    pub(crate) fn events(&mut self) {
        self.raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    }

    pub(crate) fn chunk(&mut self, bytes: &str) {
        self.raw(format!("{:x}\r\n{bytes}\r\n", bytes.len()).as_bytes());
    }

    pub(crate) fn last_chunk(&mut self) {
        self.raw(b"0\r\n\r\n");
    }

    /// Writes bytes; whether the host still takes them.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> bool {
        self.socket.write_all(bytes).is_ok()
    }

    /// Closes the connection.
    pub(crate) fn hang_up(&mut self) {
        self.is_over = true;
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}
