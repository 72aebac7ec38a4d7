//! Going back by hand, candidates that come and go, and digests that never serve again.

use signalbox_runtime::Digest;
use signalbox_swap::{Action, Outcome, Role, RollBack, Settings, Step};

use crate::fixture::{
    Bench, Stands, admin, beside, caller, canary, component, order, shadow, steps,
};

/// Five generations, of which three are kept.
fn five() -> Bench {
    let bench = Bench::with(Settings {
        keep: 3,
        ..Settings::default()
    });
    for model in ["a", "b", "c", "d", "e"] {
        bench.serve("default", &component(&[model]));
    }
    bench
}

#[test]
fn each_kept_generation_can_be_gone_back_to_and_no_other() {
    for (to, model) in [(2, "b"), (3, "c"), (4, "d")] {
        let bench = five();
        assert_eq!(bench.stands(), Stands(Some(5), None, vec![4, 3, 2]));
        let entry = bench.swaps.rollback("default", Some(to), admin());
        assert_eq!(entry.outcome, Outcome::Done);
        assert_eq!(entry.action, Action::Rollback);
        // Nothing is loaded for it.
        let expected = [
            Step::Receive,
            Step::Digest,
            Step::Store,
            Step::Drain,
            Step::Watch,
        ];
        assert_eq!(steps(&entry), expected);
        assert_eq!(entry.policies[0].to, Some(6), "under a new number");
        assert!(bench.forwards("default", &caller("one"), model));
        let rest: Vec<u64> = [5, 4, 3, 2]
            .into_iter()
            .filter(|kept| *kept != to)
            .collect();
        assert_eq!(bench.stands(), Stands(Some(6), None, rest));
        assert_eq!(
            bench.overview("default").roll_back.why,
            "it came back itself"
        );
    }
    let bench = five();
    for (to, message) in [
        (Some(1), "generation 1 of `default` is not kept here"),
        (Some(5), "generation 5 serves `default` already"),
        (Some(9), "generation 9 of `default` is not kept here"),
    ] {
        let failure = bench.fails(|swaps| swaps.rollback("default", to, admin()));
        assert_eq!((failure.step, &*failure.message), (Step::Receive, message));
    }
    let failure = bench.fails(|swaps| swaps.rollback("other", None, admin()));
    assert_eq!(failure.message, "there is no policy `other`");
}

#[test]
fn without_a_number_what_served_last_serves_again_and_again() {
    let bench = five();
    assert_eq!(
        bench.swaps.rollback("default", None, admin()).policies[0].to,
        Some(6)
    );
    assert!(bench.forwards("default", &caller("one"), "d"));
    bench.swaps.rollback("default", None, admin());
    assert!(
        bench.forwards("default", &caller("one"), "e"),
        "there and back"
    );
}

#[test]
fn nothing_to_go_back_to_is_said() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    let failure = bench.fails(|swaps| swaps.rollback("default", None, admin()));
    assert_eq!(
        failure.message,
        "`default` has no earlier generation to go back to"
    );
    // The same component again is not something else to go back to.
    bench.serve("default", &component(&["a"]));
    bench.fails(|swaps| swaps.rollback("default", None, admin()));
}

#[test]
fn a_candidate_comes_into_service_with_its_number_or_goes() {
    for mode in [canary("100%"), shadow(None, &[])] {
        let bench = Bench::new();
        bench.serve("default", &component(&["a"]));
        for act in ["promote", "withdraw"] {
            let fails = |swaps: &signalbox_swap::Swaps| match act {
                "promote" => swaps.promote("default", admin()),
                _ => swaps.withdraw("default", admin()),
            };
            let failure = bench.fails(fails);
            assert_eq!(failure.message, "the live policy has no candidate");
        }
        let new = component(&["b"]);
        bench.swap(beside("default", &new, mode.clone()));
        assert_eq!(bench.stands(), Stands(Some(1), Some(2), vec![]));
        bench.swaps.withdraw("default", admin());
        assert_eq!(bench.stands(), Stands(Some(1), None, vec![]));
        bench.swap(beside("default", &new, mode));
        let entry = bench.swaps.promote("default", admin());
        assert_eq!(entry.outcome, Outcome::Done);
        assert_eq!(entry.policies[0].digest, Digest::of(&new).to_string());
        assert_eq!(bench.stands(), Stands(Some(3), None, vec![1]));
    }
}

