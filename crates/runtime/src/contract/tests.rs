//! The table of legal answers, row by row.

use signalbox_policy::{
    Caller, CatalogueEntry, Description, Names, Purposes, RouteIndex, Verdict, Wants,
};

use super::*;
use crate::Catalogue;

const CHAT: &str = "POST /v1/chat/completions";
const FILE: &str = "GET /v1/datasets/{id}/files/{file}";

/// What the policy was told of the body.
const MEMBERS: [(&str, BodyMember<'_>); 2] = [
    ("n", BodyMember::Integer(2)),
    ("user", BodyMember::Text("a\u{7f}b")),
];

fn route(method: &str, template: &str, model: ModelSource, forwarded: bool) -> RouteDescription {
    RouteDescription {
        method: method.into(),
        template: template.into(),
        verdict: Verdict::GtExtension,
        forwarded,
        purposes: Purposes::from_bits(1),
        scopes: Vec::new(),
        model,
        query: vec!["limit".into(), "after".into()],
        headers: Vec::new(),
        reason: None,
    }
}

fn surface() -> Surface {
    let description = Description {
        name: "p".into(),
        version: "1".into(),
        routes: vec![
            route("POST", "/v1/chat/completions", ModelSource::Json, true),
            route(
                "GET",
                "/v1/datasets/{id}/files/{file}",
                ModelSource::None,
                true,
            ),
            route("POST", "/v1/audio/speech", ModelSource::Json, false),
        ],
        headers: Vec::new(),
        wants: Wants::default(),
        body_members: Vec::new(),
        model_count: 2,
    };
    let entry = |name: &str, is_listed| CatalogueEntry {
        name: name.into(),
        published: vec!["agent".into()],
        is_listed,
        deprecated: None,
        routes: Vec::new(),
    };
    let entries = vec![entry("gpt-4o", true), entry("gpt-old", false)];
    Surface {
        description,
        catalogue: Catalogue::new(entries),
    }
}

fn judge(decision: &Decision, method: &str, model: RequestedModel<'_>) -> Result<(), Violation> {
    let path = match method {
        "GET" => "/v1/models",
        _ => "/v1/chat/completions",
    };
    judge_at(path, decision, method, model)
}

fn judge_at(
    path: &str,
    decision: &Decision,
    method: &str,
    model: RequestedModel<'_>,
) -> Result<(), Violation> {
    let caller = Caller {
        id: "k".into(),
        purposes: Purposes::from_bits(1),
        scopes: Vec::new(),
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    };
    let request = Request {
        method,
        path,
        query: None,
        content_type: None,
        headers: &[],
        caller: &caller,
        model,
        body_members: &MEMBERS,
    };
    check(decision, &request, &surface())
}

fn chat(model: Option<&str>) -> Forward {
    Forward {
        route: RouteIndex(0),
        model: model.map(Into::into),
        ..Forward::default()
    }
}

fn file() -> Forward {
    let parameters = vec![
        ("id".into(), "briefs".into()),
        ("file".into(), "file-1".into()),
    ];
    Forward {
        route: RouteIndex(1),
        parameters,
        ..Forward::default()
    }
}

/// Judges a forward of a file, asked for with a GET.
fn judge_file(forward: Forward) -> Result<(), Violation> {
    judge(&Decision::Forward(forward), "GET", RequestedModel::Unread)
}

fn judge_chat(forward: Forward, model: RequestedModel<'_>) -> Result<(), Violation> {
    judge(&Decision::Forward(forward), "POST", model)
}

#[test]
fn model_is_forwarded_exactly_when_it_was_named() {
    use RequestedModel::{Absent, Named, Unread};
    let (with, without) = (|| chat(Some("agent")), || chat(None));
    assert_eq!(judge_chat(with(), Named("gpt-4o")), Ok(()));
    assert_eq!(judge_chat(without(), Absent), Ok(()));
    assert_eq!(
        judge_chat(without(), Unread),
        Err(Violation::ForwardUnread(CHAT.into()))
    );
    assert_eq!(
        judge_chat(with(), Unread),
        Err(Violation::ForwardUnread(CHAT.into()))
    );
    assert_eq!(
        judge_chat(with(), Absent),
        Err(Violation::ModelUnasked(CHAT.into()))
    );
    assert_eq!(
        judge_chat(without(), Named("x")),
        Err(Violation::ModelMissing(CHAT.into()))
    );
}

#[test]
fn route_without_a_model_takes_none() {
    assert_eq!(judge_file(file()), Ok(()));
    let with = Forward {
        model: Some("agent".into()),
        ..file()
    };
    assert_eq!(
        judge_file(with.clone()),
        Err(Violation::ModelUnasked(FILE.into()))
    );
    let named = judge(
        &Decision::Forward(with),
        "GET",
        RequestedModel::Named("gpt-4o"),
    );
    assert_eq!(named, Err(Violation::ModelUnasked(FILE.into())));
}

#[test]
fn route_is_a_described_one_that_is_forwarded_with_the_requests_method() {
    let to = |route| Forward {
        route: RouteIndex(route),
        ..chat(None)
    };
    let judge = |route| judge_chat(to(route), RequestedModel::Absent);
    for beyond in [3, u32::MAX] {
        assert_eq!(judge(beyond), Err(Violation::RouteIndex(beyond)));
    }
    let silent = "POST /v1/audio/speech";
    assert_eq!(judge(2), Err(Violation::NotForwarded(silent.into())));
    assert_eq!(judge(1), Err(Violation::Method(FILE.into())));
}

#[test]
fn models_are_names_for_gt_and_for_the_client() {
    let long = "x".repeat(257);
    for bad in ["", "a\nb", &long] {
        let published = judge_chat(chat(Some(bad)), RequestedModel::Named("x"));
        assert!(matches!(published, Err(Violation::ModelName(_))), "{bad:?}");
        let stamp = Forward {
            response_model: Some(bad.into()),
            ..file()
        };
        assert!(
            matches!(judge_file(stamp), Err(Violation::ModelName(_))),
            "{bad:?}"
        );
    }
    assert_eq!(
        judge_chat(chat(Some(&long[1..])), RequestedModel::Named("x")),
        Ok(())
    );
    let echo = Forward {
        response_model: Some(long.clone()),
        ..chat(Some(&long))
    };
    assert_eq!(judge_chat(echo, RequestedModel::Named(&long)), Ok(()));
}

#[test]
fn parameters_are_the_templates_in_its_order() {
    let with = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        judge_file(Forward {
            parameters: pairs.collect(),
            ..file()
        })
    };
    let unfit = Err(Violation::Parameters(FILE.into()));
    assert_eq!(with(&[]), unfit);
    assert_eq!(with(&[("id", "a")]), unfit);
    assert_eq!(with(&[("file", "a"), ("id", "b")]), unfit);
    assert_eq!(with(&[("id", "a"), ("file", "b"), ("more", "c")]), unfit);
    for bad in [
        "",
        ".",
        "..",
        "a/b",
        "a b",
        "%2e",
        "gr\u{fc}n",
        &"x".repeat(129),
    ] {
        let outcome = with(&[("id", "a"), ("file", bad)]);
        assert_eq!(outcome, Err(Violation::Parameter("file".into())), "{bad}");
    }
    assert_eq!(
        with(&[("id", "A-z_0.~9"), ("file", &"x".repeat(128))]),
        Ok(())
    );
}

