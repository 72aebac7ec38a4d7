//! The head of a message, as `httparse` reads it, within bounds.

use std::fmt;
use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Response, Status};

use super::error::HeadError;
use crate::head::Version;

/// The longest head that is read.
pub const MAX_HEAD: usize = 64 << 10;

/// The most fields that a head may have.
pub const MAX_FIELDS: usize = 128;

/// Where the fields of a head are listed while it is looked at. They are not copied.
pub struct FieldSlots<'b>([MaybeUninit<Header<'b>>; MAX_FIELDS]);

/// The fields of a head, in its order. A field that came twice is there twice.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'s, 'b>(&'s [Header<'b>]);

/// The head of a response.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ResponseHead<'s, 'b> {
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// From 100 to 999.
    pub status: u16,
    /// The fields.
    pub fields: Fields<'s, 'b>,
    /// How many bytes the head has. What follows is the body, or the next head.
    pub length: usize,
}

/// Tells cheaply whether a head that comes in pieces is worth reading: once at its beginning, so that
/// what is no HTTP is seen at once, then only where a blank line has come, and always once it is as
/// long as any may be.
#[derive(Clone, Copy, Debug)]
pub struct HeadScan {
    most: usize,
    seen: usize,
}

impl<'b> FieldSlots<'b> {
    /// Without fields.
    #[must_use]
    pub const fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; MAX_FIELDS])
    }

    pub(super) const fn as_uninit(&mut self) -> &mut [MaybeUninit<Header<'b>>] {
        &mut self.0
    }
}

impl Default for FieldSlots<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FieldSlots<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FieldSlots")
    }
}

impl<'s, 'b> Fields<'s, 'b> {
    pub(super) const fn new(fields: &'s [Header<'b>]) -> Self {
        Self(fields)
    }

    /// Each field: its name as it was written, and its value without the blanks around it.
    pub fn iter(self) -> impl Iterator<Item = (&'b str, &'b [u8])> + use<'s, 'b> {
        self.0.iter().map(|field| (field.name, field.value))
    }

    /// How many there are.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0.len()
    }
}

impl HeadScan {
    /// Before a head that may have this many bytes.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, seen: 0 }
    }

    /// Whether `bytes`, which begin with the head, may have all of it, or show that it is none.
    pub fn is_worth_reading(&mut self, bytes: &[u8]) -> bool {
        let seen = std::mem::replace(&mut self.seen, bytes.len());
        if seen == 0 || bytes.len() >= self.most {
            return !bytes.is_empty();
        }
        // The line before may have ended with the last byte that was seen.
        let new = bytes.get(seen.saturating_sub(2)..).unwrap_or_default();
        memchr::memchr_iter(b'\n', new).any(|at| {
            let after = new.get(at + 1..).unwrap_or_default();
            after.starts_with(b"\n") || after.starts_with(b"\r\n")
        })
    }
}

/// Reads the head of a response at the start of `bytes`; `None` if not all of it is there.
///
/// Interim responses (1xx) are heads like others: see [`ResponseHead::is_interim`].
///
/// # Errors
/// What is there can be no head, or is longer than any may be.
pub fn response_head<'s, 'b>(
    bytes: &'b [u8],
    slots: &'s mut FieldSlots<'b>,
) -> Result<Option<ResponseHead<'s, 'b>>, HeadError> {
    let mut response = Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut slots.0,
    );
    let length = match parsed? {
        Status::Complete(length) if length <= MAX_HEAD => length,
        Status::Partial if bytes.len() < MAX_HEAD => return Ok(None),
        Status::Complete(_) | Status::Partial => return Err(HeadError::TooLarge),
    };
    let status = response.code.unwrap_or_default();
    if status < 100 {
        return Err(HeadError::FirstLine);
    }
    Ok(Some(ResponseHead {
        version: version(response.version),
        status,
        fields: Fields(response.headers),
        length,
    }))
}

pub(super) const fn version(minor: Option<u8>) -> Version {
    match minor {
        Some(1) => Version::Http11,
        _ => Version::Http10,
    }
}
