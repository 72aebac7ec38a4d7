//! Pulls from a registry as people run them, of what the specification's calls and oras push there.

use std::fs;

use serde_json::json;
use signalbox_harness::{
    docker_registry::{DockerRegistry, digest},
    policies::{component, runbook},
};
use signalbox_registry::{Login, Part, PullError, Pulled, Reference, Registry, Settings};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn asking(server: &DockerRegistry, password: Option<&str>) -> Registry {
    let settings = Settings {
        plaintext: vec![server.place()],
        login: password.map(|password| Login {
            user: DockerRegistry::USER.to_owned(),
            password: password.into(),
            registries: vec![server.place()],
        }),
        ..Settings::default()
    };
    Registry::new(settings).unwrap()
}

fn reference(server: &DockerRegistry, name: &str) -> Reference {
    server.reference(name).parse().unwrap()
}

fn pull(registry: &Registry, from: &Reference) -> Result<Pulled, PullError> {
    block_on(registry.pull(from))
}

fn look(registry: &Registry, at: &Reference) -> Result<String, PullError> {
    block_on(registry.look(at)).map(|digest| digest.to_string())
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_tag_is_followed_and_a_digest_stays() {
    let server = DockerRegistry::start();
    let registry = asking(&server, None);
    let (first, second) = (component(&runbook("litellm")), component(&runbook("full")));
    let stable = reference(&server, "policies/litellm:stable");

    let one = server.push("policies/litellm", "stable", &first, &json!({}));
    assert_eq!(look(&registry, &stable).unwrap(), one);
    let pulled = pull(&registry, &stable).unwrap();
    assert_eq!(
        (pulled.manifest.to_string(), &pulled.component),
        (one.clone(), &first)
    );
    assert_eq!(pulled.statement, None);

    let two = server.push("policies/litellm", "stable", &second, &json!({}));
    assert_ne!(one, two);
    assert_eq!(look(&registry, &stable).unwrap(), two);
    assert_eq!(pull(&registry, &stable).unwrap().component, second);

    let pinned = reference(&server, &format!("policies/litellm@{one}"));
    assert_eq!(pull(&registry, &pinned).unwrap().component, first);
}

#[test]
fn what_oras_pushes_is_pulled_with_its_statement() {
    let statement =
        r#"{"payloadType":"application/vnd.signalbox.statement+json","payload":"e30="}"#;
    let litellm = component(&runbook("litellm"));
    for (server, password) in [
        (DockerRegistry::start(), None),
        (
            DockerRegistry::start_with_login(),
            Some(DockerRegistry::PASSWORD),
        ),
    ] {
        let manifest = server.push_with_oras("policies/litellm:v1", &litellm, statement);
        let registry = asking(&server, password);
        let v1 = reference(&server, "policies/litellm:v1");
        assert_eq!(look(&registry, &v1).unwrap(), manifest);
        let pulled = pull(&registry, &v1).unwrap();
        assert_eq!(pulled.manifest.to_string(), manifest);
        assert_eq!(pulled.component, litellm);
        assert_eq!(pulled.statement.as_deref(), Some(statement.as_bytes()));
    }
}

#[test]
fn who_may_not_pull_is_told_why() {
    let server = DockerRegistry::start_with_login();
    server.push("litellm", "latest", b"a component", &json!({}));
    let latest = reference(&server, "litellm");
    for (password, cause) in [(None, "login_needed"), (Some("wrong"), "login_refused")] {
        let registry = asking(&server, password);
        assert_eq!(pull(&registry, &latest).unwrap_err().cause(), cause);
        assert_eq!(look(&registry, &latest).unwrap_err().cause(), cause);
    }
    let registry = asking(&server, Some(DockerRegistry::PASSWORD));
    assert_eq!(pull(&registry, &latest).unwrap().component, b"a component");
}

#[test]
fn what_is_not_there_or_no_component_is_told_as_such() {
    let server = DockerRegistry::start();
    let registry = asking(&server, None);
    let manifest = server.push("litellm", "v1", b"a component", &json!({}));
    for name in [
        "litellm:v2",
        "unknown:v1",
        &format!("litellm@{}", digest(b"")),
    ] {
        let error = pull(&registry, &reference(&server, name)).unwrap_err();
        assert!(
            matches!(error, PullError::NotFound(Part::Manifest)),
            "{name}: {error:?}"
        );
    }
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": manifest,
            "size": fs::metadata(server.stored(&manifest)).unwrap().len(),
        }],
    });
    server.push_manifest("litellm", "all", INDEX, &index);
    let error = pull(&registry, &reference(&server, "litellm:all")).unwrap_err();
    assert!(matches!(error, PullError::Index), "{error:?}");
}

#[test]
fn what_rots_in_a_registry_is_refused() {
    let server = DockerRegistry::start();
    let registry = asking(&server, None);
    let latest = reference(&server, "litellm");
    let good = component(&runbook("litellm"));
    let manifest = server.push("litellm", "latest", &good, &json!({}));

    let blob = server.stored(&digest(&good));
    let mut rotten = good.clone();
    rotten[100] ^= 1;
    fs::write(&blob, &rotten).unwrap();
    let error = pull(&registry, &latest).unwrap_err();
    assert!(
        matches!(&error, PullError::Component { found, .. } if found.to_string() == digest(&rotten)),
        "{error:?}"
    );

    fs::write(&blob, &good).unwrap();
    assert_eq!(pull(&registry, &latest).unwrap().component, good);
    fs::write(server.stored(&manifest), b"{}").unwrap();
    assert!(pull(&registry, &latest).is_err());
}
