//! The same exchange through the layer and through the gate's own steps: the same bytes, wherever they
//! are cut.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::{Response, header::HOST};
use proptest::prelude::*;
use signalbox_gate::Gate;

use crate::body::{Piece, Pieces};
use crate::door::{self, Asked, Told, Upstream};
use crate::fixture::{Engine, gate, head};
use crate::gt::Gt;
use crate::stage::{layer, play};

static GATE: LazyLock<Arc<Gate>> = LazyLock::new(|| {
    gate(&Arc::default(), Engine::Known, |settings, _| {
        // There is no disk here.
        settings.multipart_memory = settings.multipart_disk;
    })
});

/// A request, and what GT answers.
struct Case {
    method: &'static str,
    uri: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    answers: Vec<Upstream>,
}

/// How the bytes of an exchange come.
#[derive(Clone, Debug, Default)]
struct Cut {
    body: Vec<usize>,
    answer: Vec<usize>,
    knows_end: bool,
    is_declared: bool,
}

fn events(text: &str, breaks_off: bool) -> Upstream {
    Upstream::Answers {
        status: 200,
        headers: vec![("content-type", "text/event-stream".to_owned())],
        pieces: vec![Bytes::copy_from_slice(text.as_bytes())],
        breaks_off,
    }
}

fn plain(status: u16, name: &'static str, value: &str) -> Upstream {
    Upstream::Answers {
        status,
        headers: vec![(name, value.to_owned())],
        pieces: vec![Bytes::from_static(b"quotes gtak_inference here")],
        breaks_off: false,
    }
}

