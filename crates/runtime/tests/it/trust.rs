//! Which components count as a known engine with tables.

use signalbox_policy::RequestedModel;
use signalbox_runtime::{
    DecideError, LoadOptions, Plugin, Runtime, Settings,
    trust::{Fingerprint, NotEngine, fingerprint},
};

use crate::guests::{Guest, caller, chat, honest, serve};

/// Far above the image of every guest here.
const HEAP_BASE: u32 = 32 << 10;

/// A guest in the form of a compiled policy: `tables` are in its last segment.
fn engine(offset: u32, tables: &str) -> Guest {
    Guest {
        fields: format!(r#"(@custom "note" "{tables}")"#),
        last_fields: format!(
            r#"(global (export "__heap_base") i32 (i32.const {HEAP_BASE}))
               (data (i32.const {offset}) "{tables}")"#
        ),
        ..Guest::default()
    }
}

fn fingerprint_of(guest: &Guest) -> Result<Fingerprint, NotEngine> {
    fingerprint(&guest.component())
}

fn runtime_that_trusts(engines: Vec<Fingerprint>) -> Runtime {
    let settings = Settings {
        workers: 1,
        warm_per_worker: 1,
        decision_threads: 0,
        spare: 0,
        engines,
        ..Settings::default()
    };
    Runtime::new(settings).unwrap()
}

fn load(runtime: &Runtime, guest: &Guest) -> Plugin {
    runtime
        .load(&guest.component(), &LoadOptions::default())
        .unwrap()
}

#[test]
fn tables_and_memory_size_are_not_part_of_the_fingerprint() {
    let base = fingerprint_of(&engine(HEAP_BASE, "tables")).unwrap();
    assert_eq!(
        fingerprint_of(&engine(HEAP_BASE + 16, "other tables")),
        Ok(base)
    );
    let large = Guest {
        pages: 9,
        ..engine(HEAP_BASE, "tables")
    };
    assert_eq!(fingerprint_of(&large), Ok(base));
}

#[test]
fn code_and_data_are_part_of_the_fingerprint() {
    let base = fingerprint_of(&engine(HEAP_BASE, "tables")).unwrap();
    let code = Guest {
        evil: Guest::code("(unreachable)").evil,
        ..engine(HEAP_BASE, "tables")
    };
    assert_ne!(fingerprint_of(&code).unwrap(), base);
    let mut data = engine(HEAP_BASE, "tables");
    data.description.name = "tseug".into();
    assert_ne!(fingerprint_of(&data).unwrap(), base);
}

#[test]
fn tables_below_the_heap_or_beyond_the_memory_are_refused() {
    assert_eq!(
        fingerprint_of(&engine(HEAP_BASE - 1, "x")),
        Err(NotEngine::TablesOutside)
    );
    let end = 2 * (64 << 10);
    assert!(fingerprint_of(&engine(end - 1, "x")).is_ok());
    assert_eq!(
        fingerprint_of(&engine(end - 1, "xy")),
        Err(NotEngine::TablesOutside)
    );
    assert_eq!(
        fingerprint_of(&engine(u32::MAX, "x")),
        Err(NotEngine::TablesOutside)
    );
}

#[test]
fn guest_without_heap_base_is_no_engine() {
    assert_eq!(
        fingerprint_of(&Guest::default()),
        Err(NotEngine::NoHeapBase)
    );
}

#[test]
fn heap_base_that_can_change_is_none() {
    let mut guest = engine(HEAP_BASE, "x");
    guest.last_fields = guest.last_fields.replace(") i32 (", ") (mut i32) (");
    assert_eq!(fingerprint_of(&guest), Err(NotEngine::NoHeapBase));
}

#[test]
fn passive_segment_holds_no_tables() {
    let mut guest = engine(HEAP_BASE, "x");
    guest.last_fields.push_str(r#"(data "passive")"#);
    assert_eq!(fingerprint_of(&guest), Err(NotEngine::NoTables));
}

#[test]
fn component_of_two_modules_is_no_engine() {
    let text = "(component (core module) (core module))";
    assert_eq!(
        fingerprint(&wat::parse_str(text).unwrap()),
        Err(NotEngine::NotOne)
    );
}

#[test]
fn only_a_known_engine_is_trusted_and_inline() {
    let guest = engine(HEAP_BASE, "tables");
    let runtime = runtime_that_trusts(vec![fingerprint_of(&guest).unwrap()]);
    let inline = |guest: &Guest| {
        let plugin = load(&runtime, guest);
        let generation = serve(plugin.clone());
        assert_eq!(plugin.is_trusted(), generation.is_inline());
        generation.is_inline()
    };
    assert!(inline(&guest));
    assert!(inline(&engine(HEAP_BASE, "other tables")));
    assert!(!inline(&Guest {
        evil: Guest::code("(unreachable)").evil,
        ..guest
    }));
    assert!(!inline(&Guest::default()));
}

#[test]
fn trusted_policy_has_eight_mebibytes_beyond_what_it_declares() {
    let growing = |pages: u32| Guest {
        evil: crate::guests::Evil::Code(format!(
            "(if (result i32) (i32.eq (memory.grow (i32.const {pages})) (i32.const -1))
               (then (unreachable)) (else (i32.const 0)))"
        )),
        ..engine(HEAP_BASE, "tables")
    };
    let decide = |guest: &Guest| {
        let runtime = runtime_that_trusts(vec![fingerprint_of(guest).unwrap()]);
        let plugin = load(&runtime, guest);
        assert!(plugin.is_trusted());
        let caller = caller("evil");
        plugin
            .decide(&chat(&caller, RequestedModel::Unread))
            .unwrap_err()
            .cause()
    };
    assert_eq!(decide(&growing(128)), "contract");
    assert_eq!(decide(&growing(129)), "memory");
}

#[test]
fn exhausted_pool_is_told_and_recovers() {
    let guest = engine(HEAP_BASE, "tables");
    // One instance in all, which a warm policy keeps.
    let runtime = runtime_that_trusts(vec![fingerprint_of(&guest).unwrap()]);
    let (first, second) = (load(&runtime, &guest), load(&runtime, &Guest::default()));
    let second = serve(second);
    let caller = caller("honest");
    let request = chat(&caller, RequestedModel::Unread);
    let answer = Ok(honest(RequestedModel::Unread));
    let generation = serve(first);
    assert_eq!(generation.decide(&request), answer);
    assert_eq!(second.decide(&request), Err(DecideError::PoolExhausted));
    assert_eq!(generation.decide(&request), answer);
    // What an answer under way holds does not hold the instance.
    let open = generation.served().open();
    drop(generation);
    assert_eq!(second.decide(&request), answer);
    assert!(open.served().is_freed());
    // Want of room is none of the guest's failures.
    let served = second.served();
    let counts = served.counts();
    assert_eq!((counts.decisions, counts.failures), (2, 0));
}
