//! Why a request goes no further, and what the client is told of it.

use bytes::Bytes;
use http::Response;
use signalbox_http::path;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::{Decision, Purpose};
use signalbox_runtime::Generation;

use crate::auth::authenticator::TokenRefused;
use crate::auth::credentials::NoCredential;
use crate::auth::rate_limit::Limited;
use crate::response::head;
use crate::upstream::request::ContractViolation;

/// Why a request goes no further, and who says so.
///
/// Exhaustive on purpose: each is recorded in its own way.
#[derive(Debug)]
pub enum Rejection {
    /// The policy gave no decision, or one that cannot be followed.
    Failed {
        /// A stable word for the log and the metrics.
        cause: &'static str,
        /// Whether the guest itself failed, and not the host or its load.
        is_guests: bool,
        /// What the client is told.
        refusal: Refusal,
    },
    /// The host itself.
    Host(Refusal),
    /// The policy.
    Policy {
        /// What it decided.
        decision: Box<Decision>,
        /// What the client is told.
        refusal: Refusal,
        /// The same as it is sent: a refusal that comes again is written once.
        body: Bytes,
    },
}

impl Rejection {
    /// Whether the policy says so.
    pub(crate) const fn is_by_policy(&self) -> bool {
        matches!(self, Self::Policy { .. })
    }

    /// What the client is told.
    #[must_use]
    pub const fn refusal(&self) -> &Refusal {
        match self {
            Self::Failed { refusal, .. } | Self::Host(refusal) | Self::Policy { refusal, .. } => {
                refusal
            }
        }
    }

    /// What the client is sent.
    pub(crate) fn response(&self) -> Response<Bytes> {
        match self {
            Self::Policy { refusal, body, .. } => head::refusal_with(refusal, body.clone()),
            Self::Failed { refusal, .. } | Self::Host(refusal) => head::refusal(refusal),
        }
    }

    /// A policy's refusal. A 405 names the methods there are; where a client reaches for a route that
    /// OpenAI has and GT has not, it reads what to call or change instead of the nearest route.
    pub fn of_policy(
        refused: signalbox_policy::Refusal,
        method: &str,
        target: &str,
        generation: &Generation,
    ) -> Self {
        let is = |code: Code| refused.status == code.status() && refused.code == code.word();
        let is_no_route = is(Code::UnknownRoute);
        let advice = (is_no_route || is(Code::MethodNotAllowed))
            .then(|| path::advice(method, target))
            .flatten();
        let refusal = match advice {
            Some(advice) if is_no_route => {
                let message = format!("There is no route {method} {target}. {advice}");
                Refusal::new(Code::UnknownRoute, message)
            }
            Some(advice) => {
                let message = format!("{} {advice}", refused.message);
                Refusal::new(Code::MethodNotAllowed, message)
            }
            None => {
                let param = refused.param.as_deref();
                Refusal::from_policy(refused.status, &refused.code, &refused.message, param)
            }
        };
        let refusal = if refused.status == 405 {
            refusal.allow(methods_of(generation, target))
        } else {
            refusal
        };
        Self::Policy {
            decision: Box::new(Decision::Refuse(refused)),
            body: refusal.body().into(),
            refusal,
        }
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::Host(refusal)
    }
}

impl From<ContractViolation> for Rejection {
    /// A decision that reads well and cannot be followed breaks the contract.
    fn from(breach: ContractViolation) -> Self {
        Self::Failed {
            cause: breach.cause(),
            // It depends on the key, as a refusal does.
            is_guests: false,
            refusal: Refusal::of(Code::PolicyFailed),
        }
    }
}

/// The methods a policy has for a path.
fn methods_of(generation: &Generation, path: &str) -> String {
    let routes = generation.description().routes.iter();
    let methods: Vec<&str> = routes
        .filter(|route| path::matches(&route.template, path).is_some())
        .map(|route| route.method.as_str())
        .collect();
    methods.join(", ")
}

/// The head announces a body that is too large.
pub(crate) fn too_large(limit: u64) -> Refusal {
    let message = format!("The body is larger than the {limit} bytes this key may send at once.");
    Refusal::new(Code::BodyTooLarge, message)
}

/// 401, or 503 where there was no time to find out.
pub(crate) fn token(refused: TokenRefused) -> Refusal {
    match refused {
        TokenRefused::Invalid => Refusal::of(Code::InvalidApiKey),
        TokenRefused::Busy => Refusal::of(Code::Overloaded),
    }
}

/// The key has to wait.
pub(crate) fn limited(limited: Limited) -> Refusal {
    let code = match limited {
        Limited::Streams => Code::TooManyStreams,
        Limited::Concurrent => Code::RateLimited,
        Limited::PerMinute { .. } => Code::RateLimited,
    };
    let refusal = match limited {
        Limited::Concurrent => Refusal::new(
            code,
            "This key has as many requests under way as it may. Wait until one ends.",
        ),
        Limited::Streams => Refusal::new(
            code,
            "This key has as many streams open as it may. Wait until one ends.",
        ),
        Limited::PerMinute { .. } => Refusal::of(code),
    };
    refusal.retry_after(limited.retry_after_seconds())
}

/// No GT key is there for the request.
pub(crate) fn no_credential(missing: NoCredential) -> Refusal {
    match missing {
        NoCredential::Purpose(Purpose::Conversation) => Refusal::of(Code::ConversationNotAllowed),
        NoCredential::Purpose(_) => Refusal::of(Code::PurposeNotAllowed),
        NoCredential::Missing(purpose) => Refusal::new(
            Code::UpstreamCredentialRejected,
            format!(
                "This gate has no GT key for the purpose `{}`. Your key is fine; tell the operator.",
                purpose.word()
            ),
        ),
    }
}
