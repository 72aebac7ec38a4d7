//! What an answer lets through.

use signalbox_policy::{
    Caller, Decision, Forward, ListMode, Request, RequestedModel, RouteDescription, RouteIndex,
    fences, fences::Asked,
};
use signalbox_runtime::Plugin;

use crate::{PolicyAnswer, compare};

#[derive(PartialEq)]
pub(super) enum Allowed {
    /// Nothing, for a reason with this code.
    Refused(String),
    Forward(Box<PolicyAnswer>),
    List(Vec<String>),
}

impl Allowed {
    /// Each policy has its routes at places of its own: what is compared is their names.
    pub(super) fn forward(mut forward: Forward, plugin: &Plugin) -> Self {
        let route = plugin.route(forward.route).map(RouteDescription::name);
        forward.route = RouteIndex::default();
        let decision = Decision::Forward(forward);
        Self::Forward(Box::new(PolicyAnswer { decision, route }))
    }

    pub(super) const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    pub(super) const fn is_forward(&self) -> bool {
        matches!(self, Self::Forward(_))
    }

    /// Whether both are the same, but for what people read and logs say.
    pub(super) fn is_but_for_words(&self, other: &Self) -> bool {
        let plain = |it: &Self| match it {
            Self::Forward(answer) => match &answer.decision {
                Decision::Forward(forward) => Some((
                    Forward {
                        notice: None,
                        labels: Vec::new(),
                        ..forward.clone()
                    },
                    answer.route.clone(),
                )),
                _ => None,
            },
            _ => None,
        };
        plain(self).is_some_and(|one| Some(one) == plain(other))
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::Refused(code) => format!("refuse {code}"),
            Self::Forward(answer) => compare::words(answer),
            Self::List(names) if names.is_empty() => "list nothing".to_owned(),
            Self::List(names) => format!("list {}", names.join(", ")),
        }
    }
}

/// The host would not let a `forward` past the key's fences, whatever a policy says.
pub(super) fn is_within(plugin: &Plugin, request: Request<'_>, forward: &Forward) -> bool {
    let written = match request.model {
        RequestedModel::Named(name) => Some(name),
        RequestedModel::Absent | RequestedModel::Unread => None,
    };
    plugin.route(forward.route).is_some_and(|route| {
        let asked = Asked::by_forward(route, forward, false, written);
        fences::check(request.caller, &asked).is_ok()
    })
}

/// What a key is shown.
pub(crate) fn listed(plugin: &Plugin, caller: &Caller, mode: &ListMode) -> Vec<String> {
    let is_in = |name: &String| match mode {
        ListMode::Catalogue | ListMode::Upstream => true,
        ListMode::Only(names) => names.contains(name),
    };
    let entries = plugin.catalogue().iter();
    entries
        .filter(|entry| is_in(&entry.name) && fences::shows(caller, plugin.description(), entry))
        .map(|entry| entry.name.clone())
        .collect()
}
