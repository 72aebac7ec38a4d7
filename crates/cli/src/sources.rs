//! How the host's files become components: documents are compiled, everything else is as it is.

use std::path::Path;

use signalbox_host::{ReadFile, SourceError, Sources};
use signalbox_policy::Values;

use crate::{
    cases_file,
    policy_file::{NoPolicy, PolicyFile},
};

/// Files may be documents, and cases YAML.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents {
    /// What is given for the names of every document.
    values: Values,
}

impl Documents {
    /// Those with these values.
    pub(crate) const fn with(values: Values) -> Self {
        Self { values }
    }
}

impl Sources for Documents {
    fn component(
        &self,
        path: &Path,
        bytes: Vec<u8>,
        read: &mut ReadFile<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        let name = path.display().to_string();
        let file =
            PolicyFile::for_host(&name, bytes, read, &self.values).map_err(
                |error| match error {
                    NoPolicy::Invalid(errors) => SourceError::new("invalid_document", errors),
                    NoPolicy::NotText(_) | NoPolicy::ValuesForComponent(_) => {
                        SourceError::new("not_a_policy", error.to_string())
                    }
                },
            )?;
        let code = match &file {
            PolicyFile::CoreModule(_) => "core_module",
            _ => "not_compiled",
        };
        file.into_component()
            .map_err(|error| SourceError::new(code, format!("{name}: {error:#}")))
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
    use std::io;

    use super::*;

    fn component(bytes: &[u8]) -> Result<Vec<u8>, SourceError> {
        let none = &mut |_: &Path| Err(io::ErrorKind::NotFound.into());
        Documents::default().component(Path::new("a/p.yaml"), bytes.to_vec(), none)
    }

    #[test]
    fn documents_are_compiled_and_components_are_left_alone() {
        let compiled = component(b"policy: p\nroutes:\n  GET /v1/models: {verdict: native}\n");
        let compiled = compiled.unwrap();
        assert_eq!(compiled.get(..8), Some(&b"\0asm\x0d\0\x01\0"[..]));
        assert_eq!(component(&compiled), Ok(compiled));
    }

    #[test]
    fn given_values_are_for_documents_that_have_their_names() {
        let given = [("agent".to_owned(), "sales-agent".to_owned())];
        let documents = Documents::with(given.into_iter().collect());
        let component = |bytes: &[u8]| {
            let none = &mut |_: &Path| Err(io::ErrorKind::NotFound.into());
            documents.component(Path::new("p.yaml"), bytes.to_vec(), none)
        };
        let routes = "routes:\n  POST /v1/embeddings: {verdict: native, scope: e, model: json}\n";
        let models = "values: {agent: {}}\nmodels:\n  m: {published: \"${agent}\"}\n";
        let made = component(format!("policy: p\n{routes}{models}").as_bytes()).unwrap();
        let carried = b"sales-agent";
        assert!(made.windows(carried.len()).any(|part| part == carried));
        let unknown = component(format!("policy: p\n{routes}").as_bytes()).unwrap_err();
        assert!(unknown.message.contains("unknown_value"), "{unknown}");
        assert_eq!(component(&made).unwrap_err().code, "not_a_policy");
    }

    #[test]
    fn the_files_of_a_document_are_read_once_and_not_shown() {
        let mut asked = Vec::new();
        let text = "policy: p\n\"incl\\x75de\": [../b.yaml, c/d.yaml, ../b.yaml]\n";
        let read = &mut |path: &Path| {
            asked.push(path.display().to_string());
            Ok(b"a-secret: in a line that is not shown\n".to_vec())
        };
        let made = Documents::default().component(Path::new("a/p.yaml"), text.into(), read);
        let message = made.unwrap_err().message;
        assert_eq!(asked, ["b.yaml", "a/c/d.yaml"]);
        assert!(message.contains("b.yaml:1:1: error["), "{message}");
        assert!(!message.contains("not shown"), "{message}");
    }

    #[test]
    fn what_is_no_policy_says_why_with_every_place() {
        let broken =
            component(b"policy: p\nrules: 1\nroutes:\n  GET /v1/models: {verdit: native}\n");
        let broken = broken.unwrap_err();
        assert_eq!(broken.code, "invalid_document");
        for place in ["a/p.yaml:2:1: error[", "a/p.yaml:4:20: error["] {
            assert!(broken.message.contains(place), "{broken}");
        }
        let module = component(b"\0asm\x01\0\0\0").unwrap_err();
        assert_eq!(module.code, "core_module");
        assert!(module.message.contains("signalbox build"), "{module}");
        assert_eq!(component(b"\xff").unwrap_err().code, "not_a_policy");
    }

    #[test]
    fn cases_may_be_yaml_or_json() {
        let cases = |text: &[u8]| Documents::default().cases(Path::new("c.yaml"), text.to_vec());
        let yaml = b"cases:\n  - {name: n, request: GET /v1/models, expect: {list: []}}\n";
        let json = cases(yaml).unwrap();
        assert_eq!(cases(&json), Ok(json.clone()));
        let broken = cases(b"cases:\n  - {name: n}\n").unwrap_err();
        assert!(broken.message.contains("c.yaml:2:"), "{broken}");
    }
}
