//! The one evaluation: from the facts of a request to a decision.
//!
//! Its checks stand in the order in which they are made, and the first that fails decides.
//! [`decide`] runs it silently; an explanation runs the same walk with a recorder, so the two
//! cannot disagree. Run natively it is the reference, built to wasm it is the engine.

mod callers;
mod ceilings;
mod choice;
mod message;
mod nearest;
mod route;
#[cfg(test)]
mod tests;

use alloc::{string::String, vec::Vec};

use crate::{
    Action, Caller, Decision, Forward, HeaderBuf, ListMode, ModelRule, ModelSource, NameList,
    Request, RequestedModel, RouteIndex, RouteRule, Rules, Verdict, describe,
    fences::{self, Asked, Breach, Scopes},
    gt::{self, CONVERSATION_HEADER, ConversationHeader, Endpoint},
    published_name,
};
use callers::Fitting;
use message::Refused;

/// Decides one request: a pure function of the rules and the request.
#[must_use]
pub fn decide(rules: &impl Rules, request: &Request<'_>) -> Decision {
    match evaluate(rules, request, &mut Silent) {
        Ok(decision) => decision,
        Err(refused) => Decision::Refuse(refused.refusal),
    }
}

/// One check of an evaluation, in the order they are made.
///
/// Exhaustive on purpose: an explanation lists every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The path belongs to a route of the policy.
    Route,
    /// The route takes the method.
    Method,
    /// The route's verdict and action let it go to GT.
    Verdict,
    /// The key's purposes cover the route.
    Purpose,
    /// The key holds the route's scope.
    Scope,
    /// The dataset target is on the key.
    Dataset,
    /// The key may take part in the conversation the request names.
    Conversation,
    /// Some rule for callers lets this one call the route.
    Caller,
    /// The headers that GT or the policy needs for the route are there.
    RequiredHeader,
    /// The body names a model.
    ModelPresent,
    /// The policy has a rule for the name.
    ModelRule,
    /// The name works on this route.
    ModelEndpoint,
    /// Some rule for callers has the name, and it is published for this one.
    ModelForCaller,
    /// The name, and what it is published as, are on the key.
    ModelOnKey,
    /// No more is asked for than may be.
    Ceilings,
}

/// Hears of every check that passed, with the words it looked at.
pub(crate) trait Trace {
    fn passed(&mut self, check: Check, seen: &[&str]);
}

struct Silent;

impl Trace for Silent {
    fn passed(&mut self, _: Check, _: &[&str]) {}
}

pub(crate) fn evaluate(
    rules: &impl Rules,
    request: &Request<'_>,
    trace: &mut impl Trace,
) -> Result<Decision, Refused> {
    let (index, route, parameters) = route::find(rules, request, trace)?;
    check_verdict(&route, trace)?;
    check_key(
        &route,
        request,
        parameters.first().map(|(_, value)| *value),
        trace,
    )?;
    let callers = callers::fitting(rules, request.caller);
    check_caller(&route, &callers, trace)?;
    check_required_headers(&route, request, trace)?;
    if route.model == ModelSource::None {
        return Ok(without_model(
            rules,
            index,
            &route,
            request,
            &parameters,
            &callers,
        ));
    }
    let written = match request.model {
        RequestedModel::Unread => return Ok(Decision::ReadModel),
        RequestedModel::Absent => return Err(message::missing_model(&route)),
        RequestedModel::Named(written) => written,
    };
    trace.passed(Check::ModelPresent, &[written]);
    let (rule, published) = check_model(rules, &route, request, written, &callers, trace)?;
    let most = rule.terms.ceilings.and(callers.ceilings);
    ceilings::check(most, request.body_members, trace)?;
    Ok(Decision::Forward(Forward {
        model: Some(published.into()),
        response_model: Some(written.into()),
        notice: rule.terms.deprecated.map(String::from),
        ..forward(index, &route, request, &parameters)
    }))
}

fn check_verdict(route: &RouteRule<'_>, trace: &mut impl Trace) -> Result<(), Refused> {
    if route.verdict == Verdict::NotSupported {
        return Err(message::route_not_supported(route));
    }
    if route.action == Action::Refuse {
        return Err(message::route_refused(route));
    }
    trace.passed(Check::Verdict, &[route.verdict.word()]);
    Ok(())
}

fn check_key(
    route: &RouteRule<'_>,
    request: &Request<'_>,
    first_parameter: Option<&str>,
    trace: &mut impl Trace,
) -> Result<(), Refused> {
    let dataset = gt::dataset(route.template, first_parameter);
    let conversation = header(request, CONVERSATION_HEADER);
    let asked = Asked {
        purposes: route.purposes,
        scopes: Scopes::Rule(route.scopes),
        dataset,
        conversation: conversation.is_some(),
        model: None,
    };
    let breach = fences::check(request.caller, &asked).err();
    if let Some(Breach::Purpose) = breach {
        return Err(message::purpose_not_allowed(route));
    }
    trace.passed(Check::Purpose, &[]);
    if let Some(Breach::Scope(missing)) = breach {
        return Err(message::insufficient_scope(route, missing));
    }
    trace.passed(Check::Scope, route.scopes.joined().as_slice());
    if let Some(Breach::Dataset(dataset)) = breach {
        return Err(message::dataset_not_allowed(dataset));
    }
    if let Some(dataset) = dataset {
        trace.passed(Check::Dataset, &[dataset]);
    }
    if breach.is_some() {
        return Err(message::conversation_not_allowed());
    }
    if conversation.is_some() {
        trace.passed(Check::Conversation, &[]);
    }
    Ok(())
}