#[test]
fn query_has_only_the_routes_names_and_safe_characters() {
    let with = |query: &str| {
        judge_file(Forward {
            query: Some(query.into()),
            ..file()
        })
    };
    for good in ["", "limit=2", "limit=2&after=a%20b", "after"] {
        assert_eq!(with(good), Ok(()), "{good}");
    }
    let long = format!("limit={}", "1".repeat(5000));
    for bad in [
        "model=x",
        "limit=1&limit=2",
        "limit=a b",
        "limit=1#x",
        "limit=\r\n",
        "l=\u{fc}",
        &long,
    ] {
        assert!(matches!(with(bad), Err(Violation::Query(_))), "{bad:?}");
    }
}

#[test]
fn set_headers_are_none_of_the_hosts() {
    let with = |name: &str, value: &[u8]| {
        let header = signalbox_policy::HeaderBuf {
            name: name.into(),
            value: value.into(),
        };
        judge_file(Forward {
            set_headers: vec![header],
            ..file()
        })
    };
    assert_eq!(with("openai-beta", b"assistants=v2"), Ok(()));
    for name in [
        "host",
        "content-length",
        "connection",
        "authorization",
        "x-gt-conversation-id",
        "X-Up",
        "",
    ] {
        assert_eq!(with(name, b"1"), Err(Violation::SetHeader(name.into())));
    }
    assert_eq!(
        with("x-a", b"1\r\nhost: b"),
        Err(Violation::SetHeaderValue("x-a".into()))
    );
}

