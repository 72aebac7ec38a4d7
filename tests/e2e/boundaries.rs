//! Who may know whom: section "Who may know whom" of `docs/design.md`, asked of cargo itself.
//!
//! Only what a crate ships with counts. Tests may know more than the code they test, so
//! dev-dependencies are left out, except where a rule says otherwise.

use std::{collections::BTreeSet, process::Command, sync::LazyLock};

use cargo_metadata::{Dependency, DependencyKind, Metadata, MetadataCommand, Package};

static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo describes its own workspace")
});

/// What `package` ships with.
fn shipped(package: &Package) -> impl Iterator<Item = &Dependency> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
}

fn package(name: &str) -> &'static Package {
    let found = METADATA
        .packages
        .iter()
        .find(|package| package.name.as_str() == name);
    found.unwrap_or_else(|| panic!("the workspace has no package `{name}`"))
}

fn dependencies(name: &str) -> BTreeSet<&'static str> {
    shipped(package(name))
        .map(|dependency| dependency.name.as_str())
        .collect()
}

/// The members of the workspace that ship with `dependency`.
fn users_of(dependency: &str) -> BTreeSet<&'static str> {
    METADATA
        .packages
        .iter()
        .filter(|package| shipped(package).any(|one| one.name == dependency))
        .map(|package| package.name.as_str())
        .collect()
}

