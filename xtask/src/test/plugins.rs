//! The tool chains of the example plugins: what their folders pin, and Debian's clang and Node. Wheels and packages are
//! linked as `.cache/plugins/NAME`.

use super::{clients, kept};
use crate::process::root;

/// Installs what is missing.
pub(crate) fn install() -> anyhow::Result<()> {
    clients::debian(&[
        ("curl", "curl"),
        ("python3", "python3"),
        ("npm", "npm"),
        ("clang-19", "clang-19 wasi-libc libclang-rt-19-dev-wasm32"),
        ("wasm-ld-19", "lld-19"),
    ])?;
    clients::debian_library("/usr/include/cjson/cJSON.h", "libcjson-dev")?;
    let examples = root().join("plugins/examples");
    kept::environment_of("python", &examples.join("python/requirements.txt"), LINKS)?;
    // Debian's Go is older than what compiles to a module that can be called.
    kept::environment(&root().join("tests/plugins/go.txt"), LINKS)?;
    let modules = root().join(LINKS).join("javascript/node_modules");
    kept::modules("javascript", &examples.join("javascript"), &[], &modules)
}

const LINKS: &str = ".cache/plugins";
