//! Roo Code, as far as its published schema goes.

use serde_json::json;
use signalbox_harness::{
    clients,
    exported::exported,
    policies::runbook_for,
    trials::{Installed, KEY, gate},
};

#[test]
fn its_exported_settings_fit_its_schema() {
    let gate = gate(&runbook_for("cline-roo"));
    let export = exported("cline-roo", "cline-roo", "all", &gate);
    let installed = Installed {
        script: "roo-code/client.mjs",
        package: "@roo-code/types",
        pins: "roo-code",
    };
    let base = format!("http://{}/v1", gate.address());
    let told = [
        ("BASE_URLS", &*base),
        (
            "EXPORTED",
            export.path().to_str().expect("a path of ours is text"),
        ),
        ("API_KEY", KEY),
        ("EMBED_KEY", KEY),
    ];
    let facts = clients::try_out(&installed, &told);
    assert_eq!(
        facts,
        json!([{"fits": true, "model": "gpt-4o", "base": base}])
    );
}
