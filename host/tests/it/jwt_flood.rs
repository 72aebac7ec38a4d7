//! Forged JWTs by the thousand: those with the right key's name cost a signature each, and no honest
//! request is refused for it.

use h2::client::ResponseFuture;

use crate::harness::http2::{Http2, run, whole};
use crate::harness::{Ask, Gate, Gt, within};
use crate::jwt::signing::{Signing, message};
use crate::jwt::{Issuer, builder, chat, claims, from, section};

/// A host with one issuer, and a signature that its key did not make.
struct Stage {
    _issuer: Issuer,
    signing: Signing,
    /// Of somebody else, over something else.
    signature: String,
    gate: Gate,
}

impl Stage {
    /// Clients may have so many connections.
    fn with(gt: &Gt, connections: u32) -> Self {
        let signing = Signing::ec("e");
        let stranger = Signing::ec("e").token(&claims("stranger", 600));
        let (_, signature) = stranger.rsplit_once('.').unwrap();
        let issuer = Issuer::with(&[&signing]);
        let jwt = section(&from(issuer.server.address), "profile: web");
        let set = |config: &mut signalbox_host::config::Config| {
            config.limits.connections = connections;
            config.limits.connections_per_client = connections;
        };
        Self {
            gate: builder(gt, jwt).config(set).start(),
            _issuer: issuer,
            signing,
            signature: signature.to_owned(),
        }
    }

    fn honest(&self, subject: &str) -> Ask {
        chat(&self.signing.token(&claims(subject, 600)))
    }

    /// A model list, which needs no body, with a token that is wrong in its signature alone.
    fn forged(&self, n: usize) -> Ask {
        let claims = claims(&format!("f{n}"), 600).to_string();
        let message = message(r#"{"alg":"ES256","kid":"e"}"#, &claims);
        let token = format!("{message}.{}", self.signature);
        let ask = Ask::get("/v1/models").without("authorization");
        ask.header("authorization", &format!("Bearer {token}"))
    }

    /// Sends forged tokens on connections of their own, as fast as they go out.
    async fn flood(&self, connections: usize, each: usize) -> Flood {
        let mut flood = Flood::default();
        for connection in 0..connections {
            let mut client = Http2::connect(self.gate.address).await;
            for n in 0..each {
                let ask = self.forged(connection * each + n);
                flood.answers.push(client.open(&ask, true).await.0);
            }
            flood.clients.push(client);
        }
        flood
    }

    fn counted(&self, metric: &str) -> usize {
        let metrics = self.gate.handle.metrics();
        let mut lines = metrics.lines();
        let line = lines.find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
        line.map_or(0, |count| count.parse().unwrap())
    }

    fn shown(&self, outcome: &str) -> usize {
        let labels = format!("{{issuer=\"corp\",outcome=\"{outcome}\"}}");
        self.counted(&format!("signalbox_jwt_tokens_total{labels}"))
    }

    fn checked(&self) -> usize {
        self.counted("signalbox_jwt_signatures_total")
    }
}

/// Forged requests that were sent.
#[derive(Default)]
struct Flood {
    clients: Vec<Http2>,
    answers: Vec<ResponseFuture>,
}

impl Flood {
    /// How many were answered so: as forgeries, and for lack of room.
    async fn statuses(self) -> (usize, usize) {
        let (mut unauthorized, mut unavailable) = (0, 0);
        for answer in self.answers {
            match whole(answer.await.unwrap()).await.status {
                401 => unauthorized += 1,
                503 => unavailable += 1,
                other => panic!("{other}"),
            }
        }
        (unauthorized, unavailable)
    }
}

#[test]
fn a_thousand_forgeries_refuse_no_honest_request() {
    let gt = Gt::chatty();
    let stage = Stage::with(&gt, 10_000);
    run(async {
        let mut client = Http2::connect(stage.gate.address).await;
        let known = stage.honest("known");
        assert_eq!(client.send(&known).await.status, 200);
        let flood = stage.flood(10, 100).await;
        for n in 0..20 {
            assert_eq!(client.send(&known).await.status, 200, "{n}");
            let new = stage.honest(&format!("new{n}"));
            assert_eq!(client.send(&new).await.status, 200, "{n}");
        }
        assert_eq!(flood.statuses().await, (1_000, 0));
    });
    assert_eq!(stage.checked(), 1 + 20 + 1_000, "each once");
    assert_eq!((stage.shown("verified"), stage.shown("cached")), (21, 20));
    assert_eq!(stage.shown("signature"), 1_000);
    assert_eq!(stage.counted("signalbox_jwt_signatures_waiting"), 0);
}

#[test]
fn a_full_queue_has_room_for_every_connection_that_shows_one_token() {
    let gt = Gt::chatty();
    let stage = Stage::with(&gt, 20);
    let (unauthorized, unavailable) = run(async {
        let mut honest = Vec::new();
        for _ in 0..8 {
            honest.push(Http2::connect(stage.gate.address).await);
        }
        let flood = stage.flood(10, 100).await;
        for round in 0..5 {
            for (n, client) in honest.iter_mut().enumerate() {
                let new = stage.honest(&format!("h{n}-{round}"));
                assert_eq!(client.send(&new).await.status, 200, "{n}, {round}");
            }
        }
        flood.statuses().await
    });
    assert_eq!(unauthorized + unavailable, 1_000);
    assert_eq!(stage.shown("queue_full"), unavailable);
    assert_eq!(stage.shown("verified"), 40);
}

#[test]
fn one_forged_token_again_and_again_is_checked_once() {
    let gt = Gt::chatty();
    let stage = Stage::with(&gt, 100);
    let forged = stage.forged(0);
    run(async {
        let mut client = Http2::connect(stage.gate.address).await;
        for _ in 0..100 {
            assert_eq!(client.send(&forged).await.status, 401);
        }
    });
    // On a very slow machine it may be forgotten in between.
    assert_eq!(stage.checked() + stage.shown("known_bad"), 100);
    assert!(stage.shown("known_bad") > 0);
}

#[test]
fn forgers_who_do_not_wait_leave_nothing_behind() {
    let gt = Gt::chatty();
    let stage = Stage::with(&gt, 10_000);
    run(async {
        for _ in 0..5 {
            drop(stage.flood(2, 100).await);
        }
        let mut client = Http2::connect(stage.gate.address).await;
        assert_eq!(client.send(&stage.honest("u")).await.status, 200);
    });
    let is_empty = || stage.counted("signalbox_jwt_signatures_waiting") == 0;
    assert!(within(is_empty));
}

#[test]
fn a_host_ends_while_tokens_wait() {
    let gt = Gt::chatty();
    let mut stage = Stage::with(&gt, 10_000);
    run(async {
        let flood = stage.flood(5, 100).await;
        stage.gate.tell_to_stop();
        drop(flood);
    });
    stage.gate.exit();
}
