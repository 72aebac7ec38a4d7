//! Who may ask what.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, StatusCode, header};
use subtle::{Choice, ConstantTimeEq as _};

use super::Overview;
use super::answer::{Answer, Refused, json, metrics};
use crate::config::AdminConfig;
use crate::digest::Digest;
use crate::record::DecisionId;

/// What answers.
pub(super) struct Desk {
    pub(super) config: AdminConfig,
    pub(super) overview: Arc<dyn Overview>,
}

enum Route<'a> {
    Health,
    Readiness,
    Metrics,
    Status,
    Decision(&'a str),
}

impl Desk {
    /// Host and origin come first: a page in a browser learns nothing, not even which routes exist.
    pub(super) fn answer(&self, head: &Parts) -> Answer {
        self.check(head).unwrap_or_else(Refused::answer)
    }

    fn check(&self, head: &Parts) -> Result<Answer, Refused> {
        self.check_host(head)?;
        if head.headers.contains_key(header::ORIGIN) {
            return Err(Refused::Origin);
        }
        let route = Route::of(head.uri.path()).ok_or(Refused::Route)?;
        if head.method != Method::GET && head.method != Method::HEAD {
            return Err(Refused::Method);
        }
        if !route.is_open() {
            self.check_token(head)?;
        }
        self.show(&route)
    }

    fn show(&self, route: &Route<'_>) -> Result<Answer, Refused> {
        Ok(match route {
            Route::Health => json(StatusCode::OK, &serde_json::json!({"status": "ok"})),
            Route::Readiness => {
                let readiness = self.overview.readiness();
                let status = if readiness.is_ready() {
                    StatusCode::OK
                } else {
                    StatusCode::SERVICE_UNAVAILABLE
                };
                json(status, &readiness)
            }
            Route::Metrics => metrics(self.overview.metrics()),
            Route::Status => json(StatusCode::OK, &self.overview.status()),
            Route::Decision(id) => {
                let id = DecisionId::parse(id).ok_or(Refused::Decision)?;
                let record = self.overview.decision(id).ok_or(Refused::Decision)?;
                json(StatusCode::OK, &record)
            }
        })
    }

    /// The target's own host counts as well, if it has one: HTTP lets it override the header.
    fn check_host(&self, head: &Parts) -> Result<(), Refused> {
        let mut named = head.headers.get_all(header::HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else {
            return Err(Refused::Host);
        };
        let is_ours = |authority: &str| self.config.is_own_host(authority);
        let target = head.uri.authority();
        if host.to_str().is_ok_and(is_ours) && target.is_none_or(|target| is_ours(target.as_str()))
        {
            Ok(())
        } else {
            Err(Refused::Host)
        }
    }

    /// Both digests are always compared, so that time does not tell which token was nearly right.
    fn check_token(&self, head: &Parts) -> Result<(), Refused> {
        let mut values = head.headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Refused::Token);
        };
        let token = value.to_str().ok().and_then(|value| value.split_once(' '));
        let Some(("Bearer" | "bearer", token)) = token else {
            return Err(Refused::Token);
        };
        let given = Digest::of(token);
        let matches = [&self.config.operate_token, &self.config.view_token]
            .into_iter()
            .flatten()
            .fold(Choice::from(0), |matches, known| {
                matches | known.ct_eq(&given)
            });
        if bool::from(matches) {
            Ok(())
        } else {
            Err(Refused::Token)
        }
    }
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Self> {
        match path {
            "/healthz" => Some(Self::Health),
            "/readyz" => Some(Self::Readiness),
            "/metrics" => Some(Self::Metrics),
            "/status" => Some(Self::Status),
            _ => path.strip_prefix("/decisions/").map(Self::Decision),
        }
    }

    /// Load balancers and orchestrators have no token.
    const fn is_open(&self) -> bool {
        matches!(self, Self::Health | Self::Readiness)
    }
}
