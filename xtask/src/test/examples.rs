//! The example plugins, as their READMEs have it: native tests, a component, and its cases.

use std::{env, path::PathBuf};

use anyhow::ensure;

use crate::process::{Run, cargo, root};

/// Builds and tests every folder of `plugins/examples`.
pub(super) fn run() -> anyhow::Result<()> {
    cargo(["build", "--workspace", "--bin", "signalbox"]).run()?;
    let mut count = 0;
    for entry in root().join(EXAMPLES).read_dir()? {
        let folder = entry?.file_name().to_string_lossy().into_owned();
        example(&folder)?;
        count += 1;
    }
    ensure!(count > 0, "{EXAMPLES} is empty");
    Ok(())
}

fn example(folder: &str) -> anyhow::Result<()> {
    let within = format!("{EXAMPLES}/{folder}");
    let guests = target().join("examples");
    let guests_text = guests.display().to_string();
    let guest = |arguments: [&str; 3]| {
        cargo(arguments)
            .within(&within)
            .env("CARGO_TARGET_DIR", &guests_text)
    };
    guest(["test", "--release", "--locked"]).run()?;
    guest(["build", "--release", "--locked"])
        .args(["--target", WASM])
        .run()?;

    let library = format!("{}.wasm", folder.replace('-', "_"));
    let module = guests.join(WASM).join("release").join(library);
    let component = guests.join(format!("{folder}.wasm"));
    let signalbox = target().join("debug/signalbox").display().to_string();
    let (module, component) = (
        module.display().to_string(),
        component.display().to_string(),
    );
    Run::new(&signalbox, ["build", &module, "-o", &component])
        .args(["--cases", "cases.yaml"])
        .within(&within)
        .run()?;
    Run::new(&signalbox, ["test", &component]).run()
}

fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

const EXAMPLES: &str = "plugins/examples";
const WASM: &str = "wasm32-unknown-unknown";
