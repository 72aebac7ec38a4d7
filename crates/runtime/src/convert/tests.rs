//! What crosses, and that all of it does.

use signalbox_policy::{
    Caller, Description, Header, Names, Purpose, Purposes, Request, RequestedModel, Wants,
};

use super::*;

fn caller() -> Caller {
    Caller {
        id: "litellm".into(),
        purposes: Purposes::from_bits(0b011),
        scopes: vec!["inference:chat".into(), "inference:embed".into()],
        labels: vec![("team".into(), "search".into())],
        models: Names::Only(vec!["gpt-*".into()]),
        published: Names::All,
        datasets: Names::NONE,
    }
}

fn description(headers: &[&str], wants: Wants) -> Description {
    Description {
        name: "p".into(),
        version: "1".into(),
        routes: Vec::new(),
        headers: headers.iter().map(|&name| name.to_owned()).collect(),
        wants,
        models: 0,
    }
}

fn request<'a>(caller: &'a Caller, headers: &'a [Header<'a>]) -> Request<'a> {
    Request {
        method: "POST",
        path: "/v1/chat/completions",
        query: Some("a=b"),
        content_type: Some("application/json"),
        headers,
        caller,
        model: RequestedModel::Named("gpt-4o"),
    }
}

const ALL: Wants = Wants {
    labels: true,
    models: true,
    published: true,
    datasets: true,
};

#[test]
fn every_fact_reaches_the_guest() {
    let caller = caller();
    let headers = [
        Header {
            name: "x-a",
            value: b"\xff",
        },
        Header {
            name: "x-a",
            value: b"2",
        },
    ];
    let request = request(&caller, &headers);
    let lowered = Lowered::new(&request, &description(&["x-a"], ALL));
    let seen = lowered.view();
    assert_eq!((seen.method, seen.path), ("POST", "/v1/chat/completions"));
    assert_eq!(
        (seen.query, seen.content_type),
        (Some("a=b"), Some("application/json"))
    );
    let pairs: Vec<_> = seen
        .headers
        .iter()
        .map(|header| (header.name, header.value))
        .collect();
    assert_eq!(pairs, [("x-a", &b"\xff"[..]), ("x-a", b"2")]);
    assert_eq!(seen.caller.id, "litellm");
    assert_eq!(
        seen.caller.purposes,
        [wit::Purpose::Inference, wit::Purpose::Upload]
    );
    assert_eq!(seen.caller.scopes, ["inference:chat", "inference:embed"]);
    assert_eq!(seen.caller.labels, [("team", "search")]);
    assert!(matches!(
        seen.caller.models,
        wit::Allowance::Only(["gpt-*"])
    ));
    assert!(matches!(seen.caller.published, wit::Allowance::All));
    assert!(matches!(seen.caller.datasets, wit::Allowance::Only([])));
    assert!(matches!(seen.model, wit::RequestedModel::Named("gpt-4o")));
}

#[test]
fn what_the_description_did_not_ask_for_stays_behind() {
    let caller = caller();
    let headers = [
        Header {
            name: "x-a",
            value: b"1",
        },
        Header {
            name: "x-b",
            value: b"2",
        },
    ];
    let request = request(&caller, &headers);
    let lowered = Lowered::new(&request, &description(&["x-b"], Wants::default()));
    let seen = lowered.view();
    let names: Vec<_> = seen.headers.iter().map(|header| header.name).collect();
    assert_eq!(names, ["x-b"]);
    assert_eq!(seen.caller.labels, []);
    assert!(matches!(seen.caller.models, wit::Allowance::Unasked));
    assert!(matches!(seen.caller.published, wit::Allowance::Unasked));
    assert!(matches!(seen.caller.datasets, wit::Allowance::Unasked));
}

#[test]
fn every_set_of_purposes_crosses_whole() {
    for bits in 0..8 {
        let set = Purposes::from_bits(bits);
        let back: Purposes = purposes(set)
            .iter()
            .map(|&purpose| Purpose::from(purpose))
            .collect();
        assert_eq!(back, set);
    }
}
