//! What can be wrong with a multipart body, and how a client is told.

use crate::refusal::{Code, Refusal};

/// Why a multipart body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Start,
    Border,
    LineEnd,
    Epilogue,
    Truncated,
    HeadTooLong,
    Header,
    Disposition,
    Name,
    Nested,
    ModelTwice,
    ModelFolded,
    ModelIsFile,
    ModelEncoded,
    ModelTooLong,
    ModelNotText,
}

impl Flaw {
    /// The refusal for this flaw, found at about byte `at` of the body.
    pub(super) fn refusal(self, at: u64) -> Refusal {
        let message = format!("The body is refused near byte {at}: {}", self.message());
        let refusal = Refusal::new(self.code(), message);
        match self {
            Self::ModelTwice
            | Self::ModelFolded
            | Self::ModelIsFile
            | Self::ModelEncoded
            | Self::ModelTooLong
            | Self::ModelNotText => refusal.param("model"),
            _ => refusal,
        }
    }

    const fn code(self) -> Code {
        match self {
            Self::ModelTwice | Self::ModelFolded => Code::AmbiguousModel,
            _ => Code::InvalidBody,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Start => "it does not begin with the boundary that `content-type` announces.",
            Self::Border => "a boundary is followed neither by a line end nor by `--`.",
            Self::LineEnd => {
                "a boundary follows a lone CR or LF, or a part has no value. End lines with CRLF."
            }
            Self::Epilogue => "something follows the last boundary. Send nothing after it.",
            Self::Truncated => "it ends before its last boundary. Send the whole body.",
            Self::HeadTooLong => "the headers of a part are longer than 8 KiB.",
            Self::Header => {
                "a part has a header that cannot be read. Send `name: value` lines that end with CRLF."
            }
            Self::Disposition => {
                "a part needs one `Content-Disposition: form-data` with one quoted `name`."
            }
            Self::Name => {
                "the name of a part has characters that servers read differently. Use visible ASCII without quotes, backslashes, percent signs and `=?`."
            }
            Self::Nested => {
                "a part holds parts of its own, which some servers take for parts of the form. Send a flat form."
            }
            Self::ModelTwice => "`model` comes twice. Send it once.",
            Self::ModelFolded => {
                "the name of a part is one that some servers take for `model`. Send `model` alone, in lower case."
            }
            Self::ModelIsFile => "`model` is sent as a file. Send it as a plain field.",
            Self::ModelEncoded => {
                "`model` has a transfer encoding or a type other than `text/plain`. Send it as plain text."
            }
            Self::ModelTooLong => {
                "`model` is longer than 1024 bytes. Send one of the names `GET /v1/models` lists."
            }
            Self::ModelNotText => {
                "`model` is not plain text: UTF-8 without control characters and byte order mark."
            }
        }
    }
}
