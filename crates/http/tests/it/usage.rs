//! The usage of an answer is what a whole tree of it says, however the answer is cut into chunks.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;
use signalbox_http::restamp::{JsonRestamp, Restamp, SseRestamp};
use signalbox_http::usage::{Usage, estimate};

use crate::bodies::{cut, cuts, mutated, object};

fn restamps() -> [Restamp; 2] {
    [
        Restamp::Json(JsonRestamp::new("gpt-4o")),
        Restamp::Json(JsonRestamp::reading()),
    ]
}

fn streams() -> [Restamp; 2] {
    [
        Restamp::Sse(SseRestamp::new("gpt-4o")),
        Restamp::Sse(SseRestamp::reading()),
    ]
}

fn read<'a>(mut restamp: Restamp, chunks: impl IntoIterator<Item = &'a [u8]>) -> Option<Usage> {
    let (mut out, mut passed) = (Vec::new(), Vec::new());
    let changes = restamp.changes_bytes();
    for chunk in chunks {
        let is_as_it_came = restamp.rewrite(chunk, &mut out);
        assert!(is_as_it_came || changes);
        passed.extend_from_slice(chunk);
    }
    restamp.finish(&mut out);
    assert!(changes || out.is_empty(), "what only reads keeps nothing");
    restamp.usage()
}

/// The usage by way of a tree, with nothing of the code under test.
fn of_tree(usage: &Value) -> Option<Usage> {
    let usage = usage.as_object()?;
    let count = |value: Option<&Value>| value.and_then(Value::as_u64).filter(|it| *it <= 1 << 40);
    let named = |name: &str| count(usage.get(name));
    let detail = |of: &str, name: &str| count(usage.get(of).and_then(|details| details.get(name)));
    let usage = Usage {
        prompt: named("prompt_tokens").or(named("input_tokens")),
        completion: named("completion_tokens").or(named("output_tokens")),
        cached: detail("prompt_tokens_details", "cached_tokens")
            .or(detail("input_tokens_details", "cached_tokens")),
        reasoning: detail("completion_tokens_details", "reasoning_tokens")
            .or(detail("output_tokens_details", "reasoning_tokens")),
        total: named("total_tokens"),
    };
    let counts = [usage.prompt, usage.completion, usage.total];
    counts.iter().any(Option::is_some).then_some(usage)
}

/// A number that may be a count, and much that is none.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0..5_000_u64).prop_map(|count| count.to_string()),
        1 => any::<u64>().prop_map(|count| count.to_string()),
        2 => select(&[
            "0", "-0", "-1", "1.0", "1e2", "1099511627776", "1099511627777", "18446744073709551615",
            "18446744073709551616", "99999999999999999999999999", "null", "true", "\"12\"", "[7]", "[]",
            "{\"prompt_tokens\":9}", "{}",
        ][..]).prop_map(str::to_owned),
    ]
}

