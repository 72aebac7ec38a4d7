//! Request targets: one canonical path for every base a client may have been given.
//!
//! Clients are told `…/api/tenant`, `…/api/tenant/v1`, `…/v1` or just the host, with or without a
//! slash, and none of them inserts the `/v1` itself. Whatever they use, the policy sees `/v1/…`.
//! What two servers could read in two ways (escapes, `;`, `\`, `//`, dot segments) is refused, so
//! that what was decided on is what GT is asked. Case is exact.

mod known;
mod query;
mod template;

use std::borrow::Cow;

pub use known::advice;
pub use query::names as query_names;
pub use template::{FillError, fill, is_id, matches};

use crate::{
    head::is_authority,
    percent::{Plus, decode},
    refusal::{Code, Refusal},
};

/// A request target, canonical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The path under `/v1/`, segments of `A–Z a–z 0–9 - _ . ~` only, no slash at its end. It is
    /// `/v1/` where the client asked for nothing but a base.
    pub path: Cow<'a, str>,
    /// The query as it came, without `?`. It names no `model`, and nothing twice.
    pub query: Option<&'a str>,
    /// The name asked for by `/v1/models/{id}`, decoded once; `path` is then `/v1/models`. It is for
    /// comparing only, and never forwarded.
    pub model_id: Option<String>,
}

/// Reads a request target: `/path?query`, or the absolute form if `own_host` knows its host.
///
/// `own_host` is asked with the authority as it came, `host` or `host:port`.
///
/// # Errors
/// `invalid_path`, `invalid_query`, or `unknown_route` for a doubled base.
pub fn canonical<'a>(
    target: &'a str,
    own_host: &dyn Fn(&str) -> bool,
) -> Result<Target<'a>, Refusal> {
    let origin = origin_form(target, own_host)?;
    let (path, query) = match origin.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (origin, None),
    };
    check_plain(path)?;
    // The one trailing slash that a base URL ending in one leaves behind.
    let based = without_base(path.strip_suffix('/').unwrap_or(path));
    let (path, model_id) = read_route(&based)?;
    if let Some(query) = query {
        query::check(query)?;
    }
    // A doubled base is no route: that is found out last, as any other.
    if based.is_doubled() {
        return Err(Refusal::new(Code::UnknownRoute, DOUBLED));
    }
    Ok(Target {
        path,
        query,
        model_id,
    })
}

/// The path under `/v1/`, and the model that it names.
fn read_route<'a>(based: &Based<'a>) -> Result<(Cow<'a, str>, Option<String>), Refusal> {
    let route = based.route;
    if let Some(id) = route.strip_prefix("/models/") {
        return Ok((Cow::Borrowed("/v1/models"), Some(decode_model_id(id)?)));
    }
    check_segments(route)?;
    let path = match (route.strip_prefix("/uploads/"), based.under_v1) {
        // GT documents this one alias; it is resolved here so that one rule holds for both names.
        (Some(id), _) if is_id(id) => Cow::Owned(format!("/v1/files/{id}")),
        _ if route.is_empty() => Cow::Borrowed("/v1/"),
        (_, Some(path)) => Cow::Borrowed(path),
        (_, None) => Cow::Owned(format!("/v1{route}")),
    };
    Ok((path, None))
}

/// Takes the scheme and the host off an absolute target; what is left may be empty.
fn origin_form<'a>(target: &'a str, own_host: &dyn Fn(&str) -> bool) -> Result<&'a str, Refusal> {
    if target.starts_with('/') {
        return Ok(target);
    }
    let Some((scheme, rest)) = target.split_once("://") else {
        return invalid("The request target is not a path. Send one that begins with `/`.");
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if !is_http || !is_authority(authority.as_bytes()) || !own_host(authority) {
        return invalid("The request target names another host. This gate is no forward proxy.");
    }
    Ok(path)
}

/// Refuses what some server would read differently, in any path.
fn check_plain(path: &str) -> Result<(), Refusal> {
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return invalid("The path has a white, control or non-ASCII character. Send plain ASCII.");
    }
    if path.contains([';', '\\', '#']) {
        return invalid("The path has `;`, `\\` or `#`. Send the route as GT documents it.");
    }
    if path.contains("//") {
        return invalid(
            "The path has `//`. Check for a slash at the end of the base URL and one at the start of the route.",
        );
    }
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return invalid("The path has a `.` or `..` segment. Send it resolved.");
    }
    Ok(())
}

/// A path whose base is known.
struct Based<'a> {
    /// The part that begins with `/v1`, if there is one.
    under_v1: Option<&'a str>,
    /// What follows the base: empty, or beginning with `/`.
    route: &'a str,
}

impl Based<'_> {
    fn is_doubled(&self) -> bool {
        let bases = ["/v1", "/api/tenant"];
        bases
            .iter()
            .any(|base| strip_base(self.route, base).is_some())
    }
}

fn without_base(path: &str) -> Based<'_> {
    let under_tenant = strip_base(path, "/api/tenant").unwrap_or(path);
    let (under_v1, route) = match strip_base(under_tenant, "/v1") {
        Some(route) => (Some(under_tenant), route),
        None => (None, under_tenant),
    };
    Based { under_v1, route }
}

/// What follows `base` in `path`, if whole segments of it do.
fn strip_base<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    path.strip_prefix(base)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn check_segments(route: &str) -> Result<(), Refusal> {
    if route.contains('%') {
        return invalid("The path has an escape (`%`). No route but `/v1/models/{id}` takes one.");
    }
    if !route.split('/').skip(1).all(is_id) {
        return invalid("A segment of the path is not 1 to 128 of `A-Z a-z 0-9 - _ . ~`.");
    }
    Ok(())
}

/// Decodes a model name once: openai-python sends `openai%2Fgpt-4o`, others `openai/gpt-4o`.
fn decode_model_id(raw: &str) -> Result<String, Refusal> {
    let Some(bytes) = decode(raw, Plus::IsPlus) else {
        return invalid("The model name in the path has a broken escape. Send `%` as `%25`.");
    };
    match String::from_utf8(bytes) {
        Ok(name) if !name.chars().any(char::is_control) => Ok(name),
        _ => invalid("The model name in the path is not plain text in UTF-8."),
    }
}

fn invalid<T>(message: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(Code::InvalidPath, message))
}

const DOUBLED: &str = "The path has its base twice: the client adds what its base URL has already. \
     Let the base URL end in `/api/tenant/v1`, or in `/api/tenant` if the client writes `/v1/…` itself.";

#[cfg(test)]
mod tests;
