//! Flags that do not go together are mistakes, found before anybody is asked.

use crate::{
    peer::nobody,
    signalbox::{file, run, run_with},
};

#[test]
fn flags_that_do_not_go_together_are_mistakes() {
    let litellm = file("plugins/runbooks/litellm.yaml");
    let (one, two) = (format!("a={litellm}"), format!("b={litellm}"));
    let digest = "0".repeat(64);
    let url = nobody();
    for arguments in [
        &["swap"][..],
        &["swap", &litellm, "--shadow", "--canary", "5%"],
        &["swap", &litellm, "--dry-run", "--shadow"],
        &["swap", &litellm, "--dry-run", "--canary", "5%"],
        &["swap", &litellm, "--canary", "0%"],
        &["swap", &litellm, "--canary", "101%"],
        &["swap", &litellm, "--canary", "few"],
        &["swap", &litellm, "--promote-after", "10"],
        &["swap", &litellm, "--shadow", "--promote-after", "0"],
        &["swap", &litellm, "--accept", "wider"],
        &["swap", &litellm, "--shadow", "--accept", "bigger"],
        &["swap", &litellm, "--pin", "--may-roll-back"],
        &["swap", &litellm, "--dry-run", "--pin"],
        &["swap", &litellm, "--dry-run", "--may-roll-back"],
        &["swap", &litellm, "--dry-run", "--cut"],
        &["swap", &litellm, "--shadow", "--cut"],
        &["swap", &litellm, "--canary", "5%", "--cut"],
        &["swap", &litellm, &litellm],
        &["swap", &one, &one],
        &["swap", &one, &two, "--cases", "cases.yaml"],
        &["swap", &one, &two, "--statement", "a.statement"],
        &["swap", &one, "--statement", "c=c.statement"],
        &["swap", &one, "--cases", "a=x.yaml", "--cases", "a=y.yaml"],
        &["rollback", "4", "--to", "5"],
        &["rollback", "a b"],
        &["rollback", "--to", "last"],
        &["promote", "a/b"],
        &["withdraw", "a", "b"],
        &["revoke"],
        &["revoke", &digest, &digest],
        &["history", "first"],
        &["status", "all"],
        &["status", "--timeout", "0"],
        &["status", "--client-cert", "c.pem"],
        &["status", "--ca-file", "c.pem"],
        &["explain", "--live", "GET", "/v1/models"],
        &[
            "explain", "--live", "--policy", &litellm, "--scope", "s", "GET", "/",
        ],
        &[
            "explain",
            "--generation",
            "4",
            "--policy",
            &litellm,
            "--scope",
            "s",
            "GET",
            "/",
        ],
        &[
            "explain",
            "--live",
            "--key",
            "keys.yaml#k",
            "GET",
            "/v1/models",
        ],
        &[
            "explain",
            "--policy",
            &litellm,
            "--key",
            "k",
            "GET",
            "/v1/models",
        ],
        &["sign"],
        &[
            "sign", &litellm, "--key", "k.pem", "--policy", "p", "--serial", "1",
        ],
        &["sign", "--new-key", "k.pem", "--serial", "1"],
        &[
            "sign",
            &litellm,
            "--key",
            "k.pem",
            "--policy",
            "p q",
            "--serial",
            "1",
            "--not-after",
            "2999-01-01T00:00:00Z",
        ],
        &[
            "sign",
            &litellm,
            "--key",
            "k.pem",
            "--policy",
            "p",
            "--serial",
            "1",
            "--not-after",
            "2001-01-01T00:00:00Z",
        ],
    ] {
        let ran = run_with(&[("SIGNALBOX_ADMIN", &url)], arguments);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}: {}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("error:"),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
    for url in [
        "127.0.0.1:8081",
        "ftp://127.0.0.1",
        "http://127.0.0.1:99999",
        "",
    ] {
        assert_eq!(run(&["status", "--admin", url]).code, Some(2), "{url}");
    }
}

#[test]
fn what_cannot_be_sent_is_said_before_anybody_is_asked() {
    let folder = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (litellm, url) = (file("plugins/runbooks/litellm.yaml"), nobody());
    let broken = write(
        "broken.yaml",
        "policy: p\nroutes:\n  GET /v1/models: {verdit: native}\n",
    );
    let module = write("core.wasm", "\0asm\x01\0\0\0");
    let cases = write("cases.yaml", "- {name: n}\n");
    let statement = write("no.statement", "[]");
    for (arguments, code, sign) in [
        (&["swap", &broken][..], 3, "3:20: error[unknown_key]"),
        (
            &["swap", &format!("a={litellm}"), &format!("b={broken}")],
            3,
            "error[unknown_key]",
        ),
        (&["revoke", &broken], 3, "error[unknown_key]"),
        (&["swap", &litellm, "--cases", &cases], 3, "cases.yaml:1:"),
        (&["swap", &module], 1, "signalbox build"),
        (&["revoke", &module], 1, "signalbox build"),
        (&["swap", "/nowhere/policy.yaml"], 1, "/nowhere/policy.yaml"),
        (
            &["swap", &litellm, "--statement", &statement],
            1,
            "signalbox sign",
        ),
    ] {
        let ran = run(&[arguments, &["--admin", &url]].concat());
        assert_eq!(
            (ran.code, &*ran.stdout),
            (Some(code), ""),
            "{arguments:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(sign), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("no host answers"), "{}", ran.stderr);
    }
}
