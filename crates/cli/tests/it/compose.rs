//! `compose`: what it is given that it does not take, and what it says of that.

use std::fs;

use signalbox_testkit::guests::Guest;
use tempfile::TempDir;

use crate::{
    expected::assert_printed,
    signalbox::{Ran, command},
};

/// What the command says of these two, without the folder they are in.
fn refused(folder: &TempDir, outer: &str, inner: &str) -> String {
    let words = ["compose", outer, inner, "-o", "composed.wasm"];
    let ran = command(&words).current_dir(folder.path()).output().unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    let code = ran.status.code().unwrap();
    assert!(!folder.path().join("composed.wasm").exists());
    format!("{outer} {inner}: exit {code}\n{stderr}\n")
}

#[test]
fn what_is_not_wanted_is_told_by_what_it_is() {
    let folder = TempDir::new().unwrap();
    let save = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let guest = Guest::default();
    save("policy.wasm", &guest.component());
    save("core.wasm", &guest.module());
    save("empty.wasm", b"");
    save(
        "plugin.js",
        b"export const policy = { describe, models, decide };\n",
    );
    save("picture.png", b"\x89PNG\r\n\x1a\n");
    save(
        "policy.yaml",
        b"policy: p\nroutes:\n  GET /v1/models: {verdict: native}\n",
    );
    save(
        "policy.json",
        br#"{"policy": "p", "routes": {}, "modles": {}}"#,
    );
    let stdout: String = [
        // The outer one.
        ("plugin.js", "policy.wasm"),
        ("policy.yaml", "policy.wasm"),
        ("empty.wasm", "policy.wasm"),
        ("picture.png", "policy.wasm"),
        ("core.wasm", "policy.wasm"),
        ("policy.wasm", "policy.yaml"),
        ("nowhere.wasm", "policy.wasm"),
        // The inner one.
        ("policy.wasm", "plugin.js"),
        ("policy.wasm", "empty.wasm"),
        ("policy.wasm", "picture.png"),
        ("policy.wasm", "core.wasm"),
        ("policy.wasm", "policy.json"),
    ]
    .map(|(outer, inner)| refused(&folder, outer, inner))
    .concat();
    let (code, stderr) = (Some(0), String::new());
    assert_printed(
        "compose",
        &Ran {
            code,
            stdout,
            stderr,
        },
    );
}
