//! External authorization: one question with the whole request in it, and one answer.
//!
//! Whoever asks so sends its client's body on, and passes GT's response on as it comes. So what needs
//! another body, or GT's response changed or read, is refused. It changes heads alone.

use std::future::Future;

use bytes::Bytes;
use envoy_types::pb::envoy::config::core::v3::HeaderValueOption;
use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
use envoy_types::pb::envoy::service::auth::v3::{
    CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse,
};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::rpc::Status;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use signalbox_gate::{
    BodyFailure, Forward, HandOver, IncomingRequest, ReadBody, Respond, ResponseEdit,
    ResponseReach, SpoolFailure, Step, UpstreamBody,
};

use crate::ask::ask_policy;
use crate::asked::{Asked, Shown};
use crate::door::{Door, StreamObserver};
use crate::headers;
use crate::models::unable;

/// Answers one question.
pub(crate) async fn check<D: Door>(door: &D, request: CheckRequest) -> CheckResponse {
    let gate = door.gate();
    let asked = match Asked::read(request) {
        Ok(asked) => asked,
        Err((peer, refusal)) => {
            return denied(gate.refuse_malformed(peer, *refusal, door.observer()));
        }
    };
    let Asked {
        head,
        peer,
        body,
        declared,
    } = asked;
    let mut question = Question {
        door,
        headers: head.headers.clone(),
        method: head.method.clone(),
        body,
        is_read: false,
    };
    let client = gate.client_of(peer, &head.headers, head.version);
    let request = IncomingRequest::new(head, client, declared);
    question.walk(gate.begin(request, door.observer())).await
}

/// A question under way.
struct Question<'d, D> {
    door: &'d D,
    /// The client's, which Envoy sends on but for what it is told.
    headers: HeaderMap,
    method: http::Method,
    body: Shown,
    is_read: bool,
}

impl<D: Door> Question<'_, D> {
    async fn walk(&mut self, mut step: Step<D::Observer>) -> CheckResponse {
        loop {
            step = match step {
                Step::VerifyToken(verify) => {
                    let key = self.door.verify(&verify).await;
                    verify.verified(key)
                }
                Step::ReadBody(read) => self.read(read),
                // Envoy shows what fits into its memory: what does not fit into ours is not kept beside.
                Step::SpoolWrite(write) => write.failed(SpoolFailure::Unusable),
                Step::AskPolicy(ask) => ask_policy(self.door, ask).await,
                Step::FetchModels(fetch) => fetch.fetched(Err(unable(LISTED))),
                Step::Forward(forward) => match self.hand_over(forward) {
                    Ok(allowed) => return allowed,
                    Err(respond) => Step::Respond(*respond),
                },
                Step::Respond(respond) => return denied(respond),
            };
        }
    }

    fn read(&mut self, read: ReadBody<D::Observer>) -> Step<D::Observer> {
        match &self.body {
            Shown::Whole(bytes) if !self.is_read => {
                self.is_read = true;
                read.piece(bytes.clone(), true)
            }
            Shown::Whole(_) => read.end(),
            Shown::Part => read.failed(BodyFailure::NotShown),
        }
    }

    /// Lets Envoy send the request, unless it cannot send it as it has to be.
    fn hand_over(
        &mut self,
        forward: Forward<D::Observer>,
    ) -> Result<CheckResponse, Box<Respond<D::Observer>>> {
        let HandOver {
            head,
            body,
            response,
            mut sent,
        } = forward.hand_over(ResponseReach::Passes)?;
        if head.method != self.method {
            return Err(Box::new(sent.failed(unable(METHOD))));
        }
        match self.goes_on(body) {
            Ok(true) => {}
            Ok(false) => return Err(Box::new(sent.failed(unable(BODY)))),
            Err(failure) => return Err(Box::new(sent.failed(failure.refusal()))),
        }
        let Some(allowed) = self.allowed(&head, response) else {
            return Err(Box::new(sent.failed(unable(HEADER))));
        };
        sent.observer_mut().forwards(self.door.upstream());
        // What GT answers is not heard of here.
        drop(sent.handed_over());
        Ok(allowed)
    }

    /// Whether what is to be sent is the client's own body.
    fn goes_on(&self, body: UpstreamBody) -> Result<bool, BodyFailure> {
        let Shown::Whole(shown) = &self.body else {
            return Err(BodyFailure::NotShown);
        };
        let mut whole = Vec::new();
        for part in &body.parts {
            whole.extend_from_slice(part.in_memory());
        }
        if let Some(mut rest) = body.rest {
            let left = match self.is_read {
                true => Bytes::new(),
                false => shown.clone(),
            };
            whole.extend_from_slice(&rest.push(left, true)?);
        }
        Ok(whole == shown[..])
    }

    /// What Envoy is told to send; `None` if it cannot be told.
    fn allowed(&self, head: &Parts, response: ResponseEdit) -> Option<CheckResponse> {
        let mut to = head.headers.clone();
        if let Some(length) = self.headers.get(CONTENT_LENGTH) {
            to.insert(CONTENT_LENGTH, length.clone());
        }
        let mut change = headers::change(&self.headers, &to);
        headers::set(&mut change, "host", self.door.upstream().as_bytes());
        let target = head.uri.path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        headers::set(&mut change, ":path", target.as_bytes());
        let mut told = headers::all(&response.headers).set_headers;
        if let Some(id) = response.request_id {
            let action = HeaderAppendAction::AddIfAbsent;
            told.push(headers::option("x-request-id", id.as_bytes(), action));
        }
        let allowed = OkHttpResponse {
            headers: as_text(change.set_headers)?,
            headers_to_remove: change.remove_headers,
            response_headers_to_add: as_text(told)?,
            ..OkHttpResponse::default()
        };
        Some(answer(OK, HttpResponse::OkResponse(allowed)))
    }
}

