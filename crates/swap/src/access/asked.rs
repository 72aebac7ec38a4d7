//! Two policies of which at least one can only be asked.
//!
//! A policy is free to look at anything it is told, so an honest answer is often "cannot be told".
//! What is asked: for every key, on every route the old one forwards, every name that either
//! catalogue, a key's fences or a case of either speaks of, and some that nobody speaks of.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use signalbox_policy::{
    Caller, Decision, Forward, ListMode, ModelSource, Names, Request, RequestedModel,
    RouteDescription, RouteIndex, fences,
    fences::{Asked, Scopes},
    gt,
};
use signalbox_runtime::Plugin;
use signalbox_testkit::carried_cases;

use crate::{Access, PolicyAnswer};

/// Whether nothing is found that `old` allows and `new` refuses.
pub(super) fn compare(old: &Plugin, new: &Plugin, callers: &[Caller]) -> Access {
    let asking = Asking {
        old,
        new,
        began: Instant::now(),
        decisions: 0,
        doubt: doubt(old, new, callers),
    };
    asking.all(callers)
}

/// What no number of questions answers.
fn doubt(old: &Plugin, new: &Plugin, callers: &[Caller]) -> Option<String> {
    let descriptions = [old, new].map(Plugin::description);
    if callers.is_empty() {
        return Some("no key uses the policy that could be asked for".into());
    }
    let mut headers = descriptions.iter().flat_map(|policy| &policy.headers);
    if let Some(header) = headers.next() {
        return Some(format!("header `{header}` may count"));
    }
    let mut members = descriptions.iter().flat_map(|policy| &policy.body_members);
    if let Some(member) = members.next() {
        return Some(format!("member `{member}` of the body may count"));
    }
    let wants_labels = descriptions.iter().any(|policy| policy.wants.labels);
    if wants_labels && callers.iter().all(|caller| caller.labels.is_empty()) {
        return Some("labels may count, and no key has any".into());
    }
    let mut routes = descriptions.iter().flat_map(|policy| &policy.routes);
    routes.find_map(|route| {
        let name = format!("{} {}", route.method, route.template);
        let parameters = route.template.matches('{').count();
        let datasets = usize::from(gt::dataset(&route.template, Some("")).is_some());
        if !route.query.is_empty() {
            return Some(format!("`{name}` takes queries, which may count"));
        }
        (parameters > datasets).then(|| format!("the parameters of `{name}` may count"))
    })
}

/// One comparison under way.
struct Asking<'p> {
    old: &'p Plugin,
    new: &'p Plugin,
    began: Instant,
    decisions: usize,
    /// The first reason why it cannot be told. What is found to be refused counts all the same.
    doubt: Option<String>,
}

/// Why a comparison ends before its end.
enum End {
    Narrower(String),
    Bound,
}

/// What an answer lets through.
#[derive(PartialEq)]
enum Allowed {
    Nothing,
    Forward(Box<PolicyAnswer>),
    List(Vec<String>),
}

impl Allowed {
    /// Each policy has its routes at places of its own: what is compared is their names.
    fn forward(mut forward: Forward, plugin: &Plugin) -> Self {
        let route = plugin.route(forward.route).map(RouteDescription::name);
        forward.route = RouteIndex::default();
        let decision = Decision::Forward(forward);
        Self::Forward(Box::new(PolicyAnswer { decision, route }))
    }
}

