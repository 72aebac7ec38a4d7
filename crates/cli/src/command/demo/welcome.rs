//! What the demo prints: where everything is, and what to paste.

use std::{fmt::Write as _, net::SocketAddr, path::Path};

use signalbox_host::config::DEMO_ADMIN_TOKEN;

use super::{
    DEFAULT_ADMIN,
    secrets::{KEYS, Secrets},
};

pub(super) fn text(
    host: SocketAddr,
    admin: SocketAddr,
    gt: SocketAddr,
    secrets: &Secrets,
    policy: Option<&Path>,
) -> String {
    let width = secrets
        .tokens
        .iter()
        .map(String::len)
        .max()
        .unwrap_or_default();
    let mut keys = String::new();
    for (key, token) in KEYS.iter().zip(&secrets.tokens) {
        let _ = writeln!(keys, "  {token:<width$}  {:<7}  {}", key.policy, key.may);
    }
    let [all_round, chat_only, ..] = &secrets.tokens;
    let admin_token = &secrets.admin;
    let swap = swap(admin, admin_token, policy);
    format!(
        "Signalbox demo: the LiteLLM runbook in front of a simulated GT. Ctrl-C ends it.

  host       http://{host}   every base works: /api/tenant/v1, /api/tenant, /v1 or none
  admin      http://{admin}   token {admin_token}
  simulator  http://{gt}/api/tenant/v1

  {key:<width$}  policy   may
{keys}
What this key may use:
  curl http://{host}/v1/models -H 'authorization: Bearer {all_round}'

Chat as gpt-4o; GT sees its published name support-agent:
  curl http://{host}/v1/chat/completions -H 'authorization: Bearer {all_round}' \\
    -H 'content-type: application/json' \\
    -d '{{\"model\":\"gpt-4o\",\"messages\":[{{\"role\":\"user\",\"content\":\"hello\"}}]}}'

Refused, because the key lacks the scope:
  curl http://{host}/v1/embeddings -H 'authorization: Bearer {chat_only}' \\
    -H 'content-type: application/json' -d '{{\"model\":\"text-embedding-3-small\",\"input\":\"hello\"}}'

LiteLLM, with the base GT documents:
  pip install litellm==1.106.2
  python3 -c \"import litellm; print(litellm.completion(model='openai/gpt-4o', api_key='{all_round}',
    api_base='http://{host}/api/tenant', messages=[{{'role': 'user', 'content': 'hello'}}]))\"

Change the policy while requests run; `signalbox rollback litellm` goes back:
  {swap}

Status and metrics:
  curl http://{admin}/status -H 'authorization: Bearer {admin_token}'
  curl http://{admin}/metrics -H 'authorization: Bearer {admin_token}'
",
        key = "key"
    )
}

/// What swaps the first policy: without a flag, unless this demo is not where one is looked for.
fn swap(admin: SocketAddr, token: &str, policy: Option<&Path>) -> String {
    let token = match token {
        DEMO_ADMIN_TOKEN => String::new(),
        token => format!("SIGNALBOX_ADMIN_TOKEN={token} "),
    };
    let file = policy.map_or_else(
        || "plugins/runbooks/litellm.yaml".to_owned(),
        |path| path.display().to_string(),
    );
    let admin = match admin.to_string() {
        usual if usual == DEFAULT_ADMIN => String::new(),
        other => format!(" --admin http://{other}"),
    };
    format!("{token}signalbox swap litellm={file}{admin}")
}
