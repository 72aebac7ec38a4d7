//! Answers to what never became a request. They have the shape of all refusals and a decision id, and
//! are counted and recorded like them.

use signalbox_gate::Peer;
use signalbox_http::refusal::{Code, Refusal};

use crate::observe::request_log::RequestLog;
use crate::server::shared::Shared;

/// The refusal in place of an answer that has the shape of hyper's own: no header but these three,
/// no body.
pub(super) fn in_place_of(bytes: &[u8]) -> Option<Refusal> {
    let refusal = match status_of_automatic_answer(bytes)? {
        414 | 431 => Refusal::new(
            Code::HeadTooLarge,
            "The request line and headers are too large. Send fewer or shorter headers.",
        ),
        _ => Refusal::new(
            Code::InvalidRequest,
            "The request is not valid HTTP/1.1. Check its request line, headers and lengths.",
        ),
    };
    Some(refusal)
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

fn status_of_automatic_answer(bytes: &[u8]) -> Option<u16> {
    if !bytes.starts_with(b"HTTP/1.") || !bytes.ends_with(b"\r\n\r\n") || bytes.len() > 256 {
        return None;
    }
    let mut lines = std::str::from_utf8(bytes).ok()?.trim_end().split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let is_own = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["connection", "date"].contains(&name) || line == "content-length: 0"
    });
    (is_own && (400..500).contains(&status)).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_hyper_itself_is_recognised() {
        let automatic = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
            content-length: 0\r\ndate: Sun, 22 Nov 2026 15:00:00 GMT\r\n\r\n";
        assert_eq!(status_of_automatic_answer(automatic), Some(431));
        for other in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n",
            b"data: HTTP/1.1 400\r\n\r\n",
            b"",
        ] {
            assert_eq!(status_of_automatic_answer(other), None);
        }
    }
}
