//! Clients of every kind, each on a connection of its own.

use std::{net::SocketAddr, sync::Arc};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    gt::{PIECE, PIECES},
    stage::{Act, Stage, count, kind_of},
};

/// The key that all of them have.
pub(super) const KEY: &str = "gtak_soak";

/// What a client saw, by the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Saw {
    /// The whole answer, and its own.
    Whole(u16),
    /// The answer broke off, and it could tell.
    Broken,
    /// It went before there was any.
    Nothing,
}

/// One request, from its first byte to its client's end.
pub(super) async fn ask(id: String, gate: SocketAddr, stage: Arc<Stage>) -> Saw {
    let mut stream = TcpStream::connect(gate).await.expect("the gate listens");
    stream.set_nodelay(true).expect("a socket takes it");
    let kind = kind_of(&id);
    let body = format!(
        r#"{{"model":"gpt-4o","messages":[],"stream":{}}}"#,
        kind.starts_with("s:")
    );
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gate.example\r\nauthorization: Bearer {KEY}\r\n\
         x-request-id: {id}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    let (first, second) = body.split_at(body.len() / 2);
    write(&mut stream, &format!("{head}{first}")).await;
    if kind == "half" {
        drop(stream);
        count(&stage.done);
        return Saw::Nothing;
    }
    if kind == "writer" {
        stage.reaches(Act::Resume).await;
    }
    write(&mut stream, second).await;
    let mut reading = Reading {
        stream,
        bytes: Vec::new(),
    };
    let saw = match kind.strip_prefix("s:") {
        Some(kind) => reading.stream(kind, &stage).await,
        None if kind == "gone" => {
            stage.reaches(Act::End).await;
            Saw::Nothing
        }
        None => reading.answer(&id).await,
    };
    drop(reading);
    count(&stage.done);
    saw
}

async fn write(stream: &mut TcpStream, text: &str) {
    // Who is refused early may find the connection gone; what was said is there to be read.
    drop(stream.write_all(text.as_bytes()).await);
}

struct Reading {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Reading {
    /// A stream of events, up to this kind's end.
    async fn stream(&mut self, kind: &str, stage: &Stage) -> Saw {
        assert!(
            self.until("\"choices\":[]}\n\n").await,
            "the first event: {}",
            self.text()
        );
        count(&stage.opened);
        stage.reaches(Act::Tick).await;
        self.bytes.clear();
        assert!(
            self.until("\"choices\":[]}\n\n").await,
            "the second event: {}",
            self.text()
        );
        assert!(
            self.text().contains("\"model\":\"gpt-4o\""),
            "{}",
            self.text()
        );
        self.bytes.clear();
        count(&stage.ticked);
        match kind {
            "leave" => {
                stage.reaches(Act::End).await;
                return Saw::Nothing;
            }
            "slow" => stage.reaches(Act::Resume).await,
            "endless" => {
                while self.bytes.len() < 64 << 10 {
                    assert!(self.more().await, "an endless stream ended");
                }
                return Saw::Nothing;
            }
            _ => {}
        }
        while self.more().await {}
        if !self.text().ends_with("data: [DONE]\n\n\r\n0\r\n\r\n") {
            return Saw::Broken;
        }
        if kind == "slow" {
            let sent = self.bytes.iter().filter(|byte| **byte == b'x').count();
            assert_eq!(sent, PIECES * (PIECE - 8), "a slow reader gets every byte");
        }
        Saw::Whole(200)
    }

    /// One answer; if it is whole and GT's, it must be the answer to this request.
    async fn answer(&mut self, id: &str) -> Saw {
        while self.more().await {}
        let text = self.text();
        let Some((answer, rest)) = signalbox_harness::http::Answer::parse(&self.bytes) else {
            return Saw::Broken;
        };
        assert!(rest.is_empty(), "{id} got more than an answer: {text}");
        let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
            return Saw::Broken;
        };
        if answer.status == 200 {
            assert_eq!(
                (&body["for"], &body["model"]),
                (&id.into(), &"gpt-4o".into()),
                "{text}"
            );
        }
        Saw::Whole(answer.status)
    }

    async fn until(&mut self, mark: &str) -> bool {
        while !self.text().contains(mark) {
            if !self.more().await {
                return false;
            }
        }
        true
    }

    /// Reads on; not, if that is all.
    async fn more(&mut self) -> bool {
        let mut buffer = [0; 16 << 10];
        match self.stream.read(&mut buffer).await {
            Ok(0) | Err(_) => false,
            Ok(length) => {
                self.bytes.extend(buffer.iter().take(length));
                true
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}
