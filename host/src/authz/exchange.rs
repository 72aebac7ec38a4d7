//! One question: the client's request through the gate, and what the proxy is told.

use bytes::Bytes;
use http::{Method, Response};
use hyper::body::Incoming;
use signalbox_gate::{
    Client, Forward, Framed, HandOver, IncomingRequest, ReadBody, Respond, Sent, SpoolFailure,
    Step, UpstreamBody,
};
use signalbox_http::refusal::{Code, Refusal};
use tokio::time::Instant;

use super::answer;
use super::asked_body::AskedBody;
use super::original::Original;
use super::proxy::{Proxy, Shown};
use crate::observe::request_log::RequestLog;
use crate::request::client_body::Discard;
use crate::request::response_body::ResponseBody;
use crate::request::steps;
use crate::server::worker::Worker;
use crate::upstream::BodyTimes;

/// What the proxy is told. Never fails: what goes wrong is a refusal.
pub(super) async fn answer(
    worker: &Worker,
    log: RequestLog,
    client: Client,
    proxy: Proxy,
    original: Original,
    incoming: Incoming,
) -> Response<ResponseBody> {
    let Original {
        head,
        method,
        target,
        declared,
    } = original;
    let times = &worker.shared.config.times;
    let times = BodyTimes {
        idle: times.body_idle.duration(),
        end: Instant::now() + times.body_total.duration(),
    };
    let (shown, is_compared) = (proxy.shows(), !proxy.rewrites_body());
    let mut asked = Asked {
        proxy,
        method,
        target,
        body: AskedBody::new(incoming, shown, times, declared, is_compared),
    };
    let request = IncomingRequest {
        head,
        client,
        framing: Framed::Plainly,
        declared,
        whole: None,
    };
    let mut step = worker.shared.gate.begin(request, log);
    let response = loop {
        step = match step {
            Step::VerifyToken(verify) => steps::verify_token(worker, verify).await,
            Step::ReadBody(read) => asked.read(read).await,
            // A proxy shows what fits into its memory, and a form that does not fit into ours is not kept
            // beside it.
            Step::SpoolWrite(write) => write.failed(SpoolFailure::Unusable),
            Step::AskPolicy(ask) => steps::ask_policy(worker, ask).await,
            Step::FetchModels(fetch) => steps::fetch_models(worker, fetch).await,
            Step::Forward(forward) => break asked.hand_over(forward).await,
            Step::Respond(respond) => break asked.respond(respond),
        };
    };
    asked.body.discard(discard(worker)).await;
    response
}

/// What is read of a question that was answered before its end.
fn discard(worker: &Worker) -> Discard {
    let config = &worker.shared.config;
    Discard {
        bytes: config.limits.discard.bytes(),
        time: config.times.discard.duration(),
    }
}

/// A question under way.
struct Asked {
    proxy: Proxy,
    method: Method,
    target: String,
    body: AskedBody,
}

impl Asked {
    async fn read(&mut self, read: ReadBody<RequestLog>) -> Step<RequestLog> {
        match self.body.next().await {
            Ok(Some(piece)) => read.piece(piece, self.body.has_ended()),
            Ok(None) => read.end(),
            Err(failure) => read.failed(failure),
        }
    }

    /// Tells the proxy what to send, unless it cannot.
    async fn hand_over(&mut self, forward: Forward<RequestLog>) -> Response<ResponseBody> {
        let HandOver {
            head,
            body,
            response,
            sent,
        } = match forward.hand_over(self.proxy.reach()) {
            Ok(hand_over) => hand_over,
            Err(respond) => return self.respond(*respond),
        };
        let target = head.uri.to_string();
        if !self.proxy.rewrites_target() && (head.method != self.method || target != self.target) {
            return self.refuse(sent, TARGET);
        }
        let body = match self.body(body).await {
            Ok(body) => body,
            Err(refusal) => return self.respond(sent.failed(refusal)),
        };
        match answer::forward(self.proxy, head, body, response) {
            Ok(answer) => answer.map(|bytes| ResponseBody::Bytes(Some(bytes), sent.handed_over())),
            Err(reason) => self.refuse(sent, reason),
        }
    }

    /// The body for GT; `None` where the proxy sends its client's.
    async fn body(&mut self, body: UpstreamBody) -> Result<Option<Vec<u8>>, Refusal> {
        if self.proxy.shows() == Shown::Head {
            return Ok(None);
        }
        let UpstreamBody {
            parts,
            room: _room,
            mut rest,
        } = body;
        let mut whole = Vec::new();
        for part in &parts {
            self.goes_on(part.in_memory(), &mut whole)?;
        }
        while let Some(open) = &mut rest {
            let piece = self.body.next().await.map_err(|it| it.refusal())?;
            let (passes, is_last) = match piece {
                Some(piece) => (open.push(piece, false), false),
                None => (open.finish(), true),
            };
            // The refusal of what is wrong in it is `Sent::failed`'s.
            let passes = passes.map_err(|it| it.refusal())?;
            self.goes_on(&passes, &mut whole)?;
            if is_last {
                rest = None;
            }
        }
        match self.body.is_sent() {
            true => Ok(self.proxy.rewrites_body().then_some(whole)),
            false => Err(cannot(BODY)),
        }
    }

    fn goes_on(&mut self, bytes: &[u8], whole: &mut Vec<u8>) -> Result<(), Refusal> {
        if !self.body.is_sent_as_it_came(bytes) {
            return Err(cannot(BODY));
        }
        if self.proxy.rewrites_body() {
            whole.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn refuse(&self, sent: Sent<RequestLog>, reason: &'static str) -> Response<ResponseBody> {
        self.respond(sent.failed(cannot(reason)))
    }

    fn respond(&self, respond: Respond<RequestLog>) -> Response<ResponseBody> {
        self::respond(self.proxy, respond)
    }
}

/// Tells the proxy what to answer.
pub(super) fn respond(proxy: Proxy, respond: Respond<RequestLog>) -> Response<ResponseBody> {
    let is_success = respond.response().status().is_success();
    let respond = match is_success && !proxy.shows_answers() {
        true => respond.refused(cannot(ANSWER)),
        false => respond,
    };
    let (response, mut completion) = respond.into_parts();
    completion.observer_mut().responds(response.status());
    let told: Response<Bytes> = answer::respond(proxy, response);
    told.map(|bytes| ResponseBody::Bytes(Some(bytes), completion))
}

fn cannot(reason: &'static str) -> Refusal {
    Refusal::new(Code::ProxyCannotRewrite, reason)
}

const TARGET: &str = "GT has this route under another path, and the proxy before this gate sends the client's. Send the path as GT has it.";
const BODY: &str = "This model has another name at GT, and the proxy before this gate cannot put it into the body. Use a model that has the same name at GT, or tell the operator.";
const ANSWER: &str = "The gate answers this request by itself, and the proxy before it cannot pass that answer on. Use another base URL, or tell the operator.";
