//! Policies to compile.

use std::fmt::Write as _;

use signalbox_compiler::compile;
use signalbox_policy::{Policy, read};

/// A document with so many models, and cases if wanted.
pub(crate) fn document(models: usize) -> String {
    let mut text = String::from(
        "policy: plain
routes:
  POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}
  GET /v1/models: {verdict: native}
",
    );
    if models > 0 {
        text.push_str("models:\n");
    }
    for index in 0..models {
        let _ = writeln!(text, "  team-{index}/model: {{published: support-agent}}");
    }
    text
}

pub(crate) const CASES: &str = "cases:
  - {name: chat, request: POST /v1/chat/completions, model: team-0/model, scopes: [\"inference:chat\"],
     expect: {forward: POST /v1/chat/completions, model: support-agent}}
";

pub(crate) fn policy(text: &str) -> Policy {
    read(text).expect("a valid document")
}

pub(crate) fn component(models: usize) -> Vec<u8> {
    let text = document(models);
    compile(&policy(&text), &text).expect("a component")
}
