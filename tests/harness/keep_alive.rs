//! A connection that stays open from one request to the next, as the clients of a gate hold theirs.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use crate::{
    DEADLINE,
    http::{Answer, Ask},
};

/// A connection to one place; opened when it is needed, and again after the other side said that it
/// closes.
#[derive(Debug)]
pub struct Line {
    to: SocketAddr,
    stream: Option<TcpStream>,
}

/// The other side did not answer whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl Line {
    /// No connection yet.
    #[must_use]
    pub const fn new(to: SocketAddr) -> Self {
        Self { to, stream: None }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// If the connection ends before the answer does, or the answer is no HTTP.
    pub fn ask(&mut self, ask: &Ask) -> Result<Answer, Broken> {
        self.ask_slowly(ask, || {})
    }

    /// Sends the head and the first half of the body, does something, and sends the rest.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn ask_slowly(&mut self, ask: &Ask, in_between: impl FnOnce()) -> Result<Answer, Broken> {
        let (head, body) = ask.parts(self.to, "keep-alive");
        let (first, second) = body.split_at(body.len() / 2);
        let answer = self.exchange(&[&head, first].concat(), second, in_between);
        if answer.as_ref().map_or(true, closes) {
            self.stream = None;
        }
        answer
    }

    fn exchange(
        &mut self,
        first: &[u8],
        second: &[u8],
        in_between: impl FnOnce(),
    ) -> Result<Answer, Broken> {
        let broken = |what: &str, error: &std::io::Error| Broken(format!("{what}: {error}"));
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.to).map_err(|error| broken("cannot connect", &error))?,
        };
        let stream = self.stream.insert(stream);
        stream
            .write_all(first)
            .map_err(|error| broken("cannot send", &error))?;
        in_between();
        // A refusal may come, and the connection end, before all is sent; the answer is what counts.
        let sent = stream.write_all(second);
        let mut received = Vec::new();
        let mut buffer = [0; 16 << 10];
        loop {
            let read = stream
                .read(&mut buffer)
                .map_err(|error| broken("cannot read", &error))?;
            received.extend(buffer.iter().take(read));
            match Answer::parse(&received) {
                Some((answer, [])) => return Ok(answer),
                Some((_, rest)) => {
                    let rest = String::from_utf8_lossy(rest);
                    return Err(Broken(format!("after the answer: {rest}")));
                }
                None if read == 0 => {
                    let so_far = String::from_utf8_lossy(&received);
                    return Err(Broken(format!("ended ({sent:?}) after {so_far:?}")));
                }
                None => {}
            }
        }
    }
}

fn closes(answer: &Answer) -> bool {
    answer.header("connection") == Some("close")
}

fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
