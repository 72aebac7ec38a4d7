//! The same exchanges through the tower layer, between hyper's server and hyper's client.

use signalbox_harness::{
    conformance::{Door, Fixture, TowerDoor, play_door},
    every_topic,
};

every_topic!(play);

fn play(topic: &str) {
    play_door("tower", topic, &super::guests(), &tower);
}

fn tower(fixture: &Fixture) -> Box<dyn Door> {
    Box::new(TowerDoor::open(fixture))
}
