//! The exchanges of `tests/conformance` through Envoy with the module.

use signalbox_harness::conformance::{Door, EnvoyDoor, Fixture, play_door};

use crate::policies::guests;

mod v1_40 {
    signalbox_harness::every_topic!(play);

    fn play(topic: &str) {
        super::play("envoy", topic, "1.40.0");
    }
}

mod v1_39 {
    signalbox_harness::every_topic!(play);

    fn play(topic: &str) {
        super::play("envoy_1_39", topic, "1.39.3");
    }
}

fn play(door: &str, topic: &str, version: &str) {
    let open = |fixture: &Fixture| -> Box<dyn Door> { Box::new(EnvoyDoor::open(version, fixture)) };
    play_door(door, topic, &guests(), &open);
}
