//! GT's own list of models: the client's request goes on as the one for it, and the response is read in
//! place of being passed on.

use std::sync::Arc;

use envoy_types::pb::envoy::service::ext_proc::v3::processing_request::Request as Message;
use http::{Method, StatusCode};
use signalbox_gate::{Code, FetchModels, Refusal, Step, check_status, parse_model_list};
use tokio::time::Instant;

use crate::attributes::Attributes;
use crate::body::State;
use crate::door::Door;
use crate::exchange::Exchange;
use crate::headers::EnvoyHead;
use crate::link::Gone;
use crate::message;
use crate::modes::{Modes, ResponseMode};

impl<D: Door> Exchange<'_, D> {
    pub(crate) async fn fetch_models(
        &mut self,
        fetch: FetchModels<D::Observer>,
    ) -> Result<Step<D::Observer>, Gone> {
        let (door, credential) = (self.door, fetch.credential());
        if let Some(names) = door.lists().find(credential, door.times().models_cache) {
            return Ok(fetch.fetched(Ok(names)));
        }
        let can_ask = self.method == Method::GET && self.body.state == State::Absent;
        if !can_ask || self.is_spent {
            return Ok(fetch.fetched(Err(unable(NO_GET))));
        }
        let override_ = match self.modes.response {
            ResponseMode::Streamed if self.modes.may_be_overridden() => {
                Some(Modes::with_whole_response())
            }
            ResponseMode::Streamed => return Ok(fetch.fetched(Err(unable(NO_OVERRIDE)))),
            ResponseMode::Buffered | ResponseMode::Duplex => None,
        };
        self.is_spent = true;
        let head = self.change(fetch.request(), Some(0));
        self.link
            .say(message::request_headers(head, override_))
            .await?;
        let names = match self.list_of_models().await? {
            Ok(list) => match parse_model_list(&list) {
                Ok(names) => Ok(Arc::new(names.into_iter().collect())),
                Err(_error) => Err(Refusal::of(Code::UpstreamProtocol)),
            },
            Err(refusal) => Err(refusal),
        };
        if let Ok(names) = &names {
            door.lists().keep(fetch.credential(), names);
        }
        Ok(fetch.fetched(names))
    }

    /// The body of GT's response.
    async fn list_of_models(&mut self) -> Result<Result<Vec<u8>, Refusal>, Gone> {
        let until = Instant::now() + self.door.times().first_byte;
        let mut list = Vec::new();
        loop {
            let message = match self.link.next(until).await {
                Ok(message) => message,
                Err(Gone::Late) => return Ok(Err(Refusal::of(Code::UpstreamTimeout))),
                Err(gone) => return Err(gone),
            };
            let attributes = Attributes::new(message.attributes);
            let (is_end, is_whole) = match message.request {
                Some(Message::ResponseHeaders(head)) => {
                    if let Some((_, refusal)) = attributes.failure() {
                        return Ok(Err(refusal));
                    }
                    if let Err(refusal) = is_list(EnvoyHead::read(head.headers)) {
                        return Ok(Err(refusal));
                    }
                    if !head.end_of_stream && self.modes.response != ResponseMode::Duplex {
                        // It waits at Envoy for its body.
                        self.link.say(message::response_headers(None)).await?;
                    }
                    (head.end_of_stream, false)
                }
                Some(Message::ResponseBody(body)) => {
                    list.extend_from_slice(&body.body);
                    let is_whole = self.modes.response != ResponseMode::Duplex;
                    (body.end_of_stream, is_whole)
                }
                Some(Message::ResponseTrailers(_)) => (true, false),
                _ => return Err(Gone::Unexpected),
            };
            if list.len() > LIST_BYTES {
                return Ok(Err(Refusal::of(Code::UpstreamProtocol)));
            }
            if is_end || is_whole {
                return Ok(Ok(list));
            }
        }
    }
}

fn is_list(head: Option<EnvoyHead>) -> Result<(), Refusal> {
    let head = head.ok_or_else(|| Refusal::of(Code::UpstreamProtocol))?;
    let status = head
        .pseudo(":status")
        .and_then(|status| status.parse().ok());
    let status: StatusCode = status.ok_or_else(|| Refusal::of(Code::UpstreamProtocol))?;
    check_status(status)?;
    match status == StatusCode::OK {
        true => Ok(()),
        false => Err(Refusal::of(Code::UpstreamProtocol)),
    }
}

/// What cannot be done by this protocol, as the client is told of it.
pub(crate) fn unable(why: &str) -> Refusal {
    let message =
        format!("The proxy in front of this gate cannot do what this request needs: {why}.");
    Refusal::new(Code::ProxyCannotRewrite, message)
}

/// A hundred thousand names.
const LIST_BYTES: usize = 16 << 20;
const NO_GET: &str = "GT's own list of models can be asked for by `GET` without a body alone";
const NO_OVERRIDE: &str =
    "GT's own list of models cannot be read where the bodies of requests are in full duplex";
