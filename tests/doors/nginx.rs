//! nginx as `deploy/nginx` sets it up: with njs, and with `auth_request` alone.

/// With njs: all of JSON and of events.
mod njs {
    use signalbox_harness::{
        conformance::{Door, Fixture, HostDoor, ProxiedDoor, play_door},
        deployed::{authz_at, gt_of, nginx_njs, pinned_nginx},
        every_topic,
    };

    use crate::policies::guests;

    every_topic!(play);

    fn play(topic: &str) {
        play_door("nginx_njs", topic, &guests(), &open);
    }

    fn open(fixture: &Fixture) -> Box<dyn Door> {
        let program = pinned_nginx();
        let socket = program.home().join("authz.sock");
        let configuration = fixture.configuration().to_owned() + &authz_at(&socket);
        let host = HostDoor::open_as(fixture, &configuration);
        let proxy = nginx_njs(program, &socket, gt_of(fixture.configuration()));
        Box::new(ProxiedDoor::new(proxy, host))
    }
}

/// With `auth_request`, in Debian's version: what has no model.
mod auth_request {
    use signalbox_harness::{
        conformance::{Door, Fixture, HostDoor, ProxiedDoor, play_door},
        deployed::{authz_at, gt_of, nginx},
        every_topic,
        process::Program,
    };

    use crate::policies::guests;

    every_topic!(play);

    fn play(topic: &str) {
        play_door("nginx_auth_request", topic, &guests(), &open);
    }

    fn open(fixture: &Fixture) -> Box<dyn Door> {
        let program = Program::new("nginx");
        let socket = program.home().join("authz.sock");
        let configuration = fixture.configuration().to_owned() + &authz_at(&socket);
        let host = HostDoor::open_as(fixture, &configuration);
        let proxy = nginx(program, &socket, gt_of(fixture.configuration()));
        Box::new(ProxiedDoor::new(proxy, host))
    }
}
