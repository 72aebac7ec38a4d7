//! Guests that fail for the caller `evil`, each in a way that is a type, and for nobody else.

use signalbox_policy::{Decision, Forward, HeaderBuf, ListMode, ModelSource, Refusal, RouteIndex};
use signalbox_runtime::{DecideError, Detail, TrapKind, Violation};

use super::{
    CHAT, FILE, Guest, TO_CHAT, TO_FILE, TO_NOWHERE,
    words::{forward, refusal, route},
};

/// A guest that fails when it is asked about the head of a request for chat by the caller `evil`.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// What it does, for people.
    pub name: &'static str,
    /// The guest.
    pub guest: Guest,
    /// How asking it ends.
    pub fails: DecideError,
}

/// One of each kind.
#[must_use]
pub fn hostile() -> Vec<Hostile> {
    let mut all = traps();
    all.extend(greedy());
    all.extend(unreadable());
    all.extend(illegal());
    all
}

fn of(name: &'static str, guest: Guest, fails: DecideError) -> Hostile {
    Hostile { name, guest, fails }
}

fn traps() -> Vec<Hostile> {
    let trap = |name, kind, guest| of(name, guest, DecideError::Trap(kind, Detail::from("")));
    let table = "(type $none (func (result i32))) (table 1 funcref)";
    let nowhere = Guest {
        fields: table.to_owned(),
        ..Guest::code("(call_indirect (type $none) (i32.const 0))")
    };
    let deep = "(func $deep (param i32) (result i32)
        (i32.add (i32.const 1) (call $deep (local.get 0))))";
    let deep = Guest {
        fields: deep.to_owned(),
        ..Guest::code("(call $deep (i32.const 1))")
    };
    vec![
        trap(
            "reaches what cannot be reached",
            TrapKind::Unreachable,
            Guest::code("(unreachable)"),
        ),
        trap(
            "divides by zero",
            TrapKind::Arithmetic,
            Guest::code("(i32.div_u (i32.const 1) (i32.const 0))"),
        ),
        trap(
            "reads beyond its memory",
            TrapKind::OutOfBounds,
            Guest::code("(i32.load (i32.const 0x7fffffff))"),
        ),
        trap("calls nothing", TrapKind::IndirectCall, nowhere),
        trap("calls itself for ever", TrapKind::StackOverflow, deep),
    ]
}

fn greedy() -> Vec<Hostile> {
    let grow =
        "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)";
    vec![
        of(
            "loops for ever",
            Guest::code("(loop (br 0)) (unreachable)"),
            DecideError::Timeout,
        ),
        of("takes all memory", Guest::code(grow), DecideError::Memory),
    ]
}

fn unreadable() -> Vec<Hostile> {
    let unreadable = |name, guest| {
        let violation = Violation::Unreadable(Detail::from(""));
        of(name, guest, DecideError::Contract(violation))
    };
    // A refusal whose code, and whose message, are at these places with these lengths.
    let refuses = |code: (u32, u32), message: (u32, u32)| {
        format!(
            "(i32.store8 (i32.const 0) (i32.const 3)) (i32.store16 (i32.const 4) (i32.const 400))
             (i32.store (i32.const 8) (i32.const {})) (i32.store (i32.const 12) (i32.const {}))
             (i32.store (i32.const 16) (i32.const {})) (i32.store (i32.const 20) (i32.const {}))
             (i32.const 0)",
            code.0, code.1, message.0, message.1
        )
    };
    let letter = "(i32.store8 (i32.const 100) (i32.const 0x78))";
    let long = format!(
        "{letter} (memory.fill (i32.const 65536) (i32.const 0x78) (i32.const 70000)) {}",
        refuses((100, 1), (65_536, 70_000))
    );
    let long = Guest {
        pages: 8,
        ..Guest::code(&long)
    };
    let not_utf8 = format!(
        "(i32.store8 (i32.const 100) (i32.const 0xff)) {}",
        refuses((100, 1), (100, 0))
    );
    vec![
        unreadable(
            "gives no value of the type",
            Guest::code("(i32.store8 (i32.const 0) (i32.const 9)) (i32.const 0)"),
        ),
        unreadable(
            "points beyond its memory",
            Guest::code("(i32.const 0x7fffff00)"),
        ),
        unreadable("says what is not UTF-8", Guest::code(&not_utf8)),
        unreadable("says too much", long),
    ]
}

fn illegal() -> Vec<Hostile> {
    let illegal = |name, decision, violation| {
        let mut guest = Guest::answer(decision);
        // One more route for chat's method, without a model.
        let open = route("POST", "/v1/open", ModelSource::None);
        guest.description.routes.push(open);
        of(name, guest, DecideError::Contract(violation))
    };
    let to_open = || forward(RouteIndex(2));
    let host = HeaderBuf {
        name: "host".to_owned(),
        value: b"elsewhere".to_vec(),
    };
    let sets_host = Forward {
        set_headers: vec![host],
        ..to_open()
    };
    let two_lines = Forward {
        notice: Some("two\nlines".to_owned()),
        ..to_open()
    };
    vec![
        illegal(
            "forwards along no route",
            Decision::Forward(forward(TO_NOWHERE)),
            Violation::RouteIndex(TO_NOWHERE.0),
        ),
        illegal(
            "forwards before it knows the model",
            Decision::Forward(forward(TO_CHAT)),
            Violation::ForwardUnread(CHAT.to_owned()),
        ),
        illegal(
            "forwards by another method",
            Decision::Forward(forward(TO_FILE)),
            Violation::Method(FILE.to_owned()),
        ),
        illegal(
            "sets the host",
            Decision::Forward(sets_host),
            Violation::SetHeader("host".to_owned()),
        ),
        illegal(
            "gives a notice of two lines",
            Decision::Forward(two_lines),
            Violation::Notice("twolines".to_owned()),
        ),
        illegal(
            "lists where nobody asked",
            Decision::ListModels(ListMode::Catalogue),
            Violation::ListModels,
        ),
        illegal(
            "refuses with the status 500",
            refuses(500, "x"),
            Violation::Status(500),
        ),
        illegal(
            "refuses with no code",
            refuses(400, "Bad Code"),
            Violation::Code("Bad Code".to_owned()),
        ),
    ]
}

fn refuses(status: u16, code: &str) -> Decision {
    match refusal(code) {
        Decision::Refuse(plain) => Decision::Refuse(Refusal { status, ..plain }),
        other => other,
    }
}
