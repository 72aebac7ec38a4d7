//! A gate as an operator would start it, with GT's stand-in behind it: a configuration file, a keyring
//! file and credential files in a folder of their own, policies compiled from documents.

use std::{
    fs,
    future::Future,
    net::SocketAddr,
    path::PathBuf,
    thread::{self, JoinHandle},
};

use sha2::{Digest, Sha256};
use signalbox_gt_sim::{Simulator, Tenant};
use signalbox_host::{Host, config::Config};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::{
    http::{Answer, Ask},
    policies::{component, runbook},
};

/// What a gate is started with.
#[derive(Debug)]
pub struct Setup {
    policies: Vec<(String, Vec<u8>)>,
    keys: String,
    config: String,
    times: String,
    tenant: Tenant,
    upstream: Option<SocketAddr>,
    files: Vec<(String, String)>,
    credentials: Vec<String>,
}

impl Setup {
    /// No policy and no key yet, before the demo's tenant.
    #[must_use]
    pub fn new() -> Self {
        Self {
            policies: Vec::new(),
            keys: "keys:\n".to_owned(),
            config: String::new(),
            // A gate that nobody watches for readiness can end at once.
            times: "readiness_off: 1ms, drain: 5s".to_owned(),
            tenant: Tenant::demo_with_keys(GT_INFERENCE, GT_UPLOAD, GT_CONVERSATION),
            upstream: None,
            files: Vec::new(),
            credentials: Vec::new(),
        }
    }

    /// As `signalbox demo`: its two policies and its four keys.
    #[must_use]
    pub fn demo() -> Self {
        Self::new()
            .policy("litellm", &component(&runbook("litellm")))
            .policy("full", &component(&runbook("full")))
            .key(
                "demo",
                DEMO,
                "policy: litellm, preset: chat-embeddings, models: all",
            )
            .key(
                "demo-chat",
                DEMO_CHAT,
                "policy: litellm, preset: chat-client, models: all",
            )
            .key(
                "demo-upload",
                DEMO_UPLOAD,
                "policy: full, group: demo, preset: dataset-upload, models: [], \
                 datasets: [reference-briefs]",
            )
            .key(
                "demo-all",
                DEMO_ALL,
                "policy: full, group: demo, models: all, datasets: [reference-briefs], \
                 purposes: [inference, upload, conversation], \
                 scopes: [\"inference:chat\", \"inference:embed\", \"inference:transcribe\", \
                 \"inference:speech\", \"inference:image\", \"datasets:write\"]",
            )
    }

    /// With this component behind the keys that name it.
    #[must_use]
    pub fn policy(mut self, name: &str, component: &[u8]) -> Self {
        self.policies.push((name.to_owned(), component.to_vec()));
        self
    }

    /// With this key; `rest` is what its entry says besides id and digest, as a YAML flow.
    #[must_use]
    pub fn key(mut self, id: &str, secret: &str, rest: &str) -> Self {
        self.keys.push_str(&key_entry(id, secret, rest));
        self
    }

    /// With these lines in the configuration file.
    #[must_use]
    pub fn config(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self
    }

    /// With a file beside the configuration.
    #[must_use]
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// With a GT key of this name, beside the three that stand for the purposes.
    #[must_use]
    pub fn credential(mut self, name: &str, secret: &str) -> Self {
        self.credentials.push(format!("{name}: {{file: {name}}}"));
        self.file(name, secret)
    }

    /// With these times, in the form of a YAML flow, in place of the defaults.
    #[must_use]
    pub fn times(mut self, times: &str) -> Self {
        self.times = format!("{}, {times}", self.times);
        self
    }

