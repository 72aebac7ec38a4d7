//! Tests of decision records: what is kept, and what is never written.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use signalbox_gate::{TokenUsage, Usage};
use signalbox_policy::{
    Caller, Decision, Forward, Header, HeaderBuf, Names, Purpose, Purposes, Refusal, Request,
    RequestedModel,
};
use signalbox_runtime::Digest;
use tracing::field::{Field, Visit};

use super::*;

mod access;
mod filled;
mod reference;

const SECRETS: [&str; 5] = [
    "gtak_client",
    "my-header-secret",
    "conversation-17",
    "file-42",
    "tell me a story",
];

fn settings(keep: usize) -> RecordSettings {
    RecordSettings {
        keep,
        log: true,
        headers: vec!["x-team".to_owned()],
        ..RecordSettings::default()
    }
}

fn caller() -> Arc<Caller> {
    Arc::new(Caller {
        id: "litellm-prod".to_owned(),
        purposes: Purposes::from_iter([Purpose::Inference]),
        scopes: vec!["inference:chat".to_owned()],
        labels: vec![("team".to_owned(), "search".to_owned())],
        models: Names::All,
        published: Names::All,
        datasets: Names::NONE,
    })
}

fn decider() -> &'static Decider {
    static DECIDER: LazyLock<Decider> = LazyLock::new(|| Decider {
        name: "default".into(),
        generation: 3,
        digest: Digest::of(b"component"),
    });
    &DECIDER
}

fn headers() -> [Header<'static>; 4] {
    [
        ("x-team", &b"search"[..]),
        ("x-secret", b"my-header-secret"),
        ("x-gt-conversation-id", b"conversation-17"),
        ("x-key", b"gtak_client"),
    ]
    .map(|(name, value)| Header { name, value })
}

fn request<'a>(caller: &'a Caller, headers: &'a [Header<'a>], model: &'a str) -> Request<'a> {
    Request {
        method: "POST",
        path: "/v1/chat/completions",
        query: Some("api_key=gtak_client&x=my-header-secret"),
        content_type: Some("application/json; note=gtak_client"),
        headers,
        caller,
        model: RequestedModel::Named(model),
        body_members: &[],
    }
}

fn forward() -> Decision {
    Decision::Forward(Forward {
        parameters: vec![("id".to_owned(), "file-42".to_owned())],
        model: Some("support-agent".to_owned()),
        set_headers: vec![HeaderBuf {
            name: "x-set".to_owned(),
            value: b"my-header-secret".to_vec(),
        }],
        ..Forward::default()
    })
}

fn entry<'a>(
    id: DecisionId,
    caller: &'a Arc<Caller>,
    request: &'a Request<'a>,
    conclusion: Conclusion<'a>,
) -> Entry<'a> {
    Entry {
        id,
        time: Timestamp::UNIX_EPOCH,
        policy: Some(decider()),
        facts: Facts::Request {
            request,
            caller,
            is_model_listed: request.model == RequestedModel::Named("gpt-4o"),
        },
        conclusion,
        route: Some("GET /v1/files/{id}"),
        took: Duration::from_micros(7),
    }
}

/// Writes every field of every event into one text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?} "));
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = format!("{} ", event.metadata().target());
        event.record(&mut Line(&mut line));
        self.0.lock().unwrap().push(line);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

fn logged<R>(act: impl FnOnce() -> R) -> Vec<String> {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), act);
    log.0.lock().unwrap().clone()
}

