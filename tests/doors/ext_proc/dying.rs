//! A gate that dies, stands still or ends: what Envoy has not been told to send on is never sent.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use signalbox_harness::{
    envoy,
    gate::key_entry,
    http::{Answer, Ask},
    process::Process,
    proxy::Proxy,
    recorder::Recorder,
    served::Place,
};

use super::VERSIONS;

const KEY: &str = "gtak_dying";
const CHAT: &str = r#"{"model":"gpt-4o","messages":[]}"#;

/// A gate, Envoy before it and GT behind.
struct Stage {
    gt: Recorder,
    gate: Process,
    envoy: Proxy,
    place: Place,
}

impl Stage {
    fn start(version: &str, times: &str) -> Self {
        let gt = Recorder::start();
        let more = format!("ext_proc: {{listen: unix:ext-proc.sock}}\ntimes: {{{times}}}\n");
        let place = Place::before(gt.address(), "default: policy.yaml", &more);
        place.write("policy.yaml", POLICY);
        let scopes = "scopes: [\"inference:chat\", \"inference:transcribe\"]";
        let rest = format!("policy: default, models: all, purposes: [inference], {scopes}");
        place.write(
            "keys.yaml",
            "keys:\n".to_owned() + &key_entry("app", KEY, &rest),
        );
        let socket = place.path("ext-proc.sock");
        let program = signalbox_harness::command::signalbox();
        let program = program
            .args(["ext-proc", "--config"])
            .arg(place.path("signalbox.yaml"));
        let mut gate = program.start();
        gate.wait_until(|gate| gate.stderr().contains("ext-proc on unix:").then_some(()));
        let envoy = envoy::start(version, "ext-proc.yaml", &socket, gt.address());
        let stage = Self {
            gt,
            gate,
            envoy,
            place,
        };
        let answer = stage.chat();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = stage.gt.take();
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(seen[0].header("authorization"), Some(gt_key()));
        assert_eq!(seen[0].body, br#"{"model":"support-agent","messages":[]}"#);
        stage
    }

    fn chat(&self) -> Answer {
        let ask = Ask::json("/v1/chat/completions", CHAT).key(KEY);
        ask.send(self.envoy.address())
    }

    /// Whatever is asked, the client is refused and GT hears of nothing.
    fn refuses_all(&self, what: &str) {
        let list = Ask::get("/v1/models").key(KEY);
        let chat = Ask::json("/v1/chat/completions", CHAT).key(KEY);
        // A route whose bodies are in full duplex.
        let form = Ask::new("POST", "/v1/audio/transcriptions")
            .key(KEY)
            .header("content-type", "multipart/form-data; boundary=b")
            .body(FORM);
        for (name, ask) in [("list", list), ("chat", chat), ("form", form)] {
            let answer = ask.send(self.envoy.address());
            let seen = self.gt.take();
            let is_refused = answer.status >= 500 && seen.is_empty();
            assert!(is_refused, "{what}, {name}: {answer:?}; GT saw {seen:?}");
        }
    }

    fn stands_still(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.gate.id()));
        let mut threads = threads
            .expect("a process of our own")
            .map(|it| it.expect("a thread"));
        threads.all(|thread| {
            let text = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            text.rsplit_once(") ")
                .is_some_and(|(_, state)| state.starts_with('T'))
        })
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.gate.id()).expect("an id of Linux");
        let id = Pid::from_raw(id).expect("an id of a process");
        kill_process(id, signal).expect("our own process");
    }
}

#[test]
fn a_gate_that_is_killed_lets_nothing_through() {
    for version in VERSIONS {
        let mut stage = Stage::start(version, "readiness_off: 1ms, drain: 1s");
        stage.signal(Signal::KILL);
        stage.gate.wait();
        stage.refuses_all("killed");
    }
}

#[test]
fn a_gate_that_stands_still_lets_nothing_through() {
    for version in VERSIONS {
        let stage = Stage::start(version, "readiness_off: 1ms, drain: 1s");
        stage.signal(Signal::STOP);
        // Its other threads go on until the one that is told of the signal runs.
        signalbox_harness::wait_for("every thread to stand", || {
            stage.stands_still().then_some(())
        });
        stage.refuses_all("stopped");
        stage.signal(Signal::CONT);
        signalbox_harness::wait_for("the gate to be asked again", || {
            (stage.chat().status == 200).then_some(())
        });
    }
}

