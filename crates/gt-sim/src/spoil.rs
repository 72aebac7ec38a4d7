//! What a fault does to an answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::BodyExt;

use crate::answer::{self, Body, Cut, Wait};
use crate::encode;
use crate::fault::{After, Break, Fault};
use crate::shared::Shared;

/// What a fault does without looking at the request; `None` if it only changes the answer.
pub(crate) fn instead(fault: &Fault) -> Option<Result<Response<Body>, Cut>> {
    Some(match fault {
        Fault::Answer {
            status,
            headers,
            body,
        } => Ok(given(*status, headers, body)),
        Fault::Redirect(to) => Ok(given(307, &[("location".to_owned(), to.clone())], b"")),
        Fault::CloseAtHead | Fault::CloseBeforeAnswer => Err(Cut::Close),
        Fault::Raw(bytes) => Err(Cut::Raw(bytes.clone())),
        Fault::Stall | Fault::BreakBody { .. } | Fault::Gzip | Fault::WrongLength(_) => {
            return None;
        }
    })
}

/// What a fault makes of an answer.
pub(crate) async fn spoil(
    fault: Fault,
    shared: &Arc<Shared>,
    mut response: Response<Body>,
) -> Result<Response<Body>, Cut> {
    match fault {
        Fault::Stall => stall(shared).await,
        Fault::BreakBody { after, by } => {
            return Ok(response.map(|inner| {
                Broken {
                    inner,
                    left: after,
                    by,
                    shared: Arc::clone(shared),
                    wait: None,
                }
                .boxed_unsync()
            }));
        }
        Fault::Gzip => {
            let (mut head, body) = response.into_parts();
            let content = body.collect().await?.to_bytes();
            head.headers
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            return Ok(Response::from_parts(
                head,
                answer::whole(encode::gzip(&content)),
            ));
        }
        Fault::WrongLength(length) => {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length.into());
            return Ok(response.map(|inner| Unsized::new(inner).boxed_unsync()));
        }
        _ => {}
    }
    Ok(response)
}

fn given(status: u16, headers: &[(String, String)], body: &[u8]) -> Response<Body> {
    let mut response = Response::new(answer::whole(body.to_vec()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

async fn stall(shared: &Arc<Shared>) {
    struct Stalled<'a>(&'a Shared);
    impl Drop for Stalled<'_> {
        fn drop(&mut self) {
            self.0
                .progress
                .send_modify(|now| now.stalled = now.stalled.saturating_sub(1));
        }
    }
    let mut releases = shared.releases.subscribe();
    shared.progress.send_modify(|now| now.stalled += 1);
    let _stalled = Stalled(shared);
    tokio::select! {
        _ = releases.changed() => {}
        () = Arc::clone(shared).closed() => {}
    }
}

/// A body that breaks. It has no known length, so that the end it lacks can be seen.
struct Broken {
    inner: Body,
    left: After,
    by: Break,
    shared: Arc<Shared>,
    wait: Option<Wait>,
}

impl Broken {
    /// What was sent has to leave first; then the body breaks, or nothing happens until the simulator stops.
    fn before_break(&self) -> Wait {
        let closed = Arc::clone(&self.shared).closed();
        let by = self.by;
        Box::pin(async move {
            tokio::task::yield_now().await;
            if by == Break::Stall {
                closed.await;
            }
        })
    }

    fn pass(&mut self, mut data: Bytes) -> Bytes {
        match &mut self.left {
            After::Events(events) => *events -= 1,
            After::Bytes(bytes) => {
                data.truncate(*bytes);
                *bytes -= data.len();
            }
        }
        data
    }
}

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if matches!(self.left, After::Bytes(0) | After::Events(0)) {
            let wait = self.wait.take().unwrap_or_else(|| self.before_break());
            ready!(self.wait.insert(wait).as_mut().poll(context));
            let cut = if self.by == Break::Reset {
                Cut::Reset
            } else {
                Cut::Close
            };
            return Poll::Ready(Some(Err(cut)));
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let data = frame.transpose()?.and_then(|frame| frame.into_data().ok());
        Poll::Ready(data.map(|data| Ok(Frame::data(self.pass(data)))))
    }
}

/// A body that does not tell its length, so that a header may lie about it.
struct Unsized {
    inner: Body,
    before_end: Option<Wait>,
}

impl Unsized {
    fn new(inner: Body) -> Self {
        // What was sent has to leave before the connection notices that more was promised.
        Self {
            inner,
            before_end: Some(Box::pin(tokio::task::yield_now())),
        }
    }
}

impl http_body::Body for Unsized {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(context)) {
            return Poll::Ready(Some(frame));
        }
        if let Some(wait) = &mut self.before_end {
            ready!(wait.as_mut().poll(context));
            self.before_end = None;
        }
        Poll::Ready(None)
    }
}
