//! What a plugin costs, by its language and by what an operator lets it keep.
//!
//! `cargo xtask bench --plugins` builds the examples and runs this with a name and a component for each, such as
//! `Go=plugin.wasm`. Times are tenth percentile / median of batches that take turns. An exchange is a chat's way through
//! the whole gate and back, in this process and without a socket.

#[expect(
    dead_code,
    reason = "shared with the other benches, which use more of it"
)]
mod common;

use std::{env, fs, hint::black_box};

use common::{
    Fallible, chat,
    clock::{Contender, compare},
};
use signalbox_policy::{Caller, Decision, Names, Purpose, RequestedModel};
use signalbox_runtime::{Isolation, LoadOptions, Runtime, Settings};
use signalbox_testkit::gate::TestGate;

#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn main() -> Fallible<()> {
    println!(
        "| plugin | MB | decision, fresh | on one instance | exchange, fresh | reused | decision kept |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    let runtime = Runtime::new(Settings::default())?;
    for argument in env::args().skip(1) {
        // Cargo has one of its own.
        if let Some((name, path)) = argument.split_once('=') {
            let component = fs::read(path)?;
            let row = row(&runtime, &component).map_err(|error| format!("{path}: {error}"))?;
            println!("| {name} | {row} |");
        }
    }
    Ok(())
}

fn row(runtime: &Runtime, component: &[u8]) -> Fallible<String> {
    let plugin = runtime.load(component, &LoadOptions::default())?;
    let caller = caller();
    let request = chat(&caller, RequestedModel::Named("small"));
    let mut reused = plugin.reused();
    for decision in [plugin.decide(&request)?, reused.decide(&request)?] {
        if !matches!(decision, Decision::Forward(_)) {
            return Err(format!("this is no example: {decision:?}").into());
        }
    }
    let modes = [Isolation::Request, Isolation::Reuse, Isolation::RequestOnce];
    let gates = modes.map(|isolation| {
        let load = LoadOptions { isolation };
        TestGate::with(runtime.clone(), load, component, &KEYS)
    });
    let [fresh, once, kept] = gates;
    let (fresh, once, kept) = (fresh?, once?, kept?);
    for gate in [&fresh, &once, &kept] {
        if exchange(gate)?.is_empty() {
            return Err("nothing goes to GT".into());
        }
    }
    let costs = compare(
        [
            Contender::new(|| drop(black_box(plugin.decide(black_box(&request))))),
            Contender::new(|| drop(black_box(reused.decide(black_box(&request))))),
            Contender::new(|| drop(black_box(exchange(&fresh)))),
            Contender::new(|| drop(black_box(exchange(&once)))),
            Contender::new(|| drop(black_box(exchange(&kept)))),
        ],
        BATCHES,
    );
    let megabytes = component.len() as f64 / 1e6;
    Ok(format!(
        "{megabytes:.2} | {}",
        costs.map(|cost| cost.to_string()).join(" | ")
    ))
}

/// What GT is sent.
fn exchange(gate: &TestGate) -> Fallible<Vec<Vec<u8>>> {
    Ok(gate.exchange(CHAT, &[ANSWER])?.to_gt)
}

fn caller() -> Caller {
    Caller {
        id: "bench".into(),
        purposes: [Purpose::Inference].into_iter().collect(),
        scopes: vec!["inference:chat".to_owned()],
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::NONE,
    }
}

const KEYS: [(&str, &str); 1] = [("app", "preset: chat-client, models: all")];
const CHAT: &[u8] = b"POST /v1/chat/completions HTTP/1.1\r\nhost: gate.example\r\n\
    authorization: Bearer token-app\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n\
    {\"model\":\"small\"}";
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n\
    {\"model\":\"gt-small\"}";

/// With the slowest of them, some seconds a row.
const BATCHES: usize = 200;
