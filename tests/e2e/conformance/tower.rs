//! The same exchanges through the tower layer, between hyper's server and hyper's client. What is not as
//! the files say is listed here, with the reason; an exchange that changes sides fails.

use std::collections::BTreeSet;

use signalbox_harness::conformance::{Door, Fixture, TowerDoor, check};

macro_rules! topics {
    ($($topic:ident)*) => {
        $(#[test]
        fn $topic() {
            play(stringify!($topic));
        })*
    };
}

topics! {
    announced audio_images bases browsers budgets chat connections conversations datasets embeddings
    forms head headers http2 idle limited limits listed_models models refusals_body refusals_key
    refusals_policy refusals_request refusals_route refusals_target refusals_upstream streams swaps
    timeouts unreachable
}

/// Exchanges of a topic.
type Exchanges = (&'static str, &'static [&'static str]);

/// What is not as the files say: why, and where.
const OTHERWISE: &[(&str, &[Exchanges])] = &[
    (
        "pages of browsers are answered by a layer of their own, if by any",
        &[(
            "browsers",
            &[
                "a page asks beforehand",
                "another page asks beforehand",
                "a page asks for a header nobody lists",
                "OPTIONS without a question",
                "a page calls",
                "another page calls",
                "a refusal to a page",
                "no key from a page",
                "a stream to a page",
                "a trusted hop's word on a client's address is taken",
                "without it the hop is the client",
                "a word that cannot be read ends the walk",
                "the other header is the client's own and not read",
            ],
        )],
    ),
    (
        "hyper closes a connection without saying so in the head before",
        &[
            (
                "budgets",
                &[
                    "a body there is no room for",
                    "a body of more than any may be",
                ],
            ),
            (
                "connections",
                &[
                    "a client that waits is refused at once",
                    "a client that waits for a route its key may not use",
                    "a refusal before a body closes the connection",
                ],
            ),
            (
                "datasets",
                &[
                    "GT answers before all of an upload is sent",
                    "a client that stops within an upload",
                    "an upload that says it is larger than its key may send",
                    "an upload in chunks that turns out larger than its key may send",
                ],
            ),
            (
                "forms",
                &["a form that turns out wrong while GT reads it is broken off there"],
            ),
            ("idle", &["a client stops within a body"]),
            (
                "refusals_body",
                &[
                    "a body that is larger than its key may send",
                    "a body in chunks that is larger than its key may send",
                    "a body that its client breaks off",
                ],
            ),
            (
                "refusals_request",
                &[
                    "another transfer encoding",
                    "a size of a chunk that is none",
                    "another expectation",
                ],
            ),
        ],
    ),
    (
        "hyper answers what is no request by itself, without a body",
        &[(
            "refusals_request",
            &[
                "no HTTP at all",
                "no version",
                "another version",
                "two lengths that differ",
                "a length that is none",
                "chunks in HTTP/1.0",
                "a header with a space before its colon",
                "a header over two lines",
                "a header without a name",
                "a header with a NUL",
                "a space in the path",
            ],
        )],
    ),
    (
        "hyper hides a length beside chunks: the chunks count, here and at GT",
        &[("refusals_request", &["a length and chunks"])],
    ),
    (
        "how large a head may be over HTTP/1.1, and how slow, is the server's affair",
        &[
            ("budgets", &["a head of more than the host takes"]),
            (
                "refusals_request",
                &[
                    "a head of more than 64 KiB",
                    "a target of more than 64 KiB",
                    "more than 128 headers",
                ],
            ),
            ("timeouts", &["a head does not end"]),
        ],
    ),
    (
        "an error of the inner service does not say how far the request came",
        &[
            ("connections", &["a connection goes on after GT hung up"]),
            (
                "refusals_upstream",
                &[
                    "no HTTP",
                    "half a head",
                    "the connection is lost after the request",
                    "two lengths",
                ],
            ),
            ("unreachable", &["chat", "an upload", "a form"]),
        ],
    ),
];

fn play(topic: &str) {
    let wrong = check(topic, &super::guests(), &tower);
    let places = OTHERWISE.iter().flat_map(|(_why, places)| *places);
    let listed = places.filter(|(known, _)| *known == topic);
    let listed: BTreeSet<&str> = listed
        .flat_map(|(_, names)| names.iter().copied())
        .collect();
    let begins = |title: &str, name: &str| title.starts_with(&format!("{topic}.json, {name:?}, "));
    let unexpected: Vec<_> = wrong
        .iter()
        .filter(|title| !listed.iter().any(|name| begins(title, name)))
        .map(String::as_str)
        .collect();
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n\n"));
    let differs = |name: &str| wrong.iter().any(|title| begins(title, name));
    let same: Vec<_> = listed.iter().filter(|name| !differs(name)).collect();
    assert!(same.is_empty(), "these are as the files say: {same:?}");
}

fn tower(fixture: &Fixture) -> Box<dyn Door> {
    Box::new(TowerDoor::open(fixture))
}
