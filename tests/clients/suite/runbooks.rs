//! The clients of GT's runbooks, each installed and asked to work under its own runbook: what it makes of the
//! gate is what the table of trials says of it, which is what `docs/clients.md` says.

mod node;
mod python;
mod roo_code;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use signalbox_harness::{
    clients,
    exported::exported,
    gate::Gate,
    policies::runbook_for,
    trials::{Asked, EMBED_KEY, How, KEY, Trial, gate, trial},
};
use signalbox_policy::{Policy, Rules as _};

/// Tries a client out, at each base that it is told.
fn try_out(client: &str) {
    let trial = trial(client);
    let How::Runs(installed) = trial.how else {
        panic!("{client} is not installed")
    };
    let runbook = runbook_for(trial.runbook);
    let gate = gate(&runbook);
    let bases = trial.bases.iter();
    let bases: Vec<_> = bases
        .map(|base| format!("http://{}{base}", gate.address()))
        .collect();
    let bases = bases.join(" ");
    let export = exported(trial.export_name(), trial.runbook, "all", &gate);
    let export = export.path().to_str().expect("a path of ours is text");
    let told = [
        ("BASE_URLS", &*bases),
        ("EXPORTED", export),
        ("API_KEY", KEY),
        ("EMBED_KEY", EMBED_KEY),
    ];
    let Value::Array(facts) = clients::try_out(&installed, &told) else {
        panic!("{client}: a list of facts")
    };
    assert_eq!(facts.len(), trial.bases.len());
    for (facts, base) in facts.iter().zip(trial.bases) {
        check_facts(&trial, facts, runbook.policy(), base);
    }
    check_gt(&trial, &gate);
}

fn check_facts(trial: &Trial, facts: &Value, policy: &Policy, base: &str) {
    let told = facts.as_object().expect("an object");
    let told: BTreeSet<_> = told.keys().map(String::as_str).collect();
    let expected: BTreeSet<_> = trial.asked.iter().map(|asked| asked.name()).collect();
    assert_eq!(told, expected, "{} at {base}: {facts}", trial.client);
    for asked in trial.asked {
        let fact = &facts[asked.name()];
        let here = format!("{} at {base}: {asked:?}: {fact}", trial.client);
        match asked {
            Asked::Models => assert!(lists_chat_model(fact), "{here}"),
            Asked::Chat | Asked::Exported => assert_eq!(*fact, said(), "{here}"),
            Asked::Stream => {
                let expected = json!({"text": said(), "in_pieces": true});
                assert_eq!(*fact, expected, "{here}");
            }
            Asked::Embeddings => assert_eq!(*fact, 2, "{here}"),
            Asked::Agent => assert_eq!(*fact, true, "{here}"),
            Asked::NotSupported(route) => {
                let reason = reason(policy, route);
                let words = format!("{route} is not supported here: {reason}");
                assert!(
                    fact.as_str().is_some_and(|it| it.contains(&words)),
                    "{words}: {here}"
                );
            }
            Asked::WrongScope => {
                let words = "POST /v1/chat/completions needs the scope `inference:chat`";
                assert!(fact.as_str().is_some_and(|it| it.contains(words)), "{here}");
            }
        }
    }
}

fn said() -> String {
    "You said: What is \"the weather\" in Köln? 🚂".to_owned()
}

fn lists_chat_model(names: &Value) -> bool {
    let names = names.as_array().expect("names");
    names.iter().any(|name| name == "gpt-4o")
}

/// Why the runbook does not support this route, up to what a client may write otherwise when it shows it.
fn reason(policy: &Policy, route: &str) -> String {
    let mut routes = policy.routes();
    let rule = routes.find(|rule| route == format!("{} {}", rule.method, rule.template));
    let because = rule.and_then(|rule| rule.because).expect("a reason");
    let plain = |letter: &char| !matches!(letter, '"' | '\'' | '\\' | '`');
    because.chars().take_while(plain).collect()
}

/// GT was asked for what may be asked for alone, by its own names, and for a stream if one was asked for.
fn check_gt(trial: &Trial, gate: &Gate) {
    let requests = gate.gt().requests();
    let mut streamed = BTreeSet::new();
    for request in &requests {
        let path = &*request.target;
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        match path {
            "/api/tenant/v1/chat/completions" => {
                streamed.insert(body["stream"] == true);
            }
            "/api/tenant/v1/embeddings" => {
                assert!(trial.asked.contains(&Asked::Embeddings), "{path}");
            }
            _ => panic!("{}: {path}", trial.client),
        }
        let model = body["model"].as_str().expect("a model");
        assert!(["support-agent", "gt-small"].contains(&model), "{model}");
    }
    if trial.asked.contains(&Asked::Stream) {
        assert!(streamed.contains(&true), "{}: no stream", trial.client);
    }
}