impl Asking<'_> {
    fn all(mut self, callers: &[Caller]) -> Access {
        let end = callers
            .iter()
            .try_for_each(|caller| self.caller(caller, callers));
        match (end, self.doubt) {
            (Err(End::Narrower(what)), _) => Access::Narrower(what),
            (Err(End::Bound), _) => {
                Access::Unknown("there are too many keys, routes and models to ask for all".into())
            }
            (Ok(()), Some(why)) => Access::Unknown(why),
            (Ok(()), None) => Access::NotNarrower,
        }
    }

    fn caller(&mut self, caller: &Caller, all: &[Caller]) -> Result<(), End> {
        let names = names(self.old, self.new, all);
        for route in &self.old.description().routes {
            let asked = Asked {
                purposes: route.purposes,
                scopes: Scopes::Any(&route.scopes),
                dataset: None,
                conversation: false,
                model: None,
            };
            if !route.forwarded || fences::check(caller, &asked).is_err() {
                continue;
            }
            for path in self.paths(route, caller) {
                self.route(route, &path, caller, &names)?;
            }
        }
        Ok(())
    }

    fn route(
        &mut self,
        route: &RouteDescription,
        path: &str,
        caller: &Caller,
        names: &Candidates,
    ) -> Result<(), End> {
        let head = Request {
            method: &route.method,
            path,
            query: None,
            content_type: content_type(route.model),
            headers: &[],
            caller,
            model: RequestedModel::Unread,
            body_members: &[],
        };
        if route.model == ModelSource::None {
            self.ask(head)?;
            return self.odd_query(head);
        }
        self.ask(Request {
            model: RequestedModel::Absent,
            ..head
        })?;
        for name in &names.known {
            self.ask(Request {
                model: RequestedModel::Named(name),
                ..head
            })?;
        }
        for name in &names.unknown {
            let allowed = self.ask(Request {
                model: RequestedModel::Named(name),
                ..head
            })?;
            if allowed {
                self.doubts(|| "it takes model names that are listed nowhere".into());
            }
        }
        Ok(())
    }

    /// A query is dropped on its way to GT, but the policy sees it.
    fn odd_query(&mut self, head: Request<'_>) -> Result<(), End> {
        let with_query = Request {
            query: Some(UNKNOWN),
            ..head
        };
        for plugin in [self.old, self.new] {
            let plain = self
                .allows(plugin, head)?
                .is_some_and(|it| it != Allowed::Nothing);
            let odd = self
                .allows(plugin, with_query)?
                .is_some_and(|it| it != Allowed::Nothing);
            if plain != odd {
                self.doubts(|| "a query that is listed nowhere counts".into());
            }
        }
        Ok(())
    }

    /// Asks both. Gives whether the old one allows it.
    fn ask(&mut self, request: Request<'_>) -> Result<bool, End> {
        let before = match self.allows(self.old, request)? {
            // It failed: that allows nothing.
            None | Some(Allowed::Nothing) => return Ok(false),
            Some(allowed) => allowed,
        };
        let what = || {
            let model = match request.model {
                RequestedModel::Named(name) => format!(" with model `{name}`"),
                RequestedModel::Absent | RequestedModel::Unread => String::new(),
            };
            let key = &request.caller.id;
            format!("{} {}{model} for key `{key}`", request.method, request.path)
        };
        match (before, self.allows(self.new, request)?) {
            (_, None) => self.doubts(|| format!("it fails on {}", what())),
            (_, Some(Allowed::Nothing)) => return Err(End::Narrower(what())),
            (Allowed::List(before), Some(Allowed::List(now))) => {
                if let Some(gone) = before.iter().find(|name| !now.contains(name)) {
                    let key = &request.caller.id;
                    return Err(End::Narrower(format!(
                        "`{gone}` is listed for key `{key}` no longer"
                    )));
                }
            }
            (before, Some(now)) if before != now => {
                self.doubts(|| format!("it decides otherwise on {}", what()));
            }
            _ => {}
        }
        Ok(true)
    }

    /// What a plugin lets through, all of it: the head first, the model if that is asked for.
    /// `None` if it fails.
    fn allows(&mut self, plugin: &Plugin, request: Request<'_>) -> Result<Option<Allowed>, End> {
        let head = Request {
            model: RequestedModel::Unread,
            ..request
        };
        let decision = match self.decide(plugin, head)? {
            Some(Decision::ReadModel) => self.decide(plugin, request)?,
            decided => decided,
        };
        Ok(decision.map(|decision| match decision {
            Decision::Forward(forward) if is_within(plugin, request, &forward) => {
                Allowed::forward(forward, plugin)
            }
            Decision::Forward(_) | Decision::ReadModel | Decision::Refuse(_) => Allowed::Nothing,
            Decision::ListModels(mode) => Allowed::List(listed(plugin, request.caller, &mode)),
        }))
    }

    fn decide(&mut self, plugin: &Plugin, request: Request<'_>) -> Result<Option<Decision>, End> {
        self.decisions += 1;
        if self.decisions > MOST || self.began.elapsed() > LONGEST {
            return Err(End::Bound);
        }
        Ok(plugin.decide(&request).ok())
    }

    fn doubts(&mut self, why: impl FnOnce() -> String) {
        self.doubt.get_or_insert_with(why);
    }

    /// The paths of a route: one for each dataset on the key.
    fn paths(&mut self, route: &RouteDescription, caller: &Caller) -> Vec<String> {
        let filled = |value: &str| {
            let segment = |segment| {
                if str::starts_with(segment, '{') {
                    value
                } else {
                    segment
                }
            };
            let segments: Vec<_> = route.template.split('/').map(segment).collect();
            segments.join("/")
        };
        if gt::dataset(&route.template, Some("")).is_none() {
            return vec![filled(UNKNOWN)];
        }
        match &caller.datasets {
            Names::Only(names) if !names.iter().any(|name| name.ends_with('*')) => {
                names.iter().map(|name| filled(name)).collect()
            }
            _ => {
                self.doubts(|| format!("key `{}` may name any dataset", caller.id));
                vec![filled(UNKNOWN)]
            }
        }
    }
}

