//! An answer as it comes in: whole, or line by line.

use std::time::Duration;

use http::{Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use tokio::{task::JoinSet, time::timeout};

use super::{Address, AdminError};

/// A host's answer, whose body is still to come.
pub(super) struct Answer {
    status: StatusCode,
    is_lines: bool,
    body: Incoming,
    /// What came and is not a whole line yet.
    held: Vec<u8>,
    address: Address,
    patience: Duration,
    /// Drives the connection for as long as this lives.
    _driver: JoinSet<()>,
}

impl Answer {
    pub(super) fn new(
        answer: Response<Incoming>,
        address: Address,
        patience: Duration,
        driver: JoinSet<()>,
    ) -> Self {
        let kind = answer.headers().get(header::CONTENT_TYPE);
        Self {
            status: answer.status(),
            is_lines: answer.status() == StatusCode::OK
                && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-ndjson")),
            body: answer.into_body(),
            held: Vec::new(),
            address,
            patience,
            _driver: driver,
        }
    }

    /// Whether it comes line by line.
    pub(super) const fn is_lines(&self) -> bool {
        self.is_lines
    }

    /// All of it.
    pub(super) async fn whole(mut self) -> Result<(StatusCode, Vec<u8>), AdminError> {
        let mut all = Vec::new();
        while let Some(piece) = self.piece().await? {
            all.extend_from_slice(&piece);
            if all.len() > MOST_BYTES {
                return Err(AdminError::TooLong);
            }
        }
        Ok((self.status, all))
    }

    /// The next line that has something on it; `None` at the end.
    pub(super) async fn line(&mut self) -> Result<Option<Vec<u8>>, AdminError> {
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let rest = self.held.split_off(end + 1);
                let line = std::mem::replace(&mut self.held, rest);
                if !line.trim_ascii().is_empty() {
                    return Ok(Some(line));
                }
                continue;
            }
            match self.piece().await? {
                Some(piece) => self.held.extend_from_slice(&piece),
                // What stands behind the last line end was cut in the middle.
                None => return Ok(None),
            }
            if self.held.len() > MOST_BYTES {
                return Err(AdminError::TooLong);
            }
        }
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, AdminError> {
        loop {
            let frame = match timeout(self.patience, self.body.frame()).await {
                Ok(None) => return Ok(None),
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(_))) => return Err(AdminError::Cut),
                Err(_) => return Err(AdminError::silent(&self.address, self.patience)),
            };
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
    }
}

/// A whole history with long messages has a hundredth of that.
const MOST_BYTES: usize = 64 << 20;
