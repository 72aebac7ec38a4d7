//! What Signalbox knows of HTTP, as state machines over bytes.
//!
//! Paths, headers, JSON bodies, answers and refusals of GT's routes, and HTTP/1.1 on the wire, with no
//! socket, no clock, no async and no HTTP library but a parser of heads: every door (the host, a tower
//! layer, another proxy's plug-in) uses the same code. This is also the one place that knows OpenAI's
//! field names.
//!
//! ```
//! use signalbox_http::{json, json::Found, path};
//!
//! let target = path::canonical("/api/tenant/chat/completions", &|_| false)?;
//! assert_eq!(target.path, "/v1/chat/completions");
//!
//! let body = br#"{"messages":[],"model":"gpt-4o"}"#;
//! let Found::Named { name, span } = json::find_model(body)? else { panic!("no model") };
//! assert_eq!((name.as_str(), &body[span]), ("gpt-4o", &br#""gpt-4o""#[..]));
//! # Ok::<(), signalbox_http::refusal::Refusal>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod head;
pub mod http1;
pub mod json;
pub mod media;
pub mod models;
pub mod multipart;
pub mod path;
pub mod percent;
mod quote;
pub mod refusal;
pub mod restamp;
mod stride;
pub mod usage;
