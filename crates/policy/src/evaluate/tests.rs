//! The order of the checks and the words of each refusal, on a policy small enough to see whole.

use alloc::{string::ToString, vec, vec::Vec};

use super::*;
use crate::{
    Caller, CallerRule, CallerSet, Endpoints, Header, Names, Purpose, Purposes, ScopeSets,
    SetHeaders, Terms,
};

struct Small;

impl Rules for Small {
    fn routes(&self) -> impl Iterator<Item = RouteRule<'_>> {
        [
            route("POST", "/v1/audio/speech", None, Verdict::NotSupported),
            route(
                "POST",
                "/v1/chat/completions",
                Some("inference:chat"),
                Verdict::Native,
            ),
            route("POST", "/v1/conversations/files", None, Verdict::Native),
            route(
                "POST",
                "/v1/datasets/{id}/files",
                Some("datasets:write"),
                Verdict::Native,
            ),
            route(
                "POST",
                "/v1/embeddings",
                Some("inference:embed"),
                Verdict::Native,
            ),
            route("GET", "/v1/files/{id}", None, Verdict::GtExtension),
            route("GET", "/v1/models", None, Verdict::Native),
        ]
        .into_iter()
    }

    fn model(&self, name: &str) -> Option<ModelRule<'_>> {
        let chat = [Endpoint::Chat].into_iter().collect();
        match name {
            "gpt-4o" => Some(model("gpt-4o", Some("agent"), chat)),
            "itself" | "" | "line\nbreak" => Some(model("itself", None, Endpoints::ALL)),
            _ => None,
        }
    }

    fn exact_models(&self) -> impl Iterator<Item = ModelRule<'_>> {
        [].into_iter()
    }

    fn callers(&self) -> impl Iterator<Item = CallerRule<'_>> {
        [].into_iter()
    }

    fn terms(&self) -> impl Iterator<Item = Terms<'_>> {
        [].into_iter()
    }
}

fn model<'a>(pattern: &'a str, published: Option<&'a str>, endpoints: Endpoints) -> ModelRule<'a> {
    ModelRule {
        pattern,
        published,
        endpoints,
        terms: Terms::default(),
    }
}

fn route<'a>(
    method: &'a str,
    template: &'a str,
    scope: Option<&'a str>,
    verdict: Verdict,
) -> RouteRule<'a> {
    let native = verdict == Verdict::Native;
    let endpoint = Endpoint::of(method, template);
    RouteRule {
        method,
        template,
        verdict,
        action: if native {
            Action::Forward
        } else {
            Action::Refuse
        },
        purposes: gt::default_purposes(template),
        scopes: ScopeSets::new(scope),
        model: endpoint.map_or(ModelSource::None, Endpoint::model_source),
        query: NameList::new("limit,after"),
        headers: NameList::default(),
        required_headers: NameList::default(),
        set_headers: SetHeaders::default(),
        callers: CallerSet::ALL,
        because: (!native).then_some("see the runbook"),
    }
}

fn caller(purposes: &[Purpose], scopes: &[&str]) -> Caller {
    Caller {
        id: "key".to_string(),
        purposes: purposes.iter().copied().collect::<Purposes>(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::Only(vec!["briefs".to_string()]),
    }
}

fn chat_caller() -> Caller {
    caller(&[Purpose::Inference], &["inference:chat"])
}

fn request<'a>(method: &'a str, path: &'a str, caller: &'a Caller) -> Request<'a> {
    Request {
        method,
        path,
        query: None,
        content_type: None,
        headers: &[],
        caller,
        model: RequestedModel::Unread,
        body_members: &[],
    }
}

fn code(request: &Request<'_>) -> (u16, String) {
    match decide(&Small, request) {
        Decision::Refuse(refusal) => (refusal.status, refusal.code),
        decision => (0, alloc::format!("{decision:?}")),
    }
}

#[test]
fn the_first_check_that_fails_decides() {
    let nobody = caller(&[Purpose::Upload], &[]);
    let inference = caller(&[Purpose::Inference], &[]);
    let chat = chat_caller();
    let upload = caller(&[Purpose::Upload], &["datasets:write"]);
    let table = [
        (request("PUT", "/v1/none", &nobody), 404, "unknown_route"),
        (
            request("PUT", "/v1/chat/completions", &nobody),
            405,
            "method_not_allowed",
        ),
        (
            request("POST", "/v1/audio/speech", &nobody),
            404,
            "route_not_supported",
        ),
        (
            request("GET", "/v1/files/f", &nobody),
            404,
            "gt_extension_route",
        ),
        (
            request("POST", "/v1/chat/completions", &nobody),
            403,
            "purpose_not_allowed",
        ),
        (
            request("POST", "/v1/chat/completions", &inference),
            403,
            "insufficient_scope",
        ),
        (
            request("POST", "/v1/embeddings", &chat),
            403,
            "insufficient_scope",
        ),
        (
            request("POST", "/v1/datasets/x/files", &upload),
            403,
            "dataset_not_allowed",
        ),
    ];
    for (request, status, expected) in table {
        assert_eq!(
            code(&request),
            (status, expected.to_string()),
            "{request:?}"
        );
    }
}

