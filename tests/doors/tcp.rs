//! HAProxy in `mode tcp` before the host: who passes bytes on changes nothing.

use std::fs;

use signalbox_harness::{
    conformance::{Door, Fixture, HostDoor, ProxiedDoor, play_door},
    every_topic,
    process::Program,
    proxy::{Port, Proxy},
};

use crate::policies::guests;

every_topic!(play);

fn play(topic: &str) {
    play_door("tcp", topic, &guests(), &open);
}

fn open(fixture: &Fixture) -> Box<dyn Door> {
    let host = HostDoor::open(fixture);
    let port = Port::free();
    let haproxy = Program::new("haproxy");
    let configuration = haproxy.home().join("haproxy.cfg");
    let text = format!(
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n\
         listen host\n  bind {}\n  server host {}\n",
        port.address(),
        host.address(),
    );
    fs::write(&configuration, text).expect("the program's own folder");
    let haproxy = haproxy.args(["-db", "-f"]).arg(&configuration);
    Box::new(ProxiedDoor::new(Proxy::start(haproxy, port), host))
}
