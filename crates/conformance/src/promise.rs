//! Which of the promises in the README a file of exchanges is about.

use serde::{Deserialize, Serialize};

/// One promise of "What holds" that bytes can show.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// Whatever fails, the request is refused.
    FailsClosed,
    /// A key may do what it may, whatever the policy says.
    KeyNotWidened,
    /// Nothing changes on the way but what has to.
    AsSent,
    /// Every request at GT was decided.
    NothingUnseen,
    /// Everything that is held has a bound.
    Bounded,
    /// A swap is whole.
    Swap,
    /// Keys stay where they are.
    Secrets,
}

impl Promise {
    /// In the order of the README.
    pub const ALL: [Self; 7] = [
        Self::FailsClosed,
        Self::KeyNotWidened,
        Self::AsSent,
        Self::NothingUnseen,
        Self::Bounded,
        Self::Swap,
        Self::Secrets,
    ];

    /// In the words of the README.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::FailsClosed => "whatever fails in a policy, the request is refused",
            Self::KeyNotWidened => "a policy cannot widen a key",
            Self::AsSent => "GT gets what the client sent",
            Self::NothingUnseen => "nothing reaches GT that the policy did not see",
            Self::Bounded => "nothing is held without a bound",
            Self::Swap => "a swap is a transaction",
            Self::Secrets => "secrets stay inside",
        }
    }
}
