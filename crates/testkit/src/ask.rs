//! Asking a plugin what a host would ask it.

use signalbox_http::{path, refusal::Refusal};
use signalbox_policy::{
    Caller, Case, Decision, Forward, Header, ListMode, Request, RequestedModel, fences,
    fences::Asked, gt::CONVERSATION_HEADER,
};
use signalbox_runtime::{DecideError, Plugin};

/// What a client would get.
///
/// Exhaustive on purpose: whoever judges a case looks at each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The request goes to GT.
    Forward(Forward),
    /// A list of these models.
    List(Vec<String>),
    /// A refusal with this code and message, by the policy or by the host before it.
    Refuse {
        /// The refusal's code.
        code: String,
        /// What the client reads.
        message: String,
    },
}

/// What the client of a case would get.
///
/// # Errors
/// The guest failed: a client would get `policy_failed` or `policy_timeout`.
pub fn answer(plugin: &Plugin, case: &Case) -> Result<Answer, DecideError> {
    let (method, target) = case.method_and_target();
    let target = match path::canonical(target, &|_| false) {
        Ok(target) => target,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    let caller = case.caller();
    let headers: Vec<Header<'_>> = plugin
        .description()
        .headers
        .iter()
        .filter_map(|wanted| case.headers.get_key_value(wanted))
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let head = Request {
        method,
        path: &target.path,
        query: target.query,
        content_type: case.headers.get("content-type").map(String::as_str),
        headers: &headers,
        caller: &caller,
        model: RequestedModel::Unread,
    };
    let decision = match plugin.decide(&head)? {
        Decision::ReadModel => {
            let named = case.model.as_deref().map(RequestedModel::Named);
            let model = named.unwrap_or(RequestedModel::Absent);
            plugin.decide(&Request { model, ..head })?
        }
        decision => decision,
    };
    Ok(match decision {
        Decision::Forward(forward) => fenced(plugin, &caller, case, forward),
        Decision::ListModels(mode) => listed(plugin, &caller, &mode, target.model_id.as_deref()),
        Decision::ReadModel => refusal("policy_failed", "asked for the model twice"),
        Decision::Refuse(refused) => refusal(&refused.code, &refused.message),
    })
}

/// A `forward` that a key's fence stops is a failure of the policy, as it is in the host.
fn fenced(plugin: &Plugin, caller: &Caller, case: &Case, forward: Forward) -> Answer {
    let conversation = case.headers.contains_key(CONVERSATION_HEADER);
    let Some(route) = plugin.route(&forward.route) else {
        return refusal("policy_failed", "forwards a route it did not describe");
    };
    let asked = Asked::by_forward(route, &forward, conversation, case.model.as_deref());
    if let Err(breach) = fences::check(caller, &asked) {
        return refusal(
            "policy_failed",
            &format!("forwards past the key's fence: {breach:?}"),
        );
    }
    Answer::Forward(forward)
}

fn listed(plugin: &Plugin, caller: &Caller, mode: &ListMode, one: Option<&str>) -> Answer {
    let is_in_mode = |name: &str| match mode {
        ListMode::Catalogue | ListMode::Upstream => true,
        ListMode::Only(names) => names.iter().any(|listed| listed == name),
    };
    let names = plugin
        .catalogue()
        .iter()
        .filter(|entry| is_in_mode(&entry.name))
        .filter(|entry| fences::shows(caller, plugin.description(), entry))
        .map(|entry| entry.name.clone())
        .filter(|name| one.is_none_or(|one| one == name))
        .collect::<Vec<_>>();
    match one {
        Some(one) if names.is_empty() => refused(&Refusal::model_not_found(one)),
        _ => Answer::List(names),
    }
}

fn refused(by_host: &Refusal) -> Answer {
    refusal(by_host.code(), by_host.message())
}

fn refusal(code: &str, message: &str) -> Answer {
    Answer::Refuse {
        code: code.into(),
        message: message.into(),
    }
}
