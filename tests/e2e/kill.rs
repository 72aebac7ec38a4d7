//! Killed at any step of a swap, a host serves the old policies or the new ones when it starts again,
//! whole: never one of each, never none, never half of one.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use signalbox_harness::{
    gate::ADMIN_TOKEN,
    policies::component,
    served::{Place, Served, document},
};

const ONE: &str = "gtak_one";
const TWO: &str = "gtak_two";

fn place() -> Place {
    let place = Place::new("one: one.yaml, two: two.yaml", "swap: {watch: false}\n");
    place.write("one.yaml", document("first"));
    place.write("two.yaml", document("first"));
    place.key("one", ONE, "one");
    place.key("two", TWO, "two");
    place
}

/// What both policies serve, which must be the same: they are only ever swapped together.
fn serves(served: &Served) -> String {
    let (one, two) = (served.names(ONE), served.names(TWO));
    assert_eq!(one, two, "one transaction, both or neither");
    one
}

/// Orders both policies to be replaced, in one transaction, and reads its progress until so many
/// steps are done; `None` if it ended before.
fn swap_until(served: &Served, model: &str, steps: usize) -> Option<Value> {
    let new = STANDARD.encode(component(&document(model)));
    let order = json!({"policies": {"one": {"component": new}, "two": {"component": new}}});
    let body = order.to_string();
    let mut stream = TcpStream::connect(served.admin).expect("it listens");
    write!(
        stream,
        "POST /swaps HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {ADMIN_TOKEN}\r\n\
         content-type: application/json\r\naccept: application/x-ndjson\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        served.admin,
        body.len()
    )
    .expect("it reads");
    let mut done = 0;
    let mut last = Value::Null;
    for line in BufReader::new(stream).lines() {
        let line = line.expect("the answer goes on");
        let Ok(line) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        if let Some(entry) = line.get("entry") {
            assert_eq!(entry["outcome"]["result"], "done", "{entry}");
            return None;
        }
        if let Some(step) = line.get("step") {
            done += 1;
            last = step.clone();
        }
        if done > steps {
            return Some(last);
        }
    }
    panic!("the progress ended after {done} steps: {last}")
}

#[test]
fn a_host_killed_at_any_step_starts_with_the_old_policies_or_the_new_ones() {
    let place = place();
    let mut served = place.serve();
    let mut before = serves(&served);
    assert_eq!(before, "first");
    let mut walked = Vec::new();
    let mut new_ones = 0;
    for steps in 0.. {
        let model = format!("model-{steps}");
        let killed_at = swap_until(&served, &model, steps);
        // SIGKILL: nothing of it can tidy up.
        drop(served);
        served = place.serve();
        let after = serves(&served);
        assert!(after == before || after == model, "{killed_at:?}: {after}");
        let (ready, why) = served.ready();
        assert_eq!((ready, &why["status"]), (200, &json!("ready")), "{why}");
        new_ones += usize::from(after == model);
        before = after;
        match killed_at {
            Some(step) => walked.push(step["step"].clone()),
            None => {
                assert_eq!(before, model, "what was answered as done is done");
                break;
            }
        }
    }
    for step in [
        "receive",
        "digest",
        "compile",
        "instantiate",
        "cases",
        "keep",
        "store",
    ] {
        assert!(walked.contains(&json!(step)), "{step}: {walked:?}");
    }
    assert!(
        new_ones >= 2,
        "killed after `store` it is the new ones: {walked:?}"
    );
}
