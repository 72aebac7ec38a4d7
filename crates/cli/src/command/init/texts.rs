//! The files as they are written.

use std::{fmt::Write as _, path::Path};

use anyhow::Context as _;
use serde_json::json;
use signalbox_gate::{Digest, keyring::Keyring};
use signalbox_host::config::Config;
use signalbox_policy::{Endpoint, ModelSource, presets::Preset};

use super::{
    Arguments, Tokens,
    answers::{Answers, KeyPlace, VARIABLE},
};

/// The text of each file.
pub(super) struct Texts {
    pub(super) config: String,
    pub(super) keys: String,
    pub(super) policy: String,
    pub(super) admin_token: String,
}

impl Texts {
    /// Of configuration and keyring it is known that a host takes them.
    pub(super) fn new(
        arguments: &Arguments,
        answers: &Answers,
        preset: Preset,
        published: &[String],
        tokens: &Tokens,
    ) -> anyhow::Result<Self> {
        let texts = Self {
            config: config(arguments, answers, &tokens.admin),
            keys: keys(arguments, &tokens.client),
            policy: policy(preset, published),
            admin_token: format!("{}\n", tokens.admin),
        };
        Config::parse(&texts.config, &arguments.folder)
            .context("the configuration would not load")?;
        Keyring::parse(&texts.keys).context("the keyring would not load")?;
        Ok(texts)
    }
}

fn config(arguments: &Arguments, answers: &Answers, admin_token: &str) -> String {
    let path = |path: &Path| quoted(&path.display().to_string());
    let key = match &answers.key.place {
        KeyPlace::File(file) => format!("{{file: {}}}", path(file)),
        KeyPlace::Variable => format!("{{env: {VARIABLE}}}"),
        KeyPlace::Written(_) => format!("{{file: {GT_KEY}}}"),
    };
    let mut upstream = format!("  url: {}\n", quoted(&answers.gt.to_string()));
    if answers.is_plaintext {
        upstream.push_str("  plaintext: true\n");
    }
    if let Some(file) = &answers.ca_file {
        let _ = writeln!(upstream, "  ca_file: {}", path(file));
    }
    format!(
        "# A Signalbox host; docs/configuration.md explains every key.\n\
         # Relative paths are relative to this file.\n\
         listen: {}\n\
         # For `signalbox status`, `swap` and `why`, with --token-file {ADMIN_TOKEN}.\n\
         admin:\n  listen: {}\n  operate_token_sha256: \"{}\"\n\
         upstream:\n{upstream}  credentials:\n    inference: {key}\n\
         policies:\n  default: {}\n\
         keys: {}\n",
        quoted(&arguments.listen.to_string()),
        quoted(&arguments.admin.to_string()),
        Digest::of(admin_token),
        POLICY,
        KEYS,
    )
}

fn keys(arguments: &Arguments, token: &str) -> String {
    format!(
        "# Who may ask; `signalbox keys new --append` adds others. No token is in here.\n\
         keys:\n  - id: {}\n    sha256: \"{}\"\n    preset: {}\n    models: all\n",
        quoted(&arguments.id),
        Digest::of(token),
        arguments.client,
    )
}

/// A route for each scope of the preset, each published name under its own, and what shows that.
fn policy(preset: Preset, published: &[String]) -> String {
    let endpoints = || {
        let all = Endpoint::ALL.into_iter();
        all.filter(|it| {
            it.scope()
                .is_some_and(|scope| preset.scopes.contains(&scope))
        })
    };
    let mut text = format!(
        "# What clients with the preset {} may call; docs/policies.md explains it.\n\
         policy: first\n\
         routes:\n  GET /v1/models: {{verdict: native}}\n",
        preset.word
    );
    for endpoint in endpoints() {
        let model = match endpoint.model_source() {
            ModelSource::Multipart => "multipart",
            ModelSource::Json | ModelSource::None => "json",
        };
        let scope = quoted(endpoint.scope().unwrap_or_default());
        let _ = writeln!(
            text,
            "  POST {}: {{verdict: native, scope: {scope}, model: {model}}}",
            endpoint.template()
        );
    }
    text.push_str(
        "models:\n  # What the tenant publishes. To give a name of yours: gpt-4o: {published: NAME}\n",
    );
    for name in published {
        let _ = writeln!(text, "  {}: {{}}", quoted(name));
    }
    text.push_str("cases:\n");
    cases(&mut text, preset, published, endpoints());
    text
}

fn cases(
    text: &mut String,
    preset: Preset,
    published: &[String],
    endpoints: impl Iterator<Item = Endpoint>,
) {
    let preset = preset.word;
    let first = published.first().map_or("", String::as_str);
    let names: Vec<_> = published.iter().map(|name| quoted(name)).collect();
    let list = names.join(", ");
    let mut case = |name: &str, what: &str, expect: &str| {
        let _ = writeln!(
            text,
            "  - name: {name}\n    request: {what}\n    expect: {expect}"
        );
    };
    let listed = format!("GET /v1/models\n    preset: {preset}");
    case(
        "the list has what is published",
        &listed,
        &format!("{{list: [{list}]}}"),
    );
    for endpoint in endpoints {
        let (word, template) = (endpoint.word(), endpoint.template());
        let with = |model: &str| format!("POST {template}\n    model: {}", quoted(model));
        let name = format!("{word} goes to what is published");
        let allowed = format!("{}\n    preset: {preset}", with(first));
        let expect = format!("{{forward: POST {template}, model: {}}}", quoted(first));
        case(&name, &allowed, &expect);
        let name = format!("{word} takes no other name");
        let other = format!("{}\n    preset: {preset}", with(&unpublished(published)));
        case(&name, &other, "{refuse: model_not_found}");
        let name = format!("{word} needs the scope");
        case(&name, &with(first), "{refuse: insufficient_scope}");
    }
}

/// A name that is none of these.
fn unpublished(published: &[String]) -> String {
    let mut name = "not-published".to_owned();
    while published.contains(&name) {
        name.push('-');
    }
    name
}

/// A JSON string is a YAML string, whatever is in it.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}

/// What the files are called.
pub(super) const CONFIG: &str = "signalbox.yaml";
pub(super) const KEYS: &str = "keys.yaml";
pub(super) const POLICY: &str = "policy.yaml";
pub(super) const ADMIN_TOKEN: &str = "admin.token";
pub(super) const GT_KEY: &str = "gt-inference.key";
