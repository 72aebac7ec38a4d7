//! Tests of the tokens that are kept.

use std::time::Instant;

use jiff::Timestamp;

use super::*;
use crate::auth::jwt::key_set::KeySet;
use crate::auth::jwt::tests_of_keys::SET;
use crate::config::JwtAlgorithm;
use signalbox_gate::KeyUsage as Usage;
use signalbox_gate::keyring::{Grant, Keyring};

fn checked(models: usize) -> Checked {
    let keyring =
        Keyring::parse("keys: [{id: p, profile: true, preset: chat-client, models: all}]");
    let keyring = keyring.unwrap();
    let profile = Arc::clone(keyring.profile("p").unwrap());
    let now = Timestamp::UNIX_EPOCH;
    let set = KeySet::read(SET.as_bytes(), &JwtAlgorithm::ALL, None, now).unwrap();
    let signer = Arc::clone(set.signer(None).unwrap());
    let claims = Claims {
        id: "jwt/i/s".to_owned(),
        ends: now,
        profile: Arc::from("p"),
        scopes: None,
        purposes: None,
        models: Some(vec!["m".repeat(1_000); models]),
        published: None,
        datasets: None,
        labels: Vec::new(),
    };
    let caller = crate::auth::jwt::narrow::caller(&profile.caller, &claims);
    let grant = Grant::new(Arc::from("p"), now, signer.in_use());
    let key = Key::of_profile(&profile, caller, Usage::new(Instant::now()), grant);
    Checked {
        key: Arc::new(key),
        profile,
        claims: Arc::new(claims),
        signer,
        cached: Counter::default(),
    }
}

fn digest(n: usize) -> Digest {
    Digest::of(&n.to_string())
}

fn kept(checks: &Checks, most: usize) -> usize {
    (0..most)
        .filter(|n| checks.find(&digest(*n)).is_some())
        .count()
}

#[test]
fn what_is_kept_is_bounded_by_bytes_and_what_is_asked_for_stays() {
    let (checks, large) = (Checks::default(), checked(1_000));
    let each = size(&large);
    assert!(each > 2_000_000 - 1, "{each}");
    for n in 0..200 {
        checks.keep(digest(n), large.clone());
        // Whoever keeps asking is not driven out by those who come once.
        let _ = checks.find(&digest(0));
    }
    let bytes: usize = checks
        .0
        .iter()
        .map(|shelf| shelf.lock().unwrap().bytes)
        .sum();
    assert!(bytes <= MOST_BYTES, "{bytes}");
    assert!(kept(&checks, 200) * each <= MOST_BYTES);
    assert!(checks.find(&digest(0)).is_some());
    for shelf in &checks.0 {
        let shelf = shelf.lock().unwrap();
        assert_eq!(shelf.order.len(), shelf.entries.len());
    }
}

#[test]
fn what_is_kept_twice_counts_once() {
    let (checks, small) = (Checks::default(), checked(0));
    for _ in 0..10 {
        checks.keep(digest(1), small.clone());
    }
    let shelf = checks.shelf(&digest(1));
    assert_eq!((shelf.entries.len(), shelf.order.len()), (1, 1));
    assert_eq!(shelf.bytes, size(&small));
}
