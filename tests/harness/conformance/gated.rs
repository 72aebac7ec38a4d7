//! A gate as a configuration of the host says, for doors in this process that are not the host.

use std::{fs, sync::Arc};

use signalbox_gate::{
    Authenticator, Budget, Capacity, ConcurrencyLimit, Credentials, Gate, LiveKeyring, Secret,
    Settings, SystemClock, keyring::Keyring,
};
use signalbox_host::config::{Config, CredentialSource, KeySource};
use signalbox_swap::{Actor, Candidate, Order, Swaps, Trigger};

pub(super) fn serve(swaps: &Swaps, name: &str, component: &[u8]) {
    let actor = Actor::new(Trigger::Embedder, "the suite");
    let order = Order::serve(Candidate::new(name, component.to_vec()), actor);
    let swapped = swaps.swap(order, &mut |_| {}).into_result();
    swapped.expect("the policy is swapped");
}

/// GT without its path, and its path.
pub(super) fn upstream(configuration: &str) -> (&str, &str) {
    let (_, url) = configuration.split_once("url: \"").expect("one upstream");
    let (url, _) = url.split_once('"').expect("a quoted URL");
    let after_scheme = url.find("://").expect("a scheme") + 3;
    let path = url[after_scheme..].find('/').expect("a path");
    url.split_at(after_scheme + path)
}

/// `change` has the last word on its settings.
pub(super) fn gate(
    config: &Config,
    base_path: &str,
    swaps: Swaps,
    change: impl FnOnce(&mut Settings),
) -> Arc<Gate> {
    let limits = &config.limits;
    let mut settings = Settings::at(base_path);
    settings.own_hosts = config.own_hosts();
    settings.largest_head = limits.head.bytes();
    settings.json_body = limits.json_body.bytes();
    settings.upload_body = limits.upload_body.bytes();
    settings.multipart_memory = limits.multipart_memory.bytes();
    settings.multipart_disk = limits.multipart_disk.bytes();
    settings.forwarded = config.forwarded.clone();
    settings.decision_header = config.answer_headers.decision;
    settings.policy_header = config.answer_headers.policy;
    change(&mut settings);
    let capacity = Capacity {
        memory: Budget::new(limits.held_memory.bytes()),
        disk: Budget::new(limits.held_disk.bytes()),
        requests: ConcurrencyLimit::new(limits.requests),
    };
    let KeySource::File(keys) = &config.keys else {
        panic!("the keyring is a file");
    };
    let keys = fs::read_to_string(keys).expect("the keyring");
    let keyring = LiveKeyring::new(Keyring::parse(&keys).expect("a valid keyring"));
    let gt_keys = config.upstream.credentials.iter().map(|(name, source)| {
        let CredentialSource::File(path) = source else {
            panic!("GT's keys are files");
        };
        let secret = fs::read_to_string(path).expect("a GT key");
        (name.clone(), Secret::read(&secret).expect("a GT key"))
    });
    Gate::new(
        settings,
        capacity,
        Arc::new(Authenticator::new(Arc::new(keyring), None)),
        Arc::new(Credentials::from_iter(gt_keys)),
        swaps,
        Arc::new(SystemClock),
    )
}
