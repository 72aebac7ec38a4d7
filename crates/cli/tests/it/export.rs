//! `signalbox export`. `tests/export` has what it says for each client; `BLESS=1` writes it.

use std::{fs, path::Path};

use serde_json::Value;
use signalbox_policy::presets::Preset;
use tempfile::TempDir;

use crate::signalbox::{Ran, file, run};

/// A keyring with a key for each preset, and some more.
fn keyring() -> (TempDir, String) {
    let mut text = "keys:\n".to_owned();
    let mut key = |id: &str, fields: &str| {
        let sha256 = format!("{:064x}", text.len());
        text += &format!("  - {{id: {id}, sha256: '{sha256}', {fields}}}\n");
    };
    for preset in Preset::ALL {
        let word = preset.word;
        key(
            word,
            &format!("preset: {word}, models: all, datasets: [briefs], group: g"),
        );
    }
    key(
        "chats-and-uploads",
        "purposes: [inference, upload], scopes: ['inference:chat', 'inference:embed', 'datasets:write'], \
         models: all, datasets: ['brief*', 'reference-briefs'], group: g",
    );
    key("mini", "preset: chat-embeddings, models: ['gpt-4o-m*']");
    key("no-model", "preset: chat-client, models: [other]");
    key(
        "ended",
        "preset: chat-client, models: all, expires: 2020-01-01T00:00:00Z",
    );
    key("revoked", "preset: chat-client, models: all, revoked: true");
    text += "  - {id: web, profile: true, preset: chat-client, models: all}\n";
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys.yaml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn export(client: &str, keys: &str, key: &str, policy: &str, more: &[&str]) -> Ran {
    let base = [
        "export", client, "--keys", keys, "--key", key, "--policy", policy,
    ];
    let url = ["--url", "https://gate.example"];
    run(&[&base[..], &url, more].concat())
}

fn runbook(client: &str) -> String {
    file(&format!("plugins/runbooks/{client}.yaml"))
}

/// What `--list` has first in each line.
fn clients() -> Vec<String> {
    let listed = run(&["export", "--list"]);
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    let lines = listed.stdout.lines().skip(1);
    lines
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

/// The preset that a client's runbook asks for.
fn preset(client: &str) -> String {
    let text = fs::read_to_string(runbook(client)).unwrap();
    let Some((_, rest)) = text.split_once("\n  preset: ") else {
        return "chat-embeddings".to_owned();
    };
    rest.lines().next().unwrap().to_owned()
}

#[test]
fn each_client_is_told_what_it_needs() {
    let (_folder, keys) = keyring();
    let clients = clients();
    assert_eq!(clients.len(), 23);
    let mut stale = Vec::new();
    let mut compare = |name: &str, ran: Ran| {
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
        let told = format!("{}\n==> stderr <==\n{}", ran.stdout, ran.stderr);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/export/{name}.txt"));
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &told).unwrap();
        }
        if fs::read_to_string(&path).ok().as_deref() != Some(&told) {
            stale.push(told);
        }
    };
    for client in &clients {
        compare(
            client,
            export(client, &keys, &preset(client), &runbook(client), &[]),
        );
    }
    for (name, client, key) in [
        ("n8n-with-models", "n8n", "chats-and-uploads"),
        ("langchain-without-embeddings", "langchain", "chat-client"),
        ("librechat-for-a-profile", "librechat", "web"),
        ("continue-with-some-models", "continue", "mini"),
    ] {
        compare(name, export(client, &keys, key, &runbook(client), &[]));
    }
    assert!(
        stale.is_empty(),
        "run with BLESS=1 if this is right:\n{}",
        stale.join("\n")
    );
}

#[test]
fn a_key_that_will_not_do_is_told_what_it_lacks() {
    let (_folder, keys) = keyring();
    for (client, key, code, words) in [
        (
            "librechat",
            "librechat-prod",
            1,
            "has no key `librechat-prod`",
        ),
        (
            "librechat",
            "chat-clients",
            1,
            "did you mean `chat-client`?",
        ),
        (
            "librechat",
            "ended",
            1,
            "the key `ended` ended at 2020-01-01T00:00:00Z",
        ),
        ("librechat", "revoked", 1, "the key `revoked` is revoked"),
        (
            "librechat",
            "image-generation",
            1,
            "cannot do what LibreChat needs: POST /v1/chat/completions needs the scope `inference:chat`",
        ),
        (
            "librechat",
            "dataset-upload",
            1,
            "cannot do what LibreChat needs: ",
        ),
        (
            "librechat",
            "no-model",
            1,
            "the policy lists no model for POST /v1/chat/completions",
        ),
        (
            "n8n",
            "image-generation",
            1,
            "needs the scope `inference:chat`",
        ),
        ("libre-chat", "chat-client", 0, "librechat.yaml: "),
        ("libre-catt", "chat-client", 2, "did you mean `librechat`?"),
        ("gopher", "chat-client", 2, "--list names them"),
    ] {
        let ran = export(client, &keys, key, &runbook("librechat"), &[]);
        assert_eq!(ran.code, Some(code), "{client} {key}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{client} {key}: {}", ran.stderr);
        assert_eq!(ran.stdout.is_empty(), code != 0, "{}", ran.stdout);
    }
    let upload_alone = export("n8n", &keys, "dataset-upload", &runbook("n8n"), &[]);
    assert_eq!(upload_alone.code, Some(0), "{}", upload_alone.stderr);
    assert!(upload_alone.stdout.contains("/v1/datasets/briefs/files"));
    assert!(!upload_alone.stdout.contains("openAiApi"));
}

