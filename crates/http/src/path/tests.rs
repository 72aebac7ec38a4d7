use super::*;

fn read(target: &str) -> Result<Target<'_>, Refusal> {
    canonical(target, &|host| host == "gate.example:8080")
}

fn path(target: &str) -> String {
    read(target)
        .unwrap_or_else(|refusal| panic!("{target}: {refusal}"))
        .path
        .into_owned()
}

fn code(target: &str) -> String {
    match read(target) {
        Ok(read) => panic!("{target} was read as {read:?}"),
        Err(refusal) => format!("{} {}", refusal.status(), refusal.code()),
    }
}

#[test]
fn every_base_gives_the_same_path() {
    let routes = [
        "/models",
        "/chat/completions",
        "/embeddings",
        "/audio/transcriptions",
        "/conversations/files",
        "/datasets/reference-briefs/files",
        "/files/file-1.x~y_z",
    ];
    for route in routes {
        for base in ["/api/tenant/v1", "/api/tenant", "/v1", ""] {
            for slash in ["", "/"] {
                for origin in ["", "http://gate.example:8080", "HTTPS://gate.example:8080"] {
                    let target = format!("{origin}{base}{route}{slash}");
                    assert_eq!(path(&target), format!("/v1{route}"), "{target}");
                    let target = format!("{target}?limit=1");
                    assert_eq!(read(&target).unwrap().query, Some("limit=1"), "{target}");
                }
            }
        }
    }
}

#[test]
fn a_path_that_is_canonical_is_not_copied() {
    for target in [
        "/v1/models",
        "/api/tenant/v1/chat/completions/",
        "http://gate.example:8080/v1/models",
    ] {
        assert!(
            matches!(read(target).unwrap().path, Cow::Borrowed(_)),
            "{target}"
        );
    }
}

#[test]
fn a_base_alone_is_no_route() {
    for target in [
        "/",
        "/v1",
        "/v1/",
        "/api/tenant",
        "/api/tenant/",
        "/api/tenant/v1/",
        "http://gate.example:8080",
    ] {
        assert_eq!(path(target), "/v1/", "{target}");
    }
    assert_eq!(
        read("http://gate.example:8080?a=b").unwrap().query,
        Some("a=b")
    );
}

#[test]
fn case_is_exact_and_words_are_whole() {
    assert_eq!(path("/API/tenant/v1/models"), "/v1/API/tenant/v1/models");
    assert_eq!(path("/V1/models"), "/v1/V1/models");
    assert_eq!(path("/v1beta/models"), "/v1/v1beta/models");
    assert_eq!(path("/api/tenants/models"), "/v1/api/tenants/models");
    assert_eq!(path("/api"), "/v1/api");
}

#[test]
fn a_doubled_base_is_told_the_right_one() {
    for target in [
        "/v1/v1/models",
        "/v1/v1",
        "/api/tenant/v1/v1/chat/completions",
        "/api/tenant/v1/v1/models/gpt-4o",
        "/api/tenant/v1/api/tenant/v1/models",
        "/api/tenant/api/tenant/models",
        "/v1/api/tenant/v1/models",
    ] {
        assert_eq!(code(target), "404 unknown_route", "{target}");
        assert!(
            read(target)
                .unwrap_err()
                .message()
                .contains("`/api/tenant/v1`"),
            "{target}"
        );
    }
}

#[test]
fn what_two_servers_read_differently_is_refused() {
    let long = format!("/v1/files/{}", "x".repeat(129));
    for target in [
        "",
        "*",
        "models",
        "?a=b",
        "/v1//models",
        "//v1/models",
        "//gate.example:8080/v1/models",
        "/v1/models//",
        "/v1/./models",
        "/v1/../v1/models",
        "/v1/..",
        "/v1/models/../chat/completions",
        "/v1/chat%2Fcompletions",
        "/v1/%6dodels",
        "/%761/models",
        "/v1/files/a%00",
        "/v1/files/%2e%2e",
        "/v1/files;x=1",
        "/v1/models;x",
        "/v1/files/a;b",
        "/v1\\models",
        "/v1/models\\x",
        "/v1/files/a\tb",
        "/v1/files/a b",
        "/v1/files/a\u{7f}",
        "/v1/files/a\n",
        "/v1/files/ä",
        "/v1/files/a#b",
        "/v1/files/a@b",
        "/v1/files/a:b",
        "/v1/files/a*",
        &long,
    ] {
        assert_eq!(code(target), "400 invalid_path", "{target}");
    }
    assert_eq!(
        path(&long[..long.len() - 1]).len(),
        "/v1/files/".len() + 128
    );
}

#[test]
fn an_absolute_target_must_name_this_host() {
    for target in [
        "http://other.example/v1/models",
        "http://gate.example/v1/models",
        "http://user@gate.example:8080/v1/models",
        "http://gate.example:8080@other.example/v1/models",
        "http:///v1/models",
        "ftp://gate.example:8080/v1/models",
        "gate.example:8080",
        "http:/v1/models",
    ] {
        assert_eq!(code(target), "400 invalid_path", "{target}");
    }
}

