//! Rules for callers: whom they are for, and which routes and models those may use.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ceilings::ceilings,
    labels::labels,
    routes::Routes,
    words::{self, NAME_HELP, is_name},
};
use crate::{
    CallerSet, Document, List, Position, Text,
    diagnostic::{Code, Findings, closest, shown},
    document,
    policy::{CallerEntry, ModelEntry},
    terms::WORD,
};

/// Which models have which name: a set's, or an entry's own.
struct Named<'d> {
    sets: BTreeMap<&'d str, Vec<usize>>,
    models: BTreeMap<&'d str, usize>,
}

/// The rules of a document, in the order of their names. Routes and models are told whose they are.
pub(super) fn callers(
    document: &Document,
    routes: &mut Routes,
    models: &mut [ModelEntry],
    findings: &mut Findings,
) -> Vec<CallerEntry> {
    let named = Named::of(document, findings);
    let Some(written) = &document.callers else {
        return Vec::new();
    };
    let mut written: Vec<_> = written.iter().collect();
    written.sort_by(|one, other| one.name.value.cmp(&other.name.value));
    check_count(&written, document, findings);
    routes.close_to_callers();
    for model in &mut *models {
        model.callers = CallerSet::NONE;
    }
    let mut callers = Vec::with_capacity(written.len());
    for (place, rule) in written.into_iter().enumerate() {
        match &rule.routes {
            None => routes.open_all_to_caller(place),
            Some(list) => open_routes(list, routes, place, findings),
        }
        match &rule.models {
            None => models
                .iter_mut()
                .for_each(|it| it.callers = it.callers.with(place)),
            Some(list) => open_models(list, &named, models, place, findings),
        }
        callers.push(entry(rule, findings));
    }
    callers
}

fn check_count(written: &[&document::CallerEntry], document: &Document, findings: &mut Findings) {
    let is_unread = document.present.is_everything();
    if written.is_empty() && !is_unread {
        let help = "leave it out if the policy is for every key";
        let message = "`callers` has no entry";
        findings.add_with_help(Code::EmptyList, Position::TOP, message, help);
    }
    if let Some(first) = written.get(CallerSet::MOST) {
        let count = written.len();
        let most = CallerSet::MOST;
        let message = format!("there are {count} rules for callers; a policy has at most {most}");
        findings.add(Code::TooLarge, first.name.position, message);
    }
}

fn entry(rule: &document::CallerEntry, findings: &mut Findings) -> CallerEntry {
    if !is_name(&rule.name.value) {
        let message = format!("`{}` is no name of a rule", shown(&rule.name.value));
        findings.add_with_help(Code::BadCallerName, rule.name.position, message, NAME_HELP);
    }
    let keys = rule.keys.as_ref().map(|list| keys(list, findings));
    let labels = rule.labels.as_ref().map(|it| labels(it, findings));
    CallerEntry {
        name: rule.name.value.clone(),
        keys: keys.unwrap_or_default(),
        labels: labels.unwrap_or_default(),
        ceilings: ceilings(rule.ceilings.as_ref(), findings),
    }
}

/// Packed, as in [`crate::Words`].
fn keys(list: &List, findings: &mut Findings) -> String {
    words::not_empty(list, "`keys`", "leave it out for every key", findings);
    words::no_repeats(list, findings);
    for text in &list.items {
        let is_legal = (1..=256).contains(&text.value.len());
        if !is_legal || text.value.chars().any(char::is_control) {
            let message = format!("`{}` is no key", shown(&text.value));
            let help = "write the key's `id`, as the keyring has it";
            findings.add_with_help(Code::BadCallerKey, text.position, message, help);
        }
    }
    let keys: Vec<&str> = list.items.iter().map(|text| text.value.as_str()).collect();
    keys.join(&WORD.to_string())
}

fn open_routes(list: &List, routes: &mut Routes, place: usize, findings: &mut Findings) {
    words::not_empty(list, "`routes`", "leave it out for every route", findings);
    words::no_repeats(list, findings);
    for text in &list.items {
        if routes.has(&text.value) {
            routes.open_to_caller(&text.value, place);
            continue;
        }
        let names: Vec<String> = routes.names().collect();
        let message = format!("this policy has no route `{}`", shown(&text.value));
        let meant = closest(&text.value, names.iter().map(String::as_str));
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "write it as under `routes:`".to_owned(),
        };
        findings.add_with_suggestion(
            Code::UnknownCallerRoute,
            text.position,
            message,
            help,
            meant,
        );
    }
}

fn open_models(
    list: &List,
    named: &Named<'_>,
    models: &mut [ModelEntry],
    place: usize,
    findings: &mut Findings,
) {
    words::not_empty(list, "`models`", "leave it out for every model", findings);
    words::no_repeats(list, findings);
    for text in &list.items {
        for number in named.find(text, findings) {
            if let Some(model) = models.get_mut(number) {
                model.callers = model.callers.with(place);
            }
        }
    }
}

impl<'d> Named<'d> {
    fn of(document: &'d Document, findings: &mut Findings) -> Self {
        let models = document.models.iter().enumerate();
        let mut named = Self {
            sets: BTreeMap::new(),
            models: models
                .map(|(number, it)| (&*it.name.value, number))
                .collect(),
        };
        for set in &document.sets {
            if !is_name(&set.name.value) {
                let message = format!("`{}` is no name of a set", shown(&set.name.value));
                findings.add_with_help(Code::BadSetName, set.name.position, message, NAME_HELP);
            } else if named.models.contains_key(&*set.name.value) {
                let message = format!("`{}` is a model's name too", shown(&set.name.value));
                let help =
                    "a rule for callers names sets and models alike: call the set another name";
                findings.add_with_help(Code::BadSetName, set.name.position, message, help);
            }
            let Some(list) = &set.models else { continue };
            words::not_empty(list, "a set of models", "leave the set out", findings);
            words::no_repeats(list, findings);
            let mut numbers = BTreeSet::new();
            for text in &list.items {
                numbers.extend(named.find_model(text, findings));
            }
            let numbers = numbers.into_iter().collect();
            named.sets.insert(&set.name.value, numbers);
        }
        named
    }

    /// The models of a set, or the one of that name.
    fn find(&self, text: &Text, findings: &mut Findings) -> Vec<usize> {
        match self.sets.get(&*text.value) {
            Some(numbers) => numbers.clone(),
            None => self.find_model(text, findings).into_iter().collect(),
        }
    }

    fn find_model(&self, text: &Text, findings: &mut Findings) -> Option<usize> {
        let number = self.models.get(&*text.value).copied();
        if number.is_none() {
            let known = self.models.keys().chain(self.sets.keys()).copied();
            let message = format!("this policy has no model `{}`", shown(&text.value));
            let meant = closest(&text.value, known);
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write it as under `models:`, a pattern with its `*`".to_owned(),
            };
            findings.add_with_suggestion(Code::UnknownModel, text.position, message, help, meant);
        }
        number
    }
}
