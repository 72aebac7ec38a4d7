//! Asking a policy what a host would ask it.

use std::collections::BTreeMap;

use signalbox_http::{path, refusal::Refusal};
use signalbox_policy::{
    BodyValue, Caller, Case, CatalogueEntry, Decision, Description, Forward, Header, ListMode,
    Request, RequestedModel, fences, fences::Asked, gt::CONVERSATION_HEADER,
};
use signalbox_runtime::{DecideError, Plugin};

/// What a client would get.
///
/// Exhaustive on purpose: whoever judges a case looks at each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The request goes to GT.
    Forward {
        /// The route it goes along, as `METHOD template`.
        route: String,
        /// The path GT is sent.
        path: String,
        /// How.
        forward: Forward,
    },
    /// A list of these models.
    List(Vec<String>),
    /// It depends on the model, which nobody said.
    ReadModel,
    /// A refusal with this code and message, by the policy or by the host before it.
    Refuse {
        /// The refusal's code.
        code: String,
        /// What the client reads.
        message: String,
        /// What the policy says for the log; the host says nothing.
        reason: String,
    },
}

/// Whatever decides: a component, or what stands in for one.
pub trait Decider {
    /// What it says of itself.
    fn description(&self) -> &Description;

    /// The names it lists.
    fn catalogue(&self) -> impl Iterator<Item = &CatalogueEntry>;

    /// Decides one request.
    ///
    /// # Errors
    /// It failed.
    fn decide(&self, request: &Request<'_>) -> Result<Decision, DecideError>;
}

impl Decider for Plugin {
    fn description(&self) -> &Description {
        self.description()
    }

    fn catalogue(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.catalogue().iter()
    }

    fn decide(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        self.decide(request)
    }
}

/// A request that nobody sent.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Method, in upper case.
    pub method: &'a str,
    /// Path and query, with whatever base a client uses.
    pub target: &'a str,
    /// Names in lower case, and values.
    pub headers: &'a BTreeMap<String, String>,
    /// Who asks.
    pub caller: &'a Caller,
    /// The model in the body; `Unread` if nobody says what it is.
    pub model: RequestedModel<'a>,
    /// What else the body says.
    pub body: &'a BTreeMap<String, BodyValue>,
}

/// What the client of a case would get.
///
/// # Errors
/// The guest failed: a client would get `policy_failed` or `policy_timeout`.
pub fn answer(policy: &impl Decider, case: &Case) -> Result<Answer, DecideError> {
    let (method, target) = case.method_and_target();
    let named = case.model.as_deref().map(RequestedModel::Named);
    ask(
        policy,
        &Question {
            method,
            target,
            headers: &case.headers,
            caller: &case.caller(),
            model: named.unwrap_or(RequestedModel::Absent),
            body: &case.body,
        },
    )
}

/// What a client would get.
///
/// # Errors
/// As [`answer`].
pub fn ask(policy: &impl Decider, question: &Question<'_>) -> Result<Answer, DecideError> {
    let target = match path::canonical(question.target, &|_| false) {
        Ok(target) => target,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    let headers: Vec<Header<'_>> = policy
        .description()
        .headers
        .iter()
        .filter_map(|wanted| question.headers.get_key_value(wanted))
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let head = Request {
        method: question.method,
        path: &target.path,
        query: target.query,
        content_type: question.headers.get("content-type").map(String::as_str),
        headers: &headers,
        caller: question.caller,
        model: RequestedModel::Unread,
        body_members: &[],
    };
    let model = question.model;
    let decision = match policy.decide(&head)? {
        Decision::ReadModel if model == RequestedModel::Unread => return Ok(Answer::ReadModel),
        Decision::ReadModel => policy.decide(&Request {
            model,
            body_members: &BodyValue::told_of(question.body, &policy.description().body_members),
            ..head
        })?,
        decision => decision,
    };
    Ok(match decision {
        Decision::Forward(forward) => fenced(policy, question, forward),
        Decision::ListModels(mode) => {
            listed(policy, question.caller, &mode, target.model_id.as_deref())
        }
        Decision::ReadModel => refusal("policy_failed", "asked for the model twice"),
        Decision::Refuse(refused) => Answer::Refuse {
            code: refused.code,
            message: refused.message,
            reason: refused.reason,
        },
    })
}

/// A `forward` that a key's fence stops is a failure of the policy, as it is in the host.
fn fenced(policy: &impl Decider, question: &Question<'_>, forward: Forward) -> Answer {
    let conversation = question.headers.contains_key(CONVERSATION_HEADER);
    let Some(route) = policy.description().route(forward.route) else {
        return refusal("policy_failed", "forwards a route it did not describe");
    };
    let written = match question.model {
        RequestedModel::Named(name) => Some(name),
        RequestedModel::Unread | RequestedModel::Absent => None,
    };
    let asked = Asked::by_forward(route, &forward, conversation, written);
    if let Err(breach) = fences::check(question.caller, &asked) {
        return refusal(
            "policy_failed",
            &format!("forwards past the key's fence: {breach:?}"),
        );
    }
    let path = match path::fill(&route.template, &forward.parameters) {
        Ok(path) => path,
        Err(error) => return refusal("policy_failed", &format!("makes no path: {error}")),
    };
    Answer::Forward {
        route: route.name(),
        path,
        forward,
    }
}

fn listed(policy: &impl Decider, caller: &Caller, mode: &ListMode, one: Option<&str>) -> Answer {
    let is_in_mode = |name: &str| match mode {
        ListMode::Catalogue | ListMode::Upstream => true,
        ListMode::Only(names) => names.iter().any(|listed| listed == name),
    };
    let names = policy
        .catalogue()
        .filter(|entry| is_in_mode(&entry.name))
        .filter(|entry| fences::shows(caller, policy.description(), entry))
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
        reason: String::new(),
    }
}