    /// With this tenant in place of the demo's.
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = tenant;
        self
    }

    /// With GT at this address; the stand-in runs and is not asked.
    #[must_use]
    pub fn upstream(mut self, address: SocketAddr) -> Self {
        self.upstream = Some(address);
        self
    }

    /// Starts simulator and gate.
    ///
    /// # Panics
    /// If either does not come up.
    #[must_use]
    pub fn start(self) -> Gate {
        let folder = tempfile::tempdir().expect("room for a temporary folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("our folder takes a file");
        };
        write("gt-inference", GT_INFERENCE);
        write("gt-upload", GT_UPLOAD);
        write("gt-conversation", GT_CONVERSATION);
        write("keys.yaml", &self.keys);
        for (name, text) in &self.files {
            write(name, text);
        }

        let tenant = self.tenant;
        let (gt, (gt_address, gt_handle)) = Running::start("gt", |told| async move {
            let simulator = Simulator::bind(ANY_PORT, tenant)
                .await
                .expect("a free port");
            told.send((simulator.local_addr(), simulator.handle()));
            simulator.run(told.stop()).await;
        });
        let more = format!("times: {{{}}}\n{}", self.times, self.config);
        let others = self.credentials.join(", ");
        let gt_at = self.upstream.unwrap_or(gt_address);
        let text = config_text(gt_at, &others, &self.policies, &more);
        let config = Config::parse(&text, folder.path()).expect("our configuration is valid");
        let policies = self.policies;
        let (host, (address, admin, handle)) = Running::start("host", |told| async move {
            let host = Host::bind(config, policies).await.expect("the gate starts");
            told.send((
                host.local_addr().expect("a listener for clients"),
                host.admin_addr(),
                host.handle(),
            ));
            host.run(told.stop()).await.expect("the gate runs");
        });
        Gate {
            _host: host,
            _gt: gt,
            gt: gt_handle,
            gt_address,
            address,
            admin,
            handle,
            folder,
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

/// A gate that runs, until this is dropped.
#[derive(Debug)]
pub struct Gate {
    // The gate ends before what stands behind it.
    _host: Running,
    _gt: Running,
    gt: signalbox_gt_sim::Handle,
    gt_address: SocketAddr,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    handle: signalbox_host::Handle,
    folder: TempDir,
}

impl Gate {
    /// As `signalbox demo`.
    #[must_use]
    pub fn demo() -> Self {
        Setup::demo().start()
    }

    /// GT's documented base at the gate.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}/api/tenant", self.address)
    }

    /// The base with the `/v1` that OpenAI clients expect.
    #[must_use]
    pub fn base_v1(&self) -> String {
        format!("{}/v1", self.base())
    }

    /// Where the gate listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the admin listener is.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin.expect("the gate has an admin listener")
    }

    /// GT's stand-in: what was asked of it, its keys, its faults.
    #[must_use]
    pub fn gt(&self) -> &signalbox_gt_sim::Handle {
        &self.gt
    }

    /// Where GT's stand-in listens.
    #[must_use]
    pub fn gt_address(&self) -> SocketAddr {
        self.gt_address
    }

    /// The running host.
    #[must_use]
    pub fn host(&self) -> &signalbox_host::Handle {
        &self.handle
    }

    /// One of the gate's own files: `keys.yaml`, `gt-inference`, …
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Asks the gate.
    #[must_use]
    pub fn ask(&self, ask: &Ask) -> Answer {
        ask.send(self.address)
    }

    /// Asks the admin listener, with the token that may act.
    #[must_use]
    pub fn admin(&self, ask: &Ask) -> Answer {
        ask.clone().key(ADMIN_TOKEN).send(self.admin_address())
    }

    /// The value of one line of the metrics, without its labels' order mattering: every one of
    /// `parts` must be in the line. Zero if no line has them.
    ///
    /// # Panics
    /// If the metrics cannot be read.
    #[must_use]
    pub fn metric(&self, parts: &[&str]) -> f64 {
        sum(&self.admin(&Ask::get("/metrics")), parts)
    }
}