#[test]
fn the_conversation_header_needs_the_purpose_and_is_never_ignored() {
    let headers = [Header {
        name: CONVERSATION_HEADER,
        value: b"c-1",
    }];
    let chat = chat_caller();
    let with_header = Request {
        headers: &headers,
        ..request("POST", "/v1/chat/completions", &chat)
    };
    assert_eq!(
        code(&with_header),
        (403, "conversation_not_allowed".to_string())
    );
    let conversation = caller(&[Purpose::Conversation], &["inference:chat"]);
    let allowed = Request {
        caller: &conversation,
        ..with_header
    };
    assert_eq!(decide(&Small, &allowed), Decision::ReadModel);
    let upload = request("POST", "/v1/conversations/files", &conversation);
    assert_eq!(code(&upload), (400, "missing_conversation".to_string()));
    let uploaded = Request {
        headers: &headers,
        ..upload
    };
    assert!(matches!(decide(&Small, &uploaded), Decision::Forward(_)));
}

#[test]
fn a_model_goes_out_under_its_published_name_and_comes_back_as_written() {
    let chat = chat_caller();
    let named = Request {
        model: RequestedModel::Named("gpt-4o"),
        ..request("POST", "/v1/chat/completions", &chat)
    };
    let forward = Forward {
        route: RouteIndex(1),
        model: Some("agent".to_string()),
        response_model: Some("gpt-4o".to_string()),
        ..Forward::default()
    };
    assert_eq!(decide(&Small, &named), Decision::Forward(forward));
}

#[test]
fn a_model_that_may_not_be_used_looks_like_one_that_does_not_exist() {
    let chat = chat_caller();
    let fenced = Caller {
        published: Names::NONE,
        ..chat_caller()
    };
    let both = caller(
        &[Purpose::Inference],
        &["inference:chat", "inference:embed"],
    );
    let ask = |path, caller, name| {
        let model = RequestedModel::Named(name);
        decide(
            &Small,
            &Request {
                model,
                ..request("POST", path, caller)
            },
        )
    };
    let chat_path = "/v1/chat/completions";
    let Decision::Refuse(unknown) = ask(chat_path, &chat, "gpt-4o-x") else {
        panic!()
    };
    let Decision::Refuse(not_on_key) = ask(chat_path, &fenced, "gpt-4o") else {
        panic!()
    };
    let Decision::Refuse(not_for) = ask("/v1/embeddings", &both, "gpt-4o") else {
        panic!()
    };
    assert_eq!(
        unknown.message.replace("gpt-4o-x", "gpt-4o"),
        not_on_key.message
    );
    assert_eq!(
        (unknown.status, unknown.code.as_str()),
        (404, "model_not_found")
    );
    assert_eq!(not_for.code, "model_not_found");
    let absent = Request {
        model: RequestedModel::Absent,
        ..request("POST", chat_path, &chat)
    };
    assert_eq!(code(&absent), (400, "missing_model".to_string()));
}

#[test]
fn models_are_listed_and_only_listed_queries_pass() {
    let chat = chat_caller();
    let list = request("GET", "/v1/models", &chat);
    assert_eq!(
        decide(&Small, &list),
        Decision::ListModels(ListMode::Catalogue)
    );
    let upload = caller(&[Purpose::Upload], &["datasets:write"]);
    let query = Request {
        query: Some("limit=2&x=1&after=a%20b&limits=3"),
        ..request("POST", "/v1/datasets/briefs/files", &upload)
    };
    let Decision::Forward(forward) = decide(&Small, &query) else {
        panic!()
    };
    assert_eq!(forward.query.as_deref(), Some("limit=2&after=a%20b"));
    assert_eq!(
        forward.parameters,
        [("id".to_string(), "briefs".to_string())]
    );
}

#[test]
fn a_wrong_path_is_answered_with_the_nearest_route() {
    let chat = chat_caller();
    let Decision::Refuse(refusal) = decide(&Small, &request("POST", "/v1/chat/completion", &chat))
    else {
        panic!()
    };
    assert_eq!(
        refusal.message,
        "There is no route POST /v1/chat/completion. The nearest is POST /v1/chat/completions."
    );
    let far = decide(
        &Small,
        &request("POST", "/v1/zzzzzzzzzzzzzzzzzzzzzzzzzz", &chat),
    );
    let Decision::Refuse(far) = far else { panic!() };
    assert!(!far.message.contains("nearest"));
}

#[test]
fn what_a_client_sent_is_quoted_shortened() {
    let chat = chat_caller();
    let long = "ü".repeat(5000);
    let model = RequestedModel::Named(&long);
    let named = Request {
        model,
        ..request("POST", "/v1/chat/completions", &chat)
    };
    let Decision::Refuse(refusal) = decide(&Small, &named) else {
        panic!()
    };
    assert!(refusal.message.len() < 500);
}

#[test]
fn a_pattern_lets_no_name_pass_that_a_document_could_not_write() {
    let chat = chat_caller();
    for written in ["", "line\nbreak"] {
        let model = RequestedModel::Named(written);
        let named = Request {
            model,
            ..request("POST", "/v1/chat/completions", &chat)
        };
        assert_eq!(code(&named), (404, "model_not_found".to_string()));
    }
}
