//! Policies from files: taken over when they change, however they change.

use std::fs;
use std::path::{Path, PathBuf};

use signalbox_host::BindError;
use signalbox_host::{ReadFile, SourceError, Sources};
use signalbox_swap::{Outcome, Step, Trigger};

use crate::harness::{Ask, Gate, GateBuilder, Gt, POLICY, component, within};
use crate::policies::stricter;
use crate::swaps::overview;

/// A file moved into place, as editors and deployments do it.
fn replace(path: &Path, bytes: &[u8]) {
    let next = path.with_extension("next");
    fs::write(&next, bytes).unwrap();
    fs::rename(&next, path).unwrap();
}

fn from_file(gt: &Gt, path: &Path) -> GateBuilder {
    Gate::builder(gt.address).file("default", path)
}

fn policy_in(folder: &tempfile::TempDir) -> PathBuf {
    let path = folder.path().join("policy.wasm");
    fs::write(&path, component(POLICY)).unwrap();
    path
}

fn generation(gate: &Gate) -> u64 {
    overview(gate).live.map_or(0, |live| live.generation)
}

fn reason(gate: &Gate) -> Option<String> {
    gate.handle.status().reasons.remove("policy default")
}

/// The doors and outcomes of what failed, the newest first.
fn failures(gate: &Gate) -> Vec<(Trigger, Step)> {
    let history = gate.handle.swaps().history().into_iter();
    history
        .filter_map(|entry| match entry.outcome {
            Outcome::Failed(failure) => Some((entry.actor.way, failure.step)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_file_moved_into_place_serves() {
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let path = policy_in(&folder);
    let gate = from_file(&gt, &path).start();
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    replace(&path, &stricter());
    assert!(within(|| generation(&gate) == 2));
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (404, "route_not_supported".to_owned()));
    assert_eq!(gate.handle.swaps().history()[0].actor.way, Trigger::File);
    let line = r#"signalbox_policy_swaps_total{way="file",action="swap",result="done",step=""} 1"#;
    assert!(gate.handle.metrics().contains(line));
}

#[cfg(unix)]
#[test]
fn a_folder_switched_by_its_link_serves() {
    use std::os::unix::fs::symlink;
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let at = |name: &str| folder.path().join(name);
    for (version, bytes) in [("v1", component(POLICY)), ("v2", stricter())] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("policy.wasm"), bytes).unwrap();
    }
    // As a ConfigMap is mounted.
    symlink("v1", at("..data")).unwrap();
    symlink("..data/policy.wasm", at("policy.wasm")).unwrap();
    let gate = from_file(&gt, &at("policy.wasm")).start();
    symlink("v2", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    assert!(within(|| generation(&gate) == 2));
}

#[test]
fn half_a_file_changes_nothing_and_is_repaired_by_the_rest() {
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let path = policy_in(&folder);
    let gate = from_file(&gt, &path).start();
    let whole = stricter();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(within(|| reason(&gate).is_some()));
    assert_eq!(gate.handle.status().status, "degraded");
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    fs::write(&path, &whole).unwrap();
    assert!(within(|| generation(&gate) == 2));
    assert!(within(|| gate.handle.status().status == "ready"));
    assert_eq!(failures(&gate), [(Trigger::File, Step::Read)]);
}

#[test]
fn what_does_not_pass_is_tried_once_however_often_it_is_written() {
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let (path, later) = (policy_in(&folder), folder.path().join("later.wasm"));
    fs::write(&later, component(POLICY)).unwrap();
    let gate = from_file(&gt, &path).file("later", &later).start();
    let number = |name: &str| {
        let mut all = gate.handle.swaps().overview().into_iter();
        all.find(|policy| policy.name == name)
            .unwrap()
            .live
            .unwrap()
            .generation
    };
    replace(&path, b"no component");
    assert!(within(|| reason(&gate).is_some()));
    // Files are looked at in the order of names: once the second is taken over, the first was seen.
    replace(&path, b"no component");
    replace(&later, &stricter());
    assert!(within(|| number("later") == 3));
    assert_eq!(failures(&gate).len(), 1);
    replace(&path, &component(POLICY));
    assert!(within(|| reason(&gate).is_none()));
    assert_eq!(number("default"), 1, "it serves already");
}

#[test]
fn a_file_that_goes_away_takes_nothing_with_it() {
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let path = policy_in(&folder);
    let gate = from_file(&gt, &path).start();
    fs::remove_file(&path).unwrap();
    assert!(within(
        || reason(&gate).is_some_and(|it| it.contains("`receive`"))
    ));
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    replace(&path, &stricter());
    assert!(within(|| generation(&gate) == 2));
    assert_eq!(failures(&gate), [(Trigger::File, Step::Receive)]);
}

#[test]
fn a_reload_takes_what_has_changed_and_leaves_what_has_not() {
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let path = policy_in(&folder);
    let gate = from_file(&gt, &path)
        .config(|config| config.swap.watch = false)
        .start();
    gate.handle.swap("default", &stricter()).unwrap();
    gate.handle.reload();
    assert_eq!(generation(&gate), 2, "the file is as it was");
    replace(&path, &component(&POLICY.replace("Test.", "Reload.")));
    gate.handle.reload();
    assert_eq!(generation(&gate), 3);
    assert_eq!(gate.handle.swaps().history()[0].actor.way, Trigger::Signal);
    replace(&path, b"no component");
    gate.handle.reload();
    gate.handle.reload();
    assert_eq!(
        failures(&gate).len(),
        2,
        "it is asked for, so it is tried again"
    );
    assert_eq!(generation(&gate), 3);
}

/// A file names another, whose component it is.
#[derive(Debug)]
struct Pointer;

impl Sources for Pointer {
    fn component(
        &self,
        path: &Path,
        bytes: Vec<u8>,
        read: &mut ReadFile<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        let named = path.with_file_name(String::from_utf8_lossy(&bytes).trim());
        read(&named).map_err(|error| SourceError::new("missing", error.to_string()))
    }

    fn cases(&self, _: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, SourceError> {
        Ok(bytes)
    }
}

#[test]
fn a_file_is_taken_over_when_what_it_includes_changes() {
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let (path, base) = (folder.path().join("policy.txt"), policy_in(&folder));
    fs::write(&path, "policy.wasm").unwrap();
    let watching = |is_watched| {
        from_file(&gt, &path)
            .config(move |config| {
                config.sources = std::sync::Arc::new(Pointer);
                config.swap.watch = is_watched;
            })
            .start()
    };
    let gate = watching(true);
    replace(&base, &stricter());
    assert!(within(|| generation(&gate) == 2));
    fs::remove_file(&base).unwrap();
    assert!(within(|| reason(&gate).is_some()));
    replace(&base, &component(POLICY));
    assert!(within(|| generation(&gate) == 3 && reason(&gate).is_none()));

    let gate = watching(false);
    gate.handle.reload();
    assert_eq!(generation(&gate), 1, "nothing is another one");
    replace(&base, &stricter());
    gate.handle.reload();
    assert_eq!(generation(&gate), 2);
}

/// Says of every file what is wrong with it.
#[derive(Debug)]
struct Critic;

impl Sources for Critic {
    fn component(
        &self,
        _: &Path,
        _: Vec<u8>,
        _: &mut ReadFile<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        Err(SourceError::new(
            "critic",
            "1:1: I do not like it\n2:1: nor this",
        ))
    }

    fn cases(&self, _: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, SourceError> {
        Ok(bytes)
    }
}

#[test]
fn a_host_that_remembers_nothing_does_not_start_with_a_broken_source() {
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let path = policy_in(&folder);
    let critical =
        from_file(&gt, &path).config(|config| config.sources = std::sync::Arc::new(Critic));
    let BindError::Source { name, cause, .. } = critical.refused() else {
        panic!("it started")
    };
    assert_eq!(name, "default");
    assert_eq!(
        cause.message.lines().count(),
        2,
        "every diagnostic is there"
    );
    fs::write(&path, b"no component").unwrap();
    let BindError::Policy { name, cause } = from_file(&gt, &path).refused() else {
        panic!("it started")
    };
    assert_eq!((&*name, cause.step), ("default", Step::Read));
}

#[test]
fn the_operators_cases_hold_for_files_and_are_read_again() {
    let (gt, folder) = (Gt::chatty(), tempfile::tempdir().unwrap());
    let (path, cases) = (policy_in(&folder), folder.path().join("cases.json"));
    let case = r#"[{"name": "chat stays open", "request": "POST /v1/chat/completions", "model": "gpt-4o",
        "scopes": ["inference:chat"], "expect": {"forward": "POST /v1/chat/completions"}}]"#;
    fs::write(&cases, case).unwrap();
    let gate = from_file(&gt, &path)
        .config(|config| {
            config
                .swap
                .cases
                .insert("default".to_owned(), cases.clone());
        })
        .start();
    replace(&path, &stricter());
    assert!(within(|| failures(&gate) == [(Trigger::File, Step::Cases)]));
    assert!(within(
        || reason(&gate).is_some_and(|it| it.contains("`cases`"))
    ));
    fs::write(&cases, "[]").unwrap();
    gate.handle.reload();
    assert_eq!(generation(&gate), 2);
    assert_eq!(reason(&gate), None);
}
