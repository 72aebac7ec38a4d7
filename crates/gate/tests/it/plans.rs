//! Plans change nothing but what an exchange takes: with them and without, the same is sent, answered,
//! recorded and counted, whatever changes in between.

mod changes;
mod notebook;
mod tokens;
mod world;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::select;

use crate::door::{Asked, Upstream};
use crate::fixture::{Engine, head};
use changes::{Change, Document, Entries, Table};
use world::World;

/// One request of a client, so often one behind the other.
#[derive(Clone, Debug)]
struct Ask {
    token: &'static str,
    line: (&'static str, &'static str),
    content_type: Option<&'static str>,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
    is_whole: bool,
    upstream: (u16, &'static str),
    times: usize,
    meanwhile: Option<Change>,
}

/// What happens, in its order.
#[derive(Clone, Debug)]
enum Event {
    /// One of the requests that come again and again, so that it has a plan.
    Again(usize),
    /// The same with one part of it another.
    Nearly(usize, Part),
    Other(Ask),
    Changes(Change),
}

/// A part of a request.
#[derive(Clone, Debug)]
enum Part {
    Token(&'static str),
    Line((&'static str, &'static str)),
    Type(Option<&'static str>),
    Headers(Vec<(&'static str, &'static str)>),
    Body(&'static str),
}

impl Ask {
    fn asked(&self) -> Asked {
        let (method, uri) = self.line;
        let token = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(self.content_type.map(|value| ("content-type", value)));
        headers.extend(&self.headers);
        let mut asked = Asked::new(head(method, uri, &headers), self.body.as_bytes());
        asked.comes_whole = self.is_whole;
        if !self.is_whole {
            asked.pieces = self
                .body
                .as_bytes()
                .chunks(9)
                .map(Bytes::copy_from_slice)
                .collect();
        }
        asked
    }

    fn with(&self, part: Part) -> Self {
        let mut other = self.clone();
        other.times = 1;
        match part {
            Part::Token(token) => other.token = token,
            Part::Line(line) => other.line = line,
            Part::Type(content_type) => other.content_type = content_type,
            Part::Headers(headers) => other.headers = headers,
            Part::Body(body) => other.body = body,
        }
        other
    }

    fn upstream(&self) -> Vec<Upstream> {
        let (status, body) = self.upstream;
        vec![Upstream::json(status, body); 2]
    }
}

const TOKENS: [&str; 12] = [
    "token-all",
    "token-chat",
    "token-upload",
    "token-scopeless",
    "token-no-scope",
    "token-once",
    "token-revoked",
    "token-absent",
    "jwt.chat.",
    "jwt.chat+embed.",
    "jwt.embed.",
    "unknown",
];
const LINES: [(&str, &str); 12] = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/api/tenant/v1/chat/completions/"),
    ("POST", "/v1/chat/completions?a=b"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/images/generations"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/gpt-4o"),
    ("GET", "/v1/files/f1?include=a"),
    ("GET", "/v1/files/f2"),
    ("PUT", "/v1/chat/completions"),
    ("POST", "/v1/nothing"),
];
const BODIES: [&str; 8] = [
    r#"{"model":"gpt-4o"}"#,
    r#"{"model": "gpt-4o", "stream": true}"#,
    r#"{"model":"embedder"}"#,
    r#"{"model":"gpt-5"}"#,
    r#"{"model":"gpt-4o","model":"embedder"}"#,
    r#"{"messages":[]}"#,
    "[]",
    "",
];
const HEADERS: [(&str, &str); 6] = [
    ("x-gt-conversation-id", "c1"),
    ("x-gt-conversation-id", "c2"),
    ("x-team", "search"),
    ("x-stainless-lang", "js"),
    ("user-agent", "one"),
    ("user-agent", "two"),
];
const ANSWERS: [(u16, &str); 4] = [
    (200, r#"{"model":"support-agent"}"#),
    (200, r#"{"model":"embedder"}"#),
    (404, r#"{"error":"gtak_inference"}"#),
    (500, "{}"),
];

fn change() -> impl Strategy<Value = Change> {
    use {Document as D, Entries as E, Table as T};
    let documents = select(vec![D::Plain, D::OtherName, D::WithoutModel, D::Pattern]);
    let engines = select(vec![Engine::Known, Engine::Known, Engine::Unknown]);
    let entries = [E::Plain, E::ChatRevoked, E::Narrower, E::OtherCredential];
    let purposes = select(vec!["inference", "upload", "conversation"]);
    let tables = select(vec![T::Shipped, T::WithoutEmbeddings, T::ChatWithMore]);
    prop_oneof![
        (documents, engines).prop_map(|(document, engine)| Change::Policy(document, engine)),
        select(entries.to_vec()).prop_map(Change::Keys),
        (purposes, any::<u8>()).prop_map(|(name, number)| Change::Credential(name, number)),
        tables.prop_map(Change::Table),
        (0..90_u64).prop_map(Change::Time),
    ]
}

const TYPES: [Option<&str>; 4] = [
    Some("application/json"),
    Some("application/json; charset=utf-8"),
    Some("text/plain"),
    None,
];

fn headers() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    proptest::collection::vec(select(&HEADERS[..]), 0..3)
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        select(&TOKENS[..]).prop_map(Part::Token),
        select(&LINES[..]).prop_map(Part::Line),
        select(&TYPES[..]).prop_map(Part::Type),
        headers().prop_map(Part::Headers),
        select(&BODIES[..]).prop_map(Part::Body),
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    (
        (select(&TOKENS[..]), select(&LINES[..]), select(&TYPES[..])),
        headers(),
        (select(&BODIES[..]), any::<bool>(), select(&ANSWERS[..])),
        (1..5_usize, proptest::option::weighted(0.2, change())),
    )
        .prop_map(|((token, line, content_type), headers, body, rest)| Ask {
            token,
            line,
            content_type,
            headers,
            body: if line.0 == "GET" { "" } else { body.0 },
            is_whole: body.1,
            upstream: body.2,
            times: rest.0,
            meanwhile: rest.1,
        })
}

/// A request that mostly is in order, as often as it takes for its plan to be kept.
fn regular() -> impl Strategy<Value = Ask> {
    let tokens = select(vec!["token-all", "token-all", "token-chat", "jwt.chat."]);
    let lines = select(vec![LINES[0], LINES[0], LINES[3], LINES[6], LINES[8]]);
    (tokens, lines, headers()).prop_map(|(token, line, headers)| Ask {
        token,
        line,
        content_type: TYPES[0],
        headers,
        body: if line.0 == "GET" { "" } else { BODIES[0] },
        is_whole: true,
        upstream: ANSWERS[0],
        times: 3,
        meanwhile: None,
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => any::<usize>().prop_map(Event::Again),
        3 => (any::<usize>(), part()).prop_map(|(which, part)| Event::Nearly(which, part)),
        1 => ask().prop_map(Event::Other),
        2 => change().prop_map(Event::Changes),
    ]
}

/// Plays what happens in a world with plans and in one without, and compares.
fn compare(worlds: &mut [World; 2], ask: &Ask) -> Result<(), TestCaseError> {
    for time in 0..ask.times {
        let [with, without] = worlds;
        let meanwhile = ask.meanwhile.filter(|_| time + 1 == ask.times);
        let play = |world: &mut World| world.plays(ask.asked(), &ask.upstream(), meanwhile);
        let (planned, plain) = (play(with), play(without));
        // A busy machine may let one of the two wait for longer than a decision may take.
        let is_late = |told: &[String]| told.iter().any(|it| it.contains("\"timeout\""));
        prop_assume!(!is_late(&planned.1) && !is_late(&plain.1));
        prop_assert_eq!(&planned.0, &plain.0, "{:?}", ask);
        prop_assert_eq!(&planned.1, &plain.1, "{:?}", ask);
        prop_assert_eq!(with.counts(), without.counts());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn with_plans_and_without_the_same_happens(
        regulars in proptest::collection::vec(regular(), 1..3),
        events in proptest::collection::vec(event(), 1..24),
    ) {
        let mut worlds = [World::new(false), World::new(true)];
        let regular = |which: usize| &regulars[which % regulars.len()];
        for event in events {
            match event {
                Event::Again(which) => compare(&mut worlds, regular(which))?,
                Event::Nearly(which, part) => compare(&mut worlds, &regular(which).with(part))?,
                Event::Other(ask) => compare(&mut worlds, &ask)?,
                Event::Changes(change) => {
                    worlds.iter_mut().for_each(|world| world.changes(change));
                }
            }
        }
    }
}

/// A kept decision is one that was made twice.
#[test]
fn a_program_is_asked_until_its_decision_is_kept() {
    let ask = Ask {
        token: "token-all",
        line: LINES[0],
        content_type: TYPES[0],
        headers: Vec::new(),
        body: BODIES[0],
        is_whole: true,
        upstream: ANSWERS[0],
        times: 1,
        meanwhile: None,
    };
    for (is_forgetful, questions) in [(false, 2), (true, 5)] {
        let mut world = World::new(is_forgetful);
        world.changes(Change::Policy(Document::Plain, Engine::Unknown));
        let told = [(); 5].map(|()| world.plays(ask.asked(), &ask.upstream(), None).0);
        assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
        assert_eq!(world.questions, questions);
    }
}
