//! The same without a host around it, and at more moments: a process that kills itself after each
//! step of a swap, and one that is killed at forty moments from its first to its last microsecond.

use std::{
    env,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, Output},
    thread,
    time::Duration,
};

use rustix::process::{Signal, getpid, kill_process};
use signalbox_harness::{policies::component, served::document};
use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::{Cache, Digest, Runtime, Settings as RuntimeSettings};
use signalbox_swap::{
    Actor, Candidate, Mode, OpenAnswers, Order, Outcome, RollBack, Serving, Settings, Source,
    State, StepReport, Swaps, Trigger,
};

use crate::guests::{caller, chat};

/// Two policies that are only ever swapped together.
const NAMES: [&str; 2] = ["one", "two"];
const MODELS: [&str; 2] = ["even", "odd"];

fn swaps(folder: &Path) -> Swaps {
    let state = State::open(folder).expect("the folder is ours and free");
    let runtime = RuntimeSettings {
        cache: Some(Cache::open(&state.cache_folder()).expect("the cache is ours")),
        workers: 1,
        ..RuntimeSettings::default()
    };
    let runtime = Runtime::new(runtime).expect("this machine runs policies");
    let settings = Settings {
        state: Some(state),
        ..Settings::default()
    };
    let swaps = Swaps::new(runtime, settings).expect("the state can be read");
    for started in swaps.start(NAMES.map(source).into(), &mut |_| {}) {
        assert!(
            matches!(started.serving, Serving::Source | Serving::State),
            "{started:?}"
        );
    }
    swaps
}

fn source(name: &str) -> Source {
    Source {
        name: name.to_owned(),
        from: "the test".to_owned(),
        source: Some(Digest::of(b"it never changes")),
        candidate: Ok(candidate(name, MODELS[0])),
    }
}

fn candidate(name: &str, model: &str) -> Candidate {
    Candidate {
        name: name.to_owned(),
        component: component(&document(model)),
        digest: None,
        statement: None,
        source: None,
        cases: None,
    }
}

/// The model that both policies forward; the other one is refused by both.
fn serves(swaps: &Swaps) -> &'static str {
    let caller = caller("someone");
    let policies = swaps.slot().load();
    let forwards = |model: &&&str| {
        let each = NAMES.map(|name| {
            let live = policies.get(name).expect("something serves").live();
            let request = chat(&caller, RequestedModel::Named(model));
            let decision = live.decide(&request).expect("it decides");
            matches!(decision, Decision::Forward(_))
        });
        assert_eq!(each[0], each[1], "one transaction, both or neither");
        each[0]
    };
    let found: Vec<_> = MODELS.iter().filter(forwards).collect();
    let [model] = found.as_slice() else {
        panic!("one of the two serves: {found:?}")
    };
    model
}

fn swap(swaps: &Swaps, told: &mut dyn FnMut(&StepReport)) -> Outcome {
    let now = serves(swaps);
    let next = MODELS.iter().find(|model| **model != now).expect("two");
    let order = Order {
        candidates: NAMES.map(|name| candidate(name, next)).into(),
        mode: Mode::Serve,
        roll_back: RollBack::Pinned,
        open_answers: OpenAnswers::Keep,
        actor: Actor::new(Trigger::Embedder, "the test"),
    };
    swaps.swap(order, told).outcome
}

fn die() {
    kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
}

/// When a child is to die: after so many steps, after so many microseconds, or not at all.
const AFTER_STEPS: &str = "SIGNALBOX_TEST_DIE_AFTER_STEPS";
const AFTER_MICROS: &str = "SIGNALBOX_TEST_DIE_AFTER_MICROS";
const FOLDER: &str = "SIGNALBOX_TEST_FOLDER";

#[test]
#[ignore = "other tests run it in a process of its own, which is killed"]
#[expect(
    clippy::print_stdout,
    reason = "the test that runs it reads what it prints"
)]
fn child() {
    let number = |name| env::var(name).ok()?.parse::<u64>().ok();
    let folder = env::var(FOLDER).expect("run by another test");
    let swaps = swaps(Path::new(&folder));
    let after_steps = number(AFTER_STEPS);
    if let Some(micros) = number(AFTER_MICROS) {
        thread::spawn(move || {
            thread::sleep(Duration::from_micros(micros));
            die();
        });
    }
    let (mut steps, mut micros) = (0, 0);
    let outcome = swap(&swaps, &mut |report| {
        micros += report.micros;
        if after_steps == Some(steps) {
            die();
        }
        steps += 1;
    });
    assert_eq!(outcome, Outcome::Done);
    println!("took {micros}");
}

fn run(folder: &Path, when: &[(&str, u64)]) -> Output {
    let mut child = Command::new(env::current_exe().expect("this test has a path"));
    child
        .args(["--exact", "kill_walk::child", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .envs(when.iter().map(|(name, number)| (name, number.to_string())));
    child.output().expect("this test starts again")
}

/// Runs a child and looks at what is left; gives whether it was killed, and what serves.
fn killed(folder: &Path, when: (&str, u64)) -> (bool, &'static str) {
    let output = run(folder, &[when]);
    let killed = output.status.signal() == Some(9);
    assert!(killed || output.status.success(), "{when:?}: {output:?}");
    (killed, serves(&swaps(folder)))
}

#[test]
fn killed_after_any_step_the_next_start_serves_the_old_or_the_new() {
    let folder = tempfile::tempdir().expect("room for a temporary folder");
    let folder = folder.path().join("state");
    let mut before = serves(&swaps(&folder));
    let mut kept = Vec::new();
    for steps in 0.. {
        let (killed, after) = killed(&folder, (AFTER_STEPS, steps));
        kept.push(after != before);
        before = after;
        if !killed {
            break;
        }
    }
    // Of the steps, a first part leaves the old and the rest the new; what was done is done.
    let first_new = kept
        .iter()
        .position(|new| *new)
        .expect("the last one is done");
    assert!(kept[first_new..].iter().all(|new| *new), "{kept:?}");
    assert!(first_new >= 10 && kept.len() - first_new >= 2, "{kept:?}");
}

#[test]
fn killed_at_any_moment_the_next_start_serves_the_old_or_the_new() {
    let folder = tempfile::tempdir().expect("room for a temporary folder");
    let folder = folder.path().join("state");
    // The first two runs compile; the third takes what all others will.
    let took: Vec<u64> = (0..3)
        .map(|_| {
            let output = run(&folder, &[]);
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            // On one core the name of the test stands before it, in the same line.
            let took = printed.split_once("took ");
            let micros = took.and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok());
            micros.unwrap_or_else(|| panic!("{output:?}"))
        })
        .collect();
    let kills = (0..MOMENTS).filter(|moment| {
        let micros = took[2] * moment / MOMENTS;
        killed(&folder, (AFTER_MICROS, micros)).0
    });
    // On a busy machine a late kill may find the swap done.
    assert!(kills.count() as u64 >= MOMENTS / 2);
}

const MOMENTS: u64 = 40;
