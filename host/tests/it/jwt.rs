//! JWTs over real sockets: issuers that behave, and issuers that do not.

#[path = "../../src/auth/jwt/tests/signing.rs"]
#[expect(dead_code, reason = "shared with the unit tests, which use more of it")]
pub(crate) mod signing;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use signalbox_host::BindError;
use signalbox_host::config::{Config, IssuerSettings, KeySource};

use crate::harness::{Ask, Gate, GateBuilder, Gt, keyring, within};
use signing::{Signing, key_set};

/// An issuer's server, which gives out what it is told to.
pub(crate) struct Issuer {
    pub(crate) server: Gt,
    set: Arc<Mutex<String>>,
    status: Arc<AtomicUsize>,
}

impl Issuer {
    pub(crate) fn with(keys: &[&Signing]) -> Self {
        let set = Arc::new(Mutex::new(key_set(keys)));
        let status = Arc::new(AtomicUsize::new(200));
        let (told, says) = (Arc::clone(&set), Arc::clone(&status));
        let server = Gt::answering(move |_, reply| {
            let status = u16::try_from(says.load(Ordering::SeqCst)).unwrap();
            let set = told.lock().unwrap().clone();
            reply.with(status, "location: /elsewhere\r\n", set.as_bytes());
            reply.hang_up();
        });
        Self {
            server,
            set,
            status,
        }
    }

    fn say(&self, set: &str) {
        set.clone_into(&mut self.set.lock().unwrap());
    }

    fn asked(&self) -> usize {
        self.server.seen().len()
    }
}

/// The section `jwt` as it is read from a file.
pub(crate) fn section(jwks: &str, more: &str) -> Vec<IssuerSettings> {
    let text = format!(
        "upstream: {{url: 'https://t.example', credentials: {{inference: {{env: X}}}}}}\n\
         policies: {{default: p.yaml}}\nkeys: k.yaml\njwt:\n  corp: {{issuer: 'https://login.example', audience: gate, \
         {jwks}, refresh: 1h, retry: 20ms, {more}}}\n"
    );
    Config::parse(&text, Path::new("/")).unwrap().jwt
}

pub(crate) fn from(server: SocketAddr) -> String {
    format!("jwks_url: 'http://{server}/keys?x=1'")
}

const PROFILES: &str = "
  - {id: web, profile: true, preset: chat-client, models: [gpt-4o]}
  - {id: minute, profile: true, preset: chat-client, models: all, limits: {per_minute: 1}}
";

pub(crate) fn builder(gt: &Gt, jwt: Vec<IssuerSettings>) -> GateBuilder {
    Gate::builder(gt.address).config(|config| {
        config.keys = KeySource::Text(keyring() + PROFILES.trim_start_matches('\n'));
        config.jwt = jwt;
    })
}

fn gate(gt: &Gt, server: SocketAddr) -> Gate {
    builder(gt, section(&from(server), "profile: web")).start()
}

pub(crate) fn claims(subject: &str, seconds: i64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let exp = i64::try_from(now.as_secs()).unwrap() + seconds;
    json!({"iss": "https://login.example", "aud": "gate", "sub": subject, "exp": exp})
}

pub(crate) fn chat(token: &str) -> Ask {
    Ask::chat("gpt-4o")
        .without("authorization")
        .header("authorization", &format!("Bearer {token}"))
}

fn status(gate: &Gate, token: &str) -> u16 {
    gate.send(&chat(token)).status
}

fn reason(gate: &Gate) -> Option<String> {
    gate.handle.status().reasons.remove("jwt corp")
}

