//! The clients of GT's runbooks: what those send that do not install here, replayed under their
//! runbooks, and the table of `docs/clients.md`. Those that install are asked in the steps
//! `clients-python` and `clients-node`.

use std::{collections::BTreeSet, env, fs};

use signalbox_harness::{
    client_requests::client_request,
    gate::Gate,
    policies::runbook_for,
    root,
    trials::{Asked, EMBED_KEY, How, KEY, Trial, gate, page, trials},
};

#[test]
fn requests_from_a_clients_source_pass_under_its_runbook() {
    let mut replayed = 0;
    for trial in trials() {
        if let How::Source { requests, .. } = trial.how {
            replayed += replay(&trial, requests);
        }
    }
    assert_eq!(replayed, count_of_requests(), "every file is replayed");
}

/// Replays what one client sends, at each base, and says how many files that were.
fn replay(trial: &Trial, client: &str) -> usize {
    let gate = gate(&runbook_for(trial.runbook));
    let mut replayed = 0;
    for asked in trial.asked {
        if *asked == Asked::WrongScope {
            refused(&gate, trial, client);
            continue;
        }
        replayed += 1;
        for base in trial.bases {
            let request = client_request(client, asked.name());
            let answer = gate.ask(&request.ask(base, KEY));
            let text = answer.text();
            let here = format!("{} at {base}/: {text}", request.name);
            assert_eq!(answer.status, 200, "{here}");
            let sign = match asked {
                Asked::Models => "\"id\":\"gpt-4o\"",
                Asked::Chat => "You said: Hello there",
                Asked::Stream => "data: [DONE]",
                Asked::Embeddings => "\"embedding\":",
                _ => panic!("{}: no request for {asked:?}", trial.client),
            };
            assert!(text.contains(sign), "{here}");
            assert!(!text.contains("support-agent"), "{here}");
        }
    }
    replayed
}

/// Without the scope it reads which one it needs.
fn refused(gate: &Gate, trial: &Trial, client: &str) {
    for base in trial.bases {
        let request = client_request(client, "chat");
        let answer = gate.ask(&request.ask(base, EMBED_KEY));
        let text = answer.text();
        assert_eq!(answer.status, 403, "{} at {base}/: {text}", request.name);
        let words = format!("{} needs the scope `inference:chat`", request.documented());
        assert!(text.contains(&words), "{text}");
    }
}

fn count_of_requests() -> usize {
    let folder = root().join("tests/runbook_clients/requests");
    fs::read_dir(folder)
        .expect("the requests are there")
        .count()
}

#[test]
fn the_clients_page_says_how_each_client_is_proved() {
    let path = root().join("docs/clients.md");
    let text = fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = text.split_once(BEGIN).expect("where the table begins");
    let (table, after) = rest.split_once(END).expect("where it ends");
    let expected = format!("\n\n{}\n", page());
    if env::var_os("BLESS").is_some() {
        let text = format!("{before}{BEGIN}{expected}{END}{after}");
        fs::write(path, text).expect("the page takes a table");
        return;
    }
    assert_eq!(table, expected, "BLESS=1 writes it");
}

#[test]
fn every_runbook_has_a_client_that_is_proved_or_closed() {
    let proved: BTreeSet<_> = trials().iter().map(|trial| trial.runbook).collect();
    let folder = root().join("plugins/runbooks");
    for entry in fs::read_dir(folder).expect("the runbooks are there") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy();
        // curl stands for any client; so do the two policies of OpenAI's own routes.
        let is_any = ["generic-openai-http", "openai-sdk-curl"].contains(&&*name);
        assert!(is_any || proved.contains(&*name), "no client for {name}");
    }
}

const BEGIN: &str = "<!-- The table is written by `BLESS=1 cargo nextest run -p signalbox-tests client_trials`. -->";
const END: &str = "<!-- Its end. -->";
