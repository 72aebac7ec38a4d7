//! What a proxy answers in place of a response of GT that is not the client's, as the gate would.

use std::sync::LazyLock;

use serde_json::{Value, json};
use signalbox_http::refusal::{Code, Refusal};

/// By what is wrong with the response.
pub(super) static OF_RESPONSES: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "compressed": told(&signalbox_gate::compressed_error()),
        "credential": told(&Refusal::of(Code::UpstreamCredentialRejected)),
        "partial": told(&signalbox_http::restamp::cannot_restamp()),
        "protocol": told(&Refusal::of(Code::UpstreamProtocol)),
        "redirect": told(&Refusal::of(Code::UpstreamRedirect)),
        "timeout": told(&Refusal::of(Code::UpstreamTimeout)),
        "unreachable": told(&Refusal::of(Code::UpstreamUnreachable)),
    })
});

fn told(refusal: &Refusal) -> Value {
    let headers = refusal.headers();
    json!({
        "status": refusal.status(),
        "headers": headers,
        "body": String::from_utf8_lossy(&refusal.body()),
    })
}
