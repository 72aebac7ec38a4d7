//! Asking a policy what a host would ask it.

use std::collections::BTreeMap;

use signalbox_http::{
    path::{self, Target},
    refusal::{Code, Refusal},
};
use signalbox_policy::{
    BodyMember, BodyValue, Caller, Case, CatalogueEntry, Decision, Description, Forward, Header,
    ListMode, Request, RequestedModel, fences, fences::Asked, gt::CONVERSATION_HEADER,
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
        /// The status.
        status: u16,
        /// The refusal's code.
        code: String,
        /// What the client reads.
        message: String,
        /// The field at fault, if it is one.
        param: Option<String>,
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

    /// The same by what has decided other requests before, as a host may have it; no different unless
    /// something is kept between decisions.
    ///
    /// # Errors
    /// As [`Self::decide`].
    fn decide_reused(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        self.decide(request)
    }
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

/// What a host tells a policy of a question.
#[derive(Debug)]
pub struct Told<'a> {
    question: &'a Question<'a>,
    target: Target<'a>,
    headers: Vec<Header<'a>>,
    body_members: Vec<(&'a str, BodyMember<'a>)>,
}

impl<'a> Told<'a> {
    /// What a host tells a policy that describes itself so.
    ///
    /// # Errors
    /// The host refuses the target before it asks any policy.
    pub fn new(question: &'a Question<'a>, description: &'a Description) -> Result<Self, Refusal> {
        let asked = description.headers.iter();
        let headers = asked.filter_map(|wanted| question.headers.get_key_value(wanted));
        Ok(Self {
            target: path::canonical(question.target, &|_| false)?,
            headers: headers
                .map(|(name, value)| Header {
                    name,
                    value: value.as_bytes(),
                })
                .collect(),
            body_members: BodyValue::told_of(question.body, &description.body_members),
            question,
        })
    }

    /// The facts, with this known of the model. While it is unread, nothing is known of the body.
    #[must_use]
    pub fn request<'r>(&'r self, model: RequestedModel<'r>) -> Request<'r> {
        let headers = self.question.headers;
        Request {
            method: self.question.method,
            path: &self.target.path,
            query: self.target.query,
            content_type: headers.get("content-type").map(String::as_str),
            headers: &self.headers,
            caller: self.question.caller,
            model,
            body_members: match model {
                RequestedModel::Unread => &[],
                RequestedModel::Absent | RequestedModel::Named(_) => &self.body_members,
            },
        }
    }
}

/// What a client would get.
///
/// # Errors
/// As [`answer`].
pub fn ask(policy: &impl Decider, question: &Question<'_>) -> Result<Answer, DecideError> {
    let told = match Told::new(question, policy.description()) {
        Ok(told) => told,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    let model = question.model;
    let decision = match policy.decide(&told.request(RequestedModel::Unread))? {
        Decision::ReadModel if model == RequestedModel::Unread => return Ok(Answer::ReadModel),
        Decision::ReadModel => policy.decide(&told.request(model))?,
        decision => decision,
    };
    let one = told.target.model_id.as_deref();
    Ok(match decision {
        Decision::Forward(forward) => fenced(policy, question, forward),
        Decision::ListModels(mode) => listed(policy, question.caller, &mode, one),
        Decision::ReadModel => failed("asked for the model twice"),
        Decision::Refuse(refused) => Answer::Refuse {
            status: refused.status,
            code: refused.code,
            message: refused.message,
            param: refused.param,
            reason: refused.reason,
        },
    })
}

/// A `forward` that a key's fence stops is a failure of the policy, as it is in the host.
fn fenced(policy: &impl Decider, question: &Question<'_>, forward: Forward) -> Answer {
    let conversation = question.headers.contains_key(CONVERSATION_HEADER);
    let Some(route) = policy.description().route(forward.route) else {
        return failed("forwards a route it did not describe");
    };
    let written = match question.model {
        RequestedModel::Named(name) => Some(name),
        RequestedModel::Unread | RequestedModel::Absent => None,
    };
    let asked = Asked::by_forward(route, &forward, conversation, written);
    if let Err(breach) = fences::check(question.caller, &asked) {
        return failed(&format!("forwards past the key's fence: {breach:?}"));
    }
    let path = match path::fill(&route.template, &forward.parameters) {
        Ok(path) => path,
        Err(error) => return failed(&format!("makes no path: {error}")),
    };
    Answer::Forward {
        route: route.name(),
        path,
        forward,
    }
}

fn listed(policy: &impl Decider, caller: &Caller, mode: &ListMode, one: Option<&str>) -> Answer {
    let names = shown(policy, caller, mode).map(|entry| entry.name.clone());
    let names: Vec<String> = names
        .filter(|name| one.is_none_or(|one| one == name))
        .collect();
    match one {
        Some(one) if names.is_empty() => refused(&Refusal::model_not_found(one)),
        _ => Answer::List(names),
    }
}

/// The entries whose names a key is shown where a policy answers with such a list. Of what GT lists it is
/// taken that it is everything.
pub fn shown<'p>(
    policy: &'p impl Decider,
    caller: &'p Caller,
    mode: &'p ListMode,
) -> impl Iterator<Item = &'p CatalogueEntry> {
    let is_in_mode = move |name: &str| match mode {
        ListMode::Catalogue | ListMode::Upstream => true,
        ListMode::Only(names) => names.iter().any(|listed| listed == name),
    };
    policy
        .catalogue()
        .filter(move |entry| is_in_mode(&entry.name))
        .filter(|entry| fences::shows(caller, policy.description(), entry))
}

/// The policy breaks its contract.
fn failed(why: &str) -> Answer {
    refused(&Refusal::new(Code::PolicyFailed, why.to_owned()))
}

fn refused(by_host: &Refusal) -> Answer {
    Answer::Refuse {
        status: by_host.status(),
        code: by_host.code().into(),
        message: by_host.message().into(),
        param: by_host.field().map(str::to_owned),
        reason: String::new(),
    }
}
