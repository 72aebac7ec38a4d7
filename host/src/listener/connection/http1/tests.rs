//! Requests are read as hyper's server reads them, however they are cut.
//!
//! Where they are read otherwise, they are refused, and by nothing but these:
//!
//! | what | here | hyper |
//! | --- | --- | --- |
//! | a trailer field that is none, as one without a colon or with a control character | refused | read once all are there |
//! | a size of a chunk with more than 16 digits | refused | zeroes before it are read |
//! | a `connection` that is not ASCII | ends the connection after its answer | is overlooked |
//! | blanks after the size of a chunk | counted as its extensions, 16 KiB in all | not counted |

mod answers;
mod hyper;

use bytes::Bytes;
use http::request::Parts;
use proptest::prelude::*;
use signalbox_http::http1::{BodyDecoder, BodyError, HeadScan};

use super::request;

const LARGEST_HEAD: usize = 2 << 10;

/// A request as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    method: String,
    target: String,
    version: http::Version,
    fields: Vec<(String, Vec<u8>)>,
    content: Vec<u8>,
    is_whole: bool,
}

/// What became of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// More could come.
    Open,
    /// The last answer was its last.
    Closed,
    /// What came could not be read.
    Refused,
}

impl Seen {
    fn of(head: &Parts) -> Self {
        let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.as_bytes().to_vec())
        };
        let mut fields: Vec<_> = head.headers.iter().map(field).collect();
        // Lines of one name keep their order. Names have none: hyper takes out a `content-length` behind a
        // `transfer-encoding`, which moves another name to its place.
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self {
            method: head.method.to_string(),
            target: format!("{:?}", head.uri),
            version: head.version,
            fields,
            content: Vec::new(),
            is_whole: false,
        }
    }

    fn has_odd_connection(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(name, value)| name == "connection" && !value.is_ascii())
    }
}

/// What is read here of bytes that come in these pieces, and then no more; and why a body was refused.
fn reads(pieces: &[&[u8]]) -> (Vec<Seen>, Ending, Option<BodyError>) {
    let mut pieces = pieces.iter();
    let (mut here, mut seen) = (Bytes::new(), Vec::<Seen>::new());
    let mut more = |here: &mut Bytes| {
        let piece = pieces.next();
        piece.map(|piece| *here = [here, *piece].concat().into())
    };
    loop {
        let mut scan = HeadScan::new(LARGEST_HEAD);
        let head = loop {
            if scan.is_worth_reading(&here) {
                match request::read(&here, LARGEST_HEAD) {
                    Ok(Some(head)) => break head,
                    Ok(None) => {}
                    Err(_) => return (seen, Ending::Refused, None),
                }
            }
            if more(&mut here).is_none() {
                return (seen, Ending::Open, None);
            }
        };
        drop(here.split_to(head.length));
        let mut request = Seen::of(&head.request.into_parts().0);
        let mut body = BodyDecoder::new(head.framing.body);
        while !body.is_done() {
            let piece = match body.decode(&here) {
                Ok(piece) => piece,
                Err(error) => {
                    seen.push(request);
                    return (seen, Ending::Refused, Some(error));
                }
            };
            drop(here.split_to(piece.before));
            request
                .content
                .extend_from_slice(&here.split_to(piece.content));
            drop(here.split_to(piece.after));
            let is_stuck = piece.content == 0 && !body.is_done();
            if is_stuck && more(&mut here).is_none() {
                seen.push(request);
                return (seen, Ending::Open, None);
            }
        }
        request.is_whole = true;
        seen.push(request);
        if !head.framing.keeps_alive {
            return (seen, Ending::Closed, None);
        }
    }
}

#[track_caller]
fn compare(bytes: &[u8], cuts: &[usize]) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let pieces: Vec<&[u8]> = cuts
        .windows(2)
        .map(|cut| &bytes[cut[0]..cut[1]])
        .filter(|piece| !piece.is_empty())
        .collect();
    let (ours, ending, error) = reads(&pieces);
    let (theirs, their_ending) = hyper::reads(&pieces);
    let text = String::from_utf8_lossy(bytes);
    if let Some(BodyError::Trailer | BodyError::ChunkSize) = error {
        // Refused here, and read there, or refused later: see above.
        let (last, before) = ours.split_last().unwrap();
        assert_eq!(before, &theirs[..before.len()], "{text}");
        let their_last = &theirs[before.len()];
        assert_eq!(last.fields, their_last.fields, "{text}");
        assert!(their_last.content.starts_with(&last.content), "{text}");
        return;
    }
    if ours.last().is_some_and(Seen::has_odd_connection) {
        // Nothing after it is read here.
        assert_eq!(ours, &theirs[..ours.len()], "{text}");
        assert_ne!(ending, Ending::Refused, "{text}");
        return;
    }
    assert_eq!(ours, theirs, "{text}");
    if error.is_none() {
        assert_eq!(ending, their_ending, "{text}");
    }
}

