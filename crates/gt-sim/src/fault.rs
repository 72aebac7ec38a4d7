//! What can go wrong with an upstream, on demand.

/// What one request meets instead of, or on top of, its answer. All but [`Fault::CloseAtHead`] come after the
/// request's body has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Another answer; the request is not looked at.
    Answer {
        /// The status; one that HTTP does not know is 500.
        status: u16,
        /// Headers; what is not a legal header is left out.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// 307 to this place; the request is not looked at.
    Redirect(String),
    /// The answer is ready and not sent until `Handle::release_stalled`, or never if the client leaves.
    Stall,
    /// The connection is closed as soon as the head was read.
    CloseAtHead,
    /// The connection is closed where the answer would begin; the request is not looked at.
    CloseBeforeAnswer,
    /// These bytes are written in place of an answer, and the connection is closed.
    Raw(Vec<u8>),
    /// The answer begins and does not end.
    BreakBody {
        /// How much of the body is sent.
        after: After,
        /// What happens then.
        by: Break,
    },
    /// The answer with `content-encoding: gzip`; it really is.
    Gzip,
    /// The answer with this `content-length`: a shorter one cuts the body, after a longer one the connection closes early.
    WrongLength(u64),
}

impl Fault {
    /// An answer with a status and a JSON body.
    #[must_use]
    pub fn status(status: u16, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Answer {
            status,
            headers,
            body: body.as_bytes().to_vec(),
        }
    }
}

/// How much of a body is sent before it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum After {
    /// So many bytes.
    Bytes(usize),
    /// So many events of a stream.
    Events(usize),
}

/// How a body breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Break {
    /// The connection is closed without the last chunk.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more comes, until the client leaves.
    Stall,
}
