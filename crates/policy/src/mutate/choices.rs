//! Changes of the choices among published names.

use super::Changes;
use crate::{
    Document,
    document::{Choice, Labels, Published},
};

/// The choices of the model at a place.
pub(super) fn changes(model: usize, choices: &[Choice], found: &mut Changes) {
    for (number, choice) in choices.iter().enumerate() {
        let name = choice.name.as_ref().map_or("", |text| &text.value);
        let which = format!("choice {} (`{name}`)", number + 1);
        let help = "add a case of a key that this choice is for, with `model` in `expect`";
        found.add(format!("{which} removed"), help, move |document| {
            if let Some(choices) = choices_of(document, model).filter(|it| number < it.len()) {
                choices.remove(number);
            }
        });
        let another = |choice: &mut Choice| choice.name = Some("another".into());
        found.add(
            format!("{which} publishes another"),
            help,
            at(model, number, another),
        );
        if choice.weight.is_some() {
            weight(model, number, &which, choices, found);
        }
        if let Some(written) = &choice.labels {
            let help = "add a case of a key without the label, with `model` in `expect`";
            let drop = |choice: &mut Choice| choice.labels = None;
            found.add(
                format!("{which} for every label"),
                help,
                at(model, number, drop),
            );
            labels(written, &which, found, move |document| {
                choice_of(document, model, number)?.labels.as_mut()
            });
        }
    }
}

/// A share that is gone, and one that is another.
fn weight(model: usize, number: usize, which: &str, choices: &[Choice], found: &mut Changes) {
    let help = "add cases with a `key` in each share, with `model` in `expect`";
    let drop = |choice: &mut Choice| choice.weight = None;
    found.add(
        format!("weight of {which} dropped"),
        help,
        at(model, number, drop),
    );
    let weight_of = |choice: &Choice| choice.weight.as_ref()?.value.parse::<u32>().ok();
    let own = choices.get(number).and_then(weight_of).unwrap_or_default();
    let all: u32 = choices.iter().filter_map(weight_of).sum();
    let rest = all.saturating_sub(own);
    // With the share of all others it takes callers from them, or loses some.
    if rest != own && rest > 0 {
        let change = format!("weight of {which} is {rest}");
        let other =
            move |choice: &mut Choice| choice.weight = Some(rest.to_string().as_str().into());
        found.add(change, help, at(model, number, other));
    }
}

/// Labels that a rule is for: each of them, and each of several values of one.
pub(super) fn labels(
    written: &Labels,
    which: &str,
    found: &mut Changes,
    of: impl Fn(&mut Document) -> Option<&mut Labels> + Copy + 'static,
) {
    let several = written.entries.len() > 1;
    for (number, (name, values)) in written.entries.iter().enumerate() {
        let name = &name.value;
        if several {
            let help = format!("add a case of a key without the label `{name}`");
            found.add(
                format!("{which}: label `{name}` dropped"),
                help,
                move |document| {
                    if let Some(labels) = of(document).filter(|it| number < it.entries.len()) {
                        labels.entries.remove(number);
                    }
                },
            );
        }
        if values.items.len() < 2 {
            let help = format!("add a case of a key with the label `{name}`");
            let change = format!("{which}: label `{name}` is another");
            found.add(change, help, move |document| {
                let labels = of(document).and_then(|it| it.entries.get_mut(number));
                if let Some((_, values)) = labels {
                    values.items = vec!["another".into()];
                }
            });
            continue;
        }
        for (place, value) in values.items.iter().enumerate() {
            let value = &value.value;
            let help = format!("add a case of a key with the label `{name}: {value}`");
            found.add(
                format!("{which}: label `{name}: {value}` dropped"),
                help,
                move |document| {
                    let labels = of(document).and_then(|it| it.entries.get_mut(number));
                    if let Some((_, values)) = labels.filter(|(_, it)| place < it.items.len()) {
                        values.items.remove(place);
                    }
                },
            );
        }
    }
}

fn at(
    model: usize,
    number: usize,
    change: impl Fn(&mut Choice) + 'static,
) -> impl Fn(&mut Document) {
    move |document| {
        if let Some(choice) = choice_of(document, model, number) {
            change(choice);
        }
    }
}

fn choice_of(document: &mut Document, model: usize, number: usize) -> Option<&mut Choice> {
    choices_of(document, model)?.get_mut(number)
}

fn choices_of(document: &mut Document, model: usize) -> Option<&mut Vec<Choice>> {
    match document.models.get_mut(model)?.published.as_mut()? {
        Published::Choices(choices, _) => Some(choices),
        Published::Name(_) => None,
    }
}
