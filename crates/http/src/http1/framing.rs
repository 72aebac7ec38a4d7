//! Where the body of a message ends, and whether its connection goes on after it (RFC 9112,
//! sections 6 and 9).

use super::error::HeadError;
use super::head::{Fields, ResponseHead};
use crate::head::Version;

/// Where a body ends.
///
/// Exhaustive on purpose: there is no other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// After so many bytes; zero is no body.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection. Only a response may end so.
    UntilClose,
}

/// What the head of a response says of what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseFraming {
    /// Where its body ends.
    pub body: BodyFraming,
    /// Whether the connection can have another request after it.
    pub keeps_alive: bool,
}

impl ResponseHead<'_, '_> {
    /// Whether the response proper still comes.
    #[must_use]
    pub const fn is_interim(&self) -> bool {
        self.status < 200
    }

    /// Where the body ends, and the connection. `to_head` says that the request was a HEAD.
    ///
    /// # Errors
    /// The fields do not say it, or do not say one thing.
    pub fn framing(&self, to_head: bool) -> Result<ResponseFraming, HeadError> {
        if self.status == 101 {
            return Err(HeadError::SwitchedProtocol);
        }
        let fields = FramingFields::of(self.fields);
        let body = if to_head || self.is_interim() || matches!(self.status, 204 | 304) {
            BodyFraming::Length(0)
        } else {
            fields
                .body(self.version)?
                .unwrap_or(BodyFraming::UntilClose)
        };
        // A length beside chunks may be what somebody before us went by.
        let is_plain = !fields.has_both() && body != BodyFraming::UntilClose;
        Ok(ResponseFraming {
            body,
            keeps_alive: is_plain && fields.connection.keeps_alive(self.version),
        })
    }
}

/// What the fields of a head say of where its message ends.
#[derive(Clone, Copy, Debug, Default)]
struct FramingFields {
    length: Option<Result<u64, HeadError>>,
    coding: Option<Result<(), HeadError>>,
    connection: ConnectionOptions,
}

/// What all `connection` fields of a head say of the connection itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ConnectionOptions {
    has_close: bool,
    has_keep_alive: bool,
}

impl FramingFields {
    fn of(fields: Fields<'_, '_>) -> Self {
        let mut found = Self::default();
        for (name, value) in fields.iter() {
            // By its length: few fields are looked at more closely.
            match name.len() {
                10 if name.eq_ignore_ascii_case("connection") => found.connection.add(value),
                14 if name.eq_ignore_ascii_case("content-length") => found.length(value),
                17 if name.eq_ignore_ascii_case("transfer-encoding") => found.coding(value),
                _ => {}
            }
        }
        found
    }

    /// `None` if they do not say anything.
    fn body(&self, version: Version) -> Result<Option<BodyFraming>, HeadError> {
        match (self.coding, self.length) {
            (Some(Ok(())), _) if version == Version::Http11 => Ok(Some(BodyFraming::Chunked)),
            (Some(_), _) => Err(HeadError::TransferEncoding),
            (None, Some(length)) => Ok(Some(BodyFraming::Length(length?))),
            (None, None) => Ok(None),
        }
    }

    const fn has_both(&self) -> bool {
        self.coding.is_some() && self.length.is_some()
    }

    /// The same length may be said more than once, in one field or in several.
    fn length(&mut self, value: &[u8]) {
        for said in value.split(|byte| *byte == b',') {
            let length = decimal(said.trim_ascii());
            self.length = Some(match self.length {
                Some(before) if before != length => Err(HeadError::Length),
                _ => length,
            });
        }
    }

    /// One `chunked`, once.
    fn coding(&mut self, value: &[u8]) {
        let is_chunked = value.trim_ascii().eq_ignore_ascii_case(b"chunked");
        let is_first = self.coding.is_none();
        let is_plain = is_chunked && is_first;
        self.coding = Some(is_plain.then_some(()).ok_or(HeadError::TransferEncoding));
    }
}

impl ConnectionOptions {
    pub(super) fn add(&mut self, value: &[u8]) {
        // Others read nothing of a value that is not ASCII, or read it differently.
        self.has_close |= says(value, b"close") || !value.is_ascii();
        self.has_keep_alive |= says(value, b"keep-alive");
    }

    /// Whether another message may follow.
    pub(super) const fn keeps_alive(self, version: Version) -> bool {
        !self.has_close && (matches!(version, Version::Http11) || self.has_keep_alive)
    }
}

/// Whether one of the options of a `connection` is this one.
fn says(value: &[u8], option: &[u8]) -> bool {
    let mut options = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    options.any(|said| said.eq_ignore_ascii_case(option))
}

/// Digits alone: `parse` would take a sign.
fn decimal(digits: &[u8]) -> Result<u64, HeadError> {
    if digits.is_empty() {
        return Err(HeadError::Length);
    }
    let mut number: u64 = 0;
    for digit in digits {
        let value = digit.wrapping_sub(b'0');
        let longer = number
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(value.into()));
        match longer {
            Some(longer) if value < 10 && longer <= MAX_LENGTH => number = longer,
            _ => return Err(HeadError::Length),
        }
    }
    Ok(number)
}

/// What is beyond it, others read as a negative number.
const MAX_LENGTH: u64 = i64::MAX.unsigned_abs();
