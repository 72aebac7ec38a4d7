//! What is left of ten thousand swaps: nothing. Measured in a process of its own, which nothing but
//! its swaps and a client disturbs.
//!
//! Each is a whole transaction; that it fits a test's time is due to the cache of compiled
//! components, which holds the three that take turns.

use std::{env, fs, process::Command, sync::Arc};

use signalbox_harness::storm::Variant;
use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::{Cache, GenerationStats, Runtime, Settings as RuntimeSettings};
use signalbox_swap::{
    Actor, Candidate, Mode, OpenAnswers, Order, Outcome, RollBack, Settings, Swaps, Trigger,
};

use crate::guests::{caller, chat};

const NAME: &str = "storm";

/// A slow reader: it holds what an answer holds, through all swaps.
struct SlowReader {
    served: Arc<GenerationStats>,
    _open: signalbox_runtime::Open,
}

fn swap(swaps: &Swaps, component: &[u8]) {
    let order = Order {
        candidates: vec![Candidate {
            name: NAME.to_owned(),
            component: component.to_vec(),
            digest: None,
            statement: None,
            source: None,
            cases: None,
        }],
        mode: Mode::Serve,
        roll_back: RollBack::Pinned,
        open_answers: OpenAnswers::Keep,
        actor: Actor::new(Trigger::Embedder, "the test"),
    };
    let entry = swaps.swap(order, &mut |_| {});
    assert_eq!(entry.outcome, Outcome::Done);
}

/// As a request does: looks up what serves, and asks it.
fn decide(swaps: &Swaps, variant: Variant) -> Arc<GenerationStats> {
    let caller = caller("someone");
    let policies = swaps.slot().load();
    let live = policies.get(NAME).expect("something serves").live();
    let decision = live.decide(&chat(&caller, RequestedModel::Named("shared")));
    let Ok(Decision::Forward(forward)) = decision else {
        panic!("{decision:?}")
    };
    assert_eq!(forward.model, Some(variant.published()));
    Arc::clone(live.served())
}

/// Kilobytes of this process in memory.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the kernel says it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.expect("a number").parse().expect("a number")
}

const IN_A_CHILD: &str = "SIGNALBOX_TEST_MEMORY";

#[test]
#[ignore = "another test runs it in a process of its own"]
#[expect(
    clippy::print_stdout,
    reason = "the test that runs it reads what it prints"
)]
fn child() {
    assert!(env::var_os(IN_A_CHILD).is_some(), "run by another test");
    let folder = tempfile::tempdir().expect("room for a temporary folder");
    let cache = Cache::open(&folder.path().join("cache")).expect("the folder is ours");
    let runtime = Runtime::new(RuntimeSettings {
        cache: Some(cache),
        workers: 1,
        ..RuntimeSettings::default()
    });
    let swaps = Swaps::new(
        runtime.expect("this machine runs policies"),
        Settings::default(),
    );
    let swaps = swaps.expect("nothing is remembered");
    let components = Variant::ALL.map(Variant::component);
    let mut readers: Vec<SlowReader> = Vec::new();
    let mut measured = Vec::new();
    for count in 1..=SWAPS {
        let variant = Variant::after(count);
        swap(&swaps, &components[variant.number()]);
        let served = decide(&swaps, variant);
        // Few, for each costs what it costs; what it must not cost is a policy.
        if count % 1_000 == 50 {
            readers.push(SlowReader {
                _open: served.open(),
                served,
            });
        }
        if [100, SWAPS].contains(&count) {
            measured.push(resident());
        }
    }
    let live = decide(&swaps, Variant::after(SWAPS)).number();
    let kept = u64::try_from(Settings::default().keep).expect("a few");
    let held = |reader: &&SlowReader| !reader.served.is_freed();
    let held = readers
        .iter()
        .filter(held)
        .map(|reader| reader.served.number());
    assert_eq!(
        held.collect::<Vec<_>>(),
        Vec::<u64>::new(),
        "of {live}, {kept} kept"
    );
    println!("resident {} {}", measured[0], measured[1]);
}

#[test]
fn ten_thousand_swaps_leave_nothing_behind() {
    let child = Command::new(env::current_exe().expect("this test has a path"))
        .args(["--exact", "swap_memory::child", "--ignored", "--nocapture"])
        .env(IN_A_CHILD, "1")
        .output()
        .expect("this test starts again");
    let printed = String::from_utf8_lossy(&child.stdout);
    // On one core the name of the test stands before it, in the same line.
    let line = printed
        .lines()
        .find_map(|line| Some(line.split_once("resident ")?.1));
    let Some((early, late)) = line.and_then(|line| line.split_once(' ')) else {
        panic!("{child:?}")
    };
    let number = |text: &str| text.trim().parse::<u64>().expect("kilobytes");
    let (early, late) = (number(early), number(late));
    assert!(
        late * 100 <= early * 105,
        "{early} KB after 100, {late} KB after {SWAPS}"
    );
}

const SWAPS: usize = 10_000;