#[test]
fn a_record_tells_the_facts_and_the_decision() {
    let records = DecisionLog::new(&settings(8));
    let (caller, headers, decision) = (caller(), headers(), forward());
    let request = request(&caller, &headers[..1], "gpt-4o");
    let id = new_id();
    let lines = logged(|| {
        records.add(&entry(
            id,
            &caller,
            &request,
            Conclusion::Decided(&decision),
        ));
    });
    let mut record = records.find(id).unwrap();
    // Hashes differ from run to run.
    record["facts"]["query"].take();
    record["decision"]["parameters"].take();
    assert_eq!(
        record,
        serde_json::json!({
            "id": id.to_string(),
            "time": "1970-01-01T00:00:00Z",
            "policy": "default",
            "generation": 3,
            "digest": Digest::of(b"component").to_string(),
            "facts": {
                "method": "POST",
                "path": "/v1/chat/completions",
                "query": null,
                "content_type": "application/json",
                "headers": [["x-team", "search"]],
                "caller": {
                    "id": "litellm-prod",
                    "purposes": ["inference"],
                    "scopes": ["inference:chat"],
                    "labels": [["team", "search"]],
                },
                "model": {"state": "named", "name": "gpt-4o"},
            },
            "decision": {
                "kind": "forward",
                "route": "GET /v1/files/{id}",
                "parameters": null,
                "model": "support-agent",
                "restamp": null,
                "labels": [],
            },
            "cause": null,
            "micros": 7,
        })
    );
    assert_eq!(
        lines,
        [format!(
            "signalbox::decision message=decided id={id} key=\"litellm-prod\" policy=\"default\" \
             generation=3 method=\"POST\" path=\"/v1/chat/completions\" model=\"gpt-4o\" \
             decision=\"forward\" route=\"GET /v1/files/{{id}}\" micros=7 "
        )]
    );
}

