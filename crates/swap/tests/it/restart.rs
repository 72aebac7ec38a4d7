//! What serves after a start, with a state folder and without.

use std::{fs, path::Path};

use signalbox_runtime::Digest;
use signalbox_swap::{
    Accepted, Failure, Mode, Order, Outcome, Serving, Settings, Source, Started, State, Step,
    Trigger,
};
use tempfile::TempDir;

use crate::fixture::{
    Bench, Stands, admin, beside, caller, canary, candidate, component, order, steps, wait_for,
};

/// A folder for the state of several processes, one after the other.
fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn settings(folder: &TempDir) -> Settings {
    Settings {
        state: Some(State::open(&folder.path().join("state")).unwrap()),
        ..Settings::default()
    }
}

fn bench(folder: &TempDir) -> Bench {
    Bench::with(settings(folder))
}

/// A source that lies there as `text`, and makes `component`.
fn source(text: &str, component: &[u8]) -> Source {
    Source {
        name: "default".into(),
        from: "policies/default.yaml".into(),
        source: Some(Digest::of(text.as_bytes())),
        candidate: Ok(candidate("default", component)),
    }
}

fn broken(text: &str) -> Source {
    Source {
        candidate: Err(does_not_compile()),
        ..source(text, b"")
    }
}

fn does_not_compile() -> Failure {
    Failure::new(
        Step::Receive,
        Some("default".into()),
        "line 3: unknown key",
        "correct it",
    )
}

fn start(bench: &Bench, source: Source) -> (Serving, Option<u64>) {
    let mut started = bench.swaps.start(vec![source], &mut |_| {});
    let Started {
        serving,
        generation,
        ..
    } = started.remove(0);
    assert_eq!(bench.stands().0, generation, "what it says serves");
    (serving, generation)
}

fn forwards(bench: &Bench, model: &str) -> bool {
    bench.forwards("default", &caller("one"), model)
}

#[test]
fn without_state_a_source_serves_or_nothing_does() {
    let bench = Bench::new();
    let started = start(&bench, source("1", &component(&["a"])));
    assert_eq!(started, (Serving::Source, Some(1)));
    let bench = Bench::new();
    let started = start(&bench, broken("1"));
    assert_eq!(started, (Serving::Nothing(does_not_compile()), None));
    // It is known all the same: a repair finds its place, by whatever way it comes.
    let repair = Order {
        actor: admin(),
        ..order("default", &component(&["a"]))
    };
    assert_eq!(bench.swap(repair).outcome, Outcome::Done);
}

#[test]
fn an_unchanged_source_gives_what_served_last_whatever_way_that_came() {
    let folder = folder();
    let first = bench(&folder);
    let original = source("1", &component(&["a"]));
    assert_eq!(start(&first, original).0, Serving::Source);
    first.serve("default", &component(&["b"]));
    drop(first);
    // Swapped by hand since.
    let second = bench(&folder);
    let started = start(&second, source("1", &component(&["a"])));
    assert_eq!(started, (Serving::State, Some(3)), "numbers go on");
    assert!(forwards(&second, "b"));
    assert_eq!(second.stands(), Stands(Some(3), None, vec![1]));
    let why = second.overview("default").roll_back.why;
    assert_eq!(why, "it served before this process started");
    // Gone back by hand, to what an earlier process kept.
    let entry = second.swaps.rollback("default", None, admin());
    assert_eq!(entry.outcome, Outcome::Done);
    drop(second);
    let third = bench(&folder);
    assert_eq!(
        start(&third, broken("1")).0,
        Serving::State,
        "no source is needed for it"
    );
    assert!(forwards(&third, "a"));
    let numbers: Vec<_> = third.swaps.history().iter().map(|it| it.number).collect();
    assert_eq!(numbers, [5, 4, 3, 2, 1], "the history goes on");
}

#[test]
fn a_changed_source_is_taken_and_what_served_before_can_be_gone_back_to() {
    let folder = folder();
    drop(bench_with(&folder, "1", &["a"]));
    let second = bench(&folder);
    assert_eq!(
        start(&second, source("2", &component(&["b"]))).0,
        Serving::Source
    );
    assert!(forwards(&second, "b"));
    assert_eq!(second.stands(), Stands(Some(2), None, vec![1]));
    assert_eq!(
        second.swaps.rollback("default", Some(1), admin()).outcome,
        Outcome::Done
    );
    assert!(forwards(&second, "a"));
    drop(second);
    // Now that one is unchanged.
    let third = bench(&folder);
    assert_eq!(
        start(&third, source("2", &component(&["b"]))).0,
        Serving::State
    );
    assert!(forwards(&third, "a"));
}

