//! When a signature is checked, and what holds when it was.

use std::cell::Cell;

use super::*;

#[test]
fn a_signature_is_checked_once_right_or_wrong() {
    let stage = stage(FIXED);
    let metrics = &stage.verifier.metrics.signatures;
    let (right, wrong) = (stage.ec.token(&claims()), Signing::ec("e").token(&claims()));
    for _ in 0..5 {
        assert!(stage.key(&right).is_some());
        assert!(stage.key(&wrong).is_none());
    }
    assert_eq!(metrics.checked.get(), 2);
    let counted = |outcome| stage.verifier.metrics.jwt("corp", outcome).get();
    let outcomes = ["verified", "cached", "signature", "known_bad"];
    assert_eq!(outcomes.map(counted), [1, 4, 1, 4]);
}

#[test]
fn a_signature_is_checked_when_nothing_else_is_wrong() {
    let stage = stage("    profiles: {claim: role, of: {a: web, d: absent}}\n");
    for claims in [
        claims(),
        with("role", json!("d")),
        with("role", json!("x")),
        with("sub", json!("a b")),
        with("exp", json!(NOW - 600)),
        with("aud", json!("other")),
    ] {
        assert!(stage.key(&stage.ec.token(&claims)).is_none(), "{claims}");
    }
    assert_eq!(stage.verifier.metrics.signatures.checked.get(), 0);
}

#[test]
fn a_key_under_an_old_name_is_asked_about_what_the_old_one_refused() {
    let stage = stage(FIXED);
    let next = Signing::ec("e");
    let token = next.token(&claims());
    assert!(stage.key(&token).is_none());
    assert!(matches!(
        stage.verifier.look_up(&token, &stage.keyring),
        TokenLookup::Refused
    ));
    stage.rotate(&[&stage.rsa, &next]);
    assert!(stage.key(&token).is_some());
}

/// Shows a token, and lets `meanwhile` happen once it is known which key has to have signed it.
fn verified_after(stage: &Stage, token: &str, meanwhile: impl Fn()) -> Option<Arc<Key>> {
    let is_first = Cell::new(true);
    let keyring = || {
        if is_first.replace(false) {
            meanwhile();
        }
        Arc::clone(&stage.keyring)
    };
    run(stage.verifier.verify(token, line(), keyring, now())).ok()
}

#[test]
fn a_key_that_comes_while_a_signature_waits_is_the_one_it_is_checked_by() {
    let (stage, next) = (stage(FIXED), Signing::ec("e"));
    let (old, new) = (stage.ec.token(&claims()), next.token(&claims()));
    let rotate = || stage.rotate(&[&stage.rsa, &next]);
    assert!(verified_after(&stage, &new, rotate).is_some());
    let back = || stage.rotate(&[&stage.rsa, &stage.ec]);
    assert!(verified_after(&stage, &new, back).is_none());
    let gone = || stage.rotate(&[&stage.rsa]);
    assert!(verified_after(&stage, &old, gone).is_none());
}

#[test]
fn a_profile_that_changes_while_a_signature_waits_is_the_one_that_counts() {
    let stage = stage(FIXED);
    let narrower = keyring(&PROFILES.replace("[gpt-4o, team/*]", "[gpt-4o]"));
    let is_first = Cell::new(true);
    let live = || match is_first.replace(false) {
        true => Arc::clone(&stage.keyring),
        false => Arc::clone(&narrower),
    };
    let token = stage.ec.token(&claims());
    let key = run(stage.verifier.verify(&token, line(), live, now())).unwrap();
    let names = signalbox_policy::Names::Only(vec!["gpt-4o".to_owned()]);
    assert_eq!(key.caller.models, names);
}
