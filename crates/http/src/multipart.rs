//! `multipart/form-data`: the one `model` field found and replaced while the rest streams through.
//!
//! The grammar is the part of RFC 7578 that all who read it read alike, and no more: CRLF line ends,
//! no preamble, nothing but an empty line as epilogue, one `form-data` disposition a part with one
//! plain name. What two readers could read differently is refused: a second `model`, a name that some
//! fold to it, a value whose charset changes it, a boundary after a lone CR or LF, a folded header.
//! Parts other than `model` pass byte for byte and are never held. What closes the body goes on at its
//! end, so that a body found wrong is never whole.
//!
//! ```
//! use signalbox_http::multipart::{Boundary, Scanner};
//!
//! let boundary = Boundary::of(&[b"multipart/form-data; boundary=x"], &[])?;
//! let mut scanner = Scanner::new(&boundary);
//! let mut out = Vec::new();
//! let body = b"--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--x--\r\n";
//! assert_eq!(scanner.push(body, &mut out)?.as_deref(), Some("whisper-1"));
//! scanner.replace(Some("support-agent"), &mut out)?;
//! scanner.finish(&mut out)?;
//! assert!(out.ends_with(b"\r\n\r\nsupport-agent\r\n--x--\r\n"));
//! # Ok::<(), signalbox_http::refusal::Refusal>(())
//! ```

mod boundary;
mod charset;
mod disposition;
mod flaw;
mod part;
mod scanner;

pub use boundary::Boundary;
pub use scanner::Scanner;
