//! How long compiling takes, and how large components are: `cargo bench -p signalbox-compiler`.

use std::{
    error::Error,
    fmt::Write as _,
    time::{Duration, Instant},
};

use signalbox_compiler::compile;
use signalbox_policy::read;

/// Runs of each, of which the quickest is shown: the rest is what else the machine was doing.
const RUNS: usize = 5;

#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "{:>8} {:>12} {:>12} {:>14}",
        "models", "read", "compile", "component"
    );
    for models in [10, 1_000, 100_000] {
        let text = document(models)?;
        let (reading, policy) = quickest(|| read(&text));
        let policy = policy.map_err(|errors| format!("{errors:?}"))?;
        let (compiling, component) = quickest(|| compile(&policy, &text));
        println!(
            "{models:>8} {:>9.2} ms {:>9.2} ms {:>8} bytes",
            reading.as_secs_f64() * 1e3,
            compiling.as_secs_f64() * 1e3,
            component?.len(),
        );
    }
    Ok(())
}

fn quickest<T>(run: impl Fn() -> T) -> (Duration, T) {
    let mut quickest = timed(&run);
    for _ in 1..RUNS {
        let next = timed(&run);
        if next.0 < quickest.0 {
            quickest = next;
        }
    }
    quickest
}

fn timed<T>(run: impl Fn() -> T) -> (Duration, T) {
    let start = Instant::now();
    let made = run();
    (start.elapsed(), made)
}

/// A document with so many models, whose routes are those of a usual client.
fn document(models: usize) -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        "policy: bench
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}
  POST /v1/embeddings: {verdict: native, scope: \"inference:embed\", model: json}
models:
",
    );
    for model in 0..models {
        writeln!(
            text,
            "  team-{model}/gpt-4o: {{published: support-agent, for: [chat]}}"
        )?;
    }
    Ok(text)
}
