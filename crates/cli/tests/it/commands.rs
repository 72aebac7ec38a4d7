//! check, build, test and explain.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;
use wasm_encoder::{EntityType, ImportSection, Module, TypeSection, ValType};

use crate::signalbox::{Ran, file, run};

const LITELLM: &str = "plugins/runbooks/litellm.yaml";

#[test]
fn help_is_an_answer_and_a_wrong_word_is_a_mistake() {
    let help = run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for command in [
        "demo",
        "dev",
        "new",
        "serve",
        "authz",
        "build",
        "cases",
        "compose",
        "check",
        "conformance",
        "fmt",
        "test",
        "diff",
        "inspect",
        "init",
        "replay",
        "why",
        "explain",
        "export",
        "import",
        "schema",
        "lsp",
        "keys",
        "swap",
        "rollback",
        "promote",
        "withdraw",
        "revoke",
        "history",
        "status",
        "sign",
        "upgrade-check",
        "gt-sim",
    ] {
        assert!(help.stdout.contains(command), "{command}");
        let one = run(&[command, "--help"]);
        assert_eq!((one.code, one.stderr.as_str()), (Some(0), ""), "{command}");
    }
    let wrong = run(&["chekc", "x"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""));
    assert!(wrong.stderr.contains("check"), "{}", wrong.stderr);
}

#[test]
fn a_valid_document_checks_builds_and_passes_its_cases() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("litellm.wasm");
    let output = output.to_str().unwrap();
    let document = file(LITELLM);
    assert_eq!(run(&["check", &document]).code, Some(0));
    assert_eq!(run(&["build", &document, "-o", output]).code, Some(0));
    let first = fs::read(output).unwrap();
    assert_eq!(run(&["build", &document, "-o", output]).code, Some(0));
    assert!(
        first == fs::read(output).unwrap(),
        "the same document gave other bytes"
    );
    // What is there and is no component is somebody's work.
    let own = folder.path().join("litellm.yaml");
    fs::copy(&document, &own).unwrap();
    let own = own.to_str().unwrap();
    let spared = run(&["build", own, "-o", own]);
    assert_eq!((spared.code, &*spared.stdout), (Some(1), ""));
    assert!(
        spared.stderr.contains("is no component"),
        "{}",
        spared.stderr
    );
    assert_eq!(fs::read(own).unwrap(), fs::read(&document).unwrap());
    let tested = run(&["test", &document, output, "--format", "json"]);
    assert_eq!(tested.code, Some(0), "{}", tested.stderr);
    let reports: Value = serde_json::from_str(&tested.stdout).unwrap();
    assert_eq!(reports[0]["cases"], reports[1]["cases"]);
    assert_eq!(reports[0]["failed"], 0);
}

#[test]
fn every_error_of_a_document_is_printed_with_its_place() {
    let (folder, path) = written(
        "policy: p\nroutes:\n  GET /v1/models: {verdit: native}\n  POST /v1/chat/completions: \
         {verdict: native, model: json}\n",
    );
    let Ran {
        code,
        stdout,
        stderr,
    } = run(&["check", &path]);
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    assert!(
        stderr.contains(&format!("{path}:3:20: error[unknown_key]")),
        "{stderr}"
    );
    assert!(stderr.contains("did you mean `verdict`?"), "{stderr}");
    assert!(stderr.contains("error[missing_scope]"), "{stderr}");
    assert_eq!(run(&["build", &path, "-o", "/dev/null"]).code, Some(3));
    assert_eq!(run(&["test", &path]).code, Some(3));
    drop(folder);
}

#[test]
fn a_case_that_fails_shows_both_answers() {
    let (folder, path) = written(
        "policy: p\nroutes:\n  GET /v1/models: {verdict: native}\ncases:\n  - {name: wrong, \
         request: GET /v1/models, expect: {refuse: unknown_route}}\n",
    );
    let text = run(&["test", &path]);
    assert_eq!(text.code, Some(4));
    assert!(
        text.stdout.contains("expected refuse unknown_route"),
        "{}",
        text.stdout
    );
    assert!(text.stdout.contains("got      list []"), "{}", text.stdout);
    let junit = run(&["test", &path, "--format", "junit"]);
    assert!(
        junit.stdout.contains("<failure message="),
        "{}",
        junit.stdout
    );
    drop(folder);
}

#[test]
fn explain_names_the_check_that_refuses() {
    let document = file(LITELLM);
    let embeddings = ["POST", "/api/tenant/embeddings"];
    let base = [
        "explain",
        "--policy",
        &document,
        "--scope",
        "inference:chat",
        "--json",
    ];
    let ran = run(&[base.as_slice(), &embeddings].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let explained: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(explained["request"], "POST /v1/embeddings");
    assert_eq!(
        explained["decision"]["refuse"]["code"],
        "insufficient_scope"
    );
    let steps = explained["steps"].as_array().unwrap();
    let refusing = steps
        .iter()
        .find(|step| step["outcome"] == "refuse")
        .unwrap();
    assert_eq!(refusing["check"], "scope");
    let keys = format!("{}#litellm-prod", file("docs/examples/keys.yaml"));
    let by_key = run(&[
        "explain",
        "--policy",
        &document,
        "--key",
        &keys,
        "--model",
        "gpt-4o",
        "POST",
        "/chat/completions",
    ]);
    assert!(
        by_key.stdout.contains("as model support-agent"),
        "{}",
        by_key.stdout
    );
    let one = run(&[
        "explain",
        "--policy",
        &document,
        "--key",
        &keys,
        "GET",
        "/v1/models/gpt-5",
    ]);
    assert!(
        one.stdout
            .contains("may use: of gpt-5 alone, and 404 model_not_found if it is none of them"),
        "{}",
        one.stdout
    );
}

#[test]
fn what_is_no_policy_is_refused_with_the_next_step() {
    let (folder, path) = written("\0asm\x01\0\0\0");
    let core = run(&["test", &path]);
    assert_eq!(core.code, Some(1));
    assert!(core.stderr.contains("signalbox build"), "{}", core.stderr);
    assert_eq!(run(&["check", "/nowhere/policy.yaml"]).code, Some(1));
    drop(folder);
}

#[test]
fn what_keeps_a_module_from_being_a_policy_is_said() {
    let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
    types.ty().function([ValType::I32], []);
    let exit = EntityType::Function(0);
    imports.import("wasi_snapshot_preview1", "proc_exit", exit);
    let mut module = Module::new();
    module.section(&types).section(&imports);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("module.wasm");
    fs::write(&path, module.finish()).unwrap();
    let (path, out) = (path.to_str().unwrap(), folder.path().join("out.wasm"));
    let out = out.to_str().unwrap();
    let refused = run(&["build", path, "-o", out]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("--stub-wasi"), "{}", refused.stderr);
    // Stubbed, it still is no policy.
    let stubbed = run(&["build", "--stub-wasi", path, "-o", out]);
    assert_eq!(stubbed.code, Some(1));
    assert!(
        stubbed.stderr.contains("component-type"),
        "{}",
        stubbed.stderr
    );
    let document = run(&["build", "--stub-wasi", &file(LITELLM), "-o", out]);
    assert_eq!(document.code, Some(2));
    let alone = run(&["compose", &file(LITELLM), &file(LITELLM), "-o", out]);
    assert_eq!(alone.code, Some(2));
    assert!(
        alone.stderr.contains("signalbox-wrapper"),
        "{}",
        alone.stderr
    );
    assert!(!folder.path().join("out.wasm").exists());
}

fn written(text: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}
