//! What serves, what is beside it, and changes that come too late.

use std::sync::Arc;

use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::{
    Beside, Change, Conflict, Generation, Isolation, Lane, Plugin, Slot, TrafficShare,
};

use crate::{
    guests::{Guest, caller, chat, commit, load},
    warm::counting,
};

fn plugin() -> Plugin {
    Guest::default().load().unwrap()
}

fn share(percent: u16) -> TrafficShare {
    TrafficShare::of_ten_thousand(percent * 100).unwrap()
}

/// A slot in which `a` and `b` serve, as generations 1 and 2.
fn serving() -> (Slot, Plugin) {
    let (slot, plugin) = (Slot::new(), plugin());
    let both = Change::new()
        .serve("a", plugin.clone())
        .serve("b", plugin.clone());
    commit(&slot, both);
    (slot, plugin)
}

/// What serves under a name, and its candidate.
fn numbers(slot: &Slot, name: &str) -> Option<(u64, Option<u64>)> {
    let policies = slot.load();
    let lane = policies.get(name)?;
    let beside = lane.beside().map(|beside| beside.generation().number());
    Some((lane.live().number(), beside))
}

#[test]
fn change_thought_of_before_another_is_not_made_and_uses_no_number() {
    let (slot, plugin) = serving();
    let (base, serve) = (slot.load(), Change::new().serve("a", plugin));
    slot.commit(&base, serve.clone()).unwrap();
    let before = slot.load();
    let lost = slot.commit(&base, serve.clone()).unwrap_err();
    let expected = Conflict::Live {
        name: "a".into(),
        expected: Some(1),
        found: Some(3),
    };
    assert_eq!(lost, expected);
    assert_eq!(
        lost.to_string(),
        "`a` is served by generation 3 and no longer by generation 1"
    );
    assert!(lost.is_lost_race());
    assert!(Arc::ptr_eq(&before, &slot.load()));
    slot.commit(&slot.load(), serve).unwrap();
    assert_eq!(numbers(&slot, "a"), Some((4, None)));
}

#[test]
fn names_that_came_and_went_count_as_changed() {
    let (slot, plugin) = serving();
    let base = slot.load();
    let serve = |name: &str| Change::new().serve(name, plugin.clone());
    commit(&slot, serve("new").remove("a"));
    let conflict = |name: &str, expected, found| Conflict::Live {
        name: name.into(),
        expected,
        found,
    };
    assert_eq!(
        slot.commit(&base, serve("new")).unwrap_err(),
        conflict("new", None, Some(3))
    );
    assert_eq!(
        slot.commit(&base, serve("a")).unwrap_err(),
        conflict("a", Some(1), None)
    );
}

#[test]
fn other_names_may_change_meanwhile() {
    let (slot, plugin) = serving();
    let base = slot.load();
    commit(&slot, Change::new().serve("b", plugin.clone()));
    slot.commit(&base, Change::new().serve("a", plugin))
        .unwrap();
    assert_eq!(numbers(&slot, "a"), Some((4, None)));
    assert_eq!(numbers(&slot, "b"), Some((3, None)));
}

#[test]
fn change_of_several_names_is_made_whole_or_not() {
    let (slot, plugin) = serving();
    let base = slot.load();
    commit(&slot, Change::new().serve("b", plugin.clone()));
    let before = slot.load();
    let both = || {
        Change::new()
            .serve("a", plugin.clone())
            .serve("b", plugin.clone())
    };
    assert_eq!(slot.commit(&base, both()).unwrap_err().name(), "b");
    // What fails while it is made counts as well.
    let none = slot.commit(&before, both().promote("c")).unwrap_err();
    assert_eq!(none, Conflict::NothingServes { name: "c".into() });
    assert!(Arc::ptr_eq(&before, &slot.load()));
}

#[test]
fn candidate_that_came_meanwhile_is_a_conflict() {
    let (slot, plugin) = serving();
    let base = slot.load();
    commit(&slot, Change::new().shadow("a", plugin.clone()));
    let lost = slot.commit(&base, Change::new().serve("a", plugin.clone()));
    let expected = Conflict::Candidate {
        name: "a".into(),
        expected: None,
        found: Some(3),
    };
    assert_eq!(lost.unwrap_err(), expected);
    let base = slot.load();
    commit(&slot, Change::new().canary("a", plugin, share(5)));
    let lost = slot.commit(&base, Change::new().promote("a")).unwrap_err();
    assert_eq!(
        lost.to_string(),
        "the candidate for `a` is generation 4 and no longer generation 3"
    );
}