#[test]
fn no_record_and_no_line_holds_a_secret_or_a_prompt() {
    let records = DecisionLog::new(&settings(8));
    let (caller, headers, decision) = (caller(), headers(), forward());
    let mut texts = Vec::new();
    for model in ["gtak_client", "tell me a story"] {
        let mut request = request(&caller, &headers, model);
        for path in [
            "/v1/files/file-42",
            "/v1/conversations/conversation-17",
            "/v1/gtak_client",
        ] {
            request.path = path;
            let id = new_id();
            texts.extend(logged(|| {
                records.add(&entry(
                    id,
                    &caller,
                    &request,
                    Conclusion::Decided(&decision),
                ));
            }));
            texts.push(records.find(id).unwrap().to_string());
            let head = Facts::Head {
                method: "GET",
                path,
            };
            let mut early = entry(new_id(), &caller, &request, Conclusion::Decided(&decision));
            early.facts = head;
            texts.extend(logged(|| records.add(&early)));
            texts.push(records.find(early.id).unwrap().to_string());
        }
    }
    texts.push(format!("{records:?}"));
    assert_eq!(texts.len(), 2 * 3 * 4 + 1);
    for text in texts {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[test]
fn a_key_that_a_pattern_publishes_as_itself_is_not_written() {
    let records = DecisionLog::new(&settings(8));
    let caller = caller();
    let key = "kR7dQ2mVx9LpT4wZb8Nc1YfH";
    let request = request(&caller, &[], key);
    let decision = Decision::Forward(Forward {
        model: Some(key.to_owned()),
        response_model: Some(key.to_owned()),
        ..Forward::default()
    });
    let id = new_id();
    let conclusion = Conclusion::Decided(&decision);
    let mut texts = logged(|| records.add(&entry(id, &caller, &request, conclusion)));
    texts.push(records.find(id).unwrap().to_string());
    for text in texts {
        assert!(!text.contains(key), "{text}");
    }
}

#[test]
fn refusals_and_failures_keep_their_code_and_cause() {
    let records = DecisionLog::new(&settings(8));
    let caller = caller();
    let request = request(&caller, &[], "gpt-4o");
    let refusal = Decision::Refuse(Refusal {
        status: 403,
        code: "insufficient_scope".to_owned(),
        message: "secret words".to_owned(),
        param: None,
        reason: "scope".to_owned(),
    });
    for (conclusion, status, code, cause, reason) in [
        (
            Conclusion::Decided(&refusal),
            403,
            "insufficient_scope",
            None,
            Some("scope"),
        ),
        (
            Conclusion::Refused {
                status: 429,
                code: "rate_limited",
            },
            429,
            "rate_limited",
            None,
            None,
        ),
        (
            Conclusion::Failed {
                status: 503,
                code: "policy_failed",
                cause: "trap",
            },
            503,
            "policy_failed",
            Some("trap"),
            None,
        ),
    ] {
        let id = new_id();
        let lines = logged(|| records.add(&entry(id, &caller, &request, conclusion)));
        let record = records.find(id).unwrap();
        assert_eq!(record["decision"]["status"], status);
        assert_eq!(record["decision"]["code"], code);
        assert_eq!(record["decision"]["reason"].as_str(), reason);
        assert_eq!(record["cause"].as_str(), cause);
        assert_eq!(lines.len(), 1);
        assert!(
            lines[0].contains(&format!("status={status} code={code:?}")),
            "{}",
            lines[0]
        );
    }
}

#[test]
fn the_ring_keeps_the_last_ones() {
    let caller = caller();
    let request = request(&caller, &[], "gpt-4o");
    let conclusion = Conclusion::Decided(&Decision::ReadModel);
    for keep in [0, 1, 3] {
        let records = DecisionLog::new(&settings(keep));
        let ids: Vec<_> = (0..5).map(|_| new_id()).collect();
        for id in &ids {
            records.add(&entry(*id, &caller, &request, conclusion));
        }
        let kept = ids.iter().filter(|id| records.find(**id).is_some()).count();
        assert_eq!(kept, keep);
        assert!(
            ids.iter()
                .rev()
                .take(keep)
                .all(|id| records.find(*id).is_some())
        );
    }
}

#[test]
fn what_a_request_took_is_with_its_decision_as_long_as_that_is_kept() {
    let records = DecisionLog::new(&settings(2));
    let caller = caller();
    let request = request(&caller, &[], "gpt-4o");
    let conclusion = Conclusion::Decided(&Decision::ReadModel);
    let add = |id| {
        records
            .add(&entry(id, &caller, &request, conclusion))
            .unwrap()
    };
    let spent = Spent::new(
        TokenUsage {
            usage: Usage {
                prompt: Some(3),
                ..Usage::default()
            },
            is_estimated: true,
        },
        Some(7),
    );
    let (first, second) = (new_id(), new_id());
    let places = [add(first), add(second)];
    records.ended((places[1], second), Some(spent), true);
    let record = records.find(first).unwrap();
    assert_eq!(
        (record.get("usage"), record.get("asked_for_usage")),
        (None, None)
    );
    assert_eq!(records.find(second).unwrap()["asked_for_usage"], true);
    assert_eq!(
        records.find(second).unwrap()["usage"],
        serde_json::json!({
            "prompt_tokens": 3, "completion_tokens": null, "cached_tokens": null,
            "reasoning_tokens": null, "estimated": true, "cost_nanos": 7,
        })
    );
    // Its place is another's now.
    let third = new_id();
    assert_eq!(add(third), places[0]);
    records.ended((places[0], first), Some(spent), true);
    assert_eq!(records.find(third).unwrap().get("usage"), None);
    // What is written over a record that had some has none.
    let fourth = new_id();
    assert_eq!(add(fourth), places[1]);
    let record = records.find(fourth).unwrap();
    assert_eq!(
        (record.get("usage"), record.get("asked_for_usage")),
        (None, None)
    );
}

#[test]
fn the_log_can_be_turned_off() {
    let records = DecisionLog::new(&RecordSettings {
        log: false,
        ..settings(1)
    });
    let caller = caller();
    let request = request(&caller, &[], "gpt-4o");
    let id = new_id();
    let conclusion = Conclusion::Decided(&Decision::ReadModel);
    assert!(logged(|| records.add(&entry(id, &caller, &request, conclusion))).is_empty());
    assert!(records.find(id).is_some());
}

/// An id like no other.
fn new_id() -> DecisionId {
    static IDS: LazyLock<signalbox_gate::DecisionIds> = LazyLock::new(Default::default);
    IDS.next()
}
