//! What a shadow is asked: the very question whose answer stands.

use std::sync::Arc;

use signalbox_policy::Decision;
use signalbox_runtime::{Generation, RequestBuf};
use signalbox_swap::{LiveAnswer, Question};

use super::{Stage, Visit};
use crate::facts::Facts;
use crate::refusals::No;

impl Visit<'_> {
    /// Lets a shadow decide what was decided, on another thread and in its own time. What the host
    /// refused by itself says nothing of either policy.
    pub(super) fn compare(
        &self,
        facts: &Facts<'_>,
        generation: &Generation,
        shadow: Arc<Generation>,
        attempt: &Result<(Decision, Stage), No>,
    ) {
        let live = match attempt {
            Ok((decision, _)) | Err(No::Policy { decision, .. }) => {
                LiveAnswer::Decided(decision.clone())
            }
            Err(No::Failed {
                cause,
                is_guests: true,
                ..
            }) => LiveAnswer::Failed(cause),
            Err(No::Failed { .. } | No::Host(_)) => return,
        };
        let headers = facts.headers(&shadow.description().headers);
        let request = facts.request(&headers, self.held.trail.told());
        let route = facts.route(generation);
        let route = route.map(|route| format!("{} {}", route.method, route.template));
        self.worker.shared.policies.swaps.shadow(Question {
            request: RequestBuf::from(&request),
            shadow,
            live,
            route: route.unwrap_or_default(),
        });
    }
}
