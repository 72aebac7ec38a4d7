//! What crosses in each version, and that all of it does.

use signalbox_policy::{
    BodyMember, BodyMemberFault, Caller, Description, Header, ModelSource, Names, Purpose,
    Purposes, Request, RequestedModel, RouteDescription, RouteIndex, Verdict, Wants,
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
        body_members: vec!["n".into(), "user".into(), "stop".into()],
        model_count: 0,
    }
}

const MEMBERS: [(&str, BodyMember<'_>); 4] = [
    ("n", BodyMember::Integer(3)),
    ("user", BodyMember::Text("u-1")),
    ("stop", BodyMember::Unclear(BodyMemberFault::Repeated)),
    ("seed", BodyMember::Integer(1)),
];

fn request<'a>(caller: &'a Caller, headers: &'a [Header<'a>]) -> Request<'a> {
    Request {
        method: "POST",
        path: "/v1/chat/completions",
        query: Some("a=b"),
        content_type: Some("application/json"),
        headers,
        caller,
        model: RequestedModel::Named("gpt-4o"),
        body_members: &MEMBERS,
    }
}

const ALL: Wants = Wants {
    labels: true,
    models: true,
    published: true,
    datasets: true,
};

const HEADERS: [Header<'static>; 3] = [
    Header {
        name: "x-a",
        value: b"\xff",
    },
    Header {
        name: "x-a",
        value: b"2",
    },
    Header {
        name: "x-b",
        value: b"3",
    },
];

/// Both versions tell the same of a request, but for the body's members.
macro_rules! tells {
    ($name:ident, $version:ident, $wit:path, $request:expr) => {
        mod $name {
            use $wit as wit;

            use super::super::$version;
            use super::*;

            #[test]
            fn every_fact_reaches_the_guest() {
                let caller = caller();
                let request = request(&caller, &HEADERS);
                let lowered = Lowered::new(&request, &description(&["x-a"], ALL));
                let headers = $version::headers(&lowered);
                let members = v0_2::body_members(&lowered);
                let seen = $request(&lowered, &headers, &members);
                assert_eq!((seen.method, seen.path), ("POST", "/v1/chat/completions"));
                assert_eq!(
                    (seen.query, seen.content_type),
                    (Some("a=b"), Some("application/json"))
                );
                let headers = seen.headers.iter();
                let pairs: Vec<_> = headers.map(|it| (it.name, it.value)).collect();
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
                let request = request(&caller, &HEADERS);
                let lowered = Lowered::new(&request, &description(&["x-b"], Wants::default()));
                let headers = $version::headers(&lowered);
                let members = v0_2::body_members(&lowered);
                let seen = $request(&lowered, &headers, &members);
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
                    let crossed = $version::purposes(set).iter();
                    let back: Purposes = crossed.map(|&it| $version::purpose(it)).collect();
                    assert_eq!(back, set);
                }
            }
        }
    };
}

tells!(
    in_0_1,
    v0_1,
    crate::bindings::v0_1::signalbox::policy::types,
    |lowered, headers, _: &[_]| v0_1::request(lowered, headers)
);
tells!(
    in_0_2,
    v0_2,
    crate::bindings::v0_2::signalbox::policy::types,
    v0_2::request
);

#[test]
fn members_of_the_body_cross_in_0_2_if_they_were_asked_for() {
    use crate::bindings::v0_2::signalbox::policy::types::{
        BodyMember::{Integer, Text, Unclear},
        BodyMemberFault::Repeated,
    };
    let caller = caller();
    let request = request(&caller, &[]);
    let lowered = Lowered::new(&request, &description(&[], ALL));
    let members = v0_2::body_members(&lowered);
    assert!(matches!(
        members[..],
        [
            ("n", Integer(3)),
            ("user", Text("u-1")),
            ("stop", Unclear(Repeated))
        ]
    ));
}

fn described() -> Description {
    let route = |method: &str, template: &str| RouteDescription {
        method: method.into(),
        template: template.into(),
        verdict: Verdict::Native,
        forwarded: true,
        purposes: [Purpose::Inference].into_iter().collect(),
        scopes: Vec::new(),
        model: ModelSource::Json,
        query: Vec::new(),
        headers: Vec::new(),
        reason: None,
    };
    Description {
        routes: vec![route("GET", "/v1/models"), route("POST", "/v1/x")],
        ..description(&[], ALL)
    }
}

#[test]
fn a_route_of_0_1_is_found_by_its_name() {
    use crate::bindings::v0_1::signalbox::policy::types as wit;
    let forward = |route: &str| {
        let forward = wit::Forward {
            route: route.into(),
            parameters: Vec::new(),
            query: None,
            model: None,
            restamp: Some("written".into()),
            set_headers: Vec::new(),
            drop_headers: Vec::new(),
            labels: Vec::new(),
        };
        v0_1::decision(wit::Decision::Forward(forward), &described())
    };
    let own::Decision::Forward(found) = forward("POST /v1/x").unwrap() else {
        panic!("a forward stays one");
    };
    assert_eq!(found.route, RouteIndex(1));
    assert_eq!(found.response_model.as_deref(), Some("written"));
    assert_eq!(found.notice, None);
    for unknown in ["POST /v1/models", "/v1/x", "POST  /v1/x", "", "POST /v1/x "] {
        let error = forward(unknown).unwrap_err();
        assert_eq!(error, crate::Violation::UnknownRoute(unknown.into()));
    }
}

#[test]
fn a_name_of_0_1_is_listed_and_leads_to_one() {
    use crate::bindings::v0_1::signalbox::policy::types as wit;
    let entry = |route: &str| {
        let model = wit::Model {
            name: "gpt-4o".into(),
            published: "agent".into(),
            routes: vec![route.into()],
        };
        v0_1::entry(model, &described())
    };
    let found = entry("POST /v1/x").unwrap();
    assert_eq!(found.published, ["agent"]);
    assert!(found.is_listed && found.deprecated.is_none());
    assert_eq!(found.routes, [RouteIndex(1)]);
    let unknown = crate::CatalogueFault::Route {
        name: "gpt-4o".into(),
        route: "GET /v1/x".into(),
    };
    assert_eq!(entry("GET /v1/x"), Err(unknown));
}

#[test]
fn the_scopes_of_0_1_are_one_set() {
    use crate::bindings::v0_1::signalbox::policy::types as wit;
    let scopes = |scopes: &[&str]| {
        let route = wit::Route {
            method: "POST".into(),
            template: "/v1/x".into(),
            verdict: wit::Verdict::Native,
            forwarded: true,
            purposes: vec![wit::Purpose::Inference],
            scopes: scopes.iter().map(|&scope| scope.into()).collect(),
            model: wit::ModelSource::None,
            query: Vec::new(),
            headers: Vec::new(),
            reason: None,
        };
        let description = wit::Description {
            name: "p".into(),
            version: "1".into(),
            routes: vec![route],
            headers: Vec::new(),
            wants: wit::Wants::empty(),
            models: 3,
        };
        let own = v0_1::description(description);
        assert_eq!((own.model_count, own.body_members.len()), (3, 0));
        own.routes
            .into_iter()
            .flat_map(|it| it.scopes)
            .collect::<Vec<_>>()
    };
    assert_eq!(scopes(&[]), Vec::<Vec<String>>::new());
    assert_eq!(scopes(&["a", "b"]), [["a", "b"]]);
}
