//! Descriptions that are refused, and the limits of those that are not.

use signalbox_policy::{ModelSource, Purposes, Wants};

use super::*;

fn route(method: &str, template: &str) -> RouteDescription {
    RouteDescription {
        method: method.into(),
        template: template.into(),
        verdict: Verdict::Native,
        forwarded: true,
        purposes: Purposes::from_bits(1),
        scopes: vec![vec!["inference:chat".into()]],
        model: ModelSource::None,
        query: Vec::new(),
        headers: Vec::new(),
        reason: None,
    }
}

fn description(routes: Vec<RouteDescription>) -> Description {
    Description {
        name: "p".into(),
        version: "1".into(),
        routes,
        headers: Vec::new(),
        wants: Wants::default(),
        body_members: Vec::new(),
        model_count: 0,
    }
}

/// What is wrong with one route, after a change to a good one.
fn fault(change: impl FnOnce(&mut RouteDescription)) -> Option<RouteFault> {
    let mut route = route("GET", "/v1/files/{id}");
    change(&mut route);
    match check(&description(vec![route])) {
        Ok(()) => None,
        Err(DescriptionFault::Route { fault, .. }) => Some(fault),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn methods_are_upper_case_and_can_be_forwarded() {
    for good in ["GET", "POST", "DELETE"] {
        assert_eq!(fault(|route| route.method = good.into()), None);
    }
    for bad in ["", "get", "GE T", "CONNECT", "TRACE", "ABCDEFGHIJKLMNOPQ"] {
        assert_eq!(
            fault(|route| route.method = bad.into()),
            Some(RouteFault::Method),
            "{bad}"
        );
    }
}

#[test]
fn templates_are_paths_under_v1() {
    for good in [
        "/v1/models",
        "/v1/datasets/{id}/files/{file_2}",
        "/v1/a.b-c_d~e",
    ] {
        assert_eq!(fault(|route| route.template = good.into()), None, "{good}");
    }
    let long = format!("/v1/{}", "a/".repeat(200));
    let bad = [
        "",
        "/v1",
        "/v1/",
        "/v2/models",
        "/v1//x",
        "/v1/x/",
        "/v1/../admin",
        "/v1/./x",
        "/v1/a b",
        "/v1/%2e",
        "/v1/x?y",
        "/v1/{}",
        "/v1/{id}/{id}",
        "/v1/{Id}",
        "/v1/a{id}",
        "/v1/{id}b",
        &long,
    ];
    for bad in bad {
        let found = fault(|route| route.template = bad.into());
        assert_eq!(found, Some(RouteFault::Template), "{bad}");
    }
}

#[test]
fn not_supported_is_never_forwarded() {
    let found = fault(|route| route.verdict = Verdict::NotSupported);
    assert_eq!(found, Some(RouteFault::NotSupportedForwarded));
    let silent = fault(|route| {
        route.verdict = Verdict::NotSupported;
        route.forwarded = false;
    });
    assert_eq!(silent, None);
}

#[test]
fn some_purpose_must_do() {
    assert_eq!(
        fault(|route| route.purposes = Purposes::NONE),
        Some(RouteFault::NoPurpose)
    );
}

#[test]
fn scopes_are_visible_words() {
    for bad in ["", "a b", "a\n"] {
        let found = fault(|route| route.scopes = vec![vec!["a".into()], vec![bad.into()]]);
        assert!(matches!(found, Some(RouteFault::Scope(_))), "{bad:?}");
    }
    assert_eq!(fault(|route| route.scopes.clear()), None);
    let open = vec![vec!["a".into()], Vec::new()];
    assert_eq!(
        fault(|route| route.scopes = open),
        Some(RouteFault::ScopeSet)
    );
}

#[test]
fn query_names_never_choose_a_model() {
    assert_eq!(fault(|route| route.query = vec!["limit".into()]), None);
    for bad in ["model", "MODEL", "", "a&b", "a=b"] {
        let found = fault(|route| route.query = vec![bad.into()]);
        assert_eq!(found, Some(RouteFault::Query(bad.into())));
    }
}

#[test]
fn route_headers_are_none_of_the_hosts() {
    assert_eq!(fault(|route| route.headers = vec!["x-tenant".into()]), None);
    for bad in [
        "authorization",
        "cookie",
        "content-type",
        "host",
        "x-gt-conversation-id",
        "X-Up",
    ] {
        let found = fault(|route| route.headers = vec![bad.into()]);
        assert_eq!(found, Some(RouteFault::Header(bad.into())));
    }
}

#[test]
fn credentials_are_not_shown_to_a_policy() {
    let asking = |name: &str| {
        check(&Description {
            headers: vec![name.into()],
            ..description(Vec::new())
        })
    };
    assert_eq!(asking("x-gt-conversation-id"), Ok(()));
    for name in [
        "authorization",
        "cookie",
        "x-api-key",
        "api-key",
        "proxy-authorization",
    ] {
        assert_eq!(asking(name), Err(DescriptionFault::Credential(name.into())));
    }
    assert_eq!(
        asking("X-Trace"),
        Err(DescriptionFault::Header("X-Trace".into()))
    );
}

#[test]
fn routes_are_different_whatever_their_parameters_are_called() {
    let two = |first, second| check(&description(vec![first, second]));
    assert_eq!(
        two(route("GET", "/v1/a/{id}"), route("DELETE", "/v1/a/{id}")),
        Ok(())
    );
    let same = two(route("GET", "/v1/a/{id}"), route("GET", "/v1/a/{name}"));
    assert_eq!(
        same,
        Err(DescriptionFault::DoubledRoute("GET /v1/a/{name}".into()))
    );
}

#[test]
fn name_and_version_are_short_lines_and_the_version_may_be_missing() {
    let check = |name: &str, version: &str| {
        check(&Description {
            name: name.into(),
            version: version.into(),
            ..description(Vec::new())
        })
    };
    assert_eq!(check("p", ""), Ok(()));
    assert_eq!(check("", "1"), Err(DescriptionFault::Name));
    for bad in ["a\nb", &"x".repeat(257)] {
        assert_eq!(check(bad, "1"), Err(DescriptionFault::Name));
        assert_eq!(check("p", bad), Err(DescriptionFault::Name));
    }
}

#[test]
fn description_is_bounded() {
    let routes = |count| {
        (0..count)
            .map(|number| route("GET", &format!("/v1/r{number}")))
            .collect()
    };
    assert_eq!(check(&description(routes(1000))), Ok(()));
    assert_eq!(
        check(&description(routes(1001))),
        Err(DescriptionFault::TooMany("routes"))
    );
    let models = Description {
        model_count: 100_001,
        ..description(Vec::new())
    };
    assert_eq!(check(&models), Err(DescriptionFault::TooMany("models")));
}

#[test]
fn members_of_the_body_are_few_and_told_apart_in_any_case() {
    let asks = |names: &[&str]| {
        let body_members = names.iter().map(|&name| name.to_owned()).collect();
        check(&Description {
            body_members,
            ..description(Vec::new())
        })
    };
    let long = "x".repeat(65);
    assert_eq!(asks(&["n", "max_tokens", "x-y.Z", &long[1..]]), Ok(()));
    for bad in [
        "",
        "a b",
        "a\"",
        "gr\u{fc}n",
        "a\0",
        "model",
        "Model",
        &long,
    ] {
        let fault = DescriptionFault::BodyMember(bad.replace(char::is_control, ""));
        assert_eq!(asks(&["n", bad]), Err(fault), "{bad:?}");
    }
    for again in ["n", "N"] {
        let fault = DescriptionFault::BodyMember(again.into());
        assert_eq!(asks(&["n", "m", again]), Err(fault));
    }
    let names: Vec<String> = (0..17).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(asks(&names[1..]), Ok(()));
    let many = DescriptionFault::TooMany("members of the body");
    assert_eq!(asks(&names), Err(many));
}

/// What `signalbox check` counts for a route and for a text, beside the text's bytes.
#[test]
fn routes_and_texts_take_no_more_than_a_documents_check_counts() {
    use crate::bindings::{v0_1, v0_2};
    assert!(size_of::<v0_1::signalbox::policy::types::Route>() <= 256);
    assert!(size_of::<v0_2::signalbox::policy::types::Route>() <= 256);
    assert!(size_of::<Vec<String>>() <= 32);
    assert!(size_of::<String>() <= 32);
}
