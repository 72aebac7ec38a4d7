//! The tokens of an exchange: as GT's response says, or estimated where it was cut before it could.

use signalbox_http::restamp::Restamp;
use signalbox_http::usage::{Usage, estimate};

/// The tokens an exchange took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenUsage {
    /// How many.
    pub usage: Usage,
    /// Whether GT did not say: its response ended before its time, and this is an estimate of what
    /// was asked and had been said by then. One token stands for every four bytes, of the request's
    /// body as it came, and of the text that was said.
    pub is_estimated: bool,
}

/// Counts the tokens of an exchange.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Whether GT's response may say how many it took.
    is_counted: bool,
    /// Bytes of the request's body, if that is known.
    asked: Option<u64>,
    usage: Option<TokenUsage>,
    /// Whether GT was asked for it in the client's place.
    has_asked: bool,
}

impl Meter {
    /// For a request of a route that counts tokens, whose body has this length.
    pub(crate) const fn counting(asked: Option<u64>) -> Self {
        Self {
            is_counted: true,
            asked,
            usage: None,
            has_asked: false,
        }
    }

    /// GT is asked for the usage of a stream, and the client is not to see it.
    pub(crate) const fn asks(&mut self) {
        self.has_asked = true;
    }

    pub(crate) const fn has_asked(&self) -> bool {
        self.has_asked
    }

    pub(crate) const fn is_counted(&self) -> bool {
        self.is_counted
    }

    pub(crate) const fn usage(&self) -> Option<&TokenUsage> {
        self.usage.as_ref()
    }

    /// Whether a whole response of this status should have said something.
    pub(crate) fn lacks_usage(&self, status: u16) -> bool {
        self.is_counted && self.usage.is_none() && is_success(status)
    }

    /// The response has ended, whole or not.
    pub(crate) fn ends(&mut self, restamp: &Restamp, status: u16, is_whole: bool) {
        // One that names no number says nothing.
        let told = restamp.usage().filter(|it| *it != Usage::default());
        let told = told.map(|usage| TokenUsage {
            usage,
            is_estimated: false,
        });
        self.usage = match told {
            None if self.is_counted && !is_whole && is_success(status) => Some(TokenUsage {
                usage: Usage {
                    prompt: self.asked.map(estimate),
                    completion: Some(estimate(restamp.content_bytes())),
                    ..Usage::default()
                },
                is_estimated: true,
            }),
            told => told,
        };
    }
}

const fn is_success(status: u16) -> bool {
    matches!(status, 200..300)
}
