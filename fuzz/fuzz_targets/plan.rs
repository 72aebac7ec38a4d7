//! No two requests share a plan that anything tells apart: one that comes again and again leaves its
//! plan behind, and the next fares as it does where nothing was before it.
//!
//! The input is a script in four parts, with `--` in a line of its own between them: the request line
//! and headers of the first, and its body; and the same of the second.

#![no_main]

#[expect(dead_code, reason = "the tests of the gate use more of it")]
#[path = "../../crates/gate/tests/it/plans/changes.rs"]
mod changes;
#[expect(dead_code, reason = "the tests of the gate use more of it")]
#[path = "../../crates/gate/tests/it/door.rs"]
mod door;
#[expect(dead_code, reason = "the tests of the gate use more of it")]
#[path = "../../crates/gate/tests/it/fixture.rs"]
mod fixture;
#[path = "../../crates/gate/tests/it/plans/notebook.rs"]
mod notebook;
#[path = "../../crates/gate/tests/it/plans/tokens.rs"]
mod tokens;
#[path = "../../crates/gate/tests/it/plans/world.rs"]
mod world;

use std::cell::RefCell;

use changes::Change;
use door::{Asked, Told, Upstream};
use libfuzzer_sys::fuzz_target;
use signalbox_fuzz::script::{head, sections};
use world::World;

thread_local! {
    /// One that keeps plans, and one that has none.
    static WORLDS: RefCell<[World; 2]> = RefCell::new([World::new(false), World::new(true)]);
}

fuzz_target!(|input: &[u8]| {
    let [first, first_body, second, second_body] = sections(input);
    WORLDS.with_borrow_mut(|[with, without]| {
        for world in [&mut *with, &mut *without] {
            // Keys have all their requests again.
            world.changes(Change::Time(120));
        }
        for (request, body) in [
            (first, first_body),
            (first, first_body),
            (first, first_body),
            (second, second_body),
        ] {
            let Some(planned) = plays(with, request, body) else {
                return;
            };
            assert_eq!(Some(planned), plays(without, request, body));
            assert_eq!(with.counts(), without.counts());
        }
    });
});

fn plays(world: &mut World, request: &[u8], body: &[u8]) -> Option<(Told, Vec<String>)> {
    let mut asked = Asked::new(head(request)?, body);
    asked.comes_whole = true;
    let answer = Upstream::json(200, r#"{"model":"support-agent"}"#);
    Some(world.plays(asked, &[answer], None))
}
