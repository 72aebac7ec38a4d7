//! `signalbox test --laws`: what holds for any policy, and the case that shows that it does not.

use std::{fs, path::Path};

use serde_json::Value;
use signalbox_testkit::guests::Guest;
use tempfile::TempDir;

use crate::signalbox::{file, run};

/// A component whose decision for the key of a case is this.
fn component(folder: &Path, guest: &Guest) -> String {
    let path = folder.join("guest.wasm");
    fs::write(&path, guest.component()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn every_runbook_keeps_every_law() {
    let folder = fs::read_dir(file("plugins/runbooks")).unwrap();
    let paths = folder.map(|it| it.unwrap().path().to_str().unwrap().to_owned());
    let paths: Vec<_> = paths.filter(|path| path.ends_with(".yaml")).collect();
    let mut arguments = vec!["test", "--laws", "--format", "json"];
    arguments.extend(paths.iter().map(String::as_str));
    let ran = run(&arguments);
    for tested in json(&ran.stdout).as_array().unwrap() {
        assert_eq!(
            tested["laws"]["broken"], 0,
            "{}: {}",
            tested["file"], tested["laws"]
        );
        assert_eq!(tested["laws"]["requests"], 256);
        assert_eq!(tested["laws"]["laws"].as_array().unwrap().len(), 8);
    }
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn a_broken_law_is_shown_with_a_case_to_paste() {
    let folder = TempDir::new().unwrap();
    let guest = component(folder.path(), &Guest::code("(unreachable)"));
    let ran = run(&["test", &guest, "--laws"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("laws: 8, 1 broken, 256 requests, seed 0\n"),
        "{}",
        ran.stdout
    );
    let broken = "broken   answers: the policy trapped on unreachable code";
    assert!(ran.stdout.contains(broken), "{}", ran.stdout);
    // The line is a case of a case file, and the case fails as the law did.
    let case = ran
        .stdout
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("- {"));
    let cases = folder.path().join("cases.yaml");
    fs::write(&cases, format!("cases:\n  {}\n", case.unwrap())).unwrap();
    let again = run(&["test", &guest, "--cases", cases.to_str().unwrap()]);
    assert_eq!(again.code, Some(4), "{}", again.stderr);
    assert!(
        again.stdout.contains("error  law answers\n"),
        "{}",
        again.stdout
    );
}

#[test]
fn every_format_has_each_law() {
    let folder = TempDir::new().unwrap();
    let guest = component(folder.path(), &Guest::code("(loop (br 0)) (unreachable)"));
    let ran = run(&["test", &guest, "--laws", "--format", "json"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let laws = &json(&ran.stdout)[0]["laws"];
    assert_eq!(laws["broken"], 1, "{laws}");
    let of = |word: &str| {
        let mut laws = laws["laws"].as_array().unwrap().iter();
        laws.find(|law| law["law"] == word).unwrap().clone()
    };
    assert_eq!(of("in_time")["outcome"], "broken");
    assert_eq!(of("in_time")["message"], "the policy ran out of time");
    assert!(of("in_time")["case"]["request"].is_string(), "{laws}");
    assert_eq!(of("legal")["outcome"], "holds");
    let junit = run(&["test", &guest, "--laws", "--format", "junit"]).stdout;
    let suite = format!("<testsuite name=\"{guest}: laws\" tests=\"8\" failures=\"1\"");
    assert!(junit.contains(&suite), "{junit}");
    assert!(junit.contains("name=\"in_time\""), "{junit}");
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let folder = TempDir::new().unwrap();
    // An instance that is asked again refuses with another status.
    let counts = Guest {
        fields: "(global $calls (mut i32) (i32.const 400))".into(),
        ..Guest::code(
            "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
             (i32.store8 (i32.const 0) (i32.const 3))
             (i32.store16 (i32.const 4) (global.get $calls))
             (i32.store8 (i32.const 100) (i32.const 0x78))
             (i32.store (i32.const 8) (i32.const 100)) (i32.store (i32.const 12) (i32.const 1))
             (i32.const 0)",
        )
    };
    let guest = component(folder.path(), &counts);
    let by = |seed: &str| run(&["test", &guest, "--laws", "--seed", seed]).stdout;
    let first = by("7");
    assert!(first.contains("requests, seed 7\n"), "{first}");
    assert!(first.contains("broken   deterministic: "), "{first}");
    assert_eq!(first, by("7"));
}

#[test]
fn fuzzing_goes_on_for_its_time() {
    let path = file("plugins/runbooks/litellm.yaml");
    let ran = run(&["test", &path, "--fuzz", "1", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let requests = json(&ran.stdout)[0]["laws"]["requests"].as_u64();
    assert!(requests.unwrap() >= 256, "{requests:?}");
}

#[test]
fn without_cases_there_are_laws() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(
        &path,
        "policy: p\nroutes:\n  GET /v1/models: {verdict: native}\n",
    )
    .unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(run(&["test", path]).code, Some(1));
    let ran = run(&["test", path, "--laws"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("0 passed, 0 failed, 0 errors\nlaws: 8, 0 broken"),
        "{}",
        ran.stdout
    );
}