#[test]
fn set_headers_are_few_small_and_different() {
    let header = |name: String, size| signalbox_policy::HeaderBuf {
        name,
        value: vec![b'v'; size],
    };
    let with = |set_headers| {
        judge_file(Forward {
            set_headers,
            ..file()
        })
    };
    let many = |count: usize| {
        (0..count)
            .map(|number| header(format!("x-{number}"), 1))
            .collect()
    };
    assert_eq!(with(many(32)), Ok(()));
    assert_eq!(with(many(33)), Err(Violation::TooMuch("headers")));
    assert_eq!(
        with(vec![header("x".into(), 16 << 10)]),
        Err(Violation::TooMuch("headers"))
    );
    let twice = vec![header("x-a".into(), 1), header("x-a".into(), 2)];
    assert_eq!(with(twice), Err(Violation::DoubledHeader("x-a".into())));
}

#[test]
fn a_stateful_call_cannot_be_made_stateless() {
    let with = |name: &str| {
        judge_file(Forward {
            drop_headers: vec![name.into()],
            ..file()
        })
    };
    assert_eq!(with("user-agent"), Ok(()));
    for name in ["x-gt-conversation-id", "content-type", "Accept"] {
        assert_eq!(with(name), Err(Violation::DropHeader(name.into())));
    }
}

