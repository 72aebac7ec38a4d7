//! What the stub of WASI that `signalbox build --stub-wasi` puts into a component answers, asked by
//! a guest when it starts.

use signalbox_compiler::{Wasi, wrap};
use signalbox_runtime::{DecideError, Isolation, LoadError, TrapKind};

use crate::guests::{self, Guest};

/// Whether a guest starts that asks all of these questions; each is a number that is not 0 if the
/// answer is right. `time` is where a subscription says its time, and what follows is 16 bytes on.
fn start(module: &str, time: u32, questions: &[&str]) -> Result<(), LoadError> {
    let imports: String = FUNCTIONS
        .iter()
        .map(|(name, signature)| {
            format!("(import \"{module}\" \"{name}\" (func ${name} {signature}))")
        })
        .collect();
    let questions: String = questions
        .iter()
        .map(|question| format!("(if (i32.eqz {question}) (then unreachable))"))
        .collect();
    let questions = questions
        .replace("TIME", &time.to_string())
        .replace("FLAGS", &(time + 16).to_string());
    let guest = Guest {
        fields: imports,
        last_fields: format!("(func (export \"_initialize\") {questions})"),
        ..Guest::default()
    };
    let component = wrap(&guest.module(), Wasi::STUBBED).unwrap();
    guests::load(&component, Isolation::Request).map(|_| ())
}

const FUNCTIONS: [(&str, &str); 12] = [
    ("args_sizes_get", "(param i32 i32) (result i32)"),
    ("clock_res_get", "(param i32 i32) (result i32)"),
    ("clock_time_get", "(param i32 i64 i32) (result i32)"),
    ("environ_sizes_get", "(param i32 i32) (result i32)"),
    ("fd_prestat_get", "(param i32 i32) (result i32)"),
    ("fd_read", "(param i32 i32 i32 i32) (result i32)"),
    ("fd_write", "(param i32 i32 i32 i32) (result i32)"),
    (
        "path_open",
        "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)",
    ),
    ("poll_oneoff", "(param i32 i32 i32 i32) (result i32)"),
    ("proc_exit", "(param i32)"),
    ("random_get", "(param i32 i32) (result i32)"),
    ("sched_yield", "(result i32)"),
];

/// Scratch space is below 1024.
const QUESTIONS: &[&str] = &[
    // No arguments and no environment: 0 of them, in 0 bytes.
    "(block (result i32)
       (i64.store (i32.const 64) (i64.const -1))
       (i32.or (call $args_sizes_get (i32.const 64) (i32.const 68))
         (i32.wrap_i64 (i64.load (i32.const 64))))
       (i32.eqz))",
    "(block (result i32)
       (i64.store (i32.const 64) (i64.const -1))
       (i32.or (call $environ_sizes_get (i32.const 64) (i32.const 68))
         (i32.wrap_i64 (i64.load (i32.const 64))))
       (i32.eqz))",
    // The clock is a counter, whichever clock it is.
    "(i32.eqz (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 64)))",
    "(i64.eq (i64.load (i32.const 64)) (i64.const 1000))",
    "(i32.eqz (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 64)))",
    "(i64.eq (i64.load (i32.const 64)) (i64.const 2000))",
    "(i32.eqz (call $clock_res_get (i32.const 1) (i32.const 64)))",
    "(i64.eq (i64.load (i32.const 64)) (i64.const 1000))",
    // The same bytes every time, and no more of them than asked for.
    "(block (result i32)
       (i64.store (i32.const 64) (i64.const 0))
       (i32.eqz (call $random_get (i32.const 64) (i32.const 7))))",
    "(i64.eq (i64.load (i32.const 64)) (i64.const 0x0044cee00c91b9ae))",
    "(i32.eqz (call $random_get (i32.const 71) (i32.const 1)))",
    "(i64.eq (i64.load (i32.const 64)) (i64.const 0x2e44cee00c91b9ae))",
    // Two pieces of 5 and 7 bytes are written.
    "(block (result i32)
       (i32.store (i32.const 68) (i32.const 5))
       (i32.store (i32.const 76) (i32.const 7))
       (i32.eqz (call $fd_write (i32.const 2) (i32.const 64) (i32.const 2) (i32.const 80))))",
    "(i32.eq (i32.load (i32.const 80)) (i32.const 12))",
    // No descriptor is open, and nothing can be opened.
    "(i32.eq (call $fd_read (i32.const 0) (i32.const 64) (i32.const 0) (i32.const 80)) (i32.const 8))",
    "(i32.eq (call $fd_prestat_get (i32.const 3) (i32.const 64)) (i32.const 8))",
    "(i32.eq (i32.const 52) (call $path_open (i32.const 3) (i32.const 0) (i32.const 64)
       (i32.const 1) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 80)))",
    "(i32.eqz (call $sched_yield))",
    // A clock that is waited for is there at once, and later by that much than it was: 2000.
    "(block (result i32)
       (i64.store (i32.const 128) (i64.const 77))
       (i64.store (i32.add (i32.const 128) (i32.const TIME)) (i64.const 500000))
       (i32.eqz (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 64))))",
    "(i32.eq (i32.load (i32.const 64)) (i32.const 1))",
    "(i64.eq (i64.load (i32.const 256)) (i64.const 77))",
    "(i64.eqz (i64.load (i32.const 264)))",
    "(i32.eqz (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 64)))",
    "(i64.eq (i64.load (i32.const 64)) (i64.const 503000))",
    // An absolute time: the clock comes to it, and not back to one that is past.
    "(block (result i32)
       (i32.store16 (i32.add (i32.const 128) (i32.const FLAGS)) (i32.const 1))
       (i64.store (i32.add (i32.const 128) (i32.const TIME)) (i64.const 700000))
       (i32.eqz (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 64))))",
    "(block (result i32)
       (i64.store (i32.add (i32.const 128) (i32.const TIME)) (i64.const 1))
       (i32.eqz (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 64))))",
    "(i32.eqz (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 64)))",
    "(i64.eq (i64.load (i32.const 64)) (i64.const 701000))",
    // A descriptor that is waited for, to be read, is not open.
    "(block (result i32)
       (i32.store8 (i32.const 136) (i32.const 1))
       (i32.eqz (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 64))))",
    "(i64.eq (i64.load (i32.const 264)) (i64.const 0x10008))",
];

#[test]
fn stub_answers_as_promised_and_always_in_the_same_way() {
    assert_eq!(start("wasi_snapshot_preview1", 24, QUESTIONS), Ok(()));
    assert_eq!(start("wasi_unstable", 32, QUESTIONS), Ok(()));
}

#[test]
fn answer_that_is_not_as_promised_would_be_noticed() {
    let late = "(i32.eqz (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 64)))";
    let wrong = "(i64.eq (i64.load (i32.const 64)) (i64.const 1))";
    let error = start("wasi_snapshot_preview1", 24, &[late, wrong]).unwrap_err();
    assert!(is_trap(&error), "{error:?}");
}

#[test]
fn to_exit_is_a_trap() {
    let exit = "(block (result i32) (call $proc_exit (i32.const 0)) (i32.const 1))";
    let error = start("wasi_snapshot_preview1", 24, &[exit]).unwrap_err();
    assert!(is_trap(&error), "{error:?}");
}

fn is_trap(error: &LoadError) -> bool {
    matches!(
        error,
        LoadError::Start(DecideError::Trap(TrapKind::Unreachable, _))
    )
}
