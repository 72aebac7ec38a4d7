//! From the head of GT's response to the last byte for the client.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use pingora::http::ResponseHeader;
use pingora::{BError, Error, ErrorType, Result};
use signalbox_gate::{AbortReason, Forward, Responded};

use crate::exchange::{Exchange, Relaying, State, Waiting};
use crate::head::content_length;
use crate::policy_gate::PolicyGate;
use crate::upload::Upload;

impl PolicyGate {
    /// Makes the head for the client of GT's.
    ///
    /// # Errors
    /// If GT's response is not the client's: [`Self::fail_to_proxy`] then says what is, or the request goes to GT once
    /// more.
    pub fn upstream_response_filter(
        &self,
        response: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        // What comes before a response, and goes no further; nobody switches protocols here.
        if response.status.is_informational() && response.status != StatusCode::SWITCHING_PROTOCOLS
        {
            return Ok(());
        }
        let state = exchange.take();
        let State::Waiting(waiting) = state else {
            return Err(refused("GT's response was not waited for"));
        };
        if waiting.sent.is_cut() {
            let respond = waiting.sent.aborted(AbortReason::Cut);
            exchange.state = State::Responding(Box::new(respond));
            return Err(refused("the policy's responses are ended"));
        }
        let is_empty = content_length(&response.headers) == Some(0);
        match waiting.sent.responded(response.as_owned_parts()) {
            Responded::Relay(relay) => {
                let (head, body) = relay.into_parts();
                *response = ResponseHeader::from(head);
                if is_empty && !response.headers.contains_key(CONTENT_LENGTH) {
                    // Where a body follows, Pingora says so itself.
                    response.insert_header(TRANSFER_ENCODING, "chunked")?;
                }
                exchange.state = State::Relaying(Box::new(Relaying { body, ends: None }));
                Ok(())
            }
            Responded::Again(forward) => Err(self.ask_again(forward, exchange)),
            Responded::Respond(respond) => {
                exchange.state = State::Responding(Box::new(respond));
                Err(refused("GT's response is not the client's"))
            }
        }
    }

    /// The same question with another GT key: it has no body.
    fn ask_again(&self, forward: Forward<()>, exchange: &mut Exchange) -> BError {
        let (mut head, _no_body, sent) = forward.send();
        head.headers.insert(HOST, self.host.clone());
        exchange.upload = Upload::default();
        exchange.state = State::Waiting(Box::new(Waiting {
            sent,
            head,
            is_asked_again: true,
        }));
        let mut error = refused("GT is asked once more");
        error.set_retry(true);
        error
    }

    /// Replaces the next piece of GT's body by what of it goes to the client.
    ///
    /// # Errors
    /// If the response is not to go on: its key has ended, or its policy. [`Self::fail_to_proxy`] ends it.
    pub fn response_body_filter(
        &self,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> Result<Option<Duration>> {
        let State::Relaying(relaying) = &mut exchange.state else {
            return Ok(None);
        };
        if let Some(reason) = relaying.body.cancelled_if_due(Instant::now()) {
            relaying.ends = Some(reason);
            return Err(refused(reason.cause()));
        }
        let passes = body.take().and_then(|piece| relaying.body.push(piece));
        if !end_of_stream {
            *body = passes;
            return Ok(None);
        }
        *body = match (passes, relaying.body.finish()) {
            (Some(passes), Some(last)) => Some([passes, last].concat().into()),
            (passes, last) => passes.or(last),
        };
        Ok(None)
    }
}

fn refused(why: &'static str) -> BError {
    let mut error = Error::explain(ErrorType::InternalError, why);
    error.as_in();
    error
}
