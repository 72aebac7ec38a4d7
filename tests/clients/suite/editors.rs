//! Files with a modeline in an editor's YAML server: what it finds wrong, and what it offers.

use serde_json::{Value, json};
use signalbox_harness::{clients::yaml_language_server, root};

/// A text in the folder of the examples, with the cursor at `|`.
fn text(name: &str, text: &str) -> Value {
    let (before, after) = text.rsplit_once('|').expect("a cursor");
    let line = before.matches('\n').count();
    let character = before.rsplit('\n').next().map_or(0, str::len);
    let uri = format!("file://{}/docs/examples/{name}", root().display());
    json!({"uri": uri, "text": format!("{before}{after}"), "line": line, "character": character})
}

fn modeline(kind: &str) -> String {
    format!("# yaml-language-server: $schema=../schema/{kind}.json\n")
}

fn offered(facts: &Value) -> Vec<&str> {
    let offered = facts["offered"].as_array().expect("a list");
    offered.iter().filter_map(Value::as_str).collect()
}

fn wrong(facts: &Value) -> Vec<String> {
    let wrong = facts["wrong"].as_array().expect("a list");
    let wrong = wrong.iter();
    wrong
        .map(|it| format!("{}: {}", it["line"], it["message"].as_str().expect("text")))
        .collect()
}

/// The shipped examples, each with a cursor at the end.
#[test]
fn the_examples_have_nothing_wrong() {
    let names = ["policy.yaml", "cases.yaml", "keys.yaml", "signalbox.yaml"];
    let texts = names.map(|name| {
        let shipped = std::fs::read_to_string(root().join("docs/examples").join(name));
        let shipped = shipped.expect("an example");
        assert!(
            shipped.starts_with("# yaml-language-server: $schema=../schema/"),
            "{name}"
        );
        text(name, &format!("{shipped}|"))
    });
    let facts = yaml_language_server(&json!(texts));
    for (name, facts) in names.iter().zip(facts.as_array().expect("a list")) {
        assert_eq!(wrong(facts), [""; 0], "{name}");
    }
}

#[test]
fn keys_and_words_are_offered_where_they_belong() {
    let document = modeline("document");
    let route =
        format!("{document}policy: p\nroutes:\n  GET /v1/models:\n    verdict: native\n    |\n");
    let verdict = format!("{document}policy: p\nroutes:\n  GET /v1/models:\n    verdict: |\n");
    let purpose =
        format!("{document}policy: p\nroutes: {{}}\ncases:\n  - name: a\n    preset: |\n");
    let key = format!(
        "{}keys:\n  - id: a\n    models: all\n    |\n",
        modeline("keyring")
    );
    let setting = format!("{}limits:\n  |\n", modeline("configuration"));
    let case = format!("{}- name: a\n  |\n", modeline("cases"));
    let texts = [
        text("a.yaml", &route),
        text("b.yaml", &verdict),
        text("c.yaml", &purpose),
        text("d.yaml", &key),
        text("e.yaml", &setting),
        text("f.yaml", &case),
    ];
    let facts = yaml_language_server(&json!(texts));
    let offered: Vec<Vec<&str>> = facts
        .as_array()
        .expect("a list")
        .iter()
        .map(offered)
        .collect();
    for (found, expected) in offered.iter().zip([
        &["because", "model", "query", "scope", "set_headers"][..],
        &["gt_extension", "native", "not_supported"],
        &["chat-client", "dataset-upload"],
        &["expires", "limits", "revoked", "scopes"],
        &["connections", "head", "json_body"],
        &["expect", "request"],
    ]) {
        for word in expected {
            assert!(found.contains(word), "{word}: {found:?}");
        }
    }
    assert!(
        !offered[0].contains(&"verdict"),
        "it is there already: {offered:?}"
    );
}

#[test]
fn a_mistake_is_found_where_it_stands_and_a_key_is_explained() {
    let document = modeline("document");
    let key = format!(
        "{document}policy: p\nroutes:\n  GET /v1/models: {{verdit: native}}\nmodels:\n  gpt-4o: {{list|ed: false}}\n"
    );
    let setting = format!(
        "{}listen: 127.0.0.1:8080\nlimits: {{hea|d: 64KiB, heads: 1}}\n",
        modeline("configuration")
    );
    let facts = yaml_language_server(&json!([text("a.yaml", &key), text("b.yaml", &setting)]));
    let of_key = wrong(&facts[0]);
    assert!(
        of_key.contains(&"3: Property verdit is not allowed.".to_owned()),
        "{of_key:?}"
    );
    assert_eq!(wrong(&facts[1]), ["2: Property heads is not allowed."]);
    let said = |facts: &Value| facts["said"].as_str().expect("a text").to_owned();
    assert!(
        said(&facts[0]).contains("leaves the name out of lists"),
        "{facts}"
    );
    assert!(
        said(&facts[1]).contains("bytes of request line and headers"),
        "{facts}"
    );
}
