//! Transactions that meet, and transactions of several policies.

use std::sync::Arc;

use signalbox_runtime::Digest;
use signalbox_swap::{Mode, OpenAnswers, Order, Outcome, Step};

use crate::fixture::{
    Bench, Stands, admin, at, beside, candidate, component, order, shadow, steps, wait_for,
};

#[test]
fn of_two_at_once_one_wins_and_the_other_is_told_by_which() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    let loser = bench.swaps.swap(
        order("default", &component(&["b"])),
        // While it is being prepared, another one comes in.
        &mut at(Step::Access, || {
            bench.serve("default", &component(&["c"]));
        }),
    );
    let Outcome::Failed(failure) = &loser.outcome else {
        panic!("both won: {loser:?}");
    };
    assert_eq!(failure.step, Step::Store);
    assert_eq!(
        failure.message,
        "transaction 2 by a test (swap) changed `default` first; generation 2 serves it now"
    );
    assert_eq!(loser.number, 3);
    assert_eq!(bench.stands(), Stands(Some(2), None, vec![1]));
    assert_eq!(*bench.heard.lock().unwrap(), {
        let mut all = bench.swaps.history();
        all.reverse();
        all
    });
}

#[test]
fn whatever_else_changed_the_policy_wins_as_well() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    bench.serve("default", &component(&["b"]));
    let candidate = bench.swap(beside("default", &component(&["c"]), shadow(None, &[])));
    assert_eq!(candidate.outcome, Outcome::Done);
    let mut others: Vec<Box<dyn Fn()>> = vec![
        Box::new(|| drop(bench.swaps.withdraw("default", admin()))),
        Box::new(|| drop(bench.swaps.rollback("default", None, admin()))),
    ];
    while let Some(other) = others.pop() {
        let last = bench.swaps.history()[0].number;
        let loser = bench.swaps.swap(
            order("default", &component(&["d"])),
            &mut at(Step::Access, &other),
        );
        let Outcome::Failed(failure) = loser.outcome else {
            panic!("it won");
        };
        assert_eq!(failure.step, Step::Store);
        let expected = format!("transaction {} by 127.0.0.1:9", last + 1);
        assert!(failure.message.starts_with(&expected), "{failure:?}");
        if others.len() == 1 {
            // Going back took the candidate with it: there is one to withdraw again.
            bench.swap(beside("default", &component(&["c"]), shadow(None, &[])));
        }
    }
}

#[test]
fn policies_that_do_not_meet_do_not_wait_for_each_other() {
    let bench = Bench::new();
    let entry = bench.swaps.swap(
        order("one", &component(&["a"])),
        &mut at(Step::Cases, || {
            bench.serve("two", &component(&["a"]));
        }),
    );
    assert_eq!(entry.outcome, Outcome::Done);
    let live: Vec<_> = bench.standing().into_iter().map(|it| it.1.0).collect();
    assert_eq!(live, [Some(2), Some(1)]);
}

#[test]
fn what_is_revoked_while_it_is_prepared_does_not_come_into_service() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    let new = component(&["b"]);
    let entry = bench.swaps.swap(
        order("default", &new),
        &mut at(Step::Access, || {
            let revoked = bench.swaps.revoke(Digest::of(&new), admin());
            assert_eq!(revoked.outcome, Outcome::Done);
        }),
    );
    let Outcome::Failed(failure) = entry.outcome else {
        panic!("it serves");
    };
    assert_eq!(failure.step, Step::Store);
    assert!(failure.message.contains("is revoked"), "{failure:?}");
    assert_eq!(bench.stands(), Stands(Some(1), None, vec![]));
}

#[test]
fn several_policies_come_into_service_in_one_store_or_not_at_all() {
    let bench = Bench::new();
    bench.serve("one", &component(&["a"]));
    bench.serve("two", &component(&["a"]));
    let both = |second: &[u8]| Order {
        candidates: vec![
            candidate("one", &component(&["b"])),
            candidate("two", second),
        ],
        ..order("one", b"")
    };
    let failure = bench.fails(|swaps| swaps.swap(both(b"no component"), &mut |_| {}));
    assert_eq!(
        (failure.step, failure.policy.as_deref()),
        (Step::Read, Some("two"))
    );
    let before = bench.swaps.slot().load();
    let done = bench.swap(both(&component(&["c"])));
    assert_eq!(done.outcome, Outcome::Done);
    let to: Vec<_> = done.policies.iter().map(|it| (it.from, it.to)).collect();
    assert_eq!(to, [(Some(1), Some(3)), (Some(2), Some(4))]);
    // Whoever took what served before goes on with it.
    assert_eq!(before.get("two").unwrap().live().number(), 2);
    // And if one of the names changed meanwhile, neither does.
    let lost = bench.swaps.swap(
        both(&component(&["d"])),
        &mut at(Step::Access, || {
            bench.serve("two", &component(&["e"]));
        }),
    );
    assert!(matches!(lost.outcome, Outcome::Failed(failure) if failure.step == Step::Store));
    assert_eq!(bench.live("one").number(), 3);
}

#[test]
fn drain_is_told_when_the_last_decision_on_what_served_has_ended() {
    let bench = Bench::new();
    bench.serve("default", &component(&["a"]));
    let deciding = bench.live("default");
    let answering = deciding.served().open();
    let entry = bench.swap(Order {
        open_answers: OpenAnswers::Cut,
        ..order("default", &component(&["b"]))
    });
    assert_eq!(steps(&entry).last(), Some(&Step::Store));
    assert!(answering.served().is_cut(), "its answers are to end");
    let draining = bench.overview("default").draining;
    assert_eq!((draining[0].generation, draining[0].open), (1, 1));
    assert!(!draining[0].freed && draining[0].cut);
    let decided = Arc::downgrade(&deciding);
    drop(deciding);
    assert!(decided.upgrade().is_none(), "nothing else holds it");
    let entry = wait_for("drain", || {
        let entry = bench.swaps.entry(entry.number).unwrap();
        (steps(&entry).last() == Some(&Step::Watch)).then_some(entry)
    });
    let drain = &entry.steps[entry.steps.len() - 2];
    assert_eq!(drain.step, Step::Drain);
    assert_eq!(
        drain.note.as_deref(),
        Some("generation 1 decides no more; 1 answers open")
    );
    assert!(bench.overview("default").draining[0].freed);
    drop(answering);
    wait_for("the answer's end", || {
        bench.overview("default").draining.is_empty().then_some(())
    });
}

#[test]
fn no_more_transactions_prepare_than_there_is_room_for() {
    fn nested(bench: &Bench, depth: usize, refused: &mut usize) {
        let order = beside("default", &component(&["b"]), Mode::DryRun);
        let mut inner = Some(depth);
        let entry = bench.swaps.swap(order, &mut |report| {
            if report.step == Step::Cases
                && let Some(depth) = inner.take().and_then(|depth| depth.checked_sub(1))
            {
                nested(bench, depth, refused);
            }
        });
        if let Outcome::Failed(failure) = entry.outcome {
            assert_eq!(failure.step, Step::Receive);
            assert_eq!(failure.message, "8 transactions are under way already");
            *refused += 1;
        }
    }
    let bench = Bench::new();
    let mut refused = 0;
    nested(&bench, 8, &mut refused);
    assert_eq!(refused, 1, "the ninth");
    nested(&bench, 7, &mut refused);
    assert_eq!(refused, 1, "places are given back");
}
