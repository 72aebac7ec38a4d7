//! HTTP/1.1 on the wire. That hyper reads the same is a test of the host.

mod bodies;
mod framing;
mod heads;
mod requests;

use signalbox_http::http1::{
    BodyDecoder, BodyError, BodyFraming, FieldSlots, HeadError, HeadScan, MAX_HEAD, response_head,
};

/// What came of a body: its content, and how it went. `None` if it goes on.
#[derive(Clone, Debug, PartialEq)]
struct Read {
    content: Vec<u8>,
    ended: Option<Result<(), BodyError>>,
    /// What was there and is not the body's.
    left: Vec<u8>,
}

/// Reads a body that comes in pieces of this size.
fn body(framing: BodyFraming, bytes: &[u8], size: usize, closes: bool) -> Read {
    let mut decoder = BodyDecoder::new(framing);
    let mut read = Read {
        content: Vec::new(),
        ended: None,
        left: Vec::new(),
    };
    for piece in bytes.chunks(size.max(1)) {
        read.left.extend(piece);
        while read.ended.is_none() && !decoder.is_done() && !read.left.is_empty() {
            match decoder.decode(&read.left) {
                Ok(piece) => {
                    let content = read.left.drain(..piece.before + piece.content);
                    read.content.extend(content.skip(piece.before));
                    read.left.drain(..piece.after);
                }
                Err(error) => {
                    assert_eq!(decoder.decode(&read.left), Err(error), "it says so again");
                    read.ended = Some(Err(error));
                }
            }
        }
    }
    if read.ended.is_none() && closes {
        read.ended = Some(decoder.close());
    } else if decoder.is_done() {
        read.ended = Some(Ok(()));
    }
    if matches!(read.ended, Some(Err(_))) {
        read.left.clear();
    }
    read
}

/// What a head says: its status, its fields, its length.
type Head = (u16, Vec<(String, Vec<u8>)>, usize);

/// Reads a head that comes in pieces of this size, and then ends.
fn head(bytes: &[u8], size: usize) -> Result<Option<Head>, HeadError> {
    let mut scan = HeadScan::new(MAX_HEAD);
    for end in (0..=bytes.len()).step_by(size.max(1)) {
        if scan.is_worth_reading(&bytes[..end])
            && let Some(head) = whole(&bytes[..end])?
        {
            return Ok(Some(head));
        }
    }
    whole(bytes)
}

fn whole(bytes: &[u8]) -> Result<Option<Head>, HeadError> {
    let mut slots = FieldSlots::new();
    let head = response_head(bytes, &mut slots)?;
    Ok(head.map(|head| {
        let fields = head.fields.iter();
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_vec()));
        (head.status, fields.collect(), head.length)
    }))
}
