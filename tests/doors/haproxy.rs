//! HAProxy as `deploy/haproxy` sets it up: what has no model.

use signalbox_harness::{
    conformance::{Door, Fixture, HostDoor, ProxiedDoor, play_door},
    deployed::{authz_at, gt_of, haproxy},
    every_topic,
    process::Program,
};

use crate::policies::guests;

every_topic!(play);

fn play(topic: &str) {
    play_door("haproxy", topic, &guests(), &open);
}

fn open(fixture: &Fixture) -> Box<dyn Door> {
    let program = Program::new("haproxy");
    let socket = program.home().join("authz.sock");
    let configuration = fixture.configuration().to_owned() + &authz_at(&socket);
    let host = HostDoor::open_as(fixture, &configuration);
    let proxy = haproxy(program, &socket, gt_of(fixture.configuration()));
    Box::new(ProxiedDoor::new(proxy, host))
}
