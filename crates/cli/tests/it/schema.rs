//! `schema`: what is printed is what the repository has, and fits the files it ships.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::signalbox::{file, run};

const KINDS: [&str; 4] = ["document", "configuration", "keyring", "cases"];

fn schema(kind: &str) -> Value {
    let ran = run(&["schema", kind]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    serde_json::from_str(&ran.stdout).unwrap()
}

fn yaml(path: &str) -> Value {
    parsed(&fs::read_to_string(file(path)).unwrap())
}

fn parsed(text: &str) -> Value {
    let mut options = serde_saphyr::Options::default();
    // As the readers have it: `off` is a word.
    options.strict_booleans = true;
    serde_saphyr::from_str_with_options(text, options).unwrap()
}

/// What is wrong with a file, by its schema.
fn faults(kind: &str, value: &Value) -> Vec<String> {
    let validator = jsonschema::draft7::new(&schema(kind)).unwrap();
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn the_repository_has_what_is_printed() {
    for kind in KINDS {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/schema/{kind}.json"));
        let now = run(&["schema", kind]).stdout;
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &now).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(kept, now, "run with BLESS=1 if this is right: {kind}");
    }
}

#[test]
fn each_is_a_schema_of_draft_7() {
    for kind in KINDS {
        let schema = schema(kind);
        assert!(jsonschema::draft7::meta::is_valid(&schema), "{kind}");
    }
}

#[test]
fn the_files_of_the_repository_fit() {
    assert_eq!(faults("keyring", &yaml("docs/examples/keys.yaml")), [""; 0]);
    assert_eq!(
        faults("configuration", &yaml("docs/examples/signalbox.yaml")),
        [""; 0]
    );
    for (kind, path) in [
        ("document", "docs/examples/policy.yaml"),
        ("cases", "docs/examples/cases.yaml"),
    ] {
        assert_eq!(faults(kind, &yaml(path)), [""; 0]);
    }
    let runbooks = fs::read_dir(file("plugins/runbooks")).unwrap();
    let names = runbooks.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let documents: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    assert!(documents.len() >= 24);
    for name in documents {
        let path = format!("plugins/runbooks/{name}");
        assert_eq!(faults("document", &yaml(&path)), [""; 0], "{path}");
    }
}

/// The defaults that the page on configuration shows are all there are.
#[test]
fn every_setting_with_a_default_fits() {
    let page = fs::read_to_string(file("docs/configuration.md")).unwrap();
    let (_, rest) = page.split_once("<!-- defaults:").unwrap();
    let (_, rest) = rest.split_once("```yaml\n").unwrap();
    let (defaults, _) = rest.split_once("```").unwrap();
    let value = parsed(defaults);
    assert_eq!(faults("configuration", &value), [""; 0]);
}

#[test]
fn what_a_reader_refuses_does_not_fit() {
    for (kind, value) in [
        ("keyring", json!({"kees": []})),
        (
            "keyring",
            json!({"keys": [{"id": "a", "models": "all", "modells": []}]}),
        ),
        (
            "keyring",
            json!({"keys": [{"id": "a", "limits": {"per_hour": 1}}]}),
        ),
        ("configuration", json!({"lissen": "127.0.0.1:1"})),
        (
            "configuration",
            json!({"upstream": {"url": "https://a", "credentials": {"inference": {"path": "f"}}}}),
        ),
        ("configuration", json!({"http2": "yes"})),
        (
            "document",
            json!({"routes": {"GET /v1/models": {"verdit": "native"}}}),
        ),
        (
            "document",
            json!({"routes": {"GET /models": {"verdict": "native"}}}),
        ),
        ("document", json!({"models": {"gpt-4o": "support-agent"}})),
        ("cases", json!({"cases": [{"name": "a", "expects": {}}]})),
        ("cases", json!({"case": []})),
    ] {
        assert!(!faults(kind, &value).is_empty(), "{kind}: {value}");
    }
}

#[test]
fn the_examples_do_what_they_say() {
    let (policy, cases) = (
        file("docs/examples/policy.yaml"),
        file("docs/examples/cases.yaml"),
    );
    for arguments in [
        &["test", &policy][..],
        &["test", "--cases", &cases, &policy],
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    }
    assert_eq!(run(&["fmt", "--check", &policy, &cases]).code, Some(0));
}

#[test]
fn a_key_says_what_it_is_for() {
    let keyring = schema("keyring");
    let entry = &keyring["properties"]["keys"]["items"]["properties"];
    let about = entry["revoked"]["description"].as_str().unwrap();
    assert!(about.starts_with("ends the key."), "{about}");
    let configuration = schema("configuration");
    let about = &configuration["properties"]["limits"]["properties"]["head"]["description"];
    assert!(about.is_string(), "{about}");
    let issuer = &configuration["properties"]["jwt"]["additionalProperties"]["properties"];
    assert!(issuer["issuer"]["description"].is_string(), "{issuer}");
}
