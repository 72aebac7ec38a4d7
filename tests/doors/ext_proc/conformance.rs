//! The exchanges of `tests/conformance` through Envoy, in both versions with one list.

use std::{fmt, net::SocketAddr, path::PathBuf};

use serde_json::Value;
use signalbox_harness::{
    conformance::{Door, Fixture, HostDoor, ProxiedDoor, play_door},
    envoy,
};
use tempfile::TempDir;

use crate::policies::guests;

mod newest {
    use signalbox_harness::every_topic;

    every_topic!(play);

    fn play(topic: &str) {
        super::play("1.40.0", topic);
    }
}

mod oldest {
    use signalbox_harness::every_topic;

    every_topic!(play);

    fn play(topic: &str) {
        super::play("1.39.3", topic);
    }
}

fn play(version: &str, topic: &str) {
    let open = |fixture: &Fixture| Box::new(EnvoyDoor::open(version, fixture)) as Box<dyn Door>;
    play_door("ext_proc", topic, &guests(), &open);
}

/// Envoy, the gate it asks, and the folder of the socket between them.
struct EnvoyDoor {
    door: ProxiedDoor,
    _folder: TempDir,
}

impl EnvoyDoor {
    fn open(version: &str, fixture: &Fixture) -> Self {
        let folder = tempfile::tempdir().expect("room for a temporary folder");
        let socket: PathBuf = folder.path().join("ext-proc.sock");
        let configuration = format!(
            "{}\next_proc: {{listen: \"unix:{}\"}}\n",
            fixture.configuration(),
            socket.display()
        );
        let gt = gt_of(fixture.configuration());
        let host = HostDoor::open_as(fixture, &configuration);
        let proxy = envoy::start(version, "ext-proc.yaml", &socket, gt);
        Self {
            door: ProxiedDoor::new(proxy, host),
            _folder: folder,
        }
    }
}

/// Where the configuration says that GT is.
fn gt_of(configuration: &str) -> SocketAddr {
    let (_, rest) = configuration.split_once("http://").expect("a URL of GT");
    let end = rest.find(|it: char| !it.is_ascii_digit() && !matches!(it, '.' | ':'));
    let authority = &rest[..end.unwrap_or(rest.len())];
    authority.parse().expect("an address and a port")
}

impl Door for EnvoyDoor {
    fn address(&self) -> SocketAddr {
        self.door.address()
    }

    fn swap(&self, policy: &str, component: &[u8]) {
        self.door.swap(policy, component);
    }

    fn record(&self, decision: &str) -> Option<Value> {
        self.door.record(decision)
    }
}

impl fmt::Debug for EnvoyDoor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.door.fmt(formatter)
    }
}