#[test]
fn a_jwt_and_a_key_of_the_keyring_open_what_each_may() {
    let (gt, signing) = (Gt::chatty(), Signing::ec("e"));
    let issuer = Issuer::with(&[&signing]);
    let gate = gate(&gt, issuer.server.address);
    let token = signing.token(&claims("u1", 600));
    for _ in 0..3 {
        assert_eq!(status(&gate, &token), 200);
    }
    assert_eq!(
        gate.send(&Ask::chat("gpt-4o")).status,
        200,
        "the keyring's own"
    );
    let other = chat(&token).json(r#"{"model":"gpt-4o-mini","messages":[]}"#);
    assert_eq!(gate.send(&other).status, 404, "not on its profile");
    let upload = Ask::post("/v1/datasets/briefs/files")
        .without("authorization")
        .header("authorization", &format!("Bearer {token}"));
    assert_eq!(gate.send(&upload).status, 403);
    let seen = gt.seen().into_iter();
    for seen in seen {
        assert_eq!(seen.header("authorization"), Some("Bearer gtak_inference"));
    }
    let asked = issuer.server.only();
    assert_eq!(asked.line, "GET /keys?x=1 HTTP/1.1");
    let [status] = &*gate.handle.status().jwt else {
        panic!("one issuer");
    };
    assert_eq!((&*status.name, status.keys), ("corp", 1));
}

#[test]
fn without_issuers_a_jwt_is_any_token_and_with_them_a_token_of_the_keyring_still_is_one() {
    let (gt, signing) = (Gt::chatty(), Signing::ec("e"));
    let off = Gate::before(&gt);
    assert_eq!(status(&off, &signing.token(&claims("u1", 600))), 401);
    let issuer = Issuer::with(&[&signing]);
    let on = gate(&gt, issuer.server.address);
    for (token, expected) in [
        ("token-chat", 200),
        ("token-nobody", 401),
        ("a.b.c", 401),
        ("gtak_a.b.c", 401),
        ("..", 401),
    ] {
        assert_eq!(status(&on, token), expected, "{token}");
    }
}

#[test]
fn all_refusals_are_one() {
    let (gt, signing, stranger) = (Gt::chatty(), Signing::ec("e"), Signing::ec("e"));
    let issuer = Issuer::with(&[&signing]);
    let gate = gate(&gt, issuer.server.address);
    let body = |token: &str| {
        let answer = gate.send(&chat(token));
        (answer.status, answer.body)
    };
    let expected = body("unknown");
    assert_eq!(expected.0, 401);
    for token in [
        stranger.token(&claims("u1", 600)),
        signing.token(&claims("u1", -600)),
        signing.token(&claims("", 600)),
        Signing::ed("x").token(&claims("u1", 600)),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(body(&token), expected, "{token}");
    }
    assert!(gt.seen().is_empty());
}

#[test]
fn a_server_that_fails_lies_or_stalls_changes_nothing_but_readiness() {
    let (gt, old, new) = (Gt::chatty(), Signing::ec("old"), Signing::ec("new"));
    let issuer = Issuer::with(&[&old]);
    let gate = gate(&gt, issuer.server.address);
    let (known, unknown) = (old.token(&claims("u1", 600)), new.token(&claims("u1", 600)));
    let huge = format!("{{\"keys\": [], \"x\": \"{}\"}}", "y".repeat(600 << 10));
    let good = key_set(&[&old]);
    for (code, set, says) in [
        (500, good.as_str(), "500"),
        (302, good.as_str(), "302"),
        (404, "", "404"),
        (200, huge.as_str(), "more than"),
        (200, "<html>", "no JSON Web Key Set"),
        (200, r#"{"keys": []}"#, "no key is there"),
    ] {
        issuer.status.store(code, Ordering::SeqCst);
        issuer.say(set);
        let is_told = || {
            // Whoever shows an unknown key is refused at once, and asks for the set.
            assert_eq!(status(&gate, &unknown), 401);
            reason(&gate).is_some_and(|reason| reason.contains(says))
        };
        assert!(within(is_told), "{says}: {:?}", reason(&gate));
        assert_eq!(status(&gate, &known), 200, "{says}");
    }
    issuer.status.store(200, Ordering::SeqCst);
    issuer.say(&key_set(&[&old, &new]));
    assert!(within(|| status(&gate, &unknown) == 200));
    assert_eq!(reason(&gate), None);
}

#[test]
fn a_server_that_says_nothing_holds_up_no_request() {
    let (gt, known, unknown) = (Gt::chatty(), Signing::ec("a"), Signing::ec("b"));
    let (stalls, set) = (Arc::new(AtomicBool::new(false)), key_set(&[&known]));
    let (is_stalling, waiting) = (Arc::clone(&stalls), Arc::new(AtomicUsize::new(0)));
    let waits = Arc::clone(&waiting);
    let server = Gt::before_body(move |_, connection, reply| {
        if is_stalling.load(Ordering::SeqCst) {
            waits.fetch_add(1, Ordering::SeqCst);
            // Until the host gives up.
            let _ = std::io::Read::read(connection, &mut [0]);
        } else {
            reply.with(200, "", set.as_bytes());
        }
        reply.hang_up();
    });
    let gate = gate(&gt, server.address);
    stalls.store(true, Ordering::SeqCst);
    let token = unknown.token(&claims("u", 600));
    assert!(within(
        || status(&gate, &token) == 401 && waiting.load(Ordering::SeqCst) > 0
    ));
    for n in 0..20 {
        assert_eq!(
            status(&gate, &known.token(&claims(&n.to_string(), 600))),
            200
        );
    }
    assert_eq!(waiting.load(Ordering::SeqCst), 1, "one at a time");
}

#[test]
fn key_sets_are_asked_for_at_once_when_the_host_starts() {
    let (gt, signing) = (Gt::chatty(), Signing::ec("e"));
    let set = key_set(&[&signing]);
    // None is answered before all are asked.
    let asked = Arc::new(Barrier::new(3));
    let issuers = std::array::from_fn::<_, 3, _>(|_| {
        let (asked, set) = (Arc::clone(&asked), set.clone());
        Gt::answering(move |_, reply| {
            asked.wait();
            reply.with(200, "", set.as_bytes());
            reply.hang_up();
        })
    });
    let sections = issuers.iter().enumerate().map(|(n, issuer)| {
        let mut section = section(&from(issuer.address), "profile: web").remove(0);
        section.name = format!("corp{n}");
        section.issuer = format!("https://{n}.example");
        section
    });
    let gate = builder(&gt, sections.collect()).start();
    let status = gate.handle.status();
    let keys: Vec<_> = status.jwt.iter().map(|issuer| issuer.keys).collect();
    assert_eq!(keys, [1, 1, 1]);
}

#[test]
fn keys_made_up_by_an_attacker_do_not_make_the_host_one() {
    let (gt, signing) = (Gt::chatty(), Signing::ec("e"));
    let issuer = Issuer::with(&[&signing]);
    let mut jwt = section(&from(issuer.server.address), "profile: web");
    for issuer in &mut jwt {
        issuer.retry = issuer.refresh;
    }
    let gate = builder(&gt, jwt).start();
    let mut client = gate.connect();
    for n in 0..200 {
        let token = Signing::ed(&format!("k{n}")).token(&claims("u", 600));
        assert_eq!(client.send(&chat(&token)).status, 401);
    }
    assert_eq!(issuer.asked(), 1, "at start, and then not before its time");
}

#[test]
fn keys_are_rotated_under_load_and_the_old_one_ends() {
    let (gt, old, new) = (Gt::chatty(), Signing::ec("old"), Signing::ed("new"));
    let issuer = Issuer::with(&[&old]);
    let gate = gate(&gt, issuer.server.address);
    let (old_token, new_token) = (old.token(&claims("u1", 600)), new.token(&claims("u2", 600)));
    let mut client = gate.connect();
    assert_eq!(client.send(&chat(&old_token)).status, 200);
    issuer.say(&key_set(&[&old, &new]));
    while client.send(&chat(&new_token)).status != 200 {
        assert_eq!(
            client.send(&chat(&old_token)).status,
            200,
            "until it is gone"
        );
    }
    issuer.say(&key_set(&[&new]));
    let another = Signing::ec("another").token(&claims("u", 600));
    assert!(within(|| {
        assert_eq!(status(&gate, &another), 401);
        assert_eq!(status(&gate, &new_token), 200);
        status(&gate, &old_token) == 401
    }));
}

#[test]
fn each_caller_has_a_minute_of_its_own() {
    let (gt, signing) = (Gt::chatty(), Signing::ec("e"));
    let issuer = Issuer::with(&[&signing]);
    let jwt = section(&from(issuer.server.address), "profile: minute");
    let gate = builder(&gt, jwt).start();
    let first = signing.token(&claims("u1", 600));
    assert_eq!(status(&gate, &first), 200);
    assert_eq!(status(&gate, &first), 429);
    let renewed = signing.token(&claims("u1", 601));
    assert_eq!(
        status(&gate, &renewed),
        429,
        "another token, the same caller"
    );
    assert_eq!(status(&gate, &signing.token(&claims("u2", 600))), 200);
}

#[test]
fn a_stream_ends_with_its_token() {
    let gt = Gt::answering(|_, reply| {
        reply.events();
        reply.chunk("data: {}\n\n");
        std::thread::park();
    });
    let signing = Signing::ec("e");
    let issuer = Issuer::with(&[&signing]);
    let jwt = section(&from(issuer.server.address), "leeway: 1ms, profile: web");
    let gate = builder(&gt, jwt).start();
    // On a busy machine a short time may be over before it is looked at.
    for seconds in [2, 4, 8, 16] {
        let mut client = gate.connect();
        let ask = chat(&signing.token(&claims("u1", seconds)));
        let stream = r#"{"model":"gpt-4o","messages":[],"stream":true}"#;
        client.write(&ask.json(stream).bytes());
        if client.head().status != 200 {
            continue;
        }
        assert_eq!(client.chunk().as_deref(), Some(&b"data: {}\n\n"[..]));
        let event = String::from_utf8(client.chunk().unwrap()).unwrap();
        assert!(event.contains(r#""code":"invalid_api_key""#), "{event}");
        assert_eq!(client.chunk(), None);
        return;
    }
    panic!("no token lived long enough");
}

#[test]
fn a_profile_that_is_not_there_is_found_at_start() {
    let (gt, signing) = (Gt::chatty(), Signing::ec("e"));
    let issuer = Issuer::with(&[&signing]);
    for profile in ["absent", "chat"] {
        let jwt = section(&from(issuer.server.address), &format!("profile: {profile}"));
        let refused = builder(&gt, jwt).refused();
        assert!(
            matches!(&refused, BindError::Profile { profile: named, .. } if named == profile),
            "{refused}"
        );
    }
}

#[test]
fn a_server_that_is_down_at_start_is_asked_again() {
    let (gt, signing) = (Gt::chatty(), Signing::ec("e"));
    let issuer = Issuer::with(&[&signing]);
    issuer.status.store(503, Ordering::SeqCst);
    let gate = gate(&gt, issuer.server.address);
    let token = signing.token(&claims("u1", 600));
    assert_eq!(status(&gate, &token), 401);
    assert_eq!(gate.handle.status().status, "degraded");
    issuer.status.store(200, Ordering::SeqCst);
    assert!(within(|| status(&gate, &token) == 200));
    assert_eq!(reason(&gate), None);
}