/// The host would not let a `forward` past the key's fences, whatever a policy says.
fn is_within(plugin: &Plugin, request: Request<'_>, forward: &Forward) -> bool {
    let written = match request.model {
        RequestedModel::Named(name) => Some(name),
        RequestedModel::Absent | RequestedModel::Unread => None,
    };
    plugin.route(forward.route).is_some_and(|route| {
        let asked = Asked::by_forward(route, forward, false, written);
        fences::check(request.caller, &asked).is_ok()
    })
}

/// What a key is shown.
pub(crate) fn listed(plugin: &Plugin, caller: &Caller, mode: &ListMode) -> Vec<String> {
    let is_in = |name: &String| match mode {
        ListMode::Catalogue | ListMode::Upstream => true,
        ListMode::Only(names) => names.contains(name),
    };
    let entries = plugin.catalogue().iter();
    entries
        .filter(|entry| is_in(&entry.name) && fences::shows(caller, plugin.description(), entry))
        .map(|entry| entry.name.clone())
        .collect()
}

/// The model names to ask for.
struct Candidates {
    known: BTreeSet<String>,
    /// Close to known ones, as a pattern would take them, and far from any.
    unknown: BTreeSet<String>,
}

fn names(old: &Plugin, new: &Plugin, callers: &[Caller]) -> Candidates {
    let mut known = BTreeSet::new();
    for plugin in [old, new] {
        known.extend(plugin.catalogue().iter().map(|entry| entry.name.clone()));
        let cases = carried_cases(plugin).unwrap_or_default();
        known.extend(cases.into_iter().filter_map(|case| case.model));
    }
    for caller in callers {
        for names in [&caller.models, &caller.published] {
            if let Names::Only(names) = names {
                known.extend(names.iter().filter(|name| !name.ends_with('*')).cloned());
            }
        }
    }
    let mut unknown = BTreeSet::from([UNKNOWN.to_owned()]);
    for name in &known {
        let ends = name.char_indices().filter(|(_, c)| !c.is_alphanumeric());
        let stems = ends.filter_map(|(at, c)| name.get(..at + c.len_utf8()));
        unknown.extend(stems.chain([&**name]).map(|stem| [stem, UNKNOWN].concat()));
    }
    unknown.retain(|name| !known.contains(name));
    Candidates { known, unknown }
}

const fn content_type(source: ModelSource) -> Option<&'static str> {
    match source {
        ModelSource::Json => Some("application/json"),
        ModelSource::Multipart => Some("multipart/form-data; boundary=b"),
        ModelSource::None => None,
    }
}

/// What nobody calls anything.
const UNKNOWN: &str = "signalbox-unlisted-7f2c";

/// A swap waits for it.
const MOST: usize = 20_000;
const LONGEST: Duration = Duration::from_secs(1);
