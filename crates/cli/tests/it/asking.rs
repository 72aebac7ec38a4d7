//! Asking a host that is not there, is none, or stops in the middle.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    process::Stdio,
    sync::mpsc,
};

use tempfile::TempDir;

use crate::{
    peer::{Peer, answer, nobody},
    signalbox::{Ran, command, file, run, run_with},
};

fn status(url: &str) -> Ran {
    run(&["status", "--admin", url])
}

fn refused(code: &str) -> String {
    format!(r#"{{"error":{{"message":"no","type":"invalid_request_error","code":"{code}"}}}}"#)
}

/// An error on stderr, nothing on stdout.
fn assert_failed(ran: &Ran, code: i32, signs: &[&str]) {
    let Ran { stdout, stderr, .. } = ran;
    assert_eq!((ran.code, stdout.as_str()), (Some(code), ""), "{stderr}");
    for sign in signs {
        assert!(stderr.contains(sign), "no `{sign}` in {stderr}");
    }
}

#[test]
fn a_host_that_is_not_there_is_said_with_how_to_start_one() {
    let url = nobody();
    for arguments in [
        &["status"][..],
        &["history"],
        &["history", "3"],
        &["rollback"],
        &["promote", "litellm"],
        &["withdraw"],
        &["revoke", &"0".repeat(64)],
        &["swap", "oci://127.0.0.1:1/policy:1"],
        &["explain", "--live", "--key", "k", "GET", "/v1/models"],
    ] {
        let ran = run(&[arguments, &["--admin", &url]].concat());
        let signs = [&*format!("no host answers at {url}"), "signalbox demo"];
        assert_failed(&ran, 1, &signs);
    }
}

#[test]
fn what_is_no_host_is_told_apart() {
    let mail = Peer::greets("220 mail.example ready\r\n");
    assert_failed(
        &status(&mail.url),
        1,
        &["gave no answer in HTTP", "https://"],
    );
    let page = Peer::says(&answer("200 OK", "text/html", "<p>hello"));
    assert_failed(&status(&page.url), 1, &["is it the admin listener"]);
    let older = Peer::says(&answer(
        "404 Not Found",
        "application/json",
        &refused("unknown_route"),
    ));
    assert_failed(&status(&older.url), 1, &["error: no", "An older one"]);
    let plain = Peer::greets("HTTP/1.1 400 Bad Request\r\n\r\n");
    let url = plain.url.replace("http://", "https://");
    let authority = file("host/tests/it/tls/ca.pem");
    let tls = run(&["status", "--admin", &url, "--ca-file", &authority]);
    assert_failed(&tls, 1, &["no TLS with https://", "use http://"]);
}

#[test]
fn silence_ends_by_itself() {
    let (done, ended) = mpsc::channel::<()>();
    let silent = Peer::listen(move |_stream, _| ended.recv().unwrap_or_default());
    let ran = run(&["status", "--admin", &silent.url, "--timeout", "1"]);
    assert_failed(&ran, 1, &["said nothing for 1 s", "signalbox history"]);
    drop(done);
}

#[test]
fn nothing_is_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = elsewhere.local_addr().unwrap();
    let redirect = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{there}/\r\ncontent-length: 0\r\n\r\n"
    );
    let peer = Peer::says(&redirect);
    assert_failed(&status(&peer.url), 1, &["307"]);
    elsewhere.set_nonblocking(true).unwrap();
    assert!(elsewhere.accept().is_err(), "the token went elsewhere");
}

#[test]
fn each_token_is_shown_in_its_turn() {
    let folder = TempDir::new().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "from-file\n").unwrap();
    let with_file = ["--token-file", token.to_str().unwrap()];
    let environment = [("SIGNALBOX_ADMIN_TOKEN", "from-environment")];
    for (environment, more, shown) in [
        (&[][..], &[][..], "signalbox-demo"),
        (&environment, &[], "from-environment"),
        (&environment, &with_file, "from-file"),
    ] {
        let peer = Peer::says(&answer("401 Unauthorized", "application/json", ""));
        let ran = run_with(
            environment,
            &[&["status", "--admin", &peer.url], more].concat(),
        );
        assert_failed(&ran, 1, &["admin.operate_token_sha256", "--token-file"]);
        let expected = format!("authorization: Bearer {shown}");
        let request = peer.request();
        assert!(request.contains(&expected), "{request:?}");
        assert!(!ran.stderr.contains(shown), "{}", ran.stderr);
    }
    for (environment, more) in [
        (&[("SIGNALBOX_ADMIN_TOKEN", "")][..], &[][..]),
        (&[("SIGNALBOX_ADMIN_TOKEN", "two words")], &[]),
    ] {
        let ran = run_with(
            environment,
            &[&["status", "--admin", &nobody()], more].concat(),
        );
        assert_failed(&ran, 2, &["the admin token"]);
    }
    let missing = run(&["status", "--token-file", "/nowhere/token"]);
    assert_failed(&missing, 1, &["/nowhere/token"]);
}

#[test]
fn a_view_token_is_told_what_changes_take() {
    let view = Peer::says(&answer(
        "403 Forbidden",
        "application/json",
        &refused("insufficient_token"),
    ));
    let ran = run(&["rollback", "--admin", &view.url]);
    assert_failed(&ran, 1, &["operate token"]);
    let name = Peer::says(&answer(
        "403 Forbidden",
        "application/json",
        &refused("host_not_allowed"),
    ));
    assert_failed(&status(&name.url), 1, &["admin.hosts"]);
}

