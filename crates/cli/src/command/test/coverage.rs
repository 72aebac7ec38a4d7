//! Which routes, models and rules of a document some case is decided by.

use serde_json::{Value, json};
use signalbox_cases::Answer;
use signalbox_policy::{
    Action, Case, Check, DecidedBy, Endpoints, ModelRule, Resolved, RouteRule, Rules, Verdict,
};

use super::{native::Native, subject::Subject};

pub(super) struct Coverage {
    pub(super) parts: [Part; 3],
}

/// Routes, models or rules.
pub(super) struct Part {
    pub(super) name: &'static str,
    total: usize,
    pub(super) uncovered: Vec<Thing>,
}

/// Something that no case is decided by.
pub(super) struct Thing {
    pub(super) name: String,
    pub(super) place: Option<String>,
}

/// What became of one case.
struct Decided<'c> {
    case: &'c Case,
    answer: Answer,
    by: DecidedBy,
}

impl Coverage {
    pub(super) fn of(subject: &Subject, document: &Resolved, cases: &[Case]) -> Self {
        let policy = document.policy();
        let native = Native::of(policy);
        let decided = cases.iter().filter(|case| case.skip.is_none());
        let decided = decided.filter_map(|case| {
            let (answer, by) = native.answer(case);
            Some(Decided {
                case,
                answer: answer.ok()?,
                by: by?,
            })
        });
        let decided: Vec<Decided<'_>> = decided.collect();
        let place = |place: Option<_>| place.map(|place| subject.place(&place));
        let mut routes = Part::new("routes");
        let mut models = Part::new("models");
        let mut rules = Part::new("rules");
        for route in policy.routes() {
            let name = format!("{} {}", route.method, route.template);
            let place = place(document.place_of_route(&name));
            let own: Vec<_> = of(&decided, |it| it.by.route.as_ref() == Some(&name));
            routes.add(format!("route `{name}`"), &place, !own.is_empty());
            for (rule, is_covered) in of_route(&route, &own) {
                rules.add(format!("route `{name}`: {rule}"), &place, is_covered);
            }
        }
        for model in policy.models() {
            let name = model.pattern;
            let place = place(document.place_of_model(name));
            let own: Vec<_> = of(&decided, |it| it.by.model.as_deref() == Some(name));
            models.add(format!("model `{name}`"), &place, !own.is_empty());
            for (rule, is_covered) in of_model(&model, &own) {
                rules.add(format!("model `{name}`: {rule}"), &place, is_covered);
            }
        }
        for rule in policy.callers() {
            let fits = |it: &Decided<'_>| {
                let caller = it.case.caller();
                let is_named = rule.keys.iter().any(|key| key == caller.id);
                (rule.keys.is_empty() || is_named) && rule.labels.fit(&caller.labels)
            };
            let place = place(document.place_of_caller(rule.name));
            let name = format!("callers `{}`: fits a key", rule.name);
            rules.add(name, &place, decided.iter().any(fits));
        }
        Self {
            parts: [routes, models, rules],
        }
    }

    /// Whether each part is covered by so many percent.
    pub(super) fn reaches(&self, percent: u8) -> bool {
        self.parts
            .iter()
            .all(|part| part.percent() >= usize::from(percent))
    }

    /// `{"routes": {"covered", "total", "percent", "uncovered": [{"name", "place"}]}, …}`
    pub(super) fn to_json(&self) -> Value {
        let part = |part: &Part| {
            let thing = |it: &Thing| json!({"name": it.name, "place": it.place});
            let uncovered: Vec<Value> = part.uncovered.iter().map(thing).collect();
            let value = json!({
                "covered": part.covered(),
                "total": part.total,
                "percent": part.percent(),
                "uncovered": uncovered,
            });
            (part.name.to_owned(), value)
        };
        self.parts.iter().map(part).collect()
    }
}

impl Part {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            total: 0,
            uncovered: Vec::new(),
        }
    }

    fn add(&mut self, name: String, place: &Option<String>, is_covered: bool) {
        self.total += 1;
        if !is_covered {
            let place = place.clone();
            self.uncovered.push(Thing { name, place });
        }
    }

    fn covered(&self) -> usize {
        self.total - self.uncovered.len()
    }

    /// Rounded down; what has nothing to cover is covered.
    pub(super) fn percent(&self) -> usize {
        (self.covered() * 100)
            .checked_div(self.total)
            .unwrap_or(100)
    }

    /// `routes 9 of 10 (90 %)`
    pub(super) fn to_text(&self) -> String {
        let (covered, percent) = (self.covered(), self.percent());
        format!("{} {covered} of {} ({percent} %)", self.name, self.total)
    }
}

fn of<'d, 'c>(
    decided: &'d [Decided<'c>],
    is_meant: impl Fn(&Decided<'c>) -> bool,
) -> Vec<&'d Decided<'c>> {
    decided.iter().filter(|it| is_meant(it)).collect()
}

fn refused_by(own: &[&Decided<'_>], check: Check) -> bool {
    own.iter().any(|it| it.by.check == Some(check))
}

/// The rules of a route, and whether some case of its own is decided by each.
fn of_route(route: &RouteRule<'_>, own: &[&Decided<'_>]) -> Vec<(String, bool)> {
    if route.action == Action::Refuse || route.verdict == Verdict::NotSupported {
        return vec![("refused".to_owned(), refused_by(own, Check::Verdict))];
    }
    let is_answered = own.iter().any(|it| it.by.check.is_none());
    let mut rules = vec![("answered".to_owned(), is_answered)];
    if route.scopes.iter().next().is_some() {
        let is_covered = refused_by(own, Check::Scope);
        rules.push(("refused for its scope".to_owned(), is_covered));
    }
    for header in route.required_headers.iter() {
        let names_it = |it: &&Decided<'_>| matches!(&it.answer, Answer::Refuse { message, .. } if message.contains(header));
        let mut refused = own
            .iter()
            .filter(|it| it.by.check == Some(Check::RequiredHeader));
        rules.push((format!("refused without `{header}`"), refused.any(names_it)));
    }
    rules
}

/// The same of a model.
fn of_model(model: &ModelRule<'_>, own: &[&Decided<'_>]) -> Vec<(String, bool)> {
    let published = |it: &&Decided<'_>| match &it.answer {
        Answer::Forward { forward, .. } => forward.model.clone(),
        _ => None,
    };
    let published: Vec<String> = own.iter().filter_map(published).collect();
    let mut rules = vec![("called".to_owned(), !published.is_empty())];
    for choice in model.terms.choices.iter() {
        let is_covered = published.iter().any(|name| name == choice.published);
        rules.push((format!("published as `{}`", choice.published), is_covered));
    }
    if model.endpoints != Endpoints::ALL {
        let is_covered = refused_by(own, Check::ModelEndpoint);
        rules.push(("refused where it is not for".to_owned(), is_covered));
    }
    if !model.terms.ceilings.is_empty() {
        let is_covered = refused_by(own, Check::Ceilings);
        rules.push(("refused above its ceilings".to_owned(), is_covered));
    }
    rules
}
