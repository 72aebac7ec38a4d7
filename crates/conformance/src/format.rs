//! The words of the format; `tests/conformance/README.md` says what each means.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{promise::Promise, written::Written};

/// One file: exchanges about one thing, played in order against one door.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// What they are about.
    pub about: String,
    /// The promise of the README they are about.
    pub promise: Promise,
    /// The configuration in the folder of the fixture.
    #[serde(default = "usual", skip_serializing_if = "is_usual")]
    pub configuration: String,
    /// In the order they are played.
    pub exchanges: Vec<Exchange>,
}

/// What happens on one connection of one client.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What is true of it.
    pub name: String,
    /// The versions of HTTP it is played over.
    #[serde(default = "both", skip_serializing_if = "is_both")]
    pub over: Vec<Version>,
    /// One after the other.
    pub steps: Vec<Step>,
}

/// A version of HTTP between the client and the door.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Version {
    /// HTTP/1.1.
    #[serde(rename = "1.1")]
    Http1,
    /// HTTP/2, begun with its preface.
    #[serde(rename = "2")]
    Http2,
}

/// One request, or bytes by hand, or a swap between two.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A policy that is swapped before anything is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) swap: Option<Swap>,
    /// A request, in whatever version is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) send: Option<Request>,
    /// Bytes of HTTP/1.1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) raw: Vec<Piece>,
    /// How many answers bytes by hand get.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) reads: usize,
    /// The client goes away as soon as it has these bytes of the answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) leave_at: Option<String>,
    /// What GT does with each request it is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) gt: Vec<Vec<Piece>>,
    /// What happens on another connection once the answer has begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) meanwhile: Vec<Self>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Expected>,
}

/// A policy swapped for one of the fixture's documents.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Swap {
    pub(super) policy: String,
    pub(super) document: String,
}

/// A request of a client.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// Method and target.
    pub(super) line: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) body: Vec<Piece>,
    #[serde(default, skip_serializing_if = "Framing::is_usual")]
    pub(super) framing: Framing,
}

/// How a body says where it ends.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Framing {
    /// By `content-length`, if there is a body.
    #[default]
    Sized,
    /// By chunks over HTTP/1.1, one a piece; by the end of the stream over HTTP/2.
    Chunked,
}

/// Something written, or something waited for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Piece {
    Text(String),
    Joined(Vec<Self>),
    Base64 {
        base64: String,
    },
    Repeat {
        repeat: String,
        times: usize,
    },
    /// Until the other end has these bytes of a body.
    Until {
        until: String,
    },
    Do {
        r#do: Act,
    },
}

/// What is done between two pieces.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Act {
    /// Of GT: what follows is written when the head is here, before the body is.
    AtHead,
    /// Of GT: waits until what stands under `meanwhile` has happened.
    AwaitMeanwhile,
    /// Of GT: waits until the door has closed the connection.
    AwaitClose,
    /// Closes the connection; of a client, its sending side.
    Close,
    /// Of a client: waits until it was told to go on.
    AwaitContinue,
}

/// What came of a step.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Every request GT was sent.
    pub gt_saw: Vec<Seen>,
    /// Every answer the client got.
    pub client_saw: Vec<Answer>,
}

/// A request as GT saw it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Method, target and version.
    pub line: String,
    /// By name; several of one name in the order they came.
    pub headers: Vec<String>,
    /// Without chunks.
    #[serde(default, skip_serializing_if = "Written::is_empty")]
    pub body: Written,
    /// It broke off before its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub broken_off: bool,
}

/// An answer as the client saw it, and what was recorded of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Statuses of the interim answers before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interim: Vec<u16>,
    /// The status line's version, if it is not the one spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The status.
    pub status: u16,
    /// By name; several of one name in the order they came.
    pub headers: Vec<String>,
    /// Headers over HTTP/1.1 only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http1: Vec<String>,
    /// Headers over HTTP/2 only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http2: Vec<String>,
    /// Without chunks.
    #[serde(default, skip_serializing_if = "Written::is_empty")]
    pub body: Written,
    /// It broke off before its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub broken_off: bool,
    /// The decision record.
    pub record: Option<Value>,
}

impl Topic {
    /// The same with other words in place of some: each word's other is given by its name. Words are what
    /// letters, digits, `-` and `_` make.
    ///
    /// # Errors
    /// If what comes out is no file of exchanges.
    pub fn with_words(&self, other: impl Fn(&str) -> Option<String>) -> serde_json::Result<Self> {
        let mut value = serde_json::to_value(self)?;
        replace(&mut value, &other);
        serde_json::from_value(value)
    }
}

/// Replaces the words of every text.
fn replace(value: &mut Value, other: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => *text = replaced(text, other),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, other)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| replace(member, other)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn replaced(text: &str, other: impl Fn(&str) -> Option<String>) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, word) = rest.split_at(start);
        let end = word.find(|letter| !is_word(letter));
        let (word, after) = word.split_at(end.unwrap_or(word.len()));
        out += before;
        out += &other(word).unwrap_or_else(|| word.to_owned());
        rest = after;
    }
    out + rest
}

impl Exchange {
    /// Whether a policy is swapped in it.
    #[must_use]
    pub fn swaps(&self) -> bool {
        fn swaps(steps: &[Step]) -> bool {
            let has_one = |step: &Step| step.swap.is_some() || swaps(&step.meanwhile);
            steps.iter().any(has_one)
        }
        swaps(&self.steps)
    }
}

impl Framing {
    fn is_usual(&self) -> bool {
        *self == Self::Sized
    }
}

impl Version {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Http1, Self::Http2];
}

fn usual() -> String {
    "signalbox.yaml".to_owned()
}

fn is_usual(configuration: &str) -> bool {
    configuration == usual()
}

fn both() -> Vec<Version> {
    Version::ALL.to_vec()
}

fn is_both(over: &[Version]) -> bool {
    over == Version::ALL
}

const fn one() -> usize {
    1
}

const fn is_one(count: &usize) -> bool {
    *count == 1
}

const fn is_false(value: &bool) -> bool {
    !*value
}

impl Piece {
    /// The bytes to write; `None` for what is not written.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Joined(parts) => {
                let bytes = |part: &Self| part.bytes().expect("only bytes can be joined");
                parts.iter().flat_map(bytes).collect()
            }
            Self::Base64 { base64 } => STANDARD.decode(base64).expect("valid base64"),
            Self::Repeat { repeat, times } => repeat.repeat(*times).into_bytes(),
            Self::Until { .. } | Self::Do { .. } => return None,
        })
    }
}
