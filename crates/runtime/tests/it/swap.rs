//! Replacing what serves while it serves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use signalbox_policy::{Decision, Forward, RequestedModel};
use signalbox_runtime::{Change, Plugin, Policies, Slot};

use crate::guests::{Guest, TO_FILE, VERSIONS, caller, chat, commit, refusal};

/// A policy whose version and whose refusals name it.
fn version(version: &str) -> Plugin {
    let mut guest = Guest::answer(refusal(version));
    guest.description.version = version.into();
    guest.load().unwrap()
}

fn code(decision: Decision) -> String {
    match decision {
        Decision::Refuse(refusal) => refusal.code,
        other => panic!("{other:?}"),
    }
}

fn number(policies: &Policies, name: &str) -> u64 {
    policies.get(name).unwrap().live().number()
}

#[test]
fn empty_slot_serves_nothing() {
    let slot = Slot::new();
    assert!(slot.load().get("default").is_none());
    assert_eq!(slot.load().iter().len(), 0);
}

#[test]
fn numbers_ascend_and_are_never_used_again() {
    let (slot, plugin) = (Slot::new(), version("one"));
    let both = Change::new()
        .serve("a", plugin.clone())
        .serve("b", plugin.clone());
    let policies = commit(&slot, both);
    assert_eq!((number(&policies, "a"), number(&policies, "b")), (1, 2));
    commit(&slot, Change::new().remove("b"));
    let policies = commit(&slot, Change::new().serve("b", plugin));
    assert_eq!((number(&policies, "a"), number(&policies, "b")), (1, 3));
}

#[test]
fn numbers_go_on_where_an_earlier_process_left_off() {
    let slot = Slot::numbered_from(41);
    let policies = commit(&slot, Change::new().serve("a", version("one")));
    assert_eq!(number(&policies, "a"), 42);
}

#[test]
fn name_taken_out_serves_no_more_and_the_others_stay() {
    let (slot, plugin) = (Slot::new(), version("one"));
    let both = Change::new().serve("a", plugin.clone()).serve("b", plugin);
    let before = commit(&slot, both);
    let after = commit(&slot, Change::new().remove("a").remove("never"));
    assert!(after.get("a").is_none());
    assert!(Arc::ptr_eq(
        after.get("b").unwrap().live(),
        before.get("b").unwrap().live()
    ));
}

#[test]
fn plugin_of_an_earlier_generation_can_serve_again() {
    let slot = Slot::new();
    let first = commit(&slot, Change::new().serve("a", version("one")));
    let kept = first.get("a").unwrap().live().plugin().clone();
    commit(&slot, Change::new().serve("a", version("two")));
    let back = commit(&slot, Change::new().serve("a", kept));
    let generation = back.get("a").unwrap().live();
    assert_eq!((generation.number(), generation.name()), (3, "a"));
    assert_eq!(generation.description().version, "one");
}

#[test]
fn old_generation_decides_until_its_last_user_is_done_and_is_then_freed() {
    let slot = Slot::new();
    commit(&slot, Change::new().serve("a", version("one")));
    let held = Arc::clone(slot.load().get("a").unwrap().live());
    let weak = Arc::downgrade(&held);
    commit(&slot, Change::new().serve("a", version("two")));
    let caller = caller("evil");
    let decision = held.decide(&chat(&caller, RequestedModel::Unread)).unwrap();
    assert_eq!(code(decision), "one");
    assert!(weak.upgrade().is_some());
    drop(held);
    assert!(weak.upgrade().is_none());
}

#[test]
fn readers_see_all_of_a_swap_or_nothing_and_every_decision_is_one_generations() {
    let slot = Slot::new();
    let versions = [version("one"), version("two")];
    let both = |plugin: &Plugin| {
        Change::new()
            .serve("a", plugin.clone())
            .serve("b", plugin.clone())
    };
    commit(&slot, both(&versions[0]));
    let done = AtomicBool::new(false);
    let read = || {
        let caller = caller("evil");
        let request = chat(&caller, RequestedModel::Unread);
        let (mut last, mut decided) = (0, 0_u32);
        while decided < 10 || !done.load(Ordering::Relaxed) {
            let policies = slot.load();
            let [a, b] = ["a", "b"].map(|name| policies.get(name).unwrap().live());
            assert_eq!(a.number() + 1, b.number());
            assert!(a.number() >= last);
            last = a.number();
            assert_eq!(code(a.decide(&request).unwrap()), a.description().version);
            decided += 1;
        }
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read), scope.spawn(read)];
        for plugin in versions.iter().cycle().take(2000) {
            commit(&slot, both(plugin));
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().unwrap();
        }
    });
    assert_eq!(number(&slot.load(), "b"), 4002);
}

#[test]
fn ten_thousand_swaps_leave_nothing_behind() {
    let (slot, plugin) = (Slot::new(), version("one"));
    let mut old = Vec::new();
    for _ in 0..10_000 {
        let policies = commit(&slot, Change::new().serve("a", plugin.clone()));
        old.push(Arc::downgrade(policies.get("a").unwrap().live()));
    }
    let alive = old
        .iter()
        .filter(|generation| generation.upgrade().is_some())
        .count();
    assert_eq!(alive, 1);
}

#[test]
fn nothing_is_lost_of_a_decision() {
    let forward = Forward {
        route: TO_FILE,
        parameters: vec![("id".into(), "file-1".into())],
        query: Some("limit=2".into()),
        model: None,
        response_model: Some("gpt-4o".into()),
        notice: None,
        set_headers: vec![signalbox_policy::HeaderBuf {
            name: "x-route".into(),
            value: b"caf\xe9".to_vec(),
        }],
        drop_headers: vec!["user-agent".into()],
        labels: vec![("rule".into(), "files".into())],
    };
    let caller = caller("evil");
    let request = signalbox_policy::Request {
        method: "GET",
        path: "/v1/files/file-1",
        query: Some("limit=2"),
        ..chat(&caller, RequestedModel::Unread)
    };
    for version in VERSIONS {
        let guest = Guest::answer(Decision::Forward(forward.clone()));
        let plugin = guest.built_for(version).load().unwrap();
        assert_eq!(plugin.contract_version(), version);
        let decided = plugin.decide(&request);
        assert_eq!(decided, Ok(Decision::Forward(forward.clone())));
    }
    let noticed = Forward {
        notice: Some("use another".into()),
        ..forward
    };
    let plugin = Guest::answer(Decision::Forward(noticed.clone())).load();
    let decided = plugin.unwrap().decide(&request);
    assert_eq!(decided, Ok(Decision::Forward(noticed)));
}
