//! A client that reads exactly what comes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::Ask;
use super::gate::PATIENCE;

/// One connection of a client.
pub(crate) struct Client(BufReader<TcpStream>);

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        Self(BufReader::new(socket))
    }

    pub(crate) fn send(&mut self, ask: &Ask) -> Answer {
        self.write(&ask.bytes());
        self.answer()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// Writes as much as the other side takes.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// The system takes little for this client that it has not read.
    pub(crate) fn receives_little(&self) {
        rustix::net::sockopt::set_socket_recv_buffer_size(self.0.get_ref(), 4_096).unwrap();
    }

    /// A second handle for whoever writes while this one reads.
    pub(crate) fn writer(&self) -> TcpStream {
        self.0.get_ref().try_clone().unwrap()
    }

    /// How long this client waits for the other side from now on.
    pub(crate) fn gives_up_after(&self, time: std::time::Duration) {
        self.0.get_ref().set_write_timeout(Some(time)).unwrap();
    }

    /// Writes up to so many bytes, until nobody takes any more: how many were taken.
    pub(crate) fn write_what_is_taken(&mut self, most: u64) -> u64 {
        let piece = vec![b'x'; 1 << 16];
        let mut written = 0;
        while written < most {
            match self.0.get_mut().write(&piece) {
                Ok(taken) => written += taken as u64,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        written
    }

    /// Reads one answer to its end.
    pub(crate) fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk() {
                answer.body.extend(chunk);
            }
        } else if let Some(length) = answer.header("content-length") {
            answer.body = vec![0; length.parse().unwrap()];
            self.0.read_exact(&mut answer.body).unwrap();
        } else if answer.status >= 200 {
            self.0.read_to_end(&mut answer.body).unwrap();
        }
        answer
    }

    /// Reads the head of an answer.
    pub(crate) fn head(&mut self) -> Answer {
        let line = self.line();
        let status = line
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("no status in {line:?}"));
        let mut answer = Answer {
            status: status.parse().unwrap(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else {
                return answer;
            };
            answer
                .headers
                .push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// The next chunk of a chunked body; `None` for the last.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let length = usize::from_str_radix(&self.line(), 16).expect("the length of a chunk");
        let mut chunk = vec![0; length + 2];
        self.0.read_exact(&mut chunk).unwrap();
        chunk.truncate(length);
        (length > 0).then_some(chunk)
    }

    /// All that still comes.
    pub(crate) fn read_to_end(&mut self, rest: &mut Vec<u8>) {
        // What was sent and not read resets the connection.
        let _ = self.0.read_to_end(rest);
    }

    /// Whether the other side has closed the connection, cleanly or not.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.0.fill_buf() {
            Ok(rest) => rest.is_empty(),
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Answer {
    /// The value of a header; its name must be there at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(present, _)| present == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "`{name}` came twice");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Status and code of a refusal, whose whole shape is checked.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body: serde_json::Value = serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no refusal: {} {:?}", self.status, self.text()));
        let error = body["error"]
            .as_object()
            .unwrap_or_else(|| panic!("no error in {body}"));
        let keys: Vec<&str> = error.keys().map(String::as_str).collect();
        assert_eq!(keys, ["code", "message", "param", "type"]);
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert!(matches!(
            self.header("x-should-retry"),
            Some("true" | "false")
        ));
        (self.status, error["code"].as_str().unwrap().to_owned())
    }
}
