//! What can be looked at.

use http::StatusCode;

use super::answer::{self, Answer};
use super::api::AdminApi;
use super::error::AdminError;
use super::json;
use super::route::Show;
use crate::observe::record::DecisionId;

impl AdminApi {
    pub(super) fn show(&self, show: Show<'_>) -> Result<Answer, AdminError> {
        let overview = &self.overview;
        Ok(match show {
            Show::Health => ok(&serde_json::json!({"status": "ok"})),
            Show::Readiness => {
                let readiness = overview.readiness();
                let status = if readiness.is_ready() {
                    StatusCode::OK
                } else {
                    StatusCode::SERVICE_UNAVAILABLE
                };
                json::answer(status, &readiness)
            }
            Show::Metrics => answer::metrics(overview.metrics()),
            Show::Status => ok(&overview.status()),
            Show::Decision(id) => {
                let id = DecisionId::parse(id).ok_or(AdminError::Decision)?;
                ok(&overview.decision(id).ok_or(AdminError::Decision)?)
            }
            Show::Swaps => ok(&serde_json::json!({"swaps": overview.swaps().history()})),
            Show::Swap(number) => {
                let number = number.parse().map_err(|_| AdminError::Swap)?;
                ok(&overview.swaps().entry(number).ok_or(AdminError::Swap)?)
            }
            Show::Policies => ok(&serde_json::json!({"policies": overview.swaps().overview()})),
            Show::Policy(name) => {
                let policies = overview.swaps().overview();
                let policy = policies.iter().find(|policy| policy.name == name);
                ok(policy.ok_or(AdminError::Policy)?)
            }
        })
    }
}

fn ok(value: &impl serde::Serialize) -> Answer {
    json::answer(StatusCode::OK, value)
}
