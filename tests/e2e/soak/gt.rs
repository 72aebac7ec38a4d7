//! GT at its worst: what it does with a request is in the request's `x-request-id`.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::stage::{Act, Stage, count, kind_of};

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, stage: Arc<Stage>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _): (TcpStream, SocketAddr) = listener.accept().await.expect("it listens");
        let stage = Arc::clone(&stage);
        connections.spawn(async move {
            let mut line = Line {
                stream,
                received: Vec::new(),
            };
            while let Some(id) = line.request().await {
                count(&stage.asked);
                match line.play(&id, &stage).await {
                    After::Again => {}
                    After::Close => return,
                    After::Cancelled => return count(&stage.cancelled),
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// One connection from the gate.
struct Line {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What becomes of the connection.
enum After {
    Again,
    Close,
    /// The gate went first.
    Cancelled,
}

impl Line {
    /// Reads a whole request and gives its id.
    async fn request(&mut self) -> Option<String> {
        let mut buffer = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&self.received).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let header = |name: &str| {
                    head.lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                };
                let length =
                    header("content-length").map_or(0, |text| text.parse().expect("a length"));
                if body.len() >= length {
                    assert_eq!(body.len(), length, "one request at a time: {text}");
                    assert!(body.contains("support-agent"), "{text}");
                    let id = header("x-request-id")
                        .expect("every request has one")
                        .to_owned();
                    self.received.clear();
                    return Some(id);
                }
            }
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(length) => self.received.extend(buffer.iter().take(length)),
            }
        }
    }

    async fn play(&mut self, id: &str, stage: &Stage) -> After {
        let kind = kind_of(id);
        if kind.starts_with("s:") {
            return self.play_stream(kind, stage).await;
        }
        let body = answer(id);
        let length = body.len();
        match kind {
            "plain" | "writer" => self.send(&framed(length, &body)).await.again(),
            "long" => self.send(&framed(length + 10, &body)).await.close(),
            "surplus" => self
                .send(&framed(length, &format!("{body}HTTP/1.1 200 OK\r\n")))
                .await
                .again(),
            "twice" => {
                let one = framed(length, &body);
                let other = framed(length, &answer("nobody-0"));
                self.send(&format!("{one}{other}")).await.again()
            }
            "continues" => {
                let many = "HTTP/1.1 100 Continue\r\n\r\n".repeat(50);
                self.send(&format!("{many}{}", framed(length, &body)))
                    .await
                    .again()
            }
            "garbage" => self.send("hello, who is there?\r\n\r\n").await.close(),
            "lengths" => {
                let head =
                    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef";
                self.send(head).await.close()
            }
            "switch" => self
                .send("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n")
                .await
                .close(),
            "close" => After::Close,
            "reset" => self.reset(),
            "endless" => {
                let begun = self.send("HTTP/1.1 200 OK\r\n").await;
                self.on_and_on(begun, "x-more: and more\r\n").await
            }
            "silent" => {
                let (half, _) = body.split_at(length / 2);
                let sent = self.send(&framed(length, half)).await;
                if matches!(sent, Sent::Gone) {
                    After::Close
                } else {
                    self.until_gone().await
                }
            }
            "stall" | "gone" => self.until_gone().await,
            other => panic!("there is no kind `{other}`"),
        }
    }

    async fn play_stream(&mut self, kind: &str, stage: &Stage) -> After {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        self.send(&format!("{head}{}", chunk(EVENT))).await;
        stage.reaches(Act::Tick).await;
        self.send(&chunk(EVENT)).await;
        if kind == "s:leave" {
            return self.until_gone().await;
        }
        stage.reaches(Act::End).await;
        match kind {
            "s:finish" => self.send(&end()).await.again(),
            "s:slow" => {
                let long = format!("data: {}\n\n", "x".repeat(PIECE - 8));
                for _ in 0..PIECES {
                    self.send(&chunk(&long)).await;
                }
                self.send(&end()).await.again()
            }
            "s:short" => After::Close,
            "s:reset" => self.reset(),
            "s:garbage" => self.send("zz\r\nno chunk\r\n").await.close(),
            "s:endless" => self.on_and_on(Sent::All, &chunk(EVENT).repeat(64)).await,
            other => panic!("there is no kind `{other}`"),
        }
    }

    async fn send(&mut self, text: &str) -> Sent {
        match self.stream.write_all(text.as_bytes()).await {
            Ok(()) => Sent::All,
            Err(_) => Sent::Gone,
        }
    }

    /// Sends until nobody takes it.
    async fn on_and_on(&mut self, mut sent: Sent, text: &str) -> After {
        while let Sent::All = sent {
            sent = self.send(text).await;
        }
        After::Cancelled
    }

    /// Says nothing more and waits until the gate has gone.
    async fn until_gone(&mut self) -> After {
        let mut buffer = [0; 64];
        match self.stream.read(&mut buffer).await {
            Ok(0) | Err(_) => After::Cancelled,
            Ok(length) => panic!("{length} more bytes on a connection that is in use"),
        }
    }

    fn reset(&self) -> After {
        // Closing then sends a reset.
        self.stream.set_zero_linger().expect("a socket takes it");
        After::Close
    }
}

/// How a piece of an answer fared.
enum Sent {
    All,
    Gone,
}

impl Sent {
    fn again(self) -> After {
        match self {
            Self::All => After::Again,
            Self::Gone => After::Cancelled,
        }
    }

    fn close(self) -> After {
        match self {
            Self::All => After::Close,
            Self::Gone => After::Cancelled,
        }
    }
}

fn framed(length: usize, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn answer(id: &str) -> String {
    format!(r#"{{"object":"chat.completion","model":"support-agent","for":"{id}"}}"#)
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

fn end() -> String {
    format!("{}0\r\n\r\n", chunk("data: [DONE]\n\n"))
}

/// What a slow client is sent: so many pieces of this size.
pub(super) const PIECES: usize = 128;
/// Their size.
pub(super) const PIECE: usize = 16 << 10;
const EVENT: &str =
    "data: {\"object\":\"chat.completion.chunk\",\"model\":\"support-agent\",\"choices\":[]}\n\n";
