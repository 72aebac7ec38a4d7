//! What two crates say of the same thing, they say alike.

use signalbox_harness::policies::runbook;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::{Decision, Names, Purpose, Request, RequestedModel};

#[test]
fn a_model_that_is_not_there_is_refused_in_the_same_words_by_policy_and_host() {
    let policy = signalbox_policy::read(&runbook("litellm")).expect("a valid runbook");
    let caller = signalbox_policy::Caller {
        id: "k".to_owned(),
        purposes: Purpose::ALL.into_iter().collect(),
        scopes: vec!["inference:chat".to_owned()],
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    };
    let request = Request {
        method: "POST",
        path: "/v1/chat/completions",
        query: None,
        content_type: None,
        headers: &[],
        caller: &caller,
        model: RequestedModel::Named("nobody"),
        body_members: &[],
    };
    let Decision::Refuse(refused) = signalbox_policy::decide(&policy, &request) else {
        panic!("an unknown model was forwarded")
    };
    let by_host = Refusal::model_not_found("nobody");
    assert_eq!(refused.message, by_host.message());
    assert_eq!(refused.code, by_host.code());
}

#[test]
fn every_refusal_has_its_section_in_the_documentation() {
    let page = include_str!("../../docs/errors.md");
    let missing: Vec<_> = Code::ALL
        .iter()
        .map(|code| code.word())
        .filter(|word| {
            !page.contains(&format!("# `{word}`")) && !page.contains(&format!("# {word}"))
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
