//! `check`: what it finds, in each of its formats.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use signalbox_policy::Diagnostic;

use crate::signalbox::{Ran, command, file, run};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check")
}

/// The documents of the folder, by their names.
fn documents() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    names.sort();
    names
}

/// Runs `check` where the documents are, so that their names are all that is printed of their paths.
fn check(arguments: &[&str]) -> Ran {
    let arguments = [&["check"], arguments].concat();
    let output = command(&arguments).current_dir(folder()).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn json(document: &str) -> Value {
    let ran = check(&["--format", "json", document]);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn what_is_found_is_printed_as_written_down() {
    let version = env!("CARGO_PKG_VERSION");
    let mut differing = Vec::new();
    for document in documents() {
        for format in ["text", "json", "sarif"] {
            let ran = check(&["--format", format, &document]);
            let now = if format == "text" {
                assert_eq!(ran.stdout, "");
                ran.stderr
            } else {
                assert_eq!(ran.stderr, "");
                ran.stdout.replace(
                    &format!("\"version\": \"{version}\""),
                    "\"version\": \"VERSION\"",
                )
            };
            let golden = folder().join(&document).with_extension(format);
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
fn every_warning_has_a_document() {
    let mut found = BTreeSet::new();
    for document in documents() {
        let report = json(&document);
        let diagnostics = report[0]["diagnostics"].as_array().unwrap();
        let warnings = diagnostics.iter().filter(|it| it["severity"] == "warning");
        found.extend(warnings.map(|it| it["code"].as_str().unwrap().to_owned()));
    }
    let known: BTreeSet<String> = Diagnostic::WARNINGS
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, known);
}

#[test]
fn warnings_fail_where_they_are_denied_and_not_allowed() {
    let document = "unused_set.yaml";
    for (arguments, code) in [
        (&[][..], 0),
        (&["--deny-warnings"], 3),
        (&["--deny-warnings", "--allow", "unused_set"], 0),
        (&["--deny-warnings", "--allow", "unreachable_route"], 3),
        (&["--deny-warnings", "--format", "sarif"], 3),
        // An error is never allowed.
        (&["--allow", "unknown_key"], 2),
    ] {
        let ran = check(&[arguments, &[document]].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
    }
    assert_eq!(check(&["--deny-warnings", "fine.yaml"]).code, Some(0));
    let all = check(&["nowhere.yaml", "fine.yaml", "errors.yaml", document]);
    assert_eq!(all.code, Some(1));
    let both = check(&["fine.yaml", "errors.yaml", document]);
    assert_eq!(both.code, Some(3));
    assert!(
        all.stderr.ends_with(&both.stderr) && all.stderr.starts_with("error: cannot read"),
        "a file that cannot be read hides nothing of the others: {}",
        all.stderr
    );
    for said in [
        "fine.yaml: ok: policy `fine`",
        "errors.yaml: 2 errors; docs/errors.md",
        "unused_set.yaml: 1 warning; docs/errors.md",
    ] {
        assert!(both.stderr.contains(said), "{said}: {}", both.stderr);
    }
}

/// What the schema of SARIF 2.1.0 says must be there, by the path to each object.
const REQUIRED: &[(&str, &[&str])] = &[
    ("", &["version", "runs"]),
    ("/runs/*", &["tool"]),
    ("/runs/*/tool", &["driver"]),
    ("/runs/*/tool/driver", &["name"]),
    ("/runs/*/tool/driver/rules/*", &["id"]),
    ("/runs/*/tool/driver/rules/*/help", &["text"]),
    ("/runs/*/results/*", &["message"]),
    ("/runs/*/results/*/message", &["text"]),
];

/// All that is at a path, in which `*` is every entry of a list.
fn at<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    path.split('/').skip(1).fold(vec![value], |found, part| {
        let step = |value: &'v Value| match part {
            "*" => value.as_array().unwrap().iter().collect(),
            _ => vec![&value[part]],
        };
        found.into_iter().flat_map(step).collect()
    })
}

#[test]
fn sarif_has_what_its_schema_requires() {
    let names = documents();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ran = check(&[&["--format", "sarif"], names.as_slice()].concat());
    let log: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    for (path, required) in REQUIRED {
        let objects = at(&log, path);
        assert!(!objects.is_empty(), "{path}");
        for object in objects {
            for name in *required {
                assert!(object.get(name).is_some(), "{path} {name}: {object}");
            }
        }
    }
    let rules = at(&log, "/runs/*/tool/driver/rules/*");
    for result in at(&log, "/runs/*/results/*") {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        let region = &at(result, "/locations/*/physicalLocation/region")[0];
        assert!(region["startLine"].as_u64() >= Some(1), "{result}");
        assert!(region["startColumn"].as_u64() >= Some(1), "{result}");
    }
}

#[test]
fn what_this_repository_ships_has_no_warnings() {
    let runbooks = fs::read_dir(file("plugins/runbooks")).unwrap();
    let paths = runbooks.map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let paths = paths.map(|path| path.display().to_string());
    let paths: Vec<String> = paths.chain([file("docs/examples/policy.yaml")]).collect();
    assert!(paths.len() > 24, "{paths:?}");
    let paths = paths.iter().map(String::as_str);
    let arguments: Vec<&str> = ["check", "--deny-warnings"]
        .into_iter()
        .chain(paths)
        .collect();
    let ran = run(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}
