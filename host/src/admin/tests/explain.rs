//! What a policy decides on a request that nobody sent.

use std::path::Path;

use serde_json::json as value;
use signalbox_http::path;
use signalbox_policy::{
    Case, Decision, Expectation, Header, ListMode, Names, Policy, Request, RequestedModel,
};

use super::*;

fn explain(admin: &AdminThread, question: &Value) -> (u16, Value) {
    let headers = format!("{VIEW}{JSON}");
    let body = question.to_string();
    let (status, text) = post(admin, "/explain", &headers, body.as_bytes());
    (status, json(&text))
}

fn chat(who: &Value) -> Value {
    let mut question = value!({
        "method": "POST", "path": "/v1/chat/completions", "model": "gpt-4o",
    });
    let members = question.as_object_mut().unwrap();
    members.extend(who.as_object().unwrap().clone());
    question
}

/// The same in the words of the evaluation the engine was made from. What is listed follows from the
/// key's fences as well: there the case itself says what comes.
fn expected(policy: &Policy, case: &Case) -> Value {
    let (method, target) = case.method_and_target();
    let target = match path::canonical(target, &|_| false) {
        Ok(target) => target,
        Err(refusal) => return value!({"kind": "refuse", "code": refusal.code()}),
    };
    let headers: Vec<Header<'_>> = case
        .headers
        .iter()
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let request = Request {
        method,
        path: &target.path,
        query: target.query,
        content_type: case.headers.get("content-type").map(String::as_str),
        headers: &headers,
        caller: &case.caller(),
        model: case
            .model
            .as_deref()
            .map_or(RequestedModel::Unread, RequestedModel::Named),
        body_members: &[],
    };
    let explained = signalbox_policy::explain(policy, &request);
    match explained.decision {
        Decision::Forward(forward) => value!({
            "kind": "forward", "route": explained.route, "parameters": forward.parameters,
            "query": forward.query, "model": forward.model, "restamp": forward.response_model,
            "labels": forward.labels,
        }),
        Decision::ListModels(_) if matches!(case.expect, Expectation::Refuse { .. }) => {
            value!({"kind": "refuse", "by": "host", "code": "model_not_found"})
        }
        Decision::ListModels(mode) => value!({
            "kind": "list-models",
            "models": match &case.expect {
                Expectation::List { names } => names,
                other => panic!("{other:?}"),
            },
            "mode": match mode {
                ListMode::Catalogue => "catalogue",
                ListMode::Upstream => "upstream",
                ListMode::Only(_) => "only",
            },
        }),
        Decision::ReadModel => value!({"kind": "read-model"}),
        Decision::Refuse(refused) => value!({
            "kind": "refuse", "by": "policy", "status": refused.status, "code": refused.code,
            "message": refused.message, "param": refused.param, "reason": refused.reason,
        }),
    }
}

