//! `signalbox import`. `tests/import` has configurations and what is made of each; `BLESS=1` writes it.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::signalbox::{Ran, run};

const SOURCES: [(&str, &str); 6] = [
    ("litellm", "litellm.yaml"),
    ("librechat", "librechat.yaml"),
    ("openwebui", "openwebui-config.json"),
    ("openwebui", "openwebui-models.json"),
    ("continue", "continue.yaml"),
    ("continue", "continue.json"),
];

fn given(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import");
    folder.join(name).to_str().unwrap().to_owned()
}

/// What is made of a text.
fn import(source: &str, text: &str) -> Ran {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, text).unwrap();
    run(&["import", source, path.to_str().unwrap()])
}

#[test]
fn each_programs_configuration_becomes_a_catalogue() {
    let mut stale = Vec::new();
    for (source, name) in SOURCES {
        let ran = run(&["import", source, &given(name)]);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
        let path = given(&format!("{name}.policy"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &ran.stdout).unwrap();
        }
        if fs::read_to_string(&path).ok().as_ref() != Some(&ran.stdout) {
            stale.push(ran.stdout.clone());
        }
        // The same is said to whoever reads the terminal alone.
        for line in ran.stdout.lines().take_while(|line| line.starts_with('#')) {
            let said = format!("note: {}", line.trim_start_matches("# "));
            assert!(ran.stderr.contains(&said), "{said}: {}", ran.stderr);
        }
        let whole = ran.stdout + &ran.stderr;
        for secret in [
            "Abcdef0123",
            "sk-01234",
            "gtak_",
            "user:secret",
            "very-secret",
        ] {
            assert!(!whole.contains(secret), "{name}: {secret}");
        }
    }
    assert!(
        stale.is_empty(),
        "run with BLESS=1 if this is right:\n{}",
        stale.join("\n")
    );
}

#[test]
fn what_is_imported_is_checked_built_and_served_as_it_is() {
    let folder = TempDir::new().unwrap();
    for (source, name) in SOURCES {
        let out = folder.path().join(format!("{name}.yaml"));
        let out = out.to_str().unwrap();
        let ran = run(&[
            "import",
            source,
            &given(name),
            "--out",
            out,
            "--name",
            "ours",
        ]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(0), ""),
            "{}",
            ran.stderr
        );
        let checked = run(&["check", out]);
        assert_eq!(checked.code, Some(0), "{}", checked.stderr);
        assert!(
            checked.stderr.contains("policy `ours`"),
            "{}",
            checked.stderr
        );
        let component = folder.path().join("ours.wasm");
        let built = run(&["build", out, "-o", component.to_str().unwrap()]);
        assert_eq!(built.code, Some(0), "{}", built.stderr);
    }
}

#[test]
fn an_alias_leads_where_its_model_leads() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("p.yaml");
    let out = out.to_str().unwrap();
    assert_eq!(
        run(&["import", "litellm", &given("litellm.yaml"), "--out", out]).code,
        Some(0)
    );
    let asked = |model: &str, path: &str, scope: &str| {
        let words = [
            "explain", "--policy", out, "--scope", scope, "--model", model, "POST", path,
        ];
        run(&words).stdout
    };
    let chat = asked("internal", "/v1/chat/completions", "inference:chat");
    assert!(chat.contains("as model gpt-4o-mini"), "{chat}");
    let chat = asked("gpt-4", "/v1/chat/completions", "inference:chat");
    assert!(chat.contains("as model gpt-4o-"), "{chat}");
    let pattern = asked("anthropic/claude", "/v1/chat/completions", "inference:chat");
    assert!(pattern.contains("as model anthropic/claude"), "{pattern}");
    let wrong = asked("whisper", "/v1/chat/completions", "inference:chat");
    assert!(wrong.contains("model_not_found"), "{wrong}");
}

#[test]
fn files_are_written_once_unless_told_otherwise() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("p.yaml");
    fs::write(&out, "mine\n").unwrap();
    let path = out.to_str().unwrap();
    let base = ["import", "litellm", &given("litellm.yaml"), "--out", path];
    let ran = run(&base);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("--force writes over it"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine\n");
    assert_eq!(run(&[&base[..], &["--force"]].concat()).code, Some(0));
    assert!(
        fs::read_to_string(&out)
            .unwrap()
            .contains("policy: litellm")
    );
}

#[test]
fn a_link_that_leads_nowhere_is_there() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("p.yaml");
    let target = folder.path().join("elsewhere");
    std::os::unix::fs::symlink(&target, &out).unwrap();
    let path = out.to_str().unwrap();
    let ran = run(&["import", "litellm", &given("litellm.yaml"), "--out", path]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("is there already"), "{}", ran.stderr);
    assert!(!target.exists());
}

