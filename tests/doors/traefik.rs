//! Traefik as `deploy/traefik` sets it up: what need not be rewritten.

use signalbox_harness::{
    conformance::{Door, Fixture, HostDoor, ProxiedDoor, play_door},
    deployed::{authz_over_tls, gt_of, traefik},
    every_topic,
    process::Program,
    proxy::{self, Port},
};

use crate::policies::guests;

every_topic!(play);

fn play(topic: &str) {
    play_door("traefik", topic, &guests(), &open);
}

fn open(fixture: &Fixture) -> Box<dyn Door> {
    let program = Program::new(proxy::traefik("3.7.15"));
    let authz = Port::free();
    let configuration = fixture.configuration().to_owned() + &authz_over_tls(authz.address());
    let host = HostDoor::open_as(fixture, &configuration);
    let gt = gt_of(fixture.configuration());
    let proxy = traefik(program, authz.address(), gt);
    Box::new(ProxiedDoor::new(proxy, host))
}
