//! What `signalbox inspect --openapi` prints is OpenAPI, says a validator of its own: for every runbook,
//! as keys of the example may call it, and as any may.

use std::fs;

use serde_json::Value;
use signalbox_harness::{clients, command::signalbox, root};

#[test]
fn what_one_key_may_call_is_valid_openapi() {
    let folder = tempfile::tempdir().unwrap();
    let keys = root().join("docs/examples/keys.yaml").display().to_string();
    let mut files = Vec::new();
    for runbook in fs::read_dir(root().join("plugins/runbooks")).unwrap() {
        let runbook = runbook.unwrap().path();
        if runbook.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let runbook = runbook.display().to_string();
        let mut print = |more: &[&str]| {
            let inspect = ["inspect", &runbook, "--openapi"];
            let command = more
                .iter()
                .fold(signalbox().args(inspect), |it, arg| it.arg(*arg));
            let printed = command.output();
            let path = folder.path().join(format!("{}.json", files.len()));
            fs::write(&path, printed).unwrap();
            files.push(path.display().to_string());
        };
        print(&[]);
        for id in ["litellm-prod", "nightly-upload", "helpdesk"] {
            print(&["--keys", &keys, "--key", id]);
        }
    }
    assert_eq!(files.len(), 24 * 4);
    let wrong = clients::ask_by("openapi_valid.py", &[("FILES", &files.join(" "))]);
    let none = Value::Array(vec![Value::Array(vec![]); files.len()]);
    assert_eq!(wrong, none);
}
