//! Two policies of which at least one can only be asked, or what two policies mean for some callers.
//!
//! A policy is free to look at anything it is told, so an honest answer is often "cannot be told".
//! What is asked: for every key, on every route that is forwarded and wherever another template
//! overlaps it, every name that either catalogue, a key's fences or a case of either speaks of, and
//! some that nobody speaks of.

mod allowed;
mod answers;
mod ceilings;
mod names;
mod overlaps;
mod side;
mod untold;

pub(crate) use allowed::listed;

use std::time::{Duration, Instant};

use signalbox_policy::{
    Caller, Decision, ModelSource, Names, Request, RequestedModel, RouteDescription, Rules as _,
    gt, tables::Tables,
};
use signalbox_runtime::Plugin;

use self::{
    allowed::{Allowed, is_within},
    ceilings::{Probe, probes},
    names::{Candidates, UNKNOWN},
    side::Side,
};
use super::{Asked, Change, Effect};
use crate::{Access, loaded::Loaded};

/// Whether nothing is found that `old` allows and `new` refuses.
pub(crate) fn losses(old: &Plugin, new: &Plugin, callers: &[Caller]) -> Access {
    let sides = [old, new].map(Side::without_headers);
    let mut asking = Asking::new(sides, Extent::Losses, MOST, Vec::new());
    asking.untold.extend(untold::of_losses(old, new, callers));
    let names = names::spoken_of(old, new, callers);
    let mut all = callers.iter();
    let end = all.try_for_each(|caller| asking.caller(caller, &names));
    match (end, asking.untold.into_iter().next()) {
        (Err(End::Loss(what)), _) => Access::Narrower(what),
        (Err(End::Bound), _) => {
            Access::Unknown("there are too many keys, routes and models to ask for all".into())
        }
        (Ok(()), Some(why)) => Access::Unknown(why),
        (Ok(()), None) => Access::NotNarrower,
    }
}

/// Everything that either allows and the other does not, or not so.
pub(super) fn every(old: &Loaded, new: &Loaded, callers: &[Caller], most: usize) -> Asked {
    let tables = [old, new].map(|it| Tables::read(it.tables.as_deref()?).ok());
    let ceilings = tables.iter().flatten().flat_map(|it| it.ceilings());
    let sides = [old, new].map(Side::with_headers);
    let mut asking = Asking::new(sides, Extent::Everything, most, probes(ceilings));
    let mut names = names::spoken_of(&old.plugin, &new.plugin, callers);
    if let [Some(old), Some(new)] = &tables {
        names.of_patterns(old.patterns().chain(new.patterns()));
    }
    for side in [old, new].into_iter().filter(|it| it.tables.is_none()) {
        asking.untold.extend(untold::of_program(&side.plugin));
    }
    let mut asked = Asked::default();
    for caller in callers {
        if asking.caller(caller, &names).is_err() {
            let why = "there are too many keys, routes and models to ask for all".into();
            asking.untold.push(why);
            break;
        }
        asked.callers.push(std::mem::take(&mut asking.found));
    }
    asking.untold.sort();
    asking.untold.dedup();
    asked.untold = asking.untold;
    asked
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The first thing that is allowed no longer.
    Losses,
    /// All that changes.
    Everything,
}

/// One comparison under way.
struct Asking<'p> {
    old: Side<'p>,
    new: Side<'p>,
    extent: Extent,
    probes: Vec<Probe>,
    began: Instant,
    decisions: usize,
    most: usize,
    /// Reasons why it cannot be told. What is found to be refused counts all the same.
    untold: Vec<String>,
    found: Vec<Change>,
}

/// Why a comparison ends before its end.
enum End {
    Loss(String),
    Bound,
}

impl<'p> Asking<'p> {
    fn new([old, new]: [Side<'p>; 2], extent: Extent, most: usize, probes: Vec<Probe>) -> Self {
        Self {
            old,
            new,
            extent,
            probes,
            began: Instant::now(),
            decisions: 0,
            most,
            untold: Vec::new(),
            found: Vec::new(),
        }
    }

    fn caller(&mut self, caller: &Caller, names: &Candidates) -> Result<(), End> {
        let routes = self.routes(caller);
        let overlaps = self.overlaps(&routes);
        for route in routes.into_iter().chain(&overlaps) {
            for path in self.paths(route, caller) {
                self.route(route, &path, caller, names)?;
            }
        }
        Ok(())
    }

    /// The routes that some policy forwards for this caller; of losses the old one counts.
    fn routes(&self, caller: &Caller) -> Vec<&'p RouteDescription> {
        let old = self.old.plugin.description();
        let is_open = |side: &Side<'_>, route: &RouteDescription| side.lets_in(route, caller);
        let of_old = old.routes.iter().filter(|it| {
            let is_asked = || self.extent == Extent::Everything && is_open(&self.new, it);
            is_open(&self.old, it) || is_asked()
        });
        let mut routes: Vec<_> = of_old.collect();
        if self.extent == Extent::Everything {
            let is_known =
                |route: &RouteDescription| old.routes.iter().any(|it| it.is_named(&route.name()));
            let of_new = self.new.plugin.description().routes.iter();
            routes.extend(of_new.filter(|it| !is_known(it) && is_open(&self.new, it)));
        }
        routes
    }

