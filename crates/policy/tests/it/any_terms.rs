//! Who may use what, as people might write it: of the right shape, with any words.

use proptest::{collection, option, prelude::*};
use signalbox_policy::{
    Position, Text,
    document::{BodyEntry, CallerEntry, Ceilings, Choice, Labels, ModelSet, Published, Scope},
};

use crate::laws::{any_key, any_list, any_text};

pub(crate) fn any_scope() -> impl Strategy<Value = Scope> {
    collection::vec(any_list(), 0..3).prop_map(|sets| {
        let mut scope = Scope::default();
        scope.sets = sets;
        scope
    })
}

pub(crate) fn any_published() -> impl Strategy<Value = Published> {
    prop_oneof![
        any_text().prop_map(Published::Name),
        collection::vec(any_choice(), 0..3)
            .prop_map(|choices| Published::Choices(choices, Position::default())),
    ]
}

prop_compose! {
    fn any_choice()(
        name in option::of(any_text()),
        weight in option::of(any_number()),
        labels in option::of(any_labels()),
    ) -> Choice {
        let mut choice = Choice::default();
        (choice.name, choice.weight, choice.labels) = (name, weight, labels);
        choice
    }
}

fn any_labels() -> impl Strategy<Value = Labels> {
    collection::btree_map(any_key(), any_list(), 0..3).prop_map(|entries| {
        let entries = entries.into_iter();
        let mut labels = Labels::default();
        labels.entries = entries
            .map(|(name, list)| (Text::from(&*name), list))
            .collect();
        labels
    })
}

prop_compose! {
    pub(crate) fn any_ceilings()(
        max_tokens in option::of(any_number()),
        n in option::of(any_number()),
        effort in option::of(any_text()),
    ) -> Ceilings {
        let mut ceilings = Ceilings::default();
        (ceilings.max_tokens, ceilings.n, ceilings.reasoning_effort) = (max_tokens, n, effort);
        ceilings
    }
}

prop_compose! {
    pub(crate) fn any_caller(name: String)(
        keys in option::of(any_list()),
        labels in option::of(any_labels()),
        lists in (option::of(any_list()), option::of(any_list())),
        ceilings in option::of(any_ceilings()),
    ) -> CallerEntry {
        let mut caller = CallerEntry::default();
        (caller.name, caller.keys, caller.labels) = (name.as_str().into(), keys, labels);
        (caller.routes, caller.models) = lists;
        caller.ceilings = ceilings;
        caller
    }
}

prop_compose! {
    pub(crate) fn any_set(name: String)(models in any_list()) -> ModelSet {
        let mut set = ModelSet::default();
        (set.name, set.models) = (name.as_str().into(), Some(models));
        set
    }
}

pub(crate) fn any_body_entry() -> impl Strategy<Value = BodyEntry> {
    prop_oneof![
        any_text().prop_map(BodyEntry::Text),
        "[0-9]{1,25}".prop_map(|digits| BodyEntry::Number(Text::from(&*digits))),
        Just(BodyEntry::Null(Position::default())),
    ]
}

/// Digits, or what stands for them.
fn any_number() -> impl Strategy<Value = Text> {
    prop_oneof![
        "[0-9]{1,12}".prop_map(|digits| Text::from(&*digits)),
        any_text()
    ]
}

/// A boolean, or what stands for it.
pub(crate) fn any_boolean() -> impl Strategy<Value = Text> {
    prop_oneof![
        Just(Text::from("true")),
        Just(Text::from("false")),
        any_text()
    ]
}

/// Names with their texts.
pub(crate) fn any_entries() -> impl Strategy<Value = Vec<(Text, Text)>> {
    let entries = collection::btree_map(any_key(), any_text(), 0..3);
    entries.prop_map(|entries| {
        let entries = entries.into_iter();
        entries
            .map(|(name, value)| (Text::from(&*name), value))
            .collect()
    })
}
