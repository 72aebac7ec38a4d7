//! The same document, compiled for contract 0.1 and for the present one, decides alike.

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use signalbox_policy::{
    Decision, Policy, decide,
    generate::{Asking, Known, requests},
    read,
};
use signalbox_runtime::{ContractVersion, LoadOptions, Plugin};

use super::{
    Kind, loading,
    policies::{load, runtime},
};

/// A host that was told what to do from the head alone looks for no model.
fn as_a_host_asks(policy: &Policy, asking: Asking) -> Asking {
    let unread = asking.with_model(Known::Unread);
    match unread.ask(|request| decide(policy, request)) {
        Decision::ReadModel | Decision::Refuse(_) => asking,
        Decision::Forward(_) | Decision::ListModels(_) => unread,
    }
}

/// A component of 0.1, the same document compiled now, and the document.
fn pairs() -> Vec<(Plugin, Plugin, Policy)> {
    let runtime = runtime();
    let pair = |path| {
        let old = load(&runtime, path);
        let source = old.source()?.to_owned();
        let policy = read(&source).expect("it was a document");
        let component = signalbox_compiler::compile(&policy, &source).expect("it compiles");
        let new = runtime.load(&component, &LoadOptions::default());
        Some((old, new.expect("what was compiled loads"), policy))
    };
    let components = loading(Kind::Component);
    components.iter().filter_map(|path| pair(path)).collect()
}

#[test]
fn a_document_decides_alike_in_both_versions() {
    let pairs = pairs();
    assert!(!pairs.is_empty());
    for (old, new, policy) in pairs {
        assert_eq!(old.contract_version(), ContractVersion::V0_1);
        assert_eq!(new.contract_version(), ContractVersion::V0_2);
        assert_eq!(old.description(), new.description());
        assert_eq!(old.catalogue(), new.catalogue());
        let askings = vec(requests(), 40);
        let outcome = TestRunner::deterministic().run(&askings, |askings| {
            for asking in askings {
                let asking = as_a_host_asks(&policy, asking);
                let [was, is] = [&old, &new].map(|it| asking.ask(|request| it.decide(request)));
                prop_assert_eq!(was, is, "asked {:?}", asking);
            }
            Ok(())
        });
        outcome.expect("they decide alike");
    }
}
