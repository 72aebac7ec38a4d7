//! What costs a client little and a server much: each ends its connection, and only that.

use std::time::Duration;

use h2::Reason;

use crate::harness::http2::{Frames, Taken, block};
use crate::harness::{Ask, Gate, Gt};

const HEAD: [(&str, &str); 5] = [
    (":method", "GET"),
    (":scheme", "http"),
    (":authority", "gate.example"),
    (":path", "/v1/models"),
    ("authorization", "Bearer token-all"),
];

#[test]
fn resets_in_bulk_end_the_connection() {
    let gate = Gate::before(&Gt::chatty());
    let mut frames = Frames::connect(gate.address);
    let mut storm = Vec::new();
    let head = block(&HEAD);
    for stream in (1..2_000).step_by(2) {
        let flags = Frames::END_HEADERS | Frames::END_STREAM;
        storm.extend(Frames::frame(Frames::HEADERS, flags, stream, &head));
        let cancel = 8_u32.to_be_bytes();
        storm.extend(Frames::frame(Frames::RESET, 0, stream, &cancel));
    }
    // The other end closes while this is under way.
    let _ = frames.try_write(&storm);
    let taken = frames.taken(u32::MAX);
    assert!(
        matches!(
            taken,
            Taken::Ended(Reason::ENHANCE_YOUR_CALM) | Taken::Closed
        ),
        "{taken:?}"
    );
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
}

#[test]
fn a_head_without_an_end_ends_the_connection() {
    let gate = Gate::before(&Gt::chatty());
    let mut frames = Frames::connect(gate.address);
    frames.write(Frames::HEADERS, Frames::END_STREAM, 1, &block(&HEAD));
    let filler = block(&[("x-filler", &"x".repeat(8_000))]);
    let more = Frames::frame(Frames::CONTINUATION, 0, 1, &filler);
    let mut written = 0;
    while written < 64 << 20 && frames.try_write(&more).is_ok() {
        written += more.len();
    }
    let taken = frames.taken(1);
    assert!(
        matches!(taken, Taken::Ended(_) | Taken::Closed),
        "{taken:?}"
    );
    assert!(written < 64 << 20, "it goes on for ever");
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
}

#[test]
fn a_head_that_does_not_go_on_ends_with_its_connection_in_time() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.times.connection_idle = Duration::from_millis(50).into())
        .start();
    let mut frames = Frames::connect(gate.address);
    frames.write(Frames::HEADERS, Frames::END_STREAM, 1, &block(&HEAD));
    // Nothing that could be read as an answer comes, and then nothing at all.
    while let Some((kind, ..)) = frames.read() {
        assert!(![Frames::HEADERS, Frames::DATA].contains(&kind), "{kind}");
    }
}

#[test]
fn more_streams_than_there_may_be_are_refused_one_by_one() {
    let gt = Gt::answering(|_, _| std::thread::park());
    let gate = Gate::builder(gt.address)
        .config(|config| config.limits.streams_per_connection = 2)
        .start();
    let mut frames = Frames::connect(gate.address);
    let mut post = HEAD.to_vec();
    post[0] = (":method", "POST");
    post[3] = (":path", "/v1/chat/completions");
    post.push(("content-type", "application/json"));
    for stream in [1, 3, 5] {
        frames.write(Frames::HEADERS, Frames::END_HEADERS, stream, &block(&post));
    }
    assert_eq!(frames.taken(5), Taken::Reset(Reason::REFUSED_STREAM));
}