#[test]
fn candidate_needs_something_to_be_beside_and_is_needed_to_be_promoted() {
    let (slot, plugin) = serving();
    let error = |change| slot.commit(&slot.load(), change).unwrap_err();
    let nothing = Conflict::NothingServes { name: "c".into() };
    for change in [
        Change::new().shadow("c", plugin.clone()),
        Change::new().canary("c", plugin.clone(), share(5)),
        Change::new().promote("c"),
        Change::new().withdraw("c"),
    ] {
        assert_eq!(error(change), nothing);
    }
    let none = Conflict::NoCandidate { name: "a".into() };
    assert!(!none.is_lost_race());
    assert_eq!(error(Change::new().promote("a")), none);
    assert_eq!(error(Change::new().withdraw("a")), none);
}

#[test]
fn canary_decides_for_its_share_of_the_callers_and_always_for_the_same() {
    let (slot, plugin) = serving();
    let percent = share(20);
    commit(&slot, Change::new().canary("a", plugin.clone(), percent));
    let callers: Vec<String> = (0..1000).map(|number| format!("key-{number}")).collect();
    let taken = |lane: &Lane| -> Vec<bool> {
        let is_canary = |caller: &String| lane.for_caller(caller).number() == 3;
        callers.iter().map(is_canary).collect()
    };
    let policies = slot.load();
    let first = taken(policies.get("a").unwrap());
    assert!(first.contains(&true) && first.contains(&false));
    let expected: Vec<bool> = callers
        .iter()
        .map(|caller| percent.takes("a", caller))
        .collect();
    assert_eq!(first, expected);
    // Whatever else changes.
    commit(&slot, Change::new().serve("b", plugin));
    assert_eq!(taken(slot.load().get("a").unwrap()), first);
    let policies = slot.load();
    let others = policies.get("b").unwrap();
    assert!(
        callers
            .iter()
            .all(|caller| Arc::ptr_eq(others.for_caller(caller), others.live()))
    );
}

#[test]
fn shadow_decides_for_nobody() {
    let (slot, plugin) = serving();
    let policies = commit(&slot, Change::new().shadow("a", plugin));
    let lane = policies.get("a").unwrap();
    assert!(matches!(lane.beside(), Some(Beside::Shadow(_))));
    assert!((0..1000).all(|number| lane.for_caller(&format!("key-{number}")).number() == 1));
}

#[test]
fn new_live_policy_or_candidate_ends_the_candidate() {
    let (slot, plugin) = serving();
    let shadow = || Change::new().shadow("a", plugin.clone());
    let candidate = || {
        let policies = slot.load();
        let beside = policies.get("a").unwrap().beside();
        Arc::clone(beside.unwrap().generation().served())
    };
    commit(&slot, shadow());
    let first = candidate();
    commit(&slot, Change::new().canary("a", plugin.clone(), share(5)));
    assert!(first.is_freed());
    let second = candidate();
    commit(&slot, Change::new().serve("a", plugin.clone()));
    assert!(second.is_freed());
    assert_eq!(numbers(&slot, "a"), Some((5, None)));
    commit(&slot, shadow());
    let third = candidate();
    commit(&slot, Change::new().withdraw("a"));
    assert!(third.is_freed());
    assert_eq!(numbers(&slot, "a"), Some((5, None)));
}

fn status(generation: &Generation) -> u16 {
    let caller = caller("evil");
    match generation.decide(&chat(&caller, RequestedModel::Unread)) {
        Ok(Decision::Refuse(refusal)) => refusal.status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn promoted_candidate_stays_the_generation_it_was() {
    let (slot, _) = serving();
    let old = Arc::clone(slot.load().get("a").unwrap().live().served());
    let reused = load(&counting().component(), Isolation::Reuse).unwrap();
    commit(&slot, Change::new().shadow("a", reused));
    let policies = slot.load();
    let candidate = policies.get("a").unwrap().beside().unwrap().generation();
    assert_eq!([status(candidate), status(candidate)], [401, 402]);
    commit(&slot, Change::new().promote("a"));
    assert_eq!(numbers(&slot, "a"), Some((3, None)));
    let serving = slot.load();
    let live = serving.get("a").unwrap().live();
    assert!(Arc::ptr_eq(live, candidate));
    // Its warm instance stays, and goes on counting.
    assert_eq!(status(live), 403);
    assert_eq!(live.served().counts().decisions, 3);
    drop(policies);
    assert!(old.is_freed());
}

#[test]
fn change_that_promotes_one_name_and_serves_another_is_one_store() {
    let (slot, plugin) = serving();
    commit(&slot, Change::new().shadow("a", plugin.clone()));
    let before = slot.load();
    let policies = commit(&slot, Change::new().promote("a").serve("b", plugin));
    assert_eq!(numbers(&slot, "a"), Some((3, None)));
    assert_eq!(numbers(&slot, "b"), Some((4, None)));
    assert!(Arc::ptr_eq(&policies, &slot.load()));
    assert_eq!(before.get("a").unwrap().live().number(), 1);
}
