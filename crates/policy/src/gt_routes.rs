//! GT's own table of routes: what each asks of a key, whatever a policy says of it.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{
    Description, Purposes, RouteDescription,
    fences::{Asked, Scopes},
};

/// What GT has of routes. A path that is in none of them is not sent to GT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GtRoutes {
    /// The version of the table, as it says itself.
    pub version: String,
    routes: Vec<GtRoute>,
}

/// One route of GT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GtRoute {
    /// Upper-case method.
    pub method: String,
    /// Path under `/v1/`; a segment in braces is a parameter. `{dataset}` is a dataset target, which
    /// the key has to have.
    pub template: String,
    /// A key needs any one of these.
    pub purposes: Purposes,
    /// And all of these.
    pub scopes: Vec<String>,
    /// Whether `x-gt-conversation-id` is sent on.
    pub takes_conversation: bool,
}

/// How a route of a policy does not fit the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteFault {
    /// `METHOD template`, as the policy has it.
    pub route: String,
    /// What is wrong with it.
    pub problem: RouteProblem,
}

/// What is wrong with a route that is forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteProblem {
    /// It can be a path that the table does not have.
    Unknown,
    /// Keys without the purpose that GT asks for could use it.
    Purpose(Purposes),
    /// It does not ask for this scope.
    Scope(String),
    /// It names a dataset itself, so that no key would have to have it.
    Dataset,
}

impl GtRoutes {
    /// A table of these routes. What has fewer parameters goes first: of two routes that a path
    /// fits, the more exact one is meant.
    #[must_use]
    pub fn new(version: impl Into<String>, routes: impl IntoIterator<Item = GtRoute>) -> Self {
        let mut routes: Vec<_> = routes.into_iter().collect();
        routes.sort_by_key(|route| segments(&route.template).filter(is_parameter).count());
        Self {
            version: version.into(),
            routes,
        }
    }

    /// Its routes.
    pub fn routes(&self) -> impl Iterator<Item = &GtRoute> {
        self.routes.iter()
    }

    /// The route of a path that is about to be sent.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Option<&GtRoute> {
        let mut routes = self.routes.iter();
        routes.find(|route| route.method == method && fits(&route.template, path))
    }

    /// Where a policy would let a key do what GT's table does not, or send what GT has not.
    #[must_use]
    pub fn check(&self, description: &Description) -> Vec<RouteFault> {
        let forwarded = description.routes.iter().filter(|route| route.forwarded);
        let fault = |route: &RouteDescription| {
            let problem = self.check_route(route)?;
            Some(RouteFault {
                route: route.name(),
                problem,
            })
        };
        forwarded.filter_map(fault).collect()
    }

    fn check_route(&self, route: &RouteDescription) -> Option<RouteProblem> {
        let of_method = || self.routes.iter().filter(|it| it.method == route.method);
        if !of_method().any(|it| fits(&it.template, &route.template)) {
            return Some(RouteProblem::Unknown);
        }
        let mut may_be_meant = of_method().filter(|it| meets(&it.template, &route.template));
        may_be_meant.find_map(|it| it.problem_of(route))
    }
}

impl GtRoute {
    /// What sending a request to `path` asks of its key.
    #[must_use]
    pub fn asks<'a>(&'a self, path: &'a str, conversation: bool) -> Asked<'a> {
        let mut pairs = segments(&self.template).zip(segments(path));
        Asked {
            purposes: self.purposes,
            scopes: Scopes::All(&self.scopes),
            dataset: pairs
                .find(|(expected, _)| *expected == DATASET)
                .map(|(_, segment)| segment),
            conversation,
            model: None,
        }
    }

