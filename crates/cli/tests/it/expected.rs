//! What commands print, as it is written down in `tests/expected`. `BLESS=1` writes it.

use std::{fs, path::PathBuf};

use crate::signalbox::Ran;

/// A file of that folder.
pub(crate) fn path(name: &str) -> String {
    folder().join(name).display().to_string()
}

/// Compares what stands on stdout and stderr with the file of a name. What depends on the folder or on
/// the engine of the day is left out.
pub(crate) fn assert_printed(name: &str, ran: &Ran) {
    let folder = format!("{}/", folder().display());
    let now = format!(
        "exit {}\n{}{}",
        ran.code.unwrap(),
        ran.stdout,
        notes(&ran.stderr)
    );
    let root = format!("{}/", crate::signalbox::file("."));
    let now = without_digests(&now.replace(&folder, "").replace(&root, ""));
    let golden = path(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, &now).unwrap();
        return;
    }
    let known = fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(now, known, "{golden}; BLESS=1 writes it");
}

fn notes(stderr: &str) -> String {
    match stderr.is_empty() {
        true => String::new(),
        false => format!("--- stderr\n{stderr}"),
    }
}

/// Digests, whole or cut short, as `…`.
fn without_digests(text: &str) -> String {
    let is_digest = |word: &str| {
        matches!(word.len(), 12 | 64)
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && word.bytes().any(|byte| byte.is_ascii_digit())
    };
    let between = |c: char| !c.is_ascii_alphanumeric();
    let words = text.split_inclusive(between).map(|word| {
        let end = word.find(between).unwrap_or(word.len());
        let (word, mark) = word.split_at(end);
        let word = if is_digest(word) { "…" } else { word };
        [word, mark].concat()
    });
    words.collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/expected")
}
