//! Answers in JSON.

use http::StatusCode;
use serde::Serialize;

use super::answer::{self, Answer};
use super::error::AdminError;

/// JSON with a final line end, for people who use curl.
pub(super) fn answer(status: StatusCode, value: &impl Serialize) -> Answer {
    match line(value) {
        Ok(body) => answer::of(status, "application/json", body),
        Err(refused) => refused.answer(),
    }
}

/// JSON as one line.
pub(super) fn line(value: &impl Serialize) -> Result<Vec<u8>, AdminError> {
    let mut line = serde_json::to_vec(value).map_err(|_| AdminError::Internal)?;
    line.push(b'\n');
    Ok(line)
}
