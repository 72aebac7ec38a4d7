//! No file of a crate imports, over however many others, a file that imports it.
//!
//! A file names what it needs from `crate::`, `super::`, `self::` or a module of its own; a name
//! that a module only imports, or exports again, counts as the file it is from. One direction is
//! left out: a file may name what stands in the modules around it, as a module may name its parts.

mod graph;
mod reader;
mod tokens;

use std::{collections::BTreeMap, fs};

use self::graph::Crate;

/// Files that still are in a loop. Whoever opens one takes its files out; when none is left, the
/// list goes, and with it what says so in the test.
const KNOWN: &[&str] = &[
    "host/src/admin/answer.rs",
    "host/src/admin/desk.rs",
    "host/src/admin/refused.rs",
    "host/src/admin/transaction.rs",
    "host/src/answer.rs",
    "host/src/answer/body.rs",
    "host/src/answer/standing.rs",
    "host/src/client.rs",
    "host/src/config.rs",
    "host/src/config/check.rs",
    "host/src/config/check/upstream.rs",
    "host/src/config/clients.rs",
    "host/src/config/upstream.rs",
    "host/src/connection.rs",
    "host/src/connection/bounds.rs",
    "host/src/connection/http1.rs",
    "host/src/connection/http2.rs",
    "host/src/credentials.rs",
    "host/src/doors/file.rs",
    "host/src/doors/registry.rs",
    "host/src/forwarded.rs",
    "host/src/jwt.rs",
    "host/src/jwt/cache.rs",
    "host/src/jwt/issuer.rs",
    "host/src/jwt/refresh.rs",
    "host/src/jwt/subjects.rs",
    "host/src/keyring.rs",
    "host/src/keyring/store.rs",
    "host/src/metrics.rs",
    "host/src/models_answer.rs",
    "host/src/reload.rs",
    "host/src/request_id.rs",
    "host/src/request_path.rs",
    "host/src/request_path/leave.rs",
    "host/src/server/accept.rs",
    "host/src/server/bind.rs",
    "host/src/server/start.rs",
    "host/src/shared.rs",
    "host/src/tls.rs",
    "host/src/tls/clients.rs",
    "host/src/trail.rs",
    "host/src/upstream/connect.rs",
    "host/src/upstream/http1.rs",
    "host/src/upstream/http2.rs",
    "host/src/wire.rs",
    "host/src/wire/no_request.rs",
    "host/src/worker.rs",
];

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../");

/// The folders of sources, from the project's root.
fn folders() -> Vec<String> {
    let crates = fs::read_dir(format!("{ROOT}crates")).expect("the crates");
    let names = crates.map(|entry| entry.expect("a crate").file_name());
    let crates = names.map(|name| format!("crates/{}/src", name.display()));
    let others = [
        "host/src",
        "xtask/src",
        "tests/harness",
        "plugins/engine/src",
    ];
    crates.chain(others.map(str::to_owned)).collect()
}

#[test]
fn no_import_closes_a_loop() {
    let mut loops = BTreeMap::new();
    for folder in folders() {
        loops.extend(Crate::read(&format!("{ROOT}{folder}"), &folder).loops());
    }
    let files: Vec<_> = loops.keys().map(String::as_str).collect();
    let imports: Vec<_> = loops.values().flatten().map(String::as_str).collect();
    let imports = imports.join("\n");
    assert_eq!(files, KNOWN, "these imports close loops:\n{imports}");
}
