//! One request through the gate: the host does what each step asks for, and nothing else.
//!
//! What is checked, and in which order, is the gate's (`crates/gate/src/order.rs`). Here bytes are
//! moved: the client's body, the file a form is held in, the connection to GT, its answer.

mod leave;

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, ready};

use http::{Request, Response};
use http_body::Body as _;
use signalbox_gate::{
    AbortReason, BodyFailure, Client, Forward, Framed, IncomingRequest, LOOK, ReadBody, Responded,
    Sent, SpoolWrite, Step, UpstreamBody,
};
use signalbox_http::refusal::{Code, Refusal};
use signalbox_swap::error_chain;
use tokio::time::Instant;

pub(crate) use leave::{ours, panicked};

use crate::alarm::{Alarm, Deadline};
use crate::observe::request_log::RequestLog;
use crate::request::client_body::ClientBody;
use crate::request::incoming_body::IncomingBody;
use crate::request::response_body::ResponseBody;
use crate::request::spool::{Before, Spool};
use crate::request::steps;
use crate::server::worker::Worker;
use crate::upstream::{BodyOutcome, BodyTimes, RequestBody};

/// Answers one request. Never fails: what goes wrong is a refusal. What it waits for sets the `alarm`
/// of its task.
pub(crate) async fn handle(
    worker: &Worker,
    log: RequestLog,
    client: Client,
    request: Request<IncomingBody>,
    alarm: &Alarm,
) -> Response<ResponseBody> {
    let (mut head, incoming) = request.into_parts();
    let mut body = ClientBody::new(incoming, &head.headers);
    let whole = body.already_here().await;
    let request = IncomingRequest {
        framing: head.extensions.remove().unwrap_or(Framed::Plainly),
        client,
        declared: body.declared(),
        whole,
        head,
    };
    let mut context = RequestContext {
        worker,
        alarm,
        body: Some(body),
        body_end: None,
        spool: Spool::default(),
        sent_body: None,
    };
    let mut step = worker.shared.gate.begin(request, log);
    loop {
        step = match step {
            Step::VerifyToken(verify) => steps::verify_token(worker, verify).await,
            Step::ReadBody(read) => context.read_body(read).await,
            Step::SpoolWrite(write) => context.spool_write(write).await,
            Step::AskPolicy(ask) => steps::ask_policy(worker, ask).await,
            Step::FetchModels(fetch) => steps::fetch_models(worker, fetch).await,
            Step::Forward(forward) => match context.forward(forward).await {
                ControlFlow::Break(answer) => return answer,
                ControlFlow::Continue(step) => step,
            },
            Step::Respond(respond) => return context.respond(respond).await,
        };
    }
}

/// What the host has at hand for one request.
struct RequestContext<'w> {
    worker: &'w Worker,
    alarm: &'w Alarm,
    /// The client's body, until it is passed on.
    body: Option<ClientBody>,
    /// When all of it has to be here, once it is waited for.
    body_end: Option<Instant>,
    /// What of it is held on disk.
    spool: Spool,
    /// How it fares once it is passed on.
    sent_body: Option<Rc<BodyOutcome>>,
}