#[test]
fn a_canary_decides_for_the_same_share_of_callers_always() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    let callers: Vec<String> = (0..200).map(|number| format!("key-{number}")).collect();
    let taken = || {
        let policies = bench.swaps.slot().load();
        let lane = policies.get("default").unwrap();
        let on_canary = |id: &&String| lane.for_caller(id).number() != lane.live().number();
        callers
            .iter()
            .filter(on_canary)
            .cloned()
            .collect::<Vec<_>>()
    };
    bench.swap(beside("default", &component(&["b"]), canary("25%")));
    let first = taken();
    assert!((20..80).contains(&first.len()), "{}", first.len());
    let overview = bench.beside("default");
    assert_eq!(overview.role, Role::Canary { share: 2_500 });
    bench.swap(beside("default", &component(&["c"]), canary("50%")));
    let more = taken();
    assert!(more.len() > first.len());
    assert!(
        first.iter().all(|id| more.contains(id)),
        "none of them goes back"
    );
}

#[test]
fn what_serves_anew_ends_a_candidate_that_was_compared_with_something_else() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    bench.swap(beside("default", &component(&["b"]), canary("5%")));
    let entry = bench.swap(order("default", &component(&["c"])));
    let store = entry
        .steps
        .iter()
        .find(|it| it.step == Step::Store)
        .unwrap();
    assert_eq!(store.note.as_deref(), Some("candidate 2 of `default` goes"));
    assert_eq!(bench.stands(), Stands(Some(3), None, vec![1]));
}

#[test]
fn a_revoked_digest_that_serves_gives_way_to_what_served_before() {
    let bench = five();
    let digest = Digest::of(&component(&["e"]));
    let entry = bench.swaps.revoke(digest, admin());
    assert_eq!(entry.outcome, Outcome::Done);
    assert!(bench.forwards("default", &caller("one"), "d"));
    assert_eq!(
        bench.stands(),
        Stands(Some(6), None, vec![3, 2]),
        "5 is not kept"
    );
    for mode in [signalbox_swap::Mode::Serve, canary("1%"), shadow(None, &[])] {
        let again = beside("default", &component(&["e"]), mode);
        let failure = bench.fails(|swaps| swaps.swap(again, &mut |_| {}));
        assert_eq!(failure.step, Step::Digest);
        let expected = format!("component {digest} is revoked: it never serves here again");
        assert_eq!(failure.message, expected);
    }
    let failure = bench.fails(|swaps| swaps.rollback("default", Some(5), admin()));
    assert_eq!(
        failure.message,
        "generation 5 of `default` is not kept here"
    );
}

#[test]
fn a_revoked_digest_that_is_kept_or_beside_what_serves_goes() {
    let bench = five();
    bench.swap(beside("default", &component(&["f"]), canary("5%")));
    let revoke = |model| {
        bench
            .swaps
            .revoke(Digest::of(&component(&[model])), admin())
    };
    assert_eq!(revoke("d").outcome, Outcome::Done);
    assert_eq!(bench.stands(), Stands(Some(5), Some(6), vec![3, 2]));
    assert_eq!(revoke("f").outcome, Outcome::Done);
    assert_eq!(bench.stands(), Stands(Some(5), None, vec![3, 2]));
    bench.fails(|swaps| swaps.promote("default", admin()));
    // What was never here may be forbidden as well.
    assert_eq!(revoke("z").outcome, Outcome::Done);
    let never = order("default", &component(&["z"]));
    assert_eq!(
        bench.fails(|swaps| swaps.swap(never, &mut |_| {})).step,
        Step::Digest
    );
}

#[test]
fn a_digest_is_not_revoked_where_nothing_else_could_serve() {
    let bench = Bench::new();
    let only = component(&["a"]);
    bench.serve("one", &only);
    bench.serve("two", &component(&["b"]));
    bench.serve("two", &only);
    let failure = bench.fails(|swaps| swaps.revoke(Digest::of(&only), admin()));
    assert_eq!(failure.policy.as_deref(), Some("one"));
    assert_eq!(
        failure.message,
        "it serves `one`, and there is no earlier generation to go back to"
    );
    // It is not half revoked either: it may still come into service.
    bench.serve("three", &only);
    // With something else to serve, all of them change in one store.
    bench.serve("one", &component(&["c"]));
    bench.serve("three", &component(&["c"]));
    let entry = bench.swaps.revoke(Digest::of(&only), admin());
    assert_eq!(entry.outcome, Outcome::Done);
    assert!(bench.forwards("two", &caller("one"), "b"));
}

#[test]
fn a_pinned_swap_is_gone_back_from_by_hand_all_the_same() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    let mut pinned = order("default", &component(&["a", "b"]));
    pinned.roll_back = RollBack::Pinned;
    bench.swap(pinned);
    assert_eq!(bench.overview("default").roll_back.why, "it is pinned");
    assert_eq!(
        bench.swaps.rollback("default", None, admin()).outcome,
        Outcome::Done
    );
}
