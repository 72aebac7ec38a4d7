//! An answer as it comes in: whole, or line by line.

use http::{Response, StatusCode, header};
use signalbox_http_client::{Body, Url};

use super::AdminError;

/// A host's answer, whose body is still to come.
pub(super) struct Answer {
    status: StatusCode,
    is_lines: bool,
    body: Body,
    /// What came and is not a whole line yet.
    held: Vec<u8>,
    address: Url,
    /// Bytes of a line.
    most: u64,
}

impl Answer {
    pub(super) fn new(answer: Response<Body>, address: Url, most: u64) -> Self {
        let kind = answer.headers().get(header::CONTENT_TYPE);
        Self {
            status: answer.status(),
            is_lines: answer.status() == StatusCode::OK
                && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-ndjson")),
            body: answer.into_body(),
            held: Vec::new(),
            address,
            most,
        }
    }

    /// Whether it comes line by line.
    pub(super) const fn is_lines(&self) -> bool {
        self.is_lines
    }

    /// All of it.
    pub(super) async fn whole(self) -> Result<(StatusCode, Vec<u8>), AdminError> {
        let whole = self.body.whole().await;
        let whole = whole.map_err(|error| AdminError::cut_short(&self.address, error))?;
        Ok((self.status, whole))
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
            let piece = self.body.piece().await;
            match piece.map_err(|error| AdminError::cut_short(&self.address, error))? {
                Some(piece) => self.held.extend_from_slice(&piece),
                // What stands behind the last line end was cut in the middle.
                None => return Ok(None),
            }
            if self.held.len() as u64 > self.most {
                return Err(AdminError::TooLong);
            }
        }
    }
}
