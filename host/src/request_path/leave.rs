//! The end of the way: from an outcome to the answer.

use http::{HeaderMap, HeaderValue, Response, header, response};
use signalbox_http::refusal::{Code, Refusal};

use super::{Outcome, Visit};
use crate::answer;
use crate::client_body::{Connection, Discard, read_on};
use crate::phase::Phase;
use crate::refusals::No;
use crate::request_guards::Held;
use crate::request_id;
use crate::response_body::AnswerBody;

/// The answer where the walk itself panicked.
pub(crate) fn panicked(mut held: Held) -> Response<AnswerBody> {
    let refusal = Refusal::new(
        Code::PolicyFailed,
        "The gate failed on this request, so it is refused. Tell the operator.",
    );
    let no = No::Failed {
        cause: "panicked",
        is_guests: false,
        refusal,
    };
    held.trail.counts_only(&no);
    let (mut head, body) = answer::refusal(no.refusal()).into_parts();
    held.trail.stamp(&mut head);
    request_id::stamp(&mut head.headers, &HeaderMap::new(), held.trail.id());
    head.headers
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    Response::from_parts(head, AnswerBody::bytes(body.into(), held))
}

impl Visit<'_> {
    /// Turns the outcome into the answer. A body that nobody waited for is let go of, and the
    /// client is told whether its connection is kept.
    pub(super) async fn leave(mut self, outcome: Result<Outcome, No>) -> Response<AnswerBody> {
        let refusal = outcome.as_ref().err().map(No::refusal);
        let connection = self.let_go(refusal).await;
        let Self {
            worker,
            head: asked,
            mut held,
            ..
        } = self;
        let stamp = |head: &mut response::Parts, held: &mut Held| {
            held.trail.stamp(head);
            request_id::stamp(&mut head.headers, &asked.headers, held.trail.id());
            if connection == Connection::Close || worker.phases.current() >= Phase::Leaving {
                head.headers
                    .insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
        };
        let ours = match outcome {
            Ok(Outcome::Upstream(upstream)) => {
                let (mut head, body) = *upstream;
                stamp(&mut head, &mut held);
                return Response::from_parts(head, AnswerBody::upstream(body, held));
            }
            Ok(Outcome::Ours(ours)) => {
                held.trail.answers();
                ours
            }
            Err(no) => {
                held.trail.refused(asked, &no);
                answer::refusal(no.refusal())
            }
        };
        let (mut head, body) = ours.into_parts();
        stamp(&mut head, &mut held);
        Response::from_parts(head, AnswerBody::bytes(body.into(), held))
    }

    async fn let_go(&mut self, refusal: Option<&Refusal>) -> Connection {
        let config = &self.worker.shared.config;
        let discard = match refusal {
            Some(refusal) if refusal.status() == 401 => Discard::STRANGER,
            _ => Discard {
                bytes: config.limits.discard.bytes(),
                time: config.times.discard.duration(),
            },
        };
        let Some(fate) = self.passed_on.take() else {
            return match self.body.take() {
                Some(body) => body.let_go(discard).await,
                None => Connection::Keep,
            };
        };
        self.held.trail.took_in(fate.sent());
        if fate.has_ended() {
            return Connection::Keep;
        }
        if let Some(left) = fate.take_left() {
            read_on(left, discard);
        }
        Connection::Close
    }
}