/// Requests, and parts of them that are read in different ways by different servers.
const REQUESTS: &[&str] = &[
    "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
    "\r\n\r\nGET /v1/models?limit=5 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
    "GET / HTTP/1.1\r\nconnection: x, close\r\n\r\n",
    "GET / HTTP/1.1\nhost: a\n\n",
    "GET http://a.example/v1 HTTP/1.1\r\nhost: b\r\n\r\n",
    "CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\ncontent-length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    "POST / HTTP/1.1\r\ncontent-length: 5, 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\ncontent-length: +5\r\n\r\nhello",
    "POST / HTTP/1.1\r\ncontent-length: 0\r\nexpect: 100-continue\r\n\r\n",
    "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n00\r\nx: y\r\n\r\n",
    "POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: x\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\ncontent-length: 3\r\na: b\r\nc: d\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\n folded: x\r\n\r\n",
    "GET / HTTP/1.1\r\nx: y\r\n folded\r\n\r\n",
    "GET / HTTP/1.1\r\nx : y\r\n\r\n",
    "GET / HTTP/1.1\r\n: y\r\n\r\n",
    "GET / HTTP/1.1\r\nx:\r\n\r\n",
    "GET /\r\n\r\n",
    "GET  / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.2\r\n\r\n",
    "GET / HTTP/2.0\r\n\r\n",
    "G\u{e9}T / HTTP/1.1\r\n\r\n",
    "GET /\u{e9} HTTP/1.1\r\nx: \u{e9}\r\n\r\n",
    "GET /%zz?a=b#c HTTP/1.1\r\nhost: a\r\n\r\n",
];

#[test]
fn every_request_is_read_alone_and_behind_another() {
    for first in REQUESTS {
        compare(first.as_bytes(), &[]);
        for second in REQUESTS {
            let both = [first.as_bytes(), second.as_bytes()].concat();
            compare(&both, &[]);
            compare(&both, &[first.len()]);
        }
        for cut in 0..first.len() {
            compare(first.as_bytes(), &[cut]);
        }
    }
}

#[test]
fn heads_that_are_too_large_are_refused_at_the_same_byte() {
    for length in LARGEST_HEAD - 64..LARGEST_HEAD + 3 {
        let head = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(length));
        compare(head.as_bytes(), &[]);
        compare(head.as_bytes(), &[LARGEST_HEAD, 7]);
        let whole = format!("{head}\r\n\r\nGET / HTTP/1.1\r\n\r\n");
        compare(whole.as_bytes(), &[]);
        compare(whole.as_bytes(), &[head.len() + 1, head.len() + 3]);
    }
    for count in [127, 128, 129] {
        let head = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(count));
        compare(head.as_bytes(), &[]);
    }
}

/// What a byte may become: what heads and chunks are made of, and what is not to be in them.
fn bytes() -> impl Strategy<Value = u8> {
    let telling = b"\r\n\r\n\t :;,/?#%=0159afAF\x00\x1f\x7f\x80\xff\"-_ HTP";
    prop_oneof![3 => prop::sample::select(&telling[..]), 1 => any::<u8>()]
}

#[derive(Clone, Debug)]
enum Change {
    Put(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    Repeat(usize, usize),
}

fn changes() -> impl Strategy<Value = Change> {
    let place = any::<usize>;
    prop_oneof![
        (place(), bytes()).prop_map(|(at, byte)| Change::Put(at, byte)),
        (place(), bytes()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        place().prop_map(Change::Remove),
        (place(), 1_usize..24).prop_map(|(at, length)| Change::Repeat(at, length)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len();
        match *change {
            _ if length == 0 => {}
            Change::Put(at, byte) => bytes[at % length] = byte,
            Change::Insert(at, byte) => bytes.insert(at % length, byte),
            Change::Remove(at) => drop(bytes.remove(at % length)),
            Change::Repeat(at, count) => {
                let at = at % length;
                let part = bytes[at..(at + count).min(length)].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn whatever_comes_is_read_as_hyper_reads_it_or_is_refused(
        requests in prop::collection::vec(prop::sample::select(REQUESTS), 1..4),
        changes in prop::collection::vec(changes(), 0..4),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        compare(&changed(requests.concat().into_bytes(), &changes), &cuts);
    }
}
