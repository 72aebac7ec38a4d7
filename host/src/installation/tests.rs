//! What needs two versions that make different components; everything else is tested by the command.

use std::path::Path;
use std::sync::Arc;

use super::{Effect, check};
use crate::Host;
use crate::config::Config;
use crate::policy_sources::sources::{ReadFile, SourceError, Sources};

/// A version, by the component it makes of whatever lies in the file.
#[derive(Debug)]
struct Makes(Vec<u8>);

impl Sources for Makes {
    fn component(
        &self,
        _: &Path,
        _: Vec<u8>,
        _: &mut ReadFile<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        Ok(self.0.clone())
    }

    fn cases(&self, _: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, SourceError> {
        Ok(bytes)
    }
}

fn makes(name: &str) -> Arc<Makes> {
    let document = format!("policy: {name}\nroutes:\n  GET /v1/models: {{verdict: native}}\n");
    let policy = signalbox_policy::read(&document).unwrap();
    Arc::new(Makes(
        signalbox_compiler::compile(&policy, &document).unwrap(),
    ))
}

#[tokio::test]
async fn a_document_that_becomes_another_component_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("gt-key", "a-key");
    write("keys.yaml", "keys: []\n");
    write("policy.yaml", "the same for both");
    let text = "listen: 127.0.0.1:0\nupstream: {url: 'http://127.0.0.1:9', credentials: \
                {inference: {file: gt-key}}}\npolicies: {default: policy.yaml}\nkeys: \
                keys.yaml\nstate: state\n";
    let mut config = Config::parse(text, folder.path()).unwrap();
    config.sources = makes("old");
    drop(Host::bind(config.clone(), Vec::new()).await.unwrap());
    assert_eq!(check(&config), []);

    config.sources = makes("new");
    let found = check(&config);
    let [finding] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (finding.effect, finding.code),
        (Effect::Differs, "recompiled")
    );
    assert_eq!(finding.file, Some(folder.path().join("policy.yaml")));

    // A changed file is expected to become another one.
    write("policy.yaml", "edited");
    assert_eq!(check(&config), []);
}
