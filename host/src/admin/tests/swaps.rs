//! One component comes in: what serves, what the answer is, what the history says.

use signalbox_swap::{Step, Trigger};

use super::*;

#[test]
fn a_component_serves_from_then_on() {
    let (admin, everything) = serving(&["default"]);
    let two = policy("two");
    let (status, entry) = swap(&admin, "", &two);
    assert_eq!(status, 200, "{entry}");
    assert_eq!(entry["outcome"]["result"], "done");
    assert_eq!(entry["action"], "swap");
    assert_eq!(
        entry["actor"],
        serde_json::json!({"way": "admin", "who": "127.0.0.1"})
    );
    assert_eq!(live(&everything), (2, digest(&two)));
    let changed = &entry["policies"][0];
    assert_eq!(
        (
            &changed["name"],
            &changed["from"],
            &changed["to"],
            &changed["digest"]
        ),
        (
            &"default".into(),
            &1.into(),
            &2.into(),
            &digest(&two).into()
        )
    );
    let number = entry["number"].as_u64().unwrap();
    assert_eq!(look(&admin, &format!("/swaps/{number}"))["number"], number);
    assert_eq!(look(&admin, "/swaps")["swaps"][0]["number"], number);
    let policy = look(&admin, "/policies/default");
    assert_eq!(policy["live"]["generation"], 2);
    assert_eq!(
        look(&admin, "/policies")["policies"],
        serde_json::json!([policy])
    );
    assert_eq!(look(&admin, "/status")["policies"][0]["generation"], 2);
}

#[test]
fn steps_are_told_in_their_order_and_then_the_entry() {
    let (admin, everything) = serving(&["default"]);
    let headers = format!("{OPERATE}{WASM}accept: application/x-ndjson\r\n");
    let (status, text) = post(&admin, "/swaps", &headers, &policy("two"));
    assert_eq!(status, 200);
    assert!(
        text.contains("content-type: application/x-ndjson\r\n"),
        "{text}"
    );
    let lines = lines(&text);
    let (last, steps) = lines.split_last().unwrap();
    let steps: Vec<Step> = steps
        .iter()
        .map(|line| serde_json::from_value(line["step"]["step"].clone()).unwrap())
        .collect();
    let in_order: Vec<Step> = Step::ALL
        .into_iter()
        .filter(|step| steps.contains(step))
        .collect();
    assert_eq!(steps, in_order);
    for step in [
        Step::Receive,
        Step::Digest,
        Step::Compile,
        Step::Trial,
        Step::Cases,
        Step::Store,
    ] {
        assert!(steps.contains(&step), "{step} is missing in {steps:?}");
    }
    let entry: signalbox_swap::Entry = serde_json::from_value(last["entry"].clone()).unwrap();
    let told: Vec<Step> = entry.steps.iter().map(|report| report.step).collect();
    assert_eq!(told, steps);
    assert_eq!(
        everything.swaps.entry(entry.number).unwrap().outcome,
        entry.outcome
    );
}

