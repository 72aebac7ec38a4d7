//! `serve` as a host that is looked at and changed while it runs.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;
use signalbox_gate::Digest;
use tempfile::TempDir;

use crate::signalbox::{Ran, Serving, Stream, file, run, run_with};

/// A folder with everything a host reads.
pub(crate) struct Folder(TempDir);

/// A host, and the commands that reach it.
pub(crate) struct Host {
    serving: Serving,
    pub(crate) admin: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("gt-key", "gt-secret-of-the-test");
        let made = run(&[
            "keys",
            "new",
            "--id",
            "k",
            "--preset",
            "chat-client",
            "--model",
            "all",
        ]);
        folder.write("keys.yaml", &format!("keys:\n{}", made.stdout));
        fs::copy(
            file("plugins/runbooks/litellm.yaml"),
            folder.path("policy.yaml"),
        )
        .unwrap();
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let new = self.path("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    /// The configuration, with more.
    pub(crate) fn configure(&self, admin: &str, more: &str) -> String {
        let (operate, view) = (Digest::of("operate"), Digest::of("view"));
        self.write(
            "signalbox.yaml",
            &format!(
                "listen: 127.0.0.1:0\n\
                 admin: {{listen: \"127.0.0.1:0\", operate_token_sha256: \"{operate}\", \
                 view_token_sha256: \"{view}\"{admin}}}\n\
                 upstream: {{url: \"http://127.0.0.1:9/api/tenant\", credentials: {{inference: \
                 {{file: gt-key}}}}}}\n\
                 policies: {{default: policy.yaml}}\nkeys: keys.yaml\n{more}"
            ),
        );
        self.path("signalbox.yaml").to_str().unwrap().to_owned()
    }
}

impl Host {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let serving = Serving::start(
            &[&["serve"], arguments].concat(),
            Stream::Stderr,
            "admin on",
        );
        let admin = format!("http://{}", serving.address("admin on"));
        Self { serving, admin }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_as("operate", arguments)
    }

    /// Asks it to stop as a supervisor does, and waits.
    pub(crate) fn terminate(self) -> Option<i32> {
        self.serving.terminate()
    }

    fn run_as(&self, token: &str, arguments: &[&str]) -> Ran {
        let environment = [
            ("SIGNALBOX_ADMIN", &*self.admin),
            ("SIGNALBOX_ADMIN_TOKEN", token),
        ];
        run_with(&environment, arguments)
    }