fn check_caller(
    route: &RouteRule<'_>,
    callers: &Fitting<'_>,
    trace: &mut impl Trace,
) -> Result<(), Refused> {
    if !route.callers.meets(callers.rules) {
        return Err(message::caller_not_allowed(route));
    }
    if let Some(name) = callers.first {
        trace.passed(Check::Caller, &[name]);
    }
    Ok(())
}

fn check_required_headers(
    route: &RouteRule<'_>,
    request: &Request<'_>,
    trace: &mut impl Trace,
) -> Result<(), Refused> {
    let has = |name: &str| header(request, name).is_some_and(|value| !value.is_empty());
    if ConversationHeader::of(route.method, route.template) == ConversationHeader::Required {
        if !has(CONVERSATION_HEADER) {
            return Err(message::missing_conversation(route));
        }
        trace.passed(Check::RequiredHeader, &[CONVERSATION_HEADER]);
    }
    for name in route.required_headers.iter() {
        if !has(name) {
            return Err(message::missing_header(route, name));
        }
        trace.passed(Check::RequiredHeader, &[name]);
    }
    Ok(())
}

/// The rule for `written` and its published name. Whatever is wrong, the client reads one message:
/// what exists but is not for this caller looks like what does not exist.
fn check_model<'a, R: Rules>(
    rules: &'a R,
    route: &RouteRule<'_>,
    request: &Request<'a>,
    written: &'a str,
    callers: &Fitting<'_>,
    trace: &mut impl Trace,
) -> Result<(ModelRule<'a>, &'a str), Refused> {
    let not_found = |check| message::model_not_found(check, written);
    let rule = is_model_name(written)
        .then(|| rules.model(written))
        .flatten()
        .ok_or_else(|| not_found(Check::ModelRule))?;
    let seen = [rule.pattern, published_name(&rule, written)];
    let seen = if rule.terms.choices.is_empty() {
        &seen[..]
    } else {
        &seen[..1]
    };
    trace.passed(Check::ModelRule, seen);
    if !rule
        .endpoints
        .include(Endpoint::of(route.method, route.template))
    {
        return Err(not_found(Check::ModelEndpoint));
    }
    trace.passed(Check::ModelEndpoint, &[]);
    let published = choice::published(&rule, written, request.caller, callers)
        .ok_or_else(|| not_found(Check::ModelForCaller))?;
    trace.passed(Check::ModelForCaller, &[published]);
    if !request.caller.may_use(written, published) {
        return Err(not_found(Check::ModelOnKey));
    }
    trace.passed(Check::ModelOnKey, &[]);
    Ok((rule, published))
}

/// What a document may write as a name: a pattern lets nothing else pass.
fn is_model_name(written: &str) -> bool {
    (1..=LONGEST_NAME).contains(&written.len()) && !written.chars().any(char::is_control)
}

fn without_model(
    rules: &impl Rules,
    index: RouteIndex,
    route: &RouteRule<'_>,
    request: &Request<'_>,
    parameters: &[(&str, &str)],
    callers: &Fitting<'_>,
) -> Decision {
    if (route.method, route.template) == ("GET", "/v1/models") {
        return Decision::ListModels(list(rules, request.caller, callers));
    }
    Decision::Forward(forward(index, route, request, parameters))
}

/// The list of models for a caller. The host looks at the key, at its routes and at what is listed.
fn list(rules: &impl Rules, caller: &Caller, callers: &Fitting<'_>) -> ListMode {
    if !rules.lists_differ() {
        return ListMode::Catalogue;
    }
    let is_for_caller = |rule: &ModelRule<'_>| {
        rule.terms.is_listed
            && choice::published(rule, rule.pattern, caller, callers)
                .is_some_and(|published| caller.may_use(rule.pattern, published))
    };
    let names = rules.exact_models().filter(is_for_caller);
    let names = names.filter(|rule| describe::catalogue_entry(rules, rule).is_some());
    ListMode::Only(names.map(|rule| rule.pattern.into()).collect())
}

fn forward(
    index: RouteIndex,
    route: &RouteRule<'_>,
    request: &Request<'_>,
    parameters: &[(&str, &str)],
) -> Forward {
    let owned = |(name, value): &(&str, &str)| (String::from(*name), String::from(*value));
    Forward {
        route: index,
        parameters: parameters.iter().map(owned).collect(),
        query: request
            .query
            .and_then(|query| listed_query(query, route.query)),
        set_headers: route.set_headers.iter().map(set_header).collect(),
        ..Forward::default()
    }
}

/// The pairs of `query` whose names the route lists, as they came; `None` if there are none.
fn listed_query(query: &str, names: NameList<'_>) -> Option<String> {
    let name_of = |pair: &str| pair.split('=').next().unwrap_or_default().len();
    let is_listed = |pair: &&str| {
        pair.get(..name_of(pair))
            .is_some_and(|name| names.iter().any(|listed| listed == name))
    };
    let kept: Vec<&str> = query.split('&').filter(is_listed).collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

fn set_header((name, value): (&str, &str)) -> HeaderBuf {
    HeaderBuf {
        name: name.into(),
        value: value.into(),
    }
}

fn header<'a>(request: &Request<'a>, name: &str) -> Option<&'a [u8]> {
    let mut headers = request.headers.iter();
    headers
        .find(|header| header.name == name)
        .map(|header| header.value)
}

/// Bytes a model name may have.
const LONGEST_NAME: usize = 256;
