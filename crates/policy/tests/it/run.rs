//! Runs a case natively: enough of a host to turn a request line into facts.

use signalbox_policy::{
    BodyValue, Case, Decision, Expectation, Forward, Header, HeaderBuf, ListMode, Policy, Refusal,
    Request, RequestedModel, decide, fences,
};

/// What a case got instead of what it expects; `None` if it holds, or is not to be run.
pub(crate) fn failure(policy: &Policy, case: &Case) -> Option<String> {
    if case.skip.is_some() {
        return None;
    }
    let got = answer(policy, case);
    let is = |expected: &Option<String>, actual: Option<&str>| {
        let mut expected = expected.iter();
        expected.all(|expected| expected == actual.unwrap_or_default())
    };
    let holds = match (&case.expect, &got) {
        (Expectation::Forward(expected), Answer::Forward(to, forward)) => {
            let set = |HeaderBuf { name, value }: &HeaderBuf| {
                (name.clone(), String::from_utf8(value.clone()).unwrap())
            };
            let set = forward.set_headers.iter().map(set).collect();
            expected.route == *to
                && is(&expected.model, forward.model.as_deref())
                && is(&expected.response_model, forward.response_model.as_deref())
                && is(&expected.path, Some(&path_of(to, forward)))
                && is(&expected.query, forward.query.as_deref())
                && is(&expected.notice, forward.notice.as_deref())
                && expected.set_headers.iter().all(|it| *it == set)
                && expected.drop_headers.iter().all(Vec::is_empty)
        }
        (Expectation::Refuse(expected), Answer::Refuse(with)) => {
            expected.code == with.code
                && is(&expected.message, Some(&with.message))
                && is(&expected.reason, Some(&with.reason))
        }
        (Expectation::List { names }, Answer::List(listed)) => {
            let mut names = names.clone();
            names.sort();
            names == *listed
        }
        _ => false,
    };
    (!holds).then(|| format!("{}: expected {:?}, got {got:?}", case.name, case.expect))
}

#[derive(Debug)]
enum Answer {
    Forward(String, Forward),
    Refuse(Refusal),
    List(Vec<String>),
}

fn answer(policy: &Policy, case: &Case) -> Answer {
    let (method, target) = case.method_and_target();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let (path, one) = canonical(path);
    let headers: Vec<Header<'_>> = case
        .headers
        .iter()
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let caller = case.caller();
    let mut request = Request {
        method,
        path: &path,
        query,
        content_type: None,
        headers: &headers,
        caller: &caller,
        model: RequestedModel::Unread,
        body_members: &[],
    };
    let mut decision = decide(policy, &request);
    let wanted = policy.description().body_members;
    let members = BodyValue::told_of(&case.body, &wanted);
    if decision == Decision::ReadModel {
        request.body_members = &members;
        request.model = case
            .model
            .as_deref()
            .map_or(RequestedModel::Absent, RequestedModel::Named);
        decision = decide(policy, &request);
    }
    match decision {
        Decision::Forward(forward) => {
            let route = policy.description().route(forward.route).unwrap().name();
            Answer::Forward(route, forward)
        }
        Decision::Refuse(refusal) => Answer::Refuse(refusal),
        Decision::ListModels(mode) => {
            assert_eq!(mode, ListMode::Catalogue);
            let mut names = listed(policy, case);
            names.retain(|name| one.as_ref().is_none_or(|one| one == name));
            match one {
                Some(_) if names.is_empty() => Answer::Refuse(Refusal {
                    status: 404,
                    code: "model_not_found".into(),
                    message: String::new(),
                    param: None,
                    reason: String::new(),
                }),
                _ => Answer::List(names),
            }
        }
        Decision::ReadModel => panic!("{}: asked for the model twice", case.name),
    }
}

/// The path that GT is sent along a route.
fn path_of(route: &str, forward: &Forward) -> String {
    let (_, template) = route.split_once(' ').unwrap();
    let fill = |path: String, (name, value): &(String, String)| {
        path.replace(&format!("{{{name}}}"), value)
    };
    forward.parameters.iter().fold(template.to_owned(), fill)
}

/// `/v1/…`, whatever base the client uses, and the name of the one model it asks about.
fn canonical(path: &str) -> (String, Option<String>) {
    let path = path.strip_prefix("/api/tenant").unwrap_or(path);
    let path = path.strip_prefix("/v1").unwrap_or(path);
    if let Some(one) = path.strip_prefix("/models/") {
        return ("/v1/models".into(), Some(one.into()));
    }
    let path = format!("/v1{path}").replace("/v1/uploads/", "/v1/files/");
    (path, None)
}

/// The catalogue as a host shows it to the key.
fn listed(policy: &Policy, case: &Case) -> Vec<String> {
    let (caller, description) = (case.caller(), policy.description());
    let entries = policy.catalogue().into_iter();
    let shown = entries.filter(|entry| fences::shows(&caller, &description, entry));
    shown.map(|entry| entry.name).collect()
}
