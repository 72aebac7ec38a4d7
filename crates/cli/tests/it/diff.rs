//! `signalbox diff`.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    expected::{assert_printed, path},
    signalbox::{Ran, file, run},
};

const PROGRAM: &str = "tests/frozen/0.1/components/chat-only.wasm";

fn diff(old: &str, new: &str, more: &[&str]) -> Ran {
    run(&[&["diff", old, new], more].concat())
}

#[test]
fn every_kind_of_change_is_printed_as_written_down() {
    let [old, new, keys] =
        ["old.yaml", "new.yaml", "keys.yaml"].map(|it| path(&format!("diff/{it}")));
    assert_printed("diff/forth.txt", &diff(&old, &new, &[]));
    assert_printed("diff/back.txt", &diff(&new, &old, &[]));
    assert_printed("diff/forth.json", &diff(&old, &new, &["--json"]));
    assert_printed("diff/keys.txt", &diff(&old, &new, &["--keys", &keys]));
    let uploads = ["--keys", &keys, "--policy", "uploads", "--json"];
    assert_printed("diff/keys.json", &diff(&old, &new, &uploads));
}

#[test]
fn nothing_changes_where_only_names_order_and_cases_do() {
    let [old, same, keys] =
        ["old.yaml", "same.yaml", "keys.yaml"].map(|it| path(&format!("diff/{it}")));
    let ran = diff(&old, &same, &["--keys", &keys]);
    assert_printed("diff/same.txt", &ran);
    assert_eq!(ran.code, Some(0));
}

#[test]
fn a_key_is_asked_for_on_paths_of_a_template_that_is_gone() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, more: &str| {
        let path = folder.path().join(name);
        let open = "{verdict: native, scope: none, purpose: inference}";
        let routes = ["GET", "DELETE"].map(|it| format!("  {it} /v1/tools/{{b}}: {open}\n"));
        let text = format!("policy: p\nroutes:\n{}{more}", routes.concat());
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let run = "  GET /v1/tools/run: {verdict: not_supported, because: Nobody runs it.}\n";
    let (old, new) = (write("old.yaml", run), write("new.yaml", ""));
    let ran = diff(&old, &new, &["--keys", &path("diff/keys.yaml")]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    for line in [
        "wider      `GET /v1/tools/{b}` takes paths of `/v1/tools/run`, which is gone",
        "wider      `GET /v1/tools/run`  (refuse route_not_supported → forward GET /v1/tools/{b})",
        "wider      `DELETE /v1/tools/run`  (refuse method_not_allowed → forward DELETE /v1/tools/{b})",
    ] {
        assert!(ran.stdout.contains(line), "{line}\n{}", ran.stdout);
    }
}

#[test]
fn a_component_is_what_it_was_compiled_from() {
    let folder = TempDir::new().unwrap();
    let built = folder.path().join("old.wasm").display().to_string();
    let [old, new] = ["old.yaml", "new.yaml"].map(|it| path(&format!("diff/{it}")));
    assert_eq!(run(&["build", &old, "-o", &built]).code, Some(0));
    let same = diff(&old, &built, &["--json"]);
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    let changes = |old: &str| -> Value {
        let ran = diff(old, &new, &["--json"]);
        assert_eq!(ran.code, Some(5), "{}", ran.stderr);
        let said: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(said["compared_by"], "tables");
        said["changes"].clone()
    };
    assert_eq!(changes(&built), changes(&old));
}

#[test]
fn a_program_is_asked() {
    let (program, document) = (file(PROGRAM), path("diff/old.yaml"));
    assert_printed("diff/program.txt", &diff(&program, &document, &[]));
    let keys = path("diff/keys.yaml");
    let by_key = diff(&program, &document, &["--keys", &keys]);
    assert_printed("diff/program_keys.txt", &by_key);
    let same = diff(&program, &program, &["--json"]);
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    let said: Value = serde_json::from_str(&same.stdout).unwrap();
    assert_eq!(said["compared_by"], "description");
    let nothing = json!({"narrower": 0, "different": 0, "wider": 0, "words": 0});
    assert_eq!(said["counts"], nothing);
}

#[test]
fn what_cannot_be_compared_is_told_apart() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let old = path("diff/old.yaml");
    let broken = write(
        "broken.yaml",
        b"policy: p\nroutes:\n  GET /v1/models: {verdit: native}\n",
    );
    let binary = write("binary", b"\xff\xfe\0\x01");
    let cut = write("cut.wasm", b"\0asm\x0d\0\x01\0\x07");
    let core = write("core.wasm", b"\0asm\x01\0\0\0");
    let no_keys = write("none.yaml", b"keys: []\n");
    for (arguments, code, sign) in [
        (&[&*old, &broken][..], 3, "error[unknown_key]"),
        (&[&broken, &old], 3, "error[unknown_key]"),
        (&[&old, &binary], 1, "neither WebAssembly nor UTF-8"),
        (&[&old, &cut], 1, "does not load"),
        (&[&old, &core], 1, "signalbox build"),
        (&[&old, "/nowhere.yaml"], 1, "/nowhere.yaml"),
        (&[&old, &old, "--keys", &old], 1, "cannot use"),
        (&[&old, &old, "--keys", &no_keys], 1, "has no key"),
        (&[&old, &old, "--policy", "p"], 2, "--keys"),
        (&[&old], 2, "<NEW>"),
    ] {
        let ran = run(&[&["diff"], arguments].concat());
        assert_eq!(
            (ran.code, &*ran.stdout),
            (Some(code), ""),
            "{arguments:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(sign), "{arguments:?}: {}", ran.stderr);
    }
}
