//! `signalbox new plugin`: the example of a language under another name.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::signalbox::{command, file};

fn new_plugin(folder: &Path, language: &str, name: &str) -> (Option<i32>, String) {
    let words = ["new", "plugin", "--lang", language, name];
    let ran = command(&words).current_dir(folder).output().unwrap();
    (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
}

#[test]
fn each_language_is_written_as_its_example_is() {
    let folder = TempDir::new().unwrap();
    for language in ["rust", "javascript", "python", "go", "c"] {
        let name = format!("my-{language}");
        let (code, said) = new_plugin(folder.path(), language, &name);
        assert_eq!(code, Some(0), "{said}");
        assert!(
            said.contains("signalbox demo --policy plugin.wasm"),
            "{said}"
        );
        let example = file(&format!("plugins/examples/{language}"));
        for path in [
            "README.md",
            "build.sh",
            "test.sh",
            "cases.yaml",
            "wit/policy.wit",
        ] {
            let written = fs::read_to_string(folder.path().join(&name).join(path)).unwrap();
            let example = fs::read_to_string(Path::new(&example).join(path)).unwrap();
            assert_eq!(written, example.replace("chat-budget", &name), "{path}");
        }
    }
    let manifest = fs::read_to_string(folder.path().join("my-rust/Cargo.toml")).unwrap();
    assert!(manifest.contains(r#"name = "my-rust""#), "{manifest}");
}

#[test]
fn nothing_is_written_over() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("mine")).unwrap();
    let (code, said) = new_plugin(folder.path(), "c", "mine");
    assert_eq!(code, Some(2));
    assert!(said.contains("mine is there already"), "{said}");
    let mut left = fs::read_dir(folder.path().join("mine")).unwrap();
    assert!(left.next().is_none());
    for name in ["../mine", "Mine", ""] {
        assert_eq!(new_plugin(folder.path(), "c", name).0, Some(2), "{name}");
    }
}
