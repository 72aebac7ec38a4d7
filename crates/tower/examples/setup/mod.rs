//! What both proxies start with: a gate that knows GT by one key, and what the command line says.

use std::{error::Error, fs::read_to_string, sync::Arc};

use signalbox_gate::*;
use signalbox_swap::{Actor, Candidate, Order, Swaps, Trigger};

pub type Failure = Box<dyn Error + Send + Sync>;

/// What the command line says.
#[derive(Debug)]
pub struct Setup {
    pub listen: String,
    /// GT without its path.
    pub origin: String,
    pub gate: Arc<Gate>,
}

impl Setup {
    /// Reads `LISTEN GT POLICY KEYS`, and the GT key from `GT_KEY`.
    pub fn from_args() -> Result<Self, Failure> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let [listen, gt, policy, keys] = &words[..] else {
            return Err("usage: LISTEN http://GT/PATH POLICY KEYS, with GT_KEY set".into());
        };
        let after_scheme = gt.find("://").map_or(0, |at| at + 3);
        let path = gt[after_scheme..].find('/').map(|at| after_scheme + at);
        let (origin, path) = gt.split_at(path.unwrap_or(gt.len()));
        let gt_key = std::env::var("GT_KEY")?;
        let (policy, keys) = (read_to_string(policy)?, read_to_string(keys)?);
        Ok(Self {
            listen: listen.clone(),
            origin: origin.to_owned(),
            gate: gate(path, &gt_key, &keys, &policy)?,
        })
    }
}

/// A gate that knows GT by one key; `base` is GT's path before `/v1/…`.
pub fn gate(base: &str, gt_key: &str, keys: &str, policy: &str) -> Result<Arc<Gate>, Failure> {
    let runtime = signalbox_runtime::Runtime::new(Default::default())?;
    let swaps = Swaps::new(runtime, Default::default())?;
    swap(&swaps, policy)?;
    let keyring = Arc::new(LiveKeyring::new(keyring::Keyring::parse(keys)?));
    let secret = Secret::read(gt_key)?;
    let gt_keys = ["inference", "upload", "conversation"];
    let gt_keys = gt_keys.map(|name| (name.to_owned(), secret.clone()));
    let mut settings = Settings::at(base);
    // There is no spool here: forms are held in memory alone.
    settings.multipart_memory = settings.multipart_disk;
    let keys = Arc::new(Authenticator::new(keyring, None));
    let gt_keys = Arc::new(Credentials::from_iter(gt_keys));
    let (capacity, clock) = (Capacity::default(), Arc::new(SystemClock));
    Ok(Gate::new(settings, capacity, keys, gt_keys, swaps, clock))
}

/// Puts a policy into service, if it passes every check. `Gate::policies` are the swaps.
pub fn swap(swaps: &Swaps, document: &str) -> Result<(), Failure> {
    let policy = signalbox_policy::read(document).map_err(|all| format!("{all:?}"))?;
    let component = signalbox_compiler::compile(&policy, document)?;
    let actor = Actor::new(Trigger::Embedder, "a proxy");
    let order = Order::serve(Candidate::new("default", component), actor);
    Ok(swaps.swap(order, &mut |_| {}).into_result().map(drop)?)
}
