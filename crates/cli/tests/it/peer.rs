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
    /// Takes one connection, reads one request and hands both over.
    pub(crate) fn listen(answer: impl FnOnce(&mut TcpStream, &[String]) + Send + 'static) -> Self {
        Self::listen_with("", answer)
    }

    /// The same, with an answer to the head before the body is read.
    pub(crate) fn listen_with(
        interim: &'static str,
        answer: impl FnOnce(&mut TcpStream, &[String]) + Send + 'static,
    ) -> Self {
        Self::at_work(move |mut stream| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = head(&mut reader);
            stream.write_all(interim.as_bytes()).unwrap();
            request.push(body(&mut reader, &request));
            answer(&mut stream, &request);
            request
        })
    }

    /// Answers the head, reads no body and closes.
    pub(crate) fn answers_head(text: &str) -> Self {
        let text = text.to_owned();
        Self::at_work(move |mut stream| {
            let request = head(&mut BufReader::new(stream.try_clone().unwrap()));
            stream.write_all(text.as_bytes()).unwrap();
            request
        })
    }

    fn at_work(work: impl FnOnce(TcpStream) -> Vec<String> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = thread::spawn(move || work(listener.accept().unwrap().0));
        Self { url, thread }
    }

    /// Says this text to whoever connects, and hears nothing.
    pub(crate) fn greets(text: &str) -> Self {
        let text = text.to_owned();
        Self::at_work(move |mut stream| {
            stream.write_all(text.as_bytes()).unwrap();
            // Closing with something unread would take the text back.
            let _ = stream.read_to_end(&mut Vec::new());
            Vec::new()
        })
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

fn head(reader: &mut BufReader<TcpStream>) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        // Nothing at all: whoever connected left again.
        if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            return lines;
        }
        lines.push(line.trim_end().to_owned());
    }
}

fn body(reader: &mut BufReader<TcpStream>, head: &[String]) -> String {
    let length = head
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8_lossy(&body).into_owned()
}
