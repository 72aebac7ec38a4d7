//! Of a suite: the files and folders that its outcome depends on. What is not among them does not make it run.

use super::Step;

impl Step {
    /// Empty for what is no suite.
    pub(super) const fn inputs(self) -> &'static [&'static str] {
        match self {
            // The crates on the path of a request.
            Self::Instructions => &[
                "Cargo.lock",
                "Cargo.toml",
                "crates/compiler",
                "crates/files",
                "crates/gate",
                "crates/http",
                "crates/http-client",
                "crates/policy",
                "crates/registry",
                "crates/runtime",
                "crates/swap",
                "host",
                "plugins/engine",
                "tests/instructions",
                "wit",
                "xtask/src/bench/instructions",
            ],
            // Its dependencies are in its own `Cargo.lock`.
            Self::Fuzz => &[
                "crates/cases",
                "crates/compiler",
                "crates/files",
                "crates/gate",
                "crates/http",
                "crates/policy",
                "crates/runtime",
                "crates/swap",
                "crates/testkit",
                "fuzz",
                "plugins/engine",
                "wit",
                "xtask/src/fuzz.rs",
            ],
            Self::Clients => &[
                "Cargo.lock",
                "README.md",
                "crates/cases",
                "crates/cli",
                "crates/compiler",
                "crates/files",
                "crates/gate",
                "crates/gt-sim",
                "crates/http",
                "crates/http-client",
                "crates/policy",
                "crates/registry",
                "crates/runtime",
                "crates/swap",
                "crates/testkit",
                "docs/clients.md",
                "docs/configuration.md",
                "docs/examples",
                "docs/plugins.md",
                "docs/schema",
                "host",
                "plugins",
                "tests/Cargo.toml",
                "tests/clients",
                "tests/harness",
                "wit",
                "xtask/src/test/clients.rs",
                "xtask/src/test/kept.rs",
                "xtask/src/test/registry.rs",
            ],
            // Not the host: these speak HTTP with the libraries that `clients` asks it with.
            Self::ClientsPython => &[
                "crates/gate",
                "crates/http",
                "crates/policy",
                "plugins/engine",
                "plugins/runbooks",
                "tests/clients/suite/runbooks",
                "tests/harness/trials",
                "tests/runbook_clients/python",
                "xtask/src/test/runbook_clients.rs",
            ],
            Self::ClientsNode => &[
                "crates/gate",
                "crates/http",
                "crates/policy",
                "plugins/engine",
                "plugins/runbooks",
                "tests/clients/suite/runbooks",
                "tests/harness/trials",
                "tests/runbook_clients/node",
                "xtask/src/test/runbook_clients.rs",
            ],
            // Not the command: what it does beside the host is nothing to a proxy.
            Self::Doors => &[
                "Cargo.lock",
                "crates/compiler",
                "crates/conformance",
                "crates/envoy-module",
                "crates/ext-proc",
                "crates/files",
                "crates/gate",
                "crates/http",
                "crates/http-client",
                "crates/policy",
                "crates/runtime",
                "crates/swap",
                "deploy",
                "host",
                "plugins/engine",
                "tests/Cargo.toml",
                "tests/clients",
                "tests/conformance",
                "tests/doors",
                "tests/e2e/conformance/policies.rs",
                "tests/harness",
                "wit",
                "xtask/src/test/clients.rs",
                "xtask/src/test/doors.rs",
            ],
            Self::Plugins => &[
                "Cargo.lock",
                "Cargo.toml",
                "crates/cli",
                "crates/compiler",
                "crates/files",
                "crates/gate",
                "crates/gt-sim",
                "crates/http",
                "crates/http-client",
                "crates/policy",
                "crates/runtime",
                "crates/swap",
                "crates/testkit",
                "crates/tower",
                "docs/plugins.md",
                "host",
                "plugins",
                "tests/Cargo.toml",
                "tests/harness",
                "tests/plugins",
                "wit",
                "xtask/src/test/clients.rs",
                "xtask/src/test/kept.rs",
                "xtask/src/test/plugins.rs",
            ],
            Self::Packages => &[
                "Cargo.lock",
                "Cargo.toml",
                "LICENSE",
                "README.md",
                "crates/files",
                "crates/gate",
                "crates/http",
                "crates/policy",
                "crates/runtime",
                "crates/swap",
                "crates/testkit",
                "crates/tower",
                "rust-toolchain.toml",
                "wit",
                "xtask/src/test/packages.rs",
            ],
            Self::Pingora => &[
                "crates/compiler",
                "crates/conformance",
                "crates/gate",
                "crates/http",
                "crates/policy",
                "crates/runtime",
                "crates/swap",
                "examples/pingora",
                "tests/conformance",
                "tests/doors/pingora.rs",
                "tests/harness/conformance",
                "wit",
                "xtask/src/test/pingora.rs",
            ],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;
    use crate::process::root;

    /// The crates of this project that one of them is made of, as a `Cargo.lock` says.
    fn parts(lock: &str, of: &str) -> BTreeSet<String> {
        let text = fs::read_to_string(root().join(lock)).unwrap();
        let mut found = BTreeSet::new();
        let mut open = vec![of.to_owned()];
        while let Some(name) = open.pop() {
            let entry = format!("name = \"{name}\"\n");
            let entry = text.split("[[package]]").find(|it| it.contains(&entry));
            let names = entry.unwrap().split('"').skip(1).step_by(2);
            let parts = names.filter_map(|name| name.strip_prefix("signalbox-"));
            for part in parts {
                if found.insert(part.to_owned()) {
                    open.push(format!("signalbox-{part}"));
                }
            }
        }
        found
    }

    #[test]
    fn what_a_suite_is_made_of_is_among_its_inputs() {
        let made_of = [
            (
                Step::Fuzz,
                "fuzz/Cargo.lock",
                "signalbox-fuzz",
                &["fuzz"][..],
            ),
            // Neither on the path of a request, nor under it: another listener, and what tests start.
            (
                Step::Instructions,
                "Cargo.lock",
                "signalbox-host",
                &["cases", "ext-proc", "gt-sim", "host", "testkit"],
            ),
        ];
        for (step, lock, name, apart) in made_of {
            for part in parts(lock, name) {
                let input = format!("crates/{part}");
                let is_there = step.inputs().contains(&&*input) || apart.contains(&&*part);
                assert!(is_there, "{step:?}: {input}");
            }
        }
    }
}
