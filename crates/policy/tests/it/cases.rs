//! Cases in a file of their own and in JSON.

use signalbox_policy::{BodyValue, Case, Expectation, Names, Purpose, Purposes, read_cases};

const FILE: &str = r#"
cases:
  - name: everything said
    request: POST /v1/chat/completions?x=1
    model: gpt-4o
    scopes: ["inference:chat"]
    purposes: [inference, conversation]
    models: ["gpt-*"]
    published: all
    datasets: []
    key: k-1
    labels: {team: sales}
    body: {max_tokens: 9, n: null, reasoning_effort: low}
    headers: {x-gt-conversation-id: c-1}
    expect: {forward: POST /v1/somewhere/else, model: agent}
  - name: nothing said
    request: GET /v1/models
    expect: {list: []}
  - name: a plugin's own code
    request: GET /x
    expect: {refuse: its_own_code}
"#;

fn everything_said() -> Case {
    Case {
        name: "everything said".into(),
        request: "POST /v1/chat/completions?x=1".into(),
        model: Some("gpt-4o".into()),
        scopes: vec!["inference:chat".into()],
        purposes: Purposes::from_iter([Purpose::Inference, Purpose::Conversation]),
        models: Names::Only(vec!["gpt-*".into()]),
        published: Names::All,
        datasets: Names::NONE,
        key: Some("k-1".into()),
        labels: [("team".to_owned(), "sales".to_owned())].into(),
        body: [
            ("max_tokens".to_owned(), BodyValue::Integer(9)),
            ("n".to_owned(), BodyValue::Other(())),
            (
                "reasoning_effort".to_owned(),
                BodyValue::Text("low".to_owned()),
            ),
        ]
        .into(),
        headers: [("x-gt-conversation-id".to_owned(), "c-1".to_owned())].into(),
        expect: Expectation::Forward {
            route: "POST /v1/somewhere/else".into(),
            model: Some("agent".into()),
        },
    }
}

#[test]
fn a_case_file_is_read() {
    let cases = read_cases(FILE).unwrap();
    assert_eq!(cases.len(), 3);
    assert_eq!(cases[0], everything_said());
    assert_eq!(
        cases[2].expect,
        Expectation::Refuse {
            code: "its_own_code".into()
        }
    );
}

#[test]
fn what_a_case_leaves_out_limits_nothing_but_scopes() {
    let caller = read_cases(FILE).unwrap()[1].caller();
    assert_eq!(caller.scopes, Vec::<String>::new());
    assert_eq!(caller.purposes, Purposes::from_iter(Purpose::ALL));
    assert_eq!(
        (caller.models, caller.published, caller.datasets),
        (Names::All, Names::All, Names::All)
    );
}

#[test]
fn a_list_of_cases_is_a_case_file() {
    let cases = read_cases(FILE).unwrap();
    let list = FILE.replacen("\ncases:", "", 1);
    assert_eq!(read_cases(&list).unwrap(), cases);
    let json = serde_json::to_string(&cases).unwrap();
    assert_eq!(read_cases(&json).unwrap(), cases);
    assert_eq!(read_cases("[]").unwrap(), []);
    let found = read_cases("- {name: n}\n").unwrap_err();
    assert!(found.iter().all(|one| one.line == 1), "{found:#?}");
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn cases_come_back_from_json() {
    let cases = read_cases(FILE).unwrap();
    let json = serde_json::to_string(&cases).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Case>>(&json).unwrap(), cases);
}

#[test]
fn the_json_of_a_case_is_what_components_carry() {
    let expected = serde_json::json!({
        "name": "everything said",
        "request": "POST /v1/chat/completions?x=1",
        "model": "gpt-4o",
        "scopes": ["inference:chat"],
        "purposes": ["inference", "conversation"],
        "models": ["gpt-*"],
        "published": "all",
        "datasets": [],
        "key": "k-1",
        "labels": {"team": "sales"},
        "body": {"max_tokens": 9, "n": null, "reasoning_effort": "low"},
        "headers": {"x-gt-conversation-id": "c-1"},
        "expect": {"forward": "POST /v1/somewhere/else", "model": "agent"},
    });
    assert_eq!(serde_json::to_value(everything_said()).unwrap(), expected);
}

#[test]
fn json_that_says_more_or_less_is_refused() {
    let whole = r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x"}}"#;
    assert!(serde_json::from_str::<Case>(whole).is_ok());
    for wrong in [
        r#"{"name": "n", "request": "GET /"}"#,
        r#"{"name": "n", "request": "GET /", "expect": {}}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x", "forward": "y"}}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x"}, "more": 1}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x"}, "models": null}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x"}, "models": "some"}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x"}, "purposes": ["none"]}"#,
    ] {
        assert!(serde_json::from_str::<Case>(wrong).is_err(), "{wrong}");
    }
}