#[test]
fn a_model_is_named_in_the_path_as_clients_do() {
    for (target, id) in [
        ("/v1/models/gpt-4o", "gpt-4o"),
        ("/api/tenant/models/gpt-4o/", "gpt-4o"),
        ("/v1/models/openai%2Fgpt-4o", "openai/gpt-4o"),
        ("/models/openai/gpt-4o", "openai/gpt-4o"),
        ("/v1/models/ft:gpt-4o:org::x@1", "ft:gpt-4o:org::x@1"),
        ("/v1/models/a+b%20c", "a+b c"),
        ("/v1/models/k%C3%B6ln", "köln"),
        ("/v1/models/a%2525", "a%25"),
        ("/v1/models/a%3Bb", "a;b"),
        ("/v1/models/v1/models", "v1/models"),
        ("/v1/models/%2e%2e%2fchat", "../chat"),
    ] {
        let read = read(target).unwrap();
        assert_eq!(
            (read.path.as_ref(), read.model_id.as_deref()),
            ("/v1/models", Some(id)),
            "{target}"
        );
    }
    assert_eq!(read("/v1/models/").unwrap().model_id, None);
}

#[test]
fn a_model_name_in_the_path_is_text() {
    for target in [
        "/v1/models/%",
        "/v1/models/a%2",
        "/v1/models/a%zz",
        "/v1/models/%ff",
        "/v1/models/a%00",
        "/v1/models/a%0d%0ab",
    ] {
        assert_eq!(code(target), "400 invalid_path", "{target}");
    }
}

#[test]
fn an_upload_is_a_file() {
    assert_eq!(path("/api/tenant/v1/uploads/file-1"), "/v1/files/file-1");
    assert_eq!(path("/uploads/file-1/"), "/v1/files/file-1");
    assert_eq!(path("/v1/uploads"), "/v1/uploads");
    assert_eq!(path("/v1/uploads/a/parts"), "/v1/uploads/a/parts");
}

#[test]
fn a_plain_query_stays_as_it_came() {
    for query in [
        "",
        "limit=5&after=x",
        "a&b",
        "a=1&A=2",
        "models=x",
        "x=model",
        "a=%6dodel",
        "q=a+b%20c",
        "&&a=1&",
    ] {
        let target = format!("/v1/models?{query}");
        assert_eq!(read(&target).unwrap().query, Some(query), "{query}");
    }
    assert_eq!(read("/v1/models").unwrap().query, None);
}

#[test]
fn a_query_names_no_model_and_nothing_twice() {
    for query in [
        "model%0b",
        "%0bmodel%5b%5d=x",
        "model%00=x",
        "%c2%a0model=x",
        "model=x",
        "model",
        "a=1&model=x",
        "%6dodel=x",
        "MODEL=x",
        "model[]=x",
        "model%5B%5D=x",
        "model[0]=x",
        "a=1;model=x",
        "a=1;b=2",
        "=&=",
        ";",
        "a=1;",
        "+model=x",
        "a=1&a=2",
        "a=1&%61=2",
        "a&a",
        "a=1;a=2",
        "%=1",
        "a%2=1",
        "a%g0=1",
        "a b",
        "a=#",
        "ä=1",
        "a=\\",
    ] {
        assert_eq!(
            code(&format!("/v1/chat/completions?{query}")),
            "400 invalid_query",
            "{query}"
        );
    }
}

#[test]
fn a_bad_path_is_told_before_a_bad_query() {
    assert_eq!(code("/v1//models?model=x"), "400 invalid_path");
}

#[test]
fn routes_gt_lacks_have_advice() {
    for (method, path, word) in [
        ("POST", "/v1/responses", "Chat Completions"),
        ("GET", "/v1/responses/resp_1", "Chat Completions"),
        ("POST", "/v1/completions", "/v1/chat/completions"),
        ("POST", "/v1/files", "/v1/datasets/{id}/files"),
        ("GET", "/v1/files", "/v1/datasets/{id}/files"),
        ("DELETE", "/v1/files/file-1", "/v1/datasets/{id}/files"),
        ("POST", "/v1/uploads", "/v1/datasets/{id}/files"),
        ("POST", "/v1/assistants", "/v1/chat/completions"),
        ("POST", "/v1/threads/t/runs", "/v1/chat/completions"),
        ("POST", "/v1/audio/translations", "/v1/audio/transcriptions"),
        ("POST", "/v1/images/edits", "/v1/images/generations"),
        ("GET", "/v1/conversations", "POST /v1/conversations"),
        ("DELETE", "/v1/conversations/c1", "POST /v1/conversations"),
        ("POST", "/v1/moderations", "guardrails"),
        ("POST", "/v1/batches", "one by one"),
        ("POST", "/v1/realtime/sessions", "/v1/audio/speech"),
        ("GET", "/v1/vector_stores/vs_1/files", "/v1/embeddings"),
        ("GET", "/v1/chat/completions", "stored"),
        (
            "GET",
            "/v1/conversations/c1/items/i1",
            "POST /v1/conversations",
        ),
        ("DELETE", "/v1/models", "published"),
    ] {
        assert!(
            advice(method, path).is_some_and(|advice| advice.contains(word)),
            "{method} {path}"
        );
    }
}

#[test]
fn routes_gt_has_need_no_advice() {
    for (method, path) in [
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/embeddings"),
        ("POST", "/v1/audio/transcriptions"),
        ("POST", "/v1/audio/speech"),
        ("POST", "/v1/images/generations"),
        ("POST", "/v1/conversations"),
        ("POST", "/v1/conversations/files"),
        ("POST", "/v1/datasets/d/files"),
        ("GET", "/v1/files/file-1"),
        ("POST", "/v1/responsesx"),
        ("POST", "/v1/nothing"),
        ("POST", "/v1/threadsx/t"),
        ("GET", "/v1/conversations/c1/other"),
    ] {
        assert_eq!(advice(method, path), None, "{method} {path}");
    }
}
