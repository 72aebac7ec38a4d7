//! `fmt`: files and stdin, and what it leaves alone.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Output, Stdio},
};

use tempfile::TempDir;

use crate::signalbox::{command, file, run};

const UNTIDY: &str =
    "# Ours.\npolicy:   'p'\n\n\nroutes:\n    GET /v1/models: { verdict: native } # all\n";
const TIDY: &str = "# Ours.\npolicy: p\n\nroutes:\n  GET /v1/models: {verdict: native}  # all\n";

fn written(text: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn piped(arguments: &[&str], text: &str) -> Output {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[test]
fn a_file_is_laid_out_once_and_keeps_its_mode() {
    let (_folder, path) = written(UNTIDY);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let checked = run(&["fmt", "--check", &path]);
    assert_eq!(checked.code, Some(1));
    assert!(
        checked.stderr.contains(&format!("{path}: not formatted")),
        "{}",
        checked.stderr
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), UNTIDY);
    let formatted = run(&["fmt", &path]);
    assert_eq!((formatted.code, formatted.stdout.as_str()), (Some(0), ""));
    assert_eq!(fs::read_to_string(&path).unwrap(), TIDY);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let again = run(&["fmt", "--check", &path]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""));
}

#[test]
fn stdin_goes_to_stdout() {
    for text in [UNTIDY, TIDY] {
        let output = piped(&["fmt", "-"], text);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), TIDY);
    }
    let checked = piped(&["fmt", "--check", "-"], UNTIDY);
    assert_eq!(
        (checked.status.code(), checked.stdout.as_slice()),
        (Some(1), &b""[..])
    );
}

#[test]
fn what_cannot_be_read_stays_and_the_others_are_laid_out() {
    let (_folder, untidy) = written(UNTIDY);
    let (_other, broken) = written("policy: &a p\n");
    let ran = run(&["fmt", &broken, &untidy]);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stderr
            .contains(&format!("{broken}:1:9: error[yaml_anchor]")),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_to_string(&broken).unwrap(), "policy: &a p\n");
    assert_eq!(fs::read_to_string(&untidy).unwrap(), TIDY);
    let (_third, untidy) = written(UNTIDY);
    assert_eq!(run(&["fmt", "/nowhere/p.yaml", &untidy]).code, Some(1));
    assert_eq!(fs::read_to_string(&untidy).unwrap(), TIDY);
    assert_eq!(run(&["fmt"]).code, Some(2));
}

#[test]
fn runbooks_and_examples_are_laid_out() {
    let folders = ["plugins/runbooks", "plugins/runbooks/base"];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(file(folder)).unwrap());
    let mut paths: Vec<String> = files
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".yaml"))
        .collect();
    assert!(paths.len() > 23, "{paths:?}");
    paths.extend(
        ["policy", "cases", "keys"].map(|name| file(&format!("docs/examples/{name}.yaml"))),
    );
    let arguments = ["fmt", "--check"]
        .into_iter()
        .chain(paths.iter().map(String::as_str));
    let checked = run(&arguments.collect::<Vec<_>>());
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""));
}
