//! A stream of events is the same in every cut, and differs from GT's in the model of its events.

#![no_main]

use libfuzzer_sys::fuzz_target;
use signalbox_fuzz::{
    cut,
    stamps::{STAMP, differs_in_whole_strings, events, mentions_stamp, replaced, spans},
};
use signalbox_http::restamp::SseRestamp;
use signalbox_http::usage::Usage;

fuzz_target!(|input: &[u8]| {
    let Some((pieces, stream)) = cut(input) else {
        return;
    };
    if mentions_stamp(stream) {
        return;
    }
    let whole = through(&mut std::iter::once(stream));
    assert_eq!(through(&mut pieces.iter().copied()), whole, "pieces");
    assert_eq!(through(&mut stream.chunks(1)), whole, "bytes");
    let (whole, _) = whole;
    assert!(differs_in_whole_strings(stream, &whole));
    if let Some(expected) = expected(stream) {
        assert_eq!(whole, expected, "the slow way");
    }
});

/// What goes out, and what it is said to have cost.
fn through(pieces: &mut dyn Iterator<Item = &[u8]>) -> (Vec<u8>, Option<Usage>) {
    let (mut restamp, mut out) = (SseRestamp::new(STAMP), Vec::new());
    pieces.for_each(|piece| restamp.push(piece, &mut out));
    restamp.finish(&mut out);
    (out, restamp.usage())
}

/// The stream as the client should see it, if the text of every event is JSON or begins like none.
fn expected(stream: &[u8]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for event in events(stream) {
        let text = event.iter().map(|at| at.map_or(b'\n', |at| stream[at]));
        let text = text.collect::<Vec<_>>();
        match spans(&text) {
            // A string spans no line end, so the bytes of a value stand side by side.
            Some(spans) => all.extend(spans.iter().map(|span| {
                let place = |at: usize| event[at].expect("a value's byte is one of the stream");
                place(span.start)..place(span.end - 1) + 1
            })),
            None if is_nothing_like_an_object(&text) => {}
            None => return None,
        }
    }
    Some(replaced(stream, &all))
}

fn is_nothing_like_an_object(text: &[u8]) -> bool {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF);
    text.iter().find(|byte| !blank(byte)) != Some(&b'{')
}
