//! What `signalbox export` writes for a client, as the client is to use it.

use tempfile::TempDir;

use crate::{command::signalbox, gate::Gate, root};

/// The files for a client and the key `id` of a gate that serves the runbook, in a folder of their own.
///
/// # Panics
/// If the command fails.
#[must_use]
pub fn exported(client: &str, runbook: &str, id: &str, gate: &Gate) -> TempDir {
    let folder = tempfile::tempdir().expect("room for a temporary folder");
    let policy = root()
        .join("plugins/runbooks")
        .join(runbook)
        .with_extension("yaml");
    let url = format!("http://{}", gate.address());
    let printed = signalbox()
        .args(["export", client, "--key", id, "--url", &url])
        .arg("--keys")
        .arg(gate.file("keys.yaml"))
        .arg("--policy")
        .arg(policy)
        .arg("--out")
        .arg(folder.path())
        .output();
    assert_eq!(printed, "", "files are written in place of being printed");
    folder
}
