//! What the client is told where Pingora could not proxy.

use pingora::proxy::{FailToProxy, Session};
use pingora::{BError, Error, ErrorSource, ErrorType};
use signalbox_gate::{AbortReason, BodyFailure, Code, Refusal};

use crate::exchange::{Exchange, Relaying, State};
use crate::policy_gate::PolicyGate;
use crate::{head, respond};

impl PolicyGate {
    /// Says whether a request may be sent once more: with another GT key if the gate says so, and otherwise where Pingora
    /// would and the body can be repeated.
    #[must_use]
    pub fn error_while_proxy(
        &self,
        session: &mut Session,
        mut error: BError,
        exchange: &mut Exchange,
        client_reused: bool,
    ) -> BError {
        let State::Waiting(waiting) = &mut exchange.state else {
            error.set_retry(false);
            return error;
        };
        if std::mem::take(&mut waiting.is_asked_again) {
            error.set_retry(true);
        } else if !waiting.head.method.is_idempotent()
            || !exchange.upload.can_be_repeated()
            || session.retry_buffer_truncated()
        {
            error.set_retry(false);
        } else {
            error.retry.decide_reuse(client_reused);
        }
        error
    }

    /// Tells the client what went wrong, in the gate's words; a stream of events gets its last event.
    pub async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        exchange: &mut Exchange,
    ) -> FailToProxy {
        session.set_keepalive(None);
        let is_body_done = session.is_body_done();
        let failure = exchange.failure.take();
        let failure = failure.or_else(|| body_failure(error, is_body_done));
        let respond = match exchange.take() {
            State::Responding(respond) => *respond,
            State::Relaying(relaying) => {
                end(session, *relaying, error).await;
                return told(0);
            }
            State::Waiting(_)
                if failure.is_none() && *error.esource() == ErrorSource::Downstream =>
            {
                return told(0);
            }
            State::Waiting(waiting) => {
                let refusal = failure.map_or_else(|| refusal(error), BodyFailure::refusal);
                waiting.sent.failed(refusal)
            }
            State::Closed | State::Over if session.response_written().is_some() => return told(0),
            State::Closed | State::Over => {
                let request = head::incoming(&self.gate, session);
                self.gate.refuse_failed(request.client, ())
            }
        };
        told(respond::send(session, respond).await.unwrap_or(0))
    }
}

const fn told(error_code: u16) -> FailToProxy {
    FailToProxy {
        error_code,
        can_reuse_downstream: false,
    }
}

/// Ends a response that is under way: the connection is cut, so that nobody takes a part for the whole, unless it can be
/// said in a last event.
async fn end(session: &mut Session, mut relaying: Relaying, error: &Error) {
    let reason = relaying.ends.unwrap_or(match error.etype() {
        ErrorType::ReadTimedout => AbortReason::Quiet,
        _ => AbortReason::Upstream,
    });
    let is_there = *error.esource() != ErrorSource::Downstream;
    if let Some(last) = relaying.body.abort(reason).filter(|_| is_there) {
        // Whoever is gone hears nothing.
        let _ = session.write_response_body(Some(last), true).await;
    }
}

/// What an error says of the client's body.
fn body_failure(error: &Error, is_body_done: bool) -> Option<BodyFailure> {
    if is_body_done || *error.esource() != ErrorSource::Downstream {
        return None;
    }
    Some(match error.etype() {
        ErrorType::ReadTimedout => BodyFailure::TooSlow,
        _ => BodyFailure::Broken,
    })
}

/// What an error says of GT.
pub(crate) fn refusal(error: &Error) -> Refusal {
    match error.etype() {
        ErrorType::ReadTimedout | ErrorType::WriteTimedout => Refusal::of(Code::UpstreamTimeout),
        ErrorType::InvalidHTTPHeader | ErrorType::H1Error => Refusal::of(Code::UpstreamProtocol),
        // Nothing was sent: the client's library may try again by itself.
        ErrorType::ConnectTimedout
        | ErrorType::ConnectRefused
        | ErrorType::ConnectNoRoute
        | ErrorType::ConnectError
        | ErrorType::BindError
        | ErrorType::SocketError
        | ErrorType::InvalidCert
        | ErrorType::TLSHandshakeFailure
        | ErrorType::TLSHandshakeTimedout
        | ErrorType::HandshakeError => Refusal::of(Code::UpstreamUnreachable).retry_after(1),
        _ => Refusal::new(
            Code::UpstreamUnreachable,
            "The connection to GT was lost after the request was sent. It may have had an effect.",
        ),
    }
}
