//! Changes of the scopes that a route asks for.

use super::{Changes, at::route as at};
use crate::{List, RouteRule, document::Scope};

pub(super) fn changes(place: usize, rule: &RouteRule<'_>, found: &mut Changes) {
    let sets: Vec<Vec<String>> = rule
        .scopes
        .iter()
        .map(|set| set.iter().map(str::to_owned).collect())
        .collect();
    let mut add = |change: String, help: &str, sets: Vec<Vec<String>>| {
        found.add(
            change,
            help,
            at(place, move |route| route.scope = Some(of(&sets))),
        );
    };
    if sets.is_empty() {
        let help = "add a case of a key without scopes that this route answers";
        return add(
            "scope `another` asked for".into(),
            help,
            vec![vec!["another".into()]],
        );
    }
    let lacking = "add a case of a key without the scope that expects `insufficient_scope`";
    add("scope dropped".into(), lacking, vec![vec!["none".into()]]);
    if let [set] = &*sets
        && let [scope] = &**set
    {
        let help = "add a case of a key with this scope alone that this route answers";
        add(
            format!("scope `{scope}` is another"),
            help,
            vec![vec![format!("{scope}.another")]],
        );
        return;
    }
    alternatives(&sets, &mut add);
    for (number, set) in sets.iter().enumerate().filter(|(_, set)| set.len() > 1) {
        for (dropped, scope) in set.iter().enumerate() {
            let mut others = sets.clone();
            if let Some(set) = others.get_mut(number) {
                set.remove(dropped);
            }
            let change = format!("scope `{scope}` of `all` dropped");
            let help =
                "add a case of a key with the others of `all` that expects `insufficient_scope`";
            add(change, help, others);
        }
    }
}

/// Changes of `any`, and of `any` to `all` and back.
fn alternatives(sets: &[Vec<String>], add: &mut impl FnMut(String, &str, Vec<Vec<String>>)) {
    if let [all] = sets {
        let any = all.iter().map(|scope| vec![scope.clone()]).collect();
        let help = "add a case of a key with one of the scopes that expects `insufficient_scope`";
        return add("`any` in place of `all`".into(), help, any);
    }
    for (number, set) in sets.iter().enumerate() {
        let mut others = sets.to_vec();
        others.remove(number);
        let help = "add a case of a key with nothing else that this route answers";
        add(
            format!("`{}` of `any` dropped", set.join("` and `")),
            help,
            others,
        );
    }
    let mut all: Vec<String> = sets.concat();
    all.sort();
    all.dedup();
    let help = "add a case of a key with one of the scopes that this route answers";
    add("`all` in place of `any`".into(), help, vec![all]);
}

fn of(sets: &[Vec<String>]) -> Scope {
    let list = |set: &Vec<String>| List {
        items: set.iter().map(|scope| scope.as_str().into()).collect(),
        ..List::default()
    };
    Scope {
        sets: sets.iter().map(list).collect(),
        ..Scope::default()
    }
}
