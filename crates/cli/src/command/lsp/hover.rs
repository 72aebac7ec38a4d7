//! What is shown of an entry: how a request for it is decided, check by check, as `explain` says it.

use signalbox_http::path;
use signalbox_policy::{
    BodyValue, Caller, CallerRule, CallerSet, Case, Endpoint, Header, ModelRule, ModelSource,
    Names, Policy, Purpose, Request, RequestedModel, RouteRule, Rules as _, explain,
};

use super::outline::{Entry, is_case_of};
use crate::command::explain::lines;

/// What is shown of an entry, as Markdown; `None` if the policy does not have it.
pub(super) fn shown(policy: &Policy, entry: &Entry) -> Option<String> {
    match entry {
        Entry::Route(name) => {
            let (method, template) = name.split_once(' ')?;
            let mut routes = policy.routes();
            let route = routes.find(|it| it.method == method && it.template == template)?;
            let model = policy.models().find(|model| goes(model, &route));
            Some(request(policy, &route, model.as_ref()))
        }
        Entry::Model(name) => {
            let model = policy.models().find(|it| it.pattern == name)?;
            let route = policy.routes().find(|route| goes(&model, route))?;
            Some(request(policy, &route, Some(&model)))
        }
        Entry::Caller(name) => caller(policy, name),
        Entry::Case(name) => {
            let mut cases = policy.cases().iter();
            case(cases.find(|it| is_case_of(name, &it.name))?, policy)
        }
    }
}

/// Whether a model may be named on a route by somebody.
fn goes(model: &ModelRule<'_>, route: &RouteRule<'_>) -> bool {
    let endpoint = Endpoint::of(route.method, route.template);
    route.model != ModelSource::None
        && model.endpoints.include(endpoint)
        && (model.terms.callers.meets(route.callers) || route.callers == CallerSet::NONE)
}

/// How a request is decided whose key has just what it needs.
fn request(policy: &Policy, route: &RouteRule<'_>, model: Option<&ModelRule<'_>>) -> String {
    let both = |place| {
        let rule = CallerSet::NONE.with(place);
        let has_model = model.is_none_or(|model| model.terms.callers.meets(rule));
        route.callers.meets(rule) && has_model
    };
    let mut callers = policy.callers().enumerate();
    let rule = callers
        .find(|(place, _)| both(*place))
        .map(|(_, rule)| rule);
    let caller = key(route, rule.as_ref());
    let path = route.template.split('/').map(filled).collect::<Vec<_>>();
    let path = path.join("/");
    let name = model.map(|it| it.pattern.strip_suffix('*').unwrap_or(it.pattern));
    // A pattern fits what begins with it, and `*` anything.
    let name = name.map(|name| if name.is_empty() { "any-model" } else { name });
    let headers: Vec<(&str, &[u8])> = route
        .required_headers
        .iter()
        .map(|it| (it, &b"value"[..]))
        .collect();
    let headers: Vec<Header<'_>> = headers
        .iter()
        .map(|(name, value)| Header { name, value })
        .collect();
    let explanation = explain(
        policy,
        &Request {
            method: route.method,
            path: &path,
            query: None,
            content_type: None,
            headers: &headers,
            caller: &caller,
            model: name.map_or(RequestedModel::Unread, RequestedModel::Named),
            body_members: &[],
        },
    );
    let scopes = match caller.scopes.as_slice() {
        [] => "without scopes".to_owned(),
        scopes => format!("with `{}`", scopes.join("`, `")),
    };
    let model = name
        .map(|name| format!(" for `{name}`"))
        .unwrap_or_default();
    let lines = lines(route.method, &path, &explanation);
    format!("A key {scopes} that asks{model}:\n\n```text\n{lines}\n```")
}

/// A key with the first set of scopes, and what a rule asks of it.
fn key(route: &RouteRule<'_>, rule: Option<&CallerRule<'_>>) -> Caller {
    let scopes = route.scopes.iter().next();
    let scopes = scopes.iter().flat_map(|set| set.iter()).map(str::to_owned);
    let first = rule.and_then(|rule| rule.keys.iter().next());
    let labels = rule.iter().flat_map(|rule| rule.labels.iter());
    let labels = labels.filter_map(|(name, values)| {
        let value = values.iter().next()?;
        Some((name.to_owned(), value.to_owned()))
    });
    Caller {
        id: first.unwrap_or("explain").to_owned(),
        purposes: Purpose::ALL.into_iter().collect(),
        scopes: scopes.collect(),
        labels: labels.collect(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    }
}

fn filled(segment: &str) -> &str {
    let name = segment
        .strip_prefix('{')
        .and_then(|it| it.strip_suffix('}'));
    name.unwrap_or(segment)
}

/// What a rule for callers lets its keys do.
fn caller(policy: &Policy, name: &str) -> Option<String> {
    let (place, _) = policy
        .callers()
        .enumerate()
        .find(|(_, it)| it.name == name)?;
    let rule = CallerSet::NONE.with(place);
    let routes = policy.routes().filter(|it| it.callers.meets(rule));
    let routes: Vec<String> = routes
        .map(|it| format!("- `{} {}`", it.method, it.template))
        .collect();
    let models = policy.models().filter(|it| it.terms.callers.meets(rule));
    let models: Vec<String> = models.map(|it| format!("- `{}`", it.pattern)).collect();
    let listed = |entries: &[String]| match entries {
        [] => "- none".to_owned(),
        entries => entries.join("\n"),
    };
    let (routes, models) = (listed(&routes), listed(&models));
    Some(format!(
        "Keys that fit may call\n\n{routes}\n\nand name\n\n{models}"
    ))
}

/// How the request of a case is decided.
fn case(case: &Case, policy: &Policy) -> Option<String> {
    let (method, target) = case.method_and_target();
    let target = match path::canonical(target, &|_| false) {
        Ok(target) => target,
        Err(refusal) => {
            let (code, message) = (refusal.code(), refusal.message());
            return Some(format!(
                "refuse {code}, before any policy is asked: {message}"
            ));
        }
    };
    let caller = case.caller();
    let headers = case.headers.iter();
    let headers: Vec<Header<'_>> = headers
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let wanted = policy.description().body_members;
    let named = case.model.as_deref().map(RequestedModel::Named);
    let request = Request {
        method,
        path: &target.path,
        query: target.query,
        content_type: None,
        headers: &headers,
        caller: &caller,
        model: named.unwrap_or(RequestedModel::Absent),
        body_members: &BodyValue::told_of(&case.body, &wanted),
    };
    let explanation = explain(policy, &request);
    Some(format!(
        "```text\n{}\n```",
        lines(method, &target.path, &explanation)
    ))
}
