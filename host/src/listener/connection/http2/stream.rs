//! One stream: its request decided, its answer sent as its client takes it.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use http_body::Body as _;
use signalbox_swap::error_chain;

use super::answer::Answer;
use crate::alarm::Alarm;
use crate::listener::connection::{ConnectionContext, answer, date};
use crate::request::incoming_body::{Http2Body, IncomingBody};
use crate::request::response_body::ResponseBody;

/// Serves it to its end.
pub(super) async fn serve(
    site: Rc<ConnectionContext>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    // Boxed: what a stream holds while its answer is sent is then the answer, and no longer the room
    // in which it was decided.
    let mut deciding = Box::pin(framed_answer(Rc::clone(&site), request));
    let decided = poll_fn(|context| match deciding.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        // A client that takes its request back ends it here.
        Poll::Pending => respond.poll_reset(context).map(|_reason| None),
    })
    .await;
    drop(deciding);
    let Some(answer) = decided else { return };
    send(&site, respond, answer).await;
}

/// Hands on an answer. One without a body is over with its head.
async fn send(
    site: &Rc<ConnectionContext>,
    mut respond: SendResponse<Bytes>,
    answer: Response<ResponseBody>,
) {
    let (mut head, body) = answer.into_parts();
    // Where enough refusals wait for a client without a key, the next goes without its body: what
    // waits for whoever has none stays small, however many streams there are.
    let is_refusal = body.is_strangers() && !body.is_end_stream();
    let guard = is_refusal.then(|| site.link.refused_waits());
    let is_left_out = matches!(guard, Some(None));
    if is_left_out {
        head.headers.remove(header::CONTENT_TYPE);
        head.headers.insert(header::CONTENT_LENGTH, 0.into());
    }
    if let Some(length) = body.size_hint().exact().filter(|_| !body.is_end_stream()) {
        let length = HeaderValue::from(length);
        head.headers.entry(header::CONTENT_LENGTH).or_insert(length);
    }
    let is_over = is_left_out || body.is_end_stream();
    match respond.send_response(Response::from_parts(head, ()), is_over) {
        Ok(stream) if !is_over => Answer::new(site, stream, body).send().await,
        Ok(_over) => {}
        Err(error) => {
            tracing::debug!(error = error_chain(&error), "an answer cannot be sent");
            respond.send_reset(Reason::INTERNAL_ERROR);
        }
    }
    drop(guard);
}

/// The answer to one request, in the words of HTTP/2.
async fn framed_answer(
    site: Rc<ConnectionContext>,
    request: Request<RecvStream>,
) -> Response<ResponseBody> {
    let (mut head, stream) = request.into_parts();
    name_host(&mut head);
    let is_head = head.method == Method::HEAD;
    let body = IncomingBody::Http2(Http2Body::new(stream, &head.headers));
    let alarm = Alarm::default();
    let mut answer = answer(site, Request::from_parts(head, body), &alarm).await;
    // They say what becomes of the connection, which is said in frames here.
    for name in CONNECTION_HEADERS {
        answer.headers_mut().remove(name);
    }
    date::stamp(answer.headers_mut());
    if !is_head {
        return answer;
    }
    if let Some(length) = answer.body().size_hint().exact() {
        let length = HeaderValue::from(length);
        answer.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    answer.map(ResponseBody::left_out)
}

/// `:authority` is what HTTP/1 has in `host`: whoever looks at the head finds it there. If both
/// are there, both stay and have to agree.
fn name_host(head: &mut http::request::Parts) {
    if head.headers.contains_key(header::HOST) {
        return;
    }
    let authority = head.uri.authority();
    let host = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        head.headers.insert(header::HOST, host);
    }
}

const CONNECTION_HEADERS: [HeaderName; 3] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