fn bench_with(folder: &TempDir, text: &str, models: &[&str]) -> Bench {
    let bench = bench(folder);
    assert_eq!(
        start(&bench, source(text, &component(models))).0,
        Serving::Source
    );
    bench
}

#[test]
fn a_source_that_fails_leaves_the_last_good_one_until_it_is_repaired() {
    let folder = folder();
    drop(bench_with(&folder, "1", &["a"]));
    for _ in 0..2 {
        let next = bench(&folder);
        let (serving, _) = start(&next, broken("2"));
        assert_eq!(serving, Serving::LastGood(does_not_compile()));
        assert!(forwards(&next, "a"));
    }
    let last = bench(&folder);
    let bad = Source {
        candidate: Ok(candidate("default", b"no component")),
        ..source("3", b"")
    };
    let (Serving::LastGood(failure), _) = start(&last, bad) else {
        panic!("it serves");
    };
    assert_eq!(failure.step, Step::Read);
    drop(last);
    let repaired = bench(&folder);
    assert_eq!(
        start(&repaired, source("4", &component(&["b"]))).0,
        Serving::Source
    );
}

#[test]
fn what_an_earlier_process_kept_is_loaded_before_anybody_needs_it() {
    let folder = folder();
    let first = bench_with(&folder, "1", &["a"]);
    first.serve("default", &component(&["b"]));
    drop(first);
    let second = bench(&folder);
    start(&second, broken("1"));
    wait_for("the kept one", || second.swaps.plugin("default", 1));
    assert_eq!(second.overview("default").kept[0].policy, "p");
    let entry = second.swaps.rollback("default", Some(1), admin());
    let loads = [Step::Read, Step::Compile, Step::Trial];
    assert!(
        !steps(&entry).iter().any(|step| loads.contains(step)),
        "{entry:?}"
    );
}

#[test]
fn from_source_passes_the_state_by() {
    let folder = folder();
    let first = bench_with(&folder, "1", &["a"]);
    first.serve("default", &component(&["b"]));
    drop(first);
    let second = Bench::with(Settings {
        from_source: true,
        ..settings(&folder)
    });
    assert_eq!(
        start(&second, source("1", &component(&["a"]))).0,
        Serving::Source
    );
    assert!(forwards(&second, "a"));
}

#[test]
fn what_was_revoked_stays_so() {
    let folder = folder();
    let first = bench_with(&folder, "1", &["a"]);
    first.serve("default", &component(&["b"]));
    let bad = component(&["b"]);
    assert_eq!(
        first.swaps.revoke(Digest::of(&bad), admin()).outcome,
        Outcome::Done
    );
    drop(first);
    let second = bench(&folder);
    let (Serving::LastGood(failure), _) = start(&second, source("2", &bad)) else {
        panic!("it serves");
    };
    assert_eq!(failure.step, Step::Digest);
    assert!(forwards(&second, "a"));
    let again = order("default", &bad);
    assert_eq!(
        second.fails(|swaps| swaps.swap(again, &mut |_| {})).step,
        Step::Digest
    );
}

#[test]
fn a_damaged_object_is_no_reason_to_serve_nothing() {
    let folder = folder();
    drop(bench_with(&folder, "1", &["a"]));
    for object in fs::read_dir(folder.path().join("state/objects")).unwrap() {
        fs::write(object.unwrap().path(), b"damaged").unwrap();
    }
    let second = bench(&folder);
    // The source is unchanged, and there it is.
    let started = start(&second, source("1", &component(&["a"])));
    assert_eq!(started.0, Serving::Source);
    let failed = &second.swaps.history()[1];
    let Outcome::Failed(failure) = &failed.outcome else {
        panic!("it loaded");
    };
    assert_eq!(
        (failed.actor.way, failure.step),
        (Trigger::Start, Step::Read)
    );
}

#[test]
fn a_candidate_is_not_remembered_and_the_history_says_so() {
    let folder = folder();
    let first = bench_with(&folder, "1", &["a"]);
    let mut canary = beside("default", &component(&["b"]), canary("100%"));
    canary.candidates[0].source = Some(Digest::of(b"2"));
    first.swap(canary);
    drop(first);
    let second = bench(&folder);
    assert_eq!(
        start(&second, source("1", &component(&["a"]))).0,
        Serving::State
    );
    assert_eq!(second.stands(), Stands(Some(3), None, vec![]));
    let entry = &second.swaps.history()[0];
    assert_eq!(
        entry.steps[0].note.as_deref(),
        Some(
            "what served as generation 1; the canary of transaction 2 is not remembered over a restart"
        )
    );
}

