//! How the host's files become components: documents are compiled, everything else is as it is.

use std::path::{Path, PathBuf};

use signalbox_host::{SourceError, Sources};
use signalbox_policy::{Values, read_with};

use crate::{
    cases_file,
    diagnosis::Included,
    policy_file::{NoPolicy, PolicyFile},
};

/// Files may be documents, and cases YAML.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Documents;

impl Sources for Documents {
    fn component(&self, path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, SourceError> {
        let name = path.display().to_string();
        let file = PolicyFile::of(&name, bytes, &Values::new()).map_err(|error| match error {
            NoPolicy::Invalid(errors) => SourceError::new("invalid_document", errors),
            NoPolicy::NotText(_) | NoPolicy::ValuesForComponent(_) => {
                SourceError::new("not_a_policy", error.to_string())
            }
        })?;
        let code = match &file {
            PolicyFile::CoreModule(_) => "core_module",
            _ => "not_compiled",
        };
        file.into_component()
            .map_err(|error| SourceError::new(code, format!("{name}: {error:#}")))
    }

    fn included(&self, path: &Path, bytes: &[u8]) -> Vec<PathBuf> {
        let mut included = Included::default();
        if let Ok(text) = str::from_utf8(bytes)
            && text.contains("include")
        {
            // What is wrong with it is found when its component is made.
            let name = path.display().to_string();
            drop(read_with(text, &name, &mut included, &Values::new()));
        }
        included.paths().map(PathBuf::from).collect()
    }

    fn cases(&self, path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, SourceError> {
        let name = path.display().to_string();
        // A case file in YAML is a mapping: a list is what cases become, and what the host takes.
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Ok(bytes);
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| SourceError::new("not_text", format!("{name} is not UTF-8")))?;
        let cases = cases_file::of(&name, &text)
            .map_err(|errors| SourceError::new("invalid_cases", errors))?;
        serde_json::to_vec(&cases)
            .map_err(|error| SourceError::new("invalid_cases", format!("{name}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(bytes: &[u8]) -> Result<Vec<u8>, SourceError> {
        Documents.component(Path::new("a.yaml"), bytes.to_vec())
    }

    #[test]
    fn documents_are_compiled_and_components_are_left_alone() {
        let compiled = component(b"policy: p\nroutes:\n  GET /v1/models: {verdict: native}\n");
        let compiled = compiled.unwrap();
        assert_eq!(compiled.get(..8), Some(&b"\0asm\x0d\0\x01\0"[..]));
        assert_eq!(component(&compiled), Ok(compiled));
    }

    #[test]
    fn the_files_of_a_document_are_those_it_asks_for() {
        let included = |text: &str| Documents.included(Path::new("a/p.yaml"), text.as_bytes());
        assert_eq!(included("policy: p\nroutes: {}\n"), [] as [PathBuf; 0]);
        assert_eq!(
            included("policy: p\ninclude: [../missing.yaml, b/c.yaml]\n"),
            [PathBuf::from("a/b/c.yaml"), PathBuf::from("missing.yaml")]
        );
    }

    #[test]
    fn what_is_no_policy_says_why_with_every_place() {
        let broken =
            component(b"policy: p\nrules: 1\nroutes:\n  GET /v1/models: {verdit: native}\n");
        let broken = broken.unwrap_err();
        assert_eq!(broken.code, "invalid_document");
        for place in ["a.yaml:2:1: error[", "a.yaml:4:20: error["] {
            assert!(broken.message.contains(place), "{broken}");
        }
        let module = component(b"\0asm\x01\0\0\0").unwrap_err();
        assert_eq!(module.code, "core_module");
        assert!(module.message.contains("signalbox build"), "{module}");
        assert_eq!(component(b"\xff").unwrap_err().code, "not_a_policy");
    }

    #[test]
    fn cases_may_be_yaml_or_json() {
        let cases = |text: &[u8]| Documents.cases(Path::new("c.yaml"), text.to_vec());
        let yaml = b"cases:\n  - {name: n, request: GET /v1/models, expect: {list: []}}\n";
        let json = cases(yaml).unwrap();
        assert_eq!(cases(&json), Ok(json.clone()));
        let broken = cases(b"cases:\n  - {name: n}\n").unwrap_err();
        assert!(broken.message.contains("c.yaml:2:"), "{broken}");
    }
}