    fn status(&self) -> Value {
        let ran = self.run(&["status", "--json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    fn digest(&self) -> String {
        let status = self.status();
        status
            .pointer("/policies/0/live/digest")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// Asks until it holds.
    fn wait_until(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let status = self.status();
            if holds(&status) {
                return;
            }
            assert!(Instant::now() < deadline, "never {what}: {status:#}");
        }
    }
}

const OPEN: &str = "policy: open\nroutes:\n  GET /v1/models: {verdict: native}\n";
const BROKEN: &str = "policy: broken\nroutes:\n  GET /v1/models: {verdit: native}\n";

#[test]
fn a_document_that_changes_is_compiled_and_swapped_in() {
    let folder = Folder::new();
    let host = Host::start(&["--config", &folder.configure("", "")]);
    let first = host.digest();
    folder.write("policy.yaml", OPEN);
    host.wait_until("swapped", |status| {
        status["policies"][0]["live"]["policy"] == "open"
    });
    assert_ne!(host.digest(), first);
    folder.write("policy.yaml", BROKEN);
    host.wait_until("degraded", |status| status["host"]["status"] == "degraded");
    let status = host.run(&["status"]).stdout;
    assert!(
        status.contains("`receive`") && status.contains("`signalbox history`"),
        "the step, and where the rest is: {status}"
    );
    assert!(
        status.contains("default: generation "),
        "it goes on: {status}"
    );
    let history = host.run(&["history"]).stdout;
    assert!(
        history.lines().nth(1).unwrap().contains("  file "),
        "{history}"
    );
    assert!(
        history.contains("unknown_key"),
        "the place and the code: {history}"
    );
}

#[test]
fn sighup_reads_everything_again() {
    let folder = Folder::new();
    let host = Host::start(&["--config", &folder.configure("", "swap: {watch: false}\n")]);
    let first = host.digest();
    folder.write("policy.yaml", OPEN);
    host.serving.signal("HUP");
    host.wait_until("swapped", |status| {
        status["policies"][0]["live"]["policy"] == "open"
    });
    assert_ne!(host.digest(), first);
    let history = host.run(&["history"]).stdout;
    assert!(
        history.lines().nth(1).unwrap().contains("  signal "),
        "{history}"
    );
}

#[test]
fn a_policy_may_lie_in_a_registry_which_has_to_answer_at_the_start() {
    let folder = Folder::new();
    let config = folder.configure("", "");
    let ran = run(&[
        "serve",
        "--config",
        &config,
        "--policy",
        "oci://127.0.0.1:1/policy:1",
    ]);
    assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("default: the start failed at the step `receive`"),
        "{}",
        ran.stderr
    );
    let wrong = run(&["serve", "--config", &config, "--policy", "a=oci://"]);
    assert_eq!(wrong.code, Some(1), "{}", wrong.stderr);
    assert!(
        wrong.stderr.contains("--policy a=oci://"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_broken_document_starts_no_host_and_every_error_is_printed() {
    let folder = Folder::new();
    let config = folder.configure("", "");
    folder.write("policy.yaml", BROKEN);
    folder.write("other.yaml", "policy: other\nroute: {}\n");
    let other = format!("other={}", folder.path("other.yaml").display());
    let ran = run(&["serve", "--config", &config, "--policy", &other]);
    assert_eq!((ran.code, &*ran.stdout), (Some(3), ""), "{}", ran.stderr);
    for place in [
        "policy.yaml:3:20: error[unknown_key]",
        "other.yaml:2:1: error[unknown_key]",
    ] {
        assert!(ran.stderr.contains(place), "{}", ran.stderr);
    }
}

#[test]
fn a_policy_whose_case_fails_starts_no_host() {
    let folder = Folder::new();
    let config = folder.configure("", "swap: {cases: {default: cases.yaml}}\n");
    let case =
        "cases:\n  - {name: ours, request: GET /v1/models, expect: {refuse: unknown_route}}\n";
    folder.write("cases.yaml", case);
    let ran = run(&["serve", "--config", &config]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("default: the start failed at the step `cases`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn with_a_state_folder_the_last_good_policy_serves_in_place_of_a_broken_one() {
    let folder = Folder::new();
    let config = folder.configure("", "state: state\n");
    let host = Host::start(&["--config", &config]);
    let first = host.digest();
    let swapped = host.run(&["swap", &file("plugins/runbooks/full.yaml")]);
    assert_eq!(swapped.code, Some(0), "{}", swapped.stderr);
    let second = host.digest();
    drop(host);
    // What was swapped in serves after a restart, as its source is as it was.
    let host = Host::start(&["--config", &config]);
    assert_eq!(host.digest(), second);
    drop(host);
    let host = Host::start(&["--config", &config, "--from-source"]);
    assert_eq!(host.digest(), first);
    drop(host);
    folder.write("policy.yaml", BROKEN);
    let host = Host::start(&["--config", &config]);
    assert_eq!(host.digest(), first);
    assert_eq!(host.status()["host"]["status"], "degraded");
}

#[test]
fn a_view_token_looks_and_changes_nothing() {
    let folder = Folder::new();
    let host = Host::start(&["--config", &folder.configure("", "")]);
    assert_eq!(host.run_as("view", &["status"]).code, Some(0));
    assert_eq!(host.run_as("view", &["history"]).code, Some(0));
    for arguments in [
        &["rollback"][..],
        &["swap", &file("plugins/runbooks/full.yaml")],
        &["revoke", &"0".repeat(64)],
    ] {
        let ran = host.run_as("view", arguments);
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("operate token"), "{}", ran.stderr);
    }
}

#[test]
fn a_signed_policy_serves_where_signatures_are_required() {
    let folder = Folder::new();
    let sign = |path: &Path, more: &[&str]| {
        let key = folder.path("key.pem");
        let base = [
            "sign",
            path.to_str().unwrap(),
            "--key",
            key.to_str().unwrap(),
            "--policy",
            "default",
            "--not-after",
            "2999-01-01T00:00:00Z",
        ];
        let signed = run(&[&base[..], more].concat());
        assert_eq!(signed.code, Some(0), "{}", signed.stderr);
    };
    let key = folder.path("key.pem");
    let entry = run(&[
        "sign",
        "--new-key",
        key.to_str().unwrap(),
        "--key-id",
        "release",
    ])
    .stdout;
    let indented: String = entry.lines().map(|line| format!("    {line}\n")).collect();
    let config = folder.configure("", &format!("signatures:\n  signers:\n{indented}"));
    sign(&folder.path("policy.yaml"), &["--serial", "1"]);
    let host = Host::start(&["--config", &config]);

    let full = folder.path("full.yaml");
    fs::copy(file("plugins/runbooks/full.yaml"), &full).unwrap();
    let path = full.to_str().unwrap();
    let unsigned = host.run(&["swap", path]);
    assert_eq!(unsigned.code, Some(1), "{}", unsigned.stderr);
    assert!(
        unsigned.stderr.contains("step `signature`"),
        "{}",
        unsigned.stderr
    );
    let statement = format!("{path}.statement");
    sign(&full, &["--serial", "2"]);
    let signed = host.run(&["swap", path, "--statement", &statement]);
    assert_eq!(signed.code, Some(0), "{}", signed.stderr);
    // As JSON as well, with cases of one's own.
    let cases = folder.path("cases.yaml");
    fs::write(&cases, "cases: []\n").unwrap();
    let cases = cases.to_str().unwrap();
    let signed = host.run(&[
        "swap",
        path,
        "--statement",
        &statement,
        "--cases",
        cases,
        "--dry-run",
    ]);
    assert_eq!(signed.code, Some(0), "{}", signed.stderr);
}

#[test]
fn a_revocation_ends_with_the_word_of_the_host() {
    let folder = Folder::new();
    let host = Host::start(&["--config", &folder.configure("", "")]);
    let keys = folder.path("keys.yaml");
    let revoke = |path: &Path, more: &[&str]| {
        let base = ["keys", "revoke", "--keys", path.to_str().unwrap(), "k"];
        host.run_as("view", &[&base[..], more].concat())
    };
    let other = folder.path("other.yaml");
    let text = fs::read_to_string(&keys).unwrap();
    fs::write(&other, format!("# another\n{text}")).unwrap();
    let ran = revoke(&keys, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let word = format!("{} refuses it\n", host.admin);
    assert!(ran.stderr.ends_with(&word), "{}", ran.stderr);
    let chat = ["explain", "--key", "k", "GET", "/v1/models"];
    let explained = host.run(&chat).stdout;
    assert!(explained.contains("invalid_api_key"), "{explained}");
    assert_eq!(revoke(&keys, &[]).code, Some(0), "it may be asked again");

    // Marked in its file, which that host does not read.
    let ran = revoke(&other, &["--timeout", "1"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("revoked `k` in"), "{}", ran.stderr);
    assert!(ran.stderr.contains("has not taken over"), "{}", ran.stderr);
}

#[test]
fn authz_needs_its_section_and_listens_there() {
    let folder = Folder::new();
    let without = run(&["authz", "--config", &folder.configure("", "")]);
    assert_eq!((without.code, &*without.stdout), (Some(1), ""));
    assert!(
        without.stderr.contains("no section `authz`"),
        "{}",
        without.stderr
    );
    let config = folder.configure("", "authz: {listen: unix:authz.sock}\n");
    let text = fs::read_to_string(&config).unwrap();
    // Clients come by a proxy alone.
    folder.write("signalbox.yaml", &text.replace("listen: 127.0.0.1:0\n", ""));
    let serving = Serving::start(&["authz", "--config", &config], Stream::Stderr, "admin on");
    let socket = folder.path("authz.sock");
    let said = format!("authz on unix:{}", socket.display());
    assert!(serving.head.contains(&said), "{:?}", serving.head);
    assert!(!serving.head.iter().any(|line| line.contains("listening")));
    assert!(socket.exists());
    serving.logged("serving");
    assert_eq!(serving.terminate(), Some(0));
    assert!(!socket.exists());
    let open = folder.configure("", "authz: {listen: '127.0.0.1:0'}\n");
    let refused = run(&["authz", "--config", &open]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("gets GT's key"),
        "{}",
        refused.stderr
    );
}
