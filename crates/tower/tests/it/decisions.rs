//! What the layers around this one are told of a decision.

use std::sync::{Arc, Mutex};

use http_body::Body;
use signalbox_gate::{End, Facts, Observer, Record};
use signalbox_runtime::{Runtime, Settings};
use signalbox_tower::{DecisionInfo, Outcome};
use tower_layer::Layer;

use crate::body::Pieces;
use crate::fixture::{Engine, gate, head};
use crate::gt::{Gt, collect};
use crate::stage::{ask, block_on, chat, code, json, layer, play, request, usual};

fn info(key: &str, body: &str) -> (DecisionInfo, String) {
    let gt = Gt::answering([json("{}")]);
    let mut policy = layer(&usual()).layer(gt);
    let response = block_on(ask(&mut policy, chat(key, body)));
    let shown = response.headers()["x-signalbox-decision"].to_str().unwrap();
    let info = response.extensions().get::<DecisionInfo>().unwrap().clone();
    (info, shown.to_owned())
}

#[test]
fn a_response_says_who_decided_what_for_whom() {
    let (forwarded, shown) = info("chat", r#"{"model":"gpt-4o"}"#);
    assert_eq!(forwarded.id().to_string(), shown);
    assert_eq!(forwarded.key_id(), Some("chat"));
    assert_eq!(forwarded.route(), Some("POST /v1/chat/completions"));
    let policy = forwarded.policy().unwrap();
    assert_eq!((&*policy.name, policy.generation), ("default", 1));
    assert_eq!(forwarded.outcome(), &Outcome::Forwarded);

    let (refused, shown) = info("chat", r#"{"model":"nobody"}"#);
    assert_eq!(refused.id().to_string(), shown);
    assert_eq!(refused.key_id(), Some("chat"));
    let code = "model_not_found".to_owned();
    assert_eq!(refused.outcome(), &Outcome::Refused { code });

    let (stranger, _) = info("nobody", "{}");
    assert_eq!((stranger.key_id(), stranger.route()), (None, None));
    assert!(stranger.policy().is_none());
}

#[test]
fn what_is_printed_of_a_decision_is_no_key() {
    let (info, _) = info("chat", r#"{"model":"gpt-4o"}"#);
    let digest = signalbox_gate::Digest::of("token-chat").to_string();
    let printed = format!("{info:?}");
    assert!(
        !printed.contains(&digest) && printed.contains("key_id: Some(\"chat\")"),
        "{printed}"
    );
}

/// Notes what it is told.
struct Notes(Arc<Mutex<Vec<String>>>);

impl Observer for Notes {
    fn decided(&mut self, record: &Record<'_>) {
        let route = record.route.unwrap_or_default();
        self.0.lock().unwrap().push(format!("decided {route}"));
    }

    fn finished(&mut self, facts: &Facts) {
        self.0
            .lock()
            .unwrap()
            .push(format!("finished {:?}", facts.end()));
    }
}

#[test]
fn an_observer_hears_of_the_decision_and_of_the_end() {
    let notes = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&notes);
    let layer = layer(&usual()).with_observer(move || Notes(Arc::clone(&told)));
    let gt = Gt::answering([json("{}")]);
    let mut policy = layer.layer(gt);
    block_on(async {
        let response = ask(&mut policy, chat("chat", r#"{"model":"gpt-4o"}"#)).await;
        assert_eq!(
            *notes.lock().unwrap(),
            ["decided POST /v1/chat/completions"]
        );
        let mut body = response.into_body();
        collect(&mut body).await.unwrap();
        assert!(body.is_end_stream());
        drop(body);
    });
    let end = format!("finished {:?}", End::Forwarded(200));
    assert_eq!(notes.lock().unwrap()[1..], [end]);
}

#[test]
fn a_policy_that_is_not_trusted_is_asked_by_the_pool_or_not_at_all() {
    let gate = gate(&Arc::default(), Engine::Unknown, |_, _| {});
    let asking = || chat("chat", r#"{"model":"gpt-4o"}"#);
    let gt = Gt::answering([json("{}")]);
    let (status, _, body) = play(&layer(&gate), &gt, asking());
    assert_eq!((status, &*code(body.as_deref())), (503, "overloaded"));
    assert_eq!(gt.told.lock().unwrap().calls, 0);
    let pool = Runtime::new(Settings::default()).unwrap().decision_pool();
    let layer = layer(&gate).with_decision_pool(Arc::new(pool.unwrap()));
    assert_eq!(play(&layer, &gt, asking()).0, 200);
    let models = request(head("GET", "/v1/models", &[]), Pieces::of(b""));
    assert_eq!(play(&layer, &gt, models).0, 200);
}
