//! upgrade-check: all that would not load, by the readers that load it, and nothing changed.

use std::{collections::BTreeMap, fs, path::Path, time::SystemTime};

use serde_json::Value;

use crate::{
    host::{Folder, Host},
    signalbox::{file, run, run_with},
};

mod files;

const BROKEN: &str = "policy: broken\nroutes:\n  GET /v1/models: {verdit: native}\n";

/// Every file below a folder, with its bytes and the time of its last change; folders as well.
fn snapshot(folder: &Path) -> BTreeMap<String, (Option<Vec<u8>>, SystemTime)> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            let bytes = path.is_file().then(|| fs::read(&path).unwrap());
            all.insert(path.display().to_string(), (bytes, modified));
            folders.extend(path.is_dir().then_some(path));
        }
    }
    all
}

/// The exit code, and what was found.
fn findings(arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let ran = run(&[&["upgrade-check", "--json"], arguments].concat());
    let printed: Value = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr));
    let version = printed.get("version").and_then(Value::as_str);
    assert_eq!(version, Some(env!("CARGO_PKG_VERSION")));
    let found = printed.get("findings").and_then(Value::as_array);
    (ran.code, found.unwrap().clone())
}

fn codes(found: &[Value]) -> Vec<&str> {
    found
        .iter()
        .map(|it| it["code"].as_str().unwrap())
        .collect()
}

/// A folder in which a host has served three generations.
fn served() -> (Folder, String) {
    let folder = Folder::new();
    let config = folder.configure("", "state: state\n");
    let host = Host::start(&["--config", &config]);
    for policy in [
        "plugins/runbooks/full.yaml",
        "plugins/runbooks/litellm.yaml",
    ] {
        let swapped = host.run(&["swap", &file(policy)]);
        assert_eq!(swapped.code, Some(0), "{}", swapped.stderr);
    }
    drop(host);
    (folder, config)
}

#[test]
fn what_this_version_wrote_it_loads_and_nothing_is_changed() {
    let (folder, config) = served();
    let before = snapshot(&folder.path("."));
    assert!(
        before.keys().any(|name| name.ends_with(".wasm")),
        "{:?}",
        before.keys()
    );
    let ran = run(&["upgrade-check", "--config", &config]);
    assert_eq!((ran.code, &*ran.stdout), (Some(0), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("would not load: 0,"), "{}", ran.stderr);
    assert_eq!(
        findings(&[&config]),
        (Some(0), Vec::new()),
        "as a file it is the same"
    );
    assert!(
        snapshot(&folder.path(".")) == before,
        "something was written"
    );
}

#[test]
fn a_host_may_serve_meanwhile() {
    let folder = Folder::new();
    let config = folder.configure("", "state: state\n");
    let host = Host::start(&["--config", &config]);
    assert_eq!(findings(&["--config", &config]), (Some(0), Vec::new()));
    assert_eq!(host.run(&["status"]).code, Some(0));
}

#[test]
fn a_folder_that_is_not_there_yet_is_not_made() {
    let folder = Folder::new();
    let config = folder.configure("", "state: state\n");
    assert_eq!(findings(&["--config", &config]), (Some(0), Vec::new()));
    assert!(!folder.path("state").exists());
    let config = folder.configure("", "state: nowhere/state\n");
    let (code, found) = findings(&["--config", &config]);
    assert_eq!((code, codes(&found)), (Some(3), vec!["state"]));
    assert!(
        found[0]["help"].as_str().unwrap().contains("mounted"),
        "{found:?}"
    );
}

#[test]
fn a_spool_folder_is_tried() {
    let folder = Folder::new();
    let config = folder.configure("", "spool_dir: policy.yaml\n");
    let (code, found) = findings(&["--config", &config]);
    // A host starts on it, and refuses forms.
    assert_eq!((code, codes(&found)), (Some(0), vec!["spool_dir"]));
    assert_eq!(found[0]["effect"], "differs");
    let reason = found[0]["reason"].as_str().unwrap();
    assert!(reason.ends_with("(os error 20)"), "{reason}");
    let config = folder.configure("", "spool_dir: .\n");
    let before = snapshot(&folder.path("."));
    assert_eq!(findings(&["--config", &config]), (Some(0), Vec::new()));
    let names = |all: &BTreeMap<String, _>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&snapshot(&folder.path("."))), names(&before));
}

