//! HTTP/1.1 on the wire: heads, where a body ends, and chunks. For clients and for servers.
//!
//! Nothing is read, written, kept or copied here. Whoever calls has the bytes, and is told what of
//! them is what. Bytes may come cut anywhere: every cut is read the same.
//!
//! ```
//! use signalbox_http::http1::{BodyDecoder, FieldSlots, response_head};
//!
//! let bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nping\r\n0\r\n\r\n";
//! let mut slots = FieldSlots::new();
//! let head = response_head(bytes, &mut slots)?.expect("all of it is here");
//! assert_eq!((head.status, head.fields.iter().count()), (200, 1));
//!
//! let framing = head.framing(false)?;
//! assert!(framing.keeps_alive);
//! let mut body = BodyDecoder::new(framing.body);
//! let rest = &bytes[head.length..];
//! let piece = body.decode(rest)?;
//! assert_eq!(&rest[piece.before..][..piece.content], b"ping");
//! assert!(body.is_done());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `host/src/upstream/http1/tests` holds the decoders to hyper's reading of the same bytes.

mod body;
mod chunked;
mod encode;
mod error;
mod framing;
mod head;
mod piece;
mod request;

pub use body::BodyDecoder;
pub use encode::{
    CHUNK_END, LAST_CHUNK, LAST_CHUNK_AFTER_CONTENT, chunk_size, content_length, end_of_head,
    field, request_line, status_line,
};
pub use error::{BodyError, HeadError};
pub use framing::{BodyFraming, ResponseFraming};
pub use head::{FieldSlots, Fields, HeadScan, MAX_FIELDS, MAX_HEAD, ResponseHead, response_head};
pub use piece::Piece;
pub use request::{RequestFraming, RequestHead, request_head};
