//! The law: whoever a stricter policy shuts out never gets a forward again by what the host does
//! by itself, whatever is asked and whatever fails.

use proptest::{collection, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use signalbox_policy::{Decision, Document, format, generate::Asking};
use signalbox_runtime::{Cache, Runtime};
use signalbox_swap::{Mode, Order, Outcome, RollBack, Settings};

use crate::{
    fixture::{Bench, canary, compiled, order, runtime_with, shadow},
    pairs::{asked, decided, pairs},
};

/// What an operator does; after each of them come requests and failures.
#[derive(Clone, Debug)]
struct Act {
    /// Which of the two documents.
    second: bool,
    mode: How,
    roll_back: RollBack,
    /// Whose requests fail, by the number of the request.
    failures: Vec<usize>,
}

#[derive(Clone, Debug)]
enum How {
    Serve,
    Canary,
    Shadow,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let how = prop_oneof![3 => Just(How::Serve), 1 => Just(How::Canary), 1 => Just(How::Shadow)];
    // Not vouched for: who vouches takes the law into their own hands.
    let roll_back = prop_oneof![3 => Just(RollBack::UnlessNarrower), 1 => Just(RollBack::Pinned)];
    let failures = collection::vec(0..40_usize, 1..8);
    let act = (any::<bool>(), how, roll_back, failures).prop_map(
        |(second, mode, roll_back, failures)| Act {
            second,
            mode,
            roll_back,
            failures,
        },
    );
    collection::vec(act, 4..16)
}

/// Which of the requests are allowed now, by what decides for each caller.
fn allowed(bench: &Bench, requests: &[Asking]) -> Vec<bool> {
    let policies = bench.swaps.slot().load();
    let lane = policies.get("default").unwrap();
    let is_allowed = |asking: &Asking| {
        let generation = lane.for_caller(&asking.caller.id);
        let decision = decided(asking, |request| generation.decide(request).unwrap());
        !matches!(decision, Decision::Refuse(_))
    };
    requests.iter().map(is_allowed).collect()
}

/// What serves and what is beside it.
fn stands(bench: &Bench) -> (u64, Option<u64>) {
    let overview = bench.overview("default");
    let beside = overview.beside.map(|it| it.candidate.generation);
    (bench.live("default").number(), beside)
}

fn fail(bench: &Bench, requests: &[Asking], failures: &[usize]) {
    let policies = bench.swaps.slot().load();
    let lane = policies.get("default").unwrap();
    for number in failures {
        let caller = &requests[number % requests.len()].caller.id;
        let served = lane.for_caller(caller).served();
        bench.swaps.failed(served, caller, "trap");
    }
}

/// Whether the host ever did something by itself.
fn holds(
    runtime: &Runtime,
    pair: &(Document, Document),
    requests: &[Asking],
    acts: &[Act],
) -> bool {
    let bench = Bench::on(runtime.clone(), Settings::default());
    let components = [&pair.0, &pair.1].map(|document| compiled(&format(document)));
    bench.serve("default", &components[0]);
    let mut went_back = false;
    for act in acts {
        let mode = match act.mode {
            How::Serve => Mode::Serve,
            How::Canary => canary("50%"),
            How::Shadow => shadow(Some(5), &[]),
        };
        let entry = bench.swap(Order {
            mode,
            roll_back: act.roll_back,
            ..order("default", &components[usize::from(act.second)])
        });
        assert_eq!(entry.outcome, Outcome::Done, "{entry:?}");
        let before = allowed(&bench, requests);
        let stood = stands(&bench);
        fail(&bench, requests, &act.failures);
        bench.keeper_has_read_on();
        let after = allowed(&bench, requests);
        went_back |= stood != stands(&bench);
        for ((asking, before), after) in requests.iter().zip(before).zip(after) {
            assert!(
                before || !after,
                "was shut out and is let in by {:?}: {asking:?}",
                bench.swaps.history()
            );
        }
    }
    went_back
}

#[test]
fn who_is_shut_out_never_gets_back_in_by_what_the_host_does_by_itself() {
    // Each document is compiled once, and comes into service many times.
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(&folder.path().join("cache")).unwrap();
    let runtime = runtime_with(Some(cache));
    let config = ProptestConfig {
        failure_persistence: None,
        // A failing pair is small enough to read, and each try compiles components.
        max_shrink_iters: 16,
        ..ProptestConfig::with_cases(24)
    };
    let strategy = (pairs(), asked(), acts());
    let outcome = TestRunner::new(config).run(&strategy, |(pair, requests, acts)| {
        holds(&runtime, &pair, &requests, &acts);
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// A host that never does anything keeps every law.
#[test]
fn the_law_is_tried_on_a_host_that_goes_back() {
    let [first, second] = ["{a: {}}", "{a: {}, b: {}}"].map(|models| {
        let route = "POST /v1/chat/completions: {verdict: native, scope: none, model: json}";
        let text = format!("policy: p\nroutes:\n  {route}\nmodels: {models}\n");
        Document::parse(&text).unwrap()
    });
    let mut runner = TestRunner::deterministic();
    let requests = asked().new_tree(&mut runner).unwrap().current();
    let act = Act {
        second: true,
        mode: How::Serve,
        roll_back: RollBack::UnlessNarrower,
        failures: vec![0, 1, 2],
    };
    assert!(holds(
        &runtime_with(None),
        &(first, second),
        &requests,
        &[act]
    ));
}
