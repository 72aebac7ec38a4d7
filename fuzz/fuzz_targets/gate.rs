//! Whatever a client, a policy and GT send, an exchange ends in a response, and what goes to GT is what
//! the key may do: by a route the policy describes, with a GT key, with no word of the client's own.
//!
//! The input is a script in five parts, with `--` in a line of its own between them: the request line
//! and headers; the body; the policy's answer; GT's status and headers; GT's body.

#![no_main]

#[expect(dead_code, reason = "the tests of the gate use more of it")]
#[path = "../../crates/gate/tests/it/door.rs"]
mod door;
#[expect(dead_code, reason = "the tests of the gate use more of it")]
#[path = "../../crates/gate/tests/it/fixture.rs"]
mod fixture;

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use door::{Asked, Told, Upstream, play_with};
use fixture::{Engine, POLICY, gate};
use libfuzzer_sys::fuzz_target;
use signalbox_fuzz::script::{self, lines, sections};
use signalbox_gate::Gate;
use signalbox_policy::{Decision, Forward, HeaderBuf, ListMode, Refusal, RouteIndex};

static GATE: LazyLock<Arc<Gate>> = LazyLock::new(|| {
    gate(&Arc::default(), Engine::Unknown, |settings, _| {
        settings.multipart_memory = 64;
    })
});

/// The routes of the policy, by their places.
static ROUTES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let policy = signalbox_policy::read(POLICY).expect("the fixture's policy");
    let routes = policy.description().routes;
    routes.iter().map(|route| route.name()).collect()
});

fuzz_target!(|input: &[u8]| {
    let [head, body, policy, answer, rest] = sections(input);
    let Some(asked) = asked(head, body) else {
        return;
    };
    let decision = decision(policy);
    let upstream = upstream(answer, rest);
    let told = play_with(&GATE, asked, &upstream, |call| match &decision {
        // Mostly what the policy itself says: so the script reaches further.
        None => call.ask(),
        Some(decision) => Ok(decision.clone()),
    });
    ends_well(&told);
});

/// The body comes in pieces whose lengths the first byte says.
fn asked(head: &[u8], body: &[u8]) -> Option<Asked> {
    let mut asked = Asked::new(script::head(head)?, body);
    let size = usize::from(body.first().copied().unwrap_or(1)).max(1);
    asked.pieces = body.chunks(size).map(Bytes::copy_from_slice).collect();
    asked.knows_end = size.is_multiple_of(2);
    Some(asked)
}

/// One word of a decision a line; nothing leaves it to the policy.
fn decision(section: &[u8]) -> Option<Decision> {
    let mut forward = Forward::default();
    let mut lines = lines(section);
    let (kind, rest) = lines.next()?.split_once(' ')?;
    for line in lines {
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        let pair = || value.split_once('=').unwrap_or((value, ""));
        match word {
            "parameter" => {
                let (name, value) = pair();
                forward.parameters.push((name.to_owned(), value.to_owned()));
            }
            "query" => forward.query = Some(value.to_owned()),
            "model" => forward.model = Some(value.to_owned()),
            "response-model" => forward.response_model = Some(value.to_owned()),
            "notice" => forward.notice = Some(value.to_owned()),
            "set" => {
                let (name, value) = pair();
                forward.set_headers.push(HeaderBuf {
                    name: name.to_owned(),
                    value: value.as_bytes().to_vec(),
                });
            }
            "drop" => forward.drop_headers.push(value.to_owned()),
            _ => {}
        }
    }
    Some(match kind {
        "forward" => {
            forward.route = route(rest);
            Decision::Forward(forward)
        }
        "list" => Decision::ListModels(ListMode::Only(vec![rest.to_owned()])),
        "read" => Decision::ReadModel,
        "refuse" => Decision::Refuse(Refusal {
            status: rest.parse().unwrap_or(400),
            code: "because".to_owned(),
            message: rest.to_owned(),
            param: None,
            reason: String::new(),
        }),
        _ => return None,
    })
}

/// A route by its name, or by any number.
fn route(written: &str) -> RouteIndex {
    let place = ROUTES.iter().position(|name| name == written);
    let number = || RouteIndex(written.parse().unwrap_or(u32::MAX));
    place.map_or_else(number, RouteIndex::of)
}

fn upstream(head: &[u8], body: &[u8]) -> Vec<Upstream> {
    let mut lines = lines(head);
    let status = lines.next().and_then(|line| line.parse().ok());
    let status = status
        .filter(|status| (200..600).contains(status))
        .unwrap_or(200);
    let events = lines.any(|line| line == "events");
    let kind = if events {
        "text/event-stream"
    } else {
        "application/json"
    };
    let size = usize::from(body.first().copied().unwrap_or(1)).max(1);
    let answer = Upstream::Answers {
        status,
        headers: vec![("content-type", kind.to_owned())],
        pieces: body.chunks(size).map(Bytes::copy_from_slice).collect(),
        breaks_off: size.is_multiple_of(3),
    };
    vec![answer.clone(), answer]
}

fn ends_well(told: &Told) {
    assert!((200..600).contains(&told.status), "{told:?}");
    for (head, _body) in &told.sent {
        let (line, headers) = head.split_once('\n').expect("a request line");
        let target = line.split(' ').nth(1).expect("a target");
        assert!(target.starts_with("/api/tenant/v1/"), "{head}");
        let path = target.split('?').next().unwrap_or_default();
        let is_plain = |segment: &str| !matches!(segment, "" | "." | "..");
        assert!(path.split('/').skip(1).all(is_plain), "{head}");
        let keys: Vec<_> = headers
            .lines()
            .filter(|line| line.starts_with("authorization:"))
            .collect();
        assert!(
            matches!(keys[..], [key] if key.starts_with("authorization: Bearer gtak_")),
            "{head}"
        );
        for name in ["connection:", "transfer-encoding:", "upgrade:"] {
            assert!(
                !headers.lines().any(|line| line.starts_with(name)),
                "{head}"
            );
        }
    }
}
