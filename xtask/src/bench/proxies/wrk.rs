//! wrk, which sends HTTP/1.1, with TLS and without.

use std::process::Command;

use super::{
    contender::Contender,
    load::Load,
    sample::{Sample, Turn},
    scratch::Scratch,
};

pub(super) fn command(
    contender: &Contender,
    load: Load,
    seconds: u32,
    scratch: &Scratch,
) -> anyhow::Result<Command> {
    let script = scratch.fill("chat.lua", "chat.lua", &[])?;
    let mut wrk = Command::new("wrk");
    wrk.args([
        "-t1",
        "--latency",
        &format!("-c{}", load.at_once),
        &format!("-d{seconds}s"),
    ])
    .args(["-s", &script, &contender.url(load.exchange)])
    .env("BENCH_KEY", contender.key)
    .env("BENCH_ACCEPT", load.exchange.accept())
    .env("BENCH_BODY", contender.body(load.exchange));
    Ok(wrk)
}

/// What it prints. Processor time it does not know.
pub(super) fn read(text: &str) -> Option<Turn> {
    let requests = text
        .lines()
        .find_map(|line| line.split_once(" requests in "))?;
    let after = |label: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(label))?;
        line.split_whitespace().next()
    };
    let bad_statuses: Option<u64> =
        after("Non-2xx or 3xx responses:").map_or(Some(0), |word| word.parse().ok());
    Some(Turn {
        requests: requests.0.trim().parse().ok()?,
        sample: Sample {
            per_second: after("Requests/sec:")?.parse().ok()?,
            p50_us: microseconds(after("50%")?)?,
            p99_us: microseconds(after("99%")?)?,
            processor_us: 0.0,
            errors: bad_statuses? + socket_errors(text),
        },
    })
}

/// Of a line `Socket errors: connect 0, read 0, write 0, timeout 0`, which is there if one is not.
fn socket_errors(text: &str) -> u64 {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("Socket errors:"))
        .flat_map(|line| line.split([' ', ',']))
        .filter_map(|word| word.parse::<u64>().ok())
        .sum()
}

/// wrk prints `123.00us`, `1.20ms` or `1.02s`.
fn microseconds(text: &str) -> Option<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7)];
    let (number, unit) = units
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    Some(number.parse::<f64>().ok()? * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_is_read_from_what_wrk_prints() {
        let text = "Running 3s test @ http://127.0.0.1:1/\n  1 threads and 1 connections\n  \
            Latency Distribution\n     50%  677.00us\n     75%  770.00us\n     90%    0.90ms\n     \
            99%    1.98ms\n  1000 requests in 4.10s, 43.24MB read\n  \
            Socket errors: connect 0, read 2, write 0, timeout 1\n  \
            Non-2xx or 3xx responses: 7\nRequests/sec:  22566.10\nTransfer/sec:     10.55MB\n";
        let sample = Sample {
            per_second: 22566.10,
            p50_us: 677.0,
            p99_us: 1980.0,
            processor_us: 0.0,
            errors: 10,
        };
        let requests = 1000.0;
        assert_eq!(read(text), Some(Turn { requests, sample }));
        assert_eq!(read("connection refused"), None);
    }

    #[test]
    fn latencies_are_read_in_every_unit() {
        assert_eq!(microseconds("123.00us"), Some(123.0));
        assert_eq!(microseconds("1.25ms"), Some(1250.0));
        assert_eq!(microseconds("2.00s"), Some(2e6));
        assert_eq!(microseconds("x"), None);
    }
}
