//! The runbooks this repository ships: each is valid, says what GT's matrix says, carries cases for
//! every route, and they hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use signalbox_policy::{
    Action, Case, Expectation, Policy, Rules, Values, Verdict, read, read_with,
};

use crate::{folder::Folder, run::failure};

/// GT's matrix of clients and routes, copied.
const MATRIX: &str = include_str!("../gt_runbooks.json");

/// In GT's reference, and in no runbook's table: it goes with the files of conversations.
const BESIDE_THE_TABLE: (&str, &str) = ("POST /v1/conversations", "POST /v1/conversations/files");

fn folder() -> Folder {
    Folder::new("../../plugins/runbooks")
}

fn runbook(name: &str) -> Policy {
    folder().read(name).into_policy()
}

pub(crate) fn runbooks() -> Vec<(String, Policy)> {
    let names = folder().documents().into_iter();
    names.map(|name| (name.clone(), runbook(&name))).collect()
}

/// A row of the matrix.
struct Row {
    file: String,
    client: String,
    category: String,
    compatibility: String,
    preset: &'static str,
    verdicts: BTreeMap<String, String>,
}

fn matrix() -> Vec<Row> {
    let matrix: Value = serde_json::from_str(MATRIX).unwrap();
    let clients = matrix.get("clients").and_then(Value::as_array);
    clients.unwrap().iter().map(row).collect()
}

fn row(client: &Value) -> Row {
    let text = |key: &str| client[key].as_str().unwrap().to_owned();
    let word = |key: &str| text(key).to_lowercase().replace([' ', '-'], "_");
    let routes = client["routes"].as_object().unwrap().iter();
    let mut verdicts: BTreeMap<String, String> = routes
        .map(|(route, verdict)| (route.clone(), verdict.as_str().unwrap().to_owned()))
        .collect();
    let (beside, with) = BESIDE_THE_TABLE;
    verdicts.insert(beside.to_owned(), verdicts.get(with).unwrap().clone());
    Row {
        file: format!("{}.yaml", text("slug")),
        client: text("client"),
        category: word("category"),
        compatibility: word("compatibility"),
        preset: preset(&text("preset")),
        verdicts,
    }
}

/// GT's wizard calls its presets by longer names.
fn preset(name: &str) -> &'static str {
    match name {
        "OpenAI-compatible chat client" => "chat-client",
        "Chat plus embeddings framework client" => "chat-embeddings",
        "Agentic IDE or editor client" => "agentic-ide",
        "Conversation app with uploads" => "conversation-uploads",
        "Dataset upload automation" => "dataset-upload",
        other => panic!("a preset {other}"),
    }
}

fn verdicts(policy: &Policy) -> BTreeMap<String, String> {
    let verdict = |route: signalbox_policy::RouteRule<'_>| {
        let name = format!("{} {}", route.method, route.template);
        (name, route.verdict.word().to_owned())
    };
    policy.routes().map(verdict).collect()
}

#[test]
fn every_runbook_says_what_gt_says() {
    let rows = matrix();
    assert_eq!(rows.len(), 23);
    for row in rows {
        let policy = runbook(&row.file);
        let file = &row.file;
        assert_eq!(verdicts(&policy), row.verdicts, "{file}");
        let client = policy.client().unwrap();
        let category = client.category.unwrap().word();
        let compatibility = client.compatibility.unwrap().word();
        assert_eq!(client.name, row.client, "{file}");
        assert_eq!(category, row.category, "{file}");
        assert_eq!(compatibility, row.compatibility, "{file}");
        assert_eq!(client.preset.unwrap().word, row.preset, "{file}");
        assert_eq!(format!("{}.yaml", policy.name()), *file);
        let said = [&client.setup, &client.caveats, &client.corrections];
        assert!(said.iter().all(|said| !said.is_empty()), "{file}");
    }
}

#[test]
fn there_is_a_runbook_for_each_client_and_one_for_every_route() {
    let mut expected: BTreeSet<String> = matrix().into_iter().map(|row| row.file).collect();
    expected.insert("full.yaml".to_owned());
    let names = runbooks().into_iter().map(|(name, _)| name);
    assert_eq!(names.collect::<BTreeSet<_>>(), expected);
}

/// GT's own routes are forwarded where the key of the preset is for them, where the client is said to
/// use them, and for plain HTTP.
#[test]
fn gts_own_routes_are_forwarded_where_the_client_has_a_use_for_them() {
    for row in matrix() {
        let uses_them = row.category == "sdk_and_http"
            || row.compatibility == "openai_plus_gt_extensions"
            || matches!(row.preset, "conversation-uploads" | "dataset-upload");
        for route in runbook(&row.file).routes() {
            let expected = match route.verdict {
                Verdict::Native => Action::Forward,
                Verdict::GtExtension if uses_them => Action::Forward,
                Verdict::GtExtension | Verdict::NotSupported => Action::Refuse,
            };
            assert_eq!(route.action, expected, "{}: {}", row.file, route.template);
        }
    }
}

