//! `signalbox test`: formats, outcomes, coverage and mutation.

use std::{collections::BTreeMap, fs, path::Path};

use quick_xml::{Reader, XmlVersion, events::Event};
use serde_json::Value;
use tempfile::TempDir;

use crate::signalbox::{Ran, command, file, run};

const POLICY: &str = r#"policy: p
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
  POST /v1/embeddings: {verdict: not_supported, because: Embed elsewhere.}
models:
  gpt-4o: {published: support-agent, ceilings: {max_tokens: 10}}
  gpt-4o-mini: {}
cases:
  - name: chat goes to the agent
    request: POST /v1/chat/completions
    model: gpt-4o
    preset: chat-client
    expect: {forward: POST /v1/chat/completions, model: support-agent}
"#;

struct Written {
    _folder: TempDir,
    path: String,
}

fn written(text: &str) -> Written {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    Written {
        _folder: folder,
        path,
    }
}

/// The policy with one more case.
fn with_case(name: &str, rest: &str) -> Written {
    written(&format!("{POLICY}  - name: {name}\n{rest}"))
}

fn json(path: &str, more: &[&str]) -> (Ran, Value) {
    let arguments = [&["test", path, "--format", "json"], more].concat();
    let ran = run(&arguments);
    let value: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    (ran, value)
}

#[test]
fn a_failure_says_what_decided_instead_and_where_it_is_written() {
    for (rest, by, line) in [
        (
            "    request: POST /v1/chat/completions\n    model: gpt-4o\n    expect: {refuse: unknown_route}\n",
            "check `scope`, route `POST /v1/chat/completions`",
            Some(4),
        ),
        (
            "    request: POST /v1/chat/completions\n    model: gpt-4o\n    preset: chat-client\n    \
             body: {max_tokens: 11}\n    expect: {refuse: unknown_route}\n",
            "check `ceilings`, model `gpt-4o`",
            Some(7),
        ),
        (
            "    request: POST /v1/chat/completions\n    model: gpt-4o-mini\n    preset: chat-client\n    \
             expect: {refuse: unknown_route}\n",
            "model `gpt-4o-mini`",
            Some(8),
        ),
        (
            "    request: GET /v1/models\n    expect: {refuse: unknown_route}\n",
            "route `GET /v1/models`",
            Some(3),
        ),
        (
            "    request: GET /v1/nowhere\n    expect: {list: []}\n",
            "check `route`, `routes`, where nothing fits",
            None,
        ),
        (
            "    request: GET /v1/models/%2e%2e/x;y\n    expect: {list: []}\n",
            "the host, before it asks a policy",
            None,
        ),
    ] {
        let policy = with_case("wrong", rest);
        let (ran, value) = json(&policy.path, &[]);
        assert_eq!(ran.code, Some(4));
        let case = &value[0]["cases"][1];
        assert_eq!(case["outcome"], "fail");
        assert_eq!(case["by"]["rule"], by);
        let place = line.map(|line| format!("{}:{line}:3", policy.path));
        assert_eq!(case["by"]["place"].as_str(), place.as_deref());
        let text = run(&["test", &policy.path]).stdout;
        assert!(text.contains(&format!("         by       {by}")), "{text}");
    }
}

#[test]
fn a_component_fails_as_its_document_does() {
    let policy = with_case(
        "wrong",
        "    request: GET /v1/models\n    expect: {refuse: unknown_route}\n",
    );
    let output = Path::new(&policy.path).with_extension("wasm");
    let output = output.to_str().unwrap();
    assert_eq!(run(&["build", &policy.path, "-o", output]).code, Some(0));
    let (_, of_document) = json(&policy.path, &["--coverage"]);
    let (ran, of_component) = json(output, &["--coverage"]);
    assert_eq!(ran.code, Some(4));
    let rule = |value: &Value| value[0]["cases"][1]["by"]["rule"].clone();
    assert_eq!(rule(&of_component), rule(&of_document));
    let covered = |value: &Value| value[0]["coverage"]["rules"]["covered"].clone();
    assert_eq!(covered(&of_component), covered(&of_document));
}

