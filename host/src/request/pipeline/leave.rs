//! The end of the way: from the last step to the answer.

use http::header::CONNECTION;
use http::{HeaderValue, Response, response};
use signalbox_gate::{Client, Relay, Respond};

use super::RequestContext;
use crate::observe::request_log::RequestLog;
use crate::request::client_body::{Connection, Discard, Left, read_on, read_on_later};
use crate::request::incoming_body::IncomingBody;
use crate::request::response_body::{FromUpstream, ResponseBody};
use crate::server::phase::Phase;
use crate::server::worker::Worker;
use crate::upstream::AnswerBody;

/// The answer where the host itself panicked.
pub(crate) fn panicked(worker: &Worker, log: RequestLog, client: Client) -> Response<ResponseBody> {
    let respond = worker.shared.gate.refuse_failed(client, log);
    let mut answer = ours(respond);
    close(answer.headers_mut());
    answer
}

/// An answer of the gate's own.
pub(crate) fn ours(respond: Respond<RequestLog>) -> Response<ResponseBody> {
    let (answer, mut completion) = respond.into_parts();
    completion.observer_mut().responds(answer.status());
    answer.map(|bytes| ResponseBody::Bytes(Some(bytes), completion))
}

impl RequestContext<'_> {
    /// Hands on GT's answer, once the client's body is let go of: that has said what becomes of the
    /// connection.
    pub(super) fn relay(
        &self,
        relay: Relay<RequestLog>,
        answer: AnswerBody,
        (connection, sent): (Connection, u64),
    ) -> Response<ResponseBody> {
        let (mut head, mut body) = relay.into_parts();
        let log = body.observer_mut();
        log.took_in(sent);
        log.responds(head.status);
        self.tell_connection(connection, &mut head);
        let Worker { shared, phases, .. } = self.worker;
        let times = &shared.config.times;
        let body = FromUpstream::new(answer, body, times, phases);
        Response::from_parts(head, ResponseBody::Upstream(Box::new(body)))
    }

    /// Hands on an answer of the gate's own. A body that nobody waited for is let go of, and the
    /// client is told whether its connection is kept.
    pub(super) async fn respond(&mut self, respond: Respond<RequestLog>) -> Response<ResponseBody> {
        let mut answer = ours(respond);
        let is_strangers = answer.body().is_strangers();
        let (connection, sent) = self.let_go(is_strangers).await;
        if let ResponseBody::Bytes(_, completion) = answer.body_mut() {
            completion.observer_mut().took_in(sent);
        }
        let (mut head, body) = answer.into_parts();
        self.tell_connection(connection, &mut head);
        Response::from_parts(head, body)
    }

    fn tell_connection(&self, connection: Connection, head: &mut response::Parts) {
        if connection == Connection::Close || self.worker.phases.current() >= Phase::Leaving {
            close(&mut head.headers);
        }
    }

    /// What becomes of a body that the answer did not wait for, and of its connection; and how much of
    /// it has gone on.
    pub(super) async fn let_go(&mut self, is_strangers: bool) -> (Connection, u64) {
        let mut gone_on = 0;
        let left = match (self.sent_body.take(), self.body.take()) {
            (Some(sent), _) => {
                gone_on = sent.sent();
                match (sent.has_ended(), sent.take_left()) {
                    (true, _) => Left::Nothing,
                    (false, Some(incoming)) => Left::Coming(incoming),
                    (false, None) => {
                        // GT has answered early, and may take the rest or not.
                        read_on_later(sent, self.discard());
                        Left::Broken
                    }
                }
            }
            (None, Some(body)) if !body.has_come() => body.into_left().await,
            (None, _) => Left::Nothing,
        };
        match left {
            Left::Nothing => return (Connection::Keep, gone_on),
            Left::Broken => {}
            Left::Coming(incoming) => self.read_on(incoming, is_strangers),
        }
        (Connection::Close, gone_on)
    }

    /// Reads a body to nowhere for a while, by a task of its own: a client that writes into a closed
    /// socket never sees the answer. For whoever has no key there are places for some.
    fn read_on(&self, incoming: IncomingBody, is_strangers: bool) {
        if is_strangers {
            if let Some(place) = self.worker.reads_stranger() {
                read_on(incoming, Discard::STRANGER, Some(place));
            }
            return;
        }
        read_on(incoming, self.discard(), None);
    }

    fn discard(&self) -> Discard {
        let config = &self.worker.shared.config;
        Discard {
            bytes: config.limits.discard.bytes(),
            time: config.times.discard.duration(),
        }
    }
}

fn close(headers: &mut http::HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
}