impl RequestContext<'_> {
    async fn read_body(&mut self, read: ReadBody<RequestLog>) -> Step<RequestLog> {
        let times = self.body_times();
        let Some(body) = &mut self.body else {
            return read.failed(BodyFailure::Broken);
        };
        match body.next(times).await {
            Ok(Some(piece)) => read.piece(piece, body.has_ended()),
            Ok(None) => read.end(),
            Err(failure) => read.failed(failure),
        }
    }

    async fn spool_write(&mut self, write: SpoolWrite<RequestLog>) -> Step<RequestLog> {
        let folder = &self.worker.shared.spool;
        match self.spool.append(folder, write.bytes().clone()).await {
            Ok(()) => write.written(),
            Err(error) => {
                tracing::error!(error = error_chain(&error), "a form cannot be held on disk");
                write.failed(error.failure())
            }
        }
    }

    /// GT's answer: 502 or 504 where it gives none that is the client's.
    async fn forward(
        &mut self,
        forward: Forward<RequestLog>,
    ) -> ControlFlow<Response<ResponseBody>, Step<RequestLog>> {
        let (head, body, mut sent) = forward.send();
        let Some(body) = self.request_body(body, sent.observer_mut()) else {
            let gone = Refusal::of(Code::InvalidBody);
            return ControlFlow::Continue(Step::Respond(sent.failed(gone)));
        };
        let (upstream, alarm) = (&self.worker.upstream, self.alarm);
        let now = Instant::now();
        sent.observer_mut()
            .forwards(upstream.only_host(), now.into_std());
        let look = alarm.deadline(now + LOOK);
        let answer = {
            // Ends here: what follows has its room.
            let answer = pin!(upstream.send(Request::from_parts(head, body), alarm));
            unless_cancelled(&sent, answer, look).await
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(reason) => {
                sent.observer_mut().cut(reason);
                return ControlFlow::Continue(Step::Respond(sent.aborted(reason)));
            }
        };
        match answer {
            Ok(answer) => {
                let log = sent.observer_mut();
                log.first_byte(answer.status(), answer.body().host());
                let (head, body) = answer.into_parts();
                match sent.responded(head) {
                    Responded::Again(forward) => ControlFlow::Continue(Step::Forward(forward)),
                    Responded::Respond(respond) => ControlFlow::Continue(Step::Respond(respond)),
                    Responded::Relay(relay) => {
                        let let_go = self.let_go(false).await;
                        ControlFlow::Break(self.relay(relay, body, let_go))
                    }
                }
            }
            Err(error) => {
                sent.observer_mut().upstream_failed(error.cause(), &error);
                ControlFlow::Continue(Step::Respond(sent.failed(error.refusal())))
            }
        }
    }

    /// What was read, with the one value replaced, and what still comes; or the body itself, as it
    /// comes. `None` if there is more of it, and it is gone: a part is not sent for the whole.
    fn request_body(&mut self, body: UpstreamBody, log: &mut RequestLog) -> Option<RequestBody> {
        if body.is_empty() {
            return Some(RequestBody::Empty);
        }
        let file = std::mem::take(&mut self.spool).into_file();
        let before = Before::new(body.parts, body.room, file);
        let body = match body.rest {
            Some(rest) => {
                let (times, coming) = (self.body_times(), self.body.take()?.into_rest());
                RequestBody::streamed(before, coming, rest, times)
            }
            None => RequestBody::Held(before),
        };
        self.sent_body = body.fate();
        if let RequestBody::Held(_) = body {
            log.took_in(body.size_hint().exact().unwrap_or_default());
        }
        Some(body)
    }

    /// The time for all of a body begins when it is first waited for, and only once.
    fn body_times(&mut self) -> BodyTimes {
        let times = &self.worker.shared.config.times;
        let end = || Instant::now() + times.body_total.duration();
        BodyTimes {
            idle: times.body_idle.duration(),
            end: *self.body_end.get_or_insert_with(end),
        }
    }
}

/// Waits for GT, unless the request's key ends, or an operator ends the answers of the policy that
/// let it through.
async fn unless_cancelled<T>(
    sent: &Sent<RequestLog>,
    mut wait: Pin<&mut impl Future<Output = T>>,
    mut look: Deadline<'_>,
) -> Result<T, AbortReason> {
    poll_fn(|context| {
        if let Poll::Ready(come) = wait.as_mut().poll(context) {
            return Poll::Ready(match sent.is_cut() {
                true => Err(AbortReason::Cut),
                false => Ok(come),
            });
        }
        loop {
            let now = ready!(look.poll(context));
            if let Some(reason) = sent.cancelled(now.into_std()) {
                return Poll::Ready(Err(reason));
            }
            look.moves_to(now + LOOK);
        }
    })
    .await
}
