//! Components that lie in a registry: pulled with the host's own settings.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use serde_json::json as value;

use super::*;

/// A registry with one component under `policies/test:good`, and one that lies under `:bad`.
fn registry(component: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let layer = format!("sha256:{}", digest(&component));
    let manifest = value!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.wasm.config.v0+json",
            "digest": format!("sha256:{}", digest(b"{}")), "size": 2,
        },
        "layers": [{"mediaType": "application/wasm", "digest": layer, "size": component.len()}],
    })
    .to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (manifest, component, layer) = (manifest.clone(), component.clone(), layer.clone());
            thread::spawn(move || serve(stream.unwrap(), &manifest, &component, &layer));
        }
    });
    address
}

fn serve(mut stream: TcpStream, manifest: &str, component: &[u8], layer: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        while line.trim_end() != "" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        let (status, kind, body) =
            if path.ends_with("/manifests/good") || path.ends_with("/manifests/bad") {
                (
                    200,
                    "application/vnd.oci.image.manifest.v1+json",
                    manifest.as_bytes().to_vec(),
                )
            } else if path.ends_with(layer) && path.contains("/policies/test/") {
                (200, "application/wasm", component.to_vec())
            } else if path.ends_with(layer) {
                (200, "application/wasm", vec![0; component.len()])
            } else {
                (404, "application/json", b"{}".to_vec())
            };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream
            .write_all(&[head.as_bytes(), &body].concat())
            .is_err()
        {
            return;
        }
    }
}

#[test]
fn a_component_is_pulled_and_serves() {
    let two = policy("two");
    let place = registry(two.clone());
    let settings = RegistrySettings {
        plaintext: vec![place.to_string()],
        ..RegistrySettings::default()
    };
    let (admin, everything) = start_with(config(), &["default"], &settings);
    let order = |reference: &str| value!({"policies": {"default": {"registry": format!("oci://{place}/{reference}")}}});
    for (reference, step) in [
        ("policies/test:missing", "receive"),
        ("policies/lie:bad", "receive"),
    ] {
        let (status, entry) = act(&admin, "/swaps", &order(reference));
        assert_eq!(
            (status, &entry["outcome"]["step"]),
            (422, &step.into()),
            "{reference}: {entry}"
        );
        assert_eq!(entry["outcome"]["policy"], "default");
        assert_eq!(live(&everything).0, 1);
    }
    let (status, entry) = act(&admin, "/swaps", &order("policies/test:good"));
    assert_eq!(status, 200, "{entry}");
    assert_eq!(live(&everything), (2, digest(&two)));
    // Nobody listens there: the history says so.
    let nowhere = value!({"policies": {"default": {"registry": "oci://127.0.0.1:1/a:b"}}});
    let (status, entry) = act(&admin, "/swaps", &nowhere);
    assert_eq!(
        (status, &entry["outcome"]["step"]),
        (422, &"receive".into()),
        "{entry}"
    );
    assert_eq!(look(&admin, "/swaps")["swaps"][0], entry);
}
