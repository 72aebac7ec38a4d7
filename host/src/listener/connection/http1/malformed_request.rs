//! Answers to what never became a request. They have the shape of all refusals and a decision id, and
//! are counted and recorded like them.

use signalbox_gate::Peer;
use signalbox_http::http1::HeadError;
use signalbox_http::refusal::{Code, Refusal};

use super::answer::{Asked, Length};
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

/// Writes a refusal, the last answer on its connection.
pub(super) fn write(shared: &Shared, peer: Peer, refusal: Refusal, out: &mut Vec<u8>) {
    let log = RequestLog::new(&shared.observers, None);
    let refused = shared.gate.refuse_malformed(peer, refusal, log);
    let (answer, mut completion) = refused.into_parts();
    let (head, body) = answer.into_parts();
    let length = Length::Known(body.len() as u64);
    Asked::NOTHING.write_head(&head, length, true, out);
    out.extend_from_slice(&body);
    let log = completion.observer_mut();
    log.responds(head.status);
    log.sent(body.len());
}
