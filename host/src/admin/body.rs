//! Bodies of answers: in one piece, or line by line while a transaction goes on.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tokio::sync::mpsc::UnboundedReceiver;

/// The body of an answer.
pub(super) enum ResponseBody {
    Whole(Full<Bytes>),
    Lines(Lines),
}

/// Lines as they come; each goes out when it is there.
pub(super) struct Lines {
    coming: UnboundedReceiver<Line>,
    has_ended: bool,
}

/// One of them.
pub(super) enum Line {
    /// More follow.
    Next(Bytes),
    /// None follows.
    Last(Bytes),
}

/// Whoever wrote the lines stopped before the last one.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut short")]
pub(super) struct CutShort;

impl ResponseBody {
    pub(super) fn lines(coming: UnboundedReceiver<Line>) -> Self {
        Self::Lines(Lines {
            coming,
            has_ended: false,
        })
    }
}

impl From<Vec<u8>> for ResponseBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole(Full::new(Bytes::from(bytes)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        match self.get_mut() {
            Self::Whole(body) => {
                let frame = ready!(Pin::new(body).poll_frame(context));
                Poll::Ready(frame.map(|frame| frame.map_err(|never: Infallible| match never {})))
            }
            Self::Lines(lines) => lines.poll_line(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Lines(lines) => lines.has_ended,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Lines(_) => SizeHint::new(),
        }
    }
}

impl Lines {
    fn poll_line(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let line = match ready!(self.coming.poll_recv(context)) {
            Some(Line::Next(line)) => line,
            Some(Line::Last(line)) => {
                self.has_ended = true;
                line
            }
            // Nobody must take a beginning for the whole.
            None => return Poll::Ready(Some(Err(CutShort))),
        };
        Poll::Ready(Some(Ok(Frame::data(line))))
    }
}

#[cfg(test)]
mod tests;
