//! What the runtime trusts is what the compiler makes, and nothing else.

use std::{collections::BTreeSet, fs};

use signalbox_harness::{
    policies::{component, runbook},
    root,
};
use signalbox_runtime::{
    LoadOptions, Runtime, Settings,
    trust::{fingerprint, known_engines},
};

#[test]
fn the_runtime_knows_the_engines_of_frozen_versions_and_the_committed_one_and_no_other() {
    let versions = fs::read_dir(root().join("tests/frozen")).expect("the frozen versions");
    let folders = versions.map(|entry| entry.expect("an entry").path());
    let compiled = folders.map(|folder| folder.join("components/everything.wasm"));
    let compiled = compiled.filter(|path| path.exists());
    let of = |component: &[u8]| {
        fingerprint(component)
            .expect("a compiled policy")
            .to_string()
    };
    let mut engines: BTreeSet<String> = compiled
        .map(|path| of(&fs::read(path).expect("a component")))
        .collect();
    engines.insert(of(&component(&runbook("litellm"))));
    let known: Vec<String> = known_engines().map(|it| it.to_string()).collect();
    assert_eq!(known.iter().cloned().collect::<BTreeSet<_>>(), engines);
    assert_eq!(known.len(), engines.len(), "each once");
}

#[test]
fn every_document_has_the_same_engine_inside() {
    let of = |name| fingerprint(&component(&runbook(name))).expect("a compiled policy");
    assert_eq!(of("litellm"), of("full"));
}

#[test]
fn a_changed_byte_of_code_is_not_trusted() {
    let runtime = Runtime::new(Settings::default()).expect("this machine runs policies");
    let good = component(&runbook("litellm"));
    let known: Vec<_> = known_engines().collect();
    let mut trusted_although_changed = Vec::new();
    // Every 97th byte: a prime, so that no repeating layout hides from it.
    for at in (0..good.len()).step_by(97) {
        let mut changed = good.clone();
        changed[at] ^= 0x01;
        let Ok(found) = fingerprint(&changed) else {
            continue;
        };
        if known.contains(&found) && differs_in_code(&good, at) {
            trusted_although_changed.push(at);
        }
    }
    assert_eq!(trusted_although_changed, Vec::<usize>::new());
    let plugin = runtime
        .load(&good, &LoadOptions::default())
        .expect("the unchanged one loads");
    assert!(plugin.is_trusted());
}

/// Whether byte `at` belongs to the engine's code.
fn differs_in_code(component: &[u8], at: usize) -> bool {
    wasmparser::Parser::new(0)
        .parse_all(component)
        .filter_map(Result::ok)
        .any(|payload| match payload {
            wasmparser::Payload::CodeSectionStart { range, .. } => range.contains(&at),
            _ => false,
        })
}
