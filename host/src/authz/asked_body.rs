//! The body of a client's request, as the proxy that asks shows it.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use signalbox_gate::BodyFailure;
use tokio::time::{Instant, timeout, timeout_at};

use super::proxy::Shown;
use crate::request::client_body::Discard;
use crate::upstream::BodyTimes;

/// The body of a client's request.
#[derive(Debug)]
pub(super) struct AskedBody {
    incoming: Incoming,
    shown: Shown,
    times: BodyTimes,
    /// What of its declared length has not come.
    left: Option<u64>,
    /// What has come and was not sent on so far; `None` where it need not be compared.
    compared: Option<Vec<u8>>,
}

impl AskedBody {
    /// `declared` is what the client said of its length; with `is_compared` it may only be sent on as
    /// it came.
    pub(super) fn new(
        incoming: Incoming,
        shown: Shown,
        times: BodyTimes,
        declared: Option<u64>,
        is_compared: bool,
    ) -> Self {
        Self {
            incoming,
            shown,
            times,
            left: declared,
            compared: is_compared.then(Vec::new),
        }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// If it is not shown, not whole, or does not come in time.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, BodyFailure> {
        if self.shown == Shown::Head {
            return Err(BodyFailure::NotShown);
        }
        loop {
            let within = self.times.end.min(Instant::now() + self.times.idle);
            let frame = match timeout_at(within, self.incoming.frame()).await {
                Err(_elapsed) => return Err(BodyFailure::TooSlow),
                Ok(Some(Err(_gone))) => return Err(BodyFailure::Broken),
                Ok(None) => return self.end(),
                Ok(Some(Ok(frame))) => frame,
            };
            // Trailers are headers nobody allowed.
            if let Ok(piece) = frame.into_data() {
                self.came(&piece)?;
                return Ok(Some(piece));
            }
        }
    }

    /// Whether nothing more comes.
    pub(super) fn has_ended(&self) -> bool {
        self.incoming.is_end_stream() && self.left.is_none_or(|left| left == 0)
    }

    /// Reads what is left to nowhere. A proxy that cannot send all of a question reads no answer, and has one of its
    /// own for its client.
    pub(super) async fn discard(&mut self, discard: Discard) {
        let mut left = discard.bytes;
        let reading = async {
            while let Some(Ok(frame)) = self.incoming.frame().await {
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        // Either way the proxy has had its chance.
        let _ = timeout(discard.time, reading).await;
    }

    /// Notes what is sent on. Whether it is what came, as far as it goes.
    pub(super) fn is_sent_as_it_came(&mut self, bytes: &[u8]) -> bool {
        let Some(came) = &mut self.compared else {
            return true;
        };
        let is_same = came.starts_with(bytes);
        if is_same {
            came.drain(..bytes.len());
        }
        is_same
    }

    /// Whether all that came was sent on.
    pub(super) fn is_sent(&self) -> bool {
        self.compared.as_ref().is_none_or(Vec::is_empty)
    }

    fn came(&mut self, piece: &Bytes) -> Result<(), BodyFailure> {
        if let Some(left) = &mut self.left {
            let longer = || BodyFailure::Broken;
            *left = left.checked_sub(piece.len() as u64).ok_or_else(longer)?;
        }
        if let Some(compared) = &mut self.compared {
            compared.extend_from_slice(piece);
        }
        Ok(())
    }

    /// # Errors
    /// If the client said that there is more: a part is not taken for the whole.
    fn end(&self) -> Result<Option<Bytes>, BodyFailure> {
        match self.left {
            None | Some(0) => Ok(None),
            Some(_) => Err(BodyFailure::NotShown),
        }
    }
}
