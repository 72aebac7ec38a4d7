//! Changes of rules for callers, and of sets of models.

use super::{Changes, ceilings, choices};
use crate::{
    Document, List,
    document::{CallerEntry, ModelSet},
};

pub(super) fn changes(place: usize, written: &CallerEntry, rules: usize, found: &mut Changes) {
    let alone = "add a case of a key that only this rule fits";
    found.add("removed", alone, move |document| {
        if let Some(callers) = document.callers.as_mut().filter(|it| place < it.len()) {
            callers.remove(place);
        }
    });
    if rules == 1 {
        let help = "add a case of a key that no rule fits";
        found.add("removed, for every key", help, |document| {
            document.callers = None;
        });
    }
    list(
        found,
        "key",
        written.keys.as_ref(),
        alone,
        move |document| Some(&mut caller(document, place)?.keys),
    );
    widened(found, "key", written.keys.is_some(), move |document| {
        caller(document, place).map(|it| it.keys = None)
    });
    if let Some(labels) = &written.labels {
        widened(found, "label", true, move |document| {
            caller(document, place).map(|it| it.labels = None)
        });
        choices::labels(labels, "its keys", found, move |document| {
            caller(document, place)?.labels.as_mut()
        });
    }
    let help = "add a case of such a key that calls it";
    list(
        found,
        "route",
        written.routes.as_ref(),
        help,
        move |document| Some(&mut caller(document, place)?.routes),
    );
    widened(found, "route", written.routes.is_some(), move |document| {
        caller(document, place).map(|it| it.routes = None)
    });
    list(
        found,
        "model",
        written.models.as_ref(),
        help,
        move |document| Some(&mut caller(document, place)?.models),
    );
    widened(found, "model", written.models.is_some(), move |document| {
        caller(document, place).map(|it| it.models = None)
    });
    if let Some(written) = &written.ceilings {
        ceilings::changes(written, found, move |document| {
            caller(document, place)?.ceilings.as_mut()
        });
    }
}

pub(super) fn set_changes(place: usize, set: &ModelSet, found: &mut Changes) {
    let help = "add a case of a key that has the set and calls it";
    list(found, "model", set.models.as_ref(), help, move |document| {
        Some(&mut document.sets.get_mut(place)?.models)
    });
}

/// Each of several entries dropped. Without the only one the list would be for everything.
fn list(
    found: &mut Changes,
    what: &str,
    written: Option<&List>,
    help: &str,
    of: impl Fn(&mut Document) -> Option<&mut Option<List>> + Copy + 'static,
) {
    let items = written.map(|list| &*list.items).unwrap_or_default();
    if items.len() < 2 {
        return;
    }
    for (number, text) in items.iter().enumerate() {
        let change = format!("{what} `{}` dropped", text.value);
        found.add(change, help, move |document| {
            let list = of(document).and_then(Option::as_mut);
            if let Some(list) = list.filter(|it| number < it.items.len()) {
                list.items.remove(number);
            }
        });
    }
}

fn widened(
    found: &mut Changes,
    what: &str,
    is_written: bool,
    widen: impl Fn(&mut Document) -> Option<()> + 'static,
) {
    if is_written {
        let help = format!("add a case with another {what} than the rule is for");
        found.add(format!("for every {what}"), help, move |document| {
            let _ = widen(document);
        });
    }
}

fn caller(document: &mut Document, place: usize) -> Option<&mut CallerEntry> {
    document.callers.as_mut()?.get_mut(place)
}
