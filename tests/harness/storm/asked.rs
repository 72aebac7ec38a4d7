//! One request of a storm, and whether its answer is whole.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    ledger::{Kind, Outcome, Seen},
    variant::{DATASET, Variant},
};
use crate::{
    http::{Answer, Ask},
    keep_alive::Broken,
};

/// A request, before its answer.
#[derive(Debug)]
pub(super) struct Asked {
    /// No other request has it.
    nonce: String,
    kind: Kind,
    waits: bool,
    content: Vec<u8>,
}

impl Asked {
    pub(super) fn new(connection: usize, count: usize) -> Self {
        let nonce = format!("n-{connection}-{count}");
        // Every connection sends every kind, and at any time every kind is under way.
        let turn = connection + count;
        let content = content(&nonce, turn);
        let kind = match turn % 8 {
            0 => Kind::Models,
            1 => Kind::Embed,
            2 | 3 => Kind::Stream,
            4 => Kind::Upload(sha256(&form(&nonce, &content))),
            5 => Kind::Chat("shared".to_owned()),
            _ => Kind::Chat(Variant::after(count).lacking()),
        };
        Self {
            nonce,
            kind,
            waits: count % 5 == 4,
            content,
        }
    }

    /// Whether its second half is sent only after the next swap.
    pub(super) const fn waits_for_a_swap(&self) -> bool {
        self.waits
    }

    pub(super) fn ask(&self, key: &str) -> Ask {
        let target = |path: &str| {
            let nonce = &self.nonce;
            format!("/v1/{path}?p0={nonce}&p1={nonce}&p2={nonce}")
        };
        let chat = |model: &str, stream: bool| {
            let message = json!({"role": "user", "content": self.words()});
            let body = json!({"model": model, "stream": stream, "messages": [message],
                "metadata": {"gt_sim_pause_ms": "1"}});
            Ask::json(&target("chat/completions"), body.to_string())
        };
        let ask = match &self.kind {
            Kind::Chat(model) => chat(model, false),
            Kind::Stream => chat("shared", true),
            Kind::Embed => {
                let body = json!({"model": "shared", "input": self.nonce});
                Ask::json(&target("embeddings"), body.to_string())
            }
            Kind::Upload(_) => Ask::new("POST", &target(&format!("datasets/{DATASET}/files")))
                .header("content-type", "multipart/form-data; boundary=edge")
                .body(form(&self.nonce, &self.content)),
            Kind::Models => Ask::get("/v1/models"),
        };
        let with = |ask: Ask, name: &str| ask.header(name, &self.nonce);
        ["x-p0", "x-p1", "x-p2"]
            .into_iter()
            .fold(ask.key(key), with)
    }

    pub(super) fn seen(self, answer: Result<Answer, Broken>) -> Seen {
        let (generation, outcome) = match answer {
            Ok(answer) => (generation(&answer), self.outcome(&answer)),
            Err(Broken(why)) => (None, Outcome::Failed(why)),
        };
        Seen {
            nonce: self.nonce,
            kind: self.kind,
            generation,
            outcome,
        }
    }

    fn outcome(&self, answer: &Answer) -> Outcome {
        let failed = || Outcome::Failed(format!("{} {}", answer.status, answer.text()));
        if let (400..=499, code) = answer.refusal() {
            let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
                return failed();
            };
            let message = body.pointer("/error/message").and_then(Value::as_str);
            return Outcome::Refused {
                code,
                message: message.unwrap_or_default().to_owned(),
            };
        }
        if answer.status != 200 {
            return failed();
        }
        self.served(answer).unwrap_or_else(failed)
    }

    /// What a 200 says; `None` if it is not whole, or not the answer to this.
    fn served(&self, answer: &Answer) -> Option<Outcome> {
        if self.kind == Kind::Stream {
            return (streamed(answer)? == self.said()).then_some(Outcome::Forwarded);
        }
        let body: Value = serde_json::from_slice(&answer.body).ok()?;
        let is_right = match &self.kind {
            Kind::Models => {
                let models = body.get("data")?.as_array()?.iter();
                let names = models.map(|model| model.get("id")?.as_str().map(str::to_owned));
                return Some(Outcome::Listed(names.collect::<Option<_>>()?));
            }
            Kind::Chat(model) => {
                let said = body.pointer("/choices/0/message/content")?;
                said == &self.said() && body.get("model")? == model
            }
            Kind::Embed => {
                body.get("model")? == "shared" && body.get("data")?.as_array()?.len() == 1
            }
            Kind::Upload(_) => {
                body.get("filename")? == &self.nonce
                    && body.get("sha256")? == &sha256(&self.content)
            }
            Kind::Stream => false,
        };
        is_right.then_some(Outcome::Forwarded)
    }

    fn words(&self) -> String {
        format!("{} and some more words that come one by one", self.nonce)
    }

    fn said(&self) -> String {
        format!("You said: {}", self.words())
    }
}

/// The text of a stream that came whole, every event with the client's own model name.
fn streamed(answer: &Answer) -> Option<String> {
    let text = std::str::from_utf8(&answer.body).ok()?;
    let events = text.strip_suffix("data: [DONE]\n\n")?;
    let mut said = String::new();
    for event in events.split_terminator("\n\n") {
        let event: Value = serde_json::from_str(event.strip_prefix("data: ")?).ok()?;
        if event.get("model")? != "shared" {
            return None;
        }
        let piece = event.pointer("/choices/0/delta/content");
        said.push_str(piece.and_then(Value::as_str).unwrap_or_default());
    }
    Some(said)
}

/// The number in `x-signalbox-policy: NAME@NUMBER`.
fn generation(answer: &Answer) -> Option<u64> {
    let (_, number) = answer.header("x-signalbox-policy")?.rsplit_once('@')?;
    number.parse().ok()
}

/// A kilobyte to sixteen, now and then a quarter of a megabyte; no two alike.
fn content(nonce: &str, turn: usize) -> Vec<u8> {
    let kilobytes = if turn % 128 == 4 { 256 } else { turn % 16 + 1 };
    let line = format!("{nonce} ").into_bytes();
    line.into_iter().cycle().take(kilobytes << 10).collect()
}

fn form(nonce: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{nonce}\"\r\n\
         content-type: text/plain\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n--edge--\r\n"].concat()
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
