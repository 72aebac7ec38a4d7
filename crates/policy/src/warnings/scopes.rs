//! Scopes that no preset of GT's has: keys made with GT's wizard do not hold them.

use super::reach::Reach;
use crate::{
    Document, List, Purposes,
    diagnostic::{Findings, Warning, closest, shown},
    presets::{KNOWN_SCOPES, Preset},
};

pub(super) fn warnings(document: &Document, reach: &Reach<'_>, findings: &mut Findings) {
    for written in document.routes.iter().flatten() {
        let Some(route) = reach.route(&written.key.value) else {
            continue;
        };
        if route.scopes.joined().is_none() {
            continue;
        }
        for set in written.scope.iter().flat_map(|scope| &scope.sets) {
            warn_of(set, route.purposes, findings);
        }
    }
}

fn warn_of(set: &List, wanted: Purposes, findings: &mut Findings) {
    let has_all = |preset: &Preset| {
        let mut scopes = set.items.iter();
        scopes.all(|it| preset.scopes.contains(&it.value.as_str()))
    };
    let is_for = |preset: &Preset| Purposes::from_iter([preset.purpose]).satisfy(wanted);
    let mut presets = Preset::ALL.iter().filter(|preset| has_all(preset));
    let message = if presets.any(is_for) {
        return;
    } else if Preset::ALL.iter().any(has_all) {
        let purposes: Vec<_> = wanted.iter().map(|it| format!("`{}`", it.word())).collect();
        let purposes = purposes.join(" or ");
        format!("no preset of GT's with {} is for {purposes}", names(set))
    } else {
        format!("no preset of GT's has {}", names(set))
    };
    let unknown = set.items.iter();
    let mut unknown = unknown.filter(|it| !KNOWN_SCOPES.contains(&it.value.as_str()));
    let meant = unknown.find_map(|it| closest(&it.value, KNOWN_SCOPES));
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "keys need it one by one: `scopes` and `purposes` in the keyring".to_owned(),
    };
    findings.warn(Warning::ScopeWithoutPreset, set.position, message, help);
}

fn names(set: &List) -> String {
    let names = set.items.iter().map(|it| format!("`{}`", shown(&it.value)));
    names.collect::<Vec<_>>().join(" and ")
}
