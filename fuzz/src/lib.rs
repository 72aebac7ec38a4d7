//! What the fuzz targets share: how a body is cut, what a refusal looks like, and the slow and
//! obvious way to read what the code under test reads fast.

#[path = "../../crates/http/tests/it/naive.rs"]
mod naive;
pub mod parts;
pub mod script;
pub mod stamps;

pub use naive_verdict::{Verdict, verdict};

/// The reference as this crate's targets see it.
mod naive_verdict {
    use std::ops::Range;

    use super::naive;

    /// What a body is to a reader who refuses whatever decoders differ about.
    #[derive(Debug, PartialEq)]
    pub enum Verdict {
        Absent,
        Named(String, Range<usize>),
        Refused,
    }

    /// Reads a body by way of a tree.
    pub fn verdict(body: &[u8]) -> Verdict {
        match naive::verdict(body) {
            naive::Verdict::Absent => Verdict::Absent,
            naive::Verdict::Named(name, span) => Verdict::Named(name, span),
            naive::Verdict::Refused => Verdict::Refused,
        }
    }
}

use signalbox_http::refusal::Refusal;

/// An input's first two bytes say how the rest is cut: into pieces of two sizes in turn.
pub fn cut(input: &[u8]) -> Option<(Vec<&[u8]>, &[u8])> {
    let (sizes, bytes) = input.split_first_chunk::<2>()?;
    let mut sizes = sizes.iter().map(|size| 1 + usize::from(*size)).cycle();
    let mut rest = bytes;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let size = sizes.next().map_or(1, |size| size.min(rest.len()));
        let (piece, after) = rest.split_at(size);
        pieces.push(piece);
        rest = after;
    }
    Some((pieces, bytes))
}

/// A refusal is one a client can read, whatever it was made of.
pub fn check_refusal(refusal: &Refusal) {
    let status = refusal.status();
    assert!((400..600).contains(&status), "status {status}");
    let body: serde_json::Value =
        serde_json::from_slice(&refusal.body()).expect("a refusal is JSON");
    assert_eq!(body["error"]["code"], refusal.code());
    assert!(!refusal.message().is_empty());
    for (name, value) in refusal.headers() {
        let is_plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        assert!(is_plain, "{name}: {value:?}");
    }
}
