//! Why a JWT is refused: for metrics and the log, never for the client.

/// Why a JWT is refused.
///
/// Exhaustive on purpose: each is the value of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is longer than tokens are.
    TooLarge,
    /// Not three parts, not base64, not JSON, a name twice.
    Malformed,
    /// It wants to be read in a way we do not know.
    Critical,
    /// Not an issuer of ours.
    Issuer,
    /// Not a key of the issuer's, or none is named and there are several.
    Key,
    /// Not what the key is for.
    Algorithm,
    /// Not for us.
    Audience,
    /// It says not when it ends, or has.
    Expired,
    /// It is not valid yet.
    NotYet,
    /// Nobody, or nobody who can be written down.
    Subject,
    /// A claim says what it cannot.
    Claim,
    /// Nothing to be measured by.
    Profile,
    /// Not signed with the key.
    Signature,
    /// Too many signatures wait to be checked, most of them on this connection.
    QueueFull,
    /// It was not its turn in time.
    QueueTime,
    /// The check itself failed.
    CheckFailed,
}

impl Refused {
    /// The value of the label.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::Critical => "critical",
            Self::Issuer => "issuer",
            Self::Key => "key",
            Self::Algorithm => "algorithm",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Subject => "subject",
            Self::Claim => "claim",
            Self::Profile => "profile",
            Self::Signature => "signature",
            Self::QueueFull => "queue_full",
            Self::QueueTime => "queue_time",
            Self::CheckFailed => "check_failed",
        }
    }

    /// Whether the same token may be accepted at once when it is shown again.
    pub(crate) const fn is_for_now(self) -> bool {
        matches!(self, Self::QueueFull | Self::QueueTime | Self::CheckFailed)
    }
}