/// The sum of the lines of metrics that have every one of `parts`.
pub(crate) fn sum(metrics: &Answer, parts: &[&str]) -> f64 {
    let text = metrics.text();
    assert_eq!(metrics.status, 200, "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let matching = lines.filter(|line| parts.iter().all(|part| line.contains(part)));
    matching
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}

/// One entry of a keyring file; `rest` is a YAML flow without its braces.
#[must_use]
pub fn key_entry(id: &str, secret: &str, rest: &str) -> String {
    format!("  - {{id: {id}, sha256: \"{}\", {rest}}}\n", sha256(secret))
}

fn config_text(gt: SocketAddr, others: &str, policies: &[(String, Vec<u8>)], more: &str) -> String {
    let token = sha256(ADMIN_TOKEN);
    // The gate is given its components, so the files behind these names are never opened.
    let names = policies
        .iter()
        .map(|(name, _)| format!("{name}: {name}.wasm"));
    let names = names.collect::<Vec<_>>().join(", ");
    format!(
        "listen: 127.0.0.1:0\n\
         admin: {{listen: 127.0.0.1:0, operate_token_sha256: \"{token}\"}}\n\
         upstream: {{url: \"http://{gt}/api/tenant\", credentials: {{inference: {{file: gt-inference}}, \
         upload: {{file: gt-upload}}, conversation: {{file: gt-conversation}}, others: {{{others}}}}}}}\n\
         policies: {{{names}}}\n\
         keys: keys.yaml\n{more}"
    )
}

/// The digest of a text, as keyrings have it.
#[must_use]
pub fn sha256(text: impl AsRef<[u8]>) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A server in a thread with a runtime of its own.
#[derive(Debug)]
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How a server says that it listens, and hears that it must end.
pub(crate) struct Told<T> {
    listens: std::sync::mpsc::Sender<T>,
    stop: oneshot::Receiver<()>,
}

impl<T> Told<T> {
    pub(crate) fn send(&self, what: T) {
        // Nobody waits any more only if the test is over.
        drop(self.listens.send(what));
    }

    pub(crate) async fn stop(self) {
        // Dropping the sender means the same.
        drop(self.stop.await);
    }
}

impl Running {
    pub(crate) fn start<T, F>(
        name: &str,
        serve: impl FnOnce(Told<T>) -> F + Send + 'static,
    ) -> (Self, T)
    where
        T: Send + 'static,
        F: Future<Output = ()>,
    {
        let (stop, stopped) = oneshot::channel();
        let (listens, started) = std::sync::mpsc::channel();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let told = Told {
                listens,
                stop: stopped,
            };
            runtime.expect("a runtime starts").block_on(serve(told));
        });
        let thread = Some(thread.expect("a thread starts"));
        let running = Self {
            stop: Some(stop),
            thread,
        };
        let what = started
            .recv()
            .expect("the server starts; why not stands above");
        (running, what)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else {
            return;
        };
        // A server's panic is a failure of its test, unless that is failing already.
        let ended = thread.join();
        assert!(
            ended.is_ok() || thread::panicking(),
            "a server panicked; why stands above"
        );
    }
}

/// The demo's key for chat and embeddings, policy `litellm`.
pub const DEMO: &str = "gtak_demo";
/// The demo's key for chat alone, policy `litellm`.
pub const DEMO_CHAT: &str = "gtak_demo_chat";
/// The demo's key for uploads into `reference-briefs`, policy `full`.
pub const DEMO_UPLOAD: &str = "gtak_demo_upload";
/// The demo's key for everything, policy `full`.
pub const DEMO_ALL: &str = "gtak_demo_all";
/// The admin listener's token.
pub const ADMIN_TOKEN: &str = "operate";

/// The credential the gate presents to GT for models.
pub const GT_INFERENCE: &str = "gtak_upstream_inference";
/// The credential the gate presents to GT for uploads.
pub const GT_UPLOAD: &str = "gtak_upstream_upload";
/// The credential the gate presents to GT in conversations.
pub const GT_CONVERSATION: &str = "gtak_upstream_conversation";

const ANY_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
