//! The body of an answer as it comes in.

use std::fmt;

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};

use crate::driver::Driver;
use crate::error::{ClientError, Phase};
use crate::limits::Clock;

/// The body of an answer, still to come. Dropping it closes the connection.
pub struct Body {
    incoming: Incoming,
    driver: Driver,
    clock: Clock,
}

impl Body {
    pub(crate) const fn new(incoming: Incoming, driver: Driver, clock: Clock) -> Self {
        Self {
            incoming,
            driver,
            clock,
        }
    }

    /// What comes next; `None` at the end. How much comes in all is for the caller to bound.
    ///
    /// # Errors
    /// If the connection ends before the body does, or nothing comes in time.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, ClientError> {
        loop {
            let coming = self.driver.drive(self.incoming.frame());
            let Some(frame) = self.clock.wait(Phase::Body, coming).await? else {
                return Ok(None);
            };
            // Trailers say nothing that is needed.
            if let Ok(bytes) = frame?.into_data() {
                return Ok(Some(bytes));
            }
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// If it is longer than allowed, which is known early if the head says so; else as
    /// [`Self::piece`].
    pub async fn whole(mut self) -> Result<Vec<u8>, ClientError> {
        let most = self.clock.limits.body;
        let mut whole = Vec::new();
        if self.incoming.size_hint().lower() > most {
            return Err(ClientError::TooLong(most));
        }
        while let Some(bytes) = self.piece().await? {
            if (whole.len() + bytes.len()) as u64 > most {
                return Err(ClientError::TooLong(most));
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Body").finish_non_exhaustive()
    }
}
