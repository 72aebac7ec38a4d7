//! The answers of one stream, on their way to Envoy.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use envoy_types::pb::envoy::service::ext_proc::v3::ProcessingResponse;
use tokio::sync::mpsc;
use tonic::Status;
use tonic::codegen::tokio_stream::Stream;

/// The answers of one stream. They end with OK only after Envoy has ended the stream itself; wherever
/// nobody gives answers any more, because of a panic or because the host is gone, they end with
/// `UNAVAILABLE`. Envoy forwards a request whose stream ends with OK before it is answered.
#[derive(Debug)]
pub struct Answers {
    coming: mpsc::Receiver<Answer>,
    is_over: bool,
}

/// What goes into the answers of a stream.
#[derive(Debug)]
pub(crate) enum Answer {
    Message(Box<ProcessingResponse>),
    Fails(Status),
    /// Envoy has ended its side.
    Ends,
}

/// Where the answers of a stream come from, and where they go.
pub(crate) fn channel() -> (mpsc::Sender<Answer>, Answers) {
    let (sender, coming) = mpsc::channel(AHEAD);
    let is_over = false;
    (sender, Answers { coming, is_over })
}

impl Stream for Answers {
    type Item = Result<ProcessingResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        let answer = ready!(this.coming.poll_recv(context));
        Poll::Ready(match answer {
            Some(Answer::Message(message)) => Some(Ok(*message)),
            Some(Answer::Ends) => {
                this.is_over = true;
                None
            }
            Some(Answer::Fails(status)) => {
                this.is_over = true;
                Some(Err(status))
            }
            None => {
                this.is_over = true;
                Some(Err(Status::unavailable("nobody answers this stream")))
            }
        })
    }
}

/// As many as wait for a connection that is slow: each has at most a piece of a body.
const AHEAD: usize = 8;
