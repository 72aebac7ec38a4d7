//! What the proxy starts with, and the thread that follows the files of its policies.
#![expect(
    unreachable_pub,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{env, fs, sync::Arc, thread};

use http::HeaderValue;
use pingora::upstreams::peer::HttpPeer;
use serde::Deserialize;
use signalbox_gate::*;
use signalbox_pingora::{PolicyGate, Times};
use signalbox_swap::{Actor, Candidate, Order, Swaps, Trigger};

pub type Failure = Box<dyn Error + Send + Sync>;

/// What the proxy is configured with. Times are in milliseconds, sizes in bytes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    pub listen: String,
    /// GT's address, and its path before `/v1/…`.
    gt: String,
    gt_path: String,
    /// Files: the keyring; the GT keys by their names; documents and components by the names of their policies.
    keys: PathBuf,
    gt_keys: BTreeMap<String, PathBuf>,
    policies: BTreeMap<String, PathBuf>,
    #[serde(default)]
    limits: BTreeMap<String, u64>,
    #[serde(default)]
    times: BTreeMap<String, u64>,
    #[serde(default)]
    forwarded: ForwardedSettings,
    #[serde(default = "yes")]
    decision_header: bool,
    #[serde(default = "yes")]
    policy_header: bool,
}

const fn yes() -> bool {
    true
}

impl Setup {
    /// Reads the file that the command line names.
    pub fn read() -> Result<Self, Failure> {
        let path = env::args()
            .nth(1)
            .ok_or("usage: pingora_proxy config.json")?;
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }

    pub fn gate(&self) -> Result<PolicyGate, Failure> {
        let keyring = keyring::Keyring::parse(&fs::read_to_string(&self.keys)?)?;
        let authenticator = Authenticator::new(Arc::new(LiveKeyring::new(keyring)), None);
        let mut gt_keys = Vec::new();
        for (name, path) in &self.gt_keys {
            gt_keys.push((name.clone(), Secret::read(&fs::read_to_string(path)?)?));
        }
        let swaps = Swaps::new(
            signalbox_runtime::Runtime::new(Default::default())?,
            Default::default(),
        )?;
        let gate = Gate::new(
            self.settings(),
            self.capacity(),
            Arc::new(authenticator),
            Arc::new(Credentials::from_iter(gt_keys)),
            swaps,
            Arc::new(SystemClock),
        );
        let mut times = Times::default();
        let time = |name| self.times.get(name).copied().map(Duration::from_millis);
        times.body_idle = time("body_idle").unwrap_or(times.body_idle);
        times.body_total = time("body_total").unwrap_or(times.body_total);
        times.models_cache = time("models_cache").unwrap_or(times.models_cache);
        Ok(PolicyGate::new(gate, HeaderValue::from_str(&self.gt)?).with_times(times))
    }

    /// GT, for Pingora.
    pub fn peer(&self) -> HttpPeer {
        let mut peer = HttpPeer::new(self.gt.as_str(), false, String::new());
        // One time for GT's first byte and for all between two.
        let patience = self.times.get("gt_idle").copied().unwrap_or(300_000);
        peer.options.read_timeout = Some(Duration::from_millis(patience));
        peer.options.connection_timeout = Some(Duration::from_secs(10));
        peer
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::at(&self.gt_path);
        let limit = |name, default| self.limits.get(name).copied().unwrap_or(default);
        settings.largest_head = limit("head", settings.largest_head);
        settings.json_body = limit("json_body", settings.json_body);
        settings.upload_body = limit("upload_body", settings.upload_body);
        // There is no spool here: forms are held in memory alone.
        settings.multipart_disk = limit("multipart_disk", settings.multipart_disk);
        settings.multipart_memory = settings.multipart_disk;
        settings.forwarded = self.forwarded.clone();
        settings.decision_header = self.decision_header;
        settings.policy_header = self.policy_header;
        settings
    }

    fn capacity(&self) -> Capacity {
        let mut capacity = Capacity::default();
        if let Some(bytes) = self.limits.get("held_memory") {
            capacity.memory = Budget::new(*bytes);
        }
        capacity
    }

    /// Puts every policy into service, and again whenever its file has changed. Says on its output what serves.
    pub fn follow_policies(&self, swaps: Swaps) -> Result<(), Failure> {
        let mut followed = Vec::new();
        for (name, path) in &self.policies {
            let changed = fs::metadata(path)?.modified()?;
            serve(&swaps, name, path)?;
            followed.push((name.clone(), path.clone(), changed));
        }
        let thread = thread::Builder::new().name("policies".into());
        thread.spawn(move || {
            loop {
                thread::sleep(BETWEEN_LOOKS);
                followed.iter_mut().for_each(|policy| look(&swaps, policy));
            }
        })?;
        Ok(())
    }
}

/// Takes what is new in the file of a policy. Write it elsewhere and move it there, so that it is never half there.
fn look(swaps: &Swaps, (name, path, changed): &mut (String, PathBuf, SystemTime)) {
    let now = fs::metadata(&*path).and_then(|about| about.modified());
    // What is not there serves on.
    let Some(now) = now.ok().filter(|now| now != changed) else {
        return;
    };
    *changed = now;
    if let Err(why) = serve(swaps, name, path) {
        eprintln!("{name} was not taken: {why}");
    }
}

/// Puts a policy into service, if it passes every check: a component, or a document that becomes one.
fn serve(swaps: &Swaps, name: &str, path: &Path) -> Result<(), Failure> {
    let bytes = fs::read(path)?;
    let component = match bytes.starts_with(b"\0asm") {
        true => bytes,
        false => compiled(std::str::from_utf8(&bytes)?)?,
    };
    let digest = signalbox_runtime::Digest::of(&component);
    let actor = Actor::new(Trigger::Embedder, "pingora_proxy");
    let order = Order::serve(Candidate::new(name, component), actor);
    swaps.swap(order, &mut |_| {}).into_result()?;
    println!("serving {name} {digest}");
    Ok(())
}

fn compiled(document: &str) -> Result<Vec<u8>, Failure> {
    let policy = signalbox_policy::read(document).map_err(|all| format!("{all:?}"))?;
    Ok(signalbox_compiler::compile(&policy, document)?)
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