#[test]
fn a_large_component_is_sent_only_to_who_wants_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("large.wasm");
    let mut large = b"\0asm\x0d\0\x01\0".to_vec();
    large.resize(8 << 20, 0);
    std::fs::write(&path, &large).unwrap();
    let path = path.to_str().unwrap();
    let swap = |url: &str| run(&["swap", path, "--admin", url]);

    // More than any buffer on the way holds, and nobody reads it.
    let refusing = Peer::answers_head(&answer(
        "401 Unauthorized",
        "application/json",
        &refused("invalid_token"),
    ));
    assert_failed(&swap(&refusing.url), 1, &["does not know this admin token"]);
    let head = refusing.request();
    assert!(
        head.contains(&"expect: 100-continue".to_owned()),
        "{head:?}"
    );
    for interim in ["HTTP/1.1 100 Continue\r\n\r\n", ""] {
        let taking = Peer::listen_with(interim, |stream, _| {
            stream
                .write_all(format!("{HEAD}{ENTRY}").as_bytes())
                .unwrap();
        });
        let ran = swap(&taking.url);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let body: serde_json::Value =
            serde_json::from_str(taking.request().last().unwrap()).unwrap();
        let sent = body.pointer("/policies/default/component").unwrap();
        let in_base64 = large.len().div_ceil(3) * 4;
        assert_eq!(sent.as_str().unwrap().len(), in_base64);
    }
}

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n";
const STEP: &str = "{\"step\":{\"step\":\"receive\",\"micros\":12}}\n";
const ENTRY: &str = "{\"entry\":{\"number\":1,\"at\":\"2026-08-26T10:11:12Z\",\
    \"actor\":{\"way\":\"admin\",\"who\":\"x\"},\"action\":\"promote\",\"policies\":[],\
    \"steps\":[],\"outcome\":{\"result\":\"done\"}}}\n";

#[test]
fn a_step_is_told_before_the_next_one_ends() {
    let (go_on, told) = mpsc::channel::<()>();
    let peer = Peer::listen(move |stream, _| {
        stream
            .write_all(format!("{HEAD}{STEP}").as_bytes())
            .unwrap();
        // The rest is not sent before the line is on stderr.
        told.recv().unwrap();
        stream.write_all(ENTRY.as_bytes()).unwrap();
    });
    let mut child = command(&["promote", "--admin", &peer.url, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "  receive          12 us");
    go_on.send(()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let entry: signalbox_swap::Entry = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(entry.number, 1);
}

#[test]
fn an_answer_that_stops_in_the_middle_is_no_success() {
    for cut in ["", STEP, &ENTRY[..40], &STEP[..10]] {
        let peer = Peer::says(&format!("{HEAD}{cut}"));
        let ran = run(&["promote", "--admin", &peer.url]);
        assert_failed(&ran, 1, &["in the middle", "signalbox history"]);
    }
    let unknown = Peer::says(&format!("{HEAD}{{\"later\":1}}\n"));
    let ran = run(&["promote", "--admin", &unknown.url]);
    assert_failed(&ran, 1, &["host's own version"]);
}

#[test]
fn what_is_sent_is_what_the_flags_say() {
    let folder = TempDir::new().unwrap();
    let policy = folder.path().join("p.wasm");
    std::fs::write(&policy, b"\0asm\x0d\0\x01\0").unwrap();
    let policy = policy.to_str().unwrap();
    let sent = |arguments: &[&str]| {
        let peer = Peer::says(&format!("{HEAD}{ENTRY}"));
        let ran = run(&[&["swap", "--admin", &peer.url], arguments].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        peer.request()
    };
    let one = sent(&[
        policy,
        "--shadow",
        "--promote-after",
        "100",
        "--accept",
        "wider",
        "--accept",
        "POST /v1/x:*",
        "--pin",
    ]);
    let digest = signalbox_runtime::Digest::of(b"\0asm\x0d\0\x01\0");
    assert_eq!(one[0], "POST /swaps HTTP/1.1");
    let body: serde_json::Value = serde_json::from_str(one.last().unwrap()).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "policies": {"default": {"component": "AGFzbQ0AAQA=", "digest": digest.to_string()}},
            "mode": "shadow",
            "promote_after": 100,
            "accept": ["wider", "POST /v1/x:*"],
            "roll_back": "pinned",
        })
    );
    assert!(
        one.iter()
            .any(|line| line.starts_with("accept: application/x-ndjson")),
        "{one:?}"
    );

    let many = sent(&[
        &format!("a={policy}"),
        "b=oci://127.0.0.1:5000/p:1",
        "--cut",
        "--may-roll-back",
    ]);
    assert_eq!(many[0], "POST /swaps HTTP/1.1");
    let body: serde_json::Value = serde_json::from_str(many.last().unwrap()).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "policies": {
                "a": {"component": "AGFzbQ0AAQA=", "digest": digest.to_string()},
                "b": {"registry": "oci://127.0.0.1:5000/p:1"},
            },
            "roll_back": "vouched",
            "cut": true,
        })
    );
}
