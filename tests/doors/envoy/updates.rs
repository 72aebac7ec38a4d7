//! A policy in `filter_config`: what Envoy takes over is a swap, and what does not load it rejects.

use std::{fs, net::SocketAddr, path::Path};

use serde_json::{Value, json};
use signalbox_gt_sim::Tenant;
use signalbox_harness::{
    envoy_module::{Envoy, VERSIONS, configuration},
    gate::{GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD, key_entry},
    http::Ask,
    simulated::Simulated,
    wait_for,
};

const KEY: &str = "gtak_update";

/// A document that sends chats of `gpt-4o` to this model.
fn document(published: &str) -> String {
    format!(
        "policy: update\nroutes:\n  POST /v1/chat/completions: {{verdict: native, \
         scope: \"inference:chat\", model: json}}\nmodels:\n  gpt-4o: {{published: {published}}}\n"
    )
}

/// What Envoy is told of the filter, in a file that it watches.
fn publish(folder: &Path, gt: SocketAddr, policy: &str) {
    let filter = json!({
        "upstream": {
            "url": format!("http://{gt}/api/tenant"),
            "credentials": {"inference": {"file": folder.join("inference")}},
        },
        "inline_policies": {"default": policy},
        "keys": folder.join("keys.yaml"),
    });
    let resource = json!({"resources": [{
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": "signalbox",
        "typed_config": {
            "@type": FILTER,
            "dynamic_module_config": {"name": "signalbox_envoy_module", "do_not_close": true},
            "filter_name": "signalbox",
            "filter_config": {
                "@type": "type.googleapis.com/google.protobuf.Struct",
                "value": filter,
            },
        },
    }]});
    fs::write(folder.join("next"), resource.to_string()).expect("room for a file");
    fs::rename(folder.join("next"), folder.join("filter.json")).expect("it is put in place");
}

fn envoy(version: &str, gt: SocketAddr) -> Envoy {
    let text = configuration(gt, "{}");
    let (before, rest) = text.split_once("            typed_config:\n              \"@type\": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules").expect("the filter");
    let (_, after) = rest
        .split_once("          - name: envoy.filters.http.router")
        .expect("a router");
    let discovery = json!({
        "config_source": {
            "path_config_source": {"path": "{folder}/filter.json", "watched_directory": {"path": "{folder}"}},
            "resource_api_version": "V3",
        },
        "type_urls": [FILTER],
    });
    let text = format!(
        "{before}            config_discovery: {discovery}\n          - name: envoy.filters.http.router{after}"
    );
    Envoy::of(version, &text, |folder| {
        let keys = key_entry("update", KEY, "preset: chat-client, models: all");
        fs::write(folder.join("keys.yaml"), format!("keys:\n{keys}")).expect("room for a file");
        fs::write(folder.join("inference"), GT_INFERENCE).expect("room for a file");
        publish(folder, gt, &document("support-agent"));
    })
}

/// The model that GT was sent last, once it was.
fn model(envoy: &Envoy, gt: &Simulated) -> Option<String> {
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}"#;
    let answer = Ask::json("/v1/chat/completions", body)
        .key(KEY)
        .send(envoy.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = gt.handle().requests().pop()?;
    let sent: Value = serde_json::from_slice(&sent.body).ok()?;
    sent.get("model")?.as_str().map(str::to_owned)
}

#[test]
fn an_update_is_a_swap_and_one_that_does_not_load_is_rejected() {
    for version in VERSIONS {
        let tenant = Tenant::demo_with_keys(GT_INFERENCE, GT_UPLOAD, GT_CONVERSATION);
        let gt = Simulated::start(tenant);
        let envoy = envoy(version, gt.address());
        assert_eq!(
            model(&envoy, &gt).as_deref(),
            Some("support-agent"),
            "{version}"
        );
        publish(envoy.folder(), gt.address(), &document("gt-small"));
        wait_for("the update to serve", || {
            (model(&envoy, &gt).as_deref() == Some("gt-small")).then_some(())
        });
        publish(envoy.folder(), gt.address(), "policy: broken\n");
        envoy.wait_for_counter("signalbox.update_rejected", 1);
        assert_eq!(model(&envoy, &gt).as_deref(), Some("gt-small"), "{version}");
        let log = envoy.log();
        assert!(
            log.contains("the filter `signalbox` is not configured"),
            "{log}"
        );
    }
}

const FILTER: &str =
    "type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter";