/// What Envoy tells its client in place of sending the request.
fn denied<O: StreamObserver>(respond: Respond<O>) -> CheckResponse {
    let (response, mut completion) = respond.into_parts();
    let (mut head, body) = response.into_parts();
    let observer = completion.observer_mut();
    observer.responds(head.status);
    observer.sent(body.len());
    if !body.is_empty() && !head.headers.contains_key(CONTENT_TYPE) {
        let plain = HeaderValue::from_static("text/plain");
        head.headers.insert(CONTENT_TYPE, plain);
    }
    // All of the gate's own headers are text.
    let headers = as_text(headers::all(&head.headers).set_headers).unwrap_or_default();
    let denied = DeniedHttpResponse {
        status: Some(HttpStatus {
            code: head.status.as_u16().into(),
        }),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    answer(PERMISSION_DENIED, HttpResponse::DeniedResponse(denied))
}

fn answer(code: i32, response: HttpResponse) -> CheckResponse {
    CheckResponse {
        status: Some(Status {
            code,
            ..Status::default()
        }),
        http_response: Some(response),
        ..CheckResponse::default()
    }
}

/// The same headers with their values as text: Envoy reads no others here. `None` if one is none.
fn as_text(headers: Vec<HeaderValueOption>) -> Option<Vec<HeaderValueOption>> {
    let headers = headers.into_iter().map(|mut option| {
        let header = option.header.as_mut()?;
        header.value = String::from_utf8(std::mem::take(&mut header.raw_value)).ok()?;
        Some(option)
    });
    headers.collect()
}

/// Waits for the answer to a question, unless the host ends.
pub(crate) async fn unless_cut<D: Door, T>(door: &D, answer: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        answer = answer => Some(answer),
        () = door.cut() => None,
    }
}

/// Codes of gRPC.
const OK: i32 = 0;
const PERMISSION_DENIED: i32 = 7;
const HEADER: &str = "it sends no header whose value is not UTF-8";
const METHOD: &str = "it sends the method its client sent";
const BODY: &str = "this model has another name at GT, and it cannot put that into the body";
const LISTED: &str = "GT's own list of models has to be asked for, and it asks a question once";
