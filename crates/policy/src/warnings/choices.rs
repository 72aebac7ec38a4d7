//! Choices among published names that no key gets.

use super::{
    fitting::{agree, covers},
    is_own,
    reach::Reach,
};
use crate::{
    Choice, Document,
    diagnostic::{Findings, Warning, shown},
    document::Published,
};

pub(super) fn warnings(document: &Document, reach: &Reach<'_>, findings: &mut Findings) {
    for written in &document.models {
        let Some(Published::Choices(entries, _)) = &written.published else {
            continue;
        };
        let Some(model) = reach.model(&written.name.value) else {
            continue;
        };
        let choices: Vec<Choice<'_>> = model.terms.choices.iter().collect();
        for (place, (entry, choice)) in entries.iter().zip(&choices).enumerate() {
            if !is_own(entry.position) {
                continue;
            }
            let published = shown(choice.published);
            let (message, help) = if !reach.can_have(model, choice.labels) {
                (
                    format!("no key that may use the model has the labels of `{published}`"),
                    "look at the labels of the rules under `callers`",
                )
            } else if is_hidden(choice, choices.get(..place).unwrap_or_default()) {
                (
                    format!("no key gets `{published}`: a choice before it is for all that fit"),
                    "put it before that choice, or leave it out",
                )
            } else {
                continue;
            };
            findings.warn(Warning::UnreachableChoice, entry.position, message, help);
        }
    }
}

/// The first that fits counts. If that has a weight, all that fit and have one are shared out.
fn is_hidden(choice: &Choice<'_>, before: &[Choice<'_>]) -> bool {
    let covers = |it: &Choice<'_>| covers(it.labels, choice.labels);
    if choice.weight.is_none() {
        return before.iter().any(covers);
    }
    let may_share = |it: &Choice<'_>| it.weight.is_some() && agree(it.labels, choice.labels);
    let mut before = before.iter().take_while(|it| !may_share(it));
    before.any(|it| it.weight.is_none() && covers(it))
}