#[test]
fn names_with_a_secret_are_left_out_with_their_place() {
    let secrets = [
        "https://bob:hunter7@h/m",
        "https://hunter7@h/m",
        "openai/https://user:hunter2@host/x",
        "Bearer hunter8",
        "openai/Bearer hunter8",
        "dep?api-key=hunter9abc12345678901",
        "key=hunter0123456789abcdef",
        "SK-hunter0123456789ABCDEF",
        "x-sk-hunter0123456789abcdef",
        "x_sk-proj-hunter0123456789abcdef",
        "glpat-hunterhunterhunter",
        "github_pat_hunterhunter0123",
        "sk-ant-hunterhunter",
    ];
    let mut text =
        "model_list:\n  - {model_name: kept, litellm_params: {model: openai/gpt-4o}}\n".to_owned();
    for (number, secret) in secrets.iter().enumerate() {
        text += &format!(
            "  - {{model_name: \"{secret}\", litellm_params: {{model: openai/x}}}}\n  - {{model_name: m{number}, \
             litellm_params: {{model: \"{secret}\"}}}}\n"
        );
    }
    text += "router_settings:\n  model_group_alias: {\"https://bob:hunter7@h/m\": kept, other: sk-ant-hunterhunter, \
             my-token: kept}\n";
    let ran = import("litellm", &text);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("kept: {published: gpt-4o"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("my-token: "), "{}", ran.stdout);
    let whole = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!whole.to_lowercase().contains("hunter"), "{whole}");
    let models = (1..=2 * secrets.len()).map(|index| format!("model_list[{index}]"));
    let aliases = (1..=3).map(|entry| format!("router_settings.model_group_alias, entry {entry}"));
    for place in models.chain(aliases) {
        let told = format!("left out: {place}: ");
        assert!(ran.stderr.contains(&told), "{told}{}", ran.stderr);
    }
}

#[test]
fn hostile_files_are_refused_without_a_word_of_theirs() {
    let bomb: String = (1..60).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)
    });
    let wide: String = (1..12).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, n| {
            let aliases = format!("*a{}, ", n - 1).repeat(9);
            format!("{text}a{n}: &a{n} [{aliases}]\n")
        },
    );
    let deep = "[".repeat(200_000);
    let twice = "model_list: []\nmodel_list: [sk-0123456789abcdefghij]\n";
    let twice_json = "{\"models\": 1, \"models\": \"sk-0123456789abcdefghij\"}";
    for text in [
        &*bomb,
        &*wide,
        &*deep,
        twice,
        twice_json,
        "a: [sk-0123456789abcdefghij",
        "\u{0}",
        "a: 1e999\n",
        "a: b\n---\nc: d\n",
    ] {
        for source in ["litellm", "librechat", "openwebui", "continue"] {
            let ran = import(source, text);
            let start: String = text.chars().take(30).collect();
            assert_eq!(
                (ran.code, ran.stdout.as_str()),
                (Some(1), ""),
                "{start}: {}",
                ran.stderr
            );
            assert!(!ran.stderr.contains("sk-"), "{}", ran.stderr);
        }
    }
    let not_text = TempDir::new().unwrap();
    let path = not_text.path().join("x");
    fs::write(&path, b"\xff\xfe").unwrap();
    let ran = run(&["import", "litellm", path.to_str().unwrap()]);
    assert!(ran.stderr.contains("is not UTF-8"), "{}", ran.stderr);
    assert_eq!(
        run(&["import", "litellm", "/nowhere/config.yaml"]).code,
        Some(1)
    );
}

#[test]
fn entries_of_the_wrong_kind_are_left_out_with_their_place() {
    let text = "model_list:\n  - model_name: 4\n  - 7\n  - {model_name: a, litellm_params: [x]}\n  - {model_name: b, \
                litellm_params: {model: x/b, weight: 1e300}}\n  - {model_name: \"c\\e[2J\", litellm_params: {model: \
                x/c}}\n  - {model_name: \"\", litellm_params: {model: x/d}}\n  - {model_name: b, litellm_params: \
                {model: \"x/${HOME}\", weight: -3}}\n";
    let ran = import("litellm", text);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for place in [
        "model_list[0]",
        "model_list[1]",
        "model_list[2]",
        "model_list[4]",
        "model_list[5]",
    ] {
        assert!(
            ran.stderr.contains(&format!("left out: {place}: ")),
            "{place}: {}",
            ran.stderr
        );
    }
    assert!(ran.stdout.contains("$${HOME}"), "{}", ran.stdout);
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    let none = import("litellm", "model_list: {a: b}\n");
    assert_eq!(none.code, Some(1));
    assert!(
        none.stderr.contains("names no model as LiteLLM does"),
        "{}",
        none.stderr
    );
}
