//! What an honest registry gives.

use serde_json::json;
use signalbox_registry::{ManifestDigest, PullError, Registry, Settings};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::server::{MANIFEST, Reply, Server, Stored};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

#[tokio::test]
async fn a_tag_is_pulled_and_says_what_it_stands_for() {
    let stored = Stored::new(b"a component");
    let digest = stored.digest();
    let server = Server::start(move |asked| stored.reply(asked)).await;
    let pulled = server.pull().await.unwrap();
    assert_eq!(pulled.component, b"a component");
    assert_eq!(pulled.manifest, digest);
    assert_eq!(pulled.statement, None);
    let blob = ManifestDigest::of(b"a component");
    assert_eq!(
        server.lines(),
        [
            "GET /v2/policies/litellm/manifests/stable".to_owned(),
            format!("GET /v2/policies/litellm/blobs/{blob}"),
        ]
    );
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

#[tokio::test]
async fn a_digest_is_pulled() {
    let stored = Stored::new(b"a component");
    let digest = stored.digest();
    let server = Server::start(move |asked| stored.reply(asked)).await;
    let registry = Registry::new(server.settings()).unwrap();
    let pulled = registry.pull(&server.pinned(digest)).await.unwrap();
    assert_eq!(
        (pulled.manifest, &*pulled.component),
        (digest, &b"a component"[..])
    );
}

#[tokio::test]
async fn a_look_takes_one_request_without_a_body_and_none_for_a_digest() {
    let stored = Stored::new(b"a component");
    let digest = stored.digest();
    let server = Server::start(move |asked| stored.reply(asked)).await;
    assert_eq!(server.look().await.unwrap(), digest);
    let registry = Registry::new(server.settings()).unwrap();
    assert_eq!(registry.look(&server.pinned(digest)).await.unwrap(), digest);
    assert_eq!(
        server.lines(),
        ["HEAD /v2/policies/litellm/manifests/stable"]
    );
}

#[tokio::test]
async fn a_look_fetches_the_manifest_where_head_says_nothing() {
    for status in [200, 405, 501] {
        let stored = Stored::new(b"a component");
        let digest = stored.digest();
        let server = Server::start(move |asked| match asked.is_for("HEAD") {
            true => Reply::new(status, &[], b""),
            false => stored.reply(asked),
        })
        .await;
        assert_eq!(server.look().await.unwrap(), digest, "{status}");
    }
}

#[tokio::test]
async fn layers_of_older_tools_are_pulled_whatever_the_config_is() {
    let stored = Stored::changed(b"a component", |manifest| {
        manifest["layers"][0]["mediaType"] = json!("application/vnd.wasm.content.layer.v1+wasm");
        manifest["config"]["mediaType"] = json!("application/vnd.wasm.config.v1+json");
        manifest.as_object_mut().unwrap().remove("mediaType");
    });
    let server = Server::start(move |asked| stored.reply(asked)).await;
    assert_eq!(server.pull().await.unwrap().component, b"a component");
}

#[tokio::test]
async fn other_layers_are_left_alone() {
    let stored = Stored::changed(b"a component", |manifest| {
        let mut other = manifest["layers"][0].clone();
        other["mediaType"] = json!("application/spdx+json");
        other["digest"] = json!(ManifestDigest::of(b"bill of materials").to_string());
        manifest["layers"].as_array_mut().unwrap().insert(0, other);
    });
    let server = Server::start(move |asked| stored.reply(asked)).await;
    assert_eq!(server.pull().await.unwrap().component, b"a component");
}

#[tokio::test]
async fn a_statement_stands_at_the_manifest_or_at_its_layer() {
    let envelope = r#"{"payloadType":"application/vnd.signalbox.statement+json"}"#;
    let note = json!({"dev.signalbox.statement": envelope});
    for (on_manifest, on_layer) in [(true, false), (false, true), (true, true)] {
        let note = note.clone();
        let stored = Stored::changed(b"a component", |manifest| {
            if on_manifest {
                manifest["annotations"] = note.clone();
            }
            if on_layer {
                manifest["layers"][0]["annotations"] = note;
            }
        });
        let server = Server::start(move |asked| stored.reply(asked)).await;
        let statement = server.pull().await.unwrap().statement;
        assert_eq!(statement.as_deref(), Some(envelope.as_bytes()));
    }
}

#[tokio::test]
async fn two_statements_that_differ_are_refused() {
    let stored = Stored::changed(b"a component", |manifest| {
        manifest["annotations"] = json!({"dev.signalbox.statement": "{}"});
        manifest["layers"][0]["annotations"] = json!({"dev.signalbox.statement": "{ }"});
    });
    let server = Server::start(move |asked| stored.reply(asked)).await;
    assert!(matches!(server.pull().await, Err(PullError::Statements)));
}

#[tokio::test]
async fn only_one_layer_can_be_the_component() {
    for count in [0, 2] {
        let stored = Stored::changed(b"a component", |manifest| {
            let layer = manifest["layers"][0].clone();
            manifest["layers"] = vec![layer; count].into();
        });
        let server = Server::start(move |asked| stored.reply(asked)).await;
        let pulled = server.pull().await;
        assert!(
            matches!(pulled, Err(PullError::Layers(found)) if found == count),
            "{pulled:?}"
        );
    }
}

#[tokio::test]
async fn nothing_is_picked_from_an_index() {
    for names_itself in [true, false] {
        let server = Server::start(move |_| {
            let mut index = json!({"schemaVersion": 2, "manifests": [{
                "mediaType": MANIFEST, "digest": ManifestDigest::of(b"").to_string(), "size": 2,
                "platform": {"os": "linux", "architecture": "amd64"},
            }]});
            if names_itself {
                index["mediaType"] = json!(INDEX);
            }
            Reply::new(
                200,
                &[("content-type", INDEX)],
                index.to_string().as_bytes(),
            )
        })
        .await;
        assert!(matches!(server.pull().await, Err(PullError::Index)));
    }
}

#[tokio::test]
async fn a_refusal_is_told_by_its_status() {
    for (status, cause) in [
        (204, "status"),
        (206, "status"),
        (304, "status"),
        (403, "denied"),
        (404, "not_found"),
        (418, "status"),
        (429, "busy"),
        (500, "unavailable"),
        (503, "unavailable"),
    ] {
        let server = Server::start(move |_| Reply::new(status, &[], b"")).await;
        assert_eq!(server.pull().await.unwrap_err().cause(), cause, "{status}");
        assert_eq!(server.look().await.unwrap_err().cause(), cause, "{status}");
    }
}

#[tokio::test]
async fn nobody_there_is_told_as_such() {
    let server = Server::start(|_| Reply::new(200, &[], b"")).await;
    let (reference, settings) = (server.reference(), server.settings());
    drop(server);
    // The task that listens is only gone once it has been told.
    tokio::task::yield_now().await;
    let error = Registry::new(settings)
        .unwrap()
        .pull(&reference)
        .await
        .unwrap_err();
    assert!(matches!(error, PullError::Connect(_)), "{error:?}");
    assert_eq!(error.to_string(), "cannot connect to the registry");
}

#[tokio::test]
async fn loopback_is_not_spoken_to_without_tls_unless_listed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let registry = Registry::new(Settings::default()).unwrap();
    let reference = format!("oci://{address}/policies/litellm").parse().unwrap();
    let first_byte = async { listener.accept().await.unwrap().0.read_u8().await.unwrap() };
    let (pulled, first_byte) = tokio::join!(registry.pull(&reference), first_byte);
    assert!(matches!(pulled, Err(PullError::Tls(_))), "{pulled:?}");
    assert_eq!(first_byte, 22, "a TLS handshake begins with it");
}

#[test]
fn a_pull_can_go_on_on_another_thread() {
    fn sent(_: &(impl Send + 'static)) {}
    let registry = Registry::new(Settings::default()).unwrap();
    sent(&async move {
        let reference = "oci://registry.example/litellm".parse().unwrap();
        drop(registry.look(&reference).await);
        registry.pull(&reference).await
    });
}
