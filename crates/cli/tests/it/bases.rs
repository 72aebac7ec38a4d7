//! Documents that include files and have values, on the command line.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::signalbox::run;

const BASE: &str = "\
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}
models:
  gpt-4o: {published: \"${agent}\"}
cases:
  - name: chat goes to the agent
    request: POST /v1/chat/completions
    model: gpt-4o
    preset: chat-client
    expect: {forward: POST /v1/chat/completions, model: \"${agent}\"}
";

const DOCUMENT: &str = "\
# A comment.
policy: p
include: bases/base.yaml
values:
  agent: support-agent
models:
  gpt-4o-mini: {published: gt-small}
";

/// A document, a file that it includes, and values.
struct Written {
    folder: TempDir,
    document: String,
}

impl Written {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("bases")).unwrap();
        let written = Self {
            document: text(&folder.path().join("p.yaml")),
            folder,
        };
        written.put("p.yaml", DOCUMENT);
        written.put("bases/base.yaml", BASE);
        written
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        self::text(&path)
    }

    fn path(&self, name: &str) -> String {
        text(&self.folder.path().join(name))
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn explained(arguments: &[&str]) -> String {
    let asked = ["--scope", "inference:chat", "--model", "gpt-4o", "POST"];
    let ran = run(&[&["explain"], arguments, &asked, &["/v1/chat/completions"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout
}

#[test]
fn a_document_is_checked_tested_and_explained_with_its_bases_and_values() {
    let written = Written::new();
    let document = &written.document;
    let checked = run(&["check", document]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert!(
        checked.stderr.contains("2 routes, 2 models, 1 cases"),
        "{}",
        checked.stderr
    );
    assert_eq!(run(&["test", document]).code, Some(0));
    let values = written.put("values.yaml", "agent: from-the-file\n");
    let cases = [
        (vec![], "support-agent"),
        (vec!["--values", &values], "from-the-file"),
        (
            vec!["--values", &values, "--set", "agent=sales=agent"],
            "sales=agent",
        ),
    ];
    for (given, agent) in cases {
        let explained = explained(&[&["--policy", document], given.as_slice()].concat());
        assert!(
            explained.contains(&format!("as model {agent}")),
            "{explained}"
        );
    }
}

#[test]
fn a_component_carries_a_document_that_stands_alone_and_gives_it_again() {
    let written = Written::new();
    let (component, again) = (written.path("p.wasm"), written.path("again.wasm"));
    let set = ["--set", "agent=sales-agent"];
    let built = run(&[
        &["build", &written.document, "-o", &component],
        set.as_slice(),
    ]
    .concat());
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    fs::remove_dir_all(written.folder.path().join("bases")).unwrap();
    // Its document is believed only if compiling that gives this component.
    let explained = explained(&["--policy", &component]);
    assert!(explained.contains("as model sales-agent"), "{explained}");
    assert!(explained.contains("scope"), "{explained}");
    let bytes = fs::read(&component).unwrap();
    let carried = source(&bytes);
    assert!(
        !carried.contains("include") && !carried.contains("${"),
        "{carried}"
    );
    let alone = written.put("alone.yaml", &carried);
    assert_eq!(run(&["build", &alone, "-o", &again]).code, Some(0));
    assert!(bytes == fs::read(&again).unwrap(), "another component");
    assert_eq!(run(&["test", &component]).code, Some(0));
}

/// The document in a component, as it lies there.
fn source(component: &[u8]) -> String {
    let begin = b"policy: p\n";
    let at = component
        .windows(begin.len())
        .position(|part| part == begin);
    let rest = component.get(at.unwrap()..).unwrap();
    let text = String::from_utf8_lossy(rest);
    let end = text.find("signalbox:cases").unwrap();
    let lines: Vec<&str> = text[..end].lines().collect();
    // The last line is the head of the next section.
    let (_, document) = lines.split_last().unwrap();
    document.join("\n") + "\n"
}

#[test]
fn a_document_as_it_is_stays_the_text_that_a_component_carries() {
    let written = Written::new();
    let document = written.put(
        "plain.yaml",
        "# A comment.\npolicy: p\nroutes:\n  GET /v1/models: {verdict: native}\n",
    );
    let component = written.path("plain.wasm");
    assert_eq!(run(&["build", &document, "-o", &component]).code, Some(0));
    let bytes = fs::read(&component).unwrap();
    let comment = b"# A comment.";
    assert!(bytes.windows(comment.len()).any(|part| part == comment));
}

#[test]
fn errors_name_the_file_they_are_in_and_show_its_line() {
    let written = Written::new();
    let base = written.put(
        "bases/base.yaml",
        &BASE.replace("verdict: native}\n  POST", "verdit: native}\n  POST"),
    );
    let ran = run(&["check", &written.document]);
    assert_eq!(ran.code, Some(3));
    let place = format!("{base}:2:20: error[unknown_key]");
    assert!(ran.stderr.starts_with(&place), "{}", ran.stderr);
    assert!(ran.stderr.contains("| "), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("GET /v1/models: {verdit: native}"),
        "{}",
        ran.stderr
    );
    fs::remove_file(&base).unwrap();
    let ran = run(&["check", &written.document]);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stderr.contains("3:10: error[unreadable_include]"),
        "{}",
        ran.stderr
    );
}

#[test]
fn values_that_do_not_fit_are_told() {
    let written = Written::new();
    let (document, component) = (&written.document, written.path("p.wasm"));
    let unknown = run(&["check", document, "--set", "agnet=x"]);
    assert_eq!(unknown.code, Some(3));
    assert!(
        unknown.stderr.contains("did you mean `agent`?"),
        "{}",
        unknown.stderr
    );
    for mistaken in [
        &["--set", "agent"][..],
        &["--set", "agent=a", "--set", "agent=b"],
    ] {
        let ran = run(&[&["check", document], mistaken].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    }
    let values = written.put("values.yaml", "agent: 1\n");
    let broken = run(&["test", document, "--values", &values]);
    assert_eq!(broken.code, Some(3));
    assert!(
        broken
            .stderr
            .contains(&format!("{values}:1:8: error[unquoted]")),
        "{}",
        broken.stderr
    );
    assert_eq!(run(&["build", document, "-o", &component]).code, Some(0));
    let digest = "0".repeat(64);
    for of_component in [
        &["test", &component][..],
        &["swap", &component],
        &["swap", "oci://registry.example/policy:1"],
        &["revoke", &digest],
    ] {
        let ran = run(&[of_component, &["--set", "agent=x"]].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        let said = ran.stderr.contains("values are for documents");
        assert!(said, "{}", ran.stderr);
    }
    let live = run(&[
        "explain",
        "--set",
        "a=b",
        "--scope",
        "s",
        "GET",
        "/v1/models",
    ]);
    assert_eq!(live.code, Some(2), "{}", live.stderr);
}

#[test]
fn what_would_be_loaded_is_looked_at_with_its_bases() {
    let written = Written::new();
    let fine = run(&["upgrade-check", &written.document]);
    assert_eq!(fine.code, Some(0), "{}", fine.stderr);
    written.put(
        "p.yaml",
        &DOCUMENT.replace("agent: support-agent", "agent: {}"),
    );
    let missing = run(&["upgrade-check", &written.document]);
    assert_eq!(missing.code, Some(3));
    let said = missing.stdout + &missing.stderr;
    assert!(said.contains("--set agent=VALUE"), "{said}");
    let given = run(&["upgrade-check", &written.document, "--set", "agent=x"]);
    assert_eq!(given.code, Some(0), "{}", given.stderr);
}