#[test]
fn a_notice_is_one_line_that_a_header_can_carry() {
    let with = |notice: &str| {
        judge_file(Forward {
            notice: Some(notice.into()),
            ..file()
        })
    };
    let long = "x".repeat(257);
    for good in ["x", "Use `gpt-5`: \"gpt-4\" ends 2027-01-01.", &long[1..]] {
        assert_eq!(with(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        " ",
        " x",
        "x ",
        "a\r\nset-cookie: b",
        "a\tb",
        "a\0",
        "\x7f",
        "gr\u{fc}n",
    ] {
        let shown = bad.replace(char::is_control, "");
        assert_eq!(with(bad), Err(Violation::Notice(shown)), "{bad:?}");
    }
    assert!(matches!(with(&long), Err(Violation::Notice(_))));
}

#[test]
fn labels_fit_in_a_log_line() {
    let with = |name: &str, value: &str| {
        judge_file(Forward {
            labels: vec![(name.into(), value.into())],
            ..file()
        })
    };
    assert_eq!(with("rule", "gpt-* to agent"), Ok(()));
    assert_eq!(with("Rule", "x"), Err(Violation::Label("Rule".into())));
    assert_eq!(with("rule", "x\ny"), Err(Violation::Label("rule".into())));
    let many = Forward {
        labels: vec![("a".into(), "b".into()); 17],
        ..file()
    };
    assert_eq!(judge_file(many), Err(Violation::TooMuch("labels")));
}

#[test]
fn list_answers_a_get_that_names_no_model() {
    let list = |mode, method, model| judge(&Decision::ListModels(mode), method, model);
    use ListMode::{Catalogue, Only, Upstream};
    assert_eq!(list(Catalogue, "GET", RequestedModel::Unread), Ok(()));
    assert_eq!(list(Upstream, "GET", RequestedModel::Unread), Ok(()));
    assert_eq!(
        list(Only(vec!["gpt-4o".into()]), "GET", RequestedModel::Unread),
        Ok(())
    );
    assert_eq!(
        list(Upstream, "POST", RequestedModel::Unread),
        Err(Violation::ListModels)
    );
    assert_eq!(
        list(Upstream, "GET", RequestedModel::Absent),
        Err(Violation::ListModels)
    );
    let unlisted = list(Only(vec!["gpt-5".into()]), "GET", RequestedModel::Unread);
    assert_eq!(unlisted, Err(Violation::UnlistedModel("gpt-5".into())));
    let hidden = list(Only(vec!["gpt-old".into()]), "GET", RequestedModel::Unread);
    assert_eq!(hidden, Err(Violation::UnlistedModel("gpt-old".into())));
}

#[test]
fn list_answers_no_other_path() {
    let list = Decision::ListModels(ListMode::Catalogue);
    let elsewhere = judge_at("/v1/files/file-1", &list, "GET", RequestedModel::Unread);
    assert_eq!(elsewhere, Err(Violation::ListModels));
}

#[test]
fn model_is_asked_for_once() {
    let read = |model| judge(&Decision::ReadModel, "POST", model);
    assert_eq!(read(RequestedModel::Unread), Ok(()));
    assert_eq!(read(RequestedModel::Absent), Err(Violation::ReadModel));
    assert_eq!(read(RequestedModel::Named("x")), Err(Violation::ReadModel));
}

#[test]
fn model_is_asked_for_only_where_a_route_has_one() {
    let read = |method, path| judge_at(path, &Decision::ReadModel, method, RequestedModel::Unread);
    assert_eq!(read("POST", "/v1/chat/completions"), Ok(()));
    for (method, path) in [
        ("GET", "/v1/chat/completions"),
        ("POST", "/v1/chat"),
        ("POST", "/v1/chat/completions/more"),
        ("GET", "/v1/datasets/briefs/files/file-1"),
    ] {
        assert_eq!(read(method, path), Err(Violation::ReadModel), "{path}");
    }
}

#[test]
fn template_takes_paths_of_its_shape() {
    assert!(takes("/v1/files/{id}", "/v1/files/file-1"));
    assert!(!takes("/v1/files/{id}", "/v1/files"));
    assert!(!takes("/v1/files/{id}", "/v1/files/file-1/more"));
    assert!(!takes("/v1/files/{id}", "/v1/other/file-1"));
}

#[test]
fn refusal_is_the_clients_and_of_its_form() {
    let refuse = |status, code: &str, message: usize, reason: usize| {
        let refusal = Refusal {
            status,
            code: code.into(),
            message: "m".repeat(message),
            param: None,
            reason: "r".repeat(reason),
        };
        judge(&Decision::Refuse(refusal), "POST", RequestedModel::Absent)
    };
    for status in [400, 499] {
        assert_eq!(refuse(status, "not_found_2", 2048, 2048), Ok(()));
    }
    for status in [0, 200, 399, 500, 503] {
        assert_eq!(refuse(status, "x", 1, 1), Err(Violation::Status(status)));
    }
    for code in ["", "Bad", "a-b", "a b"] {
        assert_eq!(refuse(400, code, 1, 1), Err(Violation::Code(code.into())));
    }
    assert!(matches!(
        refuse(400, &"x".repeat(65), 1, 1),
        Err(Violation::Code(_))
    ));
    assert_eq!(
        refuse(400, "x", 2049, 1),
        Err(Violation::MessageLength(2049))
    );
    assert_eq!(refuse(400, "x", 1, 2049), Err(Violation::TooMuch("reason")));
}

#[test]
fn param_of_a_refusal_is_short() {
    let refuse = |param: usize| {
        let refusal = Refusal {
            status: 400,
            code: "x".into(),
            message: String::new(),
            param: Some("p".repeat(param)),
            reason: String::new(),
        };
        judge(&Decision::Refuse(refusal), "POST", RequestedModel::Unread)
    };
    assert_eq!(refuse(256), Ok(()));
    assert_eq!(refuse(257), Err(Violation::TooMuch("param")));
}

#[test]
fn refusal_has_no_control_character_but_those_the_client_sent() {
    let refuse = |[message, reason, param]: [&str; 3], model| {
        let refusal = Refusal {
            status: 404,
            code: "x".into(),
            message: message.into(),
            param: Some(param.into()),
            reason: reason.into(),
        };
        judge(&Decision::Refuse(refusal), "POST", model)
    };
    let control = |name| Err(Violation::Control(name));
    for bad in ["a\u{1b}[2J", "a\nb", "\u{9b}2J"] {
        let absent = RequestedModel::Absent;
        assert_eq!(refuse([bad, "", ""], absent), control("message"));
        assert_eq!(refuse(["", bad, ""], absent), control("reason"));
        assert_eq!(refuse(["", "", bad], absent), control("param"));
        assert_eq!(refuse([bad, "", ""], RequestedModel::Named(bad)), Ok(()));
        let other = RequestedModel::Named("\t");
        assert_eq!(refuse([bad, "", ""], other), control("message"));
    }
    // It was told of this one in a member of the body.
    let quoted = refuse(["\u{7f}", "", ""], RequestedModel::Absent);
    assert_eq!(quoted, Ok(()));
}
