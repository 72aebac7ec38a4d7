//! Bodies of requests: read whole within bounds, or let go of.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header;
use http_body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use signalbox_http::media;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::AdminError;
use super::object::Object;
use signalbox_gate::header_values as values;

/// The body of a request.
///
/// hyper answers `expect: 100-continue` at the first poll of a body, so one whose client waits for
/// that is not touched before it is wanted.
pub(super) struct Upload<B = Incoming> {
    body: B,
    declared: Option<u64>,
    waits_for_continue: bool,
}

/// How much of a body is taken, and how long that may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes: usize,
    pub(super) idle: Duration,
    pub(super) total: Duration,
}

/// Why a body is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    TooLarge,
    TooSlow,
    Truncated,
}

impl Bounds {
    /// For what a person writes.
    pub(super) const SMALL: Self = Self {
        bytes: 64 << 10,
        idle: Duration::from_secs(10),
        total: Duration::from_secs(30),
    };

    /// For components: 64 MiB in five minutes are 2 Mbit/s, less than what an operator's line has.
    pub(super) const fn component(bytes: usize) -> Self {
        Self {
            bytes,
            idle: Duration::from_secs(30),
            total: Duration::from_secs(300),
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Upload<B> {
    pub(super) fn new(body: B, headers: &HeaderMap) -> Self {
        Self {
            declared: body.size_hint().exact(),
            waits_for_continue: headers.contains_key(header::EXPECT),
            body,
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.body.is_end_stream()
    }

    /// All of it. A length that is too large is refused before anything is read.
    pub(super) async fn read(&mut self, bounds: Bounds) -> Result<Vec<u8>, Unread> {
        let end = Instant::now() + bounds.total;
        if self
            .declared
            .is_some_and(|length| length > bounds.bytes as u64)
        {
            return Err(Unread::TooLarge);
        }
        self.waits_for_continue = false;
        let mut whole = Vec::new();
        loop {
            let deadline = end.min(Instant::now() + bounds.idle);
            let next = timeout_at(deadline, self.body.frame()).await;
            let frame = match next.map_err(|_elapsed| Unread::TooSlow)? {
                None => return Ok(whole),
                Some(frame) => frame.map_err(|_gone| Unread::Truncated)?,
            };
            // Trailers are headers nobody asked for.
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            if whole.len() + piece.len() > bounds.bytes {
                return Err(Unread::TooLarge);
            }
            if let (true, Some(length)) = (whole.is_empty(), self.declared) {
                // At once: a component that grows piece by piece is in memory twice.
                whole.reserve_exact(usize::try_from(length).unwrap_or(0));
            }
            whole.extend_from_slice(&piece);
        }
    }

    /// A small JSON document; an empty body is the default one if there is any.
    pub(super) async fn document<T: DeserializeOwned>(
        &mut self,
        headers: &HeaderMap,
        if_empty: Option<T>,
    ) -> Result<T, AdminError> {
        if let (true, Some(default)) = (self.is_empty(), if_empty) {
            return Ok(default);
        }
        check_json(headers)?;
        let bytes = self
            .read(Bounds::SMALL)
            .await
            .map_err(|unread| match unread {
                Unread::TooLarge => AdminError::TooLarge {
                    message: format!("This route takes at most {} bytes.", Bounds::SMALL.bytes),
                    param: None,
                },
                Unread::TooSlow => AdminError::TooSlow,
                Unread::Truncated => AdminError::Truncated,
            })?;
        parse(&bytes)
    }

    /// Reads on for a while: a client that writes into a closed socket never sees the answer.
    pub(super) async fn let_go(&mut self, most: usize, time: Duration) {
        if self.waits_for_continue {
            return;
        }
        let mut left = most;
        let reading = async {
            while let Some(Ok(frame)) = self.body.frame().await {
                let length = frame.data_ref().map_or(0, Bytes::len);
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        // Either way the client has had its chance.
        let _ = timeout(time, reading).await;
    }
}

/// 415 unless the head announces one plain JSON body.
pub(super) fn check_json(headers: &HeaderMap) -> Result<(), AdminError> {
    let types = values(headers, header::CONTENT_TYPE);
    let encodings = values(headers, header::CONTENT_ENCODING);
    media::check_json(&types, &encodings)
        .map_err(|refusal| AdminError::Media(refusal.message().to_owned()))
}

/// JSON of a known shape: nothing unknown, nothing twice.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AdminError> {
    let read = serde_json::from_slice(bytes).map(|Object(document)| document);
    read.map_err(|error: serde_json::Error| {
        let mut why = error.to_string();
        // Where text stands in place of a list, the reader repeats it, however long it is.
        if why.len() > LONGEST_REASON {
            let (line, column) = (error.line(), error.column());
            why = format!("something has the wrong shape at line {line} column {column}");
        }
        AdminError::shape(format!("The body cannot be used: {why}."))
    })
}

const LONGEST_REASON: usize = 300;

#[cfg(test)]
mod tests;
