//! Which route a path belongs to.

use alloc::vec::Vec;

use super::{Check, Trace, message, message::Refused, nearest::nearest};
use crate::{Request, RouteIndex, RouteRule, Rules};

/// The names and values of a template's parameters, in its order.
pub(super) type Parameters<'a> = Vec<(&'a str, &'a str)>;

/// The most specific route for the path, if it takes the method. Which of two templates is more
/// specific is settled by the first segment in which they differ: text before a parameter.
pub(super) fn find<'a, R: Rules>(
    rules: &'a R,
    request: &Request<'a>,
    trace: &mut impl Trace,
) -> Result<(RouteIndex, RouteRule<'a>, Parameters<'a>), Refused> {
    let mut best: Option<&str> = None;
    for template in rules.templates() {
        if !matches(template, request.path) {
            continue;
        }
        if best.is_none_or(|best| is_more_specific(template, best)) {
            best = Some(template);
        }
    }
    let Some(template) = best else {
        return Err(message::unknown_route(request, nearest(rules, request)));
    };
    trace.passed(Check::Route, &[template]);
    let mut methods = rules.routes_of(template);
    let Some((index, route)) = methods.find(|(_, route)| route.method == request.method) else {
        let taken = rules.routes_of(template).map(|(_, route)| route.method);
        return Err(message::method_not_allowed(request, taken));
    };
    trace.passed(Check::Method, &[route.method]);
    Ok((index, route, parameters(route.template, request.path)))
}

fn matches(template: &str, path: &str) -> bool {
    // Most templates are plain text, and one of them is looked at for each route of a policy.
    if !template.as_bytes().contains(&b'{') {
        return template == path;
    }
    let mut wanted = template.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) => {
                let fits = match parameter(wanted) {
                    Some(_) => is_parameter_value(given),
                    None => wanted == given,
                };
                if !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

fn parameters<'a>(template: &'a str, path: &'a str) -> Parameters<'a> {
    let segments = template.split('/').zip(path.split('/'));
    segments
        .filter_map(|(wanted, given)| Some((parameter(wanted)?, given)))
        .collect()
}

/// The name in `{name}`.
fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn is_parameter_value(segment: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    (1..=128).contains(&segment.len())
        && segment.bytes().all(is_legal)
        && segment != "."
        && segment != ".."
}

fn is_more_specific(template: &str, than: &str) -> bool {
    let pairs = template.split('/').zip(than.split('/'));
    pairs
        .map(|(left, right)| (parameter(left).is_some(), parameter(right).is_some()))
        .find(|(left, right)| left != right)
        .is_some_and(|(left, _)| !left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_match_whole_paths_only() {
        for (template, path, expected) in [
            ("/v1/files/{id}", "/v1/files/a-_.~9", true),
            ("/v1/files/{id}", "/v1/files/", false),
            ("/v1/files/{id}", "/v1/files/a/b", false),
            ("/v1/files/{id}", "/v1/files/..", false),
            ("/v1/files/{id}", "/v1/files/a b", false),
            ("/v1/models", "/v1/models/", false),
            ("/v1/datasets/{id}/files", "/v1/datasets/d/files", true),
        ] {
            assert_eq!(matches(template, path), expected, "{template} {path}");
        }
    }

    #[test]
    fn text_is_more_specific_than_a_parameter() {
        assert!(is_more_specific("/v1/a/{x}", "/v1/{x}/b"));
        assert!(!is_more_specific("/v1/{x}/b", "/v1/a/{x}"));
        assert!(!is_more_specific("/v1/{x}", "/v1/{y}"));
    }
}