#[test]
fn explanations_agree_with_the_evaluation_on_the_runbooks() {
    let (admin, _everything) = serving(&["default"]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/runbooks");
    let mut compared = 0;
    for file in ["litellm.yaml", "full.yaml"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let policy = signalbox_policy::read(&text).unwrap();
        let component = signalbox_compiler::compile(&policy, &text).unwrap();
        let (status, entry) = swap(&admin, "", &component);
        assert_eq!(status, 200, "{entry}");
        // A key's lists of names cannot be asked for with scopes.
        let has_no_list = |case: &&Case| {
            [&case.models, &case.published, &case.datasets]
                .iter()
                .all(|names| **names == Names::All)
        };
        for case in policy.cases().iter().filter(has_no_list) {
            let (method, target) = case.method_and_target();
            let purposes: Vec<_> = case.purposes.iter().map(|purpose| purpose.word()).collect();
            let mut question = value!({
                "method": method, "path": target, "headers": case.headers,
                "scopes": case.scopes, "purposes": purposes,
            });
            if let Some(model) = &case.model {
                question["model"] = model.clone().into();
            }
            let (status, explained) = explain(&admin, &question);
            assert_eq!(status, 200, "{}: {explained}", case.name);
            assert_eq!(explained["digest"], digest(&component));
            let decision = explained["decision"].as_object().unwrap();
            for (name, expected) in expected(&policy, case).as_object().unwrap() {
                assert_eq!(
                    &decision[name], expected,
                    "{file}: {}: {explained}",
                    case.name
                );
            }
            compared += 1;
        }
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn a_key_is_asked_for_with_its_fences_policy_and_standing() {
    let (admin, _everything) = serving(&["default", "second"]);
    let (status, explained) = explain(&admin, &chat(&value!({"key": "chat"})));
    assert_eq!(status, 200, "{explained}");
    assert_eq!(
        (
            &explained["policy"],
            &explained["generation"],
            &explained["decision"]["kind"]
        ),
        (&"default".into(), &1.into(), &"forward".into())
    );
    assert_eq!(explained["decision"]["model"], "one");
    assert_eq!(explained["decision"]["restamp"], "gpt-4o");
    let (_, explained) = explain(&admin, &chat(&value!({"key": "other"})));
    assert_eq!(
        (&explained["policy"], &explained["decision"]["code"]),
        (&"second".into(), &"model_not_found".into()),
        "{explained}"
    );
    let (_, explained) = explain(&admin, &chat(&value!({"key": "gone"})));
    let decision = &explained["decision"];
    assert_eq!(
        (&decision["by"], &decision["status"], &decision["code"]),
        (&"host".into(), &401.into(), &"invalid_api_key".into())
    );
    let list = value!({"method": "GET", "path": "/v1/models", "key": "other"});
    let (_, explained) = explain(&admin, &list);
    assert_eq!(explained["decision"]["models"], value!([]), "{explained}");
    let list = value!({"method": "GET", "path": "/api/tenant/v1/models", "key": "chat"});
    let (_, explained) = explain(&admin, &list);
    assert_eq!(
        explained["decision"]["models"],
        value!(["gpt-4o"]),
        "{explained}"
    );
    let one = value!({"method": "GET", "path": "/v1/models/gpt-5", "key": "chat"});
    let (_, explained) = explain(&admin, &one);
    assert_eq!(
        explained["decision"]["code"], "model_not_found",
        "{explained}"
    );
}

#[test]
fn a_model_that_is_not_said_is_asked_for() {
    let (admin, _everything) = serving(&["default"]);
    let question = value!({
        "method": "POST", "path": "/v1/chat/completions", "scopes": ["inference:chat"],
    });
    let (status, explained) = explain(&admin, &question);
    assert_eq!(
        (status, &explained["decision"]),
        (200, &value!({"kind": "read-model"}))
    );
}

#[test]
fn earlier_generations_and_candidates_can_be_asked() {
    let (admin, everything) = serving(&["default"]);
    swap(&admin, "", &policy("two"));
    swap(&admin, "mode=canary&share=100%25", &policy("three"));
    let ask_of = |number: u64| {
        let who = value!({"scopes": ["inference:chat"], "generation": number});
        explain(&admin, &chat(&who)).1["decision"]["model"].clone()
    };
    assert_eq!(
        [ask_of(1), ask_of(2), ask_of(3)],
        ["one", "two", "three"].map(Value::from)
    );
    let (_, explained) = explain(&admin, &chat(&value!({"scopes": ["inference:chat"]})));
    assert_eq!(explained["decision"]["model"], "two", "{explained}");
    // Every caller is the canary's: so is this key.
    let (_, explained) = explain(&admin, &chat(&value!({"key": "chat"})));
    assert_eq!(
        (&explained["generation"], &explained["decision"]["model"]),
        (&3.into(), &"three".into())
    );
    // None of it counts.
    let overview = everything.swaps.overview();
    let live = overview[0].live.as_ref().unwrap();
    assert_eq!((live.decisions, live.failures), (0, 0));
}

#[test]
fn questions_that_make_no_sense_are_refused() {
    let (admin, everything) = serving(&["default"]);
    for (question, status, param) in [
        (
            value!({"method": "GET", "path": "/v1/models"}),
            400,
            Value::Null,
        ),
        (
            value!({"method": "GET", "path": "/v1/models", "key": "chat", "scopes": []}),
            400,
            "key".into(),
        ),
        (
            value!({"method": "G T", "path": "/v1/models", "scopes": []}),
            400,
            "method".into(),
        ),
        (
            value!({"method": "GET", "path": "/v1/models", "purposes": ["all"]}),
            400,
            "purposes".into(),
        ),
        (
            value!({"method": "GET", "path": "/", "scopes": [], "headers": {"X-A": "b"}}),
            400,
            "headers".into(),
        ),
        (
            value!({"method": "GET", "path": "/", "scopes": [], "headers": {"x": "b\r\n"}}),
            400,
            "headers".into(),
        ),
        (
            value!({"method": "GET", "path": "/", "scopes": [], "body": ""}),
            400,
            Value::Null,
        ),
        (value!({"method": "GET", "scopes": []}), 400, Value::Null),
        (
            value!({"method": "GET", "path": "/", "key": "nobody"}),
            404,
            Value::Null,
        ),
        (
            value!({"method": "GET", "path": "/", "scopes": [], "policy": "other"}),
            404,
            Value::Null,
        ),
        (
            value!({"method": "GET", "path": "/", "scopes": [], "generation": 9}),
            404,
            Value::Null,
        ),
        (
            value!({"method": "GET", "path": "/", "scopes": [], "policy": "other", "generation": 1}),
            404,
            Value::Null,
        ),
    ] {
        let (given, answer) = explain(&admin, &question);
        assert_eq!(
            (given, &answer["error"]["param"]),
            (status, &param),
            "{question}: {answer}"
        );
    }
    let twice = r#"{"method":"GET","path":"/","scopes":[],"headers":{"a":"1","a":"2"}}"#;
    let (status, text) = post(
        &admin,
        "/explain",
        &format!("{VIEW}{JSON}"),
        twice.as_bytes(),
    );
    assert!(status == 400 && text.contains("`a` stands twice"), "{text}");
    // What no host would pass on to a policy is refused as the host refuses it.
    let escaped = value!({"method": "GET", "path": "/v1/a%2fb", "scopes": []});
    let (status, explained) = explain(&admin, &escaped);
    assert_eq!(status, 200);
    assert_eq!(
        (&explained["decision"]["by"], &explained["decision"]["code"]),
        (&"host".into(), &"invalid_path".into())
    );
    assert_eq!(everything.swaps.history().len(), 1);
}