#[test]
fn models_may_be_named_where_a_policy_has_patterns() {
    let (folder, keys) = keyring();
    let policy = folder.path().join("policy.yaml");
    let text = "policy: p\nroutes:\n  POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", \
                model: json}\nmodels:\n  \"gpt-*\": {}\n  hidden: {listed: false}\n";
    fs::write(&policy, text).unwrap();
    let policy = policy.to_str().unwrap();
    let ran = export("continue", &keys, "chat-client", policy, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("name one with --model"),
        "{}",
        ran.stderr
    );
    let named = ["--model", "gpt-5", "--model", "hidden", "--model", "other"];
    let ran = export("continue", &keys, "chat-client", policy, &named);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("model: \"gpt-5\"") && ran.stdout.contains("model: \"hidden\""));
    assert!(!ran.stdout.contains("other"), "{}", ran.stdout);
    let ran = export(
        "continue",
        &keys,
        "chat-client",
        policy,
        &["--model", "other"],
    );
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("none of the given models"),
        "{}",
        ran.stderr
    );
}

#[test]
fn names_with_any_letters_stay_those_names() {
    let (folder, keys) = keyring();
    let mut names = [
        "a\"b\\c",
        "it's",
        "# no comment",
        "a: b",
        "yes",
        "1e3",
        "é🚂",
        "- x",
        "{x}",
        "[x]",
        "&x",
        "sep\u{2028}arated",
        " x ",
        "%x",
        "`id`",
        "a,b",
        "\u{202e}turned",
    ];
    names.sort_unstable();
    let strange = ["${HOME}", "{{7}}", "=1"];
    let all = names.iter().copied().chain(strange);
    let models = all.map(|name| format!("  {}: {{}}\n", Value::from(name)));
    let text = format!(
        "policy: p\nroutes:\n  POST /v1/chat/completions: {{verdict: native, scope: \"inference:chat\", model: \
         json}}\nmodels:\n{}",
        models.collect::<String>()
    );
    let policy = folder.path().join("policy.yaml");
    fs::write(&policy, text).unwrap();
    let policy = policy.to_str().unwrap();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let told = |client: &str, name: &str| {
        let ran = export(client, &keys, "chat-client", policy, &["--file", name]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(
            ran.stderr.matches("without the model").count(),
            strange.len(),
            "{}",
            ran.stderr
        );
        ran.stdout
    };
    let text_of = |value: &Value| value.as_str().unwrap().to_owned();

    let dify: Value = serde_json::from_str(&told("dify", "models.json")).unwrap();
    let found = dify
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| text_of(&entry["model"]));
    assert_eq!(sorted(found.collect()), names);
    let openclaw: Value = serde_json::from_str(&told("openclaw", "openclaw.json")).unwrap();
    let models = openclaw["models"]["providers"]["signalbox"]["models"]
        .as_array()
        .unwrap();
    let found = models.iter().map(|entry| text_of(&entry["id"]));
    assert_eq!(sorted(found.collect()), names);

    let librechat: Value = serde_saphyr::from_str(&told("librechat", "librechat.yaml")).unwrap();
    let listed = &librechat["endpoints"]["custom"][0]["models"]["default"];
    let found = listed.as_array().unwrap().iter().map(text_of);
    assert_eq!(sorted(found.collect()), names);
    let continue_: Value = serde_saphyr::from_str(&told("continue", "config.yaml")).unwrap();
    let found = continue_["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| text_of(&it["model"]));
    assert_eq!(sorted(found.collect()), names);
}

#[test]
fn a_shell_reads_the_very_names() {
    let (folder, keys) = keyring();
    let policy = folder.path().join("policy.yaml");
    let text = "policy: p\nroutes:\n  POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", \
                model: json}\nmodels:\n  \"it's; echo $HOME `id` \\\"x\\\" \\\\\": {}\n";
    fs::write(&policy, text).unwrap();
    let out = folder.path().join("out");
    let more = ["--out", out.to_str().unwrap()];
    let ran = export(
        "cline",
        &keys,
        "chat-client",
        policy.to_str().unwrap(),
        &more,
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let script = "cline() { printf '%s\\n' \"$@\"; }\n. ./cline.sh";
    let shell = std::process::Command::new("sh")
        .args(["-c", script])
        .env("SIGNALBOX_KEY", "gtak_x")
        .current_dir(&out)
        .output()
        .unwrap();
    let told = String::from_utf8(shell.stdout).unwrap();
    let expected = "auth\n--provider\nopenai\n--apikey\ngtak_x\n--modelid\nit's; echo $HOME `id` \"x\" \\\n\
                    --baseurl\nhttps://gate.example/v1\n";
    assert_eq!(told, expected, "{}", String::from_utf8_lossy(&shell.stderr));
}

#[test]
fn files_are_written_once_unless_told_otherwise() {
    let (folder, keys) = keyring();
    let out = folder.path().join("a/b");
    let write = |more: &[&str]| {
        let more = [&["--out", out.to_str().unwrap()][..], more].concat();
        export("aider", &keys, "agentic-ide", &runbook("aider"), &more)
    };
    let first = write(&[]);
    assert_eq!(
        (first.code, first.stdout.as_str()),
        (Some(0), ""),
        "{}",
        first.stderr
    );
    let config = out.join(".aider.conf.yml");
    let text = fs::read_to_string(&config).unwrap();
    assert!(
        text.contains("openai-api-base: \"https://gate.example/v1\""),
        "{text}"
    );
    fs::write(&config, "mine\n").unwrap();
    fs::remove_file(out.join("aider.sh")).unwrap();
    let again = write(&[]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.stderr.contains("--force writes over it"),
        "{}",
        again.stderr
    );
    assert_eq!(fs::read_to_string(&config).unwrap(), "mine\n");
    assert!(!out.join("aider.sh").exists(), "all or none");
    assert_eq!(write(&["--force"]).code, Some(0));
    assert_eq!(fs::read_to_string(&config).unwrap(), text);
}

#[test]
fn a_link_that_leads_nowhere_is_there() {
    let (folder, keys) = keyring();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let target = folder.path().join("elsewhere");
    std::os::unix::fs::symlink(&target, out.join("aider.sh")).unwrap();
    let more = ["--out", out.to_str().unwrap()];
    let ran = export("aider", &keys, "agentic-ide", &runbook("aider"), &more);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("aider.sh is there already"),
        "{}",
        ran.stderr
    );
    assert!(!out.join(".aider.conf.yml").exists(), "all or none");
    assert!(!target.exists());
}