fn cases() -> Vec<Case> {
    let case = |method, uri, headers: &[_], body: &str, answers: &[Upstream]| Case {
        method,
        uri,
        headers: headers.to_vec(),
        body: body.to_owned(),
        answers: answers.to_vec(),
    };
    let json = ("content-type", "application/json");
    let form = ("content-type", "multipart/form-data; boundary=bb");
    let chat = |body: &str, answer| case("POST", "/v1/chat/completions", &[json], body, &[answer]);
    let named = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"é\u00e9"}]}"#;
    let answer = || {
        Upstream::json(
            200,
            r#"{"id":"c","model":"support-agent","x":[{"model":"y"}]}"#,
        )
    };
    let stream = "data: {\"model\":\"support-agent\",\"a\":1}\n\nevent: x\ndata: {\"model\":\"support-agent\"}\n\ndata: [DONE]\n\n";
    let part = |name: &str, value: &str| {
        format!("--bb\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let of_form = |body: String| {
        case(
            "POST",
            "/v1/audio/transcriptions",
            &[form],
            &body,
            &[answer()],
        )
    };
    let file = "sound of many words";
    vec![
        chat(named, answer()),
        chat(
            r#" {"stream":true,"model":"gpt-4o"} "#,
            events(stream, false),
        ),
        chat(r#"{"stream":true,"model":"gpt-4o"}"#, events(stream, true)),
        chat(
            r#"{"stream":true,"model":"gpt-4o"}"#,
            events(&stream[..20], true),
        ),
        chat(named, plain(200, "content-type", "text/plain")),
        chat(named, plain(500, "content-type", "text/plain")),
        chat(named, plain(500, "content-encoding", "gzip")),
        chat(named, plain(401, "www-authenticate", "Bearer")),
        chat(named, plain(302, "location", "https://elsewhere.example/")),
        chat(named, plain(204, "x-other", "1")),
        chat(r#"{"model":"gpt-4o","model":"gpt-4o"}"#, answer()),
        chat(r#"{"model":"gpt-4o""#, answer()),
        chat(r#"{"model":"nobody"}"#, answer()),
        chat("", answer()),
        case(
            "POST",
            "/v1/embeddings",
            &[json],
            r#"{"model":"embedder"}"#,
            &[answer()],
        ),
        of_form(part("file", file) + &part("model", "gpt-4o") + &part("x", "y") + "--bb--\r\n"),
        of_form(part("model", "gpt-4o") + &part("file", file) + "--bb--\r\n"),
        of_form(part("model", "gpt-4o") + &part("model", "gpt-4o") + "--bb--\r\n"),
        of_form(part("file", file) + "--bb--\r\n"),
        case(
            "POST",
            "/v1/datasets/briefs/files",
            &[form],
            &part("file", file),
            &[answer()],
        ),
        case(
            "POST",
            "/v1/conversations/files",
            &[form],
            &part("file", file),
            &[answer()],
        ),
        case("GET", "/v1/models", &[], "", &[]),
        case("GET", "/v1/models/gpt-4o", &[], "", &[]),
        case("GET", "/v1/models/nobody", &[], "", &[]),
        case(
            "GET",
            "/v1/files/f?include=x&other=y",
            &[("x-team", "a"), ("cookie", "b")],
            "",
            &[
                Upstream::json(404, "{}"),
                Upstream::json(200, r#"{"id":"f"}"#),
            ],
        ),
        case("GET", "/v1/nothing", &[], "", &[]),
        case("DELETE", "/v1/models/gpt-4o", &[], "", &[]),
        case("POST", "/v1/audio/speech", &[json], "{}", &[]),
        case("POST", "/v1/images/generations", &[json], "{}", &[]),
        case("GET", "/v1//models", &[], "", &[]),
        case(
            "GET",
            "/v1/models",
            &[("authorization", "Bearer nobody")],
            "",
            &[],
        ),
        case(
            "GET",
            "/v1/models",
            &[("authorization", "Bearer token-expired")],
            "",
            &[],
        ),
        case(
            "GET",
            "/v1/models",
            &[("connection", "x-a"), ("x-a", "b")],
            "",
            &[],
        ),
        case(
            "GET",
            "/v1/models",
            &[("upgrade", "websocket"), ("connection", "upgrade")],
            "",
            &[],
        ),
        case(
            "POST",
            "/v1/chat/completions",
            &[json, ("content-encoding", "gzip")],
            named,
            &[],
        ),
        case("POST", "/v1/chat/completions", &[form], named, &[]),
    ]
}

fn pieces(bytes: &[u8], cuts: &[usize]) -> Vec<Bytes> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    let pairs = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
    let pieces = pairs.filter(|piece| !piece.is_empty());
    pieces.map(Bytes::copy_from_slice).collect()
}

/// Step by step, whole.
fn by_hand(case: &Case) -> Told {
    let asked = Asked::new(
        head(case.method, case.uri, &case.headers),
        case.body.as_bytes(),
    );
    door::play(&GATE, asked, &case.answers)
}

/// Through the layer, cut.
fn layered(case: &Case, cut: &Cut) -> Told {
    let answers = case.answers.iter().map(|answer| response(answer, cut));
    let gt = Gt::answering(answers);
    let body = pieces(case.body.as_bytes(), &cut.body);
    let is_declared = cut.is_declared || body.is_empty();
    let body = Pieces::new(body.into_iter().map(Piece::Data))
        .knows_end(cut.knows_end || case.body.is_empty())
        .declared(is_declared.then_some(case.body.len() as u64));
    let head = head(case.method, case.uri, &case.headers);
    let request = http::Request::from_parts(head, body);
    let (status, mut headers, body) = play(&layer(&GATE), &gt, request);
    headers.remove("x-signalbox-decision");
    headers.remove("x-request-id");
    let told = gt.told.lock().unwrap();
    let sent = told.sent.iter().map(|(head, body)| {
        assert_eq!(head.headers[HOST], "gt.example");
        let mut head = head.clone();
        head.headers
            .insert(HOST, http::HeaderValue::from_static(""));
        (door::shown(&head), body.clone())
    });
    Told {
        sent: sent.collect(),
        status,
        headers,
        body,
    }
}

fn response(answer: &Upstream, cut: &Cut) -> Response<Pieces> {
    let Upstream::Answers {
        status,
        headers,
        pieces: whole,
        breaks_off,
    } = answer
    else {
        panic!("a GT that answers");
    };
    let mut response = Response::builder().status(*status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    let body = pieces(&whole.concat(), &cut.answer);
    let body = body.into_iter().map(Piece::Data);
    let body = body.chain(breaks_off.then_some(Piece::Breaks));
    let body = Pieces::new(body).knows_end(cut.knows_end);
    response.body(body).unwrap()
}

/// What a client and GT see, apart from what depends on when a flaw is found: a request to GT that is
/// broken off tells GT nothing.
fn seen(mut told: Told) -> Told {
    told.sent.retain(|(_, body)| body.is_some());
    told
}

#[test]
fn the_layer_does_what_the_steps_say() {
    for case in cases() {
        for (knows_end, is_declared) in [(true, true), (false, true), (true, false), (false, false)]
        {
            let cut = Cut {
                knows_end,
                is_declared,
                ..Cut::default()
            };
            let at = format!("{} {}: {}, {cut:?}", case.method, case.uri, case.body);
            assert_eq!(seen(layered(&case, &cut)), seen(by_hand(&case)), "{at}");
        }
    }
}

proptest! {
    #[test]
    fn cuts_anywhere_change_nothing(
        number in 0..cases().len(),
        body in prop::collection::vec(any::<usize>(), 0..12),
        answer in prop::collection::vec(any::<usize>(), 0..12),
        (knows_end, is_declared) in any::<(bool, bool)>(),
    ) {
        let case = &cases()[number];
        let cut = Cut { body, answer, knows_end, is_declared };
        prop_assert_eq!(seen(layered(case, &cut)), seen(by_hand(case)));
    }
}
