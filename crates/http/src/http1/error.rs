//! Why a head or a body cannot be read.

/// Why bytes are no head of a message.
///
/// Exhaustive on purpose: a server answers some of these in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// It has more bytes than [`MAX_HEAD`](super::MAX_HEAD).
    #[error("the head is longer than {} bytes", super::MAX_HEAD)]
    TooLarge,
    /// It has more fields than [`MAX_FIELDS`](super::MAX_FIELDS).
    #[error("the head has more than {} fields", super::MAX_FIELDS)]
    TooManyFields,
    /// It does not begin as HTTP/1 does, or is of another version.
    #[error("it is not HTTP/1.0 or HTTP/1.1")]
    Version,
    /// What stands after the version in the first line is not what belongs there.
    #[error("the first line of the head is not valid")]
    FirstLine,
    /// The name of a field has other characters than a token, or none; or a line goes on in the next.
    #[error("the head has a field whose name is not valid")]
    FieldName,
    /// The value of a field has control characters.
    #[error("the head has a field whose value is not valid")]
    FieldValue,
    /// A line ends with a carriage return alone.
    #[error("a line of the head does not end with CR LF")]
    LineEnd,
    /// The lengths are not numbers, differ, or are beyond any body.
    #[error("the head has no one valid `content-length`")]
    Length,
    /// The body is in a coding that nobody asked for.
    #[error("the `transfer-encoding` is not `chunked` alone over HTTP/1.1")]
    TransferEncoding,
    /// The other side changes to a protocol that nobody asked for.
    #[error("the protocol is switched, and nobody asked for that")]
    SwitchedProtocol,
}

/// Why a body cannot be read on.
///
/// Exhaustive on purpose: there is no other way for a body to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The stream ended before the body did.
    #[error("the body ended before its end")]
    Truncated,
    /// A chunk does not begin with its size.
    #[error("a chunk has no valid size")]
    ChunkSize,
    /// A line between chunks, or the content of one, does not end with CR LF.
    #[error("a chunk does not end with CR LF")]
    ChunkEnd,
    /// The extensions of all chunks are too long.
    #[error("the chunks have too many extensions")]
    TooManyExtensions,
    /// A trailer field is not valid.
    #[error("a trailer field is not valid")]
    Trailer,
    /// There are too many trailer fields, or they are too long.
    #[error("there are too many trailer fields")]
    TooManyTrailers,
}

impl From<httparse::Error> for HeadError {
    fn from(error: httparse::Error) -> Self {
        match error {
            httparse::Error::HeaderName => Self::FieldName,
            httparse::Error::HeaderValue => Self::FieldValue,
            httparse::Error::NewLine => Self::LineEnd,
            httparse::Error::TooManyHeaders => Self::TooManyFields,
            httparse::Error::Version => Self::Version,
            httparse::Error::Status | httparse::Error::Token => Self::FirstLine,
        }
    }
}
