//! What GT gets is what the client sent, but for the one value; and the other way round.

use crate::harness::{Ask, Gate, Gt};

#[test]
fn only_the_bytes_of_the_model_change() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for (sent, forwarded) in [
        (
            r#"{"seed":9007199254740993,"t":1.50,"n":2e3,"x_custom":{"model":"inner"},"model":"gpt-4o"}"#,
            r#"{"seed":9007199254740993,"t":1.50,"n":2e3,"x_custom":{"model":"inner"},"model":"support-agent"}"#,
        ),
        (
            " {\n\t\"model\" : \"gpt-4o\" ,\"a\":[ ]}\r\n",
            " {\n\t\"model\" : \"support-agent\" ,\"a\":[ ]}\r\n",
        ),
        (
            r#"{"mod\u0065l":"gpt\u002d4o","b":"é\n"}"#,
            r#"{"mod\u0065l":"support-agent","b":"é\n"}"#,
        ),
        (r#"{"model":"free-one"}"#, r#"{"model":"gt-small"}"#),
    ] {
        let before = gt.seen().len();
        assert_eq!(gate.send(&Ask::chat("x").json(sent)).status, 200);
        assert_eq!(gate.send(&Ask::chat("x").json(sent).chunked(7)).status, 200);
        for seen in &gt.seen()[before..] {
            assert_eq!(seen.text(), forwarded);
            assert_eq!(
                seen.header("content-length"),
                Some(&*forwarded.len().to_string())
            );
            assert_eq!(seen.header("transfer-encoding"), None);
        }
    }
}

#[test]
fn a_model_after_ten_megabytes_is_found() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let pad = "m".repeat(10 << 20);
    let body = |model: &str| format!(r#"{{"messages":["{pad}"],"model":"{model}"}}"#);
    assert_eq!(gate.send(&Ask::chat("x").json(&body("gpt-4o"))).status, 200);
    assert!(gt.only().text() == body("support-agent"));
}

#[test]
fn every_base_leads_to_the_documented_path() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for base in ["/api/tenant/v1", "/api/tenant", "/v1", ""] {
        let target = format!("{base}/chat/completions?drop=me");
        assert_eq!(
            gate.send(&Ask::post(&target).json(r#"{"model":"gpt-4o"}"#))
                .status,
            200
        );
    }
    for seen in gt.seen() {
        assert_eq!(seen.line, "POST /api/tenant/v1/chat/completions HTTP/1.1");
    }
    let _ = gate.send(&Ask::get("/v1/uploads/file-1"));
    assert_eq!(
        gt.seen().last().unwrap().line,
        "GET /api/tenant/v1/files/file-1 HTTP/1.1"
    );
}

#[test]
fn only_listed_headers_reach_gt_and_the_key_never_does() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let ask = Ask::chat("gpt-4o")
        .header("accept", "application/json")
        .header("openai-organization", "o")
        .header("x-stainless-lang", "python")
        .header("x-request-id", "r1")
        .header("accept-encoding", "gzip, br")
        .header("cookie", "a=b")
        .header("api-key", "secret")
        .header("x-http-method-override", "DELETE")
        .header("x-forwarded-for", "1.2.3.4")
        .header("connection", "keep-alive, x-absent");
    assert_eq!(gate.send(&ask).status, 200);
    let mut names: Vec<_> = gt
        .only()
        .headers
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort();
    let expected = [
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "openai-organization",
        "x-request-id",
        "x-stainless-lang",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        gt.only().header("authorization"),
        Some("Bearer gtak_inference")
    );
    assert_eq!(gt.only().header("accept-encoding"), Some("identity"));
    assert_eq!(gt.only().header("host"), Some(&*gt.address.to_string()));
}

#[test]
fn the_gt_key_follows_the_route() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let upload = |target| {
        Ask::post(target)
            .header("content-type", "multipart/form-data; boundary=b")
            .body(b"x")
    };
    for (ask, credential) in [
        (Ask::chat("gpt-4o"), "gtak_inference"),
        (
            Ask::chat("gpt-4o").header("x-gt-conversation-id", "c"),
            "gtak_conversation",
        ),
        (
            Ask::post("/v1/conversations").json(r#"{"model":"gpt-4o"}"#),
            "gtak_conversation",
        ),
        (
            upload("/v1/conversations/files").header("x-gt-conversation-id", "c"),
            "gtak_conversation",
        ),
        (upload("/v1/datasets/briefs/files"), "gtak_upload"),
        (
            upload("/v1/datasets/briefs/files").key("upload"),
            "gtak_upload",
        ),
        (Ask::get("/v1/files/f").key("upload"), "gtak_upload"),
        (Ask::get("/v1/files/f"), "gtak_conversation"),
    ] {
        assert_eq!(gate.send(&ask).status, 200);
        let seen = gt.seen().pop().unwrap();
        assert_eq!(
            seen.header("authorization"),
            Some(&*format!("Bearer {credential}")),
            "{}",
            seen.line
        );
    }
}

#[test]
fn an_answer_shows_the_name_the_client_wrote_and_is_else_unchanged() {
    let gt = Gt::answering(|_, reply| {
        let headers = "content-type: application/json\r\nx-request-id: r1\r\nset-cookie: a=b\r\n\
            server: gt\r\nlocation: /x\r\netag: \"e\"\r\nx-signalbox-policy: forged\r\nx-other: kept\r\n";
        reply.with(
            201,
            headers,
            br#"{"a":1.50, "model" : "support-agent","choices":[{"model":"support-agent"}]}"#,
        );
    });
    let gate = Gate::before(&gt);
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.text(),
        r#"{"a":1.50, "model" : "gpt-4o","choices":[{"model":"support-agent"}]}"#
    );
    for (name, value) in [
        ("x-request-id", Some("r1")),
        ("x-other", Some("kept")),
        ("x-signalbox-policy", Some("default@1")),
        ("set-cookie", None),
        ("server", None),
        ("location", None),
        ("etag", None),
        ("content-length", None),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[test]
fn what_names_no_model_passes_with_its_length() {
    let gt = Gt::answering(|_, reply| {
        reply.with(
            200,
            "content-type: audio/mpeg\r\netag: \"e\"\r\n",
            b"\xff\x00\xfe",
        );
    });
    let gate = Gate::before(&gt);
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(
        (answer.body.as_slice(), answer.header("content-length")),
        (&b"\xff\x00\xfe"[..], Some("3"))
    );
    assert_eq!(answer.header("etag"), Some("\"e\""));
}

#[test]
fn errors_of_gt_pass_with_their_status() {
    for status in [400, 404, 409, 422, 429, 500, 503] {
        let gt = Gt::answering(move |_, reply| {
            let headers = "content-type: application/json\r\nretry-after: 7\r\n";
            reply.with(status, headers, br#"{"error":{"message":"m"}}"#);
        });
        let answer = Gate::before(&gt).send(&Ask::chat("gpt-4o"));
        assert_eq!(
            (answer.status, answer.text()),
            (status, r#"{"error":{"message":"m"}}"#)
        );
        assert_eq!(answer.header("retry-after"), Some("7"));
    }
}