#[test]
fn a_refused_route_says_of_which_client_it_speaks_and_what_to_do() {
    for row in matrix() {
        for route in runbook(&row.file)
            .routes()
            .filter(|it| it.action == Action::Refuse)
        {
            let because = route.because.unwrap();
            let place = format!("{}: {}: {because}", row.file, route.template);
            let name = row.client.split(" / ").next().unwrap();
            // LiteLLM's says where a file's status is asked for, whatever the client.
            let is_that = row.file == "litellm.yaml" && route.template == "/v1/files/{id}";
            let names_it = because.contains(name) || is_that;
            assert!(names_it, "{place}");
            assert!(
                because.contains([';', ',']) && because.ends_with('.'),
                "{place}"
            );
        }
    }
}

#[test]
fn the_litellm_runbook_stands_alone_and_maps_the_models_of_the_demo() {
    let text = std::fs::read_to_string(folder().path("litellm.yaml")).unwrap();
    let policy = read(&text).unwrap();
    let names = policy.catalogue().into_iter();
    let names: Vec<_> = names
        .map(|entry| (entry.name, entry.published.concat()))
        .collect();
    let expected = [
        ("gpt-4o", "support-agent"),
        ("gpt-4o-mini", "gt-small"),
        ("text-embedding-3-small", "support-agent"),
    ];
    assert_eq!(
        names,
        expected.map(|(name, published)| (name.to_owned(), published.to_owned()))
    );
}

#[test]
fn the_full_runbook_forwards_every_route_of_gt() {
    let policy = runbook("full.yaml");
    let every: BTreeSet<String> = matrix().remove(0).verdicts.into_keys().collect();
    assert_eq!(
        verdicts(&policy).into_keys().collect::<BTreeSet<_>>(),
        every
    );
    assert!(policy.routes().all(|route| route.action == Action::Forward));
    assert_eq!(policy.catalogue().len(), 6);
}

#[test]
fn every_case_of_every_runbook_holds() {
    for (name, policy) in runbooks() {
        let failures: Vec<String> = policy
            .cases()
            .iter()
            .filter_map(|case| failure(&policy, case))
            .collect();
        assert!(failures.is_empty(), "{name}: {failures:#?}");
    }
}

#[test]
fn cases_hold_in_a_document_that_adds_a_model() {
    for (name, _) in runbooks() {
        let text = format!("policy: more\ninclude: {name}\nmodels:\n  more: {{published: more}}\n");
        let policy = read_with(&text, "more.yaml", &mut folder(), &Values::new());
        let policy = policy.unwrap().into_policy();
        let failed = policy
            .cases()
            .iter()
            .find_map(|case| failure(&policy, case));
        // These two stand alone, and list all they have.
        let lists_all = matches!(name.as_str(), "full.yaml" | "litellm.yaml");
        assert!(lists_all || failed.is_none(), "{name}: {failed:?}");
    }
}

#[test]
fn every_route_of_every_runbook_has_a_case_of_each_kind() {
    for (name, policy) in runbooks() {
        for route in policy.routes() {
            let (method, template) = (route.method, route.template);
            let of_route = |case: &&Case| {
                let (asked, target) = case.method_and_target();
                let path = target.split('?').next().unwrap();
                asked == method && fits(template.strip_prefix("/v1").unwrap(), path)
            };
            let refuses = |case: &Case| matches!(case.expect, Expectation::Refuse { .. });
            let cases: Vec<&Case> = policy.cases().iter().filter(of_route).collect();
            let place = format!("{name}: {method} {template}");
            if route.action == Action::Forward {
                assert!(
                    cases.iter().any(|case| !refuses(case)),
                    "{place}: of a key that may"
                );
            }
            // Every key may list what it has, which may be nothing.
            if template != "/v1/models" {
                assert!(
                    cases.iter().any(|case| refuses(case)),
                    "{place}: of one that may not"
                );
            }
        }
    }
}

/// Whether a path, whatever its base, ends as the template says.
fn fits(template: &str, path: &str) -> bool {
    let wanted: Vec<&str> = template.rsplit('/').collect();
    let given: Vec<&str> = path.rsplit('/').collect();
    wanted
        .iter()
        .zip(&given)
        .all(|(wanted, given)| wanted == given || wanted.starts_with('{') || wanted.is_empty())
        && given.len() >= wanted.len()
}
