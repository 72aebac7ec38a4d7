//! The routes of a document.

use std::collections::{BTreeMap, BTreeSet};

use super::{names, words};
use crate::{
    Action, CallerSet, Document, Endpoint, ModelSource, Purposes, Verdict,
    diagnostic::{Code, Findings, shown},
    document::Route,
    gt,
    policy::RouteEntry,
};

mod key;
mod scope;

pub(super) use key::Key;

/// The routes of a document that could be read, each with its place.
pub(crate) struct Routes {
    checked: Vec<Checked>,
    /// Where each stands, as `METHOD template`; several places if it stands there twice.
    places: BTreeMap<String, Vec<usize>>,
    /// Those that a route takes to GT.
    endpoints: BTreeSet<Endpoint>,
}

struct Checked {
    key: Key,
    /// `None` if it cannot be told.
    action: Option<Action>,
    entry: Option<RouteEntry>,
}

impl Routes {
    fn of(checked: Vec<Checked>) -> Self {
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, route) in checked.iter().enumerate() {
            places.entry(route.key.name()).or_default().push(place);
        }
        let forwarded = checked
            .iter()
            .filter(|route| route.action != Some(Action::Refuse));
        let endpoint = |route: &Checked| Endpoint::of(&route.key.method, &route.key.template);
        Self {
            endpoints: forwarded.filter_map(endpoint).collect(),
            checked,
            places,
        }
    }

    /// Whether the document has the route, as `METHOD template`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Every route, as `METHOD template`.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.checked.iter().map(|route| route.key.name())
    }

    /// Whether some route takes requests for the endpoint to GT.
    pub(super) fn forward(&self, endpoint: Endpoint) -> bool {
        self.endpoints.contains(&endpoint)
    }

    /// Lets no caller call any of them, until a rule does.
    pub(super) fn close_to_callers(&mut self) {
        for entry in self.checked.iter_mut().filter_map(|it| it.entry.as_mut()) {
            entry.callers = CallerSet::NONE;
        }
    }

    /// Lets the callers of the rule at a place call every route.
    pub(super) fn open_all_to_caller(&mut self, place: usize) {
        for route in &mut self.checked {
            route.open_to_caller(place);
        }
    }

    /// Lets the callers of the rule at a place call a route.
    pub(super) fn open_to_caller(&mut self, name: &str, place: usize) {
        for number in self.places.get(name).into_iter().flatten() {
            if let Some(route) = self.checked.get_mut(*number) {
                route.open_to_caller(place);
            }
        }
    }

    /// Those without fault.
    pub(super) fn whole(self) -> Vec<RouteEntry> {
        let routes = self.checked.into_iter();
        routes.filter_map(|route| route.entry).collect()
    }
}

impl Checked {
    fn open_to_caller(&mut self, place: usize) {
        if let Some(entry) = &mut self.entry {
            entry.callers = entry.callers.with(place);
        }
    }
}

pub(super) fn routes(document: &Document, findings: &mut Findings) -> Routes {
    let routes = document.routes.as_deref().unwrap_or_default();
    let checked = routes.iter().filter_map(|written| route(written, findings));
    let routes = Routes::of(checked.collect());
    key::compare(routes.checked.iter().map(|route| &route.key), findings);
    routes
}

fn route(written: &Route, findings: &mut Findings) -> Option<Checked> {
    let key = key::read(&written.key, findings);
    let verdict = verdict(written, findings);
    let action = action(written, verdict, findings);
    let because = because(written, verdict, action, findings);
    let purposes = written.purpose.as_ref();
    let purposes =
        purposes.map(|list| words::purposes(list, "`purpose`", "what GT documents", findings));
    let query = written
        .query
        .as_ref()
        .map(|list| names::queries(list, findings));
    let headers = written
        .headers
        .as_ref()
        .map(|list| names::headers(list, findings));
    let required_headers = written.required_headers.as_ref();
    let required_headers = required_headers.map(|list| names::required_headers(list, findings));
    let set_headers = names::set_headers(&written.set_headers, findings);
    let scopes = scope::scopes(written, key.as_ref(), action, findings);
    let model = key
        .as_ref()
        .and_then(|key| model(written, key, action, findings));
    let key = key?;
    let entry = || {
        Some(RouteEntry {
            method: key.method.clone(),
            template: key.template.clone(),
            verdict: verdict?,
            action: action?,
            purposes: purposes.unwrap_or_else(|| default_purposes(&key)),
            scopes,
            model: model?,
            query: query.unwrap_or_default(),
            headers: headers.unwrap_or_default(),
            required_headers: required_headers.unwrap_or_default(),
            set_headers,
            callers: CallerSet::ALL,
            because,
        })
    };
    let entry = entry();
    Some(Checked { key, action, entry })
}

