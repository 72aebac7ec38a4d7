//! Responses to requests that a filter makes by itself, as Envoy hands them over: whole.

use bytes::Bytes;
use http::response::Parts;

use crate::head::ResponseHead;

/// A response, as it is handed over.
#[derive(Debug, Default)]
pub(crate) struct CalloutResponse {
    head: ResponseHead,
    body: Vec<u8>,
}

impl CalloutResponse {
    pub(crate) fn header(&mut self, name: &[u8], value: &[u8]) {
        self.head.add(name, value);
    }

    pub(crate) fn body(&mut self, chunk: &[u8]) {
        self.body.extend_from_slice(chunk);
    }

    /// Its head, if it is one, and its body.
    pub(crate) fn into_parts(self) -> (Option<Parts>, Bytes) {
        (self.head.finish(), self.body.into())
    }
}
