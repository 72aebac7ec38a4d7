//! Reading on for a moment after an answer that did not wait for the request: a socket closed over
//! unread bytes takes the answer with it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Reads and drops what a client still sends after its last answer.
#[derive(Debug)]
pub(crate) struct Linger {
    left: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Linger {
    pub(crate) fn new() -> Self {
        Self {
            left: LINGER_BYTES,
            deadline: Box::pin(sleep(LINGER_TIME)),
        }
    }

    pub(super) fn poll(
        &mut self,
        mut socket: impl AsyncRead + Unpin,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut scratch = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut socket).poll_read(context, &mut buffer)) {
                Ok(()) if buffer.filled().is_empty() => return Poll::Ready(()),
                Ok(()) if buffer.filled().len() > self.left => return Poll::Ready(()),
                Ok(()) => self.left -= buffer.filled().len(),
                Err(_gone) => return Poll::Ready(()),
            }
        }
    }
}

/// Somebody unknown: as little as for a wrong key.
const LINGER_BYTES: usize = 1 << 20;
const LINGER_TIME: Duration = Duration::from_secs(1);