fn default_purposes(key: &Key) -> Purposes {
    gt::default_purposes(&key.template)
}

fn verdict(route: &Route, findings: &mut Findings) -> Option<Verdict> {
    let known = [Verdict::Native, Verdict::GtExtension, Verdict::NotSupported]
        .map(|verdict| (verdict.word(), verdict));
    if let Some(text) = &route.verdict {
        return words::one_of(text, "verdict", &known, Code::UnknownVerdict, findings);
    }
    if !route.present.has("verdict") {
        let message = format!("`{}` needs `verdict`", shown(&route.key.value));
        let help = "write native, gt_extension or not_supported";
        findings.add_with_help(Code::MissingKey, route.key.position, message, help);
    }
    None
}

fn action(route: &Route, verdict: Option<Verdict>, findings: &mut Findings) -> Option<Action> {
    let known = [("forward", Action::Forward), ("refuse", Action::Refuse)];
    let Some(text) = &route.action else {
        let by_verdict = |verdict| match verdict {
            Verdict::Native => Action::Forward,
            Verdict::GtExtension | Verdict::NotSupported => Action::Refuse,
        };
        return verdict
            .filter(|_| !route.present.has("action"))
            .map(by_verdict);
    };
    let action = words::one_of(text, "action", &known, Code::UnknownAction, findings)?;
    if (verdict, action) == (Some(Verdict::NotSupported), Action::Forward) {
        let message = "a route that is not_supported is never forwarded";
        let help = "leave `action` out, or write `verdict: gt_extension`";
        findings.add_with_help(Code::ForwardNotSupported, text.position, message, help);
    }
    Some(action)
}

/// A refusal quotes it; of a route that is forwarded nobody asks why.
fn because(
    route: &Route,
    verdict: Option<Verdict>,
    action: Option<Action>,
    findings: &mut Findings,
) -> Option<String> {
    if let Some(text) = &route.because {
        return Some(words::prose(text, "`because`", findings));
    }
    let verdict = verdict?;
    let is_quoted = match verdict {
        Verdict::Native => false,
        Verdict::GtExtension => action == Some(Action::Refuse),
        Verdict::NotSupported => true,
    };
    if is_quoted && !route.present.has("because") {
        let name = shown(&route.key.value);
        let message = format!("`{name}` is {} and needs `because`", verdict.word());
        let help = "say what a caller can do instead: the refusal quotes it";
        findings.add_with_help(Code::MissingBecause, route.key.position, message, help);
    }
    None
}

/// Where the body carries the model. A forwarded route that has one must say so: the name would
/// go to GT unseen.
fn model(
    route: &Route,
    key: &Key,
    action: Option<Action>,
    findings: &mut Findings,
) -> Option<ModelSource> {
    let endpoint = Endpoint::of(&key.method, &key.template);
    let wanted = endpoint.map(Endpoint::model_source);
    let Some(text) = &route.model else {
        if let Some(wanted) = wanted
            && action == Some(Action::Forward)
            && !route.present.has("model")
        {
            let message = format!("the body of `{}` carries a model name", key.name());
            let help = format!("write `model: {}`", source_word(wanted));
            findings.add_with_help(Code::MissingKey, route.key.position, message, help);
        }
        return Some(ModelSource::None);
    };
    let known = [ModelSource::Json, ModelSource::Multipart].map(|s| (source_word(s), s));
    let source = words::one_of(text, "model source", &known, Code::UnknownSource, findings)?;
    let fault = match wanted {
        Some(wanted) if wanted != source => Some(format!(
            "its body is read with `model: {}`",
            source_word(wanted)
        )),
        None if key.is_reading() => Some(format!("{} has no body", key.method)),
        None if key.is_upload() => Some("GT takes no model name there".into()),
        _ => None,
    };
    if let Some(fault) = fault {
        let message = format!("`model: {}` does not fit `{}`", text.value, key.name());
        findings.add_with_help(Code::WrongSource, text.position, message, fault);
    }
    Some(source)
}

fn source_word(source: ModelSource) -> &'static str {
    match source {
        ModelSource::Json => "json",
        ModelSource::Multipart => "multipart",
        ModelSource::None => "none",
    }
}
