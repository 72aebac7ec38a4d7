//! The number of series: what clients send, whoever they are, adds none.

use std::collections::BTreeSet;

use crate::harness::{Ask, Gate, Gt, within};

/// The series of a scrape, without their values.
fn series(gate: &Gate) -> BTreeSet<String> {
    let text = gate.handle.metrics();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
        .collect()
}

/// One of each kind of hostility, with words that nobody has used before.
fn asks(n: usize) -> Vec<Ask> {
    let chat = |model: &str| Ask::chat(model);
    vec![
        Ask::get(&format!("/v1/path-{n}")),
        Ask::get(&format!("/v1/files/file-{n}")),
        Ask::get(&format!("/v1/models/model-{n}")),
        Ask::get(&format!("/v1/models?name-{n}=1")),
        Ask::plain(&format!("METHOD{n}"), "/v1/models").key("all"),
        Ask::plain(&format!("METHOD{n}"), &format!("/v1/other-{n}")).key("all"),
        chat(&format!("model-{n}")),
        chat("gpt-4o").key(&format!("key-{n}")),
        chat("gpt-4o").header("origin", &format!("https://origin-{n}.example")),
        chat("gpt-4o").header("user-agent", &format!("agent-{n}")),
        chat("gpt-4o").header("x-gt-conversation-id", &format!("conversation-{n}")),
        chat("gpt-4o").header("x-request-id", &format!("request-{n}")),
        chat("gpt-4o").header(&format!("x-header-{n}"), "x"),
        chat("gpt-4o").header("content-encoding", &format!("encoding-{n}")),
        chat(&format!("free-{n}")),
        Ask::post(&format!("/v1/datasets/dataset-{n}/files")).body(b"x"),
        Ask::post("/v1/chat/completions").json(&format!("{{\"word-{n}\":")),
    ]
}

#[test]
fn no_client_can_add_a_series() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let send = |numbers: std::ops::Range<usize>| {
        for n in numbers {
            for ask in asks(n) {
                gate.send(&ask);
            }
        }
        // A request is counted when its answer is dropped, which may be after we have read it.
        let is_done = || {
            let text = gate.handle.metrics();
            text.lines().any(|line| line == "signalbox_requests_open 0")
        };
        assert!(within(is_done));
    };
    send(0..3);
    let before = series(&gate);
    assert!(before.len() > 50 && before.len() < 400, "{before:#?}");
    send(3..20);
    let added: Vec<_> = series(&gate).difference(&before).cloned().collect();
    assert!(added.is_empty(), "{added:#?}");
    for word in ["path-", "METHOD", "model-", "origin-", "agent-", "dataset-"] {
        assert!(
            !series(&gate).iter().any(|series| series.contains(word)),
            "{word}"
        );
    }
}
