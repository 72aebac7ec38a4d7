//! Something that listens where a host should, and says what a test wants it to.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
};

/// Somebody at an address.
pub(crate) struct Peer {
    pub(crate) url: String,
    thread: JoinHandle<Vec<String>>,
}

impl Peer {
    /// Takes one connection and hands it over; `said` is what came of the request.
    pub(crate) fn listen(answer: impl FnOnce(&mut TcpStream, &[String]) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let request = request(&stream);
            answer(&mut stream, &request);
            request
        });
        Self { url, thread }
    }

    /// Says this text to whoever connects, and hears nothing.
    pub(crate) fn greets(text: &str) -> Self {
        let text = text.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            // Closing with something unread would take the text back.
            let _ = stream.read_to_end(&mut Vec::new());
            Vec::new()
        });
        Self { url, thread }
    }

    /// Answers with this text.
    pub(crate) fn says(text: &str) -> Self {
        let text = text.to_owned();
        Self::listen(move |stream, _| stream.write_all(text.as_bytes()).unwrap())
    }

    /// The head of the request that came, and its body as the last line.
    pub(crate) fn request(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

/// An address nobody listens at.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A whole answer.
pub(crate) fn answer(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn request(stream: &TcpStream) -> Vec<String> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        // Nothing at all: whoever connected left again.
        if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let length = lines
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    lines.push(String::from_utf8_lossy(&body).into_owned());
    lines
}
