//! Our reading and hyper's, of the same bytes.

use proptest::prelude::*;

use super::corpus::{Case, corpus};
use super::peer::{Answer, Outcome, hypers, ours};

/// Whether the other outcome lets more pass than this.
fn is_stricter(this: &Outcome, than: &Outcome) -> bool {
    match (this, than) {
        (Outcome::Protocol, Outcome::Answered { .. }) => true,
        (
            Outcome::Answered {
                status,
                headers,
                body,
                is_broken,
                is_kept,
            },
            Outcome::Answered {
                status: others_status,
                headers: others_headers,
                body: others_body,
                is_broken: is_others_broken,
                is_kept: is_others_kept,
            },
        ) => {
            let is_same_head = (status, headers) == (others_status, others_headers);
            let breaks_off = *is_broken && !is_others_broken && others_body.starts_with(body);
            let closes = !is_kept && *is_others_kept && body == others_body;
            // Beside chunks a length does not count, and is not handed on.
            let counts = |(name, _): &&(String, Vec<u8>)| name != "content-length";
            let omits_length = others_headers
                .iter()
                .any(|field| field.0 == "transfer-encoding")
                && headers != others_headers
                && headers.iter().eq(others_headers.iter().filter(counts));
            let is_same_body = (body, is_broken) == (others_body, is_others_broken);
            is_same_head && (breaks_off || closes)
                || status == others_status && omits_length && (is_same_body || breaks_off)
        }
        _ => false,
    }
}

/// A case as it is written in one go.
fn whole(case: &Case, closes: bool) -> Answer {
    Answer {
        method: case.method,
        bytes: case.bytes.clone(),
        cut: case.bytes.len(),
        closes,
    }
}

/// Whether the answer ends without its server closing.
fn ends_alone(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Answered {
            is_broken: false,
            ..
        }
    )
}

#[test]
fn hostile_answers_are_read_as_hyper_reads_them_or_more_strictly() {
    for case in corpus() {
        for closes in [true, false] {
            let answer = whole(&case, closes);
            let ends = || has_an_end(&case) && ends_alone(&ours(&whole(&case, true)));
            if !(closes || ends()) {
                continue;
            }
            let (ours, hypers) = (ours(&answer), hypers(&answer));
            let shown = String::from_utf8_lossy(&case.bytes);
            let shown: String = shown.chars().take(200).collect();
            match case.stricter {
                None => assert_eq!(ours, hypers, "{shown}"),
                // What closes anyway is kept by nobody.
                Some(_) if closes && ours == hypers => {}
                Some(reason) => assert!(
                    is_stricter(&ours, &hypers),
                    "{reason}: {shown}\n{ours:?}\n{hypers:?}"
                ),
            }
        }
    }
}

/// Whether a case says itself where it ends.
fn has_an_end(case: &Case) -> bool {
    let text = String::from_utf8_lossy(&case.bytes).to_lowercase();
    let is_bodyless = text.contains("1 204") || text.contains("1 304") || case.method == "HEAD";
    is_bodyless || text.contains("content-length: ") || text.contains("chunked")
}

#[test]
fn every_deviation_is_one() {
    for case in corpus().iter().filter(|case| case.stricter.is_some()) {
        let differs = |closes| {
            let answer = whole(case, closes);
            ours(&answer) != hypers(&answer)
        };
        let reason = case.stricter.unwrap_or_default();
        assert!(
            differs(true) || differs(false),
            "hyper does the same now: {reason}"
        );
    }
}

#[test]
fn answers_are_the_same_wherever_they_are_cut() {
    for case in corpus() {
        let expected = ours(&whole(&case, true));
        let length = case.bytes.len();
        let step = (length / 60).max(1);
        for cut in (1..=length).step_by(step) {
            let answer = Answer {
                cut,
                ..whole(&case, true)
            };
            let shown = String::from_utf8_lossy(&case.bytes);
            let shown: String = shown.chars().take(200).collect();
            assert_eq!(ours(&answer), expected, "{shown} by {cut}");
        }
    }
}

/// How a generated body is carried.
#[derive(Clone, Copy, Debug)]
enum Carried {
    Length,
    Chunked,
    UntilClose,
}

fn carried(carried: Carried, pieces: &[Vec<u8>]) -> Vec<u8> {
    match carried {
        Carried::Length => {
            let body = pieces.concat();
            let head = format!("content-length: {}\r\n\r\n", body.len());
            [head.into_bytes(), body].concat()
        }
        Carried::Chunked => {
            let mut bytes = b"Transfer-Encoding: chunked\r\n\r\n".to_vec();
            for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
                bytes.extend(piece);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
            bytes
        }
        Carried::UntilClose => [b"\r\n".to_vec(), pieces.concat()].concat(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_answer_is_read_as_hyper_reads_it(
        status in 200_u16..1000,
        fields in prop::collection::vec(("[a-zA-Z!-]{1,10}", "[ -~]{0,20}"), 0..12),
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..6),
        how in prop_oneof![Just(Carried::Length), Just(Carried::Chunked), Just(Carried::UntilClose)],
        rest in prop::collection::vec(any::<u8>(), 0..3),
        cut in 1_usize..300,
    ) {
        let mut bytes = format!("HTTP/1.1 {status} \r\n").into_bytes();
        for (name, value) in &fields {
            bytes.extend(format!("X-{name}: {value}\r\n").into_bytes());
        }
        bytes.extend(carried(how, &pieces));
        bytes.extend(rest);
        let answer = Answer { method: "GET", bytes, cut, closes: true };
        prop_assert_eq!(ours(&answer), hypers(&answer));
    }

    #[test]
    fn a_damaged_answer_is_never_more_to_us_than_to_hyper(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 1..4),
        how in prop_oneof![Just(Carried::Length), Just(Carried::Chunked)],
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = b"HTTP/1.1 200 OK\r\nconnection: a\r\n".to_vec();
        bytes.extend(carried(how, &pieces));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let cut = bytes.len();
        let answer = Answer { method: "GET", bytes, cut, closes: true };
        let (ours, hypers) = (ours(&answer), hypers(&answer));
        prop_assert!(ours == hypers || is_stricter(&ours, &hypers), "{ours:?}\n{hypers:?}");
    }
}
