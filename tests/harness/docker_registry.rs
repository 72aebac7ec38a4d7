//! A registry as people run them: Debian's `docker-registry`, as `cargo xtask test` unpacked it, and
//! two ways to push to it.

use std::{fs, net::SocketAddr, path::PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::{
    clients::{facts, python, script},
    http::{Answer, Ask},
    process::{Process, Program},
    root,
};

/// A registry on a free port of loopback, with a store of its own; it ends with its owner.
#[derive(Debug)]
pub struct DockerRegistry {
    _process: Process,
    address: SocketAddr,
    folder: TempDir,
    wants_login: bool,
}

impl DockerRegistry {
    /// Who may use one that wants a login.
    pub const USER: &str = "fleet";
    /// Their password.
    pub const PASSWORD: &str = "hunter2";

    /// Starts one that everybody may use.
    #[must_use]
    pub fn start() -> Self {
        Self::begin(false)
    }

    /// Starts one that only [`Self::USER`] may use.
    #[must_use]
    pub fn start_with_login() -> Self {
        Self::begin(true)
    }

    fn begin(wants_login: bool) -> Self {
        let program = root().join(".cache/registry/usr/bin/docker-registry");
        assert!(
            program.is_file(),
            "no registry here: run `cargo xtask test --only clients` first"
        );
        let folder = tempfile::tempdir().expect("room for a temporary folder");
        let file = |name: &str| folder.path().join(name);
        let auth = match wants_login {
            true => json!({"htpasswd": {"realm": "tests", "path": file("users")}}),
            false => json!({}),
        };
        let config = json!({
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": file("store")}},
            // It says in its log which port it was given.
            "http": {"addr": "127.0.0.1:0", "relativeurls": true},
            "auth": auth,
        });
        fs::write(file("users"), USERS).expect("our folder takes a file");
        // YAML is a superset of JSON.
        fs::write(file("config.yml"), config.to_string()).expect("our folder takes a file");
        let mut process = Program::new(program)
            .arg("serve")
            .arg(file("config.yml"))
            .start();
        let address = process.wait_until(|process| {
            let log = process.stderr();
            let (_, rest) = log.split_once("listening on ")?;
            rest.split_once('"')?.0.parse().ok()
        });
        Self {
            _process: process,
            address,
            folder,
            wants_login,
        }
    }

    /// As `host:port`.
    #[must_use]
    pub fn place(&self) -> String {
        self.address.to_string()
    }

    /// A reference into it, for a name with its tag or digest.
    #[must_use]
    pub fn reference(&self, name: &str) -> String {
        format!("oci://{}/{name}", self.address)
    }

    /// Pushes a component under a tag with the calls of the specification, and gives the digest of
    /// its manifest.
    pub fn push(&self, name: &str, tag: &str, component: &[u8], annotations: &Value) -> String {
        let config = self.push_blob(name, b"{}");
        let layer = self.push_blob(name, component);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.wasm.config.v0+json", "digest": config, "size": 2},
            "layers": [{"mediaType": "application/wasm", "digest": layer, "size": component.len()}],
            "annotations": annotations,
        });
        self.push_manifest(name, tag, MANIFEST, &manifest)
    }

    /// Pushes any manifest under a tag, and gives its digest.
    ///
    /// # Panics
    /// If the registry does not take it.
    pub fn push_manifest(
        &self,
        name: &str,
        tag: &str,
        media_type: &str,
        manifest: &Value,
    ) -> String {
        let target = format!("/v2/{name}/manifests/{tag}");
        let ask = Ask::new("PUT", &target).header("content-type", media_type);
        let answer = self.send(ask.body(manifest.to_string()));
        assert_eq!(answer.status, 201, "{}", answer.text());
        digest(manifest.to_string().as_bytes())
    }

    /// Pushes the component as oras does, with a statement, and gives the digest of its manifest.
    ///
    /// # Panics
    /// If that fails.
    pub fn push_with_oras(&self, target: &str, component: &[u8], statement: &str) -> String {
        let file = self.folder.path().join("policy.wasm");
        fs::write(&file, component).expect("our folder takes a file");
        let mut program = python()
            .arg(script("oras_push.py"))
            .env("REGISTRY", &self.place())
            .env("TARGET", target)
            .env("FILE", &file.to_string_lossy())
            .env("STATEMENT", statement);
        if self.wants_login {
            program = program
                .env("USERNAME", Self::USER)
                .env("PASSWORD", Self::PASSWORD);
        }
        let facts = facts(&program.output());
        let digest = facts.get("digest").and_then(Value::as_str);
        digest
            .unwrap_or_else(|| panic!("oras pushed nothing: {facts}"))
            .to_owned()
    }

    /// Where it keeps the bytes of this digest.
    #[must_use]
    pub fn stored(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a sha256");
        let blobs = self
            .folder
            .path()
            .join("store/docker/registry/v2/blobs/sha256");
        blobs.join(hex.split_at(2).0).join(hex).join("data")
    }

    fn push_blob(&self, name: &str, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        let begun = self.send(Ask::new("POST", &format!("/v2/{name}/blobs/uploads/")).body(""));
        assert_eq!(begun.status, 202, "{}", begun.text());
        let to = begun.header("location").expect("a place to upload to");
        let target = format!("{to}&digest={digest}");
        let ask = Ask::new("PUT", &target).header("content-type", "application/octet-stream");
        let answer = self.send(ask.body(bytes));
        assert_eq!(answer.status, 201, "{}", answer.text());
        digest
    }

    fn send(&self, ask: Ask) -> Answer {
        let ask = match self.wants_login {
            true => ask.header("authorization", BASIC),
            false => ask,
        };
        ask.send(self.address)
    }
}

/// The digest of these bytes, as registries write it.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// User and password.
const BASIC: &str = "Basic ZmxlZXQ6aHVudGVyMg==";
/// The same with the password as `htpasswd -B` has it.
const USERS: &str = "fleet:$2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm\n";
