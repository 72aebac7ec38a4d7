//! The doors of the suite in `tests/conformance`, and its fixture.

mod envoy_module;
mod fixture;
mod gated;
mod host;
mod pingora;
mod proxied;
mod small;
mod topics;
mod tower;

use signalbox_conformance::Gt;
pub use signalbox_conformance::{
    Answer, Deviations, Door, Exchange, Promise, Stage, Suite, Topic, Version, differences,
};

use crate::root;

pub use envoy_module::EnvoyDoor;
pub use fixture::{Fixture, Guests};
pub use host::HostDoor;
pub use pingora::PingoraDoor;
pub use proxied::ProxiedDoor;
pub use small::SmallDoor;
pub use tower::TowerDoor;

/// How a door is started.
pub type Open<'a> = &'a dyn Fn(&Fixture) -> Box<dyn Door>;

/// The suite of this repository.
#[must_use]
pub fn suite() -> Suite {
    Suite::at(root().join("tests/conformance"))
}

/// The names of its files.
///
/// # Panics
/// If the folder cannot be read.
#[must_use]
pub fn names() -> Vec<String> {
    suite().names().expect("the folder can be read")
}

/// One of its files.
///
/// # Panics
/// If it is not of the format.
#[must_use]
pub fn read(name: &str) -> Topic {
    suite()
        .read(name)
        .unwrap_or_else(|why| panic!("{why}: {why:?}"))
}

/// Starts a door with the fixture of a topic.
#[must_use]
pub fn stage(topic: &Topic, guests: &Guests, open: Open<'_>) -> Stage {
    let gt = Gt::start();
    let fixture = Fixture::new(&topic.configuration, gt.address(), guests);
    Stage::new(open(&fixture), gt, Fixture::document)
}

/// Plays every exchange of a file over every version: what is not as it says, each with its place.
#[must_use]
pub fn check(name: &str, guests: &Guests, open: Open<'_>) -> Vec<String> {
    signalbox_conformance::check(&suite(), name, &|topic| stage(topic, guests, open))
}

/// Plays every exchange of a file and writes down what came of it.
pub fn rewrite(name: &str, guests: &Guests, open: Open<'_>) {
    signalbox_conformance::rewrite(&suite(), name, &|topic| stage(topic, guests, open));
}

/// Plays a file at a door that has a list of what is not as the files say.
pub fn play_door(door: &str, topic: &str, guests: &Guests, open: Open<'_>) {
    let start = |topic: &Topic| stage(topic, guests, open);
    signalbox_conformance::play_door(&suite(), door, topic, &start);
}