/// A stream that ended with OK would make Envoy send the request: one that waits for the rest of its body
/// is ended otherwise, whatever becomes of the gate.
#[test]
fn a_request_that_waits_while_the_gate_ends_is_refused() {
    for version in VERSIONS {
        for (signal, what) in [(Signal::TERM, "ends"), (Signal::KILL, "is killed")] {
            let stage = Stage::start(version, "readiness_off: 1ms, drain: 1ms");
            let waiting = [
                begun(
                    &stage,
                    "/v1/chat/completions",
                    "application/json",
                    &CHAT[..9],
                ),
                begun(
                    &stage,
                    "/v1/audio/transcriptions",
                    "multipart/form-data; boundary=b",
                    &FORM[..20],
                ),
            ];
            stage.signal(signal);
            for mut client in waiting {
                let mut answer = Vec::new();
                // What is cut is refused as well.
                let _ = client.read_to_end(&mut answer);
                let answer = String::from_utf8_lossy(&answer);
                let is_refused = answer.is_empty() || answer.starts_with("HTTP/1.1 5");
                assert!(is_refused, "{what}: {answer}");
            }
            let seen = stage.gt.take();
            assert!(seen.is_empty(), "{what}: {seen:?}");
        }
    }
}

/// A request whose body stops in the middle: Envoy has no time for that, and the gate has.
#[test]
fn a_body_that_stops_is_refused_in_time() {
    for version in VERSIONS {
        let times = "readiness_off: 1ms, drain: 1s, body_idle: 300ms, body_total: 600ms";
        let stage = Stage::start(version, times);
        for (target, kind, part) in [
            ("/v1/chat/completions", "application/json", &CHAT[..9]),
            (
                "/v1/audio/transcriptions",
                "multipart/form-data; boundary=b",
                &FORM[..20],
            ),
        ] {
            let mut client = begun(&stage, target, kind, part);
            let mut answer = String::new();
            client
                .read_to_string(&mut answer)
                .expect("an answer and an end");
            assert!(answer.starts_with("HTTP/1.1 408"), "{target}: {answer}");
            assert!(answer.contains(r#""code":"request_timeout""#), "{answer}");
        }
        assert!(stage.gt.take().is_empty());
    }
}

/// An Envoy that does not follow what the gate asks for: the request is refused, and what went on names no
/// route of GT's and shows no key.
#[test]
fn an_override_that_is_not_followed_is_refused_and_harmless() {
    for version in VERSIONS {
        let stage = Stage::start(version, "readiness_off: 1ms, drain: 1s");
        let socket = stage.place.path("ext-proc.sock");
        let envoy = disobedient(version, &socket, &stage.gt);
        let ask = Ask::json("/v1/chat/completions", CHAT).key(KEY);
        let answer = ask.send(envoy.address());
        let expected = (501, "proxy_cannot_rewrite".to_owned());
        assert_eq!(answer.refusal(), expected, "{}", answer.text());
        for seen in stage.gt.take() {
            assert_eq!(seen.target, "/signalbox-waits-for-the-body");
            assert_eq!(seen.header("authorization"), None);
        }
    }
}

fn disobedient(version: &str, socket: &Path, gt: &Recorder) -> Proxy {
    envoy::start_changed(version, "ext-proc.yaml", socket, gt.address(), |text| {
        let allowed = "allow_mode_override: true";
        assert!(text.contains(allowed));
        text.replace(allowed, "allow_mode_override: false")
    })
}

/// A client that has sent a part of its body and waits.
fn begun(stage: &Stage, target: &str, kind: &str, part: &str) -> TcpStream {
    let mut client = TcpStream::connect(stage.envoy.address()).expect("Envoy listens");
    let limit = Some(Duration::from_secs(60));
    client.set_read_timeout(limit).expect("a socket takes it");
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: gate.example\r\nauthorization: Bearer {KEY}\r\n\
         content-type: {kind}\r\ncontent-length: 400\r\n\r\n{part}"
    );
    client.write_all(head.as_bytes()).expect("Envoy reads");
    // It was read once another request, sent after it, is answered.
    let none = Ask::get("/v1/none").key(KEY);
    assert_eq!(none.send(stage.envoy.address()).status, 404);
    client
}

fn gt_key() -> String {
    format!("Bearer {}", signalbox_harness::gate::GT_INFERENCE)
}

const FORM: &str =
    "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\ngpt-4o\r\n--b--\r\n";
const POLICY: &str = "policy: dying\nroutes:\n  \
    POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}\n  \
    POST /v1/audio/transcriptions: {verdict: native, scope: \"inference:transcribe\", model: multipart}\n  \
    GET /v1/models: {verdict: native}\n\
    models:\n  gpt-4o: {published: support-agent}\n";
