//! Rollback, promote, withdraw, revoke.

use serde_json::json as value;

use super::*;

#[test]
fn a_rollback_serves_what_served_before() {
    let (admin, everything) = serving(&["default"]);
    let [one, two, three] = ["one", "two", "three"].map(policy);
    swap(&admin, "", &two);
    swap(&admin, "", &three);
    // Without a body: the generation before.
    let (status, text) = post(&admin, "/policies/default/rollback", OPERATE, b"");
    assert_eq!(status, 200, "{text}");
    assert_eq!(live(&everything), (4, digest(&two)));
    let (status, entry) = act(
        &admin,
        "/policies/default/rollback",
        &value!({"generation": 1}),
    );
    assert_eq!(
        (status, &entry["action"]),
        (200, &"rollback".into()),
        "{entry}"
    );
    assert_eq!(entry["actor"]["way"], "admin");
    assert_eq!(live(&everything), (5, digest(&one)));
    let (status, entry) = act(
        &admin,
        "/policies/default/rollback",
        &value!({"generation": 99}),
    );
    assert_eq!(
        (status, &entry["outcome"]["result"]),
        (422, &"failed".into()),
        "{entry}"
    );
    assert_eq!(live(&everything), (5, digest(&one)));
}

#[test]
fn a_candidate_is_promoted_or_withdrawn() {
    let (admin, everything) = serving(&["default"]);
    let [two, three] = ["two", "three"].map(policy);
    for action in ["promote", "withdraw"] {
        let (status, entry) = act(&admin, &format!("/policies/default/{action}"), &value!({}));
        assert_eq!(
            (status, &entry["outcome"]["result"]),
            (422, &"failed".into()),
            "{entry}"
        );
    }
    let (status, entry) = swap(&admin, "mode=canary&share=5%25", &two);
    assert_eq!(status, 200, "{entry}");
    assert_eq!(live(&everything).0, 1);
    let (status, text) = post(&admin, "/policies/default/promote", OPERATE, b"");
    assert_eq!(status, 200, "{text}");
    assert_eq!(live(&everything).1, digest(&two));
    let (status, entry) = swap(
        &admin,
        "mode=shadow&accept=code,POST%20/v1/chat/completions:*",
        &three,
    );
    assert_eq!(status, 200, "{entry}");
    let (status, entry) = act(&admin, "/policies/default/withdraw", &value!({}));
    assert_eq!(
        (status, &entry["action"]),
        (200, &"withdraw".into()),
        "{entry}"
    );
    assert_eq!(look(&admin, "/policies/default")["beside"], Value::Null);
    assert_eq!(live(&everything).1, digest(&two));
}

#[test]
fn a_revoked_component_goes_and_never_comes_back() {
    let (admin, everything) = serving(&["default"]);
    let [one, two] = ["one", "two"].map(policy);
    swap(&admin, "", &two);
    let (status, entry) = act(&admin, "/revoke", &value!({"digest": digest(&two)}));
    assert_eq!(
        (status, &entry["action"]),
        (200, &"revoke".into()),
        "{entry}"
    );
    assert_eq!(live(&everything).1, digest(&one));
    let (status, entry) = swap(&admin, "", &two);
    assert_eq!(
        (status, &entry["outcome"]["step"]),
        (422, &"digest".into()),
        "{entry}"
    );
    let (status, entry) = act(
        &admin,
        "/policies/default/rollback",
        &value!({"generation": 2}),
    );
    assert_eq!(status, 422, "{entry}");
    // There is nothing to go back to: it stays, and somebody is told what to do.
    let (status, entry) = act(&admin, "/revoke", &value!({"digest": digest(&one)}));
    assert_eq!(status, 422, "{entry}");
    assert!(
        !entry["outcome"]["help"].as_str().unwrap().is_empty(),
        "{entry}"
    );
    assert_eq!(live(&everything).1, digest(&one));
}

#[test]
fn an_act_is_told_in_a_line_if_lines_are_wanted() {
    let (admin, everything) = serving(&["default"]);
    swap(&admin, "", &policy("two"));
    let headers = format!("{OPERATE}accept: application/x-ndjson\r\n");
    let (status, text) = post(&admin, "/policies/default/rollback", &headers, b"");
    assert_eq!(status, 200);
    let line = text.lines().find(|line| line.starts_with('{')).unwrap();
    let told: Value = serde_json::from_str(line).unwrap();
    assert_eq!(told["entry"]["action"], "rollback", "{text}");
    assert_eq!(live(&everything).0, 3);
}
