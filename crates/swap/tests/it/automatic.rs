//! What the host does by itself, and what it never does.

use std::{
    sync::{Arc, Mutex},
    thread,
};

use signalbox_policy::{Caller, Purposes, RequestedModel};
use signalbox_swap::{Action, Order, Outcome, RollBack, Settings, Trigger};

use crate::{
    fixture::{Bench, beside, caller, canary, chat, component, order, shadow, wait_for},
    guests::{Guest, description},
};

const FAILURES: [&str; 3] = ["one", "two", "one"];

/// `a` served, and now `a` and `b` do: nothing is refused that was allowed.
fn wider() -> Bench {
    let bench = Bench::with_keys();
    bench.serve("default", &component(&["a"]));
    bench.serve("default", &component(&["a", "b"]));
    bench
}

#[test]
fn failures_of_two_callers_bring_back_what_served_before_with_evidence() {
    let bench = wider();
    let overview = bench.overview("default").roll_back;
    assert_eq!((overview.automatic, overview.to), (true, Some(1)));
    bench.fail("default", &FAILURES);
    wait_for("the host to go back", || {
        (bench.live("default").number() == 3).then_some(())
    });
    assert!(!bench.forwards("default", &caller("one"), "b"));
    let done = &bench.swaps.history()[0];
    assert_eq!(
        (done.action, done.actor.way),
        (Action::Rollback, Trigger::Automatic)
    );
    assert_eq!(done.outcome, Outcome::Done);
    let evidence = done.evidence.as_ref().unwrap();
    assert_eq!(evidence.callers, ["one", "two"]);
    assert_eq!(evidence.causes, [("trap".to_owned(), 3)]);
    assert_eq!((evidence.failures, evidence.failures_before_ppm), (3, 0));
    // Once: what came back stays, however it fails.
    bench.fail("default", &FAILURES);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 3);
}

#[test]
fn one_caller_alone_or_two_failures_change_nothing() {
    let bench = wider();
    bench.fail("default", &["one"; 50]);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 2);
    let bench = wider();
    bench.fail("default", &["one", "two"]);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 2);
}

#[test]
fn refusals_change_nothing_however_many_there_are() {
    let bench = wider();
    for id in ["one", "two"] {
        for _ in 0..300 {
            assert!(!bench.forwards("default", &caller(id), "unknown"));
        }
    }
    assert_eq!(bench.live("default").served().counts().refusals, 600);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 2);
}

#[test]
fn failures_of_what_served_before_do_not_count_against_what_serves() {
    let bench = wider();
    let before = bench.live("default");
    bench.serve("default", &component(&["a", "b", "c"]));
    for caller in FAILURES {
        bench.swaps.failed(before.served(), caller, "trap");
    }
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 3);
}

/// A guest that traps for the caller `evil`, and for nobody else; alike but for its version.
fn trapping(version: &str) -> Vec<u8> {
    let mut description = description();
    description.version = version.into();
    Guest {
        description,
        ..Guest::code("(unreachable)")
    }
    .component()
}

#[test]
fn a_share_of_failures_no_larger_than_before_changes_nothing() {
    let bench = Bench::with_keys();
    let ask = |id: &str, times: usize| {
        let live = bench.live("default");
        for _ in 0..times {
            let caller = caller(id);
            let failed = chat(&caller, RequestedModel::Unread, |it| {
                live.decide(it).is_err()
            });
            assert_eq!(failed, id == "evil");
        }
    };
    let vouched = |version: &str| Order {
        roll_back: RollBack::Vouched,
        ..order("default", &trapping(version))
    };
    bench.swap(vouched("1"));
    ask("evil", 5);
    ask("one", 5);
    bench.swap(vouched("2"));
    assert!(
        bench.overview("default").roll_back.automatic,
        "{:?}",
        bench.overview("default")
    );
    let second = bench.live("default").number();
    // Half of its decisions fail, as before.
    ask("evil", 4);
    ask("one", 4);
    bench.fail("default", &FAILURES);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), second);
    // One more is a larger share.
    ask("evil", 1);
    bench.fail("default", &["two"]);
    wait_for("the host to go back", || {
        (bench.live("default").number() > second).then_some(())
    });
    let evidence = bench.swaps.history()[0].evidence.clone().unwrap();
    assert_eq!((evidence.failures, evidence.decisions), (5, 9));
    assert_eq!(evidence.failures_before_ppm, 500_000);
}

