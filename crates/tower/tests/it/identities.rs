//! Callers the program has authenticated itself, and tokens that have to be verified.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use http::Request;
use http::request::Parts;
use signalbox_gate::keyring::{Grant, Key, Keyring};
use signalbox_gate::{
    Authenticator, Capacity, Client, Clock, Gate, KeyUsage, LiveKeyring, Settings, SystemClock,
    TokenLookup, TokenRefused, TokenVerifier,
};
use signalbox_tower::{Identify, Identity, VerifyTokens, Verifying};

use crate::body::Pieces;
use crate::fixture::{credentials, head};
use crate::gt::Gt;
use crate::stage::{CHAT, code, json, layer, play, request, usual};

const PROFILES: &str = "keys:
  - {id: web, profile: true, preset: chat-client, models: all}
  - {id: once, profile: true, preset: chat-client, models: all, limits: {per_minute: 1}}
";

/// A gate that knows profiles alone.
fn gate(tokens: Option<Arc<dyn TokenVerifier>>) -> Arc<Gate> {
    let keyring = Arc::new(LiveKeyring::new(Keyring::parse(PROFILES).unwrap()));
    Gate::new(
        Settings::at("/api/tenant"),
        Capacity::default(),
        Arc::new(Authenticator::new(keyring, tokens)),
        Arc::new(credentials()),
        usual().policies().clone(),
        Arc::new(SystemClock),
    )
}

/// Whose request it is, as an earlier layer has found out.
#[derive(Clone, Copy, Debug)]
struct Session(&'static str, &'static str);

#[derive(Debug)]
struct Sessions(Arc<AtomicBool>);

impl Identify for Sessions {
    fn identify(&self, head: &Parts) -> Result<Identity, TokenRefused> {
        let session = head.extensions.get::<Session>();
        let Session(profile, user) = session.ok_or(TokenRefused::Invalid)?;
        let ends = SystemTime::now() + Duration::from_secs(3_600);
        Ok(Identity::new(*profile, *user, ends).while_in_use(Arc::clone(&self.0)))
    }
}

fn asking(token: &str, session: Option<Session>) -> Request<Pieces> {
    let headers = [
        ("content-type", "application/json"),
        ("authorization", token),
    ];
    let body = Pieces::of(br#"{"model":"gpt-4o"}"#);
    let mut request = request(head("POST", CHAT, &headers), body);
    if let Some(session) = session {
        request.extensions_mut().insert(session);
    }
    request
}

#[test]
fn a_session_needs_no_token_and_its_own_does_not_go_on() {
    let in_use = Arc::new(AtomicBool::new(true));
    let layer = layer(&gate(None)).with_identities(Sessions(Arc::clone(&in_use)));
    let gt = Gt::answering((0..4).map(|_| json("{}")));
    let status = |session| play(&layer, &gt, asking("Basic dTpw", session)).0;
    assert_eq!(status(Some(Session("web", "ann"))), 200);
    assert_eq!(status(None), 401);
    assert_eq!(
        status(Some(Session("app", "ann"))),
        401,
        "there is no such profile"
    );
    let limited = || status(Some(Session("once", "ann")));
    assert_eq!((limited(), limited()), (200, 429));
    assert_eq!(
        status(Some(Session("once", "bob"))),
        200,
        "each has its own"
    );
    in_use.store(false, Relaxed);
    assert_eq!(status(Some(Session("web", "ann"))), 401);
    let told = gt.told.lock().unwrap();
    assert_eq!(told.calls, 3);
    assert!(
        told.sent
            .iter()
            .all(|(head, _)| head.headers["authorization"] == "Bearer gtak_inference")
    );
}

/// Knows no token of three parts by itself.
#[derive(Debug)]
struct Jwts;

impl TokenVerifier for Jwts {
    fn takes(&self, token: &str) -> bool {
        token.split('.').count() == 3
    }

    fn look_up(&self, _token: &str, _keyring: &Keyring) -> TokenLookup {
        TokenLookup::Unverified
    }
}

/// Takes one token.
#[derive(Debug)]
struct OneToken;

impl VerifyTokens for OneToken {
    fn verify(&self, token: &str, client: &Client, keyring: Arc<Keyring>) -> Verifying {
        assert_eq!(client.peer, ([192, 0, 2, 1], 1).into());
        let is_it = token == "a.b.c";
        Box::pin(async move {
            tokio::task::yield_now().await;
            let profile = keyring.profile("web").filter(|_| is_it);
            let profile = profile.ok_or(TokenRefused::Invalid)?;
            let now = SystemClock.wall();
            let grant = Grant::new(
                Arc::from("web"),
                now + Duration::from_secs(60),
                Arc::new(AtomicBool::new(true)),
            );
            let usage = KeyUsage::beside(&profile.usage, std::time::Instant::now());
            let caller = (*profile.caller).clone();
            Ok(Arc::new(Key::of_profile(profile, caller, usage, grant)))
        })
    }
}

#[test]
fn a_token_is_verified_or_the_request_is_refused() {
    let gate = gate(Some(Arc::new(Jwts)));
    let gt = Gt::answering([json("{}")]);
    let (status, _, body) = play(&layer(&gate), &gt, asking("Bearer a.b.c", None));
    assert_eq!((status, &*code(body.as_deref())), (503, "overloaded"));
    let layer = layer(&gate).with_token_verification(OneToken);
    assert_eq!(play(&layer, &gt, asking("Bearer x.y.z", None)).0, 401);
    assert_eq!(gt.told.lock().unwrap().calls, 0);
    assert_eq!(play(&layer, &gt, asking("Bearer a.b.c", None)).0, 200);
}
