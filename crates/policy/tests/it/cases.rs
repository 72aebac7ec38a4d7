//! Cases in a file of their own and in JSON.

use signalbox_policy::{
    BodyValue, Case, Expectation, ExpectedForward, ExpectedRefusal, Names, Purpose, Purposes,
    read_cases,
};

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
    skip: not today
    expect:
      forward: POST /v1/somewhere/{id}
      model: agent
      response_model: gpt-4o
      path: /v1/somewhere/else
      query: ""
      set_headers: {x-team: a}
      drop_headers: [x-b]
      notice: use another
  - name: nothing said
    request: GET /v1/models
    expect: {list: []}
  - name: a plugin's own code
    request: GET /x
    expect: {refuse: its_own_code, message: No., reason: rule 1}
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
        skip: Some("not today".into()),
        expect: Expectation::Forward(ExpectedForward {
            route: "POST /v1/somewhere/{id}".into(),
            model: Some("agent".into()),
            response_model: Some("gpt-4o".into()),
            path: Some("/v1/somewhere/else".into()),
            query: Some(String::new()),
            set_headers: Some([("x-team".to_owned(), "a".to_owned())].into()),
            drop_headers: Some(vec!["x-b".into()]),
            notice: Some("use another".into()),
        }),
    }
}

#[test]
fn a_case_file_is_read() {
    let cases = read_cases(FILE).unwrap();
    assert_eq!(cases.len(), 3);
    assert_eq!(cases[0], everything_said());
    assert_eq!(
        cases[2].expect,
        Expectation::Refuse(ExpectedRefusal {
            code: "its_own_code".into(),
            message: Some("No.".into()),
            reason: Some("rule 1".into()),
        })
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
        "skip": "not today",
        "expect": {
            "forward": "POST /v1/somewhere/{id}",
            "model": "agent",
            "response_model": "gpt-4o",
            "path": "/v1/somewhere/else",
            "query": "",
            "set_headers": {"x-team": "a"},
            "drop_headers": ["x-b"],
            "notice": "use another",
        },
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
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x", "path": "/v1/x"}}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"forward": "x", "message": "y"}}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"list": [], "message": "y"}}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x"}, "more": 1}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x"}, "models": null}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x"}, "models": "some"}"#,
        r#"{"name": "n", "request": "GET /", "expect": {"refuse": "x"}, "purposes": ["none"]}"#,
    ] {
        assert!(serde_json::from_str::<Case>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_repeated_case_is_one_case_for_each_entry() {
    let written = r#"
- name: "${model} is ${published}"
  request: POST /v1/chat/completions
  model: "${model}"
  body: {max_tokens: "${most}", n: "$${most}", reasoning_effort: "a ${most}"}
  each:
    - {model: gpt-4o, published: agent, most: 4096}
    - {model: gpt-4o-mini, published: small, most: "8"}
  expect: {forward: POST /v1/chat/completions, model: "${published}"}
- name: unnamed
  request: "GET ${path}"
  each: [{path: /v1/a}, {path: /v1/b}]
  expect: {refuse: unknown_route}
- {name: "${none}", request: GET /, expect: {refuse: x}}
"#;
    let alone = r#"
- name: gpt-4o is agent
  request: POST /v1/chat/completions
  model: gpt-4o
  body: {max_tokens: 4096, n: "${most}", reasoning_effort: a 4096}
  expect: {forward: POST /v1/chat/completions, model: agent}
- name: gpt-4o-mini is small
  request: POST /v1/chat/completions
  model: gpt-4o-mini
  body: {max_tokens: "8", n: "${most}", reasoning_effort: a 8}
  expect: {forward: POST /v1/chat/completions, model: small}
- {name: "unnamed (path: /v1/a)", request: GET /v1/a, expect: {refuse: unknown_route}}
- {name: "unnamed (path: /v1/b)", request: GET /v1/b, expect: {refuse: unknown_route}}
- {name: "${none}", request: GET /, expect: {refuse: x}}
"#;
    assert_eq!(read_cases(written).unwrap(), read_cases(alone).unwrap());
}

#[test]
fn the_values_of_a_document_stand_in_the_entries_of_a_repeated_case() {
    let document = "policy: p\nroutes: {}\nvalues: {agent: support-agent}\ncases:\n  - name: \"${to} and ${agent}\"\n    \
                    request: GET /v1/x\n    each: [{to: \"${agent}\"}, {to: other}]\n    expect: {refuse: unknown_route}\n";
    let policy = signalbox_policy::read(document).unwrap();
    let names: Vec<_> = policy.cases().iter().map(|case| &*case.name).collect();
    assert_eq!(
        names,
        ["support-agent and support-agent", "other and support-agent"]
    );
}

#[test]
fn too_many_entries_and_too_much_text_are_refused() {
    let case = |about: &str, entries: usize| {
        let entries: Vec<_> = (0..entries).map(|it| format!("{{n: {it}}}")).collect();
        let entries = entries.join(",");
        format!(
            "- {{name: '${{n}}', request: 'GET /{about}', each: [{entries}], expect: {{refuse: x}}}}\n"
        )
    };
    assert_eq!(read_cases(&case("", 1_000)).unwrap().len(), 1_000);
    for wrong in [case("", 1_001), case(&"x".repeat(40_000), 1_000)] {
        let found = read_cases(&wrong).unwrap_err();
        assert_eq!(found[0].code, "too_large", "{found:#?}");
    }
}
