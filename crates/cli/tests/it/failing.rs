//! What a host refuses: the step, what to do, and an exit code for scripts.

use std::{fs, path::Path};

use signalbox_swap::{Entry, Outcome, Step};
use tempfile::TempDir;

use crate::{
    demo::demo,
    signalbox::{Ran, file, run, run_with},
};

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Valid, and of another opinion than its own case.
const WRONG_CASE: &str = "policy: p\nroutes:\n  GET /v1/models: {verdict: native}\ncases:\n  - \
    {name: wrong, request: GET /v1/models, expect: {refuse: unknown_route}}\n";

#[test]
fn each_failure_has_its_step_its_help_and_its_code() {
    let folder = TempDir::new().unwrap();
    let demo = demo(&[]);
    let admin = format!("http://{}", demo.address("admin"));
    let litellm = format!("litellm={}", file("plugins/runbooks/litellm.yaml"));
    let empty = write(folder.path(), "empty.wasm", b"\0asm\x0d\0\x01\0");
    let junk = write(folder.path(), "junk.wasm", b"\0asm\x0d\0\x01\0junk");
    let wrong = write(folder.path(), "wrong.yaml", WRONG_CASE);
    let cases = write(
        folder.path(),
        "cases.yaml",
        "cases:\n  - {name: ours, request: GET /v1/models, expect: {refuse: unknown_route}}\n",
    );
    let key = folder.path().join("key.pem");
    let key = key.to_str().unwrap();
    assert_eq!(run(&["sign", "--new-key", key]).code, Some(0));
    let statement = folder.path().join("litellm.statement");
    let statement = statement.to_str().unwrap();
    let signed = run(&[
        "sign",
        &file("plugins/runbooks/litellm.yaml"),
        "--key",
        key,
        "--policy",
        "litellm",
        "--serial",
        "1",
        "--not-after",
        "2999-01-01T00:00:00Z",
        "-o",
        statement,
    ]);
    assert_eq!(signed.code, Some(0), "{}", signed.stderr);

    for (arguments, code, step) in [
        (&["swap", &format!("litellm={empty}")][..], 3, Step::World),
        (
            &["swap", &format!("litellm={junk}"), "--dry-run"],
            3,
            Step::Read,
        ),
        (&["swap", &format!("litellm={wrong}")], 4, Step::Cases),
        (
            &["swap", &format!("litellm={wrong}"), "--shadow"],
            4,
            Step::Cases,
        ),
        (&["swap", &litellm, "--cases", &cases], 4, Step::Cases),
        (
            &["swap", &litellm, "--statement", statement],
            1,
            Step::Signature,
        ),
        (
            &["swap", &litellm.replace("litellm=", "nobody=")],
            1,
            Step::Receive,
        ),
        (
            &["swap", "litellm=oci://127.0.0.1:1/policy:1"],
            1,
            Step::Receive,
        ),
        (
            &["rollback", "litellm", "--to", "1000000"],
            1,
            Step::Receive,
        ),
        (&["promote", "litellm"], 1, Step::Receive),
        (&["withdraw", "litellm"], 1, Step::Receive),
    ] {
        let environment = [("SIGNALBOX_ADMIN", &*admin)];
        let Ran {
            code: ended,
            stdout,
            stderr,
        } = run_with(&environment, arguments);
        assert_eq!(
            (ended, &*stdout),
            (Some(code), ""),
            "{arguments:?}: {stderr}"
        );
        assert!(
            stderr.contains(&format!("failed at the step `{step}`: ")),
            "{arguments:?}: {stderr}"
        );
        assert!(
            stderr.contains("\n    = help: ") && stderr.ends_with("nothing changed\n"),
            "{stderr}"
        );
        let entry = run_with(&environment, &[arguments, &["--json"]].concat());
        assert_eq!(entry.code, Some(code), "{}", entry.stderr);
        let entry: Entry = serde_json::from_str(&entry.stdout).unwrap();
        let Outcome::Failed(failure) = entry.outcome else {
            panic!("{arguments:?}: {entry:?}")
        };
        assert_eq!(failure.step, step, "{arguments:?}");
    }
}

#[test]
fn a_wrong_token_changes_nothing() {
    let demo = demo(&[]);
    let admin = format!("http://{}", demo.address("admin"));
    // More than the socket's buffers hold: the refusal comes before all of it is sent.
    let folder = TempDir::new().unwrap();
    let mut large = b"\0asm\x0d\0\x01\0".to_vec();
    large.resize(16 << 20, 0);
    let large = write(folder.path(), "large.wasm", large);
    let policy = file("plugins/runbooks/litellm.yaml");
    let environment = [
        ("SIGNALBOX_ADMIN", &*admin),
        ("SIGNALBOX_ADMIN_TOKEN", "wrong"),
    ];
    for arguments in [
        &["swap", &*policy][..],
        &["swap", &large],
        &["status"],
        &["history"],
        &["rollback", "litellm"],
    ] {
        let ran = run_with(&environment, arguments);
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("does not know this admin token"),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("admin.operate_token_sha256"),
            "{}",
            ran.stderr
        );
    }
}
