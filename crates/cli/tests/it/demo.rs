//! The demo, as a newcomer meets it.

use crate::signalbox::{Serving, Stream, ask, command, file, run};

const CHAT: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}"#;

pub(crate) fn demo(more: &[&str]) -> Serving {
    let base = ["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    Serving::start(
        &[&base, more].concat(),
        Stream::Stdout,
        "Status and metrics",
    )
}

fn post(path: &str, key: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nauthorization: Bearer {key}\r\ncontent-type: application/json")
}

#[test]
fn the_demo_answers_what_it_prints() {
    let demo = demo(&[]);
    let (host, admin) = (demo.address("host"), demo.address("admin"));
    for base in ["/api/tenant/v1", "/api/tenant", "/v1", ""] {
        let (status, answer) = ask(
            host,
            &post(&format!("{base}/chat/completions"), "gtak_demo"),
            CHAT,
        );
        assert_eq!(status, 200, "{answer}");
        assert!(
            answer.contains(r#""model":"gpt-4o""#) && !answer.contains("support-agent"),
            "{answer}"
        );
    }
    let (status, answer) = ask(host, &post("/v1/embeddings", "gtak_demo_chat"), CHAT);
    assert_eq!(status, 403);
    assert!(answer.contains("inference:embed"), "{answer}");
    assert_eq!(
        ask(host, &post("/v1/chat/completions", "gtak_nobody"), CHAT).0,
        401
    );
    assert_eq!(ask(admin, "GET /readyz HTTP/1.1", "").0, 200);
    assert_eq!(ask(admin, "GET /status HTTP/1.1", "").0, 401);
    let status = "GET /status HTTP/1.1\r\nauthorization: Bearer signalbox-demo";
    assert_eq!(ask(admin, status, "").0, 200);
    assert_eq!(demo.terminate(), Some(0));
}

#[test]
fn the_swap_it_prints_works_as_pasted() {
    let demo = demo(&[]);
    let line = demo
        .head
        .iter()
        .find_map(|line| line.trim().strip_prefix("signalbox "));
    let arguments: Vec<&str> = line.unwrap().split(' ').collect();
    let admin = format!("http://{}", demo.address("admin"));
    let expected = [
        "swap",
        "litellm=plugins/runbooks/litellm.yaml",
        "--admin",
        &admin,
    ];
    assert_eq!(arguments, expected);
    let ran = command(&arguments).current_dir(file(".")).output().unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let printed = String::from_utf8(ran.stdout).unwrap();
    assert!(printed.starts_with("litellm: generation "), "{printed}");
}

#[test]
fn an_operators_policy_stands_behind_every_key() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("closed.yaml");
    std::fs::write(
        &path,
        "policy: closed\nroutes:\n  GET /v1/models: {verdict: native}\n",
    )
    .unwrap();
    let demo = demo(&["--policy", path.to_str().unwrap()]);
    for key in ["gtak_demo", "gtak_demo_all"] {
        let (status, answer) = ask(
            demo.address("host"),
            &post("/v1/chat/completions", key),
            CHAT,
        );
        assert_eq!(status, 404, "{answer}");
        assert!(answer.contains("unknown_route"), "{answer}");
    }
}

#[test]
fn a_policy_is_served_with_given_values() {
    let demo = demo(&[
        "--policy",
        &file("plugins/runbooks/langchain.yaml"),
        "--set",
        "agent=gt-small",
    ]);
    let (host, chat) = (
        demo.address("host"),
        post("/v1/chat/completions", "gtak_demo_all"),
    );
    let (status, answer) = ask(host, &chat, CHAT);
    assert_eq!(status, 200, "{answer}");
    let explained = run(&[
        "explain",
        "--live=full",
        "--admin",
        &format!("http://{}", demo.address("admin")),
        "--key",
        "demo-all",
        "--model",
        "gpt-4o",
        "POST",
        "/v1/chat/completions",
    ]);
    assert!(
        explained.stdout.contains("as model gt-small"),
        "{}{}",
        explained.stdout,
        explained.stderr
    );
    let without = run(&["demo", "--set", "agent=x"]);
    assert_eq!(without.code, Some(2));
    assert!(
        without.stderr.contains("name it with --policy"),
        "{}",
        without.stderr
    );
}

#[test]
fn an_invalid_policy_starts_no_demo() {
    assert_eq!(run(&["demo", "--policy", &file("README.md")]).code, Some(3));
}
