//! The example on Pingora: the gate in the hooks of `ProxyHttp`. `cargo xtask test --only pingora` builds it.

use signalbox_harness::{
    conformance::{Door, Fixture, PingoraDoor, play_door},
    every_topic,
};

use crate::policies::guests;

every_topic!(play);

fn play(topic: &str) {
    play_door("pingora", topic, &guests(), &open);
}

fn open(fixture: &Fixture) -> Box<dyn Door> {
    Box::new(PingoraDoor::open(fixture))
}
