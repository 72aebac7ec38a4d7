//! What a registry, or somebody between, may say, and is not believed.

use serde_json::json;
use signalbox_registry::{ManifestDigest, Part, PullError, Registry, Settings};

use crate::server::{Asked, MANIFEST, Reply, Server, Stored, Then};

/// A registry that is honest but for what `lie` says.
async fn but(
    stored: Stored,
    lie: impl Fn(&Stored, &Asked) -> Option<Reply> + Send + Sync + 'static,
) -> Server {
    Server::start(move |asked| lie(&stored, asked).unwrap_or_else(|| stored.reply(asked))).await
}

fn blob(asked: &Asked, reply: impl FnOnce() -> Reply) -> Option<Reply> {
    asked.is_for("/blobs/").then(reply)
}

fn manifest(asked: &Asked, reply: impl FnOnce() -> Reply) -> Option<Reply> {
    asked.is_for("/manifests/").then(reply)
}

#[tokio::test]
async fn a_component_of_other_bytes_is_refused() {
    let server = but(Stored::new(b"a component"), |_, asked| {
        blob(asked, || Reply::new(200, &[], b"a cOmponent"))
    })
    .await;
    let pulled = server.pull().await;
    let (wanted, came) = (
        ManifestDigest::of(b"a component"),
        ManifestDigest::of(b"a cOmponent"),
    );
    assert!(
        matches!(pulled, Err(PullError::Component { expected, found }) if (expected, found) == (wanted, came)),
        "{pulled:?}"
    );
}

#[tokio::test]
async fn a_component_shorter_than_its_manifest_says_is_refused() {
    let server = but(Stored::new(b"a component"), |_, asked| {
        blob(asked, || Reply::new(200, &[], b"a comp"))
    })
    .await;
    let pulled = server.pull().await;
    assert!(
        matches!(
            pulled,
            Err(PullError::Size {
                announced: 11,
                found: 6
            })
        ),
        "{pulled:?}"
    );
}

#[tokio::test]
async fn a_size_the_manifest_makes_up_is_refused() {
    for (size, cause) in [(10, "more_bytes"), (12, "size")] {
        let stored = Stored::changed(b"a component", |manifest| {
            manifest["layers"][0]["size"] = json!(size);
        });
        let server = but(stored, |_, _| None).await;
        assert_eq!(server.pull().await.unwrap_err().cause(), cause, "{size}");
    }
}

#[tokio::test]
async fn a_component_longer_than_announced_is_not_read_on() {
    let endless = |then| Reply::head(200, &[("transfer-encoding", "chunked")]).and(b"", then);
    let too_long =
        || Reply::head(200, &[("content-length", "12")]).and(b"a component!", Then::Close);
    for which in 0..2 {
        let server = but(Stored::new(b"a component"), move |_, asked| {
            blob(asked, || match which {
                0 => endless(Then::Repeat(b"10\r\n0123456789abcdef\r\n")),
                _ => too_long(),
            })
        })
        .await;
        let pulled = server.pull().await;
        assert!(
            matches!(
                pulled,
                Err(PullError::MoreBytes {
                    part: Part::Component,
                    most: 11
                })
            ),
            "{pulled:?}"
        );
    }
}

#[tokio::test]
async fn a_component_larger_than_allowed_is_not_asked_for() {
    let stored = Stored::changed(b"a component", |manifest| {
        manifest["layers"][0]["size"] = json!(u64::MAX);
    });
    let server = but(stored, |_, _| None).await;
    let pulled = server.pull().await;
    assert!(
        matches!(pulled, Err(PullError::TooBig { announced: u64::MAX, most }) if most == 32 << 20),
        "{pulled:?}"
    );
    assert_eq!(server.lines().len(), 1, "{:?}", server.lines());

    let server = but(Stored::new(b"a component"), |_, _| None).await;
    for (most_bytes, is_pulled) in [(11, true), (10, false)] {
        let settings = Settings {
            most_bytes,
            ..server.settings()
        };
        let registry = Registry::new(settings).unwrap();
        assert_eq!(registry.pull(&server.reference()).await.is_ok(), is_pulled);
    }
}

#[tokio::test]
async fn an_endless_manifest_is_not_read_on() {
    let server = Server::start(|_| {
        let head = Reply::head(200, &[("content-type", MANIFEST)]);
        head.and(b"{\"schemaVersion\": 2", Then::Repeat(&[b' '; 64 << 10]))
    })
    .await;
    let pulled = server.pull().await;
    assert!(
        matches!(pulled, Err(PullError::MoreBytes { part: Part::Manifest, most }) if most == 4 << 20),
        "{pulled:?}"
    );
}

#[tokio::test]
async fn a_head_without_end_is_not_read_on() {
    let server =
        Server::start(|_| Reply::raw("HTTP/1.1 200 OK\r\n", Then::Repeat(b"x-more: and more\r\n")))
            .await;
    let error = server.pull().await.unwrap_err();
    assert!(matches!(error, PullError::Protocol(_)), "{error:?}");
}

#[tokio::test]
async fn a_manifest_other_than_the_one_asked_for_is_refused() {
    let (good, other) = (Stored::new(b"a component"), Stored::new(b"another"));
    let (wanted, came) = (good.digest(), other.digest());
    // It may even say so in its header: what was asked for counts.
    for said in [wanted, came] {
        let other = other.clone();
        let server = Server::start(move |_| {
            let heads = [
                ("content-type", MANIFEST),
                ("docker-content-digest", &said.to_string()),
            ];
            Reply::new(200, &heads, &other.manifest)
        })
        .await;
        let registry = Registry::new(server.settings()).unwrap();
        let pulled = registry.pull(&server.pinned(wanted)).await;
        assert!(
            matches!(pulled, Err(PullError::Manifest { expected, found }) if (expected, found) == (wanted, came)),
            "{pulled:?}"
        );
    }
}

