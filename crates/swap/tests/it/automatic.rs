//! What the host does by itself, and what it never does.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use signalbox_policy::{Caller, Purposes, RequestedModel};
use signalbox_swap::{Action, Order, Outcome, RollBack, Settings, Trigger};

use crate::{
    fixture::{Bench, beside, caller, canary, chat, component, order, program, shadow, wait_for},
    guests::{Guest, description},
};

/// Each of three keys twice.
const FAILURES: [&str; 6] = ["one", "two", "three", "one", "two", "three"];

/// A program that serves `a`, and now one that serves `a` and `b`: nothing is refused that was
/// allowed.
fn wider() -> Bench {
    wider_on(Bench::with_keys())
}

fn wider_on(bench: Bench) -> Bench {
    bench.serve("default", &program(&["a"]));
    bench.vouch("default", &program(&["a", "b"]));
    bench
}

#[test]
fn a_program_that_fails_three_keys_where_the_one_before_answers_goes_with_evidence() {
    let bench = wider();
    let overview = bench.overview("default").roll_back;
    assert_eq!((overview.automatic, overview.to), (true, Some(1)));
    bench.fail_until_it_goes("default", &FAILURES);
    assert_eq!(bench.live("default").number(), 3);
    assert!(!bench.forwards("default", &caller("one"), "b"));
    let entry = wait_for("its entry", || {
        let entry = bench.swaps.history().remove(0);
        (entry.action == Action::Rollback).then_some(entry)
    });
    assert_eq!(entry.actor.way, Trigger::Automatic);
    assert_eq!(entry.outcome, Outcome::Done);
    let evidence = entry.evidence.as_ref().unwrap();
    assert_eq!(evidence.callers, ["one", "three", "two"]);
    assert_eq!(evidence.causes, [("trap".to_owned(), evidence.failures)]);
    assert!(evidence.failures >= 6, "{evidence:?}");
    assert_eq!(evidence.failures_before_ppm, 0);
    // Once: what came back stays, however it fails.
    bench.fail("default", &FAILURES);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 3);
}

#[test]
fn two_keys_change_nothing_whatever_they_ask() {
    for keys in [&["one"][..], &["one", "two"]] {
        let bench = wider();
        for _ in 0..50 {
            bench.fail("default", keys);
        }
        bench.keeper_has_read_on();
        assert_eq!(bench.live("default").number(), 2, "{keys:?}");
    }
}

#[test]
fn a_burst_changes_nothing_however_many_keys_it_has() {
    let bench = wider_on(Bench::with(Settings {
        rollback_after: Duration::from_secs(3600),
        ..Settings::default()
    }));
    let keys: Vec<String> = (0..50).map(|number| format!("key-{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for _ in 0..4 {
        bench.fail("default", &keys);
    }
    // There is no bell here that could be rung: failures alone alarm, and that was heard.
    wait_for("the controller", || {
        let reads = bench.alarms.lock().unwrap().last().cloned();
        (reads == Some(("default".to_owned(), Some(2)))).then_some(())
    });
    assert_eq!(bench.live("default").number(), 2);
}

#[test]
fn keys_that_fail_change_nothing_while_four_of_five_are_served() {
    let bench = wider();
    let live = bench.live("default");
    for number in 0..16 {
        let caller = caller(&format!("served-{number}"));
        chat(&caller, RequestedModel::Unread, |it| live.decide(it)).unwrap();
    }
    bench.fail("default", &FAILURES);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 2);
    // Four of sixteen are more than a fifth.
    let more = [&FAILURES[..], &["four", "four"]].concat();
    bench.fail_until_it_goes("default", &more);
}

#[test]
fn a_compiled_document_alarms_and_stays_however_it_fails() {
    let bench = Bench::with_keys();
    bench.serve("default", &component(&["a"]));
    bench.serve("default", &component(&["a", "b"]));
    let overview = bench.overview("default").roll_back;
    let why = "it is a compiled document: its failures raise an alarm and undo nothing";
    assert_eq!((overview.automatic, &*overview.why), (false, why));
    for _ in 0..20 {
        bench.fail("default", &FAILURES);
    }
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 2);
    let of_default = || {
        let alarms = bench.alarms.lock().unwrap();
        let of_default = alarms.iter().filter(|(name, _)| name == "default");
        of_default
            .map(|(_, generation)| *generation)
            .collect::<Vec<_>>()
    };
    assert_eq!(of_default(), [Some(2)], "said once");
    bench.serve("default", &component(&["a", "b", "c"]));
    wait_for("the alarm to end", || {
        (of_default() == [Some(2), None]).then_some(())
    });
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
    bench.vouch("default", &program(&["a", "b", "c"]));
    bench.failed(before.served(), &FAILURES);
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
fn what_the_generation_before_fails_as_well_changes_nothing() {
    let bench = Bench::with_keys();
    bench.vouch("default", &trapping("1"));
    bench.vouch("default", &trapping("2"));
    let overview = bench.overview("default").roll_back;
    assert!(overview.automatic, "{overview:?}");
    // Both trap for ids of four letters.
    bench.fail("default", &["evil", "vile", "veil"].repeat(10));
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 2);
    bench.fail_until_it_goes("default", &FAILURES);
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
    bench.fail_until_it_goes("default", &FAILURES);
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
            ["one", "two", "three"].map(caller).into()
        }),
        ..Settings::default()
    });
    let bench = wider_on(bench);
    let swaps = bench.swaps.clone();
    *between.lock().unwrap() = Some(Box::new(move || {
        swaps.swap(order("default", &program(&["c"])), &mut |_| {});
    }));
    let entry = wait_for("the controller", || {
        bench.fail("default", &FAILURES);
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
    for (new, goes) in [
        (program(&["a", "b"]), true),
        (program(&["b"]), false),
        // A compiled document alarms, and nothing else.
        (component(&["a", "b"]), false),
    ] {
        let bench = Bench::with_keys();
        bench.serve("default", &component(&["a"]));
        bench.swap(Order {
            roll_back: RollBack::Vouched,
            ..beside("default", &new, canary("100%"))
        });
        let policies = bench.swaps.slot().load();
        let served = Arc::clone(policies.get("default").unwrap().for_caller("one").served());
        let is_gone = || bench.overview("default").beside.is_none();
        bench.failed(&served, &FAILURES);
        if goes {
            wait_for("the canary to go", || {
                bench.failed(&served, &FAILURES);
                is_gone().then_some(())
            });
        }
        bench.keeper_has_read_on();
        assert_eq!(is_gone(), goes);
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
    // It traps for callers with an id of four letters, and what serves does not.
    for id in ["evil", "vile", "veil"].repeat(2) {
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
