//! `check --envoy`: what it finds in configurations of Envoy, in each of its formats.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::signalbox::command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check_envoy")
}

fn deployed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/envoy")
}

/// What is printed on either output, and how the command ends.
fn check(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["check"], arguments].concat();
    let output = command(&arguments).current_dir(folder).output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn configurations(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    names.sort();
    names
}

#[test]
fn what_is_found_is_printed_as_written_down() {
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let mut differing = Vec::new();
    for file in configurations(&folder()) {
        for format in ["text", "json", "sarif"] {
            let (_, stdout, stderr) = check(&folder(), &["--format", format, "--envoy", &file]);
            let now = match format {
                "text" => stderr,
                _ => stdout.replace(&version, "\"version\": \"VERSION\""),
            };
            let golden = folder().join(&file).with_extension(format);
            if std::env::var_os("BLESS").is_some() {
                fs::write(&golden, &now).unwrap();
            } else if fs::read_to_string(&golden).ok().as_ref() != Some(&now) {
                differing.push(format!("{}:\n{now}", golden.display()));
            }
        }
    }
    assert!(
        differing.is_empty(),
        "run with BLESS=1 if this is right:\n{}",
        differing.join("\n")
    );
}

#[test]
fn nothing_is_found_in_what_is_deployed() {
    for file in configurations(&deployed()) {
        let (code, _, said) = check(&deployed(), &["--deny-warnings", "--envoy", &file]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("ok: 1 listeners ask the gate"), "{said}");
    }
}

/// Each change of what is deployed, and what is found then.
#[test]
fn each_way_to_open_it_is_found() {
    let whole = fs::read_to_string(deployed().join("ext-proc.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (from, to, code) in [
        (
            "failure_mode_allow: false",
            "failure_mode_allow: true",
            "envoy_fails_open",
        ),
        (
            "allow_mode_override: true",
            "allow_mode_override: false",
            "envoy_not_obeyed",
        ),
        (
            "request_body_mode: NONE",
            "request_body_mode: STREAMED",
            "envoy_body_hidden",
        ),
        (
            "request_body_mode: NONE",
            "request_body_mode: BUFFERED_PARTIAL",
            "envoy_body_hidden",
        ),
        (
            "response_body_mode: STREAMED",
            "response_body_mode: NONE",
            "envoy_body_hidden",
        ),
        (
            "request_header_mode: SEND",
            "request_header_mode: SKIP",
            "envoy_head_hidden",
        ),
        (
            "response_trailer_mode: SEND",
            "response_trailer_mode: SKIP",
            "envoy_trailers",
        ),
        (
            "message_timeout: 10s",
            "stat_prefix: gate",
            "envoy_message_timeout",
        ),
        (
            "message_timeout: 10s",
            "observability_mode: true",
            "envoy_not_obeyed",
        ),
        (
            "message_timeout: 10s",
            "disable_immediate_response: true",
            "envoy_not_obeyed",
        ),
        (
            "message_timeout: 10s",
            "forward_rules: {}",
            "envoy_head_hidden",
        ),
        (
            "route_cache_action: RETAIN",
            "route_cache_action: CLEAR",
            "envoy_route_cache",
        ),
        ("allow_all_routing: true, ", "", "envoy_not_obeyed"),
        ("allow_envoy: true, ", "", "envoy_not_obeyed"),
        (", disallow_is_error: true", "", "envoy_not_obeyed"),
        (
            "use_remote_address: true",
            "use_remote_address: false",
            "envoy_trusts_clients",
        ),
        ("timeout: 0s", "priority: HIGH", "envoy_route_timeout"),
        (
            "idle_timeout: 640s",
            "idle_timeout: 0s",
            "envoy_route_timeout",
        ),
        (
            "timeout: 0s",
            "timeout: 0s\n                  retry_policy: {}",
            "envoy_retries",
        ),
        (
            "timeout: 0s",
            "timeout: 0s\n                  internal_redirect_policy: {}",
            "envoy_redirects",
        ),
        (
            "timeout: 0s",
            "timeout: 0s\n                  prefix_rewrite: /",
            "envoy_changes_after",
        ),
        (
            "                    overrides:",
            "                    disabled: true\n                    overrides:",
            "envoy_gate_disabled",
        ),
        (
            "connection_keepalive: { interval: 5s, timeout: 5s }",
            "max_concurrent_streams: 9",
            "envoy_no_keepalive",
        ),
        (
            "pipe: { path: /run/signalbox/ext-proc.sock }",
            "socket_address: { address: 10.0.0.1, port_value: 9000 }",
            "envoy_open_processor",
        ),
        ("ExternalProcessor\n", "Other\n", "envoy_no_gate"),
    ] {
        assert!(whole.contains(from), "{from}");
        let file = folder.path().join("envoy.yaml");
        fs::write(&file, whole.replace(from, to)).unwrap();
        let arguments = ["--format", "json", "--envoy", "envoy.yaml"];
        let (status, said, _) = check(folder.path(), &arguments);
        let report: Value = serde_json::from_str(&said).unwrap();
        let found = report[0]["diagnostics"].as_array().unwrap();
        let found: Vec<&str> = found
            .iter()
            .map(|it| it["code"].as_str().unwrap())
            .collect();
        assert!(found.contains(&code), "{to}: {found:?}");
        let is_error = report[0]["errors"].as_u64() > Some(0);
        assert_eq!(status, Some(if is_error { 3 } else { 0 }), "{to}");
    }
}

#[test]
fn what_is_no_configuration_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("envoy.yaml"), "a: [").unwrap();
    let (code, _, said) = check(folder.path(), &["--envoy", "envoy.yaml"]);
    assert_eq!(code, Some(1), "{said}");
    let (code, ..) = check(folder.path(), &["--envoy", "absent.yaml"]);
    assert_eq!(code, Some(1));
    let (code, ..) = check(folder.path(), &[]);
    assert_eq!(code, Some(2));
}

#[test]
fn every_code_has_a_section_and_every_section_a_code() {
    let page = fs::read_to_string(crate::signalbox::file("docs/errors.md")).unwrap();
    let (_, part) = page.split_once("\n## Configurations of Envoy\n").unwrap();
    let part = part.split("\n## ").next().unwrap();
    let headings = part.lines().filter_map(|line| line.strip_prefix("### "));
    let mut sections: Vec<&str> = headings.map(|heading| heading.trim_matches('`')).collect();
    sections.sort_unstable();
    let codes = fs::read_to_string(crate::signalbox::file(
        "crates/cli/src/command/check/envoy/codes.rs",
    ));
    let codes = codes.unwrap();
    let mut known: Vec<&str> = codes
        .lines()
        .filter_map(|line| line.trim().split_once(" = \"envoy_"))
        .filter_map(|(_, rest)| rest.split('"').next())
        .collect();
    known.sort_unstable();
    let named: Vec<&str> = sections
        .iter()
        .filter_map(|it| it.strip_prefix("envoy_"))
        .collect();
    assert_eq!(named, known);
}