#[test]
fn pinned_narrower_and_untold_swaps_stay_however_they_fail() {
    for (new, roll_back, why) in [
        (component(&["a", "b"]), RollBack::Pinned, "it is pinned"),
        (
            component(&["b"]),
            RollBack::UnlessNarrower,
            "it narrows access: model `a` is gone",
        ),
        (
            component(&["b"]),
            RollBack::Vouched,
            "it narrows access: model `a` is gone",
        ),
        (
            trapping("1"),
            RollBack::UnlessNarrower,
            "whether it narrows access cannot be told (header `x-gt-conversation-id` may count), \
             and nobody vouched",
        ),
    ] {
        let bench = Bench::with_keys();
        bench.serve("default", &component(&["a"]));
        bench.swap(Order {
            roll_back,
            ..order("default", &new)
        });
        let overview = bench.overview("default").roll_back;
        assert_eq!((overview.automatic, &*overview.why), (false, why));
        bench.fail("default", &FAILURES);
        bench.keeper_has_read_on();
        assert_eq!(bench.live("default").number(), 2, "{why}");
    }
}

#[test]
fn what_cannot_be_told_goes_back_if_somebody_vouched() {
    let bench = Bench::with_keys();
    bench.serve("default", &component(&["a"]));
    bench.swap(Order {
        roll_back: RollBack::Vouched,
        ..order("default", &trapping("1"))
    });
    bench.fail("default", &FAILURES);
    wait_for("the host to go back", || {
        (bench.live("default").number() == 3).then_some(())
    });
}

/// A guest that can be asked everything: no headers, no queries, one route, one model. It refuses
/// callers whose id has four letters, unless `first` makes another length of it.
fn plain(version: &str, first: &str) -> Vec<u8> {
    let mut description = description();
    description.version = version.into();
    description.headers.clear();
    description.routes.truncate(1);
    description.routes[0].query.clear();
    // A name that is not six letters long is refused: `gpt-4o` is.
    let one_name = "(if (i32.and
                      (i32.eq (i32.load8_u offset=116 (local.get $request)) (i32.const 2))
                      (i32.ne (i32.load offset=124 (local.get $request)) (i32.const 6)))
                  (then (i32.store offset=52 (local.get $request) (i32.const 4))))";
    Guest {
        description,
        first: [first, one_name].concat(),
        ..Guest::default()
    }
    .component()
}

#[test]
fn keys_that_came_after_the_swap_are_asked_for_before_the_host_goes_back() {
    let keys: Arc<Mutex<Vec<Caller>>> = Arc::new(Mutex::new(vec![caller("one"), caller("two")]));
    let known = Arc::clone(&keys);
    let bench = Bench::with(Settings {
        callers: Arc::new(move |_| known.lock().unwrap().clone()),
        ..Settings::default()
    });
    // What served before takes callers with four letters for others; what serves refuses them.
    let lax = plain(
        "1",
        "(if (i32.eq (i32.load offset=52 (local.get $request)) (i32.const 4))
           (then (i32.store offset=52 (local.get $request) (i32.const 5))))",
    );
    let strict = plain("2", "");
    bench.serve("default", &lax);
    assert!(bench.forwards("default", &caller("evil"), "gpt-4o"));
    bench.serve("default", &strict);
    let overview = bench.overview("default").roll_back;
    assert!(overview.automatic, "nobody is shut out: {overview:?}");
    assert!(!bench.forwards("default", &caller("evil"), "gpt-4o"));
    // Now there is somebody who is.
    keys.lock().unwrap().push(caller("evil"));
    bench.fail("default", &FAILURES);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 2);
    assert!(!bench.forwards("default", &caller("evil"), "gpt-4o"));
}