    fn route(
        &mut self,
        route: &RouteDescription,
        path: &str,
        caller: &Caller,
        names: &Candidates,
    ) -> Result<(), End> {
        let source = self.model_source(route);
        let head = Request {
            method: &route.method,
            path,
            query: None,
            content_type: content_type(source),
            headers: &[],
            caller,
            model: RequestedModel::Unread,
            body_members: &[],
        };
        if source == ModelSource::None {
            self.ask(head, route, None)?;
            return self.odd_query(head);
        }
        self.ask(
            Request {
                model: RequestedModel::Absent,
                ..head
            },
            route,
            None,
        )?;
        for name in &names.known {
            let request = Request {
                model: RequestedModel::Named(name),
                ..head
            };
            self.ask(request, route, Some(name))?;
        }
        for (name, shown) in &names.unknown {
            let request = Request {
                model: RequestedModel::Named(name),
                ..head
            };
            let shown = match self.extent {
                Extent::Losses => name,
                Extent::Everything => shown,
            };
            if self.ask(request, route, Some(shown))? && !self.are_bounded() {
                self.doubts(|| "it takes model names that are listed nowhere".into());
            }
        }
        Ok(())
    }

    /// Of a route that has a model in one policy alone, that one's.
    fn model_source(&self, route: &RouteDescription) -> ModelSource {
        let other = self.new.route(route).map(|other| other.model);
        match (route.model, self.extent) {
            (ModelSource::None, Extent::Everything) => other.unwrap_or(ModelSource::None),
            (source, _) => source,
        }
    }

    /// A query is dropped on its way to GT, but the policy sees it.
    fn odd_query(&mut self, head: Request<'_>) -> Result<(), End> {
        if self.are_bounded() {
            return Ok(());
        }
        let with_query = Request {
            query: Some(UNKNOWN),
            ..head
        };
        for side in [self.old.clone(), self.new.clone()] {
            let [plain, odd] = [head, with_query].map(|request| self.allows(&side, request));
            let is_allowed = |it: Option<Allowed>| it.is_some_and(|it| !it.is_refused());
            if is_allowed(plain?) != is_allowed(odd?) {
                self.doubts(|| "a query that is listed nowhere counts".into());
            }
        }
        Ok(())
    }

    /// What a plugin lets through, all of it: the head first, the model if that is asked for.
    /// `None` if it fails.
    fn allows(&mut self, side: &Side<'_>, request: Request<'_>) -> Result<Option<Allowed>, End> {
        let request = Request {
            headers: side.headers(request.method, request.path),
            ..request
        };
        let head = Request {
            model: RequestedModel::Unread,
            body_members: &[],
            ..request
        };
        let plugin = side.plugin;
        let decision = match self.decide(plugin, head)? {
            Some(Decision::ReadModel) => self.decide(plugin, request)?,
            decided => decided,
        };
        Ok(decision.map(|decision| match decision {
            Decision::Forward(forward) if is_within(plugin, request, &forward) => {
                Allowed::forward(forward, plugin)
            }
            Decision::Forward(_) | Decision::ReadModel => Allowed::Refused("policy_failed".into()),
            Decision::Refuse(refusal) => Allowed::Refused(refusal.code),
            Decision::ListModels(mode) => Allowed::List(listed(plugin, request.caller, &mode)),
        }))
    }

    fn decide(&mut self, plugin: &Plugin, request: Request<'_>) -> Result<Option<Decision>, End> {
        self.decisions += 1;
        let is_late = self.extent == Extent::Losses && self.began.elapsed() > LONGEST;
        if self.decisions > self.most || is_late {
            return Err(End::Bound);
        }
        Ok(plugin.decide(&request).ok())
    }

    fn add(&mut self, change: Change) -> Result<(), End> {
        match (self.extent, change.effect) {
            (Extent::Everything, _) => self.found.push(change),
            (Extent::Losses, Effect::Narrower) => return Err(End::Loss(change.text)),
            (Extent::Losses, Effect::Different | Effect::Words) => {
                self.doubts(|| format!("it decides otherwise on {}", change.subject));
            }
            (Extent::Losses, Effect::Wider) => {}
        }
        Ok(())
    }

    /// Whether what both decide by is written down, and all of it is asked about.
    fn are_bounded(&self) -> bool {
        self.extent == Extent::Everything && self.old.has_tables && self.new.has_tables
    }

    fn doubts(&mut self, why: impl FnOnce() -> String) {
        if self.extent == Extent::Everything || self.untold.is_empty() {
            self.untold.push(why());
        }
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
                if !self.are_bounded() {
                    self.doubts(|| format!("key `{}` may name any dataset", caller.id));
                }
                vec![filled(UNKNOWN)]
            }
        }
    }
}

const fn content_type(source: ModelSource) -> Option<&'static str> {
    match source {
        ModelSource::Json => Some("application/json"),
        ModelSource::Multipart => Some("multipart/form-data; boundary=b"),
        ModelSource::None => None,
    }
}

/// A swap waits for it.
const MOST: usize = 20_000;
const LONGEST: Duration = Duration::from_secs(1);
