//! The same exchanges through the gate's own example of a host.

use signalbox_harness::{
    conformance::{Door, Fixture, SmallDoor, play_door},
    every_topic,
};

every_topic!(play);

fn play(topic: &str) {
    play_door("gate", topic, &super::guests(), &small);
}

fn small(fixture: &Fixture) -> Box<dyn Door> {
    Box::new(SmallDoor::open(fixture))
}
