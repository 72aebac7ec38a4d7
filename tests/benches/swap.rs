//! What swaps cost those who are served: a restart, a live policy that misbehaves, a shadow.
//!
//! `cargo bench -p signalbox-tests --bench swap`. The restart is that of the real command, which
//! `cargo build --release -p signalbox-cli` puts where this looks for it. What is printed of
//! requests are ratios and differences within one run, in turns, on loopback with everything on one
//! machine.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench stands on the harness of tests: what goes wrong is to end it"
)]

#[expect(
    dead_code,
    reason = "shared with the other benches, which use more of it"
)]
mod common;

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use common::{Fallible, clock::Short, document};
use signalbox_harness::{
    gate::{DEMO, Gate, Setup},
    http::Ask,
    keep_alive::Line,
    operator::Upload,
    policies::{component, runbook},
    served::Place,
};
use signalbox_testkit::guests::Guest;

fn main() -> Fallible<()> {
    restarts()?;
    misbehaving();
    shadow();
    Ok(())
}

/// From the start of the process to the first answer of a policy.
#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn restarts() -> Fallible<()> {
    println!(
        "\n| models | state | start to first answer, best | median |\n| ---: | --- | ---: | ---: |"
    );
    for models in [10, 1_000, 20_000] {
        let place = Place::new("default: policy.yaml", "");
        place.write("policy.yaml", document(models)?);
        place.key("client", CLIENT, "default");
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        for (state, keeps) in [("none", false), ("kept, code too", true)] {
            let mut times: Vec<f64> = (0..RESTARTS)
                .map(|_| {
                    if !keeps {
                        // What is not there is not an error.
                        drop(std::fs::remove_dir_all(place.path("state")));
                    }
                    restart(&place, address)
                })
                .collect();
            times.sort_by(f64::total_cmp);
            let (best, median) = (times[0], times[times.len() / 2]);
            println!(
                "| {models} | {state} | {} | {} |",
                Short(best),
                Short(median)
            );
        }
    }
    Ok(())
}

fn restart(place: &Place, address: SocketAddr) -> f64 {
    let begun = Instant::now();
    let host = Host(
        Command::new(command())
            .args(["serve", "--config"])
            .arg(place.path("signalbox.yaml"))
            .args(["--listen", &address.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`cargo build --release -p signalbox-cli` comes first"),
    );
    // The process opens its address last, so a refused connection costs it nothing.
    while TcpStream::connect(address).is_err() {
        thread::sleep(Duration::from_millis(1));
    }
    let answer = Ask::get("/v1/models/batch").key(CLIENT).send(address);
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(answer.refusal().1, "model_not_found", "{}", answer.text());
    drop(host);
    took
}

/// Where cargo puts the command, beside what it puts benches into.
fn command() -> PathBuf {
    let this = std::env::current_exe().expect("this bench has a path");
    let built = this.ancestors().nth(2).expect("TARGET/PROFILE/deps");
    built.join("signalbox")
}

struct Host(Child);

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Honest requests beside two callers whose requests make the policy fail, all the time.
#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn misbehaving() {
    println!(
        "\n| for two callers the policy | honest p50 | p99 | p99 meanwhile | added p99 |\n\
         | --- | ---: | ---: | ---: | ---: |"
    );
    let bomb =
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) (unreachable)";
    for (name, code) in [
        ("traps", "(unreachable)"),
        ("loops", "(loop $l (br $l)) (unreachable)"),
        ("grows", bomb),
        ("says garbage", "(i32.const -4)"),
    ] {
        let gate = failing_gate(&Guest::code(code).component());
        let mut alone = Vec::new();
        let mut meanwhile = Vec::new();
        for _ in 0..ROUNDS {
            alone.extend(latencies(&gate, HONEST, REQUESTS));
            let stopped = AtomicBool::new(false);
            thread::scope(|scope| {
                for key in [EVIL, VILE] {
                    let (gate, stopped) = (&gate, &stopped);
                    scope.spawn(move || {
                        while !stopped.load(Ordering::Relaxed) {
                            let _ = gate.ask(&chat(key));
                        }
                    });
                }
                meanwhile.extend(latencies(&gate, HONEST, REQUESTS));
                stopped.store(true, Ordering::Relaxed);
            });
        }
        let (before, with) = (percentile(&mut alone, 99), percentile(&mut meanwhile, 99));
        println!(
            "| {name} | {} | {} | {} | {:.2} ms |",
            Short(percentile(&mut alone, 50)),
            Short(before),
            Short(with),
            (with - before) * 1e3
        );
    }
}

/// A gate whose one policy fails for callers with an id of four letters, and stays.
fn failing_gate(guest: &[u8]) -> Gate {
    let keys = [("evil", EVIL), ("vile", VILE), ("honest", HONEST)];
    let setup = Setup::new().policy("live", guest);
    let setup = keys.into_iter().fold(setup, |setup, (id, key)| {
        setup.key(id, key, "policy: live, preset: chat-client, models: all")
    });
    setup.config("records: {log: false}\n").start()
}

/// The same requests with and without a shadow beside the live policy, in turns.
#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn shadow() {
    println!(
        "\n| beside the live policy | p50 | p99 | requests, of those without |\n| --- | ---: | ---: | ---: |"
    );
    let gate = Gate::demo();
    let other = component(&runbook("full"));
    let guest = Guest::default().component();
    for (name, candidate) in [
        ("a document", &other),
        ("a component of its own kind", &guest),
    ] {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.extend(latencies(&gate, DEMO, REQUESTS));
            let upload = Upload::new("litellm", candidate).with("mode=shadow");
            let _ = gate.upload(&upload).generation();
            with.extend(latencies(&gate, DEMO, REQUESTS));
            let _ = gate.operate("litellm", "withdraw", &serde_json::json!({}));
        }
        let ratio = without.iter().sum::<f64>() / with.iter().sum::<f64>();
        for (name, times) in [("nothing", &mut without), (name, &mut with)] {
            let ratio = if name == "nothing" { 1.0 } else { ratio };
            let (middle, late) = (percentile(times, 50), percentile(times, 99));
            println!(
                "| {name} | {} | {} | {ratio:.2} |",
                Short(middle),
                Short(late)
            );
        }
    }
}

fn chat(key: &str) -> Ask {
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#;
    Ask::json("/v1/chat/completions", body).key(key)
}

/// Seconds of so many chats, one after the other on one connection; each must be answered.
fn latencies(gate: &Gate, key: &str, count: usize) -> Vec<f64> {
    let mut line = Line::new(gate.address());
    let ask = chat(key);
    let timed = |_| {
        let begun = Instant::now();
        let answer = line.ask(&ask).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        begun.elapsed().as_secs_f64()
    };
    (0..count).map(timed).collect()
}

fn percentile(times: &mut [f64], percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() * percent / 100]
}

const CLIENT: &str = "gtak_client";
const EVIL: &str = "gtak_evil";
const VILE: &str = "gtak_vile";
const HONEST: &str = "gtak_honest";
const RESTARTS: usize = 7;
const ROUNDS: usize = 5;
const REQUESTS: usize = 400;