#[tokio::test]
async fn a_header_that_disagrees_with_the_bytes_is_refused() {
    let other = ManifestDigest::of(b"other");
    let server = but(Stored::new(b"a component"), move |stored, asked| {
        let heads = [
            ("content-type", MANIFEST),
            ("docker-content-digest", &other.to_string()),
        ];
        manifest(asked, || Reply::new(200, &heads, &stored.manifest))
    })
    .await;
    let pulled = server.pull().await;
    assert!(
        matches!(pulled, Err(PullError::Digest { announced, .. }) if announced == other),
        "{pulled:?}"
    );

    let server = but(Stored::new(b"a component"), move |stored, asked| {
        let heads = [("docker-content-digest", &*other.to_string())];
        blob(asked, || Reply::new(200, &heads, &stored.component))
    })
    .await;
    let pulled = server.pull().await;
    assert!(
        matches!(pulled, Err(PullError::Digest { announced, .. }) if announced == other),
        "{pulled:?}"
    );
}

#[tokio::test]
async fn a_digest_that_is_no_sha256_is_refused() {
    let server = but(Stored::new(b"a component"), move |stored, asked| {
        manifest(asked, || {
            let heads = [
                ("content-type", MANIFEST),
                ("docker-content-digest", "md5:00"),
            ];
            match asked.is_for("HEAD") {
                true => Reply::head(200, &heads),
                false => Reply::new(200, &heads, &stored.manifest),
            }
        })
    })
    .await;
    assert!(matches!(server.pull().await, Err(PullError::Unreadable(said)) if said == "md5:00"));
    assert!(matches!(server.look().await, Err(PullError::Unreadable(said)) if said == "md5:00"));
    let stored = Stored::changed(b"a component", |manifest| {
        manifest["layers"][0]["digest"] = json!(format!("sha512:{}", "0".repeat(128)));
    });
    let server = but(stored, |_, _| None).await;
    assert!(matches!(server.pull().await, Err(PullError::LayerDigest)));
}

#[tokio::test]
async fn a_page_is_no_manifest() {
    let page = b"<!doctype html><title>Sign in</title>";
    for (content_type, body) in [
        ("text/html; charset=utf-8", &page[..]),
        (MANIFEST, page),
        ("application/json", b"[]"),
        ("application/json", b"{}"),
        (
            "application/json",
            b"{\"schemaVersion\": 2, \"layers\": []}",
        ),
        ("application/json", b""),
        (MANIFEST, b"\xff\xfe"),
    ] {
        let server = Server::start(move |asked| match asked.is_for("HEAD") {
            true => Reply::head(200, &[("content-type", content_type)]),
            false => Reply::new(200, &[("content-type", content_type)], body),
        })
        .await;
        let said = content_type.split(';').next().unwrap();
        for error in [server.pull().await.err(), server.look().await.err()] {
            assert!(
                matches!(&error, Some(PullError::NotAManifest(found)) if found == said),
                "{error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_document_that_could_be_read_as_two_things_is_neither() {
    let index = "application/vnd.oci.image.index.v1+json";
    for (content_type, change) in [
        (MANIFEST, json!({"manifests": []})),
        (MANIFEST, json!({"mediaType": index})),
        (MANIFEST, json!({"schemaVersion": 1})),
        (
            MANIFEST,
            json!({"mediaType": "application/vnd.example+json"}),
        ),
        (index, json!({})),
        ("text/html", json!({})),
    ] {
        let stored = Stored::changed(b"a component", |manifest| {
            let fields = manifest.as_object_mut().unwrap();
            fields.extend(change.as_object().unwrap().clone());
        });
        let server = but(stored, move |stored, asked| {
            manifest(asked, || {
                Reply::new(200, &[("content-type", content_type)], &stored.manifest)
            })
        })
        .await;
        let error = server.pull().await.unwrap_err();
        assert!(
            matches!(error, PullError::NotAManifest(_)),
            "{content_type} {change}: {error:?}"
        );
    }
}

#[tokio::test]
async fn addresses_in_a_manifest_are_not_followed() {
    let stored = Stored::changed(b"a component", |manifest| {
        manifest["layers"][0]["urls"] = json!(["http://127.0.0.1:1/elsewhere"]);
    });
    let server = but(stored, |_, asked| blob(asked, || Reply::new(404, &[], b""))).await;
    let pulled = server.pull().await;
    assert!(
        matches!(pulled, Err(PullError::NotFound(Part::Component))),
        "{pulled:?}"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_is_told_as_such() {
    let cases: [fn() -> Reply; 3] = [
        || Reply::raw("", Then::Close),
        || Reply::raw("HTTP/1.1 200 OK\r\ncontent-le", Then::Close),
        || Reply::head(200, &[("content-length", "11")]).and(b"a comp", Then::Close),
    ];
    for case in cases {
        let server = but(Stored::new(b"a component"), move |_, asked| {
            blob(asked, case)
        })
        .await;
        let error = server.pull().await.unwrap_err();
        assert!(matches!(error, PullError::Lost(_)), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_told_as_such() {
    let server = Server::start(|_| Reply::raw("SSH-2.0-OpenSSH_9.2\r\n", Then::Close)).await;
    let error = server.pull().await.unwrap_err();
    assert!(matches!(error, PullError::Protocol(_)), "{error:?}");
}
