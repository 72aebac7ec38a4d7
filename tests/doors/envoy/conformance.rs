//! The exchanges of `tests/conformance` through Envoy with the module.

use signalbox_harness::conformance::{Door, EnvoyDoor, Fixture, play_door};

use crate::policies::guests;

mod newest {
    signalbox_harness::every_topic!(play);

    fn play(topic: &str) {
        super::play(topic, "1.40.0");
    }
}

mod oldest {
    signalbox_harness::every_topic!(play);

    fn play(topic: &str) {
        super::play(topic, "1.39.3");
    }
}

fn play(topic: &str, version: &str) {
    let open = |fixture: &Fixture| -> Box<dyn Door> { Box::new(EnvoyDoor::open(version, fixture)) };
    play_door("envoy", topic, &guests(), &open);
}
