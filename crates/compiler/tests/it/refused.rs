//! Golden files: every `refused/*.wat` is no policy, and every `not_composed/*.wat` is not put together with another; its
//! `.stderr` says why. `BLESS=1` writes them.

use std::{env, error::Error, fs, path::Path};

use signalbox_compiler::{CompileError, Wasi, compose, role, wrap};

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
    golden("refused", |_, bytes| chain(&error_of(bytes)));
}

/// `outer_*.wat` comes before a policy, and a wrapper before `inner_*.wat`.
#[test]
fn what_is_not_composed_is_told_why() {
    let policy = wat::parse_str(POLICY).expect("WebAssembly");
    let wrapper = wat::parse_str(WRAPPER).expect("WebAssembly");
    golden("not_composed", |name, bytes| {
        let (outer, inner) = match name.starts_with("outer_") {
            true => (bytes, &*policy),
            false => (&*wrapper, bytes),
        };
        chain(&compose(outer, inner).expect_err("they do not fit"))
    });
}

/// Compares what is said of each file of a folder with what is written beside it.
fn golden(folder: &str, said_of: impl Fn(&str, &[u8]) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let files = fs::read_dir(&folder).expect("a folder");
    let paths = files.map(|file| file.expect("a file").path());
    let (mut count, mut stale) = (0, Vec::new());
    for path in paths.filter(|path| path.extension().is_some_and(|it| it == "wat")) {
        let bytes = wat::parse_file(&path).expect("WebAssembly");
        let name = path.file_name().and_then(|name| name.to_str());
        let said = said_of(name.expect("a name"), &bytes) + "\n";
        let expected = path.with_extension("stderr");
        if env::var_os("BLESS").is_some() {
            fs::write(&expected, &said).expect("written");
        }
        if fs::read_to_string(&expected).ok().as_ref() != Some(&said) {
            stale.push(format!("{}: {said}", expected.display()));
        }
        count += 1;
    }
    assert!(count > 9, "{count} cases");
    let stale = stale.concat();
    assert!(
        stale.is_empty(),
        "run with BLESS=1 if this is right:\n{stale}"
    );
}

/// Names alone are looked at before the types are.
const POLICY: &str =
    r#"(component (instance $it) (export "signalbox:policy/policy@0.2.0" (instance $it)))"#;
/// With one core instance of its own.
const WRAPPER: &str = r#"(component
    (core module $none)
    (core instance (instantiate $none))
    (import "signalbox:policy/policy@0.2.0" (instance $policy))
    (export "signalbox:policy/policy@0.2.0" (instance $policy)))"#;
