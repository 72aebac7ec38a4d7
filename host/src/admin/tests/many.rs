//! Several policies in one transaction.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json as value;

use super::*;

fn member(component: &[u8]) -> Value {
    value!({"component": STANDARD.encode(component)})
}

fn serves(everything: &Everything, name: &str) -> String {
    let policies = everything.swaps.slot().load();
    policies.get(name).unwrap().live().digest().to_string()
}

#[test]
fn all_of_them_serve_or_none() {
    let (admin, everything) = serving(&["default", "second"]);
    let (two, three) = (policy("two"), policy("three"));
    let broken = value!({"policies": {"default": member(&two), "second": member(b"not wasm")}});
    let (status, entry) = act(&admin, "/swaps", &broken);
    assert_eq!(status, 422, "{entry}");
    assert_eq!(entry["outcome"]["step"], "read");
    assert_eq!(entry["outcome"]["policy"], "second");
    let one = digest(&policy("one"));
    assert_eq!(
        [
            serves(&everything, "default"),
            serves(&everything, "second")
        ],
        [one.clone(), one]
    );
    let both = value!({"policies": {"default": member(&two), "second": member(&three)}});
    let (status, entry) = act(&admin, "/swaps", &both);
    assert_eq!(status, 200, "{entry}");
    assert_eq!(serves(&everything, "default"), digest(&two));
    assert_eq!(serves(&everything, "second"), digest(&three));
    assert_eq!(entry["policies"].as_array().unwrap().len(), 2);
}

#[test]
fn a_document_says_what_a_query_says() {
    let (admin, everything) = serving(&["default"]);
    let two = policy("two");
    let with = |terms: Value| {
        let mut document = value!({"policies": {"default": member(&two)}});
        let members = document.as_object_mut().unwrap();
        members.extend(terms.as_object().unwrap().clone());
        document
    };
    let (status, entry) = act(
        &admin,
        "/swaps",
        &with(value!({"mode": "dry-run", "cut": true})),
    );
    assert_eq!(
        (status, &entry["action"]),
        (200, &"dry-run".into()),
        "{entry}"
    );
    let (status, entry) = act(
        &admin,
        "/swaps",
        &with(
            value!({"mode": "shadow", "promote_after": 1000, "accept": ["code", "GET /v1/models:*"]}),
        ),
    );
    assert_eq!(
        (status, &entry["action"]),
        (200, &"shadow".into()),
        "{entry}"
    );
    let beside = &look(&admin, "/policies/default")["beside"];
    assert_eq!(
        (&beside["role"]["as"], &beside["promote_after"]),
        (&"shadow".into(), &1000.into())
    );
    let status = look(&admin, "/status");
    assert_eq!(status["policies"][0]["beside"]["as"], "shadow", "{status}");
    let (status, entry) = act(
        &admin,
        "/swaps",
        &with(value!({"mode": "canary", "share": "12.5%"})),
    );
    assert_eq!(
        (status, &entry["action"]),
        (200, &"canary".into()),
        "{entry}"
    );
    let beside = &look(&admin, "/policies/default")["beside"];
    assert_eq!(beside["role"], value!({"as": "canary", "share": 1250}));
    let (status, entry) = act(
        &admin,
        "/swaps",
        &with(value!({"roll_back": "pinned", "cut": false})),
    );
    assert_eq!(status, 200, "{entry}");
    assert_eq!(
        look(&admin, "/policies/default")["roll_back"]["automatic"],
        false
    );
    assert_eq!(live(&everything).1, digest(&two));
}

#[test]
fn what_is_sent_along_is_looked_at() {
    let (admin, everything) = serving(&["default"]);
    let two = policy("two");
    let with = |name: &str, sent: Value| {
        let mut member = member(&two);
        member
            .as_object_mut()
            .unwrap()
            .insert(name.to_owned(), sent);
        value!({"policies": {"default": member}})
    };
    let refusing = value!([{"name": "none", "request": "GET /v1/models", "expect": {"refuse": "unknown_route"}}]);
    for (name, sent, step) in [
        ("cases", refusing, "cases"),
        ("digest", digest(b"other").into(), "digest"),
        ("cases", value!([{"name": 1}]), "cases"),
    ] {
        let (status, entry) = act(&admin, "/swaps", &with(name, sent));
        assert_eq!(
            (status, &entry["outcome"]["step"]),
            (422, &step.into()),
            "{entry}"
        );
    }
    let listing = value!([{"name": "some", "request": "GET /v1/models",
        "scopes": ["inference:chat"], "expect": {"list": ["gpt-4o"]}}]);
    let (status, entry) = act(&admin, "/swaps", &with("cases", listing));
    assert_eq!(status, 200, "{entry}");
    assert_eq!(live(&everything).1, digest(&two));
}
