//! The exchanges of `tests/conformance` through Envoy with the module.

use signalbox_harness::conformance::{Door, EnvoyDoor, Fixture, play_door};

use crate::policies::guests;

signalbox_harness::every_topic!(play);

fn play(topic: &str) {
    let open =
        |fixture: &Fixture| -> Box<dyn Door> { Box::new(EnvoyDoor::open("1.40.0", fixture)) };
    play_door("envoy", topic, &guests(), &open);
}
