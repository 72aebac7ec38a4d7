//! The runbooks this repository ships: each is valid, carries cases for every route, and they hold.

use std::{collections::BTreeMap, fs, path::PathBuf};

use signalbox_policy::{Action, Case, Expectation, Policy, Rules, read};

use crate::run::failure;

/// The LiteLLM table of GT's runbook, copied.
const LITELLM: &[(&str, &str)] = &[
    ("GET /v1/models", "native"),
    ("POST /v1/chat/completions", "native"),
    ("POST /v1/embeddings", "native"),
    ("POST /v1/audio/transcriptions", "not_supported"),
    ("POST /v1/audio/speech", "not_supported"),
    ("POST /v1/images/generations", "not_supported"),
    ("POST /v1/conversations/files", "gt_extension"),
    ("POST /v1/datasets/{id}/files", "gt_extension"),
    ("GET /v1/files/{id}", "gt_extension"),
];

/// In GT's reference, and in no runbook's table.
const BESIDE_THE_TABLE: (&str, &str) = ("POST /v1/conversations", "gt_extension");

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/runbooks")
}

fn runbook(name: &str) -> Policy {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    read(&text).unwrap_or_else(|found| panic!("{name}: {found:#?}"))
}

fn runbooks() -> Vec<(String, Policy)> {
    let files = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names = files.map(|name| name.into_string().unwrap());
    names
        .filter(|name| name.ends_with(".yaml"))
        .map(|name| (name.clone(), runbook(&name)))
        .collect()
}

fn verdicts(policy: &Policy) -> BTreeMap<String, &'static str> {
    let name = |method, template| format!("{method} {template}");
    policy
        .routes()
        .map(|route| (name(route.method, route.template), route.verdict.word()))
        .collect()
}

#[test]
fn the_litellm_runbook_says_what_gt_says() {
    let policy = runbook("litellm.yaml");
    let expected = LITELLM.iter().chain([&BESIDE_THE_TABLE]);
    let expected: BTreeMap<String, &str> = expected
        .map(|(route, verdict)| ((*route).to_owned(), *verdict))
        .collect();
    assert_eq!(verdicts(&policy), expected);
    assert!(
        policy.routes().all(|route| {
            (route.action == Action::Forward) == (route.verdict.word() == "native")
        })
    );
}

#[test]
fn the_litellm_runbook_maps_the_models_of_the_demo() {
    let names: Vec<(String, String)> = runbook("litellm.yaml")
        .catalogue()
        .into_iter()
        .map(|entry| (entry.name, entry.published))
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
    let every: Vec<String> = LITELLM
        .iter()
        .chain([&BESIDE_THE_TABLE])
        .map(|(route, _)| (*route).to_owned())
        .collect();
    assert_eq!(verdicts(&policy).len(), every.len());
    assert!(
        every
            .iter()
            .all(|route| verdicts(&policy).contains_key(route))
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
fn every_route_of_every_runbook_has_a_case() {
    for (name, policy) in runbooks() {
        let has_case = |method: &str, template: &str| {
            policy.cases().iter().any(|case| {
                let (asked, target) = case.method_and_target();
                let path = target.split('?').next().unwrap();
                asked == method && fits(template.strip_prefix("/v1").unwrap(), path)
            })
        };
        for route in policy.routes() {
            let (method, template) = (route.method, route.template);
            assert!(
                has_case(method, template),
                "{name}: no case for {method} {template}"
            );
        }
        let refuses = |case: &Case| matches!(case.expect, Expectation::Refuse { .. });
        assert!(
            policy.cases().iter().any(refuses),
            "{name}: no case is refused"
        );
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
