//! One stream: Envoy's messages, and the answers to them.

use std::time::Duration;

use envoy_types::pb::envoy::service::ext_proc::v3::{ProcessingRequest, ProcessingResponse};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tonic::{Status, Streaming};

use crate::answers::Answer;
use crate::door::Door;

/// One stream.
#[derive(Debug)]
pub(crate) struct Link<'d, D> {
    door: &'d D,
    incoming: Streaming<ProcessingRequest>,
    answers: mpsc::Sender<Answer>,
}

/// Why there is no next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// Envoy has ended the stream: nobody waits for anything.
    Ended,
    /// The stream broke, which mostly means that the client is gone.
    Lost,
    /// The host does not wait any longer.
    Cut,
    /// The time is over.
    Late,
    /// A message that cannot come here.
    Unexpected,
}

impl<'d, D: Door> Link<'d, D> {
    pub(crate) const fn new(
        door: &'d D,
        incoming: Streaming<ProcessingRequest>,
        answers: mpsc::Sender<Answer>,
    ) -> Self {
        Self {
            door,
            incoming,
            answers,
        }
    }

    /// The next message, if it comes before `until`.
    pub(crate) async fn next(&mut self, until: Instant) -> Result<ProcessingRequest, Gone> {
        tokio::select! {
            biased;
            message = self.incoming.message() => match message {
                Ok(Some(message)) => Ok(message),
                Ok(None) => Err(Gone::Ended),
                Err(_lost) => Err(Gone::Lost),
            },
            () = self.door.cut() => Err(Gone::Cut),
            () = sleep_until(until) => Err(Gone::Late),
        }
    }

    /// Answers.
    pub(crate) async fn say(&self, message: ProcessingResponse) -> Result<(), Gone> {
        self.send(Answer::Message(Box::new(message))).await
    }

    /// Ends the stream as `why` wants it: with OK only if Envoy has ended it.
    pub(crate) async fn end(&self, why: Gone) {
        let last = match why {
            Gone::Ended => Answer::Ends,
            Gone::Lost | Gone::Cut => Answer::Fails(Status::unavailable("the gate ends")),
            Gone::Late => Answer::Fails(Status::deadline_exceeded("nothing came in time")),
            Gone::Unexpected => Answer::Fails(Status::failed_precondition(
                "a message that cannot come here: look at the processing mode",
            )),
        };
        // Nobody may be there to hear it.
        let _ = self.send(last).await;
    }

    /// Waits until Envoy ends the stream after its last answer.
    pub(crate) async fn settle(&mut self) -> Gone {
        let until = Instant::now() + SETTLES;
        loop {
            match self.next(until).await {
                // What was on its way already.
                Ok(_) => {}
                Err(gone) => return gone,
            }
        }
    }

    async fn send(&self, answer: Answer) -> Result<(), Gone> {
        let sent = timeout(TAKES, self.answers.send(answer)).await;
        sent.map_err(|_elapsed| Gone::Late)?
            .map_err(|_closed| Gone::Lost)
    }
}

/// For Envoy to end a stream that is answered.
const SETTLES: Duration = Duration::from_secs(5);
/// For a proxy to take an answer.
const TAKES: Duration = Duration::from_secs(30);
