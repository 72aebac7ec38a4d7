//! The body of a request of HTTP/1, for whoever reads it.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::transport::Shared;

/// The body of a request as it comes. Letting go of it before its end ends the connection, once it is
/// answered.
#[derive(Debug)]
pub(crate) struct Http1Body(Option<Coming>);

/// One that has not been read to its end.
#[derive(Debug)]
struct Coming {
    transport: Shared,
    number: u64,
    /// The head says how long it is. Otherwise its end shows when it is asked for more.
    has_length: bool,
}

impl Http1Body {
    /// The body of the head that was read last.
    pub(crate) fn new(transport: &Shared) -> Self {
        let shared = transport.borrow();
        let coming = (!shared.is_at_a_head()).then(|| Coming {
            transport: transport.clone(),
            number: shared.body_number(),
            has_length: shared.body_left().is_some(),
        });
        Self(coming)
    }

    pub(crate) fn poll_data(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let Some(coming) = &self.0 else {
            return Poll::Ready(None);
        };
        let mut transport = coming.transport.borrow_mut();
        if transport.body_number() != coming.number {
            return Poll::Ready(None);
        }
        let next = ready!(transport.poll_body(context));
        let has_ended = next.is_none() || coming.has_length && transport.is_at_a_head();
        drop(transport);
        if has_ended {
            self.0 = None;
        }
        Poll::Ready(next)
    }

    pub(crate) const fn has_ended(&self) -> bool {
        self.0.is_none()
    }

    /// How much of it still comes, if its head says so.
    pub(crate) fn left(&self) -> Option<u64> {
        match &self.0 {
            Some(coming) if coming.has_length => coming.transport.borrow().body_left(),
            Some(_) => None,
            None => Some(0),
        }
    }
}

impl Drop for Http1Body {
    fn drop(&mut self) {
        if let Some(coming) = self.0.take() {
            let mut transport = coming.transport.borrow_mut();
            if transport.body_number() == coming.number {
                transport.drop_body();
            }
        }
    }
}
