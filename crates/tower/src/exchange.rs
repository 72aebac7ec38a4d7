//! One request through the gate: what each step asks for is done, and nothing else.
//!
//! What is checked, and in which order, is the gate's. Here bytes are moved.

use std::ops::ControlFlow;
use std::sync::Arc;

use http::header::{CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Version};
use http_body::Body;
use signalbox_gate::{
    AskError, AskPolicy, BodyFailure, Client, FetchModels, Framed, IncomingRequest, Peer, ReadBody,
    Respond, SpoolWrite, Step, TokenRefused, VerifyToken,
};
use tower_service::Service;

use crate::alarm::Alarm;
use crate::config::Config;
use crate::decision::{DecisionInfo, Witness};
use crate::forward::{Uplink, fetch_models, forward};
use crate::incoming_body::IncomingBody;
use crate::inner::Inner;
use crate::oneshot::channel;
use crate::request_body::RequestBody;
use crate::response_body::ResponseBody;
use crate::spool::Spool;

/// What is at hand for one request.
#[derive(Debug)]
struct Exchange<S, B> {
    config: Arc<Config>,
    inner: Inner<S>,
    /// The client's body, until it is passed on.
    body: Option<IncomingBody<B>>,
    /// What of it is held on disk.
    spool: Spool,
    /// Whether the client asked for the head only.
    is_head: bool,
}

/// Answers one request. Never fails: what goes wrong is a refusal.
pub(crate) async fn handle<S, B, R>(
    config: Arc<Config>,
    inner: Inner<S>,
    request: Request<B>,
) -> Response<ResponseBody<R>>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    B: Body,
    R: Body,
{
    let (mut head, body) = request.into_parts();
    name_host(&mut head);
    let is_head = head.method == Method::HEAD;
    let witness = Witness::new(config.observer.as_ref().map(|make| make()));
    let Some(peer) = (config.peer)(&head) else {
        let nobody = Client::unheard(Peer::plain(([0, 0, 0, 0], 0).into()));
        return own(config.gate.refuse_failed(nobody, witness), is_head);
    };
    let mut body = IncomingBody::new(body, &config);
    let declared = body.length();
    // Whoever waits to be told to go on is told so by the first look at its body.
    let whole = match head.headers.contains_key(EXPECT) {
        true => None,
        false => body.already_here().await,
    };
    let request = IncomingRequest {
        client: config.gate.client_of(peer, &head.headers, head.version),
        framing: framing(&head),
        declared,
        whole,
        head,
    };
    let step = begin(&config, request, witness);
    let exchange = Exchange {
        config,
        inner,
        body: Some(body),
        spool: Spool::default(),
        is_head,
    };
    exchange.walk(step).await
}

fn begin(config: &Config, request: IncomingRequest, witness: Witness) -> Step<Witness> {
    let Some(identify) = &config.identify else {
        return config.gate.begin(request, witness);
    };
    let now = Alarm::new(config.runtime.as_ref()).now();
    let keyring = config.gate.authenticator().keyring();
    let identity = identify.identify(&request.head);
    let key = identity.and_then(|identity| config.subjects.key(identity, &keyring, now));
    config.gate.begin_verified(request, key, witness)
}

impl<S, B, R> Exchange<S, B>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    B: Body,
    R: Body,
{
    async fn walk(mut self, mut step: Step<Witness>) -> Response<ResponseBody<R>> {
        loop {
            step = match step {
                Step::VerifyToken(verify) => self.verify_token(verify).await,
                Step::ReadBody(read) => self.read_body(read).await,
                Step::SpoolWrite(write) => self.spool_write(write).await,
                Step::AskPolicy(ask) => self.ask_policy(ask).await,
                Step::FetchModels(fetch) => self.fetch_models(fetch).await,
                Step::Forward(to) => {
                    let mut uplink = Uplink {
                        config: &self.config,
                        inner: &mut self.inner,
                        body: &mut self.body,
                        spool: &mut self.spool,
                    };
                    match forward(&mut uplink, to, self.is_head).await {
                        ControlFlow::Break(response) => return response,
                        ControlFlow::Continue(step) => step,
                    }
                }
                Step::Respond(respond) => return own(respond, self.is_head),
            };
        }
    }

    async fn verify_token(&mut self, verify: VerifyToken<Witness>) -> Step<Witness> {
        let Some(tokens) = &self.config.tokens else {
            return verify.verified(Err(TokenRefused::Busy));
        };
        let verifying = tokens.verify(verify.token(), verify.client(), verify.keyring());
        let key = verifying.await;
        verify.verified(key)
    }

    async fn read_body(&mut self, read: ReadBody<Witness>) -> Step<Witness> {
        let Some(body) = &mut self.body else {
            return read.failed(BodyFailure::Broken);
        };
        match body.next().await {
            Some(Ok(piece)) => read.piece(piece, body.has_ended()),
            Some(Err(failure)) => read.failed(failure),
            None => read.end(),
        }
    }

    async fn spool_write(&mut self, write: SpoolWrite<Witness>) -> Step<Witness> {
        let bytes = write.bytes().clone();
        match self.spool.append(&self.config, bytes).await {
            Ok(()) => write.written(),
            Err(failure) => write.failed(failure),
        }
    }

    async fn ask_policy(&mut self, mut ask: AskPolicy<Witness>) -> Step<Witness> {
        let (Some(call), Some(pool)) = (ask.take_call(), &self.config.decisions) else {
            return ask.answered(Err(AskError::Dropped));
        };
        let (generation, request) = call.into_parts();
        let (tell, told) = channel();
        // A client that went away in the meantime hears nothing.
        let submitted = pool.submit(generation, request, move |answer| tell.send(answer));
        let answer = match submitted {
            Ok(()) => told.await.ok_or(AskError::Dropped),
            Err(busy) => return ask.answered(Err(AskError::Busy(busy))),
        };
        ask.answered(answer.and_then(|answer| answer.map_err(AskError::Decide)))
    }

    async fn fetch_models(&mut self, fetch: FetchModels<Witness>) -> Step<Witness> {
        let (credential, head) = (fetch.credential().to_owned(), fetch.request().clone());
        let names = fetch_models::<S, B, R>(&self.config, &mut self.inner, &credential, head).await;
        fetch.fetched(names)
    }
}

/// A response of the gate's own.
fn own<R: Body>(respond: Respond<Witness>, is_head: bool) -> Response<ResponseBody<R>> {
    let (response, completion) = respond.into_parts();
    let (mut head, bytes) = response.into_parts();
    let info = DecisionInfo::of_own(completion.facts());
    head.extensions.insert(info);
    if is_head {
        let length = HeaderValue::from(bytes.len());
        head.headers.insert(CONTENT_LENGTH, length);
    }
    let body = ResponseBody::own((!is_head).then_some(bytes), completion);
    Response::from_parts(head, body)
}

/// `:authority` is what HTTP/1 has in `host`: the gate finds it there. If both are there, both stay and
/// have to agree.
fn name_host(head: &mut Parts) {
    if head.version != Version::HTTP_2 || head.headers.contains_key(HOST) {
        return;
    }
    let authority = head.uri.authority();
    let host = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        head.headers.insert(HOST, host);
    }
}

/// A server that hands on both says so here; most leave the length out themselves.
fn framing(head: &Parts) -> Framed {
    let has = |name| head.headers.contains_key(name);
    match has(CONTENT_LENGTH) && has(TRANSFER_ENCODING) {
        true => Framed::Twice,
        false => Framed::Plainly,
    }
}
