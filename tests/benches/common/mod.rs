//! What the benches share: documents of any size, requests about them, and a clock.

pub(crate) mod clock;

use std::{error::Error, fmt::Write as _};

use signalbox_harness::policies::runbook;
use signalbox_policy::{Caller, Header, Names, Policy, Purpose, Request, RequestedModel};

pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

/// A document with the routes of the LiteLLM runbook, two patterns, and so many models.
pub(crate) fn document(models: usize) -> Fallible<String> {
    let runbook = runbook("litellm");
    let (routes, _) = runbook
        .split_once("\nmodels:\n")
        .ok_or("the runbook has no models")?;
    let mut text = format!("{routes}\nmodels:\n");
    writeln!(text, "  batch/*: {{published: gt-small}}")?;
    writeln!(text, "  batch/night-*: {{published: gt-small}}")?;
    for model in 0..models {
        let agent = model % 100;
        writeln!(
            text,
            "  team-{model}/gpt-4o: {{published: agent-{agent}, for: [chat]}}"
        )?;
    }
    Ok(text)
}

/// Reads and checks a document.
pub(crate) fn checked(text: &str) -> Fallible<Policy> {
    signalbox_policy::read(text).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n").into()
    })
}

/// A key for chat that may write any model name, or what is on a list with the last entry right.
pub(crate) fn caller(list: usize) -> Caller {
    let names = (1..list).map(|entry| format!("unit-{entry}/*"));
    let models = match list {
        0 => Names::All,
        _ => Names::Only(names.chain(["*".to_owned()]).collect()),
    };
    Caller {
        id: "bench".into(),
        purposes: [Purpose::Inference].into_iter().collect(),
        scopes: ["inference:chat", "inference:embed", "files:read"]
            .map(str::to_owned)
            .to_vec(),
        labels: Vec::new(),
        models,
        published: Names::All,
        datasets: Names::NONE,
    }
}

/// A chat request about a model name.
pub(crate) fn chat<'a>(caller: &'a Caller, model: RequestedModel<'a>) -> Request<'a> {
    const NO_HEADERS: &[Header<'_>] = &[];
    Request {
        method: "POST",
        path: "/v1/chat/completions",
        query: None,
        content_type: Some("application/json"),
        headers: NO_HEADERS,
        caller,
        model,
        body_members: &[],
    }
}
