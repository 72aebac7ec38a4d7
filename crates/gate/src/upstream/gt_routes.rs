//! Reading GT's table of routes: the one that comes with the gate, or an operator's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use signalbox_http::path;
use signalbox_policy::gt_routes::{GtRoute, GtRoutes};
use signalbox_policy::{Purpose, Purposes};

use crate::text::yaml::{self, Unreadable};

/// The table that comes with the gate, as it is written.
pub const SHIPPED: &str = include_str!("gt-routes.yaml");

/// Why a table of GT's routes cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GtRoutesError {
    /// It is no YAML of the form it has to have.
    #[error("{}: {}", .0.position, .0.message)]
    Unreadable(Unreadable),
    /// A key of `routes` is no method and path.
    #[error("`{0}` is no `METHOD /v1/…`; a segment is a plain word or one parameter in braces")]
    Route(String),
    /// A route that no key could use.
    #[error("`{0}` names no purpose, so that no key could use it")]
    Purposes(String),
    /// Two routes that fit the same paths.
    #[error("`{0}` fits the same paths as another route")]
    Twice(String),
    /// A word that is no purpose.
    #[error("`{route}`: `{word}` is no purpose; write inference, upload or conversation")]
    Purpose {
        /// The route.
        route: String,
        /// The word.
        word: String,
    },
}

/// The table that comes with the gate.
#[must_use]
pub fn shipped() -> Arc<GtRoutes> {
    static TABLE: LazyLock<Arc<GtRoutes>> = LazyLock::new(|| {
        // A test reads it. Where it could not be read, nothing would be sent to GT.
        Arc::new(parse(SHIPPED).unwrap_or_default())
    });
    Arc::clone(&TABLE)
}

/// Reads a table.
///
/// # Errors
/// If it is no table.
pub fn parse(text: &str) -> Result<GtRoutes, GtRoutesError> {
    let written: Written = yaml::read(text).map_err(GtRoutesError::Unreadable)?;
    let routes = written.routes.into_iter();
    let routes: Result<Vec<_>, _> = routes.map(|(key, entry)| route(key, entry)).collect();
    let routes = routes?;
    let mut shapes = BTreeSet::new();
    for route in &routes {
        let shape: Vec<_> = route.template.split('/').map(shape).collect();
        if !shapes.insert((&route.method, shape)) {
            return Err(GtRoutesError::Twice(format!(
                "{} {}",
                route.method, route.template
            )));
        }
    }
    Ok(GtRoutes::new(written.version, routes))
}

/// A segment as paths see it: a parameter is any.
fn shape(segment: &str) -> Option<&str> {
    (!segment.starts_with('{')).then_some(segment)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: String,
    routes: BTreeMap<String, WrittenRoute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRoute {
    purposes: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    conversation: bool,
}

fn route(key: String, entry: WrittenRoute) -> Result<GtRoute, GtRoutesError> {
    let Some((method, template)) = key.split_once(' ').filter(|it| is_route(*it)) else {
        return Err(GtRoutesError::Route(key));
    };
    let (method, template) = (method.to_owned(), template.to_owned());
    let mut purposes = Vec::new();
    for word in entry.purposes {
        match Purpose::ALL.into_iter().find(|it| it.word() == word) {
            Some(purpose) => purposes.push(purpose),
            None => return Err(GtRoutesError::Purpose { route: key, word }),
        }
    }
    let purposes: Purposes = purposes.into_iter().collect();
    if purposes.is_empty() {
        return Err(GtRoutesError::Purposes(key));
    }
    Ok(GtRoute {
        method,
        template,
        purposes,
        scopes: entry.scopes,
        takes_conversation: entry.conversation,
    })
}

fn is_route((method, template): (&str, &str)) -> bool {
    let is_method = !method.is_empty() && method.bytes().all(|it| it.is_ascii_uppercase());
    let is_segment = |segment: &str| {
        let name = segment
            .strip_prefix('{')
            .and_then(|it| it.strip_suffix('}'));
        path::is_id(name.unwrap_or(segment))
    };
    let rest = template.strip_prefix("/v1/");
    is_method && rest.is_some_and(|rest| rest.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_has_what_gt_documents() {
        let table = parse(SHIPPED).unwrap();
        assert_eq!(table.routes().count(), 10);
        assert_eq!(table, *shipped());
        let dataset = table.find("POST", "/v1/datasets/briefs/files").unwrap();
        assert_eq!(dataset.scopes, ["datasets:write"]);
        assert_eq!(table.find("POST", "/v1/responses"), None);
    }

    #[test]
    fn what_is_no_table_is_told() {
        let with = |route: &str, entry: &str| {
            parse(&format!("version: '1'\nroutes:\n  {route}: {entry}\n"))
        };
        assert!(with("POST /v1/responses", "{purposes: [inference]}").is_ok());
        for route in [
            "/v1/x",
            "post /v1/x",
            "POST /x",
            "POST /v1/",
            "POST /v1/a{b}",
            "POST /v1/{}",
        ] {
            let error = with(&format!("'{route}'"), "{purposes: [inference]}").unwrap_err();
            assert_eq!(error, GtRoutesError::Route(route.to_owned()));
        }
        let of = |entry| with("POST /v1/x", entry).unwrap_err().to_string();
        assert_eq!(
            of("{purposes: []}"),
            "`POST /v1/x` names no purpose, so that no key could use it"
        );
        assert!(of("{purposes: [chat]}").starts_with("`POST /v1/x`: `chat` is no purpose"));
        assert!(of("{purpose: [upload]}").contains("purpose"));
        let alike = "version: '1'\nroutes:\n  GET /v1/x/{a}: {purposes: [upload]}\n  GET /v1/x/{b}: {purposes: [upload]}\n";
        assert_eq!(
            parse(alike),
            Err(GtRoutesError::Twice("GET /v1/x/{b}".to_owned()))
        );
        let twice = "version: '1'\nroutes:\n  GET /v1/x: {purposes: [upload]}\n  GET /v1/x: {purposes: [upload]}\n";
        assert!(matches!(parse(twice), Err(GtRoutesError::Unreadable(_))));
    }
}