#[test]
fn a_policy_that_asks_less_than_gt_is_listed_and_goes_on() {
    let document = "policy: below\nroutes:\n  POST /v1/chat/completions: {verdict: native, scope: \
                    none, model: json}\n  GET /v1/elsewhere: {verdict: native}\n";
    let folder = Folder::new();
    folder.write("policy.yaml", document);
    for more in ["", "state: state\n"] {
        let config = folder.configure("", more);
        let (code, found) = findings(&["--config", &config]);
        let mut codes = codes(&found);
        codes.sort_unstable();
        assert_eq!(code, Some(0), "{found:?}");
        assert_eq!(codes, ["less_than_gt", "not_in_gt_table"], "{found:?}");
        for finding in &found {
            assert_eq!(finding["effect"], "differs");
            assert_eq!(finding["what"], "policy `default`");
            assert!(finding["help"].is_string(), "{finding}");
        }
    }
}

#[test]
fn every_file_that_does_not_load_is_named_and_not_only_the_first() {
    let folder = Folder::new();
    folder.write("policy.yaml", BROKEN);
    folder.write(
        "keys.yaml",
        "keys:\n  - {id: a, models: all, preset: nothing}\n",
    );
    folder.write("gt-key", " \n");
    folder.write("cases.yaml", "cases:\n  - {name: n}\n");
    folder.write("signer.pem", "no key");
    folder.write("jwks.json", "{}");
    folder.write("cert.pem", "no certificate");
    folder.write("headers", "no header");
    let config = folder.configure(
        "",
        "swap: {cases: {default: cases.yaml}}\n\
         signatures: {required: false, signers: {ops: {key_file: signer.pem, policies: all}}}\n\
         jwt: {corp: {issuer: i, audience: a, jwks_file: jwks.json, profile: staff}}\n\
         tls: {cert_file: cert.pem, key_file: cert.pem}\n\
         registry: {username: u, password_file: password}\n\
         traces: {endpoint: \"http://127.0.0.1:9\", headers_file: headers}\n",
    );
    let before = snapshot(&folder.path("."));
    let (code, found) = findings(&["--config", &config]);
    assert_eq!(code, Some(3));
    let found: BTreeMap<_, _> = found
        .iter()
        .map(|it| {
            let path = Path::new(it["file"].as_str().unwrap());
            let file = path.file_name().unwrap().to_str().unwrap();
            (
                file,
                (it["code"].as_str().unwrap(), it["reason"].as_str().unwrap()),
            )
        })
        .collect();
    for (file, code, sign) in [
        ("gt-key", "credential", "it is blank"),
        ("keys.yaml", "keyring", "2:"),
        (
            "policy.yaml",
            "invalid_document",
            "policy.yaml:3:20: error[unknown_key]",
        ),
        ("cases.yaml", "invalid_cases", "cases.yaml:2:"),
        ("signer.pem", "signer", "ops"),
        ("jwks.json", "jwt", "no JSON Web Key Set"),
        ("cert.pem", "certificate", "no certificate in PEM form"),
        ("password", "registry", "cannot read"),
        ("signalbox.yaml", "traces", "name: value"),
    ] {
        let (found_code, reason) = found
            .get(file)
            .unwrap_or_else(|| panic!("{file}: {found:#?}"));
        assert_eq!(*found_code, code, "{file}: {reason}");
        assert!(reason.contains(sign), "{file}: {reason}");
    }
    assert_eq!(found.len(), 9, "{found:#?}");
    assert!(
        snapshot(&folder.path(".")) == before,
        "something was written"
    );

    let text = run(&["upgrade-check", "--config", &config]);
    assert_eq!(text.code, Some(3));
    for line in [
        "keys.yaml: error[keyring]: keyring: 2:",
        "policy.yaml:3:20: error[unknown_key]: ",
        "gt-key: error[credential]: credential `inference`: it is blank\n",
    ] {
        assert!(text.stdout.contains(line), "{line}: {}", text.stdout);
    }
    assert!(
        text.stderr.contains("would not load: 9,"),
        "{}",
        text.stderr
    );
}

#[test]
fn a_policy_that_fails_a_step_says_which_and_what_to_do() {
    let folder = Folder::new();
    folder.write(
        "cases.yaml",
        "cases:\n  - {name: ours, request: GET /v1/models, expect: {refuse: unknown_route}}\n",
    );
    let config = folder.configure("", "swap: {cases: {default: cases.yaml}}\n");
    let (code, found) = findings(&["--config", &config]);
    assert_eq!((code, codes(&found)), (Some(3), vec!["cases"]));
    assert_eq!(found[0]["what"], "policy `default`");
    assert!(
        found[0]["file"].as_str().unwrap().ends_with("policy.yaml"),
        "{found:?}"
    );
    assert!(
        found[0]["reason"].as_str().unwrap().contains("`ours`"),
        "{found:?}"
    );
    assert!(
        found[0]["help"]
            .as_str()
            .unwrap()
            .contains("signalbox test"),
        "{found:?}"
    );
}

