//! The law: what fails in compiled documents undoes nothing, whatever is asked; so whoever a stricter
//! one shuts out never gets a forward again by what the host does by itself. For programs it is
//! `tests/e2e/shut_out.rs`.

use proptest::{collection, prelude::*, test_runner::TestRunner};
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
    let roll_back = prop_oneof![
        2 => Just(RollBack::UnlessNarrower),
        2 => Just(RollBack::Vouched),
        1 => Just(RollBack::Pinned),
    ];
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
        bench.failed(lane.for_caller(caller).served(), &[caller]);
    }
}

fn holds(runtime: &Runtime, pair: &(Document, Document), requests: &[Asking], acts: &[Act]) {
    let bench = Bench::on(runtime.clone(), Settings::default());
    let components = [&pair.0, &pair.1].map(|document| compiled(&format(document)));
    bench.serve("default", &components[0]);
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
        assert_eq!(stands(&bench), stood, "{:?}", bench.swaps.history());
        assert_eq!(after, before, "{:?}", bench.swaps.history());
    }
}

#[test]
fn what_fails_in_compiled_documents_undoes_nothing() {
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
