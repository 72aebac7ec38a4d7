//! External authorization: what can be sent on as it came is, and nothing else.

use std::collections::HashMap;

use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
use envoy_types::pb::envoy::service::auth::v3::{AttributeContext, CheckRequest, CheckResponse};

use crate::stage::with_service;

/// A chat request with this body, of which `partial` is said.
fn check(body: &str, partial: Option<&str>, length: Option<usize>) -> CheckResponse {
    let mut headers = HashMap::from([
        ("authorization".to_owned(), "Bearer token-app".to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
        ("x-client".to_owned(), "1".to_owned()),
    ]);
    if let Some(length) = length {
        headers.insert("content-length".to_owned(), length.to_string());
    }
    if let Some(partial) = partial {
        let name = "x-envoy-auth-partial-body".to_owned();
        headers.insert(name, partial.to_owned());
    }
    let http = HttpRequest {
        method: "POST".to_owned(),
        path: "/v1/chat/completions".to_owned(),
        host: "gate.example".to_owned(),
        protocol: "HTTP/1.1".to_owned(),
        raw_body: body.as_bytes().to_vec(),
        headers,
        ..HttpRequest::default()
    };
    let request = CheckRequest {
        attributes: Some(AttributeContext {
            request: Some(Request {
                http: Some(http),
                ..Request::default()
            }),
            ..AttributeContext::default()
        }),
    };
    with_service(|at| async move {
        let client = AuthorizationClient::connect(format!("http://{at}")).await;
        client.unwrap().check(request).await.unwrap().into_inner()
    })
}

fn denied(response: CheckResponse) -> (i32, String) {
    assert_ne!(response.status.unwrap().code, 0);
    let Some(HttpResponse::DeniedResponse(denied)) = response.http_response else {
        panic!("it is denied")
    };
    (denied.status.unwrap().code, denied.body)
}

#[test]
fn a_model_that_is_the_same_at_gt_goes_on_as_it_came() {
    let body = r#"{"model":"same"}"#;
    let response = check(body, Some("false"), Some(body.len()));
    assert_eq!(response.status.unwrap().code, 0);
    let Some(HttpResponse::OkResponse(allowed)) = response.http_response else {
        panic!("it is allowed")
    };
    let set = |name: &str| {
        let set = allowed.headers.iter().filter_map(|set| set.header.as_ref());
        let mut set = set.filter(|header| header.key == name);
        set.next().map(|header| header.value.clone())
    };
    assert_eq!(set("authorization").as_deref(), Some("Bearer gtak_gt"));
    let path = "/api/tenant/v1/chat/completions";
    assert_eq!(set(":path").as_deref(), Some(path));
    assert_eq!(set("host").as_deref(), Some("gt.example"));
    assert!(allowed.headers_to_remove.contains(&"x-client".to_owned()));
}

#[test]
fn what_needs_another_body_is_refused() {
    let body = r#"{"model":"gpt-4o"}"#;
    let (status, said) = denied(check(body, Some("false"), Some(body.len())));
    assert_eq!(status, 501);
    assert!(said.contains("proxy_cannot_rewrite"), "{said}");
}

#[test]
fn a_body_that_is_not_shown_whole_is_refused() {
    let body = r#"{"model":"same"}"#;
    for (partial, length) in [
        (Some("true"), Some(body.len() + 1)),
        (Some("true"), Some(body.len())),
        // A client may say so too where Envoy does not.
        (Some("false"), Some(body.len() + 1)),
        (None, Some(body.len())),
        (None, None),
    ] {
        let (status, said) = denied(check(body, partial, length));
        assert_eq!(status, 501, "{partial:?}, {length:?}: {said}");
    }
    let (status, _) = denied(check("", Some("false"), None));
    assert_eq!(status, 501);
}
