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
    HeaderTwice,
    Disposition,
    Parameter,
    OpenQuote,
    Name,
    HiddenName,
    Nested,
    ModelTwice,
    ModelFolded,
    ModelIsFile,
    ModelEncoded,
    ModelType,
    ModelTooLong,
    ModelNotText,
    ModelNotAscii,
    BoundaryInName,
    BoundaryInside,
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
            | Self::ModelType
            | Self::ModelTooLong
            | Self::ModelNotText
            | Self::ModelNotAscii => refusal.param("model"),
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
            Self::HeaderTwice => {
                "a part has two headers `Content-Disposition` or `Content-Type`. Send each once."
            }
            Self::Disposition => "a part needs a header `Content-Disposition: form-data`.",
            Self::Parameter => {
                "the `Content-Disposition` of a part needs a `name` first, and after it at most one `filename` and one `filename*`, in quotes if they are more than a word."
            }
            Self::OpenQuote => {
                "a quote in the `Content-Disposition` of a part does not end. A backslash takes the character after it along: double it."
            }
            Self::Name => {
                "the name of a part has characters that servers read differently. Use visible ASCII without quotes, backslashes, percent signs and `=?`; without quotes around it, letters, digits, `-`, `_` and `.`."
            }
            Self::HiddenName => {
                "some servers take a piece of a file name, or of another header, for the name of the part. Rename the file."
            }
            Self::Nested => {
                "a part holds parts of its own, which some servers take for parts of the form. Send a flat form."
            }
            Self::ModelTwice => "`model` comes twice. Send it once.",
            Self::ModelFolded => {
                "the name of a part is one that some servers take for `model`. Send `model` alone, in lower case."
            }
            Self::ModelIsFile => "`model` is sent as a file. Send it as a plain field.",
            Self::ModelEncoded => "`model` has a transfer encoding. Send it as plain text.",
            Self::ModelType => {
                "`model` has a type other than `text/plain`, or a charset other than UTF-8, ISO-8859-1, windows-1252 and US-ASCII. Send it as plain text in UTF-8."
            }
            Self::ModelTooLong => {
                "`model` is longer than 1024 bytes. Send one of the names `GET /v1/models` lists."
            }
            Self::ModelNotText => {
                "`model` is not plain text: UTF-8 without control characters and byte order mark."
            }
            Self::ModelNotAscii => {
                "`model`, or the name it stands for, is not ASCII, and its charset is not UTF-8. Send it as UTF-8."
            }
            Self::BoundaryInside => {
                "the boundary stands inside a part, where some servers split. Choose another."
            }
            Self::BoundaryInName => {
                "the boundary cannot be told from the name that `model` stands for. Choose another."
            }
        }
    }
}
