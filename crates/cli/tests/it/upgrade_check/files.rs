//! upgrade-check on single files, whatever they are.

use std::fs;

use crate::{
    host::Folder,
    signalbox::{Ran, file, run},
};

use super::{BROKEN, codes, findings};

#[test]
fn files_are_checked_by_what_they_are() {
    let folder = Folder::new();
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let (document, component) = (file("plugins/runbooks/litellm.yaml"), path("litellm.wasm"));
    assert_eq!(run(&["build", &document, "-o", &component]).code, Some(0));
    let (key, statement) = (path("key.pem"), path("litellm.wasm.statement"));
    assert_eq!(run(&["sign", "--new-key", &key]).code, Some(0));
    let signed = [
        "sign",
        &component,
        "--key",
        &key,
        "--policy",
        "default",
        "--serial",
        "1",
        "--not-after",
        "2999-01-01T00:00:00Z",
    ];
    assert_eq!(run(&signed).code, Some(0));
    folder.write(
        "cases.yaml",
        "cases:\n  - {name: n, request: GET /v1/models, expect: {list: []}}\n",
    );
    folder.write(
        "cases.json",
        r#"[{"name": "n", "request": "GET /v1/models", "expect": {"list": []}}]"#,
    );
    let (keys, cases, listed) = (path("keys.yaml"), path("cases.yaml"), path("cases.json"));
    let good = [&*document, &component, &statement, &keys, &cases, &listed];
    assert_eq!(findings(&good), (Some(0), Vec::new()));

    folder.write("broken.yaml", BROKEN);
    folder.write("broken.wasm", "\0asm\x0d\0\x01\0junk");
    folder.write("core.wasm", "\0asm\x01\0\0\0");
    folder.write(
        "broken.statement",
        r#"{"payload": "", "payloadType": "other", "signatures": []}"#,
    );
    folder.write("ring.yaml", "keys:\n  - {id: a, model: all}\n");
    folder.write("names.yaml", "cases:\n  - {name: n}\n");
    folder.write("names.json", r#"[{"name": "n"}]"#);
    folder.write("other.yaml", "upstream: {}\n");
    folder.write(
        "public.pem",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    );
    for (name, code, sign) in [
        (
            "broken.yaml",
            "invalid_document",
            "broken.yaml:3:20: error[unknown_key]",
        ),
        ("broken.wasm", "read", "cannot be read"),
        ("core.wasm", "core_module", "signalbox build"),
        ("broken.statement", "statement", "`other`"),
        ("ring.yaml", "keyring", "2:"),
        ("names.yaml", "invalid_cases", "names.yaml:2:"),
        (
            "names.json",
            "invalid_cases",
            "missing field `request` at line 1 column 14",
        ),
        ("other.yaml", "configuration", "1:"),
        ("public.pem", "signer", "key"),
    ] {
        let (ended, found) = findings(&[&path(name)]);
        assert_eq!((ended, codes(&found)), (Some(3), vec![code]), "{found:#?}");
        assert!(
            found[0]["file"].as_str().unwrap().ends_with(name),
            "{found:#?}"
        );
        assert!(
            found[0]["reason"].as_str().unwrap().contains(sign),
            "{found:#?}"
        );
    }
}

#[test]
fn a_component_of_an_unknown_engine_serves_and_is_warned_of() {
    let folder = Folder::new();
    let component = folder.path("litellm.wasm");
    let path = component.to_str().unwrap();
    let document = file("plugins/runbooks/litellm.yaml");
    assert_eq!(run(&["build", &document, "-o", path]).code, Some(0));
    // A letter of a message: all there is to tell the two engines apart.
    let mut bytes = fs::read(&component).unwrap();
    let text = b"no template matches the path";
    let at = bytes.windows(text.len()).position(|it| it == text).unwrap();
    bytes[at] = b'N';
    fs::write(&component, bytes).unwrap();
    let (code, found) = findings(&[path]);
    assert_eq!((code, codes(&found)), (Some(0), vec!["unknown_engine"]));
    assert_eq!(found[0]["effect"], "differs");
}

#[test]
fn what_is_no_installation_is_a_mistake_or_a_file_that_cannot_be_read() {
    for (arguments, ended) in [
        (&["upgrade-check"][..], 2),
        (&["upgrade-check", "--confg", "a"], 2),
        (&["upgrade-check", "--config", "/nowhere/signalbox.yaml"], 1),
        (&["upgrade-check", "/nowhere/policy.yaml"], 1),
    ] {
        let Ran {
            code,
            stdout,
            stderr,
        } = run(arguments);
        assert_eq!(
            (code, &*stdout),
            (Some(ended), ""),
            "{arguments:?}: {stderr}"
        );
        assert!(stderr.contains("error:"), "{stderr}");
    }
}