#[test]
fn what_was_created_goes_if_a_later_file_cannot_be_written() {
    let (folder, keys) = keyring();
    let out = folder.path().join("out");
    fs::create_dir_all(out.join("aider.sh")).unwrap();
    let more = ["--force", "--out", out.to_str().unwrap()];
    let ran = export("aider", &keys, "agentic-ide", &runbook("aider"), &more);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(!out.join(".aider.conf.yml").exists(), "all or none");
    // What was there before stays.
    fs::write(out.join(".aider.conf.yml"), "mine\n").unwrap();
    let ran = export("aider", &keys, "agentic-ide", &runbook("aider"), &more);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(out.join(".aider.conf.yml").exists());
}

#[test]
fn arguments_that_make_no_sense_are_told_apart() {
    let (_folder, keys) = keyring();
    let policy = runbook("aider");
    for url in [
        "gate.example",
        "ftp://gate.example",
        "https://u:p@gate.example",
        "https://gate.example/?x",
    ] {
        let ran = run(&[
            "export",
            "aider",
            "--keys",
            &keys,
            "--key",
            "agentic-ide",
            "--policy",
            &policy,
            "--url",
            url,
        ]);
        assert_eq!(ran.code, Some(2), "{url}: {}", ran.stderr);
    }
    let plain = run(&[
        "export",
        "aider",
        "--keys",
        &keys,
        "--key",
        "agentic-ide",
        "--policy",
        &policy,
        "--url",
        "http://gate.example/api/tenant/v1/",
    ]);
    assert!(
        plain.stdout.contains("\"http://gate.example/v1\""),
        "{}",
        plain.stdout
    );
    assert!(plain.stderr.contains("use https"), "{}", plain.stderr);
    let unknown = export(
        "aider",
        &keys,
        "agentic-ide",
        &policy,
        &["--file", "aider.toml"],
    );
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.stderr.contains(".aider.conf.yml, aider.sh"),
        "{}",
        unknown.stderr
    );
    assert_eq!(run(&["export", "aider"]).code, Some(2));
    assert_eq!(run(&["export"]).code, Some(2));
}
