//! What can be wrong with a body, and how a client is told.

use crate::refusal::{Code, Refusal};

/// Why a body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    ByteOrderMark,
    NotAnObject,
    Unexpected,
    Trailing,
    Truncated,
    Empty,
    TooDeep,
    Number,
    Control,
    Escape,
    Utf8,
    Surrogate,
    ModelTwice,
    ModelFolded,
    ModelNotString,
    ModelTooLong,
}

impl Flaw {
    /// The refusal for this flaw, found at byte `at` of the body.
    pub(crate) fn refusal(self, at: usize) -> Refusal {
        let message = format!("The body is refused at byte {at}: {}", self.message());
        let refusal = Refusal::new(self.code(), message);
        match self {
            Self::ModelTwice | Self::ModelFolded | Self::ModelNotString | Self::ModelTooLong => {
                refusal.param("model")
            }
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
            Self::ByteOrderMark => "it begins with a byte order mark. Send UTF-8 without one.",
            Self::NotAnObject => "it is not a JSON object. Send one `{…}`.",
            Self::Unexpected => {
                "JSON does not allow this byte here. Check commas, colons, quotes and brackets."
            }
            Self::Trailing => {
                "something follows the JSON object. Send one object and nothing after it."
            }
            Self::Truncated => "it ends before the JSON object does. Send the whole object.",
            Self::Empty => "it is empty. Send one JSON object.",
            Self::TooDeep => "it is nested more than 128 deep. Send it flatter.",
            Self::Number => "this is not a JSON number.",
            Self::Control => "a string has a raw control character. Escape it as `\\u00XX`.",
            Self::Escape => "a string has an escape JSON does not know.",
            Self::Utf8 => "it is not valid UTF-8.",
            Self::Surrogate => {
                "a string has half a surrogate pair, as when text is cut inside an emoji. Cut between characters."
            }
            Self::ModelTwice => "`model` comes twice. Send it once.",
            Self::ModelFolded => {
                "a key is `model` in other case or with a NUL, which some servers take for it. Send `model` alone, in lower case."
            }
            Self::ModelNotString => {
                "`model` is not a string. Send one of the names `GET /v1/models` lists."
            }
            Self::ModelTooLong => {
                "`model` is longer than 1024 bytes. Send one of the names `GET /v1/models` lists."
            }
        }
    }
}