#[test]
fn a_promoted_candidate_is_what_its_source_made() {
    let folder = folder();
    let first = bench_with(&folder, "1", &["a"]);
    let mut canary = beside("default", &component(&["b"]), canary("1%"));
    canary.candidates[0].source = Some(Digest::of(b"2"));
    first.swap(canary);
    let entry = first.swaps.promote("default", admin());
    assert_eq!(steps(&entry)[..3], [Step::Receive, Step::Keep, Step::Store]);
    drop(first);
    let second = bench(&folder);
    assert_eq!(start(&second, broken("2")).0, Serving::State);
    assert!(forwards(&second, "b"));
}

/// Makes every write of the state fail, until what is given is dropped.
struct InTheWay<'f>(&'f Path);

impl<'f> InTheWay<'f> {
    fn put(folder: &'f Path) -> Self {
        let (state, obstacle) = (folder.join("state/state.json"), folder.join("obstacle"));
        fs::create_dir_all(obstacle.join("in the way")).unwrap();
        fs::rename(&state, folder.join("aside")).unwrap();
        // The controller may write once more in between: that is set aside as well.
        while fs::rename(&obstacle, &state).is_err() {
            fs::rename(&state, folder.join("aside")).unwrap();
        }
        Self(folder)
    }
}

impl Drop for InTheWay<'_> {
    fn drop(&mut self) {
        let state = self.0.join("state/state.json");
        fs::remove_dir_all(&state).unwrap();
        fs::rename(self.0.join("aside"), &state).unwrap();
    }
}

#[test]
fn a_state_that_cannot_be_written_fails_the_swap_and_changes_nothing() {
    let folder = folder();
    let first = bench_with(&folder, "1", &["a"]);
    first.serve("default", &component(&["b"]));
    wait_for("the controller to have written", || {
        let entry = first.swaps.entry(2).unwrap();
        (steps(&entry).last() == Some(&Step::Watch)).then_some(())
    });
    let in_the_way = InTheWay::put(folder.path());
    let new = order("default", &component(&["c"]));
    assert_eq!(
        first.fails(|swaps| swaps.swap(new, &mut |_| {})).step,
        Step::Keep
    );
    let failure = first.fails(|swaps| swaps.rollback("default", None, admin()));
    assert_eq!(failure.step, Step::Keep);
    let failure = first.fails(|swaps| swaps.revoke(Digest::of(b"x"), admin()));
    assert_eq!(failure.step, Step::Keep);
    drop(in_the_way);
    drop(first);
    let second = bench(&folder);
    assert_eq!(start(&second, broken("1")).0, Serving::State);
    assert!(forwards(&second, "b"));
}

#[test]
fn only_components_that_something_needs_are_kept() {
    let folder = folder();
    let first = Bench::with(Settings {
        keep: 1,
        ..settings(&folder)
    });
    for model in ["a", "b", "c", "d"] {
        first.serve("default", &component(&[model]));
    }
    let passed = beside("default", &component(&["e"]), Mode::DryRun);
    assert_eq!(first.swap(passed).outcome, Outcome::Passed);
    drop(first);
    let objects = fs::read_dir(folder.path().join("state/objects")).unwrap();
    assert_eq!(
        objects.count(),
        2,
        "what serves, and what can be gone back to"
    );
}

#[test]
fn a_policy_that_is_no_longer_configured_is_remembered_and_not_shown() {
    let folder = folder();
    drop(bench_with(&folder, "1", &["a"]));
    let second = bench(&folder);
    second.swaps.start(Vec::new(), &mut |_| {});
    assert_eq!(second.standing(), []);
    let known = Order {
        actor: admin(),
        ..order("default", &component(&["b"]))
    };
    assert_eq!(
        second.fails(|swaps| swaps.swap(known, &mut |_| {})).step,
        Step::Receive
    );
    drop(second);
    let third = bench(&folder);
    assert_eq!(start(&third, broken("1")).0, Serving::State);
}

#[test]
fn a_statement_that_was_accepted_is_remembered() {
    let folder = folder();
    let state = State::open(&folder.path().join("state")).unwrap();
    let accepted = Accepted {
        serial: 7,
        digest: Digest::of(b"x"),
    };
    let mut remembered = signalbox_swap::Remembered::default();
    let policy = signalbox_swap::RememberedPolicy {
        accepted: Some(accepted),
        ..Default::default()
    };
    remembered.policies.insert("default".into(), policy);
    state.write(&remembered).unwrap();
    drop(state);
    drop(bench_with(&folder, "1", &["a"]));
    let state = State::open(&folder.path().join("state")).unwrap();
    let remembered = state.read().unwrap();
    assert_eq!(remembered.policies["default"].accepted, Some(accepted));
    assert_eq!(remembered.history.len(), 1);
}
