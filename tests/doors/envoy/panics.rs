//! Panics in the hooks of the module, inside Envoy: the clock fails it, and Rust's library panics on that. A request is
//! refused and not forwarded, a response is cut, and everybody else is served.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
};

use serde_json::json;
use signalbox_gt_sim::{Fault, Tenant};
use signalbox_harness::{
    envoy_module::{Stand, StandSetup, VERSIONS},
    gate::{DEMO, GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD, key_entry},
    http::{Answer, Ask},
    policies::{component, runbook},
    process::Program,
    root, wait_for,
};
use tempfile::TempDir;

/// A clock for Envoy that fails when it is told to.
struct Clock {
    folder: TempDir,
}

impl Clock {
    fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let compiler = Program::new("cc").args(["-shared", "-fPIC", "-o"]);
        let compiler = compiler.arg(folder.path().join("clock.so"));
        let source = root().join("tests/doors/envoy/clock.c");
        assert_eq!(compiler.arg(source).arg("-ldl").output(), "");
        Self { folder }
    }

    fn preload(&self, envoy: Program) -> Program {
        let library = self.folder.path().join("clock.so");
        envoy
            .env("LD_PRELOAD", &library.display().to_string())
            .env("BROKEN_CLOCK", &self.folder.path().display().to_string())
    }

    /// Fails this hook once.
    fn fails(&self, hook: &str) {
        File::create(self.file(hook)).unwrap();
    }

    fn has_failed(&self, hook: &str) -> bool {
        !fs::exists(self.file(hook)).unwrap()
    }

    fn file(&self, hook: &str) -> PathBuf {
        self.folder.path().join(hook)
    }
}

fn stand(version: &str, clock: &Clock) -> Stand {
    let rest = "policy: litellm, preset: chat-client, models: all";
    let setup = StandSetup {
        tenant: Tenant::demo_with_keys(GT_INFERENCE, GT_UPLOAD, GT_CONVERSATION),
        keys: key_entry("demo", DEMO, rest),
        policies: vec![("litellm", component(&runbook("litellm")))],
        more: json!({}),
    };
    setup.start_changed(version, |envoy| clock.preload(envoy))
}

fn chat(more: &str) -> Ask {
    let body =
        format!(r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"hello"}}]{more}}}"#);
    Ask::json("/v1/chat/completions", body).key(DEMO)
}

/// Nothing went wrong with what comes after a panic.
fn serves_others(stand: &Stand) {
    assert_eq!(stand.ask(&chat("")).status, 200);
    assert_eq!(stand.gt().requests().len(), 1);
    stand.gt().clear();
}

#[test]
fn a_panic_on_the_way_in_is_503_and_nothing_is_forwarded() {
    for version in VERSIONS {
        let clock = Clock::build();
        let stand = stand(version, &clock);
        for hook in ["request_headers", "request_body"] {
            serves_others(&stand);
            clock.fails(hook);
            let answer = in_two_pieces(&stand);
            assert!(clock.has_failed(hook), "{version} {hook}");
            let refused = (503, "policy_failed".to_owned());
            assert_eq!(answer.refusal(), refused, "{version} {hook}");
            assert_eq!(stand.gt().requests(), [], "{version} {hook}");
        }
        serves_others(&stand);
        panicked(&stand, 2);
    }
}

/// A chat whose body comes after its head was looked at, or refused.
fn in_two_pieces(stand: &Stand) -> Answer {
    let mut client = TcpStream::connect(stand.envoy.address()).unwrap();
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}"#;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {DEMO}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let begun = stand.envoy.counter("clients.downstream_rq_http1_total");
    client.write_all(head.as_bytes()).unwrap();
    stand
        .envoy
        .wait_for_counter("clients.downstream_rq_http1_total", begun + 1);
    // A refusal may have ended the connection.
    drop(client.write_all(body.as_bytes()));
    signalbox_harness::http::read_answer(&mut client)
}

#[test]
fn a_panic_on_the_way_out_cuts_the_response() {
    for version in VERSIONS {
        let clock = Clock::build();
        let stand = stand(version, &clock);
        assert_eq!(whole_until(&stand, &clock), b"", "{version}");
        serves_others(&stand);
        let received = stream_until(&stand, &clock);
        let text = String::from_utf8_lossy(&received);
        assert!(text.starts_with("HTTP/1.1 200"), "{version}: {text}");
        assert!(!text.contains("[DONE]"), "{version}: {text}");
        assert!(!text.ends_with("\r\n0\r\n\r\n"), "{version}: {text}");
        serves_others(&stand);
        panicked(&stand, 2);
    }
}

/// What comes of a response whose head meets a panic.
fn whole_until(stand: &Stand, clock: &Clock) -> Vec<u8> {
    stand.gt().fail_next(Fault::Stall);
    let client = asked(stand, &chat(""));
    wait_for("GT to hold its answer", || {
        (stand.gt().progress().borrow().stalled == 1).then_some(())
    });
    clock.fails("response_headers");
    stand.gt().release_stalled();
    let received = all(client);
    assert!(clock.has_failed("response_headers"));
    stand.gt().clear();
    received
}

/// What comes of a stream that meets a panic after its first event.
fn stream_until(stand: &Stand, clock: &Clock) -> Vec<u8> {
    let held = stand.gt().hold_streams();
    let mut client = asked(stand, &chat(r#","stream":true"#));
    let mut received = vec![0; 1];
    client.read_exact(&mut received).unwrap();
    clock.fails("response_body");
    drop(held);
    received.extend(all(client));
    assert!(clock.has_failed("response_body"));
    stand.gt().clear();
    received
}

fn asked(stand: &Stand, ask: &Ask) -> TcpStream {
    ask.begin(stand.envoy.address())
}

/// All that comes, however it ends.
fn all(mut client: TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    drop(client.read_to_end(&mut received));
    received
}

/// It was the module that panicked, so often.
fn panicked(stand: &Stand, times: usize) {
    let log = stand.envoy.log();
    assert_eq!(log.matches("panicked at").count(), times, "{log}");
}
