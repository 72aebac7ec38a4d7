//! A service that plays GT, and holds whoever calls it to tower's contract.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::body::Pieces;

/// A service that plays GT. A clone of it is not ready, whatever the one it was cloned from is.
#[derive(Debug, Default)]
pub(crate) struct Gt {
    pub(crate) told: Arc<Mutex<Told>>,
    is_ready: bool,
}

/// What it was sent, and what it does.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// `None` for a body that was broken off.
    pub(crate) sent: Vec<(Parts, Option<Vec<u8>>)>,
    pub(crate) answers: VecDeque<Response<Pieces>>,
    pub(crate) polls: usize,
    pub(crate) calls: usize,
    /// How often it cannot be made ready.
    pub(crate) failures: usize,
    /// Whether it answers with the head alone, and reads no body.
    pub(crate) is_silent: bool,
}

impl Gt {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Response<Pieces>>) -> Self {
        let gt = Self::default();
        gt.told.lock().unwrap().answers = answers.into_iter().collect();
        gt
    }
}

impl Clone for Gt {
    fn clone(&self) -> Self {
        Self {
            told: Arc::clone(&self.told),
            is_ready: false,
        }
    }
}

impl<B> Service<Request<B>> for Gt
where
    B: Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<Pieces>;
    type Error = &'static str;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Pieces>, &'static str>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        let mut told = self.told.lock().unwrap();
        told.polls += 1;
        if told.failures > 0 {
            told.failures -= 1;
            return Poll::Ready(Err("not to be had"));
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert!(self.is_ready, "only what was polled ready is called");
        self.is_ready = false;
        let told = Arc::clone(&self.told);
        told.lock().unwrap().calls += 1;
        Box::pin(async move {
            if told.lock().unwrap().is_silent {
                std::future::pending::<()>().await;
            }
            let (head, body) = request.into_parts();
            let body = collect(body).await;
            let is_whole = body.is_some();
            let mut told = told.lock().unwrap();
            told.sent.push((head, body));
            // A request that is broken off has no answer.
            let answer = told.answers.pop_front().filter(|_| is_whole);
            answer.ok_or("out of order")
        })
    }
}

/// All of a body; `None` if it is broken off.
pub(crate) async fn collect<B: Body<Data = Bytes>>(body: B) -> Option<Vec<u8>> {
    let (mut body, mut all) = (pin!(body), Vec::new());
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        if let Ok(data) = frame.ok()?.into_data() {
            all.extend_from_slice(&data);
        }
    }
    Some(all)
}