fn usage_object() -> impl Strategy<Value = String> {
    let key = select(
        &[
            "prompt_tokens",
            "completion_tokens",
            "total_tokens",
            "input_tokens",
            "output_tokens",
            "prompt\\u005ftokens",
            "cached_tokens",
            "usage",
            "cost \\\"}{",
        ][..],
    );
    let details = select(
        &[
            "prompt_tokens_details",
            "completion_tokens_details",
            "input_tokens_details",
            "output_tokens_details",
        ][..],
    );
    let detail = select(
        &[
            "cached_tokens",
            "reasoning_tokens",
            "cach\\u0065d_tokens",
            "audio_tokens",
            "cached_tokens_details",
        ][..],
    );
    let detail = (detail, number()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
    let member = prop_oneof![
        3 => (key, number()).prop_map(|(key, value)| format!("\"{key}\" :{value}")),
        2 => (details, vec(detail, 0..3)).prop_map(|(key, details)| {
            format!("\"{key}\": {{{}}}", details.join(" ,"))
        }),
    ];
    vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// An answer with usages at its top and elsewhere.
fn answer() -> impl Strategy<Value = String> {
    let value = prop_oneof![5 => usage_object(), 1 => Just("null".to_owned()), 1 => number(), 1 => object()];
    let key = select(
        &[
            "usage",
            "usage",
            "us\\u0061ge",
            "Usage",
            "response",
            "choices",
            "model",
        ][..],
    );
    let nested =
        (key.clone(), value.clone()).prop_map(|(key, value)| format!("{{\"{key}\":{value}}}"));
    let member = (
        key,
        prop_oneof![3 => value, 1 => nested.clone(), 1 => nested.prop_map(|it| format!("[{it}]"))],
    );
    vec(member, 0..5).prop_map(|members| {
        let members: Vec<_> = members
            .into_iter()
            .map(|(key, value)| format!("\"{key}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

fn in_one_line() -> impl Strategy<Value = String> {
    answer().prop_map(|text| text.replace(['\r', '\n'], " "))
}

/// The last usage of events, as the standard reads their data.
fn of_events(texts: &[String]) -> Option<Usage> {
    let found = |text: &String| {
        let tree: Value = serde_json::from_str(text).ok()?;
        let top = tree.get("usage").filter(|usage| usage.is_object());
        let nested = tree.get("response").and_then(|it| it.get("usage"));
        top.or_else(|| nested.filter(|usage| usage.is_object()))
            .cloned()
    };
    of_tree(&texts.iter().filter_map(found).next_back()?)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn any_cut_of_an_answer_has_the_usage_of_the_whole(answer in answer(), cuts in cuts()) {
        let tree = serde_json::from_str::<Value>(&answer);
        for (whole, cut_up) in restamps().into_iter().zip(restamps()) {
            let usage = read(whole, [answer.as_bytes()]);
            if let Ok(tree) = &tree {
                prop_assert_eq!(usage, of_tree(&tree["usage"]));
            }
            prop_assert_eq!(read(cut_up, cut(answer.as_bytes(), &cuts)), usage);
        }
        for single in restamps() {
            let usage = read(single, answer.as_bytes().chunks(1));
            if let Ok(tree) = &tree {
                prop_assert_eq!(usage, of_tree(&tree["usage"]));
            }
        }
    }

    #[test]
    fn any_cut_of_a_stream_has_the_last_usage_of_its_events(
        texts in vec(prop_oneof![4 => in_one_line(), 1 => Just("[DONE]".to_owned())], 0..5),
        (field, end) in (select(&["data: ", "data:"][..]), select(&["\n", "\r\n", "\r"][..])),
        cuts in cuts(),
    ) {
        let is_json = |text: &String| text == "[DONE]" || serde_json::from_str::<Value>(text).is_ok();
        prop_assume!(texts.iter().all(is_json));
        // Where whitespace is, a text may go on in the next line.
        let lines = |text: &String| text.replace(" :", &format!("{end}{field}:"));
        let events = texts.iter().map(|text| format!("{field}{}{end}{end}", lines(text)));
        let stream = events.collect::<String>();
        let expected = of_events(&texts);
        for (whole, cut_up) in streams().into_iter().zip(streams()) {
            prop_assert_eq!(read(whole, [stream.as_bytes()]), expected);
            prop_assert_eq!(read(cut_up, cut(stream.as_bytes(), &cuts)), expected);
        }
        for single in streams() {
            prop_assert_eq!(read(single, stream.as_bytes().chunks(1)), expected);
        }
    }

    #[test]
    fn chunks_make_no_difference_to_what_is_no_json(
        answer in prop_oneof![
            mutated(),
            (answer(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(answer, place, byte)| {
                let mut answer = answer.into_bytes();
                let place = place.index(answer.len());
                answer[place] = byte;
                answer
            }),
        ],
        cuts in cuts(),
    ) {
        let stream = [b"data: ", &answer[..], b"\n\ndata: {\"usage\":null}\n\n"].concat();
        for make in [restamps, streams] {
            for bytes in [&answer, &stream] {
                let whole = make().map(|restamp| read(restamp, [&bytes[..]]));
                prop_assert_eq!(make().map(|restamp| read(restamp, cut(bytes, &cuts))), whole);
                prop_assert_eq!(make().map(|restamp| read(restamp, bytes.chunks(1))), whole);
            }
        }
    }
}

fn of_json(answer: &str) -> Option<Usage> {
    let [restamps, _] = restamps();
    read(restamps, [answer.as_bytes()])
}

fn of_stream(stream: &str) -> Option<Usage> {
    let [restamps, _] = streams();
    read(restamps, [stream.as_bytes()])
}

#[test]
fn both_of_openais_shapes_are_read() {
    let whole = Usage {
        prompt: Some(20),
        completion: Some(30),
        cached: Some(5),
        reasoning: Some(7),
        total: Some(50),
    };
    let chat = r#"{"model":"x","usage":{"prompt_tokens":20,"completion_tokens":30,"total_tokens":50,
        "prompt_tokens_details":{"cached_tokens":5,"audio_tokens":0},
        "completion_tokens_details":{"reasoning_tokens":7,"audio_tokens":0}}}"#;
    let responses = r#"{"object":"response","usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":5},
        "output_tokens":30,"output_tokens_details":{"reasoning_tokens":7},"total_tokens":50},"model":"x"}"#;
    assert_eq!(of_json(chat), Some(whole));
    assert_eq!(of_json(responses), Some(whole));
    let embeddings =
        r#"{"data":[{"embedding":[0.5],"index":0}],"usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let expected = Usage {
        prompt: Some(8),
        total: Some(8),
        ..Usage::default()
    };
    assert_eq!(of_json(embeddings), Some(expected));
}

#[test]
fn the_last_chunk_of_a_stream_that_has_a_usage_counts() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":3}}\n\n\
        data: {\"usage\":null}\n\ndata: [DONE]\n\n";
    let usage = of_stream(stream).unwrap();
    assert_eq!(
        (usage.prompt, usage.completion, usage.total()),
        (Some(2), Some(3), Some(5))
    );
    let response = "event: response.created\ndata: {\"response\":{\"model\":\"x\",\"usage\":null}}\n\n\
        event: response.completed\ndata: {\"response\":{\"output\":[{\"usage\":{\"input_tokens\":9}}],\
        \"usage\":{\"input_tokens\":4,\"output_tokens\":1}}}\n\n";
    let usage = of_stream(response).unwrap();
    assert_eq!((usage.prompt, usage.completion), (Some(4), Some(1)));
}

#[test]
fn there_is_none_where_none_is_told() {
    for answer in [
        "",
        "[]",
        "{}",
        r#"{"usage":null}"#,
        r#"{"usage":{}}"#,
        r#"{"usage":{"type":"duration","seconds":3}}"#,
        r#"{"usage":[{"prompt_tokens":1}]}"#,
        r#"{"usage":"{\"prompt_tokens\":1}"}"#,
        r#"{"choices":[{"usage":{"prompt_tokens":1}}]}"#,
        r#"{"response":{"usage":{"prompt_tokens":1}}}"#,
        r#"{"usage":{"prompt_tokens":1"#,
        r#"{"usage":{"prompt_tokens":1},"usage":null}"#,
    ] {
        assert_eq!(of_json(answer), None, "{answer}");
    }
    let long = format!(
        r#"{{"usage":{{"x":"{}","prompt_tokens":1}}}}"#,
        "x".repeat(5_000)
    );
    assert_eq!(of_json(&long), None);
}

#[test]
fn what_is_said_is_counted_and_its_envelope_is_not() {
    let stream = "data: {\"id\":\"content\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"four\"},\"finish_reason\":null}]}\n\n\
        data: {\"choices\":[{\"delta\":{\"content\": \"a\\\"b\"}}]}\n\n\
        data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"why\",\"content\":null}}]}\n\n\
        data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n\
        data: {\"choices\":[{\"text\":\"so\"}]}\n\ndata: [DONE]\n\n";
    let [mut restamp, _] = streams();
    restamp.push(stream.as_bytes(), &mut Vec::new());
    assert_eq!(restamp.content_bytes(), 4 + 4 + 3 + 2 + 2);
    // A value may be cut anywhere.
    let [mut restamp, _] = streams();
    let (first, second) = stream.split_at(stream.find("our").unwrap());
    restamp.push(first.as_bytes(), &mut Vec::new());
    restamp.push(second.as_bytes(), &mut Vec::new());
    assert_eq!(restamp.content_bytes(), 15);
    assert_eq!([0, 1, 4, 5].map(estimate), [0, 1, 1, 2]);
}
