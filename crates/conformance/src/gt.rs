//! GT: a server of HTTP/1.1 that reads requests by itself and answers each as its script says.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use super::{
    PATIENCE,
    format::{Act, Piece, Seen},
    framed::{Body, Framed, find},
    normal,
    progress::Progress,
    written::Written,
};

/// GT; it listens until the process ends.
#[derive(Clone, Debug)]
pub struct Gt {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    scripts: VecDeque<Script>,
    /// What came although nobody expected it.
    unexpected: Vec<String>,
}

/// What GT does with one request, and the step it is part of.
#[derive(Debug)]
struct Script {
    pieces: Vec<Piece>,
    step: Arc<Progress>,
}

impl Gt {
    /// Listens on a port of loopback that is free.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn start() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::listen(any).expect("a free port")
    }

    /// Listens here.
    ///
    /// # Errors
    /// If the address is not to be had.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let gt = Self {
            address: listener.local_addr()?,
            state: Arc::default(),
        };
        let all = gt.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let one = all.clone();
                thread::spawn(move || Connection::new(one, stream).serve());
            }
        });
        Ok(gt)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says what is done with the next requests.
    pub(super) fn expects(&self, scripts: &[Vec<Piece>], step: &Arc<Progress>) {
        let script = |pieces: &Vec<Piece>| Script {
            pieces: pieces.clone(),
            step: Arc::clone(step),
        };
        self.state().scripts.extend(scripts.iter().map(script));
    }

    /// Ends a step: how many of its scripts no request came for.
    pub(super) fn unused(&self, step: &Arc<Progress>) -> usize {
        let scripts = &mut self.state().scripts;
        let before = scripts.len();
        scripts.retain(|script| !Arc::ptr_eq(&script.step, step));
        before - scripts.len()
    }

    /// Takes what came although nobody expected it.
    pub(super) fn unexpected(&self) -> Vec<String> {
        std::mem::take(&mut self.state().unexpected)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }
}

/// One connection of the door's.
struct Connection {
    gt: Gt,
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    fn new(gt: Gt, stream: TcpStream) -> Self {
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket takes a timeout");
        stream.set_nodelay(true).expect("a socket takes it");
        Self {
            gt,
            stream,
            received: Vec::new(),
        }
    }

    fn serve(mut self) {
        while let Some(head) = self.head() {
            let script = self.gt.state().scripts.pop_front();
            let Some(script) = script else {
                self.gt.state().unexpected.push(head);
                return;
            };
            let mut at = 0;
            script.step.change(|step| {
                step.playing += 1;
                step.at_gt.clear();
                at = step.seen.len();
                step.seen.push(None);
            });
            let goes_on = self.play(&script, &head, at);
            script.step.change(|step| step.playing -= 1);
            if !goes_on {
                return;
            }
        }
    }

    /// Plays a script to its end: whether the connection is kept.
    fn play(&mut self, script: &Script, head: &str, at: usize) -> bool {
        let is_early = matches!(script.pieces.first(), Some(Piece::Do { r#do: Act::AtHead }));
        if is_early && !self.write(script) {
            return false;
        }
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<_> = lines.map(str::to_owned).collect();
        let read = self.body(&headers, &script.step);
        let broken_off = read.is_err();
        let seen = Seen {
            line,
            headers: normal::seen_headers(&headers, self.gt.address),
            body: Written::of(&read.unwrap_or_else(|part| part)),
            broken_off,
        };
        script.step.change(|step| step.seen[at] = Some(seen));
        !broken_off && (is_early || self.write(script))
    }

    /// Writes what the script says: whether the connection is kept.
    fn write(&mut self, script: &Script) -> bool {
        for piece in &script.pieces {
            if let Some(bytes) = piece.bytes() {
                if self.stream.write_all(&bytes).is_err() {
                    return false;
                }
                continue;
            }
            match piece {
                Piece::Until { until } => script.step.until_client_has(until),
                Piece::Do { r#do: Act::AtHead } => {}
                Piece::Do {
                    r#do: Act::AwaitMeanwhile,
                } => script
                    .step
                    .until("what happens meanwhile", |step| step.meanwhile_is_over),
                Piece::Do { r#do: Act::Close } => {
                    drop(self.stream.shutdown(Shutdown::Both));
                    return false;
                }
                Piece::Do {
                    r#do: Act::AwaitClose,
                } => {
                    let mut rest = Vec::new();
                    drop(self.stream.read_to_end(&mut rest));
                    assert!(rest.is_empty(), "more came to GT: {rest:?}");
                    return false;
                }
                other => panic!("GT cannot do {other:?}"),
            }
        }
        true
    }

    /// The next head, without its empty line; `None` if the connection ends before it.
    fn head(&mut self) -> Option<String> {
        let end = loop {
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let head: Vec<u8> = self.received.drain(..end + 4).collect();
        let text = std::str::from_utf8(&head[..end]).expect("a door sends GT plain heads");
        Some(text.to_owned())
    }

    /// The body, or as much of it as came.
    fn body(&mut self, headers: &[String], step: &Progress) -> Result<Vec<u8>, Vec<u8>> {
        let framed = Framed::of(headers).unwrap_or(Framed::Sized(0));
        let mut body = Body::new(framed);
        loop {
            let new = body.take(&mut self.received);
            step.change(|step| step.at_gt.extend_from_slice(&new));
            if body.is_whole() {
                return Ok(body.bytes);
            }
            if self.more().is_none() {
                return Err(body.bytes);
            }
        }
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
