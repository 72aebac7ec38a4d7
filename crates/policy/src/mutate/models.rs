//! Changes of models.

use super::{Changes, at::model as at, ceilings};
use crate::{
    Endpoint, List, Text,
    document::{Model, Published},
};

/// `forwarded` are the endpoints of routes that go to GT.
pub(super) fn changes(place: usize, written: &Model, forwarded: &[Endpoint], found: &mut Changes) {
    let is_pattern = written.name.value.ends_with('*');
    let help = if is_pattern {
        "add a case that calls a name it fits"
    } else {
        "add a case that calls it"
    };
    found.add("removed", help, move |document| {
        if place < document.models.len() {
            document.models.remove(place);
        }
    });
    if !matches!(written.published, Some(Published::Choices(..))) {
        let help = format!("{help}, with `model` in `expect`");
        found.add(
            "published as another",
            help,
            at(place, |model| {
                model.published = Some(Published::Name("another".into()));
            }),
        );
    }
    if let Some(list) = &written.endpoints {
        endpoints(place, list, forwarded, found);
    }
    if !is_pattern {
        listed(place, written, found);
    }
    if written.deprecated.is_some() {
        let help = "add a case that calls it, with `notice` in `expect`";
        found.add(
            "not deprecated",
            help,
            at(place, |model| model.deprecated = None),
        );
    }
    if let Some(written) = &written.ceilings {
        ceilings::changes(written, found, move |document| {
            document.models.get_mut(place)?.ceilings.as_mut()
        });
    }
}

fn endpoints(place: usize, list: &List, forwarded: &[Endpoint], found: &mut Changes) {
    for endpoint in forwarded {
        let word = endpoint.word();
        let route = format!("POST {}", endpoint.template());
        let mut others = list.items.clone();
        others.retain(|text| text.value != word);
        if others.len() == list.items.len() {
            others.push(word.into());
            let change = format!("for `{word}` too");
            let help =
                format!("add a case that calls it on `{route}` and expects `model_not_found`");
            found.add(change, help, at(place, for_these(others)));
        } else if !others.is_empty() {
            let change = format!("not for `{word}`");
            let help = format!("add a case that calls it on `{route}`");
            found.add(change, help, at(place, for_these(others)));
        }
    }
}

fn for_these(items: Vec<Text>) -> impl Fn(&mut Model) {
    move |model| {
        model.endpoints = Some(List {
            items: items.clone(),
            ..List::default()
        });
    }
}

fn listed(place: usize, written: &Model, found: &mut Changes) {
    let is_listed = written.listed.as_ref().is_none_or(|it| it.value == "true");
    let (change, word, help) = if is_listed {
        (
            "not listed",
            "false",
            "add a case with a `list` that has it",
        )
    } else {
        (
            "listed",
            "true",
            "add a case with a `list` of a key that may call it",
        )
    };
    found.add(
        change,
        help,
        at(place, move |model| model.listed = Some(word.into())),
    );
}
