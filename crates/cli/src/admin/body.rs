//! What a request brings, large things only once the host wants them.
//!
//! A host that refuses answers before it has read a component and then closes, so that whoever is
//! still writing gets a broken pipe in place of the answer. With `expect: 100-continue` it is asked
//! first.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::{Bytes, Frame, SizeHint};
use tokio::{sync::Notify, time::timeout};

/// A body that may wait until the host says that it wants it.
pub(super) struct RequestBody {
    bytes: Bytes,
    is_wanted: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

/// Puts a body to a request; a large one waits.
pub(super) fn attach(request: Request<()>, bytes: Vec<u8>) -> Request<RequestBody> {
    let bytes = Bytes::from(bytes);
    let waits = bytes.len() > WAITS_FROM;
    let mut request = request.map(|()| RequestBody {
        bytes,
        is_wanted: None,
    });
    if waits {
        let wanted = Arc::new(Notify::new());
        let told = Arc::clone(&wanted);
        hyper::ext::on_informational(&mut request, move |answer| {
            if answer.status() == StatusCode::CONTINUE {
                told.notify_one();
            }
        });
        request.body_mut().is_wanted = Some(Box::pin(async move {
            // Whoever says nothing in that time may not know the question.
            let _ = timeout(CONTINUE_TIME, wanted.notified()).await;
        }));
        let expected = HeaderValue::from_static("100-continue");
        request.headers_mut().insert(header::EXPECT, expected);
    }
    request
}

impl hyper::body::Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(is_wanted) = &mut self.is_wanted {
            std::task::ready!(is_wanted.as_mut().poll(context));
            self.is_wanted = None;
        }
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

/// What a socket's buffers hold in any case.
const WAITS_FROM: usize = 16 << 10;
/// RFC 9110 asks not to wait for ever; it is what curl waits.
const CONTINUE_TIME: Duration = Duration::from_secs(1);
