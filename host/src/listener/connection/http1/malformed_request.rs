//! Answers to what never became a request. They have the shape of all refusals and a decision id, and
//! are counted and recorded like them.

use signalbox_gate::Peer;
use signalbox_http::http1::HeadError;
use signalbox_http::refusal::{Code, Refusal};

use crate::observe::request_log::RequestLog;
use crate::server::shared::Shared;

/// The refusal of what is no head.
pub(super) fn no_head(error: HeadError) -> Refusal {
    match error {
        HeadError::TooLarge | HeadError::TooManyFields => Refusal::new(
            Code::HeadTooLarge,
            "The request line and headers are too large. Send fewer or shorter headers.",
        ),
        HeadError::Version
        | HeadError::FirstLine
        | HeadError::FieldName
        | HeadError::FieldValue
        | HeadError::LineEnd
        | HeadError::Length
        | HeadError::TransferEncoding
        | HeadError::SwitchedProtocol => Refusal::new(
            Code::InvalidRequest,
            "The request is not valid HTTP/1.1. Check its request line, headers and lengths.",
        ),
    }
}

/// A head has begun and did not end in time.
pub(super) fn slow_head() -> Refusal {
    Refusal::new(
        Code::RequestTimeout,
        "The head of the request did not arrive in time. Send it in one go.",
    )
}

/// The bytes of a refusal, the last on its connection.
pub(super) fn bytes(shared: &Shared, peer: Peer, refusal: Refusal) -> Vec<u8> {
    let log = RequestLog::new(&shared.observers, None);
    let refused = shared.gate.refuse_malformed(peer, refusal, log);
    let (answer, mut completion) = refused.into_parts();
    let (head, body) = answer.into_parts();
    let reason = head.status.canonical_reason().unwrap_or_default();
    let mut text = format!("HTTP/1.1 {} {reason}\r\n", head.status.as_u16());
    let mut line = |name: &str, value: &str| {
        for part in [name, ": ", value, "\r\n"] {
            text.push_str(part);
        }
    };
    for (name, value) in &head.headers {
        line(name.as_str(), value.to_str().unwrap_or_default());
    }
    line("content-length", &body.len().to_string());
    line("connection", "close");
    text.push_str("\r\n");
    let log = completion.observer_mut();
    log.responds(head.status);
    log.sent(body.len());
    let mut answer = text.into_bytes();
    answer.extend_from_slice(&body);
    answer
}