/// What comes between two steps of the controller.
type Happening = Box<dyn FnOnce() + Send>;

#[test]
fn evidence_never_undoes_what_came_after_it() {
    // The controller decides to go back; before it does, somebody puts something stricter in place.
    let between: Arc<Mutex<Option<Happening>>> = Arc::default();
    let happens = Arc::clone(&between);
    let bench = Bench::with(Settings {
        callers: Arc::new(move |_| {
            let is_keeper = thread::current().name() == Some("signalbox-controller");
            let happens = is_keeper.then(|| happens.lock().unwrap().take());
            if let Some(act) = happens.flatten() {
                act();
            }
            vec![caller("one"), caller("two")]
        }),
        ..Settings::default()
    });
    bench.serve("default", &component(&["a"]));
    bench.serve("default", &component(&["a", "b"]));
    let swaps = bench.swaps.clone();
    *between.lock().unwrap() = Some(Box::new(move || {
        swaps.swap(order("default", &component(&["c"])), &mut |_| {});
    }));
    bench.fail("default", &FAILURES);
    let entry = wait_for("the controller", || {
        let mut history = bench.swaps.history().into_iter();
        history.find(|entry| entry.actor.way == Trigger::Automatic)
    });
    let Outcome::Failed(failure) = entry.outcome else {
        panic!("it went back from something else: {entry:?}");
    };
    assert_eq!(
        failure.message,
        "the generation this refers to is no longer live"
    );
    assert_eq!(bench.live("default").number(), 3);
}

#[test]
fn a_failing_canary_is_withdrawn_and_one_that_narrows_access_is_not() {
    for (new, goes) in [(component(&["a", "b"]), true), (component(&["b"]), false)] {
        let bench = Bench::with_keys();
        bench.serve("default", &component(&["a"]));
        bench.swap(beside("default", &new, canary("100%")));
        let policies = bench.swaps.slot().load();
        let served = Arc::clone(policies.get("default").unwrap().for_caller("one").served());
        for caller in FAILURES {
            bench.swaps.failed(&served, caller, "timeout");
        }
        bench.keeper_has_read_on();
        let is_gone = bench.overview("default").beside.is_none();
        assert_eq!(is_gone, goes);
        if goes {
            let done = bench.swaps.history();
            let is_about = |it: &&signalbox_swap::Entry| it.policies[0].name == "default";
            let done = done.iter().find(is_about).unwrap();
            assert_eq!(done.actor.way, Trigger::Automatic);
            assert_eq!(done.action, Action::Withdraw);
        }
    }
}

#[test]
fn a_failing_shadow_is_withdrawn_whatever_it_allows() {
    let bench = Bench::with_keys();
    let purposes = Purposes::from_bits(1);
    bench.serve("default", &component(&["a"]));
    bench.swap(Order {
        roll_back: RollBack::Pinned,
        ..beside("default", &trapping("1"), shadow(None, &[]))
    });
    // It traps for callers with an id of four letters.
    for id in ["evil", "vile", "evil"] {
        let caller = Caller {
            purposes,
            ..caller(id)
        };
        if bench.overview("default").beside.is_some() {
            bench.shadow("default", &caller, "a");
        }
    }
    wait_for("the shadow to go", || {
        bench.overview("default").beside.is_none().then_some(())
    });
    assert_eq!(bench.live("default").number(), 1);
}

#[test]
fn without_a_predecessor_there_is_nothing_to_go_back_to() {
    let bench = Bench::with_keys();
    bench.serve("default", &component(&["a"]));
    assert_eq!(
        bench.overview("default").roll_back.why,
        "nothing served before it"
    );
    bench.fail("default", &FAILURES);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 1);
}