#[test]
fn a_case_that_is_skipped_fails_nothing_and_is_counted() {
    let policy = with_case(
        "later",
        "    request: GET /v1/models\n    skip: not yet\n    expect: {refuse: unknown_route}\n",
    );
    let (ran, value) = json(&policy.path, &[]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(value[0]["skipped"], 1);
    assert_eq!(value[0]["cases"][1]["outcome"], "skipped");
    assert_eq!(value[0]["cases"][1]["message"], "not yet");
    let text = run(&["test", &policy.path]).stdout;
    assert!(text.contains("skip   later\n         not yet\n"), "{text}");
    assert!(
        text.contains("1 passed, 0 failed, 0 errors, 1 skipped"),
        "{text}"
    );
    let junit = run(&["test", &policy.path, "--format", "junit"]).stdout;
    assert!(junit.contains("<skipped message=\"not yet\"/>"), "{junit}");
}

#[test]
fn junit_is_xml_whatever_a_case_is_called() {
    let policy = with_case(
        "\"a<b & 'c' \\\"d\\\" ]]> \u{1f600}\"",
        "    request: GET /v1/models\n    expect: {refuse: unknown_route}\n",
    );
    let ran = run(&["test", &policy.path, "--format", "junit"]);
    assert_eq!(ran.code, Some(4));
    let elements = elements(&ran.stdout);
    let of = |name: &str| {
        let found = elements.iter().filter(|(element, _)| element == name);
        found.map(|(_, attributes)| attributes).collect::<Vec<_>>()
    };
    let suite = &of("testsuite")[0];
    assert_eq!(suite["name"], policy.path);
    let counts = ["tests", "failures", "errors", "skipped"].map(|name| &*suite[name]);
    assert_eq!(counts, ["2", "1", "0", "0"]);
    assert_eq!(of("testcase")[1]["name"], "a<b & 'c' \"d\" ]]> \u{1f600}");
    let message = &of("failure")[0]["message"];
    assert!(
        message.starts_with("expected refuse unknown_route, got list [], by route"),
        "{message}"
    );
}

/// The elements of an XML document, each with its attributes.
fn elements(xml: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let attributes = element.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = attribute.normalized_value(XmlVersion::Explicit1_0).unwrap();
                    (text(attribute.key.as_ref()), value.into_owned())
                });
                let attributes = attributes.collect();
                found.push((text(element.name().as_ref()), attributes));
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn coverage_names_what_no_case_is_decided_by() {
    let policy = written(POLICY);
    let (ran, value) = json(&policy.path, &["--coverage"]);
    assert_eq!(ran.code, Some(0));
    let coverage = &value[0]["coverage"];
    let of = |part: &str| {
        let part = &coverage[part];
        let uncovered = part["uncovered"].as_array().unwrap().iter();
        let uncovered: Vec<_> = uncovered.map(|it| it["name"].as_str().unwrap()).collect();
        (part["covered"].as_u64(), part["total"].as_u64(), uncovered)
    };
    let routes = vec!["route `POST /v1/embeddings`", "route `GET /v1/models`"];
    assert_eq!(of("routes"), (Some(1), Some(3), routes));
    assert_eq!(
        of("models"),
        (Some(1), Some(2), vec!["model `gpt-4o-mini`"])
    );
    let rules = vec![
        "route `POST /v1/chat/completions`: refused for its scope",
        "route `GET /v1/models`: answered",
        "route `POST /v1/embeddings`: refused",
        "model `gpt-4o`: refused above its ceilings",
        "model `gpt-4o-mini`: called",
    ];
    let (covered, total, mut uncovered) = of("rules");
    uncovered.sort_unstable();
    let mut rules = rules;
    rules.sort_unstable();
    assert_eq!((covered, total, uncovered), (Some(2), Some(7), rules));
    let text = run(&["test", &policy.path, "--coverage"]).stdout;
    let line = "coverage: routes 1 of 3 (33 %), models 1 of 2 (50 %), rules 2 of 7 (28 %)";
    assert!(text.contains(line), "{text}");
    let place = format!("missing  model `gpt-4o-mini`, {}:8:3", policy.path);
    assert!(text.contains(&place), "{text}");
}

#[test]
fn too_little_coverage_fails_as_a_case_does() {
    let policy = written(POLICY);
    for (percent, code) in [("28", 0), ("29", 4), ("100", 4)] {
        let ran = run(&["test", &policy.path, "--fail-under", percent]);
        assert_eq!(ran.code, Some(code), "{percent}: {}", ran.stdout);
        assert!(ran.stdout.contains("coverage: "), "{}", ran.stdout);
    }
    assert_eq!(
        run(&["test", &policy.path, "--fail-under", "101"]).code,
        Some(2)
    );
}

