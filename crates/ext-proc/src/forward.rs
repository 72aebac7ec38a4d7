//! A request that goes to GT: its head as the gate makes it, and its body.

use bytes::Bytes;
use envoy_types::pb::envoy::service::ext_proc::v3::HeaderMutation;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_request::Request as Message;
use http::HeaderValue;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use signalbox_gate::{BodyFailure, Forward, Part, RestOfBody, Sent, Step, UpstreamBody};

use crate::body::{Piece, State};
use crate::door::{Door, StreamObserver};
use crate::exchange::Exchange;
use crate::headers;
use crate::link::Gone;
use crate::message::{self, Edit};
use crate::models::unable;

impl<D: Door> Exchange<'_, D> {
    /// Lets a request go to GT, and waits for what comes of it.
    pub(crate) async fn forward(
        &mut self,
        forward: Forward<D::Observer>,
    ) -> Result<Step<D::Observer>, Gone> {
        let (head, body, mut sent) = forward.send();
        if self.is_spent {
            return Ok(Step::Respond(sent.failed(unable(ONCE))));
        }
        sent.observer_mut().forwards(self.door.upstream());
        match self.body.state {
            State::Coming | State::Ended => return self.stream(&head, body, sent).await,
            State::Absent => {
                let head = self.change(&head, Some(0));
                self.link.say(message::request_headers(head, None)).await?;
            }
            State::Unseen if body.is_empty() => {
                let head = self.change(&head, Some(0));
                self.link.say(message::request_without_body(head)).await?;
            }
            State::Unseen if passes_unseen(&body, self.body.declared) => {
                self.sent_bytes = self.body.declared.unwrap_or_default();
                let head = self.change(&head, self.body.declared);
                self.link.say(message::request_headers(head, None)).await?;
            }
            State::Unseen | State::Asked | State::Whole => match self.whole(body).await? {
                Ok(bytes) => {
                    self.sent_bytes = bytes.len() as u64;
                    let head = self.change(&head, Some(self.sent_bytes));
                    let edit = Edit::Replace(bytes);
                    let answer = message::request_body(Some(head), edit);
                    self.link.say(answer).await?;
                }
                Err(failure) => return Ok(Step::Respond(sent.failed(failure.refusal()))),
            },
        }
        self.until_response(sent, None).await
    }

    /// The whole body for GT, of one that is here or comes whole.
    async fn whole(&mut self, body: UpstreamBody) -> Result<Result<Bytes, BodyFailure>, Gone> {
        let mut whole = Vec::new();
        for part in body.parts {
            match part {
                Part::Bytes(bytes) => whole.extend_from_slice(&bytes),
                Part::Spooled(length) => {
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    let Some(bytes) = self.spool.read(length).await else {
                        return Ok(Err(BodyFailure::NotHeld));
                    };
                    whole.extend_from_slice(&bytes);
                }
            }
        }
        if let Some(mut rest) = body.rest {
            loop {
                let (passed, is_last) = match self.next_piece().await? {
                    Piece::Bytes(bytes, is_last) => (rest.push(bytes, is_last), is_last),
                    Piece::End => (rest.finish(), true),
                    Piece::Failed(failure) => return Ok(Err(failure)),
                };
                match passed {
                    Ok(bytes) => whole.extend_from_slice(&bytes),
                    Err(failure) => return Ok(Err(failure)),
                }
                if is_last {
                    break;
                }
            }
        }
        drop(body.room);
        Ok(Ok(whole.into()))
    }

    /// Sends the head, then what is held of a body that comes piece by piece; what still comes of it
    /// goes on while GT is waited for.
    async fn stream(
        &mut self,
        head: &Parts,
        body: UpstreamBody,
        sent: Sent<D::Observer>,
    ) -> Result<Step<D::Observer>, Gone> {
        let UpstreamBody { parts, room, rest } = body;
        let held: u64 = parts.iter().map(length).sum();
        let coming = self.body.coming();
        let length = rest.as_ref().map_or(Some(held), |rest| {
            Some(held + rest.kept_back() as u64 + coming?)
        });
        let head = self.change(head, length);
        self.link.say(message::request_headers(head, None)).await?;
        for part in parts {
            if !self.stream_part(part).await? {
                let gone = BodyFailure::NotHeld.refusal();
                return Ok(Step::Respond(sent.failed(gone)));
            }
        }
        drop(room);
        let mut rest = rest;
        if self.body.state == State::Ended || rest.is_none() {
            let last = rest.take().map(|mut rest| rest.finish());
            match last.unwrap_or_else(|| Ok(Bytes::new())) {
                Ok(bytes) => self.stream_end(bytes).await?,
                Err(failure) => return Ok(Step::Respond(sent.failed(failure.refusal()))),
            }
        }
        self.until_response(sent, rest).await
    }

    /// Sends what is held of a body in one part; whether it could be read back.
    async fn stream_part(&mut self, part: Part) -> Result<bool, Gone> {
        match part {
            Part::Bytes(bytes) => self.stream_bytes(bytes, false).await?,
            Part::Spooled(mut left) => {
                while left > 0 {
                    let next = left.min(PIECE as u64);
                    let length = usize::try_from(next).unwrap_or(PIECE);
                    let Some(bytes) = self.spool.read(length).await else {
                        return Ok(false);
                    };
                    left -= next;
                    self.stream_bytes(bytes, false).await?;
                }
            }
        }
        Ok(true)
    }

    /// Sends bytes of a body, in pieces that Envoy takes.
    async fn stream_bytes(&mut self, mut bytes: Bytes, is_last: bool) -> Result<(), Gone> {
        self.sent_bytes += bytes.len() as u64;
        while bytes.len() > PIECE {
            let bytes = bytes.split_to(PIECE);
            let is_last = false;
            let edit = Edit::Stream { bytes, is_last };
            self.link.say(message::request_body(None, edit)).await?;
        }
        if bytes.is_empty() && !is_last {
            return Ok(());
        }
        let edit = Edit::Stream { bytes, is_last };
        self.link.say(message::request_body(None, edit)).await
    }

    /// Sends the last bytes of a body. Trailers that end it are answered after them, and go no further.
    async fn stream_end(&mut self, bytes: Bytes) -> Result<(), Gone> {
        let Some(trailers) = self.body.take_trailers() else {
            return self.stream_bytes(bytes, true).await;
        };
        self.stream_bytes(bytes, false).await?;
        self.link.say(message::request_trailers(trailers)).await
    }

    /// A message of a body that goes on while GT is waited for, or answers already.
    pub(crate) async fn pass(
        &mut self,
        upload: &mut Option<RestOfBody>,
        message: Message,
    ) -> Result<Result<(), BodyFailure>, Gone> {
        if let (Message::RequestTrailers(trailers), State::Whole | State::Unseen | State::Absent) =
            (&message, self.body.state)
        {
            let trailers = trailers.clone();
            self.link.say(message::request_trailers(trailers)).await?;
            return Ok(Ok(()));
        }
        let piece = self.body.take(Some(message)).ok_or(Gone::Unexpected)?;
        let Some(rest) = upload else {
            // Nothing of it may go on any more.
            return Ok(Ok(()));
        };
        let passed = match piece {
            Piece::Bytes(bytes, false) => match rest.push(bytes, false) {
                Ok(bytes) => {
                    self.stream_bytes(bytes, false).await?;
                    return Ok(Ok(()));
                }
                Err(failure) => Err(failure),
            },
            Piece::Bytes(bytes, true) => rest.push(bytes, true),
            Piece::End => rest.finish(),
            Piece::Failed(failure) => Err(failure),
        };
        *upload = None;
        match passed {
            Ok(bytes) => self.stream_end(bytes).await.map(Ok),
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// What makes the head for GT of the client's, with the length of the body if it is known.
    pub(crate) fn change(&self, head: &Parts, length: Option<u64>) -> HeaderMutation {
        let mut to = head.headers.clone();
        to.remove(CONTENT_LENGTH);
        if let Some(length) = length
            && (length > 0 || self.headers.contains_key(CONTENT_LENGTH))
        {
            to.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        let mut change = headers::change(&self.headers, &to);
        headers::set(&mut change, "host", self.door.upstream().as_bytes());
        let target = head.uri.path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        headers::set(&mut change, ":path", target.as_bytes());
        if head.method != self.method {
            headers::set(&mut change, ":method", head.method.as_str().as_bytes());
        }
        change
    }
}

/// Whether a body may go on without anybody seeing it: its length is declared and was checked, and
/// nothing is looked for in it.
fn passes_unseen(body: &UpstreamBody, declared: Option<u64>) -> bool {
    let is_open = body.rest.as_ref().is_some_and(|rest| !rest.is_scanned());
    body.parts.is_empty() && is_open && declared.is_some()
}

fn length(part: &Part) -> u64 {
    match part {
        Part::Bytes(bytes) => bytes.len() as u64,
        Part::Spooled(length) => *length,
    }
}

/// What Envoy's documentation recommends at most.
const PIECE: usize = 64 << 10;
const ONCE: &str =
    "it was used to ask GT for its list of models already, and a proxy sends a request once";