fn set<const N: usize>(names: [&'static str; N]) -> BTreeSet<&'static str> {
    BTreeSet::from(names)
}

/// What of `forbidden` the package ships with.
fn known_of<const N: usize>(name: &str, forbidden: [&'static str; N]) -> BTreeSet<&'static str> {
    dependencies(name)
        .intersection(&set(forbidden))
        .copied()
        .collect()
}

#[test]
fn only_the_runtime_links_wasmtime() {
    assert_eq!(users_of("wasmtime"), set(["signalbox-runtime"]));
}

#[test]
fn only_the_compiler_links_wit_component_and_the_guests_of_tests() {
    let users = set(["signalbox-compiler", "signalbox-testkit"]);
    assert_eq!(users_of("wit-component"), users);
    let mut testkit = shipped(package("signalbox-testkit"));
    let guests = testkit.find(|dependency| dependency.name == "wit-component");
    assert!(guests.is_some_and(|dependency| dependency.optional));
}

#[test]
fn only_tests_use_hostile_guests() {
    let asks = |dependency: &&Dependency| {
        let has_guests = dependency
            .features
            .iter()
            .any(|feature| feature == "guests");
        dependency.name == "signalbox-testkit" && has_guests
    };
    let all = METADATA.packages.iter().flat_map(|it| &it.dependencies);
    let kinds: Vec<_> = all.filter(asks).map(|it| it.kind).collect();
    assert!(kinds.len() > 4, "{kinds:?}");
    assert!(
        kinds
            .iter()
            .all(|kind| *kind == DependencyKind::Development)
    );
}

#[test]
fn no_host_is_built_with_what_is_for_tests() {
    let users = set(["signalbox-cli"]);
    assert_eq!(users_of("signalbox-testkit"), users);
    let users = set(["signalbox-policy", "signalbox-testkit"]);
    assert_eq!(users_of("proptest"), users);
}

#[test]
fn runtime_and_host_do_not_know_the_document_language() {
    for name in [
        "signalbox-cases",
        "signalbox-gate",
        "signalbox-runtime",
        "signalbox-testkit",
        "signalbox-host",
    ] {
        let policy = shipped(package(name))
            .find(|dependency| dependency.name == "signalbox-policy")
            .unwrap_or_else(|| panic!("{name} uses the policy crate's words"));
        assert!(
            !policy.uses_default_features,
            "{name} takes the default features"
        );
        assert!(
            policy.features.iter().all(|feature| feature == "cases"),
            "{name} asks for {:?}",
            policy.features
        );
        assert_eq!(known_of(name, ["signalbox-compiler"]), set([]), "{name}");
    }
}

#[test]
fn the_policy_crate_without_features_depends_on_nothing() {
    let always: Vec<_> = shipped(package("signalbox-policy"))
        .filter(|dependency| !dependency.optional)
        .map(|dependency| dependency.name.as_str())
        .collect();
    assert_eq!(always, Vec::<&str>::new());
}

#[test]
fn the_policy_crate_knows_no_wasm_no_http_and_no_clock() {
    let forbidden = [
        "wasmtime",
        "wasmparser",
        "wasm-encoder",
        "wit-component",
        "wit-parser",
        "wit-bindgen",
        "hyper",
        "http",
        "tokio",
        "jiff",
        "rustix",
        "tracing",
        "getrandom",
    ];
    assert_eq!(known_of("signalbox-policy", forbidden), set([]));
    let own: Vec<_> = dependencies("signalbox-policy")
        .into_iter()
        .filter(|name| name.starts_with("signalbox-"))
        .collect();
    assert_eq!(own, Vec::<&str>::new(), "it is the bottom of the graph");
}

#[test]
fn the_http_crate_is_bytes_alone() {
    let forbidden = [
        "hyper",
        "hyper-util",
        "tokio",
        "tokio-rustls",
        "http",
        "http-body",
        "http-body-util",
        "wasmtime",
        "bytes",
    ];
    assert_eq!(known_of("signalbox-http", forbidden), set([]));
}

#[test]
fn the_runtime_knows_no_http() {
    let forbidden = [
        "hyper",
        "hyper-util",
        "tokio",
        "http",
        "http-body",
        "signalbox-http",
        "signalbox-host",
    ];
    assert_eq!(known_of("signalbox-runtime", forbidden), set([]));
}

#[test]
fn the_gate_does_no_io() {
    let forbidden = [
        "hyper",
        "hyper-util",
        "http-body",
        "http-body-util",
        "tokio",
        "tokio-rustls",
        "rustls",
        "rustix",
        "tempfile",
        "tracing",
        "prometheus-client",
        "signalbox-files",
        "signalbox-host",
        "signalbox-http-client",
        "signalbox-registry",
        "signalbox-compiler",
    ];
    assert_eq!(known_of("signalbox-gate", forbidden), set([]));
}

/// A program that embeds it chooses its own server, client and runtime.
#[test]
fn the_tower_layer_brings_no_server_no_client_and_no_runtime() {
    let always: BTreeSet<_> = shipped(package("signalbox-tower"))
        .filter(|dependency| !dependency.optional)
        .map(|dependency| dependency.name.as_str())
        .collect();
    let allowed = set([
        "bytes",
        "http",
        "http-body",
        "pin-project-lite",
        "signalbox-gate",
        "tower-layer",
        "tower-service",
    ]);
    assert_eq!(always, allowed);
    assert_eq!(&dependencies("signalbox-tower") - &allowed, set(["tokio"]));
    assert_eq!(users_of("signalbox-tower"), set(["signalbox-tests"]));
}

#[test]
fn the_http_client_knows_nothing_of_what_it_asks_for() {
    let own: Vec<_> = dependencies("signalbox-http-client")
        .into_iter()
        .filter(|name| name.starts_with("signalbox-"))
        .collect();
    assert_eq!(own, Vec::<&str>::new());
}

#[test]
fn the_compiler_runs_nothing() {
    let forbidden = [
        "wasmtime",
        "tokio",
        "hyper",
        "signalbox-runtime",
        "signalbox-host",
    ];
    assert_eq!(known_of("signalbox-compiler", forbidden), set([]));
}

#[test]
fn the_files_crate_knows_nothing_of_what_is_in_files() {
    let own: Vec<_> = dependencies("signalbox-files")
        .into_iter()
        .filter(|name| name.starts_with("signalbox-"))
        .collect();
    assert_eq!(own, Vec::<&str>::new());
    let serde = known_of("signalbox-files", ["serde", "serde_json", "tokio"]);
    assert_eq!(serde, set([]));
}

#[test]
fn the_simulator_knows_nothing_of_the_gate_it_stands_behind() {
    let own: Vec<_> = dependencies("signalbox-gt-sim")
        .into_iter()
        .filter(|name| name.starts_with("signalbox-"))
        .collect();
    assert_eq!(own, Vec::<&str>::new());
}

#[test]
fn nothing_but_the_command_and_the_tests_builds_on_the_host_or_the_command() {
    let users = |dependency: &str| {
        let mut users = users_of(dependency);
        users.remove("signalbox-tests");
        users
    };
    assert_eq!(users("signalbox-host"), set(["signalbox-cli"]));
    assert_eq!(users("signalbox-gt-sim"), set(["signalbox-cli"]));
    assert_eq!(users("signalbox-cli"), set([]));
}

#[test]
fn only_the_command_knows_every_part() {
    // The layer and the module are for programs of others: the command has the host, and with it the door for Envoy.
    let others = [
        "signalbox-cli",
        "signalbox-envoy-module",
        "signalbox-ext-proc",
        "signalbox-tests",
        "signalbox-tower",
    ];
    let parts: BTreeSet<_> = METADATA
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .filter(|name| name.starts_with("signalbox-"))
        .filter(|name| !others.contains(name))
        .collect();
    let knows_all = |name: &str| parts.iter().all(|part| dependencies(name).contains(part));
    assert!(knows_all("signalbox-cli"), "the command joins every part");
    for part in &parts {
        let own: BTreeSet<_> = dependencies(part).intersection(&parts).copied().collect();
        assert!(
            own.len() + 2 < parts.len(),
            "{part} knows nearly everything: {own:?}"
        );
    }
}

/// What a first `cargo run` has to build of others' code. More needs a reason: take something out for it. Seven are the
/// language server's, its messages and their types; nine are gRPC and the protocols of Envoy; six draw and shrink requests for
/// `test --laws`; one begins modules while they are built.
#[test]
fn the_command_is_built_from_no_more_crates_than_it_was() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--package",
            "signalbox-cli",
        ])
        .args([
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo shows what it builds");
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).expect("text");
    let crates: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?))
        })
        .filter(|(name, _)| !name.starts_with("signalbox-"))
        .collect();
    assert!(
        (100..=300).contains(&crates.len()),
        "{} crates",
        crates.len()
    );
}

#[test]
fn every_member_takes_the_workspace_lints() {
    let without: Vec<_> = METADATA
        .packages
        .iter()
        .filter(|package| {
            let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
            !manifest.contains("[lints]\nworkspace = true")
        })
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(without, Vec::<&str>::new());
}

/// Whoever embeds the gate reads it.
#[test]
fn the_small_host_is_small() {
    let text = include_str!("../../crates/gate/examples/small_host.rs");
    assert!(text.lines().count() < 200, "{}", text.lines().count());
}
