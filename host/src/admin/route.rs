//! Which routes there are, by which methods, and what each takes.

use http::Method;

use super::error::AdminError;
use super::guard::Access;

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    Show(Show<'a>),
    Act(Act<'a>),
}

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show<'a> {
    Decision(&'a str),
    Health,
    Metrics,
    Policies,
    Policy(&'a str),
    Readiness,
    Status,
    Swap(&'a str),
    Swaps,
}

/// What takes a body, and what changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act<'a> {
    Explain,
    Promote(&'a str),
    Revoke,
    Rollback(&'a str),
    Swap,
    Withdraw(&'a str),
}

/// One path.
#[derive(Clone, Copy, Debug, Default)]
struct Route<'a> {
    show: Option<Show<'a>>,
    act: Option<Act<'a>>,
}

impl<'a> Asked<'a> {
    /// What a method means on a path.
    pub(super) fn of(method: &Method, path: &'a str) -> Result<Self, AdminError> {
        let Route { show, act } = Route::of(path).ok_or(AdminError::Route)?;
        let asked = match *method {
            Method::GET | Method::HEAD => show.map(Self::Show),
            Method::POST => act.map(Self::Act),
            _ => None,
        };
        asked.ok_or(AdminError::Method(match (show, act) {
            (Some(_), Some(_)) => "GET, HEAD, POST",
            (None, Some(_)) => "POST",
            (_, None) => "GET, HEAD",
        }))
    }

    /// Load balancers and orchestrators have no token. An explanation changes nothing.
    pub(super) const fn needs(&self) -> Access {
        match self {
            Self::Show(Show::Health | Show::Readiness) => Access::Open,
            Self::Show(_) | Self::Act(Act::Explain) => Access::View,
            Self::Act(_) => Access::Operate,
        }
    }
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let show = |show| Self {
            show: Some(show),
            act: None,
        };
        let act = |act| Self {
            show: None,
            act: Some(act),
        };
        Some(match path {
            "/healthz" => show(Show::Health),
            "/readyz" => show(Show::Readiness),
            "/metrics" => show(Show::Metrics),
            "/status" => show(Show::Status),
            "/policies" => show(Show::Policies),
            "/revoke" => act(Act::Revoke),
            "/explain" => act(Act::Explain),
            "/swaps" => Self {
                show: Some(Show::Swaps),
                act: Some(Act::Swap),
            },
            _ => match path.strip_prefix('/')?.split_once('/')? {
                ("decisions", id) => show(Show::Decision(id)),
                ("swaps", number) => show(Show::Swap(number)),
                ("policies", rest) => match rest.split_once('/') {
                    None => show(Show::Policy(rest)),
                    Some((name, "rollback")) => act(Act::Rollback(name)),
                    Some((name, "promote")) => act(Act::Promote(name)),
                    Some((name, "withdraw")) => act(Act::Withdraw(name)),
                    Some(_) => return None,
                },
                _ => return None,
            },
        })
    }
}
