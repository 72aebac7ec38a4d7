//! A request that another proxy sends: the gate says what, and sees nothing of GT's response.

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response};
use signalbox_http::refusal::{Code, Refusal};
use signalbox_http::restamp::Stamp;

use crate::body::upstream_body::UpstreamBody;
use crate::facts::End;
use crate::forward::{Forward, Sent};
use crate::observer::Observer;
use crate::respond::{Completion, Respond};
use crate::response::request_id::{NOTICE, REQUEST_ID};

/// What the proxy that sends a request can do with GT's response.
///
/// Exhaustive on purpose: what it cannot do is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseReach {
    /// It puts the name that a client is to see into the response, as the gate would.
    Restamps,
    /// It passes the response on as it comes.
    Passes,
}

/// A request for GT that another proxy sends.
#[derive(Debug)]
pub struct HandOver<O: Observer> {
    /// Its head, as [`Forward::head`] has it.
    pub head: Parts,
    /// Its body.
    pub body: UpstreamBody,
    /// What the proxy does with GT's response.
    pub response: ResponseEdit,
    /// The exchange, to be ended by [`Sent::handed_over`], or by [`Sent::failed`] where the body turns
    /// out not to be what it has to be, or what the proxy can send.
    pub sent: Sent<O>,
}

/// What a proxy does with GT's response in the gate's place.
#[derive(Clone, Debug)]
pub struct ResponseEdit {
    /// The name it puts in place of GT's, with its quotes; `None` where it passes the body on.
    pub stamp: Option<Vec<u8>>,
    /// Headers of the response, whatever GT's say.
    pub headers: HeaderMap,
    /// `x-request-id` of a response that GT gave none.
    pub request_id: Option<HeaderValue>,
}

impl<O: Observer> Forward<O> {
    /// Leaves the request to a proxy that can do so much with GT's response.
    ///
    /// # Errors
    /// `proxy_cannot_rewrite` where more than that would have to be done.
    pub fn hand_over(self, reach: ResponseReach) -> Result<HandOver<O>, Box<Respond<O>>> {
        let (head, body, sent) = self.pass_on();
        match sent.response_edit(reach) {
            Ok(response) => Ok(HandOver {
                head,
                body,
                response,
                sent,
            }),
            Err(refusal) => Err(Box::new(sent.failed(refusal))),
        }
    }
}

impl<O: Observer> Sent<O> {
    /// The proxy has been told what to send. The exchange keeps its place in every limit until what is
    /// returned is dropped, and no longer: how GT answers is not known.
    #[must_use]
    pub fn handed_over(mut self) -> Completion<O> {
        self.context.facts.end = End::HandedOver;
        Completion::new(self.context)
    }

    fn response_edit(&self, reach: ResponseReach) -> Result<ResponseEdit, Refusal> {
        if self.forwarding.has_second() {
            return Err(cannot(ASKED_TWICE));
        }
        // A name that is GT's own is in GT's response already.
        let is_gts = |stamp: &Stamp| self.forwarding.model().is_some_and(|name| stamp.is(name));
        let stamp = self.forwarding.stamp.as_ref();
        if reach == ResponseReach::Passes && !stamp.is_none_or(is_gts) {
            return Err(cannot(RESTAMPED));
        }
        let (mut head, ()) = Response::new(()).into_parts();
        self.context.stamp(self.gate.settings(), &mut head);
        if let Some(notice) = self.forwarding.notice() {
            head.headers.insert(NOTICE, notice.clone());
        }
        Ok(ResponseEdit {
            stamp: stamp.map(|stamp| stamp.as_json().to_owned()),
            request_id: head.headers.remove(REQUEST_ID),
            headers: head.headers,
        })
    }
}

/// A refusal of what the policy wants and the proxy before the gate cannot do.
fn cannot(reason: &'static str) -> Refusal {
    Refusal::new(Code::ProxyCannotRewrite, reason)
}

const ASKED_TWICE: &str = "Which of two GT keys knows this file is found by asking GT twice, which the proxy before this gate cannot. Use a key with one of the two purposes.";
const RESTAMPED: &str = "This model has another name at GT, and the proxy before this gate cannot put the client's into GT's answer. Use a model that has the same name at GT, or tell the operator.";
