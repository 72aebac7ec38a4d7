//! Warnings of large documents: each model is compared with few others, and none is missed.

use signalbox_policy::{Diagnostic, NoFiles, Values, read_with};

const ROUTES: &str = "policy: p
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}
  POST /v1/embeddings: {verdict: native, scope: \"inference:embed\", model: json}
";

fn warnings(text: &str) -> Vec<(&'static str, u32, String)> {
    let resolved = read_with(text, "", &mut NoFiles, &Values::new()).unwrap();
    let line = |it: Diagnostic| (it.code, it.line, it.message);
    resolved.warnings().into_iter().map(line).collect()
}

#[test]
fn of_twenty_thousand_names_and_as_many_patterns_the_few_at_fault_are_found() {
    const COUNT: usize = 20_000;
    // A name and a pattern for each number: the pattern `m00001-*` fits the name `m00001-x`.
    let published = |number: usize| match number {
        7 => "b7",
        _ => "a",
    };
    let entry = |number: usize| {
        let published = published(number);
        format!(
            "  m{number:05}-x: {{published: {published}}}\n  \"m{number:05}-*\": {{published: b{number}}}\n"
        )
    };
    let models: String = (0..COUNT).map(entry).collect();
    let more = "  M00009-x: {published: c, for: [embeddings]}
  \"m00011-long*\": {published: b11}
  \"m00012-chat*\": {published: c, for: [chat]}
  \"m00012-chat-more*\": {published: d, for: [embeddings]}
  m00013-late: {published: b13, listed: false}
";
    let found = warnings(&format!("{ROUTES}models:\n{models}{more}"));
    let first = u32::try_from(7 + 2 * COUNT).unwrap();
    let alike = "the models `M00009-x` and `m00009-x` differ in case alone, and are two";
    let same = |name: &str, pattern: &str| {
        format!("`{name}` says what `{pattern}` says, which fits it too")
    };
    let hides =
        "`m00012-chat-more*` is not for `chat`, and hides `m00012-chat*`, which is".to_owned();
    let expected = [
        ("names_differ_in_case", first, alike.to_owned()),
        (
            "redundant_model",
            first + 1,
            same("m00011-long*", "m00011-*"),
        ),
        ("shadowed_model", first + 3, hides),
        (
            "redundant_model",
            first + 4,
            same("m00013-late", "m00013-*"),
        ),
    ];
    assert_eq!(found, expected);
}

#[test]
fn each_of_twenty_thousand_patterns_is_compared_with_the_next_wider_one() {
    const COUNT: usize = 20_000;
    let entry = |number: usize| format!("  \"m{number:05}*\": {{}}\n");
    let models: String = (0..COUNT).map(entry).collect();
    let found = warnings(&format!("{ROUTES}models:\n{models}  \"m*\": {{}}\n"));
    assert_eq!(found.len(), COUNT);
    for (number, (code, line, message)) in found.iter().enumerate() {
        assert_eq!(*code, "redundant_model");
        assert_eq!(usize::try_from(*line).unwrap(), number + 7);
        let expected = format!("`m{number:05}*` says what `m*` says, which fits it too");
        assert_eq!(*message, expected);
    }
}

#[test]
fn many_models_that_differ_in_case_are_told_each_at_the_later_line() {
    const COUNT: usize = 20_000;
    let entry = |number: usize| format!("  m{number:05}: {{}}\n  M{number:05}: {{}}\n");
    let models: String = (0..COUNT).map(entry).collect();
    let found = warnings(&format!("{ROUTES}models:\n{models}"));
    assert_eq!(found.len(), COUNT);
    for (number, (code, line, _)) in found.iter().enumerate() {
        assert_eq!(*code, "names_differ_in_case");
        assert_eq!(usize::try_from(*line).unwrap(), 2 * number + 8);
    }
}

#[test]
fn sets_that_no_rule_uses_are_found_among_many() {
    const COUNT: usize = 20_000;
    let set = |number: usize| format!("  s{number:05}: [m]\n");
    let sets: String = (0..COUNT).map(set).collect();
    let used = |number: &usize| *number != 5;
    let item = |number: usize| format!("      - s{number:05}\n");
    let used: String = (0..COUNT).filter(used).map(item).collect();
    let callers = format!("callers:\n  all:\n    models:\n{used}");
    let found = warnings(&format!(
        "{ROUTES}models:\n  m: {{}}\nsets:\n{sets}{callers}"
    ));
    let message = "no rule for callers uses the set `s00005`".to_owned();
    assert_eq!(found, [("unused_set", 14, message)]);
}

#[test]
fn the_first_route_that_a_more_specific_path_hides_is_told() {
    let routes = "  GET /v1/files/{id}: {verdict: native}
  DELETE /v1/files/{id}: {verdict: native, scope: none}
  PUT /v1/{kind}/list: {verdict: native, scope: none}
  GET /v1/files/list: {verdict: native}
  POST /v1/files/list: {verdict: gt_extension, because: no files}
  PATCH /v1/{kind}/{id}/{part}: {verdict: native, scope: none}
  GET /v1/files/{file}/text: {verdict: native}
  GET /v1/{sort}/list/all: {verdict: native}
";
    let found = warnings(&format!("{ROUTES}{routes}"));
    let hidden: Vec<_> = found
        .iter()
        .filter(|it| it.0 == "shadowed_route")
        .map(|(_, line, message)| (*line, message.as_str()))
        .collect();
    let rest = "the more specific path counts";
    let of = |general: &str, template: &str| {
        format!("`{general}` is never reached by a path of `{template}`: {rest}")
    };
    let part = "PATCH /v1/{kind}/{id}/{part}";
    // `/v1/files/{id}` counts before `/v1/{kind}/list`, and `/v1/files/list` before both.
    let expected = [
        (6, of("PUT /v1/{kind}/list", "/v1/files/{id}")),
        (9, of("DELETE /v1/files/{id}", "/v1/files/list")),
        (12, of(part, "/v1/files/{file}/text")),
        (13, of(part, "/v1/{sort}/list/all")),
    ];
    let expected: Vec<_> = expected.iter().map(|(line, it)| (*line, &**it)).collect();
    assert_eq!(hidden, expected);
}