#[test]
fn rules_are_not_changed_while_cases_fail() {
    let policy = with_case(
        "wrong",
        "    request: GET /v1/models\n    expect: {refuse: unknown_route}\n",
    );
    let ran = run(&["test", &policy.path, "--mutate"]);
    assert_eq!(ran.code, Some(4));
    assert!(ran.stderr.contains("no rule was changed"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("mutants:"), "{}", ran.stdout);
}

#[test]
fn what_looks_at_rules_needs_a_document() {
    let component = file("tests/frozen/0.1/components/everything.wasm");
    for flag in ["--coverage", "--mutate"] {
        let ran = run(&["test", &component, flag]);
        assert_eq!(ran.code, Some(2), "{}", ran.stdout);
        assert!(
            ran.stderr.contains("not compiled from by this version"),
            "{}",
            ran.stderr
        );
    }
}

/// What `test --mutate` says of files, told from the folder they are in.
fn mutated(folder: &Path, files: &[String]) -> (Ran, Vec<Value>) {
    let files = files.iter().map(String::as_str);
    let arguments: Vec<&str> = ["test", "--mutate", "--format", "json"]
        .into_iter()
        .chain(files)
        .collect();
    let output = command(&arguments).current_dir(folder).output().unwrap();
    let ran = Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    let value: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    let values = value.as_array().unwrap().clone();
    (ran, values)
}

/// Compares with a file beside the tests; `BLESS=1` writes it.
fn assert_golden(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/mutation")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        return fs::write(&path, now).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(golden, now, "run with BLESS=1 if this is right");
}

#[test]
fn every_rule_of_every_runbook_is_noticed_by_a_case() {
    let root = file(".");
    let folder = fs::read_dir(file("plugins/runbooks")).unwrap();
    let names = folder.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = names
        .filter(|name| name.ends_with(".yaml"))
        .map(|name| format!("plugins/runbooks/{name}"))
        .collect();
    files.sort();
    let (ran, reports) = mutated(Path::new(&root), &files);
    let mut report = String::new();
    for file in &reports {
        let mutation = &file["mutation"];
        let (name, mutants) = (file["file"].as_str().unwrap(), &mutation["mutants"]);
        report += &format!(
            "{name}: {mutants} mutants, {} survived\n",
            mutation["survived"]
        );
        for it in mutation["tried"].as_array().unwrap() {
            if it["outcome"] == "survived" {
                report += &format!(
                    "  {}: {}: {}: {}\n",
                    it["place"], it["rule"], it["change"], it["help"]
                );
            }
        }
    }
    assert_golden("runbooks.txt", &report);
    assert_eq!(ran.code, Some(0), "{report}");
    assert_eq!(reports.len(), 24);
}

#[test]
fn every_kind_of_rule_is_changed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutation");
    let document = ["mutants.yaml".to_owned()];
    let (ran, reports) = mutated(&folder, &document);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let mut report = String::new();
    for it in reports[0]["mutation"]["tried"].as_array().unwrap() {
        let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
        let [outcome, place, rule, change] = ["outcome", "place", "rule", "change"].map(text);
        report += &format!("{outcome} {place}: {rule}: {change}\n");
        if outcome == "survived" {
            report += &format!("  {}\n", text("help"));
        }
    }
    assert_golden("mutants.txt", &report);
    let (_, again) = mutated(&folder, &document);
    assert_eq!(again, reports, "the same twice");
    let text = command(&["test", "--mutate", "mutants.yaml"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    let counts = reports[0]["mutation"].clone();
    let line = format!(
        "mutants: {}, {} survived",
        counts["mutants"], counts["survived"]
    );
    assert!(text.contains(&line), "{text}");
}

#[test]
fn the_folder_of_a_plugin_and_its_source_are_told_from_its_component() {
    let folder = TempDir::new().unwrap();
    let source = folder.path().join("policy.js");
    fs::write(&source, "export default {};\n").unwrap();
    for (given, said) in [
        (folder.path(), "is a folder; a plugin in it is"),
        (&source, "is source; a host loads the component"),
    ] {
        for command in ["test", "inspect"] {
            let ran = run(&[command, given.to_str().unwrap()]);
            assert_eq!(ran.code, Some(2), "{command}");
            assert!(ran.stderr.contains(said), "{command}: {}", ran.stderr);
        }
    }
}
