use std::fs;

use super::*;
use crate::policy_sources::sources::ReadFile;

/// A file names others, and is made of what they say.
#[derive(Debug)]
struct Together;

impl Sources for Together {
    fn component(
        &self,
        path: &Path,
        bytes: Vec<u8>,
        read: &mut ReadFile<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        let mut made = Vec::new();
        for name in String::from_utf8_lossy(&bytes).split_whitespace() {
            let said = read(&path.with_file_name(name));
            made.extend(said.map_err(|error| SourceError::new("missing", error.to_string()))?);
        }
        Ok(made)
    }

    fn cases(&self, _: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, SourceError> {
        Ok(bytes)
    }
}

#[test]
fn it_has_changed_when_all_of_it_stands_still() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| fs::write(at(name), text).unwrap();
    write("policy", "base other");
    write("base", "1");
    write("other", "2");
    let (Found { mut file, .. }, made) = Found::read("p", &at("policy"), &Together);
    assert_eq!(made.unwrap(), b"12");
    assert!(!file.has_changed());

    write("base", "one");
    assert!(!file.has_changed(), "it may be written just now");
    // The base stands still by now, and the rest is still coming.
    write("other", "t");
    assert!(!file.has_changed());
    write("other", "two");
    assert!(!file.has_changed());
    assert!(file.has_changed());
    assert_eq!(file.read(&Together).unwrap().component, b"onetwo");
    assert!(!file.has_changed());
}

#[test]
fn a_source_is_known_though_nothing_comes_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy");
    fs::write(&path, "base").unwrap();
    let read = || {
        let (found, made) = Found::read("p", &path, &Together);
        (found.source.unwrap(), made.is_ok())
    };
    let missing = read();
    fs::write(folder.path().join("base"), "1").unwrap();
    let there = read();
    assert_eq!((missing.1, there.1), (false, true));
    assert_ne!(missing.0, there.0);
    assert_eq!(read(), there);
}