    fn problem_of(&self, route: &RouteDescription) -> Option<RouteProblem> {
        let suffices = |held: crate::Purpose| {
            let only: Purposes = [held].into_iter().collect();
            only.satisfy(self.purposes)
        };
        if !route.purposes.iter().all(suffices) {
            return Some(RouteProblem::Purpose(self.purposes));
        }
        // A set without it lets in keys that do not have it, and so does no set at all.
        let is_asked = |scope: &String| {
            !route.scopes.is_empty() && route.scopes.iter().all(|set| set.contains(scope))
        };
        if let Some(scope) = self.scopes.iter().find(|scope| !is_asked(scope)) {
            return Some(RouteProblem::Scope(scope.clone()));
        }
        let mut pairs = segments(&self.template).zip(segments(&route.template));
        let names_dataset = pairs.any(|(ours, theirs)| ours == DATASET && !is_parameter(&theirs));
        names_dataset.then_some(RouteProblem::Dataset)
    }
}

impl fmt::Display for RouteFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` {}", self.route, self.problem)
    }
}

impl fmt::Display for RouteProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => out.write_str("is forwarded, and GT's table has no such route"),
            Self::Purpose(purposes) => {
                out.write_str("is open to keys without the purpose that GT asks for: ")?;
                for (n, purpose) in purposes.iter().enumerate() {
                    let before = if n == 0 { "" } else { " or " };
                    write!(out, "{before}{}", purpose.word())?;
                }
                Ok(())
            }
            Self::Scope(scope) => write!(out, "does not ask for `{scope}`, as GT does"),
            Self::Dataset => out.write_str("names a dataset, which no key would have to have"),
        }
    }
}

impl RouteProblem {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unknown => {
                "add the route to the table, if your GT has it: `upstream.routes_file`, docs/upstream.md"
            }
            Self::Purpose(_) => "leave `purpose` out, or name one of these",
            Self::Scope(_) => "name it in `scope`",
            Self::Dataset => "write `{id}` in its place",
        }
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
}

fn is_parameter(segment: &&str) -> bool {
    segment.starts_with('{')
}

/// Whether a path, or every path of another template, is one of a template's. What fills a parameter was checked when it was filled.
fn fits(template: &str, path: &str) -> bool {
    pairwise(template, path, |ours, theirs| {
        is_parameter(&ours) || ours == theirs
    })
}

/// Whether some path is one of both.
fn meets(ours: &str, theirs: &str) -> bool {
    pairwise(ours, theirs, |ours, theirs| {
        is_parameter(&ours) || is_parameter(&theirs) || ours == theirs
    })
}

fn pairwise(ours: &str, theirs: &str, goes: impl Fn(&str, &str) -> bool) -> bool {
    let (mut ours, mut theirs) = (segments(ours), segments(theirs));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if goes(one, other) => {}
            _ => return false,
        }
    }
}

/// The parameter that is a dataset target.
const DATASET: &str = "{dataset}";

#[cfg(test)]
mod tests {
    use alloc::{borrow::ToOwned, string::ToString, vec};

    use super::*;
    use crate::{ModelSource, Purpose, Verdict, Wants};

    fn gt(method: &str, template: &str, purposes: &[Purpose], scopes: &[&str]) -> GtRoute {
        GtRoute {
            method: method.to_owned(),
            template: template.to_owned(),
            purposes: purposes.iter().copied().collect(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            takes_conversation: false,
        }
    }

    fn table() -> GtRoutes {
        GtRoutes::new(
            "1",
            [
                gt(
                    "GET",
                    "/v1/files/{id}",
                    &[Purpose::Upload, Purpose::Conversation],
                    &[],
                ),
                gt(
                    "POST",
                    "/v1/datasets/{dataset}/files",
                    &[Purpose::Upload],
                    &["datasets:write"],
                ),
                gt(
                    "POST",
                    "/v1/chat/completions",
                    &[Purpose::Inference],
                    &["inference:chat"],
                ),
                gt("GET", "/v1/files/all", &[Purpose::Upload], &["files:list"]),
            ],
        )
    }

    fn problem(route: &str, purposes: &[Purpose], scopes: &[&str]) -> Option<RouteProblem> {
        let set = [scopes];
        problem_of_sets(route, purposes, if scopes.is_empty() { &[] } else { &set })
    }

    fn problem_of_sets(
        route: &str,
        purposes: &[Purpose],
        sets: &[&[&str]],
    ) -> Option<RouteProblem> {
        let (method, template) = route.split_once(' ').unwrap();
        let route = RouteDescription {
            method: method.to_owned(),
            template: template.to_owned(),
            verdict: Verdict::GtExtension,
            forwarded: true,
            purposes: purposes.iter().copied().collect(),
            scopes: sets
                .iter()
                .map(|set| set.iter().map(ToString::to_string).collect())
                .collect(),
            model: ModelSource::None,
            query: vec![],
            headers: vec![],
            reason: None,
        };
        let description = Description {
            name: "p".to_owned(),
            version: String::new(),
            routes: vec![route],
            headers: vec![],
            wants: Wants::default(),
            body_members: vec![],
            model_count: 0,
        };
        table().check(&description).pop().map(|fault| fault.problem)
    }

    #[test]
    fn the_more_exact_route_is_the_one_that_counts() {
        let table = table();
        assert_eq!(
            table.find("GET", "/v1/files/all").unwrap().scopes,
            ["files:list"]
        );
        assert!(
            table
                .find("GET", "/v1/files/other")
                .unwrap()
                .scopes
                .is_empty()
        );
        for (method, path) in [
            ("PUT", "/v1/files/all"),
            ("GET", "/v1/files"),
            ("GET", "/v1/files/a/b"),
        ] {
            assert_eq!(table.find(method, path), None, "{method} {path}");
        }
        let dataset = "/v1/datasets/briefs/files";
        let asked = table.find("POST", dataset).unwrap().asks(dataset, false);
        assert_eq!(asked.dataset, Some("briefs"));
    }

    #[test]
    fn a_policy_asks_for_as_much_as_gt_or_more() {
        use Purpose::{Conversation, Inference, Upload};
        let chat = "POST /v1/chat/completions";
        assert_eq!(problem(chat, &[Inference], &["inference:chat"]), None);
        assert_eq!(
            problem(chat, &[Conversation], &["inference:chat", "more"]),
            None
        );
        let missing = Some(RouteProblem::Scope("inference:chat".to_owned()));
        assert_eq!(problem(chat, &[Inference], &[]), missing);
        let sets = [&["inference:chat", "more"][..], &["inference:chat"]];
        assert_eq!(problem_of_sets(chat, &[Inference], &sets), None);
        let sets = [&["inference:chat"][..], &["more"]];
        assert_eq!(problem_of_sets(chat, &[Inference], &sets), missing);
        let purpose = Some(RouteProblem::Purpose([Inference].into_iter().collect()));
        assert_eq!(
            problem(chat, &[Inference, Upload], &["inference:chat"]),
            purpose
        );
        assert_eq!(
            problem("GET /v1/files/{file}", &[Upload], &["files:list"]),
            None
        );
        let listed = Some(RouteProblem::Scope("files:list".to_owned()));
        assert_eq!(problem("GET /v1/files/{file}", &[Upload], &[]), listed);
    }

    #[test]
    fn a_template_that_can_be_another_route_is_unknown() {
        use Purpose::Upload;
        let scopes = ["datasets:write"];
        assert_eq!(
            problem("POST /v1/datasets/{id}/files", &[Upload], &scopes),
            None
        );
        for route in [
            "POST /v1/{area}/{id}/files",
            "POST /v1/datasets/{id}",
            "POST /v1/responses",
        ] {
            assert_eq!(
                problem(route, &[Upload], &scopes),
                Some(RouteProblem::Unknown),
                "{route}"
            );
        }
        let literal = problem("POST /v1/datasets/briefs/files", &[Upload], &scopes);
        assert_eq!(literal, Some(RouteProblem::Dataset));
    }
}
