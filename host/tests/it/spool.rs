//! The folder forms are held in: what cannot be written there is refused, and readiness says so.

use std::fs;
use std::path::Path;

use signalbox_host::config::Size;

use crate::harness::{Answer, Ask, Form, Gate, Gt, within};

/// A host that holds a KiB of a form in memory, and the rest in `folder`.
fn holding_in(gt: &Gt, folder: &Path) -> Gate {
    Gate::builder(gt.address)
        .config(|config| {
            config.limits.multipart_memory = Size::of(1 << 10);
            config.spool_dir = folder.to_owned();
        })
        .start()
}

/// More comes before the model than is written at a time.
fn held() -> Ask {
    Form::new()
        .file(&[1; 600 << 10])
        .field("model", "gpt-4o")
        .ask()
}

fn not_held() -> Ask {
    Form::new()
        .field("model", "gpt-4o")
        .file(&[1; 600 << 10])
        .ask()
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.refusal(), (503, "spool_failed".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert_eq!(answer.header("retry-after"), None);
    assert!(answer.text().contains("Send `model` before the file"));
}

fn reason(gate: &Gate) -> Option<String> {
    gate.handle.status().reasons.get("spool_dir").cloned()
}

#[test]
fn a_folder_that_cannot_be_written_is_told_of_at_start_and_refuses_forms_alone() {
    let gt = Gt::chatty();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "no folder").unwrap();
    for (path, errno) in [(folder.path().join("missing"), 2), (file, 20)] {
        let gate = holding_in(&gt, &path);
        assert!(within(|| gate.handle.status().status == "degraded"));
        let said = reason(&gate).unwrap();
        assert!(said.contains(path.to_str().unwrap()), "{said}");
        assert!(said.ends_with(&format!("(os error {errno})")), "{said}");
        let seen = gt.seen().len();
        is_refused(&gate.send(&held()));
        is_refused(&gate.send(&held().chunked(9_000)));
        assert_eq!(gt.seen().len(), seen, "nothing of it is sent");
        assert_eq!(gate.send(&not_held()).status, 200);
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
        assert!(within(|| gate.held() == (0, 0)));
    }
}

#[test]
fn a_folder_is_tried_again() {
    let gt = Gt::chatty();
    let folder = tempfile::tempdir().unwrap();
    let (here, away) = (folder.path().join("here"), folder.path().join("away"));
    fs::create_dir(&here).unwrap();
    let gate = holding_in(&gt, &here);
    assert!(within(|| gate.handle.status().status == "ready"));
    assert_eq!(gate.send(&held()).status, 200);

    fs::rename(&here, &away).unwrap();
    is_refused(&gate.send(&held()));
    assert!(reason(&gate).is_some(), "whoever meets it first says so");

    fs::rename(&away, &here).unwrap();
    gate.handle.reload();
    assert_eq!(reason(&gate), None);
    assert_eq!(gate.send(&held()).status, 200);
    assert_eq!(fs::read_dir(&here).unwrap().count(), 0);
}
