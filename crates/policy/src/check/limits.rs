//! Whether a host loads what a document becomes.

use crate::{
    Description, Document, Policy, Position, RouteDescription,
    diagnostic::{Code, Findings},
    limits::{CASES_BYTES, DESCRIPTION_BYTES, HEADERS, MODELS, ROUTES, SOURCE_BYTES},
};

/// Reports what a component of this text could not carry.
pub(super) fn source(text: &str, findings: &mut Findings) {
    if text.len() > SOURCE_BYTES {
        let bytes = text.len();
        let message = format!("the document has {bytes} bytes; a host takes {SOURCE_BYTES}");
        findings.add(Code::TooLarge, Position::TOP, message);
    }
}

/// Reports what is too much of a policy. `document` says where.
pub(super) fn policy(policy: &Policy, document: &Document, findings: &mut Findings) {
    let description = policy.description();
    let routes = document.routes.iter().flatten();
    if let Some(first) = routes.clone().nth(ROUTES) {
        let count = routes.clone().count();
        let message = format!("there are {count} routes; a host takes {ROUTES}");
        findings.add(Code::TooLarge, first.key.position, message);
    } else if let Some(first) = routes.clone().next()
        && size(&description) > DESCRIPTION_BYTES
    {
        let message =
            format!("the routes say more than the {DESCRIPTION_BYTES} bytes a host takes");
        let help = "shorten `because`, `query` and `headers`";
        findings.add_with_help(Code::TooLarge, first.key.position, message, help);
    }
    if description.headers.len() > HEADERS {
        let count = description.headers.len() - 1;
        let message =
            format!("{count} headers are required; a host looks at {HEADERS} with its own");
        findings.add(Code::TooLarge, Position::TOP, message);
    }
    if let Some(first) = document.models.get(MODELS) {
        let count = document.models.len();
        let message = format!("there are {count} models; a host takes {MODELS}");
        findings.add(Code::TooLarge, first.name.position, message);
    }
    let cases = serde_json::to_vec(policy.cases()).map_or(0, |json| json.len());
    if let Some(first) = document.cases.first()
        && cases > CASES_BYTES
    {
        let message = format!("the cases have {cases} bytes; a component carries {CASES_BYTES}");
        let help = "keep the rest in a file for `signalbox test --cases` and `swap.cases`";
        findings.add_with_help(Code::TooLarge, first.position, message, help);
    }
}

/// No less than a host counts: what its types take for routes and texts, and the texts.
fn size(description: &Description) -> usize {
    let texts = [&description.name, &description.version];
    let routes = description.routes.iter().map(route_size);
    let names = [&description.headers, &description.body_members];
    texts_size(texts) + names.into_iter().map(texts_size).sum::<usize>() + routes.sum::<usize>()
}

fn route_size(route: &RouteDescription) -> usize {
    let lists = [&route.query, &route.headers];
    let sets = route.scopes.iter().map(|set| TEXT + texts_size(set));
    let texts = [&route.method, &route.template].into_iter();
    ROUTE
        + texts_size(texts.chain(&route.reason))
        + lists.into_iter().map(texts_size).sum::<usize>()
        + sets.sum::<usize>()
}

fn texts_size<'t>(texts: impl IntoIterator<Item = &'t String>) -> usize {
    texts.into_iter().map(|text| TEXT + text.len()).sum()
}

/// What a route and a text take in a host, beside their bytes. The runtime has a test that they
/// take no more.
const ROUTE: usize = 256;
const TEXT: usize = 32;