/// The lines of a chunked answer.
fn lines(text: &str) -> Vec<Value> {
    let body = text.split_once("\r\n\r\n").unwrap().1;
    body.lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_failed_step_is_told_in_lines_as_well() {
    let (admin, everything) = serving(&["default"]);
    let headers = format!("{OPERATE}{WASM}accept: text/html, application/x-ndjson;q=0.9\r\n");
    let (status, text) = post(&admin, "/swaps", &headers, b"not wasm");
    assert_eq!(status, 200);
    let told = lines(&text);
    let entry = &told.last().unwrap()["entry"];
    assert_eq!(entry["outcome"]["result"], "failed");
    assert_eq!(entry["outcome"]["step"], "read");
    assert!(
        told.iter().all(|line| line["step"]["step"] != "store"),
        "{text}"
    );
    assert_eq!(live(&everything), (1, digest(&policy("one"))));
}

#[test]
fn what_fails_a_step_is_refused_at_it_and_kept_in_the_history() {
    let (admin, everything) = serving(&["default"]);
    let two = policy("two");
    let wrong = digest(b"something else");
    let failing = compile(&format!(
        "{}cases:\n  - {{name: no chat, request: GET /v1/models, scopes: [\"inference:chat\"], expect: {{list: []}}}}\n",
        document("three")
    ));
    for (query, component, step) in [
        ("", &b"not wasm"[..], "read"),
        ("", b"\0asm\x01\0\0\0", "read"),
        ("policy=unknown", &two, "receive"),
        (&format!("digest={wrong}"), &two, "digest"),
        ("", &failing, "cases"),
    ] {
        let (status, entry) = swap(&admin, query, component);
        assert_eq!(
            (status, &entry["outcome"]["step"]),
            (422, &step.into()),
            "{entry}"
        );
        assert!(
            !entry["outcome"]["help"].as_str().unwrap().is_empty(),
            "{entry}"
        );
        assert_eq!(look(&admin, "/swaps")["swaps"][0], entry);
        assert_eq!(live(&everything).0, 1);
    }
    let (status, entry) = swap(&admin, &format!("digest={}", digest(&two)), &two);
    assert_eq!(status, 200, "{entry}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let (admin, everything) = serving(&["default"]);
    let before = everything.swaps.overview();
    let (status, entry) = swap(&admin, "mode=dry-run", &policy("two"));
    assert_eq!(
        (status, &entry["outcome"]["result"]),
        (200, &"passed".into()),
        "{entry}"
    );
    assert_eq!(entry["action"], "dry-run");
    assert_eq!(everything.swaps.overview(), before);
    let (status, entry) = swap(&admin, "mode=dry-run", b"not wasm");
    assert_eq!(
        (status, &entry["outcome"]["step"]),
        (422, &"read".into()),
        "{entry}"
    );
    assert_eq!(everything.swaps.overview(), before);
}

#[test]
fn of_two_at_once_one_wins_and_the_other_is_told() {
    let (admin, everything) = serving(&["default"]);
    let components = [policy("two"), policy("three")];
    let is_lost = || {
        let before = live(&everything).0;
        // All but the last byte of both: then both begin at once.
        let mut streams = components.each_ref().map(|component| {
            let mut stream = TcpStream::connect(admin.local_addr()).unwrap();
            let headers = format!("{OPERATE}{WASM}");
            stream
                .write_all(&head("/swaps", &headers, component.len()))
                .unwrap();
            let (_, most) = component.split_last().unwrap();
            stream.write_all(most).unwrap();
            stream
        });
        for (stream, component) in streams.iter_mut().zip(&components) {
            stream.write_all(&component[component.len() - 1..]).unwrap();
        }
        let answers = streams.map(answer_of);
        let won = answers.iter().filter(|(status, _)| *status == 200).count();
        let lost = answers.iter().find(|(status, _)| *status != 200);
        assert_eq!(live(&everything).0, before + won as u64, "{answers:?}");
        let Some((status, text)) = lost else {
            return false;
        };
        let entry = json(text);
        assert_eq!(
            (*status, &entry["outcome"]["step"]),
            (409, &"store".into()),
            "{text}"
        );
        assert_eq!((won, answers.len()), (1, 2));
        true
    };
    // Whoever is slow to begin is not in the other's way: then there is nothing to lose.
    assert!((0..100).any(|_| is_lost()));
}

#[test]
fn who_leaves_after_the_last_byte_is_served_all_the_same() {
    let (admin, everything) = serving(&["default"]);
    let two = policy("two");
    let mut stream = TcpStream::connect(admin.local_addr()).unwrap();
    let mut request = head(
        "/swaps",
        &format!("{OPERATE}{WASM}accept: application/x-ndjson\r\n"),
        two.len(),
    );
    request.extend(&two);
    stream.write_all(&request).unwrap();
    // The first step has been told: the transaction is under way.
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"{\"step\"") {
        stream.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    drop(stream);
    // Stopping waits for what has begun.
    drop(admin);
    assert_eq!(live(&everything), (2, digest(&two)));
    let entry = &everything.swaps.history()[0];
    assert_eq!(
        (entry.actor.way, &entry.outcome),
        (Trigger::Admin, &signalbox_swap::Outcome::Done)
    );
}
