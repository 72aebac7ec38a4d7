//! What serves after a restart.

use std::fs;
use std::path::PathBuf;

use signalbox_runtime::Digest;

use crate::harness::{Ask, Gate, GateBuilder, Gt, POLICY, component, within};
use crate::policies::stricter;
use crate::swaps::overview;

/// A host that is started again and again, from one file and one state folder.
struct Machine {
    gt: Gt,
    folder: tempfile::TempDir,
}

impl Machine {
    fn new(policy: &[u8]) -> Self {
        let machine = Self {
            gt: Gt::chatty(),
            folder: tempfile::tempdir().unwrap(),
        };
        machine.write(policy);
        machine
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("policy.wasm")
    }

    fn write(&self, policy: &[u8]) {
        fs::write(self.path(), policy).unwrap();
    }

    fn builder(&self) -> GateBuilder {
        let state = self.folder.path().join("state");
        Gate::builder(self.gt.address)
            .file("default", &self.path())
            .config(|config| config.state = Some(state))
    }

    fn start(&self) -> Gate {
        self.builder().start()
    }
}

/// Another policy that serves chats.
fn other() -> Vec<u8> {
    component(&POLICY.replace("Test.", "Other."))
}

/// The generation and the component that serve.
fn live(gate: &Gate) -> (u64, String) {
    let live = overview(gate).live.unwrap();
    (live.generation, live.digest)
}

fn digest(component: &[u8]) -> String {
    Digest::of(component).to_string()
}

#[test]
fn what_was_swapped_in_serves_again_and_numbers_go_on() {
    let machine = Machine::new(&component(POLICY));
    let gate = machine.start();
    gate.handle.swap("default", &stricter()).unwrap();
    let (before, _) = live(&gate);
    gate.exit();
    let gate = machine.start();
    let (after, serving) = live(&gate);
    assert_eq!(serving, digest(&stricter()));
    assert!(after > before, "{after} after {before}");
    assert!(within(|| gate.handle.status().status == "ready"));
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal().1, "route_not_supported");
}

#[test]
fn a_source_that_was_changed_meanwhile_serves() {
    let machine = Machine::new(&component(POLICY));
    let gate = machine.start();
    gate.handle.swap("default", &stricter()).unwrap();
    gate.exit();
    machine.write(&other());
    assert_eq!(live(&machine.start()).1, digest(&other()));
}

#[test]
fn a_source_that_was_broken_meanwhile_leaves_the_last_good_one() {
    let machine = Machine::new(&component(POLICY));
    let gate = machine.start();
    gate.handle.swap("default", &stricter()).unwrap();
    gate.exit();
    machine.write(b"no component");
    let gate = machine.start();
    assert_eq!(live(&gate).1, digest(&stricter()));
    assert!(within(|| gate.handle.status().status == "degraded"));
    let reason = &gate.handle.status().reasons["policy default"];
    assert!(
        reason.starts_with("its source fails at the step `read`; "),
        "{reason}"
    );
    machine.write(&other());
    assert!(within(|| live(&gate).1 == digest(&other())));
    assert!(within(|| gate.handle.status().status == "ready"));
}

#[test]
fn a_source_that_went_away_meanwhile_leaves_the_last_good_one() {
    let machine = Machine::new(&component(POLICY));
    machine.start().exit();
    fs::remove_file(machine.path()).unwrap();
    let gate = machine.start();
    assert_eq!(live(&gate).1, digest(&component(POLICY)));
    assert!(within(|| gate.handle.status().status == "degraded"));
}

#[test]
fn the_sources_alone_count_if_the_operator_says_so() {
    let machine = Machine::new(&component(POLICY));
    let gate = machine.start();
    gate.handle.swap("default", &stricter()).unwrap();
    gate.exit();
    let gate = machine
        .builder()
        .config(|config| config.from_source = true)
        .start();
    assert_eq!(live(&gate).1, digest(&component(POLICY)));
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
}

#[test]
fn where_nothing_can_serve_every_request_is_refused_until_a_source_passes() {
    let machine = Machine::new(b"no component");
    let gate = machine.start();
    assert!(within(|| gate.handle.status().status == "no_policy"));
    let reason = &gate.handle.status().reasons["policy default"];
    assert!(reason.starts_with("nothing serves; its source"), "{reason}");
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (503, "no_policy".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("true"));
    assert_eq!(machine.gt.seen().len(), 0);
    machine.write(&component(POLICY));
    assert!(within(|| gate.handle.status().status == "ready"));
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
}

#[test]
fn one_policy_without_anything_to_serve_leaves_the_others_alone() {
    let machine = Machine::new(b"no component");
    let gate = machine
        .builder()
        .policy("absent", component(POLICY))
        .start();
    assert!(within(|| gate.handle.status().status == "degraded"));
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).refusal().1, "no_policy");
    assert_eq!(gate.send(&Ask::chat("gpt-4o").key("nowhere")).status, 200);
}

#[test]
fn a_policy_given_by_the_program_is_remembered_as_any_other() {
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let start = || {
        Gate::builder(gt.address)
            .config(|config| config.state = Some(folder.path().join("state")))
            .start()
    };
    let gate = start();
    gate.handle.swap("default", &stricter()).unwrap();
    gate.exit();
    assert_eq!(live(&start()).1, digest(&stricter()));
}

#[test]
fn machine_code_is_kept_between_starts() {
    let machine = Machine::new(&component(POLICY));
    machine.start().exit();
    let gate = machine.start();
    let (number, _) = live(&gate);
    let plugin = gate.handle.swaps().plugin("default", number).unwrap();
    assert!(plugin.is_from_cache());
}
