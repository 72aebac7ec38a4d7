//! JWTs at the gate: what is known, what has to be verified, and what the door brings back.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use signalbox_gate::keyring::{Grant, Key, Keyring};
use signalbox_gate::{
    Authenticator, Capacity, Clock, Credentials, Gate, IncomingRequest, KeyUsage, LiveKeyring,
    Peer, Settings, Step, TokenLookup, TokenRefused, TokenVerifier, VerifyToken,
};
use signalbox_policy::Caller;

use crate::fixture::{Engine, TestClock, gate, head};

/// Knows each token of three parts by its first one.
#[derive(Debug)]
struct Words;

impl TokenVerifier for Words {
    fn takes(&self, token: &str) -> bool {
        token.split('.').count() == 3
    }

    fn look_up(&self, token: &str, keyring: &Keyring) -> TokenLookup {
        match token.split_once('.') {
            Some(("known", _)) => TokenLookup::Key(caller(keyring, &Arc::default(), LATE)),
            Some(("bad", _)) => TokenLookup::Refused,
            _ => TokenLookup::Unverified,
        }
    }
}

const PROFILES: &str = "keys: [{id: web, profile: true, preset: chat-client, models: all}]";
const LATE: Duration = Duration::from_secs(600);

/// What a door needs to play by hand.
struct Stage {
    gate: Arc<Gate>,
    keyring: Arc<LiveKeyring>,
    clock: Arc<TestClock>,
    /// Whether the issuer has withdrawn its key.
    in_use: Arc<AtomicBool>,
}

impl Stage {
    fn new() -> Self {
        let clock = Arc::<TestClock>::default();
        let policies = gate(&clock, Engine::Known, |_, _| {}).policies().clone();
        let keyring = Arc::new(LiveKeyring::new(Keyring::parse(PROFILES).unwrap()));
        let authenticator = Authenticator::new(Arc::clone(&keyring), Some(Arc::new(Words)));
        let gate = Gate::new(
            Settings::at("/api/tenant"),
            Capacity::default(),
            Arc::new(authenticator),
            Arc::new(Credentials::default()),
            policies,
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        Self {
            gate,
            keyring,
            clock,
            in_use: Arc::new(AtomicBool::new(true)),
        }
    }

    fn begin(&self, token: &str, uri: &str) -> Step<()> {
        let head = head("GET", uri, &[("authorization", &format!("Bearer {token}"))]);
        let peer = Peer::plain(([192, 0, 2, 1], 1).into());
        let client = self.gate.client_of(peer, &head.headers, head.version);
        self.gate
            .begin(IncomingRequest::new(head, client, Some(0)), ())
    }

    /// Begins with a token that is not known.
    fn verify(&self) -> VerifyToken<()> {
        let Step::VerifyToken(verify) = self.begin("new.b.c", "/v1/models") else {
            panic!("it has to be verified");
        };
        verify
    }

    fn key(&self) -> Arc<Key> {
        caller(&self.keyring.current(), &self.in_use, LATE)
    }
}

fn caller(keyring: &Keyring, in_use: &Arc<AtomicBool>, ends: Duration) -> Arc<Key> {
    let profile = keyring.profile("web").unwrap();
    let caller = Caller {
        id: "jwt/test/u".to_owned(),
        ..(*profile.caller).clone()
    };
    let ends = jiff::Timestamp::UNIX_EPOCH + ends;
    let grant = Grant::new(Arc::from("web"), ends, Arc::clone(in_use));
    let usage = KeyUsage::beside(&profile.usage, Instant::now());
    Arc::new(Key::of_profile(profile, caller, usage, grant))
}

/// The status of what the gate answers by itself.
fn status(step: Step<()>) -> u16 {
    let Step::Respond(respond) = step else {
        panic!("{step:?}");
    };
    respond.response().status().as_u16()
}

#[test]
fn a_token_that_is_known_asks_for_nothing() {
    let stage = Stage::new();
    assert_eq!(status(stage.begin("known.b.c", "/v1/models")), 200);
    assert_eq!(status(stage.begin("bad.b.c", "/v1/models")), 401);
    assert_eq!(status(stage.begin("nobody", "/v1/models")), 401);
}

#[test]
fn a_token_that_is_new_is_what_the_door_says_of_it() {
    let stage = Stage::new();
    let verify = stage.verify();
    assert_eq!(verify.token(), "new.b.c");
    assert_eq!(verify.client().peer, ([192, 0, 2, 1], 1).into());
    assert!(verify.keyring().profile("web").is_some());
    assert_eq!(status(verify.verified(Ok(stage.key()))), 200);
    let refused = |why| status(stage.verify().verified(Err(why)));
    assert_eq!(refused(TokenRefused::Invalid), 401);
    assert_eq!(refused(TokenRefused::Busy), 503);
}

#[test]
fn a_caller_the_door_has_told_needs_no_token_and_has_the_profile_s_rights() {
    let stage = Stage::new();
    let begun = |key, uri| {
        let head = head("GET", uri, &[("authorization", "Basic dTpw")]);
        let peer = Peer::plain(([192, 0, 2, 1], 1).into());
        let client = stage.gate.client_of(peer, &head.headers, head.version);
        let request = IncomingRequest::new(head, client, Some(0));
        status(stage.gate.begin_verified(request, key, ()))
    };
    assert_eq!(begun(Ok(stage.key()), "/v1/models"), 200);
    assert_eq!(begun(Ok(stage.key()), "/v1/files/f"), 403);
    assert_eq!(begun(Err(TokenRefused::Invalid), "/v1/models"), 401);
    assert_eq!(begun(Err(TokenRefused::Busy), "/v1/models"), 503);
    let profile = Arc::clone(stage.keyring.current().profile("web").unwrap());
    assert_eq!(begun(Ok(profile), "/v1/models"), 401, "a profile is nobody");
    let key = stage.key();
    stage
        .in_use
        .store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(begun(Ok(key), "/v1/models"), 401, "it was withdrawn");
}

#[test]
fn nothing_is_told_before_the_token_is_verified() {
    let stage = Stage::new();
    for uri in ["/v1/nothing", "/v1//", "/v1/models?model=x"] {
        let Step::VerifyToken(verify) = stage.begin("new.b.c", uri) else {
            panic!("{uri}");
        };
        assert_eq!(status(verify.verified(Err(TokenRefused::Invalid))), 401);
    }
}

#[test]
fn what_ended_while_the_token_was_verified_opens_nothing() {
    let stage = Stage::new();
    let (verify, key) = (stage.verify(), stage.key());
    stage.clock.pass(LATE);
    assert_eq!(status(verify.verified(Ok(key))), 401, "the token's time");

    let stage = Stage::new();
    let (verify, key) = (stage.verify(), stage.key());
    stage
        .in_use
        .store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(status(verify.verified(Ok(key))), 401, "the issuer's key");

    for keys in [
        "keys: []",
        &PROFILES.replace("models", "revoked: true, models"),
    ] {
        let stage = Stage::new();
        let (verify, key) = (stage.verify(), stage.key());
        stage.keyring.replace(Keyring::parse(keys).unwrap());
        assert_eq!(status(verify.verified(Ok(key))), 401, "{keys}");
    }
}

#[test]
fn a_key_that_no_token_names_is_not_taken() {
    let stage = Stage::new();
    let profile = Arc::clone(stage.keyring.current().profile("web").unwrap());
    assert_eq!(status(stage.verify().verified(Ok(profile))), 401);
}