#[test]
fn what_the_state_folder_keeps_is_loaded_too() {
    let (folder, config) = served();
    let status: Value = {
        let host = Host::start(&["--config", &config]);
        serde_json::from_str(&host.run(&["status", "--json"]).stdout).unwrap()
    };
    let policy = &status["policies"][0];
    let (live, kept) = (&policy["live"]["digest"], &policy["kept"][0]["digest"]);
    for (digest, said) in [(live, "what served last: "), (kept, "generation ")] {
        let object = folder.path(&format!("state/objects/{}.wasm", digest.as_str().unwrap()));
        let bytes = fs::read(&object).unwrap();
        fs::write(&object, b"\0asm").unwrap();
        let (code, found) = findings(&["--config", &config]);
        assert_eq!((code, codes(&found)), (Some(3), vec!["read"]), "{found:#?}");
        let reason = found[0]["reason"].as_str().unwrap();
        assert!(
            reason.starts_with(said) && reason.contains("was changed"),
            "{reason}"
        );
        assert!(
            found[0]["file"].as_str().unwrap().ends_with("state"),
            "{found:?}"
        );
        fs::write(&object, bytes).unwrap();
    }
    let state = fs::read_to_string(folder.path("state/state.json")).unwrap();
    let other = state.replacen("{\"format\":1,", "{\"format\":2,", 1);
    assert_ne!(state, other);
    fs::write(folder.path("state/state.json"), other).unwrap();
    let (code, found) = findings(&["--config", &config]);
    assert_eq!((code, codes(&found)), (Some(3), vec!["state"]));
    let reason = found[0]["reason"].as_str().unwrap();
    assert!(reason.contains("its format is 2"), "{reason}");
}

#[test]
fn what_a_restart_does_not_ask_for_stops_nothing() {
    let folder = Folder::new();
    let config = folder.configure("", "state: state\n");
    let host = Host::start(&["--config", &config]);
    let full = file("plugins/runbooks/full.yaml");
    for arguments in [
        ["swap", &full],
        ["revoke", &file("plugins/runbooks/litellm.yaml")],
    ] {
        let ran = host.run(&arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    drop(host);
    // Its source is revoked; what was swapped in serves on.
    let (code, found) = findings(&["--config", &config]);
    assert_eq!((code, codes(&found)), (Some(0), vec!["digest"]));
    assert_eq!(found[0]["effect"], "differs");
    assert!(
        found[0]["reason"].as_str().unwrap().contains("revoked"),
        "{found:?}"
    );
    drop(Host::start(&["--config", &config]));
}

#[test]
fn what_cannot_be_looked_at_from_here_is_said_and_stops_nothing() {
    let folder = Folder::new();
    let config = folder.configure("", "");
    let text = fs::read_to_string(&config).unwrap();
    let text = text
        .replace("{file: gt-key}", "{env: GT_KEY_OF_THE_SERVICE}")
        .replace(
            "policy.yaml}",
            "policy.yaml, far: \"oci://127.0.0.1:1/policy:1\"}",
        );
    fs::write(&config, text).unwrap();
    let (code, found) = findings(&["--config", &config]);
    assert_eq!(
        (code, codes(&found)),
        (Some(0), vec!["credential", "registry"])
    );
    assert!(
        found.iter().all(|it| it["effect"] == "unchecked"),
        "{found:#?}"
    );
    let with = run_with(
        &[("GT_KEY_OF_THE_SERVICE", "a-key")],
        &["upgrade-check", "--config", &config],
    );
    assert!(!with.stdout.contains("GT_KEY"), "{}", with.stdout);
    assert!(
        with.stdout
            .contains("signalbox.yaml: note[registry]: policy `far`"),
        "{}",
        with.stdout
    );
}

#[test]
fn demo_secrets_are_found_as_serve_finds_them() {
    let folder = Folder::new();
    let config = folder.configure("", "");
    // SHA-256 of `signalbox-demo`.
    let demo = signalbox_gate::Digest::of(signalbox_host::config::DEMO_ADMIN_TOKEN);
    let view = signalbox_gate::Digest::of("view").to_string();
    let text = fs::read_to_string(&config)
        .unwrap()
        .replace(&view, &demo.to_string());
    fs::write(&config, text).unwrap();
    let (code, found) = findings(&["--config", &config]);
    assert_eq!((code, codes(&found)), (Some(3), vec!["demo_secret"]));
}
