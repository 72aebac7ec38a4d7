//! Where a body is cut into pieces, and what a door knows of its end, changes nothing.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use proptest::prelude::*;
use signalbox_gate::Gate;

use crate::door::{Asked, Told, Upstream, play};
use crate::fixture::{Engine, gate, head};

static GATES: LazyLock<[Arc<Gate>; 2]> = LazyLock::new(|| {
    [Engine::Known, Engine::Unknown].map(|engine| {
        gate(&Arc::default(), engine, |settings, _| {
            // Small enough that forms reach the disk.
            settings.multipart_memory = 40;
        })
    })
});

/// A request, its body, and what GT answers.
struct Case {
    uri: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    answer: Upstream,
}

fn cases() -> Vec<Case> {
    let json = "application/json";
    let form = "multipart/form-data; boundary=bb";
    let part = |name: &str, value: &str| {
        format!("--bb\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let chat = "/v1/chat/completions";
    let transcribe = "/v1/audio/transcriptions";
    let case = |uri, content_type, body: String, answer| Case {
        uri,
        content_type,
        body: body.into_bytes(),
        answer,
    };
    let events = Upstream::Answers {
        status: 200,
        headers: vec![("content-type", "text/event-stream".to_owned())],
        pieces: vec![Bytes::from_static(
            b"data: {\"model\":\"support-agent\",\"a\":1}\n\nevent: x\ndata: {\"model\":\"support-agent\"}\n\ndata: [DONE]\n\n",
        )],
        breaks_off: false,
    };
    let mut broken = events.clone();
    if let Upstream::Answers { breaks_off, .. } = &mut broken {
        *breaks_off = true;
    }
    let answer = || {
        Upstream::json(
            200,
            r#"{"id":"c","model":"support-agent","x":[1,{"model":"y"}]}"#,
        )
    };
    vec![
        case(
            chat,
            json,
            r#"{"model":"gpt-4o","messages":[{"role":"user","content":"é\u00e9"}]}"#.into(),
            answer(),
        ),
        case(
            chat,
            json,
            r#"{"stream":true,"model":"gpt-4o"}"#.into(),
            events,
        ),
        case(
            chat,
            json,
            r#"{"stream":true,"model":"gpt-4o"} "#.into(),
            broken,
        ),
        case(
            chat,
            json,
            r#"{"model":"gpt-4o","model":"gpt-4o"}"#.into(),
            answer(),
        ),
        case(chat, json, r#"{"model":"gpt-4o""#.into(), answer()),
        case(chat, json, r#"{"model":"nobody"}"#.into(), answer()),
        case(
            transcribe,
            form,
            part(
                "file",
                "sound of many words, longer than memory holds of it",
            ) + &part("model", "gpt-4o")
                + &part("x", "y")
                + "--bb--\r\n",
            answer(),
        ),
        case(
            transcribe,
            form,
            part("model", "gpt-4o") + &part("file", "sound") + "--bb--\r\n",
            answer(),
        ),
        case(
            transcribe,
            form,
            part("file", "sound") + "--bb--\r\n",
            answer(),
        ),
        case(
            transcribe,
            form,
            part("model", "gpt-4o") + &part("model", "gpt-4o") + "--bb--\r\n",
            answer(),
        ),
        case(transcribe, form, part("model", "gpt-4o") + "--bb", answer()),
        case(
            "/v1/datasets/briefs/files",
            form,
            part("file", "anything at all"),
            answer(),
        ),
    ]
}

/// How a door may have the bytes of an exchange.
#[derive(Clone, Debug)]
struct Cut {
    body: Vec<usize>,
    answer: Vec<usize>,
    comes_whole: bool,
    knows_end: bool,
    is_declared: bool,
    engine: Engine,
}

fn pieces(bytes: &[u8], cuts: &[usize]) -> Vec<Bytes> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    let pairs = places.iter().zip(places.iter().skip(1));
    let pieces = pairs.filter_map(|(from, to)| bytes.get(*from..*to));
    let pieces = pieces.filter(|piece| !piece.is_empty());
    pieces.map(Bytes::copy_from_slice).collect()
}

fn play_cut(case: &Case, cut: &Cut) -> Told {
    let headers = [("content-type", case.content_type)];
    let mut asked = Asked::new(head("POST", case.uri, &headers), &case.body);
    asked.pieces = pieces(&case.body, &cut.body);
    (asked.comes_whole, asked.knows_end) = (cut.comes_whole, cut.knows_end);
    if !cut.is_declared {
        asked.declared = None;
    }
    let mut answer = case.answer.clone();
    if let Upstream::Answers { pieces: whole, .. } = &mut answer {
        *whole = pieces(&whole.concat(), &cut.answer);
    }
    let [known, unknown] = &*GATES;
    let gate = match cut.engine {
        Engine::Known => known,
        Engine::Unknown => unknown,
    };
    play(gate, asked, &[answer])
}

/// Requests to GT, and the status and body of the response.
type Seen = (Vec<(String, Vec<u8>)>, u16, Option<Vec<u8>>);

/// What a client and GT see, apart from what depends on when a flaw is found: a request to GT that is
/// broken off tells GT nothing.
fn seen(told: Told) -> Seen {
    let whole = told
        .sent
        .into_iter()
        .filter_map(|(head, body)| Some((head, body?)));
    (whole.collect(), told.status, told.body)
}

fn uncut() -> Cut {
    Cut {
        body: Vec::new(),
        answer: Vec::new(),
        comes_whole: false,
        knows_end: true,
        is_declared: true,
        engine: Engine::Known,
    }
}

#[test]
fn a_cut_at_any_one_place_changes_nothing() {
    for (number, case) in cases().iter().enumerate() {
        let whole = seen(play_cut(case, &uncut()));
        for at in 0..=case.body.len() {
            for (comes_whole, knows_end, engine) in [
                (false, true, Engine::Known),
                (false, false, Engine::Known),
                (true, true, Engine::Known),
                (false, true, Engine::Unknown),
            ] {
                let cut = Cut {
                    body: vec![at],
                    comes_whole,
                    knows_end,
                    engine,
                    ..uncut()
                };
                assert_eq!(seen(play_cut(case, &cut)), whole, "case {number}, {cut:?}");
            }
        }
        let Upstream::Answers { pieces, .. } = &case.answer else {
            continue;
        };
        for at in 0..=pieces.concat().len() {
            let cut = Cut {
                answer: vec![at],
                ..uncut()
            };
            assert_eq!(
                seen(play_cut(case, &cut)),
                whole,
                "case {number}, answer cut at {at}"
            );
        }
    }
}

proptest! {
    #[test]
    fn cuts_anywhere_change_nothing(
        number in 0..12_usize,
        body in prop::collection::vec(any::<usize>(), 0..12),
        answer in prop::collection::vec(any::<usize>(), 0..12),
        (comes_whole, knows_end, is_declared, is_known) in any::<(bool, bool, bool, bool)>(),
    ) {
        let cases = cases();
        let case = &cases[number];
        let engine = if is_known { Engine::Known } else { Engine::Unknown };
        let cut = Cut { body, answer, comes_whole, knows_end, is_declared, engine };
        prop_assert_eq!(seen(play_cut(case, &cut)), seen(play_cut(case, &uncut())));
    }
}
