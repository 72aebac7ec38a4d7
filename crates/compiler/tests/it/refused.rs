//! Golden files: every `refused/*.wat` is no policy, and its `.stderr` says why. `BLESS=1` writes
//! them.

use std::{env, error::Error, fs, path::Path};

use signalbox_compiler::{CompileError, Wasi, role, wrap};

fn error_of(bytes: &[u8]) -> CompileError {
    // What is no module may be a component.
    match wrap(bytes, Wasi::Refused).expect_err("no policy") {
        CompileError::IsComponent => role(bytes).expect_err("no policy"),
        error => error,
    }
}

/// An error with what caused it, as the command prints it.
fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

#[test]
fn what_is_no_policy_is_told_why() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let files = fs::read_dir(&folder).expect("a folder");
    let paths = files.map(|file| file.expect("a file").path());
    let (mut count, mut stale) = (0, Vec::new());
    for path in paths.filter(|path| path.extension().is_some_and(|it| it == "wat")) {
        let bytes = wat::parse_file(&path).expect("WebAssembly");
        let said = chain(&error_of(&bytes)) + "\n";
        let expected = path.with_extension("stderr");
        if env::var_os("BLESS").is_some() {
            fs::write(&expected, &said).expect("written");
        }
        if fs::read_to_string(&expected).ok().as_ref() != Some(&said) {
            stale.push(format!("{}: {said}", expected.display()));
        }
        count += 1;
    }
    assert!(count > 10, "{count} cases");
    let stale = stale.concat();
    assert!(
        stale.is_empty(),
        "run with BLESS=1 if this is right:\n{stale}"
    );
}
