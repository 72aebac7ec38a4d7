//! From the head of a request to the bytes that go to GT.

use bytes::Bytes;
use http::header::HOST;
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};
use signalbox_gate::{
    AskError, AskPolicy, Code, Forward, Refusal, Respond, SpoolFailure, Step, TokenRefused,
};

use crate::client_body::ClientBody;
use crate::exchange::{Exchange, State, Waiting};
use crate::policy_gate::PolicyGate;
use crate::upload::Upload;
use crate::{head, models, respond};

impl PolicyGate {
    /// Checks the request and asks its policy. `gt` is asked for its list of models, where a policy lists that.
    ///
    /// Returns `true` if the request is answered, `false` if it goes to GT.
    ///
    /// # Errors
    /// If the client is gone.
    pub async fn request_filter(
        &self,
        session: &mut Session,
        gt: &HttpPeer,
        exchange: &mut Exchange,
    ) -> Result<bool> {
        // What GT says before its response is not the client's.
        session.set_ignore_info_resp(true);
        session.set_close_on_response_before_downstream_finish(true);
        let request = head::incoming(&self.gate, session);
        let mut body = ClientBody::new(session, request.declared, &self.times);
        let mut step = self.gate.begin(request, ());
        loop {
            step = match step {
                // No key set is fetched here: whoever has one verifies tokens before, or in the gate's own steps.
                Step::VerifyToken(verify) => verify.verified(Err(TokenRefused::Invalid)),
                Step::ReadBody(read) => body.read(session, read).await,
                Step::SpoolWrite(write) => write.failed(SpoolFailure::Unusable),
                Step::AskPolicy(ask) => ask_policy(ask).await,
                Step::FetchModels(fetch) => {
                    let (credential, head) =
                        (fetch.credential().to_owned(), fetch.request().clone());
                    let names = models::fetch(self, gt, &credential, head).await;
                    fetch.fetched(names)
                }
                Step::Forward(forward) => {
                    match self.forward(session, forward, &mut body, exchange).await {
                        Some(respond) => Step::Respond(*respond),
                        None => return Ok(false),
                    }
                }
                Step::Respond(respond) => {
                    respond::send(session, respond).await?;
                    exchange.state = State::Over;
                    return Ok(true);
                }
            };
        }
    }

    /// Keeps what is to be sent; the response if it cannot be.
    async fn forward(
        &self,
        session: &mut Session,
        forward: Forward<()>,
        client: &mut ClientBody,
        exchange: &mut Exchange,
    ) -> Option<Box<Respond<()>>> {
        let (mut head, body, sent) = forward.send();
        let upload = Upload::new(body, session, client);
        if !upload.is_asked_for(session) {
            return Some(Box::new(sent.failed(too_large_without_length())));
        }
        if !session.is_body_done()
            && let Err(failure) = client.ask_for(session).await
        {
            return Some(Box::new(sent.failed(failure.refusal())));
        }
        session.set_read_timeout(Some(self.times.body_idle));
        head.headers.insert(HOST, self.host.clone());
        if !upload.is_empty() || !session.is_body_empty() {
            head::frame(&mut head.headers, upload.length(client.left()));
        }
        exchange.upload = upload;
        exchange.state = State::Waiting(Box::new(Waiting {
            sent,
            head,
            is_asked_again: false,
        }));
        None
    }

    /// Makes the head for GT. Pingora has filled `request` with the client's, of which nothing stays.
    ///
    /// # Errors
    /// If [`Self::request_filter`] has not let the request through.
    pub fn upstream_request_filter(
        &self,
        session: &Session,
        request: &mut RequestHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        let waiting = exchange.waiting();
        let head = waiting.map(|waiting| waiting.head.clone());
        let head = head.ok_or_else(|| {
            Error::explain(ErrorType::InternalError, "the gate let nothing through")
        })?;
        *request = RequestHeader::from(head);
        exchange.upload.begin(session);
        Ok(())
    }

    /// Replaces the next piece of the client's body by what of it goes to GT.
    ///
    /// # Errors
    /// If the body is not what it has to be: the request to GT is broken off.
    pub fn request_body_filter(
        &self,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> Result<()> {
        let passed = exchange.upload.pass(body.take(), end_of_stream);
        let passed = passed.map_err(|failure| {
            exchange.failure = Some(failure);
            let mut error = Error::explain(ErrorType::HTTPStatus(400), failure.to_string());
            error.as_down();
            error
        })?;
        // Pingora skips nothing at the end: it would write an empty chunk, which ends the body, and then its end.
        *body = (!end_of_stream || !passed.is_empty()).then_some(passed);
        Ok(())
    }
}

/// Asks a policy that may take its time, where it may block.
async fn ask_policy(mut ask: AskPolicy<()>) -> Step<()> {
    let call = ask.take_call();
    let answer = tokio::task::spawn_blocking(move || call.map(|call| call.ask())).await;
    ask.answered(answer.ok().flatten().unwrap_or(Err(AskError::Dropped)))
}

/// Of a body that was read to its end Pingora passes on what its buffer for retries holds.
fn too_large_without_length() -> Refusal {
    Refusal::new(
        Code::BodyTooLarge,
        "This proxy takes a body of that size only with a `content-length`. Send one.",
    )
}
